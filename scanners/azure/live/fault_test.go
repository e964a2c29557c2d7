package live_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// names returns the kinds of requests that a clean reading makes.
func names(t *testing.T, s *fake.Server) []string {
	t.Helper()
	read(t, everything(s))
	seen := map[string]bool{}
	var out []string
	for _, r := range s.Requests() {
		if n := name(r); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// name tells requests apart: those of Resource Graph by what they need.
func name(r fake.Request) string { return r.Host + " " + r.Name() + " " + strings.Join(r.Need, ",") }

// TestEachRequestDenied denies one kind of request after the other. What it was for
// must be said to be missing, or have been read another way, and nothing else may be.
func TestEachRequestDenied(t *testing.T) {
	for _, denied := range names(t, fake.Northwind()) {
		t.Run(denied, func(t *testing.T) {
			s := fake.Northwind()
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if name(r) != denied {
					return false
				}
				fake.Deny(w, r.Host)
				return true
			}
			tenant := read(t, everything(s))
			lost := 0
			for _, l := range listings(tenant) {
				if l.Status == inventory.StatusComplete {
					continue
				}
				lost++
				if l.Reason == "" || l.Status != inventory.StatusDenied && l.Status != inventory.StatusPartial {
					t.Errorf("%s is %s: %q", l.Call, l.Status, l.Reason)
				}
			}
			fell := strings.Contains(strings.Join(tenant.Notes, " "), "subscription by subscription")
			if lost == 0 && !fell {
				t.Error("nothing is said to be missing")
			}
			if lost > 4 && !strings.Contains(denied, "$batch") {
				t.Errorf("%d listings are lost", lost)
			}
		})
	}
}

// TestEverythingDenied leaves nothing but reasons.
func TestEverythingDenied(t *testing.T) {
	s := fake.Northwind()
	s.Granted = map[string]bool{}
	tenant := read(t, everything(s))
	for _, l := range listings(tenant) {
		if l.Status != inventory.StatusDenied || l.Reason == "" {
			t.Errorf("%s is %s: %q", l.Call, l.Status, l.Reason)
		}
	}
	if len(listings(tenant)) < 25 || len(tenant.Applications)+len(tenant.Principals)+len(tenant.Subscriptions) > 0 || tenant.UsageKnown {
		t.Errorf("%d listings, tenant %s", len(listings(tenant)), dump(t, tenant))
	}
}

// TestThrottledReadingIsTheSame refuses four of ten requests in the ways that the
// services do, and wants the same tenant.
func TestThrottledReadingIsTheSame(t *testing.T) {
	calm := fake.Northwind()
	calm.Page = 2
	want := dump(t, read(t, everything(calm)))
	s := fake.Northwind()
	s.Page = 2
	var mu sync.Mutex
	attempts := map[string]int{}
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		key := name(r) + r.Query.Encode()
		mu.Lock()
		attempts[key]++
		sum := fnv.New32a()
		fmt.Fprint(sum, key, attempts[key])
		mu.Unlock()
		switch sum.Sum32() % 10 {
		case 2:
			fake.Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "too many")
		case 3:
			w.Header().Set("Retry-After", "7")
			fake.Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "too many")
		case 6:
			w.Header().Set("Retry-After", "2")
			fake.Refuse(w, http.StatusServiceUnavailable, "serviceNotAvailable", "later")
		case 9:
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "<html><body>Bad gateway</body></html>")
		default:
			return false
		}
		return true
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(dump(t, read(t, everything(s))), "\n")); diff != "" {
		t.Error("the tenant (-calm +throttled):\n", diff)
	}
	if a, b := len(calm.Requests()), len(s.Requests()); b > 2*a {
		t.Errorf("%d requests instead of %d", b, a)
	}
}

// TestBrokenOffAtPageTwo keeps what was read, and says that it is not all.
func TestBrokenOffAtPageTwo(t *testing.T) {
	for call, path := range map[string]string{
		"graph: GET /applications":                                     "/v1.0/applications",
		"graph: GET /servicePrincipals":                                "/v1.0/servicePrincipals",
		"graph: GET /oauth2PermissionGrants":                           "/v1.0/oauth2PermissionGrants",
		"arm: Microsoft.Resources/subscriptions/read":                  "/subscriptions",
		"vault: Microsoft.KeyVault/vaults/secrets/readMetadata/action": "/secrets",
	} {
		t.Run(call, func(t *testing.T) {
			s := fake.Northwind()
			s.Page = 1
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if r.Path != path || r.Query.Get("$skiptoken") == "" {
					return false
				}
				fake.Refuse(w, http.StatusInternalServerError, "InternalError", "out of order")
				return true
			}
			tenant := read(t, options(s))
			found := false
			for _, l := range listingsOf(tenant, call) {
				found = found || l.Status == inventory.StatusPartial && l.Count == 1 && strings.Contains(l.Reason, "out of order")
			}
			if !found {
				t.Errorf("the listings are %+v", listingsOf(tenant, call))
			}
		})
	}
}

// TestPagesThatGoWrong looks for an end, a reason and what was read before.
func TestPagesThatGoWrong(t *testing.T) {
	page := func(next string) string {
		return `{"value":[{"id":"g","clientId":"` + fake.Object(21) + `","scope":"User.Read"}],"@odata.nextLink":"` + next + `"}`
	}
	const here = "https://graph.microsoft.com/v1.0/oauth2PermissionGrants?$skiptoken="
	for about, c := range map[string]struct {
		answer, reason string
		count          int
	}{
		"another host":             {page("https://evil.example/v1.0/oauth2PermissionGrants"), "another server", 1},
		"the same host, no TLS":    {page("http://graph.microsoft.com/v1.0/x"), "another server", 1},
		"the same host, with user": {page("https://u:p@graph.microsoft.com/v1.0/x"), "another server", 1},
		"the same page again":      {page(here + "1"), "circles", 2},
		"cut in the middle":        {`{"value":[{"id":"g`, "form", 0},
		"a page of a proxy":        {`<html>please sign in</html>`, "form", 0},
		"empty for ever":           {`{"value":[],"@odata.nextLink":"` + here + `%d"}`, "empty", 0},
	} {
		t.Run(about, func(t *testing.T) {
			s := fake.Northwind()
			var n atomic.Int64
			var strayed atomic.Bool
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if !strings.HasSuffix(r.Path, "/oauth2PermissionGrants") {
					return false
				}
				fmt.Fprint(w, strings.ReplaceAll(c.answer, "%d", fmt.Sprint(n.Add(1))))
				return true
			}
			o := options(s)
			o.Wrap = func(http.RoundTripper) http.RoundTripper {
				return carrier(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == "evil.example" || r.URL.Scheme != "https" {
						strayed.Store(true)
					}
					return s.RoundTrip(r)
				})
			}
			l := listingsOf(read(t, o), "graph: GET /oauth2PermissionGrants")[0]
			if l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, c.reason) || l.Count != c.count {
				t.Errorf("the listing is %+v", l)
			}
			if strayed.Load() {
				t.Error("a request with a token went to another server")
			}
		})
	}
}

type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

// TestLinksOfAzureAndVaults are followed by Microsoft's own clients, and must not
// lead elsewhere either.
func TestLinksOfAzureAndVaults(t *testing.T) {
	for call, path := range map[string]string{
		"arm: Microsoft.Resources/subscriptions/read":                  "/subscriptions",
		"vault: Microsoft.KeyVault/vaults/secrets/readMetadata/action": "/secrets",
		"vault: Microsoft.KeyVault/vaults/certificates/read":           "/certificates",
	} {
		t.Run(call, func(t *testing.T) {
			s := fake.Northwind()
			var strayed atomic.Bool
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if r.Path == path && (path != "/subscriptions" || r.Query.Get("again") == "") {
					fmt.Fprint(w, `{"value":[],"nextLink":"https://evil.example`+path+`?again=1"}`)
					return true
				}
				return false
			}
			o := options(s)
			o.Wrap = func(http.RoundTripper) http.RoundTripper {
				return carrier(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == "evil.example" {
						strayed.Store(true)
					}
					return s.RoundTrip(r)
				})
			}
			l := listingsOf(read(t, o), call)[0]
			if l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, "another server") || strayed.Load() {
				t.Errorf("strayed: %v, the listing is %+v", strayed.Load(), l)
			}
		})
	}
}

// TestBatchPartlyFailed repeats what came too fast, alone, and says what is lost.
func TestBatchPartlyFailed(t *testing.T) {
	s := fake.Northwind()
	var slow atomic.Int64
	path := "/v1.0/servicePrincipals/" + fake.Object(22) + "/appRoleAssignments"
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		switch {
		case r.Path == "/v1.0/applications/"+fake.Object(2)+"/owners":
			fake.Deny(w, r.Host)
			return true
		case r.Path == path && slow.Add(1) < 3:
			w.Header().Set("Retry-After", "11")
			fake.Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "too many")
			return true
		}
		return false
	}
	tenant := read(t, options(s))
	if len(tenant.AppRoles) != 24 {
		t.Errorf("%d app roles", len(tenant.AppRoles))
	}
	for _, a := range tenant.Applications {
		if a.ID == fake.Object(2) && a.OwnersKnown {
			t.Error("the owners of an application pass as known")
		}
	}
	l := listingsOf(tenant, "graph: GET /applications|servicePrincipals/{id}/owners")
	if len(l) != 1 || l[0].Status != inventory.StatusDenied {
		t.Errorf("the listings are %+v", l)
	}
}

// TestResourceGraphOutOfReach reads the same subscription by subscription.
func TestResourceGraphOutOfReach(t *testing.T) {
	want := read(t, options(fake.Northwind()))
	s := fake.Northwind()
	s.Page = 2
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if !strings.Contains(r.Path, "ResourceGraph") {
			return false
		}
		fake.Deny(w, r.Host)
		return true
	}
	got := read(t, options(s))
	kept := func(t *object.Tenant) any {
		var out []any
		for _, a := range t.Assignments {
			if !a.Classic {
				out = append(out, a)
			}
		}
		for _, s := range t.Subscriptions {
			var users []object.ManagedIdentity
			for _, m := range s.Identities {
				if !m.System {
					m.Resources = nil
					users = append(users, m)
				}
			}
			out = append(out, users, s.Stores, s.Vaults)
		}
		for _, d := range t.RoleDefs { // Microsoft's model leaves these out
			d.CreatedAt, d.UpdatedAt, d.Permissions[0].Condition = time.Time{}, time.Time{}, ""
			out = append(out, d)
		}
		return out
	}
	if diff := cmp.Diff(dump(t, kept(want)), dump(t, kept(got))); diff != "" {
		t.Error("what was read (-by Resource Graph +by subscription):\n", diff)
	}
	for _, l := range got.Listings {
		if strings.Contains(l.Call, "Storage") || strings.Contains(l.Call, "Authorization/roleAssignments") {
			t.Errorf("the tenant has %+v", l)
		}
		if strings.Contains(l.Call, "resources with") && l.Status != inventory.StatusDenied {
			t.Errorf("%s is %s", l.Call, l.Status)
		}
	}
}

// TestReadingThatIsEnded ends soon and returns the reason.
func TestReadingThatIsEnded(t *testing.T) {
	s := fake.Northwind()
	ctx, cancel := context.WithCancel(t.Context())
	var n atomic.Int64
	s.Front = func(http.ResponseWriter, fake.Request) bool {
		if n.Add(1) == 5 {
			cancel()
		}
		return false
	}
	r, err := live.Open(ctx, options(s))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Read(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if len(s.Requests()) > 20 {
		t.Errorf("%d requests after the end", len(s.Requests()))
	}
}

// TestGoesOn takes up what a reading left that was broken off.
func TestGoesOn(t *testing.T) {
	want := read(t, options(fake.Northwind()))
	s := fake.Northwind()
	o := options(s)
	o.State = t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	s.Front = func(_ http.ResponseWriter, r fake.Request) bool {
		if strings.Contains(r.Host, "vault") {
			cancel()
		}
		return false
	}
	r, err := live.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	s.Forget()
	got := read(t, o)
	for _, q := range s.Requests() {
		if strings.HasSuffix(q.Path, "/applications") {
			t.Error("applications were listed again")
		}
	}
	if len(got.Notes) != len(want.Notes)+1 {
		t.Errorf("the notes are %q", got.Notes)
	}
	got.Notes = want.Notes
	if diff := cmp.Diff(dump(t, want), dump(t, got)); diff != "" {
		t.Error("the tenant (-at once +in two):\n", diff)
	}
}

// TestGoesOnAfterExpiry has tokens no longer taken for vaults, or for the directory at
// once: what was read before is kept though the reading comes to its end, and what
// failed is asked for again.
func TestGoesOnAfterExpiry(t *testing.T) {
	want := read(t, options(fake.Northwind()))
	for name, c := range map[string]struct {
		fails func(fake.Request) bool
		again bool // the applications are
	}{
		"vaults":    {func(r fake.Request) bool { return strings.Contains(r.Host, "vault") }, false},
		"directory": {func(r fake.Request) bool { return strings.HasSuffix(r.Path, "/applications") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.Northwind()
			o := options(s)
			o.State = t.TempDir()
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if !c.fails(r) {
					return false
				}
				fake.Refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
				return true
			}
			read(t, o)
			s.Calm()
			s.Forget()
			got := read(t, o)
			again := false
			for _, q := range s.Requests() {
				again = again || strings.HasSuffix(q.Path, "/applications")
			}
			if again != c.again {
				t.Errorf("applications were listed again: %t", again)
			}
			got.Notes = want.Notes
			if diff := cmp.Diff(dump(t, want), dump(t, got)); diff != "" {
				t.Error("the tenant (-at once +in two):\n", diff)
			}
			if left, err := os.ReadDir(o.State); err != nil || len(left) > 0 {
				t.Errorf("%v is left: %v", left, err)
			}
		})
	}
}
