// Package reach says what a Kubernetes identity can really do and where that
// leads: which dangerous permissions it holds through all its bindings and
// groups together, how strong that is, and the paths by which it can become
// something stronger, hop by hop. It is pure: no I/O, no clock.
//
// The table of dangerous permissions is Permissions; who may do what is asked of
// package rbac. A path is told only if every hop exists in the estate: a pod can
// be made to run as an account that is there, a token can be taken out of a pod
// that mounts one. What depends on something that was not listed is told as a
// path that may exist, and makes the level unknown where nothing certain is as
// strong.
//
// What is not known here: admission controllers other than Pod Security, what
// the Node authorizer and authorization webhooks allow beyond RBAC, and the
// groups that an identity provider gives to users, but for Estate.Groups.
package reach

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// The bounds of what is told of one principal.
const (
	MaxHops  = 6
	MaxPaths = 5
)

// An Estate is what was read of a cluster.
type Estate struct {
	Policy     rbac.Policy
	Accounts   []Account
	Workloads  []Workload
	Namespaces []Namespace
	Tokens     []Token
	// Groups are those that users are known to be in, by the names of the users:
	// what their certificates say.
	Groups map[string][]string
	// Minor is the minor version of the API server (36 for 1.36); 0 is unknown.
	Minor  int
	Unseen Unseen
}

// Unseen says what was not listed, or not whole, each with the reason; empty is
// listed whole.
type Unseen struct {
	Bindings, Roles, Accounts, Workloads, Namespaces, Tokens string
}

// An Account is a service account.
type Account struct{ Namespace, Name string }

// A Workload is something that runs pods.
type Workload struct {
	Namespace, Name string
	Kind            string // Deployment, Pod …; for people
	Account         string // service account; empty is default
	// MountsToken says whether its pods have a token of the API server mounted.
	MountsToken inventory.Tri
	Privileged  bool   // a container is privileged
	HostPath    bool   // it mounts a path of its node
	Node        string // where it runs; empty is unknown or several
}

// A Namespace with its Pod Security Admission level.
type Namespace struct {
	Name    string
	Enforce string // privileged, baseline, restricted; empty is no label: privileged unless the API server is set otherwise
}

// A Token is a Secret of type kubernetes.io/service-account-token.
type Token struct{ Namespace, Name, Account string }

// A Principal is who a result is about.
type Principal struct {
	Kind      string // rbac.KindServiceAccount, KindUser, KindGroup
	Namespace string // of a service account
	Name      string
}

// String names a principal: "namespace/name" for an account, "user x", "group x".
func (p Principal) String() string {
	if p.Kind == rbac.KindServiceAccount {
		return p.Namespace + "/" + p.Name
	}
	return strings.ToLower(p.Kind) + " " + p.Name
}

// A Result is what a principal, or one grant of it, amounts to.
type Result struct {
	Level   inventory.Level
	Reasons []string // strongest first
	// Capabilities are as in the comment of package privilege, sorted. admin.all
	// stands for all others of its scope.
	Capabilities []string
	// Cluster is true if some rules apply to the whole cluster; Namespaces are
	// those in which others apply, sorted.
	Cluster    bool
	Namespaces []string
	Paths      []Path // strongest goal first, then shortest; at most MaxPaths
	Secrets    Secrets
	// BuiltIn is true for principals of the control plane itself, whose power is
	// no finding; a path into them is.
	BuiltIn bool
	// Joined is true if all bindings together, or through groups, give more than
	// the strongest single one.
	Joined bool
	// Unknown says what could not be told and why; empty if all could.
	Unknown []string
}

// Secrets says which secret values a principal can get at by itself.
type Secrets struct {
	All        bool     // of the whole cluster
	Namespaces []string // all of these, by reading
	Mounted    []string // all of these, by mounting them in a pod that it starts or changes
	Named      []string // "namespace/name", or "*/name" where the namespace does not matter
}

// A Path is a way to something stronger.
type Path struct {
	Hops  []Hop
	Leads string // "cluster-admin", "node", "namespace x", "secrets of namespace x", or as the table says
	// Certain is false if a hop depends on something that was not seen or on
	// what RBAC does not decide; Conditions say on what.
	Certain    bool
	Conditions []string

	strong bool   // it makes its holder admin of the goal
	rest   string // the hops after the first in words, where these are known
}

// A Hop is one step.
type Hop struct {
	From      string // principal
	Action    string // what it may do: "may create pods in kube-system"
	To        string // what comes of it: "runs as kube-system/x"
	Because   string // binding → role: rule
	Condition string // what it depends on; empty is nothing
}

// String writes a path on one line, with what makes each hop possible.
func (p *Path) String() string {
	if len(p.Hops) == 0 {
		return ""
	}
	out := p.Hops[0].From + " " + p.Hops[0].String()
	if p.rest != "" {
		return out + p.rest
	}
	for i := 1; i < len(p.Hops); i++ {
		out += " → " + p.Hops[i].String()
	}
	return out
}

// String writes a hop without whom it begins with.
func (h *Hop) String() string {
	out := h.Action
	if h.Because != "" {
		out += " (" + h.Because + ")"
	}
	out += " → " + h.To
	if h.Condition != "" {
		out += " [" + h.Condition + "]"
	}
	return out
}
