package export

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// answer writes an answer of Resource Graph.
func answered(rows ...string) string {
	return fmt.Sprintf(`{"count": %d, "data": [%s], "resultTruncated": "false", "totalRecords": %[1]d}`, len(rows), strings.Join(rows, ","))
}

// row writes a row of Resource Graph: what all have, and more.
func row(kind, name, more string) string {
	return `{"id": "` + inProd + kind + `/` + name + `", "name": "` + name + `", "type": "` + strings.ToLower(kind) + `", "kind": "", "location": "westeurope", "subscriptionId": "` + prodSub + `", "tags": {}, ` +
		`"identity": {"type": "SystemAssigned", "principalId": "` + spObj + `", "tenantId": "` + tenantID + `"}, ` + more + `}`
}

// shifted puts each file into a directory of its own, so that they are read in the
// order that is given, and have the names that they had.
func shifted(files map[string]string, order []string) map[string]string {
	out := map[string]string{}
	for i, name := range order {
		out[fmt.Sprintf("%04d/%s", i, name)] = files[name]
	}
	return out
}

// orders are some orders of files, of which the first is that of their names and the
// second the reverse.
func orders(files map[string]string, n int) [][]string {
	names := slices.Sorted(maps.Keys(files))
	back := slices.Clone(names)
	slices.Reverse(back)
	out := [][]string{names, back}
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		one := slices.Clone(names)
		r.Shuffle(len(one), func(i, j int) { one[i], one[j] = one[j], one[i] })
		out = append(out, one)
	}
	return out
}

// everyOrder reads files in several orders, which must come to the same.
func everyOrder(t *testing.T, files map[string]string) *object.Estate {
	t.Helper()
	var first *object.Estate
	var want string
	for _, order := range orders(files, 3) {
		e, _, err := Read(t.Context(), Options{Dir: put(t, shifted(files, order))})
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, tenant := range e.Tenants {
			for _, s := range tenant.Subscriptions {
				plainReasons(s.Listings)
			}
			plainReasons(tenant.Listings)
		}
		got.WriteString(everything(t, e, nil))
		if first == nil {
			first, want = e, got.String()
			continue
		}
		if diff := cmp.Diff(strings.Split(want, ","), strings.Split(got.String(), ",")); diff != "" {
			t.Fatalf("the order %q tells something else:\n%s", order, diff)
		}
	}
	return first
}

// plainReasons leaves the names of files out of why a listing is not whole.
func plainReasons(list []object.Listing) {
	for i := range list {
		at := strings.Index(list[i].Reason, ".json")
		if at < 0 {
			continue
		}
		list[i].Reason = list[i].Reason[at:]
	}
}

// TestOrderOfFiles: what files tell is the same in whichever order they are read.
func TestOrderOfFiles(t *testing.T) {
	t.Run("az", func(t *testing.T) { everyOrder(t, azFiles()) })
	t.Run("script", func(t *testing.T) {
		dir := collect(t, fake.Northwind())
		files := map[string]string{}
		err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(name)
			rel, _ := filepath.Rel(dir, name)
			files[rel] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		everyOrder(t, files)
	})
}

// switched are the files of the script about resources with keys of their own: the one
// that lists what runs as identities has nothing of their settings but one.
func switched() map[string]string {
	const plain = `"publicNetworkAccess": "Enabled"`
	kinds := map[string]string{
		"Microsoft.DocumentDB/databaseAccounts": `"disableLocalAuth": true`, "Microsoft.ServiceBus/namespaces": `"disableLocalAuth": true`,
		"Microsoft.Automation/automationAccounts": `"disableLocalAuth": true`, "Microsoft.ContainerRegistry/registries": `"adminUserEnabled": true`,
		"Microsoft.Cache/redis": `"disableAccessKeyAuthentication": true`, "Microsoft.Batch/batchAccounts": `"allowedAuthenticationModes": ["AAD"]`,
		"Microsoft.Search/searchServices": `"semanticSearch": "disabled"`, // on, by default
	}
	var all, keys []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		all = append(all, row(kind, "nw", plain))
		keys = append(keys, row(kind, "nw", `"properties": {`+kinds[kind]+`, `+plain+`}`))
	}
	store, vault, cluster := "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", "Microsoft.ContainerService/managedClusters"
	all = append(all, row(store, "nw", plain), row(vault, "nw", plain), row(cluster, "nw", plain), row("Microsoft.Web/sites", "fn", plain))
	return map[string]string{
		"account-list.json": azFiles()["account list.json"], "resources-with-identities.json": answered(all...), "resources-with-keys.json": answered(keys...),
		"storage-accounts.json":    answered(row(store, "nw", `"properties": {"allowSharedKeyAccess": false, "publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}}`)),
		"vaults.json":              answered(row(vault, "nw", `"properties": {"enableRbacAuthorization": true, "enablePurgeProtection": true, "vaultUri": "https://nw.vault.azure.net/", "networkAcls": {"defaultAction": "Deny"}}`)),
		"kubernetes-clusters.json": answered(row(cluster, "nw", `"properties": {"disableLocalAccounts": true, "oidcIssuerProfile": {"issuerURL": "https://x.example/"}}`)),
	}
}

// disabled says of each resource with keys of its own whether they are off.
func disabledKeys(s *object.Subscription) map[string]inventory.Tri {
	out := map[string]inventory.Tri{}
	for _, l := range s.Switches {
		out[l.Type] = l.Disabled
	}
	return out
}

// TestSparseRows: a row that says little of a resource takes nothing from one that says
// more, whichever is read first.
func TestSparseRows(t *testing.T) {
	s := everyOrder(t, switched()).Tenants[0].Subscriptions[0]
	want := map[string]inventory.Tri{
		"microsoft.documentdb/databaseaccounts": inventory.True, "microsoft.servicebus/namespaces": inventory.True, "microsoft.automation/automationaccounts": inventory.True,
		"microsoft.containerregistry/registries": inventory.False, "microsoft.cache/redis": inventory.True, "microsoft.batch/batchaccounts": inventory.True,
		"microsoft.search/searchservices": inventory.False,
	}
	if diff := cmp.Diff(want, disabledKeys(s)); diff != "" {
		t.Errorf("keys that are off: %s", diff)
	}
	if o := s.Stores[0]; o.SharedKey != inventory.False || o.OAuthDefault != inventory.False || o.Public != inventory.False {
		t.Errorf("the storage account is %+v", o)
	}
	if v := s.Vaults[0]; v.RBAC != inventory.True || v.Purge != inventory.True || v.Public != inventory.False {
		t.Errorf("the vault is %+v", v)
	}
	if c := s.Clusters[0]; c.LocalAccounts != inventory.False || c.Issuer == "" || c.WorkloadIdentity != inventory.False {
		t.Errorf("the cluster is %+v", c)
	}
	for _, c := range s.Consumers {
		want := inventory.True
		if strings.Contains(c.Type, "storage") || strings.Contains(c.Type, "vault") {
			want = inventory.False
		} else if strings.Contains(c.Type, "managedclusters") {
			want = inventory.True
		}
		if c.Public != want {
			t.Errorf("%s: public is %v", c.Type, c.Public)
		}
	}
}

// TestOnlySparseRows: what no row tells is not known, and the listing says that it is
// missed.
func TestOnlySparseRows(t *testing.T) {
	all := switched()
	files := map[string]string{"account-list.json": all["account-list.json"], "resources-with-identities.json": all["resources-with-identities.json"]}
	got := everyOrder(t, files).Tenants[0]
	s := got.Subscriptions[0]
	for kind, off := range disabledKeys(s) {
		if off != inventory.Unknown {
			t.Errorf("%s: that keys are off is %v", kind, off)
		}
	}
	if o := s.Stores[0]; o.SharedKey != inventory.Unknown || o.OAuthDefault != inventory.Unknown || o.Public != inventory.Unknown {
		t.Errorf("the storage account is %+v", o)
	}
	if v := s.Vaults[0]; v.RBAC != inventory.Unknown || v.Purge != inventory.Unknown || v.Public != inventory.Unknown {
		t.Errorf("the vault is %+v", v)
	}
	if c := s.Clusters[0]; c.LocalAccounts != inventory.Unknown || c.WorkloadIdentity != inventory.Unknown {
		t.Errorf("the cluster is %+v", c)
	}
	for _, call := range []string{callStores, callVaults, callSwitches, callClusters} {
		if l := listed(t, got, call); l.Status != inventory.StatusPartial {
			t.Errorf("%s is %s", call, l.Status)
		}
	}
}

// TestOneColumn: a row tells of the columns that it has, by whatever query.
func TestOneColumn(t *testing.T) {
	const bus, store = "Microsoft.ServiceBus/namespaces", "Microsoft.Storage/storageAccounts"
	files := map[string]string{
		"account-list.json": azFiles()["account list.json"],
		"one.json":          answered(row(bus, "on", `"disableLocalAuth": null`), row(bus, "off", `"disableLocalAuth": true`), row(bus, "asked", `"minimumTlsVersion": "1.2"`)),
		"two.json":          answered(row(store, "nw", `"allowSharedKeyAccess": null`)),
	}
	s := everyOrder(t, files).Tenants[0].Subscriptions[0]
	got := map[string]inventory.Tri{}
	for _, l := range s.Switches {
		got[l.Name] = l.Disabled
	}
	if diff := cmp.Diff(map[string]inventory.Tri{"on": inventory.False, "off": inventory.True, "asked": inventory.Unknown}, got); diff != "" {
		t.Error(diff)
	}
	if o := s.Stores[0]; o.SharedKey != inventory.True || o.OAuthDefault != inventory.Unknown {
		t.Errorf("the storage account is %+v", o)
	}
}

// TestContradiction: what two files tell in both ways nobody knows.
func TestContradiction(t *testing.T) {
	const bus = "Microsoft.ServiceBus/namespaces"
	files := map[string]string{
		"account-list.json": azFiles()["account list.json"],
		"old.json":          answered(row(bus, "nw", `"properties": {"disableLocalAuth": false}`)),
		"new.json":          answered(row(bus, "nw", `"properties": {"disableLocalAuth": true}`)),
		"last.json":         answered(row(bus, "nw", `"properties": {"disableLocalAuth": true}`)),
	}
	if got := everyOrder(t, files).Tenants[0].Subscriptions[0].Switches; len(got) != 1 || got[0].Disabled != inventory.Unknown {
		t.Errorf("it is %+v", got)
	}
}

// TestSparseObjects: what no column of Microsoft Graph tells of an application or
// service principal is not known, and not that there is none.
func TestSparseObjects(t *testing.T) {
	const other = "bbbbbbbb-0000-4000-8000-000000000099"
	app := `{"id": "` + appObj + `", "appId": "` + appID + `", "displayName": "deploy", "signInAudience": "AzureADMultipleOrgs", "passwordCredentials": []`
	sp := `{"id": "` + spObj + `", "appId": "` + appID + `", "displayName": "deploy", "servicePrincipalType": "Application", "appOwnerOrganizationId": "` + other + `", "passwordCredentials": []`
	group := `{"id": "` + groupObj + `", "displayName": "Deployers", "securityEnabled": true, "isAssignableToRole": true`
	role := `{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#roleManagement/directory/roleDefinitions(id,displayName)", "value": [{"id": "` + other + `", "displayName": "Helper"`
	holds := `[{"id": "h", "roleDefinitionId": "` + other + `", "principalId": "` + groupObj + `", "directoryScopeId": "/"}]`
	files := map[string]string{
		"account.json": azFiles()["account list.json"], "a.json": "[" + app + "}]", "s.json": "[" + sp + "}]", "g.json": "[" + group + "}]", "r.json": role + "}]}", "h.json": holds,
	}
	got := everyOrder(t, files).Tenants[0]
	a, p, g := got.Applications[0], got.Principals[0], got.Groups[0]
	if a.Lock != nil || a.PublicClient != inventory.Unknown || a.PublisherKnown {
		t.Errorf("the application is %+v", a)
	}
	if p.PublisherKnown || p.RolesKnown || g.Synced != inventory.Unknown || got.DirectoryRoles[0].Known {
		t.Errorf("they are %+v, %+v, %+v", p, g, got.DirectoryRoles[0])
	}
	for _, call := range []string{callApplications, callPrincipals} {
		if l := listed(t, got, call); l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, "of 1 object the secrets or certificates are not told: az ad") {
			t.Errorf("it says %+v", l)
		}
	}
	files["a2.json"] = "[" + app + `, "keyCredentials": [], "servicePrincipalLockConfiguration": null, "isFallbackPublicClient": null, "verifiedPublisher": null}]`
	files["s2.json"] = "[" + sp + `, "keyCredentials": [], "appRoles": [], "verifiedPublisher": {"displayName": null}}]`
	files["g2.json"] = "[" + group + `, "onPremisesSyncEnabled": null}]`
	files["r2.json"] = role + `, "rolePermissions": []}]}`
	got = everyOrder(t, files).Tenants[0]
	a, p, g = got.Applications[0], got.Principals[0], got.Groups[0]
	if a.Lock == nil || a.Lock.Enabled || a.PublicClient != inventory.False || !a.PublisherKnown {
		t.Errorf("the application is %+v", a)
	}
	if !p.PublisherKnown || !p.RolesKnown || g.Synced != inventory.False || !got.DirectoryRoles[0].Known {
		t.Errorf("they are %+v, %+v, %+v", p, g, got.DirectoryRoles[0])
	}
	for _, call := range []string{callApplications, callPrincipals} {
		if l := listed(t, got, call); l.Status != inventory.StatusComplete {
			t.Errorf("it says %+v", l)
		}
	}
}

// TestTwoTellings: what two files tell differently comes to one thing in either order.
func TestTwoTellings(t *testing.T) {
	trust := func(more string) string {
		return `[{"id": "` + appObj + `", "federatedIdentityCredentials": [{"id": "dddddddd-0000-4000-8000-000000000001", "name": "main", "issuer": "https://token.actions.githubusercontent.com", "audiences": ["api://AzureADTokenExchange"]` + more + `}]}]`
	}
	org := func(name, mail string) string {
		return `{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#organization", "value": [{"id": "` + tenantID + `", "displayName": "` + name + `", "technicalNotificationMails": ["` + mail + `"], "verifiedDomains": [{"name": "` + mail + `", "isInitial": true}]}]}`
	}
	policy := func(more string) string {
		return `{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#policies/authorizationPolicy/$entity", "id": "authorizationPolicy", "defaultUserRolePermissions": {` + more + `}}`
	}
	schedule := func(end string) string {
		return `[{"id": "s` + end + `", "roleAssignmentOriginId": "h", "roleDefinitionId": "` + appObj + `", "principalId": "` + spObj + `", "assignmentType": "Assigned", "endDateTime": "` + end + `"}]`
	}
	secret := func(more string) string {
		return `[{"attributes": {"enabled": true` + more + `}, "id": "https://nw-prod.vault.azure.net/secrets/db"}]`
	}
	files := maps.Clone(azFiles())
	maps.Copy(files, map[string]string{
		"applications-federated.v1.json": trust(`, "subject": ""`), "applications-federated.beta.json": trust(`, "claimsMatchingExpression": {"value": "claims['sub'] matches 'repo:*'", "languageVersion": 1}`),
		"o1.json": org("Northwind", "a.example"), "o2.json": org("Northwind Robotics", "b.example"),
		"p1.json": policy(`"allowedToCreateApps": true`), "p2.json": policy(`"permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-low"]`),
		"h.json":  `[{"id": "h", "roleDefinitionId": "` + appObj + `", "principalId": "` + spObj + `", "directoryScopeId": "/"}]`,
		"e1.json": schedule("2027-01-01T00:00:00Z"), "e2.json": schedule("2026-12-01T00:00:00Z"),
		"v1.json": secret(""), "v2.json": secret(`, "exp": 1830000000`),
	})
	delete(files, "ad-app-federated-credential-list."+appObj+".json")
	got := everyOrder(t, files).Tenants[0]
	if f := got.Applications[0].Federated; len(f) != 1 || f[0].Expression == "" {
		t.Errorf("the trusts are %+v", f)
	}
	if got.Consent == nil || got.Consent.AppCreation != inventory.True || len(got.Consent.UserConsent) != 1 || len(got.Contacts) != 2 {
		t.Errorf("the tenant is %+v, with %+v", got, got.Consent)
	}
	if d := got.Directory[0]; d.End.Year() != 2027 {
		t.Errorf("the role is held until %s", d.End)
	}
}
