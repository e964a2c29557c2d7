package azure

import (
	"context"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// The tenant of Northwind Robotics in these tests, and its two subscriptions.
const (
	tenantID = "11111111-2222-3333-4444-555555555555"
	prodSub  = "aaaaaaaa-0000-4000-8000-000000000001"
	devSub   = "aaaaaaaa-0000-4000-8000-000000000002"
)

// scanned is when the tests scan.
var scanned = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// guid makes an id of a kind (a hex digit) and a number.
func guid(kind string, n string) string { return "0000000" + kind + "-0000-4000-8000-0000000000" + n }

func app(n string) string  { return guid("a", n) } // client ids
func obj(n string) string  { return guid("b", n) } // registrations
func sp(n string) string   { return guid("c", n) } // service principals
func user(n string) string { return guid("d", n) }
func kid(n string) string  { return guid("e", n) } // keys
func role(n string) string { return guid("f", n) }

func rg(sub, name string) string { return "/subscriptions/" + sub + "/resourceGroups/" + name }

func identity(sub, name string) string {
	return rg(sub, "shared") + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
}

func machineID(sub, name string) string {
	return rg(sub, "build") + "/providers/Microsoft.Compute/virtualMachines/" + name
}

// microsoft is the tenant of Microsoft's own applications.
const microsoft = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

// The canaries stand where a value or its hint would be.
func canaries() []string { return []string{"Q8~" + "canary"} }

// northwind is a tenant with one of everything.
func northwind() *object.Tenant {
	t := &object.Tenant{
		ID: tenantID, Name: "Northwind Robotics", Domain: "northwind.example", Cloud: "public", Reader: sp("99"), ReaderName: "muster-reader",
		Contacts: []string{"it@northwind.example"}, UsageKnown: true, CredentialUsageKnown: true,
	}
	directory(t)
	granted(t)
	t.Subscriptions = []*object.Subscription{production(), development()}
	inAzure(t)
	for _, call := range everyCall() {
		t.Listings = append(t.Listings, object.Listing{Call: call, Count: 1, Status: inventory.StatusComplete})
	}
	return t
}

// everyCall lists the calls of a whole scan.
func everyCall() []string {
	var out []string
	for _, p := range live.AllPermissions() {
		out = append(out, p.Calls...)
	}
	return unique(out)
}

// directory fills in applications, principals and people. Of all of them it is told
// whether their publisher is verified.
func directory(t *object.Tenant) {
	defer func() {
		for i := range t.Applications {
			t.Applications[i].PublisherKnown = true
		}
		for i := range t.Principals {
			t.Principals[i].PublisherKnown = true
		}
	}()
	secret := object.Password{ID: kid("01"), Name: "github", Hint: canaries()[0][:3], Start: day(2025, 1, 2), End: day(2027, 1, 2), LastUsed: day(2026, 11, 20), Used: inventory.True, UsedBy: "Microsoft Graph"}
	t.Applications = []object.Application{
		{
			ID: obj("01"), AppID: app("01"), Name: "deployer", Description: "Deploys everything", CreatedAt: day(2023, 4, 5), Audience: "AzureADMyOrg", PublisherDomain: "northwind.example",
			ServiceManagement: "team-platform", Notes: "Ask dana@northwind.example first", Tags: []string{"environment:prod", "owner=platform@northwind.example", "HideApp"},
			Lock: &object.Lock{Enabled: true, All: true}, Passwords: []object.Password{secret, {ID: kid("02"), Start: day(2023, 4, 5), End: day(2025, 4, 5), Used: inventory.False}},
			Keys:      []object.Certificate{{ID: kid("03"), Name: "CN=deployer", Type: "AsymmetricX509Cert", Usage: "Verify", Thumbprint: "ab12cd34ab12cd34ab12cd34ab12cd34ab12cd34", Start: day(2026, 1, 1), End: day(2027, 1, 1), Used: inventory.Unknown}},
			Federated: federations(), FederatedKnown: true, Owners: []string{user("01"), user("02"), sp("04")}, OwnersKnown: true,
			Required:     []object.Required{{Resource: app("90"), Roles: []string{role("01")}, Scopes: []string{role("02")}}},
			Policies:     []string{guid("9", "01")},
			PublicClient: inventory.False, ImplicitGrant: inventory.True, RedirectURIs: []string{"https://deploy.northwind.example/", "http://old.northwind.example/cb", "http://localhost:8080"},
		},
		{ID: obj("02"), AppID: app("02"), Name: "abandoned", CreatedAt: day(2019, 1, 1), Audience: "AzureADMultipleOrgs", Owners: []string{user("03")}, OwnersKnown: true, FederatedKnown: true, PublicClient: inventory.True},
		{ID: obj("03"), AppID: app("03"), Name: "helpdesk agents", Blueprint: true, Sponsors: []string{user("01")}, OwnersKnown: true, FederatedKnown: true, CreatedAt: day(2026, 8, 1)},
		{ID: obj("05"), AppID: app("05"), Name: "switched off", DisabledByMicrosoft: "DisabledDueToViolationOfServicesAgreement", FederatedKnown: true, OwnersKnown: true},
	}
	t.Principals = []object.ServicePrincipal{
		{ID: sp("01"), AppID: app("01"), Name: "deployer", Type: "Application", Enabled: inventory.True, HomeTenant: tenantID, Names: []string{app("01"), "api://deployer"}, OwnersKnown: true, AssignmentRequired: inventory.True},
		{ID: sp("02"), AppID: app("12"), Name: "Contoso Backup", Type: "Application", Enabled: inventory.True, HomeTenant: guid("1", "77"), VerifiedPublisher: "Contoso Ltd", OwnersKnown: true, CreatedAt: day(2024, 2, 3)},
		{ID: sp("03"), AppID: app("13"), Name: "Fabrikam Sync", Type: "Application", Enabled: inventory.True, HomeTenant: guid("1", "78"), OwnersKnown: true},
		{ID: sp("04"), AppID: app("14"), Name: "ci-runner", Type: "ManagedIdentity", Enabled: inventory.True, AlternativeNames: []string{"isExplicit=True", identity(prodSub, "ci-runner")}, OwnersKnown: true},
		{ID: sp("05"), AppID: app("15"), Name: "build-1", Type: "ManagedIdentity", Enabled: inventory.True, AlternativeNames: []string{"isExplicit=False", machineID(prodSub, "build-1")}, OwnersKnown: true},
		{ID: sp("06"), AppID: app("16"), Name: "elsewhere", Type: "ManagedIdentity", Enabled: inventory.True, AlternativeNames: []string{"isExplicit=True", identity(guid("7", "01"), "elsewhere")}, OwnersKnown: true},
		{ID: sp("07"), Name: "old importer", Type: "Legacy", Enabled: inventory.False, Passwords: []object.Password{{ID: kid("07"), Start: day(2016, 1, 1), End: day(2299, 12, 31)}}, OwnersKnown: true},
		{ID: sp("08"), AppID: app("03"), Name: "helpdesk agents", Type: "Application", Enabled: inventory.True, HomeTenant: tenantID, BlueprintPrincipal: true, OwnersKnown: true},
		{ID: sp("09"), AppID: app("19"), Name: "helpdesk agent 7", Type: "ServiceIdentity", Enabled: inventory.True, HomeTenant: tenantID, Agent: true, Blueprint: app("03"), CreatedBy: app("03"), Sponsors: []string{user("01")}, OwnersKnown: true},
		{
			ID: sp("10"), AppID: app("20"), Name: "Salesforce", Type: "Application", Enabled: inventory.True, HomeTenant: guid("1", "79"), Notify: []string{"sso@northwind.example"}, Tags: []string{"WindowsAzureActiveDirectoryIntegratedApp"},
			Keys: []object.Certificate{
				{ID: kid("08"), Name: "CN=Microsoft Azure Federated SSO Certificate", Type: "X509CertAndPassword", Usage: "Sign", Thumbprint: "cd34", Start: day(2024, 1, 1), End: day(2027, 1, 1)},
				{ID: kid("09"), Name: "CN=Microsoft Azure Federated SSO Certificate", Type: "AsymmetricX509Cert", Usage: "Verify", Thumbprint: "CD34", Start: day(2024, 1, 1), End: day(2027, 1, 1)},
			}, OwnersKnown: true,
		},
		{ID: sp("11"), AppID: app("31"), Name: "homeless", Type: "Application", HomeTenant: tenantID, Enabled: inventory.True, OwnersKnown: true},
		{
			ID: sp("90"), AppID: "00000003-0000-0000-c000-000000000000", Name: "Microsoft Graph", Type: "Application", HomeTenant: microsoft, Enabled: inventory.True, RolesKnown: true, OwnersKnown: true,
			Roles: []object.AppRole{
				{ID: "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", Value: "Application.ReadWrite.All", Name: "Read and write all applications", Enabled: true},
				{ID: "df021288-bdef-4463-88db-98f22de89214", Value: "User.Read.All", Name: "Read all users", Enabled: true},
			},
		},
	}
	t.Users = []object.User{
		{ID: user("01"), Name: "Dana Reyes", UPN: "dana@northwind.example", Mail: "dana@northwind.example", Enabled: inventory.True},
		{ID: user("02"), Name: "Guest", UPN: "guest_contoso.example#EXT#@northwind.example", Mail: "guest@contoso.example", Enabled: inventory.True, Guest: true},
		{ID: user("03"), Name: "Gone Already", UPN: "gone@northwind.example", Enabled: inventory.False},
	}
	t.Groups = []object.Group{
		{ID: guid("6", "01"), Name: "deployers", RoleAssignable: inventory.True, Members: []string{sp("04"), user("01"), guid("6", "02")}, Known: true},
		{ID: guid("6", "02"), Name: "deployers, inner", Members: []string{sp("05"), guid("6", "01")}, Known: true},
	}
	t.SignIns = []object.SignIn{
		{AppID: app("01"), Principal: sp("01"), Last: day(2026, 11, 20), AsClient: day(2026, 11, 20), AsResource: day(2026, 3, 1)},
		{AppID: app("14"), Last: day(2026, 2, 1), Delegate: day(2026, 2, 1)},
	}
	t.Creators = []object.Creator{{Object: obj("01"), By: user("01"), ByName: "dana@northwind.example", Activity: "Add application", At: day(2023, 4, 5)}}
	t.Risky = []object.Risk{{Principal: sp("01"), Level: "high", State: "atRisk", Detail: "leaked credentials", At: day(2026, 11, 1)}}
	t.Management = []object.ManagementPolicy{
		{ID: guid("9", "01"), Name: "short secrets", Enabled: true, Restrictions: []object.Restriction{
			{Type: "passwordLifetime", State: "enabled", Lifetime: 90 * 24 * time.Hour},
			{Type: "symmetricKeyAddition", State: "enabled", From: day(2026, 1, 1)}, // for what is newer than deployer
			{Type: "asymmetricKeyLifetime", State: "disabled", Lifetime: 24 * time.Hour},
			{For: "service principal", Type: "passwordAddition", State: "enabled"},
		}},
		{ID: guid("9", "02"), Name: "default", Default: true, Enabled: true, Restrictions: []object.Restriction{{For: "application", Type: "passwordAddition", State: "enabled", From: day(2026, 1, 1)}}},
	}
}

// federations are trusts of every sort.
func federations() []object.Federated {
	exchange := []string{"api://AzureADTokenExchange"}
	github := "https://token.actions.githubusercontent.com"
	return []object.Federated{
		{ID: "1", Name: "main", Issuer: github, Subject: "repo:northwind/robots:ref:refs/heads/main", Audiences: exchange},
		{ID: "2", Name: "pulls", Issuer: github, Subject: "repo:northwind/robots:pull_request", Audiences: exchange},
		{ID: "3", Name: "star", Issuer: github, Subject: "repo:northwind/*:ref:refs/heads/main", Audiences: exchange},
		{ID: "4", Name: "flexible", Issuer: github, Expression: "claims['sub'] matches 'repo:northwind/*:environment:prod' and claims['job_workflow_ref'] matches 'northwind/flows/*'", Audiences: exchange},
		{ID: "5", Name: "pinned", Issuer: github, Expression: "claims['sub'] matches 'repo:northwind/robots:*' and claims['repository_id'] eq '123456'", Audiences: exchange},
		{ID: "6", Name: "anybody", Issuer: "https://gitlab.com", Expression: "claims['sub'] matches '*'", Audiences: exchange},
		{ID: "7", Name: "pod", Issuer: "https://westeurope.oic.prod-aks.azure.com/" + tenantID + "/one/", Subject: "system:serviceaccount:web:frontend", Audiences: exchange},
		{ID: "8", Name: "neighbour", Issuer: "https://login.microsoftonline.com/" + guid("1", "77") + "/v2.0", Subject: guid("c", "55"), Audiences: exchange},
		{ID: "9", Name: "own", Issuer: "https://login.microsoftonline.com/" + tenantID + "/v2.0", Subject: sp("04")},
	}
}

// granted fills in roles and permissions of the directory.
func granted(t *object.Tenant) {
	t.DirectoryRoles = []object.DirectoryRole{
		{ID: "62e90394-69f5-4237-9190-012177145e10", Template: "62e90394-69f5-4237-9190-012177145e10", Name: "Global Administrator", BuiltIn: true, Privileged: inventory.True},
		{ID: "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", Template: "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", Name: "Application Administrator", BuiltIn: true, Privileged: inventory.True},
		{ID: role("71"), Name: "Own role", Actions: []string{"microsoft.directory/applications/credentials/update"}, Known: true},
	}
	t.Directory = []object.DirectoryRoleAssignment{
		{ID: "ra1", Role: "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", Principal: sp("01"), Scope: "/"},
		{ID: "ra2", Role: role("71"), Principal: sp("02"), Scope: "/" + obj("02"), Start: day(2026, 1, 1), End: day(2026, 12, 31)},
		{ID: "ra3", Role: "62e90394-69f5-4237-9190-012177145e10", Principal: guid("6", "01"), Scope: "/", Eligible: true},
		{ID: "ra4", Role: "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", Principal: sp("03"), Scope: "/administrativeUnits/" + guid("5", "01")},
		{ID: "ra5", Role: "62e90394-69f5-4237-9190-012177145e10", Principal: user("01"), Scope: "/"},
	}
	t.Units = []object.Unit{{ID: guid("5", "01"), Name: "robots", Restricted: inventory.True, Known: true}}
	t.AppRoles = []object.AppRoleAssignment{
		{ID: "ar1", Principal: sp("01"), PrincipalType: "ServicePrincipal", Resource: sp("90"), Role: "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", CreatedAt: day(2023, 4, 6)},
		{ID: "ar2", Principal: sp("02"), PrincipalType: "ServicePrincipal", Resource: sp("90"), Role: "df021288-bdef-4463-88db-98f22de89214", CreatedAt: day(2024, 2, 3)},
		{ID: "ar3", Principal: sp("04"), PrincipalType: "ServicePrincipal", Resource: sp("01"), Role: noRole, CreatedAt: day(2024, 2, 3)},
		{ID: "ar4", Principal: user("01"), PrincipalType: "User", Resource: sp("01"), Role: noRole},
	}
	t.Delegated = []object.DelegatedGrant{
		{ID: "dg1", Client: sp("02"), Resource: sp("90"), Consent: "AllPrincipals", Scopes: []string{"User.Read", "Mail.ReadWrite"}},
		{ID: "dg2", Client: sp("03"), Resource: sp("90"), Consent: "Principal", Principal: user("01"), Scopes: []string{"Files.Read.All"}},
	}
}

// production is a subscription with one of every resource.
func production() *object.Subscription {
	vault := rg(prodSub, "shared") + "/providers/Microsoft.KeyVault/vaults/nw-vault"
	return &object.Subscription{
		ID: prodSub, Name: "northwind-prod", State: "Enabled", Parents: []string{"platform", tenantID}, Tags: []object.Tag{{Key: "environment", Value: "prod"}, {Key: "owner", Value: "cloud@northwind.example"}},
		Identities: []object.ManagedIdentity{
			{ID: identity(prodSub, "ci-runner"), Name: "ci-runner", Location: "westeurope", Principal: sp("04"), Client: app("14"), CreatedAt: day(2024, 5, 6), Tags: []object.Tag{{Key: "team", Value: "build"}, {Key: "managed-by", Value: "Terraform"}}, FederatedKnown: true, Federated: []object.Federated{
				{ARM: identity(prodSub, "ci-runner") + "/federatedIdentityCredentials/gh", Name: "gh", Issuer: "https://token.actions.githubusercontent.com", Subject: "repo:northwind@12/robots@34:environment:prod", Audiences: []string{"api://AzureADTokenExchange"}},
			}},
			{ID: machineID(prodSub, "build-1"), Name: "build-1", Location: "westeurope", Principal: sp("05"), Client: app("15"), System: true},
			{ID: identity(prodSub, "arm-only"), Name: "arm-only", Location: "westeurope", Principal: sp("40"), Client: app("40")},
		},
		Consumers: []object.Consumer{
			{ID: machineID(prodSub, "build-1"), Name: "build-1", Type: "Microsoft.Compute/virtualMachines", Location: "westeurope", System: sp("05"), User: []string{identity(prodSub, "ci-runner")}, Public: inventory.True},
			{ID: rg(prodSub, "web") + "/providers/Microsoft.Web/sites/orders", Name: "orders", Type: "microsoft.web/sites", Kind: "functionapp,linux", Location: "westeurope", User: []string{identity(prodSub, "CI-RUNNER"), identity(guid("7", "01"), "elsewhere")}, Tags: []object.Tag{{Key: "env", Value: "staging"}}},
			{ID: rg(prodSub, "web") + "/providers/Microsoft.Odd/gadgetWorkspaces/g", Name: "g", Type: "microsoft.odd/gadgetworkspaces", System: sp("41")},
		},
		Vaults: []object.Vault{{
			ID: vault, Name: "nw-vault", Location: "westeurope", URI: "https://nw-vault.vault.azure.net/", RBAC: inventory.False, Public: inventory.False, SoftDelete: inventory.True, Purge: inventory.False,
			Tags:   []object.Tag{{Key: "owner", Value: "secops@northwind.example"}},
			Access: []object.AccessPolicy{{Tenant: tenantID, Object: sp("05"), Secrets: []string{"get", "list"}, Certificates: []string{"get"}}},
			Objects: []object.VaultObject{
				{ID: "https://nw-vault.vault.azure.net/secrets/db", Name: "db", Kind: "secret", Enabled: inventory.True, CreatedAt: day(2024, 1, 1), UpdatedAt: day(2024, 2, 1), ContentType: "text/plain", Tags: []object.Tag{{Key: "owner", Value: "dba@northwind.example"}}},
				{ID: "https://nw-vault.vault.azure.net/secrets/tls", Name: "tls", Kind: "secret", Enabled: inventory.True, CreatedAt: day(2026, 1, 1), Expiry: day(2027, 1, 1), Managed: inventory.True},
				{ID: "https://nw-vault.vault.azure.net/keys/wrap", Name: "wrap", Kind: "key", Enabled: inventory.False, CreatedAt: day(2025, 1, 1), KeyType: "RSA-HSM", Rotation: inventory.True, RotationPeriod: 90 * 24 * time.Hour},
				{ID: "https://nw-vault.vault.azure.net/certificates/deployer", Name: "deployer", Kind: "certificate", Enabled: inventory.True, CreatedAt: day(2026, 1, 2), NotBefore: day(2026, 1, 1), Expiry: day(2027, 1, 1), Thumbprint: "ab12cd34ab12cd34ab12cd34ab12cd34ab12cd34"},
			},
		}},
		Stores: []object.Store{
			{ID: rg(prodSub, "data") + "/providers/Microsoft.Storage/storageAccounts/nwdata", Name: "nwdata", Location: "westeurope", Kind: "StorageV2", CreatedAt: day(2022, 1, 1), Key1: day(2022, 1, 1), Key2: day(2026, 10, 1), KeyDays: 60, SharedKey: inventory.True, LocalUsers: inventory.False, Blob: inventory.False, Public: inventory.True},
			{ID: rg(prodSub, "data") + "/providers/Microsoft.Storage/storageAccounts/nwsafe", Name: "nwsafe", SharedKey: inventory.False, Public: inventory.False},
		},
		Switches: []object.LocalAuth{
			{ID: rg(prodSub, "data") + "/providers/Microsoft.DocumentDB/databaseAccounts/orders", Name: "orders", Type: "Microsoft.DocumentDB/databaseAccounts", Disabled: inventory.True, Keys: []object.KeyDate{{Name: "primaryMasterKey", At: day(2025, 1, 1)}, {Name: "secondaryMasterKey"}}},
			{ID: rg(prodSub, "data") + "/providers/Microsoft.ServiceBus/namespaces/bus", Name: "bus", Type: "microsoft.servicebus/namespaces", Disabled: inventory.False, Public: inventory.True},
		},
		Clusters: []object.Cluster{{
			ID: rg(prodSub, "aks") + "/providers/Microsoft.ContainerService/managedClusters/one", Name: "one", Location: "westeurope", Issuer: "https://westeurope.oic.prod-aks.azure.com/" + tenantID + "/one/",
			WorkloadIdentity: inventory.True, LocalAccounts: inventory.True, Kubelet: sp("04"),
		}},
	}
}

// development is a subscription without anything.
func development() *object.Subscription {
	return &object.Subscription{ID: devSub, Name: "northwind-dev", State: "Enabled", Contacts: []string{"dev@northwind.example"}, Parents: []string{tenantID}}
}

// inAzure fills in roles of Azure.
func inAzure(t *object.Tenant) {
	owner, contributor, admin := "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
	everything := []object.Permission{{Actions: []string{"*"}}}
	t.RoleDefs = []object.RoleDefinition{
		{ID: owner, Name: "Owner", Permissions: everything, Known: true},
		{ID: contributor, Name: "Contributor", Permissions: []object.Permission{{Actions: []string{"*"}, NotActions: []string{"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action"}}}, Known: true},
		{ID: admin, Name: "User Access Administrator", Permissions: []object.Permission{{Actions: []string{"*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"}}}, Known: true},
		{ID: role("72"), Name: "Vault opener", Custom: true, Permissions: []object.Permission{{DataActions: []string{"Microsoft.KeyVault/vaults/secrets/getSecret/action"}}}, Known: true, Scopes: []string{"/subscriptions/" + prodSub}},
	}
	t.Folders = []object.ManagementGroup{{ID: tenantID, Name: "Tenant Root Group"}, {ID: "platform", Name: "Platform", Parent: tenantID}}
	at := func(scope, n string) string {
		return scope + "/providers/Microsoft.Authorization/roleAssignments/" + guid("8", n)
	}
	sub, group := "/subscriptions/"+prodSub, "/providers/Microsoft.Management/managementGroups/platform"
	t.Assignments = []object.RoleAssignment{
		{ID: at(sub, "01"), Role: contributor, Principal: sp("01"), PrincipalType: "ServicePrincipal", Scope: sub, CreatedAt: day(2023, 5, 6), CreatedBy: user("01")},
		{ID: at(group, "02"), Role: admin, Principal: sp("04"), PrincipalType: "ServicePrincipal", Scope: group},
		{ID: at(rg(prodSub, "shared"), "03"), Role: role("72"), Principal: guid("6", "01"), PrincipalType: "Group", Scope: rg(prodSub, "shared")},
		{ID: at(sub, "04"), Role: owner, Principal: sp("50"), PrincipalType: "ServicePrincipal", Scope: sub},
		{ID: at(sub, "05"), Role: owner, Principal: user("01"), PrincipalType: "User", Scope: sub},
		{ID: at(machineID(prodSub, "build-1"), "06"), Role: contributor, Principal: sp("40"), PrincipalType: "ServicePrincipal", Scope: machineID(prodSub, "build-1"), Eligible: true, Start: day(2026, 11, 1), End: day(2026, 12, 1)},
		{ID: at("/subscriptions/"+guid("7", "01"), "07"), Role: owner, Principal: sp("06"), PrincipalType: "ServicePrincipal", Scope: "/subscriptions/" + guid("7", "01"), Condition: "@Resource[x] StringEquals 'y'"},
		{ID: sub + "/providers/Microsoft.Authorization/classicAdministrators/1", Role: owner, Principal: "someone@northwind.example", Scope: sub, Classic: true},
	}
}

// scan is what one emits.
type scan struct {
	all        []inventory.Record
	identity   map[string]*inventory.Identity
	credential map[string]*inventory.Credential
	grant      map[string]*inventory.Grant
	trust      map[string]*inventory.Trust
	consumer   map[string]*inventory.Consumer
	usage      map[string][]*inventory.Usage
	owner      map[string][]*inventory.Owner
	coverage   map[string]*inventory.Coverage // by scope and kind
}

// records scans tenants.
func records(t testing.TB, tenants ...*object.Tenant) *scan {
	t.Helper()
	return recordsOf(t, newEstate("azure", &object.Estate{Tenants: tenants}, newOwnerTags(nil), scanned))
}

func recordsOf(t testing.TB, e *estate) *scan {
	t.Helper()
	out := &scan{
		identity: map[string]*inventory.Identity{}, credential: map[string]*inventory.Credential{}, grant: map[string]*inventory.Grant{}, trust: map[string]*inventory.Trust{},
		consumer: map[string]*inventory.Consumer{}, usage: map[string][]*inventory.Usage{}, owner: map[string][]*inventory.Owner{}, coverage: map[string]*inventory.Coverage{},
	}
	err := e.run(context.Background(), func(r inventory.Record) error {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		out.all = append(out.all, r)
		switch r.Kind() {
		case inventory.KindIdentity:
			out.identity[r.ID()] = r.Identity
		case inventory.KindCredential:
			out.credential[r.ID()] = r.Credential
		case inventory.KindGrant:
			out.grant[r.ID()] = r.Grant
		case inventory.KindTrust:
			out.trust[r.ID()] = r.Trust
		case inventory.KindConsumer:
			out.consumer[r.ID()] = r.Consumer
		case inventory.KindUsage:
			out.usage[r.Usage.Subject] = append(out.usage[r.Usage.Subject], r.Usage)
		case inventory.KindOwner:
			out.owner[r.Owner.Subject] = append(out.owner[r.Owner.Subject], r.Owner)
		case inventory.KindCoverage:
			out.coverage[r.Coverage.Scope+" "+string(r.Coverage.Kind)] = r.Coverage
		case inventory.KindProgress, inventory.KindRelation, inventory.KindFinding:
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
