package paths

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

const (
	vm       = prod + "/resourceGroups/web/providers/Microsoft.Compute/virtualMachines/web-1"
	site     = prod + "/resourceGroups/web/providers/Microsoft.Web/sites/shop"
	vmType   = "microsoft.compute/virtualmachines"
	vmAdmin  = "9980e02c-c2be-4d73-94e8-173b1dc7cf3c" // Virtual Machine Contributor
	operator = "f1a07417-d97a-45cb-824c-7a7467783830" // Managed Identity Operator
	raiser   = "RoleManagement.ReadWrite.Directory"
)

// only is a condition that lets roles be given.
func only(ids ...string) string {
	return "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {" + strings.Join(ids, ", ") + "}))"
}

// TestAttack decides small tenants by hand: who is "ci" in each?
func TestAttack(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  func(*tenant)
		level inventory.Level
		path  string // the first, by ids of hops; "-" is none
		leads string
		maybe bool // the path is possible only
	}{
		{"nothing", func(*tenant) {}, "none", "-", "", false},
		{"global administrator", func(n *tenant) { n.role("ci", "Global Administrator") }, "admin", "-", "", false},
		{"by a group", func(n *tenant) { n.group("g", "ci"); n.role("g", "Global Administrator") }, "admin", "-", "", false},
		{"by a group in a group", func(n *tenant) { n.group("g", "h"); n.group("h", "ci", "g"); n.role("g", "Global Administrator") }, "admin", "-", "", false},
		{"a group that was not read", func(n *tenant) { n.group("g").Known = false; n.role("g", "Global Administrator") }, "unknown", "-", "", false},
		{"owner of a subscription", func(n *tenant) { n.assign("ci", arm.Owner, prod) }, "admin", "-", "", false},
		{"owner of a management group", func(n *tenant) { n.assign("ci", arm.Owner, plat) }, "admin", "-", "", false},
		{"owner of the root", func(n *tenant) { n.assign("ci", arm.Owner, "/") }, "admin", "-", "", false},
		{"owner of a resource group", func(n *tenant) { n.assign("ci", arm.Owner, prod+"/resourceGroups/web") }, "write", "-", "", false},
		{"contributor", func(n *tenant) { n.assign("ci", arm.Contributor, prod) }, "write", "-", "", false},
		{"reader", func(n *tenant) { n.assign("ci", arm.Reader, prod) }, "read", "-", "", false},
		{"classic administrator", func(n *tenant) { n.assign("ci", "", prod).Classic = true }, "admin", "-", "", false},
		{"user access administrator", func(n *tenant) { n.assign("ci", arm.RoleGiver, prod) }, "escalate", "AZUserAccessAdministrator", prod, false},
		{"a role that was not read", func(n *tenant) { n.assign("ci", "4cd1c1c5-7b1c-4c0e-9b1e-3c1c1c1c1c1c", prod) }, "unknown", "AZUserAccessAdministrator", prod, true},
		{"grants itself roles", func(n *tenant) { n.graph("ci", raiser) }, "escalate", "AZMGGrantRole", Tenant, false},
		{"grants itself permissions", func(n *tenant) { n.graph("ci", "AppRoleAssignment.ReadWrite.All") }, "escalate", "AZMGGrantAppRoles", Tenant, false},
		{"application administrator with nobody above", func(n *tenant) { n.app("deploy"); n.role("ci", "Application Administrator") }, "write", "-", "", false},
		{"application administrator", func(n *tenant) {
			n.app("deploy")
			n.graph("deploy", raiser).role("ci", "Application Administrator")
		}, "escalate", "AZAppAdmin AZMGGrantRole", Tenant, false},
		{"application administrator, Microsoft's own", func(n *tenant) {
			n.app("deploy").Microsoft = true
			n.graph("deploy", raiser).role("ci", "Application Administrator")
		}, "write", "-", "", false},
		{"application administrator, locked", func(n *tenant) {
			p := n.app("deploy")
			p.Application, p.Locked = "", inventory.True
			n.graph("deploy", raiser).role("ci", "Application Administrator")
		}, "write", "-", "", false},
		{"application administrator, foreign", func(n *tenant) {
			n.app("deploy").Application = ""
			n.graph("deploy", raiser).role("ci", "Application Administrator")
		}, "unknown", "AZAppAdmin AZMGGrantRole", Tenant, true},
		{"application administrator, disabled target", func(n *tenant) {
			n.app("deploy").Enabled = inventory.False
			n.graph("deploy", raiser).role("ci", "Application Administrator")
		}, "unknown", "AZAppAdmin AZMGGrantRole", Tenant, true},
		{"application administrator of one application", func(n *tenant) {
			n.app("deploy")
			n.graph("deploy", raiser).role("ci", "Application Administrator").Scope = "/reg-deploy"
		}, "escalate", "AZAppAdmin AZMGGrantRole", Tenant, false},
		{"application administrator of another application", func(n *tenant) {
			n.app("deploy")
			n.app("other")
			n.graph("deploy", raiser).role("ci", "Application Administrator").Scope = "/reg-other"
		}, "write", "-", "", false},
		{"a managed identity takes no credential", func(n *tenant) {
			n.managed("mi", "", "")
			n.graph("mi", raiser).graph("ci", "Application.ReadWrite.All")
		}, "write", "-", "", false},
		{"credentials for an owner of a subscription", func(n *tenant) {
			n.app("deploy")
			n.assign("deploy", arm.Owner, prod)
			n.graph("ci", "Application.ReadWrite.All")
		}, "escalate", "AZMGAddSecret", prod, false},
		{"eligible is not for applications", func(n *tenant) { n.role("ci", "Global Administrator").Eligible = true }, "none", "-", "", false},
		{"over", func(n *tenant) { n.role("ci", "Global Administrator").End = now.AddDate(0, 0, -1) }, "none", "-", "", false},
		{"owner of an application, allowed to", func(n *tenant) {
			n.app("deploy", "ci")
			n.graph("deploy", raiser).graph("ci", "Application.ReadWrite.OwnedBy")
		}, "escalate", "AZOwns AZMGGrantRole", Tenant, false},
		{"owner of an application, not said", func(n *tenant) { n.app("deploy", "ci"); n.graph("deploy", raiser) }, "unknown", "AZOwns AZMGGrantRole", Tenant, true},
		{"plain group of the owners", func(n *tenant) {
			n.group("g")
			n.assign("g", arm.Owner, prod)
			n.graph("ci", "GroupMember.ReadWrite.All")
		}, "escalate", "AZMGAddMember", prod, false},
		{"a group that holds directory roles is out of reach", func(n *tenant) {
			n.group("g").RoleAssignable = inventory.True
			n.role("g", "Global Administrator")
			n.graph("ci", "Group.ReadWrite.All")
		}, "write", "-", "", false},
		{"membership by Privileged Identity Management", func(n *tenant) {
			n.group("g").RoleAssignable = inventory.True
			n.role("g", "Global Administrator")
			n.graph("ci", "PrivilegedAccess.ReadWrite.AzureADGroup")
		}, "escalate", "AZMGAddMember", Tenant, false},
		{"a group kept on premises", func(n *tenant) {
			n.group("g").Synced = inventory.True
			n.assign("g", arm.Owner, prod)
			n.graph("ci", "GroupMember.ReadWrite.All")
		}, "write", "-", "", false},
		{"a restricted unit", func(n *tenant) {
			n.group("g")
			n.assign("g", arm.Owner, prod)
			n.Units = []Unit{{ID: "u", Restricted: inventory.True, Members: []string{"g"}, Known: true}}
			n.graph("ci", "GroupMember.ReadWrite.All")
		}, "write", "-", "", false},
		{"a role on the restricted unit", func(n *tenant) {
			n.group("g")
			n.assign("g", arm.Owner, prod)
			n.Units = []Unit{{ID: "u", Restricted: inventory.True, Members: []string{"g"}, Known: true}}
			n.role("ci", "Groups Administrator").Scope = "/administrativeUnits/u"
		}, "escalate", "AZAddMembers", prod, false},
		{"resets a user who owns an application", func(n *tenant) {
			n.user("ann")
			n.app("deploy", "ann")
			n.graph("deploy", raiser).role("ci", "Authentication Administrator")
		}, "escalate", "AZResetPassword AZOwns AZMGGrantRole", Tenant, false},
		{"does not reset an administrator", func(n *tenant) {
			n.user("ann")
			n.role("ann", "Global Administrator")
			n.role("ci", "Authentication Administrator")
		}, "write", "-", "", false},
		{"helpdesk, perhaps", func(n *tenant) {
			n.user("ann")
			n.app("deploy", "ann")
			n.graph("deploy", raiser).role("ci", "Helpdesk Administrator")
		}, "unknown", "AZResetPassword AZOwns AZMGGrantRole", Tenant, true},
		{"pass for an administrator, perhaps", func(n *tenant) { n.graph("ci", "UserAuthenticationMethod.ReadWrite.All") }, "unknown", "AZResetPassword", Tenant, true},
		{"pass for an administrator, for certain", func(n *tenant) {
			n.graph("ci", "UserAuthenticationMethod.ReadWrite.All").graph("ci", "Policy.ReadWrite.AuthenticationMethod")
		}, "escalate", "AZResetPassword", Tenant, false},
		{"command on a machine", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", vmAdmin, prod+"/resourceGroups/web")
		}, "escalate", "AZVMContributor", prod, false},
		{"command on a machine, elsewhere", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", vmAdmin, prod+"/resourceGroups/db")
		}, "write", "-", "", false},
		{"command on a machine, from above", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.graph("mi", raiser)
			n.assign("ci", arm.Contributor, plat)
		}, "escalate", "AZVMContributor AZMGGrantRole", Tenant, false},
		{"command on a machine, another tree", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.graph("mi", raiser)
			n.assign("ci", arm.Contributor, dev)
		}, "write", "-", "", false},
		{"login on a machine, perhaps", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", "1c0163c0-47e6-4577-8991-ea5c82e286e4", vm)
		}, "unknown", "AZVMAdminLogin", prod, true},
		{"deploys to a web site", func(n *tenant) {
			n.system("mi", site, typeSite)
			n.assign("mi", arm.RoleGiver, prod)
			n.assign("ci", "de139f84-1756-47ae-9be6-808fbbe84772", site)
		}, "escalate", "AZWebsiteContributor AZUserAccessAdministrator", prod, false},
		{"federated credential of an identity", func(n *tenant) {
			n.managed("mi", "", "")
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", prod)
		}, "escalate", "muster-az013", prod, false},
		{"assigns an identity but has no place for it", func(n *tenant) {
			n.managed("mi", "", "")
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", operator, prod)
		}, "write", "-", "", false},
		{"assigns an identity to a machine elsewhere", func(n *tenant) {
			n.managed("mi", "", "")
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", operator, prod)
			n.assign("ci", vmAdmin, dev)
		}, "escalate", "AZManagedIdentity", prod, false},
		{"owner of the group that has the machine", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", arm.RoleGiver, prod+"/resourceGroups/web")
		}, "escalate", "AZUserAccessAdministrator AZVMContributor", prod, false},
		{"machines that were not read", func(n *tenant) {
			n.Subscriptions[0].Unread = []string{vmType}
			n.assign("ci", arm.Contributor, prod)
		}, "unknown", "AZVMContributor", "", true},
		{"machines of another subscription that were not read", func(n *tenant) {
			n.Subscriptions[1].Unread = []string{vmType}
			n.assign("ci", arm.Contributor, prod)
		}, "write", "-", "", false},
		{"delegation limited to harmless roles", func(n *tenant) { n.assign("ci", arm.RBACAdmin, prod).Condition = only(arm.Reader) }, "write", "-", "", false},
		{"delegation of a role that has a way", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", arm.RBACAdmin, prod).Condition = only(arm.Reader, vmAdmin)
		}, "escalate", "AZUserAccessAdministrator AZVMContributor", prod, false},
		{"delegation with owner among the roles", func(n *tenant) { n.assign("ci", arm.RBACAdmin, prod).Condition = only(arm.Reader, arm.Owner) }, "escalate", "AZUserAccessAdministrator", prod, false},
		{"delegation to users only", func(n *tenant) {
			n.assign("ci", arm.RBACAdmin, prod).Condition = "!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}) OR @Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User'"
		}, "write", "-", "", false},
		{"delegation to named others only", func(n *tenant) {
			n.assign("ci", arm.RBACAdmin, prod).Condition = "!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}) OR @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {28c35fea-2099-4cf5-8ad9-473547bc9423}"
		}, "write", "-", "", false},
		{"a condition that cannot be read", func(n *tenant) { n.assign("ci", arm.RBACAdmin, prod).Condition = "((" }, "unknown", "AZUserAccessAdministrator", prod, true},
		{"custom role", func(n *tenant) { n.assign("ci", n.custom("keeper", "Microsoft.Authorization/roleAssignments/*"), prod) }, "escalate", "AZUserAccessAdministrator", prod, false},
		{"custom role with everything but that", func(n *tenant) {
			n.assign("ci", n.custom("keeper", "*", "-Microsoft.Authorization/*/write"), prod)
		}, "write", "-", "", false},
		{"custom role that may widen itself", func(n *tenant) {
			n.assign("ci", n.custom("keeper", "*", "-Microsoft.Authorization/roleAssignments/*"), prod)
		}, "unknown", "muster-az020", prod, true},
		{"two custom roles add up", func(n *tenant) {
			at := prod + "/resourceGroups/web/providers/Microsoft.Automation/automationAccounts/robots"
			n.system("mi", at, "microsoft.automation/automationaccounts")
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", n.custom("writer", "Microsoft.Automation/automationAccounts/runbooks/write"), at)
			n.assign("ci", n.custom("starter", "Microsoft.Automation/automationAccounts/jobs/write"), prod)
		}, "escalate", "AZAutomationContributor", prod, false},
		{"half of it", func(n *tenant) {
			at := prod + "/resourceGroups/web/providers/Microsoft.Automation/automationAccounts/robots"
			n.system("mi", at, "microsoft.automation/automationaccounts")
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", n.custom("writer", "Microsoft.Automation/automationAccounts/runbooks/write"), at)
		}, "write", "-", "", false},
		{"denied", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", arm.Contributor, prod)
			n.Denies = []Deny{{ID: "d", Scope: prod + "/resourceGroups/web", Principals: []string{everyone}, Permissions: []arm.Permission{{Actions: []string{"*"}, NotActions: []string{"*/read"}}}}}
		}, "write", "-", "", false},
		{"denied to all but it", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.assign("ci", arm.Contributor, prod)
			n.Denies = []Deny{{ID: "d", Scope: prod + "/resourceGroups/web", Principals: []string{everyone}, Exclude: []string{"ci"}, Permissions: []arm.Permission{{Actions: []string{"*"}}}}}
		}, "escalate", "AZVMContributor", prod, false},
		{"denied in a group of those who may", func(n *tenant) {
			n.system("mi", vm, vmType)
			n.assign("mi", arm.Owner, prod)
			n.group("g", "ci", "other")
			n.app("other")
			n.assign("g", arm.Contributor, prod)
			n.Denies = []Deny{{ID: "d", Scope: vm, Principals: []string{"ci"}, Permissions: []arm.Permission{{Actions: []string{"Microsoft.Compute/*", "Microsoft.GuestConfiguration/*"}}}}}
		}, "write", "-", "", false},
		{"denied above", func(n *tenant) {
			n.assign("ci", arm.Owner, prod)
			n.Denies = []Deny{{ID: "d", Scope: plat, Principals: []string{"ci"}, Permissions: []arm.Permission{{Actions: []string{"*"}, NotActions: []string{"*/read"}}}}}
		}, "read", "-", "", false},
		{"denied above, not to children", func(n *tenant) {
			n.assign("ci", arm.Owner, prod)
			n.Denies = []Deny{{ID: "d", Scope: plat, NotChildren: true, Principals: []string{"ci"}, Permissions: []arm.Permission{{Actions: []string{"*"}}}}}
		}, "admin", "-", "", false},
		{"denied under a condition", func(n *tenant) {
			n.assign("ci", arm.RoleGiver, prod)
			n.Denies = []Deny{{ID: "d", Scope: prod, Condition: "x", Principals: []string{"ci"}, Permissions: []arm.Permission{{Actions: []string{"*"}}}}}
		}, "unknown", "AZUserAccessAdministrator", prod, true},
		{"blueprint of an agent", func(n *tenant) {
			n.app("blue", "ci").BlueprintSelf = true
			n.add(Principal{ID: "agent", Name: "agent", Kind: KindAgent, Blueprint: "app-blue"})
			n.graph("agent", raiser).graph("ci", "Application.ReadWrite.OwnedBy")
		}, "escalate", "AZOwns muster-az121 AZMGGrantRole", Tenant, false},
		{"agent administrator", func(n *tenant) {
			n.app("blue").BlueprintSelf = true
			n.add(Principal{ID: "agent", Name: "agent", Kind: KindAgent, Blueprint: "app-blue"})
			n.graph("agent", raiser).role("ci", "Agent ID Administrator")
		}, "escalate", "muster-az119 muster-az121 AZMGGrantRole", Tenant, false},
		{"custom directory role", func(n *tenant) {
			n.app("deploy")
			n.graph("deploy", raiser)
			d := n.role("ci", "Secret Keeper")
			d.BuiltIn, d.Known, d.Actions = false, true, []string{"microsoft.directory/applications/credentials/update"}
		}, "escalate", "AZAddSecret AZMGGrantRole", Tenant, false},
		{"custom directory role that was not read", func(n *tenant) { n.role("ci", "Secret Keeper").BuiltIn = false }, "unknown", "-", "", false},
		{"directory roles that were not read", func(n *tenant) { n.Unread[PartDirectory] = "denied" }, "unknown", "-", "", false},
		{"three hops over", func(n *tenant) {
			n.app("a")
			n.system("b", vm, vmType)
			n.graph("b", "Application.ReadWrite.All")
			n.group("g").Owners = []string{"ann"}
			n.user("ann")
			n.assign("g", vmAdmin, vm)
			n.assign("a", arm.Owner, "/")
			n.role("ci", "User Administrator")
		}, "escalate", "AZAddMembers AZVMContributor AZMGAddSecret", "/", false},
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
				if len(r.Paths) > 0 && r.Level != "unknown" {
					t.Errorf("there are paths\n%s", r.lines())
				}
				return
			}
			if len(r.Paths) == 0 {
				t.Fatalf("there is no path\n%s", r.lines())
			}
			p := r.Paths[0]
			var ids []string
			for _, h := range p.Hops {
				ids = append(ids, h.ID)
			}
			want := c.leads
			if want != Tenant {
				want = fold(want)
				if c.leads == "/" {
					want = "/"
				}
			}
			if got := strings.Join(ids, " "); got != c.path || p.Leads != want || p.Certain == c.maybe {
				t.Errorf("path is %q to %q, certain %v; want %q to %q\n%s", got, p.Leads, p.Certain, c.path, c.leads, r.lines())
			}
			if slices.ContainsFunc(p.Hops, func(h Hop) bool { return strings.Contains(h.Text, "{}") || h.From == "" }) {
				t.Errorf("a hop is not written out\n%+v", p.Hops)
			}
		})
	}
}
