package repo

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Branches that have the names of files of a git directory are part of what the
// log depends on.
func TestRescanOfBranchesNamedAsFiles(t *testing.T) {
	for _, name := range []string{"index", "COMMIT_EDITMSG", "worktrees/a/index"} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			b.git("config", "core.logAllRefUpdates", "false")
			b.commit("one", "a.txt", "clean\n")
			b.commit("two", "b.env", "token="+canary("b")+"\n")
			b.git("branch", "-q", name)
			b.git("reset", "-q", "--hard", "HEAD~1")
			memory := newNotebook()
			config := map[string]any{"path": b.dir}
			sameAsFresh(t, memory, config, "with the branch")
			b.git("update-ref", "-d", "refs/heads/"+name)
			sameAsFresh(t, memory, config, "without it")
		})
	}
}

// What is staged and in no commit is found though only what references reach is
// read, in linked working trees, too, and what the store has lost is read on disk.
func TestStagedIsRead(t *testing.T) {
	dir := t.TempDir()
	a := at(t, filepath.Join(dir, "a"))
	a.commit("one", "a.env", "token="+canary("common")+"\n")
	linked := filepath.Join(dir, "b")
	a.git("worktree", "add", "-q", linked, "HEAD")
	for to, name := range map[string]string{a.dir: "here", linked: "linked"} {
		if err := os.WriteFile(filepath.Join(to, "staged.env"), []byte("token="+canary(name)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		a.gitIn(to, "add", "-A")
	}
	for _, unreachable := range []bool{true, false} {
		r := scan(t, map[string]any{"path": dir, "unreachable": unreachable})
		for _, name := range []string{"common", "here", "linked"} {
			if c := r.credential(canary(name)); c == nil || len(c.FoundAt) != 1 {
				t.Errorf("unreachable %v: %s: %v", unreachable, name, c)
			}
		}
	}
	id := a.git("rev-parse", ":staged.env")
	if err := os.Remove(filepath.Join(a.dir, ".git", "objects", id[:2], id[2:])); err != nil {
		t.Fatal(err)
	}
	if scan(t, map[string]any{"path": a.dir}).credential(canary("here")) == nil {
		t.Error("the store has lost what is staged: the file was not read")
	}
}

// What was concluded while git failed is not remembered.
func TestRescanAfterAFailure(t *testing.T) {
	b := eventful(t)
	memory := newNotebook()
	config := map[string]any{"path": b.dir}
	sameAsFresh(t, memory, config, "before")
	b.commit("more", "more.env", "TOKEN="+canary("more")+"\n")
	j := &job{ctx: t.Context(), scan: &scanner{env: envOf(memory)}, reasons: map[string]int{}}
	j.past = &past{job: j, pages: &pages{}}
	if err := j.tolerate(errors.New("git was stopped"), "the tree at HEAD"); err != nil || !j.past.spoiled {
		t.Fatal(err)
	}
	before := bytes.Clone(memory.data[memory.of(t, "repo/log/")])
	j.past.save()
	if !cmp.Equal(before, memory.data[memory.of(t, "repo/log/")]) {
		t.Error("it is remembered")
	}
}
