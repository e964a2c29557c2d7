package saved

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

type inner struct{ On, Off inventory.Tri }

type telling struct {
	inner  // not exported: as it is in the first
	Name   string
	Flag   inventory.Tri
	Count  int
	At     time.Time
	List   []string
	Lock   *inner
	Sure   bool
	Joined Embedded
	Embedded
}

// An Embedded is joined field by field where it is embedded.
type Embedded struct {
	Kind string
	Seen inventory.Tri
}

// Whatever the order of tellings, they come to one thing: what any of them says, and
// unknown where they contradict each other.
func TestJoin(t *testing.T) {
	early, late := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2024, 1, 2, 3, 4, 6, 0, time.UTC)
	all := []telling{
		{Name: "b", Flag: inventory.True, Count: 2, Embedded: Embedded{Kind: "x"}, Lock: &inner{On: inventory.True}},
		{Name: "a", Flag: inventory.False, At: late, List: []string{"one"}, Embedded: Embedded{Seen: inventory.True}, Lock: &inner{On: inventory.False}},
		{Flag: inventory.True, Count: 7, At: early, Sure: true, List: []string{"one", "two"}, Embedded: Embedded{Seen: inventory.True}},
		{},
	}
	want := telling{
		Name: "b", Count: 7, At: late, Sure: true, List: []string{"one", "two"}, Lock: &inner{On: inventory.False}, Embedded: Embedded{Kind: "x", Seen: inventory.True},
	}
	for _, order := range permutations(len(all)) {
		got := all[order[0]]
		for _, i := range order[1:] {
			next := all[i]
			Join(&got, &next)
		}
		Settle(&got)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(telling{})); diff != "" {
			t.Errorf("in the order %v: %s", order, diff)
		}
	}
}

// permutations are all orders of n things.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, p := range permutations(n - 1) {
		for at := range n {
			one := append(append(append([]int{}, p[:at]...), n-1), p[at:]...)
			out = append(out, one)
		}
	}
	return out
}
