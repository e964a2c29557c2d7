//go:build e2e

package azure

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// A ran is a whole run of the program.
type ran struct {
	status  int
	stdout  []byte
	stderr  []byte
	records []inventory.Record
	home    string
	peakMB  int64
	cpu     time.Duration
	wall    time.Duration
}

// A home is where the program under test runs: nothing of this machine's own
// configuration of Azure is in it.
type home struct {
	dir, config string
	env         map[string]string
}

// home writes a configuration of one tenant. Options are lines of it. The program
// signs in with a secret unless the environment is changed.
func (p *proxy) home(t testing.TB, options ...string) home {
	t.Helper()
	dir := t.TempDir()
	text := "sources:\n  - source: azure\n"
	for _, o := range options {
		text += "    " + o + "\n"
	}
	h := home{dir: dir, config: filepath.Join(dir, "muster.yaml"), env: map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": dir, "TMPDIR": os.TempDir(), "HTTPS_PROXY": p.URL, "SSL_CERT_FILE": trusted(t), "SSL_CERT_DIR": dir,
		"AZURE_TENANT_ID": fake.NorthwindTenant, "AZURE_CLIENT_ID": p.tenant.App, "AZURE_CLIENT_SECRET": secret(), "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
	}}
	if err := os.WriteFile(h.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

// command is the program in a home.
func (h home) command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t), args...)
	cmd.Dir = h.dir
	for _, name := range slices.Sorted(maps.Keys(h.env)) {
		cmd.Env = append(cmd.Env, name+"="+h.env[name])
	}
	return cmd
}

// scan runs `muster scan` in a home of its own, and keeps nothing.
func (p *proxy) scan(t testing.TB, options ...string) ran {
	t.Helper()
	return p.home(t, options...).scan(t, "--store", "none")
}

// scan runs `muster scan`.
func (h home) scan(t testing.TB, args ...string) ran {
	t.Helper()
	out := filepath.Join(h.dir, "out.jsonl")
	r := h.run(t, append([]string{"scan", "--config", h.config, "--no-progress", "-o", "jsonl=" + out}, args...)...)
	r.read(t, out)
	return r
}

// run runs the program to its end.
func (h home) run(t testing.TB, args ...string) ran {
	t.Helper()
	cmd := h.command(t, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	started := time.Now()
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := ran{
		status: cmd.ProcessState.ExitCode(), stdout: stdout.Bytes(), stderr: stderr.Bytes(), home: h.dir, wall: time.Since(started),
		cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peakMB = u.Maxrss / 1024
	}
	return r
}

// read reads the records that a run wrote, if it did.
func (r *ran) read(t testing.TB, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	err = inventory.ReadAll(path, bufio.NewReader(f), func(rec inventory.Record) error {
		r.records = append(r.records, rec)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// types counts identities and credentials by type, and other records by kind.
func (r ran) types() map[string]int {
	out := map[string]int{}
	for _, rec := range r.records {
		switch {
		case rec.Identity != nil:
			out[rec.Identity.Type]++
		case rec.Credential != nil:
			out[rec.Credential.Type]++
		case rec.Grant != nil:
			out["grant"]++
		case rec.Trust != nil:
			out["trust"]++
		case rec.Consumer != nil:
			out["consumer"]++
		case rec.Owner != nil:
			out["owner"]++
		case rec.Usage != nil:
			out["usage"]++
		}
	}
	return out
}

// gaps returns the coverage that is not complete: its scope, kind, status and
// reason.
func (r ran) gaps() []string {
	var out []string
	for _, rec := range r.records {
		if c := rec.Coverage; c != nil && c.Status != inventory.StatusComplete {
			out = append(out, fmt.Sprintf("%s %s %s: %s", c.Scope, c.Kind, c.Status, c.Reason))
		}
	}
	slices.Sort(out)
	return out
}

// things returns the records of the estate as they stand in the file: not those of
// how the scan went, or of this run.
func (r ran) things(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, rec := range r.records {
		if rec.Coverage != nil || rec.Progress != nil || rec.Finding != nil || rec.Relation != nil {
			continue
		}
		data, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	slices.SortFunc(out, cmp.Compare)
	return out
}

// clean looks for values that no scan may see, wherever they could have gone: the
// output, the log, and all files of the home.
func (p *proxy) clean(t testing.TB, r ran) {
	t.Helper()
	p.mu.Lock()
	bad := append([]string{fake.Canary(), secret()}, p.tokens...)
	p.mu.Unlock()
	look := func(where string, data []byte) {
		for i, c := range bad {
			if bytes.Contains(data, []byte(c)) {
				t.Errorf("%s holds value %d", where, i)
			}
		}
	}
	look("standard output", r.stdout)
	look("standard error", r.stderr)
	err := filepath.WalkDir(r.home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "given-") { // what the test itself put there
			return err
		}
		data, err := os.ReadFile(path)
		look(path, data)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
