package pack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// git runs git in a directory and returns what it prints.
func git(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_NO_LAZY_FETCH=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=b",
		"GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v: %s", args[0], err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// repository makes one of some commits, with files that change bit by bit (so
// that deltas chain), an annotated tag, an empty file and a large one.
func repository(t testing.TB, commits int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	git(t, dir, "", "init", "-q", "-b", "main")
	for _, line := range []string{"gc.auto 0", "maintenance.auto false", "core.fsync none", "pack.threads 1"} {
		key, value, _ := strings.Cut(line, " ")
		git(t, dir, "", "config", key, value)
	}
	grow(t, dir, 0, commits)
	git(t, dir, "", "tag", "-a", "-m", "a tag", "v1")
	return dir
}

// grow adds commits through fast-import, which makes a pack of its own for them
// if there are many.
func grow(t testing.TB, dir string, from, to int) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(from), 7))
	var in bytes.Buffer
	lines := make([]string, 400)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d of %d\n", i, r.IntN(1000))
	}
	big := make([]byte, 300_000)
	for i := range big {
		big[i] = byte(r.IntN(64))
	}
	for c := from; c < to; c++ {
		fmt.Fprintf(&in, "commit refs/heads/main\ncommitter a <b> %d +0000\ndata 6\nchange\n", 1700000000+c)
		if c == from && from > 0 {
			fmt.Fprint(&in, "from refs/heads/main^0\n")
		}
		lines[r.IntN(len(lines))] = fmt.Sprintf("changed in %d: %d\n", c, r.IntN(1000))
		for _, name := range []string{"a.txt", "dir/b.txt", fmt.Sprintf("dir/sub/%d.txt", c%7)} {
			text := strings.Join(lines, "") + name
			fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", name, len(text), text)
		}
		if c%10 == 0 {
			big[r.IntN(len(big))]++
			fmt.Fprintf(&in, "M 100644 inline big.bin\ndata %d\n%s\n", len(big), big)
			fmt.Fprint(&in, "M 100644 inline empty\ndata 0\n\n")
		}
	}
	cmd := exec.CommandContext(t.Context(), "git", "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet")
	cmd.Dir, cmd.Stdin = dir, &in
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git fast-import: %v: %s", err, out)
	}
}

// each calls f for every object that git has in a store.
func each(t testing.TB, dir string, f func(id, typ string, data []byte)) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "cat-file", "--batch-all-objects", "--batch", "--buffer")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		fields := strings.Fields(line)
		if err != nil || len(fields) != 3 {
			t.Fatalf("git printed %q: %v", line, err)
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			t.Fatal(err)
		}
		data := make([]byte, size+1)
		if _, err := io.ReadFull(in, data); err != nil {
			t.Fatal(err)
		}
		f(fields[0], fields[1], data[:size])
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func objects(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
		return filepath.Join(dir, ".git", "objects")
	}
	return filepath.Join(dir, "objects")
}

func open(t testing.TB, dir string, borrowed ...string) *Store {
	t.Helper()
	s, err := Open(objects(dir), borrowed...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// must checks that a store has what a test is about.
func must(t testing.TB, store string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if list, err := filepath.Glob(filepath.Join(store, filepath.FromSlash(p))); err != nil || len(list) == 0 {
			t.Fatalf("there is no %s: %v", p, err)
		}
	}
}

// compare holds a store to git, object by object: type, size, content, each
// once, and every fifth one read alone, too.
func compare(t *testing.T, dir string, w Walk, borrowed ...string) {
	t.Helper()
	s := open(t, dir, borrowed...)
	type seen struct {
		typ   Type
		size  int64
		name  ID
		times int
	}
	var mu sync.Mutex
	all := map[ID]*seen{}
	err := s.Each(t.Context(), w, func(_ int, o Object, data []byte) error {
		name := nameOf(o.Type, data)
		mu.Lock()
		defer mu.Unlock()
		if all[o.ID] == nil {
			all[o.ID] = &seen{typ: o.Type, size: o.Size, name: name}
		}
		all[o.ID].times++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	listed := map[ID]Type{}
	if err := s.Types(t.Context(), func(id ID, typ Type) error { listed[id] = typ; return nil }); err != nil {
		t.Fatal(err)
	}
	n := 0
	each(t, dir, func(hex, typ string, data []byte) {
		n++
		o := all[parse(t, hex)]
		if o == nil {
			t.Fatalf("%s %s is not seen", typ, hex)
		}
		id := parse(t, hex)
		if o.times != 1 || o.typ.String() != typ || o.size != int64(len(data)) || o.name != id {
			t.Fatalf("%s %s of %d bytes: seen %d times as %v of %d bytes, content of %s", typ, hex, len(data), o.times, o.typ, o.size, o.name)
		}
		if l := listed[id]; l != o.typ {
			t.Fatalf("%s %s: listed as %v", typ, hex, l)
		}
		if !s.Has(id) {
			t.Fatalf("%s is not there", hex)
		}
		if n%5 == 0 {
			if own, got, err := s.Read(id, 0); err != nil || own.String() != typ || !bytes.Equal(got, data) {
				t.Fatalf("%s %s read alone: %v, equal %v, %v", typ, hex, own, bytes.Equal(got, data), err)
			}
		}
	})
	if n != len(all) || n != s.Count() || n != len(listed) {
		t.Fatalf("git has %d objects, seen %d, listed %d, counted %d", n, len(all), len(listed), s.Count())
	}
	if n < 10 {
		t.Fatalf("only %d objects: the test proves nothing", n)
	}
}

func parse(t testing.TB, hex string) (id ID) {
	t.Helper()
	for i := range id {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		id[i] = byte(v)
	}
	return id
}

func TestGit(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T) string
	}{
		{"loose", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 12)
			git(t, dir, "", "repack", "-adq")
			packs, err := filepath.Glob(filepath.Join(objects(dir), "pack", "*.pack"))
			if err != nil || len(packs) != 1 {
				t.Fatal(packs, err)
			}
			content, err := os.ReadFile(packs[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(objects(dir), "pack")); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(objects(dir), "pack"), 0o700); err != nil {
				t.Fatal(err)
			}
			git(t, dir, string(content), "unpack-objects", "-q")
			return dir
		}},
		{"as fast-import leaves it", func(t *testing.T) string { t.Helper(); return repository(t, 60) }},
		{"long chains", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 120)
			git(t, dir, "", "repack", "-adfq", "--depth=50", "--window=250")
			return dir
		}},
		{"bases by name", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 60)
			git(t, dir, "", "-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=50")
			return dir
		}},
		{"not compressed", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 20)
			git(t, dir, "", "-c", "pack.compression=0", "repack", "-adFq")
			return dir
		}},
		{"several packs that overlap, one kept, loose", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 30)
			git(t, dir, "", "repack", "-adq")
			packs, err := filepath.Glob(filepath.Join(objects(dir), "pack", "*.pack"))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range packs {
				if err := os.WriteFile(strings.TrimSuffix(p, ".pack")+".keep", nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			grow(t, dir, 30, 60)
			git(t, dir, git(t, dir, "", "rev-list", "--objects", "--no-object-names", "HEAD"), "pack-objects", "-q", filepath.Join(objects(dir), "pack", "pack"))
			git(t, dir, "dangling", "hash-object", "-w", "--stdin")
			git(t, dir, "", "commit-tree", "-m", "dangling", "HEAD^{tree}")
			return dir
		}},
		{"index of version 1", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 30)
			git(t, dir, "", "-c", "pack.indexVersion=1", "repack", "-adfq", "--depth=20")
			return dir
		}},
		{"bitmap, reverse index and commit graph", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 30)
			git(t, dir, "", "-c", "pack.writeReverseIndex=true", "repack", "-adbq")
			git(t, dir, "", "commit-graph", "write", "--reachable")
			must(t, objects(dir), "pack/*.bitmap", "pack/*.rev", "info/commit-graph")
			return dir
		}},
		{"cruft pack", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 30)
			old := git(t, dir, "", "rev-parse", "HEAD~10")
			git(t, dir, "", "repack", "-adkq")
			git(t, dir, "", "update-ref", "-d", "refs/tags/v1")
			git(t, dir, "", "update-ref", "refs/heads/main", old)
			git(t, dir, "", "reflog", "expire", "--expire=now", "--all")
			git(t, dir, "", "repack", "--cruft", "-dq")
			must(t, objects(dir), "pack/*.mtimes")
			return dir
		}},
		{"promisor packs of a partial clone", func(t *testing.T) string {
			t.Helper()
			from, dir := repository(t, 30), filepath.Join(t.TempDir(), "part")
			git(t, from, "", "config", "uploadpack.allowFilter", "true")
			git(t, from, "", "clone", "-q", "--no-checkout", "--filter=blob:none", "file://"+from, dir)
			must(t, objects(dir), "pack/*.promisor")
			return dir
		}},
		{"multi-pack-index with bitmap", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 20)
			grow(t, dir, 20, 40)
			git(t, dir, "", "multi-pack-index", "write", "--bitmap")
			must(t, objects(dir), "pack/multi-pack-index-*.bitmap")
			return dir
		}},
		{"multi-pack-index", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 20)
			grow(t, dir, 20, 40)
			git(t, dir, "", "multi-pack-index", "write")
			return dir
		}},
		{"far offsets", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 30)
			git(t, dir, "", "repack", "-adq")
			packs, err := filepath.Glob(filepath.Join(objects(dir), "pack", "*.pack"))
			if err != nil || len(packs) != 1 {
				t.Fatal(packs, err)
			}
			idx := strings.TrimSuffix(packs[0], ".pack") + ".idx"
			if err := os.Remove(idx); err != nil {
				t.Fatal(err)
			}
			git(t, dir, "", "index-pack", "--index-version=2,0x100", "-o", idx, packs[0])
			return dir
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := c.make(t)
			for _, w := range []Walk{{}, {Workers: 1}, {Workers: 7}} {
				compare(t, dir, w)
			}
		})
	}
}

// TestUnsupported checks that a store which only git can read is said to be one.
func TestUnsupported(t *testing.T) {
	for _, c := range []struct {
		name, want string
		make       func(t *testing.T) string
	}{
		{"sha256", "SHA-256", func(t *testing.T) string {
			t.Helper()
			dir := t.TempDir()
			git(t, dir, "", "init", "-q", "--object-format=sha256")
			git(t, dir, "x", "hash-object", "-w", "--stdin")
			return dir
		}},
		{"a pack without index beside a multi-pack-index", "no index of its own", func(t *testing.T) string {
			t.Helper()
			dir := repository(t, 5)
			git(t, dir, "", "repack", "-adq")
			git(t, dir, "", "multi-pack-index", "write")
			list, err := filepath.Glob(filepath.Join(objects(dir), "pack", "*.idx"))
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			if err := os.Remove(list[0]); err != nil {
				t.Fatal(err)
			}
			return dir
		}},
		{"a pack of version 4", "version 4", func(t *testing.T) string {
			t.Helper()
			dir := t.TempDir()
			written(t, filepath.Join(dir, "objects"), [][]byte{blobOf(t, "x")}, nil)
			path := filepath.Join(dir, "objects", "pack", "pack-x.pack")
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content[7] = 4
			save(t, path, content)
			return dir
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Open(objects(c.make(t)))
			var unsupported *UnsupportedError
			if !errors.As(err, &unsupported) || !strings.Contains(unsupported.Reason, c.want) {
				t.Errorf("store %v, error %v", s, err)
			}
		})
	}
	dir := repository(t, 5)
	git(t, dir, "", "repack", "-adq")
	sha256 := t.TempDir()
	git(t, sha256, "", "init", "-q", "--object-format=sha256")
	git(t, sha256, "", "commit", "-q", "--allow-empty", "-m", "x")
	git(t, sha256, "", "repack", "-adq")
	if s, err := Open(objects(sha256)); err == nil {
		t.Errorf("a pack of SHA-256 is opened: %v", s)
	}
}

// TestWant checks that what is not wanted is not visited, also where it is the
// base of what is.
func TestWant(t *testing.T) {
	dir := repository(t, 60)
	git(t, dir, "", "repack", "-adfq", "--depth=50")
	s := open(t, dir)
	want := map[ID]bool{}
	n := 0
	err := s.Each(t.Context(), Walk{Workers: 1, Want: func(id ID, typ Type) bool {
		if n++; typ != Tree && n%3 == 0 {
			want[id] = true
		}
		return want[id]
	}}, func(_ int, o Object, data []byte) error {
		if !want[o.ID] || nameOf(o.Type, data) != o.ID {
			t.Errorf("%v", o)
		}
		delete(want, o.ID)
		return nil
	})
	if err != nil || len(want) > 0 || n != s.Count() {
		t.Errorf("%d not visited, %d asked, %v", len(want), n, err)
	}
}

// TestLimits checks that what is larger than allowed is told of, and all else
// is there.
func TestLimits(t *testing.T) {
	dir := repository(t, 60)
	git(t, dir, "", "repack", "-adfq", "--depth=50")
	s := open(t, dir)
	for _, w := range []Walk{{largest: 100_000}, {largest: 2000}, {budget: 100_000}, {budget: 20_000}, {budget: 1}} {
		var mu sync.Mutex
		visited, failed := 0, 0
		w.Fail = func(o Object, err error) error {
			mu.Lock()
			defer mu.Unlock()
			failed++
			var own *ObjectError
			if !errors.Is(err, ErrTooLarge) || !errors.As(err, &own) || own.ID != o.ID {
				t.Errorf("%v: %v", o, err)
			}
			return nil
		}
		err := s.Each(t.Context(), w, func(_ int, o Object, data []byte) error {
			mu.Lock()
			defer mu.Unlock()
			visited++
			if w.largest > 0 && o.Size > w.largest || nameOf(o.Type, data) != o.ID {
				t.Errorf("%v", o)
			}
			return nil
		})
		if err != nil || visited+failed != s.Count() || failed == 0 {
			t.Errorf("%+v: %d visited and %d failed of %d, %v", w, visited, failed, s.Count(), err)
		}
	}
}

// TestStop checks that an error of the caller ends a walk and comes back.
func TestStop(t *testing.T) {
	s := open(t, repository(t, 20))
	stop := errors.New("enough")
	if err := s.Each(t.Context(), Walk{}, func(int, Object, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	if _, _, err := s.Read(ID{1}, 0); !errors.Is(err, ErrMissing) {
		t.Error(err)
	}
	if s.Has(ID{1}) {
		t.Error("an object that is not there is")
	}
}

func TestHeavyLast(t *testing.T) {
	dir := repository(t, 60)
	git(t, dir, "", "repack", "-adfq", "--depth=50")
	s := open(t, dir)
	f, err := s.packs[0].forest()
	if err != nil {
		t.Fatal(err)
	}
	var below func(p uint32) int
	below = func(p uint32) (n int) {
		for _, c := range f.children(p) {
			n += 1 + below(c)
		}
		return n
	}
	deltas := 0
	for p := range f.typ {
		c := f.children(uint32(p))
		deltas += len(c)
		if len(c) > 1 && slices.ContainsFunc(c, func(o uint32) bool { return below(o) > below(c[len(c)-1]) }) {
			t.Errorf("entry %d: the last child has not most below it", p)
		}
	}
	if deltas < 50 {
		t.Errorf("only %d deltas", deltas)
	}
}

// TestBorrowed holds a store with those that it borrows from to git: packs and
// loose objects of each, some in several of them, and over two steps.
func TestBorrowed(t *testing.T) {
	pool := repository(t, 30)
	git(t, pool, "", "repack", "-adfq", "--depth=20")
	both := git(t, pool, "in both, loose in the clone", "hash-object", "-w", "--stdin")
	git(t, pool, "", "repack", "-dq")
	git(t, pool, "", "tag", "both", both)
	git(t, pool, "", "repack", "-adq")
	lent := git(t, pool, "lent, loose", "hash-object", "-w", "--stdin")
	middle, dir := filepath.Join(t.TempDir(), "middle"), filepath.Join(t.TempDir(), "fork")
	git(t, pool, "", "clone", "-q", "--shared", pool, middle)
	grow(t, middle, 30, 50)
	git(t, pool, "", "clone", "-q", "--shared", middle, dir)
	grow(t, dir, 50, 60)
	own := git(t, dir, "own, loose", "hash-object", "-w", "--stdin")
	// git writes no object that it can borrow: it comes from elsewhere.
	alone := t.TempDir()
	git(t, alone, "", "init", "-q")
	git(t, alone, "in both, loose in the clone", "hash-object", "-w", "--stdin")
	copyFile(t, filepath.Join(objects(alone), both[:2], both[2:]), filepath.Join(objects(dir), both[:2], both[2:]))

	for _, w := range []Walk{{}, {Workers: 1}} {
		compare(t, dir, w, objects(middle), objects(pool))
	}
	s := open(t, dir, objects(middle), objects(pool))
	head, first := git(t, dir, "", "rev-parse", "HEAD"), git(t, pool, "", "rev-parse", "HEAD")
	for hex, want := range map[string]bool{own: true, both: true, head: true, lent: false, first: false} {
		if id := parse(t, hex); !s.Has(id) || s.Own(id) != want {
			t.Errorf("%s: there %v, own %v, want %v", hex, s.Has(id), s.Own(id), want)
		}
	}
	if s.Own(ID{1}) {
		t.Error("what is nowhere is its own")
	}
	got, err := s.Reachable(t.Context(), []ID{parse(t, head)})
	if err != nil || len(got.Missing()) > 0 || !got.Has(parse(t, first)) || got.Has(parse(t, lent)) {
		t.Errorf("reached over stores: %v, %v", got.Missing(), err)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	save(t, to, content)
}

// TestPlan checks that what is planned is what is done.
func TestPlan(t *testing.T) {
	dir := repository(t, 40)
	git(t, dir, "", "repack", "-adfq", "--depth=20")
	grow(t, dir, 40, 50)
	git(t, dir, "loose", "hash-object", "-w", "--stdin")
	s := open(t, dir)
	for name, want := range map[string]func(ID, Type) bool{
		"all":   nil,
		"blobs": func(_ ID, typ Type) bool { return typ == Blob },
		"none":  func(ID, Type) bool { return false },
	} {
		var planned, done atomic.Int64
		plans, count := 0, 0
		w := Walk{
			Want: want, Done: func(n int64) { done.Add(n) },
			Plan: func(n int, stored int64) {
				if plans++; done.Load() > 0 {
					t.Error("it is planned after it is begun")
				}
				count = n
				planned.Store(stored)
			},
		}
		if err := s.Each(t.Context(), w, func(int, Object, []byte) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if plans != 1 || done.Load() != planned.Load() || count > s.Count() || name == "all" && count != s.Count() || name == "none" && done.Load() != looseStored {
			t.Errorf("%s: planned %d times %d objects of %d, %d bytes; done %d", name, plans, count, s.Count(), planned.Load(), done.Load())
		}
	}
}
