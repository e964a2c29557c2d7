package repo

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// looseBlob writes a blob that no reference reaches.
func looseBlob(t testing.TB, store, text string) {
	t.Helper()
	whole := []byte(fmt.Sprintf("blob %d\x00%s", len(text), text))
	sum := sha1.Sum(whole)
	name := hex.EncodeToString(sum[:])
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, err := z.Write(whole)
	dir := filepath.Join(store, name[:2])
	if err := errors.Join(err, z.Close(), os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, name[2:]), out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// copies makes many repositories: each has a history in common with the others,
// and a secret of its own.
func copies(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	first := at(t, filepath.Join(dir, "first"), "--template=")
	for i := range 3 {
		first.commit("more", "a.txt", fmt.Sprint(i, "\n"), ".gitleaks.toml", "[extend]\nuseDefault = true\n")
	}
	first.git("repack", "-adq")
	for i := range n - 1 {
		to := filepath.Join(dir, fmt.Sprintf("r%03d", i))
		if err := os.CopyFS(to, os.DirFS(first.dir)); err != nil {
			t.Fatal(err)
		}
		looseBlob(t, filepath.Join(to, ".git", "objects"), "token="+canary(strconv.Itoa(i))+"\n")
	}
	return dir
}

// TestManyMemory checks that nothing much is kept of a repository when it is
// done: what is live after the first few is what is live after the last ones.
func TestManyMemory(t *testing.T) {
	n := 60
	if asked, err := strconv.Atoi(os.Getenv("MUSTER_MANY")); err == nil {
		n = asked
	}
	dir := copies(t, n)
	var mu sync.Mutex
	scopes, found := 0, 0
	early, late := uint64(math.MaxUint64), uint64(math.MaxUint64) // the least: what runs beside is not counted
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	s, err := newScanner(envOf(nil), func() Config { c := defaults(); c.Path = dir; return c }())
	if err != nil {
		t.Fatal(err)
	}
	s.many = true
	err = s.Scan(t.Context(), func(r inventory.Record) error {
		mu.Lock()
		defer mu.Unlock()
		if r.Credential != nil {
			found++
		}
		if r.Coverage == nil || r.Coverage.Kind != inventory.KindCredential {
			return nil
		}
		switch scopes++; {
		case scopes > 5 && scopes <= n/4:
			early = min(early, live())
		case scopes > n-n/4 && scopes < n:
			late = min(late, live())
		}
		return nil
	})
	if err != nil || scopes != n || found != n-1 {
		t.Fatalf("%d scopes, %d secrets: %v", scopes, found, err)
	}
	t.Logf("live bytes in the first quarter %d, in the last %d", early, late)
	// A job with its matchers takes megabytes: that much for each would show.
	if late > early+uint64(n)*(256<<10) {
		t.Errorf("%d bytes are live at the end, %d were at the beginning", late, early)
	}
}
