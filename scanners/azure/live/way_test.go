package live_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// TestNarrowGraph reads the same from a Graph that takes options only where it is
// documented.
func TestNarrowGraph(t *testing.T) {
	want := read(t, everything(fake.Northwind()))
	s := fake.Northwind()
	s.Narrow = true
	got := read(t, everything(s))
	got.Listings, want.Listings = nil, nil
	if diff := cmp.Diff(strings.Split(dump(t, want), "\n"), strings.Split(dump(t, got), "\n")); diff != "" {
		t.Error("the tenant (-wide +narrow):\n", diff)
	}
}

// TestManyManagedIdentities are asked for their federated credentials all at once.
func TestManyManagedIdentities(t *testing.T) {
	s := fake.Northwind()
	const many = live.MaxIdentities + 50
	var identities, principals fake.Trees
	for i := range many {
		id := fmt.Sprintf("/subscriptions/%s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-%03d", fake.NorthwindDev, i)
		identities = append(identities, fake.Tree{
			"id": id, "name": fmt.Sprintf("id-%03d", i), "type": "microsoft.managedidentity/userassignedidentities", "subscriptionId": fake.NorthwindDev, "location": "westeurope",
			"properties": fake.Tree{"principalId": fake.Object(5000 + i), "clientId": fake.Object(6000 + i)},
		})
		principals = append(principals, fake.Tree{
			"id": fake.Object(5000 + i), "appId": fake.Object(6000 + i), "servicePrincipalType": "ManagedIdentity",
			"federatedIdentityCredentials": []fake.Tree{{"id": fake.Object(7000 + i), "name": "ci", "issuer": "https://gitlab.com", "subject": "project_path:northwind/x", "audiences": []string{"api://AzureADTokenExchange"}}},
		})
	}
	s.Tables["resources"] = identities
	s.Graph["/servicePrincipals"] = principals
	tenant := read(t, options(s))
	n := 0
	for _, m := range tenant.Subscriptions[1].Identities {
		if m.FederatedKnown && len(m.Federated) == 1 && m.Federated[0].Issuer == "https://gitlab.com" {
			n++
		}
	}
	asked := 0
	for _, r := range s.Requests() {
		if strings.HasSuffix(r.Path, "federatedIdentityCredentials") && r.Host == "management.azure.com" {
			asked++
		}
	}
	if n != many || asked > 0 {
		t.Errorf("%d of %d identities have a federated credential, %d were asked one by one", n, many, asked)
	}
	s.Front = func(w http.ResponseWriter, r fake.Request) bool { // Graph does not tell
		if r.Query.Get("$filter") == "" {
			return false
		}
		fake.Deny(w, r.Host)
		return true
	}
	s.Forget()
	tenant = read(t, options(s))
	if l := listingsOf(tenant, "arm: Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read"); len(l) != 1 || l[0].Count != many {
		t.Errorf("without Graph, the listings are %+v", l)
	}
}

// TestChosenSubscriptions reads nothing of the others, and says so.
func TestChosenSubscriptions(t *testing.T) {
	s := fake.Northwind()
	o := options(s)
	o.Subscriptions, o.ExcludeSubscriptions = []string{"northwind-*"}, []string{fake.NorthwindDev}
	tenant := read(t, o)
	if len(tenant.Subscriptions) != 1 || tenant.LeftOut != 1 || tenant.Subscriptions[0].ID != fake.NorthwindProd || !strings.Contains(strings.Join(tenant.Notes, " "), "left out by choice") {
		t.Errorf("the subscriptions are %s, the notes %q", dump(t, tenant.Subscriptions), tenant.Notes)
	}
	for _, a := range tenant.Assignments {
		if strings.Contains(a.Scope, fake.NorthwindDev) {
			t.Errorf("%s was read", a.ID)
		}
	}
	for _, r := range s.Requests() {
		if strings.Contains(r.Path, fake.NorthwindDev) {
			t.Errorf("%s was asked for", r.Path)
		}
	}
}

// TestProbe asks little, and names what is refused.
func TestProbe(t *testing.T) {
	s := fake.Northwind()
	s.Granted = map[string]bool{}
	for _, p := range live.AllPermissions() {
		s.Granted[p.Name] = p.Name != "Policy.Read.All"
	}
	r, err := live.Open(t.Context(), options(s))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := r.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Tenant != fake.NorthwindTenant || got.ReaderName != "muster" || got.Subscriptions != 2 || got.Tried != 8 || len(got.Trouble) != 1 || !strings.Contains(got.Trouble[0].Reason, "Policy.Read.All") {
		t.Errorf("the standing is %+v", got)
	}
	if n := len(s.Requests()); n != got.Tried {
		t.Errorf("%d requests", n)
	}
}

// TestNoLicence is no denial, and no proof of absence.
func TestNoLicence(t *testing.T) {
	s := fake.Northwind()
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		switch {
		case strings.Contains(r.Path, "/reports/"):
			fake.Refuse(w, http.StatusForbidden, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license")
		case strings.Contains(r.Path, "ScheduleInstances") && strings.HasPrefix(r.Host, "graph."):
			fake.Refuse(w, http.StatusBadRequest, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
		default:
			return false
		}
		return true
	}
	tenant := read(t, options(s))
	n := 0
	for _, l := range listings(tenant) {
		if l.Status != inventory.StatusComplete {
			n++
			if l.Status != inventory.StatusSkipped || !strings.Contains(l.Reason, "licence") {
				t.Errorf("%+v", l)
			}
		}
	}
	if n != 4 || tenant.UsageKnown || tenant.CredentialUsageKnown || !strings.Contains(tenant.UsageReason, "licence") {
		t.Errorf("%d listings, usage known %v because %q", n, tenant.UsageKnown, tenant.UsageReason)
	}
}

// TestVaultBehindFirewall says what is in the way.
func TestVaultBehindFirewall(t *testing.T) {
	s := fake.Northwind()
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Host != fake.VaultHost {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error":{"code":"Forbidden","message":"Client address is not authorized and caller is not a trusted service.","innererror":{"code":"ForbiddenByFirewall"}}}`)
		return true
	}
	for _, l := range listings(read(t, options(s))) {
		if strings.HasPrefix(l.Call, "vault:") && (l.Status != inventory.StatusDenied || !strings.Contains(l.Reason, "network rules")) {
			t.Errorf("%+v", l)
		}
	}
}

// TestServicesThatAreOff have nothing, and say so in a note.
func TestServicesThatAreOff(t *testing.T) {
	s := fake.Northwind()
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if !strings.HasSuffix(r.Path, "securityContacts") {
			return false
		}
		fake.Refuse(w, http.StatusConflict, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace 'Microsoft.Security'.")
		return true
	}
	tenant := read(t, options(s))
	for _, l := range listingsOf(tenant, "arm: Microsoft.Security/securityContacts/read") {
		if l.Status != inventory.StatusComplete || l.Count != 0 {
			t.Errorf("%+v", l)
		}
	}
	if len(tenant.Subscriptions[0].Notes) != 1 {
		t.Errorf("the notes are %q", tenant.Subscriptions[0].Notes)
	}
	for _, r := range s.Requests() { // Microsoft's clients would register it
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/register") {
			t.Error("a resource provider was registered")
		}
	}
}
