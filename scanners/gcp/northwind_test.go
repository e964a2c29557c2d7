package gcp

import (
	"context"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// Northwind Robotics in these tests.
const (
	organization = "organizations/111122223333"
	folder       = "folders/222233334444"
	prod         = "northwind-prod"
	prodNumber   = "444455556666"
	deployer     = "deployer@northwind-prod.iam.gserviceaccount.com"
	payments     = "payments@northwind-prod.iam.gserviceaccount.com"
	computes     = "444455556666-compute@developer.gserviceaccount.com"
	builder      = "builder@northwind-ci.iam.gserviceaccount.com"
	vendor       = "watch@supplier-monitoring.iam.gserviceaccount.com"
	pool         = "projects/444455556666/locations/global/workloadIdentityPools/github"
)

// scanned is when the tests scan.
var scanned = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// listed says that calls told all.
func listed(calls ...string) []object.Listing {
	var out []object.Listing
	for _, c := range calls {
		out = append(out, object.Listing{Call: c, Status: inventory.StatusComplete})
	}
	return out
}

// projectCalls are those of a project of which all was read.
var projectCalls = []string{
	callAccounts, "iam.serviceAccountKeys.list", callAPIKeys, "secretmanager.secrets.list", "secretmanager.versions.list", "cloudkms.cryptoKeys.list", "iam.googleapis.com/workloadIdentityPools.list",
	"iam.googleapis.com/workloadIdentityPoolProviders.list", "storage.hmacKeys.list", "iam.oauthClients.list", "iam.serviceAccounts.getIamPolicy", "resourcemanager.projects.getIamPolicy",
	"policyanalyzer.serviceAccountLastAuthenticationActivities.query", "essentialcontacts.contacts.list", "iam.denypolicies.list",
	callPolicies,
}

// northwind is an organisation with one of everything.
func northwind() *object.Estate {
	return &object.Estate{
		Organizations: []object.Organization{{Name: organization, DisplayName: "northwind.example", State: "ACTIVE", Contacts: []object.Contact{{Email: "security@northwind.example", Categories: []string{"SECURITY"}}}}},
		Folders:       []object.Folder{{Name: folder, DisplayName: "production", Parent: organization, State: "ACTIVE"}},
		Projects:      []*object.Project{production(), delivery()},
		Members:       []string{prod, "northwind-ci", "northwind-dev"}, MembersKnown: true,
		Roles: []object.Role{
			{Name: "roles/owner", Title: "Owner", Stage: "GA", Known: true, Permissions: []string{"iam.serviceAccountKeys.create", "iam.serviceAccounts.actAs", "iam.serviceAccounts.setIamPolicy", "resourcemanager.projects.setIamPolicy"}},
			{Name: "roles/iam.workloadIdentityUser", Title: "Workload Identity User", Stage: "GA", Known: true, Permissions: []string{"iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken"}},
			{Name: "projects/northwind-prod/roles/release", Title: "Release", Stage: "GA", Known: true, Permissions: []string{"run.services.create", "run.services.update"}},
		},
		Policies:  policies(),
		Workforce: []object.Pool{{Name: "locations/global/workforcePools/partners", DisplayName: "Partners", State: "ACTIVE", Session: time.Hour, Disabled: inventory.False, ProvidersKnown: true, Providers: []object.Provider{{Name: "locations/global/workforcePools/partners/providers/okta", Kind: "saml", Issuer: "https://idp.partner.example", State: "ACTIVE", Disabled: inventory.False}}}},
		Delegated: []object.Delegation{{ClientID: "100000000000000000001", Scopes: []string{"https://www.googleapis.com/auth/gmail.readonly"}}},
		Groups:    []object.Group{{Email: "ci@northwind.example", Known: true, Members: []string{"serviceAccount:" + builder, "user:dana.reyes@northwind.example"}}},
		Listings:  []object.Listing{{Call: "resourcemanager.organizations.getIamPolicy", Where: organization}, {Call: "resourcemanager.folders.getIamPolicy", Where: folder}, {Call: "iam.workforcePools.list", Where: organization}},
		Notes:     []string{"domain-wide delegation cannot be listed by an API"},
	}
}

// production is the project with most of it.
func production() *object.Project {
	p := &object.Project{
		ID: prod, Number: prodNumber, Name: "Northwind production", Parent: folder, State: "ACTIVE", Labels: []object.Label{{Key: "env", Value: "prod"}}, Reader: "muster@northwind-ci.iam.gserviceaccount.com",
		Accounts: []object.Account{
			{
				Email: deployer, UniqueID: "100000000000000000001", ClientID: "100000000000000000001", Name: "deployer", Description: "Rolls out releases, ask platform@northwind.example", Disabled: inventory.False, CreatedAt: day(2024, 2, 3), KeysKnown: true,
				Labels: []object.Label{{Key: "team", Value: "platform"}, {Key: "goog-terraform-provisioned", Value: "true"}}, LastAuthenticated: day(2026, 11, 20), Used: inventory.True, ObservedFrom: day(2026, 8, 20),
				Keys: []object.AccountKey{
					{ID: "0f1e2d3c4b5a69788796a5b4c3d2e1f000000001", Type: keyUser, Origin: "GOOGLE_PROVIDED", Algorithm: "KEY_ALG_RSA_2048", Disabled: inventory.False, ValidAfter: day(2025, 1, 2), NeverExpires: true, LastAuthenticated: day(2026, 11, 20), Used: inventory.True, ObservedFrom: day(2026, 8, 20)},
					{ID: "0f1e2d3c4b5a69788796a5b4c3d2e1f000000002", Type: keyUser, Origin: "USER_PROVIDED", Algorithm: "KEY_ALG_RSA_2048", Disabled: inventory.True, DisableReason: "EXPOSED", Extended: []string{"EXPOSED=https://github.com/northwind/x"}, ValidAfter: day(2025, 6, 2), ValidBefore: day(2027, 6, 2), Used: inventory.False, ObservedFrom: day(2026, 8, 20)},
					{ID: "0f1e2d3c4b5a69788796a5b4c3d2e1f000000003", Type: keySystem, Origin: "GOOGLE_PROVIDED", Algorithm: "KEY_ALG_RSA_2048", Disabled: inventory.False, ValidAfter: day(2026, 11, 10), ValidBefore: day(2026, 11, 27)},
				},
			},
			{Email: payments, UniqueID: "100000000000000000002", Name: "Payments service", Disabled: inventory.False, KeysKnown: true, LastAuthenticated: day(2026, 3, 1), Used: inventory.True, ObservedFrom: day(2026, 1, 1)},
			{Email: computes, UniqueID: "100000000000000000003", Name: "Compute Engine default service account", Disabled: inventory.False, Managed: "default", KeysKnown: true, Used: inventory.False, ObservedFrom: day(2026, 8, 20)},
			{Email: "old@northwind-prod.iam.gserviceaccount.com", UniqueID: "100000000000000000004", Disabled: inventory.True},
		},
		Pools: []object.Pool{{
			Name: pool, DisplayName: "GitHub", State: "ACTIVE", Mode: "FEDERATION_ONLY", Disabled: inventory.False, ProvidersKnown: true,
			Providers: []object.Provider{
				{Name: pool + "/providers/actions", State: "ACTIVE", Disabled: inventory.False, Kind: "oidc", Issuer: "https://token.actions.githubusercontent.com", Condition: "assertion.repository_owner_id == '12345'", Mapping: []object.Label{{Key: "google.subject", Value: "assertion.sub"}, {Key: "attribute.repository", Value: "assertion.repository"}}},
				{Name: pool + "/providers/aws", State: "ACTIVE", Disabled: inventory.False, Kind: "aws", Issuer: "999988887777"},
				{Name: pool + "/providers/gone", State: stateDeleted, Disabled: inventory.False, Kind: "oidc", Issuer: "https://gitlab.com"},
			},
			Managed: []object.ManagedIdentity{{Name: pool + "/namespaces/prod/managedIdentities/api", State: "ACTIVE", Disabled: inventory.False, Rules: []string{"//run.googleapis.com/projects/444455556666/*"}}},
		}},
		Insights: []object.Insight{{Kind: "google.iam.policy.Insight", Member: prefixAccount + deployer, Role: "roles/owner", Resource: "//cloudresourcemanager.googleapis.com/projects/" + prodNumber, Unused: []string{"compute.instances.delete", "storage.buckets.delete"}, Total: 9000, State: "ACTIVE", At: day(2026, 11, 20)}},
		Listings: listed(projectCalls...),
	}
	stores(p)
	return p
}

// stores adds keys, secrets and what uses them.
func stores(p *object.Project) {
	p.Keys = []object.APIKey{
		{Name: "projects/" + prodNumber + "/locations/global/keys/k-1", UID: "k-1", DisplayName: "maps", CreatedAt: day(2024, 1, 1), Restriction: "browser", Allowed: []string{"https://northwind.example/*"}, Services: []string{"maps-backend.googleapis.com"}},
		{Name: "projects/" + prodNumber + "/locations/global/keys/k-2", UID: "k-2", DisplayName: "agent", CreatedAt: day(2026, 1, 1), Account: payments, Restriction: "server", Allowed: []string{"192.0.2.0/24"}},
		{Name: "projects/" + prodNumber + "/locations/global/keys/k-3", UID: "k-3", DisplayName: "old", CreatedAt: day(2023, 1, 1), DeletedAt: day(2026, 11, 1)},
	}
	p.Secrets = []object.Secret{
		{Name: "projects/" + prodNumber + "/secrets/db-main", CreatedAt: day(2024, 1, 1), RotationPeriod: 30 * 24 * time.Hour, NextRotation: day(2026, 12, 1), Topics: []string{"projects/northwind-prod/topics/rotate"}, Replication: []string{"automatic"}, VersionsKnown: true, Labels: []object.Label{{Key: "owner", Value: "data_northwind"}}, Versions: []object.SecretVersion{{ID: "2", State: "ENABLED", CreatedAt: day(2026, 11, 1)}, {ID: "1", State: "DESTROYED", CreatedAt: day(2024, 1, 1)}}},
		{Name: "projects/" + prodNumber + "/secrets/open", CreatedAt: day(2025, 1, 1), ExpiresAt: day(2027, 1, 1), Replication: []string{"europe-west3"}, KMS: []string{"projects/northwind-prod/locations/europe-west3/keyRings/main/cryptoKeys/data"}},
	}
	p.KMS = []object.Key{
		{Name: "projects/northwind-prod/locations/europe-west3/keyRings/main/cryptoKeys/data", Purpose: "ENCRYPT_DECRYPT", Algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION", Protection: "HSM", State: "ENABLED", CreatedAt: day(2024, 1, 1), PrimaryAt: day(2026, 10, 1), NextRotation: day(2026, 12, 30), RotationPeriod: 90 * 24 * time.Hour},
		{Name: "projects/northwind-prod/locations/europe-west3/keyRings/main/cryptoKeys/sign", Purpose: "ASYMMETRIC_SIGN", Algorithm: "EC_SIGN_P256_SHA256", Protection: "SOFTWARE", State: "DISABLED", CreatedAt: day(2024, 1, 1)},
	}
	p.HMAC = []object.HMACKey{{AccessID: "GOOG" + "1ENORTHWIND", Account: deployer, State: "ACTIVE", CreatedAt: day(2025, 3, 4)}}
	p.Clients = []object.OAuthClient{{Name: "projects/northwind-prod/locations/global/oauthClients/portal", ID: "client-1", DisplayName: "Portal", Type: "CONFIDENTIAL_CLIENT", State: "ACTIVE", Disabled: inventory.False, Scopes: []string{"openid"}, CredentialsKnown: true, Credentials: []object.OAuthCredential{{Name: "projects/northwind-prod/locations/global/oauthClients/portal/credentials/c1", DisplayName: "first", Disabled: inventory.False}}}}
	p.Consumers = []object.Consumer{
		{Name: "run.googleapis.com/projects/northwind-prod/locations/europe-west3/services/pay", Type: "run.service", Title: "pay", Account: payments, Location: "europe-west3", Public: inventory.True, Secrets: []string{"projects/northwind-prod/secrets/db-main"}},
		{Name: "compute.googleapis.com/projects/northwind-prod/zones/europe-west3-a/instances/web-1", Type: "compute.instance", Title: "web-1", Account: "default", Scopes: []string{cloudPlatform}, Location: "europe-west3-a", Labels: []object.Label{{Key: "env", Value: "staging"}}},
	}
}

// delivery is the project of pipelines, of which API keys were denied.
func delivery() *object.Project {
	p := &object.Project{
		ID: "northwind-ci", Number: "777788889999", Parent: organization, State: "ACTIVE",
		Accounts: []object.Account{{Email: builder, UniqueID: "100000000000000000009", Disabled: inventory.False, KeysKnown: true, LastAuthenticated: day(2026, 11, 1), Used: inventory.True}},
		Contacts: []object.Contact{{Email: "ci-oncall@northwind.example", Categories: []string{"TECHNICAL"}}},
		Notes:    []string{"read by Asset Inventory"},
	}
	p.Listings = listed(projectCalls...)
	for i := range p.Listings {
		switch l := &p.Listings[i]; l.Call {
		case callAPIKeys:
			l.Status, l.Reason = inventory.StatusDenied, "apikeys.keys.list: denied: the permission apikeys.keys.list is missing: gcloud services api-keys list"
		case "cloudkms.cryptoKeys.list":
			l.Off = true
		}
	}
	return p
}

// policies are those of all places and of some resources.
func policies() []object.Policy {
	set := "principalSet://iam.googleapis.com/" + pool
	account := func(email string) string {
		return "iam.googleapis.com/projects/northwind-prod/serviceAccounts/" + email
	}
	return []object.Policy{
		{Resource: organization, Bindings: []object.Binding{
			{Role: "roles/resourcemanager.organizationAdmin", Members: []string{"user:dana.reyes@northwind.example"}},
			{Role: "roles/iam.serviceAccountTokenCreator", Members: []string{prefixAccount + builder, "group:admins@northwind.example"}},
			{Role: "roles/browser", Members: []string{"principal://iam.googleapis.com/locations/global/workforcePools/partners/subject/lee@partner.example"}},
		}},
		{Resource: folder, Bindings: []object.Binding{{Role: "roles/viewer", Members: []string{prefixAccount + vendor, "domain:northwind.example"}}}},
		{Resource: "projects/" + prod, Project: prod, Bindings: []object.Binding{
			{Role: "roles/owner", Members: []string{prefixAccount + deployer}},
			{Role: "roles/editor", Members: []string{prefixAccount + computes, prefixAccount + prodNumber + "@cloudservices.gserviceaccount.com"}},
			{Role: "roles/cloudbuild.serviceAgent", Members: []string{prefixAccount + "service-" + prodNumber + "@gcp-sa-cloudbuild.iam.gserviceaccount.com"}},
			{Role: "projects/northwind-prod/roles/release", Members: []string{"group:ci@northwind.example", "deleted:" + prefixAccount + "gone@northwind-prod.iam.gserviceaccount.com?uid=100000000000000000008"}},
			{Role: "roles/compute.viewer", Members: []string{set + "/attribute.repository/northwind/robot", prefixAccount + "northwind-prod.svc.id.goog[payments/runner]"}, Condition: &object.Condition{Title: "until year end", Expression: `request.time < timestamp("2026-12-31T00:00:00Z")`}},
			{Role: "roles/aiplatform.user", Members: []string{"principal://agents.global.org-111122223333.system.id.goog/resources/aiplatform/projects/444455556666/locations/europe-west3/reasoningEngines/77"}},
		}},
		{Resource: "projects/northwind-ci", Project: "northwind-ci", Bindings: []object.Binding{{Role: "roles/storage.admin", Members: []string{prefixAccount + builder}}}},
		{Resource: "secretmanager.googleapis.com/projects/" + prodNumber + "/secrets/open", Project: prod, Bindings: []object.Binding{{Role: "roles/secretmanager.secretAccessor", Members: []string{"allAuthenticatedUsers", prefixAccount + builder}}}},
		{Resource: account(deployer), Project: prod, Bindings: []object.Binding{
			{Role: "roles/iam.workloadIdentityUser", Members: []string{set + "/attribute.repository/northwind/robot", "principal://iam.googleapis.com/" + pool + "/subject/repo:northwind/robot:ref:refs/heads/main", prefixAccount + "northwind-prod.svc.id.goog[payments/runner]", "principalSet://iam.googleapis.com/projects/444455556666/locations/global/workloadIdentityPools/lost/*"}},
			{Role: "roles/iam.serviceAccountUser", Members: []string{prefixAccount + builder, "group:ci@northwind.example", prefixAccount + vendor}},
			{Role: "roles/iam.serviceAccountViewer", Members: []string{"user:dana.reyes@northwind.example"}},
		}},
	}
}

// mapped returns all records of an estate.
func mapped(t testing.TB, o *object.Estate) []inventory.Record {
	t.Helper()
	var out []inventory.Record
	err := newEstate("gcp", o, newOwnerLabels(nil), scanned).run(context.Background(), func(r inventory.Record) error {
		if err := r.Validate(); err != nil {
			t.Errorf("%v: %+v", err, r)
		}
		out = append(out, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
