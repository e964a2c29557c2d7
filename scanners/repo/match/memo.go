package match

import "hash/maphash"

const (
	memoCap  = 1 << 17
	foundCap = 1 << 12 // windows in which something was found
	foundMax = 1 << 11 // bytes of the largest of them that is remembered
)

// A memo remembers in which windows nothing was found, and what was found in
// others: history repeats itself. Keys are 128 bits of two seeded hashes. It
// forgets all when full. Findings hold their window: 8 MB at most.
type memo struct {
	seeds [2]maphash.Seed
	none  map[memoKey]struct{}
	some  map[memoKey]seen
}

// A seen is what gitleaks found in a window that began at a line.
type seen struct {
	line  int
	found []detected
}

type memoKey [2]uint64

func newMemo() memo {
	return memo{[2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, map[memoKey]struct{}{}, map[memoKey]seen{}}
}

func (m *memo) key(tag int, text []byte) memoKey {
	var k memoKey
	for i, seed := range m.seeds {
		k[i] = maphash.Bytes(seed, text) + uint64(tag)*0x9E3779B97F4A7C15
	}
	return k
}

func (m *memo) empty(k memoKey) bool {
	_, ok := m.none[k]
	return ok
}

func (m *memo) add(k memoKey) {
	if len(m.none) >= memoCap {
		clear(m.none)
	}
	m.none[k] = struct{}{}
}

// keep remembers what was found in a window of that size.
func (m *memo) keep(k memoKey, size, line int, found []detected) {
	if size > foundMax {
		return
	}
	if len(m.some) >= foundCap {
		clear(m.some)
	}
	m.some[k] = seen{line, found}
}

// recall returns what was found in a window, which begins at another line now.
func (m *memo) recall(k memoKey, line int) (found []detected, ok bool) {
	s, ok := m.some[k]
	if !ok {
		return nil, false
	}
	for i := range s.found {
		s.found[i].StartLine += line - s.line
		s.found[i].EndLine += line - s.line
	}
	m.some[k] = seen{line, s.found}
	return s.found, true
}
