package rules_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/rules"
)

// fewest is the least number of rules that the program promises.
const fewest = 202

// families are the directories of rules and the letters of their ids.
func families() map[string]string {
	return map[string]string{
		"rotation": "ROT", "lifecycle": "LIF", "ownership": "OWN", "least-privilege": "PRV",
		"exposure": "EXP", "federation": "FED", "third-party": "TPA", "ai-agent": "AGT",
	}
}

// TestBuiltIn loads everything that is built in, once, and looks at it from all
// sides.
func TestBuiltIn(t *testing.T) {
	all, err := findings.LoadRules(rules.FS())
	if err != nil {
		t.Fatalf("load rules:\n%v", err)
	}
	lib, err := findings.LoadLibrary(rules.FS())
	if err != nil {
		t.Fatalf("load controls:\n%v", err)
	}
	engine, err := findings.NewEngine(all, lib, nil)
	if err != nil {
		t.Fatalf("make engine:\n%v", err)
	}
	t.Run("OwnTests", func(t *testing.T) { checkOwnTests(t, engine) })
	t.Run("Messages", func(t *testing.T) { checkMessages(t, all, engine) })
	t.Run("IDs", func(t *testing.T) { checkIDs(t, all) })
	t.Run("Files", func(t *testing.T) { checkFiles(t, all, lib) })
	t.Run("Fixes", func(t *testing.T) { checkFixes(t, all) })
	t.Run("FixesForEachCloud", func(t *testing.T) { checkFixesForEachCloud(t, engine) })
	t.Run("Texts", func(t *testing.T) { checkTexts(t, all, lib) })
	t.Run("NoDanglingControls", func(t *testing.T) { checkNoDanglingControls(t, all, lib) })
	t.Run("LibraryAndRules", func(t *testing.T) { checkLibraryAndRules(t, all, lib) })
	t.Run("KnownMistakes", func(t *testing.T) { checkKnownMistakes(t, lib) })
	t.Run("Expectations", func(t *testing.T) { checkExpectations(t, all) })
}

func checkOwnTests(t *testing.T, engine *findings.Engine) {
	t.Helper()
	for _, r := range engine.RunTests(t.Context()) {
		if !r.OK {
			t.Errorf("%s %q: want %s, got %s (%s)", r.Rule, r.Name, r.Want, r.Got, r.Note)
		}
	}
}

// Every failure says what is wrong in a sentence that names the subject; a
// message that cannot be evaluated would fall back to the title.
func checkMessages(t *testing.T, all []findings.Rule, engine *findings.Engine) {
	t.Helper()
	titles := map[string]string{}
	for _, r := range all {
		titles[r.ID] = r.Title
	}
	for _, r := range engine.RunTests(t.Context()) {
		if !strings.HasPrefix(r.Got, string(findings.VerdictFail)) {
			continue
		}
		if !strings.HasSuffix(r.Note, ".") || strings.Contains(r.Note, "  ") || strings.HasPrefix(r.Note, titles[r.Rule]) {
			t.Errorf("%s %q: message is no sentence of its own: %q", r.Rule, r.Name, r.Note)
		}
	}
}

func checkIDs(t *testing.T, all []findings.Rule) {
	t.Helper()
	if len(all) < fewest {
		t.Errorf("%d rules are built in, want at least %d", len(all), fewest)
	}
	form := regexp.MustCompile(`^NHI-([A-Z]{3})-[0-9]{3}$`)
	seen := map[string]bool{}
	for _, r := range all {
		m := form.FindStringSubmatch(r.ID)
		dir, file := path.Split(r.File)
		switch {
		case m == nil:
			t.Errorf("%s: id %q has not the form NHI-ABC-001", r.File, r.ID)
			continue
		case file != r.ID+".yaml":
			t.Errorf("%s: the file is not named after its rule %s", r.File, r.ID)
		case path.Clean(dir) != r.Category || families()[r.Category] != m[1]:
			t.Errorf("%s: id, category %q and directory do not agree", r.File, r.Category)
		}
		if seen[r.ID] {
			t.Errorf("%s: id %s is there twice", r.File, r.ID)
		}
		seen[r.ID] = true
	}
}

// No file lies where nothing reads it.
func checkFiles(t *testing.T, all []findings.Rule, lib *findings.Library) {
	t.Helper()
	read := map[string]bool{"controls/library.yaml": true}
	for _, r := range all {
		read[r.File] = true
	}
	for _, f := range lib.Frameworks {
		read["controls/"+f.Key+".yaml"] = true
	}
	err := fs.WalkDir(rules.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !read[name] {
			t.Errorf("%s is embedded and not read", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What a rule's types name, its fix must tell how to mend.
func checkFixes(t *testing.T, all []findings.Rule) {
	t.Helper()
	tools := map[string][]string{
		"aws": {"aws cli", "terraform"}, "gcp": {"gcloud", "terraform"}, "azure": {"az", "terraform"}, "entra": {"az", "terraform"},
		"kubernetes": {"kubectl"}, "github": {"github"}, "gitlab": {"gitlab"},
	}
	for _, r := range all {
		if len(r.Fix) == 0 {
			t.Errorf("%s has no fix", r.ID)
		}
		var have []string
		for _, f := range r.Fix {
			have = append(have, f.Platform)
		}
		for _, pattern := range r.Types {
			platform, _, _ := strings.Cut(pattern, ".")
			if platform == "aws" && (!slices.Contains(have, "aws cli") || !slices.Contains(have, "terraform")) {
				t.Errorf("%s is for %s and lacks a fix with the AWS CLI or Terraform: %v", r.ID, pattern, have)
			}
			want := append([]string{"any"}, tools[platform]...)
			if !slices.ContainsFunc(want, func(tool string) bool { return slices.Contains(have, tool) }) && tools[platform] != nil {
				t.Errorf("%s is for %s and its fixes are only for %v", r.ID, pattern, have)
			}
		}
	}
}

func checkTexts(t *testing.T, all []findings.Rule, lib *findings.Library) {
	t.Helper()
	sentence := regexp.MustCompile(`[.!?)](\s|$)`)
	for _, r := range all {
		if strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: the title ends with a full stop", r.ID)
		}
		if n := len(sentence.FindAllString(r.Why, -1)); n < 2 {
			t.Errorf("%s: why has %d sentences, want at least 2", r.ID, n)
		}
		for _, text := range []string{r.Why, r.Verify, r.Source} {
			if text == "" || strings.Contains(strings.ToLower(text), "required by iso") {
				t.Errorf("%s: a text is empty, or claims that ISO requires a figure", r.ID)
			}
		}
	}
	for _, c := range lib.Controls {
		if c.Statement == "" || c.Frequency == "" {
			t.Errorf("%s: statement or frequency is empty", c.ID)
		}
	}
}

// reached collects, for each framework, the ids that rules and the library
// name. A library control counts only if something can show that it stands.
func reached(all []findings.Rule, lib *findings.Library) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	add := func(framework string, ids []string) {
		if out[framework] == nil {
			out[framework] = map[string]bool{}
		}
		for _, id := range ids {
			out[framework][id] = true
		}
	}
	for _, r := range all {
		for framework, ids := range r.Controls {
			add(framework, ids)
		}
	}
	for _, c := range lib.Controls {
		if len(c.Evidence) == 0 {
			continue
		}
		for framework, ids := range c.Maps {
			add(framework, ids)
		}
	}
	return out
}

func checkNoDanglingControls(t *testing.T, all []findings.Rule, lib *findings.Library) {
	t.Helper()
	listed, unanswered := map[string]map[string]bool{}, map[string]bool{}
	for _, f := range lib.Frameworks {
		listed[f.Key] = map[string]bool{}
		for _, c := range f.Controls {
			listed[f.Key][c.ID] = true
			unanswered[f.Key+" "+c.ID] = strings.HasPrefix(c.Note, "Not answered")
		}
	}
	named := reached(all, lib)
	for framework, ids := range named {
		for id := range ids {
			if !listed[framework][id] {
				t.Errorf("%s %s is named and in no file", framework, id)
			}
		}
	}
	for framework, ids := range listed {
		for id := range ids {
			switch {
			case framework == "muster":
			case unanswered[framework+" "+id] && named[framework][id]:
				t.Errorf("%s %s is said to be not answered, and something names it", framework, id)
			case !unanswered[framework+" "+id] && !named[framework][id]:
				t.Errorf("%s %s is in its file, nothing reaches it, and its note does not say so", framework, id)
			}
		}
	}
}

// The library and the rules lead to each other: a control whose evidence is
// rules has some, and a rule serves a control whose evidence is rules.
func checkLibraryAndRules(t *testing.T, all []findings.Rule, lib *findings.Library) {
	t.Helper()
	byRules := map[string]bool{}
	for _, c := range lib.Controls {
		byRules[c.ID] = slices.Contains(c.Evidence, "rules")
		if len(c.Evidence) == 0 || len(c.Maps["iso27001_2022"]) == 0 || len(c.Maps["soc2"]) == 0 {
			t.Errorf("%s: needs evidence, ISO/IEC 27001:2022 and SOC 2", c.ID)
		}
	}
	used := map[string]bool{}
	for _, r := range all {
		if len(r.Controls["muster"]) == 0 || len(r.Controls["iso27001_2022"]) == 0 || len(r.Controls["soc2"]) == 0 {
			t.Errorf("%s: needs controls of the library, ISO/IEC 27001:2022 and SOC 2", r.ID)
		}
		for _, id := range r.Controls["muster"] {
			used[id] = true
			if !byRules[id] {
				t.Errorf("%s names %s, whose evidence is not rules", r.ID, id)
			}
		}
	}
	for id, want := range byRules {
		if want && !used[id] {
			t.Errorf("%s wants rules as evidence and no rule names it", id)
		}
	}
}

// Withdrawn or wrong ids that crosswalks often carry.
func checkKnownMistakes(t *testing.T, lib *findings.Library) {
	t.Helper()
	for _, f := range lib.Frameworks {
		for _, c := range f.Controls {
			switch {
			case f.Key == "nist_csf_2_0" && strings.HasPrefix(c.ID, "PR.AC"):
				t.Errorf("%s is of CSF 1.1", c.ID)
			case f.Key == "pci_dss_4_0_1" && c.ID == "8.3.9":
				t.Error("PCI DSS 8.3.9 is about users, not machines")
			case f.Key == "iso27001_2022" && strings.Count(c.ID, ".") == 3:
				t.Errorf("%s has the form of the edition of 2013", c.ID)
			}
		}
	}
}

// The package comment tells scanners which types and attributes rules read.
func checkExpectations(t *testing.T, all []findings.Rule) {
	t.Helper()
	source, err := os.ReadFile("rules.go")
	if err != nil {
		t.Fatal(err)
	}
	comment, _, _ := strings.Cut(string(source), "\npackage ")
	words := strings.FieldsFunc(comment, func(r rune) bool { return strings.ContainsRune(" \t\n,/():", r) })
	attribute := regexp.MustCompile(`attributes\["([a-z_]+)"\]|"([a-z_]+)" in [a-z]+\.attributes`)
	for _, r := range all {
		for _, pattern := range r.Types {
			if !slices.Contains(words, pattern) && !slices.Contains(words, pattern+".") {
				t.Errorf("%s: type %s is not in the package comment", r.ID, pattern)
			}
		}
		for _, m := range attribute.FindAllStringSubmatch(r.When+r.Message, -1) {
			if !slices.Contains(words, m[1]+m[2]) {
				t.Errorf("%s: attribute %s is not in the package comment", r.ID, m[1]+m[2])
			}
		}
	}
}
