//go:build e2e

package match

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/detect"
)

// An equal compares two engines over many texts.
type equal struct {
	t        *testing.T
	rs       *Ruleset
	m        *Matcher
	det      *detect.Detector
	seen     map[string]bool
	texts    int
	bytes    int
	findings int
}

func newEqual(t *testing.T) *equal {
	t.Helper()
	rs, m := ours(t)
	return &equal{t: t, rs: rs, m: m, det: theirs(t), seen: map[string]bool{}}
}

// text compares one text, once. What has NULs, lines over 16 KB or more than
// 4 MB is left to other tests: there the engines differ on purpose.
func (e *equal) text(name string, content []byte) {
	if len(content) > 4<<20 || bytes.IndexByte(content, 0) >= 0 || e.seen[digest(string(content))] {
		return
	}
	for line := range bytes.Lines(content) {
		if len(line) > 16<<10 {
			return
		}
	}
	e.seen[digest(string(content))] = true
	e.texts++
	e.bytes += len(content)
	want := wantFindings(e.det, string(content), "")
	e.findings += len(want)
	if diff := cmp.Diff(want, gotFindings(e.rs, e.m, string(content), "")); diff != "" {
		e.t.Errorf("%s: gitleaks (-) and muster (+) differ:\n%s", name, diff)
	}
}

func (e *equal) tree(dir string) {
	e.t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.Contains(path, "/.git/") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		e.text(path, content)
		return nil
	})
	if err != nil {
		e.t.Fatal(err)
	}
}

// history compares every blob of a repository.
func (e *equal) history(dir string) {
	e.t.Helper()
	cmd := exec.CommandContext(e.t.Context(), "git", "-C", dir, "cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		e.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	r := bufio.NewReaderSize(stdout, 1<<20)
	for {
		head, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		fields := strings.Fields(head)
		if err != nil || len(fields) != 3 {
			e.t.Fatalf("git cat-file: %q: %v", head, err)
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			e.t.Fatal(err)
		}
		content := make([]byte, size+1)
		if _, err := io.ReadFull(r, content); err != nil {
			e.t.Fatal(err)
		}
		if fields[1] == "blob" {
			e.text(fields[0], content[:size])
		}
	}
	if err := cmd.Wait(); err != nil {
		e.t.Fatal(err)
	}
}
