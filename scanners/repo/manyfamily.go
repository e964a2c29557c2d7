package repo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

const (
	maxMarks = 4       // references by which forks know each other
	maxRefs  = 8 << 20 // bytes of a list of references that are looked at
)

// A families tells which targets of a run probably have most objects in common,
// so that two of them do not read the same things side by side: the others wait
// until the first has read its own. A wrong guess costs some time, and nothing
// else.
type families struct {
	mu    sync.Mutex
	first map[string]chan struct{} // by mark; closed when that target has read its objects
}

// join returns what is to be waited for, and what the target calls when it has
// read its objects. Targets join in their order, so that each waits for earlier
// ones only.
func (f *families) join(marks []string) (before []chan struct{}, read func()) {
	own := make(chan struct{})
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == nil {
		f.first = map[string]chan struct{}{}
	}
	for _, mark := range marks {
		if c, ok := f.first[mark]; !ok {
			f.first[mark] = own
		} else if !slices.Contains(before, c) {
			before = append(before, c)
		}
	}
	return before, sync.OnceFunc(func() { close(own) })
}

func await(ctx context.Context, list []chan struct{}) error {
	for _, c := range list {
		select {
		case <-c:
		case <-ctx.Done():
			return fmt.Errorf("wait for a fork: %w", ctx.Err())
		}
	}
	return nil
}

// marks returns what forks of a repository have, too: the names of its packs,
// where its objects lie or are borrowed from, and some of the commits that its
// references name.
func marks(t target) []string {
	if !t.repo {
		return nil
	}
	dir := filepath.Join(t.dir, ".git")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		dir = t.dir
	}
	store := filepath.Join(dir, "objects")
	var out []string
	if packs, err := filepath.Glob(filepath.Join(store, "pack", "pack-*.pack")); err == nil {
		for _, p := range packs {
			out = append(out, filepath.Base(p))
		}
	}
	if there, err := filepath.EvalSymlinks(store); err == nil {
		if abs, err := filepath.Abs(there); err == nil {
			out = append(out, abs)
		}
	}
	for line := range linesOf(filepath.Join(store, "info", "alternates")) {
		if !filepath.IsAbs(line) {
			line = filepath.Join(store, line)
		}
		if there, err := filepath.EvalSymlinks(line); err == nil {
			out = append(out, there)
		}
	}
	return append(out, refMarks(filepath.Join(dir, "packed-refs"))...)
}

// refMarks returns the smallest of the objects that packed references name, but
// for those of pull requests, which forks do not have.
func refMarks(path string) []string {
	var least []string
	for line := range linesOf(path) {
		id, name, ok := strings.Cut(line, " ")
		if !ok || len(id) < 40 || strings.HasPrefix(name, "refs/pull/") || strings.HasPrefix(name, "refs/merge-requests/") || strings.HasPrefix(name, "refs/changes/") {
			continue
		}
		if len(least) == maxMarks && id >= least[maxMarks-1] {
			continue
		}
		if i, found := slices.BinarySearch(least, id); !found {
			least = slices.Insert(least, i, id)
			least = least[:min(len(least), maxMarks)]
		}
	}
	return least
}

// linesOf yields the lines of a small regular file; none if there is no such.
func linesOf(path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return
		}
		f, err := os.Open(path)
		if err != nil {
			return
		}
		defer f.Close() //nolint:errcheck // read only
		lines := bufio.NewScanner(io.LimitReader(f, maxRefs))
		for lines.Scan() {
			if !yield(strings.TrimSpace(lines.Text())) {
				return
			}
		}
	}
}
