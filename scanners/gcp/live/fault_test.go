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

// everything returns all listings of an estate.
func everything(e *object.Estate) []object.Listing {
	out := slices.Clone(e.Listings)
	for _, p := range e.Projects {
		out = append(out, p.Listings...)
	}
	return out
}

// incomplete returns the calls whose listings are not complete.
func incomplete(e *object.Estate) []string {
	var out []string
	for _, l := range everything(e) {
		if l.Status != inventory.StatusComplete && l.Call != "domainWideDelegation.list" {
			out = append(out, l.Call)
		}
		if l.Status != inventory.StatusComplete && l.Reason == "" {
			out = append(out, l.Call+" (no reason)")
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// asked returns the methods that a server was asked for.
func asked(s *fake.Server) []string {
	var out []string
	for _, r := range s.Requests() {
		out = append(out, r.Method)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// assets are the methods of Asset Inventory: where they are denied, each project is
// asked.
func isAsset(r fake.Request) bool { return r.Host == "cloudasset.googleapis.com" }

// TestTableIsWhatIsAsked reads with and without Asset Inventory and asks for every
// method of the table, and for none beside it.
func TestTableIsWhatIsAsked(t *testing.T) {
	s := fake.Northwind(documents(t))
	o := options(t, s)
	o.Details = live.DetailsAll
	read(t, o)
	s.Allow = func(r fake.Request) bool { return !isAsset(r) }
	read(t, o)
	o.Organization, o.Projects = "", []string{"northwind-prod"}
	read(t, o)
	clean(t, s)
	want := []string{}
	for _, op := range live.Operations() {
		want = append(want, op.ID)
	}
	slices.Sort(want)
	got := asked(s)
	for _, m := range want {
		if !slices.Contains(got, m) {
			t.Errorf("%s is in the table and was never asked for", m)
		}
	}
	for _, m := range got {
		if !slices.Contains(want, m) {
			t.Errorf("%s was asked for and is not in the table", m)
		}
	}
}

// TestBothWaysTellTheSame reads Northwind through Asset Inventory and project by
// project: what the second way cannot see is told, and the rest is the same.
func TestBothWaysTellTheSame(t *testing.T) {
	s := fake.Northwind(documents(t))
	o := options(t, s)
	o.Details = live.DetailsAll
	whole := read(t, o)
	s.Allow = func(r fake.Request) bool { return !isAsset(r) }
	apart := read(t, o)
	silent(t, apart)
	if len(apart.Notes) == 0 || !strings.Contains(strings.Join(apart.Notes, "\n"), "Asset Inventory") {
		t.Errorf("nothing says that Asset Inventory was denied: %q", apart.Notes)
	}
	if got := incomplete(apart); !slices.Equal(got, []string{"cloudasset.assets.listResource", "cloudasset.assets.searchAllIamPolicies", "cloudasset.assets.searchAllResources"}) {
		t.Errorf("not complete: %v", got)
	}
	for _, e := range []*object.Estate{whole, apart} {
		e.Listings, e.Notes = nil, nil
		for _, p := range e.Projects {
			p.Listings, p.Notes, p.Consumers, p.Tags = nil, nil, nil, nil
			for i := range p.Accounts {
				p.Accounts[i].CreatedAt = time.Time{}
			}
		}
	}
	if diff := differ(whole, apart); diff != "" {
		t.Errorf("through Asset Inventory (-), without (+):\n%s", diff)
	}
}

// TestEachDenied denies one method after another: the scan goes on, and its listing
// says so and what is missing.
func TestEachDenied(t *testing.T) {
	docs := documents(t)
	for _, p := range live.Operations() {
		t.Run(p.ID, func(t *testing.T) {
			t.Parallel()
			s := fake.Northwind(docs)
			without := p.Service != "cloudasset.googleapis.com"
			s.Allow = func(r fake.Request) bool { return r.Method != p.ID && (!without || !isAsset(r)) }
			o := options(t, s)
			o.Details = live.DetailsAll
			if p.ID == "cloudresourcemanager.folders.get" {
				o.Organization, o.Projects = "", []string{"northwind-prod"}
			}
			e := read(t, o)
			told := incomplete(e)
			if !without {
				told = e.Notes
			}
			told = slices.DeleteFunc(slices.Clone(told), func(c string) bool { return without && strings.HasPrefix(c, "cloudasset.") })
			if len(told) == 0 {
				t.Errorf("nothing says that %s is denied", p.ID)
			}
			for _, l := range everything(e) {
				if strings.Contains(l.Reason, "(no reason)") {
					t.Error(l)
				}
			}
		})
	}
}

// TestAllDenied denies everything: there is nothing but reasons.
func TestAllDenied(t *testing.T) {
	s := fake.Northwind(documents(t))
	s.Allow = func(fake.Request) bool { return false }
	o := options(t, s)
	o.Projects = []string{"northwind-prod"}
	e := read(t, o)
	if len(e.Projects) != 1 || len(e.Projects[0].Accounts) > 0 {
		t.Fatalf("%+v", e.Projects)
	}
	for _, l := range everything(e) {
		if l.Status == inventory.StatusComplete {
			t.Errorf("%s passes as seen: %+v", l.Call, l)
		}
	}
}

// TestCutAtPageTwo breaks each paged listing off after its first page: what was
// found is kept, and the listing is partial.
func TestCutAtPageTwo(t *testing.T) {
	docs := documents(t)
	for _, p := range live.Operations() {
		if p.Items == "" || p.Size == "" {
			continue
		}
		t.Run(p.ID, func(t *testing.T) {
			t.Parallel()
			s := fake.Northwind(docs)
			s.Page = 1
			without := p.Service != "cloudasset.googleapis.com"
			s.Allow = func(r fake.Request) bool { return !without || !isAsset(r) }
			cut := false
			var mu sync.Mutex
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if r.Method != p.ID || r.Page() == 1 {
					return false
				}
				mu.Lock()
				cut = true
				mu.Unlock()
				fake.Refuse(w, http.StatusNotImplemented, "UNIMPLEMENTED", "", "broken off", nil)
				return true
			}
			o := options(t, s)
			o.Details = live.DetailsAll
			e := read(t, o)
			if !cut {
				return // it has one page in Northwind
			}
			partial := false
			for _, l := range everything(e) {
				partial = partial || l.Status == inventory.StatusPartial && strings.Contains(l.Reason, "broke")
			}
			if !partial {
				t.Errorf("nothing is partial: %v", incomplete(e))
			}
		})
	}
}

// TestThrottled has the server say that requests come too fast: they are repeated
// after the time that it names, or ever longer.
func TestThrottled(t *testing.T) {
	docs := documents(t)
	for name, after := range map[string]string{"with Retry-After": "7", "without": ""} {
		t.Run(name, func(t *testing.T) {
			s := fake.Northwind(docs)
			o := options(t, s)
			c := newClock()
			o.Now, o.Sleep = c.Now, c.Sleep
			var mu sync.Mutex
			left := 3
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if r.Method != "cloudasset.assets.list" || left == 0 {
					return false
				}
				left--
				if after != "" {
					w.Header().Set("Retry-After", after)
				}
				fake.Refuse(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "Quota exceeded", nil)
				return true
			}
			e := read(t, o)
			if got := incomplete(e); len(got) > 0 {
				t.Errorf("not complete: %v", got)
			}
			if after != "" && c.slept < 21*time.Second || c.slept == 0 {
				t.Errorf("it only waited %s", c.slept)
			}
		})
	}
}

// TestOldThrottling is what Cloud Storage says with 403.
func TestOldThrottling(t *testing.T) {
	s := fake.Northwind(documents(t))
	var mu sync.Mutex
	left := 2
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if r.Host != "storage.googleapis.com" || left == 0 {
			return false
		}
		left--
		fake.Refuse(w, http.StatusForbidden, "", "rateLimitExceeded", "Rate limit exceeded", nil)
		return true
	}
	if got := incomplete(read(t, options(t, s))); len(got) > 0 {
		t.Errorf("not complete: %v", got)
	}
}

// TestDown has one API fail for good: the others are read, and it is not asked
// without end.
func TestDown(t *testing.T) {
	s := fake.Northwind(documents(t))
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Host != "recommender.googleapis.com" {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	e := read(t, options(t, s))
	for _, c := range incomplete(e) {
		if !strings.HasPrefix(c, "recommender.") {
			t.Errorf("%s is not complete", c)
		}
	}
	n := 0
	for _, r := range s.Requests() {
		if r.Host == "recommender.googleapis.com" {
			n++
		}
	}
	if n > 30 {
		t.Errorf("%d requests to an API that is down", n)
	}
}

// TestDisabled tells an API that is not enabled in the project from one that is not
// enabled where requests count.
func TestDisabled(t *testing.T) {
	docs := documents(t)
	for _, tt := range []struct {
		name, consumer string
		off            bool
		status         inventory.Status
		reason         string
	}{
		{"in the project", "projects/444455556667", true, inventory.StatusComplete, "storage.googleapis.com is not enabled"},
		{"in the project that requests count against", "projects/999", false, inventory.StatusDenied, "quota_project"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := fake.Northwind(docs)
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if r.Host != "storage.googleapis.com" {
					return false
				}
				fake.Disable(w, r, tt.consumer)
				return true
			}
			l := listingOf(project(t, read(t, options(t, s)), "northwind-dev").Listings, "storage.hmacKeys.list")
			if l.Off != tt.off || l.Status != tt.status || !strings.Contains(l.Reason, tt.reason) {
				t.Errorf("%+v", l)
			}
		})
	}
}

// TestSwitchedOffIsNotAsked has a project without Secret Manager: it is not asked
// there, and the listing and a note say why.
func TestSwitchedOffIsNotAsked(t *testing.T) {
	s := fake.Northwind(documents(t))
	s.Allow = func(r fake.Request) bool { return !isAsset(r) }
	e := read(t, options(t, s))
	p := project(t, e, "northwind-dev")
	if l := listingOf(p.Listings, "secretmanager.secrets.list"); !l.Off || l.Status != inventory.StatusComplete {
		t.Errorf("%+v", l)
	}
	if !strings.Contains(strings.Join(p.Notes, "\n"), "secretmanager.googleapis.com is not enabled") {
		t.Errorf("%q", p.Notes)
	}
	for _, r := range s.Requests() {
		if r.Host == "secretmanager.googleapis.com" && strings.Contains(r.Parent, "northwind-dev") {
			t.Errorf("%s was asked", r.Parent)
		}
	}
}

// TestUnknownType has an inventory that does not know a type: the others are listed,
// and the API is asked for that one.
func TestUnknownType(t *testing.T) {
	s := fake.Northwind(documents(t))
	s.Types = []string{"apikeys.googleapis.com/Key", "eventarc.googleapis.com/Trigger"}
	e := read(t, options(t, s))
	clean(t, s)
	if n := len(project(t, e, "northwind-prod").Keys); n != 2 {
		t.Errorf("%d API keys", n)
	}
	if n := len(project(t, e, "northwind-prod").Accounts); n != 3 {
		t.Errorf("%d accounts", n)
	}
	if !strings.Contains(strings.Join(e.Notes, "\n"), "eventarc") {
		t.Errorf("%q", e.Notes)
	}
	if got := incomplete(e); len(got) > 0 {
		t.Errorf("not complete: %v", got)
	}
}

// TestTurningPages has a listing come back to a page that was read: one of our own,
// and one of a generated client, which would go round for ever.
func TestTurningPages(t *testing.T) {
	docs := documents(t)
	for method, call := range map[string]string{
		"storage.projects.hmacKeys.list": "storage.hmacKeys.list",
		"iam.policies.listPolicies":      "iam.denypolicies.list",
	} {
		t.Run(method, func(t *testing.T) {
			s := fake.Northwind(docs)
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if r.Method != method {
					return false
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"nextPageToken": "same"}`)) // a client that went away is no matter
				return true
			}
			l := listingOf(project(t, read(t, options(t, s)), "northwind-prod").Listings, call)
			if l.Status != inventory.StatusPartial || !strings.Contains(l.Reason, "came back") {
				t.Errorf("%+v", l)
			}
		})
	}
}

// TestGeneratedClients has what they send be throttled, fail and be denied: it is
// repeated at the same pace, and what they are refused is said as of all others.
func TestGeneratedClients(t *testing.T) {
	docs := documents(t)
	for _, tt := range []struct {
		name, reason string
		status       int
		code         string
		times        int
		want         inventory.Status
	}{
		{"throttled", "", http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", 3, inventory.StatusComplete},
		{"failed for a while", "", http.StatusServiceUnavailable, "UNAVAILABLE", 2, inventory.StatusComplete},
		{"denied", "the permission iam.denypolicies.list is missing", http.StatusForbidden, "PERMISSION_DENIED", 1000, inventory.StatusDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := fake.Northwind(docs)
			var mu sync.Mutex
			left := tt.times
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if r.Method != "iam.policies.listPolicies" || left == 0 {
					return false
				}
				left--
				fake.Refuse(w, tt.status, tt.code, "", "no", nil)
				return true
			}
			p := project(t, read(t, options(t, s)), "northwind-prod")
			l := listingOf(p.Listings, "iam.denypolicies.list")
			if l.Status != tt.want || !strings.Contains(l.Reason, tt.reason) || strings.Contains(l.Reason, "http") {
				t.Errorf("%+v", l)
			}
		})
	}
}

// TestOddItem has one field of another type than documented: it is said, and the
// rest is read.
func TestOddItem(t *testing.T) {
	s := fake.Northwind(documents(t))
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Method != "storage.projects.hmacKeys.list" || r.Parent != "northwind-prod" {
			return false
		}
		_, _ = w.Write([]byte(`{"items": [{"accessId": {"oops": 1}}, {"accessId": "GOOG2"}]}`))
		return true
	}
	p := project(t, read(t, options(t, s)), "northwind-prod")
	if l := listingOf(p.Listings, "storage.hmacKeys.list"); l.Status != inventory.StatusPartial || l.Count != 2 {
		t.Errorf("%+v", l)
	}
	if len(p.HMAC) != 2 {
		t.Errorf("%+v", p.HMAC)
	}
}

// TestNoCredentials has Google not take the token.
func TestNoCredentials(t *testing.T) {
	s := fake.Northwind(documents(t))
	s.Front = func(w http.ResponseWriter, _ fake.Request) bool {
		fake.Refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.", nil)
		return true
	}
	r, err := live.Open(t.Context(), options(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Read(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "sign in") {
		t.Errorf("%v", err)
	}
}

// TestQuotaOfADay has Recommender's quota spent for the day: it is not asked for each
// project over and over, all else is read, and what is missing is said.
func TestQuotaOfADay(t *testing.T) {
	s := large(documents(t), 30, 1)
	s.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Host != "recommender.googleapis.com" {
			return false
		}
		fake.Refuse(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "Quota exceeded for quota metric 'Reads' and limit 'Reads per day'", nil)
		return true
	}
	o := options(t, s)
	o.AllInsights = true
	e := read(t, o)
	n := 0
	for _, r := range s.Requests() {
		if r.Host == "recommender.googleapis.com" {
			n++
		}
	}
	if n > 120 {
		t.Errorf("%d requests against a quota that is spent", n)
	}
	spent := 0
	for _, p := range e.Projects {
		for _, l := range p.Listings {
			switch {
			case strings.HasPrefix(l.Call, "recommender."):
				if l.Status != inventory.StatusPartial {
					t.Errorf("%+v", l)
				}
				if strings.Contains(l.Reason, "scan again later") {
					spent++
				}
			case l.Status == inventory.StatusPartial:
				t.Errorf("%s suffers from it: %s", l.Call, l.Reason)
			}
		}
	}
	if spent < 40 {
		t.Errorf("%d listings say that the quota is spent", spent)
	}
}
