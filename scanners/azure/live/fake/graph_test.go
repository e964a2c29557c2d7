package fake_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// TestRefusesWhatGraphRefuses holds the fake to what Graph is known to refuse, so
// that a reader that passes against it has asked for nothing of the kind.
func TestRefusesWhatGraphRefuses(t *testing.T) {
	s := fake.Northwind()
	for name, c := range map[string]struct {
		method, address, body string
		header                string
		want                  int
	}{
		"a listing":                    {address: "/v1.0/applications?$select=id,appId&$top=999", want: 200},
		"a property that is not":       {address: "/v1.0/applications?$select=id,secret", want: 400},
		"a property of beta":           {address: "/v1.0/servicePrincipals?$select=createdDateTime", want: 400},
		"a relation that is not":       {address: "/v1.0/applications?$expand=owner", want: 400},
		"two relations":                {address: "/v1.0/applications?$expand=owners,federatedIdentityCredentials", want: 400},
		"a property of the related":    {address: "/v1.0/applications?$expand=owners($select=mail)", want: 400},
		"pages of 1000":                {address: "/v1.0/applications?$top=1000", want: 400},
		"$expand in advanced queries":  {address: "/v1.0/applications?$expand=owners&$count=true", header: "eventual", want: 400},
		"a cast that is not advanced":  {address: "/v1.0/groups/" + fake.Object(200) + "/transitiveMembers/microsoft.graph.servicePrincipal", want: 400},
		"an option that is not":        {address: "/v1.0/applications?$limit=1", want: 400},
		"a filter of what is not":      {address: "/v1.0/servicePrincipals?$filter=kind eq 'ManagedIdentity'", want: 400},
		"a report of beta in v1.0":     {address: "/v1.0/reports/appCredentialSignInActivities", want: 400},
		"a path that is not":           {address: "/v1.0/apps", want: 400},
		"an object that is not":        {address: "/v1.0/applications/" + fake.Object(99) + "/owners", want: 404},
		"a batch of 21":                {method: "POST", address: "/v1.0/$batch", body: `{"requests":[` + strings.TrimSuffix(strings.Repeat(`{"id":"1"},`, 21), ",") + `]}`, want: 400},
		"1,001 ids":                    {method: "POST", address: "/v1.0/directoryObjects/getByIds", body: `{"ids":["` + strings.Repeat(`","`, 1000) + `"],"types":["user"]}`, want: 400},
		"a change":                     {method: "PATCH", address: "/v1.0/applications/" + fake.Object(1), want: 405},
		"a page token that is no more": {address: "/v1.0/applications?$skiptoken=99", want: 400},
	} {
		method := c.method
		if method == "" {
			method = http.MethodGet
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "https://graph.microsoft.com"+strings.ReplaceAll(c.address, " ", "%20"), strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.Token("https://graph.microsoft.com/.default"))
		r.Header.Set("ConsistencyLevel", c.header)
		if got := status(t, s, r); got != c.want {
			t.Errorf("%s is answered with %d, want %d", name, got, c.want)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://graph.microsoft.com/v1.0/applications", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Token("https://management.core.windows.net//.default"))
	if got := status(t, s, r); got != http.StatusUnauthorized {
		t.Errorf("a token for another service is answered with %d", got)
	}
}

func status(t *testing.T, s *fake.Server, r *http.Request) int {
	t.Helper()
	res, err := s.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}
