package azure

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// TestEveryCallFeedsAKind fails for a call of which no coverage would say by what
// cannot be told that it was refused.
func TestEveryCallFeedsAKind(t *testing.T) {
	table := newFeeds()
	for _, p := range live.AllPermissions() {
		for _, call := range p.Calls {
			if !table.Any(call) && call != "graph: GET /organization" {
				t.Errorf("%s feeds no kind", call)
			}
		}
	}
}

// TestFeedsAreCalls fails for a feed of a call that is made no more.
func TestFeedsAreCalls(t *testing.T) {
	var calls []string
	for _, p := range live.AllPermissions() {
		calls = append(calls, p.Calls...)
	}
	for _, k := range kinds() {
		for _, f := range feeds(k) {
			if !slices.ContainsFunc(calls, func(call string) bool { return cloud.Matches(f.call, call) }) {
				t.Errorf("%s: no call is %s", k, f.call)
			}
		}
	}
}

// TestDenied refuses each call in turn: what it feeds is not complete any more,
// wherever it would have been told, and names it.
func TestDenied(t *testing.T) {
	for _, call := range everyCall() {
		tenant := northwind()
		for i := range tenant.Listings {
			if l := &tenant.Listings[i]; l.Call == call {
				l.Status, l.Count, l.Reason = inventory.StatusDenied, 0, "the permission is missing: refused by the test"
			}
		}
		got := records(t, tenant)
		table := newFeeds()
		for _, k := range kinds() {
			f, fed := table.Of(k, call)
			for key, c := range got.coverage {
				if c.Kind != k || !fed {
					continue
				}
				sub := strings.Contains(key, "/")
				if sub && f.at == inTenant || !sub && f.at == inSubscriptions {
					continue
				}
				if c.Status == inventory.StatusComplete || !strings.Contains(c.Reason, "refused by the test") {
					t.Errorf("%s: coverage of %s is %s: %s", call, key, c.Status, c.Reason)
				}
			}
		}
	}
}

// TestAllDenied: nothing was read, and nothing says otherwise.
func TestAllDenied(t *testing.T) {
	tenant := &object.Tenant{ID: tenantID}
	for _, call := range everyCall() {
		tenant.Listings = append(tenant.Listings, object.Listing{Call: call, Status: inventory.StatusDenied, Reason: "refused"})
	}
	got := records(t, tenant)
	if len(got.all) != len(kinds()) {
		t.Errorf("%d records of nothing", len(got.all))
	}
	for key, c := range got.coverage {
		if c.Status != inventory.StatusDenied || c.Reason == "" {
			t.Errorf("coverage of %s is %s: %s", key, c.Status, c.Reason)
		}
	}
}

// TestNothing: a tenant of which nobody says that anything was asked is not complete.
func TestNothing(t *testing.T) {
	for key, c := range records(t, &object.Tenant{ID: tenantID}).coverage {
		if c.Status == inventory.StatusComplete {
			t.Errorf("coverage of %s is %s", key, c.Status)
		}
	}
}

// TestSkipped: what was not asked for on request is a note, unless nothing of the kind
// is left.
func TestSkipped(t *testing.T) {
	tenant := northwind()
	for i := range tenant.Listings {
		if l := &tenant.Listings[i]; strings.Contains(l.Call, "ScheduleInstances") || strings.Contains(l.Call, "/reports/") {
			l.Status, l.Reason = inventory.StatusSkipped, "not asked for"
		}
	}
	tenant.SignIns, tenant.UsageKnown, tenant.CredentialUsageKnown = nil, false, false
	for i := range tenant.Applications {
		for p := range tenant.Applications[i].Passwords {
			x := &tenant.Applications[i].Passwords[p]
			x.Used, x.LastUsed = inventory.Unknown, time.Time{}
		}
	}
	got := records(t, tenant)
	scope := "azure:" + tenantID
	if c := got.coverage[scope+" usage"]; c.Status != inventory.StatusSkipped {
		t.Errorf("usage that was not asked for is %s", c.Status)
	}
	if c := got.coverage[scope+" grant"]; c.Status != inventory.StatusComplete || len(c.Notes) == 0 {
		t.Errorf("grants without those that can be taken are %s with notes %q", c.Status, c.Notes)
	}
}

// TestOneVault: a vault that cannot be read is a gap of its subscription only.
func TestOneVault(t *testing.T) {
	tenant := northwind()
	tenant.Listings = append(tenant.Listings, object.Listing{Call: "vault: Microsoft.KeyVault/vaults/keys/read", Where: "nw-vault", Status: inventory.StatusDenied, Reason: "its firewall"})
	got := records(t, tenant)
	for scope, want := range map[string]inventory.Status{prodSub: inventory.StatusPartial, devSub: inventory.StatusComplete} {
		if c := got.coverage["azure:"+tenantID+"/"+scope+" credential"]; c.Status != want {
			t.Errorf("coverage of %s is %s, want %s", scope, c.Status, want)
		}
	}
}

// TestLeftOutByChoice: whoever has no right in what was read may have one in a
// subscription that was left out, and is not said to have none.
func TestLeftOutByChoice(t *testing.T) {
	level := func(left int) map[string]string {
		tenant := northwind()
		tenant.LeftOut = left
		out := map[string]string{}
		for id, i := range records(t, tenant).identity {
			out[id] = i.Attributes["effective_level"]
		}
		return out
	}
	all, some := level(0), level(2)
	none := 0
	for id, was := range all {
		switch now := some[id]; {
		case was == "none":
			none++
			if now != "unknown" {
				t.Errorf("%s has level %s where subscriptions are left out", id, now)
			}
		case was == "admin" && now != "admin":
			t.Errorf("%s is an administrator, and has level %s where subscriptions are left out", id, now)
		}
	}
	if none == 0 {
		t.Error("every identity has a right")
	}
}

// TestUnknownMembers: a group that holds a role and whose members nobody knows is a
// gap.
func TestUnknownMembers(t *testing.T) {
	tenant := northwind()
	tenant.Groups[0].Known, tenant.Groups[0].Members = false, nil
	c := records(t, tenant).coverage["azure:"+tenantID+" grant"]
	if c.Status != inventory.StatusPartial || !strings.Contains(c.Reason, "group deployers") {
		t.Errorf("coverage is %s: %s", c.Status, c.Reason)
	}
}

// TestCounts: coverage counts what was emitted of a kind in a scope.
func TestCounts(t *testing.T) {
	got := records(t, northwind())
	counts := map[string]int{}
	for _, r := range got.all {
		if r.Kind() != inventory.KindCoverage {
			counts[r.Scope()+" "+string(r.Kind())]++
		}
	}
	for key, c := range got.coverage {
		if c.Count != counts[key] {
			t.Errorf("coverage of %s says %d, and %d were emitted", key, c.Count, counts[key])
		}
		delete(counts, key)
	}
	if len(counts) > 0 {
		t.Errorf("without coverage: %v", counts)
	}
}

// lines writes what a scan emits.
func lines(t testing.TB, now time.Time, tenant *object.Tenant) string {
	t.Helper()
	var out bytes.Buffer
	w := inventory.NewWriter(&out)
	if err := newEstate("azure", &object.Estate{Tenants: []*object.Tenant{tenant}}, newOwnerTags(nil), now).run(context.Background(), w.Write); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestSameOnOneDay: two scans of a tenant on the same day tell the same, whatever the
// order in which Microsoft lists.
func TestSameOnOneDay(t *testing.T) {
	turned := northwind()
	slices.Reverse(turned.Applications)
	slices.Reverse(turned.Principals)
	slices.Reverse(turned.Assignments)
	slices.Reverse(turned.Directory)
	slices.Reverse(turned.AppRoles)
	slices.Reverse(turned.Delegated)
	slices.Reverse(turned.Groups)
	slices.Reverse(turned.Subscriptions)
	slices.Reverse(turned.Subscriptions[1].Consumers)
	slices.Reverse(turned.Subscriptions[1].Vaults[0].Objects)
	if diff := cmp.Diff(lines(t, scanned, northwind()), lines(t, scanned.Add(90*time.Minute+7), turned)); diff != "" {
		t.Error(diff)
	}
}
