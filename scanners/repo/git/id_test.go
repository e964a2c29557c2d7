package git

import (
	"slices"
	"strings"
	"testing"
)

func TestIDCompare(t *testing.T) {
	var ids []ID
	for _, text := range []string{
		"ff", "00", "0f", "f0", "7f", "80", "0a", "0b",
	} {
		for _, n := range []int{20, 32} {
			for _, tail := range []string{"00", "01"} {
				id, ok := ParseID([]byte(text + strings.Repeat("00", n-2) + tail))
				if !ok {
					t.Fatal(text)
				}
				ids = append(ids, id)
			}
		}
	}
	for _, a := range ids {
		for _, b := range ids {
			if got, want := a.Compare(b), strings.Compare(a.String(), b.String()); got != want {
				t.Errorf("%s %s: %d, want %d", a, b, got, want)
			}
		}
	}
	slices.SortFunc(ids, ID.Compare)
	if ids[0].String() != strings.Repeat("00", 20) {
		t.Errorf("%s is first", ids[0])
	}
}
