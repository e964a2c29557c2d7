package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"muster": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// The canaries are made-up secrets, put together here so that this file is no
// leak itself.
func canaries() map[string]string {
	return map[string]string{
		"github": "gh" + "p_" + "n0RthW1ndC4naryQ7zKx2VbTmLs8Hd362v51",
		"aws":    "w9Xk2LmQ7vRt4Zp" + "C1nYb8HsD6fGj3KqW5eTu0AiO",
	}
}

// accessKey is the public part of the canary of AWS.
func accessKey() string { return "AK" + "IA" + "Z7QXLMN2WERTYU4K" }

func TestScripts(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("the tests need git")
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("ACCESS_KEY", accessKey())
			e.Values[cloudKey{}] = map[string]func() string{}
			return os.MkdirAll(filepath.Join(e.WorkDir, "home"), 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run":        runMuster,
			"repo":       makeRepo,
			"fill":       fillIn,
			"leakclouds": leakClouds,
			"nocanary":   noCanary,
			"same":       sameBytes,
			"mode":       fileMode,
			"grepid":     grepID,
			"cloud":      startCloud,
			"lookups":    lookedUp,
		},
		RequireExplicitExec: true,
	})
}

// runMuster is `run STATUS ARGUMENT...`: muster must end with that status. No
// secret may show in what it prints.
func runMuster(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: run STATUS ARGUMENT...")
	}
	got := 0
	var exit *exec.ExitError
	switch err := ts.Exec("muster", args[1:]...); {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("run muster: %v", err)
	}
	noCanary(ts, false, []string{"stdout", "stderr"})
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// makeRepo is `repo DIR`: a repository with two commits, always the same. The
// first leaks an AWS key pair and a token, the second takes the token away and
// adds a workflow, an agent's configuration and CODEOWNERS.
func makeRepo(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		ts.Check(os.WriteFile(path, []byte(text), 0o644))
	}
	git := func(date string, args ...string) {
		c := exec.Command("git", args...)
		c.Dir = dir
		c.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
			"GIT_AUTHOR_NAME=Dana Reyes", "GIT_AUTHOR_EMAIL=dana@northwind.example", "GIT_AUTHOR_DATE=" + date,
			"GIT_COMMITTER_NAME=Dana Reyes", "GIT_COMMITTER_EMAIL=dana@northwind.example", "GIT_COMMITTER_DATE=" + date,
		}
		if out, err := c.CombinedOutput(); err != nil {
			ts.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
	}
	secret := canaries()
	ts.Check(os.MkdirAll(dir, 0o755))
	git("", "init", "-q", "-b", "main")
	write("deploy/release.env", "AWS_ACCESS_KEY_ID="+accessKey()+"\nAWS_SECRET_ACCESS_KEY="+secret["aws"]+"\n")
	write("scripts/notify.sh", "curl -H 'Authorization: token "+secret["github"]+"' https://api.github.example\n")
	git("", "add", "-A")
	git("2026-01-10T10:00:00Z", "commit", "-q", "-m", "first")
	write("scripts/notify.sh", "curl https://api.github.example\n")
	write(".github/CODEOWNERS", "/deploy/ @northwind/platform\n")
	write(".github/workflows/ci.yml", "name: ci\non: push\npermissions: write-all\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: third-party/upload@v2\n        with:\n          token: ${{ secrets.UPLOAD_TOKEN }}\n")
	git("", "add", "-A")
	git("2026-02-20T10:00:00Z", "commit", "-q", "-m", "second")
}

// fillIn is `fill FILE...`: the public part of the leaked key stands where the files
// say KEYID, so that no file of this repository holds one.
func fillIn(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		path := ts.MkAbs(name)
		text, err := os.ReadFile(path)
		ts.Check(err)
		ts.Check(os.WriteFile(path, bytes.ReplaceAll(text, []byte("KEYID"), []byte(accessKey())), 0o600))
	}
}

// noCanary is `nocanary FILE...`: no secret stands in what was printed (stdout,
// stderr) or in files, or in any file of directories, in plain or in the usual
// encodings.
func noCanary(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		if name == "stdout" || name == "stderr" {
			search(ts, name, []byte(ts.ReadFile(name)))
			continue
		}
		err := filepath.WalkDir(ts.MkAbs(name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			search(ts, path, b)
			return err
		})
		ts.Check(err)
	}
}

func search(ts *testscript.TestScript, where string, b []byte) {
	for name, secret := range canaries() {
		for form, text := range map[string]string{
			"plain": secret, "a part": secret[8:24], "base64": base64.StdEncoding.EncodeToString([]byte(secret))[:24],
			"hex": hex.EncodeToString([]byte(secret)), "URL": url.QueryEscape(secret),
		} {
			if bytes.Contains(b, []byte(text)) {
				ts.Fatalf("the %s canary stands in %s (%s)", name, where, form)
			}
		}
	}
}

// sameBytes is `same FILE FILE`; with ! they must differ.
func sameBytes(ts *testscript.TestScript, neg bool, args []string) {
	if (ts.ReadFile(args[0]) == ts.ReadFile(args[1])) == neg {
		ts.Fatalf("%s and %s: same is %v", args[0], args[1], neg)
	}
}

// fileMode is `mode 0600 FILE`.
func fileMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if want, err := strconv.ParseUint(args[0], 8, 32); err != nil || uint64(info.Mode().Perm()) != want {
		ts.Fatalf("%s has mode %04o, want %s", args[1], info.Mode().Perm(), args[0])
	}
}

// grepID is `grepid VARIABLE PREFIX`: it keeps the first word of standard output
// that begins so in an environment variable.
func grepID(ts *testscript.TestScript, _ bool, args []string) {
	for word := range strings.FieldsSeq(ts.ReadFile("stdout")) {
		if strings.HasPrefix(word, args[1]) {
			ts.Setenv(args[0], word)
			return
		}
	}
	ts.Fatalf("no word begins with %s", args[1])
}

// TestEveryCommandAndFlagHasAScript reads the scripts for each command of the
// tree and each flag of it.
func TestEveryCommandAndFlagHasAScript(t *testing.T) {
	lines := scriptLines(t)
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		for _, child := range c.Commands() {
			walk(child, append(append([]string(nil), path...), child.Name()))
		}
		if c.HasSubCommands() && c.Runnable() && len(path) > 0 && len(c.Commands()) > 0 {
			return // it only holds others
		}
		mine := calls(lines, path)
		if len(mine) == 0 {
			t.Errorf("no script runs muster %s", strings.Join(path, " "))
		}
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !anyUses(mine, f) {
				t.Errorf("no script runs muster %s --%s", strings.Join(path, " "), f.Name)
			}
		})
	}
	root := (&app{}).root()
	walk(root, nil)
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if !anyUses(lines, f) {
			t.Errorf("no script uses --%s", f.Name)
		}
	})
}

// scriptLines returns the arguments of every call of muster in the scripts.
func scriptLines(t *testing.T) [][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts: %v", len(files), err)
	}
	var out [][]string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if words := strings.Fields(line); len(words) > 1 && words[0] == "run" {
				out = append(out, words[2:])
			}
		}
	}
	return out
}

// calls picks the lines that call a command.
func calls(lines [][]string, path []string) [][]string {
	var out [][]string
	for _, l := range lines {
		i := 0
		for i < len(path) && i < len(l) && l[i] == path[i] {
			i++
		}
		if i == len(path) {
			out = append(out, l)
		}
	}
	return out
}

func anyUses(lines [][]string, f *pflag.Flag) bool {
	for _, l := range lines {
		for _, word := range l {
			name, _, _ := strings.Cut(strings.Trim(word, "'"), "=")
			if name == "--"+f.Name || f.Shorthand != "" && name == "-"+f.Shorthand {
				return true
			}
		}
	}
	return false
}
