package repo

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dsnet/compress/bzip2"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/muster-nhi/muster/internal/inventory"
)

// zipOf and tarOf make archives of files, given as name and content in turn.
func zipOf(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = io.WriteString(f, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarOf(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o600, Size: int64(len(files[i+1]))})
		if err == nil {
			_, err = io.WriteString(w, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// compress makes a file: gz, bz2, xz or zst.
func compress(t testing.TB, how, content string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch how {
	case "gz":
		w = gzip.NewWriter(&b)
	case "bz2":
		w, err = bzip2.NewWriter(&b, nil)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "zst":
		w, err = zstd.NewWriter(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(w, content)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// packings are the archives that a secret may hide in, in what is reported
// under one location.
func packings(t testing.TB, line string) map[string][3]string {
	t.Helper()
	text := "x=1\n" + line
	layer := tarOf(t, "etc/app.env", text)
	random := make([]byte, chunkSize+1<<20)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(random) // it cannot fail
	large := strings.Repeat("nothing here\n", chunkSize/13+1) + line
	return map[string][3]string{
		"zip":                       {"a.zip", zipOf(t, "one.txt", "x", "dir/app.env", text), "a.zip!dir/app.env:2 (archive member dir/app.env) at head\n"},
		"jar named as text":         {"notes.txt", zipOf(t, "app.properties", text), "notes.txt!app.properties:2 (archive member app.properties) at head\n"},
		"office file":               {"plan.docx", zipOf(t, "word/document.xml", text), "plan.docx!word/document.xml:2 (archive member word/document.xml) at head\n"},
		"spreadsheet in a zip":      {"a.zip", zipOf(t, "b.xlsx", zipOf(t, "xl/s.xml", text)), "a.zip!b.xlsx!xl/s.xml:2 (archive member b.xlsx!xl/s.xml) at head\n"},
		"tar":                       {"a.tar", tarOf(t, "dir/app.env", text), "a.tar!dir/app.env:2 (archive member dir/app.env) at head\n"},
		"tar.gz":                    {"a.tgz", compress(t, "gz", layer), "a.tgz!etc/app.env:2 (archive member etc/app.env) at head\n"},
		"tar.bz2":                   {"a.tar.bz2", compress(t, "bz2", layer), "a.tar.bz2!etc/app.env:2 (archive member etc/app.env) at head\n"},
		"tar.xz":                    {"a.tar.xz", compress(t, "xz", layer), "a.tar.xz!etc/app.env:2 (archive member etc/app.env) at head\n"},
		"tar.zst":                   {"a.tar.zst", compress(t, "zst", layer), "a.tar.zst!etc/app.env:2 (archive member etc/app.env) at head\n"},
		"gz":                        {"app.env.gz", compress(t, "gz", text), "app.env.gz:2 (decompressed gzip) at head\n"},
		"bz2":                       {"app.env.bz2", compress(t, "bz2", text), "app.env.bz2:2 (decompressed bzip2) at head\n"},
		"xz":                        {"app.env.xz", compress(t, "xz", text), "app.env.xz:2 (decompressed xz) at head\n"},
		"zst":                       {"app.env.zst", compress(t, "zst", text), "app.env.zst:2 (decompressed zstd) at head\n"},
		"docker save":               {"image.tar", tarOf(t, "manifest.json", "[]", "abc/layer.tar", layer), "image.tar!abc/layer.tar!etc/app.env:2 (archive member abc/layer.tar!etc/app.env) at head\n"},
		"OCI layout":                {"image.tar", tarOf(t, "index.json", "{}", "blobs/sha256/abc", compress(t, "gz", layer)), "image.tar!blobs/sha256/abc!etc/app.env:2 (archive member blobs/sha256/abc!etc/app.env) at head\n"},
		"image's configuration":     {"image.tar", tarOf(t, "abc.json", `{"Env":["`+strings.TrimSpace(strings.ReplaceAll(line, `"`, ""))+`"]}`), "image.tar!abc.json:1 (archive member abc.json) at head\n"},
		"UTF-16 in a zip":           {"a.zip", zipOf(t, "a.reg", asUTF16("\uFEFF"+text)), "a.zip!a.reg:2 (archive member a.reg) at head\n"},
		"NULs in a zip":             {"a.zip", zipOf(t, "a.dat", "\x00\x01"+line+"\x00"), "a.zip!a.dat:0 (archive member a.dat) at head\n"},
		"hostile name":              {"a.zip", zipOf(t, "../../etc/a\x00b", text), "a.zip!etc/a%00b:2 (archive member etc/a%00b) at head\n"},
		"zip cut off":               {"a.zip", zipOf(t, "app.env", text, "b", "c")[:150], "a.zip!app.env:2 (archive member app.env) at head\n"},
		"behind a gzip magic":       {"a.gz", "\x1f\x8b\x08 no gzip\n" + line, "a.gz:0 at head\n"},
		"large member":              {"a.zip", zipOf(t, "log", large), fmt.Sprintf("a.zip!log:%d (archive member log) at head\n", chunkSize/13+2)},
		"large archive":             {"a.zip", zipOf(t, "noise", string(random), "app.env", text), "a.zip!app.env:2 (archive member app.env) at head\n"},
		"large archive in a stream": {"a.tar", tarOf(t, "noise", string(random), "app.env", text), "a.tar!app.env:2 (archive member app.env) at head\n"},
	}
}

// TestHiddenInArchives hides a secret in archives that are committed, that lie
// on disk, and that are staged.
func TestHiddenInArchives(t *testing.T) {
	s := canary("packed")
	for name, tt := range packings(t, "token = \""+s+"\"\n") {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("zero", "readme", "x\n")
			b.write(tt[0], tt[1])
			b.git("add", "-A")
			check := func(what string, config map[string]any, want string) {
				t.Helper()
				config["path"] = b.dir
				r := scan(t, config)
				if r.err != nil {
					t.Fatal(r.err)
				}
				c := r.credential(s)
				if c == nil {
					t.Fatalf("%s: the secret was not found", what)
				}
				if got := places(c); got != want {
					t.Errorf("%s: found at %q, want %q", what, got, want)
				}
				if cov := r.only(t); cov.Status != inventory.StatusComplete {
					t.Errorf("%s: coverage is %s: %s", what, cov.Status, cov.Reason)
				}
			}
			uncommitted := strings.ReplaceAll(tt[2], " at head", "")
			uri, rest, _ := strings.Cut(strings.TrimSuffix(uncommitted, "\n"), " ")
			check("on disk", map[string]any{"history": false}, strings.TrimSpace(uri+" uncommitted "+rest)+" at head\n")
			via := "(staged, " + strings.TrimPrefix(rest, "(")
			if rest == "" {
				via = "(staged)"
			}
			check("staged", map[string]any{"staged": true}, uri+" uncommitted "+via+" at head\n")
			b.git("commit", "-q", "-m", "one")
			check("committed", map[string]any{}, tt[2])
			if name != "zip" && name != "tar.gz" && !strings.HasPrefix(name, "large") {
				return
			}
			check("in a range", map[string]any{"commits": "HEAD~1..HEAD"}, tt[2])
			b.git("gc", "-q")
			check("in a pack", map[string]any{"worktree": false}, tt[2])
		})
	}
}

// TestArchiveChanges tells only what a new version of an archive brought in.
func TestArchiveChanges(t *testing.T) {
	one, two := canary("one"), canary("two")
	b := newBuilder(t)
	first := b.commit("one", "a.zip", zipOf(t, "a.env", "token="+one+"\n"))
	second := b.commit("two", "a.zip", zipOf(t, "new", "x", "a.env", "token="+one+"\n", "b.env", "token="+two+"\n"))
	b.commit("three", "a.zip", zipOf(t, "b.env", "token="+two+"\n"))
	r := scan(t, map[string]any{"path": b.dir})
	for s, want := range map[string]inventory.Location{
		one: {URI: "a.zip!a.env", Commit: first, AtHead: inventory.False},
		two: {URI: "a.zip!b.env", Commit: second, AtHead: inventory.True},
	} {
		c := r.credential(s)
		if c == nil || len(c.FoundAt) != 1 {
			t.Fatal("not found, or not in one place")
		}
		if l := c.FoundAt[0]; l.URI != want.URI || l.Commit != want.Commit || l.AtHead != want.AtHead {
			t.Errorf("found at %s in %s, at head %v; want %s in %s, %v", l.URI, l.Commit, l.AtHead, want.URI, want.Commit, want.AtHead)
		}
	}
}

// TestArchivesLeft says what was not opened, and why.
func TestArchivesLeft(t *testing.T) {
	s := canary("left")
	line := "token = \"" + s + "\"\n"
	deep := zipOf(t, "b.zip", zipOf(t, "c.zip", zipOf(t, "app.env", line)))
	encrypted := []byte(zipOf(t, "app.env", line))
	encrypted[6] |= 1
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1
	tests := []struct {
		name, data string
		config     map[string]any
		found      bool
		note       string
		reason     string
	}{
		{"switched off", zipOf(t, "app.env", line), map[string]any{"archives": 0}, false, "1 archives or compressed files were not opened", ""},
		{"too deep", deep, map[string]any{"archives": 2}, false, "1 nested too deep", ""},
		{"just not too deep", deep, map[string]any{"archives": 3}, true, "", ""},
		{"encrypted", string(encrypted), nil, false, "1 encrypted", ""},
		{"7z", "7z\xbc\xaf\x27\x1crest", nil, false, "1 of a format or method that is not opened", ""},
		{"cut off", compress(t, "gz", line+strings.Repeat("x", 99))[:72], nil, true, "1 damaged", ""},
		{"too large", zipOf(t, "one", strings.Repeat("x", 5000), "two", line), map[string]any{"archive_bytes": 4000}, false, "", "archives were not read to the end: larger than the limit when unpacked"},
		{"bomb", compress(t, "xz", strings.Repeat("\x00", 40<<20)), nil, false, "", "archives were not read to the end: unpacked to more than the ratio"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("one", "a.bin.x", tt.data)
			config := map[string]any{"path": b.dir}
			maps.Copy(config, tt.config)
			r := within(t, config)
			if r.err != nil {
				t.Fatal(r.err)
			}
			if got := r.credential(s) != nil; got != tt.found {
				t.Errorf("found is %v, want %v", got, tt.found)
			}
			c := r.only(t)
			if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && strings.Contains(notes, "archive") {
				t.Errorf("notes are %q, want %q", notes, tt.note)
			}
			if want := tt.reason == ""; (c.Status == inventory.StatusComplete) != want || !strings.Contains(c.Reason, tt.reason) {
				t.Errorf("coverage is %s: %q, want %q", c.Status, c.Reason, tt.reason)
			}
		})
	}
}

// TestKeyFileInArchive takes a member for a key by its name alone.
func TestKeyFileInArchive(t *testing.T) {
	b := newBuilder(t)
	content := "\x30\x82" + canary("keystore")
	b.commit("one", "a.zip", zipOf(t, "conf/server.p12", content))
	c := scan(t, map[string]any{"path": b.dir}).credential(content)
	if c == nil {
		t.Fatal("the key file was not found")
	}
	if got, want := places(c), "a.zip!conf/server.p12:0 (archive member conf/server.p12) at head\n"; got != want {
		t.Errorf("found at %q, want %q", got, want)
	}
}

// TestSuppressedInArchives honours allowlists and fingerprints of members.
func TestSuppressedInArchives(t *testing.T) {
	s := canary("allowed")
	data := zipOf(t, "dir/app.env", "token = \""+s+"\"\n")
	tests := map[string]struct {
		file, content string
		reason        string
	}{
		"path of the archive":     {".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''a\\.zip$''']\n", ".gitleaks.toml allowlist"},
		"path of the member":      {".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''^dir/''']\n", ".gitleaks.toml allowlist"},
		"both paths":              {".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''^a\\.zip!dir/app\\.env$''']\n", ".gitleaks.toml allowlist"},
		"fingerprint of a member": {".gitleaksignore", "a.zip!dir/app.env:github-pat:1\n", ".gitleaksignore"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("one", "a.zip", data, tt.file, tt.content)
			r := scan(t, map[string]any{"path": b.dir})
			if r.err != nil || r.credential(s) != nil {
				t.Errorf("it was reported: %v", r.err)
			}
			if n := r.only(t).Suppressed[tt.reason]; n != 1 {
				t.Errorf("%d are counted as suppressed", n)
			}
		})
	}
}
