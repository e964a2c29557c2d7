package transport

import (
	"testing"
	"time"
)

// TestPatience counts from the first bad answer after the last good one.
func TestPatience(t *testing.T) {
	var p Patience
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	if got := p.Lasts(at); got != 0 {
		t.Errorf("nothing lasts %s", got)
	}
	if got := p.Bad(at); got != 0 {
		t.Errorf("the first lasts %s", got)
	}
	if got := p.Lasts(at.Add(time.Second)); got != time.Second {
		t.Errorf("after a second it lasts %s", got)
	}
	p.Lose()
	if got := p.Bad(at.Add(time.Minute)); got != time.Minute || p.Lost() != 1 {
		t.Errorf("it lasts %s, and %d were given up", got, p.Lost())
	}
	p.Good()
	if got := p.Bad(at.Add(time.Hour)); got != 0 || p.Lost() != 0 {
		t.Errorf("after a good one it lasts %s, and %d were given up", got, p.Lost())
	}
}
