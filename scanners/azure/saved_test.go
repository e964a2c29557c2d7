package azure

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// TestSaved: what nobody handed over is a gap, and never nothing.
func TestSaved(t *testing.T) {
	dir := t.TempDir()
	list := `[{"appId":"` + app("01") + `","id":"` + obj("01") + `","displayName":"deployer","signInAudience":"AzureADMyOrg","passwordCredentials":[],"keyCredentials":[]}]`
	if err := os.WriteFile(filepath.Join(dir, "apps.json"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dir  string
		identities int
	}{{"a list of applications", dir, 1}, {"an empty directory", t.TempDir(), 0}} {
		t.Run(c.name, func(t *testing.T) {
			s, err := openExport(scanners.Env{}, ExportConfig{Path: c.dir})
			if err != nil {
				t.Fatal(err)
			}
			identities, coverages := 0, 0
			err = s.Scan(t.Context(), func(r inventory.Record) error {
				switch {
				case r.Identity != nil:
					identities++
				case r.Coverage != nil:
					coverages++
					if r.Coverage.Status == inventory.StatusComplete {
						t.Errorf("coverage of %s is complete", r.Coverage.Kind)
					}
				}
				return r.Validate()
			})
			if (err != nil) != (c.identities == 0) {
				t.Fatal(err)
			}
			if identities != c.identities || coverages < len(kinds()) {
				t.Errorf("%d identities and %d coverages", identities, coverages)
			}
		})
	}
	for _, c := range []ExportConfig{{}, {Path: filepath.Join(dir, "missing")}, {Path: dir, OwnerTags: []string{" "}}} {
		if _, err := openExport(scanners.Env{}, c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
