package paths

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

// A rating is what rights depend on.
type rating struct{ role, condition, who, kind, denies string }

// A holding is what a role gives on a place.
type holding struct{ rights, place, profile int32 }

// A hubKey is a way on a place.
type hubKey struct {
	way         int8
	at, profile int32
}

// An offer is a role that a holder may give itself.
type offer struct {
	role    *arm.Role
	certain bool
}

// A given is an assignment made ready.
type given struct {
	role   *arm.Role
	place  int32
	rights int32 // under the profile of its principal; -1 if it was not asked for
}

// addPlaces reads scopes and what is in them.
func (a *Analysis) addPlaces() {
	a.hierarchy()
	a.place("")
	for i := range a.estate.Subscriptions {
		s := &a.estate.Subscriptions[i]
		at := a.place(subscriptionPrefix + s.ID)
		a.mark(at, a.waysOf(s.Unread), true)
	}
	if a.missing(PartSubscriptions) {
		a.places[a.place("")].unread = a.waysOf([]string{"*"})
	}
	for i := range a.resources {
		r := &a.resources[i]
		at := a.place(r.ID)
		if mask := a.waysOf([]string{r.Type}); mask != 0 && len(r.Identities) > 0 {
			a.places[at].held = append(a.places[at].held, int32(i))
			a.mark(at, mask, false)
		}
	}
	a.given = make([]given, len(a.estate.Assignments))
	for i := range a.estate.Assignments {
		s := &a.estate.Assignments[i]
		a.given[i] = given{a.roleOf(s), a.place(s.Scope), -1}
	}
	for i := range a.estate.Vaults {
		v := &a.estate.Vaults[i]
		if v.RBAC != inventory.False {
			continue
		}
		for at := a.place(v.ID); at >= 0; at = a.places[at].parent {
			if a.places[at].vault < 0 {
				a.places[at].vault = int32(i)
			}
		}
	}
}

// keepers are the resources of an estate, and vaults that hold certificates.
func keepers(e *Estate) []Resource {
	out := slices.Clone(e.Resources)
	for i := range e.Vaults {
		v := &e.Vaults[i]
		if len(v.Certificates) == 0 {
			continue
		}
		r := Resource{ID: v.ID, Name: short(v.ID), Type: typeVault, Identities: v.Certificates}
		if v.RBAC == inventory.False {
			r.Type = typeClosed
		}
		out = append(out, r)
	}
	return out
}

// addVaults adds what access policies of vaults lead to.
func (a *Analysis) addVaults() {
	for i := range a.estate.Vaults {
		v := &a.estate.Vaults[i]
		for k := range v.Access {
			p := &v.Access[k]
			from, ok := a.index[p.Object]
			if !ok || v.RBAC == inventory.True || !slices.ContainsFunc(p.Secrets, func(s string) bool { return slices.Contains([]string{"get", "backup", "all"}, strings.ToLower(s)) }) {
				continue
			}
			for _, id := range v.Certificates {
				if to, ok := a.index[id]; ok {
					a.link(edge{from: from, to: to, label: a.label("muster-az015", textCertificate), note: a.note("if " + noteCertificate), cost: 1})
				}
			}
		}
	}
}

// waysOf are the ways to resources of types.
func (a *Analysis) waysOf(types []string) uint64 {
	var out uint64
	for _, t := range types {
		for w := range a.ways {
			if t == "*" || strings.EqualFold(a.ways[w].on, t) {
				out |= 1 << w
			}
		}
	}
	return out
}

// mark notes ways at a place and all above it.
func (a *Analysis) mark(at int32, ways uint64, unread bool) {
	for ; at >= 0; at = a.places[at].parent {
		if unread {
			a.places[at].unread |= ways
		} else {
			a.places[at].below |= ways
		}
	}
}

// addAssignments adds what roles of Azure lead to.
func (a *Analysis) addAssignments() {
	for n := range int32(len(a.nodes)) {
		if a.principal(n) == nil && a.group(n) == nil && a.nodes[n].kind != nodeOther {
			continue
		}
		for _, i := range a.grantsOf(n).assignments {
			a.hold(n, i, a.profileOf(n))
		}
	}
	variants := make([]ownerKey, 0, len(a.variants))
	for key := range a.variants {
		variants = append(variants, key)
	}
	slices.SortFunc(variants, func(x, y ownerKey) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.profile, y.profile)) })
	for _, key := range variants {
		for _, i := range a.grantsOf(key.at).assignments {
			a.holdAs(a.variants[key], key.at, i, key.profile)
		}
	}
	a.addJoint()
}

// roleOf is the role of an assignment.
func (a *Analysis) roleOf(s *Assignment) *arm.Role {
	id := strings.ToLower(s.Role[strings.LastIndexByte(s.Role, '/')+1:])
	if s.Classic {
		id = arm.Owner
	}
	r := a.roles[id]
	if r == nil {
		r = &arm.Role{ID: id}
		a.roles[id] = r
	}
	return r
}

// asker is a principal for conditions.
func (a *Analysis) asker(s *Assignment) arm.Asker {
	kind := s.Type
	if n, ok := a.index[s.Principal]; ok && kind == "" {
		switch {
		case a.user(n):
			kind = "User"
		case a.group(n) != nil:
			kind = "Group"
		case a.principal(n) != nil:
			kind = "ServicePrincipal"
		}
	}
	return arm.Asker{ID: s.Principal, Type: kind}
}

// ratingOf is what the rights of a role on a place depend on, with the denials there.
func (a *Analysis) ratingOf(role *arm.Role, condition string, who arm.Asker, at, prof int32) (rating, []arm.Denial) {
	deny, denials := a.denials(prof, at)
	key := a.menuKey(role, condition, who)
	key.denies = deny
	return key, denials
}

// rate says what an assignment gives on its place under a profile.
func (a *Analysis) rate(role *arm.Role, condition string, who arm.Asker, at, prof int32) int32 {
	key, denials := a.ratingOf(role, condition, who, at, prof)
	if i, ok := a.rated[key]; ok {
		return i
	}
	a.rights = append(a.rights, a.table.Rights(role, condition, who, denials...))
	i := int32(len(a.rights) - 1)
	a.rated[key] = i
	return i
}

// rightsFor finds what an assignment gives under a profile.
func (a *Analysis) rightsFor(i, prof int32) int32 {
	s, g := &a.estate.Assignments[i], &a.given[i]
	if prof != a.profileOf(a.index[s.Principal]) {
		return a.rate(g.role, s.Condition, a.asker(s), g.place, prof)
	}
	if g.rights < 0 {
		g.rights = a.rate(g.role, s.Condition, a.asker(s), g.place, prof)
	}
	return g.rights
}

// mentions reports whether a condition may be about principals.
func mentions(condition string) bool {
	return condition != "" && strings.Contains(strings.ToLower(condition), "principalid")
}

// hold adds the edges of an assignment.
func (a *Analysis) hold(n, i, prof int32) {
	s := &a.estate.Assignments[i]
	a.takers(n, s.Eligible, func(m int32) { a.holdAs(m, n, i, prof) })
}

// holdAs adds the edges of an assignment to a node that stands for the one that
// has it.
func (a *Analysis) holdAs(from, n, i, prof int32) {
	s := &a.estate.Assignments[i]
	ok, certain, note := a.standing(s.Eligible, s.Start, s.End)
	if !ok || s.Eligible && from != n && !a.user(from) {
		return
	}
	at, role, who := a.given[i].place, a.given[i].role, a.asker(s)
	rights := a.rightsFor(i, prof)
	held := edge{from: from, label: -1, note: note, proof: proof{proofAssignment, i}, certain: certain}
	r := &a.rights[rights]
	if r.Full() {
		held.to = a.owner(at, prof)
		a.link(held)
		return
	}
	held.to = a.holding(holding{rights, at, prof})
	a.link(held)
	if r.Limited {
		for _, o := range a.menu(role, s.Condition, who) {
			give := held
			give.cost, give.label = 1, a.label("AZUserAccessAdministrator", "gives itself role "+cmp.Or(o.role.Name, o.role.ID)+" as a condition allows")
			if !o.certain {
				give.certain, give.note = false, a.note("a condition limits which roles it gives")
			}
			given := a.rate(o.role, "", who, at, prof)
			if a.rights[given].Full() {
				give.to = a.owner(at, prof)
			} else {
				give.to = a.holding(holding{given, at, prof})
			}
			a.link(give)
		}
	}
	a.redefine(held, n, at, r, prof)
}

// redefine adds that who writes role definitions widens one that it holds.
func (a *Analysis) redefine(held edge, n, at int32, r *arm.Rights, prof int32) {
	define, _ := a.table.Find(actionDefine)
	if !r.Possible.Has(define) {
		return
	}
	for _, i := range a.grantsOf(n).assignments {
		s := &a.estate.Assignments[i]
		place := a.given[i].place
		if !a.given[i].role.Custom || s.Eligible || !a.within(place, at) {
			continue
		}
		step := held
		step.to, step.cost, step.certain = a.owner(place, prof), 1, false
		step.label, step.note = a.label("muster-az020", "widens the role that it holds"), a.note("if that role can be assigned nowhere else")
		a.link(step)
	}
}

// menuKey is what a menu depends on.
func (a *Analysis) menuKey(role *arm.Role, condition string, who arm.Asker) rating {
	key := rating{role: role.ID, condition: condition, kind: who.Type}
	if mentions(condition) || slices.ContainsFunc(role.Permissions, func(p arm.Permission) bool { return mentions(p.Condition) }) {
		key.who = who.ID
	}
	return key
}

// menu lists the roles that a holder may give itself under conditions: those
// that allow what no other of them does.
func (a *Analysis) menu(role *arm.Role, condition string, who arm.Asker) []offer {
	key := a.menuKey(role, condition, who)
	if list, ok := a.menus[key]; ok {
		return list
	}
	type dish struct {
		offer
		bits arm.Bits
	}
	var all []dish
	giving := arm.NewGiving(role, condition)
	if a.offers == nil {
		a.offers = a.offered()
	}
	for _, r := range a.offers {
		rights := &a.rights[a.rate(r, "", arm.Asker{Type: who.Type}, 0, 0)]
		if rights.Certain.Empty() || rights.Unread {
			continue
		}
		if answer := giving.Gives(who, r.ID); answer != inventory.False {
			all = append(all, dish{offer{r, answer == inventory.True}, rights.Certain})
		}
	}
	slices.SortStableFunc(all, func(x, y dish) int { return cmp.Compare(y.bits.Len(), x.bits.Len()) })
	var out []offer
	var kept []dish
	for _, d := range all {
		if !slices.ContainsFunc(kept, func(k dish) bool { return k.bits.All(&d.bits) && (k.certain || !d.certain) }) {
			kept, out = append(kept, d), append(out, d.offer)
		}
	}
	a.menus[key] = out
	return out
}

// offered are all roles that there are to give, by id.
func (a *Analysis) offered() []*arm.Role {
	var out []*arm.Role
	seen := map[string]bool{}
	for i := range a.estate.Roles {
		r := &a.estate.Roles[i]
		seen[strings.ToLower(r.ID)] = true
		out = append(out, r)
	}
	for _, r := range arm.BuiltIn() {
		if !seen[r.ID] {
			out = append(out, &r)
		}
	}
	slices.SortStableFunc(out, func(x, y *arm.Role) int { return cmp.Compare(x.ID, y.ID) })
	return out
}

// owner is the node of who may do everything on a place.
func (a *Analysis) owner(at, prof int32) int32 {
	key := ownerKey{at, a.trim(prof, at)}
	if n, ok := a.owned[key]; ok {
		return n
	}
	n := a.node(nodeOwner, at)
	a.owned[key] = n
	for w := range a.ways {
		a.enter(n, w, at, key.profile, true, -1)
	}
	return n
}

// enter adds the edge to a way on a place, if there is anything there.
func (a *Analysis) enter(from int32, w int, at, prof int32, certain bool, note int32) {
	if (a.places[at].below|a.unreadAt(at))&(1<<w) == 0 {
		return
	}
	a.link(edge{from: from, to: a.hub(w, at, a.trim(prof, at)), label: -1, note: note, certain: certain})
}

// unreadAt are the ways of which there may be more at a place than was read.
func (a *Analysis) unreadAt(at int32) uint64 {
	out := a.places[at].unread
	if a.places[at].whole && a.missing(PartSubscriptions) && !strings.HasPrefix(a.places[at].id, subscriptionPrefix) {
		out |= a.places[0].unread
	}
	for up := a.places[at].parent; up >= 0; up = a.places[up].parent { // of a subscription, for what is in it
		if strings.HasPrefix(a.places[up].id, subscriptionPrefix) {
			out |= a.places[up].unread
		}
	}
	if a.missing(PartManagement) && strings.HasPrefix(a.places[at].id, groupPrefix) {
		out |= a.places[0].below | a.places[0].unread
	}
	return out
}

// holding is the node of what a role gives on a place.
func (a *Analysis) holding(h holding) int32 {
	h.profile = a.trim(h.profile, h.place)
	if n, ok := a.held[h]; ok {
		return n
	}
	a.holdings = append(a.holdings, h)
	n := a.node(nodeHolding, int32(len(a.holdings)-1))
	a.held[h] = n
	r := a.rights[h.rights]
	grant, _ := a.table.Find(actionGrant)
	note := int32(-1)
	if len(r.Notes) > 0 {
		note = a.note(r.Notes[0])
	}
	if r.Possible.Has(grant) {
		e := edge{from: n, to: a.owner(h.place, h.profile), label: a.label("AZUserAccessAdministrator", "gives itself any role"), note: -1, cost: 1, certain: r.Certain.Has(grant)}
		if !e.certain {
			e.note = note
		}
		a.link(e)
	}
	for w := range a.ways {
		certain, ok := a.ways[w].met(&r.Certain), a.ways[w].met(&r.Possible)
		if a.ways[w].hosts {
			certain, ok = certain && r.Certain.Any(&a.hostBits), ok && r.Possible.Any(&a.hostBits)
		}
		switch {
		case certain:
			a.enter(n, w, h.place, h.profile, true, -1)
		case ok:
			a.enter(n, w, h.place, h.profile, false, note)
		}
	}
	return n
}

// hub is the node of a way on a place.
func (a *Analysis) hub(w int, at, prof int32) int32 {
	key := hubKey{int8(w), at, prof}
	if n, ok := a.hubs[key]; ok {
		return n
	}
	n := a.node(nodeHub, int32(w))
	a.hubs[key] = n
	for _, i := range a.places[at].held {
		a.open(n, w, i, at, prof)
	}
	for _, c := range a.places[at].children {
		if a.places[c].below&(1<<w) == 0 {
			continue
		}
		if shut := a.blocks(prof, c, w, false); shut != inventory.True {
			a.link(edge{from: n, to: a.hub(w, c, a.trim(prof, c)), label: -1, note: -1, certain: shut == inventory.False})
		}
	}
	if a.unreadAt(at)&(1<<w) != 0 {
		way := &a.ways[w]
		a.link(edge{from: n, to: a.unseen, label: a.label(way.id, way.text), note: a.note("there may be resources that were not read"), cost: 1})
	}
	if a.missing(PartManagement) && strings.HasPrefix(a.places[at].id, groupPrefix) {
		for _, c := range a.places[0].children {
			if strings.HasPrefix(a.places[c].id, subscriptionPrefix) && a.places[c].below&(1<<w) != 0 {
				a.link(edge{from: n, to: a.hub(w, c, a.trim(prof, c)), label: -1, note: a.note("which subscriptions are in the management group was not read")})
			}
		}
	}
	return n
}

// open adds the edges to the identities of a resource.
func (a *Analysis) open(n int32, w int, i, at, prof int32) {
	r, way := &a.resources[i], &a.ways[w]
	if !strings.EqualFold(r.Type, way.on) || way.id == "muster-az002" && !strings.Contains(strings.ToLower(r.Kind), "functionapp") {
		return
	}
	shut := a.blocks(prof, at, w, true)
	if shut == inventory.True {
		return
	}
	e := edge{from: n, label: a.label(way.id, way.text), note: -1, proof: proof{proofResource, i}, cost: 1, certain: shut == inventory.False}
	if way.note != "" {
		e.certain, e.note = false, a.note("if "+way.note)
	}
	for _, id := range r.Identities {
		if to, ok := a.index[id]; ok {
			e.to = to
			a.link(e)
		}
	}
}
