package entra

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// actions lists actions of directory roles that lead to more (learn.microsoft.com,
// "Application registration permissions for custom roles", "Group management
// permissions", "Privileged roles and permissions").
func actions() []Entry {
	entry := func(name, edge, why string, capability string, powers ...Power) Entry {
		return Entry{Name: "microsoft.directory/" + name, Edge: edge, Level: inventory.LevelEscalate, Tier0: true, Powers: powers, Capabilities: []string{capability}, Why: why}
	}
	const (
		add    = "adds a credential to an application that may do more"
		owner  = "becomes owner of an application that may do more"
		member = "adds itself to a group that holds more"
	)
	maybe := func(e Entry, condition string) Entry {
		e.If = condition
		return e
	}
	return []Entry{
		entry("roleAssignments/allProperties/allTasks", "AZPrivilegedRoleAdmin", "gives itself any directory role", "policy.write", Raise, RoleGroups),
		entry("applications/credentials/update", "AZAddSecret", add, "credentials.create", Registrations),
		entry("applications/owners/update", "AZAddOwner", owner, "credentials.create", Registrations),
		entry("applications/allProperties/allTasks", "AZAddSecret", add, "credentials.create", Registrations),
		entry("applications/allProperties/update", "AZAddSecret", add, "credentials.create", Registrations),
		entry("servicePrincipals/credentials/update", "AZAddSecret", add, "credentials.create", Apps),
		entry("servicePrincipals/owners/update", "AZAddOwner", owner, "credentials.create", Apps),
		entry("servicePrincipals/allProperties/allTasks", "AZAddSecret", add, "credentials.create", Apps),
		entry("servicePrincipals/allProperties/update", "AZAddSecret", add, "credentials.create", Apps),
		entry("servicePrincipals/managePermissionGrantsForAll.microsoft-company-admin", "AZMGGrantAppRoles", "grants itself any application permission", "policy.write", Raise),
		entry("groups/members/update", "AZAddMembers", member, "identity.write", Groups),
		entry("groups/owners/update", "AZAddOwner", member, "identity.write", Groups),
		entry("groups/allProperties/allTasks", "AZAddMembers", member, "identity.write", Groups),
		entry("groups/allProperties/update", "AZAddMembers", member, "identity.write", Groups),
		entry("groups.security/members/update", "AZAddMembers", member, "identity.write", Groups),
		entry("groups.security/owners/update", "AZAddOwner", member, "identity.write", Groups),
		entry("groups.unified/members/update", "AZAddMembers", member, "identity.write", OfficeGroups),
		entry("groups.unified/owners/update", "AZAddOwner", member, "identity.write", OfficeGroups),
		entry("groupsAssignableToRoles/members/update", "AZAddMembers", "adds members to groups that hold directory roles", "policy.write", RoleGroups),
		entry("groupsAssignableToRoles/owners/update", "AZAddOwner", "adds owners to groups that hold directory roles", "policy.write", RoleGroups),
		entry("groupsAssignableToRoles/allProperties/update", "AZAddMembers", "adds members to groups that hold directory roles", "policy.write", RoleGroups),
		entry("groupsAssignableToRoles/allProperties/allTasks", "AZAddMembers", "adds members to groups that hold directory roles", "policy.write", RoleGroups),
		maybe(entry("users/password/update", "AZResetPassword", "resets the password of a user who owns more", "credentials.create", UsersMaybe), "the user can sign in with a password alone"),
		entry("users/authenticationMethods/basic/update", "AZResetPassword", "takes over a user who owns more", "credentials.create", Users),
		entry("users/authenticationMethods/create", "AZResetPassword", "takes over a user who owns more", "credentials.create", Users),
		maybe(entry("domains/federation/update", "muster-az107", "federates a domain and signs in as its users", "trust.write", RaiseMaybe), "the tenant has a domain besides its first"),
		maybe(entry("domains/federationConfiguration/create", "muster-az107", "federates a domain and signs in as its users", "trust.write", RaiseMaybe), "the tenant has a domain besides its first"),
		maybe(entry("domains/federationConfiguration/basic/update", "muster-az107", "federates a domain and signs in as its users", "trust.write", RaiseMaybe), "the tenant has a domain besides its first"),
		maybe(entry("entitlementManagement/allProperties/allTasks", "muster-az108", "opens an access package that gives a directory role", "policy.write", RaiseMaybe), "there is such a package"),
		maybe(entry("users/userPrincipalName/update", "muster-az105", "changes what puts a user into a group that holds more", "identity.write", RaiseMaybe), "such a group takes its members by a rule"),
		maybe(entry("lifecycleWorkflows/workflows/allProperties/allTasks", "muster-az109", "writes a workflow that puts a user into a group that holds more", "identity.write", RaiseMaybe), "there is such a group that takes members"),
	}
}

// Actions says what a custom role allows by its actions
// ("microsoft.directory/applications/credentials/update").
func (t *Tables) Actions(id, name string, list []string) Entry {
	out := Entry{ID: id, Name: name, Level: inventory.LevelNone}
	for _, a := range list {
		lower := strings.ToLower(strings.TrimSpace(a))
		e, ok := t.actions[lower]
		if !ok {
			out.raise(plain(lower))
			continue
		}
		out.raise(e.Level)
		out.Tier0 = true
		if out.Edge == "" {
			out.Edge, out.Why = e.Edge, e.Why
		}
		if out.If == "" {
			out.If = e.If
		}
		for _, p := range e.Powers {
			if !out.Has(p) {
				out.Powers = append(out.Powers, p)
			}
		}
		for _, c := range e.Capabilities {
			if !slices.Contains(out.Capabilities, c) {
				out.Capabilities = append(out.Capabilities, c)
			}
		}
	}
	slices.Sort(out.Powers)
	slices.Sort(out.Capabilities)
	return out
}

// raise makes the level at least as high as given.
func (e *Entry) raise(l inventory.Level) {
	if l.Rank() > e.Level.Rank() {
		e.Level = l
	}
}

// plain is the level of an action by its last part.
func plain(action string) inventory.Level {
	if strings.HasSuffix(action, "/read") {
		return inventory.LevelRead
	}
	return inventory.LevelWrite
}
