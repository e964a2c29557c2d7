package azure

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// TestRolesAreDropped: when the grants of an identity were emitted, its roles and
// permissions are held no more, only those of groups, whose members share them, and of
// principals that are not there. The tenant that came in stays as it was.
func TestRolesAreDropped(t *testing.T) {
	tenant, before := northwind(), northwind()
	e := newEstate("azure", &object.Estate{Tenants: []*object.Tenant{tenant}}, newOwnerTags(nil), scanned)
	m := e.newMapper(context.Background(), tenant, func(inventory.Record) error { return nil })
	began := len(m.held)
	if err := m.run(kinds()); err != nil {
		t.Fatal(err)
	}
	for id := range m.held {
		if m.sps[id] != nil || m.managed[id] != nil {
			t.Errorf("what %s holds is still there", id)
		}
	}
	if len(m.held) == 0 || len(m.held) >= began {
		t.Errorf("%d of %d holders are left, want those of groups and of who is gone", len(m.held), began)
	}
	if m.t.Assignments != nil || m.t.AppRoles != nil {
		t.Error("the lists of all roles are still there")
	}
	if diff := cmp.Diff(before, tenant); diff != "" {
		t.Errorf("the tenant was changed:\n%s", diff)
	}
}

// TestOnce: ids that come again have a number, each its own.
func TestOnce(t *testing.T) {
	m := &mapper{names: map[string]struct{}{}, again: map[string]int{}}
	var got []string
	for _, id := range []string{"a", "b", "a", "a", "b", "c"} {
		got = append(got, m.once(id))
	}
	if want := "[a b a~2 a~3 b~2 c]"; fmt.Sprint(got) != want {
		t.Errorf("ids are %v, want %s", got, want)
	}
}

// TestRolesKeepTheirPlaces: a role or permission is judged as that which it is, also
// where ids are in another order than the list, and default access is in no list of
// what is judged.
func TestRolesKeepTheirPlaces(t *testing.T) {
	tenant := &object.Tenant{
		Assignments: []object.RoleAssignment{{ID: "c"}, {ID: "a"}, {ID: "b"}},
		AppRoles:    []object.AppRoleAssignment{{ID: "z", Role: "1"}, {ID: "y", Role: noRole}, {ID: "x", Role: "2"}},
	}
	for i, a := range heldRoles(tenant) {
		if want := []string{"a", "b", "c"}[i]; a.ID != want || tenant.Assignments[a.place].ID != want {
			t.Errorf("role %d is %s, at place %d", i, a.ID, a.place)
		}
	}
	named := namedRoles(tenant)
	for i, a := range heldAppRoles(tenant) {
		if want := []string{"x", "y", "z"}[i]; a.ID != want || a.Role != noRole && named[a.place].ID != want {
			t.Errorf("permission %d is %s, at place %d", i, a.ID, a.place)
		}
	}
}
