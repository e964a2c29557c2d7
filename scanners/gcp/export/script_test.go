package export

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The script makes every call whose file would be missed, and what it saves is read.
func TestScript(t *testing.T) {
	script := Script()
	for _, c := range calls() {
		if c.need == extra || strings.HasPrefix(c.command, "organizations get-iam-policy") || strings.HasPrefix(c.command, "resource-manager folders") {
			continue // policies come by a search or with those of a project's ancestors
		}
		var words []string
		for w := range strings.FieldsSeq(c.command) {
			if strings.ToLower(w) != w || strings.HasPrefix(w, "-") {
				break
			}
			words = append(words, w)
		}
		found := strings.Contains(script, " "+strings.Join(words, " ")+" ")
		for _, asset := range c.assets {
			found = found || strings.Contains(script, "\n  "+asset+"\n")
		}
		if !found {
			t.Errorf("nothing calls gcloud %s", c.command)
		}
	}
	table := newCallTable()
	for _, m := range regexp.MustCompile(`save "(?:[^"/]*/){0,2}([a-z0-9.-]+)`).FindAllStringSubmatch(script, -1) {
		if m[1] == "projects" || m[1] == "organizations" { // the name is in a variable
			continue
		}
		content, _ := assetFile(m[1])
		if table.named(m[1]) == nil && content == "" {
			t.Errorf("what %q saves is not read", m[1])
		}
	}
}

// The documentation shows the script as it is made.
func TestScriptInDocumentation(t *testing.T) {
	const name = "../../../docs/scanners/gcp-export.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), "```bash\n")
	_, after, closed := strings.Cut(rest, "\n```\n")
	if !ok || !closed {
		t.Fatal("the page has no script")
	}
	want := before + "```bash\n" + Script() + "```\n" + after
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Error("docs/scanners/gcp-export.md does not have the script of Script: run the test with UPDATE=1")
	}
}
