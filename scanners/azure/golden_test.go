package azure

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestNorthwind compares all records of a tenant that has one of everything.
func TestNorthwind(t *testing.T) {
	got := records(t, northwind())
	var out bytes.Buffer
	w := inventory.NewWriter(&out)
	seen := map[string]bool{}
	for _, r := range got.all {
		if id := r.ID(); id != "" && seen[id] {
			t.Errorf("two records %s", id)
		}
		seen[r.ID()] = true
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, canary := range canaries() {
		if strings.Contains(out.String(), canary[:3]) {
			t.Error("a hint of a secret was let out")
		}
	}
	const golden = "testdata/northwind.jsonl"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Error(diff)
	}
}
