package paths

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/chain"
	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// result puts together what is told of a holder.
func (a *Analysis) result(i int32) *Result {
	p := a.holders[i].powers
	r := &Result{Reasons: slices.Clone(p.own.reasons), Capabilities: p.own.capabilities, Possibly: p.own.perhaps, Unknown: slices.Clone(p.own.unknown)}
	r.Certain, r.Possible = p.own.certain, p.own.possible
	for _, g := range a.goals {
		a.lead(r, g, i)
	}
	for _, at := range a.ordered(p.own.admin) {
		r.Admin = append(r.Admin, a.tree.places[at].name)
	}
	if r.Certain == levelNone && len(r.Reasons) == 0 {
		text := "has no role"
		if len(p.drawn) > 0 {
			text = "its roles give nothing by themselves, or all that they give is taken away again"
		}
		r.Reasons = []Reason{{Text: text, Certain: r.Possible == levelNone}}
	}
	a.settle(r, i)
	return r
}

// ordered sorts places: wider ones first, then by name.
func (a *Analysis) ordered(all []int32) []int32 {
	out := slices.Clone(all)
	slices.SortFunc(out, func(x, y int32) int {
		p, q := &a.tree.places[x], &a.tree.places[y]
		return cmp.Or(cmp.Compare(q.kind, p.kind), cmp.Compare(p.name, q.name))
	})
	return out[:min(len(out), MaxNames)]
}

// settle decides the level and puts everything in order.
func (a *Analysis) settle(r *Result, i int32) {
	slices.SortStableFunc(r.Reasons, func(x, y Reason) int { return cmp.Or(y.Rank()-x.Rank(), cmp.Compare(x.Text, y.Text)) })
	if len(r.Reasons) > MaxReasons {
		r.Reasons = slices.Clip(r.Reasons[:MaxReasons])
	}
	slices.SortStableFunc(r.Paths, a.comparePaths)
	if len(r.Paths) > MaxPaths {
		r.Paths, r.Truncated = slices.Clip(r.Paths[:MaxPaths]), true
	}
	r.Level = chain.Settled(r.Certain, r.Possible)
	r.Unknown = append(r.Unknown, a.notes...)
	for _, k := range a.draws(i) {
		if h := &a.holders[k]; h.Kind == member.KindGroup && k == i && !a.knownGroups[k] {
			r.Unknown = append(r.Unknown, "the members of "+h.ID+" were not read: whoever is in it may do the same")
		}
	}
	if at := a.holders[i].home; at >= 0 && a.holders[i].place >= 0 && len(a.holders[i].powers.opening) > 0 {
		if n := a.tree.places[at].node; n == nil || !n.AccountsKnown {
			r.Unknown = append(r.Unknown, "the service accounts of "+a.nameOf(at)+" were not all read: there may be further ways")
		}
	}
	slices.Sort(r.Unknown)
	r.Unknown = slices.Compact(r.Unknown)
}

// comparePaths orders paths: certain ones first, to the strongest and widest first,
// then the shortest, then by id.
func (a *Analysis) comparePaths(x, y Path) int {
	rank := func(p *Path) int {
		n := len(p.Hops) + 100*(5-p.Level.Rank())
		if !p.Certain {
			n += 1000
		}
		if p.Over != "" {
			n -= 20 * int(kindOf(p.Over))
		}
		return n
	}
	return cmp.Or(rank(&x)-rank(&y), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Over, y.Over), cmp.Compare(x.Leads, y.Leads))
}

// lead adds the ways of a holder to a goal.
func (a *Analysis) lead(r *Result, g *goal, i int32) {
	i, who := a.like[i], i
	for n, search := range []*reached{&g.certain, &g.possible} {
		r.Truncated = r.Truncated || search.cut && len(search.finds[i]) == 0 && n == 0 && g.level == levelAdmin && r.Certain != levelAdmin && len(a.holders[i].powers.opening) > 0
		built := 0
		for _, f := range a.byWorth(search.finds[i]) {
			for s := range f.steps {
				if built == MaxPaths {
					r.Truncated = true
					break
				}
				path := a.path(g, who, f.over, &f.steps[s])
				if g.level != levelAdmin && !a.gains(r, &path) {
					continue
				}
				built++
				a.addPath(r, path)
			}
		}
	}
}

// byWorth sorts what is found: the widest places first, then the nearest.
func (a *Analysis) byWorth(finds []find) []*find {
	out := make([]*find, 0, len(finds))
	for k := range finds {
		out = append(out, &finds[k])
	}
	kind := func(f *find) placeKind {
		if f.over == less {
			return placeOther
		}
		return a.tree.places[f.over].kind
	}
	slices.SortStableFunc(out, func(x, y *find) int { return cmp.Or(cmp.Compare(kind(y), kind(x)), cmp.Compare(x.dist, y.dist)) })
	return out
}

// addPath adds a path with its reason.
func (a *Analysis) addPath(r *Result, path Path) {
	level := path.Level
	if level == levelAdmin {
		level = levelEscalate
	}
	if level.Rank() > r.Possible.Rank() {
		r.Possible = level
	}
	if path.Certain && level.Rank() > r.Certain.Rank() {
		r.Certain = level
	}
	r.Paths = append(r.Paths, path)
	r.Reasons = append(r.Reasons, reasonOf(&path, level))
	for h := range path.Hops {
		for _, note := range path.Hops[h].Notes {
			r.Unknown = append(r.Unknown, path.Hops[h].ID+" to "+shortMember(path.Hops[h].To)+": "+note)
		}
	}
}

// gains finds what a path to somebody who is no administrator adds, and reports false
// if that is nothing.
func (a *Analysis) gains(r *Result, p *Path) bool {
	to := a.holders[a.index[p.Leads]].powers
	for _, c := range to.own.capabilities {
		if !slices.Contains(r.Capabilities, c) {
			p.Gains = append(p.Gains, c)
		}
	}
	return p.Level.Rank() > r.Certain.Rank() || len(p.Gains) > 0
}

// reasonOf words a path.
func reasonOf(p *Path, level inventory.Level) Reason {
	text := "becomes an administrator of " + short(p.Over)
	if p.Over == "" {
		text = "reaches " + shortMember(p.Leads) + ", which may " + string(p.Level)
	}
	return Reason{Text: chain.Told(text, p.Hops, p.String()), Certain: p.Certain, Evidence: p.Hops[0].Evidence, Level: level}
}

// path follows a step to its goal.
func (a *Analysis) path(g *goal, i, over int32, s *step) Path {
	p := Path{ID: a.ways[s.way].id, Certain: true, Level: levelAdmin}
	for len(p.Hops) < MaxHops {
		h := a.hop(i, s)
		p.Hops = append(p.Hops, h)
		p.Certain = p.Certain && h.Certain
		p.Leads = h.To
		if i = s.to; a.itself(s.way, s.at) {
			break
		}
		next := a.next(g, i, over)
		if next == nil {
			p.Certain = p.Certain && slices.Contains(a.there(g, i, true), over)
			break
		}
		s = next
	}
	end := &a.holders[i].powers.own
	if over != less {
		p.Over = a.tree.places[over].name
		return p
	}
	p.Level = end.certain
	if !p.Certain {
		p.Level = end.possible
	}
	return p
}

// next is the first step on from a holder; nil if it is there.
func (a *Analysis) next(g *goal, i, over int32) *step {
	for n, search := range []*reached{&g.certain, &g.possible} {
		if slices.Contains(a.there(g, i, n == 0), over) {
			return nil
		}
		for k := range search.finds[i] {
			if f := &search.finds[i][k]; f.over == over {
				return &f.steps[0]
			}
		}
	}
	return nil
}

// hop words one step.
func (a *Analysis) hop(i int32, s *step) Hop {
	w := &a.ways[s.way]
	from, to := &a.holders[i], &a.holders[s.to]
	if a.itself(s.way, s.at) {
		to = from
	}
	h := Hop{ID: w.id, From: from.Text, To: to.Text, Certain: s.certain, Notes: s.notes}
	object := shortMember(to.Text)
	switch w.how {
	case raise:
		object = a.nameOf(s.at)
		h.Via = a.tree.places[s.at].name
	case edit:
		object = a.roles[s.opening.role].Name
		h.Via = object
	case use:
		h.Via = a.tree.places[s.at].name
	case pass:
		if p := a.tree.places[s.at].project; p >= 0 {
			h.Via = a.tree.places[p].name
		}
	default:
	}
	h.Text = strings.Replace(w.text, "%s", object, 1)
	if w.how == edit && to != from {
		h.Text += ", which it has on " + shortMember(to.Text)
	}
	p := from.powers
	if s.opening.lent {
		h.Text = "gives itself " + a.lending(p, s) + " and " + h.Text
	}
	a.evidence(p, w, s, &h)
	return h
}

// evidence finds the bindings that a hop rests on.
func (a *Analysis) evidence(p *powers, w *way, s *step, h *Hop) {
	on := func(names []string, at int32) {
		if at < 0 {
			return
		}
		for _, name := range names {
			if e := a.why(p, role.SetOf(name), at); e.Role != "" {
				h.Evidence = append(h.Evidence, e)
			}
		}
	}
	switch w.how {
	case pass:
		on(w.on, s.at)
		on(w.at, a.tree.places[s.at].project)
	case use:
		on(w.on, a.holders[s.to].place)
		on(w.at, s.at)
	case edit:
		on(w.at, a.roles[s.opening.role].custom)
	default:
		on(w.on, s.at)
		on(w.at, s.at)
	}
	if h.Certain {
		return
	}
	h.Notes = slices.Clone(h.Notes)
	for _, e := range h.Evidence {
		if e.Note != "" {
			h.Notes = append(h.Notes, e.Note)
		}
	}
	need := w.account
	need.Or(w.project)
	h.Notes = append(h.Notes, a.doubts(p, s.at, need)...)
}

// doubts says what may take permissions away on a resource.
func (a *Analysis) doubts(p *powers, at int32, need role.Set) []string {
	var out []string
	for _, k := range p.denies {
		d := &a.denies[k.deny()]
		if !d.set.Meets(need) || !a.tree.within(at, d.place) || a.denied(k, a.contextOf(at)) == (may{}) {
			continue
		}
		text := "deny policy " + d.Policy + " may take it away"
		if d.cond >= 0 {
			text += ": " + clip(a.conds[d.cond].Text())
		}
		out = append(out, text)
	}
	if len(p.bounds) > 0 && !a.inBounds(p, at) {
		out = append(out, "a principal access boundary may keep it out of reach")
	}
	return out
}

// lending names the roles that a holder gives itself on the way.
func (a *Analysis) lending(p *powers, s *step) string {
	for _, h := range p.drawn {
		for up := s.at; up >= 0; up = a.tree.places[up].parent {
			for _, g := range a.grantsAt(h, up) {
				if g.cond >= 0 && len(a.conds[g.cond].names) > 0 {
					return strings.Join(a.conds[g.cond].names, " or ")
				}
			}
		}
	}
	return "a role"
}
