package repo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

func TestSuppressionsAreCounted(t *testing.T) {
	kept := canary("kept")
	tests := []struct {
		name  string
		files func(commit func(files ...string) string)
		want  map[string]int
		note  string
	}{
		{"inline", func(commit func(...string) string) {
			commit("a.env", "token=\""+canary("gone")+"\" # gitleaks:"+"allow\n")
		}, map[string]int{"gitleaks:allow": 1}, ""},
		{"allowlist by path", func(commit func(...string) string) {
			commit(".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''fixtures/''']\n",
				"fixtures/a.env", "token=\""+canary("gone")+"\"\n")
		}, map[string]int{".gitleaks.toml allowlist": 1}, ""},
		{"allowlist by stopword", func(commit func(...string) string) {
			commit(".gitleaks.toml", "[extend]\nuseDefault = true\n[allowlist]\nstopwords = ['"+canary("gone")[8:16]+"']\n",
				"a.env", "token=\""+canary("gone")+"\"\n")
		}, map[string]int{".gitleaks.toml allowlist": 1}, ""},
		{"allowlist of one rule", func(commit func(...string) string) {
			commit(".gitleaks.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = \"github-pat\"\n[[rules.allowlists]]\ncondition = \"AND\"\npaths = ['''^b\\.env$''']\nregexes = ['''^gh''']\n",
				"b.env", "see "+canary("gone")+"\n")
		}, map[string]int{".gitleaks.toml allowlist": 1}, ""},
		{"disabled rule", func(commit func(...string) string) {
			commit(".gitleaks.toml", "[extend]\nuseDefault = true\ndisabledRules = [\"aws-access-token\"]\n",
				"a.env", "id = AK"+"IAZ7QXMUSTERCANARY\n")
		}, map[string]int{".gitleaks.toml disabled rule": 1}, "disables 1 of 319 rules: aws-access-token"},
		{"ignore file", func(commit func(...string) string) {
			commit("a.env", "x\ntoken=\""+canary("gone")+"\"\n", ".gitleaksignore", "# why\na.env:github-pat:2\n\nnonsense\n")
		}, map[string]int{".gitleaksignore": 1}, "1 lines of .gitleaksignore"},
		{"ignore file with commit", func(commit func(...string) string) {
			id := commit("a.env", "x\ntoken=\""+canary("gone")+"\"\n")
			commit(".gitleaksignore", id+":a.env:github-pat:2\n")
		}, map[string]int{".gitleaksignore": 1}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("zero", "kept.env", "token=\""+kept+"\"\n")
			tt.files(func(files ...string) string { return b.commit("more", files...) })
			r := scan(t, map[string]any{"path": b.dir})
			if r.err != nil {
				t.Fatal(r.err)
			}
			c := r.only(t)
			if diff := cmp.Diff(tt.want, c.Suppressed); diff != "" {
				t.Errorf("suppressed differs:\n%s", diff)
			}
			if c.Count != 1 || r.credential(kept) == nil {
				t.Errorf("%d credentials, want 1", c.Count)
			}
			if !strings.Contains(strings.Join(c.Notes, "\n"), tt.note) {
				t.Errorf("notes %q do not say %q", c.Notes, tt.note)
			}
			if c.Status != inventory.StatusComplete {
				t.Errorf("coverage is %s: %s", c.Status, c.Reason)
			}
		})
	}
}

// TestHostileRules gives the scanner rule files that are wrong or reach out.
func TestHostileRules(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.toml")
	if err := os.WriteFile(outside, []byte("[extend]\nuseDefault = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, rules string
		words       []string
	}{
		{"bad TOML", "title = \"x\"\n[[rules\n", []string{".gitleaks.toml:2"}},
		{"bad expression", "[[rules]]\nid = \"x\"\nregex = '''(unclosed'''\n", []string{".gitleaks.toml:3", "missing closing )"}},
		{"bad allowlist", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''*x''']\n", []string{".gitleaks.toml:4"}},
		{"huge expression", "[[rules]]\nid = \"x\"\nregex = '''((a{1000}){1000}){1000}'''\n", []string{".gitleaks.toml:3"}},
		{"extend outside", "[extend]\npath = \"" + outside + "\"\n", []string{".gitleaks.toml:2", "extend.path"}},
		{"extend above", "[extend]\npath = \"../outside.toml\"\n", []string{".gitleaks.toml:2"}},
		{"extend itself", "[extend]\npath = \".gitleaks.toml\"\n", []string{"files deep"}},
		{"extend url", "[extend]\nurl = \"https://rules.example/x.toml\"\n", []string{".gitleaks.toml:2", "not fetch"}},
		{"unknown target", "[extend]\nuseDefault = true\n[[allowlists]]\ntargetRules = [\"nosuch\"]\nregexes = ['x']\n", []string{"nosuch"}},
		{"wrong type", "[[rules]]\nid = \"x\"\nregex = 3\n", []string{".gitleaks.toml:3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("one", ".gitleaks.toml", tt.rules, "a.env", "token=\""+canary("a")+"\"\n")
			r := scan(t, map[string]any{"path": b.dir})
			if r.err != nil || r.credential(canary("a")) == nil {
				t.Fatalf("gitleaks' default rules were not used: %v", r.err)
			}
			wantPartial(t, r.only(t), append(tt.words, "default rules")...)
			bare := filepath.Join(t.TempDir(), "bare.git")
			b.git("clone", "-q", "--bare", b.dir, bare)
			wantPartial(t, scan(t, map[string]any{"path": bare}).only(t), "default rules")
		})
	}
}

// TestOwnRules finds what only the repository's own rules look for, through a
// file that they extend.
func TestOwnRules(t *testing.T) {
	s := "nwr-" + canary("own")[4:24]
	b := newBuilder(t)
	b.commit("one",
		".gitleaks.toml", "[extend]\npath = \"ci/base.toml\"\n",
		"ci/base.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = \"northwind-token\"\nregex = '''nwr-[0-9A-Za-z]{20}'''\nkeywords = [\"nwr-\"]\n",
		"a.txt", "see "+s+" here\n", "b.env", "token=\""+canary("b")+"\"\n")
	r := scan(t, map[string]any{"path": b.dir})
	c := r.credential(s)
	if r.err != nil || c == nil || r.credential(canary("b")) == nil {
		t.Fatalf("own and default rules: not both found: %v", r.err)
	}
	if c.Detector != "gitleaks:northwind-token" {
		t.Errorf("detector is %s", c.Detector)
	}
	// The same by the user's word, over a repository whose own rules find less.
	rules := filepath.Join(t.TempDir(), "rules.toml")
	if err := os.WriteFile(rules, []byte("[[rules]]\nid = \"northwind-token\"\nregex = '''nwr-[0-9A-Za-z]{20}'''\nkeywords = [\"nwr-\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = scan(t, map[string]any{"path": b.dir, "config": rules})
	if r.credential(s) == nil || r.credential(canary("b")) != nil {
		t.Error("the user's rules were not the ones used")
	}
	if n := r.only(t).Suppressed[".gitleaks.toml disabled rule"]; n == 0 {
		t.Error("what the left out default rules find is not counted")
	}
}
