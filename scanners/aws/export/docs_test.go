package export

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The script of the documentation makes every call whose file would be missed, and
// none that is not read.
func TestScript(t *testing.T) {
	page, err := os.ReadFile("../../../docs/scanners/aws-export.md")
	if err != nil {
		t.Fatal(err)
	}
	_, script, ok := strings.Cut(string(page), "```bash\n")
	script, _, closed := strings.Cut(script, "\n```")
	if !ok || !closed {
		t.Fatal("the page has no script")
	}
	for _, c := range calls() {
		if c.need == extra {
			continue
		}
		word := c.operation()
		if !regexp.MustCompile(`(^|[ "])` + regexp.QuoteMeta(word) + `([ ";]|$)`).MatchString(script) {
			t.Errorf("nothing calls %s", c.command)
		}
	}
	table := newCallTable()
	for _, m := range regexp.MustCompile(`save "?(?:\$region/)?([a-z0-9-]+)`).FindAllStringSubmatch(script, -1) {
		if table.named(m[1]) == nil {
			t.Errorf("what %s saves is not read", m[1])
		}
	}
}
