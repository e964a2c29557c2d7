package paths

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

// Limits of what is followed: different sets of deny assignments, and groups as
// the members see them who are under one.
const (
	maxProfiles = 2000
	maxVariants = 50_000
)

// A profile is a set of deny assignments that apply to a principal.
type profile struct {
	key    string
	denies []int32 // of the estate, sorted
	at     []int32 // their places
}

// An ownerKey is a place, or a group, under a profile.
type ownerKey struct{ at, profile int32 }

const everyone = "00000000-0000-0000-0000-000000000000"

// addProfiles finds which deny assignments apply to whom.
func (a *Analysis) addProfiles() {
	if len(a.estate.Denies) == 0 {
		return
	}
	a.denies = slices.Clone(a.estate.Denies)
	lists := map[int32][]int32{}
	for i := range a.estate.Denies {
		a.apply(int32(i), lists)
	}
	for n := range int32(len(a.nodes)) {
		if list := lists[n]; len(list) > 0 {
			a.profile[n] = a.profileFor(list)
		}
	}
}

// apply notes to whom a deny assignment applies. To whom it perhaps applies, as
// somebody who may be in a group that was not read, a second one does with a
// condition.
func (a *Analysis) apply(i int32, lists map[int32][]int32) {
	d := &a.estate.Denies[i]
	for at := a.place(d.Scope); at >= 0; at = a.places[at].parent {
		a.places[at].denied = true
	}
	free, hit := a.everybodyIn(d.Exclude), a.everybodyIn(d.Principals)
	all, spared, more := slices.Contains(d.Principals, everyone), a.unreadIn(d.Exclude), a.unreadIn(d.Principals)
	perhaps := int32(-1)
	note := func(n int32, certain bool) {
		if free[n] {
			return
		}
		if certain {
			lists[n] = append(lists[n], i)
			return
		}
		if perhaps < 0 {
			x := *d
			x.Condition = cmp.Or(d.Condition, "member of a group")
			perhaps = int32(len(a.denies))
			a.denies = append(a.denies, x)
		}
		lists[n] = append(lists[n], perhaps)
	}
	if !all && !more {
		for n := range hit {
			note(n, !spared)
		}
		return
	}
	for n := range int32(len(a.nodes)) {
		note(n, (all || hit[n]) && !spared)
	}
}

// unreadIn reports whether among ids is a group with members that were not read.
func (a *Analysis) unreadIn(ids []string) bool {
	for _, id := range ids {
		n, ok := a.index[id]
		if !ok || a.nodes[n].kind == nodeOther {
			if id != everyone && a.missing(PartGroups) {
				return true
			}
			continue
		}
		unread := false
		see := func(m int32) bool {
			g := a.group(m)
			unread = unread || g != nil && !g.Known
			return !unread
		}
		if see(n) {
			a.members(n, see)
		}
		if unread {
			return true
		}
	}
	return false
}

// everybodyIn are principals and those in them, if they are groups.
func (a *Analysis) everybodyIn(ids []string) map[int32]bool {
	out := map[int32]bool{}
	for _, id := range ids {
		if n, ok := a.index[id]; ok {
			out[n] = true
			a.members(n, func(m int32) bool {
				out[m] = true
				return true
			})
		}
	}
	return out
}

// profileFor finds a set of deny assignments.
func (a *Analysis) profileFor(list []int32) int32 {
	slices.Sort(list)
	var b strings.Builder
	for _, i := range list {
		b.WriteString(strconv.Itoa(int(i)) + ",")
	}
	if p, ok := a.profiled[b.String()]; ok {
		return p
	}
	if len(a.profiles) > maxProfiles {
		text := "there are more deny assignments than were followed: they may take away what is told here"
		if !slices.Contains(a.unread, text) {
			a.unread = append(a.unread, text)
		}
		return 0
	}
	p := profile{key: b.String(), denies: list}
	for _, i := range list {
		p.at = append(p.at, a.place(a.denies[i].Scope))
	}
	a.profiles = append(a.profiles, p)
	at := int32(len(a.profiles) - 1)
	a.profiled[p.key] = at
	return at
}

// profileOf is the profile of a node.
func (a *Analysis) profileOf(n int32) int32 { return a.profile[n] }

// denials are the deny assignments of a profile that apply to a place, with a
// key for them.
func (a *Analysis) denials(prof, at int32) (key string, out []arm.Denial) {
	p := &a.profiles[prof]
	for k, i := range p.denies {
		d := &a.denies[i]
		if a.within(at, p.at[k]) && (!d.NotChildren || at == p.at[k]) {
			key += strconv.Itoa(int(i)) + ","
			out = append(out, arm.Denial{Permissions: d.Permissions, Conditional: d.Condition != ""})
		}
	}
	return key, out
}

// blocks says whether deny assignments on a place itself close a way there:
// unknown if they close it for some who may use it.
func (a *Analysis) blocks(prof, at int32, w int, resource bool) inventory.Tri {
	out := inventory.False
	p := &a.profiles[prof]
	for k, i := range p.denies {
		d := &a.denies[i]
		if p.at[k] != at || d.NotChildren && !resource {
			continue
		}
		b := a.table.Denied(d.Permissions)
		hit, all := false, true
		for s := range a.ways[w].sets {
			one := b.Any(&a.ways[w].sets[s])
			hit, all = hit || one, all && one
		}
		switch {
		case all && d.Condition == "":
			return inventory.True
		case hit:
			out = inventory.Unknown
		}
	}
	return out
}

// trim is a profile for what is under a place: none if nothing is denied there.
func (a *Analysis) trim(prof, at int32) int32 {
	if prof != 0 && !a.places[at].denied {
		return 0
	}
	return prof
}

// side is the node that holds the rights of a principal in the tenant: where
// there are deny assignments, a group under another profile shares it.
func (a *Analysis) side(n int32) int32 {
	if len(a.profiles) == 1 || a.nodes[n].kind != nodeGroup {
		return n
	}
	s, ok := a.sides[n]
	if !ok {
		s = a.node(nodeHub, -1)
		a.sides[n] = s
		a.link(edge{from: n, to: s, label: -1, note: -1, certain: true})
	}
	return s
}

// belong adds the edge to a group as those see it who are under a profile.
func (a *Analysis) belong(from, g, prof int32) {
	e := edge{from: from, to: g, label: -1, note: -1, proof: proof{proofMember, g}, certain: true}
	if prof != a.profileOf(g) {
		if n, ok := a.groupFor(g, prof); ok {
			e.to = n
		} else {
			e.certain, e.note = false, a.note("there are more deny assignments than were followed")
			a.link(edge{from: from, to: a.side(g), label: -1, note: -1, proof: e.proof, certain: true})
		}
	}
	a.link(e)
}

// groupFor is a group as those see it who are under another profile than its
// own; false if there are too many of them.
func (a *Analysis) groupFor(g, prof int32) (int32, bool) {
	key := ownerKey{g, prof}
	if n, ok := a.variants[key]; ok {
		return n, true
	}
	if len(a.variants) >= maxVariants {
		return 0, false
	}
	n := a.node(nodeHub, -1)
	a.variants[key] = n
	a.link(edge{from: n, to: a.side(g), label: -1, note: -1, certain: true})
	for _, above := range a.groups.above[g] {
		a.belong(n, above, prof)
	}
	return n, true
}
