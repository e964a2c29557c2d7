package match

import "hash/maphash"

const memoCap = 1 << 17

// A memo remembers in which windows nothing was found: history repeats itself.
// Keys are 128 bits of two seeded hashes. It forgets all when full.
type memo struct {
	seeds [2]maphash.Seed
	none  map[memoKey]struct{}
}

type memoKey [2]uint64

func newMemo() memo {
	return memo{[2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, map[memoKey]struct{}{}}
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
