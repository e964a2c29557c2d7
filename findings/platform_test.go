package findings_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// benchmarkFiles are the small control library with two benchmarks and a
// framework that not every rule names.
func benchmarkFiles() fstest.MapFS {
	fsys := controlFiles()
	for _, key := range []string{"cis_aws_5_0_0", "cis_gcp_4_0_0"} {
		fsys["controls/"+key+".yaml"] = &fstest.MapFile{Data: []byte("framework: " + key + `
title: T
version: "1"
licence: ids
source: https://example.com
controls: [{id: "1.1", title: a}]
`)}
	}
	return fsys
}

// statusOf judges by two rules on keys (the second for Google's only) and
// returns how a control stands.
func statusOf(t *testing.T, framework, id string, disabled []string, records ...any) findings.ControlStatus {
	t.Helper()
	fsys := benchmarkFiles()
	lib, err := findings.LoadLibrary(fsys)
	if err != nil {
		t.Fatal(err)
	}
	rule := findings.Rule{
		ID: "A-ROT-001", For: inventory.KindCredential, When: "age(credential.created_at) > 90", Message: "'old'", Severity: inventory.SeverityHigh,
		Controls: map[string][]string{"muster": {"NHI-ROT-01"}, "cis_aws_5_0_0": {"1.1"}, "cis_gcp_4_0_0": {"1.1"}},
	}
	other := findings.Rule{
		ID: "A-ROT-002", For: inventory.KindCredential, Types: []string{"gcp.*"}, When: "credential.disabled == true", Message: "'off'", Severity: inventory.SeverityHigh,
		Controls: map[string][]string{"muster": {"NHI-ROT-01"}, "iso27001_2022": {"A.5.1"}},
	}
	e, err := findings.NewEngine([]findings.Rule{rule, other}, lib, disabled)
	if err != nil {
		t.Fatal(err)
	}
	r := judge(t, e, inventoryOf(t, records...), findings.Params{})
	for _, s := range r.Controls {
		if s.Framework == framework && s.ID == id {
			return s
		}
	}
	t.Fatalf("no control %s %s", framework, id)
	return findings.ControlStatus{}
}

// TestBenchmarkOfAnotherPlatform is neither ready nor a gap by what was seen of
// one platform.
func TestBenchmarkOfAnotherPlatform(t *testing.T) {
	key := func(id, typ string, days int) *inventory.Credential {
		return &inventory.Credential{ID: id, Type: typ, Scope: "s", Name: "k", Disabled: inventory.False, CreatedAt: asOf.AddDate(0, 0, -days)}
	}
	for _, test := range []struct {
		name, framework string
		records         []any
		want            string
	}{
		{"its own key is new", "cis_aws_5_0_0", []any{key("x:1", "aws.access_key", 1)}, "ready: no open finding; 1 verdict passes"},
		{"its own key is old", "cis_aws_5_0_0", []any{key("x:1", "aws.access_key", 91)}, "gap: 1 finding is open, by A-ROT-001"},
		{"only the other's key is old", "cis_gcp_4_0_0", []any{key("x:1", "aws.access_key", 91)}, "no data: nothing in this scan that it applies to"},
		{"only the other's key is new", "cis_gcp_4_0_0", []any{key("x:1", "aws.access_key", 1)}, "no data: nothing in this scan that it applies to"},
		{"each counts for its own", "cis_gcp_4_0_0", []any{key("x:1", "aws.access_key", 91), key("x:2", "gcp.api_key", 1)}, "ready: no open finding; 1 verdict passes"},
		{"an old key of nobody knows what", "cis_gcp_4_0_0", []any{key("x:1", "generic.secret", 91), key("x:2", "gcp.api_key", 1)}, "no data: 1 finding is open of which no platform is known"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := statusOf(t, test.framework, "1.1", nil, test.records...)
			if got := s.Status + ": " + s.Reason; got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestNarrowRule bears on the controls of a framework that it names, and on
// what the library says only for a framework of which it names none.
func TestNarrowRule(t *testing.T) {
	key := &inventory.Credential{ID: "x:1", Type: "gcp.api_key", Scope: "s", Name: "k", Disabled: inventory.True, CreatedAt: asOf}
	for _, test := range []struct{ framework, id, want string }{
		{"iso27001_2022", "A.5.1", "A-ROT-002"},
		{"iso27001_2022", "A.5.17", "A-ROT-001"},
		{"soc2", "CC6.1", "A-ROT-001 A-ROT-002"},
		{"muster", "NHI-ROT-01", "A-ROT-001 A-ROT-002"},
	} {
		if got := strings.Join(statusOf(t, test.framework, test.id, nil, key).Rules, " "); got != test.want {
			t.Errorf("%s %s: got %s, want %s", test.framework, test.id, got, test.want)
		}
	}
}

// TestReadyIsNotBought by switching off a rule that tests the control.
func TestReadyIsNotBought(t *testing.T) {
	key := &inventory.Credential{ID: "x:1", Type: "gcp.api_key", Scope: "s", Name: "k", Disabled: inventory.True, CreatedAt: asOf}
	s := statusOf(t, "muster", "NHI-ROT-01", []string{"A-ROT-002"}, key)
	want := "no data: no open finding; 1 verdict passes; but 1 rule that tests it is switched off: A-ROT-002"
	if got := fmt.Sprintf("%s: %s", s.Status, s.Reason); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
