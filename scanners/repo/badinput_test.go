package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// wantPartial checks that a scan went on and its coverage says why it is not
// whole.
func wantPartial(t *testing.T, c *inventory.Coverage, words ...string) {
	t.Helper()
	if c.Status != inventory.StatusPartial {
		t.Errorf("coverage is %s, want partial", c.Status)
	}
	for _, w := range words {
		if !strings.Contains(c.Reason, w) {
			t.Errorf("reason %q does not say %q", c.Reason, w)
		}
	}
}

func TestEmptyRepository(t *testing.T) {
	b := newBuilder(t)
	if c := scan(t, map[string]any{"path": b.dir}).only(t); c.Status != inventory.StatusComplete || c.Count != 0 {
		t.Errorf("got %s, %d: %s", c.Status, c.Count, c.Reason)
	}
	b.git("config", "core.bare", "true")
	bare := t.TempDir()
	b.gitIn(bare, "init", "-q", "--bare")
	if c := scan(t, map[string]any{"path": bare}).only(t); c.Status != inventory.StatusComplete {
		t.Errorf("bare: got %s: %s", c.Status, c.Reason)
	}
}

// loose returns the file of a loose object.
func (b *builder) loose(id string) string {
	return filepath.Join(b.dir, ".git", "objects", id[:2], id[2:])
}

func TestCorruptObject(t *testing.T) {
	for _, damage := range []struct {
		name string
		do   func(t *testing.T, file string)
	}{
		{"garbage", func(t *testing.T, file string) {
			t.Helper()
			if err := errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, []byte("not an object"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}},
		{"cut off", func(t *testing.T, file string) {
			t.Helper()
			if err := errors.Join(os.Chmod(file, 0o600), os.Truncate(file, 40)); err != nil {
				t.Fatal(err)
			}
		}},
		{"missing", func(t *testing.T, file string) {
			t.Helper()
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(damage.name, func(t *testing.T) {
			b := newBuilder(t)
			s := canary("kept")
			big := strings.Repeat("filler "+canary("x")[5:]+"\n", 200) // long enough to be cut
			b.commit("one", "bad.txt", big, "a.env", "token="+s+"\n", "z.env", "token="+canary("z")+"\n")
			damage.do(t, b.loose(b.git("rev-parse", "HEAD:bad.txt")))
			r := scan(t, map[string]any{"path": b.dir, "worktree": false})
			if r.err != nil {
				t.Fatal(r.err)
			}
			if r.credential(s) == nil || r.credential(canary("z")) == nil {
				t.Error("what is whole was not found")
			}
			wantPartial(t, r.only(t), "missing or corrupt")
		})
	}
}

func TestMissingCommit(t *testing.T) {
	b := newBuilder(t)
	first := b.commit("one", "a.env", "token="+canary("a")+"\n")
	b.commit("two", "b", "2")
	if err := os.Remove(b.loose(first)); err != nil {
		t.Fatal(err)
	}
	r := scan(t, map[string]any{"path": b.dir})
	if r.err != nil || r.credential(canary("a")) == nil {
		t.Fatalf("the secret was not found: %v", r.err)
	}
	wantPartial(t, r.only(t), "log")
}

func TestPartialAndShallowClones(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "a.env", "token="+canary("old")+"\n")
	b.commit("two", "a.env", "token="+canary("new")+"\n")
	b.git("config", "uploadpack.allowFilter", "true")
	partial := filepath.Join(t.TempDir(), "partial")
	b.git("clone", "-q", "--no-local", "--filter=blob:none", "file://"+b.dir, partial)
	r := scan(t, map[string]any{"path": partial})
	if r.err != nil || r.credential(canary("new")) == nil {
		t.Errorf("partial clone: the secret at HEAD was not found: %v", r.err)
	}
	wantPartial(t, r.only(t), "missing")
	shallow := filepath.Join(t.TempDir(), "shallow")
	b.git("clone", "-q", "--depth=1", "file://"+b.dir, shallow)
	r = scan(t, map[string]any{"path": shallow})
	if r.err != nil || r.credential(canary("new")) == nil {
		t.Errorf("shallow clone: the secret at HEAD was not found: %v", r.err)
	}
	wantPartial(t, r.only(t), "shallow")
}

func TestLargeFiles(t *testing.T) {
	b := newBuilder(t)
	s, late := canary("middle"), canary("late")
	line := strings.Repeat("x", 99) + "\n"
	var f strings.Builder
	for f.Len() < 200<<20 {
		f.WriteString(line)
		if f.Len() == 100*900_000 {
			f.WriteString("token=" + s + "\n")
		}
	}
	f.WriteString("token=" + late + "\n")
	b.write("big.txt", f.String())
	r := scan(t, map[string]any{"path": b.dir})
	if c := r.credential(s); c == nil || c.FoundAt[0].Line != 900_001 {
		t.Error("the secret in the middle was not found on its line")
	}
	if r.credential(late) == nil {
		t.Error("the secret at the end was not found")
	}
	r = scan(t, map[string]any{"path": b.dir, "max_file_size": 1 << 20})
	wantPartial(t, r.only(t), "max_file_size")
}

func TestLinksDevicesAndPermissions(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret.env")
	if err := errors.Join(
		os.WriteFile(outside, []byte("token="+canary("outside")+"\n"), 0o600),
		os.Symlink("loop", filepath.Join(dir, "loop")),
		os.Symlink(".", filepath.Join(dir, "self")),
		os.Symlink(outside, filepath.Join(dir, "out.env")),
		os.WriteFile(filepath.Join(dir, "in.env"), []byte("token="+canary("in")+"\n"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	r := scan(t, map[string]any{"path": dir})
	if r.credential(canary("in")) == nil || r.credential(canary("outside")) != nil {
		t.Error("want the file inside, and nothing that a link leads to")
	}
	if c := r.only(t); c.Status != inventory.StatusComplete {
		t.Errorf("coverage is %s: %s", c.Status, c.Reason)
	}
}

func TestNotARepository(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, ".git"), []byte("gitdir: /nowhere\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "a.env"), []byte("token="+canary("a")+"\n"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	r := scan(t, map[string]any{"path": dir})
	if r.err != nil || r.credential(canary("a")) == nil {
		t.Errorf("the file was not found: %v", r.err)
	}
	wantPartial(t, r.only(t), "not a git repository")
	if r := scan(t, map[string]any{"path": filepath.Join(dir, "nothing")}); r.err == nil {
		t.Error("a path that does not exist: want an error")
	}
}

func TestNoGit(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "a.env", "token="+canary("a")+"\n")
	plain := t.TempDir()
	if err := os.WriteFile(filepath.Join(plain, "p.env"), []byte("token="+canary("p")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	r := scan(t, map[string]any{"path": b.dir})
	wantPartial(t, r.only(t), "install git")
	if r.credential(canary("a")) == nil {
		t.Error("the files were not scanned")
	}
	r = scan(t, map[string]any{"path": plain})
	if c := r.only(t); c.Status != inventory.StatusComplete || r.credential(canary("p")) == nil {
		t.Errorf("a plain directory needs no git: %s", c.Reason)
	}
}

// TestHostileConfiguration gives git every configuration that could make it
// run a program, and looks whether one ran.
func TestHostileConfiguration(t *testing.T) {
	b := newBuilder(t)
	mark := filepath.Join(t.TempDir(), "ran")
	program := filepath.Join(t.TempDir(), "evil")
	if err := os.WriteFile(program, []byte("#!/bin/sh\ntouch '"+mark+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	b.commit("one", "a.env", "token="+canary("a")+"\n", ".gitattributes", "* filter=evil diff=evil\n", "other", "1")
	for _, key := range []string{
		"core.fsmonitor", "core.pager", "core.sshCommand", "core.askPass", "core.editor", "gpg.program", "diff.external",
		"diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process",
		"core.alternateRefsCommand", "credential.helper", "pager.log", "alias.log", "alias.cat-file",
	} {
		b.git("config", key, program)
	}
	b.git("config", "log.showSignature", "true")
	b.git("config", "core.hooksPath", filepath.Dir(program))
	b.git("config", "core.worktree", "/etc")
	b.git("config", "include.path", "/etc/passwd-that-is-not-there")
	if err := os.Remove(mark); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "other"), []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := scan(t, map[string]any{"path": b.dir})
	if r.err != nil || r.credential(canary("a")) == nil {
		t.Errorf("the secret was not found: %v", r.err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a program that the repository named was run")
	}
	for _, x := range r.records {
		if x.Credential != nil && strings.Contains(places(x.Credential), "passwd") {
			t.Error("files outside the repository were read")
		}
	}
}

func TestCancelled(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "a.env", "token="+canary("a")+"\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := scanContext(t, ctx, map[string]any{"path": b.dir}); !errors.Is(r.err, context.Canceled) {
		t.Errorf("got %v, want cancelled", r.err)
	}
}

// TestBrokenDeclarations: what is surely meant to declare something and cannot
// be read makes the scan partial; test data and what else is broken is noted.
func TestBrokenDeclarations(t *testing.T) {
	b := newBuilder(t)
	for i := range 5 {
		b.write(fmt.Sprintf("testdata/%d.yaml", i), "apiVersion: v1\nkind: Pod\n\tmetadata: x\n")
	}
	b.commit("one")
	c := scan(t, map[string]any{"path": b.dir}).only(t)
	if notes := strings.Join(c.Notes, "\n"); c.Status != inventory.StatusComplete || len(c.Notes) != 1 || !strings.Contains(notes, "5 files") || !strings.Contains(notes, "testdata/0.yaml:2") || !strings.Contains(notes, "and 2 more") {
		t.Errorf("coverage %s, notes %q: want complete and one note", c.Status, c.Notes)
	}
	b.commit("two", "deploy/pod.yaml", "apiVersion: v1\nkind: Pod\n\tmetadata: x\n")
	wantPartial(t, scan(t, map[string]any{"path": b.dir}).only(t), "deploy/pod.yaml:2")
}
