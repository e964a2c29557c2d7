//go:build e2e

package gcp

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/gcp/live"
)

// most is what scans of these tests are told: everything, without one of the three
// projects, so that Google's five requests a minute for deny policies are enough.
func most() []string {
	return []string{"details: auto", "exclude_projects: [northwind-dev]", "groups: true"}
}

// same compares what two scans found, and what they could not see.
func same(t testing.TB, want, got peer.Run) {
	t.Helper()
	if len(want.Records) == 0 || len(got.Records) == 0 {
		t.Fatalf("%d and %d records: %s%s", len(want.Records), len(got.Records), want.Stderr, got.Stderr)
	}
	if diff := cmp.Diff(want.Things(t), got.Things(t)); diff != "" {
		t.Errorf("found (-want +got):\n%.3000s", diff)
	}
	if diff := cmp.Diff(want.Gaps(), got.Gaps()); diff != "" {
		t.Errorf("not seen (-want +got):\n%.3000s", diff)
	}
	if want.Status != got.Status {
		t.Errorf("status %d instead of %d: %s", got.Status, want.Status, got.Stderr)
	}
}

// few reports whether a call counts against a quota of five requests a minute, so
// that repeating it takes one.
func few(c *call) bool {
	return strings.HasPrefix(c.URL.Path, "/v2/policies/") || strings.HasPrefix(c.URL.Path, "/v3/") && c.Host == "iam.googleapis.com"
}

// TestE2EFaults has every call fail once, in each way that a call can fail. Nothing
// is lost by it.
func TestE2EFaults(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	want := p.scan(t, most()...)
	if gaps := want.Gaps(); want.Status != 1 || len(gaps) > 0 {
		t.Fatalf("status %d without any fault: %v %s", want.Status, gaps, want.Stderr)
	}
	for name, wrong := range map[string]peer.Fault{
		"429":               refused(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", ""),
		"503":               refused(http.StatusServiceUnavailable, "UNAVAILABLE", ""),
		"502 of a balancer": peer.HTML("<!DOCTYPE html><title>Error 502 (Server Error)!!1</title>"),
		"a broken answer":   peer.Broken,
		"half of an answer": peer.Cut,
		"slow":              peer.Slow(50 * time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			var mu sync.Mutex
			failed := 0
			p.faults(func(c *call) peer.Fault {
				if few(c) || c.again > 0 {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				failed++
				return wrong
			})
			r := p.scan(t, most()...)
			same(t, want, r)
			p.clean(t, r)
			if failed < 15 {
				t.Errorf("only %d calls failed", failed)
			}
		})
	}
}

// TestE2ERetryAfter waits as long as Google says, where it says so.
func TestE2ERetryAfter(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	var mu sync.Mutex
	var asked []time.Time
	p.faults(func(c *call) peer.Fault {
		if !c.is("cloudasset.assets.list") {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if asked = append(asked, time.Now()); len(asked) == 1 {
			return refused(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "3")
		}
		return nil
	})
	r := p.scan(t, most()...)
	if r.Status != 1 || len(asked) < 2 || asked[1].Sub(asked[0]) < 3*time.Second {
		t.Errorf("status %d, asked at %v: %v", r.Status, asked, r.Gaps())
	}
}

// TestE2EDown has one API fail for good: what it would have told is a gap, which is
// named, and all else is as ever.
func TestE2EDown(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	p.faults(func(c *call) peer.Fault {
		if c.Host == "apikeys.googleapis.com" || c.Host == "cloudasset.googleapis.com" {
			return refused(http.StatusServiceUnavailable, "UNAVAILABLE", "")
		}
		return nil
	})
	r := p.scan(t, most()...)
	if gaps := strings.Join(r.Gaps(), "\n"); r.Status != 3 || !strings.Contains(gaps, "apikeys.keys.list") || !strings.Contains(gaps, "cloudasset.assets.listResource") {
		t.Errorf("status %d, not seen:\n%s", r.Status, gaps)
	}
	got := r.Types()
	if got["gcp.service_account"] == 0 || got["gcp.service_account_key"] == 0 || got["gcp.secret"] == 0 || got["gcp.api_key"] > 0 {
		t.Errorf("%v", got)
	}
}

// TestE2ESecondPage breaks listings off after their first page, and has one come
// back to it.
func TestE2ESecondPage(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]peer.Fault{
		"broken off": refused(http.StatusNotImplemented, "UNIMPLEMENTED", ""),
		"the same again": func(w http.ResponseWriter, _ *peer.Answer) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"nextPageToken": "7"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			p.google.Page = 7
			p.faults(func(c *call) peer.Fault {
				if c.is("cloudasset.assets.list") && c.page > 1 {
					return wrong
				}
				return nil
			})
			r := p.scan(t, most()...)
			if gaps := strings.Join(r.Gaps(), "\n"); r.Status != 3 || !strings.Contains(gaps, "Asset Inventory broke off") {
				t.Errorf("status %d, not seen:\n%s", r.Status, gaps)
			}
			if n := len(r.Things(t)); n < 5 {
				t.Errorf("only %d records are left", n)
			}
		})
	}
}

// TestE2ESmallPages has a page hold one item.
func TestE2ESmallPages(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	want := p.scan(t, most()...)
	p.faults(nil)
	p.google.Page = 2
	same(t, want, p.scan(t, most()...))
	if n := p.methods()["cloudasset.assets.list"]; n < 5 {
		t.Errorf("only %d pages", n)
	}
}

// TestE2EExpired has Google take a token no more in the middle of a scan, before its
// time, and no token at all.
func TestE2EExpired(t *testing.T) {
	t.Parallel()
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		p := northwind(t)
		want := p.scan(t, most()...)
		p.faults(func(c *call) peer.Fault {
			if c.is("storage.projects.hmacKeys.list") && c.again == 0 {
				return func(w http.ResponseWriter, _ *peer.Answer) { peer.Send(w, unauthorized()) }
			}
			return nil
		})
		same(t, want, p.scan(t, most()...))
	})
	t.Run("in the middle", func(t *testing.T) {
		t.Parallel()
		p := northwind(t)
		want := p.scan(t, most()...)
		var once sync.Once
		p.faults(func(c *call) peer.Fault {
			if c.is("cloudasset.searchAllIamPolicies") {
				once.Do(p.caller.end)
			}
			return nil
		})
		same(t, want, p.scan(t, most()...))
		if n := len(p.caller.issued); n != 3 {
			t.Errorf("%d tokens, want one of the first scan and two of the second", n)
		}
	})
	t.Run("never taken", func(t *testing.T) {
		t.Parallel()
		p := northwind(t)
		p.faults(func(*call) peer.Fault {
			return func(w http.ResponseWriter, _ *peer.Answer) { peer.Send(w, unauthorized()) }
		})
		r := p.scan(t, most()...)
		if r.Status != 3 && r.Status != 2 || !strings.Contains(string(r.Stderr)+strings.Join(r.Gaps(), "\n"), "sign in to Google Cloud") {
			t.Errorf("status %d: %s %v", r.Status, r.Stderr, r.Gaps())
		}
		p.clean(t, r)
	})
	t.Run("key deleted", func(t *testing.T) {
		t.Parallel()
		p := northwind(t)
		h := p.home(t, most()...)
		p.caller.keyID = "another" // whoever signs with the key of the file is not known
		r := h.Scan(t, "--store", "none")
		if r.Status != 3 && r.Status != 2 || p.Requests() > 0 {
			t.Errorf("status %d, %d requests: %s", r.Status, p.Requests(), r.Stderr)
		}
		t.Logf("%s", r.Stderr)
		p.clean(t, r)
	})
}

// TestE2EOff has an API that is not enabled in one project: it has nothing there,
// which is said and is no gap. Not enabled where requests count, it is one.
func TestE2EOff(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	disabled := func(number string) peer.Run {
		p.faults(func(c *call) peer.Fault {
			if c.Host == "storage.googleapis.com" {
				return off(c, number)
			}
			return nil
		})
		return p.scan(t, "details: auto", "projects: [northwind-prod]", "target: \"\"")
	}
	r := disabled("444455556666")
	if r.Status != 1 || len(r.Gaps()) > 0 || r.Types()["gcp.hmac_key"] > 0 {
		t.Errorf("status %d: %v", r.Status, r.Gaps())
	}
	told := false
	for _, rec := range r.Records {
		if c := rec.Coverage; c != nil {
			told = told || slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "storage.googleapis.com is not enabled") })
		}
	}
	if !told {
		t.Error("nothing says that the API is not enabled")
	}
	r = disabled("999999999999")
	if r.Status != 3 || !strings.Contains(strings.Join(r.Gaps(), "\n"), "quota_project") {
		t.Errorf("status %d: %v", r.Status, r.Gaps())
	}
}

// TestE2EKilled kills a scan in the middle and goes on with it.
func TestE2EKilled(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	want := p.scan(t)
	state := t.TempDir()
	h := p.home(t, "resume: "+state, "parallel: 1")
	cmd := h.Command(t, "scan", "--config", h.Config, "--no-progress", "--store", "none")
	var once sync.Once
	p.faults(func(c *call) peer.Fault {
		if c.is("storage.projects.hmacKeys.list") && strings.Contains(c.URL.Path, "northwind-prod") { // the last of them
			once.Do(func() { _ = cmd.Process.Kill() })
			<-c.Context().Done()
		}
		return nil
	})
	if err := cmd.Run(); err == nil {
		t.Fatal("it was not killed")
	}
	left, err := filepath.Glob(filepath.Join(state, "gcp-project-*.json"))
	if err != nil || len(left) != 2 {
		t.Fatalf("%v is left of it: %v", left, err)
	}
	p.clean(t, peer.Run{Home: state})
	p.faults(nil)
	got := h.Scan(t, "--store", "none")
	same(t, want, got)
	for _, c := range p.Calls() {
		if c.is("storage.projects.hmacKeys.list") && !strings.Contains(c.URL.Path, "northwind-prod") {
			t.Errorf("%s was asked again", c.URL.Path)
		}
	}
	if left, _ := os.ReadDir(state); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
}

// TestE2EEachDenied takes one permission after the other away: the status says that
// not all was seen, and a reason names the permission.
func TestE2EEachDenied(t *testing.T) {
	t.Parallel()
	options := most()
	for _, perm := range live.AllPermissions() {
		if len(perm.Methods) == 0 {
			continue // serviceusage.services.use, of the project whose quota is used
		}
		t.Run(perm.Name, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			asked := false
			p.faults(func(c *call) peer.Fault {
				switch {
				case slices.Contains(perm.Methods, c.method):
					asked = true
					return denied(c)
				case perm.Fallback && c.Host == "cloudasset.googleapis.com":
					return denied(c)
				}
				return nil
			})
			r := p.scan(t, options...)
			if !asked {
				t.Logf("not asked for")
				return
			}
			said := strings.Join(r.Gaps(), "\n")
			if r.Status != 3 || !strings.Contains(said, strings.TrimPrefix(perm.Name, "iam.googleapis.com/")) {
				t.Errorf("status %d, not seen:\n%s", r.Status, said)
			}
		})
	}
	t.Run("all", func(t *testing.T) {
		t.Parallel()
		p := northwind(t)
		p.faults(denied)
		r := p.scan(t, options...)
		if r.Status != 3 && r.Status != 2 || len(r.Things(t)) > 0 {
			t.Errorf("status %d, %d records: %s", r.Status, len(r.Things(t)), r.Stderr)
		}
	})
}
