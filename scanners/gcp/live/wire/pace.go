package wire

import (
	"errors"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/muster-nhi/muster/internal/transport"
)

// How often and how long requests are repeated. Quotas of Google are mostly those of
// a minute, so that the last waits are as long.
const (
	maxAttempts = 10 // where requests came too fast
	maxDown     = 2  // the same, once a call was refused to the last
	maxSpent    = 3  // calls that are refused to the last for coming too fast, before no more is asked
	maxRetries  = 200
	baseWait    = 500 * time.Millisecond
	maxWait     = time.Minute
	maxAfter    = 2 * time.Minute // the longest Retry-After that is waited for
	minRate     = 0.05            // requests a second, however often a service says no
	defaultRate = 10
)

// A pace is that of one quota. Requests all count against the quota of one project,
// that which asks, so that there is one for each project and service.
type pace struct {
	*transport.Pace

	mu    sync.Mutex
	spent int // calls in a row that were refused to the last for coming too fast
	last  error
}

// newPace returns the pace of so many requests a second. Quotas are those of a
// minute. One of few requests may be spent at once, so that a small target does not
// wait, as long as no minute has more of them.
func newPace(most float64) *pace {
	if most <= 0 {
		most = defaultRate
	}
	quota := transport.Quota{Most: most, Least: minRate}
	if few := int(math.Round(most * 60)); most < 1 && few > 1 {
		quota.Burst, quota.Minute = few, few
	}
	return &pace{Pace: transport.NewPace(quota)}
}

// exhausted returns why nothing more is asked: a quota that is not free again after
// minutes of waiting is one of a day. Recommender has one of 100 without a support
// plan (Recommender documentation, "Quotas and limits").
func (p *pace) exhausted() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spent < maxSpent {
		return nil
	}
	return p.last
}

func (p *pace) gaveUp(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent++
	p.last = err
}

// attempts returns how often a call is sent that comes too fast.
func (p *pace) attempts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spent > 0 {
		return maxDown
	}
	return maxAttempts
}

// worked notes that the service works and has quota left.
func (p *pace) worked(now time.Time) {
	p.Succeed(now)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent = 0
}

// again tells whether a request is worth another attempt, and after which time.
func (c *Client) again(err error, header http.Header, p *pace, attempt int) (time.Duration, bool) {
	fast := slow(err)
	if fast {
		p.Slow(c.options.Now())
	}
	switch {
	case fast && attempt >= p.attempts():
		p.gaveUp(err)
		return 0, false
	case !fast && !transient(err):
		return 0, false
	case !fast && attempt >= p.Faults():
		p.Fail()
		return 0, false
	}
	if after, ok := transport.RetryAfter(header.Get("Retry-After"), c.options.Now()); ok {
		if fast && after > maxAfter {
			p.gaveUp(err)
		}
		return after, after <= maxAfter
	}
	return transport.Backoff(baseWait, maxWait, attempt, 0.5+c.options.Random()/2), true
}

// transient reports whether an error may be gone at the next attempt: a service
// that failed, a connection that broke, an answer that was cut.
func transient(err error) bool {
	if errors.Is(err, transport.ErrBudget) || errors.Is(err, ErrSignIn) {
		return false
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status >= 500 && e.Status != http.StatusNotImplemented || e.Status == http.StatusRequestTimeout
	}
	return true
}
