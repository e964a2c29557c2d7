package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/muster-nhi/muster/scanners/azure/live/wire"
)

// A clock advances when somebody sleeps.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

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

type step struct {
	status int
	header string // Name: value
	body   string
	err    error
}

// A script answers one step after the other, and with the last for ever.
type script struct {
	steps []step
	sent  int
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	at := s.steps[min(s.sent, len(s.steps)-1)]
	s.sent++
	if at.err != nil {
		return nil, at.err
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if name, value, ok := strings.Cut(at.header, ": "); ok {
		h.Set(name, value)
	}
	return &http.Response{StatusCode: at.status, Header: h, Body: io.NopCloser(strings.NewReader(at.body)), Request: r}, nil
}

type bench struct {
	*script
	clock *clock
	pl    runtime.Pipeline
}

func newBench(steps ...step) *bench {
	b := &bench{script: &script{steps: steps}, clock: &clock{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}}
	o := wire.Options{HTTP: b.script, UserAgent: "muster/test", Now: b.clock.Now, Sleep: b.clock.Sleep, Random: func() float64 { return 1 }}
	client := o.Client(1000, "graph.example")
	b.pl = runtime.NewPipeline("test", "v1.0.0", runtime.PipelineOptions{}, &client)
	return b
}

func (b *bench) fetch(t *testing.T, address string) ([]byte, error) {
	t.Helper()
	r, err := runtime.NewRequest(t.Context(), http.MethodGet, address)
	if err != nil {
		t.Fatal(err)
	}
	return wire.Fetch(b.pl, r) //nolint:wrapcheck // it is what is tested
}

const address = "https://graph.example/v1.0/x"

func TestRepeats(t *testing.T) {
	good := step{status: 200, body: `{}`}
	for name, c := range map[string]struct {
		steps []step
		sent  int
		least time.Duration // waited
		code  string        // of the error; empty is none
	}{
		"at once":                         {[]step{good}, 1, 0, ""},
		"throttled, with a time":          {[]step{{status: 429, header: "Retry-After: 7"}, good}, 2, 7 * time.Second, ""},
		"throttled, with milliseconds":    {[]step{{status: 429, header: "Retry-After-Ms: 1500"}, good}, 2, 1500 * time.Millisecond, ""},
		"throttled, without a time":       {[]step{{status: 429}, {status: 429}, good}, 3, time.Second, ""},
		"throttled for an hour":           {[]step{{status: 429, header: "Retry-After: 3600", body: `{"error":{"code":"TooManyRequests"}}`}}, 1, 0, "TooManyRequests"},
		"throttled for ever":              {[]step{{status: 429, body: `{"error":{"code":"TooManyRequests"}}`}}, 10, 10 * time.Second, "TooManyRequests"},
		"unavailable, with a time":        {[]step{{status: 503, header: "Retry-After: 3"}, good}, 2, 3 * time.Second, ""},
		"out of order":                    {[]step{{status: 500, body: `{"error":{"code":"Internal"}}`}}, 5, time.Second, "Internal"},
		"cut":                             {[]step{{status: 200, body: `{"value":[`}, good}, 2, 0, ""},
		"a broken connection":             {[]step{{err: errors.New("connection reset by peer")}, good}, 2, 0, ""},
		"denied":                          {[]step{{status: 403, body: `{"error":{"code":"Authorization_RequestDenied","message":"no"}}`}}, 1, 0, "Authorization_RequestDenied"},
		"a bad request":                   {[]step{{status: 400, body: `{"error":{"code":"BadRequest"}}`}}, 1, 0, "BadRequest"},
		"the quota is used up by the way": {[]step{{status: 200, header: "X-Ms-User-Quota-Remaining: 5", body: `{}`}}, 1, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(c.steps...)
			before := b.clock.Now()
			_, err := b.fetch(t, address)
			if wire.Code(err) != c.code || (err == nil) != (c.code == "") {
				t.Errorf("the error is %v", err)
			}
			if b.sent != c.sent || b.clock.Now().Sub(before) < c.least {
				t.Errorf("it was sent %d times in %v", b.sent, b.clock.Now().Sub(before))
			}
		})
	}
}

// TestOnceDownIsNotAskedOften sends less to a service that failed for good, and more
// again once it is up.
func TestOnceDownIsNotAskedOften(t *testing.T) {
	b := newBench(step{status: 500})
	for _, want := range []int{5, 7, 9} {
		if _, err := b.fetch(t, address); err == nil || b.sent != want {
			t.Errorf("sent %d times, want %d; %v", b.sent, want, err)
		}
	}
}

// TestBudget ends repeating when too much had to be repeated.
func TestBudget(t *testing.T) {
	var steps []step
	for range 20 { // each tenth attempt is answered
		steps = append(append(steps, slices.Repeat([]step{{status: 429}}, 9)...), step{status: 200, body: `{}`})
	}
	b := newBench(steps...)
	var last error
	for range 20 {
		if _, last = b.fetch(t, address); last != nil {
			break
		}
	}
	if !errors.Is(last, wire.ErrBudget) || b.sent > 130 {
		t.Errorf("sent %d times, the last error is %v", b.sent, last)
	}
}

// TestPatience sends each request once to a service that answered nothing for long, and
// more again once it does.
func TestPatience(t *testing.T) {
	b := newBench(append(slices.Repeat([]step{{status: 429}}, 31), step{status: 200, body: `{}`}, step{status: 429}, step{status: 200, body: `{}`})...)
	for _, want := range []int{10, 20, 29, 30, 31, 32, 34} {
		if _, err := b.fetch(t, address); b.sent != want || (err == nil) != (want > 31) {
			t.Errorf("sent %d times, want %d; %v", b.sent, want, err)
		}
	}
}

// TestHosts sends a token nowhere else.
func TestHosts(t *testing.T) {
	for _, other := range []string{"https://evil.example/x", "http://graph.example/x", "https://graph.example.evil.example/x", "https://graph.example:444/x"} {
		b := newBench(step{status: 200, body: `{}`})
		if _, err := b.fetch(t, other); !errors.Is(err, wire.ErrStray) || b.sent > 0 {
			t.Errorf("%s: sent %d times, %v", other, b.sent, err)
		}
	}
}

// TestTooLarge gives an answer up that no service sends.
func TestTooLarge(t *testing.T) {
	b := newBench(step{status: 200, body: strings.Repeat(" ", 64<<20+1)})
	if _, err := b.fetch(t, address); err == nil || b.sent != 1 || !strings.Contains(err.Error(), "larger") {
		t.Errorf("sent %d times, %v", b.sent, err)
	}
}

// TestPlain keeps of an answer no more than its code and message.
func TestPlain(t *testing.T) {
	canary := "nw" + strings.Repeat("7Kq", 5)
	b := newBench(step{status: 403, body: `{"error":{"code":"Forbidden","message":"a\nb","innererror":{"code":"ForbiddenByFirewall"}},"value":"` + canary + `"}`})
	_, err := b.fetch(t, address)
	err = wire.Plain("graph: GET /x", err)
	if got, want := err.Error(), "graph: GET /x: ForbiddenByFirewall: a b"; got != want {
		t.Errorf("the error is %q, want %q", got, want)
	}
	if !wire.Denied(err) || wire.Missing(err) || wire.Unlicensed(err) || wire.Refused(err) {
		t.Error("it is taken for something else")
	}
	unread := fmt.Errorf("unmarshalling type *armx.Y: struct field Value: %s", canary)
	if got := wire.Plain("arm: x", unread).Error(); strings.Contains(got, canary) {
		t.Errorf("the error is %q", got)
	}
	if wire.Decode([]byte(`{"value":"`+canary+`"`), &struct{}{}).Error() != wire.Decode([]byte(`x`), &struct{}{}).Error() {
		t.Error("the error of an answer quotes it")
	}
}

// FuzzRefusal reads errors of whatever form.
func FuzzRefusal(f *testing.F) {
	f.Add(`{"error":{"code":"A","message":"b","innererror":{"code":"C"}}}`)
	f.Add(`{"error":"invalid_client","error_description":"AADSTS7000215: no\r\nTrace ID: 0"}`)
	f.Add(`{"code":"A","message":"b"}`)
	f.Add(`<html>`)
	f.Fuzz(func(t *testing.T, body string) {
		e := wire.RefusalOf(400, []byte(body))
		if strings.ContainsAny(e.Error(), "\n\r\x00") || len(e.Error()) > 600 {
			t.Errorf("the error is %q", e.Error())
		}
	})
}
