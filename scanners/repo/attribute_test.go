package repo

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// facts finds out by the content of each commit's files alone where a secret came
// in: at a path, in a commit, where more lines have it than in each parent. It
// asks git for trees and blobs, and for no difference.
func facts(b *builder, secret string) []string {
	var out []string
	lines := map[string]map[string][]int{} // by commit and path
	at := func(commit string) map[string][]int {
		if known, ok := lines[commit]; ok {
			return known
		}
		found := map[string][]int{}
		for path := range strings.FieldsSeq(b.git("ls-tree", "-r", "--name-only", commit)) {
			for i, line := range strings.Split(b.git("cat-file", "blob", commit+":"+path), "\n") {
				if strings.Contains(line, secret) {
					found[path] = append(found[path], i+1)
				}
			}
		}
		lines[commit] = found
		return found
	}
	for row := range strings.SplitSeq(b.git("rev-list", "--all", "--parents"), "\n") {
		ids := strings.Fields(row)
		for path, now := range at(ids[0]) {
			var old []int
			for _, parent := range ids[1:] {
				if was := at(parent)[path]; len(was) > len(old) {
					old = was
				}
			}
			more := len(now) - len(old)
			for _, line := range now {
				if more > 0 && !slices.Contains(old, line) {
					out = append(out, fmt.Sprintf("%s %s:%d", ids[0], path, line))
					more--
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func placesOf(c *inventory.Credential) []string {
	var out []string
	if c != nil {
		for _, l := range c.FoundAt {
			out = append(out, fmt.Sprintf("%s %s:%d", l.Commit, l.URI, l.Line))
		}
	}
	slices.Sort(out)
	return out
}

// Histories of every shape: what is told is what the contents say.
func TestPlacesAreFacts(t *testing.T) {
	s := canary("shape")
	env := func(lines ...string) string {
		return strings.ReplaceAll(strings.Join(lines, "\n"), "S", "TOKEN="+s) + "\n"
	}
	base := func(b *builder) { b.commit("base", "a.txt", env("one", "two"), "b.txt", env("b"), "c.txt", env("c")) }
	for name, build := range map[string]func(b *builder){
		"an octopus of three, all with it in other files": func(b *builder) {
			base(b)
			for _, side := range []string{"x", "y", "z"} {
				b.git("switch", "-q", "-c", side, "main")
				b.commit(side, side+".env", env(side, "S"))
			}
			b.git("switch", "-q", "main")
			b.git("merge", "-q", "-m", "octopus", "x", "y", "z")
		},
		"an octopus that adds it itself": func(b *builder) {
			base(b)
			for _, side := range []string{"x", "y", "z"} {
				b.git("switch", "-q", "-c", side, "main")
				b.commit(side, side+".txt", env(side))
			}
			b.git("switch", "-q", "main")
			b.git("merge", "-q", "--no-commit", "x", "y", "z")
			b.write("octopus.env", env("here", "S"))
			b.git("add", "-A")
			b.git("commit", "-q", "-m", "octopus")
		},
		"an evil merge that puts what was there at another path": func(b *builder) {
			base(b)
			b.commit("in", "a.env", env("S"))
			b.git("switch", "-q", "-c", "side", "HEAD~1")
			b.commit("side", "d.txt", env("d"))
			b.git("switch", "-q", "main")
			b.git("merge", "-q", "--no-commit", "side")
			b.write("copy.env", env("S"))
			b.git("add", "-A")
			b.git("commit", "-q", "-m", "merge")
		},
		"an evil merge that puts what was there at another path for a while": func(b *builder) {
			b.commit("one", "a.env", env("S"))
			b.git("switch", "-q", "-c", "side")
			b.commit("two", "b.txt", "clean\n")
			b.git("switch", "-q", "main")
			b.commit("three", "c.txt", "clean\n")
			b.git("merge", "-q", "--no-commit", "side")
			b.write("copy.env", env("S"))
			b.git("add", "-A")
			b.git("commit", "-q", "-m", "merge")
			b.git("rm", "-q", "copy.env")
			b.commit("gone")
		},
		"a merge that joins two lines": func(b *builder) {
			b.commit("base", "m.env", env("1", "2", "3", "4", "5", "6", "7"))
			b.git("switch", "-q", "-c", "side")
			b.commit("side", "m.env", env("S", "1", "2", "3", "4", "5", "6", "7"))
			b.git("switch", "-q", "main")
			b.commit("main", "m.env", env("1", "2", "3", "4", "5", "6", "7", "S"))
			b.git("merge", "-q", "-m", "merge", "side")
		},
		"renames, with and without change": func(b *builder) {
			b.commit("in", "old.env", env("one", "S"))
			b.git("mv", "old.env", "new.env")
			b.commit("moved")
			b.git("mv", "new.env", "newest.env")
			b.write("newest.env", env("zero", "one", "S"))
			b.commit("moved and changed")
		},
		"taken back, and in again": func(b *builder) {
			b.commit("in", "a.env", env("S"))
			b.commit("out", "a.env", env("gone"))
			b.git("revert", "--no-edit", "HEAD")
			b.commit("out again", "a.env", env("gone"))
			b.commit("in again", "a.env", env("x", "S"))
		},
		"a criss-cross": func(b *builder) {
			base(b)
			b.git("switch", "-q", "-c", "side")
			b.commit("side", "side.env", env("S"))
			b.git("switch", "-q", "main")
			b.commit("main", "main.env", env("x", "S"))
			b.git("merge", "-q", "-m", "one way", "side~0")
			b.git("switch", "-q", "side")
			b.git("merge", "-q", "-m", "the other way", "main^1")
			b.git("switch", "-q", "main")
			b.git("merge", "-q", "-m", "both", "side")
		},
		"more of it in one file, and it moves": func(b *builder) {
			b.commit("in", "a.env", env("S"))
			b.commit("two", "a.env", env("S", "x", "S"))
			b.commit("moved", "a.env", env("y", "S", "x", "S"))
			b.commit("one less", "a.env", env("y", "x", "S"))
		},
		"roots of their own": func(b *builder) {
			b.commit("in", "a.env", env("S"))
			b.git("switch", "-q", "--orphan", "other")
			b.commit("other root", "a.env", env("other", "S"))
			b.git("merge", "-q", "-s", "ours", "--allow-unrelated-histories", "-m", "joined", "main")
		},
		"a file that became a directory": func(b *builder) {
			b.commit("in", "a", env("S"))
			b.git("rm", "-q", "a")
			b.commit("a directory", "a/b.env", env("S"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			build(b)
			got := scan(t, map[string]any{"path": b.dir}).credential(s)
			if diff := cmp.Diff(facts(b, s), placesOf(got)); diff != "" {
				t.Errorf("places differ (-facts +told):\n%s", diff)
			}
			holds := b.has("HEAD", s)
			if (got.AtHead == inventory.True) != holds || (got.AtTip == inventory.True) != atAnyTip(b, s) {
				t.Errorf("at head %v, at a tip %v", got.AtHead, got.AtTip)
			}
		})
	}
}

// has reports whether a file of a commit holds a text.
func (b *builder) has(commit, text string) bool {
	for path := range strings.FieldsSeq(b.git("ls-tree", "-r", "--name-only", commit)) {
		if strings.Contains(b.git("cat-file", "blob", commit+":"+path), text) {
			return true
		}
	}
	return false
}

func atAnyTip(b *builder, secret string) bool {
	for branch := range strings.FieldsSeq(b.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")) {
		if b.has(branch, secret) {
			return true
		}
	}
	return false
}

// Random histories with merges.
func TestPlacesOfRandomHistories(t *testing.T) {
	s := canary("random places")
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			b := newBuilder(t)
			b.commit("root", "f0.env", "root\n")
			for n := range 14 {
				text := strings.Repeat("line\n", r.IntN(3))
				for range r.IntN(3) {
					text += "TOKEN=" + s + "\n"
				}
				switch r.IntN(4) {
				case 0:
					b.git("switch", "-q", "-C", fmt.Sprint("b", r.IntN(3)))
				case 1:
					b.git("merge", "-q", "-X", "ours", "--no-edit", b.git("for-each-ref", "--count=1", "--format=%(objectname)", "refs/heads"))
				}
				b.commit(fmt.Sprint(n), fmt.Sprintf("f%d.env", r.IntN(3)), text+fmt.Sprintln(n))
			}
			got := placesOf(scan(t, map[string]any{"path": b.dir}).credential(s))
			if diff := cmp.Diff(facts(b, s), got); diff != "" {
				t.Errorf("places differ (-facts +told):\n%s", diff)
			}
		})
	}
}

// Who wrote and who committed, when, and what was first and last, with dates that
// run backwards.
func TestCommitterAndDates(t *testing.T) {
	s := canary("committer")
	b := newBuilder(t)
	b.write(".mailmap", "Rob Robotic <rob@northwind.example> <ada@northwind.example>\n")
	b.write("a.env", "TOKEN="+s+"\n")
	b.git("add", "-A")
	b.git("commit", "-q", "-m", "one",
		"--author=Eve Poe <eve@northwind.example>", "--date=2026-05-05T05:05:05Z")
	first := b.git("rev-parse", "HEAD")
	b.write("b.env", "TOKEN="+s+"\n")
	b.git("add", "-A")
	b.git("commit", "-q", "-m", "two", "--date=2026-03-03T03:03:03Z")
	second := b.git("rev-parse", "HEAD")
	b.git("switch", "-q", "--detach", b.commit("three", "a.env", "gone\n", "b.env", "gone\n"))
	b.git("branch", "-q", "-f", "main", first)
	c := scan(t, map[string]any{"path": b.dir}).credential(s)
	if c == nil || len(c.FoundAt) != 2 {
		t.Fatalf("got %+v", c)
	}
	one := c.FoundAt[1]
	if one.Commit != first || one.Author != "Eve Poe <eve@northwind.example>" || one.Date.Month() != 5 || one.CommittedAt.IsZero() || one.CommittedAt.Equal(one.Date) {
		t.Errorf("the first commit is told as %+v", one)
	}
	if want := b.git("log", "-1", "--use-mailmap", "--format=%cN <%cE>", first); one.Committer != want {
		t.Errorf("committed by %q, want %q", one.Committer, want)
	}
	if c.FoundAt[0].Committer != "" {
		t.Errorf("an author that committed is told twice: %q", c.FoundAt[0].Committer)
	}
	if c.FirstCommit != second || c.LastCommit != first || c.FirstSeenAt.Month() != 3 {
		t.Errorf("first %s, last %s on %s", c.FirstCommit, c.LastCommit, c.LastSeenAt)
	}
	if c.AtHead != inventory.False || c.AtTip != inventory.True {
		t.Errorf("at head %v, at a tip %v; a branch that is not checked out has it", c.AtHead, c.AtTip)
	}
}

// A .mailmap that would cost git a lot is not used, and that is said.
func TestLargeMailmap(t *testing.T) {
	s := canary("mailmap")
	b := newBuilder(t)
	b.commit("one", "a.env", "TOKEN="+s+"\n", ".mailmap", "Someone Else <x@northwind.example> <ada@northwind.example>\n"+strings.Repeat("# padding of a mailmap\n", 20_000))
	bare := filepath.Join(t.TempDir(), "bare.git")
	b.git("clone", "-q", "--bare", b.dir, bare)
	for _, dir := range []string{b.dir, bare} {
		r := scan(t, map[string]any{"path": dir})
		if c := r.credential(s); c == nil || !strings.HasPrefix(c.FoundAt[0].Author, "Ada Park") {
			t.Errorf("%s: got %+v", dir, c)
		}
		if notes := strings.Join(r.only(t).Notes, " "); !strings.Contains(notes, ".mailmap is too large") {
			t.Errorf("%s: notes are %q", dir, notes)
		}
	}
}

// However many places a secret has, and in whatever order they come, the same
// oldest ones are kept and the others counted.
func TestPlacesAreBounded(t *testing.T) {
	const many = 10*maxLocations + 7
	locations := make([]inventory.Location, many)
	for i := range locations {
		locations[i] = inventory.Location{URI: fmt.Sprintf("f%05d", i), Commit: strings.Repeat("a", 40), Line: 1}
	}
	keep := func(order []int) []inventory.Location {
		f := &found{paths: map[string]string{}, added: map[addedKey]bool{}}
		for _, i := range order {
			f.add(locations[i], locations[i].URI)
			f.bound()
		}
		f.sort()
		if f.omitted != many-maxLocations || len(f.paths) != many {
			t.Errorf("%d omitted, %d paths", f.omitted, len(f.paths))
		}
		return f.locations
	}
	order := rand.New(rand.NewPCG(1, 1)).Perm(many)
	got := keep(order)
	slices.Sort(order)
	want := keep(order)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("another order keeps others:\n%s", diff)
	}
}
