package wire

import (
	"context"
	"errors"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/muster-nhi/muster/internal/transport"
)

// How often and how long requests are repeated. Quotas of Google are mostly those of
// a minute, so that the last waits are as long.
const (
	maxAttempts = 10 // where requests came too fast
	maxFaults   = 5  // where the service or the connection failed
	maxDown     = 2  // the same, once a call of that service failed for good
	maxSpent    = 3  // calls that are refused to the last for coming too fast, before no more is asked
	maxRetries  = 200
	baseWait    = 500 * time.Millisecond
	maxWait     = time.Minute
	maxAfter    = 2 * time.Minute // the longest Retry-After that is waited for
	minRate     = 0.05            // requests a second, however often a service says no
	defaultRate = 10
)

// A pace is the token bucket of one quota. Requests all count against the quota of
// one project, that which asks, so that there is one for each project and service.
// It adapts: a refusal for going too fast halves it, each success lets it grow
// again.
//
// Quotas are those of a minute. One of few requests may be spent at once, so that a
// small target does not wait, as long as no minute has more of them.
type pace struct {
	most    float64
	mu      sync.Mutex
	limiter *rate.Limiter
	latest  []time.Time // when the last requests are sent, of a quota of few: as many as a minute has
	down    bool        // a call failed for good, and none succeeded since
	spent   int         // calls in a row that were refused to the last for coming too fast
	last    error
}

func newPace(most float64) *pace {
	if most <= 0 {
		most = defaultRate
	}
	p := &pace{most: most}
	burst := max(1, int(most))
	if few := int(math.Round(most * 60)); most < 1 && few > 1 {
		burst, p.latest = few, make([]time.Time, few)
	}
	p.limiter = rate.NewLimiter(rate.Limit(most), burst)
	return p
}

// wait returns when a request may be sent.
func (p *pace) wait(ctx context.Context, now func() time.Time, sleep func(context.Context, time.Duration) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	at := now()
	delay := p.within(at, p.limiter.ReserveN(at, 1).DelayFrom(at))
	p.mu.Unlock()
	if delay <= 0 {
		return nil
	}
	return sleep(ctx, delay)
}

// within lengthens the wait for a request so that no minute has more of them than
// its quota allows. The mutex is held.
func (p *pace) within(now time.Time, delay time.Duration) time.Duration {
	if len(p.latest) == 0 {
		return delay
	}
	if first := p.latest[0]; !first.IsZero() {
		delay = max(delay, first.Add(time.Minute).Sub(now))
	}
	copy(p.latest, p.latest[1:])
	p.latest[len(p.latest)-1] = now.Add(delay)
	return delay
}

func (p *pace) throttled(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limiter.SetLimitAt(now, rate.Limit(max(minRate, float64(p.limiter.Limit())/2)))
}

func (p *pace) faults() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return maxDown
	}
	return maxFaults
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

func (p *pace) failed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
}

func (p *pace) succeeded(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down, p.spent = false, 0
	if l := float64(p.limiter.Limit()); l < p.most {
		p.limiter.SetLimitAt(now, rate.Limit(min(p.most, l+p.most/10)))
	}
}

// A budget bounds how many requests are repeated, so that a service that is down
// does not multiply them.
type budget struct {
	mu   sync.Mutex
	left float64
}

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func (b *budget) refund() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(maxRetries, b.left+0.5)
}

// again tells whether a request is worth another attempt, and after which time.
func (c *Client) again(err error, header http.Header, p *pace, attempt int) (time.Duration, bool) {
	fast := slow(err)
	if fast {
		p.throttled(c.options.Now())
	}
	switch {
	case fast && attempt >= p.attempts():
		p.gaveUp(err)
		return 0, false
	case !fast && !transient(err):
		return 0, false
	case !fast && attempt >= p.faults():
		p.failed()
		return 0, false
	}
	if after, ok := transport.RetryAfter(header.Get("Retry-After"), c.options.Now()); ok {
		if fast && after > maxAfter {
			p.gaveUp(err)
		}
		return after, after <= maxAfter
	}
	bound := min(float64(maxWait), float64(baseWait)*math.Exp2(float64(attempt-1)))
	return time.Duration((0.5 + c.options.Random()/2) * bound), true
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
