package repo

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// openError opens a scanner and returns what is wrong with what it was asked for.
func openError(t *testing.T, config map[string]any) error {
	t.Helper()
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Factory().Open(envOf(nil), func(into any) error { return json.Unmarshal(raw, into) })
	return err
}

// TestBelowTheTop names a directory or a file inside a repository together with
// what only a repository has: it is taken from there, as far as it lies below what
// was named.
func TestBelowTheTop(t *testing.T) {
	line := func(name string) string { return "token=" + canary(name) + "\n" }
	b := newBuilder(t)
	first := b.commit("one", "sub/a.env", "1\n", "subway/x", "1\n")
	b.commit("two "+canary("message"), "top.env", line("top"), "sub/a.env", line("below"), "sub/gone.env", line("gone"), "subway/b.env", line("beside"))
	b.git("rm", "-q", "sub/gone.env")
	b.commit("clean up")
	b.commit("three "+canary("other message"), "top2.env", "2\n")
	b.write("top.env", line("staged at the top"))
	b.write("sub/deep/c.env", line("staged below"))
	b.git("add", "-A")
	b.write("sub/deep/c.env", "cleaned\n")
	b.write("sub/d.env", line("on disk"))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(b.dir, "sub"), link); err != nil {
		t.Fatal(err)
	}
	all := []string{"top", "below", "gone", "beside", "message", "other message", "staged at the top", "staged below", "on disk"}
	staged, ranged := map[string]any{"staged": true}, map[string]any{"commits": first + "..HEAD"}
	for _, tt := range []struct {
		name   string
		paths  []string
		config map[string]any
		want   []string
		scope  string
	}{
		{"staged", []string{"sub"}, staged, []string{"staged below"}, "@staged/sub"},
		{"staged, deeper", []string{"sub/deep"}, staged, []string{"staged below"}, "@staged/sub/deep"},
		{"staged, a file", []string{"sub/deep/c.env"}, staged, []string{"staged below"}, "@staged/sub/deep/c.env"},
		{"staged, another", []string{"subway"}, staged, nil, "@staged/subway"},
		{"staged, a link", []string{link}, staged, []string{"staged below"}, "@staged/sub"},
		{"staged, two", []string{"subway", "sub"}, staged, []string{"staged below"}, "@staged/sub,subway"},
		{"staged, with the top", []string{"sub", "."}, staged, []string{"staged at the top", "staged below"}, "@staged"},
		{"range", []string{"sub"}, ranged, []string{"below", "gone", "message"}, "@commits/sub"},
		{"since", []string{"sub"}, map[string]any{"since": first}, []string{"below", "gone", "message"}, "@commits/sub"},
		{"range, a file", []string{"subway/b.env"}, ranged, []string{"beside", "message"}, "@commits/subway/b.env"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(b.dir)
			config := map[string]any{"paths": tt.paths}
			maps.Copy(config, tt.config)
			r := scan(t, config)
			if r.err != nil {
				t.Fatal(r.err)
			}
			for _, name := range all {
				if got, want := r.credential(canary(name)) != nil, slices.Contains(tt.want, name); got != want {
					t.Errorf("%s: found %v, want %v", name, got, want)
				}
			}
			base := "local/" + filepath.Base(b.dir)
			if c := r.only(t); c.Scope != base+tt.scope || c.Status != inventory.StatusComplete {
				t.Errorf("coverage %s of %s, want complete of %s: %s", c.Status, c.Scope, base+tt.scope, c.Reason)
			}
			if c := r.credential(canary("staged below")); c != nil && (places(c) != "sub/deep/c.env:1 uncommitted (staged) at head\n" || !strings.HasPrefix(c.ID, "repo:"+base+"/secret/")) {
				t.Errorf("%s is at %s", c.ID, places(c))
			}
		})
	}
}

// TestNothingToNarrow asks for what only a repository has where there is none, or
// not the whole of it: that is refused before anything is scanned.
func TestNothingToNarrow(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "sub/a.env", "token="+canary("a")+"\n")
	plain := t.TempDir()
	if err := os.WriteFile(filepath.Join(plain, "a.env"), []byte("token="+canary("a")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inside, bare := filepath.Join(b.dir, "sub"), filepath.Join(t.TempDir(), "bare.git")
	b.git("clone", "-q", "--bare", b.dir, bare)
	for _, tt := range []struct {
		name, path string
		config     map[string]any
		want       string
	}{
		{"staged in a plain directory", plain, map[string]any{"staged": true}, "repos:"},
		{"a range in a plain directory", plain, map[string]any{"commits": "A..B"}, "repos:"},
		{"an age in a plain directory", plain, map[string]any{"since": "2 weeks ago"}, "repos:"},
		{"a range in a plain file", filepath.Join(plain, "a.env"), map[string]any{"commits": "A..B"}, "no repository"},
		{"history of a plain directory", plain, map[string]any{"worktree": false}, "repos:"},
		{"history of a directory inside", inside, map[string]any{"worktree": false}, filepath.Clean(b.dir)},
		{"staged in a bare repository", bare, map[string]any{"staged": true}, "is bare: nothing can be staged there"},
		{"an age that is none", b.dir, map[string]any{"since": "nonsense"}, "no date such as 2026-11-01, no age such as \"2 weeks ago\", and no revision"},
		{"an age that is none, of a directory inside", inside, map[string]any{"since": "yesterdya"}, "no revision"},
		{"staged in a git directory", filepath.Join(b.dir, ".git", "refs"), map[string]any{"staged": true}, "no repository"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.config["path"] = tt.path
			if err := openError(t, tt.config); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v does not say %q", err, tt.want)
			}
		})
	}
}

// TestHistoryLeftOut scans a directory inside a repository as the files that it
// holds: a note says that there is a history, and where, unless nobody asked for
// it.
func TestHistoryLeftOut(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "sub/deep/a.env", "token="+canary("a")+"\n", "sub/b", "1")
	t.Chdir(filepath.Join(b.dir, "sub", "deep"))
	for _, tt := range []struct {
		path    string
		history bool
		want    string
	}{
		{".", true, "scan ../.. "},
		{"..", true, "scan ../.. "},
		{"../../sub", true, "scan ../.. "},
		{filepath.Join(b.dir, "sub"), true, "scan " + b.dir + " "},
		{".", false, ""},
		{"../..", true, ""},
		{"a.env", true, ""},
		{t.TempDir(), true, ""},
	} {
		r := scan(t, map[string]any{"path": tt.path, "history": tt.history})
		if r.err != nil {
			t.Fatal(r.err)
		}
		notes := strings.Join(r.only(t).Notes, "\n")
		if said := strings.Contains(notes, "whose history was not read"); said != (tt.want != "") || !strings.Contains(notes, tt.want) {
			t.Errorf("%s, history %v: notes %q, want %q", tt.path, tt.history, notes, tt.want)
		}
	}
}
