package live_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// large is an organisation of projects with accounts of two keys each.
func large(docs *fake.Documents, projects, accounts int) *fake.Server {
	s := fake.New(docs)
	s.List("cloudresourcemanager.organizations.search", "", fake.Tree{"name": "organizations/111122223333", "displayName": "northwind.example", "state": "ACTIVE"})
	for i := range projects {
		id := fmt.Sprintf("northwind-%04d", i)
		p := fake.Place{Name: "projects/" + id, Number: fmt.Sprint(500000000000 + i), Ancestors: []string{"organizations/111122223333"}}
		s.Project(p, id, nil, "iam.googleapis.com", "storage-api.googleapis.com")
		members := []string{}
		for j := range accounts {
			email := fmt.Sprintf("robot-%03d@%s.iam.gserviceaccount.com", j, id)
			s.Account(p, fake.Tree{"email": email, "uniqueId": fmt.Sprint(100000000000 + i*1000 + j)},
				fake.Key(fmt.Sprintf("k%d-%d-1", i, j), "USER_MANAGED", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
				fake.Key(fmt.Sprintf("k%d-%d-2", i, j), "SYSTEM_MANAGED", "2026-11-01T00:00:00Z", "2026-11-26T00:00:00Z"))
			members = append(members, "serviceAccount:"+email)
		}
		s.Policy(p, p.Name, fake.Grant("roles/viewer", members...))
	}
	return s
}

// requests counts them by method.
func requests(s *fake.Server) map[string]int {
	out := map[string]int{}
	for _, r := range s.Requests() {
		out[r.Method]++
	}
	return out
}

// TestNoRequestForEachAccount reads 2,000 accounts with 4,000 keys in 20 projects:
// pages of the inventory, and a few requests for each project.
func TestNoRequestForEachAccount(t *testing.T) {
	s := large(documents(t), 20, 100)
	o := options(t, s)
	o.Activity, o.Insights = false, false
	e := read(t, o)
	accounts, keys := 0, 0
	for _, p := range e.Projects {
		for _, a := range p.Accounts {
			accounts++
			keys += len(a.Keys)
		}
	}
	if accounts != 2000 || keys != 4000 {
		t.Errorf("%d accounts, %d keys", accounts, keys)
	}
	by := requests(s)
	if n := by["cloudasset.assets.list"]; n > 7 {
		t.Errorf("%d pages for 6,040 assets", n)
	}
	if n := len(s.Requests()); n > 7+20*5+20 {
		t.Errorf("%d requests: %v", n, by)
	}
	if n := by["iam.projects.serviceAccounts.keys.list"] + by["iam.projects.serviceAccounts.getIamPolicy"]; n > 0 {
		t.Errorf("%d requests for single accounts", n)
	}
}

// TestFigures reads 2,000 projects with 20,000 accounts and 40,000 keys, where
// MUSTER_FIGURES is set, and logs what that takes.
func TestFigures(t *testing.T) {
	if os.Getenv("MUSTER_FIGURES") == "" {
		t.Log("MUSTER_FIGURES is not set: the figures of a large organisation are not taken here")
		return
	}
	s := large(documents(t), 2000, 10)
	o := options(t, s)
	o.Groups = false
	c := newClock()
	o.Now, o.Sleep = c.Now, c.Sleep
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	e := read(t, o)
	took := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d projects: %d requests, %s of work, %s of waiting for quotas if nothing else took time, %d MB kept",
		len(e.Projects), len(s.Requests()), took, c.slept, (int64(after.HeapAlloc)-int64(before.HeapAlloc))>>20)
	t.Log(requests(s))
	runtime.KeepAlive(e)
}

// TestDenyPoliciesOfMany leaves deny policies of projects out where they are many,
// for their quota is 5 a minute, and says so; with all details it asks.
func TestDenyPoliciesOfMany(t *testing.T) {
	s := large(documents(t), 30, 0)
	o := options(t, s)
	l := listingOf(read(t, o).Projects[0].Listings, "iam.denypolicies.list")
	if l.Status != inventory.StatusSkipped || !strings.Contains(l.Reason, "details: all") {
		t.Errorf("%+v", l)
	}
	if n := requests(s)["iam.policies.listPolicies"]; n != 1 {
		t.Errorf("%d requests, want that for the organisation", n)
	}
	s.Forget()
	c := newClock()
	o.Details, o.Now, o.Sleep = live.DetailsAll, c.Now, c.Sleep
	read(t, o)
	if n := requests(s)["iam.policies.listPolicies"]; n != 31 {
		t.Errorf("%d requests, want 31", n)
	}
	if c.slept < 5*time.Minute {
		t.Errorf("31 requests took %s where 5 a minute are allowed", c.slept)
	}
}
