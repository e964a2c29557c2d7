package reach

import "slices"

// A search holds how far every class is from a goal, and for every set its
// members that are nearest.
type search struct {
	sure bool      // over certain edges only
	dist []uint8   // hops to the goal by class; 0 is none within maxDistance
	seed []int32   // hit by which a class is at the goal in one hop; all or no
	best [][]int32 // by set: nodes, nearest first, then by number
}

const (
	no  int32 = -2 // not at the goal
	all int32 = -1 // by everything it holds

	alternatives = MaxPaths + 1 // members kept of a set
	maxDistance  = 250          // hops that are followed; those beyond MaxHops are counted only
)

// search finds the distances to the goals: cluster-admin, then whatever the
// table calls a takeover, then either with edges that are not certain.
func (a *Analysis) search() {
	var order []*class
	for i := 0; i < len(a.nodes); { // edges may add nodes
		c := a.nodes[i].class
		if c.edges == nil {
			c.edges = a.edges(c.view)
		}
		if c.id == 0 {
			order = append(order, c)
			c.id = len(order)
		}
		i++
	}
	readers := a.readers(order)
	a.sure = a.run(order, readers, true, func(c *class) int32 { return a.table.atAdmin(c.view) })
	a.goals = a.run(order, readers, true, func(c *class) int32 { return a.atTakeover(c.view) })
	if a.uncertain(order) {
		a.maybe = a.run(order, readers, false, func(c *class) int32 { return a.atTakeover(c.view) })
	}
}

// uncertain reports whether there is an edge that is not certain.
func (a *Analysis) uncertain(order []*class) bool {
	return slices.ContainsFunc(order, func(c *class) bool {
		return slices.ContainsFunc(c.edges, func(e edge) bool { return !e.sure })
	})
}

// A reader is a class with an edge to a set.
type reader struct {
	class int
	sure  bool
}

// readers numbers the sets and lists who has edges to each.
func (a *Analysis) readers(order []*class) [][]reader {
	var out [][]reader
	for _, c := range order {
		for i := range c.edges {
			s := c.edges[i].to
			if s.id == 0 {
				out = append(out, nil)
				s.id = len(out)
			}
			out[s.id-1] = append(out[s.id-1], reader{c.id - 1, c.edges[i].sure})
		}
	}
	return out
}

// run walks backwards from the goal, a hop at a time. It costs a visit to each
// edge and each membership at most once.
func (a *Analysis) run(order []*class, readers [][]reader, sure bool, at func(*class) int32) search {
	s := search{sure: sure, dist: make([]uint8, len(order)), seed: make([]int32, len(order)), best: make([][]int32, len(readers))}
	var layer []int
	for i, c := range order {
		if s.seed[i] = at(c); s.seed[i] != no {
			s.dist[i] = 1
			layer = append(layer, i)
		}
	}
	nodes := a.byClass(len(order))
	for d := uint8(1); len(layer) > 0 && d < maxDistance; d++ {
		var reached []int32
		for _, c := range layer {
			reached = append(reached, nodes[c]...)
		}
		slices.Sort(reached)
		layer = s.spread(a, reached, readers, d+1)
	}
	return s
}

// spread gives the sets their new members and returns the classes that have an
// edge to one of them and had no distance yet.
func (s *search) spread(a *Analysis, reached []int32, readers [][]reader, d uint8) []int {
	var next []int
	for _, n := range reached {
		for _, set := range a.nodes[n].sets {
			if set.id == 0 || len(s.best[set.id-1]) >= alternatives {
				continue
			}
			s.best[set.id-1] = append(s.best[set.id-1], n)
			if len(s.best[set.id-1]) > 1 {
				continue
			}
			for _, r := range readers[set.id-1] {
				if s.dist[r.class] == 0 && (r.sure || !s.sure) {
					s.dist[r.class] = d
					next = append(next, r.class)
				}
			}
		}
	}
	slices.Sort(next)
	return next
}

// byClass lists the nodes of each class.
func (a *Analysis) byClass(classes int) [][]int32 {
	out := make([][]int32, classes)
	for i := range a.nodes {
		c := a.nodes[i].class.id - 1
		out[c] = append(out[c], int32(i))
	}
	return out
}

// atAdmin returns the hit by which a view is cluster-admin in one hop.
func (t *table) atAdmin(v *view) int32 {
	if v.everything(t) {
		return all
	}
	for i := range v.hits {
		h := &v.hits[i]
		p := &t.permissions[h.permission]
		if h.level == levelEscalate && p.Leads == clusterAdmin && (h.namespace == "" || p.means == asGroup || p.ID == "aws-auth") {
			return int32(i)
		}
	}
	return no
}

// atTakeover returns the hit by which a view takes over the cluster in one hop.
func (a *Analysis) atTakeover(v *view) int32 {
	if i := a.table.atAdmin(v); i != no {
		return i
	}
	for i := range v.hits {
		if a.takes(v, i) {
			return int32(i)
		}
	}
	return no
}

// takes reports whether a hit takes over the cluster or a node of it.
func (a *Analysis) takes(v *view, i int) bool {
	h := &v.hits[i]
	p := &a.table.permissions[h.permission]
	switch {
	case h.note != "":
		return false
	case p.means == constrained && len(v.outside(v.hits[i:i+1])) == 0:
		return false
	case h.namespace == "" || p.ID == "volumes-host" || p.means == asGroup || p.means == constrained:
		return a.table.levelOf(v, h).Rank() >= levelEscalate.Rank()
	case p.means == enter && p.ID != "exec-get" && !h.named:
		return a.privileged(h.namespace) != nil
	default:
		return false
	}
}

// privileged returns a workload of a namespace with a privileged container.
func (a *Analysis) privileged(namespace string) *Workload {
	list := a.mounts[namespace]
	if i := slices.IndexFunc(list, func(w Workload) bool { return w.Privileged }); i >= 0 {
		return &list[i]
	}
	return nil
}

// distance returns the hops from a class to a goal; 0 is none.
func (s *search) distance(c *class) int {
	if c.id == 0 || len(s.dist) < c.id {
		return 0
	}
	return int(s.dist[c.id-1])
}

// beyond returns the hops of the shortest way to the goal of a search that is too
// long to be told, and does not lead through the principal itself; 0 if there is
// none.
func (a *Analysis) beyond(s *search, self int32, edges []edge) int {
	best := 0
	for e := range edges {
		if edges[e].to.id == 0 || s.sure && !edges[e].sure || edges[e].to.id > len(s.best) {
			continue
		}
		for _, n := range s.best[edges[e].to.id-1] {
			d := s.distance(a.nodes[n].class)
			if d >= MaxHops && (best == 0 || d < best-1) && !a.passes(s, n, self) {
				best = d + 1
			}
		}
	}
	return best
}
