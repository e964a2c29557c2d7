package live

import (
	"runtime"
	"testing"

	"github.com/muster-nhi/muster/scanners/scannertest"
)

// TestReaderKeepsNoRun: a Reader outlives what it read. It keeps neither the accounts
// nor what they were read with, only who is told of waits.
func TestReaderKeepsNoRun(t *testing.T) {
	r := &Reader{}
	scannertest.Dropped(t, func() *run { return r.newRun(func(string, int, int) {}) })
	if r.waiting == nil {
		t.Error("nobody is told of waits")
	}
	runtime.KeepAlive(r)
}
