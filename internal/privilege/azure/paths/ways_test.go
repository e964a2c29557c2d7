package paths

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
	"github.com/muster-nhi/muster/internal/privilege/azure/entra"
)

// TestEachWay: every alternative of every way is found, and is not found when
// one of its pieces is missing.
func TestEachWay(t *testing.T) {
	for _, w := range ways() {
		for k, needs := range w.needs {
			t.Run(fmt.Sprintf("%s %s %d", w.id, short(w.on), k), func(t *testing.T) {
				estate := func(actions []string, at string, host bool) *Result {
					n := newTenant()
					n.app("ci")
					n.add(Principal{ID: "mi", Name: "mi", Kind: KindManaged, Enabled: inventory.True})
					n.Resources = []Resource{{ID: prod + "/resourceGroups/rg/providers/" + named(w.on), Type: w.on, Kind: "functionapp,linux", Identities: []string{"mi"}}}
					n.assign("mi", arm.Owner, prod)
					n.assign("ci", n.custom("keeper", actions...), at)
					if host {
						n.assign("ci", n.custom("host", "Microsoft.Web/sites/write"), dev)
					}
					return of(t, n.analyze(), "ci")
				}
				group := prod + "/resourceGroups/rg"
				r := estate(needs, group, w.hosts)
				want := inventory.LevelEscalate
				if w.note != "" {
					want = inventory.LevelUnknown
				}
				if r.Level != want || len(r.Paths) != 1 || r.Paths[0].ID != w.id || r.Paths[0].Hops[0].Via == "" || len(r.Paths[0].Hops[0].Evidence) == 0 {
					t.Errorf("it is not found\n%s", r.lines())
				}
				if r := estate(needs, prod+"/resourceGroups/other", w.hosts); len(r.Paths) > 0 {
					t.Errorf("it is found from elsewhere\n%s", r.lines())
				}
				if w.hosts {
					if r := estate(needs, group, false); len(r.Paths) > 0 {
						t.Errorf("it is found without a place\n%s", r.lines())
					}
				}
				for i := range needs {
					if r := estate(slices.Delete(slices.Clone(needs), i, i+1), group, w.hosts); len(r.Paths) > 0 {
						t.Errorf("it is found without %s\n%s", needs[i], r.lines())
					}
				}
			})
		}
	}
}

// named gives each part of a type a name: "microsoft.web/sites/x/slots/x".
func named(kind string) string {
	parts := strings.Split(kind, "/")
	return parts[0] + "/" + strings.Join(parts[1:], "/x/") + "/x"
}

// TestEachPermission: every permission and role that is told to escalate does so
// where the tenant has what it needs.
func TestEachPermission(t *testing.T) {
	rich := func() *tenant {
		n := newTenant()
		n.app("ci")
		n.app("deploy")
		n.graph("deploy", raiser)
		n.app("own", "ci")
		n.graph("own", raiser)
		n.app("blue").BlueprintSelf = true
		n.add(Principal{ID: "agent", Name: "agent", Kind: KindAgent, Blueprint: "app-blue"})
		n.graph("agent", raiser)
		n.user("ann")
		n.assign("ann", arm.Owner, prod)
		n.group("plain").Office = inventory.True
		n.assign("plain", arm.Owner, prod)
		n.group("admins").RoleAssignable = inventory.True
		n.role("admins", "Global Administrator")
		return n
	}
	tables := entra.New()
	check := func(t *testing.T, e entra.Entry, r *Result) {
		t.Helper()
		certain := slices.ContainsFunc(e.Powers, func(p entra.Power) bool {
			return !slices.Contains([]entra.Power{entra.RaiseMaybe, entra.UsersMaybe, entra.AllUsersMaybe}, p)
		})
		switch {
		case len(e.Powers) == 0:
			if r.Level == inventory.LevelEscalate {
				t.Errorf("%s escalates\n%s", e.Name, r.lines())
			}
		case certain && r.Level != inventory.LevelEscalate, !certain && (r.Level != inventory.LevelUnknown || r.Possible.Rank() < inventory.LevelEscalate.Rank()):
			t.Errorf("%s is %s\n%s", e.Name, r.Level, r.lines())
		}
		if e.Tier0 != (len(r.Tier0) > 0) {
			t.Errorf("%s: tier 0 is %v", e.Name, r.Tier0)
		}
	}
	for _, name := range []string{
		"RoleManagement.ReadWrite.Directory", "AppRoleAssignment.ReadWrite.All", "RoleAssignmentSchedule.ReadWrite.Directory", "RoleEligibilitySchedule.ReadWrite.Directory",
		"Policy.ReadWrite.PermissionGrant", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "PrivilegedAccess.ReadWrite.AzureADGroup", "Directory.ReadWrite.All",
		"GroupMember.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All", "Policy.ReadWrite.AuthenticationMethod", "User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All",
		"Organization.ReadWrite.All", "Domain.ReadWrite.All", "EntitlementManagement.ReadWrite.All", "DeviceManagementConfiguration.ReadWrite.All",
		"DelegatedAdminRelationship.ReadWrite.All", "Policy.ReadWrite.ConditionalAccess",
	} {
		t.Run(name, func(t *testing.T) {
			n := rich()
			if name != "Application.ReadWrite.OwnedBy" {
				n.Principals[2].Owners = nil
			}
			check(t, tables.Permission(entra.Graph, "", name), of(t, n.graph("ci", name).analyze(), "ci"))
		})
	}
	for _, name := range []string{
		"Privileged Role Administrator", "Privileged Authentication Administrator", "Partner Tier2 Support", "Partner Tier1 Support", "Application Administrator",
		"Cloud Application Administrator", "Hybrid Identity Administrator", "Domain Name Administrator", "Security Administrator", "Directory Synchronization Accounts",
		"Authentication Administrator", "Helpdesk Administrator", "User Administrator", "Groups Administrator", "Directory Writers", "Intune Administrator",
		"Exchange Administrator", "Agent ID Administrator", "Conditional Access Administrator", "Global Reader",
	} {
		t.Run(name, func(t *testing.T) {
			n := rich()
			n.Principals[2].Owners = nil
			n.role("ci", name)
			check(t, tables.Role("", name, true, nil, false), of(t, n.analyze(), "ci"))
		})
	}
}

func TestBecome(t *testing.T) {
	n := newTenant()
	n.app("deploy", "ann", "robot")
	n.user("ann")
	n.app("robot")
	n.app("keeper")
	n.graph("keeper", "Application.ReadWrite.All")
	n.user("ben")
	n.role("ben", "Cloud Application Administrator").Eligible = true
	n.system("mi", vm, vmType)
	n.app("ops")
	n.group("team", "ops")
	n.assign("team", vmAdmin, prod+"/resourceGroups/web")
	a := n.analyze()
	write := func(id string) string {
		var out []string
		for _, b := range a.Become(id) {
			line := b.By + " " + b.ID
			if !b.Certain {
				line += "?"
			}
			if len(b.Evidence) == 0 {
				t.Errorf("%s says not by what", line)
			}
			out = append(out, line)
		}
		return strings.Join(out, ", ")
	}
	for id, want := range map[string]string{
		"deploy": "keeper AZMGAddSecret, ann AZOwns, ben AZCloudAppAdmin?, robot AZOwns?",
		"mi":     "team AZVMContributor",
		"team":   "",
		"nobody": "",
	} {
		if got := write(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	if b := a.Become("mi"); b[0].Via != vm || !strings.Contains(b[0].Text, "mi") {
		t.Errorf("%+v", b)
	}
}

func TestRights(t *testing.T) {
	n := newTenant()
	n.app("ci")
	n.assign("ci", arm.Owner, prod+"/resourceGroups/web")
	n.assign("ci", arm.RoleGiver, prod)
	n.assign("ci", "4633458b-17de-408a-b874-0445c86b69e6", prod)
	n.assign("ci", "4633458b-17de-408a-b874-0445c86b69e6", prod+"/resourceGroups/web")
	n.assign("ci", "12345678-0000-0000-0000-000000000000", prod)
	n.assign("ci", arm.RBACAdmin, prod).Condition = only(arm.Reader)
	n.role("ci", "Global Administrator")
	n.role("ci", "Application Administrator").Scope = "/reg-ci"
	n.graph("ci", raiser).graph("ci", "User.Read.All").graph("ci", "Odd.Permission")
	n.Delegated = []Delegated{
		{Client: "ci", Resource: entra.Graph, Scopes: []string{"openid", "profile", "User.Read"}},
		{Client: "ci", Resource: entra.Graph, Scopes: []string{"Directory.AccessAsUser.All"}, Everyone: true},
		{Client: "ci", Resource: "another", Scopes: []string{"Orders"}},
	}
	a := n.analyze()
	for name, c := range map[string]struct {
		got  Right
		want string
	}{
		"owner of a group":     {a.Assignment(0), "admin admin.all"},
		"user access":          {a.Assignment(1), "escalate policy.write"},
		"secrets of all":       {a.Assignment(2), "read secrets.read secrets.read_all"},
		"secrets of some":      {a.Assignment(3), "read secrets.read"},
		"not read":             {a.Assignment(4), "unknown"},
		"limited":              {a.Assignment(5), "write"},
		"global administrator": {a.Directory(0), "admin admin.all"},
		"of one application":   {a.Directory(1), "write credentials.create identity.write trust.write"},
		"grants":               {a.AppRole(0), "escalate policy.write"},
		"reads users":          {a.AppRole(1), "read"},
		"odd":                  {a.AppRole(2), "unknown"},
		"signs in":             {a.DelegatedGrant(0), "read"},
		"acts as a user":       {a.DelegatedGrant(1), "write identity.impersonate"},
		"of somebody else":     {a.DelegatedGrant(2), "unknown"},
		"vault": {
			VaultAccess(&Access{Secrets: []string{"Get", "List"}, Keys: []string{"sign"}}), "write keys.use secrets.read",
		},
		"vault, all":  {VaultAccess(&Access{Secrets: []string{"all"}}), "write secrets.read secrets.write"},
		"vault, list": {VaultAccess(&Access{Secrets: []string{"list"}}), "read"},
	} {
		got := string(c.got.Level)
		for _, x := range c.got.Capabilities {
			got += " " + x
		}
		if got != c.want || len(c.got.Reasons) == 0 {
			t.Errorf("%s: %q, want %q; %q", name, got, c.want, c.got.Reasons)
		}
	}
}

// TestRightsInTenant holds that what a right leads to is decided by whom it reaches
// in the tenant.
func TestRightsInTenant(t *testing.T) {
	strong := func(n *tenant) { n.graph("strong", raiser) }
	for _, c := range []struct {
		name, permission string
		make             func(*tenant)
		want, reason     string
	}{
		{"an application that may do more", "Application.ReadWrite.All", strong, "escalate", "adds a credential to an application that may do more"},
		{"no application that may do more", "Application.ReadWrite.All", func(*tenant) {}, "write", "but reaches nobody"},
		{"applications were not all read", "Application.ReadWrite.All", func(n *tenant) { n.Unread[PartPrincipals] = "denied" }, "unknown write escalate", "which cannot be told"},
		{"who holds roles was not read", "Application.ReadWrite.All", func(n *tenant) { n.Unread[PartDirectory] = "denied" }, "unknown write escalate", "which cannot be told"},
		{"a disabled application that may do more", "Application.ReadWrite.All", func(n *tenant) {
			strong(n)
			n.Principals[1].Enabled = inventory.False
		}, "unknown write escalate", "which cannot be told"},
		{"a group that holds more", "Group.ReadWrite.All", func(n *tenant) {
			n.group("g")
			n.assign("g", arm.Owner, prod)
		}, "escalate", "adds itself to a group"},
		{"a group that holds more and that roles can be assigned to", "Group.ReadWrite.All", func(n *tenant) {
			n.group("g").RoleAssignable = inventory.True
			n.role("g", "Global Administrator")
		}, "write", "but reaches nobody"},
		{"raises itself whatever there is", raiser, func(*tenant) {}, "escalate", "gives itself any directory role"},
		{"something that is not seen", "UserAuthenticationMethod.ReadWrite.All", func(*tenant) {}, "unknown write escalate", "if the tenant lets users sign in by that method"},
		{"disables accounts", "User.EnableDisableAccount.All", strong, "write", "disables every other account"},
		{"owns nothing", "Application.ReadWrite.OwnedBy", strong, "write", "applications that it owns, but reaches nobody"},
		{"owns an application that may do more", "Application.ReadWrite.OwnedBy", func(n *tenant) {
			strong(n)
			n.Principals[1].Owners = []string{"ci"}
		}, "escalate", "one of which may do more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newTenant()
			n.app("ci")
			n.app("strong")
			n.graph("ci", c.permission)
			c.make(n)
			a := n.analyze()
			r := a.AppRole(0)
			got := string(r.Level)
			if r.Level == inventory.LevelUnknown {
				got += " " + string(r.Certain) + " " + string(r.Possible)
			}
			if got != c.want || !strings.Contains(r.Reasons[len(r.Reasons)-1], c.reason) {
				t.Errorf("%q, want %q; %q", got, c.want, r.Reasons)
			}
			if whole := of(t, a, "ci"); r.Level == inventory.LevelUnknown && whole.Level != inventory.LevelUnknown || r.Level == inventory.LevelEscalate && whole.Certain != inventory.LevelEscalate {
				t.Errorf("the right is %q, and all together\n%s", got, whole.lines())
			}
		})
	}
}

// TestOwners holds which owners can add a credential for certain.
func TestOwners(t *testing.T) {
	n := newTenant()
	n.app("ci")
	n.app("giver")
	n.graph("giver", "Application.ReadWrite.OwnedBy")
	n.user("ann")
	n.app("open", "ann", "ci", "giver", "nobody-read")
	n.app("part").OwnersKnown = false
	p := n.app("locked", "ann")
	p.InstanceOwners, p.Locked = []string{"ann"}, inventory.True
	a := n.analyze()
	for id, want := range map[string]string{"open": "[ann giver] [ci nobody-read]", "part": "[] []", "locked": "[] []", "nobody": "[] []"} {
		certain, perhaps := a.Owners(id)
		if got := fmt.Sprint(certain, perhaps); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	if r := of(t, a, "ci"); len(r.Paths) != 0 {
		t.Errorf("owning who may do nothing leads somewhere:\n%s", r.lines())
	}
}
