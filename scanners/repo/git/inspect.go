package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrOutside says that a repository keeps its history outside the places where
// it may be.
var ErrOutside = errors.New("its history lies outside the directory that is scanned: scan it as a source of its own")

const (
	maxPointer = 64 << 10 // bytes of a file that names another place
	maxStores  = 50       // stores of objects that borrow from each other
	// maxBorrowing is over how many stores git borrows: beyond that it says
	// "nesting too deep" and passes on (link_alt_odb_entries).
	maxBorrowing = 6
	maxIncludes  = 100 // configuration files that include each other
)

// An inspection looks at the files of a repository before git does, which
// opens whatever bears the right name: a pipe that nobody writes to would hold
// it up for ever.
type inspection struct {
	repo   *Repo
	within []string        // real paths below which everything must be; nil is anywhere
	seen   map[string]bool // real paths of directories and configuration files
	places []string        // git directories and stores, as real paths

	included int // configuration files that were read
}

// inspect finds the places that a repository is made of, and checks them. The
// error is ErrOutside, or says what is no file.
func (r *Repo) inspect(ctx context.Context, within []string) error {
	x := &inspection{repo: r, seen: map[string]bool{}}
	for _, dir := range within {
		resolved, err := filepath.Abs(dir) // places are absolute
		if err == nil {
			resolved, err = filepath.EvalSymlinks(resolved)
		}
		if err != nil {
			return withoutPath(err)
		}
		x.within = append(x.within, resolved)
	}
	gitDir, err := x.gitDir()
	if err != nil {
		return err
	}
	common := gitDir
	if text, ok, err := pointer(filepath.Join(gitDir, "commondir")); err != nil {
		return err
	} else if ok {
		if common, err = x.place(gitDir, text); err != nil {
			return err
		}
	}
	for _, dir := range slices.Compact([]string{gitDir, common}) {
		if err := x.walk(ctx, dir); err != nil {
			return err
		}
		for _, file := range []string{"config", "config.worktree"} {
			if err := x.includes(ctx, filepath.Join(dir, file)); err != nil {
				return err
			}
		}
	}
	if err := x.stores(ctx, filepath.Join(common, "objects")); err != nil {
		return err
	}
	if len(r.stores) == 0 {
		return fmt.Errorf("%w: it has no objects", ErrNotRepository)
	}
	r.places, r.common, r.objects = x.places, common, r.stores[0]
	return nil
}

// gitDir follows .git, which may be a file or a link.
func (x *inspection) gitDir() (string, error) {
	info, err := os.Stat(x.repo.gitDir)
	switch {
	case err != nil:
		return "", withoutPath(err)
	case info.IsDir():
		return x.place("", x.repo.gitDir)
	}
	text, _, err := pointer(x.repo.gitDir)
	if err != nil {
		return "", err
	}
	dir, ok := strings.CutPrefix(text, "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%w: its .git names no directory", ErrNotRepository)
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(x.repo.dir, dir)
	}
	if x.linked(dir) {
		x.within = nil
	}
	return x.place("", dir)
}

// linked reports whether a git directory says itself that the working tree
// belongs to it: then the history is meant to lie elsewhere.
func (x *inspection) linked(dir string) bool {
	back, ok, err := pointer(filepath.Join(dir, "gitdir"))
	if err != nil || !ok {
		return false
	}
	if !filepath.IsAbs(back) {
		back = filepath.Join(dir, back)
	}
	there, err := os.Stat(back)
	if err != nil {
		return false
	}
	here, err := os.Stat(x.repo.gitDir)
	return err == nil && os.SameFile(here, there)
}

// place returns the real path of a directory that belongs to the repository.
func (x *inspection) place(base, dir string) (string, error) {
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(base, dir)
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: %w", ErrNotRepository, withoutPath(err))
	}
	if err != nil {
		return "", withoutPath(err)
	}
	if !x.inside(resolved) {
		return "", ErrOutside
	}
	x.places = append(x.places, resolved)
	return resolved, nil
}

func (x *inspection) inside(resolved string) bool {
	return x.within == nil || slices.ContainsFunc(x.within, func(dir string) bool {
		rel, err := filepath.Rel(dir, resolved)
		return err == nil && filepath.IsLocal(rel)
	})
}

// A store is a store of objects that is to be checked, and over how many others
// it is borrowed from.
type store struct {
	dir   string
	depth int
}

// stores checks a store of objects, and those that it borrows from, as git
// follows them.
func (x *inspection) stores(ctx context.Context, first string) error {
	named := 1
	for open := []store{{first, 0}}; len(open) > 0; open = open[1:] {
		dir, err := x.place("", open[0].dir)
		if errors.Is(err, fs.ErrNotExist) {
			x.repo.lost++
			continue
		}
		if err != nil {
			return err
		}
		if slices.Contains(x.repo.stores, dir) {
			continue
		}
		x.repo.stores = append(x.repo.stores, dir)
		if err := x.walk(ctx, dir); err != nil {
			return err
		}
		text, _, err := pointer(filepath.Join(dir, "info", "alternates"))
		if err != nil {
			return err
		}
		for _, line := range borrows(text) {
			if !filepath.IsAbs(line) {
				line = filepath.Join(dir, line)
			}
			if named++; named > maxStores {
				return fmt.Errorf("it borrows objects from more than %d stores", maxStores)
			}
			if _, err := filepath.EvalSymlinks(line); err != nil || open[0].depth >= maxBorrowing {
				x.repo.lost++
				continue
			}
			open = append(open, store{line, open[0].depth + 1})
		}
	}
	return nil
}

// borrows returns the stores that a list of alternates names: one a line, in
// quotes as C has them or without, and comments.
func borrows(text string) (list []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if plain, err := strconv.Unquote(line); err == nil && line[0] == '"' {
			line = plain
		}
		list = append(list, line)
	}
	return list
}

// walk checks that all below a directory are files and directories, or links
// to such. Other repositories' directories, and what git does not read, are
// passed over.
func (x *inspection) walk(ctx context.Context, dir string) error {
	if x.seen[dir] {
		return nil
	}
	x.seen[dir] = true
	if err := ctx.Err(); err != nil {
		return err //nolint:wrapcheck // the caller tells it from a failure
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return withoutPath(err)
	}
	for _, e := range entries {
		path, mode := filepath.Join(dir, e.Name()), e.Type()
		if mode&fs.ModeSymlink != 0 {
			resolved, err := filepath.EvalSymlinks(path)
			if err != nil {
				continue // it leads nowhere, and git will not open it
			}
			if !x.inside(resolved) {
				return ErrOutside
			}
			info, err := os.Stat(resolved)
			if err != nil {
				return withoutPath(err)
			}
			path, mode = resolved, info.Mode().Type()
		}
		switch {
		case mode.IsDir() && !slices.Contains([]string{"hooks", "modules", "worktrees", "lfs", "annex", "logs"}, e.Name()):
			if err := x.walk(ctx, path); err != nil {
				return err
			}
		case !mode.IsDir() && !mode.IsRegular():
			return fmt.Errorf("%s in its git directory is no file, and git was not run", Clean(e.Name()))
		}
	}
	return nil
}

// includes checks that the files which a configuration includes are files.
// They are read by git's own rules, without a repository.
func (x *inspection) includes(ctx context.Context, file string) error {
	if _, err := os.Stat(file); err != nil || x.seen[file] {
		return nil
	}
	x.seen[file] = true
	x.included++
	cmd := x.repo.command(ctx, "config", "--file", file, "--no-includes", "-z", "--get-regexp", `^include(if\..*)?\.path$`)
	cmd.Args = slices.DeleteFunc(cmd.Args, func(arg string) bool { return strings.HasPrefix(arg, "--git-dir=") })
	cmd.Dir = string(filepath.Separator)
	out, err := cmd.Output()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return fmt.Errorf("read its configuration: %w", err)
	}
	for entry := range bytes.SplitSeq(out, []byte{0}) {
		_, path, ok := strings.Cut(string(entry), "\n")
		if !ok || strings.HasPrefix(path, "~") {
			continue // git is given no home directory
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			continue // git passes it over, too
		case !info.Mode().IsRegular():
			return errors.New("its configuration includes what is no file, and git was not run")
		case x.included >= maxIncludes:
			return fmt.Errorf("its configuration includes more than %d files", maxIncludes)
		}
		if err := x.includes(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// pointer reads a small file that names another place; ok is false if there is
// none.
func pointer(path string) (text string, ok bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", false, nil
	case err != nil:
		return "", false, withoutPath(err)
	case !info.Mode().IsRegular():
		return "", false, fmt.Errorf("%s in its git directory is no file, and git was not run", Clean(filepath.Base(path)))
	}
	f, err := os.Open(path)
	if err != nil {
		return "", false, withoutPath(err)
	}
	defer f.Close() //nolint:errcheck // read only
	b, err := io.ReadAll(io.LimitReader(f, maxPointer))
	if err != nil {
		return "", false, withoutPath(err)
	}
	return strings.TrimRight(string(b), "\r\n"), true, nil
}

// withoutPath leaves the path of this machine out of an error.
func withoutPath(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("read its git directory: %w", path.Err)
	}
	return err
}
