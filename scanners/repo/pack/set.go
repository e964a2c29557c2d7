package pack

import "math/bits"

// A set holds small numbers; nil is the empty one.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (b set) add(i int) { b[i/64] |= 1 << (i % 64) }

func (b set) has(i int) bool { return b != nil && b[i/64]>>(i%64)&1 != 0 }

func (b set) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}
