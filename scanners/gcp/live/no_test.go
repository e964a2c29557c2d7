package live_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// tooFast says no to everything.
func tooFast(w http.ResponseWriter, _ fake.Request) bool {
	fake.Refuse(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "Quota exceeded", nil)
	return true
}

// TestNothingButNo has Google answer nothing of use, whatever is asked: a scan ends in
// minutes with the reason, and says meanwhile why it waits.
func TestNothingButNo(t *testing.T) {
	docs := documents(t)
	after := func(seconds string) func(http.ResponseWriter, fake.Request) bool {
		return func(w http.ResponseWriter, r fake.Request) bool {
			w.Header().Set("Retry-After", seconds)
			return tooFast(w, r)
		}
	}
	for name, tt := range map[string]struct {
		front func(http.ResponseWriter, fake.Request) bool
		most  time.Duration
		told  string
		why   string // in reasons
	}{
		"too fast":                       {tooFast, 3 * time.Minute, "says no (429 RESOURCE_EXHAUSTED)", "the quota of the API is spent"},
		"too fast, with a time":          {after("20"), 3 * time.Minute, "asking again in 20s", "the quota of the API is spent"},
		"too fast, and for a long time":  {after("110"), 4 * time.Minute, "asking again in 1m50s", "the quota of the API is spent"},
		"too fast, and for longer still": {after("7200"), time.Minute, "", "the quota of the API is spent"},
		"a page of a proxy": {func(w http.ResponseWriter, _ fake.Request) bool {
			_, _ = w.Write([]byte("<html>sign in</html>"))
			return true
		}, 20 * time.Second, "does not answer as it should", "the answer is not what the API answers"},
		"broken": {func(w http.ResponseWriter, _ fake.Request) bool {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}, 20 * time.Second, "fails (502)", "502"},
	} {
		for target, aim := range map[string]func(*live.Options){
			"an organisation": func(*live.Options) {},
			"a project":       func(o *live.Options) { o.Organization, o.Projects = "", []string{"northwind-prod"} },
			"everything":      func(o *live.Options) { o.Organization = "" },
		} {
			t.Run(name+" of "+target, func(t *testing.T) {
				t.Parallel()
				s := fake.Northwind(docs)
				s.Front = tt.front
				o := options(t, s)
				c := newClock()
				o.Now, o.Sleep = c.Now, c.Sleep
				aim(&o)
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
				if c.slept > tt.most {
					t.Errorf("it waited %s in %d requests", c.slept, len(s.Requests()))
				}
				for _, l := range everything(e) {
					if l.Status != inventory.StatusPartial && l.Status != inventory.StatusDenied && l.Status != inventory.StatusSkipped || l.Status == inventory.StatusPartial && l.Reason == "" {
						t.Errorf("%s is %s: %s", l.Call, l.Status, l.Reason)
					}
				}
				if !slices.ContainsFunc(everything(e), func(l object.Listing) bool { return strings.Contains(l.Reason, tt.why) }) {
					t.Errorf("nothing says %q", tt.why)
				}
				says := func(text string) bool { return strings.Contains(text, tt.told) }
				if tt.told != "" && (!slices.ContainsFunc(told, says) || !slices.ContainsFunc(shown, says)) {
					t.Errorf("while it waited it said %q and showed %q", told, shown)
				}
				if slices.ContainsFunc(shown[len(shown)-1:], says) && tt.told != "" {
					t.Error("it shows that it waits when it does not")
				}
			})
		}
	}
}

// TestOneServiceSaysNo has one API say no for good, in a scan of many projects: what it
// costs is bounded, and all else is read.
func TestOneServiceSaysNo(t *testing.T) {
	s := large(documents(t), 30, 1)
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		return r.Host == "storage.googleapis.com" && tooFast(w, r)
	}
	o := options(t, s)
	c := newClock()
	o.Now, o.Sleep = c.Now, c.Sleep
	for _, l := range everything(read(t, o)) {
		if strings.HasPrefix(l.Call, "storage.") != (l.Status == inventory.StatusPartial) || l.Status == inventory.StatusDenied {
			t.Errorf("%s is %s: %s", l.Call, l.Status, l.Reason)
		}
	}
	if c.slept > 10*time.Minute {
		t.Errorf("it waited %s", c.slept)
	}
	n := 0
	for _, r := range s.Requests() {
		if r.Host == "storage.googleapis.com" {
			n++
		}
	}
	if n > 60 {
		t.Errorf("%d requests to an API that says no", n)
	}
}
