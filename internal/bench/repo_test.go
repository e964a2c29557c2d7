package bench

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkRepo scans the history of one repository with muster, with the
// gitleaks program and with the floor, git handing out every object to nobody,
// in turn, and reports what each used and the ratios of muster's CPU time to
// theirs. MUSTER_BENCH_REPO names the repository; without it one is made of the
// sources of Go modules. MUSTER_GITLEAKS names the gitleaks program; without it
// only the floor stands beside.
func BenchmarkRepo(b *testing.B) {
	program, peer := build(b), os.Getenv("MUSTER_GITLEAKS")
	dir := os.Getenv("MUSTER_BENCH_REPO")
	if dir == "" {
		dir = modulesRepository(b)
	}
	commits := strings.TrimSpace(string(command(b, dir, "git", "rev-list", "--all", "--count")))
	b.Logf("%s commits", commits)
	report := filepath.Join(b.TempDir(), "report.json")
	for b.Loop() {
		floor := measure(b.Context(), b, []int{0}, "sh", "-c", `git -C "$0" cat-file --batch-all-objects --batch --buffer >/dev/null`, dir)
		own := measure(b.Context(), b, []int{0, 1, 3}, program, "scan", "--store", "none", "--no-progress", "--no-worktree", "-o", "jsonl="+report, dir)
		own.report(b, "muster-")
		floor.report(b, "floor-")
		b.ReportMetric(own.cpu.Seconds()/floor.cpu.Seconds(), "cpu/floor")
		if peer != "" {
			theirs := measure(b.Context(), b, []int{0}, peer, "git", "--no-banner", "--exit-code=0", "--log-level=error", "--log-opts=--all", "--report-format=json", "--report-path="+report, dir)
			theirs.report(b, "gitleaks-")
			b.ReportMetric(own.cpu.Seconds()/theirs.cpu.Seconds(), "cpu/gitleaks")
		}
	}
}

// BenchmarkStaged scans one staged line, as a pre-commit hook does.
func BenchmarkStaged(b *testing.B) {
	program, dir := build(b), b.TempDir()
	commitAll(b, dir, "one", map[string]string{"main.go": "package main\n"})
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	command(b, dir, "git", "add", "--all")
	for b.Loop() {
		measure(b.Context(), b, []int{0}, program, "scan", "--staged", "--store", "none", "--no-progress", dir).report(b, "")
	}
}

// modulesRepository makes a repository of Go modules' sources: each comes in
// with a commit, changes in a fifth of its files with a second one, and all but
// the last go with a third.
func modulesRepository(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "modules")
	modules := []string{"cel.dev/cel-go", "github.com/hashicorp/hcl/v2", "github.com/spf13/cobra", "golang.org/x/text", "modernc.org/sqlite"}
	for i, module := range modules {
		from := strings.TrimSpace(string(command(b, ".", "go", "list", "-m", "-f", "{{.Dir}}", module)))
		to := filepath.Join(dir, fmt.Sprintf("module%d", i))
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			b.Fatal(err)
		}
		command(b, dir, "chmod", "-R", "u+w", ".")
		commitAll(b, dir, "add", nil)
		touchSome(b, to)
		commitAll(b, dir, "change", nil)
		if i < len(modules)-1 {
			if err := os.RemoveAll(to); err != nil {
				b.Fatal(err)
			}
			commitAll(b, dir, "remove", nil)
		}
	}
	return dir
}

// touchSome adds a line to every fifth source file.
func touchSome(b *testing.B, dir string) {
	b.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		if n++; n%5 != 0 {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, append(text, "\n// changed\n"...), 0o600)
	})
	if err != nil {
		b.Fatal(err)
	}
}

// commitAll writes files and commits all that is in a directory, which becomes
// a repository if it is none.
func commitAll(b *testing.B, dir, message string, files map[string]string) {
	b.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	command(b, dir, "git", "init", "--quiet")
	command(b, dir, "git", "add", "--all", "--force")
	command(b, dir, "git", "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false",
		"commit", "--quiet", "--allow-empty", "-m", message)
}

func command(b *testing.B, dir, name string, args ...string) []byte {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s %v: %v\n%s", name, args, err, tail(stderr.Bytes()))
	}
	return out
}
