package paths

import (
	"cmp"
	"slices"
)

// Kinds of node.
type nodeKind uint8

const (
	nodePrincipal nodeKind = iota
	nodeGroup
	nodeOther   // a principal that is named somewhere and is not in the estate
	nodeTenant  // Global Administrator
	nodeOwner   // who may do everything in a scope
	nodeHolding // what a role gives on a scope
	nodeHub     // a way on a scope, or a power in the tenant
	nodeUnseen  // what was not read
)

// A node is a principal, or what principals share.
type node struct {
	kind nodeKind
	at   int32 // in the list of its kind: principals, groups, places, holdings
}

// An edge leads from who may do something to what is reached by it. Edges
// without cost are not steps: a membership, a role that is held.
type edge struct {
	from, to int32
	label    int32 // of Analysis.labels; -1 is none
	note     int32 // of Analysis.notes; -1 is none
	proof    proof
	cost     int8
	certain  bool
}

// A label says what a step is.
type label struct{ id, text string }

// A proof points at what gives an edge.
type proof struct {
	kind proofKind
	at   int32
}

type proofKind uint8

const (
	proofNone proofKind = iota
	proofAssignment
	proofDirectory
	proofAppRole
	proofOwner    // of the node that the edge leads to
	proofMember   // of the node that the edge leads to
	proofResource // the resource that is used
)

// A graph is the edges, by where they begin and by where they end.
type graph struct {
	nodes  int
	edges  []edge // sorted by from
	out    []int32
	in     []int32 // edges by where they end
	inFrom []int32
}

// newGraph sorts edges. Those that say the same are kept once.
func newGraph(nodes int, edges []edge) *graph {
	slices.SortStableFunc(edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to), cmp.Compare(x.label, y.label), cmp.Compare(y.rank(), x.rank()))
	})
	edges = slices.CompactFunc(edges, func(x, y edge) bool { return x.from == y.from && x.to == y.to && x.label == y.label })
	g := &graph{nodes: nodes, edges: edges, out: make([]int32, nodes+1), inFrom: make([]int32, nodes+1), in: make([]int32, len(edges))}
	for i := range edges {
		g.out[edges[i].from+1]++
		g.inFrom[edges[i].to+1]++
	}
	for i := range nodes {
		g.out[i+1] += g.out[i]
		g.inFrom[i+1] += g.inFrom[i]
	}
	next := slices.Clone(g.inFrom[:nodes])
	for i := range edges {
		g.in[next[edges[i].to]] = int32(i)
		next[edges[i].to]++
	}
	return g
}

// rank puts certain edges before others, and cheap ones before dear ones.
func (e *edge) rank() int {
	out := 2 - int(e.cost)
	if e.certain {
		out += 4
	}
	return out
}

// from are the edges that begin at a node.
func (g *graph) from(n int32) []edge { return g.edges[g.out[n]:g.out[n+1]] }

// into are the places in edges of those that end at a node.
func (g *graph) into(n int32) []int32 { return g.in[g.inFrom[n]:g.inFrom[n+1]] }

// certainFirst compares two answers: what is certain comes first.
func certainFirst(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	default:
		return 1
	}
}

// distances counts the steps from every node to the nearest goal, up to
// MaxHops; -1 is none. With certain, only certain edges count. cut is true if
// there may be longer chains.
func (g *graph) distances(goals []int32, certain bool) (dist []int8, cut bool) {
	dist = make([]int8, g.nodes)
	for i := range dist {
		dist[i] = -1
	}
	now := slices.Clone(goals)
	for _, n := range now {
		dist[n] = 0
	}
	for at := int8(0); len(now) > 0; at++ {
		var next []int32
		for len(now) > 0 {
			n := now[len(now)-1]
			now = now[:len(now)-1]
			for _, i := range g.into(n) {
				e := &g.edges[i]
				if certain && !e.certain || dist[e.from] >= 0 && dist[e.from] <= at+e.cost {
					continue
				}
				switch {
				case e.cost == 0:
					dist[e.from] = at
					now = append(now, e.from)
				case at < MaxHops:
					next = append(next, e.from)
				default:
					cut = true
				}
			}
		}
		for _, n := range next {
			if dist[n] < 0 {
				dist[n] = at + 1
				now = append(now, n)
			}
		}
	}
	return dist, cut
}
