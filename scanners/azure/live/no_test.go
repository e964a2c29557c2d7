package live_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// TestNothingButNo has Microsoft say to everything that it comes too fast: a scan ends
// with the reason, however long each answer asks to wait.
func TestNothingButNo(t *testing.T) {
	for name, tt := range map[string]struct {
		after string
		most  time.Duration
	}{
		"no time":         {"", 4 * time.Minute},
		"20 seconds":      {"20", 6 * time.Minute},
		"nearly the most": {"280", 10 * time.Minute},
		"a day":           {"86400", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.Northwind()
			s.Front = func(w http.ResponseWriter, _ fake.Request) bool {
				if tt.after != "" {
					w.Header().Set("Retry-After", tt.after)
				}
				fake.Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "too many")
				return true
			}
			o := everything(s)
			o.Parallel = 1 // what waits side by side would be added up by the clock
			c := newClock()
			o.Now, o.Sleep = c.Now, c.Sleep
			start := c.Now()
			r, err := live.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			e, err := r.Read(t.Context(), nil)
			if err != nil || len(e.Tenants) != 1 {
				t.Fatalf("%v", err)
			}
			if d := c.Now().Sub(start); d > tt.most {
				t.Errorf("it waited %s in %d requests", d, len(s.Requests()))
			}
			for _, l := range listings(e.Tenants[0]) {
				if l.Status == inventory.StatusComplete || l.Reason == "" {
					t.Errorf("%s is %s: %q", l.Call, l.Status, l.Reason)
				}
			}
		})
	}
}
