// Package internal holds the rule of who may import whom. The table below is
// policy: do not widen it to fix a build, move the code.
package internal

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/muster-nhi/muster"

// A layer says what the packages that match a pattern may import of our own.
// The first pattern that matches a package decides.
type layer struct {
	pkg string   // package path below the module; a trailing /... takes in all below
	own []string // patterns of our own packages that it may import; itself and what is below it are always allowed
}

// anything is for the one place where the parts are put together.
const anything = "..."

var layers = []layer{
	{"cmd/muster", []string{"internal/cli"}},
	{"internal/inventory", nil},
	{"internal/privilege/...", []string{"internal/inventory", "internal/privilege/..."}},
	{"internal/correlate", []string{"internal/inventory"}},
	{"internal/transport", []string{"internal/inventory"}},
	{"internal/cloud", []string{"internal/inventory"}},
	{"internal/saved", []string{"internal/inventory"}},
	{"internal/store", []string{"internal/inventory"}},
	{"internal/config", []string{"internal/inventory", "scanners"}},
	{"internal/pipeline", []string{"internal/inventory", "scanners"}},
	{"internal/report", []string{"internal/inventory", "findings"}},
	{"internal/cli/...", []string{anything}},
	{"internal/e2e/peer", []string{"internal/inventory"}},
	{"findings/...", []string{"internal/inventory"}},
	{"rules", nil},
	{"scanners", []string{"internal/inventory"}},
	{"scanners/all", []string{"scanners", "scanners/*"}},
	{"scanners/scannertest", []string{"internal/inventory", "scanners"}},
	{"scanners/repo/...", []string{"internal/inventory", "internal/privilege/...", "internal/transport", "scanners", "rules"}}, // rules/secrets is data that it reads
	{"scanners/...", []string{"internal/cloud", "internal/inventory", "internal/privilege/...", "internal/saved", "internal/transport", "scanners"}},
}

// A fence keeps a foreign package, or a part of the standard library, in its
// place.
type fence struct {
	foreign string   // import path or prefix of one
	only    []string // patterns of the packages that may import it
}

var fences = []fence{
	{"cel.dev/", []string{"findings/...", "internal/privilege/gcp/..."}}, // conditions of rules; those of bindings
	{"github.com/zricethezav/gitleaks/", []string{"scanners/repo/..."}},
	{"k8s.io/", []string{"scanners/kubernetes/..."}},
	{"sigs.k8s.io/", []string{"scanners/kubernetes/..."}},
	{"github.com/BobuSumisu/", []string{"scanners/repo/..."}},
	{"github.com/aws/", []string{"scanners/aws/..."}},
	{"cloud.google.com/", []string{"scanners/gcp/..."}},
	{"google.golang.org/api/", []string{"scanners/gcp/..."}},
	{"github.com/Azure/", []string{"scanners/azure/..."}},
	{"os/exec", []string{"internal/e2e/peer", "scanners/plugin/...", "scanners/repo/..."}},
	{"database/sql", []string{"internal/store/..."}},
	{"modernc.org/sqlite", []string{"internal/store/..."}},
	{"github.com/spf13/cobra", []string{"internal/cli/..."}},
	{"html/template", []string{"internal/report/..."}},
	{"net/http", []string{"scanners/...", "internal/transport/...", "internal/cli/...", "internal/e2e/peer"}},
	{"testing", []string{"internal/e2e/peer", "scanners/scannertest"}},
}

// A source is one Go file that is part of the program, not of its tests.
type source struct {
	file    string
	pkg     string // directory below the module's root
	imports []string
	tree    *ast.File
}

func TestLayers(t *testing.T) {
	seen := map[string]bool{}
	for _, src := range sources(t) {
		seen[src.pkg] = true
		l, ok := layerOf(src.pkg)
		if !ok {
			t.Errorf("%s: package %s stands in no layer: say in internal/layers_test.go what it may import", src.file, src.pkg)
			continue
		}
		for _, imp := range src.imports {
			if msg := judge(src.pkg, l, imp); msg != "" {
				t.Errorf("%s: %s", src.file, msg)
			}
		}
	}
	if len(seen) < 10 {
		t.Fatalf("only %d packages were read: the test looks in the wrong place", len(seen))
	}
}

// TestJudgeRefuses proves that the check can fail.
func TestJudgeRefuses(t *testing.T) {
	for _, bad := range [][2]string{
		{"internal/inventory", module + "/scanners"},
		{"scanners/repo", module + "/scanners/plugin"},
		{"scanners/repo/git", module + "/scanners/replay"},
		{"scanners/repo/git", module + "/scanners/repo"},
		{"scanners/repo/git", module + "/scanners/repository/git"},
		{"scanners/repo/git", module + "/scanners/plugin/git"},
		{"findings/git", module + "/scanners/repo/git"},
		{"findings", module + "/internal/store"},
		{"internal/report", module + "/internal/store"},
		{"internal/correlate", "os/exec"},
		{"internal/cli", "cel.dev/cel-go/cel"},
		{"internal/cli", "database/sql"},
		{"internal/report", "net/http"},
		{"scanners/repo", "testing"},
	} {
		l, ok := layerOf(bad[0])
		if !ok {
			t.Fatalf("no layer for %s", bad[0])
		}
		if judge(bad[0], l, bad[1]) == "" {
			t.Errorf("%s may import %s, and must not", bad[0], bad[1])
		}
	}
}

// TestJudgeAllows proves that the check lets pass what it should: a scanner's
// own packages, and no more than that (see TestJudgeRefuses).
func TestJudgeAllows(t *testing.T) {
	for _, good := range [][2]string{
		{"scanners/repo", module + "/scanners/repo/git"},
		{"scanners/repo/declared", module + "/scanners/repo/secret"},
		{"scanners/all", module + "/scanners/replay"},
		{"findings", module + "/internal/inventory"},
		{"scanners/plugin", "os/exec"},
	} {
		l, ok := layerOf(good[0])
		if !ok {
			t.Fatalf("no layer for %s", good[0])
		}
		if msg := judge(good[0], l, good[1]); msg != "" {
			t.Error(msg)
		}
	}
}

// TestNoInit holds rules 3 and 12 of the house: no init functions, blank
// imports only for the database driver, exits only in main.
func TestNoInit(t *testing.T) {
	for _, src := range sources(t) {
		for _, decl := range src.tree.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: has an init function", src.file)
			}
		}
		for _, imp := range src.tree.Imports {
			if imp.Name != nil && imp.Name.Name == "_" && src.pkg != "internal/store" && imp.Path.Value != `"embed"` {
				t.Errorf("%s: blank import of %s", src.file, imp.Path.Value)
			}
		}
		if src.pkg == "cmd/muster" {
			continue
		}
		ast.Inspect(src.tree, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Exit" {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "os" {
					t.Errorf("%s: calls os.Exit", src.file)
				}
			}
			return true
		})
	}
}

// TestScannersAreListed fails if a scanner package is missing from
// scanners/all.
func TestScannersAreListed(t *testing.T) {
	var listed []string
	offers := map[string]bool{}
	for _, src := range sources(t) {
		if src.pkg == "scanners/all" {
			listed = append(listed, src.imports...)
		}
		for _, decl := range src.tree.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if ok && f.Recv == nil && f.Name.Name == "Factory" && strings.HasPrefix(src.pkg, "scanners/") {
				offers[src.pkg] = true
			}
		}
	}
	for pkg := range offers {
		if !slices.Contains(listed, module+"/"+pkg) {
			t.Errorf("%s offers a Factory and is not in scanners/all", pkg)
		}
	}
	if len(offers) == 0 {
		t.Fatal("no scanner was found")
	}
}

func judge(pkg string, l layer, imp string) string {
	if own, ok := strings.CutPrefix(imp, module+"/"); ok {
		if own == pkg || strings.HasPrefix(own, pkg+"/") || sameScanner(own, pkg) || slices.ContainsFunc(l.own, func(p string) bool { return matches(p, own) }) {
			return ""
		}
		return fmt.Sprintf("package %s may not import %s", pkg, own)
	}
	for _, f := range fences {
		within := imp == f.foreign || strings.HasPrefix(imp, strings.TrimSuffix(f.foreign, "/")+"/")
		if within && !slices.ContainsFunc(f.only, func(p string) bool { return matches(p, pkg) }) {
			return fmt.Sprintf("package %s may not import %s: it belongs to %s", pkg, imp, strings.Join(f.only, ", "))
		}
	}
	return ""
}

// sameScanner reports whether two packages stand below the same directory of
// scanners: a scanner may be cut into packages that use one another.
func sameScanner(a, b string) bool {
	scanner := func(pkg string) string {
		parts := strings.SplitN(pkg, "/", 3)
		if len(parts) < 3 || parts[0] != "scanners" {
			return ""
		}
		return parts[1]
	}
	return scanner(a) != "" && scanner(a) == scanner(b)
}

func layerOf(pkg string) (layer, bool) {
	for _, l := range layers {
		if matches(l.pkg, pkg) {
			return l, true
		}
	}
	return layer{}, false
}

// matches reports whether a package path fits a pattern: itself, with a
// trailing /... itself and all below it, with * one path element.
func matches(pattern, pkg string) bool {
	if pattern == anything {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == base || strings.HasPrefix(pkg, base+"/")
	}
	ok, err := path.Match(pattern, pkg)
	return err == nil && ok
}

// sources parses the program's own Go files. It reads the tree and does not
// ask the go command, whose answers `go test` would cache.
func sources(t *testing.T) []source {
	t.Helper()
	root := ".."
	var out []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "docs") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := parse(root, p)
		out = append(out, src)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func parse(root, file string) (source, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return source{}, err
	}
	tree, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	dir, err := filepath.Rel(root, filepath.Dir(file))
	if err != nil {
		return source{}, err
	}
	src := source{file: file, pkg: filepath.ToSlash(dir), tree: tree}
	for _, imp := range tree.Imports {
		p, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			return source{}, err
		}
		src.imports = append(src.imports, p)
	}
	return src, nil
}
