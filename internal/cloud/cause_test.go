package cloud

import (
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestStatus sums listings up: the main ones count, and all of them where there is
// none.
func TestStatus(t *testing.T) {
	const complete, partial, denied, skipped = inventory.StatusComplete, inventory.StatusPartial, inventory.StatusDenied, inventory.StatusSkipped
	for name, tt := range map[string]struct {
		main, others []inventory.Status
		count        int
		want         inventory.Status
	}{
		"nothing was asked":           {want: complete},
		"all":                         {main: []inventory.Status{complete}, others: []inventory.Status{complete}, want: complete},
		"the main one":                {main: []inventory.Status{denied}, others: []inventory.Status{complete}, want: denied},
		"the main one, and some seen": {main: []inventory.Status{denied}, count: 1, want: partial},
		"one of two":                  {main: []inventory.Status{denied, complete}, want: partial},
		"denied and left out":         {main: []inventory.Status{denied, skipped}, want: denied},
		"left out":                    {main: []inventory.Status{skipped}, others: []inventory.Status{denied}, want: skipped},
		"another one":                 {main: []inventory.Status{complete}, others: []inventory.Status{denied}, want: partial},
		"no main one, all":            {others: []inventory.Status{denied, denied}, want: denied},
		"no main one, some seen":      {others: []inventory.Status{denied, denied}, count: 1, want: partial},
		"no main one, some":           {others: []inventory.Status{denied, complete}, want: partial},
		"no main one, broken off":     {others: []inventory.Status{denied, partial}, want: partial},
		"no main one, left out":       {others: []inventory.Status{skipped}, want: skipped},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Reasons{}
			for i, s := range append(tt.main, tt.others...) {
				r.Tell(Listing{Call: "call", Status: s, Reason: "why"}, "loss", i < len(tt.main))
			}
			if got, reason := r.Status(tt.count); got != tt.want || (got == complete) != (reason == "") {
				t.Errorf("%s: %q, want %s", got, reason, tt.want)
			}
		})
	}
}
