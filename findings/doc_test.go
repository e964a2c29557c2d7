package findings_test

import (
	"os"
	"strings"
	"testing"
)

// indented returns the first indented block of a document that begins with a
// given line, without its indentation.
func indented(t *testing.T, file, first string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(text), "\n    "+first+"\n")
	if !ok {
		t.Fatalf("%s has no block that begins with %q", file, first)
	}
	out := []string{first}
	for line := range strings.Lines(block) {
		if !strings.HasPrefix(line, "    ") && strings.TrimSpace(line) != "" {
			break
		}
		out = append(out, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "    "))
	}
	return strings.Join(out, "\n")
}

// TestDocumentedRule loads the rule that docs/adding-a-rule.md shows and runs
// its tests.
func TestDocumentedRule(t *testing.T) {
	e := engineOf(t, indented(t, "../docs/adding-a-rule.md", "id: NHI-ROT-001"))
	results := e.RunTests(t.Context())
	for _, r := range results {
		if !r.OK {
			t.Errorf("%+v", r)
		}
	}
	if len(results) != 3 {
		t.Errorf("got %d results, want 3", len(results))
	}
}

// TestDocumentedExceptions reads the exceptions that it shows.
func TestDocumentedExceptions(t *testing.T) {
	exceptions(t, indented(t, "../docs/adding-a-rule.md", "exceptions:"))
}
