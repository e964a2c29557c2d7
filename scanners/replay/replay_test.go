package replay_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/replay"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

const recorded = "testdata/recorded.jsonl"

func TestConformance(t *testing.T) {
	write := func(text string) func(string) (map[string]any, error) {
		return func(dir string) (map[string]any, error) {
			path := filepath.Join(dir, "scan.jsonl")
			return map[string]any{"path": path}, os.WriteFile(path, []byte(text), 0o600)
		}
	}
	text, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	identity := []inventory.Kind{inventory.KindIdentity}
	scannertest.Run(t, scannertest.Suite{
		Factory: replay.Factory(),
		Config:  map[string]any{"path": recorded},
		Golden:  "testdata/golden.jsonl",
		Foreign: true,
		Faults: []scannertest.Fault{
			{Name: "a file that is not there", Refused: true, Config: func(dir string) (map[string]any, error) {
				return map[string]any{"path": filepath.Join(dir, "none.jsonl")}, nil
			}},
			{Name: "a file cut in the middle", Lost: inventory.ScanKinds(), Kept: 1, Config: write(string(text[:300]))},
			{Name: "a broken line", Lost: identity, Kept: 2, Config: write(strings.Replace(string(text), `{"identity":{"id":"repo:`, `{"identity":["repo:`, 1))},
			{Name: "no coverage", Lost: identity, Kept: 1, Config: write(strings.Split(string(text), "\n")[1])},
			{Name: "an empty file", Lost: inventory.ScanKinds(), Config: write("")},
			{Name: "a wrong count", Lost: identity, Kept: 3, Config: write(strings.Replace(string(text), `"count":1,"requests"`, `"count":2,"requests"`, 1))},
		},
	})
}

// play replays a file and returns what came of it.
func play(t *testing.T, path string) ([]inventory.Record, error) {
	t.Helper()
	s, err := replay.Factory().Open(scanners.Env{}, func(into any) error {
		into.(*replay.Config).Path = path
		return nil
	})
	if err != nil {
		return nil, err
	}
	var got []inventory.Record
	err = s.Scan(context.Background(), func(r inventory.Record) error {
		got = append(got, r)
		return nil
	})
	return got, err
}

func TestGzip(t *testing.T) {
	text, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	for name, cut := range map[string]int{"whole": 0, "cut": 40} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "scan.jsonl.gz")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			z := gzip.NewWriter(f)
			if _, err := z.Write(text); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			size, err := f.Seek(0, io.SeekEnd)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(f.Truncate(size-int64(cut)), f.Close()); err != nil {
				t.Fatal(err)
			}
			got, err := play(t, path)
			if err != nil {
				t.Fatal(err)
			}
			own := 0
			for _, r := range got {
				if r.Coverage != nil && r.Coverage.Scanner == "replay" {
					own++
				}
			}
			if (own > 0) != (cut > 0) {
				t.Errorf("replay states %d coverages of its own", own)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	if _, err := play(t, ""); err == nil || !strings.Contains(err.Error(), "path is missing") {
		t.Errorf("no path: %v", err)
	}
	if _, err := play(t, filepath.Join(t.TempDir(), "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestBrokenLineIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scan.jsonl")
	if err := os.WriteFile(path, []byte("\n"+`{"usage":{"subject":"aws:x","scope":"s"}}`+"\n{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := play(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1+len(inventory.ScanKinds()) || got[0].Usage == nil {
		t.Fatalf("got %d records, want a usage and a coverage of each kind", len(got))
	}
	for _, r := range got[1:] {
		c, want := r.Coverage, 0
		if c.Kind == inventory.KindUsage {
			want = 1
		}
		if c.Status != inventory.StatusPartial || c.Count != want || !strings.Contains(c.Reason, "scan.jsonl:3:") {
			t.Errorf("coverage is %+v", *c)
		}
	}
}
