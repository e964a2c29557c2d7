package live_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// TestWaitsAreTold has Microsoft say no to everything: a scan ends in minutes, with the
// reason, and says meanwhile why it waits, but no more once it does not.
func TestWaitsAreTold(t *testing.T) {
	s := fake.Northwind()
	s.Front = func(w http.ResponseWriter, _ fake.Request) bool {
		w.Header().Set("Retry-After", "20")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"error":{"code":"TooManyRequests","message":"slow down"}}`)) // who went away does not read it
		return true
	}
	o := options(s)
	begin := o.Now()
	var mu sync.Mutex
	var told, shown []string
	o.Waits = func(text string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, text)
	}
	r, err := live.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	e, err := r.Read(t.Context(), func(message string, _, _ int) { shown = append(shown, message) })
	if err != nil {
		t.Fatal(err)
	}
	if waited := o.Now().Sub(begin); waited > 10*time.Minute {
		t.Errorf("it waited %s", waited)
	}
	if slices.ContainsFunc(listings(e.Tenants[0]), func(l object.Listing) bool { return l.Status == inventory.StatusComplete }) {
		t.Error("a listing is complete")
	}
	const why = "graph.microsoft.com says no (429 TooManyRequests): asking again in 20s"
	if !slices.Contains(told, why) || !slices.Contains(shown, why) {
		t.Errorf("nothing says %q: %q", why, slices.Compact(slices.Sorted(slices.Values(told))))
	}
	if strings.Contains(shown[len(shown)-1], "asking again") {
		t.Error("it shows that it waits when it does not")
	}
}
