package export

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// maxUnknown bounds the files without meaning that are named.
const maxUnknown = 10

// finish puts together what all files said.
func (r *reader) finish() *object.Estate {
	e := &object.Estate{}
	for _, id := range sortedKeys(r.tenants) {
		if b := r.tenants[id]; !b.empty() {
			e.Tenants = append(e.Tenants, b.finish())
		}
	}
	slices.SortFunc(e.Tenants, func(a, b *object.Tenant) int { return cmp.Compare(a.ID, b.ID) })
	if len(e.Tenants) == 0 {
		r.lost("", "there is no file here that az, Microsoft Graph or Resource Graph gave; docs/scanners/azure-export.md lists the commands")
	}
	if n := len(r.unknown); n > 0 {
		slices.Sort(r.unknown)
		list := strings.Join(r.unknown[:min(n, maxUnknown)], ", ")
		if n > maxUnknown {
			list += fmt.Sprintf(" and %d more", n-maxUnknown)
		}
		r.note("", "not understood and passed over: "+saved.Short(list, 1000))
	}
	return e
}

// empty reports whether no file told anything of a tenant.
func (b *builder) empty() bool {
	return len(b.listings)+len(b.some)+len(b.applications)+len(b.principals)+len(b.assignments)+len(b.subscriptions)+len(b.users)+len(b.groups)+len(b.objects)+
		len(b.federated)+len(b.appOwners)+len(b.spOwners)+len(b.appRoles)+len(b.folders) == 0
}

// unknownTenant is the id of a tenant that no file tells.
const unknownTenant = "unknown"

// finish makes a tenant of what was collected.
func (b *builder) finish() *object.Tenant {
	t := &object.Tenant{ID: b.tenant(), Name: b.name, Domain: b.domain, Cloud: cmp.Or(b.cloud, "public"), Contacts: compact(b.contacts)}
	b.settle()
	b.finishApplications(t)
	b.finishPrincipals(t)
	b.finishRoles(t)
	b.finishSubscriptions(t)
	b.finishUses(t)
	b.finishPeople(t)
	b.tell(t)
	b.tellUsage(t)
	return t
}

// tenant is the id of the tenant: that which paths name, or which most files do.
func (b *builder) tenant() string {
	if b.id != "" {
		return b.id
	}
	own := map[string]bool{}
	for _, a := range b.applications {
		own[a.AppID] = a.AppID != ""
	}
	for _, p := range b.principals {
		if own[p.AppID] && isGUID(p.HomeTenant) {
			b.ids[p.HomeTenant]++
		}
	}
	best := ""
	for _, id := range sortedKeys(b.ids) {
		if best == "" || b.ids[id] > b.ids[best] {
			best = id
		}
	}
	if best == "" {
		b.r.note("", "no file tells the id of the tenant; run: az account show")
		return unknownTenant
	}
	b.id = best
	return best
}

// settle gives what is of the only subscription to that, and leaves out subscriptions
// of other tenants.
func (b *builder) settle() {
	strangers := 0
	for _, id := range sortedKeys(b.listed) {
		if b.listed[id] != b.id && b.id != "" {
			delete(b.subscriptions, id)
			strangers++
		}
	}
	if strangers > 0 {
		b.r.lost("", plural(strangers, "subscription", "", " of other tenants left out: put the files of each tenant into a directory tenants/ID"))
	}
	only := ""
	if len(b.subscriptions) == 1 {
		only = sortedKeys(b.subscriptions)[0]
	}
	for k, l := range maps.Clone(b.listings) {
		if k.where != anywhere {
			continue
		}
		delete(b.listings, k)
		if only != "" {
			b.listings[spot{k.call, only}] = l
		} else if len(b.subscriptions) > 0 && k.call != callDefinitions {
			b.r.lost("", k.call+": a file does not say of which subscription it is: put the files of each subscription into a directory subscriptions/ID")
		}
		if k.call == callDefinitions && b.builtIn {
			b.some[spot{callDefinitions, ""}] = true
		}
	}
	if b.below[anywhere] && only != "" {
		b.below[only] = true
	}
	b.settleSets()
	b.settleResources()
}

// settleSets makes unknown what files contradict each other in.
func (b *builder) settleSets() {
	for _, s := range []interface{ settle() }{
		b.applications, b.principals, b.users, b.groups, b.roles, b.directory, b.appRoles, b.delegated, b.units, b.management, b.signIns, b.creators, b.risky, b.schedules,
		b.subscriptions, b.folders, b.roleDefs, b.assignments, b.denies, b.identities, b.consumers, b.stores, b.vaults, b.switches, b.clusters, b.reaches,
	} {
		s.settle()
	}
	for _, objects := range b.objects {
		objects.settle()
	}
	if b.consent != nil {
		saved.Settle(b.consent)
	}
}

// compact sorts texts and drops doubles.
func compact(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func (b *builder) finishApplications(t *object.Tenant) {
	for _, a := range b.applications.sorted() {
		if a.AppID == "" { // only its relations were listed
			continue
		}
		a.Owners, a.OwnersKnown = b.relatives(b.appOwners, a.ID, a.AppID)
		a.Sponsors, _ = b.sponsors.of(a.ID)
		a.Federated, a.FederatedKnown = b.trusting(a.ID, a.AppID)
		for _, id := range sortedKeys(b.applies) {
			if b.applies[id][a.ID] {
				a.Policies = append(a.Policies, id)
			}
		}
		t.Applications = append(t.Applications, a)
	}
}

// relatives are what belongs to an object, which az takes by either of two ids.
func (b *builder) relatives(of related, id, appID string) ([]string, bool) {
	list, known := of.of(id)
	if !known {
		list, known = of.of(appID)
	}
	return list, known
}

// trusting are the federated credentials of an object by either of two ids.
func (b *builder) trusting(id, other string) ([]object.Federated, bool) {
	list, known := b.federated[id]
	if !known && other != "" {
		list, known = b.federated[other]
	}
	var out []object.Federated
	return append(out, list.sorted()...), known
}

func (b *builder) finishPrincipals(t *object.Tenant) {
	managed := map[string]bool{}
	for _, m := range b.identities {
		managed[m.Principal] = true
	}
	for _, p := range b.principals.sorted() {
		if p.AppID == "" && p.Type == "" { // only its relations were listed
			continue
		}
		p.Owners, p.OwnersKnown = b.relatives(b.spOwners, p.ID, p.AppID)
		p.Sponsors, _ = b.sponsors.of(p.ID)
		if !managed[p.ID] {
			p.Federated, _ = b.trusting(p.ID, "")
		}
		t.Principals = append(t.Principals, p)
	}
}

func (b *builder) finishRoles(t *object.Tenant) {
	t.DirectoryRoles = b.roles.sorted()
	t.Directory = b.directory.sorted()
	for i := range t.Directory {
		d := &t.Directory[i]
		if s, ok := b.schedules[d.ID]; ok && !d.Eligible {
			d.Start, d.End = s.Start, s.End
		}
	}
	wanted := map[string]bool{}
	for i := range t.Directory {
		if id, ok := strings.CutPrefix(t.Directory[i].Scope, convert.UnitScope); ok {
			wanted[id] = true
		}
	}
	for _, u := range b.units.sorted() {
		if wanted[u.ID] {
			u.Members, u.Known = b.unitMembers.of(u.ID)
			t.Units = append(t.Units, u)
		}
	}
	t.AppRoles, t.Delegated = b.appRoles.sorted(), b.delegated.sorted()
	t.Management, t.Consent = b.management.sorted(), b.consent
	t.Creators, t.Risky = b.creators.sorted(), b.risky.sorted()
	t.Folders, t.RoleDefs, t.Assignments, t.Denies = b.folders.sorted(), b.roleDefs.sorted(), b.assignments.sorted(), b.denies.sorted()
	slices.SortStableFunc(t.Assignments, func(a, b object.RoleAssignment) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(t.Denies, func(a, b object.DenyAssignment) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(t.Directory, func(a, b object.DirectoryRoleAssignment) int { return cmp.Compare(a.ID, b.ID) })
}

// finishSubscriptions puts resources into their subscriptions.
func (b *builder) finishSubscriptions(t *object.Tenant) {
	for _, id := range sortedKeys(b.subscriptions) {
		s := b.subscriptions[id]
		s.Contacts = sortedKeys(b.contactsOf[id])
		if len(s.Parents) == 0 {
			s.Parents = b.above(id)
		}
		t.Subscriptions = append(t.Subscriptions, s)
	}
	into(b, b.identities, func(m *object.ManagedIdentity) string { return m.ID }, func(s *object.Subscription, m object.ManagedIdentity) {
		s.Identities = append(s.Identities, m)
	})
	into(b, b.consumers, func(c *object.Consumer) string { return c.ID }, func(s *object.Subscription, c object.Consumer) { s.Consumers = append(s.Consumers, c) })
	into(b, b.stores, func(c *object.Store) string { return c.ID }, func(s *object.Subscription, c object.Store) { s.Stores = append(s.Stores, c) })
	into(b, b.switches, func(c *object.LocalAuth) string { return c.ID }, func(s *object.Subscription, c object.LocalAuth) { s.Switches = append(s.Switches, c) })
	into(b, b.clusters, func(c *object.Cluster) string { return c.ID }, func(s *object.Subscription, c object.Cluster) { s.Clusters = append(s.Clusters, c) })
	b.finishIdentities(t)
	b.finishVaults(t)
}

// into puts each resource into its subscription, in the order of their ids.
func into[T any](b *builder, from set[T], id func(*T) string, put func(*object.Subscription, T)) {
	list := slices.Collect(maps.Values(from))
	slices.SortFunc(list, func(a, b *T) int { return cmp.Compare(id(a), id(b)) })
	for _, v := range list {
		if s := b.subscriptions[subscriptionOf(id(v))]; s != nil {
			put(s, *v)
		}
	}
}

// above are the management groups that a subscription is in, nearest first.
func (b *builder) above(sub string) []string {
	var out []string
	for at := b.parents[sub]; at != "" && !slices.Contains(out, at); {
		out = append(out, at)
		if f := b.folders[at]; f != nil {
			at = f.Parent
		} else {
			at = ""
		}
	}
	return out
}

// finishIdentities says what uses identities, and who may sign in as them.
func (b *builder) finishIdentities(t *object.Tenant) {
	users := map[string][]string{}
	for _, s := range t.Subscriptions {
		for i := range s.Consumers {
			for _, id := range s.Consumers[i].User {
				users[object.Fold(id)] = append(users[object.Fold(id)], s.Consumers[i].ID)
			}
		}
	}
	for _, s := range t.Subscriptions {
		names := map[string]int{} // one that two have tells of neither
		for i := range s.Identities {
			if !s.Identities[i].System {
				names[lower(s.Identities[i].Name)]++
			}
		}
		for i := range s.Identities {
			m := &s.Identities[i]
			if p := b.principals[m.Principal]; p != nil && m.Client == "" {
				m.Client = p.AppID
			}
			if m.System {
				continue
			}
			m.Resources = compact(users[object.Fold(m.ID)])
			m.Federated, m.FederatedKnown = b.trusting(object.Fold(m.ID), m.Principal)
			if !m.FederatedKnown && names[lower(m.Name)] == 1 {
				m.FederatedKnown = b.trustless[s.ID+" "+lower(m.Name)]
			}
		}
	}
}

// finishVaults puts what is in vaults into them, by their addresses.
func (b *builder) finishVaults(t *object.Tenant) {
	of := map[string]*object.Vault{}
	for _, v := range b.vaults {
		of[hostOf(v)] = v
	}
	only := ""
	if len(b.subscriptions) == 1 {
		only = sortedKeys(b.subscriptions)[0]
	}
	stray := map[string]*object.Vault{}
	for _, host := range sortedKeys(b.objects) {
		v, sub := of[host], only
		if v == nil {
			name, _, _ := strings.Cut(host, ".")
			v = &object.Vault{Name: name, URI: "https://" + host + "/"}
			for _, o := range b.objects[host] {
				sub = cmp.Or(o.Sub, sub)
			}
			if b.subscriptions[sub] == nil {
				b.r.lost("", "vault "+saved.Short(name, 100)+" is in no listing of vaults, so that nobody can say of which subscription it is; run: az keyvault show --name "+saved.Short(name, 100))
				continue
			}
			stray[sub+"\x00"+host] = v
		}
		for _, key := range sortedKeys(b.objects[host]) {
			v.Objects = append(v.Objects, b.objects[host][key].VaultObject)
		}
	}
	into(b, b.vaults, func(v *object.Vault) string { return v.ID }, func(s *object.Subscription, v object.Vault) { s.Vaults = append(s.Vaults, v) })
	for _, key := range sortedKeys(stray) {
		sub, _, _ := strings.Cut(key, "\x00")
		b.subscriptions[sub].Vaults = append(b.subscriptions[sub].Vaults, *stray[key])
	}
	_ = t
}

// hostOf is the host of a vault; by its name, in the public cloud, where only that is
// told.
func hostOf(v *object.Vault) string {
	host := strings.TrimPrefix(lower(v.URI), "https://")
	host, _, _ = strings.Cut(host, "/")
	return cmp.Or(host, lower(v.Name)+".vault.azure.net")
}

// finishUses adds when secrets and certificates were last used, and to whom sign-ins
// belong.
func (b *builder) finishUses(t *object.Tenant) {
	of := map[string]string{}
	for i := range t.Principals {
		p := &t.Principals[i]
		if _, twice := of[p.AppID]; twice {
			of[p.AppID] = ""
		} else {
			of[p.AppID] = p.ID
		}
		b.use(p.Passwords, p.Keys)
	}
	for i := range t.Applications {
		b.use(t.Applications[i].Passwords, t.Applications[i].Keys)
	}
	t.SignIns = b.signIns.sorted()
	for i := range t.SignIns {
		t.SignIns[i].Principal = of[t.SignIns[i].AppID]
	}
}

func (b *builder) use(passwords []object.Password, keys []object.Certificate) {
	for i := range passwords {
		if u, ok := b.uses[passwords[i].ID]; ok {
			p := &passwords[i]
			p.LastUsed, p.Used, p.UsedBy, p.UsedAt = u.at.Time, inventory.TriOf(!u.at.IsZero()), u.by, u.resource
		}
	}
	for i := range keys {
		if u, ok := b.uses[keys[i].ID]; ok {
			keys[i].LastUsed, keys[i].Used = u.at.Time, inventory.TriOf(!u.at.IsZero())
		}
	}
}

// finishPeople keeps the users that answer for something and the groups that hold or
// own something, with groups in these.
func (b *builder) finishPeople(t *object.Tenant) {
	answer, hold := b.wanted(t)
	for changed := true; changed; {
		changed = false
		for _, id := range sortedKeys(b.groups) {
			if !hold[id] && !answer[id] {
				continue
			}
			for m := range b.members[id] {
				changed = changed || !hold[m]
				hold[m] = true
			}
			for o := range b.groupOwners[id] {
				changed = changed || !answer[o]
				answer[o] = true
			}
		}
	}
	for _, u := range b.users.sorted() {
		if answer[u.ID] {
			t.Users = append(t.Users, u)
		}
	}
	for _, g := range b.groups.sorted() {
		if !hold[g.ID] && !answer[g.ID] {
			continue
		}
		var members []string
		members, g.Known = b.members.of(g.ID)
		for _, m := range members {
			if b.users[m] == nil {
				g.Members = append(g.Members, m)
			} else {
				g.Users = inventory.True // that there is none, no list of service principals tells
			}
		}
		g.Owners, _ = b.groupOwners.of(g.ID)
		t.Groups = append(t.Groups, g)
	}
}

// wanted are the ids of who answers for something, and of who holds a role and may be
// a group.
func (b *builder) wanted(t *object.Tenant) (answer, hold map[string]bool) {
	answer, hold = map[string]bool{}, map[string]bool{}
	add := func(to map[string]bool, ids ...string) {
		for _, id := range ids {
			to[id] = true
		}
	}
	for i := range t.Applications {
		add(answer, t.Applications[i].Owners...)
		add(answer, t.Applications[i].Sponsors...)
	}
	for i := range t.Principals {
		add(answer, t.Principals[i].Owners...)
		add(answer, t.Principals[i].Sponsors...)
	}
	for i := range t.Directory {
		add(hold, t.Directory[i].Principal)
	}
	for i := range t.AppRoles {
		if t.AppRoles[i].PrincipalType == "Group" {
			add(hold, t.AppRoles[i].Principal)
		}
	}
	for i := range t.Assignments {
		if kind := lower(t.Assignments[i].PrincipalType); kind != "user" && kind != "serviceprincipal" {
			add(hold, t.Assignments[i].Principal)
		}
	}
	for _, s := range t.Subscriptions {
		for i := range s.Vaults {
			for k := range s.Vaults[i].Access {
				add(hold, s.Vaults[i].Access[k].Object)
			}
		}
	}
	for i := range t.Denies {
		add(hold, t.Denies[i].Principals...)
		add(hold, t.Denies[i].Exclude...)
	}
	delete(hold, convert.Everyone)
	return answer, hold
}

// plural writes a number of things between two texts.
func plural(n int, thing, before, after string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%s%d %s%s", before, n, thing, after)
}
