package paths

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

// An own is what a principal has by itself and by its groups.
type own struct {
	certain, possible inventory.Level
	reasons           []Reason
	capabilities      map[string]bool
	tier0             map[string]bool
	unknown           map[string]bool
}

func (o *own) raise(certain, possible inventory.Level) {
	if certain.Rank() > o.certain.Rank() {
		o.certain = certain
	}
	if possible.Rank() > o.possible.Rank() {
		o.possible = possible
	}
}

// say adds a reason.
func (o *own) say(level inventory.Level, certain bool, text string, proofs ...Evidence) {
	o.reasons = append(o.reasons, Reason{Text: text, Certain: certain, Evidence: proofs, Level: level})
}

// ownOf gathers what a node holds.
func (a *Analysis) ownOf(n int32) *own {
	o := &own{
		certain: inventory.LevelNone, possible: inventory.LevelNone,
		capabilities: map[string]bool{}, tier0: map[string]bool{}, unknown: map[string]bool{},
	}
	a.gather(o, n, n, "")
	for _, g := range a.groups.of(n) {
		a.gather(o, n, g, ", as a member of "+a.titleOf(g))
	}
	return o
}

// gather adds what one source gives: the principal, or a group that it is in.
func (a *Analysis) gather(o *own, n, source int32, by string) {
	g := a.grantsOf(source)
	for _, i := range g.assignments {
		a.ownAssignment(o, n, i, by)
	}
	for _, i := range g.directory {
		d := &a.estate.Directory[i]
		ok, certain, note := a.standing(d.Eligible, d.Start, d.End)
		if !ok || d.Eligible && !a.user(n) {
			continue
		}
		r := a.Directory(int(i))
		proofs := a.evidence(proof{proofDirectory, i}, a.noteText(note))
		a.ownRight(o, &r, certain, "holds directory role "+cmp.Or(d.Name, d.Template)+by, cmp.Or(d.Name, d.Template), proofs)
	}
	for _, i := range g.appRoles {
		r, e := a.AppRole(int(i)), a.evidence(proof{proofAppRole, i}, "")
		name := strings.TrimPrefix(e.Permission, "permission ")
		a.ownRight(o, &r, true, "has application permission "+name+by, name, e)
	}
	for _, i := range g.delegated {
		d := &a.estate.Delegated[i]
		if r := a.DelegatedGrant(int(i)); r.Tier0 {
			o.say(inventory.LevelWrite, true, "acts for users with "+strings.Join(d.Scopes, " ")+", at most as they may themselves")
		}
	}
	for _, i := range g.vaults {
		v := &a.estate.Vaults[i]
		for k := range v.Access {
			if v.RBAC != inventory.True && v.Access[k].Object == a.idOf(source) {
				r := VaultAccess(&v.Access[k])
				a.ownRight(o, &r, v.RBAC == inventory.False, "has an access policy of vault "+short(v.ID)+by, "", Evidence{Permission: "access policy", Scope: v.ID})
			}
		}
	}
}

func (a *Analysis) noteText(note int32) string {
	if note < 0 {
		return ""
	}
	return a.notes[note]
}

// ownRight adds a right in the tenant or in a vault. What escalates is for the
// ways to say; by itself it writes.
func (a *Analysis) ownRight(o *own, r *Right, certain bool, text, name string, proofs Evidence) {
	level, most := r.Certain, r.Possible
	if level == inventory.LevelEscalate {
		level = inventory.LevelWrite
	}
	if most == inventory.LevelEscalate {
		most = inventory.LevelWrite
	}
	open := r.Level.Rank() == 0 && most.Rank() > level.Rank() // by itself
	if open {
		o.unknown["what "+strings.TrimPrefix(strings.TrimPrefix(text, "has "), "holds ")+" allows is not known"] = true
	}
	o.raiseIf(certain, level, most)
	if certain {
		for _, c := range r.Capabilities {
			o.capabilities[c] = true
		}
	}
	if r.Tier0 && name != "" {
		o.tier0[name] = true
	}
	shown := r.Level
	if shown.Rank() == 0 {
		shown = r.Certain
	}
	if open {
		shown = r.Possible
	}
	if len(r.Reasons) > 0 && r.Tier0 {
		text += ": " + r.Reasons[len(r.Reasons)-1]
	}
	o.say(shown, certain && !open, text, proofs)
}

// ownAssignment adds a role of Azure.
func (a *Analysis) ownAssignment(o *own, n, i int32, by string) {
	s := &a.estate.Assignments[i]
	ok, certain, note := a.standing(s.Eligible, s.Start, s.End)
	if !ok || s.Eligible && !a.user(n) {
		return
	}
	role, at := a.given[i].role, a.given[i].place
	rights := a.rightsOf(i, a.profileOf(n))
	level, most := rights.Level, rights.MaxLevel
	whole := a.places[at].whole
	lower := func(l inventory.Level) inventory.Level { // what escalates is for the ways to say
		if l == inventory.LevelEscalate || l == inventory.LevelAdmin && !whole {
			return inventory.LevelWrite
		}
		return l
	}
	shown := level
	if !whole {
		shown = lower(level)
	}
	o.raiseIf(certain, lower(level), lower(most))
	if certain {
		a.capabilitiesOf(&rights.Certain, whole, o.capabilities)
		a.openVaults(o, rights, at, by)
	}
	for _, x := range rights.Notes {
		o.unknown[x] = true
	}
	text := "holds role " + cmp.Or(role.Name, role.ID) + " on " + cmp.Or(s.Scope, "/") + by
	o.say(shown, certain, text, a.evidence(proof{proofAssignment, i}, a.noteText(note)))
}

func (o *own) raiseIf(certain bool, level, most inventory.Level) {
	if certain {
		o.raise(level, most)
	} else {
		o.raise(inventory.LevelNone, most)
	}
}

// rightsOf are the rights of an assignment under a profile.
func (a *Analysis) rightsOf(i, prof int32) *arm.Rights {
	s, g := &a.estate.Assignments[i], &a.given[i]
	if prof == a.profileOf(a.index[s.Principal]) {
		return &a.rights[g.rights]
	}
	who := a.asker(s)
	key, denials := a.ratingOf(g.role, s.Condition, who, g.place, prof)
	if k, ok := a.rated[key]; ok {
		return &a.rights[k]
	}
	r := a.table.Rights(g.role, s.Condition, who, denials...)
	return &r
}

// openVaults adds that who writes the access policies of a vault lets itself in.
func (a *Analysis) openVaults(o *own, r *arm.Rights, at int32, by string) {
	v := a.places[at].vault
	if v < 0 || !r.Certain.Any(&a.vaultBits) || o.capabilities["secrets.read"] {
		return
	}
	o.capabilities["secrets.read"], o.capabilities["secrets.write"] = true, true
	o.say(inventory.LevelWrite, true, "writes the access policies of vault "+short(a.estate.Vaults[v].ID)+" and so reads its secrets"+by)
}

// short is the last part of an ARM id.
func short(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// Of says what a principal, or a group, amounts to, by its object id; nil if it
// is not in the estate.
func (a *Analysis) Of(id string) *Result {
	n, ok := a.index[id]
	if !ok || a.nodes[n].kind > nodeGroup {
		return nil
	}
	o := a.ownOf(n)
	o.raise(inventory.LevelNone, a.doubt)
	if !a.user(n) && a.hazy.Rank() > o.possible.Rank() {
		o.raise(inventory.LevelNone, a.hazy)
		o.unknown[noteHazy] = true
	}
	out := &Result{Tier0: slices.Sorted(maps.Keys(o.tier0)), Tenant: a.reachesTenant(n)}
	a.judge(o, n)
	out.Certain, out.Possible, out.Level = o.certain, o.possible, o.certain
	if o.possible.Rank() > o.certain.Rank() {
		out.Level = inventory.LevelUnknown
	}
	a.route(out, n)
	a.explain(out, o, n)
	out.Capabilities = slices.Sorted(maps.Keys(o.capabilities))
	for _, u := range a.unread {
		o.unknown[u] = true
	}
	for i := range out.Paths {
		for k := range out.Paths[i].Hops {
			for _, note := range out.Paths[i].Hops[k].Notes {
				o.unknown[note] = true
			}
		}
	}
	out.Unknown = slices.Sorted(maps.Keys(o.unknown))
	return out
}

// reachesTenant says whether a node is, or can become, Global Administrator.
func (a *Analysis) reachesTenant(n int32) inventory.Tri {
	switch {
	case a.tenantOnly.certain[n] >= 0:
		return inventory.True
	case a.tenantOnly.possible[n] >= 0 || a.hidden[n] >= 0 || a.doubt == inventory.LevelAdmin:
		return inventory.Unknown
	default:
		return inventory.False
	}
}

// judge adds what the distances say to the levels.
func (a *Analysis) judge(o *own, n int32) {
	add := func(dist int8, certain bool) {
		level := inventory.LevelEscalate
		switch {
		case dist < 0:
			return
		case dist == 0:
			level = inventory.LevelAdmin
		}
		if certain {
			o.raise(level, level)
		} else {
			o.raise(inventory.LevelNone, level)
		}
	}
	add(a.admin.certain[n], true)
	add(a.admin.possible[n], false)
	if a.admin.certain[n] == 0 {
		o.capabilities = map[string]bool{"admin.all": true} // which has all the others in it
	}
}

// route lists the paths of a result.
func (a *Analysis) route(out *Result, n int32) {
	add := func(dist []int8, certain bool) {
		list, cut := a.paths(n, dist, certain)
		out.Truncated = out.Truncated || cut
		for _, p := range list {
			if !slices.ContainsFunc(out.Paths, func(have Path) bool { return have.String() == p.String() }) {
				out.Paths = append(out.Paths, p)
			}
		}
	}
	add(a.admin.certain, true)
	if a.admin.certain[n] < 0 || a.admin.certain[n] > 0 && len(out.Paths) == 0 {
		add(a.admin.possible, false)
	}
	add(a.tenantOnly.certain, true)
	if a.tenantOnly.certain[n] < 0 && a.tenantOnly.possible[n] >= 0 && a.admin.certain[n] == 0 {
		add(a.tenantOnly.possible, false)
	}
	slices.SortStableFunc(out.Paths, func(x, y Path) int {
		return cmp.Or(certainFirst(x.Certain, y.Certain), cmp.Compare(len(x.Hops), len(y.Hops)))
	})
	if len(out.Paths) > MaxPaths {
		out.Paths, out.Truncated = out.Paths[:MaxPaths], true
	}
	out.Truncated = out.Truncated || a.admin.cut && a.admin.possible[n] < 0
}

// explain orders the reasons, those of paths among them.
func (a *Analysis) explain(out *Result, o *own, n int32) {
	for i := range out.Paths {
		p := &out.Paths[i]
		level := inventory.LevelEscalate
		if a.admin.certain[n] == 0 {
			level = inventory.LevelAdmin
		}
		h := &p.Hops[0]
		text := h.Text
		if len(p.Hops) > 1 {
			text += " and from there reaches "
			if p.Leads == Tenant {
				text += "Global Administrator"
			} else {
				text += cmp.Or(p.Leads, "what was not read")
			}
		}
		o.reasons = append(o.reasons, Reason{Text: text, Certain: p.Certain, Evidence: h.Evidence, Level: level})
	}
	slices.SortStableFunc(o.reasons, func(x, y Reason) int { return cmp.Compare(y.Rank(), x.Rank()) })
	seen := map[string]bool{}
	for _, r := range o.reasons {
		if len(out.Reasons) == MaxReasons {
			out.Truncated = true
			break
		}
		if !seen[r.Text] {
			seen[r.Text] = true
			out.Reasons = append(out.Reasons, r)
		}
	}
}
