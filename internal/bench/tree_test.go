package bench

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// measureTree runs a command as measure does, with standard output to a file,
// and takes for its memory the most that it and all processes below it held at
// one time: looked at every 50 ms, or, where there is no /proc, the most that one
// of them held. Pages that several map are counted for each.
func measureTree(ctx context.Context, b *testing.B, ok []int, stdout, name string, args ...string) (cost, error) {
	b.Helper()
	out, err := os.Create(stdout)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, name, args...)
	key := benchKey()
	cmd.Env = append(os.Environ(), "HOME="+b.TempDir(), "MUSTER_KEY="+hex.EncodeToString(key[:]), "NO_COLOR=1")
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	done, most := make(chan error), 0.0
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-tick.C:
			most = max(most, residentTree(cmd.Process.Pid))
		}
	}
	wall := time.Since(start)
	if !slices.Contains(append(ok, 0), cmd.ProcessState.ExitCode()) {
		return cost{}, fmt.Errorf("%s: exit status %d\n%s", filepath.Base(name), cmd.ProcessState.ExitCode(), tail(stderr.Bytes()))
	}
	own := costOf(b, cmd.ProcessState)
	own.wall, own.maxRSS = wall, max(own.maxRSS, most)
	return own, nil
}

// residentTree returns the MB that a process and those below it hold now.
func residentTree(pid int) float64 {
	dir := "/proc/" + strconv.Itoa(pid)
	statm, err := os.ReadFile(filepath.Join(dir, "statm"))
	if err != nil {
		return 0
	}
	sum := 0.0
	if fields := strings.Fields(string(statm)); len(fields) > 1 {
		pages, _ := strconv.ParseFloat(fields[1], 64)
		sum = pages * float64(os.Getpagesize()) / (1 << 20)
	}
	tasks, _ := filepath.Glob(filepath.Join(dir, "task", "*", "children"))
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for child := range strings.FieldsSeq(string(children)) {
			n, _ := strconv.Atoi(child)
			sum += residentTree(n)
		}
	}
	return sum
}
