package export

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A token signs in with what a server issues.
type token struct{ server *fake.Server }

func (t token) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: t.server.Token(o.Scopes[0]), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// A collector does with a stand-in for Microsoft what the collecting script does with
// az.
type collector struct {
	t      *testing.T
	server *fake.Server
	dir    string
}

func (c *collector) send(method, address, audience string, body any) map[string]any {
	c.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, bytes.NewReader(data))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.server.Token(audience+"/.default"))
	r.Header.Set("Content-Type", "application/json")
	res, err := c.server.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil || res.StatusCode != http.StatusOK {
		c.t.Fatalf("%s %s: %d %s", method, address, res.StatusCode, text)
	}
	return out
}

// save writes a page; name says of what.
func (c *collector) save(name string, v any) {
	c.t.Helper()
	write(c.t, filepath.Join(c.dir, name+".json"), v)
}

func write(t *testing.T, file string, v any) {
	t.Helper()
	data, ok := v.(string)
	if !ok {
		b, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		data = string(b)
	}
	writeFile(t, file, data)
}

func writeFile(t testing.TB, file, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pages follows the links of an answer.
func (c *collector) pages(name, address, audience string) []any {
	var all []any
	for n := 0; address != ""; n++ {
		answer := c.send(http.MethodGet, address, audience, nil)
		file := name
		if n > 0 {
			file += "." + string(rune('1'+n))
		}
		if name != "" {
			c.save(file, answer)
		}
		if list, ok := answer["value"].([]any); ok {
			all = append(all, list...)
		}
		address, _ = answer["@odata.nextLink"].(string)
		if next, ok := answer["nextLink"].(string); ok {
			address = next
		}
	}
	return all
}

const (
	graphAt  = "https://graph.microsoft.com"
	manageAt = "https://management.azure.com"
	managed  = "https://management.core.windows.net/"
)

func (c *collector) query(name, query string) {
	options := map[string]any{"resultFormat": "objectArray", "$top": 1000, "authorizationScopeFilter": "AtScopeAboveAndBelow"}
	for n := 0; ; n++ {
		answer := c.send(http.MethodPost, manageAt+"/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01", managed, map[string]any{"query": query, "options": options})
		file := name
		if n > 0 {
			file += "." + string(rune('1'+n))
		}
		c.save(file, answer)
		skip, _ := answer["$skipToken"].(string)
		if skip == "" {
			return
		}
		options["$skipToken"] = skip
	}
}

// escape writes the query of an address as az does.
func escape(path string) string {
	before, query, ok := strings.Cut(path, "?")
	if !ok {
		return path
	}
	return before + "?" + strings.ReplaceAll(strings.ReplaceAll(query, " ", "%20"), "'", "%27")
}

// collect makes every call of the script.
func collect(t *testing.T, s *fake.Server) string {
	t.Helper()
	c := &collector{t, s, t.TempDir()}
	subs := []string{fake.NorthwindProd, fake.NorthwindDev}
	var accounts []map[string]any
	for i, id := range append(subs, "cccccccc-0000-4000-8000-000000000009") {
		tenant := fake.NorthwindTenant
		if i == 2 {
			tenant = "99999999-8888-7777-6666-555555555555"
		}
		accounts = append(accounts, map[string]any{
			"cloudName": "AzureCloud", "homeTenantId": tenant, "id": id, "isDefault": i == 0, "managedByTenants": []any{}, "name": []string{"northwind-prod", "northwind-dev", "x"}[i],
			"state": "Enabled", "tenantId": tenant, "user": map[string]any{"name": "auditor@northwind.example", "type": "user"},
		})
	}
	for _, call := range calls() {
		switch call.how {
		case byGraph:
			if call.file == "users" { // the stand-in has nobody to list
				continue
			}
			c.pages(call.file, graphAt+escape(call.ask), graphAt)
		case byQuery:
			c.query(call.file, call.ask)
		case byARM:
			for _, sub := range subs {
				c.pages("subscriptions/"+sub+"/"+call.file, manageAt+"/subscriptions/"+sub+"/providers/"+call.ask, managed)
			}
		case byAz:
			c.az(&call, accounts)
		case byHand:
		}
	}
	c.singles()
	identity := "/subscriptions/" + fake.NorthwindProd + "/resourceGroups/rg-orders/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders"
	c.pages("identity-federated-credential-list.id-orders", manageAt+identity+"/federatedIdentityCredentials?api-version=2023-01-31", managed)
	return c.dir
}

// az makes the calls that az makes for its commands.
func (c *collector) az(call *call, accounts []map[string]any) {
	switch call.file {
	case "account-list":
		c.save(call.file, accounts)
		c.pages("subscriptions", manageAt+"/subscriptions?api-version=2022-12-01", managed) // which tells tags
	case "ad-app-list":
		c.save(call.file, inFull(c.pages("", graphAt+"/v1.0/applications?$select="+applicationFields, graphAt), applicationFields))
	case "ad-sp-list":
		c.save(call.file, inFull(c.pages("", graphAt+"/v1.0/servicePrincipals?$select="+principalFields, graphAt), principalFields))
	case "ad-group-list":
		answer := c.send(http.MethodPost, graphAt+"/v1.0/directoryObjects/getByIds", graphAt, map[string]any{"ids": everybody(), "types": []string{"user", "group"}})
		if list, ok := answer["value"].([]any); ok {
			inFull(list, "onPremisesSyncEnabled")
		}
		c.save("people", answer) // as if users and groups had been listed
	default: // of the vault
		kind := strings.Split(call.file, "-")[1] + "s"
		list := c.pages("", "https://"+fake.VaultHost+"/"+kind+"?api-version=7.5", "https://vault.azure.net")
		c.save(call.file+".nw-prod", list)
	}
}

// inFull gives objects the fields that they lack, as null: Microsoft Graph leaves none
// out, and the stand-in does.
func inFull(list []any, fields string) []any {
	for _, one := range list {
		o, ok := one.(map[string]any)
		for field := range strings.SplitSeq(fields, ",") {
			if _, has := o[field]; ok && !has {
				o[field] = nil
			}
		}
	}
	return list
}

// What Microsoft Graph tells of applications and service principals unless one chooses
// (Microsoft Graph, reference of both), as far as it is read. The stand-in tells what
// is in its fixtures, unless one chooses.
const (
	applicationFields = "id,appId,displayName,description,createdDateTime,signInAudience,publisherDomain,verifiedPublisher,serviceManagementReference,notes,tags," +
		"disabledByMicrosoftStatus,servicePrincipalLockConfiguration,passwordCredentials,keyCredentials,requiredResourceAccess,appRoles,api,isFallbackPublicClient,web,spa,publicClient"
	principalFields = "id,appId,displayName,description,servicePrincipalType,accountEnabled,appOwnerOrganizationId,alternativeNames,servicePrincipalNames," +
		"notificationEmailAddresses,notes,tags,verifiedPublisher,disabledByMicrosoftStatus,appRoleAssignmentRequired,createdByAppId,passwordCredentials,keyCredentials,appRoles,oauth2PermissionScopes"
)

func everybody() []string {
	var out []string
	for i := range 300 {
		out = append(out, fake.Object(i))
	}
	return out
}

// singles asks for what belongs to single groups, policies and units.
func (c *collector) singles() {
	for _, one := range []struct{ file, list, relation string }{
		{"ad-app-owner-list", "applications", "owners?$select=id"},
		{"app-role-assignments", "servicePrincipals", "appRoleAssignments"},
		{"ad-group-owner-list", "groups", "owners?$select=id"},
		{"policy-applies-to", "policies/appManagementPolicies", "appliesTo?$select=id"},
		{"unit-member-list", "directory/administrativeUnits", "members/microsoft.graph.group?$select=id"},
		{"ad-group-member-list", "groups", "transitiveMembers/microsoft.graph.servicePrincipal?$select=id&$count=true"},
	} {
		found := c.ids(one.list)
		if one.file == "ad-app-owner-list" || one.file == "app-role-assignments" { // of those of which $expand does not tell all
			found = []string{fake.Object(map[string]int{"applications": 2, "servicePrincipals": 22}[one.list])}
		}
		for _, id := range found {
			c.save(one.file+"."+id, c.list(graphAt+"/v1.0/"+one.list+"/"+id+"/"+one.relation))
		}
	}
}

// ids are those of the objects of a listing; groups are those that hold roles.
func (c *collector) ids(list string) []string {
	if list == "groups" {
		return []string{fake.Object(200), fake.Object(201)}
	}
	var out []string
	for _, v := range c.pages("", graphAt+"/v1.0/"+list, graphAt) {
		if m, ok := v.(map[string]any); ok {
			id, _ := m["id"].(string)
			out = append(out, id)
		}
	}
	return out
}

// list is a relation, also if it is asked in a way that needs a header.
func (c *collector) list(address string) []any {
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.server.Token(graphAt+"/.default"))
	r.Header.Set("ConsistencyLevel", "eventual")
	res, err := c.server.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ Value []any }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode == http.StatusBadRequest {
		c.t.Fatalf("%s: %d %v", address, res.StatusCode, err)
	}
	if out.Value == nil {
		out.Value = []any{}
	}
	return out.Value
}

// TestSameAsLive reads a tenant live, and what the calls of the collecting script save
// of the same: both are one.
func TestSameAsLive(t *testing.T) {
	s := fake.Northwind()
	begun := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	var slept atomic.Int64
	now := func() time.Time { return begun.Add(time.Duration(slept.Load())) }
	r, err := live.Open(t.Context(), live.Options{
		Token: token{s}, Now: now, Sleep: func(ctx context.Context, d time.Duration) error { slept.Add(int64(d)); return ctx.Err() },
		Random: func() float64 { return 0.5 }, Wrap: func(http.RoundTripper) http.RoundTripper { return s }, Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	e, err := r.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := collect(t, s)
	got, problems, err := Read(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if !strings.Contains(p.Message, "of other tenants left out") && p.Path != "subscriptions.json" && // where one has an odd id
			p.String() != "ad-app-list.json: holds a client secret, which was passed over. Delete the file, and rotate what it is for if others could read it" {
			t.Errorf("problem: %s", p)
		}
	}
	if len(got.Tenants) != 1 {
		t.Fatalf("%d tenants", len(got.Tenants))
	}
	for _, l := range got.Tenants[0].Listings {
		if l.Status != inventory.StatusComplete {
			t.Errorf("%s is %s: %s", l.Call, l.Status, l.Reason)
		}
	}
	for _, sub := range got.Tenants[0].Subscriptions {
		for _, l := range sub.Listings {
			if l.Status != inventory.StatusComplete {
				t.Errorf("%s %s %s is %s: %s", sub.Name, l.Call, l.Where, l.Status, l.Reason)
			}
		}
	}
	if diff := cmp.Diff(strings.Split(plainly(t, e.Tenants[0]), "\n"), strings.Split(plainly(t, got.Tenants[0]), "\n")); diff != "" {
		t.Errorf("the files tell something else than the services (-live +files):\n%s", diff)
	}
	if strings.Contains(plainly(t, got.Tenants[0]), fake.Canary()) {
		t.Error("the value of a secret came through")
	}
}

// plainly writes down a tenant without what tells how it was read.
func plainly(t *testing.T, in *object.Tenant) string {
	t.Helper()
	out := *in
	out.Listings, out.Notes, out.Reader, out.ReaderName, out.UsageReason, out.Creators, out.Risky = nil, nil, "", "", "", nil, nil
	out.Subscriptions = nil
	for _, s := range in.Subscriptions {
		one := *s
		one.Listings, one.Notes = nil, nil
		one.Contacts = slices.Sorted(slices.Values(s.Contacts))
		out.Subscriptions = append(out.Subscriptions, &one)
	}
	data, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestAddresses: what the script asks is an address that can be written down.
func TestAddresses(t *testing.T) {
	for _, c := range calls() {
		if c.how == byGraph {
			if _, err := url.Parse(graphAt + escape(c.ask)); err != nil {
				t.Error(err)
			}
		}
	}
}
