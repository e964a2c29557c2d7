package archive

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// count walks hostile data and returns what was read of it, within 20 seconds
// and 200 MB.
func count(t *testing.T, data string) (bytes int64, report Report) {
	t.Helper()
	start := time.Now()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak := uint64(0)
	report, err := Walk(t.Context(), Source{Reader: strings.NewReader(data), Size: int64(len(data))}, Defaults(), func(m Member) error {
		n, err := io.Copy(io.Discard, m.Reader)
		bytes += n
		runtime.ReadMemStats(&after)
		peak = max(peak, after.HeapAlloc)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if peak > before.HeapAlloc+200<<20 {
		t.Errorf("it took %d MB", (peak-before.HeapAlloc)>>20)
	}
	return bytes, report
}

// TestBombs walks archives that are small and unpack to much.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 40<<20)
	tests := []struct {
		name, data string
		left       Reason
	}{
		{"zeros in xz", pack(t, XZ, zeros), TooDense},
		{"zeros in gzip in gzip", pack(t, Gzip, pack(t, Gzip, zeros)), TooDense},
		{"zeros in a zip", makeZip(t, item{"a", zeros}), TooDense},
		{"a sparse file of 16 GB in a tar", sparse(t, 16<<30), TooDense},
		{"a sparse file of 16 GB in a tar.gz", pack(t, Gzip, sparse(t, 16<<30)), TooDense},
		{"overlapping members of a zip", overlapping(t, noise(1<<17), 500), Overlapping},
		{"a zip of zips of zips", makeZip(t, copies("z", 16, makeZip(t, copies("y", 16, makeZip(t, copies("x", 16, makeZip(t, item{"a", zeros[:1<<20]}))...))...))...), TooDense},
		{"a gzip that holds itself", quine(t), TooDeep},
		{"many empty members", makeTar(t, copies("a", Defaults().Members+1, "")...), TooMany},
		{"a directory of many members", makeZip(t, copies("a", Defaults().Members+1, "")...), TooMany},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, report := count(t, tt.data)
			l := Defaults()
			if most := l.Free + l.Ratio*int64(len(tt.data)); n > most || report.Bytes > most {
				t.Errorf("%d bytes were read, %d made, of at most %d", n, report.Bytes, most)
			}
			if report.Left[tt.left] == 0 {
				t.Errorf("left is %v, without %q", report.Left, tt.left)
			}
		})
	}
}

func copies(name string, n int, content string) []item {
	list := make([]item, n)
	for i := range list {
		list[i] = item{name + strings.Repeat("i", i%100), content}
	}
	return list
}

// sparse makes a tar that holds a file of zeros in GNU's old form.
func sparse(t *testing.T, size int64) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "holes", Size: HeadSize, Mode: 0o600, Format: tar.FormatGNU, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, HeadSize)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	head := b.Bytes()[:HeadSize]
	wide := func(to []byte, n int64) {
		to[0] = 0x80
		binary.BigEndian.PutUint64(to[4:], uint64(n))
	}
	head[156] = tar.TypeGNUSparse
	wide(head[386:], size-HeadSize)
	wide(head[398:], HeadSize)
	wide(head[483:], size)
	sum := 0
	for i, c := range head {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int(c)
	}
	copy(head[148:], []byte{'0' + byte(sum>>15&7), '0' + byte(sum>>12&7), '0' + byte(sum>>9&7), '0' + byte(sum>>6&7), '0' + byte(sum>>3&7), '0' + byte(sum&7), 0, ' '})
	return b.String()
}

// overlapping makes a zip whose directory names one member many times.
func overlapping(t *testing.T, content string, n int) string {
	t.Helper()
	one := makeZip(t, item{"a", content})
	dir := strings.Index(one, "PK\x01\x02")
	end := strings.Index(one, "PK\x05\x06")
	tail := []byte(one[end:])
	binary.LittleEndian.PutUint16(tail[8:], uint16(n))
	binary.LittleEndian.PutUint16(tail[10:], uint16(n))
	binary.LittleEndian.PutUint32(tail[12:], uint32(n)*uint32(end-dir))
	return one[:dir] + strings.Repeat(one[dir:end], n) + string(tail)
}

// quine returns a gzip stream that unpacks to something that holds it again,
// as deep as anyone looks: twelve times around itself.
func quine(t *testing.T) string {
	t.Helper()
	data := pack(t, Gzip, "the end")
	for range 12 {
		data = pack(t, Gzip, data)
	}
	return data
}

// TestHugeDictionary refuses an xz that asks for 4 GB before its first byte.
func TestHugeDictionary(t *testing.T) {
	data := []byte(pack(t, XZ, noise(100)))
	const block, flags = 12, 2 // the header of the first block; it holds one filter, LZMA2
	size := (int(data[block]) + 1) * 4
	at := bytes.IndexByte(data[block+flags:block+size], 0x21)
	if at < 0 {
		t.Fatal("the filter is not where it should be")
	}
	data[block+flags+at+2] = 40
	binary.LittleEndian.PutUint32(data[block+size-4:], crc32.ChecksumIEEE(data[block:block+size-4]))
	_, report := count(t, string(data))
	if report.Left[TooWide] != 1 {
		t.Errorf("left is %v", report.Left)
	}
}

func FuzzWalk(f *testing.F) {
	two := []item{{"a", "one"}, {"dir/b.txt", "two"}}
	for _, seed := range []string{
		makeZip(f, two...), makeTar(f, two...), pack(f, Gzip, makeTar(f, two...)), pack(f, XZ, "one"), pack(f, Zstd, "one"), pack(f, Bzip2, "one"),
		makeZip(f, item{"x", makeZip(f, two...)}), cutDirectory(makeZip(f, two...)), makeZipBy(f, zipZstd, two...), makeZipBy(f, zipXZ, two...),
	} {
		f.Add([]byte(seed))
	}
	limits := Defaults()
	limits.Bytes, limits.Members, limits.Memory, limits.Free = 4<<20, 1000, 1<<20, 1<<20
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, src := range []Source{
			{At: bytes.NewReader(data), Size: int64(len(data))},
			{Reader: io.MultiReader(bytes.NewReader(data)), Size: int64(len(data))},
		} {
			var sum int64
			report, err := Walk(t.Context(), src, limits, func(m Member) error {
				n, err := io.Copy(io.Discard, m.Reader)
				if strings.HasPrefix(m.Path, "/") || strings.HasPrefix(m.Path, "../") {
					t.Errorf("a path leads out: %q", base64.StdEncoding.EncodeToString([]byte(m.Path)))
				}
				sum += n
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if report.Bytes > limits.Bytes || sum > report.Bytes || report.Members > limits.Members {
				t.Errorf("%d bytes in %d members, %d made", sum, report.Members, report.Bytes)
			}
		}
	})
}
