//go:build e2e

package plugin_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/plugin"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// TestE2EPythonExample runs the worked example of docs/plugins.md.
func TestE2EPythonExample(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Fatalf("the Python example needs python3 on the PATH: %v", err)
	}
	dir, err := filepath.Abs("../../docs/examples/plugin-python")
	if err != nil {
		t.Fatal(err)
	}
	config := func(export string) map[string]any {
		return map[string]any{
			"path": filepath.Join(dir, "shiftplan.py"), "env": []string{"PATH", "HOME"},
			"config": map[string]any{"tenant": "northwind", "export": export},
		}
	}
	all := []inventory.Kind{
		inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindUsage, inventory.KindOwner,
	}
	scannertest.Run(t, scannertest.Suite{
		Factory: plugin.Factory(), Name: "shiftplan", Kinds: all,
		Config: config(filepath.Join(dir, "export.csv")), Golden: filepath.Join(dir, "golden.jsonl"),
		Faults: []scannertest.Fault{
			{Name: "an export that is not there", Lost: all, Config: func(dir string) (map[string]any, error) {
				return config(filepath.Join(dir, "none.csv")), nil
			}},
			{Name: "a date that is none", Lost: all, Kept: 3, Config: func(dir string) (map[string]any, error) {
				path := filepath.Join(dir, "export.csv")
				text := "id,name,status,role,owner,created,last_login,key_id,key_created,key_expires\n" +
					"1,a,active,Viewer,x@northwind.example,2025-01-01,,,,\n2,b,active,Viewer,,yesterday,,,,\n"
				return config(path), os.WriteFile(path, []byte(text), 0o600)
			}},
		},
	})
}
