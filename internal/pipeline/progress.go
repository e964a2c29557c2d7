package pipeline

import (
	"sync"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Status is how far the whole run is, for people.
type Status struct {
	Elapsed time.Duration
	Left    time.Duration // likely time left; 0 is unknown
	Sources []SourceStatus
}

// A SourceStatus is how far one source is.
type SourceStatus struct {
	Name    string
	Scope   string // what is being read, as the scanner last said
	Message string // what is being done, as the scanner last said
	Done    int64  // units done
	Total   int64  // units in all; 0 is unknown
	Unit    string // of both, as inventory.Progress has it
	Records int64  // records so far
	Started bool
	Ended   bool
}

// meter adds up what the scanners say of their progress and passes it on, not
// too often.
type meter struct {
	now   func() time.Time
	tell  func(Status)
	every time.Duration
	begin time.Time

	mu      sync.Mutex
	last    time.Time
	sources []SourceStatus
	skipped int // records since the clock was last read
}

func newMeter(sources []Source, opts Options) *meter {
	m := &meter{now: opts.Now, tell: opts.Progress, every: opts.Every, begin: opts.Now()}
	if m.every <= 0 {
		m.every = 100 * time.Millisecond
	}
	for _, s := range sources {
		m.sources = append(m.sources, SourceStatus{Name: s.Name})
	}
	return m
}

// progress notes what a scanner said.
func (m *meter) progress(i int, p *inventory.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.sources[i]
	s.Started, s.Scope, s.Message, s.Done, s.Total, s.Unit = true, p.Scope, p.Message, p.Done, p.Total, p.Unit
	m.report(false)
}

// record counts a record. The clock is read for every sixteenth only, because
// records come by the million.
func (m *meter) record(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sources[i].Started = true
	m.sources[i].Records++
	if m.skipped++; m.skipped >= 16 {
		m.skipped = 0
		m.report(false)
	}
}

// finish notes that a source ended.
func (m *meter) finish(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sources[i].Started, m.sources[i].Ended = true, true
	m.report(true)
}

// report passes the status on if it is time to, or anyway. The caller holds
// the lock, so that two calls never overlap.
func (m *meter) report(anyway bool) {
	if m.tell == nil {
		return
	}
	now := m.now()
	if !anyway && now.Sub(m.last) < m.every {
		return
	}
	m.last = now
	st := Status{Elapsed: now.Sub(m.begin), Sources: append([]SourceStatus(nil), m.sources...)}
	st.Left = left(st)
	m.tell(st)
}

// left guesses the time that remains from the share that is done, by the
// slowest source; it is 0 unless every running source tells its total.
func left(st Status) time.Duration {
	var worst time.Duration
	for _, s := range st.Sources {
		switch {
		case s.Ended:
			continue
		case !s.Started || s.Total <= 0 || s.Done <= 0 || s.Done > s.Total:
			return 0
		}
		share := float64(s.Done) / float64(s.Total)
		rest := time.Duration(float64(st.Elapsed) * (1 - share) / share)
		worst = max(worst, rest)
	}
	return worst.Round(time.Second)
}
