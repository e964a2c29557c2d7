package repo

import (
	"path/filepath"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Files that hold credentials by their name are found where no commit but a merge
// brought them in, which is named, and where they are staged only; what was there
// before a merge settled a conflict is told once.
func TestFilesThatNoCommitBroughtIn(t *testing.T) {
	netrc := func(name string) string { return "machine a.northwind.example login ada password r0b0t-" + name + "\n" }
	b := newBuilder(t)
	b.commit("one", "a.txt", "clean\n", "sub/.netrc", netrc("Earth-1"))
	b.git("switch", "-q", "-c", "side")
	b.commit("two", "b.txt", "clean\n")
	b.git("switch", "-q", "main")
	b.git("merge", "-q", "--no-ff", "--no-commit", "side")
	b.write(".netrc", netrc("Mars-2"))
	b.write("sub/.netrc", "# settled\n"+netrc("Earth-1"))
	b.write("id.p12", "a key by a merge")
	b.git("add", "-A")
	b.git("commit", "-q", "-m", "merge")
	first, merge := b.git("rev-parse", "HEAD^1"), b.git("rev-parse", "HEAD")
	bare := filepath.Join(t.TempDir(), "mirror.git")
	b.git("clone", "-q", "--mirror", b.dir, bare)
	b.write("staged/.netrc", netrc("Moon-3"))
	b.write("staged.p12", "a key that is staged")
	b.git("add", "-A")
	memory := newNotebook()
	for _, c := range []struct {
		dir  string
		want map[string]string // the commit that brought it there
	}{
		{b.dir, map[string]string{"r0b0t-Earth-1": first, "r0b0t-Mars-2": merge, "a key by a merge": merge, "r0b0t-Moon-3": "", "a key that is staged": ""}},
		{bare, map[string]string{"r0b0t-Earth-1": first, "r0b0t-Mars-2": merge, "a key by a merge": merge}},
	} {
		config := map[string]any{"path": c.dir}
		r := scan(t, config)
		if got := r.only(t); got.Count != len(c.want) || got.Reason != "" {
			t.Errorf("%q", r.scopes())
		}
		for secret, commit := range c.want {
			found, via := r.credential(secret), ""
			if commit == "" {
				via = "staged"
			}
			if found == nil {
				t.Errorf("the one by commit %q is not found", commit)
				continue
			}
			if len(found.FoundAt) != 1 || found.FoundAt[0].Via != via || found.FoundAt[0].Commit != commit || found.AtHead != inventory.True && c.dir == b.dir {
				t.Errorf("by commit %q: at HEAD %v, places %v", commit, found.AtHead, found.FoundAt)
			}
		}
		sameAsFresh(t, memory, config, c.dir)
	}
}

// A place where files lie that no branch has: how it is made, and how it is told.
type hidingPlace struct {
	name    string
	hide    func(b *builder, netrc, key string)
	via     string
	byReach bool // a reflog leads to it
}

func hidingPlaces() []hidingPlace {
	put := func(b *builder, netrc, key string) {
		b.write("home/.netrc", netrc)
		b.write("evil.p12", key)
		b.git("add", "-A")
	}
	return []hidingPlace{
		{"a merge itself, taken away later", func(b *builder, netrc, key string) {
			b.git("switch", "-q", "-c", "side")
			b.commit("two", "b.txt", "clean\n")
			b.git("switch", "-q", "main")
			b.git("merge", "-q", "--no-ff", "--no-commit", "side")
			put(b, netrc, key)
			b.git("commit", "-q", "-m", "merge")
			b.git("rm", "-q", "home/.netrc", "evil.p12")
			b.commit("gone")
		}, "", true},
		{"amended away", func(b *builder, netrc, key string) {
			put(b, netrc, key)
			b.git("commit", "-q", "-m", "two")
			b.git("rm", "-q", "home/.netrc", "evil.p12")
			b.git("commit", "-q", "--amend", "--allow-empty", "-m", "clean")
		}, "unreachable commit", true},
		{"amended away, and forgotten", func(b *builder, netrc, key string) {
			put(b, netrc, key)
			b.git("commit", "-q", "-m", "two")
			b.git("rm", "-q", "home/.netrc", "evil.p12")
			b.git("commit", "-q", "--amend", "--allow-empty", "-m", "clean")
			b.git("reflog", "expire", "--expire=now", "--all")
		}, "unreachable commit", false},
		{"HEAD, detached and left", func(b *builder, netrc, key string) {
			b.git("switch", "-q", "--detach")
			put(b, netrc, key)
			b.git("commit", "-q", "-m", "two")
			b.git("rm", "-q", "home/.netrc", "evil.p12")
			b.commit("three")
			b.git("switch", "-q", "main")
		}, "unreachable commit", true},
		{"HEAD, detached", func(b *builder, netrc, key string) {
			b.git("switch", "-q", "--detach")
			put(b, netrc, key)
			b.git("commit", "-q", "-m", "two")
			b.git("rm", "-q", "home/.netrc", "evil.p12")
			b.commit("three")
		}, "", true},
		{"a merge that no branch has", func(b *builder, netrc, key string) {
			b.git("switch", "-q", "-c", "side")
			b.commit("two", "b.txt", "clean\n")
			b.git("switch", "-q", "main")
			b.git("merge", "-q", "--no-ff", "--no-commit", "side")
			put(b, netrc, key)
			b.git("commit", "-q", "-m", "merge")
			b.git("reset", "-q", "--hard", "HEAD~1")
		}, "unreachable commit", true},
		{"a stash", func(b *builder, netrc, key string) {
			put(b, netrc, key)
			b.git("stash", "-q")
		}, "stash", true},
		{"a stash of files that are not tracked, below another", func(b *builder, netrc, key string) {
			b.write("home/.netrc", netrc)
			b.write("evil.p12", key)
			b.git("stash", "-q", "-u")
			b.write("a.txt", "other\n")
			b.git("stash", "-q")
		}, "stash", true},
	}
}

// Files that hold credentials by their name are found wherever a commit that is
// still there has them, and told where a rule's finding beside them is.
func TestNamedFilesInHidingPlaces(t *testing.T) {
	word, key := "r0b0t-"+"Ceres-4", "a key that is hidden"
	netrc := "# " + canary("beside") + "\nmachine a.northwind.example login ada password " + word + "\n"
	for _, tt := range hidingPlaces() {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("one", "a.txt", "clean\n")
			tt.hide(b, netrc, key)
			for what, r := range map[string]result{
				"all": scan(t, map[string]any{"path": b.dir}), "through git": scanGit(t, map[string]any{"path": b.dir}),
				"history": scan(t, map[string]any{"path": b.dir, "worktree": false}), "what is reached": scan(t, map[string]any{"path": b.dir, "unreachable": false}),
			} {
				for value, want := range map[string]string{word: "home/.netrc:2", key: "evil.p12:0", canary("beside"): "home/.netrc:1"} {
					c := r.credential(value)
					if what == "what is reached" && !tt.byReach {
						if c != nil {
							t.Errorf("%s: %s is found", what, want)
						}
						continue
					}
					if tt.via != "" {
						want += " (" + tt.via + ")"
					}
					if c == nil || places(c) != want+"\n" {
						t.Errorf("%s: want %s, got %v", what, want, c)
					}
				}
				if got := r.only(t); got.Status != inventory.StatusComplete {
					t.Errorf("%s: %s", what, got.Reason)
				}
			}
			sameAsFresh(t, newNotebook(), map[string]any{"path": b.dir}, tt.name)
		})
	}
}
