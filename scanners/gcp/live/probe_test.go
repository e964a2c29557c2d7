package live_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

func probe(t *testing.T, o live.Options) (live.Standing, error) {
	t.Helper()
	r, err := live.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Probe(t.Context())
}

// TestProbe asks little where a scan would read, and names what is refused.
func TestProbe(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*live.Options)
		denied string // method
		place  string
		tried  int
		wants  []string // of each trouble
	}{
		"an organisation":             {func(*live.Options) {}, "", "organizations/111122223333", 5, nil},
		"a domain":                    {func(o *live.Options) { o.Organization = "northwind.example" }, "", "organizations/111122223333", 5, nil},
		"another domain":              {func(o *live.Options) { o.Organization = "contoso.example" }, "", "", 1, []string{"contoso.example"}},
		"a folder":                    {func(o *live.Options) { o.Organization, o.Folder = "", "folders/700000000001" }, "", "folders/700000000001", 5, nil},
		"all that can be seen":        {func(o *live.Options) { o.Organization = "" }, "", "organizations/111122223333", 5, nil},
		"a project":                   {func(o *live.Options) { o.Organization, o.Projects = "", []string{"northwind-ci"} }, "", "projects/northwind-ci", 5, nil},
		"a pattern":                   {func(o *live.Options) { o.Organization, o.Projects = "", []string{"*-prod"} }, "", "projects/northwind-prod", 6, nil},
		"a pattern that nothing fits": {func(o *live.Options) { o.Organization, o.Projects = "", []string{"contoso-*"} }, "", "", 2, []string{"no project"}},
		"searching is denied": {
			func(*live.Options) {}, "cloudasset.searchAllIamPolicies", "organizations/111122223333", 5,
			[]string{"cloudasset.assets.searchAllIamPolicies is missing on organizations/111122223333"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.Northwind(documents(t))
			s.Allow = func(r fake.Request) bool { return r.Method != c.denied }
			o := options(t, s)
			c.change(&o)
			got, err := probe(t, o)
			if err != nil {
				t.Fatal(err)
			}
			if got.Place != c.place || got.Tried != c.tried || len(got.Trouble) != len(c.wants) {
				t.Fatalf("the standing is %+v", got)
			}
			for i, want := range c.wants {
				if !strings.Contains(got.Trouble[i].Reason, want) {
					t.Errorf("%q does not say %q", got.Trouble[i].Reason, want)
				}
			}
			if n := len(s.Requests()); n != got.Tried {
				t.Errorf("%d requests, %d tried", n, got.Tried)
			}
			clean(t, s)
		})
	}
}

// TestProbeSignsIn says as whom, or that Google does not take the credentials.
func TestProbeSignsIn(t *testing.T) {
	o := options(t, fake.Northwind(documents(t)))
	o.Token, o.CredentialsFile = nil, keyFile(t, issuer(t, http.StatusOK, goodToken).URL)
	if got, err := probe(t, o); err != nil || got.Reader != "auditor@northwind-ci.iam.gserviceaccount.com" {
		t.Errorf("%+v, %v", got, err)
	}
	o.CredentialsFile = keyFile(t, issuer(t, http.StatusBadRequest, `{"error": "invalid_grant"}`).URL)
	if got, err := probe(t, o); err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("%+v, %v", got, err)
	}
}
