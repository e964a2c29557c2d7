package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// A mint gives out one pair of credentials after the other, by their ids, and with the
// last for ever. An empty id is an error, "none" and "wait" are ones that AWS answers to
// who assumes a role.
type mint struct {
	mu    sync.Mutex
	ids   []string
	asked int
}

func (m *mint) Retrieve(context.Context) (aws.Credentials, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := m.ids[min(m.asked, len(m.ids)-1)]
	m.asked++
	switch id {
	case "":
		return aws.Credentials{}, errors.New("the login has ended")
	case "none":
		return aws.Credentials{}, &Error{Action: "sts:AssumeRole", Code: "ExpiredToken", Message: "the login has ended"}
	case "wait":
		return aws.Credentials{}, &Error{Action: "sts:AssumeRole", Code: "Throttling", Message: "the login has ended"}
	}
	return aws.Credentials{AccessKeyID: id, SecretAccessKey: "made-up", SessionToken: fmt.Sprint(m.asked)}, nil
}

// A gate answers requests by whose credentials they are signed with: those of "old" are
// refused as expired, once as many of them are there as are to be at once, and those of
// others are answered.
type gate struct {
	first  int            // how many old ones are refused at once
	atOnce sync.WaitGroup // that those wait for
	before func(id string)

	mu   sync.Mutex
	sent map[string]int // by id
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	_, id, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	id, _, _ = strings.Cut(id, "/")
	g.mu.Lock()
	g.sent[id]++
	n := g.sent[id]
	g.mu.Unlock()
	if g.before != nil && n == 1 {
		g.before(id)
	}
	res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}
	if id == "old" {
		if n <= g.first {
			g.atOnce.Done()
			g.atOnce.Wait()
		}
		res.StatusCode = http.StatusBadRequest
		res.Body = io.NopCloser(strings.NewReader(`{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}`))
	}
	return res, nil
}

// renewing returns a client of a gate that refuses so many requests at once.
func renewing(m *mint, atOnce int) (*Client, *gate) {
	g := &gate{first: atOnce, sent: map[string]int{}}
	g.atOnce.Add(atOnce)
	return New(Options{
		HTTP: g, Partition: PartitionOf("eu-central-1"), Now: time.Now, Credentials: aws.NewCredentialsCache(m),
		Sleep:  func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Random: func() float64 { return 0.5 },
	}), g
}

// askAll asks so many times at once and returns what came of it.
func askAll(t *testing.T, c *Client, n int) []error {
	t.Helper()
	op := Operation{Service: Service{Prefix: "kms", Protocol: JSON, Version: "1.1", Target: "TrentService", Rate: 1000}, Name: "ListKeys"}
	out := make([]error, n)
	var all sync.WaitGroup
	for i := range out {
		all.Go(func() { out[i] = c.Ask(t.Context(), op, "eu-central-1", nil, &struct{}{}) })
	}
	all.Wait()
	return out
}

// TestRenewedOnce has requests refused at once that were signed with the same credentials:
// new ones are asked for once, and each request is sent once more.
func TestRenewedOnce(t *testing.T) {
	m := &mint{ids: []string{"old", "new"}}
	c, g := renewing(m, 8)
	for _, err := range askAll(t, c, 8) {
		if err != nil {
			t.Error(err)
		}
	}
	if m.asked != 2 || g.sent["old"] != 8 || g.sent["new"] != 8 {
		t.Errorf("credentials were asked for %d times, and requests sent: %v", m.asked, g.sent)
	}
}

// TestRenewedMeanwhile has a request refused that was signed with old credentials, when
// new ones are there: it is sent again with those, which are kept.
func TestRenewedMeanwhile(t *testing.T) {
	m := &mint{ids: []string{"old", "new", "newer"}}
	c, g := renewing(m, 1)
	cache, ok := c.options.Credentials.(*aws.CredentialsCache)
	if !ok {
		t.Fatal("no cache")
	}
	g.before = func(id string) {
		if id == "old" {
			cache.Invalidate()
			if _, err := cache.Retrieve(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	for _, err := range askAll(t, c, 1) {
		if err != nil {
			t.Error(err)
		}
	}
	if m.asked != 2 || g.sent["old"] != 1 || g.sent["new"] != 1 {
		t.Errorf("credentials were asked for %d times, and requests sent: %v", m.asked, g.sent)
	}
}

// TestRenewedIsTheSame has a source that gives the credentials out again that have
// expired: it is asked once more for all requests, and soon nothing more is sent.
func TestRenewedIsTheSame(t *testing.T) {
	m := &mint{ids: []string{"old"}}
	c, g := renewing(m, 8)
	for _, err := range askAll(t, c, 8) {
		if !Expired(err) {
			t.Error(err)
		}
	}
	if m.asked != 2 || g.sent["old"] != 16 {
		t.Errorf("credentials were asked for %d times, and requests sent: %v", m.asked, g.sent)
	}
	askAll(t, c, 3)
	if m.asked != 2 || g.sent["old"] != 16 {
		t.Errorf("it went on: credentials were asked for %d times, and requests sent: %v", m.asked, g.sent)
	}
}

// TestRenewalFails has no new credentials to be had: the source is asked once, one
// request says what it said, and nothing more is sent.
func TestRenewalFails(t *testing.T) {
	for name, id := range map[string]string{"no login": "", "a login that has ended too": "none", "a role that is throttled": "wait"} {
		t.Run(name, func(t *testing.T) {
			m := &mint{ids: []string{"old", id}}
			c, g := renewing(m, 8)
			told := 0
			for _, err := range append(askAll(t, c, 8), askAll(t, c, 3)...) {
				if !errors.Is(err, ErrCredentials) {
					t.Errorf("the error is %v", err)
				} else if strings.Contains(err.Error(), "the login has ended") {
					told++
				}
			}
			if told != 1 {
				t.Errorf("%d requests say why there are no credentials", told)
			}
			if m.asked != 2 || g.sent["old"] != 8 {
				t.Errorf("credentials were asked for %d times, and requests sent: %v", m.asked, g.sent)
			}
		})
	}
}

// TestNoCredentialsToBegin has none to be had at all, which is no matter of waiting.
func TestNoCredentialsToBegin(t *testing.T) {
	m := &mint{ids: []string{"none"}}
	c, g := renewing(m, 0)
	for _, err := range append(askAll(t, c, 8), askAll(t, c, 3)...) {
		if !errors.Is(err, ErrCredentials) {
			t.Errorf("the error is %v", err)
		}
	}
	if m.asked != 1 || len(g.sent) != 0 {
		t.Errorf("credentials were asked for %d times, and requests sent: %v", m.asked, g.sent)
	}
}

// TestCancelIsNoFailedRenewal ends one request while credentials are asked for: another
// is answered.
func TestCancelIsNoFailedRenewal(t *testing.T) {
	m := &mint{ids: []string{"new"}}
	c, _ := renewing(m, 0)
	cache := c.options.Credentials
	ctx, cancel := context.WithCancel(t.Context())
	c.options.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		cancel()
		return aws.Credentials{}, ctx.Err()
	})
	if _, err := c.credentials(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	c.options.Credentials = cache
	for _, err := range askAll(t, c, 1) {
		if err != nil {
			t.Error(err)
		}
	}
}
