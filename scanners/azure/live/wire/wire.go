// Package wire carries the requests of Microsoft's own clients and of ours: one
// policy for the pipeline of azcore that keeps a pace, repeats what is worth it and
// waits as the services say, and one transport that bounds answers. azcore's own
// retries are switched off: they know no clock but the real one, and cannot slow
// the next request down.
package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/muster-nhi/muster/internal/transport"
)

// How often and how long requests are repeated.
const (
	maxAttempts = 10  // where requests came too fast
	maxRetries  = 100 // of a service at once; each request that succeeds gives half a one back
	baseWait    = 400 * time.Millisecond
	maxWait     = 30 * time.Second
	maxAfter    = 5 * time.Minute // the longest Retry-After that is waited for: ARM's counts to the end of an hour
	maxPatience = 5 * time.Minute // without any answer: each request is sent once from then on
	maxLost     = 3               // requests in a row that came to nothing, before each is sent but once
	minRate     = 0.5             // requests a second, however often a service says no
	tryTimeout  = 100 * time.Second
	maxAnswer   = 64 << 20 // bytes of an answer: 100 service principals with all their roles have some 5 MB
)

// Options say how requests are carried. HTTP, Now, Sleep and Random are required.
type Options struct {
	HTTP      http.RoundTripper
	UserAgent string
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error
	Random    func() float64 // between 0 and 1
	// Patience is what all clients have together with what answers nothing; nil is that
	// each has its own.
	Patience *transport.Patience
	// Waiting is told why a request waits that a service did not answer, or that is not
	// to go out too fast.
	Waiting transport.Waiting
}

// Client returns the options of a client of Microsoft's that sends at most so many
// requests a second, to the named hosts and, unless none is named, to no other: a
// token goes with each, and the links to next pages come from answers. Each call
// makes a pace of its own.
func (o Options) Client(rate float64, hosts ...string) policy.ClientOptions {
	if o.Patience == nil {
		o.Patience = &transport.Patience{}
	}
	return policy.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Telemetry: policy.TelemetryOptions{Disabled: true},
		Transport: carrier{o.HTTP},
		PerCallPolicies: []policy.Policy{&polite{
			Options: o, pace: transport.NewPace(transport.Quota{Most: rate, Least: minRate}), retries: transport.NewRetries(maxRetries), hosts: hosts,
		}},
	}
}

// A carrier sends a request once and bounds the answer. It follows no redirection.
type carrier struct{ http http.RoundTripper }

// Do sends a request.
func (c carrier) Do(r *http.Request) (*http.Response, error) {
	res, err := c.http.RoundTrip(r.WithContext(transport.Once(r.Context())))
	if err != nil {
		return nil, err //nolint:wrapcheck // Plain names the call
	}
	res.Body = &bounded{ReadCloser: res.Body, left: maxAnswer}
	return res, nil
}

// A bounded body ends with an error after so many bytes.
type bounded struct {
	io.ReadCloser
	left int64
}

// Read reads up to the bound.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err //nolint:wrapcheck // io.EOF is compared
}

// polite is the policy that repeats requests.
type polite struct {
	Options
	pace    *transport.Pace
	retries *transport.Retries
	hosts   []string
}

// Do sends a request as often as it takes. The answer it returns is read to its end
// and, if it is JSON that says yes, whole.
func (p *polite) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	if u := req.Raw().URL; len(p.hosts) > 0 && (u.Scheme != "https" || !slices.Contains(p.hosts, strings.ToLower(u.Host))) {
		return nil, ErrStray
	}
	if p.UserAgent != "" {
		req.Raw().Header.Set("User-Agent", p.UserAgent)
	}
	host := req.Raw().URL.Host
	paced := func(ctx context.Context, d time.Duration) error {
		return p.Waiting.Wait(ctx, d, host+" is not asked too often", p.Sleep)
	}
	for attempt := 1; ; attempt++ {
		if err := p.pace.Wait(ctx, p.Now, paced); err != nil {
			return nil, err
		}
		res, err := p.once(ctx, req)
		if ctx.Err() != nil {
			return nil, ctx.Err() //nolint:wrapcheck // the caller ended it
		}
		if err == nil && res.StatusCode < 400 {
			p.pace.Succeed(p.Now())
			p.Patience.Good()
			p.retries.Refund()
			p.heed(res)
			return res, nil
		}
		wait, again := p.again(res, err, attempt)
		if !again {
			return res, err
		}
		if !p.retries.Spend() {
			if err == nil {
				err = Refusal(res)
			}
			return nil, errors.Join(ErrBudget, err)
		}
		if err := p.Waiting.Wait(ctx, wait, trouble(host, res, err), p.Sleep); err != nil {
			return nil, err
		}
	}
}

// trouble says for people what is wrong with a service that is asked again. It quotes
// no more of an answer than its code.
func trouble(host string, res *http.Response, err error) string {
	switch {
	case errors.Is(err, errMalformed):
		return host + " does not answer as it should"
	case err != nil:
		return host + " cannot be reached"
	}
	code := strings.TrimSpace(fmt.Sprint(res.StatusCode, " ", Refusal(res).Code))
	if throttles(res) {
		return host + " says no (" + code + ")"
	}
	return host + " fails (" + code + ")"
}

// once sends a request once.
func (p *polite) once(ctx context.Context, req *policy.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	if err := req.RewindBody(); err != nil {
		return nil, err //nolint:wrapcheck // a body in memory always can
	}
	res, err := req.Clone(ctx).Next()
	if err != nil {
		return nil, err //nolint:wrapcheck // Plain names the call
	}
	body, err := runtime.Payload(res)
	if err != nil {
		return nil, err //nolint:wrapcheck // Plain names the call
	}
	if res.StatusCode < 300 && !whole(body) {
		return nil, errMalformed
	}
	return res, nil
}

// whole reports whether an answer is one JSON value or nothing at all.
func whole(body []byte) bool {
	body = bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\xef\xbb\xbf"))
	return len(body) == 0 || json.Valid(body)
}

// heed slows down before a service has to say no: Resource Graph tells how many
// queries are left (docs of Resource Graph, throttled requests), Graph how much of
// the limit is used up, from 0.8 on (docs of Graph, throttling).
func (p *polite) heed(res *http.Response) {
	if res.Header.Get("X-Ms-User-Quota-Remaining") == "0" {
		if d, ok := clockTime(res.Header.Get("X-Ms-User-Quota-Resets-After")); ok {
			p.pace.Hold(p.Now().Add(min(d, maxAfter)))
		}
	}
	if used, err := strconv.ParseFloat(res.Header.Get("X-Ms-Throttle-Limit-Percentage"), 64); err == nil && used >= 1 {
		p.pace.Slow(p.Now())
	}
}

// clockTime reads hh:mm:ss.
func clockTime(s string) (time.Duration, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0, false
	}
	d, err := time.ParseDuration(parts[0] + "h" + parts[1] + "m" + parts[2] + "s")
	return d, err == nil && d >= 0
}

// again tells whether a request is worth another attempt, and after which time.
func (p *polite) again(res *http.Response, err error, attempt int) (time.Duration, bool) {
	slow := res != nil && err == nil && throttles(res)
	if !slow && !transient(res, err) {
		if err == nil {
			p.Patience.Good() // it answered
		}
		return 0, false
	}
	most, waited := p.pace.Faults(), p.Patience.Bad(p.Now())
	if slow {
		most = maxAttempts
		p.pace.Slow(p.Now())
	}
	if waited >= maxPatience || p.Patience.Lost() >= maxLost {
		most = 1
	}
	after, told := time.Duration(0), false
	if res != nil && err == nil {
		after, told = RetryAfter(res.Header, p.Now())
	}
	if attempt >= most || told && after > maxAfter {
		p.Patience.Lose()
		if !slow {
			p.pace.Fail()
		}
		return 0, false
	}
	if slow {
		p.pace.Hold(p.Now().Add(after))
	}
	if told {
		return after, true
	}
	return transport.Backoff(baseWait, maxWait, attempt, p.Random()), true
}

// throttles reports whether an answer says that requests came too fast. Graph says
// so with 429, and with 503 and a Retry-After.
func throttles(res *http.Response) bool {
	return res.StatusCode == http.StatusTooManyRequests ||
		res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != ""
}

// RetryAfter reads how long to wait, in whichever of the headers azcore knows.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if ms, err := strconv.Atoi(h.Get(name)); err == nil && ms >= 0 {
			return time.Duration(ms) * time.Millisecond, true
		}
	}
	return transport.RetryAfter(h.Get("Retry-After"), now)
}

// transient reports whether a failure may be gone at the next attempt.
func transient(res *http.Response, err error) bool {
	if err == nil {
		switch res.StatusCode {
		case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		default:
			return false
		}
	}
	if errors.Is(err, errTooLarge) || signInError(err) != nil {
		return false
	}
	if _, ok := errors.AsType[*azidentity.AuthenticationRequiredError](err); ok {
		return false
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return false
	}
	return true
}

// Fetch sends a request and returns the answer, if it says yes; else an *Error.
func Fetch(p runtime.Pipeline, r *policy.Request) ([]byte, error) {
	res, err := p.Do(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // Plain names the call
	}
	defer res.Body.Close() //nolint:errcheck // it was read to its end
	if res.StatusCode != http.StatusOK {
		return nil, Refusal(res)
	}
	return runtime.Payload(res) //nolint:wrapcheck // it was read before
}
