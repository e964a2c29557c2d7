package live_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A clock advances when somebody sleeps.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// A token signs in with what a server issues, without its token endpoint.
type token struct{ server *fake.Server }

func (t token) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: t.server.Token(o.Scopes[0]), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// options read a server.
func options(s *fake.Server) live.Options {
	c := newClock()
	return live.Options{
		Token: token{s}, Now: c.Now, Sleep: c.Sleep, Random: func() float64 { return 0.5 }, UserAgent: "muster/test",
		Wrap:   func(http.RoundTripper) http.RoundTripper { return s },
		Getenv: func(string) string { return "" },
	}
}

// everything reads all that can be read.
func everything(s *fake.Server) live.Options {
	o := options(s)
	o.Creators, o.Risk = true, true
	return o
}

func read(t *testing.T, o live.Options) *object.Tenant {
	t.Helper()
	return readFor(t, o)
}

func readFor(t testing.TB, o live.Options) *object.Tenant {
	t.Helper()
	r, err := live.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	e, err := r.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return e.Tenants[0]
}

// dump writes a tenant down.
func dump(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// listings returns all listings of a tenant and its subscriptions.
func listings(t *object.Tenant) []object.Listing {
	out := append([]object.Listing(nil), t.Listings...)
	for _, s := range t.Subscriptions {
		out = append(out, s.Listings...)
	}
	return out
}

// listingsOf returns those of a call.
func listingsOf(t *object.Tenant, call string) []object.Listing {
	var out []object.Listing
	for _, l := range listings(t) {
		if l.Call == call {
			out = append(out, l)
		}
	}
	return out
}
