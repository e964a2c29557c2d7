package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// status says how much of a call the files have.
func (l *listing) status() inventory.Status {
	switch {
	case l == nil:
		return inventory.StatusSkipped
	case l.denied && l.count == 0:
		return inventory.StatusDenied
	case l.trouble != "", l.pages > 0 && l.ended == 0:
		return inventory.StatusPartial
	case l.pages == 0:
		return inventory.StatusSkipped
	}
	return inventory.StatusComplete
}

// reason says why a listing is not complete.
func (l *listing) reason() string {
	switch {
	case l == nil || l.pages == 0 && l.trouble == "":
		return "no file"
	case l.trouble != "":
		return l.trouble
	}
	return "the last page is missing"
}

// made makes what is told of a call.
func made(c *call, where string, l *listing, command string) object.Listing {
	out := object.Listing{Call: c.name, Where: where, Status: l.status()}
	if l != nil {
		out.Count = l.count
	}
	if out.Status != inventory.StatusComplete {
		out.Reason = l.reason() + ": " + command
	}
	return out
}

// tell says of each call what the files have of it, and what to run for what they
// lack.
func (b *builder) tell(t *object.Tenant) {
	said := map[string]bool{}
	for i := range b.r.calls.list {
		c := &b.r.calls.list[i]
		if c.need == extra || said[c.name] {
			continue
		}
		said[c.name] = true
		switch c.need {
		case tenant:
			t.Listings = append(t.Listings, b.tellTenant(c))
		case subscription:
			b.tellSubscriptions(t, c)
		case vault:
			b.tellVaults(t, c)
		case each:
			b.tellEach(t, c)
		case extra:
		}
	}
	for _, name := range []string{callAudit, callRisk} {
		if l := b.listings[spot{name, ""}]; l != nil {
			for i := range b.r.calls.list {
				if c := &b.r.calls.list[i]; c.name == name {
					t.Listings = append(t.Listings, made(c, "", l, c.command()))
				}
			}
		}
	}
	order(t.Listings)
	for _, s := range t.Subscriptions {
		order(s.Listings)
	}
}

func order(list []object.Listing) {
	slices.SortStableFunc(list, func(a, b object.Listing) int {
		return cmp.Or(cmp.Compare(a.Call, b.Call), cmp.Compare(a.Where, b.Where))
	})
}

// tellTenant tells of a call that is made once.
func (b *builder) tellTenant(c *call) object.Listing {
	out := made(c, "", b.listings[spot{c.name, ""}], c.command())
	if out.Status == inventory.StatusSkipped && b.some[spot{c.name, ""}] {
		out.Status, out.Reason = inventory.StatusPartial, "some of it is known from other files only: "+c.command()
	}
	if closed := b.closed(c.name); closed > 0 && out.Status == inventory.StatusComplete {
		out.Status, out.Reason = inventory.StatusPartial, plural(closed, "object", "of ", " the secrets or certificates are not told: "+c.command())
	}
	if c.name == callAppRoles && out.Status == inventory.StatusComplete {
		cut := 0
		for id := range b.cutRoles {
			if b.cutRoles[id] && !b.allRoles[id] {
				cut++
			}
		}
		if cut > 0 {
			out.Status, out.Reason = inventory.StatusPartial, plural(cut, "service principal", "of ", " only the first 20 are told; run for each: az rest --url 'https://graph.microsoft.com/v1.0/servicePrincipals/ID/appRoleAssignments'")
		}
	}
	return out
}

// tellSubscriptions tells of a call that one listing of the whole tenant answers, or
// one for each subscription.
func (b *builder) tellSubscriptions(t *object.Tenant, c *call) {
	all := b.listings[spot{c.name, ""}]
	if all != nil || len(t.Subscriptions) == 0 {
		out := made(c, "", all, c.command())
		if lacks := b.thin(t.Subscriptions, c.name); lacks > 0 && out.Status == inventory.StatusComplete {
			out.Status, out.Reason = inventory.StatusPartial, plural(lacks, "resource", "of ", " only the name is known: "+c.command())
		}
		if all == nil && b.some[spot{c.name, ""}] {
			out.Status, out.Reason = inventory.StatusPartial, "some of it is known from other files only: "+c.command()
		}
		if all.status() == inventory.StatusComplete || all == nil || !b.heardAnywhere(t, c.name) {
			t.Listings = append(t.Listings, out)
			return
		}
	}
	for _, s := range t.Subscriptions {
		command := c.commandFor(s.ID)
		out := made(c, "", b.listings[spot{c.name, s.ID}], command)
		lacks := b.thin([]*object.Subscription{s}, c.name)
		switch {
		case lacks > 0 && out.Status == inventory.StatusComplete:
			out.Status, out.Reason = inventory.StatusPartial, plural(lacks, "resource", "of ", " only the name is known: "+command)
		case c.name == callAssignments && out.Status == inventory.StatusComplete && b.below[s.ID]:
			out.Status, out.Reason = inventory.StatusPartial, "roles that hold above the subscription are left out: "+command
		case out.Status == inventory.StatusSkipped && (b.some[spot{c.name, s.ID}] || b.some[spot{c.name, ""}]):
			out.Status, out.Reason = inventory.StatusPartial, "some of it is known from other files only: "+command
		}
		s.Listings = append(s.Listings, out)
	}
}

// heardAnywhere reports whether a file of a subscription answers a call.
func (b *builder) heardAnywhere(t *object.Tenant, name string) bool {
	return slices.ContainsFunc(t.Subscriptions, func(s *object.Subscription) bool { return b.listings[spot{name, s.ID}] != nil })
}

// commandFor is what to run for one subscription.
func (c *call) commandFor(sub string) string {
	command := strings.ReplaceAll(c.command(), "SUBSCRIPTION", sub)
	if strings.HasPrefix(command, "az graph query") || strings.Contains(command, sub) {
		return command
	}
	return command + " --subscription " + sub
}

// thin counts the resources that a call lists of which only the name is known.
func (b *builder) thin(in []*object.Subscription, name string) int {
	n := 0
	count := func(id string) {
		if rich, known := b.rich[object.Fold(id)]; known && !rich {
			n++
		}
	}
	for _, s := range in {
		switch name {
		case callStores:
			for i := range s.Stores {
				count(s.Stores[i].ID)
			}
		case callVaults:
			for i := range s.Vaults {
				count(s.Vaults[i].ID)
			}
		case callSwitches:
			for i := range s.Switches {
				count(s.Switches[i].ID)
			}
		case callClusters:
			for i := range s.Clusters {
				count(s.Clusters[i].ID)
			}
		case callIdentities:
			for i := range s.Identities {
				count(s.Identities[i].ID)
			}
		}
	}
	return n
}

// tellVaults tells of a call that is made for each vault.
func (b *builder) tellVaults(t *object.Tenant, c *call) {
	for _, s := range t.Subscriptions {
		for i := range s.Vaults {
			v := &s.Vaults[i]
			l := b.listings[spot{c.name, hostOf(v)}]
			if named := b.listings[spot{c.name, lower(v.Name)}]; l == nil {
				l = named
			} else if named != nil && l.trouble == "" {
				l.trouble = named.trouble
			}
			s.Listings = append(s.Listings, made(c, v.Name, l, "az "+strings.ReplaceAll(c.ask, "NAME", v.Name)))
		}
	}
}

// known counts the objects that a call is made for, and those of which the answer is
// there.
type known struct{ is, of int }

func (k *known) add(is bool) {
	k.of++
	if is {
		k.is++
	}
}

// listing says how much of a call the answers for single objects come to. base are the
// calls without which nobody knows which objects there are.
func (b *builder) single(c *call, k known, command string, base ...string) object.Listing {
	out := object.Listing{Call: c.name, Count: k.is, Status: inventory.StatusComplete}
	refused := b.listings[spot{c.name, ""}]
	whole := !slices.ContainsFunc(base, func(name string) bool {
		l := b.listings[spot{name, ""}]
		return l == nil || l.status() != inventory.StatusComplete
	})
	switch {
	case k.is == 0 && refused.status() == inventory.StatusDenied:
		out.Status, out.Reason = inventory.StatusDenied, refused.trouble+": "+command
	case k.of > 0 && k.is == 0, k.of == 0 && !whole:
		out.Status, out.Reason = inventory.StatusSkipped, "no file: "+command
		if k.of > 0 {
			out.Reason = fmt.Sprintf("known of none of %d: %s", k.of, command)
		}
	case k.is < k.of:
		out.Status, out.Reason = inventory.StatusPartial, fmt.Sprintf("known of %d of %d: %s", k.is, k.of, command)
	}
	return out
}

// tellEach tells of a call that is answered for single objects, one by one or many at
// once.
func (b *builder) tellEach(t *object.Tenant, c *call) {
	var k known
	command, base := c.command(), []string{}
	switch c.name {
	case callFederated:
		base = []string{callApplications}
		for i := range t.Applications {
			k.add(t.Applications[i].FederatedKnown)
		}
	case callExpressions: // only beta tells what stands in place of a subject
		base = []string{callApplications}
		for i := range t.Applications {
			for _, f := range t.Applications[i].Federated {
				if f.Subject == "" {
					k.add(f.Expression != "")
				}
			}
		}
	case callOwners:
		b.tellOwners(t, c)
		return
	case callApplies:
		base = []string{callPolicies}
		for i := range t.Management {
			if p := &t.Management[i]; !p.Default {
				_, is := b.applies.of(p.ID)
				k.add(is)
			}
		}
	case callUnitMembers:
		base = []string{callUnits}
		for i := range t.Units {
			k.add(t.Units[i].Known)
		}
	case callNames:
		k = b.names(t)
	case callMembers, callGroupOwners:
		k = b.groupsKnown(t, c.name)
	case callIdentityTrusts:
		b.tellTrusts(t, c)
		return
	}
	t.Listings = append(t.Listings, b.single(c, k, command, base...))
}

// tellOwners tells of the owners of applications and of service principals.
func (b *builder) tellOwners(t *object.Tenant, c *call) {
	var apps, principals known
	for i := range t.Applications {
		apps.add(t.Applications[i].OwnersKnown)
	}
	for i := range t.Principals {
		if t.Principals[i].Type != "ManagedIdentity" { // nobody owns those
			principals.add(t.Principals[i].OwnersKnown)
		}
	}
	command := c.command()
	if apps.is == apps.of {
		command = strings.Replace(command, "/v1.0/applications", "/v1.0/servicePrincipals", 1)
	}
	t.Listings = append(t.Listings, b.single(c, known{apps.is + principals.is, apps.of + principals.of}, command, callApplications, callPrincipals))
}

// names counts the owners, sponsors and holders of roles that somebody must tell who
// they are.
func (b *builder) names(t *object.Tenant) known {
	var k known
	answer, hold := b.wanted(t)
	for id := range hold {
		if !answer[id] {
			answer[id] = true
		}
	}
	for id := range answer {
		if b.principals[id] == nil || b.principals[id].AppID == "" {
			k.add(b.users[id] != nil || b.groups[id] != nil)
		}
	}
	return k
}

// groupsKnown counts the groups that hold something.
func (b *builder) groupsKnown(t *object.Tenant, name string) known {
	var k known
	_, hold := b.wanted(t)
	for i := range t.Groups {
		if g := &t.Groups[i]; hold[g.ID] {
			_, owned := b.groupOwners.of(g.ID)
			k.add(name == callMembers && g.Known || name == callGroupOwners && owned)
		}
	}
	return k
}

// tellTrusts tells of federated credentials of user-assigned identities.
func (b *builder) tellTrusts(t *object.Tenant, c *call) {
	for _, s := range t.Subscriptions {
		var k known
		name := "NAME --resource-group GROUP"
		for i := range s.Identities {
			if m := &s.Identities[i]; !m.System {
				k.add(m.FederatedKnown)
				if parts := strings.Split(m.ID, "/"); !m.FederatedKnown && len(parts) > 4 {
					name = m.Name + " --resource-group " + parts[4]
				}
			}
		}
		if k.of > 0 {
			command := "az identity federated-credential list --identity-name " + inventory.Clip(inventory.Printable(name), maxName) + " --subscription " + s.ID
			s.Listings = append(s.Listings, b.single(c, k, command))
		}
	}
}

// maxName bounds names of resources in commands.
const maxName = 300

// tellUsage says whether anybody can tell last uses.
func (b *builder) tellUsage(t *object.Tenant) {
	t.UsageKnown = b.listings[spot{callSignIns, ""}].status() == inventory.StatusComplete
	t.CredentialUsageKnown = b.listings[spot{callKeySignIns, ""}].status() == inventory.StatusComplete
	if t.UsageKnown && t.CredentialUsageKnown {
		return
	}
	t.UsageReason = "the reports of sign-ins were not handed over in full"
}
