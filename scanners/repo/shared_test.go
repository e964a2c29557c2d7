package repo

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

func TestNames(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	want := map[[nameSize]byte]bool{}
	var set names
	for range 60 {
		var list [][nameSize]byte
		for range r.IntN(300) {
			var name [nameSize]byte
			binary.BigEndian.PutUint64(name[:], uint64(r.IntN(40))) // many begin alike
			binary.BigEndian.PutUint16(name[18:], uint16(r.IntN(400)))
			list = append(list, name)
		}
		slices.SortFunc(list, func(a, b [nameSize]byte) int { return bytes.Compare(a[:], b[:]) })
		list = slices.Compact(list)
		before := len(want)
		var flat []byte
		for _, name := range list {
			flat = append(flat, name[:]...)
			want[name] = true
		}
		if fresh := set.add(flat); fresh != len(want)-before {
			t.Fatalf("%d are new, want %d", fresh, len(want)-before)
		}
	}
	for a := range 40 {
		for b := range 400 {
			var name [nameSize]byte
			binary.BigEndian.PutUint64(name[:], uint64(a))
			binary.BigEndian.PutUint16(name[18:], uint16(b))
			if set.has(name) != want[name] {
				t.Fatalf("%x: %v", name, !want[name])
			}
		}
	}
	for i := 1; i < len(set.runs); i++ {
		if len(set.runs[i-1]) <= 2*len(set.runs[i]) {
			t.Errorf("run %d is %d bytes, the next %d", i-1, len(set.runs[i-1]), len(set.runs[i]))
		}
	}
}

func TestSharedIsBounded(t *testing.T) {
	s := newShared()
	s.left = 3
	one, other := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("other"))
	var list []byte
	for i := range 5 {
		name := [nameSize]byte{byte(i)}
		list = append(list, name[:]...)
	}
	s.add(one, list)
	s.add(other, list)
	if !s.has(one, [nameSize]byte{2}) || s.has(one, [nameSize]byte{3}) || s.has(other, [nameSize]byte{0}) || s.left != 0 {
		t.Errorf("%d left", s.left)
	}
	var none *shared
	if none.has(one, [nameSize]byte{}) {
		t.Error("nil knows something")
	}
}

// What the other repositories know of one already is not told again; what was not
// told when it was recalled is.
func TestUntold(t *testing.T) {
	a, b, c := [nameSize]byte{1}, [nameSize]byte{2}, [nameSize]byte{3}
	for told, want := range map[bool][][]byte{true: {slices.Concat(b[:], c[:])}, false: {a[:], slices.Concat(b[:], c[:])}} {
		k := &known{old: a[:], fresh: [][nameSize]byte{c, b, c}, told: told}
		if got := k.untold(); !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("told %t: %x", told, got)
		}
		if got := k.untold(); !slices.EqualFunc(got, [][]byte{slices.Concat(b[:], c[:])}, bytes.Equal) {
			t.Errorf("told %t, again: %x", told, got)
		}
	}
}

// A reading counts the objects that a scan reads, by what it logs.
type reading struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *reading) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

// objects returns how many were read, by scope.
func (r *reading) objects(t testing.TB) map[string]int {
	t.Helper()
	out := map[string]int{}
	for line := range bytes.Lines(r.text.Bytes()) {
		var e struct {
			Msg     string
			Scope   string
			Objects int
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Msg == "objects were read" {
			out[e.Scope] += e.Objects
		}
	}
	return out
}

// scanCounted scans many repositories, one after the other if alone is true, and
// counts what it reads.
func scanCounted(t testing.TB, memory scanners.Memory, dir string, alone bool) (result, map[string]int) {
	t.Helper()
	var log reading
	var out result
	var mu sync.Mutex
	c := defaults()
	c.Path = dir
	env := envOf(memory)
	env.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := newScanner(env, c)
	if err != nil {
		t.Fatal(err)
	}
	s.many, s.alone = true, alone
	out.err = s.Scan(t.Context(), func(r inventory.Record) error {
		mu.Lock()
		defer mu.Unlock()
		out.records = append(out.records, r)
		return nil
	})
	return out, log.objects(t)
}

// forks makes a repository and forks of it: one that borrows, one with copies,
// each with something of its own; and one under other rules.
func forks(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	a := at(t, filepath.Join(dir, "a"))
	for i := range 20 {
		a.commit("more", "a.txt", strings.Repeat("x = 1\n", i), "b.txt", strings.Repeat("y\n", i))
	}
	a.commit("token", "a.env", "token="+canary("common")+"\n")
	a.commit("token="+canary("message"), "a.env", "x = 2\n")
	a.git("repack", "-adq")
	for name, flag := range map[string]string{"borrows": "--shared", "copies": "--no-hardlinks", "ruled": "--no-local"} {
		to := filepath.Join(dir, name)
		a.git("clone", "-q", flag, a.dir, to)
		b := &builder{t: t, dir: to}
		b.commit("own", "own.env", "token="+canary(name)+"\n")
		if name == "ruled" {
			b.commit("rules", ".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''never-there''']\n")
		}
	}
	return dir
}

// TestForks checks that what forks have in common is read once, and that each
// tells what it would tell alone.
func TestForks(t *testing.T) {
	dir := forks(t)
	memory := newNotebook()
	for _, m := range []struct {
		name   string
		memory scanners.Memory
		again  bool
	}{{"without a memory", nil, false}, {"with a memory", memory, false}, {"again", memory, true}} {
		r, read := scanCounted(t, m.memory, dir, true)
		if r.err != nil {
			t.Fatal(r.err)
		}
		t.Logf("%s: %v", m.name, read)
		switch {
		case m.again:
			if n := read["local/a"] + read["local/a-2"] + read["local/a-3"]; n != 0 {
				t.Errorf("%s: %d objects were read", m.name, n)
			}
		default:
			if read["local/a"] < 40 {
				t.Errorf("%s: %d objects were read of the first", m.name, read["local/a"])
			}
			for _, name := range []string{"local/borrows", "local/copies"} {
				if read[name] > 4 {
					t.Errorf("%s: %d objects were read of %s", m.name, read[name], name)
				}
			}
			if read["local/ruled"] < 40 {
				t.Errorf("%s: %d objects were read under other rules", m.name, read["local/ruled"])
			}
		}
		for _, name := range []string{"a", "borrows", "copies", "ruled"} {
			alone := scan(t, map[string]any{"path": filepath.Join(dir, name)})
			if got, want := ofScope(t, r, "local/"+name), ofScope(t, alone, "local/"+name); got != want {
				t.Errorf("%s: %s differs from what it tells alone:\n%s\nalone:\n%s", m.name, name, got, want)
			}
		}
	}
	side, read := scanCounted(t, nil, dir, false)
	if read["local/borrows"] > 4 || read["local/copies"] > 4 {
		t.Errorf("side by side: %v", read)
	}
	one, _ := scanCounted(t, nil, dir, true)
	if side.lines(t) != one.lines(t) {
		t.Error("side by side they tell other things")
	}
}

// ofScope returns the records of one scope, as sorted lines.
func ofScope(t testing.TB, r result, scope string) string {
	t.Helper()
	var own result
	for _, x := range r.records {
		line, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(line, []byte(`"scope":"`+scope+`"`)) {
			own.records = append(own.records, x)
		}
	}
	return own.lines(t)
}

// TestWhitewash checks that a repository whose store lies about an object does
// not hide that object in another one.
func TestWhitewash(t *testing.T) {
	dir := t.TempDir()
	good := at(t, filepath.Join(dir, "good"))
	good.commit("one", "a.env", "token="+canary("hidden")+"\n")
	id := good.git("rev-parse", "HEAD:a.env")
	// The liar has another content under the name of the blob, in a pack, with
	// checksums that fit. It comes first.
	liar := at(t, filepath.Join(dir, "a-liar"))
	liar.commit("one", "a.env", "token=............................................\n")
	plain := liar.git("rev-parse", "HEAD:a.env")
	liar.git("repack", "-adq")
	renameObject(t, filepath.Join(liar.dir, ".git", "objects", "pack"), plain, id)
	for _, alone := range []bool{true, false} {
		r, _ := scanCounted(t, newNotebook(), dir, alone)
		if r.err != nil || r.credential(canary("hidden")) == nil {
			t.Errorf("the object is hidden: %v %q", r.err, r.scopes())
		}
	}
}

// renameObject gives an object of the only pack of a store another name.
func renameObject(t testing.TB, packs, from, to string) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(packs, "*.idx"))
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	content, err := os.ReadFile(list[0])
	if err != nil {
		t.Fatal(err)
	}
	out := renamed(t, content, from, to)
	if err := os.Chmod(list[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list[0], out, 0o600); err != nil {
		t.Fatal(err)
	}
}

// renamed changes a name in an index of version 2: the entries are sorted anew,
// and the checksum is made to fit.
func renamed(t testing.TB, idx []byte, from, to string) []byte {
	t.Helper()
	const head = 8 + 256*4
	n := int(binary.BigEndian.Uint32(idx[head-4:]))
	type entry struct{ name, sum, offset []byte }
	entries := make([]entry, n)
	for i := range entries {
		at := head + 20*n
		entries[i] = entry{idx[head+20*i : head+20*i+20], idx[at+4*i : at+4*i+4], idx[at+4*n+4*i : at+4*n+4*i+4]}
		if hex.EncodeToString(entries[i].name) == from {
			name, err := hex.DecodeString(to)
			if err != nil {
				t.Fatal(err)
			}
			entries[i].name = name
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.name, b.name) })
	out := slices.Clone(idx[:8])
	for b := range 256 {
		count := 0
		for _, e := range entries {
			if int(e.name[0]) <= b {
				count++
			}
		}
		out = binary.BigEndian.AppendUint32(out, uint32(count))
	}
	for _, e := range entries {
		out = append(out, e.name...)
	}
	for _, e := range entries {
		out = append(out, e.sum...)
	}
	for _, e := range entries {
		out = append(out, e.offset...)
	}
	out = append(out, idx[len(idx)-40:len(idx)-20]...)
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}

// TestLent checks that objects which only the lender leads to are the lender's.
func TestLent(t *testing.T) {
	dir := t.TempDir()
	lender := at(t, filepath.Join(dir, "lender"))
	lender.commit("one", "a.env", "token="+canary("common")+"\n")
	lender.git("clone", "-q", "--shared", lender.dir, filepath.Join(dir, "fork"))
	lender.commit("token="+canary("message"), "b.env", "token="+canary("lost")+"\n")
	lender.git("reset", "-q", "--hard", "HEAD~1")
	looseBlob(t, filepath.Join(lender.dir, ".git", "objects"), "token="+canary("blob")+"\n")
	fork := &builder{t: t, dir: filepath.Join(dir, "fork")}
	fork.commit("two", "c.env", "token="+canary("own")+"\n")
	fork.git("reset", "-q", "--hard", "HEAD~1")
	r := scan(t, map[string]any{"path": filepath.Join(dir, "fork")})
	for name, want := range map[string]bool{"common": true, "own": true, "message": false, "lost": false, "blob": false} {
		if got := r.credential(canary(name)) != nil; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if c := r.only(t); c.Reason != "" || !slices.ContainsFunc(c.Notes, func(n string) bool {
		return strings.HasPrefix(n, "3 objects that something was found in lie only in a store")
	}) {
		t.Errorf("%q %q", c.Reason, c.Notes)
	}
	all := scan(t, map[string]any{"path": filepath.Join(dir, "lender")})
	for _, name := range []string{"common", "message", "lost", "blob"} {
		if all.credential(canary(name)) == nil {
			t.Errorf("the lender lacks %s", name)
		}
	}
}
