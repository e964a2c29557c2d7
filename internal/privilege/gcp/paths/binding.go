package paths

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
)

// Binding returns what one binding of the policy of a resource gives one of its
// members by itself, beneath all that is denied to the member. Of paths it has those
// whose first hop needs nothing but that binding. A role that is deleted gives nothing.
func (a *Analysis) Binding(resource string, b *Binding, who string) *Result {
	r := &Result{Level: levelNone, Certain: levelNone, Possible: levelNone}
	i, ok := a.index[canonicalMember(who)]
	at, ok2 := a.tree.index[canonical(resource)]
	g, ok3 := a.find(at, b)
	switch {
	case a.deleted[b.Role]:
		r.Reasons = []Reason{{Text: b.Role + " is deleted", Certain: true}}
		return r
	case a.isDeleted(who):
		r.Reasons = []Reason{{Text: who + " is deleted", Certain: true}}
		return r
	case !ok || !ok2 || !ok3:
		r.Level, r.Possible, r.Unknown = inventory.LevelUnknown, levelAdmin, []string{"the binding is not one of the estate"}
		return r
	}
	p := a.only(i, g)
	r.Reasons, r.Capabilities, r.Possibly, r.Unknown = p.own.reasons, p.own.capabilities, p.own.perhaps, slices.Clone(p.own.unknown)
	r.Certain, r.Possible = p.own.certain, p.own.possible
	for _, n := range p.own.admin {
		r.Admin = append(r.Admin, a.tree.places[n].name)
	}
	if whole, ok := a.Of(who); ok {
		for k := range whole.Paths {
			if path := &whole.Paths[k]; a.restsOn(path, b, at) {
				a.addPath(r, *path)
			}
		}
	}
	if g.cond >= 0 && a.conds[g.cond].plain == inventory.False {
		r.Reasons = append(r.Reasons, Reason{Text: "its condition does not hold: " + clip(b.Condition), Certain: true})
	} else if len(r.Reasons) == 0 {
		r.Reasons = []Reason{{Text: "gives nothing by itself, or all that it gives is taken away again", Certain: r.Possible == levelNone}}
	}
	a.settle(r, i)
	return r
}

// isDeleted reports whether a member is somebody who is gone.
func (a *Analysis) isDeleted(who string) bool { return member.Parse(who).Kind == member.KindDeleted }

// find is the grant that a binding makes; false if the estate has none like it.
func (a *Analysis) find(at int32, b *Binding) (grant, bool) {
	role, ok := a.roleIndex[b.Role]
	if !ok {
		return grant{}, false
	}
	g := grant{place: at, role: role, cond: -1}
	if b.Condition != "" {
		cond, ok := a.condIndex[b.Condition]
		if !ok {
			return grant{}, false
		}
		g.cond = cond
	}
	return g, true
}

// only finds out what one grant gives, beneath what is denied to its holder.
func (a *Analysis) only(i int32, g grant) *powers {
	of := a.holders[i].powers
	key := alone{grant: g}
	if len(of.denies) > 0 || len(of.bounds) > 0 {
		key.denied = of
	}
	if p := a.singles.get(key); p != nil {
		return p
	}
	apart := *a
	apart.holders = slices.Clone(a.holders[i : i+1])
	apart.holders[0].grants = []grant{g}
	p := &powers{drawn: []int32{0}, self: 0, denies: of.denies, bounds: of.bounds}
	apart.finish(p)
	a.singles.put(key, p)
	return p
}

// restsOn reports whether the first hop of a path needs nothing but one binding.
func (a *Analysis) restsOn(p *Path, b *Binding, at int32) bool {
	hop := &p.Hops[0]
	return len(hop.Evidence) > 0 && !slices.ContainsFunc(hop.Evidence, func(e Evidence) bool {
		return e.Role != b.Role || e.On != a.tree.places[at].name
	})
}
