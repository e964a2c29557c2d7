package azure

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// appOf and spOf are ids of records.
func appOf(n string) string { return "azure:" + tenantID + "/applications/" + app(n) }
func spOf(n string) string  { return "azure:" + tenantID + "/servicePrincipals/" + sp(n) }

// TestWhose says whose each identity is, and what it is.
func TestWhose(t *testing.T) {
	got := records(t, northwind())
	for _, c := range []struct {
		name, id, typ, managedBy string
		third, agent, disabled   inventory.Tri
		scope                    string
	}{
		{"an own application", appOf("01"), typeApplication, "", inventory.False, inventory.Unknown, inventory.False, ""},
		{"one without a service principal", appOf("02"), typeApplication, "", inventory.False, inventory.Unknown, inventory.Unknown, ""},
		{"one that Microsoft switched off", appOf("05"), typeApplication, "", inventory.False, inventory.Unknown, inventory.True, ""},
		{"one whose registration is gone", appOf("31"), typeApplication, "", inventory.False, inventory.Unknown, inventory.False, ""},
		{"another tenant's", spOf("02"), typePrincipal, "", inventory.True, inventory.Unknown, inventory.False, ""},
		{"Microsoft's", spOf("90"), typePrincipal, "microsoft", inventory.False, inventory.Unknown, inventory.False, ""},
		{"of before applications", spOf("07"), typeLegacy, "", inventory.Unknown, inventory.Unknown, inventory.True, ""},
		{"a blueprint of agents", appOf("03"), typeBlueprint, "", inventory.False, inventory.True, inventory.False, ""},
		{"an agent", spOf("09"), typeAgent, "", inventory.False, inventory.True, inventory.False, ""},
		{"a managed identity", spOf("04"), typeManaged, "", inventory.False, inventory.Unknown, inventory.False, prodSub},
		{"one of a resource", spOf("05"), typeManaged, "", inventory.False, inventory.Unknown, inventory.False, prodSub},
		{"one of a subscription that was not read", spOf("06"), typeManaged, "", inventory.False, inventory.Unknown, inventory.False, ""},
		{"one that only ARM told of", spOf("40"), typeManaged, "", inventory.False, inventory.Unknown, inventory.Unknown, prodSub},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := got.identity[c.id]
			if x == nil {
				t.Fatalf("%s is missing", c.id)
			}
			scope := "azure:" + tenantID
			if c.scope != "" {
				scope += "/" + c.scope
			}
			if x.Type != c.typ || x.ManagedBy != c.managedBy || x.ThirdParty != c.third || x.Agent != c.agent || x.Disabled != c.disabled || x.Scope != scope {
				t.Errorf("type %s, managed by %q, third party %v, agent %v, disabled %v, scope %s", x.Type, x.ManagedBy, x.ThirdParty, x.Agent, x.Disabled, x.Scope)
			}
		})
	}
	if len(got.identity) != 15 {
		t.Errorf("%d identities, want 15", len(got.identity))
	}
}

// TestCredentials tells types, ends and states.
func TestCredentials(t *testing.T) {
	got := records(t, northwind())
	store := "azure:" + object.Fold(rg(prodSub, "data")+"/providers/Microsoft.Storage/storageAccounts/")
	for _, c := range []struct {
		name, id, typ, reason string
		disabled, limited     inventory.Tri
		never                 bool
	}{
		{"a secret", appOf("01") + "#password/" + kid("01"), "azure.client_secret", "", inventory.False, inventory.Unknown, false},
		{"one that has ended", appOf("01") + "#password/" + kid("02"), "azure.client_secret", "EXPIRED", inventory.True, inventory.Unknown, false},
		{"a certificate", appOf("01") + "#key/" + kid("03"), "entra.certificate", "", inventory.False, inventory.Unknown, false},
		{"a password of before", spOf("07") + "#principal/password/" + kid("07"), "azure.legacy_service_password", "", inventory.False, inventory.Unknown, false},
		{"one that signs SAML", spOf("10") + "#principal/key/" + kid("08"), "entra.saml_signing_certificate", "", inventory.False, inventory.Unknown, false},
		{"a key of an account", store + "/nwdata#key/key1", "azure.storage_key", "", inventory.False, inventory.False, true},
		{"one that is off", store + "/nwsafe#key/key2", "azure.storage_key", "shared key access is off", inventory.True, inventory.True, true},
		{"a vault's secret", "azure:https://nw-vault.vault.azure.net/secrets/db", "azure.key_vault_secret", "", inventory.False, inventory.True, true},
		{"a vault's key", "azure:https://nw-vault.vault.azure.net/keys/wrap", "azure.key_vault_key", "", inventory.True, inventory.True, true},
		{"a vault's certificate", "azure:https://nw-vault.vault.azure.net/certificates/deployer", "azure.key_vault_certificate", "", inventory.False, inventory.True, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := got.credential[c.id]
			if x == nil {
				t.Fatalf("%s is missing", c.id)
			}
			if x.Type != c.typ || x.Disabled != c.disabled || x.DisabledReason != c.reason || x.NetworkLimited != c.limited || x.NeverExpires != c.never {
				t.Errorf("type %s, disabled %v (%s), limited %v, never %v", x.Type, x.Disabled, x.DisabledReason, x.NetworkLimited, x.NeverExpires)
			}
		})
	}
	if got.credential[spOf("10")+"#principal/key/"+kid("09")] != nil {
		t.Error("the public half of a signing key is told as a key of its own")
	}
	vault, entra := got.credential["azure:https://nw-vault.vault.azure.net/certificates/deployer"], got.credential[appOf("01")+"#key/"+kid("03")]
	if vault.PublicID != entra.PublicID {
		t.Errorf("one certificate goes by %q in a vault and by %q on its application", vault.PublicID, entra.PublicID)
	}
}

// TestWithoutTime: where the time of the scan is not known, nothing has ended.
func TestWithoutTime(t *testing.T) {
	e := newEstate("azure", &object.Estate{Tenants: []*object.Tenant{northwind()}}, newOwnerTags(nil), time.Time{})
	if x := recordsOf(t, e).credential[appOf("01")+"#password/"+kid("02")]; x.Disabled != inventory.Unknown {
		t.Errorf("a secret is disabled: %v", x.Disabled)
	}
}

// TestUse: what was used is told, what was not is told where the report knows it, and
// everything else is unknown.
func TestUse(t *testing.T) {
	got := records(t, northwind())
	if u := got.usage[appOf("01")]; len(u) != 1 || !u[0].LastUsedAt.Equal(day(2026, 11, 20)) || u[0].Service != "as client" {
		t.Errorf("the application's use is %+v", u)
	}
	if u := got.usage[appOf("01")+"#password/"+kid("02")]; len(u) != 1 || !u[0].LastUsedAt.IsZero() || !u[0].TrackedSince.Equal(day(2023, 4, 5)) {
		t.Errorf("the use of a secret that was never used is %+v", u)
	}
	for _, id := range []string{appOf("02"), spOf("02"), spOf("07"), appOf("01") + "#key/" + kid("03")} {
		if len(got.usage[id]) > 0 {
			t.Errorf("%s: use is told that nobody knows", id)
		}
	}
}

// TestOwners says who answers for what, by what.
func TestOwners(t *testing.T) {
	got := records(t, northwind())
	told := func(id string) []string {
		var out []string
		for _, o := range got.owner[id] {
			out = append(out, o.Method+"="+o.Owner+" "+o.Kind)
		}
		slices.Sort(out)
		return out
	}
	for _, c := range []struct {
		name, id string
		want     []string
	}{
		{"an application", appOf("01"), []string{
			"app_owner=ci-runner nhi", "app_owner=dana@northwind.example person", "app_owner=guest@contoso.example person", "creator=dana@northwind.example person",
			"notes=dana@northwind.example ", "service_management_reference=team-platform ", "tag=platform@northwind.example ",
		}},
		{"an agent", spOf("09"), []string{"sponsor=dana@northwind.example person"}},
		{"an application of others", spOf("10"), []string{"notification_email=sso@northwind.example "}},
		{"nobody", spOf("02"), nil},
		{"a managed identity", spOf("04"), []string{"subscription_tag=cloud@northwind.example ", "tag=build team", "terraform=terraform nhi"}},
		{"a vault's secret", "azure:https://nw-vault.vault.azure.net/secrets/db", []string{"subscription_tag=cloud@northwind.example ", "tag=dba@northwind.example ", "tag=secops@northwind.example "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if have := told(c.id); !slices.Equal(have, c.want) {
				t.Errorf("owners are\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
	for _, o := range got.owner[appOf("01")] {
		if strings.HasPrefix(o.Owner, "guest") && o.External != inventory.True {
			t.Error("a guest is of the organisation")
		}
	}
	for _, o := range got.owner[appOf("02")] {
		if o.Active != inventory.False {
			t.Error("an owner whose account is off is still there")
		}
	}
}

// TestGrants says what comes of each sort of assignment.
func TestGrants(t *testing.T) {
	got := records(t, northwind())
	arm := func(scope, n string) string {
		return "azure:" + object.Fold(scope+"/providers/Microsoft.Authorization/roleAssignments/"+guid("8", n))
	}
	sub := "/subscriptions/" + prodSub
	for _, c := range []struct {
		name, id, principal, grant string
		level                      inventory.Level
		scope                      string
	}{
		{"a directory role", "azure:" + tenantID + "/directoryRoleAssignments/ra1", appOf("01"), "Application Administrator", inventory.LevelEscalate, ""},
		{"one that can be taken", "azure:" + tenantID + "/directoryRoleAssignments/ra3~" + sp("04"), spOf("04"), "Global Administrator", inventory.LevelUnknown, ""},
		{"an application permission", "azure:" + tenantID + "/appRoleAssignments/ar1", appOf("01"), "Application.ReadWrite.All", inventory.LevelEscalate, ""},
		{"one to read", "azure:" + tenantID + "/appRoleAssignments/ar2", spOf("02"), "User.Read.All", inventory.LevelRead, ""},
		{"default access", "azure:" + tenantID + "/appRoleAssignments/ar3", spOf("04"), "default access", inventory.LevelNone, ""},
		{"a delegated permission", "azure:" + tenantID + "/oauth2PermissionGrants/dg1", spOf("02"), "delegated Mail.ReadWrite User.Read", inventory.LevelWrite, ""},
		{"a role in Azure", arm(sub, "01"), appOf("01"), "Contributor", inventory.LevelWrite, prodSub},
		{"one at a management group", arm("/providers/Microsoft.Management/managementGroups/platform", "02"), spOf("04"), "User Access Administrator", inventory.LevelEscalate, ""},
		{"one through a group", arm(rg(prodSub, "shared"), "03") + "~" + sp("05"), spOf("05"), "Vault opener", inventory.LevelRead, prodSub},
		{"one of a principal that is gone", arm(sub, "04"), "azure:" + tenantID + "/deleted:servicePrincipals/" + sp("50"), "Owner", inventory.LevelAdmin, prodSub},
		{"one under a condition", arm("/subscriptions/"+guid("7", "01"), "07"), spOf("06"), "Owner", inventory.LevelUnknown, ""},
		{"an access policy", "azure:" + object.Fold(rg(prodSub, "shared")+"/providers/Microsoft.KeyVault/vaults/nw-vault") + "#access/" + sp("05"), spOf("05"), "access policy of nw-vault", inventory.LevelRead, prodSub},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := got.grant[c.id]
			if g == nil {
				t.Fatalf("%s is missing", c.id)
			}
			scope := "azure:" + tenantID
			if c.scope != "" {
				scope += "/" + c.scope
			}
			if g.Principal != c.principal || g.Name != c.grant || g.Level != c.level || g.Scope != scope {
				t.Errorf("principal %s, name %q, level %s, scope %s", g.Principal, g.Name, g.Level, g.Scope)
			}
		})
	}
	for id, g := range got.grant {
		if strings.Contains(g.Principal, user("01")) {
			t.Errorf("%s is told of a person", id)
		}
	}
}

// TestGone: a principal that is not listed is gone only if all were listed.
func TestGone(t *testing.T) {
	tenant := northwind()
	for i := range tenant.Listings {
		if l := &tenant.Listings[i]; l.Call == callPrincipals {
			l.Status, l.Reason = inventory.StatusPartial, "the second page was refused"
		}
	}
	for id, g := range records(t, tenant).grant {
		if strings.Contains(g.Principal, "deleted:") {
			t.Errorf("%s is of a principal that is taken for gone", id)
		}
	}
}

// TestEffective: what all rights come to together leads over others, hop by hop.
func TestEffective(t *testing.T) {
	got := records(t, northwind())
	g := got.grant[appOf("01")+"#effective"]
	if g == nil || g.Level != inventory.LevelEscalate || g.Attributes["joined"] != "true" {
		t.Fatalf("the effective grant is %+v", g)
	}
	if !slices.ContainsFunc(g.Paths, func(p string) bool {
		return strings.Contains(p, "ci-runner") && strings.Contains(p, "AZUserAccessAdministrator") && strings.HasSuffix(p, "management group Platform (admin)")
	}) {
		t.Errorf("no path leads over ci-runner: %q", g.Paths)
	}
	if a := got.identity[spOf("04")].Attributes; a["controllers"] == "" || !strings.Contains(a["controller_names"], "deployer") {
		t.Errorf("nobody may become ci-runner: %v", a)
	}
}

// TestPolicies: without a policy of its own, an application has the tenant's default.
func TestPolicies(t *testing.T) {
	got := records(t, northwind())
	for id, want := range map[string]string{appOf("02"): "none", appOf("03"): "passwordAddition"} {
		if have := got.identity[id].Attributes["credential_policy"]; have != want {
			t.Errorf("%s: the policy is %q, want %q", id, have, want)
		}
	}
}

// TestAttributes of an application.
func TestAttributes(t *testing.T) {
	a := records(t, northwind()).identity[appOf("01")].Attributes
	for k, want := range map[string]string{
		"property_lock": "all", "redirect_http": "http://old.northwind.example/cb", "redirect_uris": "3", "implicit_grant": "true", "public_client": "false", "app_tags": "HideApp",
		"management_policy": "short secrets", "credential_policy": "passwordLifetime=90d", "required_permissions": "2", "risk_level": "high", "assignment_required": "true", "secrets": "2", "certificates": "1", "federated": "9",
	} {
		if a[k] != want {
			t.Errorf("%s is %q, want %q", k, a[k], want)
		}
	}
}

// TestRoleTitles: a role of which the definition was not read goes by the name that it
// has everywhere.
func TestRoleTitles(t *testing.T) {
	tenant := northwind()
	tenant.RoleDefs, tenant.DirectoryRoles = nil, nil
	got := records(t, tenant)
	names := map[string]bool{}
	for _, g := range got.grant {
		names[g.Name] = true
	}
	for _, want := range []string{"Owner", "Contributor", "User Access Administrator", "Global Administrator", "Application Administrator", role("72"), role("71")} {
		if !names[want] {
			t.Errorf("no grant of %s: %v", want, names)
		}
	}
}
