package rbac

import (
	"maps"
	"slices"
	"strings"
)

// The ways of acting as somebody else. The constrained ones (KEP-5284, beta and
// on since Kubernetes 1.36) need a second permission for what is done.
const (
	ModeAssociatedNode = "associated-node"
	ModeArbitraryNode  = "arbitrary-node"
	ModeServiceAccount = "serviceaccount"
	ModeUserInfo       = "user-info"
	ModeLegacy         = "impersonate"
)

const (
	authenticationGroup = "authentication.k8s.io"
	nodeNameKey         = "authentication.kubernetes.io/node-name"
	many                = 4 // from as many values on the server asks for all at once first
)

// An Impersonation is the answer to a request with Impersonate-User and its like.
type Impersonation struct {
	Decision
	Mode string // one of the Mode constants; empty if refused
	As   User   // whom the server takes the request to come from
}

// MayImpersonate answers whether a user may send a request as another. Wanted is
// what the headers say: without Groups a service account gets those that it has.
// It is not answered whether the other is allowed the request.
//
// A server before 1.36, or one with the feature ConstrainedImpersonation off,
// knows ModeLegacy only.
func (a *Authorizer) MayImpersonate(u User, wanted User, request Request) Impersonation {
	last := Decision{Reason: "nobody is named"}
	if wanted.Name == "" {
		return Impersonation{Decision: last}
	}
	for _, mode := range []string{ModeAssociatedNode, ModeArbitraryNode, ModeServiceAccount, ModeUserInfo} {
		if !applies(mode, &u, &wanted) {
			continue
		}
		on := request.normal()
		on.Verb = "impersonate-on:" + mode + ":" + on.Verb
		if d := a.Allowed(u, on); !d.Allowed {
			continue
		}
		if d := a.constrained(u, wanted, mode); d.Allowed {
			return Impersonation{Decision: d, Mode: mode, As: become(wanted, mode)}
		}
	}
	if last = a.checks(u, wanted, "impersonate", ""); last.Allowed {
		return Impersonation{Decision: last, Mode: ModeLegacy, As: become(wanted, ModeLegacy)}
	}
	return Impersonation{Decision: last}
}

// applies reports whether a constrained mode is for such a request.
func applies(mode string, u, wanted *User) bool {
	n, isNode := node(wanted.Name)
	_, _, isAccount := Account(wanted.Name)
	if mode == ModeUserInfo {
		return !isNode && !isAccount
	}
	if wanted.UID != "" || len(wanted.Groups) > 0 || len(wanted.Extra) > 0 {
		return false
	}
	switch mode {
	case ModeServiceAccount:
		return isAccount
	case ModeAssociatedNode:
		_, _, byAccount := Account(u.Name)
		at := u.Extra[nodeNameKey]
		return isNode && byAccount && len(at) == 1 && at[0] == n
	default:
		return isNode
	}
}

// constrained makes the checks of a constrained mode.
func (a *Authorizer) constrained(u, wanted User, mode string) Decision {
	verb := "impersonate:" + mode
	if mode == ModeAssociatedNode {
		// The server asks for all nodes at once, under the name "*".
		return a.Allowed(u, Request{Verb: verb, Group: authenticationGroup, Resource: "nodes", Name: all})
	}
	switch {
	case slices.Contains(wanted.Groups, ""):
		return Decision{Reason: "a group without a name"}
	case slices.Contains(wanted.Groups, Masters):
		return Decision{Reason: "nobody may take on " + Masters + " this way"}
	case !validExtra(wanted.Extra):
		return Decision{Reason: "the extra values are not in the form that the server asks for"}
	}
	return a.checks(u, wanted, verb, authenticationGroup)
}

// validExtra reports whether the keys are lower-case "domain/path" and the
// values are not empty.
func validExtra(extra map[string][]string) bool {
	for key, values := range extra {
		domain, path, ok := strings.Cut(key, "/")
		if !ok || path == "" || !isSubdomain(domain) || key != strings.ToLower(key) || len(values) == 0 || slices.Contains(values, "") {
			return false
		}
	}
	return true
}

// checks asks for every part of the other user. The group is the API group of
// users, groups and service accounts in the mode.
func (a *Authorizer) checks(u, wanted User, verb, group string) Decision {
	first := a.Allowed(u, nameRequest(wanted.Name, verb, group))
	if !first.Allowed {
		return first
	}
	single := group == "" // the old mode asks one by one
	var rest []Request
	if wanted.UID != "" {
		rest = append(rest, Request{Verb: verb, Group: authenticationGroup, Resource: "uids", Name: wanted.UID})
	}
	whole := Request{Verb: verb, Group: group, Resource: "groups", Name: all}
	if single || len(wanted.Groups) < many || !a.Allowed(u, whole).Allowed {
		for _, g := range wanted.Groups {
			rest = append(rest, Request{Verb: verb, Group: group, Resource: "groups", Name: g})
		}
	}
	extras := extraRequests(wanted.Extra, verb)
	whole = Request{Verb: verb, Group: authenticationGroup, Resource: "userextras", Subresource: all, Name: all}
	if large := len(wanted.Extra) >= many || len(extras) >= many; single || !large || !a.Allowed(u, whole).Allowed {
		rest = append(rest, extras...)
	}
	for _, r := range rest {
		if d := a.Allowed(u, r); !d.Allowed {
			return d
		}
	}
	return first
}

// nameRequest is the question for the name of the other user.
func nameRequest(name, verb, group string) Request {
	r := Request{Verb: verb, Group: group, Resource: "users", Name: name}
	if n, ok := node(name); ok && group != "" {
		r.Resource, r.Name = "nodes", n
	}
	if ns, n, ok := Account(name); ok {
		r.Resource, r.Namespace, r.Name = "serviceaccounts", ns, n
	}
	return r
}

// extraRequests are the questions for extra values, in order of their keys.
func extraRequests(extra map[string][]string, verb string) []Request {
	var out []Request
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		for _, value := range extra[key] {
			out = append(out, Request{Verb: verb, Group: authenticationGroup, Resource: "userextras", Subresource: key, Name: value})
		}
	}
	return out
}

// become is the user that the server makes of the headers.
func become(wanted User, mode string) User {
	if ns, name, ok := Account(wanted.Name); ok && len(wanted.Groups) == 0 {
		wanted.Groups = ServiceAccountUser(ns, name).Groups[:2]
	}
	if _, ok := node(wanted.Name); ok && mode != ModeLegacy {
		wanted.Groups = []string{Nodes}
	}
	group := Authenticated
	if wanted.Name == Anonymous {
		group = Unauthenticated
	} else if slices.Contains(wanted.Groups, Unauthenticated) {
		return wanted
	}
	if !slices.Contains(wanted.Groups, group) {
		wanted.Groups = append(slices.Clone(wanted.Groups), group)
	}
	return wanted
}
