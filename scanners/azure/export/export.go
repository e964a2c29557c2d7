// Package export reads what the command line of Azure and Microsoft Graph saved into
// files: the output of az listings and of az rest, answers of Resource Graph, pages
// that somebody kept of Graph Explorer. Nobody's access is needed for that.
//
// Files are known by what is in them. Their names only tell of which application,
// vault or subscription a list is that does not say so itself, and of which call an
// empty list is. What is missing is told with the command that gets it, and what
// cannot be read is named and costs nothing else. Values of secrets that somebody
// saved are passed over and told.
package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/muster-nhi/muster/scanners/azure/object"
)

// Options say what to read. A zero field means the default.
type Options struct {
	// Dir is the directory, or a single file.
	Dir string
	// MaxFile is the longest file that is read, in bytes, after it was
	// decompressed; default 4 GiB. MaxValue is the longest single object in it, or
	// page of an API's answer; default 64 MiB.
	MaxFile, MaxValue int64
	// MaxFiles bounds the files that are opened; default 200,000.
	MaxFiles int
	// MaxProblems bounds the problems that are told one by one; default 200.
	MaxProblems int
}

func (o Options) withDefaults() Options {
	o.MaxFile = cmp.Or(o.MaxFile, 4<<30)
	o.MaxValue = cmp.Or(o.MaxValue, 64<<20)
	o.MaxFiles = cmp.Or(o.MaxFiles, 200_000)
	o.MaxProblems = cmp.Or(o.MaxProblems, 200)
	return o
}

// A Problem is what could not be read, or what the reader of the result should
// know, and where.
type Problem struct {
	Path    string // below the directory, with forward slashes; empty if it is the directory as a whole
	Message string // what is wrong and what to do; holds no value
	Lost    bool   // something was not read, so that nothing is known in full
}

// String returns path: message.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Read reads a directory, whatever the names and depth of its files, symbolic
// links out of it not followed. Files of different tenants are told apart by a
// directory that has the id of a tenant for a name; without one there is a single
// tenant.
//
// Each listing that a live scan would make is in Listings, with what to run where
// no file has it. Memory grows with the number of objects; files are read object by
// object. Read returns an error only if the directory cannot be opened or ctx ended.
func Read(ctx context.Context, o Options) (*object.Estate, []Problem, error) {
	o = o.withDefaults()
	target, err := filepath.EvalSymlinks(o.Dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open the export: %w", err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return nil, nil, fmt.Errorf("open the export: %w", err)
	}
	dir := target
	if !info.IsDir() {
		dir = filepath.Dir(target)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open the export: %w", err)
	}
	defer root.Close() //nolint:errcheck // nothing was written
	r := newReader(ctx, o)
	if info.IsDir() {
		err = r.directory(root)
	} else {
		err = r.single(root, info, filepath.Base(target))
	}
	if err != nil {
		return nil, nil, err
	}
	return r.finish(), r.problems.all(), nil
}

// single reads a file that the user named, whatever it is called.
func (r *reader) single(root *os.Root, info fs.FileInfo, name string) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("open the export: %q is neither a file nor a directory", name)
	}
	return r.open(root, name)
}

// open reads one file. Only the end of ctx is an error. The file is opened without
// waiting: a pipe that came in its place might never be written to.
func (r *reader) open(root *os.Root, name string) error {
	f, err := root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		r.lost(name, "cannot be opened: "+cause(err))
		return nil
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	switch {
	case err != nil:
		r.lost(name, "cannot be read: "+cause(err))
		return nil
	case !info.Mode().IsRegular():
		r.note(name, "is no regular file and was not opened")
		return nil
	case info.Size() > r.opts.MaxFile:
		r.lost(name, fmt.Sprintf("is longer than %d bytes and was not read", r.opts.MaxFile))
		return nil
	}
	r.file(name, f)
	if err := r.ctx.Err(); err != nil {
		return fmt.Errorf("read the export: %w", err)
	}
	return nil
}

// cause is what is wrong with a file, without its path.
func cause(err error) string {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	if errors.Is(err, fs.ErrPermission) {
		return "permission denied"
	}
	return err.Error()
}
