package scannertest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Expressions compiles every expression of a package that waits for its first use,
// by name, and counts them in the sources beside the test, so that none is left out.
func Expressions(t *testing.T, all map[string]func() *regexp.Regexp) {
	t.Helper()
	for name, expression := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if expression() == nil {
				t.Error("no expression")
			}
		})
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(source, "_test.go") {
			made += strings.Count(string(text), "lazy.Regexp(")
		}
	}
	if made != len(all) {
		t.Errorf("the sources make %d expressions, %d are compiled here", made, len(all))
	}
}
