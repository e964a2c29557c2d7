package paths

import (
	"sync"
	"testing"
)

// TestEqualSetsAreHeldOnce asks for sets from several goroutines: equal ones are one,
// others stay what they are.
func TestEqualSetsAreHeldOnce(t *testing.T) {
	e := newEquals()
	const sets = 4 * maxAlike
	out := make([]bits, 2*sets)
	var group sync.WaitGroup
	for i := range out {
		group.Go(func() {
			b := newBits(200)
			b.set(i % sets)
			out[i] = e.one(b)
		})
	}
	group.Wait()
	for i, b := range out {
		if b.count() != 1 || !b.has(i%sets) || &b[0] != &out[i%sets][0] {
			t.Fatalf("set %d is %v", i, b)
		}
	}
}

// TestSetsOfOneChecksum are told apart, and only so many are kept.
func TestSetsOfOneChecksum(t *testing.T) {
	e, b := newEquals(), newBits(200)
	b.set(7)
	for i := range maxAlike {
		other := newBits(200)
		other.set(100 + i)
		e.by[b.sum()] = append(e.by[b.sum()], other)
	}
	if got := e.one(b); &got[0] != &b[0] {
		t.Errorf("a set became %v", got)
	}
	if n := len(e.by[b.sum()]); n != maxAlike {
		t.Errorf("%d sets are kept", n)
	}
}

// TestWhatPrincipalsMayDoIsShared holds few sets of actions for many principals.
func TestWhatPrincipalsMayDoIsShared(t *testing.T) {
	a := Analyze(grown(t, 400), 2)
	held := map[*uint64]bool{}
	for i := range a.nodes {
		if n := &a.nodes[i]; n.Kind != KindRoot && len(n.may) > 0 {
			held[&n.may[0]] = true
		}
	}
	if len(held) == 0 || len(held) > len(a.nodes)/4 {
		t.Errorf("%d sets of actions for %d principals", len(held), len(a.nodes))
	}
}
