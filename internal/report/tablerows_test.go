package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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
