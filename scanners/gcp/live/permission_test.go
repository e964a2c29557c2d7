package live_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

func names(list []live.Permission) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.Name)
	}
	return out
}

// TestPermissions are those of the calls that are made, by the options.
func TestPermissions(t *testing.T) {
	all := names(live.AllPermissions())
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("not sorted, or twice the same: %v", all)
	}
	some := names(live.Permissions(live.Options{}))
	for _, name := range some {
		if strings.HasPrefix(name, "policyanalyzer.") || strings.HasPrefix(name, "recommender.") {
			t.Errorf("%s is not needed without options", name)
		}
	}
	if !slices.Contains(some, "cloudasset.assets.listResource") || !slices.Contains(all, "recommender.iamServiceAccountInsights.list") {
		t.Errorf("%v", all)
	}
	for _, r := range live.Refused() {
		if slices.Contains(all, r.Name) {
			t.Errorf("%s is refused and asked for", r.Name)
		}
	}
	for _, p := range live.AllPermissions() {
		verb := p.Name[strings.LastIndexByte(p.Name, '.')+1:]
		if !slices.ContainsFunc([]string{"list", "get", "search", "query", "use"}, func(v string) bool { return strings.HasPrefix(verb, v) }) {
			t.Errorf("%s does not only read", p.Name)
		}
		if p.Why == "" || p.Service == "" {
			t.Errorf("%+v says too little", p)
		}
	}
}

// TestRolesGiveNoSecret holds the roles against what Google says they have: none of
// them gives a permission that is refused, and none writes.
func TestRolesGiveNoSecret(t *testing.T) {
	for _, r := range live.Roles(live.Options{Activity: true, Insights: true, Groups: true}) {
		p, ok := role.Predefined(r.Name)
		if !ok {
			t.Errorf("there is no role %s", r.Name)
			continue
		}
		for _, refused := range live.Refused() {
			if n, watched := role.Number(refused.Name); watched && p.Set.Has(n) {
				t.Errorf("%s gives %s: %s", r.Name, refused.Name, refused.Why)
			}
		}
		if p.Level == "write" && r.Name != "roles/serviceusage.serviceUsageConsumer" {
			t.Errorf("%s writes", r.Name)
		}
	}
}

// TestNoSecretIsAskedFor looks at the fields and methods of the table.
func TestNoSecretIsAskedFor(t *testing.T) {
	for _, op := range live.Operations() {
		for _, word := range []string{"keyString", "privateKeyData", "clientSecret", "payload", "secretText"} {
			if strings.Contains(op.Fields, word) {
				t.Errorf("%s asks for %s", op.ID, word)
			}
		}
		if op.Fields == "" {
			t.Errorf("%s asks for everything", op.ID)
		}
		for _, word := range []string{"getKeyString", ".access", "generateAccessToken", "sign", "create", "delete", "update", "set"} {
			if strings.HasSuffix(op.ID, word) || strings.HasSuffix(op.Path, ":"+word) {
				t.Errorf("%s is none that only lists", op.ID)
			}
		}
	}
}

// TestAsked tells of each request by its method.
func TestAsked(t *testing.T) {
	s := fake.Northwind(documents(t))
	o := options(t, s)
	o.Parallel = 1
	told := make(chan string, 1000)
	o.Asked = func(method string) { told <- method }
	read(t, o)
	close(told)
	var got []string
	for m := range told {
		got = append(got, m)
	}
	slices.Sort(got)
	want := []string{}
	for _, r := range s.Requests() {
		want = append(want, r.Method)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d told, %d asked", len(got), len(want))
	}
}

// TestSameTwice reads the same whatever comes back first.
func TestSameTwice(t *testing.T) {
	s := fake.Northwind(documents(t))
	first := read(t, options(t, s))
	o := options(t, s)
	o.Parallel = 1
	if diff := differ(first, read(t, o)); diff != "" {
		t.Error(diff)
	}
}
