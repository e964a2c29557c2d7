package repo

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestHidingPlaces hides a secret in every place where a repository can hold
// one, each in a repository of its own.
func TestHidingPlaces(t *testing.T) {
	s := canary("hidden")
	line := "token = \"" + s + "\"\n"
	tests := []struct {
		name  string
		build func(b *builder)
		want  string // locations; empty if only finding it matters
	}{
		{"plain commit", func(b *builder) { b.commit("one", "a/app.env", "x=1\n"+line) }, "a/app.env:2 at head\n"},
		{"removed", func(b *builder) {
			b.commit("one", "app.env", line)
			b.commit("two", "app.env", "nothing\n")
		}, "app.env:1\n"},
		{"moved and carried on", func(b *builder) {
			b.commit("one", "app.env", line)
			b.commit("two", "app.env", "# first\n\n"+line)
			b.git("mv", "app.env", "new.env")
			b.commit("three")
		}, "app.env:1\nnew.env:3 at head\n"},
		{"other branch", func(b *builder) {
			b.commit("one", "a", "1")
			b.git("checkout", "-q", "-b", "side")
			b.commit("two", "app.env", line)
			b.git("checkout", "-q", "main")
		}, "app.env:1\n"},
		{"merge itself", func(b *builder) {
			b.commit("one", "a", "1\n")
			b.git("checkout", "-q", "-b", "side")
			b.commit("two", "b", "2\n")
			b.git("checkout", "-q", "main")
			b.commit("three", "c", "3\n")
			b.git("merge", "-q", "--no-ff", "--no-commit", "side")
			b.commit("merge", "a", "1\n"+line)
			b.commit("after", "a", "0\n1\n"+line)
		}, "a:2 at head\n"},
		{"amended away", func(b *builder) {
			b.commit("one", "a", "1")
			b.commit("two", "app.env", line)
			b.write("app.env", "clean\n")
			b.git("add", "-A")
			b.git("commit", "-q", "--amend", "-m", "clean")
			b.git("reflog", "expire", "--expire=now", "--all")
		}, "app.env:1 (unreachable commit)\n"},
		{"stash", func(b *builder) {
			b.commit("one", "app.env", "clean\n")
			b.write("app.env", "clean\n"+line)
			b.git("stash", "-q")
		}, "app.env:2 (stash)\n"},
		{"stash of an untracked file", func(b *builder) {
			b.commit("one", "a", "clean\n")
			b.write("app.env", line)
			b.git("stash", "-q", "-u")
		}, "app.env:1 (stash)\n"},
		{"older stash", func(b *builder) {
			b.commit("one", "app.env", "clean\n")
			b.write("app.env", "clean\n"+line)
			b.git("stash", "-q")
			b.write("app.env", "other\n")
			b.git("stash", "-q")
		}, "app.env:2 (stash)\n"},
		{"note", func(b *builder) {
			b.commit("one", "a", "1")
			b.git("notes", "add", "-m", line)
		}, ""},
		{"commit message", func(b *builder) { b.commit("subject\n\n"+line, "a", "1") }, ""},
		{"tag message", func(b *builder) {
			b.commit("one", "a", "1")
			b.git("tag", "-a", "v1", "-m", "release\n\n"+line)
		}, "git/tag/v1:3 uncommitted (tag message)\n"},
		{"staged", func(b *builder) {
			b.commit("one", "a", "1")
			b.write("app.env", line)
			b.git("add", "-A")
		}, "app.env:1 uncommitted (staged) at head\n"},
		{"staged once and taken back", func(b *builder) {
			b.commit("one", "a", "1")
			b.write("app.env", line)
			b.git("add", "-A")
			b.git("rm", "-q", "--cached", "app.env")
			if err := os.Remove(filepath.Join(b.dir, "app.env")); err != nil {
				b.t.Fatal(err)
			}
		}, ""},
		{"untracked", func(b *builder) {
			b.commit("one", "a", "1")
			b.write("app.env", line)
		}, "app.env:1 uncommitted at head\n"},
		{"ignored", func(b *builder) {
			b.commit("one", ".gitignore", ".env\n")
			b.write(".env", line)
		}, ".env:1 uncommitted at head\n"},
		{"changed in the working tree", func(b *builder) {
			b.commit("one", "a", "1\n")
			b.write("a", "1\n"+line)
		}, "a:2 uncommitted at head\n"},
		{"UTF-16", func(b *builder) { b.commit("one", "a.reg", asUTF16("\uFEFFsome\n"+line)) }, "a.reg:2 at head\n"},
		{"UTF-16 without mark", func(b *builder) { b.commit("one", "a.reg", asUTF16("some text that is long enough\n"+line)) }, "a.reg:2 at head\n"},
		{"UTF-16, big-endian", func(b *builder) { b.commit("one", "a.reg", swap(asUTF16("\uFEFFsome\n"+line), 2)) }, "a.reg:2 at head\n"},
		{"UTF-16, big-endian, without mark", func(b *builder) {
			b.commit("one", "a.reg", swap(asUTF16("some text that is long enough\n"+line), 2))
		}, "a.reg:2 at head\n"},
		{"UTF-32, big-endian", func(b *builder) { b.commit("one", "a.reg", swap(asUTF32("\uFEFFsome\n"+line), 4)) }, "a.reg:2 at head\n"},
		{"UTF-32 without mark", func(b *builder) { b.commit("one", "a.reg", asUTF32("some text\nthat is long enough\n"+line)) }, "a.reg:3 at head\n"},
		{"UTF-32, big-endian, without mark", func(b *builder) {
			b.commit("one", "a.reg", swap(asUTF32("some text\nthat is long enough\n"+line), 4))
		}, "a.reg:3 at head\n"},
		{"UTF-16 with CRLF", func(b *builder) { b.commit("one", "a.reg", asUTF16("\uFEFFsome\r\ntext\r\n"+line)) }, "a.reg:3 at head\n"},
		{"text with NULs", func(b *builder) { b.commit("one", "a.log", "one\x00two\n\x00\x00\nthree "+s+"\x00\nfour\n") }, "a.log:3 at head\n"},
		{"UTF-16 in a binary", func(b *builder) {
			b.commit("one", "a.dll", "\x7fELF\x01\x02\x03"+strings.Repeat("\x00\xfe\x01", 200)+asUTF16("Token="+s)+"\x00\x00\x05\x06")
		}, "a.dll:0 at head\n"},
		{"UTF-16 in a binary, big-endian", func(b *builder) {
			b.commit("one", "a.dat", "\x7fELF\x01\x02\x03"+strings.Repeat("\x00\xfe\x01", 200)+swap(asUTF16("Token="+s), 2)+"\x00\x00\x05\x06")
		}, "a.dat:0 at head\n"},
		{"UTF-32", func(b *builder) { b.commit("one", "a.reg", asUTF32("\uFEFFsome\n"+line)) }, "a.reg:2 at head\n"},
		{"binary with NULs", func(b *builder) { b.commit("one", "a.dat", "\x00\x01\x00\xffTOKEN\x00"+s+"\x00\x02") }, "a.dat:0 at head\n"},
		{"base64", func(b *builder) {
			b.commit("one", "a.yaml", "x: 1\ndata: "+base64.StdEncoding.EncodeToString([]byte(line))+"\n")
		}, "a.yaml:2 (decoded base64) at head\n"},
		{"-diff path", func(b *builder) { b.commit("one", ".gitattributes", "*.env -diff binary\n", "app.env", line) }, "app.env:1 at head\n"},
		{"path with newline", func(b *builder) { b.commit("one", "a\nb.env", line) }, "a%0Ab.env:1 at head\n"},
		{"path that is not UTF-8", func(b *builder) { b.commit("one", "caf\xe9.env", line) }, "caf%E9.env:1 at head\n"},
		{"twice in one file, second later", func(b *builder) {
			b.commit("one", "a", line)
			b.commit("two", "a", line+"\n"+line)
		}, "a:1 at head\na:3 at head\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder(t)
			tt.build(b)
			r := scan(t, map[string]any{"path": b.dir})
			if r.err != nil {
				t.Fatal(r.err)
			}
			c := r.credential(s)
			if c == nil {
				t.Fatal("the secret was not found")
			}
			if got := places(c); tt.want != "" && got != tt.want {
				t.Errorf("found at %q, want %q", got, tt.want)
			}
			if cov := r.only(t); cov.Status != inventory.StatusComplete {
				t.Errorf("coverage is %s: %s", cov.Status, cov.Reason)
			}
			again := scan(t, map[string]any{"path": b.dir})
			if diff := cmp.Diff(r.records, again.records); diff != "" {
				t.Errorf("a second scan differs:\n%s", strings.ReplaceAll(diff, s, "SECRET"))
			}
		})
	}
}

// TestReplacedKeyBody finds a private key whose armour did not change.
func TestReplacedKeyBody(t *testing.T) {
	b := newBuilder(t)
	key := func(name string) string {
		body := strings.Repeat(canary(name)[4:], 8)
		return "-----BEGIN " + "PRIVATE KEY-----\n" + body + "\n-----END " + "PRIVATE KEY-----\n"
	}
	b.commit("one", "k.pem", key("one"))
	b.commit("two", "k.pem", key("two"))
	r := scan(t, map[string]any{"path": b.dir})
	for _, name := range []string{"one", "two"} {
		if r.credential(strings.TrimSuffix(key(name), "\n")) == nil {
			t.Errorf("the %s key was not found", name)
		}
	}
}

// swap turns the bytes of units of n bytes around.
func swap(s string, n int) string {
	b := []byte(s)
	for at := 0; at+n <= len(b); at += n {
		slices.Reverse(b[at : at+n])
	}
	return string(b)
}

func asUTF16(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func asUTF32(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.Write([]byte{byte(r), byte(r >> 8), byte(r >> 16), 0})
	}
	return b.String()
}
