package cli

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A large inventory is records that live to the end of the run. Go's collector
// lets the heap grow to twice what lives, which for a small heap is the right
// price for speed and for a large one is a gigabyte that holds nothing. Above
// largeHeap the heap may grow by half only: judging 900,000 records then takes
// an eighth less memory for some percent of time (docs/benchmarks.md). Memory
// stays in proportion to the records, which a fixed limit would not allow.
const (
	largeHeap    = 128 << 20 // bytes that live
	largePercent = 50        // as GOGC
	smallPercent = 100       // what Go does by itself
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
	if live > largeHeap {
		return largePercent
	}
	return smallPercent
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
