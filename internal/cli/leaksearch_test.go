package cli

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pieceLen is how many bytes of an encoded secret in a row count as a leak.
const pieceLen = 12

// A leakSearch looks for pieces of secrets in any of many forms.
type leakSearch struct {
	pieces map[[pieceLen]byte]string // to the name of the secret and the form
}

// add prepares the search for one secret.
func (l *leakSearch) add(name, secret string) {
	if l.pieces == nil {
		l.pieces = map[[pieceLen]byte]string{}
	}
	back := []byte(secret)
	slices.Reverse(back)
	forms := map[string]string{
		"raw": secret, "reversed": string(back), "upper case": strings.ToUpper(secret), "lower case": strings.ToLower(secret),
		"hex": hex.EncodeToString([]byte(secret)), "upper hex": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"URL": url.QueryEscape(secret), "path": url.PathEscape(secret), "UTF-16": asWide(secret),
	}
	for shift := range min(3, len(secret)) {
		part := []byte(secret[shift:])
		part = part[:len(part)/3*3] // whole groups look the same wherever they stand
		forms["base64"+string(rune('0'+shift))] = base64.RawStdEncoding.EncodeToString(part)
		forms["base64url"+string(rune('0'+shift))] = base64.RawURLEncoding.EncodeToString(part)
	}
	for form, text := range forms {
		for at := 0; at+pieceLen <= len(text); at++ {
			l.pieces[[pieceLen]byte([]byte(text[at:at+pieceLen]))] = name + " (" + form + ")"
		}
	}
}

func asWide(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteByte(c)
		b.WriteByte(0)
	}
	return b.String()
}

// in returns the secrets of which a piece stands in text, also where the text
// is broken into lines.
func (l *leakSearch) in(text []byte) []string {
	unwrapped := text
	for _, wrap := range []string{"\r", "\n", `\n`, `\r`, "\t"} {
		unwrapped = bytes.ReplaceAll(unwrapped, []byte(wrap), nil)
	}
	var out []string
	for _, b := range [][]byte{text, unwrapped} {
		for at := 0; at+pieceLen <= len(b); at++ {
			if name, ok := l.pieces[[pieceLen]byte(b[at:])]; ok && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// check fails the test for every secret that stands in text. It names the
// secret and does not show it.
func (l *leakSearch) check(t *testing.T, where string, text []byte) {
	t.Helper()
	for _, name := range l.in(text) {
		t.Errorf("%s holds the secret %s", where, name)
	}
}

// checkTree looks into every file below a directory, into their names, and into
// what archives among them hold.
func (l *leakSearch) checkTree(t *testing.T, where, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		l.check(t, where+": the name of a file", []byte(name))
		if d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		l.check(t, where+": "+filepath.Base(path), b)
		if z, zipErr := zip.NewReader(bytes.NewReader(b), int64(len(b))); zipErr == nil {
			for _, f := range z.File {
				in, err := f.Open()
				if err != nil {
					return err
				}
				member, err := io.ReadAll(in)
				if err != nil {
					return err
				}
				l.check(t, where+": "+filepath.Base(path)+": "+f.Name, member)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLeakSearchFinds proves that the search sees what it claims to.
func TestLeakSearchFinds(t *testing.T) {
	secret := "q7Zk+" + "Vb/2m" + "X9cR4" + "tWy8P" + "nL3s"
	var l leakSearch
	l.add("one", secret)
	back := []byte(secret)
	slices.Reverse(back)
	for name, text := range map[string]string{
		"plain": "x" + secret + "y", "piece": secret[5:18], "reversed": string(back), "hex": hex.EncodeToString([]byte(secret)),
		"base64": base64.StdEncoding.EncodeToString([]byte("password=" + secret + ";")), "base64 shifted": base64.URLEncoding.EncodeToString([]byte("pw=" + secret)),
		"base64 again": base64.StdEncoding.EncodeToString([]byte("pwd=" + secret)), "URL": "?t=" + url.QueryEscape(secret),
		"wrapped": secret[:6] + "\n" + secret[6:12] + "\n" + secret[12:], "wrapped in JSON": secret[:7] + `\n` + secret[7:], "UTF-16": asWide(secret),
	} {
		if len(l.in([]byte(text))) == 0 {
			t.Errorf("%s: not seen", name)
		}
	}
	if got := l.in([]byte("nothing " + secret[:pieceLen-1] + " here")); len(got) > 0 {
		t.Errorf("seen where it is not: %v", got)
	}
}
