package git

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// maxMemory is how much memory of its own git may use, in bytes. Files of packs
// that it maps do not count. git gathers all that a commit changes before it
// prints any of it, and a few small trees that name each other many times over
// make more of that than any machine can hold.
const maxMemory = 4 << 30

// watch calls stop if a process uses more memory than it may, and returns a
// function that tells whether it did. It ends with ctx. Where the system does
// not show what a process uses (only Linux does, here), nothing is watched.
func (r *Repo) watch(ctx context.Context, pid int, stop func()) (stopped func() bool) {
	var greedy atomic.Bool
	status := "/proc/" + strconv.Itoa(pid) + "/status"
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			used, ok := anonymous(status)
			if !ok {
				return
			}
			if used > r.memory {
				greedy.Store(true)
				stop()
				return
			}
		}
	}()
	return greedy.Load
}

// anonymous returns the bytes of memory that a process has of its own: RssAnon
// in proc(5).
func anonymous(status string) (int64, bool) {
	b, err := os.ReadFile(status)
	if err != nil {
		return 0, false
	}
	_, rest, ok := strings.Cut(string(b), "RssAnon:")
	fields := strings.Fields(rest)
	if !ok || len(fields) == 0 {
		return 0, false
	}
	kb, err := strconv.ParseInt(fields[0], 10, 64)
	return kb << 10, err == nil
}
