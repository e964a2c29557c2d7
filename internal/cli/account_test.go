package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/scanners/all"
	"github.com/muster-nhi/muster/scanners/azure"
	"github.com/muster-nhi/muster/scanners/gcp"
)

// TestAccountFlags: what AWS calls accounts are projects and subscriptions in other
// clouds.
func TestAccountFlags(t *testing.T) {
	s := &setting{accounts: []string{"northwind-*"}, noAccounts: []string{"northwind-dev"}, regions: []string{"eu-*"}, resume: "state"}
	decode := func(source string, into any) {
		t.Helper()
		got, err := newTarget(all.Factories(), config.Source{Source: source}, s.overlays())
		if err != nil {
			t.Fatal(err)
		}
		if err := got.decode(into); err != nil {
			t.Fatal(err)
		}
	}
	var google gcp.Config
	decode("gcp:organizations/1", &google)
	if d := cmp.Diff(gcp.Config{Target: "organizations/1", Projects: s.accounts, ExcludeProjects: s.noAccounts, Resume: "state"}, google); d != "" {
		t.Error(d)
	}
	var entra azure.Config
	decode("azure:northwind.example", &entra)
	if d := cmp.Diff(azure.Config{Tenant: "northwind.example", Subscriptions: s.accounts, ExcludeSubscriptions: s.noAccounts, Resume: "state"}, entra); d != "" {
		t.Error(d)
	}
}

// TestCheckAccounts refuses flags that no source takes, or several in different ways.
func TestCheckAccounts(t *testing.T) {
	names, eu := []string{"x"}, []string{"eu-*"}
	for _, tt := range []struct {
		name  string
		set   setting
		count map[string]int
		want  string
	}{
		{"nothing is set", setting{}, nil, ""},
		{"projects", setting{accounts: names}, map[string]int{"gcp": 2}, ""},
		{"subscriptions", setting{noAccounts: names}, map[string]int{"azure": 1, "repo": 1}, ""},
		{"nobody takes them", setting{accounts: names}, map[string]int{"gcp-export": 1}, "--accounts is about"},
		{"two clouds", setting{noAccounts: names}, map[string]int{"gcp": 1, "azure": 1}, "--exclude-accounts would narrow gcp and azure alike"},
		{"regions beside another cloud", setting{regions: eu}, map[string]int{"gcp": 1, "aws": 1}, ""},
		{"regions of another cloud", setting{regions: eu}, map[string]int{"gcp": 1}, "no source is aws"},
		{"a state of all clouds", setting{resume: "d"}, map[string]int{"gcp": 1, "aws": 1, "azure": 1}, ""},
		{"a state of nothing", setting{resume: "d"}, map[string]int{"repo": 1}, "--resume is about"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := tt.set.checkAccounts(tt.count); err != nil {
				got = err.Error()
			}
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("%q, not %q", got, tt.want)
			}
		})
	}
}
