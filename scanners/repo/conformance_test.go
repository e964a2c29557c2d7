package repo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// TestConformance runs the suite that makes a scanner one over a repository
// with a history, a working tree, and files that declare identities.
func TestConformance(t *testing.T) {
	b := newBuilder(t)
	canaries := []string{canary("app"), canary("removed"), canary("env"), canary("mcp"), canary("note")}
	b.commit("start", "README.md", "# robots\n", ".gitignore", ".env\n", "CODEOWNERS", "* @northwind/robots\n")
	b.commit("app", "src/app.py", "import os\ntoken = \""+canaries[0]+"\"\n", "src/old.py", "key = '"+canaries[1]+"'\n")
	b.git("rm", "-q", "src/old.py")
	b.commit("clean up")
	b.commit("ci",
		".github/workflows/ci.yml", "name: ci\non: push\npermissions:\n  contents: read\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n        env:\n          NPM_TOKEN: ${{ secrets.NPM_TOKEN }}\n",
		".mcp.json", `{"mcpServers": {"tracker": {"command": "tracker", "env": {"TRACKER_TOKEN": "`+canaries[3]+`"}}}}`+"\n",
		"deploy/sa.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: robot\n  namespace: factory\n")
	b.git("notes", "add", "-m", "token "+canaries[4])
	b.git("remote", "add", "origin", "https://github.com/northwind/robots.git")
	b.write(".env", "TOKEN="+canaries[2]+"\n")

	kinds := info().Kinds
	scannertest.Run(t, scannertest.Suite{
		Factory:  Factory(),
		Config:   map[string]any{"path": b.dir},
		Golden:   "testdata/scan.jsonl",
		Canaries: canaries,
		Faults: []scannertest.Fault{
			{
				Name: "a missing object", Lost: []inventory.Kind{inventory.KindCredential}, Kept: 2,
				Config: func(dir string) (map[string]any, error) {
					return brokenCopy(b.dir, dir, func(repo string) error {
						out, err := exec.Command("git", "-C", repo, "rev-parse", "HEAD:README.md").Output()
						if err != nil {
							return fmt.Errorf("find the object: %w", err)
						}
						id := strings.TrimSpace(string(out))
						return os.Remove(filepath.Join(repo, ".git", "objects", id[:2], id[2:]))
					})
				},
			},
			{
				Name: "no history", Lost: kinds, Kept: 2,
				Config: func(dir string) (map[string]any, error) {
					return brokenCopy(b.dir, dir, func(repo string) error {
						return os.WriteFile(filepath.Join(repo, ".git", "HEAD"), []byte("nonsense\n"), 0o600)
					})
				},
			},
			{
				Name: "rules that are wrong", Lost: []inventory.Kind{inventory.KindCredential}, Kept: 2,
				Config: func(dir string) (map[string]any, error) {
					return brokenCopy(b.dir, dir, func(repo string) error {
						return os.WriteFile(filepath.Join(repo, ".gitleaks.toml"), []byte("[[rules]]\nid = 'x'\nregex = '('\n"), 0o600)
					})
				},
			},
			{
				Name: "no such directory", Refused: true,
				Config: func(dir string) (map[string]any, error) {
					return map[string]any{"path": filepath.Join(dir, "none")}, nil
				},
			},
		},
	})
}

// brokenCopy copies a repository and breaks the copy.
func brokenCopy(from, dir string, damage func(repo string) error) (map[string]any, error) {
	to := filepath.Join(dir, "robots")
	if err := errors.Join(os.CopyFS(to, os.DirFS(from)), damage(to)); err != nil {
		return nil, fmt.Errorf("break a copy: %w", err)
	}
	return map[string]any{"path": to}, nil
}
