package live

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/scanners/azure/object"
)

// finish joins what was listed on its own, and puts the estate in order.
func (x *run) finish() {
	t := x.tenant
	x.join(t)
	x.joinSchedules(t)
	x.joinUses(t)
	x.joinIdentities(t)
	order(t)
	for _, s := range t.Subscriptions {
		orderSubscription(s)
	}
	x.clear()
	slices.Sort(x.estate.Notes)
}

// by sorts by a text.
func by[T any](list []T, key func(*T) string) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(&a), key(&b)) })
}

// order sorts all lists of a tenant, so that two readings are the same whatever came
// back first.
func order(t *object.Tenant) {
	by(t.Applications, func(x *object.Application) string { return x.ID })
	by(t.Principals, func(x *object.ServicePrincipal) string { return x.ID })
	by(t.Users, func(x *object.User) string { return x.ID })
	by(t.Groups, func(x *object.Group) string { return x.ID })
	by(t.DirectoryRoles, func(x *object.DirectoryRole) string { return x.ID })
	by(t.Directory, func(x *object.DirectoryRoleAssignment) string { return x.ID })
	by(t.AppRoles, func(x *object.AppRoleAssignment) string { return x.ID })
	by(t.Delegated, func(x *object.DelegatedGrant) string { return x.ID })
	by(t.Units, func(x *object.Unit) string { return x.ID })
	by(t.Management, func(x *object.ManagementPolicy) string { return x.ID })
	by(t.SignIns, func(x *object.SignIn) string { return x.AppID })
	by(t.Creators, func(x *object.Creator) string {
		return x.Object + " " + x.Activity + " " + x.At.Format("20060102150405")
	})
	by(t.Risky, func(x *object.Risk) string { return x.Principal })
	by(t.Folders, func(x *object.ManagementGroup) string { return x.ID })
	by(t.RoleDefs, func(x *object.RoleDefinition) string { return x.ID })
	by(t.Assignments, func(x *object.RoleAssignment) string { return x.ID })
	by(t.Denies, func(x *object.DenyAssignment) string { return x.ID })
	slices.SortFunc(t.Subscriptions, func(a, b *object.Subscription) int { return cmp.Compare(a.ID, b.ID) })
	t.Listings = orderListings(t.Listings)
	t.Notes = orderNotes(t.Notes)
	slices.Sort(t.Contacts)
	t.Contacts = slices.Compact(t.Contacts)
	for i := range t.Applications {
		orderApplication(&t.Applications[i])
	}
	for i := range t.Principals {
		slices.Sort(t.Principals[i].Owners)
		slices.Sort(t.Principals[i].Sponsors)
	}
	for i := range t.Groups {
		slices.Sort(t.Groups[i].Members)
		slices.Sort(t.Groups[i].Owners)
	}
}

func orderApplication(a *object.Application) {
	slices.Sort(a.Owners)
	slices.Sort(a.Sponsors)
	slices.Sort(a.Policies)
	by(a.Federated, func(x *object.Federated) string { return x.Name })
}

func orderSubscription(s *object.Subscription) {
	by(s.Identities, func(x *object.ManagedIdentity) string { return x.ID })
	by(s.Consumers, func(x *object.Consumer) string { return x.ID })
	by(s.Vaults, func(x *object.Vault) string { return x.ID })
	by(s.Stores, func(x *object.Store) string { return x.ID })
	by(s.Switches, func(x *object.LocalAuth) string { return x.ID })
	by(s.Clusters, func(x *object.Cluster) string { return x.ID })
	for i := range s.Vaults {
		by(s.Vaults[i].Objects, func(x *object.VaultObject) string { return x.Kind + " " + x.ID })
	}
	for i := range s.Identities {
		by(s.Identities[i].Federated, func(x *object.Federated) string { return x.Name })
		slices.Sort(s.Identities[i].Resources)
	}
	s.Listings = orderListings(s.Listings)
	s.Notes = orderNotes(s.Notes)
}

func orderListings(list []object.Listing) []object.Listing {
	by(list, func(x *object.Listing) string { return x.Call + " " + x.Where })
	return list
}

func orderNotes(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
