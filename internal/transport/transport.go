// Package transport is the one http.RoundTripper through which scanners talk to
// the systems they read: it identifies itself, keeps to a rate and a budget for
// each account, waits when it is told to, tries again where that is safe, and
// counts what it does.
//
// It logs nothing and keeps nothing of a request but its account and the status
// of its answer. Memory grows with the number of accounts only, and with the
// answers that are being read.
package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// The choices of a Transport whose Options make none.
const (
	DefaultAttempts = 5
	DefaultBase     = 500 * time.Millisecond
	DefaultMaxWait  = 2 * time.Minute
	DefaultBuffer   = 16 << 20
)

// Options are the choices of a Transport. Now, Sleep and Random are required:
// the clock and chance come from outside.
type Options struct {
	Next      http.RoundTripper                          // sends requests; nil is http.DefaultTransport
	UserAgent string                                     // of requests that have none
	Account   func(*http.Request) string                 // whose limits a request counts against; nil is its host
	Rate      float64                                    // requests a second for each account; 0 is no limit
	Burst     int                                        // requests that may go at once; 0 is 1
	Budget    int                                        // requests for each account in all, retries included; 0 is no limit
	Attempts  int                                        // how often one request is sent at most; 0 is DefaultAttempts
	Base      time.Duration                              // upper end of the first wait, which doubles; 0 is DefaultBase
	MaxWait   time.Duration                              // longest wait between two attempts; 0 is DefaultMaxWait
	Buffer    int64                                      // bytes of an answer that are read before it is passed on, so that one that is cut can be asked for again; 0 is DefaultBuffer
	Now       func() time.Time                           // the clock
	Sleep     func(context.Context, time.Duration) error // waits, or returns the error of a context that ends
	Random    func() float64                             // from 0 up to 1; safe for concurrent use
}

// ErrBudget is in the chain of the error of a request that its account's budget
// does not allow.
var ErrBudget = errors.New("the budget of requests is spent")

// A Transport sends requests. It is safe for concurrent use.
//
// It sends a request again, after a wait, if the answer was 429, 500, 502, 503
// or 504, 403 with a Retry-After (as GitHub throttles), or the connection broke
// before the answer was complete; and only if the request reads (GET, HEAD,
// OPTIONS, or as its context says, see Idempotent) and its body can be sent
// again. The wait is what Retry-After says (RFC 9110, section 10.2.3), else a
// random part of a bound that doubles with each attempt. If Retry-After says
// more than MaxWait, the answer is returned as it is: to ask sooner would only
// make it worse. After the last attempt the last answer or error is returned.
type Transport struct {
	options  Options
	accounts accounts
}

// New returns a Transport.
func New(o Options) *Transport {
	if o.Next == nil {
		o.Next = http.DefaultTransport
	}
	if o.Account == nil {
		o.Account = func(r *http.Request) string { return r.URL.Host }
	}
	if o.Burst <= 0 {
		o.Burst = 1
	}
	if o.Attempts <= 0 {
		o.Attempts = DefaultAttempts
	}
	if o.Base <= 0 {
		o.Base = DefaultBase
	}
	if o.MaxWait <= 0 {
		o.MaxWait = DefaultMaxWait
	}
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	limit := rate.Inf
	if o.Rate > 0 {
		limit = rate.Limit(o.Rate)
	}
	return &Transport{options: o, accounts: accounts{limit: limit, burst: o.Burst}}
}

// Sleep waits for d or until ctx ends, and returns the error of ctx then. It is
// what Options.Sleep is outside of tests.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

type idempotentKey struct{}

// Idempotent marks the requests made with a context as ones that only read,
// whatever their method: many query APIs read with POST.
func Idempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey{}, true)
}

type onceKey struct{}

// Once marks the requests made with a context as ones that are sent once: the
// caller repeats them itself, because it has to sign them anew.
func Once(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, true)
}

// RoundTrip sends a request, as often as need be. The error is that of the
// context, of the connection, or wraps ErrBudget.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	a := t.accounts.get(t.options.Account(r))
	again := repeatable(r)
	for attempt := 1; ; attempt++ {
		res, err := t.attempt(r, a, attempt, again)
		if !again || attempt >= t.options.Attempts || r.Context().Err() != nil {
			return res, err
		}
		wait, retry := t.wait(res, err, attempt)
		if !retry {
			return res, err
		}
		discard(res)
		a.retried()
		if res != nil && throttled(res) {
			a.pause(t.options.Now().Add(wait)) // for all requests of the account
			continue
		}
		if err := t.sleep(r.Context(), a, wait); err != nil {
			return nil, err
		}
	}
}

// attempt sends a request once, when its account's limits allow it.
func (t *Transport) attempt(r *http.Request, a *account, attempt int, buffer bool) (*http.Response, error) {
	if err := t.admit(r.Context(), a); err != nil {
		if attempt == 1 && r.Body != nil {
			_ = r.Body.Close() // a RoundTripper always closes it; nothing was sent
		}
		return nil, err
	}
	out, err := t.copyOf(r, attempt)
	if err != nil {
		return nil, err
	}
	res, err := t.options.Next.RoundTrip(out)
	if err != nil {
		a.broke()
		return nil, err
	}
	a.answered(res.StatusCode)
	if buffer {
		err = t.buffer(res)
	}
	if err != nil {
		a.broke()
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return res, nil
}

// admit waits until an account may send a request and counts it.
func (t *Transport) admit(ctx context.Context, a *account) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		wait := a.paused(t.options.Now())
		if wait <= 0 {
			break
		}
		if err := t.sleep(ctx, a, wait); err != nil {
			return err
		}
	}
	if !a.spend(t.options.Budget) {
		return fmt.Errorf("%w: %d for %s", ErrBudget, t.options.Budget, a.name)
	}
	now := t.options.Now()
	slot := a.limiter.ReserveN(now, 1)
	if err := t.sleep(ctx, a, slot.DelayFrom(now)); err != nil {
		slot.CancelAt(t.options.Now())
		a.unspend()
		return err
	}
	return nil
}

func (t *Transport) sleep(ctx context.Context, a *account, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	a.waits(d)
	return t.options.Sleep(ctx, d)
}

// copyOf returns the request to send: never the caller's own, which a
// RoundTripper must not change.
func (t *Transport) copyOf(r *http.Request, attempt int) (*http.Request, error) {
	out := r.Clone(r.Context())
	if out.Header.Get("User-Agent") == "" && t.options.UserAgent != "" {
		out.Header.Set("User-Agent", t.options.UserAgent)
	}
	if attempt > 1 && r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, fmt.Errorf("send the request again: %w", err)
		}
		out.Body = body
	}
	return out, nil
}

// repeatable reports whether a request may be sent more than once.
func repeatable(r *http.Request) bool {
	if once, _ := r.Context().Value(onceKey{}).(bool); once {
		return false
	}
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return false
	}
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	default:
		marked, _ := r.Context().Value(idempotentKey{}).(bool)
		return marked
	}
}

// discard reads what is left of an answer, so that its connection can be used
// again, and closes it.
func discard(res *http.Response) {
	if res == nil {
		return
	}
	_, _ = io.CopyN(io.Discard, res.Body, 1<<16) // the answer is not wanted
	_ = res.Body.Close()
}
