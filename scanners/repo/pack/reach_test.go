package pack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reached returns what git finds from the same tips.
func reached(t *testing.T, dir string, tips ...string) map[ID]bool {
	t.Helper()
	out := git(t, dir, "", append([]string{"rev-list", "--objects", "--no-object-names"}, tips...)...)
	want := map[ID]bool{}
	for line := range strings.FieldsSeq(out) {
		want[parse(t, line)] = true
	}
	return want
}

func TestReachable(t *testing.T) {
	dir := repository(t, 40)
	old := git(t, dir, "", "rev-parse", "HEAD~20")
	grow(t, dir, 40, 60)
	git(t, dir, "", "repack", "-dfq", "--depth=50")
	git(t, dir, "dangling", "hash-object", "-w", "--stdin")
	git(t, dir, "", "commit-tree", "-m", "dangling", "HEAD^{tree}")
	sub := git(t, dir, "160000 commit 1111111111111111111111111111111111111111\tsub\n", "mktree", "--missing")
	merge := git(t, dir, "", "commit-tree", "-m", "merge", "-p", "HEAD", "-p", old, sub)
	git(t, dir, "", "update-ref", "refs/heads/merge", merge)
	blob := git(t, dir, "tagged", "hash-object", "-w", "--stdin")
	git(t, dir, "", "tag", "-a", "-m", "of a blob", "blob", blob)
	s := open(t, dir)
	for _, tips := range [][]string{{"HEAD"}, {old}, {"v1"}, {"refs/heads/merge", "blob"}, {}} {
		var ids []ID
		for _, tip := range tips {
			ids = append(ids, parse(t, git(t, dir, "", "rev-parse", tip)))
		}
		got, err := s.Reachable(t.Context(), ids)
		if err != nil || len(got.Missing()) > 0 {
			t.Fatal(got.Missing(), err)
		}
		want := map[ID]bool{}
		if len(tips) > 0 {
			want = reached(t, dir, tips...)
		}
		n := 0
		if err := s.Types(t.Context(), func(id ID, typ Type) error {
			if n++; got.Has(id) != want[id] {
				t.Errorf("from %v: %s %s: reached %v, by git %v", tips, typ, id, got.Has(id), want[id])
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n < len(want) || len(tips) > 0 && len(want) < 20 {
			t.Errorf("from %v: %d objects of %d", tips, len(want), n)
		}
	}
}

// TestReachableMissing takes objects away.
func TestReachableMissing(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, "", "init", "-q")
	blob := git(t, dir, "x", "hash-object", "-w", "--stdin")
	tree := git(t, dir, "100644 blob "+blob+"\tx\n", "mktree")
	first := git(t, dir, "", "commit-tree", "-m", "one", tree)
	head := git(t, dir, "", "commit-tree", "-m", "two", "-p", first, tree)
	for _, gone := range []string{blob, tree, first} {
		path := filepath.Join(objects(dir), gone[:2], gone[2:])
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		got, err := open(t, dir).Reachable(t.Context(), []ID{parse(t, head)})
		if err != nil || len(got.Missing()) != 1 || got.Missing()[0] != parse(t, gone) || got.Has(parse(t, gone)) || !got.Has(parse(t, head)) {
			t.Errorf("without %s: missing %v, %v", gone, got.Missing(), err)
		}
		save(t, path, content)
	}
}

// FuzzFollow reads arbitrary trees, commits and tags.
func FuzzFollow(f *testing.F) {
	f.Add([]byte("100644 a\x0012345678901234567890"), uint8(Tree))
	f.Add([]byte("tree "+strings.Repeat("1", 40)+"\nparent "+strings.Repeat("2", 40)+"\nauthor x\n"), uint8(Commit))
	f.Add([]byte("object "+strings.Repeat("1", 40)+"\n"), uint8(Tag))
	f.Fuzz(func(t *testing.T, data []byte, typ uint8) {
		s := &Store{}
		w := &follower{reader: newReader(s), reach: &Reach{store: s, missing: map[ID]bool{}}}
		_ = w.follow(Type(typ), data)
		if n := len(w.reach.missing); n > len(data)/20 {
			t.Fatalf("%d bytes name %d objects", len(data), n)
		}
	})
}
