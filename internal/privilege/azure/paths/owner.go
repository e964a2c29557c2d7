package paths

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/entra"
)

// textOwns is what an owner of an application does.
const textOwns = "adds a credential to {}, which it owns"

// ownedBy adds the edges of the owners of an application.
func (a *Analysis) ownedBy(p *Principal, n int32) {
	note := ""
	if p.Enabled == inventory.False {
		note = noteDisabled
	}
	for _, id := range p.Owners {
		from, ok := a.index[id]
		if !ok {
			continue
		}
		if !slices.Contains(p.InstanceOwners, id) || p.Locked == inventory.False {
			a.owns(from, n, textOwns, note)
		} else if p.Locked == inventory.Unknown {
			a.owns(from, n, textOwns, cmp.Or(note, noteLocked))
		}
	}
	if !p.OwnersKnown {
		a.link(edge{from: a.everybody(), to: n, label: a.label("AZOwns", textOwns), note: a.note("not all owners of " + p.Name + " were read"), proof: proof{proofOwner, n}, cost: 1})
	}
}

// owns adds the edge of one owner.
func (a *Analysis) owns(from, n int32, text, note string) {
	e := edge{from: from, to: n, label: a.label("AZOwns", text), note: a.note(note), proof: proof{proofOwner, n}, cost: 1, certain: note == ""}
	if e.certain && !a.user(from) && !a.managesOwn(from) {
		e.certain, e.note = false, a.note(noteSelf)
	}
	a.link(e)
}

// signers adds that those sign in as a principal whose tokens it trusts.
func (a *Analysis) signers(p *Principal, n int32) {
	for _, id := range p.Signers {
		from, ok := a.index[id]
		if !ok {
			continue
		}
		e := edge{from: from, to: n, label: a.label("muster-az122", "signs in as {}, which trusts its tokens"), note: -1, cost: 1, certain: p.Enabled != inventory.False}
		switch x := a.principal(from); {
		case !e.certain:
			e.note = a.note(noteDisabled)
		case x == nil || x.Kind != KindManaged:
			e.certain, e.note = false, a.note(noteSigner)
		}
		a.link(e)
	}
}

// managesOwn reports whether an application may manage those that it owns.
func (a *Analysis) managesOwn(n int32) bool {
	for _, k := range a.grantsOf(n).appRoles {
		r := &a.estate.AppRoles[k]
		e := a.entra.Permission(r.Resource, r.ID, r.Name)
		if e.Has(entra.OwnApps) || e.Has(entra.Apps) {
			return true
		}
	}
	return false
}

// Owners lists by object id, sorted, who can add a credential to a principal as an
// owner of it or of its registration: for certain, and perhaps. Owners who cannot, as
// the application locks its credentials or is Microsoft's, are in neither.
func (a *Analysis) Owners(id string) (certain, perhaps []string) {
	n, ok := a.index[id]
	if !ok {
		return nil, nil
	}
	for _, i := range a.graph.into(n) {
		switch e := a.graph.edges[i]; {
		case e.proof.kind != proofOwner || e.from == a.anybody:
		case e.certain:
			certain = append(certain, a.idOf(e.from))
		default:
			perhaps = append(perhaps, a.idOf(e.from))
		}
	}
	if p := a.principal(n); p != nil && (p.BlueprintSelf || a.openApp(p)) {
		for _, o := range p.Owners { // of whom nothing was read
			if _, ok := a.index[o]; !ok && (!slices.Contains(p.InstanceOwners, o) || p.Locked != inventory.True) {
				perhaps = append(perhaps, o)
			}
		}
	}
	slices.Sort(certain)
	slices.Sort(perhaps)
	return certain, perhaps
}
