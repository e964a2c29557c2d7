package export

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

const (
	tenantID = "11111111-2222-3333-4444-555555555555"
	prodSub  = "aaaaaaaa-0000-4000-8000-000000000001"
	devSub   = "aaaaaaaa-0000-4000-8000-000000000002"
	appObj   = "bbbbbbbb-0000-4000-8000-000000000001"
	appID    = "bbbbbbbb-0000-4000-8000-000000000011"
	spObj    = "bbbbbbbb-0000-4000-8000-000000000021"
	userObj  = "bbbbbbbb-0000-4000-8000-000000000100"
	groupObj = "bbbbbbbb-0000-4000-8000-000000000200"
	inProd   = "/subscriptions/" + prodSub + "/resourceGroups/rg-orders/providers/"
)

// canary is what no output may hold.
func canary() string { return "KEEP" + "SECRET" + "zq7" }

// azFiles are what the command line of Azure prints, in its own forms: properties
// beside the rest, times with an offset, null for what is not there (azure-cli, test
// recordings of its commands; made up but for their shape).
func azFiles() map[string]string {
	return map[string]string{
		"account list.json":                    `[{"cloudName": "AzureCloud", "homeTenantId": "` + tenantID + `", "id": "` + prodSub + `", "isDefault": true, "managedByTenants": [], "name": "northwind-prod", "state": "Enabled", "tenantId": "` + tenantID + `", "user": {"name": "auditor@northwind.example", "type": "user"}}]`,
		"apps.json":                            `[{"addIns": [], "api": {"oauth2PermissionScopes": []}, "appId": "` + appID + `", "appRoles": [], "createdDateTime": "2024-01-10T08:00:00Z", "displayName": "deploy", "id": "` + appObj + `", "identifierUris": [], "keyCredentials": [], "passwordCredentials": [{"customKeyIdentifier": null, "displayName": "ci", "endDateTime": "2026-12-01T08:00:00Z", "hint": "KEE", "keyId": "CCCCCCCC-0000-4000-8000-000000000001", "secretText": null, "startDateTime": "2024-12-01T08:00:00Z"}], "requiredResourceAccess": [], "signInAudience": "AzureADMyOrg", "web": {"redirectUris": ["https://x.northwind.example/cb"]}}]`,
		"sps.json":                             `[{"accountEnabled": true, "appId": "` + appID + `", "appOwnerOrganizationId": "` + tenantID + `", "appRoles": [], "displayName": "deploy", "id": "` + spObj + `", "keyCredentials": [], "passwordCredentials": [], "servicePrincipalNames": ["` + appID + `"], "servicePrincipalType": "Application"}]`,
		"ad-app-owner-list." + appID + ".json": `[{"@odata.type": "#microsoft.graph.user", "displayName": "Ada", "id": "` + userObj + `", "mail": "ada@northwind.example", "userPrincipalName": "ada@northwind.example"}]`,
		"ad-sp-owner-list." + spObj + ".json":  `[]`,
		"ad-app-federated-credential-list." + appObj + ".json": `[{"audiences": ["api://AzureADTokenExchange"], "description": "", "id": "dddddddd-0000-4000-8000-000000000001", "issuer": "https://token.actions.githubusercontent.com", "name": "main", "subject": "repo:northwind/deploy:ref:refs/heads/main"}]`,
		"roles.json":       `[{"condition": null, "conditionVersion": null, "createdBy": "` + userObj + `", "createdOn": "2025-03-01T08:00:00.123456+00:00", "delegatedManagedIdentityResourceId": null, "description": null, "id": "/subscriptions/` + prodSub + `/providers/Microsoft.Authorization/roleAssignments/eeeeeeee-0000-4000-8000-000000000001", "name": "eeeeeeee-0000-4000-8000-000000000001", "principalId": "` + spObj + `", "principalName": "` + appID + `", "principalType": "ServicePrincipal", "roleDefinitionId": "/subscriptions/` + prodSub + `/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c", "roleDefinitionName": "Contributor", "scope": "/subscriptions/` + prodSub + `", "type": "Microsoft.Authorization/roleAssignments", "updatedBy": "", "updatedOn": "2025-03-01T08:00:00.123456+00:00"}, {"id": "NA(classic admins)", "name": "NA(classic admins)", "principalId": "NA(classic admins)", "principalName": "old@northwind.example", "roleDefinitionId": "NA(classic admins)", "roleDefinitionName": "CoAdministrator", "scope": "/subscriptions/` + prodSub + `"}]`,
		"definitions.json": `[{"assignableScopes": ["/"], "description": "c", "id": "/subscriptions/` + prodSub + `/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c", "name": "b24988ac-6180-42a0-ab88-20f7382dd24c", "permissions": [{"actions": ["*"], "condition": null, "conditionVersion": null, "dataActions": [], "notActions": ["Microsoft.Authorization/*/Delete"], "notDataActions": []}], "roleName": "Contributor", "roleType": "BuiltInRole", "type": "Microsoft.Authorization/roleDefinitions"}]`,
		"identities.json":  `[{"clientId": "bbbbbbbb-0000-4000-8000-000000000015", "id": "` + inProd + `Microsoft.ManagedIdentity/userAssignedIdentities/id-orders", "location": "westeurope", "name": "id-orders", "principalId": "bbbbbbbb-0000-4000-8000-000000000025", "resourceGroup": "rg-orders", "tags": {"team": "orders"}, "tenantId": "` + tenantID + `", "type": "Microsoft.ManagedIdentity/userAssignedIdentities"}]`,
		"trusts.json":      `[{"audiences": ["api://AzureADTokenExchange"], "id": "` + inProd + `Microsoft.ManagedIdentity/userAssignedIdentities/id-orders/federatedIdentityCredentials/aks", "issuer": "https://x.oic.prod-aks.azure.com/y/", "name": "aks", "resourceGroup": "rg-orders", "subject": "system:serviceaccount:orders:api", "type": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"}]`,
		"storage.json":     `[{"accessTier": "Hot", "allowBlobPublicAccess": false, "allowSharedKeyAccess": null, "creationTime": "2023-05-01T08:00:00.123456+00:00", "id": "` + inProd + `Microsoft.Storage/storageAccounts/nworders", "keyCreationTime": {"key1": "2023-05-01T08:00:00.123456+00:00", "key2": null}, "kind": "StorageV2", "location": "westeurope", "name": "nworders", "networkRuleSet": {"defaultAction": "Deny"}, "tags": null, "type": "Microsoft.Storage/storageAccounts"}]`,
		"vaults.json":      `[{"id": "` + inProd + `Microsoft.KeyVault/vaults/nw-prod", "location": "westeurope", "name": "nw-prod", "resourceGroup": "rg-orders", "tags": {}, "type": "Microsoft.KeyVault/vaults"}]`,
		"secrets.json":     `[{"attributes": {"created": "2024-01-01T00:00:00+00:00", "enabled": true, "expires": "2027-01-01T00:00:00+00:00", "notBefore": null, "recoverableDays": 90, "updated": "2025-01-01T00:00:00+00:00"}, "contentType": "password", "id": "https://nw-prod.vault.azure.net/secrets/db", "managed": null, "name": "db", "tags": {}}]`,
		"cosmos.json":      `[{"disableLocalAuth": false, "documentEndpoint": "https://nw.documents.azure.com:443/", "id": "` + inProd + `Microsoft.DocumentDB/databaseAccounts/nw", "keysMetadata": {"primaryMasterKey": {"generationTime": "2024-01-01T00:00:00+00:00"}}, "location": "West Europe", "name": "nw", "publicNetworkAccess": "Enabled", "type": "Microsoft.DocumentDB/databaseAccounts"}]`,
		"vms.json":         `[{"hardwareProfile": {"vmSize": "Standard_B1s"}, "id": "` + inProd + `Microsoft.Compute/virtualMachines/vm-build", "identity": {"principalId": "bbbbbbbb-0000-4000-8000-000000000026", "tenantId": "` + tenantID + `", "type": "SystemAssigned", "userAssignedIdentities": null}, "location": "westeurope", "name": "vm-build", "osProfile": {"adminPassword": "` + canary() + `"}, "type": "Microsoft.Compute/virtualMachines"}]`,
		"groups.json":      `[{"displayName": "Deployers", "groupTypes": [], "id": "` + groupObj + `", "isAssignableToRole": true, "mailEnabled": false, "securityEnabled": true}]`,
	}
}

// put writes files into a directory.
func put(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func readAll(t *testing.T, files map[string]string) (*object.Tenant, []Problem) {
	t.Helper()
	e, problems, err := Read(t.Context(), Options{Dir: put(t, files)})
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Tenants) != 1 {
		t.Fatalf("%d tenants: %v", len(e.Tenants), problems)
	}
	return e.Tenants[0], problems
}

// listed finds a listing of a tenant or a subscription.
func listed(t *testing.T, in *object.Tenant, call string) object.Listing {
	t.Helper()
	all := slices.Clone(in.Listings)
	for _, s := range in.Subscriptions {
		all = append(all, s.Listings...)
	}
	for _, l := range all {
		if l.Call == call {
			return l
		}
	}
	t.Fatalf("nothing is said of %s", call)
	return object.Listing{}
}

// TestAz reads what az prints.
func TestAz(t *testing.T) {
	got, problems := readAll(t, azFiles())
	if len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	if got.ID != tenantID || len(got.Applications) != 1 || len(got.Principals) != 1 || len(got.Users) != 1 || len(got.Groups) != 0 || len(got.Subscriptions) != 1 {
		t.Fatalf("the tenant is %+v", got)
	}
	a, s := got.Applications[0], got.Subscriptions[0]
	if !a.OwnersKnown || a.Owners[0] != userObj || !a.FederatedKnown || a.Federated[0].Subject != "repo:northwind/deploy:ref:refs/heads/main" || len(a.Passwords) != 1 || a.Passwords[0].Hint != "" {
		t.Errorf("the application is %+v", a)
	}
	if !got.Principals[0].OwnersKnown || len(got.Principals[0].Owners) != 0 {
		t.Error("the service principal is known to have no owner")
	}
	if len(got.Assignments) != 2 || !got.Assignments[1].Classic && !got.Assignments[0].Classic {
		t.Errorf("the roles are %+v", got.Assignments)
	}
	if d := got.RoleDefs[0]; d.Custom || !d.Known || d.ID != "b24988ac-6180-42a0-ab88-20f7382dd24c" || d.Permissions[0].NotActions[0] != "Microsoft.Authorization/*/Delete" {
		t.Errorf("the role is %+v", d)
	}
	if len(s.Identities) != 2 || !s.Identities[0].System && !s.Identities[0].FederatedKnown || len(s.Consumers) != 1 || s.Consumers[0].System == "" {
		t.Errorf("the identities are %+v, the consumers %+v", s.Identities, s.Consumers)
	}
	store := s.Stores[0]
	if store.SharedKey != inventory.True || store.Public != inventory.False || !store.Key1.Equal(time.Date(2023, 5, 1, 8, 0, 0, 123456000, time.UTC)) || !store.Key2.IsZero() {
		t.Errorf("the storage account is %+v", store)
	}
	v := s.Vaults[0]
	if v.RBAC != inventory.Unknown || len(v.Objects) != 1 || !v.Objects[0].Expiry.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the vault is %+v", v)
	}
	for call, want := range map[string]inventory.Status{
		callApplications: inventory.StatusComplete, callPrincipals: inventory.StatusComplete, callFederated: inventory.StatusComplete, callOwners: inventory.StatusComplete,
		callAssignments: inventory.StatusPartial, // without --include-inherited
		callIdentities:  inventory.StatusComplete, callIdentityTrusts: inventory.StatusComplete, callStores: inventory.StatusComplete,
		callVaults:    inventory.StatusPartial, // only names
		callSwitches:  inventory.StatusPartial, // of one kind
		callResources: inventory.StatusPartial, // of one kind
		callSecrets:   inventory.StatusComplete, callKeys: inventory.StatusSkipped, callRoleHolders: inventory.StatusSkipped, callSignIns: inventory.StatusSkipped,
		callContacts: inventory.StatusSkipped, callClusters: inventory.StatusSkipped,
	} {
		if l := listed(t, got, call); l.Status != want {
			t.Errorf("%s is %s, not %s: %s", call, l.Status, want, l.Reason)
		} else if want != inventory.StatusComplete && !strings.Contains(l.Reason, ": az ") {
			t.Errorf("%s does not say what to run: %s", call, l.Reason)
		}
	}
}

// TestPages: a page that says that another follows, which is not there, leaves the
// listing partial; the rest of the pages makes it whole.
func TestPages(t *testing.T) {
	page := func(id, next string) string {
		if next != "" {
			next = `, "@odata.nextLink": "https://graph.microsoft.com/v1.0/oauth2PermissionGrants?$skiptoken=` + next + `"`
		}
		return `{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#oauth2PermissionGrants"` + next + `, "value": [{"id": "` + id + `", "clientId": "` + spObj + `", "consentType": "AllPrincipals", "principalId": null, "resourceId": "` + appObj + `", "scope": " User.Read  Mail.Read"}]}`
	}
	files := map[string]string{"account.json": azFiles()["account list.json"], "a.json": page("one", "x")}
	got, _ := readAll(t, files)
	if l := listed(t, got, callDelegated); l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, "the last page is missing: az rest") {
		t.Errorf("it is %+v", l)
	}
	files["b.json"] = page("two", "")
	if got, _ = readAll(t, files); listed(t, got, callDelegated).Status != inventory.StatusComplete || len(got.Delegated) != 2 || len(got.Delegated[0].Scopes) != 2 {
		t.Errorf("it is %+v", got.Delegated)
	}
	files["account.json"] = strings.ReplaceAll(files["account.json"], "AzureCloud", "AzureUSGovernment")
	if got, _ = readAll(t, files); got.Cloud != "government" {
		t.Errorf("the cloud is %s", got.Cloud)
	}
	delete(files, "b.json")
	files["a.json"] = page("one", "x") + "\n" + page("two", "") // lines of one file
	if got, _ = readAll(t, files); listed(t, got, callDelegated).Status != inventory.StatusComplete || len(got.Delegated) != 2 {
		t.Errorf("it is %+v", got.Delegated)
	}
	files["a.json"] = `{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#oauth2PermissionGrants", "value": []}` // of any name
	if got, _ = readAll(t, files); listed(t, got, callDelegated).Status != inventory.StatusComplete {
		t.Error("an empty answer is one")
	}
}

// TestRefused: what az says in place of an answer is denied, not absent.
func TestRefused(t *testing.T) {
	files := map[string]string{
		"account.json":                  azFiles()["account list.json"],
		"ad-app-list.err":               "ERROR: Insufficient privileges to complete the operation.\n",
		"oauth2-permission-grants.json": `{"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges to complete the operation. ` + canary() + `"}}`,
		"subscriptions/" + prodSub + "/deny-assignments.err":          "WARNING: x\nERROR: (AuthorizationFailed) The client 'x' does not have authorization\nCode: AuthorizationFailed\n",
		"subscriptions/" + prodSub + "/role-eligibility.err":          "ERROR: Bad Request({\"error\":{\"code\":\"AadPremiumLicenseRequired\",\"message\":\"x\"}})\n",
		"subscriptions/" + prodSub + "/keyvault-list.json":            azFiles()["vaults.json"],
		"subscriptions/" + prodSub + "/keyvault-key-list.nw-prod.err": "ERROR: (Forbidden) Caller is not authorized to perform action on resource.\n",
	}
	got, problems := readAll(t, files)
	for call, want := range map[string]inventory.Status{
		callApplications: inventory.StatusDenied, callDelegated: inventory.StatusDenied, callDenies: inventory.StatusDenied, callKeys: inventory.StatusDenied,
		callEligibleARM: inventory.StatusPartial, callSecrets: inventory.StatusSkipped,
	} {
		if l := listed(t, got, call); l.Status != want || strings.Contains(l.Reason, canary()) {
			t.Errorf("%s is %s, not %s: %s", call, l.Status, want, l.Reason)
		}
	}
	if len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
}

// TestTwoTenants: files of each tenant lie in a directory of its own.
func TestTwoTenants(t *testing.T) {
	other := "99999999-2222-3333-4444-555555555555"
	files := map[string]string{}
	for name, text := range azFiles() {
		files["tenants/"+tenantID+"/"+name] = text
	}
	files["tenants/"+other+"/apps.json"] = strings.ReplaceAll(azFiles()["apps.json"], appObj, "bbbbbbbb-0000-4000-8000-000000000002")
	e, problems, err := Read(t.Context(), Options{Dir: put(t, files)})
	if err != nil || len(e.Tenants) != 2 || e.Tenants[0].ID != tenantID || e.Tenants[1].ID != other || len(e.Tenants[0].Applications) != 1 || len(e.Tenants[1].Applications) != 1 {
		t.Errorf("%d tenants, %v, %v", len(e.Tenants), problems, err)
	}
}

// TestResourceList: az resource list tells of which kinds there are none, and names the
// rest; it is no listing of their settings.
func TestResourceList(t *testing.T) {
	row := func(kind, name, identity string) string {
		return `{"changedTime": null, "createdTime": "2024-01-01T00:00:00+00:00", "extendedLocation": null, "id": "` + inProd + kind + `/` + name + `", "identity": ` + identity + `, "kind": null, "location": "westeurope", "managedBy": null, "name": "` + name + `", "plan": null, "properties": null, "resourceGroup": "rg-orders", "sku": null, "tags": {}, "type": "` + kind + `"}`
	}
	files := map[string]string{
		"account.json": azFiles()["account list.json"],
		"all.json":     "[" + row("Microsoft.Storage/storageAccounts", "nworders", "null") + "," + row("Microsoft.Web/sites", "fn", `{"principalId": "`+spObj+`", "type": "SystemAssigned"}`) + "]",
	}
	got, problems := readAll(t, files)
	if len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	for call, want := range map[string]inventory.Status{
		callResources: inventory.StatusComplete, callStores: inventory.StatusPartial, callVaults: inventory.StatusComplete, callClusters: inventory.StatusComplete, callIdentities: inventory.StatusComplete,
	} {
		if l := listed(t, got, call); l.Status != want {
			t.Errorf("%s is %s, not %s: %s", call, l.Status, want, l.Reason)
		}
	}
	if s := got.Subscriptions[0]; len(s.Stores) != 1 || s.Stores[0].SharedKey != inventory.Unknown || len(s.Consumers) != 1 {
		t.Errorf("it tells %+v", s)
	}
}
