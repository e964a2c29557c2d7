package git

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxState is how much of a repository's own files is read for its state, in
// bytes.
const maxState = 64 << 20

var errUnknownState = errors.New("the state of the repository cannot be told from its files")

// A State says what the history of a repository is made of.
type State struct {
	Sum [sha256.Size]byte // of all

	// Settings is a hash of what else than commits decides what Log says of one:
	// configuration, mailmap, grafts, and all else that is no reference, reflog or
	// object. Zero is unknown.
	Settings [sha256.Size]byte

	// Objects are hashes of the names of packs, with their sizes, and of loose
	// objects, sorted: if they are among those of a later state, no object was lost
	// in between. Nil is unknown.
	Objects []uint64
}

// maxObjects is how many files with objects a State knows; 8 bytes each.
const maxObjects = 1 << 17

// State returns what Log, Commits, Reach, Stashes and Tags go by: they tell the
// same as long as its sum is the same. That is made of references, HEAD, reflogs, grafts, configuration and mailmap by their
// content, packs by name and size, loose objects by name, also of stores that it
// borrows from. The index and the
// working tree are no part of it. No object is read: that one was damaged since
// does not show. An error says that the state cannot be told.
func (r *Repo) State(ctx context.Context) (State, error) {
	s := &state{sum: sha256.New(), settings: sha256.New(), left: maxState, objects: []uint64{}}
	var err error
	for _, dir := range r.places {
		if err := ctx.Err(); err != nil {
			return State{}, err //nolint:wrapcheck // the caller tells it from a failure
		}
		switch {
		case slices.Contains(r.stores, dir):
			err = s.store(dir)
		case dir == r.common || dir == r.own():
			err = s.dir(dir, "")
		default:
			err = errUnknownState
		}
		if err != nil {
			return State{}, err
		}
	}
	if err := s.optional(filepath.Join(r.dir, ".mailmap")); err != nil {
		return State{}, err
	}
	fmt.Fprintf(io.MultiWriter(s.sum, s.settings), "bare %t mailmap %t", r.bare, r.mailmap)
	out := State{Sum: [sha256.Size]byte(s.sum.Sum(nil)), Objects: s.objects}
	slices.Sort(out.Objects)
	if r.bare { // then git takes the mailmap at HEAD
		id, err := r.output(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD:.mailmap")
		if ctx.Err() != nil {
			return State{}, ctx.Err() //nolint:wrapcheck // the caller tells it from a failure
		}
		fmt.Fprintf(s.settings, "%t %s\n", err == nil, id)
	}
	if !s.elsewhere {
		out.Settings = [sha256.Size]byte(s.settings.Sum(nil))
	}
	return out, nil
}

// own returns the git directory as a real path.
func (r *Repo) own() string {
	if len(r.places) == 0 {
		return ""
	}
	return r.places[0]
}

// A state sums up files.
type state struct {
	sum, settings hash.Hash
	left          int64 // bytes that may still be read
	elsewhere     bool  // settings lie where a reference leads
	objects       []uint64
}

// dir adds all below a directory that git reads for history.
func (s *state) dir(root, below string) error {
	entries, err := os.ReadDir(filepath.Join(root, below))
	if err != nil {
		return withoutPath(err)
	}
	for _, e := range entries {
		name := filepath.Join(below, e.Name())
		info, err := os.Stat(filepath.Join(root, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // it leads nowhere, or is gone
		case err != nil:
			return withoutPath(err)
		case info.IsDir() && below == "" && slices.Contains([]string{"objects", "hooks", "modules", "lfs", "annex"}, e.Name()):
			continue
		case info.IsDir() && e.Type()&fs.ModeSymlink != 0:
			return errUnknownState // it may lead in a circle
		case info.IsDir():
			err = s.dir(root, name)
		case isPassing(filepath.ToSlash(below), e.Name()):
			continue
		case info.Mode().IsRegular():
			err = s.file(filepath.Join(root, name), filepath.ToSlash(name))
		default:
			err = errUnknownState
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isPassing reports whether a file says nothing of history: locks, the index and
// the draft of a message, which lie where a git directory or that of a linked
// working tree begins. A branch may have their names.
func isPassing(below, name string) bool {
	if strings.HasSuffix(name, ".lock") {
		return true // no reference ends so
	}
	top := below == "" || strings.HasPrefix(below, "worktrees/") && strings.Count(below, "/") == 1
	return top && (name == "index" || name == "COMMIT_EDITMSG")
}

// file adds a name and a content.
func (s *state) file(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return withoutPath(err)
	}
	defer f.Close() //nolint:errcheck // read only
	content, err := io.ReadAll(io.LimitReader(f, s.left+1))
	if err != nil {
		return withoutPath(err)
	}
	if s.left -= int64(len(content)); s.left < 0 {
		return errUnknownState
	}
	if strings.HasPrefix(filepath.Base(name), "config") {
		lower := bytes.ToLower(content)
		if bytes.Contains(lower, []byte("[include")) {
			return errUnknownState // it says more in files that may lie anywhere
		}
		s.elsewhere = s.elsewhere || bytes.Contains(lower, []byte("mailmap"))
	}
	sum := sha256.Sum256(content)
	line := fmt.Sprintf("%d %s %x\n", len(name), name, sum)
	_, _ = io.WriteString(s.sum, line) // a hash takes all
	if !isReference(name) {
		_, _ = io.WriteString(s.settings, line)
	}
	return nil
}

// isReference reports whether a file of a git directory says where references
// lead or led.
func isReference(name string) bool {
	parts := strings.Split(name, "/")
	last := parts[len(parts)-1]
	return last == "packed-refs" || strings.HasSuffix(last, "HEAD") ||
		slices.ContainsFunc(parts[:len(parts)-1], func(p string) bool { return p == "refs" || p == "logs" || p == "reftable" })
}

// object adds a file with objects to those that are there.
func (s *state) object(line string) {
	if len(s.objects) >= maxObjects {
		s.objects = nil
	}
	if s.objects != nil {
		sum := sha256.Sum256([]byte(line))
		s.objects = append(s.objects, binary.BigEndian.Uint64(sum[:]))
	}
}

// optional adds a file that need not be there.
func (s *state) optional(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return errUnknownState
	}
	return s.file(path, filepath.Base(path))
}

// store adds the names of what is in a store of objects.
func (s *state) store(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return withoutPath(err)
	}
	for _, e := range entries {
		if e.Name() != "info" && e.Name() != "pack" && len(e.Name()) != 2 {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, e.Name()))
		if err != nil {
			return withoutPath(err)
		}
		for _, f := range files {
			size := int64(0)
			if e.Name() == "pack" {
				info, err := os.Stat(filepath.Join(dir, "pack", f.Name()))
				if err != nil {
					return withoutPath(err)
				}
				size = info.Size()
			}
			if e.Name() == "info" && f.Name() == "alternates" {
				if err := s.optional(filepath.Join(dir, "info", f.Name())); err != nil {
					return err
				}
			}
			line := fmt.Sprintf("object %d %s/%s %d\n", len(f.Name()), e.Name(), f.Name(), size)
			_, _ = io.WriteString(s.sum, line) // a hash takes all
			if e.Name() != "info" && (e.Name() != "pack" || strings.HasSuffix(f.Name(), ".pack")) {
				s.object(dir + " " + line)
			}
		}
	}
	return nil
}
