package live_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// TestNorthwind reads a tenant with something of every kind in it.
func TestNorthwind(t *testing.T) {
	s := fake.Northwind()
	tenant := read(t, everything(s))
	for _, l := range listings(tenant) {
		if l.Status != inventory.StatusComplete {
			t.Errorf("%s %s is %s: %s", l.Call, l.Where, l.Status, l.Reason)
		}
	}
	got := dump(t, tenant)
	golden := filepath.Join("testdata", "northwind.json")
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got+"\n", "\n")); diff != "" {
		t.Error("the tenant (-want +got):\n", diff)
	}
	if strings.Contains(got, fake.Canary()) || strings.Contains(got, fake.Canary()[:3]+`"`) {
		t.Error("the value of a secret came through")
	}
}

// TestPagesMakeNoDifference reads the same on pages of one, two and all.
func TestPagesMakeNoDifference(t *testing.T) {
	want := dump(t, read(t, everything(fake.Northwind())))
	for _, page := range []int{1, 2, 7} {
		s := fake.Northwind()
		s.Page = page
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(dump(t, read(t, everything(s))), "\n")); diff != "" {
			t.Errorf("on pages of %d (-want +got):\n%s", page, diff)
		}
	}
}
