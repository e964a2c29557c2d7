package transport

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestPaceAdapts(t *testing.T) {
	p, now := NewPace(Quota{Most: 8, Least: 0.5}), time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for range 10 {
		p.Slow(now)
	}
	if got := float64(p.limiter.Limit()); got != 0.5 {
		t.Errorf("after refusals the rate is %g", got)
	}
	for range 20 {
		p.Succeed(now)
	}
	if got := float64(p.limiter.Limit()); got != 8 {
		t.Errorf("after successes the rate is %g", got)
	}
}

// TestPaceHolds has a service say until when nothing is to be sent; that it says less
// afterwards changes nothing.
func TestPaceHolds(t *testing.T) {
	p, now := NewPace(Quota{Most: 8, Least: 0.5}), time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	p.Hold(now.Add(time.Minute))
	p.Hold(now.Add(time.Second))
	var slept time.Duration
	err := p.Wait(t.Context(), func() time.Time { return now }, func(_ context.Context, d time.Duration) error {
		slept = d
		return nil
	})
	if err != nil || slept != time.Minute {
		t.Errorf("it waits %s, %v", slept, err)
	}
}

// TestPaceFaults asks less often once a request failed for good.
func TestPaceFaults(t *testing.T) {
	p := NewPace(Quota{Most: 8})
	for i, want := range []int{5, 2, 5} {
		if got := p.Faults(); got != want {
			t.Errorf("%d. time: a request that fails is sent %d times", i, got)
		}
		if p.Fail(); i > 0 {
			p.Succeed(time.Time{})
		}
	}
}

func TestRetriesEnd(t *testing.T) {
	b := NewRetries(2)
	for i, want := range []bool{true, true, false} {
		if b.Spend() != want {
			t.Errorf("of a budget of two the retry %d is otherwise", i+1)
		}
	}
	b.Refund()
	b.Refund()
	if !b.Spend() || b.Spend() {
		t.Error("two successes give back otherwise than one")
	}
	for range 9 {
		b.Refund()
	}
	if got := []bool{b.Spend(), b.Spend(), b.Spend()}; !slices.Equal(got, []bool{true, true, false}) {
		t.Error("successes give back more than there was")
	}
}
