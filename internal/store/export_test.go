package store

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

func exported(t testing.TB, n int) (data []byte, snap *Snapshot) {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "muster.db"))
	m := meta(0)
	m.ID, m.Rules = "northwind", map[string][]inventory.Kind{"NHI-ROT-001": {inventory.KindUsage}}
	save(t, s, m, build(t, estateOptions{n: n}), finding(1, 0, scopeA), finding(2, 0, scopeA))
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := s.Export(context.Background(), "latest", w); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Fatal("two exports of one snapshot differ")
	}
	return a.Bytes(), loadOK(t, s, "latest")
}

func TestExportAndRead(t *testing.T) {
	data, want := exported(t, 40)
	report, err := Verify(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if report.SHA256 != hex.EncodeToString(sum[:]) || report.Manifest.Snapshot != "northwind" ||
		report.Manifest.Records[inventory.KindIdentity] != 40 || report.Manifest.Records[inventory.KindFinding] != 2 ||
		report.Counts.New != 2 || report.Meta.Tool != "v0" {
		t.Errorf("report %+v", report)
	}
	got, err := ReadExport(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, sameInventory); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if !IsExport(data) || IsExport([]byte(`{"identity":{`)) {
		t.Error("IsExport")
	}
	// Any unzip program and JSON reader can use it.
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".jsonl") {
			if err := inventory.ReadAll(f.Name, r, func(inventory.Record) error { lines++; return nil }); err != nil {
				t.Error(err)
			}
		}
	}
	if lines != 40*5+8+1+2 {
		t.Errorf("%d lines", lines)
	}
}

// TestEveryByte changes each byte of an export in turn.
func TestEveryByte(t *testing.T) {
	data, _ := exported(t, 3)
	for i := range data {
		for _, flip := range []byte{0x01, 0x80} {
			data[i] ^= flip
			report, err := Verify(bytes.NewReader(data), int64(len(data)))
			if err == nil {
				t.Fatalf("byte %d of %d was changed by %#x and nothing noticed: %+v", i, len(data), flip, report)
			}
			if !errors.Is(err, ErrAltered) && !errors.Is(err, ErrNotExport) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("byte %d: %v names no cause", i, err)
			}
			data[i] ^= flip
		}
	}
	for n := range data {
		if _, err := Verify(bytes.NewReader(data[:n]), int64(n)); err == nil {
			t.Fatalf("cut at %d of %d and nothing noticed", n, len(data))
		}
	}
	if _, err := Verify(bytes.NewReader(append(data, 0)), int64(len(data)+1)); err == nil {
		t.Error("a byte more was not noticed")
	}
}

// entry is a file of an archive that a test makes.
type entry struct{ name, text string }

func unpack(t *testing.T, data []byte) []entry {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{f.Name, string(text)})
	}
	return out
}

// pack makes an archive with a right hash at its end, as one who knows the
// format would.
func pack(t *testing.T, entries []entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	out := &sealer{w: &buf, sum: sha256.New()}
	z := zip.NewWriter(out)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.SetComment(strings.Repeat("0", commentSize)), z.Close(), out.seal()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	data, _ := exported(t, 5)
	plain := unpack(t, data)
	if _, err := Verify(bytes.NewReader(pack(t, plain)), int64(len(pack(t, plain)))); err != nil {
		t.Fatalf("packed anew as it was: %v", err)
	}
	at := func(name string) int {
		for i, e := range plain {
			if e.name == name {
				return i
			}
		}
		t.Fatal(name)
		return 0
	}
	edit := func(name string, f func(string) string) []entry {
		out := append([]entry(nil), plain...)
		out[at(name)].text = f(out[at(name)].text)
		return out
	}
	rename := func(name, to string) []entry {
		out := append([]entry(nil), plain...)
		out[at(name)].name = to
		return out
	}
	bomb := strings.Repeat("\n", 64<<20)
	bombSum := sha256.Sum256([]byte(bomb))
	tests := []struct {
		name    string
		entries []entry
		want    error
		says    string
	}{
		{"a record changed", edit(fileRecords, func(s string) string { return strings.Replace(s, "welds", "bombs", 1) }), ErrAltered, fileRecords},
		{"a record removed", edit(fileRecords, func(s string) string { return s[strings.Index(s, "\n")+1:] }), ErrAltered, fileRecords},
		{"a finding removed", edit(fileFindings, func(string) string { return "" }), ErrAltered, fileFindings},
		{"the meta changed", edit(fileMeta, func(s string) string { return strings.Replace(s, "v0", "v1", 1) }), ErrAltered, fileMeta},
		{"the manifest changed", edit(fileManifest, func(s string) string { return strings.Replace(s, `"lines": 2`, `"lines": 3`, 1) }), ErrAltered, fileFindings},
		{"the manifest of another", edit(fileManifest, func(s string) string { return strings.Replace(s, "northwind", "eastwind", 1) }), ErrAltered, "eastwind"},
		{"a newer format", edit(fileManifest, func(s string) string { return strings.Replace(s, exportFormat, "muster-snapshot/9", 1) }), ErrNotExport, "snapshot/9"},
		{"the manifest no JSON", edit(fileManifest, func(string) string { return "{" }), ErrAltered, fileManifest},
		{"a file added", append(append([]entry(nil), plain...), entry{"extra.txt", "x"}), ErrAltered, "extra.txt"},
		{"a path that climbs", append(append([]entry(nil), plain...), entry{"../../etc/passwd", "x"}), nil, "etc/passwd"},
		{"a file missing", append(append([]entry(nil), plain[:at(fileFindings)]...), plain[at(fileFindings)+1:]...), ErrAltered, fileFindings},
		{"a file renamed", rename(fileRecords, "Records.jsonl"), ErrAltered, fileRecords},
		{"a file twice", append(append([]entry(nil), plain...), plain[0]), ErrAltered, "twice"},
		{"no manifest", plain[:at(fileManifest)], ErrNotExport, fileManifest},
		{"another archive", []entry{{"holiday.jpg", "x"}}, ErrNotExport, fileManifest},
		{"a bomb", []entry{
			plain[at(fileMeta)],
			{fileRecords, bomb},
			{fileFindings, ""},
			{fileManifest, manifestWith(t, plain[at(fileManifest)].text, len(bomb), hex.EncodeToString(bombSum[:]))},
		}, ErrTooLarge, fileRecords},
		{"a manifest that is a bomb", edit(fileManifest, func(s string) string { return s + strings.Repeat(" ", 2<<20) }), ErrTooLarge, fileManifest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := pack(t, tt.entries)
			for what, err := range map[string]error{"verify": verifyErr(bad), "read": readErr(bad)} {
				if err == nil {
					t.Fatalf("%s: nothing noticed", what)
				}
				if tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%s: %v; want %v that names %s", what, err, tt.want, tt.says)
				}
			}
		})
	}
}

func verifyErr(data []byte) error {
	_, err := Verify(bytes.NewReader(data), int64(len(data)))
	return err
}

func readErr(data []byte) error {
	_, err := ReadExport(bytes.NewReader(data), int64(len(data)))
	return err
}

// manifestWith says of the records what a forger would.
func manifestWith(t *testing.T, text string, size int, sum string) string {
	t.Helper()
	var m Manifest
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	m.Files[1] = ManifestFile{Name: fileRecords, SHA256: sum, Size: int64(size), Lines: size}
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestReadExportChecksRecords forges an export whose hashes are right.
func TestReadExportChecksRecords(t *testing.T) {
	data, _ := exported(t, 3)
	plain := unpack(t, data)
	forge := func(f func(string) string) []byte {
		var m Manifest
		out := append([]entry(nil), plain...)
		if err := json.Unmarshal([]byte(out[3].text), &m); err != nil {
			t.Fatal(err)
		}
		out[1].text = f(out[1].text)
		sum := sha256.Sum256([]byte(out[1].text))
		out[3].text = manifestWith(t, out[3].text, 0, "")
		text := fmt.Sprintf(`{"name":%q,"sha256":%q,"size":%d,"lines":%d}`, fileRecords, hex.EncodeToString(sum[:]), len(out[1].text), strings.Count(out[1].text, "\n"))
		out[3].text = strings.Replace(out[3].text, fmt.Sprintf(`{"name":%q,"sha256":"","size":0,"lines":0}`, fileRecords), text, 1)
		return pack(t, out)
	}
	for name, f := range map[string]func(string) string{
		"a record less":       func(s string) string { return s[strings.Index(s, "\n")+1:] },
		"a finding among":     func(s string) string { return s + plain[2].text },
		"a record not valid":  func(s string) string { return strings.Replace(s, `"type":"aws.iam_user"`, `"type":""`, 1) },
		"a line that is none": func(s string) string { return s + "{}\n" },
	} {
		if err := readErr(forge(f)); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
	if err := readErr(forge(func(s string) string { return s })); err != nil {
		t.Errorf("forged as it was: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	data, _ := exported(f, 2)
	f.Add(data)
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := Verify(bytes.NewReader(b), int64(len(b)))
		snap, readErr := ReadExport(bytes.NewReader(b), int64(len(b)))
		if err != nil && readErr == nil {
			t.Fatalf("read although %v", err)
		}
		if err == nil && !bytes.Equal(b, data) && readErr == nil && snap.Inventory == nil {
			t.Fatal("no inventory")
		}
	})
}
