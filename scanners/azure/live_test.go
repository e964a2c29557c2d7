package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// token is of a reader whom the stand-in knows.
type token struct{ server *fake.Server }

func (t token) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: t.server.Token(o.Scopes[0]), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// bodyOf reads the body of a request and puts it back.
func bodyOf(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// paged reports whether a request is for a further page.
func paged(r *http.Request) bool {
	return strings.Contains(strings.ToLower(r.URL.RawQuery), "skiptoken") || strings.Contains(string(bodyOf(r)), "\"$skipToken\":\"")
}

// listing names what a request lists: the path without ids, of a batch what it asks
// first, of Resource Graph the query.
func listing(r *http.Request) string {
	name := r.Method + " " + withoutIDs(r.URL.Path)
	if r.Method != http.MethodPost {
		query, err := url.QueryUnescape(r.URL.RawQuery)
		if _, expand, ok := strings.Cut(query, "expand="); ok && err == nil {
			expand, _, _ = strings.Cut(expand, "&")
			name += "?" + expand
		}
		return name
	}
	var body struct {
		Query    string
		Requests []struct{ URL string }
	}
	if json.Unmarshal(bodyOf(r), &body) == nil {
		if len(body.Requests) > 0 {
			path, _, _ := strings.Cut(body.Requests[0].URL, "?")
			return "batch " + withoutIDs(path)
		}
		if body.Query != "" {
			name += " " + body.Query
		}
	}
	return name
}

func withoutIDs(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if isGUID(p) {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// after says what has to be read before something else can be.
func after() map[string]string {
	out := map[string]string{
		"GET /v1.0/applications/{id}/owners":                                      "batch /applications/{id}/owners",
		"batch /applications/{id}/owners":                                         "GET /v1.0/applications?owners($select=id)",
		"GET /v1.0/servicePrincipals/{id}/appRoleAssignments":                     "batch /servicePrincipals/{id}/appRoleAssignments",
		"batch /servicePrincipals/{id}/appRoleAssignments":                        "GET /v1.0/servicePrincipals?appRoleAssignments",
		"batch /applications/{id}/federatedIdentityCredentials":                   "GET /v1.0/applications?federatedIdentityCredentials",
		"GET /v1.0/directory/administrativeUnits":                                 "GET /v1.0/roleManagement/directory/roleAssignments",
		"batch /directory/administrativeUnits/{id}/members/microsoft.graph.group": "GET /v1.0/directory/administrativeUnits",
		"batch /policies/appManagementPolicies/{id}/appliesTo":                    "GET /v1.0/policies/appManagementPolicies",
		"batch /groups/{id}/transitiveMembers/microsoft.graph.servicePrincipal":   "batch /groups/{id}/owners",
		"batch /groups/{id}/owners":                                               "POST /v1.0/directoryObjects/getByIds",
		"POST /v1.0/directoryObjects/getByIds":                                    "batch /groups/{id}/owners", // again, for their names
	}
	for _, rest := range []string{"denyAssignments", "roleEligibilityScheduleInstances"} {
		out["GET /subscriptions/{id}/providers/Microsoft.Authorization/"+rest] = "GET /subscriptions"
	}
	out["GET /subscriptions/{id}/providers/Microsoft.Security/securityContacts"] = "GET /subscriptions"
	out["GET /subscriptions/{id}/resourceGroups/rg-orders/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders/federatedIdentityCredentials"] = "GET /subscriptions"
	for _, kind := range []string{"secrets", "keys", "certificates"} {
		out["GET /"+kind] = "GET /subscriptions"
	}
	return out
}

// unconditional takes the conditions out of the permissions of roles: Microsoft's fake
// server, which answers where Resource Graph does not, has no field for them.
func unconditional(x any) {
	switch x := x.(type) {
	case fake.Tree:
		if x["actions"] != nil {
			delete(x, "condition")
		}
		for _, v := range x {
			unconditional(v)
		}
	case []any:
		for _, v := range x {
			unconditional(v)
		}
	case []fake.Tree:
		for _, v := range x {
			unconditional(v)
		}
	}
}

// TestConformance scans a tenant over stand-ins in memory, twenty objects a page. Nobody
// waits between attempts.
func TestConformance(t *testing.T) {
	s := fake.Northwind()
	s.Page = 20
	for table := range s.Tables {
		rows := s.Tables[table]
		for i := range rows.Len() {
			unconditional(rows.At(i))
		}
	}
	scannertest.Run(t, scannertest.Suite{
		Factory: scanners.Define(info(), Config{Directory: true, Resources: true, Vaults: true, Usage: true, Groups: true}, func(env scanners.Env, c Config) (scanners.Scanner, error) {
			return openWith(env, c, func(o *live.Options) {
				o.Token, o.Sleep = token{s}, func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
				o.Getenv, o.Parallel = func(string) string { return "" }, 1
			})
		}),
		Config:    map[string]any{"audit": true, "risk": true},
		Golden:    "testdata/live.jsonl",
		Transport: s,
		Reads:     func(*http.Request) bool { return true }, // the stand-ins know no call that changes anything
		Paged:     paged,
		Listing:   listing,
		After:     after(),
		Canaries:  []string{fake.Canary()},
		Denied: func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			fake.Deny(w, r.URL.Host)
			return w.Result()
		},
	})
}
