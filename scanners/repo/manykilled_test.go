package repo

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A cabinet is a memory in files, which outlives its process.
type cabinet struct {
	dir   string
	saved func(key string)
}

func (c cabinet) path(key string) string {
	return filepath.Join(c.dir, hex.EncodeToString([]byte(key)))
}

func (c cabinet) Load(_ context.Context, key string) ([]byte, error) {
	data, err := os.ReadFile(c.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (c cabinet) Save(_ context.Context, key string, data []byte) error {
	part := c.path(key) + ".part"
	if err := errors.Join(os.WriteFile(part, data, 0o600), os.Rename(part, c.path(key))); err != nil {
		return err
	}
	if c.saved != nil {
		c.saved(key)
	}
	return nil
}

// blobs adds a commit of many small files.
func (b *builder) blobs(n int) {
	b.t.Helper()
	var in bytes.Buffer
	fmt.Fprint(&in, "commit refs/heads/main\ncommitter a <b> 1700000000 +0000\ndata 4\nmany\n")
	for i := range n {
		text := fmt.Sprintf("number %d\n", i)
		if i%500 == 7 {
			text += "token=" + canary(fmt.Sprint("blob", i)) + "\n"
		}
		fmt.Fprintf(&in, "M 100644 inline d%d/f%d.env\ndata %d\n%s\n", i%50, i, len(text), text)
	}
	cmd := exec.CommandContext(b.t.Context(), "git", "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet")
	cmd.Dir, cmd.Stdin = b.dir, &in
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("git fast-import: %v: %s", err, out)
	}
}

// A scan that is killed in the middle of a repository goes on: what was read and
// saved is not read again, and the result is that of a scan that was not
// disturbed.
func TestKilled(t *testing.T) {
	const mine = "MUSTER_TEST_KILLED"
	if asked := os.Getenv(mine); asked != "" {
		dir, memory, _ := strings.Cut(asked, string(os.PathListSeparator))
		scanUntilKilled(t, dir, memory)
		return
	}
	dir, memory := t.TempDir(), t.TempDir()
	for _, name := range []string{"a", "c"} {
		b := at(t, filepath.Join(dir, name))
		b.commit("one", "x.env", "token="+canary("first "+name)+"\n")
		b.commit("two", "x.env", "token="+canary("second "+name)+"\n")
	}
	big := at(t, filepath.Join(dir, "b"), "--bare")
	big.blobs(9000)

	whole, all := scanCounted(t, nil, dir, true)
	if whole.err != nil || all["local/b"] < 9000 {
		t.Fatal(whole.err, all)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), mine+"="+dir+string(os.PathListSeparator)+memory)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || bytes.Contains(out, []byte("FAIL")) {
		t.Fatalf("the scan was not killed: %v\n%s", err, out)
	}
	again, read := scanCounted(t, cabinet{dir: memory}, dir, true)
	t.Logf("read in all %v, after the kill %v", all, read)
	if again.err != nil || again.lines(t) != whole.lines(t) {
		t.Errorf("the result differs: %v", again.err)
	}
	if read["local/a"] != 0 || read["local/b"] == 0 || read["local/b"] > all["local/b"]-1500 || read["local/c"] != all["local/c"] {
		t.Errorf("objects read: %v, by a scan that was not disturbed: %v", read, all)
	}
	if _, read = scanCounted(t, cabinet{dir: memory}, dir, true); read["local/a"]+read["local/b"]+read["local/c"] != 0 {
		t.Errorf("objects read the third time: %v", read)
	}
}

// scanUntilKilled kills its process as soon as a part of the second repository
// is saved.
func scanUntilKilled(t *testing.T, dir, memory string) {
	t.Helper()
	lists := map[string]bool{}
	var minutes atomic.Int64
	env := envOf(cabinet{dir: memory, saved: func(key string) {
		lists[key] = strings.HasPrefix(key, "repo/found/")
		n := 0
		for _, is := range lists {
			if is {
				n++
			}
		}
		if n == 2 {
			if p, err := os.FindProcess(os.Getpid()); err == nil {
				_ = p.Kill()
			}
			select {}
		}
	}})
	// A clock on which each look takes a minute, so that what is known is saved at
	// each step.
	env.Now = func() time.Time { return frozen().Add(time.Duration(minutes.Add(1)) * time.Minute) }
	c := defaults()
	c.Path = dir
	s, err := newScanner(env, c)
	if err != nil {
		t.Fatal(err)
	}
	s.many, s.alone = true, true
	err = s.Scan(t.Context(), func(inventory.Record) error { return nil })
	t.Fatalf("the scan came to its end: %v", err)
}
