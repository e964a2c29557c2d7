package repo

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/repo/pack"
)

// scanThroughGit scans with a memory a repository that only git reads, and returns
// what was not read.
func scanThroughGit(t testing.TB, memory scanners.Memory, dir string) string {
	t.Helper()
	c := defaults()
	c.Path, c.Worktree = dir, false
	s, err := newScanner(envOf(memory), c)
	if err != nil {
		t.Fatal(err)
	}
	s.openPacks = func(string, ...string) (*pack.Store, error) { return nil, errors.New("git is to read it") }
	var out result
	out.err = s.Scan(t.Context(), func(r inventory.Record) error {
		out.records = append(out.records, r)
		return nil
	})
	if out.err != nil {
		t.Fatal(out.err)
	}
	return fmt.Sprint(out.scopes())
}

// What of a large object could not be read is told of in each scan: that nothing
// was found in the rest does not make it one in which nothing is.
func TestRescanTellsOfLargeObjectsNotReadToTheEnd(t *testing.T) {
	noise := make([]byte, chunkSize+chunkSize/8)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	var damaged bytes.Buffer
	z := gzip.NewWriter(&damaged)
	_, _ = z.Write(noise)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	damaged.WriteString("no other one")
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"an archive with damage behind": {damaged.Bytes(), "damaged"},
		"one byte too much of UTF-16":   {append([]byte{0xFF, 0xFE}, bytes.Repeat([]byte{'a', 0}, (wideLimit-2)/2+1)...)[:wideLimit+1], "UTF-16"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			if err := os.WriteFile(filepath.Join(b.dir, "large.bin"), c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			b.git("-c", "core.compression=0", "add", "large.bin")
			b.commit("large")
			memory := newNotebook()
			first := scanThroughGit(t, memory, b.dir)
			if again := scanThroughGit(t, memory, b.dir); again != first || !strings.Contains(first, c.want) {
				t.Errorf("first %s, then %s", first, again)
			}
		})
	}
}
