package gcp

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// testToken is what requests of these tests are signed with.
func testToken() string { return "made-up-" + strings.Repeat("xY3", 8) }

// tested is the scanner with a token of its own, that waits for nobody.
func tested() scanners.Factory {
	return scanners.Define(info(), Config{}, func(env scanners.Env, c Config) (scanners.Scanner, error) {
		return openWith(env, c, live.Options{
			Token: func(context.Context) (string, error) { return testToken(), nil },
			Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		})
	})
}

// served is Northwind Robotics over the API of Google Cloud, on pages of 20.
func served(t testing.TB) *fake.Server {
	t.Helper()
	docs, err := fake.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := fake.Northwind(docs)
	s.Page = 20
	t.Cleanup(func() {
		for _, p := range s.Problems() {
			t.Error(p)
		}
	})
	return s
}

// listing names what a request lists. Each page of what Asset Inventory lists is a
// listing of its own: where the first one is refused, projects are asked instead and
// tell as much, so that the suite could not see that others are kept (package live
// tests that).
func listing(r *http.Request) string {
	name := r.Host + strings.ReplaceAll(r.URL.Path, "%2F", "/") // an attachment point
	if name == assets {
		name += " " + r.URL.Query().Get("pageToken")
	}
	return name
}

const assets = "cloudasset.googleapis.com/v1/organizations/111122223333/assets"

// after says what has to be read before something else can be.
func after() map[string]string {
	const (
		iam     = "iam.googleapis.com/v1/"
		mesh    = iam + "projects/444455556668/locations/global/workloadIdentityPools/mesh/namespaces"
		clients = iam + "projects/northwind-prod/locations/global/oauthClients"
		denies  = "iam.googleapis.com/v2/policies/cloudresourcemanager.googleapis.com/projects/northwind-prod/denypolicies"
		bounds  = "iam.googleapis.com/v3/organizations/111122223333/locations/global/principalAccessBoundaryPolicies"
	)
	last := assets + " 20"
	out := map[string]string{
		last: assets + " ", mesh: last, mesh + "/line/managedIdentities": mesh, mesh + "/line/managedIdentities/robot:listAttestationRules": mesh + "/line/managedIdentities",
		clients + "/console/credentials": clients, strings.Replace(denies, "northwind-prod", "444455556666", 1) + "/keys": denies, bounds + "/own:searchPolicyBindings": bounds,
		iam + "locations/global/workforcePools/staff/providers": iam + "locations/global/workforcePools",
	}
	for _, project := range []string{"northwind-prod", "northwind-dev", "northwind-ci"} {
		for _, of := range []string{sourceAccount, sourceKey} {
			out["policyanalyzer.googleapis.com/v1/projects/"+project+"/locations/global/activityTypes/"+of+"/activities:query"] = last
		}
	}
	return out
}

// TestConformance scans an organisation over a server in memory.
func TestConformance(t *testing.T) {
	scannertest.Run(t, scannertest.Suite{
		Factory:   tested(),
		Config:    map[string]any{"target": organization, "activity": true},
		Golden:    "testdata/live.jsonl",
		Transport: scannertest.Serve(served(t)),
		Reads:     func(*http.Request) bool { return true }, // the fake knows no method that changes anything
		Paged:     func(r *http.Request) bool { return r.URL.Query().Get("pageToken") != "" },
		Listing:   listing,
		After:     after(),
		Canaries:  append(fake.Canaries(), testToken()),
		Denied: func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			fake.Deny(w, fake.Request{Host: r.Host, Parent: r.URL.Path})
			return w.Result()
		},
	})
}

// TestSearchOfPoliciesRefused says that grants are not all known where policies of
// buckets, topics and the like could not be searched, although those of projects and
// accounts were asked for one by one.
func TestSearchOfPoliciesRefused(t *testing.T) {
	s := served(t)
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Method != "cloudasset.searchAllIamPolicies" {
			return false
		}
		fake.Refuse(w, http.StatusForbidden, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "Permission denied", nil)
		return true
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	x, err := openWith(scanners.Env{Now: func() time.Time { return scanned }}, Config{Endpoint: server.URL, Target: "organizations/111122223333"}, live.Options{
		Token: func(context.Context) (string, error) { return testToken(), nil },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	grants := map[string]int{}
	err = x.Scan(t.Context(), func(r inventory.Record) error {
		if r.Coverage != nil && r.Coverage.Kind == inventory.KindGrant {
			grants[r.Coverage.Scope]++
			if r.Coverage.Status != inventory.StatusPartial && r.Coverage.Status != inventory.StatusDenied || !strings.Contains(r.Coverage.Reason, "searchAllIamPolicies") {
				t.Errorf("%s: %s %s", r.Coverage.Scope, r.Coverage.Status, r.Coverage.Reason)
			}
		}
		return nil
	})
	if err != nil || len(grants) < 5 {
		t.Errorf("%v: %v", err, grants)
	}
}
