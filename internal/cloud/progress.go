package cloud

import (
	"sync"
	"time"
)

// A Progress counts how far a reading is and tells it, and what it waits for meanwhile.
// It is safe for concurrent use, and tells one thing at a time.
type Progress struct {
	Tell func(message string, done, total int) // nil is nobody
	Wait func(text string)                     // is told of waits besides; nil is nobody

	mu          sync.Mutex
	done, total int
	last        string // that was told
}

// Did tells what is read, after it counted what was done and what there is more to do.
func (p *Progress) Did(message string, done, more int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += done
	p.total += more
	p.last = message
	p.tell(message)
}

// Waits tells that something is waited for and, when nothing is left, what was told
// before. It is a transport.Waiting.
func (p *Progress) Waits(why string, left time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if left <= 0 {
		p.tell(p.last)
		return
	}
	why += ": asking again in " + left.Round(time.Second).String()
	p.tell(why)
	if p.Wait != nil {
		p.Wait(why)
	}
}

func (p *Progress) tell(message string) {
	if p.Tell != nil {
		p.Tell(message, p.done, p.total)
	}
}
