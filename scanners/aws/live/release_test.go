package live

import (
	"runtime"
	"testing"
	"weak"
)

// TestReaderKeepsNoRun: a Reader outlives what it read. It keeps neither the accounts
// nor what they were read with, only who is told of waits.
func TestReaderKeepsNoRun(t *testing.T) {
	r := &Reader{}
	ran := weak.Make(r.newRun(func(string, int, int) {}))
	for range 2 {
		runtime.GC()
	}
	if ran.Value() != nil {
		t.Error("the run is still there")
	}
	if r.waiting == nil {
		t.Error("nobody is told of waits")
	}
	runtime.KeepAlive(r)
}
