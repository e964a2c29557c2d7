package export

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// everyOrder reads files in several orders, which must come to the same. Each file is
// in a directory of its own, so that it keeps its name.
func everyOrder(t *testing.T, files map[string]string) *object.Estate {
	t.Helper()
	names := slices.Sorted(maps.Keys(files))
	back := slices.Clone(names)
	slices.Reverse(back)
	orders := [][]string{names, back}
	for seed := range 3 {
		one := slices.Clone(names)
		rand.New(rand.NewPCG(uint64(seed), 1)).Shuffle(len(one), func(i, j int) { one[i], one[j] = one[j], one[i] })
		orders = append(orders, one)
	}
	var first *object.Estate
	for _, order := range orders {
		moved := map[string]string{}
		for i, name := range order {
			moved[fmt.Sprintf("%04d/%s", i, name)] = files[name]
		}
		e, _ := read(t, write(t, moved), Options{})
		if first == nil {
			first = e
		} else if diff := cmp.Diff(dump(t, first), dump(t, e)); diff != "" {
			t.Fatalf("the order %q tells something else:\n%s", order, diff)
		}
	}
	return first
}

// What files tell is the same in whichever order they are read.
func TestOrderOfFiles(t *testing.T) {
	for _, from := range []string{"testdata/northwind.txtar", "testdata/project.txtar"} {
		t.Run(from, func(t *testing.T) { everyOrder(t, archive(t, from)) })
	}
}

// What two files tell differently comes to one thing in either order: what files as
// good contradict each other in nobody knows, and of what they grant all counts.
func TestTwoTellings(t *testing.T) {
	account := func(more string) string {
		return `[{"name": "projects/northwind-prod/serviceAccounts/ann@northwind-prod.iam.gserviceaccount.com", "projectId": "northwind-prod", "uniqueId": "1", "email": "ann@northwind-prod.iam.gserviceaccount.com"` + more + `}]`
	}
	asset := func(more string) string {
		return `{"name": "//iam.googleapis.com/projects/northwind-prod/serviceAccounts/1", "assetType": "iam.googleapis.com/ServiceAccount", "ancestors": ["projects/444455556666"], "resource": {"data": {"name": "projects/northwind-prod/serviceAccounts/ann@northwind-prod.iam.gserviceaccount.com", "projectId": "northwind-prod", "uniqueId": "1", "email": "ann@northwind-prod.iam.gserviceaccount.com"` + more + `}}}`
	}
	search := `{"name": "//iam.googleapis.com/projects/northwind-prod/serviceAccounts/1", "assetType": "iam.googleapis.com/ServiceAccount", "project": "projects/444455556666", "displayName": "Found", "description": "by a search", "createTime": "2024-01-01T00:00:00Z", "additionalAttributes": {"email": "ann@northwind-prod.iam.gserviceaccount.com", "uniqueId": "1"}}`
	service := func(state string) string {
		return `[{"name": "projects/444455556666/services/run.googleapis.com", "state": "` + state + `", "config": {"name": "run.googleapis.com"}}]`
	}
	policy := func(bindings string) string { return `{"bindings": [` + bindings + `], "etag": "BwX", "version": 1}` }
	binding := func(role, member string) string {
		return `{"role": "roles/` + role + `", "members": ["serviceAccount:` + member + `"]}`
	}
	e := everyOrder(t, map[string]string{
		"own1.json": account(`, "disabled": true, "displayName": "Ann"`), "own2.json": account(`, "displayName": "Anna"`), "own3.json": account(`, "disabled": true`),
		"asset1.json": asset(`, "description": "of the inventory"`), "asset2.json": asset(`, "description": "of the inventory, later"`), "search.json": search,
		"services1.json": service("ENABLED"), "services2.json": service("DISABLED"),
		"a/projects/northwind-prod/projects-get-iam-policy.json": policy(binding("viewer", "a@x") + "," + binding("editor", "b@x")),
		"b/projects/northwind-prod/projects-get-iam-policy.json": policy(binding("editor", "a@x") + "," + binding("owner", "c@x") + "," + binding("viewer", "b@x")),
	})
	a := e.Projects[0].Accounts
	if len(a) != 1 || a[0].Name != "Anna" || a[0].Description != "of the inventory, later" || a[0].Disabled != inventory.Unknown || a[0].CreatedAt.IsZero() {
		t.Errorf("accounts: %+v", a)
	}
	if got := e.Projects[0].Services; len(got) != 1 {
		t.Errorf("services: %q", got)
	}
}
