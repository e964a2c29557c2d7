package findings_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// TestControls writes down how every control stands in a number of situations;
// the golden file is read in review.
func TestControls(t *testing.T) {
	key := func(id string, days int) *inventory.Credential {
		return &inventory.Credential{ID: id, Type: "t.k", Scope: "s", Identity: "x:i", CreatedAt: asOf.AddDate(0, 0, -days)}
	}
	cover := func(kind inventory.Kind, status inventory.Status) *inventory.Coverage {
		c := &inventory.Coverage{Scanner: "x", Scope: "s", Kind: kind, Status: status}
		if status != inventory.StatusComplete {
			c.Reason = "because"
		}
		return c
	}
	whole := []any{
		cover(inventory.KindCredential, inventory.StatusComplete), cover(inventory.KindIdentity, inventory.StatusComplete),
		cover(inventory.KindOwner, inventory.StatusComplete),
	}
	id := &inventory.Identity{ID: "x:i", Type: "t.i", Scope: "s", Name: "i", ReviewedAt: asOf.AddDate(0, 0, -300)}
	stale := &inventory.Identity{ID: "x:j", Type: "t.i", Scope: "s", Name: "j", ReviewedAt: asOf.AddDate(0, 0, -366)}
	owner := &inventory.Owner{Subject: "x:i", Scope: "s", Owner: "ada", Method: "tag", Confidence: inventory.ConfidenceHigh}
	accept := "exceptions: [{rule: NHI-ROT-001, reason: r, approver: a, expires: %s}]"
	e := engineOf(t, ruleText(nil))
	typed := engineOf(t, ruleText(map[string]string{"types": "[aws.*]", "tests": strings.ReplaceAll(`
- {name: old, now: 2026-11-22, given: [{credential: {id: "x:1", type: T, scope: s, created_at: 2026-01-01}}], subject: "x:1", want: fail}
- {name: new, now: 2026-11-22, given: [{credential: {id: "x:1", type: T, scope: s, created_at: 2026-11-01}}], subject: "x:1", want: pass}
- {name: no date, now: 2026-11-22, given: [{credential: {id: "x:1", type: T, scope: s}}], subject: "x:1", want: unknown}`, "T", "aws.k")}))
	leaked := engineOf(t, ruleText(map[string]string{"applies": "credential.exposure != ''", "tests": `
- {name: old, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, exposure: public, created_at: 2026-01-01}}], subject: "x:1", want: fail}
- {name: new, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, exposure: public, created_at: 2026-11-01}}], subject: "x:1", want: pass}
- {name: no date, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, exposure: public}}], subject: "x:1", want: unknown}
- {name: not open, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s}}], subject: "x:1", want: not_applicable}`}))
	var out strings.Builder
	for _, test := range []struct {
		name       string
		engine     *findings.Engine
		records    []any
		exceptions string
	}{
		{"nothing was scanned", e, nil, ""},
		{"all is well", e, append([]any{key("x:1", 10), id, owner}, whole...), "exceptions: []"},
		{"one old key", e, append([]any{key("x:1", 10), key("x:2", 100), id, owner}, whole...), ""},
		{"the old key is accepted", e, append([]any{key("x:1", 10), key("x:2", 100), id, owner}, whole...), fmt.Sprintf(accept, "2027-01-01")},
		{"the acceptance has expired", e, append([]any{key("x:1", 10), key("x:2", 100), id, owner}, whole...), fmt.Sprintf(accept, "2026-01-01")},
		{"a key without a date", e, append([]any{key("x:1", 10), &inventory.Credential{ID: "x:2", Type: "t.k", Scope: "s"}, id, stale, owner}, whole...), ""},
		{"some keys could not be listed", e, append([]any{key("x:1", 10), cover(inventory.KindCredential, inventory.StatusPartial), id}, whole[1:]...), ""},
		{"no keys could be listed", e, append([]any{cover(inventory.KindCredential, inventory.StatusDenied), id}, whole[1:]...), ""},
		{"there are no keys", e, append([]any{id, owner}, whole...), ""},
		{"there are no keys of that type", typed, append([]any{key("x:1", 10), id, owner}, whole...), ""},
		{"there are no keys that the rule applies to", leaked, append([]any{key("x:1", 10), id, owner}, whole...), ""},
	} {
		p := findings.Params{}
		if test.exceptions != "" {
			p.Exceptions = exceptions(t, test.exceptions)
		}
		fmt.Fprintf(&out, "## %s\n", test.name)
		for _, s := range judge(t, test.engine, inventoryOf(t, test.records...), p).Controls {
			if s.Framework != "muster" && s.ID != "A.5.9" {
				continue // said by the control that maps to it
			}
			fmt.Fprintf(&out, "%-14s %-10s %-7s partial=%-5v %v %s\n", s.Framework, s.ID, s.Status, s.Partial, s.Rules, s.Reason)
			for _, line := range s.Evidence {
				fmt.Fprintf(&out, "    %s\n", line)
			}
			if s.Status == findings.StatusReady && (s.Unknown > 0 || s.Fail > 0 || s.Partial) {
				t.Errorf("%s: %s is ready with %d unknown, %d failures, partial %v", test.name, s.ID, s.Unknown, s.Fail, s.Partial)
			}
		}
		out.WriteString("\n")
	}
	golden(t, "controls.golden", out.String())
}

// TestControlOfDisabledRule has no data: nothing tests it any more.
func TestControlOfDisabledRule(t *testing.T) {
	fsys := controlFiles()
	fsys["r.yaml"] = &fstest.MapFile{Data: []byte(ruleText(nil))}
	rules, err := findings.LoadRules(fsys)
	if err != nil {
		t.Fatal(err)
	}
	lib, err := findings.LoadLibrary(fsys)
	if err != nil {
		t.Fatal(err)
	}
	e, err := findings.NewEngine(rules, lib, []string{"NHI-ROT-001"})
	if err != nil {
		t.Fatal(err)
	}
	r := judge(t, e, inventoryOf(t, &inventory.Credential{ID: "x:1", Type: "t.k", Scope: "s", CreatedAt: asOf}), findings.Params{})
	for _, s := range r.Controls {
		if s.ID == "NHI-ROT-01" && (s.Status != findings.StatusNoData || s.Reason != "every rule that tests it is switched off") {
			t.Errorf("got %+v", s)
		}
	}
}

// TestRulesThatBearOnAControl has a rule that serves two controls which map to one
// of another framework, and one that names a control of that framework itself.
func TestRulesThatBearOnAControl(t *testing.T) {
	listed := func(ids ...string) (list []findings.FrameworkControl) {
		for _, id := range ids {
			list = append(list, findings.FrameworkControl{ID: id})
		}
		return list
	}
	lib := &findings.Library{
		Controls: []findings.Control{
			{ID: "NHI-ROT-01", Maps: map[string][]string{"dora": {"9.1"}}, Evidence: []string{"rules"}},
			{ID: "NHI-ROT-02", Maps: map[string][]string{"dora": {"9.1", "9.2"}}, Evidence: []string{"rules"}},
		},
		Frameworks: []findings.Framework{
			{Key: "muster", Controls: listed("NHI-ROT-01", "NHI-ROT-02")},
			{Key: "dora", Controls: listed("9.1", "9.2", "9.3")},
		},
	}
	rule := func(id string, controls map[string][]string) findings.Rule {
		return findings.Rule{ID: id, For: "credential", When: "false", Message: "''", Controls: controls}
	}
	e, err := findings.NewEngine([]findings.Rule{
		rule("NHI-ROT-002", map[string][]string{"muster": {"NHI-ROT-02"}, "dora": {"9.3", "9.3"}}),
		rule("NHI-ROT-001", map[string][]string{"muster": {"NHI-ROT-02", "NHI-ROT-01"}}),
	}, lib, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range judge(t, e, inventoryOf(t), findings.Params{}).Controls {
		got = append(got, s.ID+" "+strings.Join(s.Rules, " "))
	}
	want := []string{
		"NHI-ROT-01 NHI-ROT-001", "NHI-ROT-02 NHI-ROT-001 NHI-ROT-002",
		"9.1 NHI-ROT-001", "9.2 NHI-ROT-001", "9.3 NHI-ROT-002",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules by control (-want +got):\n%s", diff)
	}
}

// TestManyReasons keeps the tally of a rule small, however many scopes were
// denied, and keeps its sum.
func TestManyReasons(t *testing.T) {
	e := quick(t, findings.Rule{For: inventory.KindIdentity, When: "true", Needs: []inventory.Kind{inventory.KindUsage}})
	var records []any
	for i := range 100 {
		records = append(records, &inventory.Identity{ID: fmt.Sprintf("x:%d", i), Type: "t.i", Scope: fmt.Sprintf("s%02d", i%50), Name: "i"})
	}
	tally := judge(t, e, inventoryOf(t, records...), findings.Params{}).Tallies[0]
	sum := 0
	for _, n := range tally.Reasons {
		sum += n
	}
	if len(tally.Reasons) != 21 || tally.Reasons["other reasons"] != 60 || sum != tally.Unknown {
		t.Errorf("got %d reasons that add up to %d of %d", len(tally.Reasons), sum, tally.Unknown)
	}
}
