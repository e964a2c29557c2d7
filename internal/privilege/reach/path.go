package reach

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// A route is a path in numbers: the first edge, where it leads, and the search
// that tells the rest. Without an edge it is one hop by a hit.
type route struct {
	search *search
	edge   int // of the class; -1 is none
	target int32
	hit    int32 // where there is no edge
	hops   int
}

// routes lists the ways of a class, strongest goal first, then shortest, more of
// them than are shown.
func (a *Analysis) routes(v *view, edges []edge) []route {
	if i := a.table.atAdmin(v); i == all {
		return []route{{search: &a.sure, edge: -1, hit: all, hops: 1}}
	}
	out := a.along(&a.sure, v, edges, func(i int) bool { return a.table.hitIsAdmin(v, i) })
	var by []int
	for _, r := range out {
		by = append(by, r.firstHit(edges))
	}
	if len(out) > 0 {
		for i := range v.hits {
			if a.takes(v, i) && !slices.Contains(by, i) {
				out = append(out, route{search: &a.goals, edge: -1, hit: int32(i), hops: 1})
			}
		}
		return out
	}
	out = a.along(&a.goals, v, edges, func(i int) bool { return a.takes(v, i) })
	if len(out) == 0 && len(a.maybe.dist) > 0 {
		out = a.along(&a.maybe, v, edges, func(int) bool { return false })
	}
	return out
}

// firstHit is the hit that a route begins with.
func (r *route) firstHit(edges []edge) int {
	if r.edge < 0 {
		return int(r.hit)
	}
	return edges[r.edge].hit
}

// along lists the ways to the goal of one search.
func (a *Analysis) along(s *search, v *view, edges []edge, direct func(int) bool) []route {
	var out []route
	for i := range v.hits {
		if direct(i) {
			out = append(out, route{search: s, edge: -1, hit: int32(i), hops: 1})
		}
	}
	for e := range edges {
		if edges[e].to.id == 0 || s.sure && !edges[e].sure || edges[e].to.id > len(s.best) {
			continue
		}
		for _, n := range s.best[edges[e].to.id-1] {
			if d := s.distance(a.nodes[n].class); d > 0 && d < MaxHops {
				out = append(out, route{search: s, edge: e, target: n, hops: d + 1})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y route) int { return x.hops - y.hops })
	return out
}

// hitIsAdmin reports whether one hit alone makes a view cluster-admin.
func (t *table) hitIsAdmin(v *view, i int) bool {
	one := view{hits: v.hits[i : i+1]}
	return t.atAdmin(&one) == 0
}

// paths words the routes of a principal. Those that lead through itself are left
// out, and of those with the same first permission and the same length all but
// two.
func (a *Analysis) paths(self int32, name string, user *rbac.User, v *view, edges []edge, routes []route) []Path {
	var out []Path
	type likeness struct{ hit, hops int }
	seen := map[likeness]int{}
	for i := range routes {
		r := &routes[i]
		if len(out) == MaxPaths {
			break
		}
		l := likeness{r.firstHit(edges), r.hops}
		if seen[l] >= 2 || r.edge >= 0 && a.passes(r.search, r.target, self) {
			continue
		}
		seen[l]++
		out = append(out, a.path(name, user, v, edges, r))
	}
	return out
}

// step returns the edge and the node by which a node is nearest to the goal.
func (a *Analysis) step(s *search, n int32) (edge, int32) {
	c := a.nodes[n].class
	want := s.distance(c) - 1
	for _, e := range c.edges {
		if s.sure && !e.sure || e.to.id == 0 {
			continue
		}
		for _, m := range s.best[e.to.id-1] {
			if s.distance(a.nodes[m].class) == want {
				return e, m
			}
		}
	}
	return edge{}, -1
}

// passes reports whether the way from a node leads through another.
func (a *Analysis) passes(s *search, n, self int32) bool {
	for n >= 0 {
		if n == self {
			return true
		}
		if s.distance(a.nodes[n].class) <= 1 {
			return false
		}
		_, n = a.step(s, n)
	}
	return false
}

// path words one route.
func (a *Analysis) path(name string, user *rbac.User, v *view, edges []edge, r *route) Path {
	p := Path{Certain: true, strong: true}
	if r.edge < 0 {
		p.add(a.last(name, user, v, r.hit))
		p.Leads = p.Hops[0].To
		return p
	}
	rest := a.tail(r.search, r.target)
	p.Hops = make([]Hop, 0, len(rest.hops)+1)
	p.add(a.hop(name, user, v, &edges[r.edge], r.target))
	for i := range rest.hops {
		p.add(rest.hops[i])
	}
	p.Leads, p.rest = p.Hops[len(p.Hops)-1].To, rest.text
	return p
}

// A tailKey names the way from a node to the goal of a search.
type tailKey struct {
	search *search
	node   int32
}

// A tail is that way, and the same in words.
type tail struct {
	hops []Hop
	text string
}

// tail words the way from a node to the goal, each once.
func (a *Analysis) tail(s *search, n int32) *tail {
	key := tailKey{s, n}
	if out := a.tails[key]; out != nil {
		return out
	}
	c := a.nodes[n].class
	u := a.user(a.nodes[n].principal)
	out := &tail{}
	if s.distance(c) == 1 {
		out.hops = []Hop{a.last(a.nodes[n].name, &u, c.view, s.seed[c.id-1])}
	} else if e, next := a.step(s, n); next >= 0 {
		out.hops = append([]Hop{a.hop(a.nodes[n].name, &u, c.view, &e, next)}, a.tail(s, next).hops...)
	}
	for i := range out.hops {
		out.text += " → " + out.hops[i].String()
	}
	a.tails[key] = out
	return out
}

// add appends a hop with what it depends on.
func (p *Path) add(h Hop) {
	p.Hops = append(p.Hops, h)
	if h.Condition != "" {
		p.Conditions = append(p.Conditions, h.Condition)
		p.Certain = false
	}
}

// hop words an edge.
func (a *Analysis) hop(name string, user *rbac.User, v *view, e *edge, to int32) Hop {
	h := &v.hits[e.hit]
	out := Hop{From: name, Action: a.table.action(v, h), Because: a.table.because(user, v, h), Condition: e.note}
	target := a.nodes[to].name
	switch a.table.permissions[h.permission].means {
	case runAs, changeAs:
		out.To = "runs as " + target
	case mint, refill:
		out.To = "has a token of " + target
	case become, asUser, asSubject, asGroup:
		out.To = "acts as " + target
	case enter, onNode:
		out.To = "is in a pod that runs as " + target
		if e.via == "" {
			out.To += a.podOf(to)
		}
	case readTokens:
		out.To = "has the token of " + target
	default:
		out.To = "has " + target
	}
	if e.via != "" {
		out.To += " (" + e.via + ")"
	}
	return out
}

// podOf names a workload that mounts the token of an account.
func (a *Analysis) podOf(n int32) string {
	p := &a.nodes[n].principal
	for _, w := range a.mounts[p.Namespace] {
		if accountName(w.Account) == p.Name && w.MountsToken != 0 {
			return " (" + strings.TrimSpace(w.Kind+" "+w.Namespace+"/"+w.Name) + ")"
		}
	}
	return ""
}

// last words the hop that reaches the goal.
func (a *Analysis) last(name string, user *rbac.User, v *view, hit int32) Hop {
	if hit == all {
		if v.master {
			return Hop{From: name, Action: "is allowed everything", To: clusterAdmin, Because: "member of " + rbac.Masters}
		}
		return Hop{From: name, Action: "may do everything", To: clusterAdmin, Because: a.table.everythingBecause(user, v)}
	}
	h := &v.hits[hit]
	p := &a.table.permissions[h.permission]
	out := Hop{From: name, Action: a.table.action(v, h), To: p.Leads, Because: a.table.because(user, v, h)}
	if p.means == enter && h.namespace != "" {
		w := a.privileged(h.namespace)
		out.To = "node"
		out.Action += ", of privileged " + w.Kind + " " + w.Namespace + "/" + w.Name + " too"
	}
	switch p.ID {
	case "exec-get":
		out.Condition = a.versionNote()
	case "aws-auth":
		out.Condition = "if the cluster is one of EKS that maps roles by ConfigMap aws-auth"
	}
	return out
}

// action words what a hit allows.
func (t *table) action(v *view, h *hit) string {
	if h.words == "" {
		h.words = t.wordAction(v, h)
	}
	return h.words
}

func (t *table) wordAction(v *view, h *hit) string {
	var parts []string
	for i := range t.permissions[h.permission].Needs {
		parts = append(parts, t.what(v, h, i))
	}
	return "may " + strings.Join(parts, " and ") + where(h.namespace)
}

// because names the bindings and roles by which a hit holds.
func (t *table) because(user *rbac.User, v *view, h *hit) string {
	if len(v.held) == 1 {
		return source(user, &v.held[0])
	}
	var parts []string
	for i := range t.permissions[h.permission].Needs {
		e := t.evidence(v, h, i)
		if e == nil {
			continue
		}
		if s := source(user, e.held); !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "; ")
}

// everythingBecause is because of a view that is everything.
func (t *table) everythingBecause(user *rbac.User, v *view) string {
	for i := range v.held {
		if x := &v.held[i]; x.profile != nil && x.profile.every && x.Namespace == "" {
			return source(user, x)
		}
	}
	return ""
}

// source names a binding and its role, and the group by which it applies.
func source(user *rbac.User, x *holding) string {
	if x.Binding == nil {
		return ""
	}
	out := x.Binding.String()
	if x.Role != nil {
		out += " → " + x.Role.String()
	}
	own := user.Name != "" && rbac.Via(rbac.User{Name: user.Name}, x.Binding) != nil
	if s := rbac.Via(*user, x.Binding); s != nil && s.Kind == rbac.KindGroup && user.Name != "" && !own {
		out += " by group " + s.Name
	}
	return out
}
