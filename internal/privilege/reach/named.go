package reach

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

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
