package live_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// TestPatternOfNoneBesideOthers tells of each pattern that chooses no project, where
// another chooses some.
func TestPatternOfNoneBesideOthers(t *testing.T) {
	o := options(t, fake.Northwind(documents(t)))
	o.Organization, o.Projects = "", []string{"northwind-*", "acme-*", "*-prod"}
	e := read(t, o)
	if len(e.Projects) == 0 || !slices.Equal(e.Sought, []string{"acme-*"}) {
		t.Errorf("%d projects, and not found %q", len(e.Projects), e.Sought)
	}
	n := 0
	for _, l := range everything(e) {
		if strings.Contains(l.Reason, "is chosen by") {
			if n++; l.Where != "acme-*" || l.Status != inventory.StatusDenied {
				t.Errorf("the listing is %+v", l)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d listings tell of it", n)
	}
}
