package repo

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/muster-nhi/muster/scanners/repo/pack"
)

// lines returns what a scan emitted, without progress, as sorted JSON lines.
func (r result) lines(t testing.TB) string {
	t.Helper()
	var out []string
	for _, x := range r.records {
		if x.Progress != nil {
			continue
		}
		line, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(line))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// TestStoreAndGit checks that a history gives the same records through the
// reader of packs and through git, whatever is in it.
func TestStoreAndGit(t *testing.T) {
	b := newBuilder(t)
	wide := make([]byte, 0, 200)
	for _, u := range utf16.Encode([]rune("\uFEFFtoken=" + canary("wide") + "\n")) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	filler := strings.Repeat("all work and no play makes Jack a dull boy\n", 1000)
	b.commit("one", "plain.env", "token="+canary("plain")+"\n", "wide.txt", string(wide),
		"nul.dat", "\x00\x01\x02token="+canary("nul")+"\x00\x03", "large.txt", strings.Repeat(filler, 200)+"token="+canary("large")+"\n",
		"huge.txt", strings.Repeat(filler, 800)+"token="+canary("huge")+"\n")
	for i := range 12 {
		b.commit("more", "grows.env", strings.Repeat("x = 1\n", 100)+strings.Repeat("y = 2\n", i)+"token="+canary("grows")+"\n")
	}
	b.git("rm", "-q", "plain.env")
	b.git("commit", "-q", "-m", "token="+canary("message"))
	b.git("tag", "-a", "-m", "token="+canary("tag"), "v1")
	lost := b.commit("lost", "lost.env", "token="+canary("lost")+"\n")
	b.git("reset", "-q", "--hard", "HEAD~1")
	b.git("repack", "-adfkq", "--depth=50", "--window=50")
	b.git("reflog", "expire", "--expire=now", "--all")
	b.commit("loose", "loose.env", "token="+canary("loose")+"\n")

	objects := filepath.Join(b.dir, ".git", "objects")
	store, err := pack.Open(objects)
	if err != nil || store.Count() < 40 {
		t.Fatalf("the reader does not serve: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, config := range []map[string]any{{}, {"unreachable": false}, {"max_file_size": 10 << 20}, {"worktree": false}} {
		config["path"] = b.dir
		own := scan(t, config)
		git := scanGit(t, config)
		if err := cmp.Or(own.err, git.err); err != nil {
			t.Fatal(err)
		}
		if own.lines(t) != git.lines(t) {
			t.Errorf("%v:\n%s\nthrough git:\n%s", config, own.lines(t), git.lines(t))
		}
		for _, name := range []string{"plain", "wide", "nul", "large", "huge", "grows", "message", "tag", "loose", "lost"} {
			want := (name != "huge" || config["max_file_size"] == nil) && (name != "lost" || config["unreachable"] == nil)
			if (own.credential(canary(name)) != nil) != want {
				t.Errorf("%v: %s found: %v", config, name, !want)
			}
		}
	}
	if out := b.git("cat-file", "-t", lost); out != "commit" {
		t.Errorf("the lost commit is %q", out)
	}
}

// TestBrokenPack checks that a pack with a damaged object gives all the others,
// and says what is missing.
func TestBrokenPack(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "a.env", "token="+canary("a")+"\n", "bad.txt", strings.Repeat(canary("x")[5:]+"\n", 50), "z.env", "token="+canary("z")+"\n")
	b.git("-c", "pack.compression=0", "repack", "-adFq")
	packs, err := filepath.Glob(filepath.Join(b.dir, ".git", "objects", "pack", "*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	content, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(content), canary("x")[5:])
	if at < 0 {
		t.Fatal("the blob does not lie open")
	}
	content[at]++
	if err := errors.Join(os.Chmod(packs[0], 0o600), os.WriteFile(packs[0], content, 0o600)); err != nil {
		t.Fatal(err)
	}
	r := scan(t, map[string]any{"path": b.dir, "worktree": false})
	if r.err != nil || r.credential(canary("a")) == nil || r.credential(canary("z")) == nil {
		t.Errorf("what is whole was not found: %v", r.err)
	}
	wantPartial(t, r.only(t), "missing or corrupt")
}
