package internal

import (
	"os"
	"strings"
	"testing"
)

// TestDependenciesAreExplained fails if a module that go.mod requires directly
// has no line in docs/dependencies.md, or one of another version.
func TestDependenciesAreExplained(t *testing.T) {
	page, err := os.ReadFile("../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	modules := direct(string(mod))
	if len(modules) < 5 {
		t.Fatalf("go.mod was misread: it requires %v", modules)
	}
	for name, version := range modules {
		if !explained(string(page), name, version) {
			t.Errorf("docs/dependencies.md has no row for %s %s: what for, weight, upkeep, licence, what instead", name, version)
		}
	}
	if explained(string(page), "example.com/none", "v1.0.0") || explained(string(page), "cel.dev/cel-go", "v0.0.1") {
		t.Error("the check lets everything pass")
	}
}

// direct returns the versions of the modules that a go.mod requires without
// "// indirect".
func direct(mod string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(mod) {
		fields := strings.Fields(line)
		if len(fields) == 2 && strings.HasPrefix(fields[1], "v") && strings.HasPrefix(line, "\t") {
			out[fields[0]] = fields[1]
		}
	}
	return out
}

// explained reports whether a row of a table in page begins with the module
// at this version. One row may hold two modules of one project.
func explained(page, name, version string) bool {
	short := name[strings.LastIndex(name, "/")+1:]
	for line := range strings.Lines(page) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for part := range strings.SplitSeq(cell, " and ") {
			if strings.HasPrefix(line, "| ") && (part == name+" "+version || part == short+" "+version) {
				return true
			}
		}
	}
	return false
}
