package findings_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// judgeTwoKeys judges an old and a new key by the rules of two files.
func judgeTwoKeys(t *testing.T, load func(files fstest.MapFS) ([]findings.Rule, error), when string) (*findings.Engine, *findings.Result) {
	t.Helper()
	files := fstest.MapFS{
		"rotation/NHI-ROT-001.yaml": {Data: []byte(ruleText(map[string]string{"when": when}))},
		"rotation/NHI-ROT-002.yaml": {Data: []byte(ruleText(map[string]string{
			"id": "NHI-ROT-002", "types": "[other.*]", "raise": "[{when: age(credential.created_at) > 300, severity: critical}]",
		}))},
	}
	rules, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := findings.NewEngine(rules, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	b := inventory.NewBuilder()
	for _, c := range []inventory.Credential{
		{ID: "x:old", Type: "other.key", Scope: "s", Name: "old", CreatedAt: now.AddDate(-1, 0, 0)},
		{ID: "x:new", Type: "t.key", Scope: "s", Name: "new", CreatedAt: now.AddDate(0, 0, -1)},
	} {
		if err := b.Add(inventory.Record{Credential: &c}); err != nil {
			t.Fatal(err)
		}
	}
	result, err := engine.Judge(t.Context(), b.Build(), findings.Params{AsOf: now, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return engine, result
}

func loadStrict(files fstest.MapFS) ([]findings.Rule, error)  { return findings.LoadRules(files) }
func loadTrusted(files fstest.MapFS) ([]findings.Rule, error) { return findings.LoadTrusted(files) }

func TestTrustedRulesJudgeAsOthersDo(t *testing.T) {
	const when = "age(credential.created_at) > 90"
	strict, want := judgeTwoKeys(t, loadStrict, when)
	trusted, got := judgeTwoKeys(t, loadTrusted, when)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-strict +trusted):\n%s", diff)
	}
	if len(got.Findings) != 2 || got.Findings[0].Severity != inventory.SeverityCritical {
		t.Errorf("%d findings, want 2, the first critical", len(got.Findings))
	}
	if strict.Hash() != trusted.Hash() {
		t.Error("the rules have another hash when they are trusted")
	}
}

func TestTrustedRuleThatDoesNotCompileIsUnknown(t *testing.T) {
	_, got := judgeTwoKeys(t, loadTrusted, "credential.no_such_field > 90")
	tally := got.Tallies[0]
	if tally.Unknown != 2 || tally.Pass != 0 || tally.Fail != 0 {
		t.Errorf("%d unknown, %d pass, %d fail; want 2, 0, 0", tally.Unknown, tally.Pass, tally.Fail)
	}
}

// Fields may come in any order: what follows the tests is read.
func TestTrustedRulesAreReadToTheirEnd(t *testing.T) {
	tests, rest := "", ""
	for line := range strings.Lines(ruleText(nil)) {
		if tests != "" || strings.HasPrefix(line, "tests:") {
			tests += line
		} else {
			rest += line
		}
	}
	for name, text := range map[string]string{"tests last": rest + tests, "tests first": tests + "\n" + rest} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{"rotation/NHI-ROT-001.yaml": {Data: []byte(text)}}
			rules, err := findings.LoadTrusted(files)
			if err != nil {
				t.Fatal(err)
			}
			if len(rules) != 1 || rules[0].Source != "CIS" || len(rules[0].Controls) == 0 {
				t.Errorf("%d rules, want the one with its source and controls", len(rules))
			}
		})
	}
}
