package git

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// bomb makes a repository of a few objects whose one commit has 10^depth files.
func bomb(t *testing.T, depth int) (dir string, commit ID) {
	t.Helper()
	dir = t.TempDir()
	run := func(stdin string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=b")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %s: %v", args[0], err)
		}
		return string(bytes.TrimSpace(out))
	}
	run("", "init", "-q", "-b", "main")
	mode, id := "100644 blob", run("x", "hash-object", "-w", "--stdin")
	for range depth {
		var tree strings.Builder
		for i := range 10 {
			fmt.Fprintf(&tree, "%s %s\tn%d\n", mode, id, i)
		}
		mode, id = "040000 tree", run(tree.String(), "mktree")
	}
	head := run("", "commit-tree", "-m", "x", id)
	run("", "update-ref", "refs/heads/main", head)
	commit, _ = ParseID([]byte(head))
	return dir, commit
}

// TestBomb checks that a commit of more files than can be listed ends the
// listing, and not the machine's memory.
func TestBomb(t *testing.T) {
	dir, commit := bomb(t, 12)
	program, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), program, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Tree(t.Context(), commit, func(Entry) error { return nil }); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("tree: %v", err)
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		return // memory is watched on Linux only
	}
	// Another one: what watches the first may still read how much it allows.
	small, err := Open(t.Context(), program, dir)
	if err != nil {
		t.Fatal(err)
	}
	small.memory = 64 << 20
	err = small.Log(t.Context(), []string{"--all"}, nil, func(Change) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("log: %v", err)
	}
}
