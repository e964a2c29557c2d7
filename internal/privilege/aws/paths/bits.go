package paths

import (
	mathbits "math/bits"
	"slices"
	"sync"
)

// bits is a set of numbers from 0. All sets of one table are equally long.
type bits []uint64

// newBits makes an empty set for n numbers.
func newBits(n int) bits { return make(bits, (n+63)/64) }

func (b bits) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

// fill puts all n numbers in.
func (b bits) fill(n int) {
	for i := range b {
		b[i] = ^uint64(0)
	}
	if n%64 != 0 {
		b[len(b)-1] = 1<<(n%64) - 1
	}
}

// any reports whether the set has a member.
func (b bits) any() bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}

// or adds all of another set.
func (b bits) or(x bits) {
	for i := range b {
		b[i] |= x[i]
	}
}

// and keeps what is in another set too.
func (b bits) and(x bits) {
	for i := range b {
		b[i] &= x[i]
	}
}

// not takes all of another set out.
func (b bits) not(x bits) {
	for i := range b {
		b[i] &^= x[i]
	}
}

// count is the number of members.
func (b bits) count() int {
	n := 0
	for _, w := range b {
		n += mathbits.OnesCount64(w)
	}
	return n
}

// within reports whether all members are in another set.
func (b bits) within(x bits) bool {
	for i := range b {
		if b[i]&^x[i] != 0 {
			return false
		}
	}
	return true
}

// each calls f with every member in order until it returns false.
func (b bits) each(f func(int) bool) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			if !f(i*64 + mathbits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

// spread calls f with the first member and with about n of the others, evenly, each
// with its place among those called for, until it returns false.
func (b bits) spread(n int, f func(at, i int) bool) {
	step, seen, at := b.count()/n+1, 0, 0
	b.each(func(i int) bool {
		if seen++; seen%step != 0 && seen != 1 {
			return true
		}
		at++
		return f(at-1, i)
	})
}

// maxAlike bounds how many sets of one checksum are kept to compare with.
const maxAlike = 8

// An equals hands out one set for all that are equal. Most principals of an account
// have one of few policies, and what each may be allowed is a set of thousands of
// actions. Sets that were handed in or out must not change. Several goroutines may ask.
//
// Memory: the sets that differ.
type equals struct {
	mu sync.Mutex
	by map[uint64][]bits // by checksum
}

func newEquals() *equals { return &equals{by: map[uint64][]bits{}} }

// one returns the first set that was equal.
func (e *equals) one(b bits) bits {
	sum := b.sum()
	e.mu.Lock()
	defer e.mu.Unlock()
	alike := e.by[sum]
	for _, have := range alike {
		if slices.Equal(have, b) {
			return have
		}
	}
	if len(alike) < maxAlike {
		e.by[sum] = append(alike, b)
	}
	return b
}

// sum is a checksum of a set: FNV-1a, by words.
func (b bits) sum() uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	sum := uint64(offset)
	for _, w := range b {
		sum = (sum ^ w) * prime
	}
	return sum
}
