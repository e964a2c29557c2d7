package cli

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercentFor(t *testing.T) {
	for name, c := range map[string]struct {
		live uint64
		want int
	}{
		"nothing lives":        {0, 100},
		"a repository":         {32 << 20, 100},
		"an account":           {50 << 20, 80},
		"an organisation":      {128 << 20, 50},
		"a large tenant":       {400 << 20, 40},
		"a million identities": {5 << 30, 40},
	} {
		t.Run(name, func(t *testing.T) {
			if got := percentFor(c.live); got != c.want {
				t.Errorf("percentFor(%d) = %d, want %d", c.live, got, c.want)
			}
		})
	}
}

// The watch must outlive the collection that it waits for: after a large heap
// has come and gone, the percentage follows both ways.
func TestWatchHeapFollows(t *testing.T) {
	old := debug.SetGCPercent(smallPercent)
	defer debug.SetGCPercent(old)
	percentAfter := func(want int) bool {
		for range 200 {
			runtime.GC()
			time.Sleep(time.Millisecond) // the cleanup runs on a goroutine of the runtime
			got := debug.SetGCPercent(want)
			if got == want {
				return true
			}
			debug.SetGCPercent(got)
		}
		return false
	}
	watchHeap(smallPercent)
	large := make([]byte, 128<<20)
	if !percentAfter(45) { // of 128 MB, and what else lives
		t.Error("a large heap is not collected sooner")
	}
	runtime.KeepAlive(large)
	if !percentAfter(smallPercent) {
		t.Error("a heap that was large is collected as if it still were")
	}
}

func TestTuneMemoryLeavesTheUsersChoice(t *testing.T) {
	asked := map[string]bool{}
	tuneMemory(func(name string) string { asked[name] = true; return "200" })
	if !asked["GOGC"] {
		t.Error("GOGC was not looked at")
	}
}

func TestTuneMemoryLeavesASmallHeapAlone(t *testing.T) {
	old := debug.SetGCPercent(smallPercent)
	defer debug.SetGCPercent(old)
	runtime.GC() // so that none is near
	tuneMemory(func(string) string { return "" })
	if got := debug.SetGCPercent(smallPercent); got != startPercent {
		t.Errorf("the heap may grow by %d percent before the first collection, want %d", got, startPercent)
	}
}
