package live_test

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

const account = "111122223333"

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

// alone keeps the configuration of this machine out of a test.
func alone(t *testing.T) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_ENDPOINT_URL": "",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_CA_BUNDLE": "",
	} {
		t.Setenv(name, value)
	}
}

// options read a server as the user whose key is AKIAFAKE.
func options(t *testing.T, s *fake.Server) live.Options {
	t.Helper()
	alone(t)
	c := newClock()
	if s.Date.IsZero() {
		s.Date = c.Now()
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return live.Options{
		Endpoint: server.URL, Now: c.Now, Sleep: c.Sleep, Random: func() float64 { return 0.5 }, UserAgent: "muster/test",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAFAKE", SecretAccessKey: "made-up"}, nil
		}),
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

// listingOf returns the listing of a call; the zero one if there is none.
func listingOf(a *object.Account, call, region string) object.Listing {
	for _, l := range a.Listings {
		if l.Call == call && l.Region == region {
			return l
		}
	}
	return object.Listing{}
}
