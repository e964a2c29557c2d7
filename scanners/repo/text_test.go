package repo

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestEncodings(t *testing.T) {
	for name, tt := range map[string]struct {
		head string
		want encoding
	}{
		"plain":                   {"hello\n", plain},
		"empty":                   {"", plain},
		"UTF-8 with mark":         {"\xef\xbb\xbfhello", plain},
		"UTF-16":                  {"\xff\xfeh\x00i\x00", utf16le},
		"UTF-16 big":              {"\xfe\xff\x00h\x00i", utf16be},
		"UTF-32":                  {"\xff\xfe\x00\x00h\x00\x00\x00", utf32le},
		"UTF-32 big":              {"\x00\x00\xfe\xff\x00\x00\x00h", utf32be},
		"UTF-16 without mark":     {asUTF16("some text of a registry"), utf16le},
		"UTF-16 big without mark": {swap(asUTF16("some text of a registry"), 2), utf16be},
		"UTF-32 without mark":     {asUTF32("some text of a registry"), utf32le},
		"UTF-32 big without mark": {swap(asUTF32("some text of a registry"), 4), utf32be},
		"text with NULs":          {"one\x00two\nthree\x00\n", nulText},
		"NULs without lines":      {"one\x00two\x00three", binaryText},
		"binary":                  {"\x7fELF\x02\x01\x01\x00\x00\x00\x00abc\x00def", binaryText},
		"zip":                     {"PK\x03\x04rest", packed},
		"gzip":                    {"\x1f\x8b\x08rest", packed},
		"text that begins as PK":  {"PK is no archive", plain},
	} {
		if got := encodingOf([]byte(tt.head)); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}

// TestWideRuns finds UTF-16 in either order between other bytes.
func TestWideRuns(t *testing.T) {
	long := "a text that is long enough"
	for name, tt := range map[string]struct{ content, want string }{
		"none":             {"\x00\x00\x00\x01abc\x00def", ""},
		"short":            {asUTF16("too short"), ""},
		"little-endian":    {"\x01\x00" + asUTF16(long) + "\x00\x00", long + "\n"},
		"big-endian":       {"\x01\x01" + swap(asUTF16(long), 2) + "\x01", long + "\n"},
		"two":              {asUTF16(long) + "\x00\x00\x03\x04" + asUTF16(long), long + "\n" + long + "\n"},
		"after one letter": {"x\x00\x00\x00" + asUTF16(long), long + "\n"},
		"at the end":       {asUTF16(long)[:2*len(long)-1], long + "\n"},
	} {
		if got := string(wideRuns([]byte(tt.content))); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestURI(t *testing.T) {
	got := map[string]string{}
	for _, path := range []string{"a/b c.txt", "größe.md", "a\nb", "caf\xe9", "x\x1b[31m", "100%"} {
		got[path] = uri(path)
	}
	want := map[string]string{
		"a/b c.txt": "a/b c.txt", "größe.md": "größe.md", "a\nb": "a%0Ab", "caf\xe9": "caf%E9",
		"x\x1b[31m": "x%1B[31m", "100%": "100%",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzText reads arbitrary bytes in every encoding: what was decoded is UTF-8.
func FuzzText(f *testing.F) {
	f.Add([]byte("\xff\xfeh\x00\x00\xd8"))
	f.Add([]byte("\x01" + asUTF16("a text of twenty letters") + "\x02"))
	f.Add([]byte("\x00\x00\xfe\xff\x00\x00\xd8\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		enc := encodingOf(content)
		if runs := wideRuns(content); len(runs) > 2*len(content) {
			t.Fatal("more text than there is")
		}
		out := enc.read(content)
		if enc != plain && enc != nulText && enc != binaryText && enc != packed && !utf8.Valid(out) {
			t.Fatal("not UTF-8")
		}
		message(content)
		if cut, _ := cutAt(content); cut < 0 || cut > len(content) {
			t.Fatal("cut outside the text")
		}
	})
}
