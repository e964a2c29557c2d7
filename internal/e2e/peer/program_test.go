//go:build e2e

package peer

import (
	"os/exec"
	"runtime"
	"testing"
)

// TestE2EPeakIsTheProgramsOwn has the memory of a program told without that of the test
// which runs it.
func TestE2EPeakIsTheProgramsOwn(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	const megabytes = 200
	held := make([]byte, megabytes<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1 // resident
	}
	h := Home{Dir: t.TempDir(), file: sleep}
	if r := h.Run(t, "0.2"); r.PeakMB > megabytes/2 {
		t.Errorf("a program that does nothing had %d MB", r.PeakMB)
	}
	runtime.KeepAlive(held)
}
