// Package bench holds the benchmarks that docs/benchmarks.md quotes: whole
// processes, measured from outside (CPU seconds and peak memory by the
// operating system's accounting), beside a floor or a peer in the same run.
// `make bench` runs them.
package bench

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// A cost is what one process used.
type cost struct {
	wall   time.Duration
	cpu    time.Duration // user and system, children that it waited for included
	maxRSS float64       // MB, the process itself
}

// build compiles muster once and returns the path of the program.
func build(tb testing.TB) string {
	tb.Helper()
	program := filepath.Join(tb.TempDir(), "muster")
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "../../cmd/muster")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build muster: %v\n%s", err, out)
	}
	return program
}

// measure runs a command to its end and returns what it used. An exit status
// among ok is a success.
func measure(ctx context.Context, tb testing.TB, ok []int, name string, args ...string) cost {
	tb.Helper()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "HOME="+tb.TempDir(), "MUSTER_KEY=", "NO_COLOR=1")
	start := time.Now()
	out, err := cmd.CombinedOutput()
	wall := time.Since(start)
	if cmd.ProcessState == nil {
		tb.Fatalf("%s: %v", name, err)
	}
	code, fine := cmd.ProcessState.ExitCode(), false
	for _, c := range ok {
		fine = fine || c == code
	}
	if !fine {
		tb.Fatalf("%s %v: exit status %d\n%s", name, args, code, tail(out))
	}
	c := costOf(tb, cmd.ProcessState)
	c.wall = wall
	return c
}

// costOf returns what the operating system counted for a process that has
// ended, and for the processes that it waited for.
func costOf(tb testing.TB, state *os.ProcessState) cost {
	tb.Helper()
	usage, isRusage := state.SysUsage().(*syscall.Rusage)
	if !isRusage {
		tb.Fatal("this system gives no resource usage")
	}
	unit := 1024.0 // kilobytes on Linux
	if runtime.GOOS == "darwin" {
		unit = 1024 * 1024
	}
	return cost{cpu: state.UserTime() + state.SystemTime(), maxRSS: float64(usage.Maxrss) / unit}
}

func tail(out []byte) string {
	return string(out[max(0, len(out)-2000):])
}

func (c cost) report(b *testing.B, prefix string) {
	b.Helper()
	b.ReportMetric(c.cpu.Seconds(), prefix+"cpu-s")
	b.ReportMetric(c.wall.Seconds(), prefix+"wall-s")
	b.ReportMetric(c.maxRSS, prefix+"peak-MB")
}
