package wire

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A pace is the token bucket of one service. It adapts: a refusal for going too
// fast halves it, each success lets it grow again, and a service may say until when
// nothing is to be sent.
type pace struct {
	most    float64
	mu      sync.Mutex
	limiter *rate.Limiter
	until   time.Time
	down    bool    // a call failed for good, and none succeeded since
	left    float64 // requests that may be repeated
}

func newPace(most float64) *pace {
	return &pace{most: most, limiter: rate.NewLimiter(rate.Limit(most), max(1, int(most))), left: maxRetries}
}

// wait returns when a request may be sent.
func (p *pace) wait(ctx context.Context, now func() time.Time, sleep func(context.Context, time.Duration) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	at := now()
	delay := max(p.limiter.ReserveN(at, 1).DelayFrom(at), p.until.Sub(at))
	p.mu.Unlock()
	if delay <= 0 {
		return nil
	}
	return sleep(ctx, delay)
}

// throttled slows down, and waits until a time if that is known.
func (p *pace) throttled(now time.Time, after time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limiter.SetLimitAt(now, rate.Limit(max(minRate, float64(p.limiter.Limit())/2)))
	p.holdLocked(now.Add(after))
}

// hold sends nothing until a time.
func (p *pace) hold(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holdLocked(until)
}

func (p *pace) holdLocked(until time.Time) {
	if until.After(p.until) {
		p.until = until
	}
}

// faults returns how often a request is sent that the service fails.
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
	p.left = min(maxRetries, p.left+0.5)
	if l := float64(p.limiter.Limit()); l < p.most {
		p.limiter.SetLimit(rate.Limit(min(p.most, l+p.most/10)))
	}
}

// spend takes one of the requests that may be repeated.
func (p *pace) spend() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left < 1 {
		return false
	}
	p.left--
	return true
}
