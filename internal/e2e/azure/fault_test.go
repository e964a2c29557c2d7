//go:build e2e

package azure

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// third picks every third call, but none for a token.
func third(c *call) bool {
	sum := fnv.New32a()
	fmt.Fprint(sum, c.name)
	return !c.signsIn() && sum.Sum32()%3 == 0
}

// TestE2EFaults has every third call fail once, in each way that a second attempt
// mends, and wants the same records.
func TestE2EFaults(t *testing.T) {
	t.Parallel()
	calm := northwind(t)
	want := calm.scan(t).Things(t)
	least := calm.Requests()
	for about, wrong := range map[string]peer.Fault{
		"too many":                  refused(http.StatusTooManyRequests, "TooManyRequests", ""),
		"too many, for a second":    refused(http.StatusTooManyRequests, "TooManyRequests", "1"),
		"too many, until a time":    refused(http.StatusTooManyRequests, "TooManyRequests", time.Now().Add(time.Second).UTC().Format(http.TimeFormat)),
		"unavailable":               refused(http.StatusServiceUnavailable, "serviceNotAvailable", ""),
		"unavailable, for a second": refused(http.StatusServiceUnavailable, "serviceNotAvailable", "1"),
		"broken":                    refused(http.StatusInternalServerError, "InternalServerError", ""),
		"a page of a gateway":       peer.HTML("<!DOCTYPE html><title>502 Bad Gateway</title>"),
		"reset in the middle":       peer.Broken,
		"half of the JSON":          peer.Cut,
		"slow":                      peer.Slow(300 * time.Millisecond),
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			p.faults(func(c *call) peer.Fault {
				if c.again == 0 && third(c) {
					return wrong
				}
				return nil
			})
			r := p.scan(t)
			if diff := cmp.Diff(want, r.Things(t)); diff != "" {
				t.Errorf("the records (-calm +now):\n%.3000s", diff)
			}
			for _, g := range r.Gaps() {
				t.Error(g)
			}
			n := p.Requests()
			if n > 2*least || n <= least && about != "slow" {
				t.Errorf("%d requests instead of %d", n, least)
			}
			t.Logf("%d requests instead of %d, %s", n, least, r.Wall)
		})
	}
}

// TestE2EPageTwo has the second page of a listing fail for good: what came before is
// kept, the gap is told, and the scan does not pass as whole.
func TestE2EPageTwo(t *testing.T) {
	t.Parallel()
	for about, c := range map[string]struct {
		call string // part of its name
		kept string // of the first page
		lost string // of a later one
	}{
		"applications":       {"GET /v1.0/applications", fake.Object(11), ""},
		"service principals": {"GET /v1.0/servicePrincipals", fake.Object(21), "Contoso Sync"},
		"consents":           {"GET /v1.0/oauth2PermissionGrants", "delegated-1", "delegated-2"},
		"role assignments":   {"microsoft.authorization/roleassignments'", fake.Object(600), fake.Object(602)},
		"management groups":  {"resourcecontainers", fake.Object(26), "dev@northwind.example"},
		"subscriptions":      {"management.azure.com GET /subscriptions", fake.NorthwindProd, ""},
		"secrets of a vault": {"nw-prod.vault.azure.net GET /secrets", "/secrets/db", "/secrets/old"},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			p.tenant.Page = 1
			p.faults(func(x *call) peer.Fault {
				if x.about(c.call) && x.paged {
					return denied(x)
				}
				return nil
			})
			r := p.scan(t)
			gaps := strings.Join(r.Gaps(), "\n")
			if r.Status != 3 || !strings.Contains(gaps, " partial: ") || !strings.Contains(gaps, "only 1 ") {
				t.Errorf("status %d, the gaps are %s", r.Status, gaps)
			}
			all := strings.Join(r.Things(t), "\n")
			if !strings.Contains(all, c.kept) {
				t.Errorf("%s of the first page is lost", c.kept)
			}
			if c.lost != "" && strings.Contains(all, c.lost) {
				t.Errorf("%s is there", c.lost)
			}
		})
	}
}

// TestE2EStrayLinks has the link to the second page lead to a host of somebody else,
// to which no token may go.
func TestE2EStrayLinks(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	const evil = "evil.northwind.example"
	graph := func(w http.ResponseWriter, _ *peer.Answer) {
		fmt.Fprint(w, `{"value":[],"@odata.nextLink":"https://`+evil+`/v1.0/oauth2PermissionGrants"}`)
	}
	other := func(w http.ResponseWriter, _ *peer.Answer) {
		fmt.Fprint(w, `{"value":[],"nextLink":"https://`+evil+`/again"}`)
	}
	p.faults(func(c *call) peer.Fault {
		switch {
		case c.about("oauth2PermissionGrants"):
			return graph
		case c.about("GET /keys"), c.about("denyAssignments"):
			return other
		}
		return nil
	})
	r := p.scan(t)
	gaps := strings.Join(r.Gaps(), "\n")
	if r.Status != 3 || strings.Count(gaps, "another server") < 3 {
		t.Errorf("status %d, the gaps are %s", r.Status, gaps)
	}
	if slices.Contains(p.hosts(), evil) {
		t.Errorf("%s was asked", evil)
	}
}

// TestE2EBatches has the items of batches fail one by one: once, which is mended, and
// one of them for good, which is told.
func TestE2EBatches(t *testing.T) {
	t.Parallel()
	want := northwind(t).scan(t).Things(t)
	once := fake.Northwind()
	var mu sync.Mutex
	asked := map[string]int{}
	once.Front = func(w http.ResponseWriter, r fake.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		asked[r.Path]++
		if !r.Batched || asked[r.Path] > 1 {
			return false
		}
		w.Header().Set("Retry-After", "1")
		fake.Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "too many")
		return true
	}
	if diff := cmp.Diff(want, newProxy(t, once).scan(t).Things(t)); diff != "" {
		t.Errorf("the records (-calm +now):\n%.3000s", diff)
	}
	never := fake.Northwind()
	path := "/v1.0/applications/" + fake.Object(2) + "/owners"
	never.Front = func(w http.ResponseWriter, r fake.Request) bool {
		if r.Path == path {
			fake.Deny(w, r.Host)
		}
		return r.Path == path
	}
	r := newProxy(t, never).scan(t)
	gaps := strings.Join(r.Gaps(), "\n")
	if r.Status != 3 || !strings.Contains(gaps, " owner ") {
		t.Errorf("status %d, the gaps are %s", r.Status, gaps)
	}
}

// TestE2EEachPermission takes away one permission after the other. What it was for is
// told to be missing, with its name, and the scan does not pass as whole.
func TestE2EEachPermission(t *testing.T) {
	t.Parallel()
	for _, without := range allPermissions() {
		t.Run(without, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			p.tenant.Granted = map[string]bool{}
			for _, name := range allPermissions() {
				p.tenant.Granted[name] = name != without
			}
			r := p.home(t, "audit: true", "risk: true").Scan(t, "--store", "none")
			told := strings.Join(r.Gaps(), "\n")
			if r.Status != 3 || !strings.Contains(told, strings.TrimPrefix(without, "*")) {
				t.Errorf("status %d, the gaps are %s", r.Status, told)
			}
			p.clean(t, r)
		})
	}
}
