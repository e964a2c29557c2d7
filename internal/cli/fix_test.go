package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/report"
)

// TestFillForClusters: a command for a cluster names the account, the Secret and
// the binding that the finding is about, and never one binding of several.
func TestFillForClusters(t *testing.T) {
	const (
		account = "kubernetes:prod/serviceaccounts/shop/runner"
		group   = "kubernetes:prod/groups/admins"
		token   = "kubernetes:prod/secrets/shop/runner-token"
	)
	bound := func(principal, kind, namespace, name string, level inventory.Level) *inventory.Grant {
		a := map[string]string{"binding": name, "binding_kind": kind}
		if namespace != "" {
			a["binding_namespace"] = namespace
		}
		return &inventory.Grant{Scope: "kubernetes:prod", Attributes: a, ID: principal + name, Principal: principal, Name: "role", Level: level}
	}
	b := inventory.NewBuilder()
	for _, r := range []inventory.Record{
		{Identity: &inventory.Identity{Scope: "kubernetes:prod", ID: account, Type: "kubernetes.service_account", Name: "shop/runner"}},
		{Identity: &inventory.Identity{Scope: "kubernetes:prod", ID: group, Type: "kubernetes.group", Name: "admins"}},
		{Credential: &inventory.Credential{
			Scope: "kubernetes:prod", Attributes: map[string]string{"namespace": "shop"}, ID: token,
			Type: "kubernetes.token", Name: "shop/runner-token", Store: "kubernetes secret", Identity: account,
		}},
		{Grant: bound(account, "RoleBinding", "shop", "admin", inventory.LevelEscalate)},
		{Grant: bound(account, "RoleBinding", "shop", "watch", inventory.LevelRead)},
		{Grant: bound(group, "ClusterRoleBinding", "", "one", inventory.LevelAdmin)},
		{Grant: bound(group, "ClusterRoleBinding", "", "two", inventory.LevelAdmin)},
	} {
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	inv := b.Build()
	for _, tt := range []struct{ subject, steps, want string }{
		{account, "kubectl -n BINDING_NAMESPACE delete BINDING", "kubectl -n shop delete rolebinding/admin"},
		{account, "can-i --as=USERNAME -n NAMESPACE, grep NAME", "can-i --as=system:serviceaccount:shop:runner -n shop, grep runner"},
		{group, "delete BINDING; grep NAME; --as=USERNAME", "delete BINDING; grep admins; --as=USERNAME"},
		{group + "two", "kubectl -n BINDING_NAMESPACE delete BINDING", "kubectl -n default delete clusterrolebinding/two"},
		{account + "watch", "delete BINDING of SERVICE_ACCOUNT", "delete rolebinding/watch of runner"},
		{token, "kubectl -n NAMESPACE delete secret NAME; create token SERVICE_ACCOUNT", "kubectl -n shop delete secret runner-token; create token runner"},
	} {
		e := &explainer{r: &report.Report{Inventory: inv}}
		if got := e.fill(&inventory.Finding{Subject: tt.subject})(tt.steps); got != tt.want {
			t.Errorf("%s: %q is filled in as %q, want %q", tt.subject, tt.steps, got, tt.want)
		}
	}
}

// TestControlLines: each framework with its version, and versions that have the
// same numbers on one line.
func TestControlLines(t *testing.T) {
	lib := &findings.Library{Frameworks: []findings.Framework{
		{Key: "muster", Title: "ours", Version: "1.0.0"},
		{Key: "a1", Title: "Benchmark", Version: "1.10.0"},
		{Key: "a2", Title: "Benchmark", Version: "1.12.0"},
		{Key: "a3", Title: "Benchmark", Version: "2.0.1"},
		{Key: "iso", Title: "ISO 27001:2022", Version: "2022"},
		{Key: "soc", Title: "Criteria 2017 with points of 2022", Version: "2017 (2022)"},
	}}
	got := controlLines(map[string][]string{"muster": {"M-1"}, "a1": {"5.1", "5.2"}, "a2": {"5.1", "5.2"}, "a3": {"6.1"}, "iso": {"A.1"}, "soc": {"CC1"}}, lib)
	want := []string{"ours: M-1", "Benchmark 1.10.0, 1.12.0: 5.1, 5.2", "Benchmark 2.0.1: 6.1", "ISO 27001:2022: A.1", "Criteria 2017 with points of 2022: CC1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTextOfValue: a record's lists and maps are written for people.
func TestTextOfValue(t *testing.T) {
	for _, tt := range []struct {
		value any
		want  string
	}{
		{[]any{"a", 1.0}, "a; 1"},
		{map[string]any{"kind": "Role", "binding": "view"}, "binding=view, kind=Role"},
		{true, "true"},
	} {
		if got := text(tt.value); got != tt.want {
			t.Errorf("%v is written %q, want %q", tt.value, got, tt.want)
		}
	}
}
