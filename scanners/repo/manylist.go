package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

const (
	maxList  = 64 << 20  // bytes of a list of repositories
	maxLines = 1_000_000 // repositories in it
)

// A trouble is a directory in which repositories were looked for, and what
// could not be seen there or is worth a note.
type trouble struct {
	dir            string
	reasons, notes []string
}

// find returns what is to be scanned: each place once, with the other names by
// which it was called.
func (s *scanner) find(ctx context.Context) ([]target, []trouble, error) {
	var list []target
	var troubles []trouble
	for _, root := range s.roots {
		var found []target
		var err error
		if s.many {
			var t *trouble
			found, t, err = findMany(ctx, root)
			if t != nil {
				troubles = append(troubles, *t)
			}
		} else {
			found, err = s.targets(root)
		}
		if err != nil {
			return nil, nil, err
		}
		list = append(list, found...)
	}
	return once(list), troubles, nil
}

// once leaves out targets that are a former one by another name. The former one
// is told.
func once(list []target) []target {
	at := map[string]int{}
	out := list[:0]
	for _, t := range list {
		key, err := filepath.EvalSymlinks(t.dir)
		if err != nil {
			key = t.dir
		}
		if abs, err := filepath.Abs(key); err == nil {
			key = abs
		}
		key = filepath.Join(key, t.file)
		if i, ok := at[key]; ok {
			out[i].join(t)
			continue
		}
		at[key] = len(out)
		t.size = storeSize(t)
		out = append(out, t)
	}
	return out
}

// findMany returns the repositories below a directory, or in a list.
func findMany(ctx context.Context, root string) ([]target, *trouble, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, nil, fmt.Errorf("open %q: %w", root, err)
	}
	if info.IsDir() {
		return findBelow(ctx, root, []string{root})
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("open %q: it is neither a directory nor a list", root)
	}
	f, err := os.Open(root)
	if err != nil {
		return nil, nil, fmt.Errorf("open %q: %w", root, err)
	}
	defer f.Close() //nolint:errcheck // read only
	list, err := readList(filepath.Dir(root), f)
	if err != nil {
		return nil, nil, fmt.Errorf("read the list %q: %w", root, err)
	}
	if len(list) == 0 {
		return nil, nil, fmt.Errorf("read the list %q: it names no repository", root)
	}
	return list, nil, nil
}

// readList reads a list of repositories: one path a line, from dir on if it is
// not absolute; behind a tab the name that its scope is to have. Lines that begin
// with # are comments. What is not there is told when it is scanned.
func readList(dir string, in io.Reader) ([]target, error) {
	var list []target
	lines := bufio.NewScanner(io.LimitReader(in, maxList))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), "\r")
		if n == 1 {
			line = strings.TrimPrefix(line, "\uFEFF")
		}
		if strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		path, name, _ := strings.Cut(line, "\t")
		path, name = strings.TrimSpace(path), strings.TrimSpace(name)
		switch {
		case path == "" || bytes.ContainsRune([]byte(line), 0):
			return nil, fmt.Errorf("line %d names no path", n)
		case strings.Contains(name, "\t"):
			return nil, fmt.Errorf("line %d has more than a path and a name", n)
		case strings.Contains(path, "://"):
			return nil, fmt.Errorf("line %d is an address: clone it (git clone --mirror) and name the directory", n)
		case len(list) >= maxLines:
			return nil, fmt.Errorf("it has more than %d lines", maxLines)
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		list = append(list, target{dir: filepath.Clean(path), repo: true, name: name})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after %d repositories: %w", len(list), err)
	}
	return list, nil
}

// findBelow walks a directory and returns its repositories. In these it does
// not look further: what lies in a working tree is found when that is scanned.
// Symbolic links are not followed.
func findBelow(ctx context.Context, root string, within []string) ([]target, *trouble, error) {
	var list []target
	links, t := 0, &trouble{dir: root}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			t.add(fmt.Sprintf("directories could not be read: %s", reasonOf(unwrapRead(err))))
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			links++
			return nil
		case !d.IsDir():
			return nil
		case strings.Count(path, "/") >= maxDepth:
			t.add(fmt.Sprintf("directories nested more than %d deep were not read", maxDepth))
			return fs.SkipDir
		}
		dir := filepath.Join(root, filepath.FromSlash(path))
		if is, _ := git.Is(dir); is {
			list = append(list, target{dir: dir, repo: true, within: within})
			return fs.SkipDir
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("find repositories in %q: %w", root, err)
	case len(list) == 0 && len(t.reasons) == 0:
		return nil, nil, fmt.Errorf("find repositories in %q: %w", root, errNone)
	}
	if links > 0 {
		t.notes = append(t.notes, fmt.Sprintf("%d symbolic links beside repositories were not followed", links))
	}
	if len(t.reasons) == 0 {
		t = nil
	}
	return list, t, nil
}

var errNone = errors.New("there is none; to scan the files of a directory, name it without repos")

// add adds a reason, each once.
func (t *trouble) add(reason string) {
	if !slices.Contains(t.reasons, reason) {
		t.reasons = append(t.reasons, reason)
	}
}

// storeSize guesses how much is to be read of a repository: the bytes of its
// packs, and something for the rest. It is 0 for what is no repository.
func storeSize(t target) int64 {
	if !t.repo {
		return 0
	}
	const least = 256 << 10
	size := int64(least)
	for _, dir := range []string{filepath.Join(t.dir, ".git", "objects", "pack"), filepath.Join(t.dir, "objects", "pack")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".pack") {
				size += info.Size()
			}
		}
		return size
	}
	return size
}
