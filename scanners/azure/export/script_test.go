package export

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/azure/live"
)

// The script makes every call whose file would be missed, and what it saves is read.
func TestScript(t *testing.T) {
	script := Script()
	saved := map[string]bool{}
	table := newCallTable()
	for _, m := range regexp.MustCompile(`(?m)^ *(?:save|graph|query|arm) "?(?:subscriptions/\$id/)?([a-z0-9-]+)`).FindAllStringSubmatch(script, -1) {
		c, _ := table.named(m[1])
		if c == nil || c.file != m[1] {
			t.Errorf("what is saved as %q is not read", m[1])
			continue
		}
		saved[c.name] = true
	}
	for _, c := range calls() {
		if c.need != extra && c.name != callExpressions && !saved[c.name] { // which come with all federated credentials
			t.Errorf("nothing calls %s", c.name)
		}
	}
	if strings.Contains(script, `\\`+"$select") || strings.Contains(script, "%!") {
		t.Error("the script is broken where addresses are quoted")
	}
	if bash, err := exec.LookPath("bash"); err == nil {
		cmd := exec.CommandContext(t.Context(), bash, "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("bash cannot read the script: %s", out)
		}
	}
}

// The calls are those of package live, so that coverage means the same.
func TestCallsAreThoseOfLive(t *testing.T) {
	var known []string
	for _, p := range live.AllPermissions() {
		known = append(known, p.Calls...)
	}
	for _, c := range calls() {
		if !slices.Contains(known, c.name) {
			t.Errorf("package live has no call %q", c.name)
		}
	}
	for _, name := range known {
		if newCallTable().of(name) == nil && name != callManaged && name != callAudit && name != callRisk {
			t.Errorf("nothing says that %q is missed", name)
		}
	}
}

// The documentation shows the script as it is made.
func TestScriptInDocumentation(t *testing.T) {
	const name = "../../../docs/scanners/azure-export.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), "```bash\n")
	_, after, closed := strings.Cut(rest, "```\n")
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
		t.Error("docs/scanners/azure-export.md does not have the script of Script: run the test with UPDATE=1")
	}
}
