package export

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// canary stands where a value of a secret would.
const canary = "CANARY"

// write makes a directory of files.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// read reads files and returns what they come to, and the problems as text, those
// with a loss marked.
func read(t testing.TB, dir string, o Options) (*object.Estate, []string) {
	t.Helper()
	o.Dir = dir
	e, problems, err := Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range problems {
		text := p.String()
		if p.Lost {
			text = "LOST " + text
		}
		out = append(out, text)
	}
	if text := dump(t, e) + strings.Join(out, "\n"); strings.Contains(text, canary) {
		t.Errorf("a value of a secret is in the result")
	}
	return e, out
}

// northwind are the files of the made-up company.
func northwind(t testing.TB) map[string]string {
	t.Helper()
	return archive(t, "testdata/northwind.txtar")
}

// dump writes an estate as JSON without what is empty.
func dump(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(prune(tree)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// prune leaves out what is empty; nil if nothing is left.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if x = prune(x); x != nil {
				out[k] = x
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		var out []any
		for _, x := range v {
			out = append(out, prune(x))
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case string:
		if v == "" || v == "0001-01-01T00:00:00Z" {
			return nil
		}
	case float64:
		if v == 0 {
			return nil
		}
	}
	return v
}

// What the script saves of an organisation is read in full: testdata/northwind.json
// says what it comes to.
func TestNorthwind(t *testing.T) {
	e, problems := read(t, write(t, northwind(t)), Options{})
	if len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	golden(t, "testdata/northwind.json", dump(t, e))
}

// golden compares with a file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}
