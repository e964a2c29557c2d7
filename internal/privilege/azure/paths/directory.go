package paths

import (
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/entra"
)

// A powerKey is a power in the whole tenant; maybe is one that is not certain for
// a reason of its own.
type powerKey struct {
	power entra.Power
}

// Notes on what an edge depends.
const (
	noteEligible = "it has to be taken up by Privileged Identity Management first"
	noteTime     = "the time of the assignment is not known to be now"
	noteSelf     = "whether owning alone lets an application do that is not documented"
	noteDisabled = "it is disabled and has to be enabled first"
	noteLocked   = "the application may lock its credentials"
	noteRule     = "its members are those that a rule names"
	noteSigner   = "Entra documents such a trust for managed identities only"
	noteHazy     = "the members of a group that holds more were not read"
	noteVeiled   = "if the user is in no group that holds directory roles"
	noteSomeone  = "if there is such a user in the group"
	noteRoles    = "whether roles can be assigned to the group is not known"
)

// entry is what a directory role allows.
func (a *Analysis) entry(d *DirectoryAssignment) entra.Entry {
	return a.entra.Role(strings.ToLower(d.Template), d.Name, d.BuiltIn, d.Actions, d.Known)
}

// inTime says whether an assignment is in force: false if it is over.
func (a *Analysis) inTime(start, end time.Time) (ok, certain bool) {
	now := a.estate.AsOf
	switch {
	case now.IsZero():
		return true, start.IsZero() && end.IsZero()
	case !end.IsZero() && now.After(end):
		return false, false
	default:
		return true, start.IsZero() || !now.Before(start)
	}
}

// standing says whether something given is in force, and on what it depends.
func (a *Analysis) standing(eligible bool, start, end time.Time) (ok, certain bool, note int32) {
	ok, certain = a.inTime(start, end)
	switch {
	case eligible:
		return ok, false, a.note(noteEligible)
	case !certain:
		return ok, false, a.note(noteTime)
	default:
		return ok, true, -1
	}
}

// takers calls f for those who may take up what a principal was made eligible
// for: users only (Privileged Identity Management has no way for applications).
func (a *Analysis) takers(n int32, eligible bool, f func(n int32)) {
	if !eligible {
		f(n)
		return
	}
	if a.user(n) {
		f(n)
	}
	a.members(n, func(m int32) bool {
		if a.user(m) {
			f(m)
		}
		return true
	})
}

// addDirectory adds what rights in the tenant lead to.
func (a *Analysis) addDirectory() {
	for i := range a.estate.Directory {
		d := &a.estate.Directory[i]
		e := a.entry(d)
		if d.Scope == "/" || d.Scope == "" {
			a.openPowers(&e)
		}
		ok, certain, note := a.standing(d.Eligible, d.Start, d.End)
		if !ok {
			continue
		}
		given := edge{label: -1, note: note, proof: proof{proofDirectory, int32(i)}, certain: certain}
		a.takers(a.index[d.Principal], d.Eligible, func(n int32) {
			given.from = a.side(n)
			if d.Scope == "/" || d.Scope == "" {
				a.addEntry(&e, given)
			} else {
				a.addScoped(&e, given, d.Scope)
			}
		})
	}
	for i := range a.estate.AppRoles {
		r := &a.estate.AppRoles[i]
		e := a.entra.Permission(r.Resource, r.ID, r.Name)
		a.addEntry(&e, edge{from: a.side(a.index[r.Principal]), label: -1, note: -1, proof: proof{proofAppRole, int32(i)}, certain: true})
	}
	a.addPass()
}

// openPowers finds the hubs of a right in the whole tenant, also of one that nobody
// has at this time: what it would lead to is asked for later, when nothing may change
// any more.
func (a *Analysis) openPowers(e *entra.Entry) {
	for _, p := range e.Powers {
		switch p {
		case entra.Raise, entra.RaiseMaybe, entra.OwnApps: // without a hub
		default:
			a.power(p)
		}
	}
}

// addPass adds the one pair of permissions that is certain where each alone is
// not: who decides how users sign in makes the method count that it may add.
func (a *Analysis) addPass() {
	for i := range a.estate.Principals {
		n := a.index[a.estate.Principals[i].ID]
		var adds, decides int32 = -1, -1
		for _, k := range a.grantsOf(n).appRoles {
			r := &a.estate.AppRoles[k]
			e := a.entra.Permission(r.Resource, r.ID, r.Name)
			switch {
			case e.Has(entra.AllUsersMaybe):
				adds = k
			case e.Name == "Policy.ReadWrite.AuthenticationMethod":
				decides = k
			}
		}
		if adds >= 0 && decides >= 0 {
			a.link(edge{from: n, to: a.tenant, cost: 1, certain: true, note: -1, proof: proof{proofAppRole, adds}, label: a.label("AZResetPassword", "lets users sign in by a method and adds it to a Global Administrator")})
		}
	}
}

// addEntry adds what a right in the whole tenant leads to.
func (a *Analysis) addEntry(e *entra.Entry, given edge) {
	if e.Level == inventory.LevelAdmin {
		given.to = a.tenant
		a.link(given)
		return
	}
	for _, p := range e.Powers {
		step := given
		step.label = a.labelOfPower(e, p)
		switch p {
		case entra.Raise, entra.RaiseMaybe:
			step.to, step.cost = a.tenant, 1
			if p == entra.RaiseMaybe {
				step.certain, step.note = false, a.note("if "+e.If)
			}
		case entra.AllUsersMaybe:
			step.certain, step.note = false, a.note("if "+e.If)
			step.to = a.power(p)
		case entra.OwnApps: // edges of those who own
			continue
		default:
			step.to = a.power(p)
		}
		a.link(step)
	}
}

// labelOfPower is the label of a step by a power.
func (a *Analysis) labelOfPower(e *entra.Entry, p entra.Power) int32 {
	text := e.Why
	switch p {
	case entra.Apps, entra.Registrations:
		text = "adds a credential to {}"
	case entra.Groups, entra.OfficeGroups, entra.RoleGroups:
		text = "adds itself to group {}"
	case entra.Users, entra.UsersMaybe, entra.AllUsers, entra.AllUsersMaybe:
		text = "takes over the sign-in of {}"
	case entra.Agents:
		text = "adds a credential to blueprint {}"
	case entra.Raise, entra.RaiseMaybe, entra.OwnApps:
	}
	return a.label(e.Edge, text)
}

// power finds the hub of a power in the whole tenant.
func (a *Analysis) power(p entra.Power) int32 {
	key := powerKey{p}
	if n, ok := a.powers[key]; ok {
		return n
	}
	n := a.node(nodeHub, -1)
	a.powers[key] = n
	for i := range a.nodes[:n] {
		if a.sealed[int32(i)] {
			continue
		}
		to, ok := a.reach(p, int32(i))
		if !ok {
			to, ok = a.someone(p, int32(i))
		}
		if ok {
			to.from = n
			a.link(to)
		}
	}
	if p == entra.AllUsers || p == entra.AllUsersMaybe { // there always is one
		a.link(edge{from: n, to: a.tenant, label: -1, note: -1, cost: 1, certain: true})
	}
	switch {
	case a.missing(PartPrincipals) && (p == entra.Apps || p == entra.Registrations || p == entra.Agents), a.missing(PartGroups):
		a.link(edge{from: n, to: a.unseen, label: -1, note: a.note("not everything was read that it reaches"), cost: 1})
	}
	return n
}

// someone says whether a power over users reaches who is in a group: users are not
// all read.
func (a *Analysis) someone(p entra.Power, n int32) (edge, bool) {
	g := a.group(n)
	if g == nil || p != entra.Users && p != entra.UsersMaybe || g.Users == inventory.False || a.protected[n] {
		return edge{}, false
	}
	return edge{to: n, label: -1, note: a.note(noteSomeone), cost: 1}, true
}

// reach says whether a power reaches a node.
func (a *Analysis) reach(p entra.Power, n int32) (edge, bool) {
	e := edge{to: n, label: -1, note: -1, cost: 1, certain: true}
	doubt := func(note string) { e.certain, e.note = false, a.note(note) }
	if g := a.group(n); g != nil {
		return a.reachGroup(p, g, e)
	}
	x := a.principal(n)
	if x == nil {
		return e, false
	}
	switch p {
	case entra.Apps, entra.Registrations:
		if !a.openApp(x) || p == entra.Registrations && x.Application == "" {
			return e, false
		}
		if x.Application == "" && x.Locked == inventory.Unknown {
			doubt(noteLocked)
		}
	case entra.Agents:
		if !x.BlueprintSelf {
			return e, false
		}
	case entra.Users, entra.UsersMaybe:
		if x.Kind != KindUser || a.protected[n] {
			return e, false
		}
		if a.veiled {
			doubt(noteVeiled)
		}
		if p == entra.UsersMaybe {
			doubt("if the user can sign in with a password alone")
		}
	case entra.AllUsers, entra.AllUsersMaybe:
		if x.Kind != KindUser {
			return e, false
		}
	case entra.Raise, entra.RaiseMaybe, entra.OwnApps, entra.Groups, entra.OfficeGroups, entra.RoleGroups:
		return e, false
	}
	if x.Enabled == inventory.False {
		doubt(noteDisabled)
	}
	return e, true
}

// openApp reports whether credentials can be added to a principal at all.
func (a *Analysis) openApp(x *Principal) bool {
	return x.Kind == KindApplication && !x.Microsoft && (x.Application != "" || x.Locked != inventory.True)
}

// reachGroup says whether a power reaches a group.
func (a *Analysis) reachGroup(p entra.Power, g *Group, e edge) (edge, bool) {
	doubt := func(note string) { e.certain, e.note = false, a.note(note) }
	if g.Synced == inventory.True {
		return e, false
	}
	switch p {
	case entra.RoleGroups:
	case entra.Groups, entra.OfficeGroups:
		if g.RoleAssignable == inventory.True || p == entra.OfficeGroups && g.Office == inventory.False {
			return e, false
		}
		if g.RoleAssignable == inventory.Unknown || p == entra.OfficeGroups && g.Office == inventory.Unknown {
			doubt(noteRoles)
		}
	case entra.Raise, entra.RaiseMaybe, entra.Apps, entra.Registrations, entra.OwnApps, entra.Users, entra.UsersMaybe, entra.AllUsers, entra.AllUsersMaybe, entra.Agents:
		return e, false
	}
	if g.Dynamic {
		doubt(noteRule)
	}
	return e, true
}

// addScoped adds what a right on a unit or on one object leads to.
func (a *Analysis) addScoped(e *entra.Entry, given edge, scope string) {
	objects, unit := []string{strings.ToLower(strings.TrimPrefix(scope, "/"))}, false
	if id, ok := strings.CutPrefix(strings.ToLower(scope), "/administrativeunits/"); ok {
		objects, unit = nil, true
		for i := range a.estate.Units {
			if u := &a.estate.Units[i]; strings.EqualFold(u.ID, id) {
				objects = u.Members
				if !u.Known {
					a.link(edge{from: given.from, to: a.unseen, label: a.label(e.Edge, e.Why), note: a.note("the members of a unit were not read"), proof: given.proof, cost: 1})
				}
			}
		}
	}
	for _, id := range objects {
		n, ok := a.index[id]
		if !ok {
			n, ok = a.apps[id]
		}
		if ok {
			a.scoped(e, given, n, unit)
		}
	}
}

// scoped adds what a right on one object leads to.
func (a *Analysis) scoped(e *entra.Entry, given edge, n int32, unit bool) {
	for _, p := range e.Powers {
		if unit && (p == entra.Apps || p == entra.Registrations) { // applications are in no unit
			continue
		}
		step, ok := a.reach(p, n)
		if !ok {
			continue
		}
		step.from, step.label, step.proof = given.from, a.labelOfPower(e, p), given.proof
		if !given.certain {
			step.certain, step.note = false, given.note
		}
		a.link(step)
	}
}

// addOwnership adds what owning leads to, and blueprints of agents.
func (a *Analysis) addOwnership() {
	blueprints := map[string]int32{}
	for i := range a.estate.Principals {
		if p := &a.estate.Principals[i]; p.BlueprintSelf && p.AppID != "" {
			blueprints[p.AppID] = a.index[p.ID]
		}
	}
	for i := range a.estate.Principals {
		p := &a.estate.Principals[i]
		n := a.index[p.ID]
		if from, ok := blueprints[p.Blueprint]; ok && p.Blueprint != "" {
			a.link(edge{from: from, to: n, label: a.label("muster-az121", "signs in as agent {}, whose blueprint it is"), note: -1, cost: 1, certain: true})
		}
		if p.BlueprintSelf || a.openApp(p) {
			a.ownedBy(p, n)
		}
		a.signers(p, n)
	}
	for i := range a.estate.Groups {
		g := &a.estate.Groups[i]
		if g.Synced != inventory.True && !g.Dynamic {
			for _, id := range g.Owners {
				if from, ok := a.index[id]; ok {
					a.owns(from, a.index[g.ID], "adds itself to group {}, which it owns", "")
				}
			}
		}
	}
}
