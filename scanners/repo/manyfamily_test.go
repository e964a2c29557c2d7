package repo

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMarks checks that forks know each other, and others do not.
func TestMarks(t *testing.T) {
	dir := t.TempDir()
	a := at(t, filepath.Join(dir, "a"))
	for _, name := range []string{"v1", "v2", "v3"} {
		a.commit(name, "a.txt", name)
		a.git("tag", name)
	}
	a.git("pack-refs", "--all")
	a.git("clone", "-q", "--shared", "--bare", a.dir, filepath.Join(dir, "shared.git"))
	a.git("clone", "-q", "--bare", "file://"+a.dir, filepath.Join(dir, "copy.git"))
	copied := &builder{t: t, dir: filepath.Join(dir, "copy.git")}
	copied.git("update-ref", "refs/heads/own", copied.git("commit-tree", "-m", "own", "HEAD^{tree}"))
	copied.git("pack-refs", "--all")
	other := at(t, filepath.Join(dir, "other"))
	other.commit("one", "b.txt", "x")
	other.git("tag", "v1")
	other.git("pack-refs", "--all")
	of := func(name string) []string { return marks(target{dir: filepath.Join(dir, name), repo: true}) }
	kin := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(m string) bool { return slices.Contains(b, m) })
	}
	for _, name := range []string{"shared.git", "copy.git"} {
		if !kin(of("a"), of(name)) {
			t.Errorf("a and %s have no mark in common: %q %q", name, of("a"), of(name))
		}
	}
	if kin(of("a"), of("other")) || len(of("other")) == 0 {
		t.Errorf("a and other: %q %q", of("a"), of("other"))
	}
	if got := marks(target{dir: dir}); got != nil {
		t.Errorf("a directory has marks: %q", got)
	}
	refs := filepath.Join(dir, "refs")
	var text strings.Builder
	for _, c := range "fbd1a98" {
		text.WriteString(strings.Repeat(string(c), 40) + " refs/heads/" + string(c) + "\n")
	}
	text.WriteString(strings.Repeat("0", 40) + " refs/pull/1/head\nnonsense\n^" + strings.Repeat("0", 40) + "\n")
	if err := os.WriteFile(refs, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	got := refMarks(refs)
	if len(got) != maxMarks || got[0][0] != '1' || got[3][0] != 'a' || !slices.IsSorted(got) {
		t.Errorf("%q", got)
	}
}

func TestFamilies(t *testing.T) {
	var f families
	before, first := f.join([]string{"a", "b"})
	if len(before) != 0 {
		t.Error("the first waits")
	}
	second, read := f.join([]string{"b", "a", "c"})
	third, _ := f.join([]string{"c", "x"})
	none, _ := f.join(nil)
	if len(second) != 1 || len(third) != 1 || len(none) != 0 {
		t.Fatalf("%d %d %d", len(second), len(third), len(none))
	}
	first()
	first()
	if err := await(t.Context(), second); err != nil {
		t.Error(err)
	}
	select {
	case <-third[0]:
		t.Error("the third does not wait for the second")
	default:
	}
	read()
	if err := await(t.Context(), third); err != nil {
		t.Error(err)
	}
}
