package live_test

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// TestPatternsOfNoAccount tells of each pattern that chooses no account, whether others
// choose some or not.
func TestPatternsOfNoAccount(t *testing.T) {
	for name, c := range map[string]struct {
		accounts []string
		want     []string // accounts and patterns
	}{
		"one":  {[]string{"1111*", "99*"}, []string{account, "99*"}},
		"all":  {[]string{"98*", "99*"}, []string{"98*", "99*"}},
		"none": {[]string{"1111*", "*22223333"}, []string{account}},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, northwind())
			o.Accounts = c.accounts
			got := map[string]*object.Account{}
			for _, a := range read(t, o).Accounts {
				got[a.ID] = a
			}
			if len(got) != len(c.want) {
				t.Errorf("%d accounts, want %q", len(got), c.want)
			}
			for _, id := range c.want {
				a := got[id]
				if a == nil {
					t.Errorf("nothing tells of %s", id)
				} else if l := listingOf(a, "sts:AssumeRole", ""); id != account && (l.Status != inventory.StatusDenied || !strings.Contains(l.Reason, "none of the 1 accounts that are known is chosen by "+id)) {
					t.Errorf("%s: %+v", id, l)
				}
			}
		})
	}
}
