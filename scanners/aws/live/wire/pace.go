package wire

import (
	"context"
	"errors"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"golang.org/x/time/rate"

	"github.com/muster-nhi/muster/internal/transport"
)

// How often and how long requests are repeated.
const (
	maxAttempts = 10  // where requests came too fast
	maxFaults   = 5   // where the service or the connection failed
	maxDown     = 2   // the same, once a call of that service and region failed for good
	maxRetries  = 100 // of a client at once; each request that succeeds gives half a one back
	baseWait    = 200 * time.Millisecond
	maxWait     = 20 * time.Second
	maxAfter    = 60 * time.Second // the longest Retry-After that is waited for
	minRate     = 0.5              // requests a second, however often AWS says no
)

// A pace is the token bucket of one account, service and region. It adapts: a
// refusal for going too fast halves it, each success lets it grow again.
type pace struct {
	most    float64
	mu      sync.Mutex
	limiter *rate.Limiter
	down    bool // a call failed for good, and none succeeded since
}

func newPace(most float64) *pace {
	if most <= 0 {
		most = DefaultRate
	}
	return &pace{most: most, limiter: rate.NewLimiter(rate.Limit(most), max(1, int(most)))}
}

// wait returns when a request may be sent.
func (p *pace) wait(ctx context.Context, now func() time.Time, sleep func(context.Context, time.Duration) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	at := now()
	delay := p.limiter.ReserveN(at, 1).DelayFrom(at)
	p.mu.Unlock()
	if delay <= 0 {
		return nil
	}
	return sleep(ctx, delay)
}

func (p *pace) throttled(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limiter.SetLimitAt(now, rate.Limit(max(minRate, float64(p.limiter.Limit())/2)))
}

// faults returns how often a call is sent that the service fails.
func (p *pace) faults() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return maxDown
	}
	return maxFaults
}

func (p *pace) failed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
}

func (p *pace) succeeded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
	if l := float64(p.limiter.Limit()); l < p.most {
		p.limiter.SetLimit(rate.Limit(min(p.most, l+p.most/10)))
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
	slow := throttle(err)
	if slow {
		p.throttled(c.options.Now())
	}
	switch {
	case slow && attempt >= maxAttempts, !slow && !transient(err):
		return 0, false
	case !slow && attempt >= p.faults():
		p.failed()
		return 0, false
	}
	if after, ok := transport.RetryAfter(header.Get("Retry-After"), c.options.Now()); ok {
		return after, after <= maxAfter
	}
	bound := min(float64(maxWait), float64(baseWait)*math.Exp2(float64(attempt-1)))
	return time.Duration(c.options.Random() * bound), true
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
