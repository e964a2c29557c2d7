package findings_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// ruleText is a valid rule file in which some fields are replaced; a field
// replaced by "" is left out.
func ruleText(fields map[string]string) string {
	all := map[string]string{
		"id":       "NHI-ROT-001",
		"title":    "Key older than 90 days",
		"category": "rotation",
		"for":      "credential",
		"severity": "high",
		"when":     "age(credential.created_at) > 90",
		"message":  `credential.name + " is " + string(age(credential.created_at)) + " days old"`,
		"why":      "Old keys leak.",
		"fix":      "[{platform: any, steps: Make a new one.}]",
		"verify":   "Scan again.",
		"controls": "{iso27001_2022: [A.5.17], soc2: [CC6.1], muster: [NHI-ROT-01]}",
		"source":   "CIS",
		"tests": `
- {name: old, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, created_at: 2026-01-01}}], subject: "x:1", want: fail}
- {name: new, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, created_at: 2026-11-01}}], subject: "x:1", want: pass}
- {name: no date, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s}}], subject: "x:1", want: unknown}`,
	}
	maps.Copy(all, fields)
	order := []string{"id", "title", "category", "for", "types", "severity", "raise", "needs", "proof", "when", "message", "why", "fix", "verify", "controls", "source", "tests"}
	for name := range fields {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	var b strings.Builder
	for _, name := range order {
		value := all[name]
		switch {
		case value == "":
		case slices.Contains([]string{"applies", "when", "message"}, name) && !strings.HasPrefix(value, "|") && !strings.HasPrefix(value, ">"):
			fmt.Fprintf(&b, "%s: |\n  %s\n", name, value)
		default:
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	return b.String()
}

// controlFiles are a small control library.
func controlFiles() fstest.MapFS {
	return fstest.MapFS{
		"controls/library.yaml": {Data: []byte(`version: "1"
controls:
- {id: NHI-ROT-01, title: Keys are changed, statement: They are., iso27001_2022: [A.5.17], soc2: [CC6.1], evidence: [rules], frequency: daily}
- {id: NHI-INV-02, title: Coverage is stated, statement: It is., iso27001_2022: [A.5.9], soc2: [CC7.2], evidence: [coverage], frequency: daily}
- {id: NHI-OWN-01, title: Each has an owner, statement: It has., iso27001_2022: [A.5.9], soc2: [CC6.2], evidence: [owners], frequency: daily}
- {id: NHI-EXC-01, title: Exceptions end, statement: They do., iso27001_2022: [A.5.1], soc2: [CC3.2], evidence: [exceptions], frequency: daily}
- {id: NHI-REV-01, title: Access is reviewed, statement: It is., iso27001_2022: [A.5.18], soc2: [CC6.3], evidence: [reviews], frequency: yearly}
- {id: NHI-GOV-01, title: Someone signs, statement: They do., iso27001_2022: [A.5.2], soc2: [CC1.1], evidence: [governance], frequency: yearly}
`)},
		"controls/iso27001_2022.yaml": {Data: []byte(`framework: iso27001_2022
title: ISO
version: "2022"
licence: ids
source: https://www.iso.org
controls: [{id: A.5.1, title: a}, {id: A.5.2, title: b}, {id: A.5.9, title: c}, {id: A.5.17, title: d}, {id: A.5.18, title: e}]
`)},
		"controls/soc2.yaml": {Data: []byte(`framework: soc2
title: SOC 2
version: "2017"
licence: ids
source: https://www.aicpa-cima.com
controls: [{id: CC1.1, title: a}, {id: CC3.2, title: b}, {id: CC6.1, title: c}, {id: CC6.2, title: d}, {id: CC6.3, title: e}, {id: CC7.2, title: f}]
`)},
	}
}

// engineOf makes an engine of rule texts and the small control library.
func engineOf(tb testing.TB, rules ...string) *findings.Engine {
	tb.Helper()
	fsys := controlFiles()
	for i, text := range rules {
		fsys[fmt.Sprintf("rotation/%d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	loaded, err := findings.LoadRules(fsys)
	if err != nil {
		tb.Fatal(err)
	}
	lib, err := findings.LoadLibrary(fsys)
	if err != nil {
		tb.Fatal(err)
	}
	engine, err := findings.NewEngine(loaded, lib, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return engine
}

// quick makes an engine of one rule without texts and tests, as Go code does.
func quick(tb testing.TB, rule findings.Rule) *findings.Engine {
	tb.Helper()
	rule.ID, rule.Title, rule.Category = "NHI-ROT-001", "Test", "rotation"
	if rule.Severity == "" {
		rule.Severity = inventory.SeverityHigh
	}
	if rule.Message == "" {
		rule.Message = `"failed"`
	}
	engine, err := findings.NewEngine([]findings.Rule{rule}, nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return engine
}

func inventoryOf(tb testing.TB, records ...any) *inventory.Inventory {
	tb.Helper()
	b := inventory.NewBuilder()
	for _, r := range records {
		if err := b.Add(recordOf(r)); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Build()
}

func recordOf(r any) inventory.Record {
	switch x := r.(type) {
	case *inventory.Identity:
		return inventory.Record{Identity: x}
	case *inventory.Credential:
		return inventory.Record{Credential: x}
	case *inventory.Grant:
		return inventory.Record{Grant: x}
	case *inventory.Usage:
		return inventory.Record{Usage: x}
	case *inventory.Trust:
		return inventory.Record{Trust: x}
	case *inventory.Consumer:
		return inventory.Record{Consumer: x}
	case *inventory.Owner:
		return inventory.Record{Owner: x}
	case *inventory.Coverage:
		return inventory.Record{Coverage: x}
	case *inventory.Relation:
		return inventory.Record{Relation: x}
	default:
		panic(fmt.Sprintf("no record of %T", r))
	}
}

func judge(tb testing.TB, e *findings.Engine, inv *inventory.Inventory, p findings.Params) *findings.Result {
	tb.Helper()
	if p.AsOf.IsZero() {
		p.AsOf = asOf
	}
	result, err := e.Judge(tb.Context(), inv, p)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

// verdict is that of the only rule on the only subject.
func verdict(t *testing.T, r *findings.Result) findings.Verdict {
	t.Helper()
	if len(r.Tallies) != 1 || r.Tallies[0].Subjects != 1 {
		t.Fatalf("want one verdict, got %+v", r.Tallies)
	}
	switch {
	case r.Tallies[0].Fail == 1:
		return findings.VerdictFail
	case r.Tallies[0].Pass == 1:
		return findings.VerdictPass
	default:
		return findings.VerdictUnknown
	}
}

// golden compares with a file; UPDATE=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}
