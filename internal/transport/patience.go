package transport

import (
	"sync"
	"time"
)

// A Patience tells for how long something has answered nothing but that requests come
// too fast or that it fails: one quota, or all that a client asks. It is safe for
// concurrent use. The zero value is ready.
type Patience struct {
	mu    sync.Mutex
	since time.Time // of the first bad answer after the last good one
	lost  int       // requests that were given up since
}

// Bad notes an answer that is none, and returns for how long there has been no other.
func (p *Patience) Bad(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		p.since = now
	}
	return now.Sub(p.since)
}

// Lasts returns for how long there has been no good answer to what was asked; 0 if the
// last one was good.
func (p *Patience) Lasts(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		return 0
	}
	return now.Sub(p.since)
}

// Lose notes that a request was given up.
func (p *Patience) Lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost++
}

// Lost returns how many requests were given up since the last good answer.
func (p *Patience) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Good notes an answer, whatever it says.
func (p *Patience) Good() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.lost = time.Time{}, 0
}
