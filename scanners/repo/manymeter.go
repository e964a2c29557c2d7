package repo

import (
	"fmt"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The stages of one scan, as people are told of them, and which share of its
// time is over when each begins. They are rough: reading and matching objects is
// most of the work, and in proportion to what is stored.
const (
	stageList   = "list objects"
	stageRead   = "read objects"
	stageFiles  = "read files"
	stagePlaces = "attribute findings"

	readEnds   = 0.8
	filesBegin = 0.82
	filesEnd   = 0.85
)

// A meter adds up how far all targets of a run are, in bytes of what they store.
// What is not known beforehand (files on disk, repositories that lie in working
// trees) is not in the total until it is found.
type meter struct {
	mu     sync.Mutex
	count  int   // targets
	ended  int   // of them
	total  int64 // bytes
	done   int64 // of those that ended
	within map[*job]int64
}

// plan adds targets.
func (m *meter) plan(targets []target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count += len(targets)
	for _, t := range targets {
		m.total += t.size
	}
	if m.within == nil {
		m.within = map[*job]int64{}
	}
}

func (m *meter) targets() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count
}

// end notes that a target is done.
func (m *meter) end(j *job) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended++
	m.done += j.target.size
	delete(m.within, j)
}

// record says how far a run is when one of its jobs says how far it is. It never
// goes back unless the total grows.
func (m *meter) record(j *job, message string, done, total int64) *inventory.Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := &inventory.Progress{Scope: j.scope, Message: message, Done: done, Total: total}
	if m.count > 1 {
		p.Message = fmt.Sprintf("%d of %d repositories done, %s", m.ended, m.count, message)
	}
	if m.total <= 0 {
		return p
	}
	at := int64(share(message, done, total) * float64(j.target.size))
	m.within[j] = max(m.within[j], at)
	p.Done, p.Total, p.Unit = m.done, m.total, inventory.UnitBytes
	for _, n := range m.within {
		p.Done += n
	}
	return p
}

// share says which part of a scan is over.
func share(message string, done, total int64) float64 {
	switch message {
	case stageRead:
		if total <= 0 || done <= 0 {
			return 0
		}
		return readEnds * float64(min(done, total)) / float64(total)
	case stageFiles:
		return filesBegin
	case stagePlaces:
		return filesEnd
	default:
		return 0
	}
}
