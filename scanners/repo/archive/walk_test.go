package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// walk returns the members, one a line, both by reading at places and as a
// stream, which must agree but for damage.
func walk(t *testing.T, data string, limits Limits) (string, Report) {
	t.Helper()
	got, report := walkSource(t, Source{At: strings.NewReader(data), Size: int64(len(data))}, limits)
	streamed, again := walkSource(t, Source{Reader: io.MultiReader(strings.NewReader(data)), Size: int64(len(data))}, limits)
	if diff := cmp.Diff(got, streamed); diff != "" {
		t.Errorf("as a stream other members are found:\n%s", diff)
	}
	if diff := cmp.Diff(report.Left, again.Left); diff != "" {
		t.Errorf("as a stream other things are left:\n%s", diff)
	}
	return got, report
}

func walkSource(t testing.TB, src Source, limits Limits) (string, Report) {
	t.Helper()
	var b strings.Builder
	report, err := Walk(t.Context(), src, limits, func(m Member) error {
		content, err := io.ReadAll(m.Reader)
		b.WriteString(m.Path + " (" + string(m.Format) + "): " + string(content) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), report
}

func TestFormats(t *testing.T) {
	two := []item{{"a", "one"}, {"dir/b.txt", "two"}}
	in := func(format string) string { return "a (" + format + "): one\ndir/b.txt (" + format + "): two\n" }
	image := makeTar(t, item{"manifest.json", "[]"}, item{"blobs/sha256/11", pack(t, Gzip, makeTar(t, two...))})
	tests := []struct{ name, data, want string }{
		{"zip", makeZip(t, two...), in("zip")},
		{"zip, stored", makeZipBy(t, zip.Store, two...), in("zip")},
		{"zip, bzip2", makeZipBy(t, zipBzip2, two...), in("zip")},
		{"zip, zstd", makeZipBy(t, zipZstd, two...), in("zip")},
		{"zip, xz", makeZipBy(t, zipXZ, two...), in("zip")},
		{"empty zip", makeZip(t), ""},
		{"tar", makeTar(t, two...), in("tar")},
		{"tar without a magic", withoutMagic(makeTar(t, two...)), in("tar")},
		{"gzip", pack(t, Gzip, "one"), " (gzip): one\n"},
		{"bzip2", pack(t, Bzip2, "one"), " (bzip2): one\n"},
		{"xz", pack(t, XZ, "one"), " (xz): one\n"},
		{"zstd", pack(t, Zstd, "one"), " (zstd): one\n"},
		{"two gzips in a row", pack(t, Gzip, "one") + pack(t, Gzip, "two"), " (gzip): onetwo\n"},
		{"tar.gz", pack(t, Gzip, makeTar(t, two...)), in("tar")},
		{"tar.bz2", pack(t, Bzip2, makeTar(t, two...)), in("tar")},
		{"tar.xz", pack(t, XZ, makeTar(t, two...)), in("tar")},
		{"tar.zst", pack(t, Zstd, makeTar(t, two...)), in("tar")},
		{
			"image", image,
			"manifest.json (tar): []\nblobs/sha256/11!a (tar): one\nblobs/sha256/11!dir/b.txt (tar): two\n",
		},
		{
			"jar in a jar in a zip", makeZip(t, item{"x.war", makeZip(t, item{"lib/y.jar", makeZip(t, two...)})}),
			"x.war!lib/y.jar!a (zip): one\nx.war!lib/y.jar!dir/b.txt (zip): two\n",
		},
		{"gzip in a zip", makeZip(t, item{"b.gz", pack(t, Gzip, "one")}), "b.gz (gzip): one\n"},
		{"directories and empty files", makeZip(t, item{"d/", ""}, item{"e", ""}, item{"a", "one"}), "a (zip): one\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, report := walk(t, tt.data, Defaults())
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if len(report.Left) > 0 {
				t.Errorf("left: %v", report.Left)
			}
		})
	}
}

// withoutMagic makes the headers of a tar those of 1979.
func withoutMagic(tar string) string {
	b := []byte(tar)
	for at := 0; at+HeadSize <= len(b) && b[at] != 0; at += 2 * HeadSize {
		head := b[at : at+HeadSize]
		clear(head[257:])
		sum := 0
		for i, c := range head {
			if i >= 148 && i < 156 {
				c = ' '
			}
			sum += int(c)
		}
		copy(head[148:], []byte{'0' + byte(sum>>15&7), '0' + byte(sum>>12&7), '0' + byte(sum>>9&7), '0' + byte(sum>>6&7), '0' + byte(sum>>3&7), '0' + byte(sum&7), 0, ' '})
	}
	return string(b)
}

// TestLeft walks what cannot or may not be read to its end.
func TestLeft(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 4096)
	limits := func(change func(*Limits)) Limits {
		l := Defaults()
		change(&l)
		return l
	}
	encrypted := []byte(makeZip(t, item{"a", "one"}, item{"b", "two"}))
	flag := bytes.Index(encrypted, []byte("PK\x01\x02"))
	encrypted[6] |= 1
	encrypted[flag+8] |= 1
	tgz := pack(t, Gzip, makeTar(t, item{"a", "one"}, item{"b", noise(9000)}))
	tests := []struct {
		name, data string
		limits     Limits
		want       string // beginning of the members
		left       map[Reason]int
	}{
		{"nested too deep", makeZip(t, item{"x", makeZip(t, item{"a", "one"})}, item{"b", "two"}), limits(func(l *Limits) { l.Depth = 1 }), "b (zip): two\n", map[Reason]int{TooDeep: 1}},
		{"just not too deep", makeZip(t, item{"x", makeZip(t, item{"a", "one"})}), limits(func(l *Limits) { l.Depth = 2 }), "x!a (zip): one\n", nil},
		{"depth of a compressed tar", tgz, limits(func(l *Limits) { l.Depth = 1 }), "a (tar): one\n", nil},
		{"too many", makeTar(t, item{"a", "1"}, item{"b", "2"}, item{"c", "3"}), limits(func(l *Limits) { l.Members = 2 }), "a (tar): 1\nb (tar): 2\n", map[Reason]int{TooMany: 1}},
		{"exactly as many", makeTar(t, item{"a", "1"}, item{"b", "2"}), limits(func(l *Limits) { l.Members = 2 }), "a (tar): 1\nb (tar): 2\n", nil},
		{"a long member", makeTar(t, item{"a", "12345678"}, item{"b", "2"}), limits(func(l *Limits) { l.Member = 4 }), "a (tar): 1234\nb (tar): 2\n", map[Reason]int{TooLarge: 1}},
		{"a member at the limit", makeZip(t, item{"a", "1234"}), limits(func(l *Limits) { l.Member = 4 }), "a (zip): 1234\n", nil},
		{"a long compressed file", pack(t, Gzip, long), limits(func(l *Limits) { l.Member = 5000 }), " (gzip): " + long[:5000] + "\n", map[Reason]int{TooLarge: 1}},
		{"too much in all", makeZip(t, item{"a", "1234"}, item{"b", "5678"}, item{"c", "9"}), limits(func(l *Limits) { l.Bytes = 6 }), "a (zip): 1234\nb (zip): 56\n", map[Reason]int{TooMuch: 1}},
		{"too dense", pack(t, XZ, long), limits(func(l *Limits) { l.Ratio, l.Free = 2, 10 }), " (xz): 0123", map[Reason]int{TooDense: 1}},
		{"no time", pack(t, XZ, long), limits(func(l *Limits) { l.Time = 0 }), "", map[Reason]int{TooSlow: 1}},
		{"encrypted", string(encrypted), Defaults(), "b (zip): two\n", map[Reason]int{Encrypted: 1}},
		{"7z", "7z\xbc\xaf\x27\x1crest", Defaults(), "", map[Reason]int{Unsupported: 1}},
		{"a rar in a zip", makeZip(t, item{"x", "Rar!\x1a\x07\x00"}, item{"b", "two"}), Defaults(), "b (zip): two\n", map[Reason]int{Unsupported: 1}},
		{"no archive", "text", Defaults(), "", map[Reason]int{Unsupported: 1}},
		{"gzip cut off", pack(t, Gzip, long)[:100], Defaults(), " (gzip): 0123", map[Reason]int{Damaged: 1}},
		{"bzip2 cut off", pack(t, Bzip2, long)[:40], Defaults(), "", map[Reason]int{Damaged: 1}},
		{"xz cut off", pack(t, XZ, noise(9000))[:7000], Defaults(), " (xz): ", map[Reason]int{Damaged: 1}},
		{"zstd cut off", pack(t, Zstd, long)[:20], Defaults(), "", map[Reason]int{Damaged: 1}},
		{"tar cut off", makeTar(t, item{"a", "one"}, item{"b", noise(9000)})[:3000], Defaults(), "a (tar): one\nb (tar): ", map[Reason]int{Damaged: 1}},
		{"tar.gz cut off", tgz[:3000], Defaults(), "a (tar): one\nb (tar): ", map[Reason]int{Damaged: 1}},
		{"zip cut off", makeZip(t, item{"a", "one"}, item{"b", noise(9000)})[:3000], Defaults(), "a (zip): one\nb (zip): ", map[Reason]int{Damaged: 1}},
		{"zip without its directory", cutDirectory(makeZip(t, item{"a", "one"}, item{"b", "two"})), Defaults(), "a (zip): one\nb (zip): two\n", nil},
		{"zip with another method", strings.ReplaceAll(makeZipBy(t, zipXZ, item{"a", "one"}), "\x5f\x00", "\x63\x00"), Defaults(), "", map[Reason]int{Unsupported: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, report := walk(t, tt.data, tt.limits)
			if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" && got != " (zstd): \n" {
				t.Errorf("members are %.200q, want %q", got, tt.want)
			}
			if diff := cmp.Diff(tt.left, report.Left); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// cutDirectory leaves only the signature of a zip's directory.
func cutDirectory(zip string) string { return zip[:strings.Index(zip, "PK\x01\x02")+4] }

// noise is text that does not compress below half.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = ' ' + byte(x>>24)%90
	}
	return string(b)
}

func TestNames(t *testing.T) {
	long := strings.Repeat("n", 1<<20)
	for name, want := range map[string]string{
		"a/b": "a/b", "../../etc/passwd": "etc/passwd", "/etc/passwd": "etc/passwd", "./a": "a", "a\x00b": "a\x00b", "": "unnamed", "..": "unnamed", "a//b/": "a/b",
	} {
		if got := cleanName(name); got != want {
			t.Errorf("cleanName(%q) = %q, want %q", name, got, want)
		}
	}
	if got := cleanName(long); len(got) != maxName || got == cleanName(long+"m") {
		t.Errorf("a long name has %d bytes, or is like another", len(got))
	}
}

// TestErrorsOfTheCaller returns what the caller's function or context says.
func TestErrorsOfTheCaller(t *testing.T) {
	data := makeZip(t, item{"a", "one"}, item{"b", "two"})
	mine := errors.New("mine")
	calls := 0
	_, err := Walk(t.Context(), Source{Reader: strings.NewReader(data), Size: 1}, Defaults(), func(Member) error {
		calls++
		return mine
	})
	if !errors.Is(err, mine) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Walk(ctx, Source{Reader: strings.NewReader(data), Size: 1}, Defaults(), func(Member) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the walk was cancelled", err)
	}
}
