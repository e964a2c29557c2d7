// Package rbac answers what a Kubernetes API server would answer: may this user
// do that, under the roles and bindings of this cluster. It is pure: no I/O, no
// clock, no server.
//
// [Authorizer.Allowed] is the authorizer itself (what a SubjectAccessReview
// asks). The server refuses more than that when roles and bindings are written,
// when somebody acts as another, and when certificates are approved or signed;
// MayWriteRole, MayWriteBinding, MayBind, MayImpersonate and MaySigner answer
// with those checks.
//
// The rules are those of Kubernetes 1.36 with the authorizers Node,RBAC; what
// the Node authorizer gives to the members of system:nodes beyond RBAC is not
// told here. Sources: kubernetes.io/docs/reference/access-authn-authz/rbac/ and
// the server's packages plugin/pkg/auth/authorizer/rbac, pkg/registry/rbac,
// component-helpers/auth/rbac/validation and apiserver/pkg/endpoints/filters.
package rbac

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/privilege"
)

// The names that Kubernetes gives a meaning of its own.
const (
	Group = "rbac.authorization.k8s.io" // API group of roles and bindings

	KindRole           = "Role"
	KindClusterRole    = "ClusterRole"
	KindServiceAccount = "ServiceAccount"
	KindUser           = "User"
	KindGroup          = "Group"

	Masters         = "system:masters" // its members are allowed everything before RBAC is asked
	Authenticated   = "system:authenticated"
	Unauthenticated = "system:unauthenticated"
	Anonymous       = "system:anonymous"       // the user of a request without credentials
	AllAccounts     = "system:serviceaccounts" // with ":NAMESPACE" the accounts of one namespace
	Nodes           = "system:nodes"

	accountPrefix = "system:serviceaccount:"
	nodePrefix    = "system:node:"
)

// A Rule is one PolicyRule.
type Rule = privilege.Rule

// A Role is a Role or, without a namespace, a ClusterRole.
type Role struct {
	Namespace, Name string
	Labels          map[string]string
	Rules           []Rule
	// Aggregate makes a ClusterRole the sum of the ClusterRoles that one of the
	// selectors matches. Filled is true if Rules hold that sum already, as the
	// controller of a running cluster sees to; if not, New makes it and whatever
	// Rules held before is gone, as it would be in the cluster.
	Aggregate []Selector
	Filled    bool
}

// A Selector is a label selector (meta/v1). The empty Selector matches all.
type Selector struct {
	Labels       map[string]string
	Requirements []Requirement
}

// A Requirement is one of matchExpressions.
type Requirement struct {
	Key      string
	Operator string // In, NotIn, Exists, DoesNotExist; any other matches nothing
	Values   []string
}

// A Binding is a RoleBinding or, without a namespace, a ClusterRoleBinding.
type Binding struct {
	Namespace, Name string
	RoleKind        string // KindRole or KindClusterRole
	RoleName        string
	Subjects        []Subject
}

// A Subject is whom a binding names. A ServiceAccount without a namespace is one
// of the binding's own namespace.
type Subject struct {
	Kind      string // KindServiceAccount, KindUser, KindGroup; any other is nobody
	Namespace string
	Name      string
}

// A Policy is all roles and bindings of a cluster, in any order.
type Policy struct {
	Roles    []Role
	Bindings []Binding
}

// A User is who asks, as the server's authentication leaves it.
type User struct {
	Name   string
	UID    string
	Groups []string
	Extra  map[string][]string
}

// ServiceAccountUser is the user that a token of a service account stands for.
func ServiceAccountUser(namespace, name string) User {
	return User{
		Name:   accountPrefix + namespace + ":" + name,
		Groups: []string{AllAccounts, AllAccounts + ":" + namespace, Authenticated},
	}
}

// AnonymousUser is the user of a request without credentials, where the server
// lets such in.
func AnonymousUser() User {
	return User{Name: Anonymous, Groups: []string{Unauthenticated}}
}

// A Request is what is asked for. Resource requests leave Path empty; a request
// with a Path is one for a URL that is no resource ("/metrics") and uses Verb
// and Path only.
type Request struct {
	Verb        string
	Group       string // API group; empty is the core group
	Resource    string // plural
	Subresource string
	// Namespace is empty for objects of the cluster, for all namespaces at once,
	// and in questions about nothing in particular. A request for one Namespace
	// object carries the name here too: see NamespaceObject.
	Namespace string
	Name      string // empty where the request names no object: list, create
	// FieldName is the name that the field selector metadata.name asks for. The
	// server takes it as Name in list and watch, and in nothing else.
	FieldName string
	Path      string
}

// NamespaceObject is the request that an API server makes of one for a Namespace
// object: the namespace counts as its own, so that a RoleBinding within it
// applies.
func NamespaceObject(verb, name string) Request {
	return Request{Verb: verb, Resource: "namespaces", Namespace: name, Name: name}
}

// combined is the resource as rules write it.
func (r *Request) combined() string {
	if r.Subresource == "" {
		return r.Resource
	}
	return r.Resource + "/" + r.Subresource
}

// normal settles what the server settles before it asks the authorizer.
func (r Request) normal() Request {
	if r.Path != "" {
		return Request{Verb: r.Verb, Path: r.Path}
	}
	if r.Name == "" && (r.Verb == "list" || r.Verb == "watch") && isPathSegment(r.FieldName) {
		r.Name = r.FieldName
	}
	r.FieldName = ""
	return r
}

// isPathSegment reports whether a name can stand in a URL path.
func isPathSegment(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/%")
}

// String words a request for people: "get secrets/token in kube-system".
func (r Request) String() string {
	if r.Path != "" {
		return r.Verb + " " + r.Path
	}
	var b strings.Builder
	b.WriteString(r.Verb + " " + r.combined())
	if r.Group != "" {
		b.WriteString("." + r.Group)
	}
	if r.Name != "" {
		b.WriteString(" " + r.Name)
	}
	if r.Namespace != "" {
		b.WriteString(" in " + r.Namespace)
	}
	return b.String()
}

// A Decision is an answer with the grant that made it.
type Decision struct {
	Allowed bool
	Binding *Binding // nil where no binding decided: system:masters, or a refusal
	Role    *Role
	Rule    int      // index in Role.Rules
	Subject *Subject // the subject of the binding that the user is
	Reason  string   // one clause; of a refusal what is missing
}

// IsMaster reports whether a user is allowed everything without being asked.
func (u *User) IsMaster() bool { return slices.Contains(u.Groups, Masters) }

// String names a binding as people do: "RoleBinding ns/name".
func (b *Binding) String() string {
	if b.Namespace == "" {
		return "ClusterRoleBinding " + b.Name
	}
	return "RoleBinding " + b.Namespace + "/" + b.Name
}

// String names a role as people do: "ClusterRole name".
func (r *Role) String() string {
	if r.Namespace == "" {
		return KindClusterRole + " " + r.Name
	}
	return KindRole + " " + r.Namespace + "/" + r.Name
}

// Account splits the name of a user that is a service account. It reports false
// for any other, as the server does for names that no account can have.
func Account(user string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(user, accountPrefix)
	if !ok {
		return "", "", false
	}
	namespace, name, ok = strings.Cut(rest, ":")
	if !ok || strings.Contains(name, ":") || !isLabel(namespace) || !isSubdomain(name) {
		return "", "", false
	}
	return namespace, name, true
}

// node returns the node that a user is.
func node(user string) (string, bool) {
	name, ok := strings.CutPrefix(user, nodePrefix)
	return name, ok && isSubdomain(name)
}

// isSubdomain reports whether a name is an RFC 1123 subdomain of at most 253
// characters, as names of accounts and nodes are.
func isSubdomain(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for part := range strings.SplitSeq(name, ".") {
		if !isWord(part) {
			return false
		}
	}
	return true
}

// isLabel reports whether a name is an RFC 1123 label of at most 63 characters,
// as names of namespaces are.
func isLabel(name string) bool { return len(name) <= 63 && isWord(name) }

// isWord reports whether a part is of lower-case letters, digits and inner
// hyphens.
func isWord(part string) bool {
	if part == "" || part[0] == '-' || part[len(part)-1] == '-' {
		return false
	}
	for _, c := range []byte(part) {
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
