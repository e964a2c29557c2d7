package live_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A clock goes on when somebody sleeps.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slept = c.now.Add(d), c.slept+d
	return ctx.Err()
}

func documents(t *testing.T) *fake.Documents {
	t.Helper()
	docs, err := fake.Load()
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// options read a server whole, with everything switched on.
func options(t *testing.T, s *fake.Server) live.Options {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c := newClock()
	return live.Options{
		Organization: "organizations/111122223333", Endpoint: server.URL, Activity: true, Insights: true, Groups: true,
		Token: func(context.Context) (string, error) { return "made-up", nil },
		Now:   c.Now, Sleep: c.Sleep, Random: func() float64 { return 0.5 }, UserAgent: "muster/test",
	}
}

func read(t *testing.T, o live.Options) *object.Estate {
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
	return e
}

// clean fails a test whose requests or answers are not of the documents.
func clean(t *testing.T, s *fake.Server) {
	t.Helper()
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("the documents do not know:\n%s", strings.Join(p, "\n"))
	}
}

func project(t *testing.T, e *object.Estate, id string) *object.Project {
	t.Helper()
	for _, p := range e.Projects {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("no project %s", id)
	return nil
}

// listingOf returns a listing; the zero one if there is none.
func listingOf(list []object.Listing, call string) object.Listing {
	for _, l := range list {
		if l.Call == call {
			return l
		}
	}
	return object.Listing{}
}

func differ(a, b any) string { return cmp.Diff(a, b, cmpopts.EquateEmpty()) }
