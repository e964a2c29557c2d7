package gcp

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// exports are the files of Northwind Robotics that package export is tested with.
func exports(t testing.TB) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile("export/testdata/northwind.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string, len(a.Files))
	for _, f := range a.Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

func write(dir string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// TestExports scans what somebody saved.
func TestExports(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, exports(t)); err != nil {
		t.Fatal(err)
	}
	secret := "nw" + "Kq7canary"
	with := func(name string, lost []inventory.Kind, change func(files map[string]string)) scannertest.Fault {
		return scannertest.Fault{Name: name, Lost: lost, Kept: 40, Config: func(to string) (map[string]any, error) {
			files := exports(t)
			change(files)
			return map[string]any{"path": to}, write(to, files)
		}}
	}
	scannertest.Run(t, scannertest.Suite{
		Factory:  Exports(),
		Config:   map[string]any{"path": dir},
		Golden:   "testdata/export.jsonl",
		Canaries: []string{secret},
		Faults: []scannertest.Fault{
			with("a file that is cut", kinds(), func(files map[string]string) {
				files["cut.json"] = `[{"name":"projects/northwind-prod/serviceAccounts/x@northwind-prod.iam.gserviceaccount.com","email":"x@northwind`
			}),
			with("the value of a key", nil, func(files map[string]string) {
				files["value.json"] = `{"type":"service_account","project_id":"northwind-prod","private_key_id":"0f1e","private_key":"` + secret + `","client_email":"x@northwind-prod.iam.gserviceaccount.com"}`
			}),
			{Name: "no path", Refused: true, Config: func(string) (map[string]any, error) { return map[string]any{}, nil }},
			{Name: "nothing", Refused: true, Config: func(to string) (map[string]any, error) {
				return map[string]any{"path": filepath.Join(to, "missing")}, nil
			}},
			{Name: "an empty key", Refused: true, Config: func(to string) (map[string]any, error) {
				return map[string]any{"path": to, "owner_labels": []string{" "}}, nil
			}},
			{Name: "an empty directory", Refused: true, Config: func(to string) (map[string]any, error) { return map[string]any{"path": to}, nil }},
		},
	})
}

// TestEveryCallFeedsAKind fails for a permission of which no coverage would say what
// cannot be told without it.
func TestEveryCallFeedsAKind(t *testing.T) {
	table := newFeeds()
	for _, p := range permissions() {
		if !table.Any(spelled(p)) && !slices.Contains([]string{"serviceusage.services.use"}, p) {
			t.Errorf("%s feeds no kind", p)
		}
	}
}

// TestConfig refuses what cannot be meant.
func TestConfig(t *testing.T) {
	for text, c := range map[string]Config{
		"parallel must be":     {Parallel: 65},
		"must not be negative": {ResumeAge: -1},
		"name a directory":     {ResumeAge: 1},
		"an empty key":         {OwnerLabels: []string{"owner", " "}},
	} {
		if err := check(c); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := check(Config{Resume: "x", ResumeAge: 1, Parallel: 64}); err != nil {
		t.Error(err)
	}
}
