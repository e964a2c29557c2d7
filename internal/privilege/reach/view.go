package reach

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// A holding is one role through one binding.
type holding struct {
	rbac.Held
	profile *profile // nil if the role is not known
}

// A view is what some holdings give together.
type view struct {
	held   []holding
	master bool // member of system:masters

	wide, wideNamed bits
	locals          []localView // by namespace
	hits            []hit       // by permission, cluster-wide ones before the others
	base            base
	baseScope       string   // namespace of the base level; empty is the cluster
	unseen          []string // bindings whose role was not seen
}

// A localView is what RoleBindings of a namespace add.
type localView struct {
	namespace  string
	all, named bits
	every      bool
}

// A hit is a permission that a view has.
type hit struct {
	permission int
	namespace  string // empty is cluster-wide
	named      bool   // of named objects only
	level      inventory.Level
	capability string
	note       string // why it is worth less than the table says
	words      string // what it allows, once it was worded
}

// newView joins holdings.
func (t *table) newView(held []holding, master bool) *view {
	v := &view{held: held, master: master, base: base{level: inventory.LevelNone}}
	for i := range held {
		v.take(t, &held[i])
	}
	if master {
		return v
	}
	t.evaluate(v)
	return v
}

// take adds one holding.
func (v *view) take(t *table, h *holding) {
	if h.profile == nil {
		v.unseen = append(v.unseen, h.Binding.String())
		return
	}
	b := &h.profile.base[0]
	if h.Namespace != "" {
		b = &h.profile.base[1]
	}
	if b.level.Rank() > v.base.level.Rank() {
		v.base, v.baseScope = *b, h.Namespace
	}
	if h.Namespace == "" {
		v.wide.or(&h.profile.all)
		v.wideNamed.or(&h.profile.named)
		return
	}
	i, ok := slices.BinarySearchFunc(v.locals, h.Namespace, func(l localView, ns string) int { return cmp.Compare(l.namespace, ns) })
	if !ok {
		v.locals = slices.Insert(v.locals, i, localView{namespace: h.Namespace})
	}
	all, named := h.profile.all, h.profile.named
	all.and(&t.local)
	named.and(&t.local)
	v.locals[i].all.or(&all)
	v.locals[i].named.or(&named)
	v.locals[i].every = v.locals[i].every || h.profile.every
}

// everything reports whether a view is every verb on every resource of the
// cluster.
func (v *view) everything(t *table) bool { return v.master || v.wide.meets(&t.needs[0][0]) }

// A met says how far needs are met.
type met int

const (
	unmet met = iota
	metNamed
	metFull
)

// check says how far a permission's needs are met.
func (t *table) check(permission int, all, named *bits) met {
	needs := t.needs[permission]
	out := metFull
	for i := range needs {
		if needs[i].meets(all) {
			continue
		}
		if !needs[i].meets(named) {
			return unmet
		}
		if !t.permissions[permission].Needs[i].Some {
			out = metNamed
		}
	}
	return out
}

// evaluate finds the hits of a view.
func (t *table) evaluate(v *view) {
	if v.wide.empty() && v.wideNamed.empty() && len(v.locals) == 0 {
		return
	}
	eff := make([]localView, len(v.locals))
	for i := range v.locals {
		eff[i] = v.locals[i]
		eff[i].all.or(&v.wide)
		eff[i].named.or(&v.wideNamed)
	}
	var got bits
	got.or(&v.wide)
	got.or(&v.wideNamed)
	for i := range v.locals {
		got.or(&v.locals[i].all)
		got.or(&v.locals[i].named)
	}
	v.hits = t.room[:0]
	defer func() {
		t.room = v.hits
		v.hits = slices.Clone(v.hits)
	}()
	for p := range t.permissions {
		if !t.needs[p][0].meets(&got) {
			continue
		}
		wide := t.check(p, &v.wide, &v.wideNamed)
		if wide != unmet {
			t.hit(v, p, "", wide == metNamed)
		}
		if wide == metFull {
			continue
		}
		for i := range eff {
			m := t.check(p, &eff[i].all, &eff[i].named)
			if m == metFull || m == metNamed && (wide == unmet || t.adds(p, &v.locals[i])) {
				t.hit(v, p, eff[i].namespace, m == metNamed)
			}
		}
	}
}

// adds reports whether RoleBindings of a namespace have a part in a permission.
func (t *table) adds(permission int, l *localView) bool {
	return slices.ContainsFunc(t.needs[permission], func(n bits) bool { return n.meets(&l.all) || n.meets(&l.named) })
}

// hit notes a permission with its level, if it is worth anything there.
func (t *table) hit(v *view, permission int, namespace string, named bool) {
	p := &t.permissions[permission]
	h := hit{permission: permission, namespace: namespace, named: named, level: p.Wide, capability: p.Capability}
	if namespace != "" {
		h.level = p.Local
	}
	if named {
		h.level, h.capability = p.Named, p.NamedCapability
	}
	if t.judge(v, p, &h) {
		v.hits = append(v.hits, h)
	}
}

// execNeedsCreate is the minor version since which pods/exec and pods/attach over
// a websocket take create, as by POST (AuthorizePodWebsocketUpgradeCreatePermission).
const execNeedsCreate = 35

// judge looks at what bits do not tell: names and what else the holder has. It
// reports whether the hit counts at all.
func (t *table) judge(v *view, p *Permission, h *hit) bool {
	switch p.ID {
	case "aws-auth":
		return h.namespace == "" || h.namespace == "kube-system"
	case "escalate-cluster", "escalate":
		v.judgeEscalate(t, p, h)
	case "escalate-aggregate":
		if !slices.ContainsFunc(v.held, func(x holding) bool { return x.Role == nil || x.Namespace == "" && len(x.Role.Aggregate) > 0 }) {
			h.level, h.capability, h.note = levelWrite, "", "makes a ClusterRole with any permission, but may not bind it and holds no aggregated one that would take it in"
		}
	case "exec-get":
		if t.minor >= execNeedsCreate {
			return false
		}
		return !v.hasHit(t, "exec", h.namespace, h.named) && !v.hasHit(t, "exec", "", h.named)
	case "bind-roles":
		return !v.hasHit(t, "bind", h.namespace, h.named) && !v.hasHit(t, "bind", "", h.named)
	case "token-secret-again":
		return !v.hasHit(t, "token-secret", h.namespace, false) && v.commonName(t, h, 1, 2)
	}
	return h.level != ""
}

// hasHit reports whether a view has a hit of a permission.
func (v *view) hasHit(t *table, id, namespace string, named bool) bool {
	return slices.ContainsFunc(v.hits, func(h hit) bool {
		return t.permissions[h.permission].ID == id && h.namespace == namespace && h.named == named
	})
}

// judgeEscalate asks whether a role that may be widened is one that is held.
func (v *view) judgeEscalate(t *table, p *Permission, h *hit) {
	kind, wide := rbac.KindClusterRole, true
	if p.ID == "escalate" {
		kind, wide = rbac.KindRole, false
	}
	may, mayAll := v.names(t, h, 0)
	write, writeAll := v.names(t, h, 1)
	for i := range v.held {
		x := &v.held[i]
		if x.Role == nil { // rules without a role: it is taken to be one that can be changed
			x := mayAll && writeAll || intersect(may, write) || mayAll != writeAll
			if x {
				h.level, h.capability = levelEscalate, p.Capability
				return
			}
			continue
		}
		isKind := (x.Role.Namespace == "") == (kind == rbac.KindClusterRole)
		inScope := wide && x.Namespace == "" || !wide && (h.namespace == "" || x.Namespace == h.namespace)
		if isKind && inScope && (mayAll || slices.Contains(may, x.Role.Name)) && (writeAll || slices.Contains(write, x.Role.Name)) {
			h.level, h.capability, h.named = levelEscalate, p.Capability, false
			return
		}
	}
	h.level, h.capability, h.note = levelWrite, "", "may widen roles, but none that it holds itself"
}

// commonName reports whether two needs of a hit have a name in common.
func (v *view) commonName(t *table, h *hit, a, b int) bool {
	x, allX := v.names(t, h, a)
	y, allY := v.names(t, h, b)
	return allX || allY || intersect(x, y)
}

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// names returns the resource names for which a need of a hit is met, sorted, or
// true if it is met whatever the name.
func (v *view) names(t *table, h *hit, need int) ([]string, bool) {
	var out []string
	mask := &t.needs[h.permission][need]
	for i := range v.held {
		x := &v.held[i]
		if x.profile == nil || x.Namespace != "" && x.Namespace != h.namespace {
			continue
		}
		for j := range x.profile.by {
			b := x.profile.by[j].bits
			if x.Namespace != "" {
				b.and(&t.local)
			}
			if !b.meets(mask) {
				continue
			}
			if x.profile.by[j].names == nil {
				return nil, true
			}
			out = append(out, x.profile.by[j].names...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), false
}

// allows reports whether a view gives a verb on a resource, without names, in a
// namespace or, if it is empty, cluster-wide.
func (v *view) allows(verb, group, resource, namespace string) bool {
	return slices.ContainsFunc(v.held, func(x holding) bool {
		return x.profile != nil && (x.Namespace == "" || x.Namespace == namespace) && slices.ContainsFunc(x.profile.rules, func(r rbac.Rule) bool {
			return len(r.ResourceNames) == 0 && has(r.Verbs, verb) && has(r.APIGroups, group) && has(r.Resources, resource)
		})
	})
}
