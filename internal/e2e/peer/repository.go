//go:build e2e

package peer

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Repository makes a git repository with one commit of some files, by path, that was
// cloned from a repository of GitHub, and returns its directory.
func Repository(t testing.TB, origin string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"remote", "add", "origin", "https://github.com/" + origin + ".git"},
		{"add", "-f", "."},
		{"-c", "user.name=Mia", "-c", "user.email=mia@northwind.example", "commit", "-q", "-m", "deploys"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", args...) //nolint:gosec // those of the table above
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1"}
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, text)
		}
	}
	return dir
}
