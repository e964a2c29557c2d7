package live_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// TestManyInsights asks about the organisation only where the requests that an
// organisation has a day would not do for all projects, and says so.
func TestManyInsights(t *testing.T) {
	for _, tt := range []struct {
		name     string
		projects int
		change   func(*live.Options)
		asked    int // of projects
		skipped  bool
	}{
		{"few", 10, func(*live.Options) {}, 20, false},
		{"many", 60, func(*live.Options) {}, 0, true},
		{"many, as told", 60, func(o *live.Options) { o.AllInsights = true }, 120, false},
		{"few of many", 60, func(o *live.Options) { o.Projects = []string{"northwind-0001", "northwind-0002"} }, 4, false},
		{"none", 60, func(o *live.Options) { o.Insights = false }, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := large(documents(t), tt.projects, 1)
			o := options(t, s)
			o.Groups, o.Activity = false, false
			tt.change(&o)
			e := read(t, o)
			clean(t, s)
			asked, above := 0, 0
			for _, r := range s.Requests() {
				switch {
				case strings.HasPrefix(r.Method, "recommender.projects."):
					asked++
				case strings.HasPrefix(r.Method, "recommender."):
					above++
				}
			}
			if asked != tt.asked || (above > 0) != o.Insights {
				t.Errorf("projects were asked %d times, want %d; what is above them %d times", asked, tt.asked, above)
			}
			found := false
			for _, l := range e.Listings {
				found = found || strings.HasPrefix(l.Call, "recommender.") && l.Status == inventory.StatusSkipped && strings.Contains(l.Reason, fmt.Sprint(2*tt.projects)) && strings.Contains(l.Reason, "insights: true")
			}
			if found != tt.skipped {
				t.Errorf("it is said: %v, want %v", found, tt.skipped)
			}
		})
	}
}

// TestInsightsOfUnreadRoles tell no number of permissions, of which none was unused.
func TestInsightsOfUnreadRoles(t *testing.T) {
	s := fake.Northwind(documents(t))
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Method != "iam.roles.list" {
			return false
		}
		fake.Refuse(w, http.StatusForbidden, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "Permission denied", nil)
		return true
	}
	seen := 0
	for _, p := range read(t, options(t, s)).Projects {
		for _, i := range p.Insights {
			if seen++; i.Total > 0 && len(i.Unused) == 0 {
				t.Errorf("%+v", i)
			}
		}
	}
	if seen == 0 {
		t.Error("there are no insights")
	}
}
