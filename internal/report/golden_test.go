package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGolden compares every format of the made-up report with what was read in
// review. UPDATE=1 writes the files anew.
func TestGolden(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) { golden(t, f.Name+f.Ext[0], write(t, f.Name, Options{Width: 100})) })
	}
	t.Run("table, narrow", func(t *testing.T) { golden(t, "table-narrow.txt", write(t, "table", Options{Width: 60})) })
	t.Run("table, colour, verbose", func(t *testing.T) {
		golden(t, "table-colour.txt", write(t, "table", Options{Width: 120, Color: true, Verbose: true}))
	})
	for _, profile := range SARIFProfiles()[1:] {
		t.Run("sarif "+profile, func(t *testing.T) {
			golden(t, "sarif-"+profile+".sarif", write(t, "sarif", Options{SARIFProfile: profile}))
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (UPDATE=1 writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// write writes the made-up report in one format.
func write(t testing.TB, format string, o Options) []byte {
	t.Helper()
	return writeReport(t, sample(t), format, o)
}

func writeReport(t testing.TB, r *Report, format string, o Options) []byte {
	t.Helper()
	f, err := Lookup(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b, r, o); err != nil {
		t.Fatalf("write %s: %v", format, err)
	}
	return b.Bytes()
}
