package pack

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/adler32"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// number is the made-up name of entry i of a written pack.
func number(i int) ID { return sha1.Sum([]byte{byte(i), byte(i >> 8)}) }

// entryOf makes an entry: what says how the head goes on behind the size.
func entryOf(typ Type, size int, what, stream []byte) []byte {
	b := byte(typ)<<4 | byte(size&15)
	var out []byte
	for size >>= 4; size > 0; size >>= 7 {
		out = append(out, b|0x80)
		b = byte(size & 0x7F)
	}
	return slices.Concat(append(out, b), what, stream)
}

func blobOf(t testing.TB, text string) []byte {
	t.Helper()
	return entryOf(Blob, len(text), nil, deflate(t, 6, []byte(text)))
}

func onName(t testing.TB, base ID, delta []byte) []byte {
	t.Helper()
	return entryOf(refDelta, len(delta), base[:], stored(delta))
}

// stored makes a zlib stream without compression.
func stored(text []byte) []byte {
	out := []byte{0x78, 0x01, 1, byte(len(text)), byte(len(text) >> 8), ^byte(len(text)), ^byte(len(text) >> 8)}
	return binary.BigEndian.AppendUint32(append(out, text...), adler32.Checksum(text))
}

// deltaOf makes a delta that copies all of a base of less than 64 KB and adds
// a text of less than 128 bytes.
func deltaOf(base int, text string) []byte {
	d := binary.AppendUvarint(nil, uint64(base))
	d = binary.AppendUvarint(d, uint64(base+len(text)))
	if base > 0 {
		d = append(d, 0x80|0x10|0x20, byte(base), byte(base>>8))
	}
	return append(append(d, byte(len(text))), text...)
}

// written writes a store of one pack, whose index is right in all that it says
// but the names, unless edit changes it before it gets its checksum. A nil entry
// takes the place of the one before.
func written(t testing.TB, dir string, entries [][]byte, edit func(index []byte)) {
	t.Helper()
	type item struct {
		id  ID
		off int
		sum uint32
	}
	var items []item
	pack := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("PACK"), 2), uint32(len(entries)))
	for i, e := range entries {
		off := len(pack)
		if e == nil {
			off = items[i-1].off
		}
		items = append(items, item{number(i), off, crc32.ChecksumIEEE(e)})
		pack = append(pack, e...)
	}
	sum := sha1.Sum(pack)
	pack = append(pack, sum[:]...)
	slices.SortFunc(items, func(a, b item) int { return bytes.Compare(a.id[:], b.id[:]) })
	idx := []byte("\xfftOc\x00\x00\x00\x02")
	for b := range 256 {
		n := 0
		for _, it := range items {
			if int(it.id[0]) <= b {
				n++
			}
		}
		idx = binary.BigEndian.AppendUint32(idx, uint32(n))
	}
	for _, it := range items {
		idx = append(idx, it.id[:]...)
	}
	for _, it := range items {
		idx = binary.BigEndian.AppendUint32(idx, it.sum)
	}
	for _, it := range items {
		idx = binary.BigEndian.AppendUint32(idx, uint32(it.off))
	}
	idx = append(idx, sum[:]...)
	if edit != nil {
		edit(idx)
	}
	own := sha1.Sum(idx)
	idx = append(idx, own[:]...)
	save(t, filepath.Join(dir, "pack", "pack-x.pack"), pack)
	save(t, filepath.Join(dir, "pack", "pack-x.idx"), idx)
}

func save(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// outcome is what a walk came to.
type outcome struct {
	made map[ID]string
	lost map[ID]error
}

// walked walks a store, and checks that it ended without a fault and that what
// was chosen was either made or told of.
func walked(t testing.TB, s *Store, w Walk) outcome {
	t.Helper()
	out := outcome{map[ID]string{}, map[ID]error{}}
	var mu sync.Mutex
	w.Fail = func(o Object, err error) error {
		mu.Lock()
		defer mu.Unlock()
		var own *ObjectError
		if !errors.As(err, &own) || own.ID != o.ID || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v: %v", o, err)
		}
		if strings.Contains(err.Error(), "runtime error: ") && !strings.Contains(err.Error(), "fault") {
			t.Errorf("%v: %v", o, err)
		}
		out.lost[o.ID] = err
		return nil
	}
	err := s.Each(t.Context(), w, func(_ int, o Object, data []byte) error {
		mu.Lock()
		defer mu.Unlock()
		if o.Size != int64(len(data)) {
			t.Errorf("%v: %d bytes", o, len(data))
		}
		out.made[o.ID] = string(data)
		return nil
	})
	if err != nil && !errors.Is(err, ErrCorrupt) {
		t.Errorf("walk: %v", err)
	}
	if err == nil && len(out.made)+len(out.lost) != s.Count() {
		t.Errorf("%d made and %d lost of %d", len(out.made), len(out.lost), s.Count())
	}
	return out
}

func TestHostilePack(t *testing.T) {
	far := binary.AppendUvarint(binary.AppendUvarint(nil, 5), 1<<40)
	bomb := deflate(t, 9, make([]byte, 1<<20))
	for _, c := range []struct {
		name    string
		entries [][]byte
		made    map[int]string
		lost    map[int]string
	}{
		{
			name:    "as it should be",
			entries: [][]byte{blobOf(t, "hello"), onName(t, number(0), deltaOf(5, " world")), onName(t, number(1), deltaOf(11, "!"))},
			made:    map[int]string{0: "hello", 1: "hello world", 2: "hello world!"},
		},
		{
			name:    "a circle, and its own base",
			entries: [][]byte{blobOf(t, "hello"), onName(t, number(2), deltaOf(5, "a")), onName(t, number(1), deltaOf(5, "b")), onName(t, number(3), deltaOf(5, "c"))},
			made:    map[int]string{0: "hello"},
			lost:    map[int]string{1: "made from", 2: "made from", 3: "made from"},
		},
		{
			name:    "no base",
			entries: [][]byte{blobOf(t, "hello"), onName(t, number(99), deltaOf(5, "a")), entryOf(ofsDelta, 9, []byte{0x7F}, deflate(t, 6, deltaOf(5, "a"))), entryOf(ofsDelta, 9, []byte{1}, deflate(t, 6, deltaOf(5, "a")))},
			made:    map[int]string{0: "hello"},
			lost:    map[int]string{1: "made from", 2: "made from", 3: "made from"},
		},
		{
			name:    "a base that is lost",
			entries: [][]byte{entryOf(Blob, 6, nil, deflate(t, 6, []byte("hello"))), onName(t, number(0), deltaOf(5, "a")), onName(t, number(1), deltaOf(6, "b"))},
			lost:    map[int]string{0: "size", 1: "made from", 2: "made from"},
		},
		{
			name: "deltas that lie",
			entries: [][]byte{
				blobOf(t, "hello"), onName(t, number(0), deltaOf(6, "a")), onName(t, number(0), far), onName(t, number(0), []byte{5, 9}),
				onName(t, number(0), []byte{5, 1, 0}), onName(t, number(0), []byte{5, 2, 0x91, 4, 2}), onName(t, number(0), []byte{5, 2, 0x90}),
				onName(t, number(0), []byte{5, 2, 3, 'a'}), onName(t, number(0), []byte{5, 1, 2, 'a', 'b'}), onName(t, number(0), nil),
				onName(t, number(0), bytes.Repeat([]byte{0xFF}, 30)),
			},
			made: map[int]string{0: "hello"},
			lost: map[int]string{
				1: "another size", 2: "larger", 3: "less than it says", 4: "means nothing", 5: "not there", 6: "breaks off",
				7: "more than there is", 8: "more than there is", 9: "break off", 10: "break off",
			},
		},
		{
			name: "streams that lie",
			entries: [][]byte{
				entryOf(Blob, 10, nil, bomb), entryOf(Blob, 1<<20+1, nil, bomb), entryOf(Blob, 1<<50, nil, bomb), entryOf(Blob, 5, nil, deflate(t, 6, []byte("hello"))[:9]),
				append(blobOf(t, "hello"), 0), entryOf(Blob, 5, nil, []byte("hello")), entryOf(Blob, 0, nil, nil),
				{0x10},
				{0xB0},
				bytes.Repeat([]byte{0xB0}, 40),
				{},
			},
			lost: map[int]string{0: "size", 1: "size", 2: "larger", 3: "", 4: "behind", 5: "zlib", 6: "zlib", 7: "zlib", 8: "breaks off", 9: "breaks off"},
		},
		{
			name:    "no type",
			entries: [][]byte{entryOf(0, 5, nil, deflate(t, 6, []byte("hello"))), entryOf(5, 5, nil, deflate(t, 6, []byte("hello"))), blobOf(t, "")},
			made:    map[int]string{2: ""},
			lost:    map[int]string{0: "no type", 1: "no type"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			entries := slices.DeleteFunc(c.entries, func(e []byte) bool { return len(e) == 0 })
			dir := t.TempDir()
			written(t, dir, entries, nil)
			s, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			out := walked(t, s, Walk{})
			for i := range entries {
				id := number(i)
				if want, ok := c.made[i]; ok {
					if got, ok := out.made[id]; !ok || got != want {
						t.Errorf("entry %d: %q, %v", i, got, out.lost[id])
					}
					continue
				}
				if err := out.lost[id]; err == nil || !strings.Contains(err.Error(), c.lost[i]) {
					t.Errorf("entry %d: %v", i, err)
				}
				if _, data, err := s.Read(id, 0); err == nil {
					t.Errorf("entry %d is read as %q", i, data)
				}
			}
		})
	}
}

// TestChain makes a chain as long as the pack, and one whose links all hang
// below one base.
func TestChain(t *testing.T) {
	const n = 5000
	for _, star := range []bool{false, true} {
		entries := [][]byte{blobOf(t, "")}
		for i := range n {
			base, size := i, i
			if star {
				base, size = 0, 0
			}
			entries = append(entries, onName(t, number(base), deltaOf(size, "x")))
		}
		dir := t.TempDir()
		written(t, dir, entries, nil)
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		out := walked(t, s, Walk{budget: 200_000})
		if len(out.made) != n+1 {
			t.Errorf("star %v: %d made, one lost: %v", star, len(out.made), out.lost[number(n)])
		}
		if typ, data, err := s.Read(number(n), 0); err != nil || typ != Blob || !star && len(data) != n {
			t.Errorf("star %v: %v, %d bytes, %v", star, typ, len(data), err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestHostileIndex(t *testing.T) {
	entries := [][]byte{blobOf(t, "hello"), blobOf(t, "world"), blobOf(t, "again")}
	offsets := func(idx []byte) []byte { return idx[indexHead+3*24:] }
	for _, c := range []struct {
		name    string
		entries [][]byte
		edit    func(idx []byte)
	}{
		{"two objects at one place", [][]byte{entries[0], nil, entries[1]}, nil},
		{"outside the pack", entries, func(idx []byte) { copy(offsets(idx), "\x7f\xff\xff\xff") }},
		{"in the head", entries, func(idx []byte) { copy(offsets(idx), "\x00\x00\x00\x04") }},
		{"far, without a table", entries, func(idx []byte) { copy(offsets(idx), "\x80\x00\x00\x00") }},
		{"a checksum", entries, func(idx []byte) { idx[indexHead+3*20]++ }},
		{"inside another", entries, func(idx []byte) { offsets(idx)[3]++ }},
		{"count", entries, func(idx []byte) { idx[indexHead-1]++ }},
		{"count of all", entries, func(idx []byte) {
			for i := 8; i < indexHead; i += 4 {
				copy(idx[i:], "\x7f\xff\xff\xff")
			}
		}},
		{"backwards", entries, func(idx []byte) { idx[8+4*100]++ }},
		{"order", entries, func(idx []byte) { idx[indexHead] ^= 0xFF }},
		{"other pack", entries, func(idx []byte) { idx[len(idx)-1]++ }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			written(t, dir, c.entries, c.edit)
			s, err := Open(dir)
			if err != nil {
				if !errors.Is(err, ErrCorrupt) {
					t.Error(err)
				}
				return
			}
			defer s.Close()
			if out := walked(t, s, Walk{}); len(out.made) == 3 {
				t.Error("nothing is wrong with it")
			}
		})
	}
}

// TestChanged changes each byte of a pack and of its index in turn: no object
// comes out that is not what its name says.
func TestChanged(t *testing.T) {
	dir := repository(t, 4)
	git(t, dir, "", "rm", "-q", "--cached", "big.bin", "--ignore-unmatch")
	git(t, dir, "", "repack", "-adfq", "--depth=50")
	packs, err := filepath.Glob(filepath.Join(objects(dir), "pack", "*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	for _, path := range []string{packs[0], strings.TrimSuffix(packs[0], ".pack") + ".idx"} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		refused, lost := 0, 0
		for at := 0; at < len(content); at += 1 + len(content)/200 {
			bad := bytes.Clone(content)
			bad[at] ^= 1 << (at % 8)
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			save(t, path, bad)
			s, err := Open(objects(dir))
			if err != nil {
				refused++
				continue
			}
			out := walked(t, s, Walk{})
			for id, data := range out.made {
				typ, _, err := s.Read(id, 0)
				if err != nil || nameOf(typ, []byte(data)) != id {
					t.Errorf("with byte %d changed %s is another object: %v", at, id, err)
				}
			}
			lost += len(out.lost)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if refused+lost < 100 {
			t.Errorf("%d refused, %d lost", refused, lost)
		}
		save(t, path, content)
	}
}

// TestCut shortens a pack that is mapped: what cannot be read any more is told
// of, and the program goes on.
func TestCut(t *testing.T) {
	for _, suffix := range []string{".pack", ".idx"} {
		dir := repository(t, 40)
		git(t, dir, "", "repack", "-adfq", "--depth=50")
		s := open(t, dir)
		if s.Count() < 50 {
			t.Fatal(s.Count())
		}
		if suffix == ".idx" { // the heads are read before
			if _, err := s.packs[0].forest(); err != nil {
				t.Fatal(err)
			}
		}
		files, err := filepath.Glob(filepath.Join(objects(dir), "pack", "*"+suffix))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if err := os.Chmod(files[0], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(files[0], 0); err != nil {
			t.Fatal(err)
		}
		out := walked(t, s, Walk{})
		if len(out.made) > 0 {
			t.Errorf("%s: %d made", suffix, len(out.made))
		}
		_ = s.Types(t.Context(), func(ID, Type) error { return nil })
		_, _, _ = s.Read(ID{1}, 0)
		s.Has(ID{1})
	}
}

func TestHostileLoose(t *testing.T) {
	blob := func(head, text string) []byte { return deflate(t, 6, []byte(head+text)) }
	good := nameOf(Blob, []byte("hello"))
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"as it should be", blob("blob 5\x00", "hello"), ""},
		{"empty file", nil, "zlib"},
		{"no head", blob("", "hello"), "what it is"},
		{"other type", blob("blub 5\x00", "hello"), "what it is"},
		{"size in words", blob("blob five\x00", "hello"), "what it is"},
		{"negative", blob("blob -5\x00", "hello"), "what it is"},
		{"signed", blob("blob +5\x00", "hello"), "what it is"},
		{"zeros", blob("blob 05\x00", "hello"), "what it is"},
		{"short", blob("blob 6\x00", "hello"), "size"},
		{"long", blob("blob 4\x00", "hello"), "size"},
		{"huge", blob("blob 1099511627776\x00", "hello"), "larger"},
		{"other content", blob("blob 5\x00", "hallo"), "another name"},
		{"cut", blob("blob 5\x00", "hello")[:12], ""},
		{"more behind", append(blob("blob 5\x00", "hello"), 'x'), "behind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, name := t.TempDir(), good.String()
			save(t, filepath.Join(dir, name[:2], name[2:]), c.content)
			s, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			out := walked(t, s, Walk{})
			if c.name == "as it should be" {
				if out.made[good] != "hello" {
					t.Error(out)
				}
				return
			}
			if err := out.lost[good]; err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) {
				t.Errorf("%v", err)
			}
			if _, _, err := s.Read(good, 0); err == nil {
				t.Error("it is read")
			}
		})
	}
}

// FuzzPack makes a pack of pieces of the input, with an index that fits.
func FuzzPack(f *testing.F) {
	pieces := func(entries ...[]byte) (in []byte) {
		for _, e := range entries {
			in = append(binary.BigEndian.AppendUint16(in, uint16(len(e))), e...)
		}
		return in
	}
	f.Add(pieces(blobOf(f, "hello"), onName(f, number(0), deltaOf(5, " world")), onName(f, number(1), deltaOf(11, "!"))))
	f.Add(pieces(blobOf(f, "hello"), entryOf(ofsDelta, 11, []byte{15}, deflate(f, 0, deltaOf(5, " world")))))
	f.Add(pieces(onName(f, number(1), deltaOf(5, "a")), onName(f, number(0), deltaOf(5, "b"))))
	f.Fuzz(func(t *testing.T, in []byte) {
		var entries [][]byte
		for len(in) > 2 && len(entries) < 50 {
			n := min(len(in)-2, 1+int(binary.BigEndian.Uint16(in)))
			entries = append(entries, in[2:2+n])
			in = in[2+n:]
		}
		dir := t.TempDir()
		written(t, dir, entries, nil)
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		out := walked(t, s, Walk{Workers: 1, largest: 1 << 20, budget: 4 << 20})
		for i := range entries {
			typ, data, err := s.Read(number(i), 1<<20)
			made, ok := out.made[number(i)]
			if ok != (err == nil) || ok && string(data) != made {
				t.Errorf("entry %d read alone: %v of %d bytes, %v; walked: %d bytes, %v", i, typ, len(data), err, len(made), out.lost[number(i)])
			}
		}
		if err := s.Types(t.Context(), func(ID, Type) error { return nil }); err != nil {
			t.Error(err)
		}
	})
}

// FuzzIndex gives the parser an index with a right checksum.
func FuzzIndex(f *testing.F) {
	dir := f.TempDir()
	written(f, dir, [][]byte{blobOf(f, "hello"), blobOf(f, "world")}, nil)
	idx, err := os.ReadFile(filepath.Join(dir, "pack", "pack-x.idx"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(idx[:len(idx)-20])
	// The same in version 1: counts, then an offset and a name each.
	old := bytes.Clone(idx[8:indexHead])
	for i := range 2 {
		names := idx[indexHead:]
		old = append(append(old, names[48+4*i:52+4*i]...), names[20*i:20*i+20]...)
	}
	f.Add(append(old, idx[len(idx)-40:len(idx)-20]...))
	f.Fuzz(func(t *testing.T, in []byte) {
		sum := sha1.Sum(in)
		x, err := parseIndex(append(bytes.Clone(in), sum[:]...))
		if err != nil {
			if strings.Contains(err.Error(), "runtime error") {
				t.Fatal(err)
			}
			return
		}
		for i := range x.n {
			if x.find(x.id(i)) != i {
				t.Fatalf("object %d is not found", i)
			}
			_, _ = x.offset(i), x.fits(i, nil)
		}
		x.find(ID{0xFF})
	})
}

// FuzzDelta applies arbitrary instructions.
func FuzzDelta(f *testing.F) {
	f.Add([]byte("hello"), deltaOf(5, " world"))
	f.Add([]byte("hello"), []byte{5, 2, 0x91, 4, 2})
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		from, size, n, err := deltaSizes(delta)
		if err != nil || from != int64(len(base)) || size > 1<<20 {
			return
		}
		out := make([]byte, size)
		if err := apply(out, base, delta[n:]); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatal(err)
		}
	})
}

// FuzzHead reads arbitrary heads of entries.
func FuzzHead(f *testing.F) {
	f.Add(entryOf(Blob, 1<<40, nil, nil))
	f.Add(entryOf(ofsDelta, 3, []byte{0x80, 0x80, 0x01}, nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, err := parseHead(in)
		if err == nil && (h.size < 0 || h.len <= 0 || h.len > int64(len(in)) || h.back < 0) {
			t.Fatalf("%+v", h)
		}
	})
}

// FuzzLoose gives a loose object arbitrary content.
func FuzzLoose(f *testing.F) {
	f.Add(deflate(f, 6, []byte("blob 5\x00hello")))
	f.Add(deflate(f, 0, []byte("commit 1000000\x00hello")))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := zlib.NewReader(bytes.NewReader(in))
		if err == nil {
			_ = r.Close()
		}
		dir, id := t.TempDir(), nameOf(Blob, []byte("hello"))
		name := hex.EncodeToString(id[:])
		save(t, filepath.Join(dir, name[:2], name[2:]), in)
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for id, data := range walked(t, s, Walk{Workers: 1, largest: 1 << 20}).made {
			if nameOf(Blob, []byte(data)) != id {
				t.Fatalf("%s has another content", id)
			}
		}
	})
}
