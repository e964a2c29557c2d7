package paths

import (
	"cmp"
	"slices"
	"strings"
)

// Become lists who may become a principal, by its object id, directly: its
// owners, those who may add a credential to it, who commands a resource that runs
// as it. Groups stand for their members. Certain ones are first, and no more than
// MaxBecome are listed.
func (a *Analysis) Become(id string) []Becoming {
	n, ok := a.index[id]
	if !ok {
		return nil
	}
	var out []Becoming
	for _, i := range a.graph.into(n) {
		if e := a.graph.edges[i]; e.cost == 1 {
			out = append(out, a.back(e, n)...)
		}
	}
	slices.SortStableFunc(out, func(x, y Becoming) int {
		return cmp.Or(certainFirst(x.Certain, y.Certain), cmp.Compare(x.ID, y.ID), cmp.Compare(x.By, y.By), cmp.Compare(x.Via, y.Via))
	})
	out = slices.CompactFunc(out, func(x, y Becoming) bool { return x.By == y.By && x.ID == y.ID && x.Via == y.Via })
	return out[:min(len(out), MaxBecome)]
}

// back follows an edge back to the principals from which it can be taken.
func (a *Analysis) back(last edge, n int32) []Becoming {
	type open struct {
		n       int32
		edges   []edge // from here on
		label   int32
		certain bool
	}
	var out []Becoming
	seen := map[int32]bool{last.from: true}
	queue := []open{{last.from, []edge{last}, last.label, last.certain}}
	for len(queue) > 0 && len(seen) <= maxSeen && len(out) < 4*MaxBecome {
		at := queue[0]
		queue = queue[1:]
		if k := a.nodes[at.n].kind; k == nodePrincipal || k == nodeGroup {
			if at.n != n {
				out = append(out, a.becoming(at.n, n, at.edges, at.label, at.certain))
			}
			continue
		}
		for _, certain := range []bool{true, false} {
			for _, i := range a.graph.into(at.n) {
				e := a.graph.edges[i]
				if e.cost != 0 || e.certain != certain || seen[e.from] {
					continue
				}
				seen[e.from] = true
				lab := at.label
				if lab < 0 {
					lab = e.label
				}
				queue = append(queue, open{e.from, append([]edge{e}, at.edges...), lab, at.certain && e.certain})
			}
		}
	}
	return out
}

// becoming writes down one of them.
func (a *Analysis) becoming(from, n int32, edges []edge, lab int32, certain bool) Becoming {
	l := a.labelOf(lab)
	b := Becoming{By: a.idOf(from), ID: l.id, Text: strings.ReplaceAll(l.text, "{}", a.titleOf(n)), Certain: certain}
	b.Via, b.Evidence, b.Notes = a.witness(edges)
	return b
}
