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
	maxSpent    = 3  // calls that are refused to the last for coming too fast, before no more is asked
	maxLost     = 3  // calls in a row that came to nothing, before each is made but once
	maxRetries  = 200
	// A quota is one of a minute or of a day. What nothing good was heard of for longer
	// than the first takes is not waited for any more: each call is made once, of one
	// quota, or of whatever quota if no other was heard of either. After maxDark without
	// any answer nothing is asked.
	maxPatience = 90 * time.Second
	maxDark     = 5 * time.Minute
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
	patience transport.Patience

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

// worked notes that the service works and has quota left.
func (p *pace) worked(now time.Time) {
	p.Succeed(now)
	p.patience.Good()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent = 0
}

// again tells whether a request is worth another attempt, and after which time.
func (c *Client) again(err error, header http.Header, p *pace, attempt int) (time.Duration, bool) {
	fast, now := slow(err), c.options.Now()
	if !fast && !transient(err) {
		return 0, false
	}
	lasts := max(p.patience.Bad(now), c.patience.Bad(now))
	most := p.Faults()
	if fast {
		p.Slow(now)
		most = maxAttempts
	}
	if lasts >= maxPatience || c.patience.Lost() >= maxLost || p.patience.Lost() > 0 && fast {
		most = 1
	}
	after, told := transport.RetryAfter(header.Get("Retry-After"), now)
	if attempt >= most || told && after > maxAfter {
		c.giveUp(err, p, fast)
		return 0, false
	}
	if told {
		return after, true
	}
	wait := transport.Backoff(baseWait, maxWait, attempt, 0.5+c.options.Random()/2)
	return min(wait, maxPatience-lasts), true
}

// giveUp notes that a request came to nothing.
func (c *Client) giveUp(err error, p *pace, fast bool) {
	c.patience.Lose()
	p.patience.Lose()
	if fast {
		p.gaveUp(err)
	} else {
		p.Fail()
	}
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
