package transport

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Quota bounds how often a Pace sends.
type Quota struct {
	Most   float64 // requests a second
	Least  float64 // requests a second, however often a service says no
	Burst  int     // requests that may go at once; 0 is those of a second, and one at least
	Minute int     // requests that any minute may have; 0 is no such bound
}

// A Pace is the token bucket of one quota, for clients that repeat and sign their
// requests themselves. It adapts: a refusal for going too fast halves it, each
// success lets it grow again, and a service may say until when nothing is to be
// sent. It is safe for concurrent use.
type Pace struct {
	quota   Quota
	mu      sync.Mutex
	limiter *rate.Limiter
	until   time.Time   // nothing is sent before
	latest  []time.Time // when the last requests are sent, as many as a minute may have
	down    bool        // a request failed for good, and none succeeded since
}

// NewPace returns a Pace.
func NewPace(q Quota) *Pace {
	if q.Burst <= 0 {
		q.Burst = max(1, int(q.Most))
	}
	return &Pace{quota: q, limiter: rate.NewLimiter(rate.Limit(q.Most), q.Burst), latest: make([]time.Time, max(0, q.Minute))}
}

// Wait returns when a request may be sent, or the error of ctx or of sleep.
func (p *Pace) Wait(ctx context.Context, now func() time.Time, sleep func(context.Context, time.Duration) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	delay := p.reserve(now)
	if delay <= 0 {
		return nil
	}
	return sleep(ctx, delay)
}

func (p *Pace) reserve(now func() time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := now()
	delay := max(p.limiter.ReserveN(at, 1).DelayFrom(at), p.until.Sub(at))
	if len(p.latest) == 0 {
		return delay
	}
	if first := p.latest[0]; !first.IsZero() {
		delay = max(delay, first.Add(time.Minute).Sub(at))
	}
	copy(p.latest, p.latest[1:])
	p.latest[len(p.latest)-1] = at.Add(delay)
	return delay
}

// Slow halves the pace: a request came too fast.
func (p *Pace) Slow(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limiter.SetLimitAt(now, rate.Limit(max(p.quota.Least, float64(p.limiter.Limit())/2)))
}

// Hold sends nothing until a time.
func (p *Pace) Hold(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.until) {
		p.until = until
	}
}

// Fail notes that a request was given up because the service or the connection
// failed.
func (p *Pace) Fail() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
}

// Succeed lets the pace grow by a tenth of its quota.
func (p *Pace) Succeed(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
	if l := float64(p.limiter.Limit()); l < p.quota.Most {
		p.limiter.SetLimitAt(now, rate.Limit(min(p.quota.Most, l+p.quota.Most/10)))
	}
}

// How often a request is sent that fails.
const (
	maxFaults = 5
	maxDown   = 2 // once one failed for good
)

// Faults returns how often a request is sent that the service or the connection
// fails: 5 times, and 2 times from one that failed for good to the next that
// succeeds.
func (p *Pace) Faults() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return maxDown
	}
	return maxFaults
}

// Retries bound how many requests are repeated, so that a service that is down does
// not multiply them. They are safe for concurrent use.
type Retries struct {
	most float64
	mu   sync.Mutex
	left float64
}

// NewRetries returns so many of them.
func NewRetries(most int) *Retries { return &Retries{most: float64(most), left: float64(most)} }

// Spend takes one, if there is one left.
func (r *Retries) Spend() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left < 1 {
		return false
	}
	r.left--
	return true
}

// Refund gives half a one back, for a request that succeeded.
func (r *Retries) Refund() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = min(r.most, r.left+0.5)
}
