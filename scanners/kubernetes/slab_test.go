package kubernetes

import "testing"

func TestSlab(t *testing.T) {
	var s slab[int]
	seen := map[*int]bool{}
	for i := range 3*slabSize + 1 {
		x := s.next()
		if *x != 0 || seen[x] {
			t.Fatalf("value %d is not new: %d", i, *x)
		}
		*x, seen[x] = i+1, true
	}
}
