package findings_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// TestHeld asks grants how they came to their principal and what follows from
// their capabilities.
func TestHeld(t *testing.T) {
	yes, no := findings.VerdictFail, findings.VerdictPass
	for _, test := range []struct {
		name string
		when string
		g    inventory.Grant
		want findings.Verdict
	}{
		{"given to it by the organisation", "own(grant)", inventory.Grant{}, yes},
		{"attributes beside", "own(grant)", inventory.Grant{Attributes: map[string]string{"binding": "b"}}, yes},
		{"given by the platform", "own(grant)", inventory.Grant{ManagedBy: "kubernetes"}, no},
		{"given to a group", "own(grant)", inventory.Grant{Attributes: map[string]string{"group": "system:serviceaccounts"}}, no},
		{"no capability", "takes_over(grant)", inventory.Grant{Level: inventory.LevelAdmin}, no},
		{"one that leads to a few", "takes_over(grant)", inventory.Grant{Capabilities: []string{"nodes.proxy", "secrets.read_all"}}, no},
		{"everything", "takes_over(grant)", inventory.Grant{Capabilities: []string{"admin.all"}}, yes},
		{"a star that leads to everything", "takes_over(grant)", inventory.Grant{
			Level: inventory.LevelEscalate, Capabilities: []string{"nodes.proxy"}, Attributes: map[string]string{"wildcard": "groups,resources"},
		}, yes},
		{"a star that leads nowhere", "takes_over(grant)", inventory.Grant{
			Level: inventory.LevelWrite, Capabilities: []string{"compute.create"}, Attributes: map[string]string{"wildcard": "groups,resources"},
		}, no},
		{"a star for one group", "takes_over(grant)", inventory.Grant{
			Level: inventory.LevelAdmin, Capabilities: []string{"compute.create"}, Attributes: map[string]string{"wildcard": "resources,verbs"},
		}, no},
		{"bind", "takes_over(grant)", inventory.Grant{Capabilities: []string{"compute.exec", "rbac.bind"}}, yes},
		{"escalate", "takes_over(grant)", inventory.Grant{Capabilities: []string{"rbac.escalate"}}, yes},
		{"act as others", "takes_over(grant)", inventory.Grant{Capabilities: []string{"identity.impersonate"}}, yes},
		{"names once each", "grant.capabilities.names() == 'a, b'", inventory.Grant{Capabilities: []string{"a", "b", "a"}}, yes},
		{"ten names", "grant.capabilities.names() == '1, 2, 3, 4, 5, 6, 7, 8, 9, 0 and 3 more'", inventory.Grant{Capabilities: strings.Split("1234567890abca", "")}, yes},
		{"no name", "grant.capabilities.names() == ''", inventory.Grant{}, yes},
		{"perhaps", "perhaps(grant, 'pass_role')", inventory.Grant{Attributes: map[string]string{"possible_capabilities": "keys.use,pass_role"}}, yes},
		{"perhaps another", "perhaps(grant, 'pass')", inventory.Grant{Attributes: map[string]string{"possible_capabilities": "keys.use,pass_role"}}, no},
		{"for certain, and nothing perhaps", "perhaps(grant, 'pass_role')", inventory.Grant{Capabilities: []string{"pass_role"}}, no},
		{"tokens of others", "takes_over(grant)", inventory.Grant{Capabilities: []string{"tokens.create"}}, yes},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := test.g
			g.ID, g.Principal, g.Scope, g.Name = "x:g", "x:i", "s", "g"
			e := quick(t, findings.Rule{For: inventory.KindGrant, When: test.when})
			if got := verdict(t, judge(t, e, inventoryOf(t, &g), findings.Params{})); got != test.want {
				t.Errorf("%s: got %s, want %s", test.when, got, test.want)
			}
		})
	}
}

// TestBenchmarkByScope counts a certificate, whose type names no platform, for
// the platform that it was listed on.
func TestBenchmarkByScope(t *testing.T) {
	fsys := controlFiles()
	fsys["controls/cis_kubernetes_1_12_0.yaml"] = &fstest.MapFile{Data: []byte(`framework: cis_kubernetes_1_12_0
title: T
version: "1"
licence: ids
source: https://example.com
controls: [{id: "1.1", title: a}]
`)}
	lib, err := findings.LoadLibrary(fsys)
	if err != nil {
		t.Fatal(err)
	}
	e, err := findings.NewEngine([]findings.Rule{{
		ID: "A-ROT-001", For: inventory.KindCredential, When: "credential.name == 'bad'", Message: "'bad'", Severity: inventory.SeverityHigh,
		Controls: map[string][]string{"muster": {"NHI-ROT-01"}, "cis_kubernetes_1_12_0": {"1.1"}},
	}}, lib, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		scope, typ, name string
		want             string
	}{
		{"kubernetes:prod-eu", "pki.certificate", "bad", findings.StatusGap},
		{"kubernetes:prod-eu", "pki.certificate", "good", findings.StatusReady},
		{"manifests:prod-eu", "registry.credential", "bad", findings.StatusGap},
		{"manifests:prod-eu", "registry.credential", "good", findings.StatusReady},
		{"kubernetes:prod-eu", "aws.access_key", "bad", findings.StatusNoData},
		{"aws:111122223333", "pki.certificate", "good", findings.StatusNoData},
		{"github.com/northwind/controller", "pki.certificate", "good", findings.StatusNoData},
	} {
		t.Run(test.scope+" "+test.typ+" "+test.name, func(t *testing.T) {
			c := &inventory.Credential{ID: "x:1", Type: test.typ, Scope: test.scope, Name: test.name}
			r := judge(t, e, inventoryOf(t, c), findings.Params{})
			for _, s := range r.Controls {
				if s.Framework == "cis_kubernetes_1_12_0" && s.Status != test.want {
					t.Errorf("got %s (%s), want %s", s.Status, s.Reason, test.want)
				}
			}
		})
	}
}
