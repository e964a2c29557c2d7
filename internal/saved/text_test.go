package saved

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wideText(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestOpen(t *testing.T) {
	const text = " {\"a\": \"é\"}\n"
	for name, data := range map[string]string{
		"plain":                text,
		"a byte order mark":    "\ufeff" + text,
		"UTF-16":               wideText(binary.LittleEndian, text),
		"UTF-16, the other":    wideText(binary.BigEndian, text),
		"UTF-16, an odd byte":  wideText(binary.LittleEndian, text) + "x",
		"compressed":           zipped(t, text),
		"compressed with mark": zipped(t, "\ufeff"+text),
		"compressed UTF-16":    zipped(t, wideText(binary.LittleEndian, text)),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Open(strings.NewReader(data), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Head) != text || string(got.Start) != strings.TrimSpace(text) {
				t.Errorf("it begins with %q, %q", got.Head, got.Start)
			}
			if all, err := io.ReadAll(got); err != nil || string(all) != text {
				t.Errorf("it is %q, %v", all, err)
			}
		})
	}
}

func TestOpenBroken(t *testing.T) {
	for name, c := range map[string]struct {
		in   io.Reader
		want string
	}{
		"no gzip":        {strings.NewReader("\x1f\x8bxx"), "is compressed and broken"},
		"gzip cut":       {strings.NewReader(cut(zipped(t, "abc"))), "cannot be read: unexpected EOF"},
		"wide and cut":   {strings.NewReader(cut(zipped(t, wideText(binary.LittleEndian, "abc")))), "cannot be read: unexpected EOF"},
		"cannot be read": {io.MultiReader(strings.NewReader("abc"), failing{}), "cannot be read: gone"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(c.in, 1<<20); err == nil || err.Error() != c.want {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// A small file that decompresses to a long one is read to the bound.
func TestBomb(t *testing.T) {
	got, err := Open(strings.NewReader(zipped(t, strings.Repeat(" ", 1<<20))), 100_000)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, got)
	if !errors.Is(err, ErrLong) || n < 100_000 || n > 200_000 {
		t.Errorf("after %d bytes it says %v", n, err)
	}
}

// Characters of two units, and halves of such; what is cut while it is decompressed
// does not pass for a whole.
func TestWide(t *testing.T) {
	for in, want := range map[string]string{
		"a\x00\x3d\xd8\x00\xde" + "b\x00": "a\U0001f600b",
		"\x3d\xd8" + "b\x00":              "\ufffdb",
		"\x00\xde":                        "\ufffd",
		"a\x00\x3d\xd8":                   "a\ufffd",
		"a\x00b":                          "a",
		"":                                "",
	} {
		got, err := io.ReadAll(NewWide(bufio.NewReader(strings.NewReader(in)), binary.LittleEndian))
		if err != nil || string(got) != want {
			t.Errorf("of %q it makes %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "a\x00", "a\x00b", "\x3d\xd8", "\x3d\xd8\x00"} {
		_, err := io.ReadAll(NewWide(bufio.NewReader(io.MultiReader(strings.NewReader(in), failing{})), binary.LittleEndian))
		if err == nil || err.Error() != "gone" {
			t.Errorf("after %q it says %v", in, err)
		}
	}
	long := strings.Repeat("aé\U0001f600", 10_000)
	got, err := io.ReadAll(NewWide(bufio.NewReader(iotest.OneByteReader(strings.NewReader(wideText(binary.BigEndian, long)[2:]))), binary.BigEndian))
	if err != nil || string(got) != long {
		t.Errorf("of %d bytes it makes %d, %v", len(long), len(got), err)
	}
}

func TestKindOfText(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		" \n":                          "",
		"\n {}":                        "json",
		"[1]":                          "json",
		"-----BEGIN " + "CERTIFICATE":  "key",
		"---\r\nx":                     "yaml",
		"name: x\n":                    "yaml",
		"- name:\n":                    "yaml",
		"name:x":                       "",
		": x":                          "",
		"Dear Ann: hello":              "",
		"ERROR: (gcloud.x) denied":     "yaml", // callers ask for their own errors first
		"hello":                        "",
		"https://northwind.example: x": "",
	} {
		got, err := Open(strings.NewReader(text), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		kind := ""
		switch {
		case got.IsJSON():
			kind = "json"
		case got.IsKey():
			kind = "key"
		case got.IsYAML():
			kind = "yaml"
		}
		if kind != want {
			t.Errorf("%q is taken for %q", text, kind)
		}
	}
}

func TestWhole(t *testing.T) {
	if data, err := Whole(strings.NewReader("abc"), 3); err != nil || string(data) != "abc" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := Whole(strings.NewReader("abcd"), 3); !errors.Is(err, ErrLong) {
		t.Errorf("of a long one it says %v", err)
	}
	if _, err := Whole(failing{}, 3); err == nil || err.Error() != "gone" {
		t.Errorf("of a broken one it says %v", err)
	}
}

// cut is a text without its end.
func cut(text string) string { return text[:len(text)-8] }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("gone") }
