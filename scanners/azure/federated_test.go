package azure

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

func TestClauses(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []clause
	}{
		{"one", "claims['sub'] eq 'repo:a/b:ref:refs/heads/main'", []clause{{"", "sub", "repo:a/b:ref:refs/heads/main", false}}},
		{"two", "claims['sub'] matches 'repo:a/*' and claims['repository_id'] eq '7'", []clause{{"", "sub", "repo:a/*", true}, {"", "repository_id", "7", false}}},
		{"and within quotes", "claims['sub'] eq 'this and that'", []clause{{"", "sub", "this and that", false}}},
		{"an operator that nobody knows", "claims['sub'] startsWith 'repo'", []clause{{}}},
		{"no quotes", "claims['sub'] eq repo", []clause{{}}},
		{"no claim", "sub eq 'x'", []clause{{}}},
		{"a quote within", "claims['sub'] eq 'a'b'", []clause{{}}},
		{"nothing", "  ", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := clauses(c.text)
			for i := range got {
				if !strings.Contains(c.text, got[i].text) {
					t.Errorf("clause %q is not of the text", got[i].text)
				}
				got[i].text = ""
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(clause{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzClauses: whatever an expression says, nothing of it is lost, and only what was
// understood narrows who may sign in.
func FuzzClauses(f *testing.F) {
	for _, s := range []string{"claims['sub'] matches 'repo:a/*' and claims['x'] eq 'y'", "claims['sub']", "' and '", "claims['sub'] eq ''"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rest := text
		for _, c := range clauses(text) {
			i := strings.Index(rest, c.text)
			if i < 0 {
				t.Fatalf("%q is not in what is left of the text", c.text)
			}
			rest = rest[i+len(c.text):]
			if c.claim != "" && !strings.Contains(c.text, "'"+c.value+"'") {
				t.Errorf("the value %q stands nowhere", c.value)
			}
		}
	})
}

// TestWeak says what is wrong with each trust.
func TestWeak(t *testing.T) {
	got := records(t, northwind())
	id := "azure:" + tenantID + "/applications/" + app("01") + "#federated/"
	for name, weak := range map[string]string{
		"main": "", "pulls": weakPullRequest, "star": weakDead, "flexible": weakWide, "pinned": weakWide, "anybody": weakNoSubject, "pod": "", "own": weakNoAudience,
	} {
		x := got.trust[id+name]
		if x == nil {
			t.Errorf("%s is missing", name)
		} else if x.Attributes["weak"] != weak {
			t.Errorf("%s: weak is %q, want %q", name, x.Attributes["weak"], weak)
		}
	}
	if x := got.trust[id+"pinned"]; x.ImmutableSubject != inventory.True {
		t.Error("a trust in the id of a repository is not pinned")
	}
	if x := got.trust[id+"neighbour"]; x.ExternalAccount != guid("1", "77") || x.External != inventory.True {
		t.Errorf("an issuer of another tenant is %q, external %v", x.ExternalAccount, x.External)
	}
	if x := got.trust[id+"pod"]; x.Attributes["cluster"] != "one" || x.Attributes["namespace"] != "web" {
		t.Errorf("a pod's trust says %v", x.Attributes)
	}
}

// TestUnderstoodOnly: whom a credential lets in that cannot be read, or of which the
// expression was not read, is not known, and the trusts were not all seen.
func TestUnderstoodOnly(t *testing.T) {
	for _, f := range []object.Federated{
		{Name: "odd", Issuer: "https://gitlab.com", Expression: "claims['sub'] like 'x'", Audiences: []string{"a"}},
		{Name: "odd", Issuer: "https://gitlab.com", Audiences: []string{"a"}},
	} {
		tenant := northwind()
		tenant.Applications[0].Federated = []object.Federated{f}
		got := records(t, tenant)
		x := got.trust["azure:"+tenantID+"/applications/"+app("01")+"#federated/odd"]
		if x.Subject != "" || x.Attributes["weak"] != "" || x.Attributes["subject"] != "not read" || (f.Expression != "") != (len(x.Conditions) == 1) {
			t.Errorf("subject %q, conditions %q, attributes %v", x.Subject, x.Conditions, x.Attributes)
		}
		if c := got.coverage["azure:"+tenantID+" trust"]; c.Status != inventory.StatusPartial || !strings.Contains(c.Reason, "not understood") {
			t.Errorf("coverage is %s: %s", c.Status, c.Reason)
		}
	}
}
