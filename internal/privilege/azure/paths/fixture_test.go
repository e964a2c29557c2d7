package paths

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
	"github.com/muster-nhi/muster/internal/privilege/azure/entra"
)

// The subscriptions of Northwind Robotics.
const (
	prod = "/subscriptions/22222222-3333-4444-5555-666666666666"
	dev  = "/subscriptions/33333333-4444-5555-6666-777777777777"
	plat = "/providers/Microsoft.Management/managementGroups/northwind-platform"
)

var now = time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)

// A tenant is an estate in the making. Ids are names.
type tenant struct{ Estate }

func newTenant() *tenant {
	return &tenant{Estate{
		Tenant: "11111111-2222-3333-4444-555555555555", AsOf: now, Unread: map[Part]string{},
		Management:    []ManagementGroup{{ID: "northwind-platform"}},
		Subscriptions: []Subscription{{ID: strings.TrimPrefix(prod, "/subscriptions/"), Management: "northwind-platform"}, {ID: strings.TrimPrefix(dev, "/subscriptions/")}},
	}}
}

// app adds an application that is registered in the tenant.
func (t *tenant) app(id string, owners ...string) *Principal {
	return t.add(Principal{ID: id, AppID: "app-" + id, Application: "reg-" + id, Name: id, Kind: KindApplication, Enabled: inventory.True, Owners: owners, OwnersKnown: true})
}

func (t *tenant) user(id string) *Principal {
	return t.add(Principal{ID: id, Name: id, Kind: KindUser, Enabled: inventory.True})
}

// managed adds a user-assigned identity that runs on a resource.
func (t *tenant) managed(id, on, kind string) *Principal {
	arm := prod + "/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + id
	t.Resources = append(t.Resources, Resource{ID: arm, Name: id, Type: typeIdentity, Identities: []string{id}})
	if on != "" {
		t.Resources = append(t.Resources, Resource{ID: on, Name: short(on), Type: kind, Identities: []string{id}})
	}
	return t.add(Principal{ID: id, Name: id, Kind: KindManaged, Enabled: inventory.True, Identity: arm})
}

// system adds the identity of a resource.
func (t *tenant) system(id, on, kind string) *Principal {
	t.Resources = append(t.Resources, Resource{ID: on, Name: short(on), Type: kind, Identities: []string{id}})
	return t.add(Principal{ID: id, Name: id, Kind: KindManaged, Enabled: inventory.True, Identity: on})
}

func (t *tenant) add(p Principal) *Principal {
	t.Principals = append(t.Principals, p)
	return &t.Principals[len(t.Principals)-1]
}

func (t *tenant) group(id string, members ...string) *Group {
	t.Groups = append(t.Groups, Group{ID: id, Name: id, RoleAssignable: inventory.False, Office: inventory.False, Synced: inventory.False, Users: inventory.False, Members: members, Known: true})
	return &t.Groups[len(t.Groups)-1]
}

// graph grants a permission of Microsoft Graph.
func (t *tenant) graph(id, name string) *tenant {
	t.AppRoles = append(t.AppRoles, AppRole{Principal: id, Resource: entra.Graph, Name: name})
	return t
}

// role gives a directory role by name.
func (t *tenant) role(id, name string) *DirectoryAssignment {
	t.Directory = append(t.Directory, DirectoryAssignment{ID: "da-" + id, Principal: id, Name: name, BuiltIn: true, Scope: "/"})
	return &t.Directory[len(t.Directory)-1]
}

// assign gives a role of Azure.
func (t *tenant) assign(id, role, scope string) *Assignment {
	t.Assignments = append(t.Assignments, Assignment{ID: "ra-" + id, Principal: id, Role: role, Scope: scope})
	return &t.Assignments[len(t.Assignments)-1]
}

// custom defines a role of Azure.
func (t *tenant) custom(id string, actions ...string) string {
	var p arm.Permission
	for _, a := range actions {
		switch {
		case strings.HasPrefix(a, "-data:"):
			p.NotDataActions = append(p.NotDataActions, a[6:])
		case strings.HasPrefix(a, "-"):
			p.NotActions = append(p.NotActions, a[1:])
		case strings.HasPrefix(a, "data:"):
			p.DataActions = append(p.DataActions, a[5:])
		default:
			p.Actions = append(p.Actions, a)
		}
	}
	t.Roles = append(t.Roles, arm.Role{ID: id, Name: id, Custom: true, Permissions: []arm.Permission{p}, Known: true})
	return id
}

func (t *tenant) analyze() *Analysis { return Analyze(&t.Estate) }

// of is the result of a principal, which has to be there.
func of(tb testing.TB, a *Analysis, id string) *Result {
	tb.Helper()
	r := a.Of(id)
	if r == nil {
		tb.Fatalf("%s is not in the estate", id)
	}
	return r
}

// lines writes a result for a message.
func (r *Result) lines() string {
	var b strings.Builder
	b.WriteString("level " + string(r.Level) + ", certain " + string(r.Certain) + ", possible " + string(r.Possible) + ", " + strings.Join(r.Capabilities, " ") + "\n")
	for i := range r.Reasons {
		b.WriteString("  because: " + r.Reasons[i].String() + "\n")
	}
	for i := range r.Paths {
		b.WriteString("  path: " + r.Paths[i].String())
		if !r.Paths[i].Certain {
			b.WriteString(" (perhaps)")
		}
		b.WriteString(" leads to " + r.Paths[i].Leads + "\n")
	}
	for _, u := range r.Unknown {
		b.WriteString("  unknown: " + u + "\n")
	}
	return b.String()
}
