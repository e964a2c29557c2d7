package reach

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// A setKind says what the members of a set have in common.
type setKind int

const (
	accountsThere  setKind = iota // accounts that exist
	accountsNamed                 // accounts that exist or that a binding names
	accountsBeside                // accounts that exist where there is a workload to change
	mounted                       // accounts whose token a pod has
	mountedMaybe                  // accounts whose token a pod may have
	mountedNode                   // accounts whose token a pod of a node has
	inSecret                      // accounts with a token in a Secret
	users                         // users that bindings name
	subjects                      // users and groups that bindings name, but system:masters
	single                        // one node
)

// A setKey names a set: of the cluster if namespace is empty. For mountedNode
// the namespace is the node, for single the number of the node.
type setKey struct {
	kind      setKind
	namespace string
	node      int32
}

// A set is nodes that one edge leads to. Readers of it are the classes with such
// an edge.
type set struct {
	key   setKey
	id    int // from 1, of those that an edge leads to
	nodes []int32
	round int32 // the last walk that came by
}

// An edge leads from whoever has a hit to all members of a set.
type edge struct {
	hit  int // of the view
	to   *set
	sure bool
	note string // what it depends on where it is not sure
	via  string // what it goes through: a workload, a Secret
}

// join makes a node a member of a set.
func (a *Analysis) join(n int32, k setKey) {
	s := a.set(k)
	if !slices.Contains(a.nodes[n].sets, s) {
		a.nodes[n].sets = append(a.nodes[n].sets, s)
		s.nodes = append(s.nodes, n)
	}
}

func (a *Analysis) set(k setKey) *set {
	s := a.sets[k]
	if s == nil {
		s = &set{key: k}
		a.sets[k] = s
	}
	return s
}

// addMembers fills the sets.
func (a *Analysis) addMembers(e *Estate) {
	beside := map[string]bool{}
	for i := range e.Workloads {
		if changeable(&e.Workloads[i]) {
			beside[e.Workloads[i].Namespace] = true
		}
	}
	for i := range a.nodes {
		n, p := int32(i), &a.nodes[i].principal
		switch p.Kind {
		case rbac.KindServiceAccount:
			for _, ns := range []string{"", p.Namespace} {
				a.join(n, setKey{kind: accountsNamed, namespace: ns})
				if a.nodes[i].exists {
					a.join(n, setKey{kind: accountsThere, namespace: ns})
					if beside[p.Namespace] {
						a.join(n, setKey{kind: accountsBeside, namespace: ns})
					}
				}
			}
		case rbac.KindUser:
			a.join(n, setKey{kind: users})
			a.join(n, setKey{kind: subjects})
		default:
			if p.Name != rbac.Masters {
				a.join(n, setKey{kind: subjects})
			}
		}
	}
	for i := range e.Workloads {
		a.addWorkload(&e.Workloads[i])
	}
	for _, t := range e.Tokens {
		a.tokens[t.Name] = append(a.tokens[t.Name], t)
		if n, ok := a.index[Principal{rbac.KindServiceAccount, t.Namespace, t.Account}]; ok {
			a.join(n, setKey{kind: inSecret})
			a.join(n, setKey{kind: inSecret, namespace: t.Namespace})
		}
	}
}

// addWorkload notes whose token a workload has.
func (a *Analysis) addWorkload(w *Workload) {
	a.byName[w.Name] = append(a.byName[w.Name], place{w.Namespace, len(a.mounts[w.Namespace])})
	a.mounts[w.Namespace] = append(a.mounts[w.Namespace], *w)
	name := w.Account
	if name == "" {
		name = "default"
	}
	n, ok := a.index[Principal{rbac.KindServiceAccount, w.Namespace, name}]
	if !ok || w.MountsToken == inventory.False {
		return
	}
	kind := mounted
	if w.MountsToken == inventory.Unknown {
		kind = mountedMaybe
	}
	for _, ns := range []string{"", w.Namespace} {
		a.join(n, setKey{kind: kind, namespace: ns})
	}
	if w.Node != "" && kind == mounted {
		a.join(n, setKey{kind: mountedNode, namespace: w.Node})
	}
}

// edges makes the edges of a view.
func (a *Analysis) edges(v *view) []edge {
	if v.everything(a.table) {
		return nil
	}
	var out []edge
	for i := range v.hits {
		out = a.edgesOf(out, v, i)
	}
	return out
}

// edgesOf adds those of one hit.
func (a *Analysis) edgesOf(out []edge, v *view, i int) []edge {
	h := &v.hits[i]
	p := &a.table.permissions[h.permission]
	to := func(k setKind, sure bool, note string) {
		if s := a.sets[setKey{kind: k, namespace: h.namespace}]; s != nil {
			out = append(out, edge{hit: i, to: s, sure: sure, note: note})
		}
	}
	there := func() {
		to(accountsThere, true, "")
		if a.unseen.Accounts != "" {
			to(accountsNamed, false, a.accountsNote())
		}
	}
	if h.note != "" {
		return out
	}
	switch p.means {
	case plain, constrained, asGroup, takeover:
		if p.means == asGroup && h.named {
			return a.namedSubjects(out, v, i)
		}
		if h.named && p.ID == "bind-cluster" {
			return a.namedRoles(out, v, i)
		}
	case ownAll:
		if h.named {
			return a.namedRoles(out, v, i)
		}
		if h.namespace != "" && p.ID == "bind" && !v.allows("create", rbacGroup, "rolebindings", h.namespace) {
			return a.namedRoles(out, v, i)
		}
		if h.namespace != "" && p.ID != "everything" {
			out = append(out, edge{hit: i, to: a.single(a.take(a.admin.Role, h.namespace)), sure: true})
		}
		if p.ID == "everything" {
			there()
		}
	case bindRoles:
		return a.namedRoles(out, v, i)
	case runAs:
		there()
	case changeAs:
		return a.changes(out, v, i)
	case become:
		if h.named {
			return a.namedAccounts(out, v, i, accountsNamed)
		}
		to(accountsNamed, true, "")
	case mint:
		if h.named {
			return a.namedAccounts(out, v, i, accountsThere)
		}
		there()
	case enter:
		return a.entries(out, v, i)
	case onNode:
		return a.nodeEdges(out, v, i)
	case readTokens:
		return a.tokenEdges(out, v, i)
	case asUser:
		if h.named {
			return a.namedSubjects(out, v, i)
		}
		to(users, true, "")
	case asSubject:
		to(subjects, true, "")
	}
	return out
}

// possible is the kind of accounts that an edge may lead to where it is not known
// which.
func (a *Analysis) possible() setKind {
	if a.unseen.Accounts != "" {
		return accountsNamed
	}
	return accountsThere
}

// accountsNote says what an edge to accounts depends on.
func (a *Analysis) accountsNote() string {
	if a.unseen.Accounts == "" {
		return ""
	}
	return "if the account exists: accounts were not listed (" + a.unseen.Accounts + ")"
}

// workloadsNote is the same for pods.
func (a *Analysis) workloadsNote() string {
	return "if a pod has its token mounted: workloads were not listed (" + a.unseen.Workloads + ")"
}

// single returns the set of one node.
func (a *Analysis) single(n int32) *set {
	a.join(n, setKey{kind: single, node: n})
	return a.sets[setKey{kind: single, node: n}]
}

// take returns the node of a role that somebody binds to himself in a namespace
// (empty is cluster-wide).
func (a *Analysis) take(role *rbac.Role, namespace string) int32 {
	key := virtualKey{role, namespace}
	if n, ok := a.virtual[key]; ok {
		return n
	}
	n := int32(len(a.nodes))
	a.virtual[key] = n
	name := "the rights of " + role.String() + where(namespace)
	b := &rbac.Binding{Namespace: namespace, Name: "of its own making", RoleKind: rbac.KindRole, RoleName: role.Name}
	if role.Namespace == "" {
		b.RoleKind = rbac.KindClusterRole
	}
	h := holding{Held: rbac.Held{Binding: b, Role: role, Namespace: namespace}, profile: a.profiles[role]}
	c := &class{view: a.table.newView([]holding{h}, false)}
	a.nodes = append(a.nodes, node{name: name, class: c})
	return n
}

// namedRoles adds edges to the roles that a hit of bind lets somebody take on:
// those that bind covers, in a new binding or in one that is there and may be
// changed, whose role stays.
func (a *Analysis) namedRoles(out []edge, v *view, i int) []edge {
	h := &v.hits[i]
	p := &a.table.permissions[h.permission]
	if p.ID == "escalate" {
		return out
	}
	kind := rbac.KindClusterRole
	if p.means == bindRoles {
		kind = rbac.KindRole
	}
	names, every := v.names(a.table, h, 0)
	spaces := []string{h.namespace}
	if h.namespace == "" && p.ID != "bind-cluster" {
		if every {
			return out // the table says where that leads
		}
		spaces = a.spaces
	}
	for _, ns := range spaces {
		for _, r := range a.bindable(v, h, kind, ns) {
			if every || slices.Contains(names, r.Name) {
				out = append(out, edge{hit: i, to: a.single(a.take(r, ns)), sure: true})
			}
		}
	}
	return out
}

// bindable returns the roles of a kind for which there is a binding to change in
// a namespace, or all there are if bindings may be made.
func (a *Analysis) bindable(v *view, h *hit, kind, namespace string) []*rbac.Role {
	resource := "rolebindings"
	if a.table.permissions[h.permission].ID == "bind-cluster" {
		resource = "clusterrolebindings"
	}
	if v.allows("create", rbacGroup, resource, namespace) {
		if kind == rbac.KindRole {
			return a.roles[namespace]
		}
		names, _ := v.names(a.table, h, 0)
		var out []*rbac.Role
		for _, n := range names {
			if r := a.auth.Role(kind, "", n); r != nil {
				out = append(out, r)
			}
		}
		return out
	}
	names, every := v.names(a.table, h, 1)
	var out []*rbac.Role
	bindings := a.auth.Bindings()
	first, _ := slices.BinarySearchFunc(bindings, namespace, func(b rbac.Binding, ns string) int { return cmp.Compare(b.Namespace, ns) })
	for i := first; i < len(bindings) && bindings[i].Namespace == namespace; i++ {
		b := &bindings[i]
		if r := a.auth.RoleOf(b); b.RoleKind == kind && (every || slices.Contains(names, b.Name)) && r != nil && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// namedAccounts adds edges to the accounts that a hit names.
func (a *Analysis) namedAccounts(out []edge, v *view, i int, kind setKind) []edge {
	h := &v.hits[i]
	names, _ := v.names(a.table, h, 0)
	for _, name := range names {
		for _, n := range a.named(h.namespace, name) {
			switch {
			case kind == accountsNamed, a.nodes[n].exists:
				out = append(out, edge{hit: i, to: a.single(n), sure: true})
			case a.unseen.Accounts != "":
				out = append(out, edge{hit: i, to: a.single(n), note: a.accountsNote()})
			}
		}
	}
	return out
}

// named returns the accounts of a name in a namespace, or in all.
func (a *Analysis) named(namespace, name string) []int32 {
	if namespace != "" {
		if n, ok := a.index[Principal{rbac.KindServiceAccount, namespace, name}]; ok {
			return []int32{n}
		}
		return nil
	}
	var out []int32
	for n := range a.nodes {
		if p := &a.nodes[n].principal; p.Kind == rbac.KindServiceAccount && p.Name == name {
			out = append(out, int32(n))
		}
	}
	return out
}

// namedSubjects adds edges to the users or groups that a hit names.
func (a *Analysis) namedSubjects(out []edge, v *view, i int) []edge {
	h := &v.hits[i]
	kind := rbac.KindUser
	if a.table.permissions[h.permission].means == asGroup {
		kind = rbac.KindGroup
	}
	names, _ := v.names(a.table, h, 0)
	for _, name := range names {
		if n, ok := a.index[Principal{kind, "", name}]; ok {
			out = append(out, edge{hit: i, to: a.single(n), sure: true})
		}
	}
	return out
}
