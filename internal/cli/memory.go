package cli

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A large inventory is records that live to the end of the run. Go's collector
// lets the heap grow to twice what lives, which for a small heap is the right
// price for speed and for a large one is hundreds of megabytes that hold nothing.
// Above smallHeap the room to grow is in proportion to the square root of what
// lives, which is where memory and time are best traded (Kirisame, Shenoy,
// Panchekha: Optimal Heap Limits for Reducing Browser Memory Use, OOPSLA 2022):
// half of 128 MB, two fifths from 200 MB on. docs/benchmarks.md has what that
// brings and what it takes. Memory stays in proportion to the records, which a
// fixed limit would not allow.
const (
	smallHeap    = 32 << 20 // bytes that live
	smallPercent = 100      // as GOGC: what Go does by itself
	leastPercent = 40
	percentStep  = 5 // a percentage is only set anew when it has changed by so much
)

// startPercent holds until the first collection. Go collects a heap of 4 MB, of 8
// and so on while it grows to what every run needs, which takes a sixth of the
// time of scanning a small change; with this the first collection is at 24 MB.
const startPercent = 600

// tuneMemory watches the heap for the rest of the program's life. Whoever sets
// GOGC or GOMEMLIMIT has said what they want, and gets that.
func tuneMemory(getenv func(string) string) {
	if getenv("GOGC") == "" && getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(startPercent)
		watchHeap(startPercent)
	}
}

// watchHeap sets the percentage anew after each garbage collection: its mark is
// garbage at the next.
func watchHeap(percent int) {
	type mark struct{ _ [32]byte } // not so small that it shares its memory with others
	runtime.AddCleanup(&mark{}, func(was int) {
		now := percentFor(liveHeap())
		if now != was {
			debug.SetGCPercent(now)
		}
		watchHeap(now)
	}, percent)
}

// percentFor is the percentage for a heap of which that many bytes live.
func percentFor(live uint64) int {
	if live <= smallHeap {
		return smallPercent
	}
	percent := int(smallPercent * math.Sqrt(smallHeap/float64(live)))
	return max(leastPercent, percent/percentStep*percentStep)
}

// liveHeap is what the last garbage collection found alive, in bytes.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
