package gcp

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// TestProjectsAreLetGo has no project live whose records were emitted.
func TestProjectsAreLetGo(t *testing.T) {
	const all = 20
	o := large(all)
	var projects []weak.Pointer[object.Project]
	for _, p := range o.Projects {
		projects = append(projects, weak.Make(p))
	}
	e := newEstate("gcp", o, newOwnerLabels(nil), scanned)
	scopes := map[string]int{} // how many projects live when the first record of one comes
	err := e.run(context.Background(), func(r inventory.Record) error {
		if r.Identity == nil || scopes[r.Identity.Scope] > 0 {
			return nil
		}
		runtime.GC()
		for _, p := range projects {
			if p.Value() != nil {
				scopes[r.Identity.Scope]++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if first, last := scopes["gcp:northwind-0000"], scopes["gcp:northwind-0019"]; first != all || last != 1 {
		t.Errorf("%d of %d projects live when the records of the first are made, %d at those of the last", first, all, last)
	}
	runtime.KeepAlive(e)
}

// TestPoolOfEarlierProject tells that a pool is not there although the project that it
// would be in was told before, and only where that project's pools were all listed.
func TestPoolOfEarlierProject(t *testing.T) {
	for _, denied := range []bool{false, true} {
		a := object.Project{ID: "a-first", Number: "111", Listings: listed(projectCalls...)}
		if denied {
			deny(&a, "iam.googleapis.com/workloadIdentityPools.list")
		}
		b := object.Project{ID: "b-second", Number: "222", Listings: listed(projectCalls...)}
		email := "robot@b-second.iam.gserviceaccount.com"
		b.Accounts = []object.Account{{Email: email, UniqueID: "1"}}
		o := &object.Estate{Projects: []*object.Project{&a, &b}, Members: []string{a.ID, b.ID}, MembersKnown: true}
		o.Policies = []object.Policy{{Resource: "iam.googleapis.com/projects/b-second/serviceAccounts/" + email, Project: b.ID, Bindings: []object.Binding{{
			Role: "roles/iam.workloadIdentityUser", Members: []string{"principal://iam.googleapis.com/projects/111/locations/global/workloadIdentityPools/gone/subject/me"},
		}}}}
		n := 0
		for id, x := range find(t, o).trusts {
			if !strings.Contains(id, "workloadIdentityPools") {
				continue
			}
			n++
			if missing := x.Attributes["missing"] == "true"; missing == denied {
				t.Errorf("pools denied %v: %s: missing is %v", denied, id, missing)
			}
		}
		if n != 1 {
			t.Errorf("pools denied %v: %d trusts", denied, n)
		}
	}
}
