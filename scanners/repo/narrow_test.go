package repo

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

func TestNarrowedScans(t *testing.T) {
	b := newBuilder(t)
	first := b.commit("one", "CODEOWNERS", "* @northwind/robots\n", "a.env", "token="+canary("first")+"\n")
	b.commit("two", "b.env", "token="+canary("second")+"\n")
	b.commit("three", "a.env", "gone\n")
	b.write("a.env", "gone\ntoken="+canary("staged")+"\n")
	b.git("add", "-A")
	b.write("c.env", "token="+canary("untracked")+"\n")
	all := []string{"first", "second", "staged", "untracked"}
	tests := []struct {
		name   string
		config map[string]any
		want   []string
		scope  string
	}{
		{"all", nil, all, ""},
		{"no history", map[string]any{"history": false}, []string{"second", "staged", "untracked"}, "@worktree"},
		{"no working tree", map[string]any{"worktree": false}, []string{"first", "second", "staged"}, "@history"},
		{"staged", map[string]any{"staged": true}, []string{"staged"}, "@staged"},
		{"range", map[string]any{"commits": first + "..HEAD"}, []string{"second"}, "@commits"},
		{"since", map[string]any{"since": "2026-01-01T17:00:00Z"}, []string{"second"}, "@commits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := map[string]any{"path": b.dir}
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
			c := r.only(t)
			if want := "local/" + filepath.Base(b.dir) + tt.scope; c.Scope != want || c.Status != inventory.StatusComplete {
				t.Errorf("coverage %s of %s, want complete of %s: %s", c.Status, c.Scope, want, c.Reason)
			}
			owned := false
			for _, x := range r.records {
				owned = owned || x.Owner != nil && x.Owner.Owner == "@northwind/robots"
				if x.Credential != nil && !strings.HasPrefix(x.Credential.ID, "repo:local/"+filepath.Base(b.dir)+"/secret/") {
					t.Errorf("id %s depends on how far the scan went", x.Credential.ID)
				}
			}
			if !owned {
				t.Error("no owner by CODEOWNERS")
			}
		})
	}
}

func TestRefusedConfigurations(t *testing.T) {
	dir := t.TempDir()
	for name, config := range map[string]map[string]any{
		"no path":          {},
		"staged and range": {"path": dir, "staged": true, "commits": "A..B"},
		"nothing left":     {"path": dir, "history": false, "worktree": false},
		"an option":        {"path": dir, "commits": "--output=/tmp/x"},
		"no size":          {"path": dir, "max_file_size": 0},
		"rules not there":  {"path": dir, "config": filepath.Join(dir, "none.toml")},
	} {
		if r := scan(t, config); r.err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}

// TestRangeNotThere asks for commits that a repository does not have: its own
// coverage says so, in the words of who asked.
func TestRangeNotThere(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "a", "1")
	b.commit("two", "a", "2")
	shallow := filepath.Join(t.TempDir(), "shallow")
	b.git("clone", "-q", "--depth=1", "file://"+b.dir, shallow)
	for _, tt := range []struct{ dir, asked, want string }{
		{b.dir, "nosuch..HEAD", "no revision nosuch is"},
		{b.dir, "HEAD..origin/nosuch", "no revision origin/nosuch is"},
		{b.dir, "main...nosuch", "no revision nosuch is"},
		{b.dir, "HEAD~2..", "no revision HEAD~2 is"},
		{b.dir, "..nosuch", "no revision nosuch is"},
		{b.dir, "nosuch", "no revision nosuch is"},
		{b.dir, "^nosuch", "no revision nosuch is"},
		{shallow, "HEAD~1..HEAD", "no revision HEAD~1 is in this repository, which is a shallow clone"},
	} {
		r := scan(t, map[string]any{"path": tt.dir, "commits": tt.asked})
		if r.err != nil {
			t.Fatalf("%s: %v", tt.asked, r.err)
		}
		c := r.only(t)
		wantPartial(t, c, tt.want)
		if want := "local/" + filepath.Base(tt.dir) + "@commits"; c.Scope != want || strings.Contains(c.Reason, tt.dir) {
			t.Errorf("%s: scope %s, want %s: %s", tt.asked, c.Scope, want, c.Reason)
		}
	}
}

func TestManyRepositories(t *testing.T) {
	top := t.TempDir()
	b := newBuilder(t)
	b.commit("one", "a.env", "token="+canary("a")+"\n")
	b.git("remote", "add", "origin", "https://user:pass"+"word@GitHub.com/northwind/robots.git")
	b.git("clone", "-q", "--mirror", b.dir, filepath.Join(top, "mirror.git"))
	b.git("clone", "-q", b.dir, filepath.Join(top, "deep", "clone"))
	b.git("worktree", "add", "-q", filepath.Join(top, "linked"))
	if err := os.WriteFile(filepath.Join(top, "loose.env"), []byte("token="+canary("loose")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := scan(t, map[string]any{"path": top, "paths": []string{b.dir}})
	if r.err != nil {
		t.Fatal(r.err)
	}
	var got []string
	for scope, c := range r.coverage() {
		got = append(got, scope)
		if c.Status != inventory.StatusComplete {
			t.Errorf("%s: %s: %s", scope, c.Status, c.Reason)
		}
	}
	slices.Sort(got)
	want := []string{"github.com/northwind/robots", "github.com/northwind/robots-2", "local/" + filepath.Base(top), "local/clone", "local/mirror"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("scopes %q, want %q", got, want)
	}
	if r.credential(canary("loose")) == nil {
		t.Error("a file beside the repositories was not scanned")
	}
}

func TestSubmodules(t *testing.T) {
	inner := newBuilder(t)
	inner.commit("one", "s.env", "token="+canary("inner")+"\n")
	b := newBuilder(t)
	b.commit("one", "a", "1")
	b.git("submodule", "--quiet", "add", inner.dir, "lib/inner")
	b.commit("two")
	r := scan(t, map[string]any{"path": b.dir})
	if r.err != nil || r.credential(canary("inner")) == nil || len(r.coverage()) != 2 {
		t.Errorf("the submodule was not scanned as a scope of its own: %v", r.err)
	}
	if r := scan(t, map[string]any{"path": b.dir, "submodules": false}); len(r.coverage()) != 1 || len(r.only(t).Notes) == 0 {
		t.Error("a submodule left out is not noted")
	}
	bare := filepath.Join(t.TempDir(), "bare.git")
	b.git("clone", "-q", "--bare", b.dir, bare)
	c := scan(t, map[string]any{"path": bare}).only(t)
	if !strings.Contains(strings.Join(c.Notes, "\n"), "lib/inner") {
		t.Errorf("notes %q do not name the submodule", c.Notes)
	}
}

// TestStagedIsQuick holds a pre-commit scan under half a second even on a
// loaded machine; it takes some 50 ms on a free one.
func TestStagedIsQuick(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "a", "1")
	b.write("a", "token="+canary("staged")+"\n")
	b.git("add", "-A")
	best := time.Hour
	for range 5 {
		start := time.Now()
		scan(t, map[string]any{"path": b.dir, "staged": true})
		best = min(best, time.Since(start))
	}
	t.Logf("staged scan: %v", best)
	if best > 500*time.Millisecond {
		t.Errorf("a staged scan took %v", best)
	}
}
