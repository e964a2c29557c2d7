package report

import (
	"bufio"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
