package paths

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/chain"
	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
)

// less stands for what is reached where that is no place to administer.
const less int32 = -1

// Limits of the search.
const (
	kept  = 3   // places of one kind that are followed for each holder
	tried = 256 // targets that are tried for one opening
)

// A find is something that a holder gets at: the administration of a place, or what
// a goal is about.
type find struct {
	over  int32
	dist  int8
	steps []step // one for each way
}

// A goal is what is searched for. The first is to administer something.
type goal struct {
	level      inventory.Level
	capability string
	certain    reached
	possible   reached
}

// reached is what each holder gets at.
type reached struct {
	finds [][]find
	cut   bool // some chains are longer than MaxHops, or had too many targets
}

// search finds the ways to administrators, to secrets and to writing.
func (a *Analysis) search(workers int) {
	var active []int32
	a.like = make([]int32, len(a.holders))
	first := map[*powers]int32{}
	for i := range a.holders {
		h := &a.holders[i]
		a.like[i] = int32(i)
		if len(h.powers.opening) == 0 || !h.somebody() {
			continue
		}
		if !h.target() { // what leads on from it leads on from all that have the same
			if like, ok := first[h.powers]; ok {
				a.like[i] = like
				continue
			}
			first[h.powers] = int32(i)
		}
		active = append(active, int32(i))
	}
	a.goals = []*goal{{level: levelAdmin}, {level: levelRead, capability: "secrets.read_all"}, {level: levelWrite}}
	for _, g := range a.goals {
		g.certain = a.spread(workers, active, g, nil)
		g.possible = a.spread(workers, active, g, &g.certain)
	}
}

// there lists what a holder has by itself of what a goal is about.
func (a *Analysis) there(g *goal, i int32, certain bool) []int32 {
	o := &a.holders[i].powers.own
	switch {
	case g.level == levelAdmin && certain:
		return o.admin
	case g.level == levelAdmin:
		return o.maybe
	case o.certain == levelAdmin:
		return nil
	case g.capability != "" && certain && slices.Contains(o.capabilities, g.capability),
		g.capability == "" && certain && o.certain.Rank() >= g.level.Rank(),
		g.capability == "" && !certain && o.possible.Rank() >= g.level.Rank():
		return []int32{less}
	default:
		return nil
	}
}

// spread searches backwards from a goal, all holders of one distance at a time. In
// the search for what is only possible, base is what is certain.
func (a *Analysis) spread(workers int, active []int32, g *goal, base *reached) reached {
	r := reached{finds: make([][]find, len(a.holders))}
	now := make([][]int32, len(a.holders))
	for i := range a.holders {
		now[i] = a.first(g, int32(i), base)
	}
	for dist := range int8(MaxHops) {
		front := a.front(now)
		fresh := make([][]find, len(active))
		cut := make([]bool, len(active))
		chain.Parallel(workers, len(active), func(k int) {
			w := walker{a: a, g: g, r: &r, base: base, now: now, dist: dist, who: active[k]}
			if w.idle() {
				return
			}
			w.walk(front)
			for n := range w.found {
				w.found[n].steps = slices.Clip(slices.Clone(w.found[n].steps))
			}
			fresh[k], cut[k] = w.found, w.cut
		})
		next := make([][]int32, len(a.holders))
		more := a.later(next, base, dist+1)
		for k, i := range active {
			r.cut = r.cut || cut[k]
			for _, f := range fresh[k] {
				r.finds[i] = append(r.finds[i], f)
				next[i] = append(next[i], f.over)
				more = true
			}
		}
		now = next
		if !more {
			return r
		}
	}
	r.cut = true
	return r
}

// first lists what a holder has without a step.
func (a *Analysis) first(g *goal, i int32, base *reached) []int32 {
	out := a.some(a.there(g, i, true))
	if base != nil {
		for _, at := range a.some(a.there(g, i, false)) {
			if !slices.Contains(out, at) {
				out = append(slices.Clip(out), at)
			}
		}
	}
	return out
}

// later adds what holders get at for certain at a distance, and reports whether
// there is anything at it or beyond.
func (a *Analysis) later(next [][]int32, base *reached, dist int8) bool {
	more := false
	if base == nil {
		return false
	}
	for i := range base.finds {
		for k := range base.finds[i] {
			f := &base.finds[i][k]
			more = more || f.dist >= dist
			if f.dist == dist {
				next[i] = append(next[i], f.over)
			}
		}
	}
	return more
}

// some picks the widest places of each kind.
func (a *Analysis) some(all []int32) []int32 {
	if len(all) <= kept {
		return all
	}
	var out []int32
	count := map[placeKind]int{}
	for _, at := range all {
		if k := a.tree.places[at].kind; count[k] < kept {
			count[k]++
			out = append(out, at)
		}
	}
	return out
}

// front picks the targets that lead on.
func (a *Analysis) front(now [][]int32) *targets {
	pick := func(all []target) []target {
		var out []target
		for _, t := range all {
			if len(now[t.holder]) > 0 {
				out = append(out, t)
			}
		}
		return out
	}
	var overs []int32
	for _, list := range now {
		overs = append(overs, list...)
	}
	slices.Sort(overs)
	f := &targets{overs: slices.Compact(overs), accounts: pick(a.targets.accounts), pools: pick(a.targets.pools), clusters: pick(a.targets.clusters), workforce: pick(a.targets.workforce), runs: map[string][]target{}, presets: map[string][]target{}}
	for k, list := range a.targets.runs {
		f.runs[k] = pick(list)
	}
	for k, list := range a.targets.presets {
		f.presets[k] = pick(list)
	}
	return f
}

// A walker looks for the first hops of one holder.
type walker struct {
	a     *Analysis
	g     *goal
	r     *reached
	base  *reached
	now   [][]int32
	dist  int8
	who   int32
	found []find
	cut   bool
}

// idle reports whether a holder needs no search: for less than administration who has
// it, and for what is possible who has something for certain.
func (w *walker) idle() bool {
	p := w.a.holders[w.who].powers
	if w.g.level != levelAdmin {
		return len(w.a.there(w.g, w.who, true)) > 0 || p.own.certain == levelAdmin ||
			len(w.a.goals[0].certain.finds[w.who]) > 0 ||
			w.base != nil && (len(w.base.finds[w.who]) > 0 || p.own.possible == levelAdmin || len(w.a.goals[0].possible.finds[w.who]) > 0)
	}
	return w.base != nil && (len(p.own.admin) > 0 || len(w.base.finds[w.who]) > 0)
}

// walk tries all openings.
func (w *walker) walk(front *targets) {
	p := w.a.holders[w.who].powers
	if !slices.ContainsFunc(front.overs, w.wants) && (w.dist > 0 || w.g.level != levelAdmin) {
		return
	}
	w.cut = false
	for i := range p.opening {
		o := &p.opening[i]
		way := &w.a.ways[o.way]
		switch {
		case w.a.itself(o.way, o.place):
			w.raise(o)
		default:
			w.follow(p, o, way, w.a.below(front.of(way), o.place))
		}
	}
}

// raise notes that a holder makes itself an administrator of a place.
func (w *walker) raise(o *opening) {
	if w.dist > 0 || w.g.level != levelAdmin || w.base == nil && !o.certain || !w.a.tree.places[o.place].container() || !w.wants(o.place) {
		return
	}
	w.add(o.place, step{opening: o, way: o.way, to: w.who, at: o.place, use: -1, certain: o.certain})
}

// follow tries targets in the order of the tree.
func (w *walker) follow(p *powers, o *opening, way *way, list []target) {
	left := tried
	for k := range list {
		t := &list[k]
		if t.holder == w.who {
			continue
		}
		wanted := w.wanted(way, t.holder)
		if len(wanted) == 0 {
			continue
		}
		if left--; left < 0 {
			w.cut = true
			return
		}
		s, ok := w.a.permits(p, o, t)
		if !ok || w.base == nil && !s.certain {
			continue
		}
		for _, over := range wanted {
			w.add(over, s)
		}
	}
}

// wanted lists what somebody gets at and the holder does not have.
func (w *walker) wanted(way *way, of int32) []int32 {
	var out []int32
	for _, over := range w.now[of] {
		if w.wants(over) && !w.has(over, way) && (way.how != delegate || w.delegable(of, over)) {
			out = append(out, over)
		}
	}
	return out
}

// delegable reports whether the next hop is one that a delegation takes: the making of
// a token.
func (w *walker) delegable(of, over int32) bool {
	for _, r := range []*reached{w.base, w.r} {
		if r == nil {
			continue
		}
		for k := range r.finds[of] {
			if f := &r.finds[of][k]; f.over == over {
				return f.steps[0].way == wayToken || f.steps[0].way == wayDelegate
			}
		}
	}
	return false
}

// has reports whether there is a step by the same way already, or more steps than are
// ever told.
func (w *walker) has(over int32, way *way) bool {
	for i := range w.found {
		if w.found[i].over == over {
			return len(w.found[i].steps) > MaxPaths || slices.ContainsFunc(w.found[i].steps, func(s step) bool { return &w.a.ways[s.way] == way })
		}
	}
	return false
}

// wants reports whether a place is not yet in reach.
func (w *walker) wants(over int32) bool {
	same := 0
	if over != less {
		o := &w.a.holders[w.who].powers.own
		covers := func(at int32) bool { return w.a.tree.within(over, at) }
		if slices.ContainsFunc(o.admin, covers) || w.base != nil && slices.ContainsFunc(o.maybe, covers) {
			return false
		}
	}
	for k := range w.r.finds[w.who] {
		f := &w.r.finds[w.who][k]
		if f.over == over || over != less && w.a.tree.within(over, f.over) {
			return false
		}
		if over != less && w.a.tree.places[f.over].kind == w.a.tree.places[over].kind {
			same++
		}
	}
	for k := range w.found {
		f := &w.found[k]
		if f.over == over {
			return true
		}
		if over != less && w.a.tree.places[f.over].kind == w.a.tree.places[over].kind {
			same++
		}
	}
	if same >= kept {
		w.cut = true
		return false
	}
	return true
}

// add notes a step.
func (w *walker) add(over int32, s step) {
	for k := range w.found {
		if f := &w.found[k]; f.over == over {
			if !slices.ContainsFunc(f.steps, func(x step) bool { return x.way == s.way && (x.certain || !s.certain) }) {
				f.steps = append(f.steps, s)
			}
			return
		}
	}
	w.found = append(w.found, find{over: over, dist: w.dist + 1, steps: []step{s}})
}

// target reports whether a holder is one that ways may lead to.
func (h *holder) target() bool {
	switch h.Kind {
	case member.KindUser, member.KindGroup, member.KindDomain, member.KindPublic, member.KindSignedIn, member.KindBasic, member.KindAccounts:
		return false
	default:
		return true
	}
}

// somebody reports whether a holder is one that acts.
func (h *holder) somebody() bool { return h.Kind != member.KindDeleted && h.Kind != member.KindOther }
