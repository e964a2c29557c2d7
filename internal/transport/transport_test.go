package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/transport"
)

// A clock advances when somebody sleeps.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	sleeps []time.Duration
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
	c.sleeps = append(c.sleeps, d)
	c.now = c.now.Add(d)
	return ctx.Err()
}

// options have the clock and no chance: half of each bound.
func (c *clock) options() transport.Options {
	return transport.Options{Now: c.Now, Sleep: c.Sleep, Random: func() float64 { return 0.5 }, UserAgent: "muster/test"}
}

// script answers one request after another.
func script(t *testing.T, steps ...http.HandlerFunc) (*httptest.Server, func() int) {
	t.Helper()
	n := 0
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		step := steps[min(n, len(steps)-1)]
		n++
		mu.Unlock()
		step(w, r)
	}))
	t.Cleanup(s.Close)
	return s, func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, http.StatusText(code))
	}
}

func cutBody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "only this")
	panic(http.ErrAbortHandler)
}

func reset(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

func send(t *testing.T, tr *transport.Transport, method, target, body string) (int, string, error) {
	t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, target, in)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: tr}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

func TestRetries(t *testing.T) {
	ms, s := time.Millisecond, time.Second
	date := newClock().Now().Add(7 * time.Second).Format(http.TimeFormat)
	for _, c := range []struct {
		name   string
		steps  []http.HandlerFunc
		method string
		want   int
		sent   int
		sleeps []time.Duration
	}{
		{"well", []http.HandlerFunc{status(200)}, "GET", 200, 1, nil},
		{"denied", []http.HandlerFunc{status(403)}, "GET", 403, 1, nil},
		{"seconds", []http.HandlerFunc{status(429, "Retry-After", "3"), status(200)}, "GET", 200, 2, []time.Duration{3 * s}},
		{"a date", []http.HandlerFunc{status(503, "Retry-After", date), status(200)}, "GET", 200, 2, []time.Duration{7 * s}},
		{"a date that has passed", []http.HandlerFunc{status(429, "Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT"), status(200)}, "GET", 200, 2, nil},
		{"no number", []http.HandlerFunc{status(429, "Retry-After", "soon"), status(200)}, "GET", 200, 2, []time.Duration{250 * ms}},
		{"a negative number", []http.HandlerFunc{status(429, "Retry-After", "-3"), status(200)}, "GET", 200, 2, []time.Duration{250 * ms}},
		{"longer than it waits", []http.HandlerFunc{status(429, "Retry-After", "3600")}, "GET", 429, 1, nil},
		{"throttled with 403", []http.HandlerFunc{status(403, "Retry-After", "2"), status(200)}, "GET", 200, 2, []time.Duration{2 * s}},
		{"backoff doubles", []http.HandlerFunc{status(500), status(502), status(504), status(200)}, "GET", 200, 4, []time.Duration{250 * ms, 500 * ms, s}},
		{"attempts end", []http.HandlerFunc{status(500)}, "GET", 500, 5, []time.Duration{250 * ms, 500 * ms, s, 2 * s}},
		{"cut body", []http.HandlerFunc{cutBody, status(200)}, "GET", 200, 2, []time.Duration{250 * ms}},
		{"a POST", []http.HandlerFunc{status(429), status(200)}, "POST", 429, 1, nil},
		{"a DELETE", []http.HandlerFunc{status(503), status(200)}, "DELETE", 503, 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			server, sent := script(t, c.steps...)
			code, text, err := send(t, transport.New(clock.options()), c.method, server.URL, "")
			if err != nil || code != c.want || text != http.StatusText(c.want) {
				t.Errorf("the answer is %d %q, %v; want %d", code, text, err, c.want)
			}
			if sent() != c.sent {
				t.Errorf("%d requests were sent, want %d", sent(), c.sent)
			}
			if diff := cmp.Diff(c.sleeps, clock.sleeps); diff != "" {
				t.Errorf("waits: %s", diff)
			}
		})
	}
}

func TestResetConnectionIsRetried(t *testing.T) {
	clock, n := newClock(), 0
	o := clock.options()
	o.Next = roundTrip(func(*http.Request) (*http.Response, error) {
		if n++; n == 1 {
			return nil, &url.Error{Op: "read", Err: syscall.ECONNRESET}
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	code, _, err := send(t, transport.New(o), "GET", "http://x.example", "")
	if err != nil || code != 200 || n != 2 {
		t.Errorf("the answer is %d, %v after %d requests", code, err, n)
	}
	server, sent := script(t, reset)
	if _, _, err := send(t, transport.New(clock.options()), "GET", server.URL, ""); err == nil || sent() < 5 {
		t.Errorf("a server that always resets gives %v after %d requests", err, sent())
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBodyIsSentAgain(t *testing.T) {
	var bodies []string
	take := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(b))
			next(w, r)
		}
	}
	server, _ := script(t, take(status(503)), take(status(200)))
	r, err := http.NewRequestWithContext(transport.Idempotent(t.Context()), http.MethodPost, server.URL, strings.NewReader("query"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.New(newClock().options()).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if !slices.Equal(bodies, []string{"query", "query"}) || res.StatusCode != http.StatusOK {
		t.Errorf("the bodies are %q, the status %d", bodies, res.StatusCode)
	}
	if r.Header.Get("User-Agent") != "" {
		t.Error("the caller's request was changed")
	}
}

func TestBodyThatCannotBeSentAgain(t *testing.T) {
	server, sent := script(t, status(503), status(200))
	r, err := http.NewRequestWithContext(transport.Idempotent(t.Context()), http.MethodPost, server.URL, io.MultiReader(strings.NewReader("query")))
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.New(newClock().options()).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || sent() != 1 {
		t.Errorf("status %d after %d requests", res.StatusCode, sent())
	}
}

func TestLargeAnswerIsStreamed(t *testing.T) {
	o := newClock().options()
	o.Buffer = 10
	server, _ := script(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 50))
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, strings.Repeat("y", 50))
	})
	_, text, err := send(t, transport.New(o), "GET", server.URL, "")
	if err != nil || len(text) != 100 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestRateAndBudgetAreOfAnAccount(t *testing.T) {
	clock := newClock()
	o := clock.options()
	o.Rate, o.Burst, o.Budget = 2, 2, 3
	o.Account = func(r *http.Request) string { return r.URL.Query().Get("account") }
	server, sent := script(t, status(200))
	tr := transport.New(o)
	for range 3 {
		if _, _, err := send(t, tr, "GET", server.URL+"?account=a", ""); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]time.Duration{500 * time.Millisecond}, clock.sleeps); diff != "" {
		t.Errorf("waits: %s", diff)
	}
	if _, _, err := send(t, tr, "GET", server.URL+"?account=a", ""); !errors.Is(err, transport.ErrBudget) {
		t.Errorf("the fourth request gives %v", err)
	}
	if _, _, err := send(t, tr, "GET", server.URL+"?account=b", ""); err != nil || sent() != 4 {
		t.Errorf("another account gives %v after %d requests", err, sent())
	}
	want := []transport.Stats{
		{Account: "a", Requests: 3, Refused: 1, Statuses: map[int]int{200: 3}, Waited: 500 * time.Millisecond},
		{Account: "b", Requests: 1, Statuses: map[int]int{200: 1}},
	}
	if diff := cmp.Diff(want, tr.Snapshot()); diff != "" {
		t.Error(diff)
	}
}

func TestBudgetCountsRetries(t *testing.T) {
	o := newClock().options()
	o.Budget = 2
	server, sent := script(t, status(500))
	if _, _, err := send(t, transport.New(o), "GET", server.URL, ""); !errors.Is(err, transport.ErrBudget) || sent() != 2 {
		t.Errorf("%v after %d requests", err, sent())
	}
}

func TestRetryAfterHoldsForTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, n := time.Now(), 0
		var times []time.Duration
		tr := transport.New(transport.Options{
			Now: time.Now, Sleep: transport.Sleep, Random: func() float64 { return 0.5 },
			Next: roundTrip(func(*http.Request) (*http.Response, error) {
				times = append(times, time.Since(start))
				if n++; n == 1 {
					return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}, Body: http.NoBody}, nil
				}
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
			}),
		})
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				if code, _, err := send(t, tr, "GET", "http://x.example", ""); err != nil || code != 200 {
					t.Errorf("%d %v", code, err)
				}
			})
		}
		wg.Wait()
		want := []time.Duration{0, 30 * time.Second, 30 * time.Second}
		if diff := cmp.Diff(want, times); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		tr := transport.New(transport.Options{
			Now: time.Now, Sleep: transport.Sleep, Random: func() float64 { return 0.5 },
			Next: roundTrip(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"60"}}, Body: http.NoBody}, nil
			}),
		})
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://x.example", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := tr.RoundTrip(r)
		if err == nil {
			res.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestUserAgent(t *testing.T) {
	server, _ := script(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.UserAgent()) })
	if _, text, err := send(t, transport.New(newClock().options()), "GET", server.URL, ""); err != nil || text != "muster/test" {
		t.Errorf("%q %v", text, err)
	}
}

func TestCleanDropsTheQuery(t *testing.T) {
	canary := "tok" + strings.Repeat("9Q", 10)
	o := newClock().options()
	o.Next = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })
	_, _, err := send(t, transport.New(o), "GET", "https://user:"+canary+"@x.example/bots?token="+canary, "")
	clean := transport.Clean(err)
	if err == nil || strings.Contains(clean.Error(), canary) || clean.Error() != "GET https://x.example/bots: no route" {
		t.Error("the cleaned error is not as it should be")
	}
	if other := errors.New("x"); !errors.Is(transport.Clean(other), other) {
		t.Error("another error is changed")
	}
}
