package findings_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/muster-nhi/muster/findings"
)

// mistakes are rule files with one mistake each.
func mistakes() []struct{ name, text string } {
	with := func(key, value string) string { return ruleText(map[string]string{key: value}) }
	test := func(test string) string {
		return with("tests", `
- {name: old, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, created_at: 2026-01-01}}], subject: "x:1", want: fail}
- {name: new, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, created_at: 2026-11-01}}], subject: "x:1", want: pass}
- {name: unknown, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s}}], subject: "x:1", want: unknown}
`+test)
	}
	return []struct{ name, text string }{
		{"empty", ""},
		{"only a comment", "# nothing\n"},
		{"not YAML", "id: [unclosed\ntitle: x\n"},
		{"a list", "- id: NHI-ROT-001\n"},
		{"two documents", ruleText(nil) + "---\nid: x\n"},
		{"an alias", "id: &a NHI-ROT-001\ntitle: *a\n"},
		{"a bomb", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"},
		{"too deep", "id: " + strings.Repeat("[", 60) + strings.Repeat("]", 60) + "\n"},
		{"key twice", ruleText(nil) + "id: NHI-ROT-001\n"},
		{"unknown field", with("severty", "high")},
		{"missing field", with("why", "")},
		{"empty field", with("verify", `""`)},
		{"number for text", with("source", "1.10")},
		{"list for text", with("title", "[a, b]")},
		{"bad id", with("id", "ROT-1")},
		{"title with full stop", with("title", "Old keys.")},
		{"category of another family", with("category", "exposure")},
		{"misspelt category", with("category", "rotatoin")},
		{"misspelt kind", with("for", "credentail")},
		{"kind that is no subject", with("for", "usage")},
		{"misspelt severity", with("severity", "hihg")},
		{"misspelt need", with("needs", "[usages]")},
		{"needs is no list", with("needs", "usage")},
		{"misspelt proof", with("proof", "presnece")},
		{"bad type pattern", with("types", "[aws *]")},
		{"misspelt fact", with("when", "age(credential.craeted_at) > 90")},
		{"misspelt fact in a block", with("when", "|\n  credential.type == 'aws.access_key'\n  && age(credential.craeted_at) > 90")},
		{"misspelt fact in a folded block", with("when", ">-\n  credential.type == 'aws.access_key'\n\n  && credential.nope == ''")},
		{"misspelt fact in quotes", strings.Replace(ruleText(nil), "message: |\n  ", "message: '''x'' + credential.nmae' #", 1)},
		{"misspelt fact in double quotes", strings.Replace(ruleText(nil), "message: |\n  ", `message: "\"x\" + credential.nmae" #`, 1)},
		{"misspelt variable", with("when", "age(credental.created_at) > 90")},
		{"variable of another kind", with("when", "identity.name == ''")},
		{"misspelt function", with("when", "aeg(credential.created_at) > 90")},
		{"wrong type", with("when", "credential.name > 90")},
		{"age of a text", with("when", "age(credential.name) > 90")},
		{"age without argument", with("when", "age() > 90")},
		{"when is no bool", with("when", "credential.name")},
		{"message is no text", with("message", "credential.created_at")},
		{"two mistakes in one expression", with("when", "credential.a == '' &&\n  credential.b == ''")},
		{"syntax error", with("when", "credential.name ==")},
		{"hidden variable", with("when", "@now > credential.created_at")},
		{"bad regular expression", with("when", "credential.name.matches('(')")},
		{"huge regular expression", with("when", "credential.name.matches('a{900}b{900}c{900}')")},
		{"long expression", with("when", strings.Repeat("credential.name == 'xxxxxxxxxxxxxxxxxxxxxx' || ", 120)+"true")},
		{"nested expression", with("when", strings.Repeat("(", 200)+"true"+strings.Repeat(")", 200))},
		{"replace that grows", with("when", "credential.name.replace('a', credential.name) == ''")},
		{"misspelt fact in applies", with("applies", "credential.exposrue != ''")},
		{"misspelt fact in a block of applies", with("applies", "|\n  credential.type == 'aws.access_key'\n  && credential.nope == ''")},
		{"applies is no bool", with("applies", "credential.name")},
		{"applies is empty", with("applies", "|\n")},
		{"applies without a test", with("applies", "credential.name != ''")},
		{"unknown to what it applies, without a test", ruleText(map[string]string{"applies": "credential.disabled", "when": "credential.name == ''", "tests": `
- {name: n, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, disabled: true}}], subject: "x:1", want: fail}
- {name: o, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, disabled: true, name: n}}], subject: "x:1", want: pass}
- {name: p, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, disabled: false}}], subject: "x:1", want: not_applicable}`})},
		{"misspelt fact in raise", with("raise", "[{when: credential.nope, severity: low}]")},
		{"raise without severity", with("raise", "[{when: 'true'}]")},
		{"unknown platform", with("fix", "[{platform: awscli, steps: x}]")},
		{"fix without steps", with("fix", "[{platform: any}]")},
		{"no fix", with("fix", "[]")},
		{"misspelt framework", with("controls", "{iso27001_2022: [A.5.17], soc_2: [CC6.1]}")},
		{"no soc2", with("controls", "{iso27001_2022: [A.5.17]}")},
		{"unlisted control", with("controls", "{iso27001_2022: [A.5.71], soc2: [CC6.1]}")},
		{"framework without a file", with("controls", "{iso27001_2022: [A.5.17], soc2: [CC6.1], cis_aws_5_0_0: ['1.1']}")},
		{"unlisted own control", with("controls", "{iso27001_2022: [A.5.17], soc2: [CC6.1], muster: [NHI-ROT-02]}")},
		{"control id as number", with("controls", "{iso27001_2022: [A.5.17], soc2: [CC6.1], cis_controls_8_1: [5.10]}")},
		{"no tests", with("tests", "")},
		{"empty tests", with("tests", "[]")},
		{"test without name", test("- {now: 2026-11-22, subject: a, want: fail}")},
		{"test name twice", test(`- {name: old, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s}}], subject: "x:1", want: unknown}`)},
		{"test without now", test(`- {name: n, given: [{credential: {id: "x:1", type: t.k, scope: s}}], subject: "x:1", want: unknown}`)},
		{"test with a bad now", test(`- {name: n, now: yesterday, given: [{credential: {id: "x:1", type: t.k, scope: s}}], subject: "x:1", want: unknown}`)},
		{"test with a bad verdict", test(`- {name: n, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s}}], subject: "x:1", want: failure}`)},
		{"test of another subject", test(`- {name: n, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s}}], subject: "x:11", want: fail}`)},
		{"test of another kind", test(`- {name: n, now: 2026-11-22, given: [{identity: {id: "x:1", type: t.k, scope: s, name: n}}], subject: "x:1", want: fail}`)},
		{"misspelt field of a record", test("- name: n\n  now: 2026-11-22\n  given:\n  - credential: {id: \"x:1\", type: t.k, scope: s,\n      creatd_at: 2026-01-01}\n  subject: \"x:1\"\n  want: fail")},
		{"misspelt kind of a record", test("- name: n\n  now: 2026-11-22\n  given:\n  - crdential: {id: \"x:1\"}\n  subject: \"x:1\"\n  want: fail")},
		{"wrong type in a record", test(`- {name: n, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, name: 7}}], subject: "x:1", want: fail}`)},
		{"invalid record", test(`- {name: n, now: 2026-11-22, given: [{credential: {id: "x:1", scope: s}}], subject: "x:1", want: fail}`)},
		{"no unknown test", with("tests", `
- {name: old, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, created_at: 2026-01-01}}], subject: "x:1", want: fail}
- {name: new, now: 2026-11-22, given: [{credential: {id: "x:1", type: t.k, scope: s, created_at: 2026-11-01}}], subject: "x:1", want: pass}`)},
	}
}

// TestMistakes compares every message with a golden file that people read in
// review: file, line, what is wrong, what was meant.
func TestMistakes(t *testing.T) {
	var out strings.Builder
	for _, m := range mistakes() {
		fsys := controlFiles()
		fsys["rotation/NHI-ROT-001.yaml"] = &fstest.MapFile{Data: []byte(m.text)}
		rules, err := findings.LoadRules(fsys)
		if err == nil {
			t.Errorf("%s: %d rules were loaded, want an error", m.name, len(rules))
			continue
		}
		var p *findings.LoadError
		if !errors.As(err, &p) || p.File != "rotation/NHI-ROT-001.yaml" {
			t.Errorf("%s: the error names no file: %v", m.name, err)
		}
		fmt.Fprintf(&out, "## %s\n%s\n\n", m.name, err)
	}
	golden(t, "mistakes.golden", out.String())
}

// TestMistakeLines checks that each message points at the line with the
// mistake, wherever the expression stands.
func TestMistakeLines(t *testing.T) {
	for _, style := range []string{"|", "|-", "|2", ">", ">-"} {
		for at := range 3 {
			facts := []string{"credential.name", "credential.type", "credential.store"}
			facts[at] = "credential.nope"
			text := ruleText(map[string]string{"when": style + "\n\n  " + strings.Join(facts, " == 'a:b' ||\n  ") + " == ''"})
			before, _, _ := strings.Cut(text, "credential.nope")
			want := 1 + strings.Count(before, "\n")
			fsys := controlFiles()
			fsys["r.yaml"] = &fstest.MapFile{Data: []byte(text)}
			_, err := findings.LoadRules(fsys)
			var p *findings.LoadError
			if !errors.As(err, &p) || p.Line != want {
				t.Errorf("style %s, line %d: got %v, want line %d", style, at, err, want)
			}
		}
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	fsys := controlFiles()
	fsys["b.yaml"] = &fstest.MapFile{Data: []byte(ruleText(map[string]string{"severity": "hihg", "needs": "[usages]"}))}
	fsys["a.yaml"] = &fstest.MapFile{Data: []byte(ruleText(map[string]string{"proof": "presnece"}))}
	fsys["c.yaml"] = &fstest.MapFile{Data: []byte(ruleText(nil))}
	fsys["d.yaml"] = &fstest.MapFile{Data: []byte(ruleText(nil))}
	_, err := findings.LoadRules(fsys)
	if err == nil {
		t.Fatal("no error")
	}
	for i, want := range []string{"a.yaml:6: proof", "b.yaml:5: severity", "b.yaml:6: needs", "d.yaml:1: id: NHI-ROT-001 is already"} {
		if lines := strings.Split(err.Error(), "\n"); i >= len(lines) || !strings.HasPrefix(lines[i], want) {
			t.Errorf("message %d: got\n%v\nwant it to begin with %q", i, err, want)
		}
	}
}

func TestLoadRules(t *testing.T) {
	fsys := controlFiles()
	fsys["rotation/NHI-ROT-001.yaml"] = &fstest.MapFile{Data: []byte(ruleText(map[string]string{"types": "[aws.*]", "needs": "[credential]", "raise": "[{when: 'true', severity: low}]"}))}
	fsys[".hidden/x.yaml"] = &fstest.MapFile{Data: []byte("nonsense")}
	fsys["README.md"] = &fstest.MapFile{Data: []byte("nonsense")}
	rules, err := findings.LoadRules(fsys)
	if err != nil {
		t.Fatal(err)
	}
	r := rules[0]
	if len(rules) != 1 || r.ID != "NHI-ROT-001" || r.File != "rotation/NHI-ROT-001.yaml" || r.Proof != "absence" ||
		len(r.Tests) != 3 || len(r.Raise) != 1 || len(r.Fix) != 1 || r.Controls["soc2"][0] != "CC6.1" {
		t.Errorf("got %+v", r)
	}
	if got := r.Tests[0].Given[0].Credential.CreatedAt.Format("2006-01-02"); got != "2026-01-01" {
		t.Errorf("created_at: got %s", got)
	}
}

// TestHugeFile reads no more of a file than the limit.
func TestHugeFile(t *testing.T) {
	fsys := controlFiles()
	fsys["r.yaml"] = &fstest.MapFile{Data: bytes.Repeat([]byte("# x\n"), 1<<20)}
	if _, err := findings.LoadRules(fsys); err == nil || !strings.Contains(err.Error(), "r.yaml: the file has") {
		t.Errorf("got %v", err)
	}
}

func TestLibraryMistakes(t *testing.T) {
	var out strings.Builder
	library := string(controlFiles()["controls/library.yaml"].Data)
	soc2 := string(controlFiles()["controls/soc2.yaml"].Data)
	for _, m := range []struct{ name, file, text string }{
		{"no library", "controls/library.yaml", "-"},
		{"control without ISO", "controls/library.yaml", strings.Replace(library, "iso27001_2022: [A.5.17], ", "", 1)},
		{"control without SOC 2", "controls/library.yaml", strings.Replace(library, "soc2: [CC6.1], ", "", 1)},
		{"unlisted id", "controls/library.yaml", strings.Replace(library, "CC6.1", "CC6.10", 1)},
		{"framework without a file", "controls/library.yaml", strings.Replace(library, "soc2: [CC6.1]", "soc2: [CC6.1], dora: [x]", 1)},
		{"unknown field", "controls/library.yaml", strings.Replace(library, "soc2: [CC6.1]", "soc2: [CC6.1], evidance: [rules]", 1)},
		{"unknown evidence", "controls/library.yaml", strings.Replace(library, "[coverage]", "[covrage]", 1)},
		{"no evidence", "controls/library.yaml", strings.Replace(library, "[coverage]", "[]", 1)},
		{"id twice", "controls/library.yaml", strings.Replace(library, "NHI-INV-02", "NHI-ROT-01", 1)},
		{"bad id", "controls/library.yaml", strings.Replace(library, "NHI-INV-02", "INV", 1)},
		{"version as number", "controls/library.yaml", strings.Replace(library, `"1"`, "1.0", 1)},
		{"framework under another name", "controls/soc2.yaml", strings.Replace(soc2, "framework: soc2", "framework: soc3", 1)},
		{"framework in another file", "controls/soc2.yaml", strings.Replace(soc2, "framework: soc2", "framework: dora", 1)},
		{"framework without licence", "controls/soc2.yaml", strings.Replace(soc2, "licence: ids\n", "", 1)},
		{"framework id as number", "controls/soc2.yaml", strings.Replace(soc2, "id: CC6.3", "id: 1.10", 1)},
		{"framework id twice", "controls/soc2.yaml", strings.Replace(soc2, "id: CC6.3", "id: CC6.2", 1)},
		{"broken framework", "controls/soc2.yaml", "a: ["},
	} {
		fsys := controlFiles()
		if fsys[m.file].Data = []byte(m.text); m.text == "-" {
			delete(fsys, m.file)
		}
		_, err := findings.LoadLibrary(fsys)
		if err == nil {
			t.Errorf("%s: no error", m.name)
		}
		fmt.Fprintf(&out, "## %s\n%v\n\n", m.name, err)
	}
	golden(t, "library.golden", out.String())
	if _, err := findings.LoadLibrary(fstest.MapFS{}); err == nil {
		t.Error("an empty file system: no error")
	}
}

func TestRunTests(t *testing.T) {
	e := engineOf(t, ruleText(nil))
	for _, r := range e.RunTests(t.Context()) {
		if !r.OK {
			t.Errorf("%+v", r)
		}
	}
	// The same tests must catch a rule that is wrong.
	for name, when := range map[string]string{
		"limit off by far": "age(credential.created_at) > 900",
		"inverted":         "age(credential.created_at) <= 90",
		"unknown is old":   "!known(credential.created_at) || age(credential.created_at) > 90",
		"unknown is fine":  "known(credential.created_at) && age(credential.created_at) > 90",
	} {
		failed := 0
		for _, r := range engineOf(t, ruleText(map[string]string{"when": when})).RunTests(t.Context()) {
			if !r.OK {
				failed++
			}
		}
		if failed == 0 {
			t.Errorf("%s: all tests pass", name)
		}
	}
	bare, err := findings.NewEngine([]findings.Rule{{ID: "NHI-ROT-001", For: "identity", When: "true", Message: "''"}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if results := bare.RunTests(t.Context()); len(results) != 2 || results[0].OK || results[1].OK {
		t.Errorf("a rule without tests: got %+v", results)
	}
}

// FuzzLoadRules feeds the loader with anything: it returns rules or errors
// that name the file, and what it accepts can be run.
func FuzzLoadRules(f *testing.F) {
	f.Add(ruleText(nil))
	for _, m := range mistakes() {
		f.Add(m.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fsys := controlFiles()
		fsys["r.yaml"] = &fstest.MapFile{Data: []byte(text)}
		rules, err := findings.LoadRules(fsys)
		if err != nil {
			var p *findings.LoadError
			if !errors.As(err, &p) || p.File != "r.yaml" {
				t.Errorf("the error names no file: %v", err)
			}
			return
		}
		lib, err := findings.LoadLibrary(controlFiles())
		if err != nil {
			t.Fatal(err)
		}
		engine, err := findings.NewEngine(rules, lib, nil)
		if err != nil {
			t.Fatalf("loaded, but cannot be run: %v", err)
		}
		engine.RunTests(t.Context())
	})
}
