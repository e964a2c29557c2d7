//go:build e2e

// Package e2e holds the tests against real peers and real input that need the
// package registries: `make e2e` brings both.
package e2e

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/secret"
)

// A corpus is real source text that nobody here wrote.
type corpus struct {
	name  string
	fetch func(t *testing.T) string // returns a directory of its own
	// explained lists what gitleaks reports and muster does not, and the other
	// way, by "rule path", with the reason. docs/repo-engine.md tells each.
	explained map[string]string
}

func corpora() []corpus {
	return []corpus{
		// gitleaks' own sources: the test vectors of every rule.
		{name: "gitleaks", fetch: goModule("github.com/zricethezav/gitleaks/v8@v8.30.1"), explained: map[string]string{
			"aws-access-token main.go":                                       "in repositories among the files, whose histories gitleaks does not read in a directory",
			"aws-access-token nested.tar.gz!archives/files.tar!files/api.go": "as above: an archive in one of those histories",
		}},
		// The same without its own rules, which leave most of them out.
		{name: "gitleaks-vectors", fetch: without(goModule("github.com/zricethezav/gitleaks/v8@v8.30.1"), ".gitleaks.toml", ".gitleaksignore")},
		// Test keys in PEM and OpenSSH form.
		{name: "x-crypto", fetch: goModule("golang.org/x/crypto@v0.45.0")},
		// Tokens and keys in tests and documents.
		{name: "golang-jwt", fetch: goModule("github.com/golang-jwt/jwt/v5@v5.3.0")},
		// Minified JavaScript with long lines.
		{name: "node-forge", fetch: npmPackage("node-forge@1.3.1")},
		{name: "jsrsasign", fetch: npmPackage("jsrsasign@11.1.0")},
	}
}

// TestE2EGitleaks scans real sources as a directory and as a repository with
// history, and compares the distinct secrets with those that the gitleaks
// program finds with the same rules: nothing may be missed.
func TestE2EGitleaks(t *testing.T) {
	gitleaks := need(t, "MUSTER_GITLEAKS", "the gitleaks program")
	muster := build(t)
	for _, c := range corpora() {
		t.Run(c.name, func(t *testing.T) {
			dir := c.fetch(t)
			t.Run("directory", func(t *testing.T) {
				compare(t, c, runGitleaks(t, gitleaks, "dir", dir), runMuster(t, muster, dir))
			})
			t.Run("history", func(t *testing.T) {
				commit(t, dir)
				compare(t, c, runGitleaks(t, gitleaks, "git", "--log-opts=--all", dir), runMuster(t, muster, "--no-worktree", dir))
			})
		})
	}
}

// TestE2EOwnHistory does the same on this repository's history, without the
// list of what is left out in it. With that list there is nothing to report.
func TestE2EOwnHistory(t *testing.T) {
	gitleaks, muster := need(t, "MUSTER_GITLEAKS", "the gitleaks program"), build(t)
	own := filepath.Join(t.TempDir(), "own")
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	run(t, root, "git", "clone", "--quiet", "--no-hardlinks", "file://"+root, own)
	for hash, l := range runMuster(t, muster, own) {
		t.Errorf("a scan of this repository reports %s in %s (%.24s): put test values together when the test runs", l.rule, l.path, hash)
	}
	scan := exec.CommandContext(t.Context(), muster, "scan", ".", "--store", "none")
	scan.Dir, scan.Env = own, append(os.Environ(), "HOME="+t.TempDir())
	if text, err := scan.CombinedOutput(); err != nil {
		t.Errorf("the README's `muster scan .` on this repository: %v\n%s", err, text)
	}
	if err := os.Remove(filepath.Join(own, ".gitleaksignore")); err != nil {
		t.Fatal(err)
	}
	compare(t, corpus{name: "muster"}, runGitleaks(t, gitleaks, "git", "--log-opts=--all", own), runMuster(t, muster, "--no-worktree", own))
}

// A leak is one distinct secret as gitleaks tells it, its value hashed.
type leak struct {
	rule, path string
	beyond     bool // a rule found it that gitleaks has not
}

func compare(t *testing.T, c corpus, want map[inventory.SecretHash]leak, got map[inventory.SecretHash]leak) {
	t.Helper()
	var missed, more []string
	found := 0
	for hash, l := range want {
		if _, ok := got[hash]; ok {
			found++
		} else if c.explained[l.rule+" "+l.path] == "" {
			missed = append(missed, l.rule+" "+l.path)
		}
	}
	for hash, l := range got {
		if _, ok := want[hash]; !ok && !l.beyond && c.explained[l.rule+" "+l.path] == "" {
			more = append(more, l.rule+" "+l.path)
		}
	}
	slices.Sort(missed)
	for _, m := range missed {
		t.Errorf("%s: gitleaks finds and muster misses: %s", c.name, m)
	}
	slices.Sort(more)
	for _, m := range more {
		t.Errorf("%s: muster finds and gitleaks does not: %s", c.name, m)
	}
	t.Logf("%s: gitleaks has %d distinct secrets, muster %d, %d in common", c.name, len(want), len(got), found)
}

// key is the installation's key of these tests.
var key = [32]byte{7}

func runMuster(t *testing.T, muster string, args ...string) map[inventory.SecretHash]leak {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.jsonl")
	cmd := exec.CommandContext(t.Context(), muster, append([]string{"scan", "--store", "none", "--fail-on", "never", "--allow-partial", "-o", "jsonl=" + out}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "MUSTER_KEY="+hex.EncodeToString(key[:]))
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("muster scan %v: %v\n%s", args, err, text)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, hash := map[inventory.SecretHash]leak{}, inventory.NewHasher(key)
	err = inventory.ReadAll(out, bufio.NewReader(f), func(r inventory.Record) error {
		c := r.Credential
		if c == nil {
			return nil
		}
		if rule, ok := strings.CutPrefix(c.Detector, "gitleaks:"); ok {
			got[c.SecretHash] = leak{rule, c.FoundAt[0].URI, false}
		} else if rule, ok := strings.CutPrefix(c.Detector, "muster:"); ok {
			got[c.SecretHash] = leak{rule, c.FoundAt[0].URI, true}
		}
		if strings.HasSuffix(c.Detector, ":aws-access-token") && hash([]byte(c.PublicID)) != c.SecretHash {
			// An id and its secret are one credential, by the rule of the id.
			got[hash([]byte(c.PublicID))] = leak{"aws-access-token", c.FoundAt[0].URI, false}
			got[c.SecretHash] = leak{"generic-api-key", c.FoundAt[0].URI, !strings.Contains(c.Attributes["also"], "generic-api-key")}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func runGitleaks(t *testing.T, gitleaks, mode string, args ...string) map[inventory.SecretHash]leak {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	all := append([]string{mode, "--no-banner", "--exit-code=0", "--max-archive-depth=4", "--report-format=json", "--report-path=" + out}, args...)
	if text, err := exec.CommandContext(t.Context(), gitleaks, all...).CombinedOutput(); err != nil {
		t.Fatalf("gitleaks %v: %v\n%s", all, err, text)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var report []struct{ RuleID, File, Secret string }
	if err := json.Unmarshal(raw, &report); err != nil {
		t.Fatal(err)
	}
	hash := inventory.NewHasher(key)
	want := map[inventory.SecretHash]leak{}
	for _, l := range report {
		if !secret.MadeUp([]byte(l.Secret)) { // made up: left out on purpose
			want[hash([]byte(l.Secret))] = leak{l.RuleID, l.File, false}
		}
	}
	return want
}

func need(t *testing.T, variable, what string) string {
	t.Helper()
	v := os.Getenv(variable)
	if v == "" {
		t.Fatalf("%s is not set: it must name %s; run make e2e, which brings it", variable, what)
	}
	return v
}

func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "muster")
	run(t, ".", "go", "build", "-o", program, "../../cmd/muster")
	return program
}

func goModule(at string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		var mod struct{ Dir, Error string }
		out := run(t, t.TempDir(), "go", "mod", "download", "-json", at)
		if err := json.Unmarshal(out, &mod); err != nil || mod.Dir == "" {
			t.Fatalf("download %s: %v %s", at, err, mod.Error)
		}
		return copyTree(t, mod.Dir)
	}
}

// without removes files of a corpus.
func without(fetch func(*testing.T) string, names ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		dir := fetch(t)
		for _, name := range names {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		return dir
	}
}

func npmPackage(at string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		dir := t.TempDir()
		name := strings.TrimSpace(string(run(t, dir, "npm", "pack", "--silent", at)))
		run(t, dir, "tar", "-xzf", name)
		return copyTree(t, filepath.Join(dir, "package"))
	}
}

// copyTree copies to a directory that can be written and removed; a module's
// cache is read-only.
func copyTree(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "corpus")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	run(t, to, "chmod", "-R", "u+w", ".")
	return to
}

// commit makes a repository of a directory in two commits, the second of which
// removes half of the files, so that history holds more than HEAD.
func commit(t *testing.T, dir string) {
	t.Helper()
	git := func(args ...string) []byte {
		return run(t, dir, "git", append([]string{"-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	}
	git("init", "--quiet")
	git("add", "--all", "--force")
	git("commit", "--quiet", "-m", "all")
	files := strings.Split(strings.TrimRight(string(git("ls-files", "-z")), "\x00"), "\x00")
	slices.Sort(files)
	for i, f := range files {
		if i%2 == 0 {
			if err := os.Remove(filepath.Join(dir, f)); err != nil {
				t.Fatal(err)
			}
		}
	}
	git("add", "--all")
	git("commit", "--quiet", "-m", "half")
}

func run(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, fmt.Sprint(args), err, stderr.String())
	}
	return out
}
