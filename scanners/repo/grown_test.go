package repo

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// grows scans with a memory and without, compares, and returns how many stages
// of the log were read as far as they are new only.
func grows(t testing.TB, memory *notebook, config map[string]any, what string) int {
	t.Helper()
	memory.level = slog.LevelDebug
	var log bytes.Buffer
	if diff := cmp.Diff(scanMemory(t, nil, nil, config), scanMemory(t, memory, &log, config)); diff != "" {
		t.Fatalf("%s: a rescan tells something else (-fresh +again):\n%s", what, diff)
	}
	if strings.Contains(log.String(), "level=WARN") {
		t.Errorf("%s: a warning: %s", what, log.String())
	}
	return strings.Count(log.String(), "only the log of new commits was read")
}

// What a history was is remembered where it only grows, and nothing else is.
func TestGrownHistory(t *testing.T) {
	workflow := func(n string) string {
		return "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ secrets.TOKEN_" + n + " }}\n"
	}
	b := eventful(t)
	memory := newNotebook()
	config := map[string]any{"path": b.dir}
	for _, step := range []struct {
		name string
		do   func()
		want int // stages that were read as far as they are new only; -1 is any number
	}{
		{"the first scan", func() {}, 0},
		{"a commit", func() { b.commit("a", "g/a.env", "TOKEN="+canary("grown a")+"\n") }, 1},
		{"a workflow", func() { b.commit("b", ".github/workflows/ci.yml", workflow("A")) }, 1},
		{"it changes", func() { b.author = "Bo Lind"; b.commit("c", ".github/workflows/ci.yml", workflow("B")) }, 1},
		{"it is what it was, by a branch of before", func() {
			b.git("switch", "-q", "-c", "before", "HEAD~1")
		}, 1},
		{"and back", func() { b.git("switch", "-q", "main") }, 1},
		{"a merge that adds", func() {
			b.git("switch", "-q", "-c", "left")
			b.commit("left", "left.txt", "clean\n")
			b.git("switch", "-q", "main")
			b.git("merge", "-q", "--no-ff", "--no-commit", "left")
			b.write("evil.env", "TOKEN="+canary("evil")+"\n")
			b.git("add", "-A")
			b.git("commit", "-q", "-m", "merge")
		}, 1},
		{"a secret of before comes back", func() { b.commit("again", "again.env", "TOKEN="+canary("one")+"\n") }, 1},
		{"a note on an old commit", func() { b.git("notes", "add", "-f", "-m", "note "+canary("note two"), "HEAD~3") }, -1},
		{"another stash", func() {
			b.write("stash2.env", "TOKEN="+canary("stash two")+"\n")
			b.git("add", "-A")
			b.git("stash", "-q")
		}, -1},
		{"the stash becomes a branch", func() { b.git("branch", "-q", "kept", "stash@{0}") }, -1},
		{"the stash is dropped, the branch stays", func() { b.git("stash", "drop", "-q") }, -1},
		{"a submodule that comes and goes", func() {
			b.git("update-index", "--add", "--cacheinfo", "160000,"+b.git("rev-parse", "HEAD")+",sub")
			b.git("commit", "-q", "-m", "sub")
			b.git("rm", "-q", "--cached", "sub")
			b.git("commit", "-q", "-m", "no sub")
		}, 1},
		{"configuration", func() { b.git("config", "log.follow", "true") }, 0},
		{"a commit upon it", func() { b.commit("d", "g/d.env", "TOKEN="+canary("grown d")+"\n") }, 1},
		{"another mailmap", func() { b.write(".mailmap", "Grace Poe <grace@northwind.example> <ada@northwind.example>\n") }, 0},
		{"a branch is gone", func() { b.git("branch", "-q", "-D", "kept") }, -1},
		{"history is rewritten", func() { b.git("reset", "-q", "--hard", "HEAD~1") }, 0},
		{"all is packed", func() { b.git("gc", "-q") }, 0},
		{"a commit upon the pack", func() { b.commit("e", "g/e.env", "TOKEN="+canary("grown e")+"\n") }, 1},
		{"a root of its own, without the mailmap", func() {
			b.git("switch", "-q", "--orphan", "pages")
			b.commit("pages", "index.env", "TOKEN="+canary("pages")+"\n")
		}, 0},
		{"other rules", func() {
			b.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = \"hello\"\nregex = '''(hello)'''\nkeywords = [\"hello\"]\n")
		}, 0},
		{"a commit under them", func() { b.commit("f", "g/f.txt", "hello\n") }, 1},
	} {
		step.do()
		if got := grows(t, memory, config, step.name); step.want >= 0 && got != step.want {
			t.Errorf("%s: %d stages were read as far as they are new only, want %d", step.name, got, step.want)
		}
	}
	for _, data := range memory.data {
		if bytes.Contains(data, []byte(canary("grown a"))) || bytes.Contains(data, []byte(canary("evil"))) {
			t.Error("a secret is remembered")
		}
	}
}

// A clone that lacks objects may get them later: then old commits tell more.
func TestGrownHistoryWithHoles(t *testing.T) {
	for name, tt := range map[string]struct {
		build func(b *builder)
		lost  string
	}{
		"of a commit": {func(b *builder) {
			b.commit("two", "b.env", "TOKEN="+canary("two")+"\n")
			b.commit("three", "b.env", "TOKEN=gone\n")
		}, "HEAD~1:b.env"},
		"of a merge": {func(b *builder) {
			b.git("switch", "-q", "-c", "side")
			b.commit("side", "side.txt", "clean\n")
			b.git("switch", "-q", "main")
			b.git("merge", "-q", "--no-ff", "--no-commit", "side")
			b.write("b.env", "TOKEN="+canary("two")+"\n")
			b.git("add", "-A")
			b.git("commit", "-q", "-m", "merge")
			b.commit("three", "b.env", "TOKEN=gone\n")
		}, "HEAD~1:b.env"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("one", "a.env", "TOKEN="+canary("one")+"\n")
			tt.build(b)
			id := b.git("rev-parse", tt.lost)
			path := filepath.Join(b.dir, ".git", "objects", id[:2], id[2:])
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			memory := newNotebook()
			config := map[string]any{"path": b.dir}
			grows(t, memory, config, "with a hole")
			b.commit("four", "c.txt", "clean\n")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if n := grows(t, memory, config, "without it"); n != 0 {
				t.Error("a history with a hole was built upon")
			}
		})
	}
}

// Where history was cut off or joined by hand, a secret came in with the oldest
// commit that is there; when that changes, all is read again.
func TestShallowAndGrafted(t *testing.T) {
	b := newBuilder(t)
	first := b.commit("one", "a.env", "TOKEN="+canary("one")+"\n")
	b.commit("two", "b.txt", "clean\n")
	third := b.commit("three", "c.txt", "clean\n")
	dir := filepath.Join(t.TempDir(), "shallow")
	b.git("clone", "-q", "--depth", "1", "file://"+b.dir, dir)
	memory := newNotebook()
	config := map[string]any{"path": dir}
	came := func(what, want string) {
		t.Helper()
		if n := grows(t, memory, config, what); n != 0 {
			t.Errorf("%s: the log was not read as a whole", what)
		}
		c := scan(t, config).credential(canary("one"))
		if c == nil || len(c.FoundAt) != 1 || c.FoundAt[0].Commit != want || c.FirstCommit != want {
			t.Errorf("%s: it did not come in with %s: %+v", what, want, c)
		}
	}
	came("a shallow clone", third)
	b.git("-C", dir, "fetch", "-q", "--unshallow")
	came("all of it", first)
	grafts := filepath.Join(dir, ".git", "info", "grafts")
	if err := os.MkdirAll(filepath.Dir(grafts), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(grafts, []byte(third+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := grows(t, memory, config, "a graft"); n != 0 {
		t.Error("a graft: the log was not read as a whole")
	}
}

// The earlier pages are relied on, and each stays what it was.
func TestGrownHistoryRelies(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "app.env", "TOKEN="+canary("one")+"\n")
	config := map[string]any{"path": b.dir, "worktree": false}
	memory := newNotebook()
	scanMemory(t, memory, nil, config)
	key := memory.of(t, "repo/log/")
	data := memory.data[key]
	var p pages
	if err := gob.NewDecoder(bytes.NewReader(data[2*sha256.Size:])).Decode(&p); err != nil {
		t.Fatal(err)
	}
	p.Stages[byCommits].Commits[0].Author = "Somebody Else"
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(p); err != nil {
		t.Fatal(err)
	}
	memory.data[key] = seal(body.Bytes(), [sha256.Size]byte(data[sha256.Size:]))
	for n := range 3 {
		b.commit("next", "next.env", fmt.Sprintf("TOKEN=%s\n", canary(fmt.Sprint("next ", n))))
		again := strings.Join(scanMemory(t, memory, nil, config), "")
		if !strings.Contains(again, "Somebody Else") || !strings.Contains(again, string(hashOf(canary(fmt.Sprint("next ", n))))) {
			t.Errorf("%d: the log was read as a whole, or what is new was not", n)
		}
	}
}

// Histories that mostly grow, at random, in a working repository and in a mirror
// of it.
func TestGrownRandomHistories(t *testing.T) {
	used := 0
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			b := newBuilder(t)
			b.commit("first", "a.txt", "clean\n")
			mirror := filepath.Join(t.TempDir(), "mirror.git")
			b.git("clone", "-q", "--mirror", b.dir, mirror)
			here, there := newNotebook(), newNotebook()
			names := []string{"a.env", "dir/b.env", ".netrc", "main.tf", ".mcp.json", ".mailmap"}
			did := []string{}
			for n := range 16 {
				name := names[r.IntN(len(names))]
				text := map[string]string{
					".netrc":    "machine a.northwind.example login ada password " + canary(fmt.Sprint(r.IntN(4))) + "\n",
					"main.tf":   fmt.Sprintf("resource \"aws_iam_user\" \"ci%d\" {\n  name = \"ci\"\n}\n", r.IntN(3)),
					".mailmap":  fmt.Sprintf("Grace %d <grace@northwind.example> <ada@northwind.example>\n", r.IntN(2)),
					".mcp.json": servers("hub", canary(fmt.Sprint(r.IntN(4)))),
				}[name]
				if text == "" {
					text = fmt.Sprintf("n%d\nTOKEN=%s\n", r.IntN(3), canary(fmt.Sprint(r.IntN(5))))
				}
				step := r.IntN(14)
				did = append(did, fmt.Sprintf("%d %s", step, name))
				b.author = []string{"Ada Low", "Bo Lind"}[r.IntN(2)]
				switch step {
				default:
					b.commit(fmt.Sprint("commit ", n), name, text)
				case 7:
					b.git("switch", "-q", "-f", "-c", fmt.Sprint("b", n), b.git("rev-parse", "HEAD"))
				case 8:
					b.git("switch", "-q", "-f", "main")
				case 9:
					b.git("merge", "-q", "--no-ff", "--no-commit", "-s", "ours", "--allow-unrelated-histories", b.git("for-each-ref", "--count=1", "--sort=-committerdate", "--format=%(objectname)", "refs/heads"))
					b.write(name, text)
					b.git("add", "-A")
					b.git("commit", "-q", "--allow-empty", "-m", "merge")
				case 10:
					b.git("tag", "-a", fmt.Sprint("v", n), "-m", "tag "+canary(fmt.Sprint(r.IntN(5))))
				case 11:
					b.git("notes", "add", "-f", "-m", "note "+canary(fmt.Sprint(r.IntN(5))), "HEAD")
				case 12:
					b.git("reset", "-q", "--hard", b.git("rev-list", "--max-parents=0", "--max-count=1", "HEAD"))
				case 13:
					b.git("commit", "-q", "--amend", "--allow-empty", "-m", "amended "+canary(fmt.Sprint(n)))
				}
				if r.IntN(2) == 0 {
					used += grows(t, here, map[string]any{"path": b.dir}, strings.Join(did, ", "))
				}
				if r.IntN(3) == 0 {
					b.git("-C", mirror, "fetch", "-q", "--prune")
					used += grows(t, there, map[string]any{"path": mirror}, "mirror: "+strings.Join(did, ", "))
				}
			}
		})
	}
	if used < 20 {
		t.Errorf("only %d stages of the log were built upon", used)
	}
}

// What is remembered is given up where it grows too much; what was read before is
// taken all the same.
func TestGrownBeyondBound(t *testing.T) {
	old, fresh := git.SHA1([nameSize]byte{1}), git.SHA1([nameSize]byte{2})
	p := &past{job: &job{ctx: t.Context(), scan: &scanner{env: envOf(nil)}}, size: maxPast, pages: &pages{}, earlier: &pages{}}
	p.earlier.Stages[byCommits] = page{Read: true, Commits: []line{{ID: old.String()}}, Changes: []entry{{Path: "old.env"}}}
	var got []string
	err := p.replay(byCommits, logged{
		more: func(_ []git.ID, begin func(*git.Commit), each func(git.Change) error) error {
			c := &git.Commit{ID: fresh}
			begin(c)
			return each(git.Change{Commit: c, Path: "new.env"})
		},
		via:     func() (func(*git.Commit) string, error) { return func(*git.Commit) string { return "" }, nil },
		matters: func(git.Change) bool { return true },
		take:    func(c git.Change, _ string) { got = append(got, c.Path) },
	})
	if err != nil || strings.Join(got, " ") != "new.env old.env" || p.pages != nil {
		t.Errorf("got %q, error %v, kept %t", got, err, p.pages != nil)
	}
}
