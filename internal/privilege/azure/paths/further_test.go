package paths

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

const (
	ofPolicy   = "microsoft.authorization/policyassignments"
	authorizer = "Authentication Administrator"
	vault      = prod + "/resourceGroups/web/providers/Microsoft.KeyVault/vaults/nw"
	synapse    = prod + "/resourceGroups/web/providers/Microsoft.Synapse/workspaces/lake"
)

// TestFurtherAttack decides more small tenants by hand: who is "ci" in each?
func TestFurtherAttack(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  func(*tenant)
		level inventory.Level
		path  string // the first, by ids of hops; "-" is none
		leads string
		maybe bool
	}{
		{"a managed identity signs in as an application", func(n *tenant) {
			n.app("deploy").Signers = []string{"mi"}
			n.graph("deploy", raiser)
			n.system("mi", vm, vmType)
			n.assign("ci", vmAdmin, vm)
		}, "escalate", "AZVMContributor muster-az122 AZMGGrantRole", Tenant, false},
		{"an application is trusted as a managed identity would be", func(n *tenant) {
			n.app("deploy").Signers = []string{"ci"}
			n.graph("deploy", raiser)
		}, "unknown", "muster-az122 AZMGGrantRole", Tenant, true},
		{"a managed identity signs in as a disabled application", func(n *tenant) {
			p := n.app("deploy")
			p.Signers, p.Enabled = []string{"mi"}, inventory.False
			n.graph("deploy", raiser)
			n.system("mi", vm, vmType)
			n.assign("ci", vmAdmin, vm)
		}, "unknown", "AZVMContributor muster-az122 AZMGGrantRole", Tenant, true},
		{"identity of a policy in a management group", func(n *tenant) {
			n.system("mi", plat+"/providers/Microsoft.Authorization/policyAssignments/tag", ofPolicy)
			n.assign("mi", arm.Owner, plat)
			n.assign("ci", "36243c78-bf99-498c-9df9-86d9f8d28608", plat)
		}, "unknown", "muster-az012", plat, true},
		{"owner of a policy in a management group is no owner of the group", func(n *tenant) {
			n.assign("ci", arm.Owner, plat+"/providers/Microsoft.Authorization/policyAssignments/tag")
		}, "write", "-", "", false},
		{"takes over a user who owns a subscription", func(n *tenant) {
			n.user("ann")
			n.assign("ann", arm.Owner, prod)
			n.role("ci", authorizer)
		}, "escalate", "AZResetPassword", prod, false},
		{"takes over a user, if there is one in the group", func(n *tenant) {
			n.group("g").Users = inventory.Unknown
			n.assign("g", arm.Owner, prod)
			n.role("ci", authorizer)
		}, "unknown", "AZResetPassword", prod, true},
		{"no user is in the group", func(n *tenant) {
			n.group("g").Users = inventory.False
			n.assign("g", arm.Owner, prod)
			n.role("ci", authorizer)
		}, "write", "-", "", false},
		{"users of a group with directory roles are out of reach", func(n *tenant) {
			g := n.group("g")
			g.Users, g.RoleAssignable = inventory.Unknown, inventory.True
			n.assign("g", arm.Owner, prod)
			n.role("ci", authorizer)
		}, "write", "-", "", false},
		{"a user who may be in a group with directory roles", func(n *tenant) {
			g := n.group("g")
			g.Users, g.RoleAssignable = inventory.Unknown, inventory.True
			n.user("ann")
			n.assign("ann", arm.Owner, prod)
			n.role("ci", authorizer)
		}, "unknown", "AZResetPassword", prod, true},
		{"owner of the service principal alone, locked", func(n *tenant) {
			p := n.app("deploy", "ci")
			p.Locked, p.InstanceOwners = inventory.True, []string{"ci"}
			n.graph("deploy", raiser).graph("ci", "Application.ReadWrite.OwnedBy")
		}, "write", "-", "", false},
		{"owner of the service principal alone, open", func(n *tenant) {
			p := n.app("deploy", "ci")
			p.Locked, p.InstanceOwners = inventory.False, []string{"ci"}
			n.graph("deploy", raiser).graph("ci", "Application.ReadWrite.OwnedBy")
		}, "escalate", "AZOwns AZMGGrantRole", Tenant, false},
		{"owner of a foreign application, which may lock", func(n *tenant) {
			p := n.app("deploy", "ci")
			p.Application, p.InstanceOwners = "", []string{"ci"}
			n.graph("deploy", raiser).graph("ci", "Application.ReadWrite.OwnedBy")
		}, "unknown", "AZOwns AZMGGrantRole", Tenant, true},
		{"owners that were not read", func(n *tenant) {
			n.app("deploy").OwnersKnown = false
			n.graph("deploy", raiser)
		}, "unknown", "AZOwns AZMGGrantRole", Tenant, true},
		{"denied to all but a group that was not read", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.group("g").Known = false
			n.assign("ci", arm.Contributor, prod)
			n.Denies = []Deny{{ID: "d", Scope: prod + "/resourceGroups/web", Principals: []string{everyone}, Exclude: []string{"g"}, Permissions: []arm.Permission{{Actions: []string{"*"}}}}}
		}, "unknown", "AZVMContributor", prod, true},
		{"denied to a group that was not read", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.group("g").Known = false
			n.assign("ci", arm.Contributor, prod)
			n.Denies = []Deny{{ID: "d", Scope: prod + "/resourceGroups/web", Principals: []string{"g"}, Permissions: []arm.Permission{{Actions: []string{"*"}}}}}
		}, "unknown", "AZVMContributor", prod, true},
		{"a resource of a kind without a known way", func(n *tenant) {
			n.system("mi", synapse, "microsoft.synapse/workspaces")
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", arm.Contributor, prod+"/resourceGroups/web")
		}, "unknown", "muster-az014", prod, true},
		{"a resource of such a kind that is only read", func(n *tenant) {
			n.system("mi", synapse, "microsoft.synapse/workspaces")
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", arm.Reader, prod)
		}, "read", "-", "", false},
		{"reads a certificate of an application from a vault", func(n *tenant) {
			n.app("deploy")
			n.graph("deploy", raiser)
			n.Vaults = []Vault{{ID: vault, RBAC: inventory.True, Certificates: []string{"deploy"}}}
			n.assign("ci", "4633458b-17de-408a-b874-0445c86b69e6", prod)
		}, "unknown", "muster-az015 AZMGGrantRole", Tenant, true},
		{"reads names of a vault only", func(n *tenant) {
			n.app("deploy")
			n.graph("deploy", raiser)
			n.Vaults = []Vault{{ID: vault, RBAC: inventory.True, Certificates: []string{"deploy"}}}
			n.assign("ci", "21090545-7ca7-4776-b22c-e363652d74d2", prod)
		}, "read", "-", "", false},
		{"a role for a vault that goes by policies", func(n *tenant) {
			n.app("deploy")
			n.graph("deploy", raiser)
			n.Vaults = []Vault{{ID: vault, RBAC: inventory.False, Certificates: []string{"deploy"}}}
			n.assign("ci", "4633458b-17de-408a-b874-0445c86b69e6", prod)
		}, "read", "-", "", false},
		{"the policy of a vault with a certificate", func(n *tenant) {
			n.app("deploy")
			n.graph("deploy", raiser)
			n.Vaults = []Vault{{ID: vault, RBAC: inventory.False, Certificates: []string{"deploy"}, Access: []Access{{Object: "ci", Secrets: []string{"Get"}}}}}
		}, "unknown", "muster-az015 AZMGGrantRole", Tenant, true},
		{"lets itself into a vault with a certificate", func(n *tenant) {
			n.app("deploy")
			n.graph("deploy", raiser)
			n.Vaults = []Vault{{ID: vault, RBAC: inventory.False, Certificates: []string{"deploy"}}}
			n.assign("ci", arm.Contributor, prod)
		}, "unknown", "muster-az015 AZMGGrantRole", Tenant, true},
		{"configuration of a machine", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", n.custom("guest", "Microsoft.GuestConfiguration/guestConfigurationAssignments/write"), vm)
		}, "escalate", "AZVMContributor", prod, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newTenant()
			n.app("ci")
			c.make(n)
			r := of(t, n.analyze(), "ci")
			if r.Level != c.level {
				t.Errorf("level is %s, want %s\n%s", r.Level, c.level, r.lines())
			}
			if c.path == "-" {
				if len(r.Paths) > 0 {
					t.Errorf("there are paths\n%s", r.lines())
				}
				return
			}
			if len(r.Paths) == 0 {
				t.Fatalf("there is no path\n%s", r.lines())
			}
			var ids []string
			for _, h := range r.Paths[0].Hops {
				ids = append(ids, h.ID)
			}
			want := c.leads
			if want != Tenant {
				want = fold(want)
			}
			if p := r.Paths[0]; strings.Join(ids, " ") != c.path || p.Leads != want || p.Certain == c.maybe {
				t.Errorf("path is %v to %q, certain %v; want %q to %q\n%s", ids, p.Leads, p.Certain, c.path, c.leads, r.lines())
			}
		})
	}
}
