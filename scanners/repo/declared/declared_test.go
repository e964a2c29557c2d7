package declared_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/declared"
)

// canaries are the made-up secrets that fixtures name as @@NAME@@. They are put
// together here so that no file of this repository holds one.
func canaries() map[string]string {
	return map[string]string{
		"@@GITHUB@@":  "ghp_" + "Zk3vQ8wLr2TnXy7BcDf5GhJm9PsA4e" + "0aB1cD",
		"@@GENERIC@@": "q9Vt" + "7Lw2Zr8Kp4Xn6Bd1",
		"@@SLACK@@":   "xoxb-" + "204815790312-731548290416-" + "Qw8eRt5yUi2oPa9sDf4gHj7k",
		"@@BASE64@@":  "c3VwZXItc2Vj" + "cmV0LXZhbHVlLTkx",
	}
}

// hash stands in for the keyed hash.
func hash(secret []byte) inventory.SecretHash {
	sum := sha256.Sum256(secret)
	return inventory.SecretHash("hmac-sha256:00000000:" + hex.EncodeToString(sum[:]))
}

// files turns the members of an archive into files, canaries put in.
func files(a *txtar.Archive) []declared.File {
	var out []declared.File
	for _, f := range a.Files {
		if f.Name == "want" {
			continue
		}
		content := f.Data
		for name, value := range canaries() {
			content = bytes.ReplaceAll(content, []byte(name), []byte(value))
		}
		out = append(out, declared.File{Scope: "github.com/northwind/robots", Path: f.Name, Content: content, Hash: hash})
	}
	return out
}

// dump writes records and problems as lines.
func dump(t *testing.T, records []inventory.Record, problems []declared.Problem) string {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, r := range records {
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range problems {
		out.WriteString("problem " + p.String() + "\n")
	}
	return out.String()
}

// TestGolden parses the files of each archive in testdata and compares with its
// member "want". UPDATE=1 writes that anew.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			records, problems := declared.ParseAll(slices.Values(files(archive)))
			got := dump(t, records, problems)
			check(t, records, got)
			i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
			if os.Getenv("UPDATE") != "" {
				if i >= 0 {
					archive.Files = slices.Delete(archive.Files, i, i+1)
				}
				archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if i < 0 {
				t.Fatal("no member named want: run with UPDATE=1")
			}
			if diff := cmp.Diff(string(archive.Files[i].Data), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// check holds every record to what all must keep: valid, unique, no canary.
func check(t *testing.T, records []inventory.Record, printed string) {
	t.Helper()
	seen := make(map[string]bool)
	for _, r := range records {
		if err := r.Validate(); err != nil {
			t.Errorf("%s: %v", r.ID(), err)
		}
		if id := r.ID(); id != "" && seen[id] {
			t.Errorf("%s twice", id)
		} else {
			seen[id] = true
		}
	}
	for name, value := range canaries() {
		if strings.Contains(printed, value[len(value)/2:]) {
			t.Errorf("%s shows in the output", name)
		}
	}
}
