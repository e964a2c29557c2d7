package repo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// story lists where a credential was found, with short names for commits and
// the hour of each date, and its span.
func story(c *inventory.Credential, names map[string]string) []string {
	var out []string
	for _, l := range c.FoundAt {
		who, _, _ := strings.Cut(l.Author, " <")
		out = append(out, fmt.Sprintf("%s:%d %s %s at head %v", l.URI, l.Line, names[l.Commit], who, l.AtHead == inventory.True))
	}
	return append(out, fmt.Sprintf("at head %v", c.AtHead == inventory.True))
}

// TestHistory follows secrets through merges, renames, reverts and a mailmap.
func TestHistory(t *testing.T) {
	s := canary("followed")
	line := "token = \"" + s + "\"\n"
	tests := []struct {
		name  string
		build func(b *builder, commit func(name string, files ...string))
		want  []string
	}{
		{"revert, and added again", func(b *builder, commit func(string, ...string)) {
			commit("one", "app.env", "a\n"+line)
			commit("two", "app.env", "a\n")
			commit("three", "app.env", "a\nb\n"+line)
		}, []string{"app.env:2 one Ada Park at head true", "app.env:3 three Ada Park at head true", "at head true"}},
		{"reverted for good", func(b *builder, commit func(string, ...string)) {
			commit("one", "app.env", "a\n")
			commit("two", "app.env", "a\n"+line)
			b.author = "Bo Lind"
			b.git("revert", "--no-edit", "HEAD")
		}, []string{"app.env:2 two Ada Park at head false", "at head false"}},
		{"renamed twice by another", func(b *builder, commit func(string, ...string)) {
			commit("one", "a.env", line)
			b.author = "Bo Lind"
			b.git("mv", "a.env", "b.env")
			commit("two")
			b.git("mv", "b.env", "c.env")
			commit("three", "c.env", "x\n"+line)
		}, []string{"a.env:1 one Ada Park at head false", "b.env:1 two Bo Lind at head false", "c.env:2 three Bo Lind at head true", "at head true"}},
		{"octopus", func(b *builder, commit func(string, ...string)) {
			commit("one", "a", "1\n")
			for _, side := range []string{"x", "y", "z"} {
				b.git("checkout", "-q", "-b", side, "main")
				b.author = "Author " + side
				content := side + "\n"
				if side == "y" {
					content += line
				}
				commit(side, side+".env", content)
			}
			b.git("checkout", "-q", "main")
			b.git("merge", "-q", "-m", "octopus", "x", "y", "z")
		}, []string{"y.env:2 y Author y at head true", "at head true"}},
		{"brought in by an octopus", func(b *builder, commit func(string, ...string)) {
			commit("one", "a", "1\n")
			for _, side := range []string{"x", "y"} {
				b.git("checkout", "-q", "-b", side, "main")
				commit(side, side, "1\n")
			}
			b.git("checkout", "-q", "main")
			commit("two", "b", "1\n")
			b.git("merge", "-q", "--no-ff", "--no-commit", "x", "y")
			b.author = "Bo Lind"
			commit("merge", "a", "1\n2\n"+line)
		}, []string{"a:3 merge Bo Lind at head true", "at head true"}},
		{"a conflict solved", func(b *builder, commit func(string, ...string)) {
			commit("one", "a", "1\n")
			b.git("checkout", "-q", "-b", "side")
			b.author = "Bo Lind"
			commit("side", "a", "1\nside\n"+line)
			b.git("checkout", "-q", "main")
			b.author = ""
			commit("two", "a", "1\nmain\n")
			b.git("merge", "-q", "-s", "ours", "--no-commit", "side")
			commit("merge", "a", "1\nmain\nside\n"+line)
		}, []string{"a:3 side Bo Lind at head true", "at head true"}},
		{"on two branches of their own", func(b *builder, commit func(string, ...string)) {
			commit("one", "a", "1\n")
			b.git("checkout", "-q", "-b", "side")
			commit("side", "app.env", line)
			b.git("checkout", "-q", "main")
			b.author = "Bo Lind"
			commit("two", "app.env", "\n\n"+line)
		}, []string{"app.env:1 side Ada Park at head true", "app.env:3 two Bo Lind at head true", "at head true"}},
		{"mailmap", func(b *builder, commit func(string, ...string)) {
			commit("one", "app.env", line)
			commit("two", ".mailmap", "Cy Moss <cy@northwind.example> <ada@northwind.example>\n")
		}, []string{"app.env:1 one Cy Moss at head true", "at head true"}},
		{"only in a stash", func(b *builder, commit func(string, ...string)) {
			commit("one", "app.env", "a\n")
			b.write("app.env", "a\n"+line)
			b.git("stash", "-q")
		}, []string{"app.env:2  Ada Park at head false", "at head false"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder(t)
			names := map[string]string{}
			var first string
			tt.build(b, func(name string, files ...string) {
				id := b.commit(name, files...)
				names[id] = name
				if first == "" {
					first = id
				}
			})
			c := scan(t, map[string]any{"path": b.dir}).credential(s)
			if c == nil {
				t.Fatal("the secret was not found")
			}
			if diff := cmp.Diff(tt.want, story(c, names)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if c.FirstSeenAt.IsZero() || c.LastSeenAt.Before(c.FirstSeenAt) || !c.FirstSeenAt.Equal(c.FoundAt[0].Date) {
				t.Errorf("seen from %v to %v, first place of %v", c.FirstSeenAt, c.LastSeenAt, c.FoundAt[0].Date)
			}
			bare := filepath.Join(t.TempDir(), "bare.git")
			b.git("clone", "-q", "--mirror", b.dir, bare)
			if strings.Contains(tt.name, "stash") {
				return
			}
			if c := scan(t, map[string]any{"path": bare}).credential(s); c == nil {
				t.Error("not found in a mirror")
			} else if diff := cmp.Diff(tt.want, story(c, names)); diff != "" {
				t.Errorf("in a mirror (-want +got)\n%s", diff)
			}
		})
	}
}

// TestRangeTellsNews: a range tells what it brings in, not what was there
// before it and was moved or kept, and whether HEAD still has it.
func TestRangeTellsNews(t *testing.T) {
	line := func(name string) string { return "token = \"" + canary(name) + "\"\n" }
	b := newBuilder(t)
	a := b.commit("one", "old.env", line("old"), "split.env", line("split"))
	b.git("mv", "old.env", "moved.env")
	b.commit("two", "moved.env", "# moved\n"+line("old"))
	b.commit("three", "split.env", "nothing\n")
	b.commit("four", "other.env", "\n"+line("split"), "new.env", line("new"), "brief.env", line("brief"))
	end := b.commit("five", "new.env", "# changed\n"+line("new"))
	b.commit("six", "new.env", "# changed again\n"+line("new"), "brief.env", "gone\n")
	check := func(t *testing.T, config map[string]any, want map[string]bool) {
		t.Helper()
		config["path"] = b.dir
		r := scan(t, config)
		if r.err != nil {
			t.Fatal(r.err)
		}
		for _, name := range []string{"old", "split", "new", "brief", "staged"} {
			c := r.credential(canary(name))
			head, ok := want[name]
			switch {
			case (c != nil) != ok:
				t.Errorf("%s: found %v, want %v", name, c != nil, ok)
			case c != nil && (c.AtHead == inventory.True) != head:
				t.Errorf("%s: at head %v, want %v", name, c.AtHead, head)
			}
		}
	}
	t.Run("commits", func(t *testing.T) {
		check(t, map[string]any{"commits": a + "..HEAD"}, map[string]bool{"new": true, "brief": false})
	})
	t.Run("a range that ends before HEAD", func(t *testing.T) {
		check(t, map[string]any{"commits": a + ".." + end}, map[string]bool{"new": true, "brief": false})
	})
	t.Run("staged", func(t *testing.T) {
		b.git("mv", "moved.env", "again.env")
		if err := os.Remove(filepath.Join(b.dir, "brief.env")); err != nil {
			t.Fatal(err)
		}
		b.write("staged.env", line("staged"))
		b.git("add", "-A")
		check(t, map[string]any{"staged": true}, map[string]bool{"staged": true})
	})
}
