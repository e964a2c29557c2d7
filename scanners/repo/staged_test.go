package repo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// canariesInHooks are those that TestInHook looks for.
func canariesInHooks() []string { return []string{"committed", "all", "path", "staged", "left"} }

// TestInHook is what a hook runs: it writes which canaries a scan of what is
// staged finds, and how much it saw, to the file that the environment names.
func TestInHook(t *testing.T) {
	out := os.Getenv("MUSTER_TEST_HOOK")
	if out == "" {
		return
	}
	r := scan(t, map[string]any{"path": os.Getenv("MUSTER_TEST_TARGET"), "staged": true})
	if r.err != nil {
		t.Fatal(r.err)
	}
	if err := os.WriteFile(out, []byte(whatHooksSee(r)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func whatHooksSee(r result) string {
	var seen []string
	for _, name := range canariesInHooks() {
		if r.credential(canary(name)) != nil {
			seen = append(seen, name)
		}
	}
	for _, c := range r.coverage() {
		seen = append(seen, string(c.Status))
	}
	return strings.Join(seen, " ")
}

// hook makes this program the pre-commit hook, which scans a target, and returns
// where it writes what it saw.
func (b *builder) hook(target string) string {
	b.t.Helper()
	out, program := filepath.Join(b.t.TempDir(), "seen"), os.Args[0]
	program, err := filepath.Abs(program)
	script := fmt.Sprintf("#!/bin/sh\nMUSTER_TEST_HOOK='%s' MUSTER_TEST_TARGET='%s' exec '%s' -test.run '^TestInHook$' >&2\n", out, target, program)
	dir := filepath.Join(b.dir, ".git", "hooks")
	if err := errors.Join(err, os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "pre-commit"), []byte(script), 0o700)); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// TestHookSeesTheNextCommit commits in all ways that git has: the hook sees what
// the commit would add, and nothing else, though git keeps that in an index of its
// own.
func TestHookSeesTheNextCommit(t *testing.T) {
	line := func(name string) string { return "token=" + canary(name) + "\n" }
	for _, tt := range []struct {
		name   string
		stage  string // a file that is staged before
		change string // a tracked file that is changed on disk
		args   []string
		want   string
	}{
		{"as it is staged", "staged", "left", nil, "staged complete"},
		{"all", "staged", "all", []string{"-a"}, "all staged complete"},
		{"all, amended", "", "all", []string{"-a", "--amend"}, "all complete"},
		{"a path", "staged", "path", []string{"path.env"}, "path complete"},
		{"a path besides", "staged", "path", []string{"--include", "path.env"}, "path staged complete"},
		{"nothing", "", "", []string{"--allow-empty"}, "complete"},
	} {
		for _, where := range []string{"", "linked", "below"} {
			if where != "" && tt.name != "all" && tt.name != "a path" {
				continue
			}
			t.Run(strings.TrimSpace(tt.name+" "+where), func(t *testing.T) {
				b := newBuilder(t)
				b.commit("one", "committed.env", line("committed"), "all.env", "1\n", "path.env", "1\n", "left.env", "1\n", "below/x", "1\n")
				top, target, args := b.dir, ".", tt.args
				switch where {
				case "linked":
					top = filepath.Join(t.TempDir(), "linked")
					b.git("worktree", "add", "-q", top)
				case "below":
					args = slices.Clone(args)
					for i, arg := range args {
						args[i] = strings.ReplaceAll(arg, "path.env", "../path.env")
					}
				}
				out := b.hook(target)
				write := func(name string) {
					if err := os.WriteFile(filepath.Join(top, name+".env"), []byte("1\n"+line(name)), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if tt.stage != "" {
					write(tt.stage)
					b.gitIn(top, "add", tt.stage+".env")
				}
				if tt.change != "" {
					write(tt.change)
				}
				from := top
				if where == "below" {
					from = filepath.Join(top, "below")
				}
				b.gitIn(from, append([]string{"commit", "-q", "-m", "two"}, args...)...)
				got, err := os.ReadFile(out)
				if err != nil || string(got) != tt.want {
					t.Errorf("the hook saw %q, want %q (%v)", got, tt.want, err)
				}
			})
		}
	}
}

// TestHookOfAFirstCommit commits where there is neither a commit nor, with
// nothing added, an index.
func TestHookOfAFirstCommit(t *testing.T) {
	b := newBuilder(t)
	out := b.hook(".")
	b.git("commit", "-q", "--allow-empty", "-m", "none")
	if got, err := os.ReadFile(out); err != nil || string(got) != "complete" {
		t.Errorf("without an index the hook saw %q (%v)", got, err)
	}
	b = newBuilder(t)
	out = b.hook(".")
	b.write("staged.env", "token="+canary("staged")+"\n")
	b.git("add", "-A")
	b.git("commit", "-q", "-m", "one")
	if got, err := os.ReadFile(out); err != nil || string(got) != "staged complete" {
		t.Errorf("the hook saw %q (%v)", got, err)
	}
}

// TestHookSpeaksOfOneRepository scans another repository than that which git runs
// the hook for: the index of the one says nothing of the other.
func TestHookSpeaksOfOneRepository(t *testing.T) {
	b, other := newBuilder(t), newBuilder(t)
	b.commit("one", "all.env", "1\n")
	other.commit("one", "a", "1\n")
	other.write("staged.env", "token="+canary("staged")+"\n")
	other.git("add", "-A")
	out := b.hook(other.dir)
	b.write("all.env", "token="+canary("all")+"\n")
	b.git("commit", "-q", "-a", "-m", "two")
	if got, err := os.ReadFile(out); err != nil || string(got) != "staged complete" {
		t.Errorf("the hook saw %q (%v)", got, err)
	}
}

// TestIndexElsewhere names indexes that git would not have made for a hook of this
// repository: none of them is read, and the coverage says so.
func TestIndexElsewhere(t *testing.T) {
	stranger := newBuilder(t)
	stranger.write("left.env", "token="+canary("left")+"\n")
	stranger.git("add", "-A")
	for name, plant := range map[string]func(t *testing.T, b *builder) string{
		"outside": func(*testing.T, *builder) string { return filepath.Join(stranger.dir, ".git", "index") },
		"outside, relative": func(t *testing.T, b *builder) string {
			t.Helper()
			return relative(t, b.dir, stranger.dir) + "/.git/index"
		},
		"beside": func(_ *testing.T, b *builder) string {
			b.write("index", "not one")
			return "index"
		},
		"dots": func(t *testing.T, b *builder) string {
			t.Helper()
			return ".git/../" + relative(t, b.dir, stranger.dir) + "/.git/index"
		},
		"a link": func(t *testing.T, b *builder) string {
			t.Helper()
			link := filepath.Join(b.dir, ".git", "next-index-1.lock")
			if err := os.Symlink(filepath.Join(stranger.dir, ".git", "index"), link); err != nil {
				t.Fatal(err)
			}
			return link
		},
		"a directory": func(*testing.T, *builder) string { return ".git/refs" },
		"not there":   func(*testing.T, *builder) string { return ".git/next-index-2.lock" },
		"no index":    func(*testing.T, *builder) string { return ".git/HEAD" },
		"a pipe": func(t *testing.T, b *builder) string {
			t.Helper()
			fifo(t, filepath.Join(b.dir, ".git", "hooks", "pipe"))
			return ".git/hooks/pipe"
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("one", "a", "1")
			b.write("staged.env", "token="+canary("staged")+"\n")
			b.git("add", "-A")
			b.write(".git/hooks/x", "")
			t.Setenv("GIT_INDEX_FILE", plant(t, b))
			t.Chdir(b.dir)
			r := within(t, map[string]any{"path": ".", "staged": true})
			if r.err != nil {
				t.Fatal(r.err)
			}
			c := r.only(t)
			wantPartial(t, c, "index")
			if strings.Contains(c.Reason, stranger.dir) || strings.Contains(c.Reason, b.dir) {
				t.Errorf("reason %q says where it lies on this machine", c.Reason)
			}
			if r.credential(canary("left")) != nil {
				t.Error("the index of another repository was read")
			}
			if name != "not there" {
				return
			}
			// What is not narrowed to what is staged asks no index but its own.
			if c := within(t, map[string]any{"path": "."}).only(t); c.Status != inventory.StatusComplete {
				t.Errorf("a scan of all is %s: %s", c.Status, c.Reason)
			}
		})
	}
}

func relative(t *testing.T, from, to string) string {
	t.Helper()
	rel, err := filepath.Rel(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

// TestHookRunsGitSeldom counts how often git is run for a small change: whoever
// commits waits for each.
func TestHookRunsGitSeldom(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "main.go", "package main\n")
	if err := os.WriteFile(filepath.Join(b.dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.git("add", "main.go")
	program, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir, mark := t.TempDir(), filepath.Join(t.TempDir(), "ran")
	script := fmt.Sprintf("#!/bin/sh\necho ran >> '%s'\nexec '%s' \"$@\"\n", mark, program)
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	r := scan(t, map[string]any{"path": b.dir, "staged": true})
	if c := r.only(t); c.Status != inventory.StatusComplete {
		t.Errorf("the scan is %s: %s", c.Status, c.Reason)
	}
	ran, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	// Its configuration, whether git takes it for a repository, HEAD, the name of
	// its remote, what is staged, and the objects.
	if n := strings.Count(string(ran), "ran\n"); n > 6 {
		t.Errorf("git was run %d times, want at most 6", n)
	}
}
