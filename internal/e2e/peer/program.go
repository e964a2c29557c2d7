//go:build e2e

// Package peer holds what the tests of the whole program against stand-ins of clouds
// have in common: the program is built and run, what it wrote is read, values are
// looked for that it may not tell, and answers are spoiled on their way to it. It is
// part of no program, and knows no cloud.
package peer

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A Program is the program under test, built once for all tests of a package. Its
// zero value is ready for Main; tests may use it side by side.
type Program struct {
	dir   string
	built sync.Once
	file  string
	err   error
}

// Main runs the tests of a package with a directory of their own, which is removed
// when they have ended. It returns the status to exit with.
func (p *Program) Main(pattern string, run func() int) int {
	var err error
	if p.dir, err = os.MkdirTemp("", pattern); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := run()
	_ = os.RemoveAll(p.dir)
	return code
}

// Dir is the directory of the tests of a package, which outlives each of them.
func (p *Program) Dir() string { return p.dir }

// Build builds the program, if no test has yet, and returns its path.
func (p *Program) Build(t testing.TB) string {
	t.Helper()
	p.built.Do(func() {
		p.file = filepath.Join(p.dir, "muster")
		build := exec.CommandContext(t.Context(), "go", "build", "-o", p.file, "../../../cmd/muster") //nolint:gosec // a path of the tests' own
		if text, err := build.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("build muster: %w: %s", err, text)
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.file
}

// A Home is where the program under test runs. Nothing of this machine's own
// configuration is in it.
type Home struct {
	Dir    string            // its working directory and its home
	Config string            // the file of its configuration; empty means that there is none
	Env    map[string]string // all of its environment
	file   string            // the program
}

// Home returns a new home, without a configuration.
func (p *Program) Home(t testing.TB) Home {
	t.Helper()
	dir := t.TempDir()
	return Home{Dir: dir, Env: map[string]string{"PATH": os.Getenv("PATH"), "HOME": dir, "TMPDIR": os.TempDir()}, file: p.Build(t)}
}

// Put writes a file that the test gives the program, below the home, and returns its
// path.
func (h Home) Put(t testing.TB, name string, data []byte, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(h.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// Configure writes the configuration.
func (h *Home) Configure(t testing.TB, text string) {
	t.Helper()
	h.Config = h.Put(t, "muster.yaml", []byte(text), 0o600)
}

// AddSources has the configuration name more sources.
func (h Home) AddSources(t testing.TB, sources ...string) {
	t.Helper()
	text, err := os.ReadFile(h.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		text = append(text, "  - "+s+"\n"...)
	}
	if err := os.WriteFile(h.Config, text, 0o600); err != nil { //nolint:gosec // in a directory of the test alone
		t.Fatal(err)
	}
}

// Command is the program in its home, before it runs.
func (h Home) Command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), h.file, args...) //nolint:gosec // the program under test
	cmd.Dir = h.Dir
	for _, name := range slices.Sorted(maps.Keys(h.Env)) {
		cmd.Env = append(cmd.Env, name+"="+h.Env[name])
	}
	return cmd
}

// Run runs the program to its end.
func (h Home) Run(t testing.TB, args ...string) Run {
	t.Helper()
	cmd := h.Command(t, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	started := time.Now()
	err := cmd.Start()
	var most func() int64
	if err == nil {
		most = watchMemory(cmd.Process.Pid)
		err = cmd.Wait()
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := Run{
		Status: cmd.ProcessState.ExitCode(), Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Home: h.Dir, Wall: time.Since(started),
		CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
	}
	if r.PeakMB = most(); r.PeakMB == 0 {
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			r.PeakMB = u.Maxrss / 1024
		}
	}
	return r
}

// watchMemory watches a process from when it runs its own program, and returns what
// ends that and tells the most memory that was resident, in MiB; 0 where the system
// does not say. The usage of a process that has ended (ru_maxrss) begins with what its
// parent held when it was started, which for a test is the stand-in and its answers.
func watchMemory(pid int) func() int64 {
	end, told := make(chan struct{}), make(chan int64)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond) // the figure only grows: at most so much of the end is missed
		defer tick.Stop()
		var most int64
		for {
			most = max(most, residentMB(pid))
			select {
			case <-end:
				told <- most
				return
			case <-tick.C:
			}
		}
	}()
	return func() int64 {
		close(end)
		return <-told
	}
}

// residentMB is the most memory that a process had so far; 0 is not known.
func residentMB(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(line, "VmHWM:")
		if kb := strings.Fields(rest); ok && len(kb) > 0 {
			n, err := strconv.ParseInt(kb[0], 10, 64)
			if err != nil {
				return 0
			}
			return n / 1024
		}
	}
	return 0
}

// Scan runs `muster scan`, with the configuration if there is one, and reads the
// records that it wrote.
func (h Home) Scan(t testing.TB, args ...string) Run {
	t.Helper()
	out := h.Records()
	all := []string{"scan", "--no-progress", "-o", "jsonl=" + out}
	if h.Config != "" {
		all = append(all, "--config", h.Config)
	}
	r := h.Run(t, append(all, args...)...)
	r.read(t, out)
	return r
}

// Records is the file of the records of a scan.
func (h Home) Records() string { return filepath.Join(h.Dir, "out.jsonl") }
