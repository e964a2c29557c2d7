package inventory_test

import (
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

func TestClip(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"northwind", 9, "northwind"},
		{"northwind", 5, "north…"},
		{"nörd", 2, "n…"}, // not within a character
		{"ö", 1, "…"},
		{"a\xffb", 9, "a\uFFFDb"},
		{"", 0, ""},
	} {
		if got := inventory.Clip(c.text, c.n); got != c.want {
			t.Errorf("Clip(%q, %d) = %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

func TestTime(t *testing.T) {
	east := time.FixedZone("", 2*60*60)
	at := time.Date(2026, 11, 22, 1, 0, 0, 0, east)
	if got := inventory.Time(at); !got.Equal(at) || got.Location() != time.UTC {
		t.Errorf("Time(%s) = %s", at, got)
	}
	for _, year := range []int{1900, 9999} {
		if at := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC); inventory.Time(at) != at {
			t.Errorf("the year %d was left out", year)
		}
	}
	for _, odd := range []time.Time{
		{},
		time.Time{}.In(east), time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1900, 1, 1, 1, 0, 0, 0, east), // 1899 in UTC
	} {
		if got := inventory.Time(odd); got != (time.Time{}) {
			t.Errorf("Time(%s) = %s, want the zero time", odd, got)
		}
	}
}
