package git

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrIndex says that an index is none of those that git makes for a repository:
// it is not there, no file, or not in the git directory.
var ErrIndex = errors.New("it is no file in the git directory")

// WithIndex returns the repository with another index than its own, as git names
// it in GIT_INDEX_FILE while it makes a commit (git commit -a, git commit PATH): a
// path from the top of the working tree on, or an absolute one. It must lie in the
// git directory, which is a linked working tree's own, and what is there must be a
// file, or a link to one in there; its own index need not be there yet. The error
// is ErrIndex.
func (r *Repo) WithIndex(file string) (*Repo, error) {
	if !filepath.IsAbs(file) {
		file = filepath.Join(r.dir, file)
	}
	own, err := filepath.EvalSymlinks(r.own())
	if err != nil {
		return nil, withoutPath(err)
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return nil, ErrIndex
	}
	if dir == own && filepath.Base(file) == "index" {
		return r, nil
	}
	resolved, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, ErrIndex
	}
	below, err := filepath.Rel(own, resolved)
	if err != nil || !filepath.IsLocal(below) {
		return nil, ErrIndex
	}
	if info, err := os.Lstat(resolved); err != nil || info.Mode().Type() != fs.FileMode(0) {
		return nil, ErrIndex
	}
	other := *r
	other.index = resolved
	return &other, nil
}

// Owns reports whether a directory is the repository's own git directory, that of
// a linked working tree if it is one.
func (r *Repo) Owns(gitDir string) bool {
	resolved, err := filepath.EvalSymlinks(gitDir)
	return err == nil && resolved == r.own()
}
