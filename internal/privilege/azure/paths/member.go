package paths

import (
	"slices"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
)

// maxGroups is how many groups a principal may be in, through other groups too,
// before no more are followed. Entra stops at 2,049 in a token.
const maxGroups = 2049

// A membership says which groups a node is in, through other groups too.
type membership struct {
	above map[int32][]int32 // groups that a node is directly in
	mu    sync.Mutex
	whole map[int32][]int32 // of groups, all that they are in, once they were asked for
	kept  int               // entries in whole
}

// memberships reads who is in which group.
func (a *Analysis) memberships() *membership {
	m := &membership{above: map[int32][]int32{}, whole: map[int32][]int32{}}
	for i := range a.estate.Groups {
		g := &a.estate.Groups[i]
		n := a.index[g.ID]
		for _, id := range g.Members {
			if who, ok := a.index[id]; ok && who != n {
				m.above[who] = append(m.above[who], n)
			}
		}
	}
	return m
}

// addMembers adds the edges of memberships.
func (a *Analysis) addMembers() {
	for n := range int32(len(a.nodes)) {
		for _, g := range a.groups.above[n] {
			a.belong(n, g, a.profileOf(n))
		}
	}
	a.strangers()
}

// strangers lets everybody perhaps be in a group whose members were not read,
// and in a group that is not in the estate.
func (a *Analysis) strangers() {
	link := func(to int32, why string) {
		a.link(edge{from: a.everybody(), to: to, label: -1, note: a.note(why), proof: proof{proofMember, to}})
	}
	for i := range a.estate.Groups {
		if g := &a.estate.Groups[i]; !g.Known {
			link(a.index[g.ID], "the members of group "+g.Name+" were not read")
		}
	}
	if !a.missing(PartGroups) {
		return
	}
	for i := range a.estate.Assignments {
		s := &a.estate.Assignments[i]
		if n := a.index[s.Principal]; s.Type == "Group" && a.nodes[n].kind == nodeOther {
			link(n, "the members of a group were not read")
		}
	}
	for i := range a.estate.Directory {
		if n := a.index[a.estate.Directory[i].Principal]; a.nodes[n].kind == nodeOther {
			link(n, "who holds a directory role was not read")
		}
	}
}

// addHazy notes the most that a group holds in which anybody may be.
func (a *Analysis) addHazy() {
	a.hazy = inventory.LevelNone
	for n := range int32(len(a.nodes)) {
		g := a.group(n)
		if g == nil && a.nodes[n].kind != nodeOther || g != nil && g.Known || g == nil && !a.missing(PartGroups) {
			continue
		}
		if g == nil && !slices.ContainsFunc(a.grantsOf(n).assignments, func(i int32) bool { return a.estate.Assignments[i].Type == "Group" }) {
			continue
		}
		if o := a.ownOf(n); o.possible.Rank() > a.hazy.Rank() {
			a.hazy = o.possible
		}
	}
}

// everybody is the node that each principal perhaps is.
func (a *Analysis) everybody() int32 {
	if a.anybody < 0 {
		a.anybody = a.node(nodeHub, -1)
		for i := range a.estate.Principals {
			a.link(edge{from: a.index[a.estate.Principals[i].ID], to: a.anybody, label: -1, note: -1})
		}
	}
	return a.anybody
}

// of lists the groups that a node is in, sorted.
func (m *membership) of(n int32) []int32 {
	if len(m.above[n]) == 0 {
		return nil
	}
	var out []int32
	for _, g := range m.above[n] {
		out = append(append(out, g), m.closure(g)...)
	}
	slices.Sort(out)
	out = slices.DeleteFunc(slices.Compact(out), func(g int32) bool { return g == n })
	return out[:min(len(out), maxGroups)]
}

// closure lists the groups that a group is in, and keeps the list as long as
// all of them are not too many.
func (m *membership) closure(g int32) []int32 {
	m.mu.Lock()
	list, ok := m.whole[g]
	m.mu.Unlock()
	if ok {
		return list
	}
	seen := map[int32]bool{}
	open := slices.Clone(m.above[g])
	for len(open) > 0 && len(seen) < maxGroups {
		up := open[len(open)-1]
		open = open[:len(open)-1]
		if !seen[up] {
			seen[up] = true
			open = append(open, m.above[up]...)
		}
	}
	list = make([]int32, 0, len(seen))
	for up := range seen {
		list = append(list, up)
	}
	slices.Sort(list)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept += len(list); m.kept < 1<<21 {
		m.whole[g] = list
	}
	return list
}

// members calls f for everybody in a group, through other groups too, until it
// returns false.
func (a *Analysis) members(of int32, f func(n int32) bool) {
	seen := map[int32]bool{of: true}
	open := []int32{of}
	for len(open) > 0 {
		n := open[len(open)-1]
		open = open[:len(open)-1]
		g := a.group(n)
		if g == nil {
			continue
		}
		for _, id := range g.Members {
			m, ok := a.index[id]
			if !ok || seen[m] {
				continue
			}
			seen[m] = true
			if !f(m) {
				return
			}
			open = append(open, m)
		}
	}
}

// guard notes which users are protected from those who may only touch users
// without directory roles, and what restricted units hold.
func (a *Analysis) guard() {
	for i := range a.estate.Directory {
		d := &a.estate.Directory[i]
		if a.entry(d).Level.Rank() <= inventory.LevelRead.Rank() && a.entry(d).Level != inventory.LevelUnknown {
			continue
		}
		n := a.index[d.Principal]
		a.protected[n] = true
		a.members(n, func(m int32) bool {
			a.protected[m] = true
			return true
		})
	}
	for i := range a.estate.Groups {
		g := &a.estate.Groups[i]
		n := a.index[g.ID]
		a.veiled = a.veiled || g.Users != inventory.False && (g.RoleAssignable == inventory.True || a.protected[n])
		if g.RoleAssignable != inventory.True {
			continue
		}
		a.protected[n] = true
		for _, list := range [][]string{g.Members, g.Owners} {
			for _, id := range list {
				if n, ok := a.index[id]; ok {
					a.protected[n] = true
				}
			}
		}
	}
	for i := range a.estate.Units {
		u := &a.estate.Units[i]
		if u.Restricted != inventory.True {
			continue
		}
		for _, id := range u.Members {
			if n, ok := a.index[id]; ok {
				a.sealed[n] = true
			}
		}
	}
}
