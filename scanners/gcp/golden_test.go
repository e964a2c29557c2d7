package gcp

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// lines writes records as JSON lines.
func lines(t testing.TB, records []inventory.Record) string {
	t.Helper()
	var out bytes.Buffer
	w := inventory.NewWriter(&out)
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestNorthwind maps an organisation with one of everything.
func TestNorthwind(t *testing.T) {
	records := mapped(t, northwind())
	seen := map[string]bool{}
	for _, r := range records {
		if id := r.ID(); id != "" && seen[id] {
			t.Errorf("two records %s", id)
		}
		seen[r.ID()] = true
	}
	got := lines(t, records)
	const golden = "testdata/northwind.jsonl"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// TestOrder maps the same organisation, handed over in another order.
func TestOrder(t *testing.T) {
	o := northwind()
	slices.Reverse(o.Policies)
	slices.Reverse(o.Projects)
	slices.Reverse(o.Roles)
	for i := range o.Policies {
		slices.Reverse(o.Policies[i].Bindings)
		for j := range o.Policies[i].Bindings {
			slices.Reverse(o.Policies[i].Bindings[j].Members)
		}
	}
	if diff := cmp.Diff(sorted(lines(t, mapped(t, northwind()))), sorted(lines(t, mapped(t, o)))); diff != "" {
		t.Error(diff)
	}
}

func sorted(text string) []string {
	lines := bytes.Split([]byte(text), []byte("\n"))
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		out = append(out, string(l))
	}
	slices.Sort(out)
	return out
}

// TestNothing maps an estate of which nothing was read.
func TestNothing(t *testing.T) {
	records := mapped(t, &object.Estate{Projects: []*object.Project{{ID: "unknown"}}})
	if len(records) != len(kinds()) {
		t.Fatalf("there are %d records, not a coverage for each kind", len(records))
	}
	for _, r := range records {
		if r.Coverage == nil || r.Coverage.Status == inventory.StatusComplete {
			t.Errorf("%+v passes as seen", r)
		}
	}
}
