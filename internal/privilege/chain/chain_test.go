package chain

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

func TestReasons(t *testing.T) {
	list := []Reason[string]{
		{Text: "none", Certain: true, Level: inventory.LevelNone},
		{Text: "may write", Level: inventory.LevelWrite},
		{Text: "writes", Certain: true, Level: inventory.LevelWrite},
		{Text: "may rule", Level: inventory.LevelAdmin},
		{Text: "rules", Certain: true, Level: inventory.LevelAdmin},
	}
	slices.SortStableFunc(list, func(x, y Reason[string]) int { return y.Rank() - x.Rank() })
	var got []string
	for i := range list {
		got = append(got, list[i].String())
	}
	if want := "rules|perhaps: may rule|writes|perhaps: may write|none"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", strings.Join(got, "|"), want)
	}
}

func TestSettled(t *testing.T) {
	for _, tt := range []struct{ certain, possible, want inventory.Level }{
		{inventory.LevelRead, inventory.LevelRead, inventory.LevelRead},
		{inventory.LevelRead, inventory.LevelWrite, inventory.LevelUnknown},
		{inventory.LevelNone, inventory.LevelAdmin, inventory.LevelUnknown},
		{inventory.LevelEscalate, inventory.LevelAdmin, inventory.LevelEscalate},
		{inventory.LevelAdmin, inventory.LevelAdmin, inventory.LevelAdmin},
	} {
		if got := Settled(tt.certain, tt.possible); got != tt.want {
			t.Errorf("%s to %s is %s, want %s", tt.certain, tt.possible, got, tt.want)
		}
	}
}

func TestHops(t *testing.T) {
	hops := []Hop[string]{{ID: "a-1", From: "ci", To: "build", Text: "makes a key"}, {ID: "b-2", From: "build", To: "admin", Text: "takes a role"}}
	line := Line(hops, strings.ToUpper)
	if want := "CI -[a-1]-> BUILD -[b-2]-> ADMIN"; line != want {
		t.Errorf("%q, want %q", line, want)
	}
	if got, want := Told("rules", hops, line), "rules in 2 steps (CI -[a-1]-> BUILD -[b-2]-> ADMIN): makes a key, then takes a role"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := Told("rules", hops[:1], "x"), "rules in 1 step (x): makes a key"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestParallel(t *testing.T) {
	for _, n := range []int{0, 1, 16, 17, 100} {
		for _, workers := range []int{-1, 1, 3} {
			calls := make([]atomic.Int32, n)
			Parallel(workers, n, func(i int) { calls[i].Add(1) })
			for i := range calls {
				if calls[i].Load() != 1 {
					t.Errorf("%d workers, %d: %d was called %d times", workers, n, i, calls[i].Load())
				}
			}
		}
	}
}
