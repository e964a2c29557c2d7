package azure

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// TestPathsThrough scans small tenants that were decided by hand: what all that ci
// has together comes to, by which way.
func TestPathsThrough(t *testing.T) {
	const contributor, owner = "b24988ac-6180-42a0-ab88-20f7382dd24c", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	const prover = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
	sub, group := "/subscriptions/"+prodSub, "/providers/Microsoft.Management/managementGroups/platform"
	ci := func() object.ServicePrincipal {
		return object.ServicePrincipal{ID: sp("01"), AppID: app("01"), Name: "ci", Type: "Application", Enabled: inventory.True, HomeTenant: tenantID, OwnersKnown: true}
	}
	give := func(x *object.Tenant, role, to, kind, scope string) {
		x.Assignments = append(x.Assignments, object.RoleAssignment{ID: scope + "/providers/Microsoft.Authorization/roleAssignments/" + to, Role: role, Principal: to, PrincipalType: kind, Scope: scope})
	}
	managed := func(id string, names ...string) object.ServicePrincipal {
		return object.ServicePrincipal{ID: id, AppID: id, Name: "mi", Type: "ManagedIdentity", Enabled: inventory.True, AlternativeNames: names, OwnersKnown: true}
	}
	for _, c := range []struct {
		name  string
		make  func(x *object.Tenant, s *object.Subscription)
		level inventory.Level
		way   string // of the paths or the possible ones
	}{
		{"a managed identity that an application trusts", func(x *object.Tenant, s *object.Subscription) {
			x.Applications = append(x.Applications, object.Application{ID: obj("02"), AppID: app("02"), Name: "deploy", OwnersKnown: true, FederatedKnown: true, Federated: []object.Federated{
				{Name: "mi", Issuer: "https://login.microsoftonline.com/" + strings.ToUpper(tenantID) + "/v2.0", Subject: strings.ToUpper(sp("03")), Audiences: []string{"api://AzureADTokenExchange"}},
			}})
			x.Principals = append(x.Principals, object.ServicePrincipal{ID: sp("02"), AppID: app("02"), Name: "deploy", Type: "Application", Enabled: inventory.True, HomeTenant: tenantID, OwnersKnown: true}, managed(sp("03"), "isExplicit=False", machineID(prodSub, "m")))
			s.Consumers = append(s.Consumers, object.Consumer{ID: machineID(prodSub, "m"), Type: "microsoft.compute/virtualmachines", System: sp("03")})
			give(x, owner, sp("02"), "ServicePrincipal", sub)
			give(x, contributor, sp("01"), "ServicePrincipal", machineID(prodSub, "m"))
		}, "escalate", "muster-az122"},
		{"an identity that a cluster's accounts may become", func(x *object.Tenant, s *object.Subscription) {
			cluster := rg(prodSub, "aks") + "/providers/Microsoft.ContainerService/managedClusters/one"
			s.Clusters = append(s.Clusters, object.Cluster{ID: cluster, Name: "one", Issuer: "https://westeurope.oic.prod-aks.azure.com/x/y/"})
			s.Identities = append(s.Identities, object.ManagedIdentity{ID: identity(prodSub, "pod"), Name: "pod", Principal: sp("03"), FederatedKnown: true, Federated: []object.Federated{
				{Name: "pod", Issuer: "https://westeurope.oic.prod-aks.azure.com/x/y", Subject: "system:serviceaccount:web:front", Audiences: []string{"api://AzureADTokenExchange"}},
			}})
			x.Principals = append(x.Principals, managed(sp("03"), "isExplicit=True", identity(prodSub, "pod")))
			give(x, owner, sp("03"), "ServicePrincipal", sub)
			give(x, contributor, sp("01"), "ServicePrincipal", cluster)
		}, "escalate", "AZAKSContributor"},
		{"the identity of a policy of a management group", func(x *object.Tenant, _ *object.Subscription) {
			x.Principals = append(x.Principals, managed(sp("03"), "isExplicit=False", group+"/providers/Microsoft.Authorization/policyAssignments/tag"))
			give(x, owner, sp("03"), "ServicePrincipal", group)
			give(x, "36243c78-bf99-498c-9df9-86d9f8d28608", sp("01"), "ServicePrincipal", group)
		}, "unknown", "muster-az012"},
		{"the identity of a resource that nothing but its principal tells of", func(x *object.Tenant, _ *object.Subscription) {
			x.Principals = append(x.Principals, managed(sp("03"), "isExplicit=False", machineID(prodSub, "m")))
			give(x, owner, sp("03"), "ServicePrincipal", sub)
			give(x, contributor, sp("01"), "ServicePrincipal", rg(prodSub, "build"))
		}, "escalate", "AZVMContributor"},
		{"the certificate of an application in a vault", func(x *object.Tenant, s *object.Subscription) {
			x.Applications = append(x.Applications, object.Application{ID: obj("02"), AppID: app("02"), Name: "deploy", OwnersKnown: true, FederatedKnown: true, Keys: []object.Certificate{
				{ID: kid("01"), Usage: "Verify", Type: "AsymmetricX509Cert", Thumbprint: "AB12", End: day(2027, 1, 1)},
			}})
			x.Principals = append(x.Principals, object.ServicePrincipal{ID: sp("02"), AppID: app("02"), Name: "deploy", Type: "Application", Enabled: inventory.True, HomeTenant: tenantID, OwnersKnown: true})
			s.Vaults = []object.Vault{{
				ID: rg(prodSub, "web") + "/providers/Microsoft.KeyVault/vaults/nw", Name: "nw", RBAC: inventory.True,
				Objects: []object.VaultObject{{ID: "https://nw.vault.azure.net/certificates/deploy", Name: "deploy", Kind: "certificate", Thumbprint: "ab12"}},
			}}
			give(x, owner, sp("02"), "ServicePrincipal", sub)
			give(x, "4633458b-17de-408a-b874-0445c86b69e6", sp("01"), "ServicePrincipal", rg(prodSub, "web"))
		}, "unknown", "muster-az015"},
		{"a user with a role of Azure and nothing else", func(x *object.Tenant, _ *object.Subscription) {
			give(x, owner, user("01"), "User", sub)
			x.Directory = append(x.Directory, object.DirectoryRoleAssignment{ID: "d", Role: prover, Principal: sp("01"), Scope: "/"})
		}, "escalate", "AZResetPassword"},
		{"a user in a group with a role of Azure", func(x *object.Tenant, _ *object.Subscription) {
			x.Groups = append(x.Groups, object.Group{ID: guid("6", "01"), Name: "g", RoleAssignable: inventory.False, Known: true})
			give(x, owner, guid("6", "01"), "Group", sub)
			x.Directory = append(x.Directory, object.DirectoryRoleAssignment{ID: "d", Role: prover, Principal: sp("01"), Scope: "/"})
		}, "unknown", "AZResetPassword"},
		{"an application that owns another and holds nothing", func(x *object.Tenant, _ *object.Subscription) {
			x.Applications = append(x.Applications, object.Application{ID: obj("02"), AppID: app("02"), Name: "deploy", Owners: []string{sp("01")}, OwnersKnown: true, FederatedKnown: true})
			x.Principals = append(x.Principals, object.ServicePrincipal{ID: sp("02"), AppID: app("02"), Name: "deploy", Type: "Application", Enabled: inventory.True, HomeTenant: tenantID, OwnersKnown: true})
			give(x, owner, sp("02"), "ServicePrincipal", sub)
		}, "unknown", "AZOwns"},
		{"a group that was not read holds what writes", func(x *object.Tenant, _ *object.Subscription) {
			x.Groups = append(x.Groups, object.Group{ID: guid("6", "01"), Name: "g"})
			give(x, contributor, guid("6", "01"), "Group", sub)
			give(x, "acdd72a7-3385-48ef-bd42-f606fba81ae7", sp("01"), "ServicePrincipal", sub)
		}, "unknown", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := northwind()
			*x = object.Tenant{ID: tenantID, Listings: x.Listings, Folders: x.Folders, Principals: []object.ServicePrincipal{ci()}}
			x.Applications = []object.Application{{ID: obj("01"), AppID: app("01"), Name: "ci", OwnersKnown: true, FederatedKnown: true}}
			s := &object.Subscription{ID: prodSub, Name: "prod", Parents: []string{"platform"}}
			x.Subscriptions = []*object.Subscription{s}
			c.make(x, s)
			got := records(t, x)
			if level := got.identity[appOf("01")].Attributes["effective_level"]; level != string(c.level) {
				t.Errorf("level %s, want %s", level, c.level)
			}
			g := got.grant[appOf("01")+"#effective"]
			if g == nil {
				t.Fatal("nothing is told of all that ci has")
			}
			if !strings.Contains(g.Attributes["possible_paths"]+strings.Join(g.Paths, " "), c.way) {
				t.Errorf("want %s\n%v\n%v\n%v", c.way, g.Reasons, g.Paths, g.Attributes)
			}
		})
	}
}

// TestHoldsNothing: of who holds nothing no grant is told, though it may be in a group
// that was not read, as everybody else may be.
func TestHoldsNothing(t *testing.T) {
	x := northwind()
	*x = object.Tenant{ID: tenantID, Listings: x.Listings, Principals: []object.ServicePrincipal{
		{ID: sp("01"), AppID: app("01"), Name: "ci", Type: "Application", Enabled: inventory.True, HomeTenant: tenantID, OwnersKnown: true},
	}}
	x.Applications = []object.Application{{ID: obj("01"), AppID: app("01"), Name: "ci", OwnersKnown: true, FederatedKnown: true}}
	x.Subscriptions = []*object.Subscription{{ID: prodSub, Name: "prod"}}
	x.Groups = []object.Group{{ID: guid("6", "01"), Name: "g"}}
	x.Assignments = []object.RoleAssignment{{ID: "ra", Role: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", Principal: guid("6", "01"), PrincipalType: "Group", Scope: "/subscriptions/" + prodSub}}
	got := records(t, x)
	if level := got.identity[appOf("01")].Attributes["effective_level"]; level != "unknown" {
		t.Errorf("level %s, want unknown", level)
	}
	if g := got.grant[appOf("01")+"#effective"]; g != nil {
		t.Errorf("%v %v", g.Reasons, g.Attributes)
	}
}
