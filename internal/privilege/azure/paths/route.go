package paths

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// maxSeen is how many nodes are looked at for the steps of one principal.
const maxSeen = 4000

// A hopping is a step with the edges that it is made of.
type hopping struct {
	to, label int32
	certain   bool
	edges     []edge // in order
}

// A trace is a place on the way to a step: how it was come by.
type trace struct {
	n, label, before int32 // before is the trace that it was come by from; -1 is none
	edge             int32
	size             int
	certain          bool
}

// steps lists the first steps of the shortest ways from a node, as far as max.
// cut is true if there are more.
func (a *Analysis) steps(from int32, dist []int8, certain bool, most int) (out []hopping, cut bool) {
	seen := map[int32]bool{from: true}
	traces := []trace{{n: from, label: -1, before: -1, edge: -1, certain: true}}
	var found []trace
	for at := 0; at < len(traces); at++ {
		here := traces[at]
		for k := a.graph.out[here.n]; k < a.graph.out[here.n+1]; k++ {
			e := &a.graph.edges[k]
			if certain && !e.certain || dist[e.to] < 0 || dist[e.to]+e.cost != dist[from] {
				continue
			}
			next := trace{e.to, here.label, int32(at), k, here.size + 1, here.certain && e.certain}
			if e.label >= 0 {
				next.label = e.label
			}
			switch {
			case e.cost == 1:
				found = append(found, next)
			case seen[e.to]:
			case len(traces) > maxSeen:
				cut = true
			default:
				seen[e.to] = true
				traces = append(traces, next)
			}
		}
		if len(found) > 64*most {
			cut = true
			break
		}
	}
	cut = cut || len(found) > most
	for _, t := range a.pick(found, most) {
		h := hopping{to: t.n, label: t.label, certain: t.certain, edges: []edge{a.graph.edges[t.edge]}}
		for b := t.before; traces[b].edge >= 0; b = traces[b].before {
			h.edges = append(h.edges, a.graph.edges[traces[b].edge])
		}
		slices.Reverse(h.edges)
		out = append(out, h)
	}
	return out, cut
}

// pick keeps the best of steps in a fixed order, each way and target once.
func (a *Analysis) pick(list []trace, most int) []trace {
	slices.SortStableFunc(list, func(x, y trace) int {
		return cmp.Or(certainFirst(x.certain, y.certain), cmp.Compare(a.labelOf(x.label).id, a.labelOf(y.label).id), cmp.Compare(a.idOf(x.n), a.idOf(y.n)), cmp.Compare(x.size, y.size))
	})
	list = slices.CompactFunc(list, func(x, y trace) bool { return x.n == y.n && x.label == y.label })
	return list[:min(len(list), most)]
}

func (a *Analysis) labelOf(i int32) label {
	if i < 0 {
		return label{id: "muster-az000", text: "acts as {}"}
	}
	return a.labels[i]
}

// idOf is how a node is named in a path.
func (a *Analysis) idOf(n int32) string {
	switch x := a.nodes[n]; x.kind {
	case nodePrincipal:
		return a.estate.Principals[x.at].ID
	case nodeGroup:
		return a.estate.Groups[x.at].ID
	case nodeTenant:
		return Tenant
	case nodeOwner:
		return cmp.Or(a.places[x.at].id, "/")
	case nodeHolding:
		return cmp.Or(a.places[a.holdings[x.at].place].id, "/")
	case nodeOther, nodeHub, nodeUnseen:
	}
	return ""
}

// titleOf is how a node is called in a sentence.
func (a *Analysis) titleOf(n int32) string {
	switch x := a.nodes[n]; x.kind {
	case nodePrincipal:
		return cmp.Or(a.estate.Principals[x.at].Name, a.estate.Principals[x.at].ID)
	case nodeGroup:
		return cmp.Or(a.estate.Groups[x.at].Name, a.estate.Groups[x.at].ID)
	case nodeTenant:
		return "a Global Administrator"
	case nodeUnseen:
		return "something that was not read"
	case nodeOwner, nodeHolding, nodeOther, nodeHub:
	}
	return a.idOf(n)
}

// paths lists the shortest ways from a principal to a goal.
func (a *Analysis) paths(from int32, dist []int8, certain bool) ([]Path, bool) {
	if dist[from] < 1 {
		return nil, false
	}
	first, cut := a.steps(from, dist, certain, MaxPaths)
	out := make([]Path, 0, len(first))
	for i := range first {
		p := Path{Certain: first[i].certain, Anybody: a.openToAll(&first[i])}
		at := from
		for h := &first[i]; ; {
			p.Hops = append(p.Hops, a.hop(at, h))
			p.Certain = p.Certain && h.certain
			if dist[h.to] < 1 || len(p.Hops) >= MaxHops {
				p.Leads, p.Level = a.goal(h.to, certain)
				break
			}
			next, _ := a.steps(h.to, dist, certain, 1)
			if len(next) == 0 {
				break
			}
			at, h = h.to, &next[0]
		}
		p.ID = p.Hops[0].ID
		out = append(out, p)
	}
	return out, cut
}

// openToAll reports whether a step begins as one that everybody perhaps takes.
func (a *Analysis) openToAll(h *hopping) bool {
	return a.anybody >= 0 && slices.ContainsFunc(h.edges, func(e edge) bool { return e.to == a.anybody })
}

// goal is what a node that is at a goal has: the tenant, or a scope.
func (a *Analysis) goal(n int32, certain bool) (leads string, level inventory.Level) {
	seen := map[int32]bool{n: true}
	open := []int32{n}
	best := ""
	for len(open) > 0 && len(seen) <= maxSeen {
		at := open[0]
		open = open[1:]
		switch a.nodes[at].kind {
		case nodeTenant:
			return Tenant, inventory.LevelAdmin
		case nodeOwner:
			if a.places[a.nodes[at].at].whole && best == "" {
				best = a.idOf(at)
			}
		case nodeUnseen, nodePrincipal, nodeGroup, nodeOther, nodeHolding, nodeHub:
		}
		for _, e := range a.graph.from(at) {
			if e.cost == 0 && (!certain || e.certain) && !seen[e.to] && a.admin.possible[e.to] == 0 {
				seen[e.to] = true
				open = append(open, e.to)
			}
		}
	}
	if best == "" {
		return "", inventory.LevelUnknown
	}
	return best, inventory.LevelAdmin
}

// hop writes down a step.
func (a *Analysis) hop(from int32, h *hopping) Hop {
	l := a.labelOf(h.label)
	out := Hop{ID: l.id, From: a.idOf(from), To: a.idOf(h.to), Certain: h.certain, Text: strings.ReplaceAll(l.text, "{}", a.titleOf(h.to))}
	out.Via, out.Evidence, out.Notes = a.witness(h.edges)
	return out
}

// witness gathers what edges rest on.
func (a *Analysis) witness(edges []edge) (via string, proofs []Evidence, notes []string) {
	for _, e := range edges {
		note := ""
		if e.note >= 0 && !e.certain {
			note = a.notes[e.note]
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
		switch e.proof.kind {
		case proofResource:
			via = a.resources[e.proof.at].ID
		case proofNone:
		case proofAssignment, proofDirectory, proofAppRole, proofOwner, proofMember:
			proofs = append(proofs, a.evidence(e.proof, note))
		}
	}
	return via, proofs, notes
}

// evidence writes down what gives an edge.
func (a *Analysis) evidence(p proof, note string) Evidence {
	e := Evidence{Note: note}
	switch p.kind {
	case proofAssignment:
		s := &a.estate.Assignments[p.at]
		r := a.given[p.at].role
		e.Permission, e.Scope, e.ID = "role "+cmp.Or(r.Name, r.ID), s.Scope, s.ID
	case proofDirectory:
		d := &a.estate.Directory[p.at]
		e.Permission, e.Scope, e.ID = "directory role "+cmp.Or(d.Name, d.Template), Tenant, d.ID
		if d.Scope != "/" && d.Scope != "" {
			e.Scope = d.Scope
		}
	case proofAppRole:
		r := &a.estate.AppRoles[p.at]
		e.Permission, e.Scope = "permission "+cmp.Or(a.entra.Permission(r.Resource, r.ID, r.Name).Name, r.ID), Tenant
	case proofOwner:
		e.Permission = "owner of " + a.titleOf(p.at)
	case proofMember:
		e.Permission = "member of " + a.titleOf(p.at)
	case proofNone, proofResource:
	}
	return e
}
