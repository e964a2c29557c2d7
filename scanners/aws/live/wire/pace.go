package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/muster-nhi/muster/internal/transport"
)

// How often and how long requests are repeated.
const (
	maxAttempts = 10  // where requests came too fast
	maxSpent    = 3   // calls that are refused to the last for coming too fast, before no more is asked
	maxLost     = 3   // calls in a row that came to nothing, before each is made but once
	maxRetries  = 100 // of a client at once; each request that succeeds gives half a one back
	// What nothing good was heard of for longer is not waited for any more: each call is
	// made once, of one service in a region, of one region, or of whatever region if no
	// other was heard of either. After maxDark without any answer a region is asked no
	// more, and so is one, after maxLost calls, when no other answered for as long: a
	// region can be blocked by itself, and those after it are fine.
	maxPatience = 90 * time.Second
	maxDark     = 5 * time.Minute
	baseWait    = 200 * time.Millisecond
	maxWait     = 20 * time.Second
	maxAfter    = 60 * time.Second // the longest Retry-After that is waited for
	minRate     = 0.5              // requests a second, however often AWS says no
)

// A pace is that of one account, service and region.
type pace struct {
	*transport.Pace
	where    string              // the service and the region
	at       string              // the region
	patience transport.Patience  // with the service there
	region   *transport.Patience // with all services there

	mu   sync.Mutex
	last error // of the last call that was refused to the last for coming too fast
}

// newPace returns the pace of so many requests a second.
func newPace(service, at string, most float64, region *transport.Patience) *pace {
	if most <= 0 {
		most = DefaultRate
	}
	return &pace{Pace: transport.NewPace(transport.Quota{Most: most, Least: minRate}), where: service + " in " + at, at: at, region: region}
}

// admit waits until a request may be sent. The error is that of ctx, or says why it is
// not sent.
func (c *Client) admit(ctx context.Context, p *pace, op Operation) error {
	if err := c.over(p); err != nil {
		return fmt.Errorf("%s in %s: %w", op.Action(), p.at, err)
	}
	return p.Wait(ctx, c.options.Now, func(ctx context.Context, d time.Duration) error {
		return c.options.Waiting.Wait(ctx, d, p.where+" is not asked too often", c.options.Sleep)
	})
}

// over returns why nothing more is asked there.
func (c *Client) over(p *pace) error {
	p.mu.Lock()
	last := p.last
	p.mu.Unlock()
	if last != nil && p.patience.Lost() >= maxSpent {
		return fmt.Errorf("%w: %w", ErrSpent, last)
	}
	now := c.options.Now()
	here, anywhere := p.region.Lasts(now), c.patience.Lasts(now)
	if here > maxDark || anywhere > maxDark && p.region.Lost() >= maxLost {
		return fmt.Errorf("%w for %s", ErrDown, max(here, anywhere).Round(time.Second))
	}
	return nil
}

// answered notes that a service works, whatever it says.
func (c *Client) answered(p *pace) {
	p.mu.Lock()
	p.last = nil
	p.mu.Unlock()
	p.patience.Good()
	p.region.Good()
	c.patience.Good()
}

// again tells whether a request is worth another attempt, and after which time.
func (c *Client) again(err error, header http.Header, p *pace, attempt int) (time.Duration, bool) {
	slow, now := throttle(err), c.options.Now()
	if !slow && !transient(err) {
		if of(err).Status != 0 {
			c.answered(p)
		}
		return 0, false
	}
	lasts := max(p.patience.Bad(now), p.region.Bad(now), c.patience.Bad(now))
	most := p.Faults()
	if slow {
		p.Slow(now)
		most = maxAttempts
	}
	if lasts >= maxPatience || c.patience.Lost() >= maxLost || p.region.Lost() >= maxLost || slow && p.patience.Lost() > 0 {
		most = 1
	}
	after, told := transport.RetryAfter(header.Get("Retry-After"), now)
	if attempt >= most || told && after > maxAfter {
		c.giveUp(err, p, slow)
		return 0, false
	}
	if told {
		return after, true
	}
	return min(transport.Backoff(baseWait, maxWait, attempt, c.options.Random()), maxPatience-lasts), true
}

// giveUp notes that a request came to nothing.
func (c *Client) giveUp(err error, p *pace, slow bool) {
	c.patience.Lose()
	p.region.Lose()
	p.patience.Lose()
	if !slow {
		p.Fail()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = err
}

// throttle reports whether an error says that requests came too fast.
func throttle(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	codes := retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}
	return e.Status == http.StatusTooManyRequests || codes.IsErrorThrottle(e) == aws.TrueTernary
}

// transient reports whether an error may be gone at the next attempt, by the
// SDK's own table.
func transient(err error) bool {
	if errors.Is(err, errMalformed) {
		return true // an answer that was cut, or a proxy's page
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}
