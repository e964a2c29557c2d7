package reach

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Permission is a row of the table of dangerous permissions: what has to come
// together, what it is worth, where it leads.
type Permission struct {
	ID         string // short, stable, unique
	Capability string // as in the comment of package privilege
	// Tier is 1 for what takes over a cluster when it is held cluster-wide or in
	// the namespace of a powerful account, 2 for what helps on the way.
	Tier  int
	Needs []Need // all of them, through whatever bindings
	// Wide, Local and Named are the levels that it gives cluster-wide, within a
	// namespace and of named objects only; empty where it does nothing by itself.
	Wide, Local, Named inventory.Level
	// NamedCapability is the Capability where names limit it; empty is none.
	NamedCapability string
	Leads           string   // where it leads when held cluster-wide
	Why             string   // one clause: what the holder can do
	Sources         []string // CIS Kubernetes Benchmark id, page of kubernetes.io, "verified" on a server of 1.36

	means means
}

// A Need is met by any one of its accesses.
type Need struct {
	Any []Access
	// Names are resource names that are as good as no limit, such as a signer's.
	Names []string
	// Only is true if a rule has to name one of Names.
	Only bool
	// Some is true if named objects, whichever, are enough.
	Some bool
}

// An Access is one of some verbs on a resource.
type Access struct {
	Verbs    []string
	Group    string // API group; empty is the core group
	Resource string // plural, perhaps with "/subresource"
}

// means says how a permission makes an edge of the graph.
type means int

const (
	plain       means = iota // no edge
	takeover                 // the cluster when cluster-wide
	ownAll                   // the cluster, or all of the namespace
	bindRoles                // the Roles of the namespace
	runAs                    // any account of the namespace, in a pod of one's own
	changeAs                 // the same, in a workload that is there
	become                   // any account, there or not
	mint                     // any account of the namespace, by a token made for it
	refill                   // any account of the namespace of a token Secret
	enter                    // accounts whose token is mounted in a pod
	onNode                   // accounts whose token is mounted in a pod of the node
	readTokens               // accounts with a token in a Secret
	asUser                   // any user that a binding names
	asSubject                // any user or group that a binding names, but system:masters
	asGroup                  // any group: system:masters
	constrained              // others, as far as impersonate-on allows
)

const (
	rbacGroup           = "rbac.authorization.k8s.io"
	certificatesGroup   = "certificates.k8s.io"
	authenticationGroup = "authentication.k8s.io"
	admissionGroup      = "admissionregistration.k8s.io"

	clusterAdmin = "cluster-admin"
	practices    = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
	verified     = "verified"
)

const (
	levelEscalate = inventory.LevelEscalate
	levelWrite    = inventory.LevelWrite
	levelRead     = inventory.LevelRead
)

// Permissions returns the table: the first tier, then the second, each in the
// order in which reasons are given.
func Permissions() []Permission {
	return slices.Concat(authority(), identities(), running(), control(), further())
}

// change is the verbs that write an object that is there or a new one.
func change() []string { return []string{"create", "update", "patch"} }

// alter is the verbs that write an object that is there.
func alter() []string { return []string{"update", "patch"} }

// read is the verbs that show an object; list and watch show it whole.
func read() []string { return []string{"get", "list", "watch"} }

// need is one need with accesses that share verbs and group.
func need(verbs []string, group string, resources ...string) Need {
	n := Need{Any: make([]Access, len(resources))}
	for i, r := range resources {
		n.Any[i] = Access{Verbs: verbs, Group: group, Resource: r}
	}
	return n
}

// or joins needs into one that any of them meets.
func or(needs ...Need) Need {
	var out Need
	for _, n := range needs {
		out.Any = append(out.Any, n.Any...)
	}
	return out
}
