package report

import (
	"bufio"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// TestOneCauseOneRow: a cause that keeps several kinds of one scope from being
// read stands in one row; others keep theirs.
func TestOneCauseOneRow(t *testing.T) {
	rows := [][]string{{"STATUS", "SCOPE", "KIND", "SEEN", "REASON"}}
	for _, row := range [][]string{
		{"partial", "a", "credential", "4", "shallow"},
		{"partial", "a", "grant", "0", "shallow"},
		{"denied", "a", "usage", "-", "refused"},
		{"partial", "b", "grant", "1", "shallow"},
		{"complete", "b", "owner", "2", ""},
		{"complete", "b", "trust", "0", ""},
	} {
		rows = addListing(rows, row)
	}
	want := [][]string{
		{"STATUS", "SCOPE", "KIND", "SEEN", "REASON"},
		{"partial", "a", "credential, grant", "4, 0", "shallow"},
		{"denied", "a", "usage", "-", "refused"},
		{"partial", "b", "grant", "1", "shallow"},
		{"complete", "b", "owner", "2", ""},
		{"complete", "b", "trust", "0", ""},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestNextAfterRefusal: a reader whose cluster refused something is told where
// the rights stand, and nobody else is.
func TestNextAfterRefusal(t *testing.T) {
	for _, tt := range []struct {
		coverage inventory.Coverage
		want     bool
	}{
		{inventory.Coverage{Scanner: "kubernetes", Status: inventory.StatusDenied, Reason: "list secrets: forbidden (403)"}, true},
		{inventory.Coverage{Scanner: "kubernetes", Status: inventory.StatusPartial, Reason: "the API server went away"}, false},
		{inventory.Coverage{Scanner: "repo", Status: inventory.StatusPartial, Reason: "(403)"}, false},
	} {
		var out strings.Builder
		p := &page{w: bufio.NewWriter(&out)}
		p.next(&Report{Inventory: &inventory.Inventory{Coverages: []*inventory.Coverage{&tt.coverage}}})
		if err := p.w.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "muster permissions kubernetes"); got != tt.want {
			t.Errorf("after %q it says %q", tt.coverage.Reason, out.String())
		}
	}
}

// TestTableNotes: what a scan notes although nothing is missing is in the table, each
// note once, and no more of them than can be read unless all are asked for.
func TestTableNotes(t *testing.T) {
	table := func(o Options, coverages ...*inventory.Coverage) string {
		b := inventory.NewBuilder()
		for _, c := range coverages {
			if err := b.Add(inventory.Record{Coverage: c}); err != nil {
				t.Fatal(err)
			}
		}
		var out strings.Builder
		if err := writeTable(&out, New(Input{Inventory: b.Build(), Result: &findings.Result{}}), o); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	covered := func(scope string, kind inventory.Kind, notes ...string) *inventory.Coverage {
		return &inventory.Coverage{Scanner: "gcp", Scope: scope, Kind: kind, Status: inventory.StatusComplete, Notes: notes}
	}
	const off = "the API secretmanager.googleapis.com is not enabled"
	list := []*inventory.Coverage{
		covered("gcp:northwind-dev", inventory.KindCredential, off, "one\x1b[31m"), covered("gcp:northwind-dev", inventory.KindGrant, off, "two"),
		covered("gcp:northwind-dev", inventory.KindOwner, off, "three", "four", "five", "six "+strings.Repeat("x", 400)),
		covered("gcp:northwind-prod", inventory.KindOwner, off),
	}
	short := table(Options{}, list...)
	for want, n := range map[string]int{
		"NOTES: what to know of what was read\n": 1,
		off + "\n":                               1,
		"  3 kinds     gcp:northwind-dev, gcp:northwind-prod  " + off:       1,
		"  credential  gcp:northwind-dev                      one\\x1b[31m": 1,
		"four\n": 1,
		"five":   0,
		"  … and 2 more (--verbose lists them)\n": 1,
	} {
		if got := strings.Count(short, want); got != n {
			t.Errorf("%d times %q, want %d", got, want, n)
		}
	}
	long := table(Options{Verbose: true}, list...)
	for _, want := range []string{"credential, grant, owner", "five\n", strings.Repeat("x", 400)} {
		if !strings.Contains(long, want) {
			t.Errorf("with all: no %q", want)
		}
	}
	if strings.Contains(long, "more (--verbose") {
		t.Error("all are listed, and more are promised")
	}
	if t.Failed() {
		t.Log(short)
	}
	if none := table(Options{Verbose: true}, covered("gcp:northwind-dev", inventory.KindGrant)); strings.Contains(none, "NOTES") {
		t.Errorf("without notes:\n%s", none)
	}
}
