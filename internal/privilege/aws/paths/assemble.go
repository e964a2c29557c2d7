package paths

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/internal/privilege/chain"
)

// Of returns what a user, role or root user amounts to. It reports false for
// who is not in the estate. The result is shared and must not change.
func (a *Analysis) Of(arn string) (*Result, bool) {
	i, ok := a.index[arn]
	if !ok || a.nodes[i].group {
		return nil, false
	}
	return a.results[i], true
}

// Grant returns what one policy, which is the principal's own or its group's, gives
// the principal by itself, beneath its boundary, all denies and the policies of the
// organisation. Of paths it has those whose first hop needs nothing but that
// policy. It reports false if the principal does not have the policy.
func (a *Analysis) Grant(arn string, p *Policy) (*Result, bool) {
	i, ok := a.index[arn]
	if !ok {
		return nil, false
	}
	n := a.nodes[i]
	n.budget = a.budget()
	at := slices.IndexFunc(n.identity, func(x *profile) bool { return x.Policy == p })
	if at < 0 {
		return nil, false
	}
	x := n.identity[at]
	layers := []*policy.Policy{x.compiled}
	for _, other := range n.identity {
		if other != x && other.denies != nil {
			layers = append(layers, other.denies)
		}
	}
	n.layers.Identity = layers
	only := n
	only.identity = []*profile{x}
	c := a.ceiling(&n)
	only.may = a.mayOf(&only, &c)
	only.may.and(n.may)
	o := a.assess(&only, only.identity, &c)
	r := &Result{Reasons: o.reasons, Capabilities: o.capabilities, Possibly: o.perhaps, Wildcards: o.wildcards, Unknown: o.unknown}
	if !a.nodes[i].group {
		r.Paths = a.results[i].by(x)
	}
	for _, path := range r.Paths {
		if path.Level == levelAdmin {
			o.raise(levelEscalate, path.Certain)
		}
	}
	r.Certain, r.Possible = o.certain, o.possible
	r.settle(&n)
	return r, true
}

// by lists the paths whose first hop rests on one policy alone.
func (r *Result) by(p *profile) []Path {
	var out []Path
	for i := range r.Paths {
		hop := &r.Paths[i].Hops[0]
		if !slices.ContainsFunc(hop.Evidence, func(e Evidence) bool { return e.PolicyARN != p.ARN || e.Policy != p.Name }) && len(hop.Evidence) > 0 {
			out = append(out, r.Paths[i])
		}
	}
	return out
}

// result puts together what is told of a node.
func (a *Analysis) result(i int32) *Result {
	n := &a.nodes[i]
	o := n.outcome
	r := &Result{Reasons: slices.Clone(o.reasons), Capabilities: o.capabilities, Possibly: o.perhaps, Wildcards: o.wildcards, Unknown: slices.Clone(o.unknown)}
	for _, g := range a.goals {
		a.lead(r, &o, g, i)
	}
	if o.certain == levelNone && len(r.Reasons) == 0 {
		r.Reasons = []Reason{{Text: nothing(n), Certain: o.possible == levelNone}}
	}
	slices.SortStableFunc(r.Reasons, func(x, y Reason) int { return y.Rank() - x.Rank() })
	if len(r.Reasons) > MaxReasons {
		r.Reasons = slices.Clip(r.Reasons[:MaxReasons])
	}
	slices.SortStableFunc(r.Paths, comparePaths)
	if len(r.Paths) > MaxPaths {
		r.Paths, r.Truncated = slices.Clip(r.Paths[:MaxPaths]), true
	}
	r.Reach = a.reaches(n)
	r.Certain, r.Possible = o.certain, o.possible
	r.settle(n)
	return r
}

// nothing says why a node may do nothing.
func nothing(n *node) string {
	if len(n.identity) == 0 {
		return "has no policy"
	}
	return "its policies give nothing by themselves, or all that they give is taken away again"
}

// settle decides the level and sorts what is unknown.
func (r *Result) settle(n *node) {
	r.Level = chain.Settled(r.Certain, r.Possible)
	r.Unknown = append(r.Unknown, n.account.notes...)
	if n.budget.Short {
		r.Unknown = append(r.Unknown, "wildcards of its policies overlap in too many ways to tell apart all that they mean")
	}
	slices.Sort(r.Unknown)
	r.Unknown = slices.Compact(r.Unknown)
}

// comparePaths orders paths: certain ones first, to the strongest first, then
// the shortest, then by id.
func comparePaths(x, y Path) int {
	rank := func(p *Path) int {
		n := len(p.Hops)
		if !p.Certain {
			n += 1000
		}
		return n + 100*(5-p.Level.Rank())
	}
	return cmp.Or(rank(&x)-rank(&y), cmp.Compare(x.ID, y.ID))
}

// lead adds the ways of a node to a goal.
func (a *Analysis) lead(r *Result, o *outcome, g *goal, i int32) {
	for _, search := range []*reached{&g.certain, &g.possible} {
		r.Truncated = r.Truncated || search.cut && search.dist[i] < 0
		for k := range search.steps[i] {
			path := a.path(g, search, i, &search.steps[i][k])
			if g.level != levelAdmin && !gains(o, &path, a) {
				continue
			}
			level := path.Level
			if level == levelAdmin {
				level = levelEscalate
			}
			o.raise(level, path.Certain)
			r.Paths = append(r.Paths, path)
			r.Reasons = append(r.Reasons, reasonOf(&path, level))
			for h := range path.Hops {
				for _, note := range path.Hops[h].Notes {
					if !path.Certain {
						r.Unknown = append(r.Unknown, path.Hops[h].ID+" to "+short(path.Hops[h].To)+": "+note)
					}
				}
			}
		}
	}
}

// gains finds what a path to somebody who is no administrator adds, and reports
// false if that is nothing.
func gains(o *outcome, p *Path, a *Analysis) bool {
	to := &a.nodes[a.index[p.Leads]]
	for _, c := range to.outcome.capabilities {
		if !slices.Contains(o.capabilities, c) {
			p.Gains = append(p.Gains, c)
		}
	}
	return p.Level.Rank() > o.certain.Rank() || len(p.Gains) > 0
}

// reasonOf words a path.
func reasonOf(p *Path, level inventory.Level) Reason {
	text := "becomes an administrator"
	if p.Level != levelAdmin {
		text = "reaches " + short(p.Leads) + ", which may " + string(p.Level)
	}
	return Reason{Text: chain.Told(text, p.Hops, p.String()), Certain: p.Certain, Evidence: p.Hops[0].Evidence, Level: level}
}

// path follows a step to its goal.
func (a *Analysis) path(g *goal, search *reached, i int32, s *step) Path {
	p := Path{ID: s.way.id, Certain: true, Level: levelAdmin}
	for len(p.Hops) < 2*MaxHops {
		h := a.hop(i, s)
		p.Hops = append(p.Hops, h)
		p.Certain = p.Certain && h.Certain
		p.Leads = h.To
		if s.raises {
			return p
		}
		i = s.to
		if search == &g.possible && g.certain.dist[i] >= 0 {
			search = &g.certain
		}
		if len(search.steps[i]) == 0 {
			break
		}
		s = &search.steps[i][0]
	}
	end := &a.nodes[i].outcome
	p.Level = end.certain
	if g.level == levelAdmin && end.certain != levelAdmin {
		p.Certain = false
	}
	if !p.Certain {
		p.Level = end.possible
	}
	return p
}

// hop words one step.
func (a *Analysis) hop(i int32, s *step) Hop {
	text := strings.Replace(s.way.text, "%s", s.object, 1)
	return Hop{
		ID: s.way.id, From: a.nodes[i].ARN, To: a.nodes[s.to].ARN, Via: s.via, Text: text,
		Evidence: s.evidence, Certain: s.certain, Notes: s.notes,
	}
}
