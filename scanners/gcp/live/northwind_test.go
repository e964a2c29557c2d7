package live_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// golden compares a value with a file; UPDATE=1 writes it.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestNorthwind reads an organisation through Asset Inventory and compares what
// comes out, with no secret in it.
func TestNorthwind(t *testing.T) {
	s := fake.Northwind(documents(t))
	e := read(t, options(t, s))
	clean(t, s)
	golden(t, "estate.json", e)
	silent(t, e)
}

// silent looks for secrets in what was read.
func silent(t *testing.T, e *object.Estate) {
	t.Helper()
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for i, secret := range fake.Canaries() {
		if strings.Contains(string(data), secret) {
			t.Errorf("canary %d came through", i)
		}
	}
}
