package aws

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

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
		if strings.HasPrefix(f.Name, account+"/") { // of the other not all could be saved
			files[f.Name] = string(f.Data)
		}
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
	with := func(name string, kept int, change func(files map[string]string)) scannertest.Fault {
		return scannertest.Fault{Name: name, Lost: kinds(), Kept: kept, Config: func(to string) (map[string]any, error) {
			files := exports(t)
			change(files)
			return map[string]any{"path": to}, write(to, files)
		}}
	}
	kept := func(name string, change func(files map[string]string)) scannertest.Fault {
		f := with(name, 40, change)
		f.Lost = nil // it is none of what a scan wants, and only told
		return f
	}
	scannertest.Run(t, scannertest.Suite{
		Factory:  Exports(),
		Config:   map[string]any{"path": dir},
		Golden:   "testdata/export.jsonl",
		Canaries: []string{secret},
		Faults: []scannertest.Fault{
			with("a file that is cut", 40, func(files map[string]string) {
				files["cut.json"] = `{"UserDetailList":[{"UserName":"x","Arn":"arn:aws:iam::111122223333:user/x"`
			}),
			kept("the value of a secret", func(files map[string]string) {
				files["value.json"] = `{"ARN":"arn:aws:secretsmanager:eu-central-1:111122223333:secret:x-AbCdEf","Name":"x","VersionId":"v","SecretString":"` + secret + `"}`
			}),
			{Name: "no path", Refused: true, Config: func(string) (map[string]any, error) { return map[string]any{}, nil }},
			{Name: "nothing", Refused: true, Config: func(to string) (map[string]any, error) {
				return map[string]any{"path": filepath.Join(to, "missing")}, nil
			}},
			{Name: "an empty key", Refused: true, Config: func(to string) (map[string]any, error) {
				return map[string]any{"path": to, "owner_tags": []string{" "}}, nil
			}},
			{Name: "an empty directory", Refused: true, Config: func(to string) (map[string]any, error) { return map[string]any{"path": to}, nil }},
		},
	})
}

// TestEveryCallFeedsAKind fails for a call of which no coverage would say that it
// was refused by what cannot be told then.
func TestEveryCallFeedsAKind(t *testing.T) {
	table := newFeeds()
	for _, action := range permissions() {
		fed := table.Any(action)
		if !fed && !everyKind(action) {
			t.Errorf("%s feeds no kind", action)
		}
	}
}

// everyKind lists the calls without which anything may be missing.
func everyKind(action string) bool {
	switch action {
	case "sts:GetCallerIdentity", "sts:AssumeRole", "account:ListRegions", "ec2:DescribeRegions":
		return true
	}
	return false
}
