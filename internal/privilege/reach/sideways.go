package reach

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// maxVisits bounds the nodes that are looked at for what a principal reaches in
// other namespaces.
const maxVisits = 400

// A visit is a node on the way, reached by an edge of the node before.
type visit struct {
	node   int32
	edge   *edge
	before int // index of the visit before; -1 is the beginning
	depth  int
}

// A side is something gained in a namespace.
type side struct {
	visits []visit // from the beginning
	hit    int32   // of the last node
	leads  string
	strong bool // the whole namespace
}

// sides finds which other namespaces a view leads to: first those that it can
// have whole, then those whose secrets it can read. Only certain edges count.
func (a *Analysis) sides(v *view, edges []edge) []side {
	if len(edges) == 0 {
		return nil
	}
	a.round++
	if n := len(a.nodes) - len(a.seen); n > 0 {
		a.seen = append(a.seen, make([]int32, n)...)
	}
	w := walk{a: a, from: v, visits: a.visits[:0]}
	w.follow(-1, 0, edges)
	for i := 0; i < len(w.visits) && len(w.visits) < maxVisits; i++ {
		n := w.visits[i].node
		w.gains(i, a.nodes[n].class.view)
		if w.visits[i].depth < MaxHops-1 {
			w.follow(i, w.visits[i].depth, a.nodes[n].class.edges)
		}
	}
	a.visits = w.visits
	slices.SortStableFunc(w.out, func(x, y side) int {
		if x.strong != y.strong {
			if x.strong {
				return -1
			}
			return 1
		}
		return len(x.visits) - len(y.visits)
	})
	return w.out[:min(len(w.out), MaxPaths+1)]
}

// A walk is a search forwards.
type walk struct {
	a      *Analysis
	from   *view
	visits []visit
	found  []gain
	out    []side
}

// A gain is a permission in a namespace.
type gain struct {
	permission int
	namespace  string
}

// follow visits what edges lead to.
func (w *walk) follow(before, depth int, edges []edge) {
	for i := range edges {
		e := &edges[i]
		if !e.sure || e.to.round == w.a.round {
			continue
		}
		e.to.round = w.a.round
		for _, n := range e.to.nodes {
			if w.a.seen[n] == w.a.round || len(w.a.nodes[n].class.view.hits) == 0 || len(w.visits) >= maxVisits {
				continue
			}
			w.a.seen[n] = w.a.round
			w.visits = append(w.visits, visit{node: n, edge: e, before: before, depth: depth + 1})
		}
	}
}

// gains notes what the view of a visited node has and the beginning has not.
func (w *walk) gains(i int, v *view) {
	for k := range v.hits {
		h := &v.hits[k]
		if h.namespace == "" || h.named || h.note != "" {
			continue
		}
		if h.permission != 0 && h.permission != w.a.table.reading {
			continue
		}
		g := gain{h.permission, h.namespace}
		if slices.Contains(w.found, g) || slices.Contains(w.found, gain{0, h.namespace}) || w.from.holds(h.permission, h.namespace) {
			continue
		}
		w.found = append(w.found, g)
		s := side{hit: int32(k), leads: "secrets of namespace " + h.namespace}
		if h.permission == 0 {
			s.leads, s.strong = "namespace "+h.namespace, true
		}
		for j := i; j >= 0; j = w.visits[j].before {
			s.visits = append(s.visits, w.visits[j])
		}
		slices.Reverse(s.visits)
		w.out = append(w.out, s)
	}
}

// holds reports whether a view has a permission in a namespace.
func (v *view) holds(permission int, namespace string) bool {
	return slices.ContainsFunc(v.hits, func(h hit) bool {
		return h.permission == permission && (h.namespace == namespace || h.namespace == "") && !h.named
	})
}

// sideways words what a principal reaches beside the goals of the whole cluster.
func (a *Analysis) sideways(self int32, name string, user *rbac.User, v *view, o *outcome, room int) []Path {
	var out []Path
	for i := range o.sides {
		s := &o.sides[i]
		if len(out) >= room {
			return out
		}
		if slices.ContainsFunc(s.visits, func(x visit) bool { return x.node == self }) {
			continue
		}
		out = append(out, a.sidePath(name, user, v, s))
	}
	if p, ok := a.hostPath(name, user, v); ok && len(out) < room {
		out = append(out, p)
	}
	return out
}

// sidePath words one side.
func (a *Analysis) sidePath(name string, user *rbac.User, v *view, s *side) Path {
	p := Path{Certain: true, Leads: s.leads}
	u := *user
	for i := range s.visits {
		x := &s.visits[i]
		p.add(a.hop(name, &u, v, x.edge, x.node))
		name, v, u = a.nodes[x.node].name, a.nodes[x.node].class.view, a.user(a.nodes[x.node].principal)
	}
	if a.nodes[s.visits[len(s.visits)-1].node].principal.Kind != "" {
		h := &v.hits[s.hit]
		p.add(Hop{From: name, Action: a.table.action(v, h), To: s.leads, Because: a.table.because(&u, v, h)})
	}
	return p
}

// hostPath tells that a pod may be started that has a node, where Pod Security
// does not forbid it, or entered that mounts paths of one. It is never certain:
// other admission may forbid it.
func (a *Analysis) hostPath(name string, user *rbac.User, v *view) (Path, bool) {
	for i := range v.hits {
		h := &v.hits[i]
		if h.namespace == "" || h.note != "" {
			continue
		}
		condition, ok := a.nodeCondition(h)
		strong := false
		if !ok {
			condition, strong = a.unseenPods(h)
			ok = strong
		}
		if !ok {
			continue
		}
		p := Path{Leads: "node", strong: strong}
		p.add(Hop{From: name, Action: a.table.action(v, h), To: "node", Because: a.table.because(user, v, h), Condition: condition})
		return p, true
	}
	return Path{}, false
}

// nodeCondition says on what it depends that a hit in a namespace leads to a
// node; false if it does not.
func (a *Analysis) nodeCondition(h *hit) (string, bool) {
	switch p := &a.table.permissions[h.permission]; {
	case p.means == runAs || p.means == changeAs:
		return a.podSecurity(h.namespace)
	case p.means == enter && !h.named:
		list := a.mounts[h.namespace]
		if i := slices.IndexFunc(list, func(w Workload) bool { return w.HostPath }); i >= 0 {
			return "through the paths of the node that " + list[i].Kind + " " + list[i].Namespace + "/" + list[i].Name + " mounts: it depends on which they are", true
		}
	}
	return "", false
}

// unseenPods says on what it depends that a hit into pods of a namespace leads to
// a node, where it is not known which pods there are; false if it is.
func (a *Analysis) unseenPods(h *hit) (string, bool) {
	if p := &a.table.permissions[h.permission]; a.unseen.Workloads == "" || p.means != enter || p.ID == "exec-get" {
		return "", false
	}
	return "if a pod of " + h.namespace + " is privileged: workloads were not listed (" + a.unseen.Workloads + ")", true
}

// podSecurity says on what a privileged pod in a namespace depends; false if Pod
// Security forbids it.
func (a *Analysis) podSecurity(namespace string) (string, bool) {
	level, known := a.enforce[namespace]
	switch {
	case level == "baseline" || level == "restricted":
		return "", false
	case level == "privileged":
		return "by a privileged pod or a path of the node: Pod Security of " + namespace + " is privileged; other admission may forbid it", true
	case !known && a.unseen.Namespaces != "":
		return "by a privileged pod or a path of the node, if Pod Security lets it: namespaces were not listed (" + a.unseen.Namespaces + ")", true
	default:
		return "by a privileged pod or a path of the node: namespace " + namespace + " has no Pod Security level; the API server's default or other admission may forbid it", true
	}
}

// summary words a path in one clause, without what makes it possible.
func (p *Path) summary() string {
	var b strings.Builder
	b.WriteString("leads to " + p.Leads + " in " + strconv.Itoa(len(p.Hops)))
	if len(p.Hops) == 1 {
		b.WriteString(" hop: ")
	} else {
		b.WriteString(" hops: ")
	}
	for i := range p.Hops {
		if i > 0 {
			b.WriteString(" → ")
		}
		b.WriteString(p.Hops[i].Action + " → " + p.Hops[i].To)
	}
	return b.String()
}
