package live_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// tooFast says no, in a form that every protocol of AWS has.
func tooFast(w http.ResponseWriter, r fake.Request) bool {
	fake.Refuse(w, r.Action, http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	return true
}

// slower is tooFast with a time.
func slower(seconds string) func(http.ResponseWriter, fake.Request) bool {
	return func(w http.ResponseWriter, r fake.Request) bool {
		w.Header().Set("Retry-After", seconds)
		fake.Refuse(w, r.Action, http.StatusTooManyRequests, "TooManyRequestsException", "slow down")
		return true
	}
}

// TestNothingButNo has AWS answer nothing of use, whatever is asked once it is known who
// asks: a scan ends in minutes with the reason, and says meanwhile why it waits.
func TestNothingButNo(t *testing.T) {
	for name, tt := range map[string]struct {
		front func(http.ResponseWriter, fake.Request) bool
		most  time.Duration
		told  string
		why   string // in reasons
	}{
		"too fast":                       {tooFast, 3 * time.Minute, "says no (400 ThrottlingException)", "not read, as the quota of the API is spent (throttled)"},
		"too fast, with a time":          {slower("20"), 5 * time.Minute, "asking again in 20s", "not read, as the quota of the API is spent (throttled)"},
		"too fast, and for a long time":  {slower("50"), 9 * time.Minute, "asking again in 50s", "not read, as the quota of the API is spent (throttled)"},
		"too fast, and for longer still": {slower("7200"), time.Minute, "", "not read, as the quota of the API is spent (throttled)"},
		"a page of a proxy": {func(w http.ResponseWriter, _ fake.Request) bool {
			fmt.Fprint(w, "<html>sign in</html>")
			return true
		}, 20 * time.Second, "", "not in the form that the service sends"},
		"broken": {func(w http.ResponseWriter, _ fake.Request) bool {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}, 20 * time.Second, "", "502"},
	} {
		t.Run(name, func(t *testing.T) {
			s := everything(t)
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				return r.Action != "sts:GetCallerIdentity" && tt.front(w, r)
			}
			o := allOptions(t, s)
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
			if waited := o.Now().Sub(begin); waited > tt.most {
				t.Errorf("it waited %s in %d requests", waited, len(s.Requests()))
			}
			for _, a := range e.Accounts {
				for _, l := range a.Listings {
					if l.Status == inventory.StatusComplete || l.Status == inventory.StatusPartial && l.Reason == "" {
						t.Errorf("%s is %s: %s", l.Call, l.Status, l.Reason)
					}
				}
			}
			if !slices.ContainsFunc(e.Accounts[0].Listings, func(l object.Listing) bool { return strings.Contains(l.Reason, tt.why) }) {
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

// TestNoBeforeItIsKnownWhoAsks ends in minutes, too.
func TestNoBeforeItIsKnownWhoAsks(t *testing.T) {
	s := northwind()
	s.Front = slower("50")
	o := options(t, s)
	begin := o.Now()
	r, err := live.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Read(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "the quota is spent") {
		t.Errorf("the error is %v", err)
	}
	if waited := o.Now().Sub(begin); waited > 2*time.Minute {
		t.Errorf("it waited %s", waited)
	}
}

// TestOneServiceSaysNo has one service of one region say no for good, from its second
// page on: what it costs is bounded, what was found is kept, and all else is read.
func TestOneServiceSaysNo(t *testing.T) {
	s := everything(t)
	s.Page = 1
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		return r.Region == eu && strings.HasPrefix(r.Action, "secretsmanager:") && (r.Action != "secretsmanager:ListSecrets" || r.Values.Get("NextToken") != "") && slower("50")(w, r)
	}
	o := options(t, s)
	o.Details = live.DetailsAll
	begin := o.Now()
	a := read(t, o).Accounts[0]
	n := 0
	for _, l := range a.Listings {
		if strings.HasPrefix(l.Call, "secretsmanager:") && l.Region == eu {
			n++
			if l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, "throttled") || (l.Call == "secretsmanager:ListSecrets") != (l.Count > 0) {
				t.Errorf("the listing is %+v", l)
			}
		} else if l.Status == inventory.StatusPartial {
			t.Errorf("%s in %s is partial: %s", l.Call, l.Region, l.Reason)
		}
	}
	if n != 2 || !slices.ContainsFunc(a.Secrets, func(x object.Secret) bool { return x.Region == eu }) {
		t.Errorf("%d listings, and the secrets are %+v", n, a.Secrets)
	}
	if waited := o.Now().Sub(begin); waited > 4*time.Minute {
		t.Errorf("it waited %s", waited)
	}
}

// TestOneRegionIsSilent blocks a region: those after it are read.
func TestOneRegionIsSilent(t *testing.T) {
	s := everything(t)
	o := options(t, s)
	o.SideBySide = 1
	begin := o.Now()
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Region != eu {
			return false
		}
		_ = o.Sleep(t.Context(), 30*time.Second)
		w.WriteHeader(http.StatusGatewayTimeout)
		return true
	}
	a := read(t, o).Accounts[0]
	for _, l := range a.Listings {
		if l.Region == eu && l.Status != inventory.StatusPartial || l.Region == us && l.Status == inventory.StatusPartial {
			t.Errorf("%s in %s is %s: %s", l.Call, l.Region, l.Status, l.Reason)
		}
	}
	if !slices.ContainsFunc(a.Listings, func(l object.Listing) bool {
		return strings.Contains(l.Reason, "it is not asked any more: nothing was answered")
	}) {
		t.Error("nothing says that it is not asked any more")
	}
	if waited := o.Now().Sub(begin); waited > 8*time.Minute {
		t.Errorf("it waited %s", waited)
	}
}
