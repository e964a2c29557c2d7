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
	admin, maybe      []int32 // places that are administered, none in another
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
		if container {
			wide.Or(x.here.certain)
		}
	}
	for _, h := range p.drawn {
		for _, g := range a.holders[h].grants {
			a.weigh(p, h, g)
		}
	}
	for _, at := range o.admin {
		o.raise(levelAdmin, true)
		o.reasons = append(o.reasons, a.adminReason(p, at, true))
	}
	for _, at := range o.maybe {
		o.raise(levelAdmin, false)
		o.reasons = append(o.reasons, a.adminReason(p, at, false))
	}
	o.capabilities = capabilitiesOf(a.capables, wide, some)
	if len(o.admin) > 0 {
		o.capabilities = append([]string{"admin.all"}, o.capabilities...)
	}
	slices.SortStableFunc(o.reasons, func(x, y Reason) int { return cmp.Or(y.rank()-x.rank(), cmp.Compare(x.Text, y.Text)) })
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
	if len(p.drawn) == 1 {
		e.Member = ""
	}
	text := "administers " + a.nameOf(at)
	if e.Role != "" {
		text += fmt.Sprintf(" (%s on %s)", e.Role, short(e.On))
	}
	return Reason{Text: text, Certain: certain, Evidence: []Evidence{e}, level: levelAdmin}
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
		if holds = c.plain; holds == inventory.Unknown && c.OnResource() && c.Err() == nil {
			note = "where its condition holds"
		} else if holds == inventory.Unknown {
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
		o.reasons = append(o.reasons, Reason{Text: on + " allows something that could not be read", Evidence: []Evidence{e}, level: most})
		return
	}
	level := a.levelOf(p, g)
	if level == levelNone {
		return
	}
	certain := holds == inventory.True
	if !certain && a.conds[g.cond].Err() != nil {
		o.unknown = append(o.unknown, "condition of "+on+": "+a.conds[g.cond].Err().Error())
	} else if !certain {
		o.unknown = append(o.unknown, "condition of "+on+": "+note)
	}
	o.raise(level, certain)
	verb := "reads"
	if level == levelWrite {
		verb = "writes"
	}
	o.reasons = append(o.reasons, Reason{Text: verb + " by " + on, Certain: certain, Evidence: []Evidence{e}, level: level})
}

// levelOf is the level of a grant beneath the denies that are about its holder for
// certain. A role that is only in the table keeps its level: what else it has is not
// known.
func (a *Analysis) levelOf(p *powers, g grant) inventory.Level {
	r := &a.roles[g.role]
	if len(p.denies) == 0 || r.Total == 0 {
		return r.Level
	}
	var patterns, except []string
	for _, k := range p.denies {
		d := &a.denies[k.deny()]
		if k.certain() && d.cond < 0 && a.tree.within(g.place, d.place) {
			if len(d.ExceptPermissions) > 0 && len(patterns) > 0 {
				continue // exceptions are of one rule only: two such rules are not joined
			}
			patterns, except = append(patterns, d.Permissions...), append(except, d.ExceptPermissions...)
		}
	}
	if len(patterns) == 0 {
		return r.Level
	}
	var rest []string
	for _, permission := range a.given[r.Name].Permissions {
		if !deniedBy(patterns, permission) || deniedBy(except, permission) {
			rest = append(rest, permission)
		}
	}
	return role.Of(r.Name, rest, true).Level
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

// other names a holder that is not the only one that grants are drawn from; empty if
// it is.
func (a *Analysis) other(p *powers, h int32) string {
	if len(p.drawn) == 1 {
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
				rank, best = value, Evidence{Permission: have.Names()[0], Resource: a.tree.places[at].name, Role: r.Name, On: a.tree.places[up].name, Member: a.holders[h].Text}
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
