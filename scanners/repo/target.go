package repo

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// A target is one scope to be: a repository, or a directory of files.
type target struct {
	dir  string
	repo bool
	file string // if only this file of dir is to be read
	// within is where a repository inside another target may keep its history;
	// nil is anywhere.
	within []string

	name string // of its scope, if the user chose it
	size int64  // about how much there is to read, in bytes; 0 is unknown
	also int    // other names by which it was called
}

// targets returns what a path that the user named stands for. Repositories
// below it are found while it is walked.
func (s *scanner) targets(root string) ([]target, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", root, err)
	}
	if !info.IsDir() {
		return []target{{dir: filepath.Dir(root), file: filepath.Base(root)}}, nil
	}
	is, _ := git.Is(root)
	return []target{{dir: root, repo: is}}, nil
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
