package pack

import (
	"os"
	"path/filepath"
	"testing"
)

// Small entries far apart bring much more of a pack into memory than they are
// long: that is what counts.
func TestUsedCountsWhatIsInMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pack")
	if err := os.WriteFile(path, []byte{1}, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2*resident); err != nil {
		t.Fatal(err)
	}
	f, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if f.f != nil {
		f.used(0, 2*resident) // a file that is not mapped has nothing to give back
		return
	}
	const all = resident >> granule
	for i := range int64(all - 1) {
		f.used(2*i<<granule, 1)
		f.used(2*i<<granule+100, 1)
	}
	if got := f.count.Load(); got != all-1 {
		t.Fatalf("%d entries, each in a granule of its own: %d are counted", all-1, got)
	}
	f.used(f.size-2, 2)
	if got := f.count.Load(); got != 0 {
		t.Fatalf("%d are counted after all were given back", got)
	}
	if f.used(1<<granule-1, 2); f.count.Load() != 2 {
		t.Fatalf("%d are counted of an entry that lies in two", f.count.Load())
	}
}
