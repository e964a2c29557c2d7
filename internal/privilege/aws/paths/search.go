package paths

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/chain"
)

// A goal is something worth reaching, with the shortest way there of every
// principal that has one.
type goal struct {
	level      inventory.Level // of who is there
	capability string          // that they have; empty for levels
	certain    reached
	possible   reached
}

// reached is the result of one search.
type reached struct {
	dist  []int8   // hops to the goal; 0 is there, -1 is out of reach
	steps [][]step // the first hops of the shortest ways
	cut   bool     // there may be longer chains
}

// A step is a first hop.
type step struct {
	way      *way
	to       int32
	via      string
	object   string // what the text of the way names
	raises   bool   // it makes its holder, or the target, an administrator
	certain  bool
	evidence []Evidence
	notes    []string
}

// A layer is the principals at one distance from a goal.
type layer struct {
	first bool          // the goal itself
	admin bool          // the goal is to be an administrator
	want  inventory.Tri // the least answer that counts
	dist  []int8        // of the search
	at    int8          // the distance
	users map[*account][]int32
	roles map[*account][]int32
	group map[*account][]int32
	runs  map[*account]map[string][]running // by type
}

// running is a consumer that runs as a role of a layer.
type running struct {
	*Consumer
	role, object int32
}

func (l *layer) has(i int32) bool { return l.dist[i] == l.at }

// search finds the ways to an administrator, and for those who have none, to
// all secrets and to writing.
func (a *Analysis) search(workers int) {
	admin := &goal{level: levelAdmin}
	a.goals = []*goal{admin}
	const nowhere = -1
	at := func(there bool) int8 {
		if there {
			return 0
		}
		return nowhere
	}
	admin.certain = a.reach(workers, true, inventory.True, func(n *node, _ int) (start int8, search bool) {
		return at(n.outcome.certain == levelAdmin), !n.ServiceRole
	})
	admin.possible = a.reach(workers, true, inventory.Unknown, func(n *node, i int) (start int8, search bool) {
		return max(at(n.outcome.possible == levelAdmin), admin.certain.dist[i]), !n.ServiceRole
	})
	for _, g := range []*goal{{level: levelRead, capability: "secrets.read_all"}, {level: levelWrite}} {
		there := func(n *node, i int, certain bool) bool {
			switch {
			case admin.certain.dist[i] >= 0:
				return false
			case g.capability != "":
				return slices.Contains(n.outcome.capabilities, g.capability)
			default:
				return n.outcome.certain.Rank() >= g.level.Rank() || !certain && n.outcome.possible.Rank() >= g.level.Rank()
			}
		}
		g.certain = a.reach(workers, false, inventory.True, func(n *node, i int) (start int8, search bool) {
			return at(there(n, i, true)), !n.ServiceRole && admin.certain.dist[i] < 0
		})
		g.possible = a.reach(workers, false, inventory.Unknown, func(n *node, i int) (start int8, search bool) {
			return max(at(there(n, i, false)), g.certain.dist[i]), !n.ServiceRole && admin.possible.dist[i] < 0
		})
		a.goals = append(a.goals, g)
	}
}

// reach searches backwards from a goal, all principals of one distance at a
// time. Some start at a distance of their own.
func (a *Analysis) reach(workers int, admin bool, want inventory.Tri, of func(n *node, i int) (start int8, search bool)) reached {
	r := reached{dist: make([]int8, len(a.nodes)), steps: make([][]step, len(a.nodes))}
	var open []int32
	last := int8(0)
	for i := range a.nodes {
		start, search := of(&a.nodes[i], i)
		r.dist[i] = start
		last = max(last, start)
		if start < 0 && search {
			open = append(open, int32(i))
		}
	}
	for at := int8(0); at <= last && len(open) > 0; at++ {
		if at == MaxHops {
			r.cut = true
			break
		}
		l := a.layer(r.dist, at, admin, want)
		chain.Parallel(workers, len(open), func(k int) { r.steps[open[k]] = a.steps(open[k], l) })
		rest := open[:0]
		for _, i := range open {
			if len(r.steps[i]) > 0 {
				r.dist[i], last = at+1, max(last, at+1)
			} else {
				rest = append(rest, i)
			}
		}
		open = rest
	}
	return r
}

// layer gathers the principals at a distance.
func (a *Analysis) layer(dist []int8, at int8, admin bool, want inventory.Tri) *layer {
	l := &layer{
		first: at == 0, admin: admin, want: want, dist: dist, at: at,
		users: map[*account][]int32{}, roles: map[*account][]int32{}, group: map[*account][]int32{},
		runs: map[*account]map[string][]running{},
	}
	for i := range dist {
		if dist[i] != at {
			continue
		}
		n, k := &a.nodes[i], int32(i)
		switch {
		case n.group:
			l.group[n.account] = append(l.group[n.account], k)
		case n.Kind == KindUser:
			l.users[n.account] = append(l.users[n.account], k)
		case n.Kind == KindRole:
			l.roles[n.account] = append(l.roles[n.account], k)
			a.run(l, n.account, k)
		}
	}
	return l
}

// run adds to a layer what runs as a role.
func (a *Analysis) run(l *layer, acc *account, role int32) {
	for kind, by := range acc.consumers {
		for _, c := range by[role] {
			if l.runs[acc] == nil {
				l.runs[acc] = map[string][]running{}
			}
			l.runs[acc][kind] = append(l.runs[acc][kind], running{c, role, a.objects.runs[c]})
		}
	}
}

// steps lists the first hops of a node into a layer, one for each way.
func (a *Analysis) steps(i int32, l *layer) []step {
	n := &a.nodes[i]
	w := &walker{a: a, n: n, i: i, l: l}
	for k := range a.ways {
		way := &a.ways[k]
		if !a.mayAll(n, way) && (way.how != useExisting || !n.named) {
			continue
		}
		switch way.how {
		case raiseSelf, raiseRole, raiseUser, makeNew, liftLimit:
			if way.id == "iam-013" {
				w.join(way)
			} else if l.first && l.admin {
				w.raise(way)
			}
		case takeUser:
			w.takeUser(way)
		case takeRole:
			w.takeRole(way)
		case passNew:
			w.pass(way)
		case useExisting:
			w.use(way)
		}
	}
	return w.out
}
