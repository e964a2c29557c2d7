//go:build e2e

package match

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A vector is a sample that gitleaks' own generator holds a rule to.
type vector struct {
	Rule, Path string
	Text       []byte
	Find       bool
}

// vectors runs the generator of gitleaks' rules, of the linked version, in a
// copy whose checks write down what is to be checked. The samples are made by
// code, some at random, and lie in no file.
func vectors(t *testing.T) []vector {
	t.Helper()
	tmp := t.TempDir()
	module := filepath.Join(tmp, "module")
	if err := os.CopyFS(module, os.DirFS(moduleDir(t, "github.com/zricethezav/gitleaks/v8"))); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "chmod", "-R", "u+w", module).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	stand, err := os.ReadFile("testdata/validate.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(module, "cmd", "generate", "config", "utils", "validate.go"), stand, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "-mod=readonly", ".", filepath.Join(tmp, "rules.toml"))
	cmd.Dir = filepath.Join(module, "cmd", "generate", "config")
	cmd.Env = append(os.Environ(), "VECTORS="+filepath.Join(tmp, "vectors"), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run the generator of gitleaks' rules: %v\n%.2000s", err, out)
	}
	content, err := os.ReadFile(filepath.Join(tmp, "vectors"))
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	for line := range bytes.Lines(content) {
		var v vector
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

func moduleDir(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestE2EVectors holds the matcher to gitleaks' detector on every sample of
// gitleaks' rules, true and false, alone and in surroundings.
func TestE2EVectors(t *testing.T) {
	rs, m := ours(t)
	det := theirs(t)
	random := rand.New(rand.NewPCG(21, 22))
	noise := noiseLines(random)
	rules, found, count := map[string]bool{}, map[string]bool{}, 0
	for _, v := range vectors(t) {
		count++
		rules[v.Rule] = true
		text := string(v.Text)
		for name, around := range map[string]string{
			"alone":    text,
			"noise":    strings.ReplaceAll(noise+text+"\nlast\n", "\n", "\r\n"),
			"minified": strings.Repeat("var a=function(){return 1};", 50) + text + strings.Repeat(";b(c)", 50),
		} {
			want := wantFindings(det, around, v.Path)
			for _, f := range want {
				found[f.Rule] = true
			}
			if diff := cmp.Diff(want, withPath(rs, gotFindings(rs, m, around, v.Path), v.Path)); diff != "" {
				t.Errorf("%s, sample %d, %s: gitleaks (-) and muster (+) differ:\n%s", v.Rule, count, name, diff)
			}
		}
	}
	for _, r := range rs.rules {
		if !rules[r.spec.ID] && !strings.HasPrefix(r.spec.ID, "dropbox-l") && !strings.HasPrefix(r.spec.ID, "dropbox-s") { // gitleaks has none either
			t.Errorf("no sample of %s", r.spec.ID)
		}
	}
	t.Logf("%d samples of %d rules; %d rules find something", count, len(rules), len(found))
	if count < 1500 || len(found) < 200 {
		t.Errorf("%d samples, in which %d rules find something, say little", count, len(found))
	}
}

// TestE2ERealFiles holds the matcher to gitleaks' detector on every text of
// source trees: modules that hold test keys. MUSTER_EQUAL_DIRS adds directories and MUSTER_EQUAL_REPOS
// repositories, of which every blob of the whole history is compared, separated like the parts of
// PATH.
func TestE2ERealFiles(t *testing.T) {
	e := newEqual(t)
	var dirs []string
	for _, module := range []string{"github.com/zricethezav/gitleaks/v8", "golang.org/x/crypto"} {
		if dir := moduleDir(t, module); dir != "" {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range append(dirs, filepath.SplitList(os.Getenv("MUSTER_EQUAL_DIRS"))...) {
		e.tree(dir)
	}
	for _, repo := range filepath.SplitList(os.Getenv("MUSTER_EQUAL_REPOS")) {
		e.history(repo)
	}
	t.Logf("%d texts, %d MB, %d findings the same", e.texts, e.bytes>>20, e.findings)
	if e.texts < 100 || e.findings < 20 {
		t.Errorf("%d texts with %d findings say little", e.texts, e.findings)
	}
}

// withPath adds what is found by the path alone.
func withPath(rs *Ruleset, list []finding, path string) []finding {
	for _, id := range rs.PathRules(path) {
		list = append(list, finding{Rule: id, Secret: digest("")})
	}
	return sorted(list)
}
