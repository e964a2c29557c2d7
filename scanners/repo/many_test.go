package repo

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// scanMany scans with the repos scanner.
func scanMany(t testing.TB, config map[string]any) result {
	t.Helper()
	return scanBy(t, t.Context(), Many(), config, func(*scanner) {})
}

// at makes a builder of a repository at a place.
func at(t testing.TB, dir string, args ...string) *builder {
	t.Helper()
	b := &builder{t: t, dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	b.git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	return b
}

// estate makes a directory of repositories of all sorts, and files beside them.
func estate(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	a := at(t, filepath.Join(dir, "team", "a"))
	a.commit("one", "a.env", "token="+canary("a")+"\n")
	a.commit("two", "b.env", "token="+canary("b")+"\n")
	a.git("worktree", "add", "-q", filepath.Join(dir, "a-linked"), "HEAD~1")
	inner := at(t, filepath.Join(a.dir, "vendor", "inner"))
	inner.commit("one", "i.env", "token="+canary("inner")+"\n")
	a.git("clone", "-q", "--mirror", a.dir, filepath.Join(dir, "mirrors", "deep", "down", "a.git"))
	a.git("clone", "-q", "--shared", "--bare", a.dir, filepath.Join(dir, "mirrors", "fork.git"))
	at(t, filepath.Join(dir, "empty"))
	for name, text := range map[string]string{
		"beside.env":          "token=" + canary("beside") + "\n",
		"a-linked/local.env":  "token=" + canary("local") + "\n",
		"team/notes/list.txt": "nothing\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// scopes lists the scopes of a scan, with what is said of each.
func (r result) scopes() []string {
	var out []string
	for scope, c := range r.coverage() {
		line := fmt.Sprintf("%s %s %d", scope, c.Status, c.Count)
		if c.Reason != "" {
			line += ": " + c.Reason
		}
		for _, n := range c.Notes {
			line += "; " + n
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func TestManyBelow(t *testing.T) {
	dir := estate(t)
	r := scanMany(t, map[string]any{"path": dir})
	if r.err != nil {
		t.Fatal(r.err)
	}
	want := []string{
		"local/a complete 2", // the mirror
		"local/a-2 complete 2",
		"local/a-linked complete 1; its history is that of local/a-2, and was scanned there",
		"local/empty complete 0",
		"local/fork complete 2",
		"local/inner complete 1",
	}
	if got := r.scopes(); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.credential(canary("beside")) != nil {
		t.Error("a file beside the repositories was read")
	}
	for range 2 {
		if again := scanMany(t, map[string]any{"path": dir}); again.lines(t) != r.lines(t) {
			t.Error("a second scan differs")
		}
	}
	// Without a prefix the files beside them are read, too.
	plain := scan(t, map[string]any{"path": dir})
	if plain.err != nil || plain.credential(canary("beside")) == nil || len(plain.coverage()) != len(want)+1 {
		t.Errorf("%v: %q", plain.err, plain.scopes())
	}
}

func TestManyList(t *testing.T) {
	dir := estate(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(dir, "team", "a"), link); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "list.txt")
	text := "\uFEFF# what there is\r\n\nteam/a\tnorthwind/robots\r\n" + link + "\n./team/../team/a/\nmirrors/deep/down/a.git\n  team/a/.git\nnowhere\nteam/notes\n"
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := scanMany(t, map[string]any{"path": list})
	if r.err != nil {
		t.Fatal(r.err)
	}
	want := []string{
		"local/a complete 2",
		"local/a-2 complete 0; its history is that of northwind/robots, and was scanned there",
		"local/inner complete 1",
		"local/notes partial 0: the history was not read: not a git repository",
		"local/nowhere partial 0: the directory could not be opened: no such file or directory; the history was not read: not a git repository",
		"northwind/robots complete 2; it is named 3 times, and was scanned once",
	}
	if got := r.scopes(); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if c := r.credential(canary("a")); c == nil || !strings.HasPrefix(c.ID, "repo:") {
		t.Errorf("%v", c)
	}
}

// TestManyRefused holds back what can only be a mistake.
func TestManyRefused(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"no repository":  {"# none\n", "names no repository"},
		"an address":     {"https://example.com/a.git\n", "line 1 is an address"},
		"a name only":    {"\tname\n", "line 1 names no path"},
		"too many parts": {"a\n\nb\tc\td\n", "line 3 has more"},
		"a NUL":          {"a\x00b\n", "line 1 names no path"},
		"a long line":    {strings.Repeat("x", 100_000), "token too long"},
	} {
		path := filepath.Join(dir, "list")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := scanMany(t, map[string]any{"path": path}); r.err == nil || !strings.Contains(r.err.Error(), c.want) {
			t.Errorf("%s: %v", name, r.err)
		}
	}
	for path, want := range map[string]string{t.TempDir(): "there is none", filepath.Join(dir, "none"): "no such file"} {
		if r := scanMany(t, map[string]any{"path": path}); r.err == nil || !strings.Contains(r.err.Error(), want) {
			t.Errorf("%s: %v", path, r.err)
		}
	}
}

// FuzzList reads arbitrary lists.
func FuzzList(f *testing.F) {
	f.Add("a\n/b\tname\n# c\n\n")
	f.Add("\uFEFF\t\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := readList("/lists", strings.NewReader(text))
		if err != nil {
			return
		}
		for _, x := range list {
			if !filepath.IsAbs(x.dir) || !x.repo || strings.ContainsAny(x.dir, "\x00\n") || strings.ContainsAny(x.name, "\t\n") {
				t.Fatalf("%q gives %+v", text, x)
			}
		}
	})
}

// TestManyGoOn checks that a repository which cannot be scanned does not end the
// scan, whatever is wrong with it.
func TestManyGoOn(t *testing.T) {
	dir := t.TempDir()
	good := at(t, filepath.Join(dir, "m-good"))
	good.commit("one", "a.env", "x = 1\n")
	good.commit("two", "a.env", "token="+canary("good")+"\n")
	for _, name := range []string{"a-head", "z-head"} {
		b := at(t, filepath.Join(dir, name))
		b.commit("one", "a.env", "token="+canary(name)+"\n")
		if err := os.WriteFile(filepath.Join(b.dir, ".git", "HEAD"), []byte("nonsense"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at(t, filepath.Join(dir, "short")).commit("one", "a.env", "token="+canary("short")+"\n")
	r := scanMany(t, map[string]any{"path": dir})
	if r.err != nil || r.credential(canary("good")) == nil || r.credential(canary("z-head")) == nil {
		t.Errorf("%v: %q", r.err, r.scopes())
	}
	wantPartial(t, r.coverage()["local/a-head"], "history was not read")
	// Not every repository has the commits of a range.
	r = scanMany(t, map[string]any{"path": dir, "commits": "HEAD~1..HEAD", "worktree": false})
	if r.err != nil || r.credential(canary("good")) == nil {
		t.Errorf("%v: %q", r.err, r.scopes())
	}
	wantPartial(t, r.coverage()["local/short@commits"], "it was not scanned")
	gone := errors.New("nobody listens")
	s, err := Many().Open(scanners.Env{Now: frozen, Hash: hasher(), Log: quiet()}, func(into any) error {
		return json.Unmarshal([]byte(`{"path":"`+dir+`"}`), into)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scan(t.Context(), func(inventory.Record) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

// TestManyConformance runs the suite over a list.
func TestManyConformance(t *testing.T) {
	dir := estate(t)
	scannertest.Run(t, scannertest.Suite{
		Factory: Many(), Foreign: true, // its records bear the name of the repo scanner
		Config:   map[string]any{"path": dir},
		Golden:   "testdata/many.jsonl",
		Canaries: []string{canary("a"), canary("b"), canary("inner"), canary("local"), canary("beside")},
		Faults: []scannertest.Fault{{
			Name: "no such directory", Refused: true,
			Config: func(dir string) (map[string]any, error) {
				return map[string]any{"path": filepath.Join(dir, "none")}, nil
			},
		}},
	})
}

// TestManyProgress checks that people are told of all repositories, never
// backwards, and up to the end.
func TestManyProgress(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 {
		b := at(t, filepath.Join(dir, fmt.Sprint("r", i)))
		b.commit("one", "a.env", strings.Repeat("x = 1\n", 1000*i))
		b.git("repack", "-adq")
	}
	for name, config := range map[string]map[string]any{"many": {"path": dir}, "one": {"path": filepath.Join(dir, "r3")}} {
		r := scanMany(t, config)
		if r.err != nil {
			t.Fatal(r.err)
		}
		last := &inventory.Progress{}
		for _, x := range r.records {
			p := x.Progress
			if p == nil {
				continue
			}
			if p.Total <= 0 || p.Done > p.Total || p.Done < last.Done || p.Unit != inventory.UnitBytes {
				t.Errorf("%s: %+v after %+v", name, p, last)
			}
			if many := strings.Contains(p.Message, " of 5 repositories done, "); many != (name == "many") {
				t.Errorf("%s: %q", name, p.Message)
			}
			last = p
		}
		if last.Done*10 < last.Total*7 {
			t.Errorf("%s: the last is %+v", name, last)
		}
	}
}

func TestMeter(t *testing.T) {
	var m meter
	a, b := &job{target: target{size: 1000}}, &job{target: target{size: 3000}}
	m.plan([]target{a.target, b.target})
	for i, c := range []struct {
		job         *job
		message     string
		done, total int64
		want        int64
	}{
		{a, stageList, 0, 0, 0},
		{a, stageRead, 0, 0, 0},
		{a, stageRead, 50, 100, 400},
		{b, stageRead, 10, 5, 400 + 2400},
		{a, stageRead, 40, 100, 400 + 2400}, // a late record
		{a, stagePlaces, 0, 0, 850 + 2400},
	} {
		if p := m.record(c.job, c.message, c.done, c.total); p.Done != c.want || p.Total != 4000 {
			t.Errorf("%d: %+v, want %d", i, p, c.want)
		}
	}
	m.end(a)
	if p := m.record(b, stageFiles, 7, 0); p.Done != 1000+2460 || p.Message != "1 of 2 repositories done, read files" {
		t.Errorf("%+v", p)
	}
	files := &meter{}
	files.plan([]target{{}})
	if p := files.record(&job{}, stageFiles, 20_000, 0); p.Done != 20_000 || p.Total != 0 || p.Unit != "" {
		t.Errorf("%+v", p)
	}
}

// TestManyRelative scans by a path that is not absolute.
func TestManyRelative(t *testing.T) {
	dir := estate(t)
	t.Chdir(filepath.Dir(dir))
	for name, r := range map[string]result{
		"repos": scanMany(t, map[string]any{"path": filepath.Base(dir)}),
		"repo":  scan(t, map[string]any{"path": filepath.Base(dir)}),
	} {
		for _, c := range r.coverage() {
			if r.err != nil || c.Status != inventory.StatusComplete {
				t.Errorf("%s: %v: %s is %s: %s", name, r.err, c.Scope, c.Status, c.Reason)
			}
		}
	}
}
