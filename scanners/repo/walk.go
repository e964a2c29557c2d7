package repo

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // git's object names
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/muster-nhi/muster/scanners/repo/codeowners"
	"github.com/muster-nhi/muster/scanners/repo/declared"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

// maxDepth is how deep directories are followed: each level makes every step
// below it dearer.
const maxDepth = 500

// walk reads the files on disk, untracked and ignored ones too. Symbolic links
// are not followed, and nothing outside the directory is opened. Files whose
// content is a known object are not read twice. Repositories inside become
// targets of their own.
func (j *job) walk(p *pool, known map[git.ID]bool) error {
	if err := j.progress(stageFiles, 0, 0); err != nil {
		return err
	}
	root, err := os.OpenRoot(j.target.dir)
	if err != nil {
		j.missf("the directory could not be opened: %s", reasonOf(err))
		return nil
	}
	defer root.Close() //nolint:errcheck // read only
	if j.target.file != "" {
		return j.walkFile(p, root, j.target.file, known)
	}
	files := 0
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if j.ctx.Err() != nil {
			return j.ctx.Err()
		}
		if err != nil {
			j.missf("files or directories could not be read: %s", reasonOf(err))
			return nil
		}
		switch {
		case path == ".":
			return nil
		case d.IsDir():
			return j.enter(path, known == nil && j.repo == nil)
		case !d.Type().IsRegular():
			return nil
		}
		const step = 20_000
		if files++; files%step == 0 {
			if err := j.progress(stageFiles, int64(files), 0); err != nil {
				return err
			}
		}
		return j.walkFile(p, root, path, known)
	})
	if err != nil {
		return fmt.Errorf("read files: %w", err)
	}
	return j.walkConfig(p)
}

// configDir is where git's configuration is told to lie, also that of a bare
// repository or of a linked working tree: no file of a tree has such a path.
const configDir = ".git/"

// walkConfig reads git's configuration of a repository, in which logins of remotes
// stand, as a file like any other. What linked working trees share is read with
// the repository that they belong to, if that is scanned, too.
func (j *job) walkConfig(p *pool) error {
	if !j.target.repo {
		return nil
	}
	common, own := filepath.Join(j.target.dir, ".git"), ""
	if j.repo != nil {
		common, own = j.repo.Common(), j.repo.GitDir()
	} else if info, err := os.Lstat(common); err != nil || !info.IsDir() {
		return nil //nolint:nilerr // what it is made of is not known, which the scan says already
	}
	if j.elsewhere == "" {
		if err := j.walkConfigFile(p, common, "config"); err != nil {
			return err
		}
	}
	return j.walkConfigFile(p, own, "config.worktree")
}

// walkConfigFile reads one file of a git directory, if it is there.
func (j *job) walkConfigFile(p *pool, dir, name string) error {
	if dir == "" {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return j.readFailure(unwrapRead(err))
	}
	defer root.Close() //nolint:errcheck // read only
	if _, err := root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return j.readFile(p, root, name, configDir+name, git.ID{})
}

// enter decides whether a directory is walked.
func (j *job) enter(path string, plain bool) error {
	base := filepath.Base(path)
	if base == ".git" {
		return fs.SkipDir
	}
	if strings.Count(path, "/") >= maxDepth {
		j.missf("directories nested more than %d deep were not read", maxDepth)
		return fs.SkipDir
	}
	dir := filepath.Join(j.target.dir, filepath.FromSlash(path))
	if is, _ := git.Is(dir); is {
		if plain || j.scan.config.Submodules {
			j.nested = append(j.nested, target{dir: dir, repo: true, within: j.bounds()})
		} else {
			j.notef("the repository at %s was left out: submodules are switched off", git.Clean(path))
		}
		return fs.SkipDir
	}
	if j.rules.SkipsPath(path) {
		return fs.SkipDir
	}
	return nil
}

// bounds returns where the repositories inside a target may keep their history:
// below what the user named, or, as submodules of a linked working tree do,
// with that of the repository around them.
func (j *job) bounds() []string {
	within := j.target.within
	if within == nil {
		within = []string{j.target.dir}
	}
	if j.repo != nil {
		within = append(slices.Clone(within), j.repo.Places()...)
	}
	return within
}

func (j *job) walkFile(p *pool, root *os.Root, path string, known map[git.ID]bool) error {
	name := filepath.ToSlash(path)
	indexed, tracked := j.indexFiles[name]
	if declared.Wants(name) && (tracked || !installed(name)) || isOwners(name) {
		j.wanted = append(j.wanted, name)
	}
	j.noteStore(name)
	if tracked && !known[indexed] {
		indexed = git.ID{}
	}
	return j.readFile(p, root, path, name, indexed)
}

// readFile reads a file on disk, and hands it to the matchers under a name, unless
// it is the object given.
func (j *job) readFile(p *pool, root *os.Root, path, name string, known git.ID) error {
	keyRules := j.rules.PathRules(name)
	if len(keyRules) == 0 && j.rules.SkipsPath(name) && !isOffice(name) {
		return nil
	}
	f, err := openFile(root, path)
	if err != nil {
		j.missf("files or directories could not be read: %s", reasonOf(err))
		return nil
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil // it was replaced while the walk ran: it is no file any more
	}
	if info.Size() == 0 {
		return nil // what a kernel's file system makes up as it is read may have no end
	}
	if info.Size() > j.scan.config.MaxFileSize {
		j.skip("larger than max_file_size")
		return nil
	}
	if info.Size() > chunkSize {
		j.noteLarge(name)
		return j.readFailure(p.feed(source{path: name}, f, info.Size()))
	}
	content, err := io.ReadAll(io.LimitReader(f, chunkSize))
	if err != nil {
		return j.readFailure(err)
	}
	if !known.IsZero() && sameObject(git.TypeBlob, content, known) {
		return nil
	}
	if format := j.format(name); format != "" {
		keyRules = append(slices.Clone(keyRules), format)
	}
	for _, rule := range keyRules {
		j.diskKeys = append(j.diskKeys, diskKey{rule, name, bytes.Clone(content)})
	}
	if !j.rules.SkipsPath(name) || isOffice(name) && encodingOf(content) == packed {
		p.addWhole(source{path: name}, content)
	}
	return nil
}

// openFile opens a file to read it. It does not wait: where a pipe came in the
// place of a file, nobody may ever write to it.
func openFile(root *os.Root, path string) (*os.File, error) {
	return root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:wrapcheck // the caller leaves the path out
}

// readFailure turns a file that cannot be read into a reason.
func (j *job) readFailure(err error) error {
	if err != nil {
		j.missf("files or directories could not be read: %s", reasonOf(unwrapRead(err)))
	}
	return nil
}

func unwrapRead(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// sameObject reports whether a content is that of an object of a type.
func sameObject(kind string, content []byte, id git.ID) bool {
	h := newObjectHash(kind, int64(len(content)), id)
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil)) == id.String()
}

// newObjectHash begins the hash that names an object, as that of an id does.
func newObjectHash(kind string, size int64, id git.ID) hash.Hash {
	h := sha256.New()
	if _, short := id.SHA1(); short {
		h = sha1.New() //nolint:gosec // git's object names
	}
	fmt.Fprintf(h, "%s %d\x00", kind, size)
	return h
}

// installed reports whether a path lies in a directory of installed packages,
// which declare identities of other projects.
func installed(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "node_modules", "vendor", "site-packages", ".terraform", ".venv", "venv", ".tox", "bower_components":
			return true
		}
	}
	return false
}

func isOwners(name string) bool {
	for _, place := range codeowners.Places() {
		if name == place.Path {
			return true
		}
	}
	return false
}

// submodule tells of a submodule, unless it is there to be walked.
func (j *job) submodule(path string) {
	if !j.repo.Bare() && j.scan.config.Worktree && !j.scan.config.Staged {
		if is, _ := git.Is(filepath.Join(j.repo.Dir(), filepath.FromSlash(path))); is {
			return
		}
	}
	j.notef("the submodule at %s is not checked out and was not scanned", git.Clean(path))
}
