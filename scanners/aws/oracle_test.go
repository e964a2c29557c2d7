package aws

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// TestRealAccount makes records of an account dump that nobody here made, where
// MUSTER_ORACLES names the folder that holds it. Every principal is judged, and
// what is known of its findings is found.
func TestRealAccount(t *testing.T) {
	folder := os.Getenv("MUSTER_ORACLES")
	if folder == "" {
		t.Log("MUSTER_ORACLES is not set: no dump to read")
		return
	}
	s, err := openExport(scanners.Env{}, ExportConfig{Path: filepath.Join(folder, "aws-gaad")})
	if err != nil {
		t.Fatal(err)
	}
	levels, ids := map[string]string{}, map[string]bool{}
	err = s.Scan(t.Context(), func(r inventory.Record) error {
		if id := r.ID(); id != "" {
			if ids[id] {
				t.Errorf("two records %s", id)
			}
			ids[id] = true
		}
		if x := r.Identity; x != nil && (x.Type == typeUser || x.Type == typeRole) {
			levels[x.Name] = x.Attributes["effective_level"]
			if levels[x.Name] == "" {
				t.Errorf("%s has no level", x.ID)
			}
		}
		return r.Validate()
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"obama": "admin", "fn1-privesc3-partial-user": "escalate", "privesc-sre-user": "escalate"} {
		if levels[name] != want {
			t.Errorf("%s is %q, want %s", name, levels[name], want)
		}
	}
}
