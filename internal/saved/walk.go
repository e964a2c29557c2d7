package saved

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"
)

// A Walker hands over the files of a directory.
type Walker struct {
	Options                       // with defaults filled in
	Problems *Problems            // takes what cannot be read
	Survey   func(names []string) // gets the names of all files before the first is opened; may be nil; not called for a single file
	File     func(name string, in io.Reader)
}

// Walk calls File with each regular file in the order of their paths, which are
// relative and have forward slashes. Directories called .git are passed over. A
// symbolic link is not followed: what it leads to inside the directory is read where
// it is. Walk returns an error only if Dir cannot be opened or ctx ended.
func (w *Walker) Walk(ctx context.Context) error {
	target, err := filepath.EvalSymlinks(w.Dir)
	if err != nil {
		return fmt.Errorf("open the export: %w", err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return fmt.Errorf("open the export: %w", err)
	}
	dir := target
	if !info.IsDir() {
		dir = filepath.Dir(target)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the export: %w", err)
	}
	defer root.Close() //nolint:errcheck // nothing was written
	if info.IsDir() {
		return w.directory(ctx, root)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("open the export: %q is neither a file nor a directory", filepath.Base(target))
	}
	return w.open(ctx, root, filepath.Base(target))
}

// directory reads all files below a directory.
func (w *Walker) directory(ctx context.Context, root *os.Root) error {
	files, err := w.files(ctx, root)
	if err != nil {
		return fmt.Errorf("read the export: %w", err)
	}
	if w.Survey != nil {
		w.Survey(files)
	}
	if len(files) > w.MaxFiles {
		w.Problems.Lost("", fmt.Sprintf("the directory holds %d files, and only the first %d were read", len(files), w.MaxFiles))
		files = files[:w.MaxFiles]
	}
	for _, name := range files {
		if err := w.open(ctx, root, name); err != nil {
			return err
		}
	}
	return nil
}

// files lists the regular files below a directory.
func (w *Walker) files(ctx context.Context, root *os.Root) ([]string, error) {
	var files []string
	err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && name == ".":
			return err
		case err != nil:
			w.Problems.Lost(name, "cannot be read: "+Cause(err))
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
		case w.readable(root, name, entry):
			files = append(files, name)
		}
		return nil
	})
	slices.Sort(files)
	return files, err //nolint:wrapcheck // directory wraps it
}

// readable reports whether an entry is a file to be read.
func (w *Walker) readable(root *os.Root, name string, entry fs.DirEntry) bool {
	switch mode := entry.Type(); {
	case mode.IsRegular():
		return true
	case mode&fs.ModeSymlink == 0:
		w.Problems.Note(name, "is no regular file and was not opened")
	default:
		if _, err := Resolve(root, name); err != nil {
			w.Problems.Lost(name, "symbolic link not followed: "+Cause(err))
		}
	}
	return false
}

// Resolve follows the symbolic links of the last element of a name, inside the
// directory only: a link out of it, in circles or to nothing is an error.
func Resolve(root *os.Root, name string) (string, error) {
	for range 40 {
		info, err := root.Lstat(name)
		if err != nil {
			return "", err //nolint:wrapcheck // Cause says what it means
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return name, nil
		}
		target, err := root.Readlink(name)
		if err != nil {
			return "", err //nolint:wrapcheck // Cause says what it means
		}
		if path.IsAbs(target) || !fs.ValidPath(path.Join(path.Dir(name), target)) {
			return "", errors.New("it leads out of the directory")
		}
		name = path.Join(path.Dir(name), target)
	}
	return "", errors.New("it leads in circles")
}

// open hands over one file. Only the end of ctx is an error. The file is opened
// without waiting: a pipe that came in its place might never be written to.
func (w *Walker) open(ctx context.Context, root *os.Root, name string) error {
	f, err := root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		w.Problems.Lost(name, "cannot be opened: "+Cause(err))
		return nil
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	switch {
	case err != nil:
		w.Problems.Lost(name, "cannot be read: "+Cause(err))
		return nil
	case !info.Mode().IsRegular():
		w.Problems.Note(name, "is no regular file and was not opened")
		return nil
	case info.Size() > w.MaxFile:
		w.Problems.Lost(name, fmt.Sprintf("is longer than %d bytes and was not read", w.MaxFile))
		return nil
	}
	w.File(name, f)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the export: %w", err)
	}
	return nil
}
