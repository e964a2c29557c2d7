package paths

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
	"github.com/muster-nhi/muster/internal/privilege/azure/entra"
)

// right makes a Right of levels.
func right(certain, possible inventory.Level) Right {
	r := Right{Level: certain, Possible: possible, Certain: certain}
	if possible.Rank() > certain.Rank() {
		r.Level = inventory.LevelUnknown
	}
	return r
}

// ofEntry is what an entry of the tables allows.
func ofEntry(e *entra.Entry, what string) Right {
	r := Right{Level: e.Level, Possible: e.Level, Certain: e.Level, Tier0: e.Tier0, Capabilities: slices.Sorted(slices.Values(e.Capabilities)), Reasons: []string{what}}
	if e.Level.Rank() == 0 {
		r.Possible, r.Certain = inventory.LevelAdmin, inventory.LevelNone
		r.Reasons = append(r.Reasons, "what it allows is not in muster's tables")
	}
	if e.Why != "" {
		why := e.Why
		if e.If != "" {
			why += ", if " + e.If
		}
		r.Reasons = append(r.Reasons, why)
	}
	return r
}

// Directory says what a directory role allows in its scope in this tenant, by its
// place in Estate.Directory.
func (a *Analysis) Directory(i int) Right {
	d := &a.estate.Directory[i]
	e := a.entry(d)
	r := ofEntry(&e, "directory role "+cmp.Or(d.Name, d.Template))
	if d.Scope != "/" && d.Scope != "" { // not in the tenant as a whole
		limit := func(l inventory.Level) inventory.Level {
			if l == inventory.LevelAdmin || l == inventory.LevelEscalate {
				return inventory.LevelWrite
			}
			return l
		}
		r.Level, r.Possible, r.Certain = limit(r.Level), limit(r.Possible), limit(r.Certain)
		r.Tier0 = false
		r.Capabilities = slices.DeleteFunc(r.Capabilities, func(c string) bool { return strings.HasSuffix(c, "_all") || c == "admin.all" })
		r.Reasons = append(r.Reasons, "on "+d.Scope+" only")
	} else {
		r = a.inTenant(r, &e, a.index[d.Principal])
	}
	return bounded(r, d.Eligible)
}

// bounded adds what is said of something that has to be taken up first. The
// level is that of the right, whoever has it.
func bounded(r Right, eligible bool) Right {
	if eligible {
		r.Reasons = append(r.Reasons, noteEligible)
	}
	return r
}

// AppRole says what an application permission allows in this tenant, by its place
// in Estate.AppRoles.
func (a *Analysis) AppRole(i int) Right {
	p := &a.estate.AppRoles[i]
	e := a.entra.Permission(p.Resource, p.ID, p.Name)
	r := ofEntry(&e, "application permission "+cmp.Or(e.Name, p.Name, p.ID))
	if r.Level.Rank() == 0 { // of another application: it is no way to the tenant
		r.Possible = inventory.LevelWrite
	}
	return a.inTenant(r, &e, a.index[p.Principal])
}

// inTenant settles the level of a right that can lead to more by whom it reaches in
// this tenant: it is escalate only if there is somebody who may do more. Until the
// ways were searched it stays what the tables say.
func (a *Analysis) inTenant(r Right, e *entra.Entry, holder int32) Right {
	own := e.Has(entra.OwnApps)
	if a.graph == nil || e.Level != inventory.LevelEscalate && !own {
		return r
	}
	why := ""
	switch certain, possible := a.leads(e, holder); {
	case certain:
		r.Level, r.Possible, r.Certain = inventory.LevelEscalate, inventory.LevelEscalate, inventory.LevelEscalate
		if own {
			why = ", one of which may do more"
		}
	case possible:
		r.Level, r.Possible, r.Certain = inventory.LevelUnknown, inventory.LevelEscalate, inventory.LevelWrite
		if e.If == "" {
			why = ", if that reaches anybody who may do more, which cannot be told"
		}
	default:
		r.Level, r.Possible, r.Certain = inventory.LevelWrite, inventory.LevelWrite, inventory.LevelWrite
		why = ", but reaches nobody in this tenant who may do more"
	}
	if n := len(r.Reasons); n > 0 {
		r.Reasons[n-1] += why
	}
	return r
}

// leads says whether a right leads its holder to an administrator.
func (a *Analysis) leads(e *entra.Entry, holder int32) (certain, possible bool) {
	to := func(n int32, sure bool) {
		certain = certain || sure && a.admin.certain[n] >= 0
		possible = possible || a.admin.possible[n] >= 0 || a.doubt == inventory.LevelAdmin
	}
	for _, p := range e.Powers {
		switch p {
		case entra.Raise:
			return true, true
		case entra.RaiseMaybe:
			possible = true
		case entra.OwnApps:
			for _, edge := range a.graph.from(holder) {
				if edge.proof.kind == proofOwner && a.principal(edge.to) != nil {
					to(edge.to, edge.certain)
				}
			}
		default:
			if hub, ok := a.powers[powerKey{p}]; ok {
				to(hub, p != entra.AllUsersMaybe)
			} else {
				possible = true
			}
		}
	}
	return certain, possible
}

// DelegatedGrant says what delegated permissions allow, by their place in
// Estate.Delegated. They add nothing to what the user may do who signs in, so that they
// make nobody an administrator by themselves: they write at most.
func (a *Analysis) DelegatedGrant(i int) Right {
	d := &a.estate.Delegated[i]
	out := Right{Level: inventory.LevelNone, Possible: inventory.LevelNone, Reasons: []string{"at most what the user may do who signs in"}}
	held := map[string]bool{}
	open := false
	for _, s := range d.Scopes {
		e := a.entra.Delegated(d.Resource, s)
		out.Tier0 = out.Tier0 || e.Tier0
		if e.Level.Rank() == 0 {
			open = true
		}
		if e.Level.Rank() > out.Level.Rank() {
			out.Level = e.Level
		}
		if out.Level.Rank() > inventory.LevelWrite.Rank() {
			out.Level = inventory.LevelWrite
		}
		if e.Why != "" {
			out.Reasons = append(out.Reasons, s+": "+e.Why)
		}
		for _, c := range e.Capabilities {
			held[c] = true
		}
	}
	out.Possible, out.Certain = out.Level, out.Level
	if open && out.Level.Rank() < inventory.LevelWrite.Rank() {
		out.Level, out.Possible = inventory.LevelUnknown, inventory.LevelWrite
	}
	out.Capabilities = slices.Sorted(maps.Keys(held))
	return out
}

// Assignment says what a role of Azure allows on its scope, by its place in
// Estate.Assignments, with what deny assignments leave of it.
func (a *Analysis) Assignment(i int) Right {
	s := &a.estate.Assignments[i]
	n := a.index[s.Principal]
	rights := a.rightsOf(int32(i), a.profileOf(n))
	role := a.given[i].role
	r := a.ofRole(role, rights, a.places[a.given[i].place].whole)
	if rights.Limited {
		r.Reasons = append(r.Reasons, "a condition limits which roles it gives")
		if r.Level.Rank() > 0 && r.Level.Rank() < inventory.LevelEscalate.Rank() {
			r = a.raisedBy(r, i)
		}
	}
	return bounded(r, s.Eligible)
}

// ofRole is what a role of Azure allows by its rights; whole says whether it does so on
// a subscription or wider.
func (a *Analysis) ofRole(role *arm.Role, rights *arm.Rights, whole bool) Right {
	r := right(rights.Level, rights.MaxLevel)
	r.Reasons = append([]string{"role " + cmp.Or(role.Name, role.ID)}, rights.Notes...)
	held := map[string]bool{}
	a.capabilitiesOf(&rights.Certain, whole, held)
	if rights.Full() { // which has all the others in it
		held = map[string]bool{"admin.all": true}
	}
	r.Capabilities = slices.Sorted(maps.Keys(held))
	return r
}

// raisedBy adds that a role that may be given under a condition allows more.
func (a *Analysis) raisedBy(r Right, i int) Right {
	s := &a.estate.Assignments[i]
	for _, o := range a.menus[a.menuKey(a.given[i].role, s.Condition, a.asker(s))] {
		r.Reasons = append(r.Reasons, "it may give itself "+cmp.Or(o.role.Name, o.role.ID))
	}
	return r
}

// VaultAccess says what an access policy of a vault allows.
func VaultAccess(p *Access) Right {
	held := map[string]bool{}
	level := inventory.LevelNone
	raise := func(l inventory.Level) {
		if l.Rank() > level.Rank() {
			level = l
		}
	}
	for _, list := range []struct {
		kind        string
		permissions []string
	}{{"secret", p.Secrets}, {"key", p.Keys}, {"certificate", p.Certificates}} {
		for _, x := range list.permissions {
			lower := strings.ToLower(x)
			switch lower {
			case "get", "list", "getissuers", "listissuers", "backup":
				raise(inventory.LevelRead)
			case "encrypt", "wrapkey", "verify":
				raise(inventory.LevelRead)
			default:
				raise(inventory.LevelWrite)
			}
			for _, c := range vaultCapabilities(list.kind, lower) {
				held[c] = true
			}
		}
	}
	return Right{Level: level, Possible: level, Certain: level, Capabilities: slices.Sorted(maps.Keys(held)), Reasons: []string{"access policy of a vault"}}
}

// vaultCapabilities are what one permission of an access policy gives.
func vaultCapabilities(kind, permission string) []string {
	switch kind + " " + permission {
	case "secret get", "secret backup", "certificate backup":
		return []string{"secrets.read"}
	case "secret set", "secret restore":
		return []string{"secrets.write"}
	case "secret all":
		return []string{"secrets.read", "secrets.write"}
	case "key decrypt", "key unwrapkey", "key sign":
		return []string{"keys.use"}
	case "key delete", "key purge", "key update", "key setrotationpolicy":
		return []string{"keys.admin"}
	case "key all":
		return []string{"keys.admin", "keys.use"}
	}
	return nil
}
