//go:build e2e

package kubernetes

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/scanners/kubernetes/manifest"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// bootstrapping marks what the API server makes itself.
const bootstrapping = "kubernetes.io/bootstrapping"

// TestE2EBuiltinRoles compares the roles that the manifests scanner takes for
// built in with those that a server of that version has made.
func TestE2EBuiltinRoles(t *testing.T) {
	p := control(t)
	want := map[string]rbac.Role{}
	for _, r := range p.policy(t).Roles {
		if r.Labels[bootstrapping] != "" {
			want[r.String()] = r
		}
	}
	got := map[string]rbac.Role{}
	for _, r := range manifest.Builtin() {
		o := rbac.Role{Namespace: r.Namespace, Name: r.Name, Labels: r.Labels, Rules: r.Rules, Aggregate: selectors(r.Aggregate)}
		got[o.String()] = o
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		server, ok := want[name]
		mine, known := got[name]
		if !ok || !known {
			t.Errorf("%s is not in the table", name)
			continue
		}
		if !maps.Equal(mine.Labels, server.Labels) {
			t.Errorf("%s: the labels are %v, want %v", name, mine.Labels, server.Labels)
		}
		if a, b := fmt.Sprintf("%+v", mine.Aggregate), fmt.Sprintf("%+v", server.Aggregate); a != b {
			t.Errorf("%s: aggregates %s, want %s", name, a, b)
		}
		if a, b := words(mine.Rules), words(server.Rules); server.Aggregate == nil && !slices.Equal(a, b) {
			t.Errorf("%s: only the table has %q, only the server %q", name, without(a, b), without(b, a))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is in the table and not on the server", name)
		}
	}
	if len(want) < 70 {
		t.Errorf("the server has only %d roles of its own", len(want))
	}
	// What aggregation makes of the table is what the controller has made.
	filled := rbac.New(rbac.Policy{Roles: slices.Collect(maps.Values(got))})
	if err := sameRules(rbac.Policy{Roles: slices.Collect(maps.Values(want))}, filled); err != nil {
		t.Error(err)
	}
}

func selectors(list []object.Selector) []rbac.Selector {
	var out []rbac.Selector
	for _, s := range list {
		labels := s.Labels
		if labels == nil {
			labels = map[string]string{}
		}
		out = append(out, rbac.Selector{Labels: labels})
	}
	return out
}
