package repo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// A target is one scope to be: a repository, or a directory of files.
type target struct {
	dir  string
	repo bool
	file string // if only this file of dir is to be read
	// below is what of a repository's changes is looked at: those to these files and
	// directories, by their paths in it; nil is all.
	below []string
	// around is how the user can name the repository that a directory of files lies
	// in; empty if there is none, or its history is not asked for.
	around string
	// within is where a repository inside another target may keep its history;
	// nil is anywhere.
	within []string

	name string // of its scope, if the user chose it
	size int64  // about how much there is to read, in bytes; 0 is unknown
	also int    // other names by which it was called
}

// targets returns what a path that the user named stands for. Repositories
// below it are found while it is walked. What lies inside a repository is files,
// unless changes are asked for: these are the repository's, as far as they touch
// it.
func (s *scanner) targets(root string) ([]target, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", root, err)
	}
	t := target{dir: root}
	if !info.IsDir() {
		t.dir, t.file = filepath.Dir(root), filepath.Base(root)
	} else if t.repo, _ = git.Is(root); t.repo {
		return []target{t}, nil
	}
	top, below, inside := workingTree(t)
	switch c := s.config; {
	case !c.narrow() && c.Worktree:
		if inside && c.History && t.file == "" {
			t.around = upwards(root, top)
		}
		return []target{t}, nil
	case !inside:
		return nil, fmt.Errorf("%q lies in %w, and %s is looked for in one: leave that out to scan files, or name repos:DIR for the repositories below a directory", root, errNoRepository, c.asked())
	case !c.narrow():
		return nil, fmt.Errorf("%q is %w but lies in the one at %s, whose history is not told apart by directory: name that, or let files be scanned, too", root, errNoRepository, upwards(root, top))
	}
	return []target{{dir: top, repo: true, below: []string{below}}}, nil
}

// errNoRepository says that something is asked for that only a repository has.
var errNoRepository = errors.New("no repository")

// checkRoots refuses what was named for something that it does not have, before
// anything is scanned. What cannot be read is told by the scan.
func (s *scanner) checkRoots() error {
	for _, root := range s.roots {
		list, err := s.targets(root)
		if errors.Is(err, errNoRepository) {
			return err
		}
		for i := range list {
			if err := s.checkChanges(&list[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkChanges refuses to look for changes since what is neither a time nor a
// revision of the repository, and for staged ones where nothing can be staged. Of
// a repository that cannot be opened the scan tells.
func (s *scanner) checkChanges(t *target) error {
	c := s.config
	if !t.repo || !c.Staged && (c.Since == "" || isTime(c.Since)) {
		return nil
	}
	if _, bare := git.Is(t.dir); c.Staged && !bare {
		return nil // git need not be asked, and a hook is waited for
	}
	program, err := git.Find()
	if err != nil {
		return nil //nolint:nilerr // the scan says so
	}
	ctx := context.Background() // a scan has none before it begins; git only reads a name
	repo, err := git.Open(ctx, program, t.dir, t.within...)
	if err != nil {
		return nil //nolint:nilerr // the scan says so
	}
	if c.Staged && repo.Bare() {
		return bareError(t.dir)
	}
	if _, err := sinceArgs(ctx, repo, c.Since); errors.Is(err, errSince) {
		return err
	}
	return nil
}

// workingTree returns the top of the working tree in which a directory or file
// lies, and its path in there.
func workingTree(t target) (top, below string, ok bool) {
	dir, err := realPath(t.dir)
	if err != nil {
		return "", "", false
	}
	if top, ok = enclosing(dir); !ok {
		return "", "", false
	}
	if _, bare := git.Is(top); bare {
		return "", "", false
	}
	below, err = filepath.Rel(top, filepath.Join(dir, t.file))
	return top, filepath.ToSlash(below), err == nil
}

// upwards names a directory above another as seen from there, if that is where
// the steps up lead.
func upwards(dir, top string) string {
	for up := dir; ; {
		if at, err := realPath(up); err != nil || !strings.HasPrefix(at, top) {
			return top
		} else if at == top {
			return up
		}
		up = filepath.Join(up, "..")
	}
}

// realPath returns a path from the root on, without symbolic links.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("locate %q: %w", path, err)
	}
	return filepath.EvalSymlinks(abs) //nolint:wrapcheck // the path is told by the caller
}

// wants reports whether changes to a path are looked at.
func (t *target) wants(path string) bool {
	return t.below == nil || slices.ContainsFunc(t.below, func(below string) bool {
		return path == below || strings.HasPrefix(path, below+"/")
	})
}

// join takes another target at the same place into this one.
func (t *target) join(other target) {
	switch {
	case t.below == nil || other.below == nil:
		t.below = nil
		t.also++
	case slices.Contains(t.below, other.below[0]):
		t.also++
	default:
		t.below = append(t.below, other.below...)
		slices.Sort(t.below)
	}
}

// scopes makes scope names unique within a run.
type scopes map[string]int

func (s scopes) unique(name string) string {
	s[name]++
	if n := s[name]; n > 1 {
		return s.unique(name + "-" + strconv.Itoa(n))
	}
	return name
}

// scopeOf returns the name of a repository: its origin without scheme,
// credentials and ".git", or else local/ and the directory's name.
func scopeOf(origin, dir string) string {
	if name := remoteName(origin); name != "" {
		return name
	}
	base := filepath.Base(dir)
	if abs, err := filepath.Abs(dir); err == nil {
		base = filepath.Base(abs)
		if base == ".git" {
			base = filepath.Base(filepath.Dir(abs))
		}
	}
	return "local/" + scopeText(strings.TrimSuffix(base, ".git"))
}

// remoteName normalises a remote's URL; it is empty for a local path.
func remoteName(remote string) string {
	host, path := "", ""
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		if u.Scheme == "file" {
			return ""
		}
		host, path = u.Hostname(), u.Path
	} else if at, rest, ok := strings.Cut(remote[strings.LastIndexByte(remote, '@')+1:], ":"); ok && !strings.Contains(at, "/") && !strings.HasPrefix(rest, "//") {
		// user@host:path, the short form of ssh.
		host, path = at, rest
	}
	if before, _, ok := strings.Cut(path, "@"); ok && strings.Contains(before, ":") {
		return "" // the login of another address in the path
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if host == "" || path == "" || len(host) == 1 {
		return ""
	}
	return scopeText(strings.ToLower(host) + "/" + path)
}

// scopeText makes a name fit to be a scope.
func scopeText(s string) string {
	s = strings.Join(strings.Fields(git.Clean(s)), "-")
	if s == "" || s == "." || s == "/" {
		return "root"
	}
	return s
}
