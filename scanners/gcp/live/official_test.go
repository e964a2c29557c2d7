package live_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"google.golang.org/api/apikeys/v2"
	"google.golang.org/api/cloudasset/v1"
	"google.golang.org/api/cloudresourcemanager/v3"
	"google.golang.org/api/iam/v1"
	iam2 "google.golang.org/api/iam/v2"
	"google.golang.org/api/option"
	"google.golang.org/api/policyanalyzer/v1"
	"google.golang.org/api/secretmanager/v1"

	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// named gives requests the host that the generated clients were made for, which an
// endpoint of a test takes from them.
type named struct{ host string }

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.Host = n.host
	out.Header.Set("Authorization", "Bearer made-up")
	return http.DefaultTransport.RoundTrip(out)
}

// TestAsTheOfficialClients lists with Google's own generated clients what the reader
// lists: the server takes both alike, and what they ask for is the same, but for what
// only one of them adds (the selection of fields, sizes).
func TestAsTheOfficialClients(t *testing.T) {
	s := fake.Northwind(documents(t))
	o := options(t, s)
	read(t, o)
	s.Allow = func(r fake.Request) bool { return !isAsset(r) }
	read(t, o)
	s.Allow = nil
	ours := s.Requests()
	s.Forget()
	server := httptest.NewServer(s)
	defer server.Close()
	official(t, server.URL)
	clean(t, s)
	theirs := s.Requests()
	if len(theirs) < 10 {
		t.Fatalf("the clients asked %d times", len(theirs))
	}
	for _, want := range theirs {
		if !slices.ContainsFunc(ours, func(have fake.Request) bool {
			return have.Method == want.Method && have.Parent == want.Parent && plainQuery(have.Query) == plainQuery(want.Query)
		}) {
			t.Errorf("the reader does not ask as the client does: %s %s %s", want.Method, want.Parent, plainQuery(want.Query))
		}
	}
}

// plainQuery is what a query asks for, without what a client may choose.
func plainQuery(q url.Values) string {
	out := url.Values{}
	for name, values := range q {
		switch name {
		case "alt", "$alt", "prettyPrint", "fields", "pageSize", "readMask":
		default:
			out[name] = values
		}
	}
	return out.Encode()
}

// official asks with the generated clients.
func official(t *testing.T, endpoint string) {
	t.Helper()
	ctx := t.Context()
	with := func(host string) []option.ClientOption {
		return []option.ClientOption{option.WithHTTPClient(&http.Client{Transport: named{host}}), option.WithEndpoint(endpoint)}
	}
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	officialIAM(ctx, must, with("iam.googleapis.com"))
	assets, err := cloudasset.NewService(ctx, with("cloudasset.googleapis.com")...)
	must("cloudasset", err)
	n := 0
	err = assets.V1.SearchAllIamPolicies("organizations/111122223333").Pages(ctx, func(p *cloudasset.SearchAllIamPoliciesResponse) error {
		n += len(p.Results)
		return nil
	})
	must("policies", err)
	if n != 6 {
		t.Errorf("the client finds %d policies", n)
	}
	places, err := cloudresourcemanager.NewService(ctx, with("cloudresourcemanager.googleapis.com")...)
	must("cloudresourcemanager", err)
	_, err = places.Projects.Search().Do()
	must("projects", err)
	_, err = places.Projects.GetIamPolicy("projects/northwind-prod", &cloudresourcemanager.GetIamPolicyRequest{
		Options: &cloudresourcemanager.GetPolicyOptions{RequestedPolicyVersion: 3},
	}).Do()
	must("policy", err)
	secrets, err := secretmanager.NewService(ctx, with("secretmanager.googleapis.com")...)
	must("secretmanager", err)
	_, err = secrets.Projects.Secrets.List("projects/northwind-prod").Do()
	must("secrets", err)
	_, err = secrets.Projects.Secrets.Versions.List("projects/444455556666/secrets/database").Do()
	must("versions", err)
	keys, err := apikeys.NewService(ctx, with("apikeys.googleapis.com")...)
	must("apikeys", err)
	_, err = keys.Projects.Locations.Keys.List("projects/northwind-prod/locations/global").ShowDeleted(true).Do()
	must("keys", err)
	analyzer, err := policyanalyzer.NewService(ctx, with("policyanalyzer.googleapis.com")...)
	must("policyanalyzer", err)
	_, err = analyzer.Projects.Locations.ActivityTypes.Activities.Query("projects/northwind-prod/locations/global/activityTypes/serviceAccountLastAuthentication").Do()
	must("activities", err)
}

func officialIAM(ctx context.Context, must func(string, error), with []option.ClientOption) {
	one, err := iam.NewService(ctx, with...)
	must("iam", err)
	_, err = one.Roles.List().View("FULL").Do()
	must("roles", err)
	_, err = one.Projects.ServiceAccounts.List("projects/northwind-prod").Do()
	must("accounts", err)
	name := "projects/northwind-prod/serviceAccounts/deployer@northwind-prod.iam.gserviceaccount.com"
	_, err = one.Projects.ServiceAccounts.Keys.List(name).Do()
	must("keys of an account", err)
	_, err = one.Projects.ServiceAccounts.GetIamPolicy(name).OptionsRequestedPolicyVersion(3).Do()
	must("policy of an account", err)
	_, err = one.Locations.WorkforcePools.List("locations/global").Parent("organizations/111122223333").ShowDeleted(true).Do()
	must("workforce pools", err)
	_, err = one.Projects.Locations.WorkloadIdentityPools.List("projects/northwind-ci/locations/global").ShowDeleted(true).Do()
	must("pools", err)
	two, err := iam2.NewService(ctx, with...)
	must("iam v2", err)
	_, err = two.Policies.ListPolicies("policies/" + strings.ReplaceAll("cloudresourcemanager.googleapis.com/projects/northwind-prod", "/", "%2F") + "/denypolicies").Do()
	must("deny policies", err)
}
