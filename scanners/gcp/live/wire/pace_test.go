package wire

import (
	"context"
	"slices"
	"testing"
	"time"
)

// sends returns at which second each of n requests of a pace is sent, if nothing
// else takes time.
func sends(t *testing.T, p *pace, n int) []int {
	t.Helper()
	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	now := start
	var out []int
	for range n {
		err := p.Wait(t.Context(), func() time.Time { return now }, func(_ context.Context, d time.Duration) error {
			now = now.Add(d)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, int(now.Sub(start)/time.Second))
	}
	return out
}

// TestFewAMinute has a quota of 5 a minute: what fits into it goes out at once, so
// that few requests do not wait, and no minute has more.
func TestFewAMinute(t *testing.T) {
	got := sends(t, newPace(5.0/60), 12)
	if !slices.Equal(got[:5], []int{0, 0, 0, 0, 0}) || got[5] < 60 {
		t.Errorf("sent after %v seconds", got)
	}
	for i := 5; i < len(got); i++ {
		if got[i]-got[i-5] < 60 {
			t.Errorf("6 requests within %d seconds: %v", got[i]-got[i-5], got)
		}
	}
}

// TestManyASecond has a usual quota: a second's worth goes out at once, and then as
// many a second.
func TestManyASecond(t *testing.T) {
	got := sends(t, newPace(10), 30)
	if got[9] != 0 || got[29] < 1 || got[29] > 2 {
		t.Errorf("sent after %v seconds", got)
	}
}

// TestNoneAMinute has a quota of less than one a minute, which none is: it is paced
// all the same.
func TestNoneAMinute(t *testing.T) {
	if got := sends(t, newPace(0.5/60), 3); !slices.Equal(got, []int{0, 120, 240}) {
		t.Errorf("sent after %v seconds", got)
	}
}
