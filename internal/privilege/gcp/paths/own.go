package paths

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

const (
	levelAdmin    = inventory.LevelAdmin
	levelEscalate = inventory.LevelEscalate
	levelWrite    = inventory.LevelWrite
	levelRead     = inventory.LevelRead
	levelNone     = inventory.LevelNone
)

// own is what holders may do by themselves.
type own struct {
	certain, possible inventory.Level
	reasons           []Reason
	capabilities      []string
	perhaps           []string // capabilities that it may have as well
	admin, maybe      []int32  // places that are administered, none in another
	unknown           []string
}

// raise makes the level at least as high as one.
func (o *own) raise(level inventory.Level, certain bool) {
	if level.Rank() > o.possible.Rank() {
		o.possible = level
	}
	if certain && level.Rank() > o.certain.Rank() {
		o.certain = level
	}
}

// assess finds out what holders may do by themselves.
func (a *Analysis) assess(p *powers) {
	o := &p.own
	o.certain, o.possible = levelNone, levelNone
	var wide, some role.Set
	var wideMaybe, someMaybe role.Set
	for i := range p.all {
		x := &p.all[i]
		container := a.tree.places[x.place].container()
		switch {
		case container && a.administers(&x.here.certain):
			o.admin = a.widest(o.admin, x.place)
		case container && a.administers(&x.here.possible):
			o.maybe = a.widest(o.maybe, x.place)
		}
		if slices.ContainsFunc(o.admin, func(at int32) bool { return a.tree.within(x.place, at) }) {
			continue // that is in admin.all
		}
		some.Or(x.here.certain)
		someMaybe.Or(x.here.possible)
		if container {
			wide.Or(x.here.certain)
			wideMaybe.Or(x.here.possible)
		}
	}
	for _, h := range p.drawn {
		for _, g := range a.holders[h].grants {
			a.weigh(p, h, g)
			if g.cond >= 0 && a.conds[g.cond].plain == inventory.Unknown {
				if at := a.somewhere(g); at >= 0 {
					m := a.on(p, at)
					some.Or(m.certain)
				}
			}
		}
	}
	for _, at := range o.admin {
		o.raise(levelAdmin, true)
		o.reasons = append(o.reasons, a.adminReason(p, at, true))
	}
	for _, at := range o.maybe {
		o.raise(levelAdmin, false)
		o.reasons = append(o.reasons, a.adminReason(p, at, false))
		for _, text := range a.doubts(p, at, a.powerful[0]) {
			o.unknown = append(o.unknown, "administering "+a.nameOf(at)+": "+text)
		}
	}
	o.capabilities = capabilitiesOf(a.capables, wide, some)
	if len(o.admin) > 0 {
		o.capabilities = append([]string{"admin.all"}, o.capabilities...)
	}
	o.perhaps = slices.DeleteFunc(capabilitiesOf(a.capables, wideMaybe, someMaybe), func(c string) bool { return slices.Contains(o.capabilities, c) })
	if len(o.maybe) > 0 { // which has all the others in it
		o.perhaps = []string{"admin.all"}
	}
	slices.SortStableFunc(o.reasons, func(x, y Reason) int { return cmp.Or(y.Rank()-x.Rank(), cmp.Compare(x.Text, y.Text)) })
	o.reasons = slices.CompactFunc(o.reasons, func(x, y Reason) bool { return x.Text == y.Text && x.Certain == y.Certain })
	if len(o.reasons) > MaxReasons {
		o.reasons = slices.Clone(o.reasons[:MaxReasons])
	}
	slices.Sort(o.unknown)
	o.unknown = slices.Compact(o.unknown)
}

// widest keeps places of which none is in another. They come by number, so that
// what a place is in comes before it.
func (a *Analysis) widest(have []int32, at int32) []int32 {
	if n := len(have); n > 0 && a.tree.within(at, have[n-1]) {
		return have
	}
	return append(have, at)
}

// administers reports whether permissions are those of an administrator.
func (a *Analysis) administers(s *role.Set) bool {
	for i := range a.powerful {
		if !s.Meets(a.powerful[i]) {
			return false
		}
	}
	return true
}

// adminReason points at the binding that makes an administrator.
func (a *Analysis) adminReason(p *powers, at int32, certain bool) Reason {
	e := a.why(p, a.powerful[0], at)
	text := "administers " + a.nameOf(at)
	if e.Role != "" {
		text += fmt.Sprintf(" (%s on %s)", e.Role, short(e.On))
	}
	return Reason{Text: text, Certain: certain, Evidence: []Evidence{e}, Level: levelAdmin}
}

// nameOf is how a place is called in texts.
func (a *Analysis) nameOf(at int32) string { return short(a.tree.places[at].name) }

// weigh adds the level of one grant.
func (a *Analysis) weigh(p *powers, h int32, g grant) {
	o, r := &p.own, &a.roles[g.role]
	holds := inventory.True
	note := ""
	if g.cond >= 0 {
		c := &a.conds[g.cond]
		switch holds = c.plain; {
		case holds == inventory.Unknown && a.somewhere(g) >= 0:
			holds, note = inventory.True, "where its condition holds"
		case holds == inventory.Unknown && c.OnResource() && c.Err() == nil:
			note = "no resource is known for which its condition holds"
		case holds == inventory.Unknown:
			note = "its condition cannot be known"
		}
	}
	if holds == inventory.False {
		return
	}
	e := Evidence{Role: r.Name, On: a.tree.places[g.place].name, Member: a.other(p, h), Note: note}
	on := r.Name + " on " + a.nameOf(g.place)
	if !r.Known {
		o.unknown = append(o.unknown, "what "+r.Name+" allows could not be read")
		most := levelWrite
		if a.tree.places[g.place].container() {
			most = levelAdmin
		}
		o.raise(most, false)
		o.reasons = append(o.reasons, Reason{Text: on + " allows something that could not be read", Evidence: []Evidence{e}, Level: most})
		return
	}
	least, level := a.levelOf(p, g)
	if level == levelNone {
		return
	}
	certain := holds == inventory.True
	if certain && least != level {
		o.raise(least, true)
		certain = false
		o.unknown = append(o.unknown, "what "+on+" gives: a deny policy or an access boundary may take it away")
	}
	if holds == inventory.Unknown && a.conds[g.cond].Err() != nil {
		o.unknown = append(o.unknown, "condition of "+on+": "+a.conds[g.cond].Err().Error())
	} else if holds == inventory.Unknown {
		o.unknown = append(o.unknown, "condition of "+on+": "+note)
	}
	o.raise(level, certain)
	verb := "reads"
	if level == levelWrite {
		verb = "writes"
	}
	o.reasons = append(o.reasons, Reason{Text: verb + " by " + on, Certain: certain, Evidence: []Evidence{e}, Level: level})
}

// searched is how many resources a condition is tried on.
const searched = 2000

// somewhere finds a resource for which the condition of a grant holds; -1 if none is
// known.
func (a *Analysis) somewhere(g grant) int32 {
	c := &a.conds[g.cond]
	if !c.OnResource() || c.Err() != nil {
		return -1
	}
	key := grant{place: g.place, cond: g.cond}
	if have, ok := a.examples.Load(key); ok {
		return have.(int32) //nolint:forcetypeassert,errcheck // nothing else is put there
	}
	found := int32(-1)
	p := &a.tree.places[g.place]
	for _, at := range a.tree.order[p.in:min(p.out, p.in+searched)] {
		if c.Holds(a.contextOf(at)) == inventory.True {
			found = at
			break
		}
	}
	a.examples.Store(key, found)
	return found
}

// levelOf is the level of a grant beneath the denies that are about its holder: the
// least that it is and the most. A role that is only in the table keeps its level: what
// else it has is not known.
func (a *Analysis) levelOf(p *powers, g grant) (least, most inventory.Level) {
	r := &a.roles[g.role]
	least, most = r.Level, r.Level
	if len(p.bounds) > 0 && !a.inBounds(p, g.place) && !a.boundsWithin(p, g.place) {
		least = levelNone
	}
	if len(p.denies) == 0 || r.Total == 0 {
		return least, most
	}
	var sure, all []int32
	for _, k := range p.denies {
		d := &a.denies[k.deny()]
		if !a.tree.within(g.place, d.place) {
			continue // what is beneath the place of the grant is not all of it
		}
		all = append(all, k.deny())
		if k.certain() && (d.cond < 0 || a.conds[d.cond].plain == inventory.True) {
			sure = append(sure, k.deny())
		}
	}
	most = a.beneath(r, sure)
	if low := a.beneath(r, all); low.Rank() < least.Rank() {
		least = low
	}
	return least, most
}

// boundsWithin reports whether an access boundary lets its principals reach something
// in a place.
func (a *Analysis) boundsWithin(p *powers, at int32) bool {
	return slices.ContainsFunc(p.bounds, func(k int32) bool {
		return slices.ContainsFunc(a.bounds[k].places, func(in int32) bool { return a.tree.within(in, at) })
	})
}

// beneath is the level of what some rules leave of a role.
func (a *Analysis) beneath(r *rolle, rules []int32) inventory.Level {
	if len(rules) == 0 {
		return r.Level
	}
	key := r.Name + fmt.Sprint(rules)
	if have, ok := a.levels.Load(key); ok {
		return have.(inventory.Level) //nolint:forcetypeassert,errcheck // nothing else is put there
	}
	var rest []string
	for _, permission := range a.given[r.Name].Permissions {
		if !slices.ContainsFunc(rules, func(k int32) bool {
			d := &a.denies[k]
			return deniedBy(d.Permissions, permission) && !deniedBy(d.ExceptPermissions, permission)
		}) {
			rest = append(rest, permission)
		}
	}
	level := role.Of(r.Name, rest, true).Level
	a.levels.Store(key, level)
	return level
}

// deniedBy reports whether a pattern of a deny policy means a permission.
func deniedBy(patterns []string, permission string) bool {
	service, rest, _ := strings.Cut(permission, ".")
	rest = strings.TrimPrefix(rest, "googleapis.com/")
	return slices.ContainsFunc(patterns, func(p string) bool {
		host, name, ok := strings.Cut(p, ".googleapis.com/")
		if host == "cloudresourcemanager" {
			host = "resourcemanager"
		}
		return ok && host == service && denies(name, rest)
	})
}

// other names a holder that grants are drawn from; empty if it is who has them.
func (a *Analysis) other(p *powers, h int32) string {
	if h == p.self {
		return ""
	}
	return a.holders[h].Text
}

// why finds the binding that gives one of some permissions on a resource: one
// without a condition before others.
func (a *Analysis) why(p *powers, some role.Set, at int32) Evidence {
	var best Evidence
	rank := 0
	for _, h := range p.drawn {
		for up := at; up >= 0; up = a.tree.places[up].parent {
			for _, g := range a.grantsAt(h, up) {
				r := &a.roles[g.role]
				if !r.Set.Meets(some) {
					continue
				}
				value := 3
				if g.cond >= 0 {
					value = int(a.conds[g.cond].plain) + 1
				}
				if value <= rank {
					continue
				}
				have := r.Set
				have.And(some)
				rank, best = value, Evidence{Permission: have.Names()[0], Resource: a.tree.places[at].name, Role: r.Name, On: a.tree.places[up].name, Member: a.other(p, h)}
				if g.cond >= 0 {
					best.Note = "condition: " + clip(a.conds[g.cond].Text())
				}
			}
		}
	}
	return best
}

// clip shortens a text that others wrote.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}
