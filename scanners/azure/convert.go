package azure

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
	"github.com/muster-nhi/muster/internal/privilege/azure/paths"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// estateOf hands package paths what there is of a tenant. Assignments keep their
// order, by which they are asked for again.
func (m *mapper) estateOf(now time.Time) *paths.Estate {
	t := m.t
	e := &paths.Estate{Tenant: lower(t.ID), AsOf: now, Unread: m.unreadParts()}
	m.principalsTo(e)
	for i := range t.Groups {
		g := &t.Groups[i]
		e.Groups = append(e.Groups, paths.Group{
			ID: lower(g.ID), Name: g.Name, RoleAssignable: g.RoleAssignable, Dynamic: g.Dynamic != "", Members: lowers(g.Members), Known: g.Known, Users: m.usersIn(g), Synced: g.Synced, Owners: lowers(g.Owners),
		})
	}
	for i := range t.Units {
		u := &t.Units[i]
		e.Units = append(e.Units, paths.Unit{ID: lower(u.ID), Restricted: u.Restricted, Members: lowers(u.Members), Known: u.Known})
	}
	for i := range t.Directory {
		e.Directory = append(e.Directory, m.directoryTo(&t.Directory[i]))
	}
	for _, a := range namedRoles(t) {
		_, appID := m.api(a.Resource)
		x := paths.AppRole{Principal: lower(a.Principal), Resource: appID, ID: lower(a.Role)}
		if r := m.appRoles[[2]string{lower(a.Resource), lower(a.Role)}]; r != nil {
			x.Name = r.Value
		}
		e.AppRoles = append(e.AppRoles, x)
	}
	for i := range t.Delegated {
		d := &t.Delegated[i]
		_, appID := m.api(d.Resource)
		e.Delegated = append(e.Delegated, paths.Delegated{
			Client: lower(d.Client), Resource: appID, Scopes: d.Scopes, Everyone: strings.EqualFold(d.Consent, "AllPrincipals"),
		})
	}
	m.rolesTo(e)
	m.resourcesTo(e)
	return e
}

// lowers returns GUIDs as they are compared.
func lowers(ids []string) []string {
	if len(ids) == 0 {
		return nil
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = lower(id)
	}
	return out
}

// principalsTo converts service principals, identities that only ARM told of, and
// people.
func (m *mapper) principalsTo(e *paths.Estate) {
	e.Principals = make([]paths.Principal, 0, len(m.t.Principals)+len(m.t.Users))
	for i := range m.t.Principals {
		r := m.principal(&m.t.Principals[i])
		e.Principals = append(e.Principals, m.principalTo(&r))
	}
	for _, s := range m.order {
		for i := range s.Identities {
			x := &s.Identities[i]
			if key := lower(x.Principal); key != "" && m.sps[key] == nil && m.managed[key] == x {
				e.Principals = append(e.Principals, paths.Principal{
					ID: key, AppID: lower(x.Client), Name: cmp.Or(x.Name, lastPart(x.ID)), Kind: paths.KindManaged, Identity: x.ID, OwnersKnown: true,
				})
			}
		}
	}
	for i := range m.t.Users {
		u := &m.t.Users[i]
		e.Principals = append(e.Principals, paths.Principal{
			ID: lower(u.ID), Name: cmp.Or(u.UPN, u.Mail, u.Name), Kind: paths.KindUser, Enabled: u.Enabled, OwnersKnown: true,
		})
	}
	m.strangersTo(e)
	m.signersTo(e)
}

// principalTo converts a service principal, with the registration that it is of.
func (m *mapper) principalTo(r *ref) paths.Principal {
	p := r.sp
	x := paths.Principal{
		ID: lower(p.ID), AppID: lower(p.AppID), Name: r.name, Kind: paths.KindApplication, Enabled: p.Enabled, Owners: lowers(p.Owners), OwnersKnown: p.OwnersKnown,
		Microsoft: byMicrosoft(p.HomeTenant) && lower(p.HomeTenant) != lower(m.t.ID), Blueprint: lower(p.Blueprint), BlueprintSelf: r.typ == typeBlueprint,
	}
	switch r.typ {
	case typeManaged:
		x.Kind, x.Identity = paths.KindManaged, ""
		if r.managed != nil {
			x.Identity = r.managed.ID
		} else {
			x.Identity, _ = armOf(p)
		}
	case typeAgent:
		x.Kind = paths.KindAgent
	}
	if a := r.app; a != nil {
		x.Application = lower(a.ID)
		for _, id := range x.Owners {
			if !slices.ContainsFunc(a.Owners, func(s string) bool { return lower(s) == id }) {
				x.InstanceOwners = append(x.InstanceOwners, id)
			}
		}
		x.Owners = unique(append(x.Owners, lowers(a.Owners)...))
		x.OwnersKnown = x.OwnersKnown && a.OwnersKnown
		if a.Lock != nil {
			x.Locked = inventory.TriOf(a.Lock.Enabled && (a.Lock.All || a.Lock.Credentials))
		}
	} else {
		x.InstanceOwners = x.Owners
		x.OwnersKnown = x.OwnersKnown && (r.typ != typeApplication || m.whole("graph: GET /applications"))
	}
	return x
}

func (m *mapper) directoryTo(a *object.DirectoryRoleAssignment) paths.DirectoryAssignment {
	x := paths.DirectoryAssignment{
		ID: a.ID, Principal: lower(a.Principal), Template: lower(a.Role), Scope: cmp.Or(a.Scope, "/"), Eligible: a.Eligible, Start: a.Start, End: a.End,
	}
	if r := m.roles[lower(a.Role)]; r != nil {
		x.Template, x.Name, x.BuiltIn, x.Actions, x.Known = lower(cmp.Or(r.Template, r.ID)), r.Name, r.BuiltIn, r.Actions, r.Known
	}
	return x
}

// rolesTo converts roles of Azure and who has them.
func (m *mapper) rolesTo(e *paths.Estate) {
	t := m.t
	for i := range t.RoleDefs {
		d := &t.RoleDefs[i]
		e.Roles = append(e.Roles, arm.Role{ID: lower(d.ID), Name: d.Name, Custom: d.Custom, Permissions: permissionsTo(d.Permissions), Known: d.Known})
	}
	e.Assignments = make([]paths.Assignment, 0, len(t.Assignments))
	for i := range t.Assignments {
		a := &t.Assignments[i]
		e.Assignments = append(e.Assignments, paths.Assignment{
			Principal: lower(a.Principal), Type: a.PrincipalType, Role: lower(a.Role), Scope: cmp.Or(a.Scope, "/"), Condition: a.Condition,
			Eligible: a.Eligible, Classic: a.Classic, Start: a.Start, End: a.End,
		})
	}
	for i := range t.Denies {
		d := &t.Denies[i]
		e.Denies = append(e.Denies, paths.Deny{
			ID: d.ID, Name: d.Name, Scope: cmp.Or(d.Scope, "/"), Principals: lowers(d.Principals), Exclude: lowers(d.Exclude), Permissions: permissionsTo(d.Permissions),
			NotChildren: d.NotChildren, Condition: d.Condition,
		})
	}
}

func permissionsTo(list []object.Permission) []arm.Permission {
	if list == nil {
		return nil
	}
	out := make([]arm.Permission, 0, len(list))
	for i := range list {
		out = append(out, arm.Permission(list[i]))
	}
	return out
}

// resourcesTo converts subscriptions and what lies in them.
func (m *mapper) resourcesTo(e *paths.Estate) {
	for i := range m.t.Folders {
		f := &m.t.Folders[i]
		x := paths.ManagementGroup{ID: lastPart(f.ID), Name: f.Name}
		if f.Parent != "" {
			x.Parent = lastPart(f.Parent)
		}
		e.Management = append(e.Management, x)
	}
	const runs = "arm: Resource Graph: resources with identities"
	signers := m.thumbprints(e)
	for _, s := range m.order {
		x := paths.Subscription{ID: lower(s.ID), Name: s.Name}
		if len(s.Parents) > 0 {
			x.Management = lastPart(s.Parents[0])
		}
		if !m.whole(runs) {
			x.Unread = []string{"*"}
		}
		e.Subscriptions = append(e.Subscriptions, x)
		for i := range s.Consumers {
			c := &s.Consumers[i]
			ids := m.principalsOf(c)
			if strings.EqualFold(c.Type, typeCluster) {
				continue // below: only its kubelet's
			}
			e.Resources = append(e.Resources, paths.Resource{ID: c.ID, Name: c.Name, Type: strings.ToLower(c.Type), Kind: strings.ToLower(c.Kind), Identities: ids})
		}
		for i := range s.Clusters {
			c := &s.Clusters[i]
			x := paths.Resource{ID: c.ID, Name: c.Name, Type: typeCluster}
			if c.Kubelet != "" {
				x.Identities = []string{lower(c.Kubelet)}
			}
			x.Identities = unique(append(x.Identities, m.pods[object.Fold(c.ID)]...))
			e.Resources = append(e.Resources, x)
		}
		for i := range s.Identities {
			if x := &s.Identities[i]; !x.System && x.Principal != "" {
				e.Resources = append(e.Resources, paths.Resource{
					ID: x.ID, Name: x.Name, Type: "microsoft.managedidentity/userassignedidentities", Identities: []string{lower(x.Principal)},
				})
			}
		}
		for i := range s.Vaults {
			v := &s.Vaults[i]
			x := paths.Vault{ID: v.ID, RBAC: v.RBAC, Certificates: m.keptIn(v, signers)}
			for p := range v.Access {
				x.Access = append(x.Access, accessTo(&v.Access[p]))
			}
			e.Vaults = append(e.Vaults, x)
		}
	}
	m.namedResourcesTo(e)
}

// typeCluster is the type of a cluster of AKS.
const typeCluster = "microsoft.containerservice/managedclusters"

func accessTo(p *object.AccessPolicy) paths.Access {
	return paths.Access{Object: lower(p.Object), Secrets: p.Secrets, Keys: p.Keys, Certificates: p.Certificates}
}

// unreadParts says which parts of the tenant were not read in full, and why.
func (m *mapper) unreadParts() map[paths.Part]string {
	out := map[paths.Part]string{}
	all := slices.Concat(m.listingsOf(nil))
	for _, p := range []struct {
		part paths.Part
		must string   // without which nothing is known
		may  []string // asked only where there is something to ask
	}{
		{paths.PartPrincipals, callPrincipals, []string{"graph: GET /applications"}},
		{paths.PartOwners, callPrincipals, []string{"graph: GET /applications|servicePrincipals/{id}/owners"}},
		{paths.PartDirectory, "graph: GET /roleManagement/directory/roleAssignments", nil},
		{paths.PartAppRoles, "graph: GET /servicePrincipals?$expand=appRoleAssignments", nil},
		{paths.PartGroups, callPrincipals, []string{"graph: POST /directoryObjects/getByIds", "graph: GET /groups/*"}},
		{paths.PartSubscriptions, "arm: Microsoft.Resources/subscriptions/read", nil},
		{paths.PartManagement, "arm: Resource Graph: resourcecontainers", nil},
		{paths.PartAssignments, "arm: Microsoft.Authorization/roleAssignments/read", nil},
		{paths.PartDenies, "arm: Microsoft.Authorization/denyAssignments/read", nil},
	} {
		asked := false
		for _, l := range all {
			must := l.Call == p.must
			asked = asked || must
			of := must || slices.ContainsFunc(p.may, func(call string) bool { return cloud.Matches(call, l.Call) })
			if of && !cloud.Complete(l.Status) && out[p.part] == "" {
				out[p.part] = inventory.Clip(cmp.Or(l.Reason, "not read"), cloud.MaxText)
			}
		}
		if !asked && out[p.part] == "" {
			out[p.part] = "not read"
		}
	}
	if n := m.t.LeftOut; n > 0 && out[paths.PartAssignments] == "" {
		out[paths.PartAssignments] = "roles in " + strconv.Itoa(n) + " subscriptions that are left out by choice"
	}
	if len(m.unread) > 0 && out[paths.PartGroups] == "" {
		out[paths.PartGroups] = "the members of " + inventory.Clip(cloud.List(m.unread), cloud.MaxName) + " are not known"
	}
	return out
}
