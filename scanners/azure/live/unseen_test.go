package live_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// TestPatternsOfNoSubscription tells of each pattern that chooses no subscription, whether
// others choose some or not.
func TestPatternsOfNoSubscription(t *testing.T) {
	for name, c := range map[string]struct{ chosen, want []string }{
		"one":      {[]string{fake.NorthwindProd, "acme-*"}, []string{"acme-*"}},
		"all":      {[]string{"acme-*", "00000000-0000-4000-8000-000000000000"}, []string{"acme-*", "00000000-0000-4000-8000-000000000000"}},
		"none":     {[]string{"*"}, nil},
		"left out": {[]string{"*", fake.NorthwindProd}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(fake.Northwind())
			o.Subscriptions = c.chosen
			if name == "left out" {
				o.ExcludeSubscriptions = []string{fake.NorthwindProd}
			}
			var got []string
			for _, l := range read(t, o).Listings {
				if strings.Contains(l.Reason, "is chosen by") && l.Status == inventory.StatusDenied {
					got = append(got, l.Where)
				}
			}
			if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(c.want))) {
				t.Errorf("it tells of %q", got)
			}
		})
	}
}
