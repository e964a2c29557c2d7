package manifest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/saved"
)

// directory reads the manifests below a directory in the order of their paths.
func (b *builder) directory(ctx context.Context, root *os.Root) error {
	var files, frames []string
	err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			if name == "." {
				return err
			}
			b.problems.lost(name, 0, "cannot be read: "+cause(err))
			return nil
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		case isKustomization(entry.Name()) || entry.Name() == "Chart.yaml":
			frames = append(frames, name)
		case isManifest(entry.Name()) && b.readable(root, name, entry):
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read manifests: %w", err)
	}
	b.frames(root, frames)
	slices.Sort(files)
	for _, name := range files {
		if b.layout.patches[name] {
			continue // part of an object, not one
		}
		if err := b.file(ctx, root, name); err != nil {
			return err
		}
	}
	return nil
}

// isManifest goes by the name, in any case.
func isManifest(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// readable reports whether an entry is a file to be read. A symbolic link is
// followed if it ends inside the directory at a file that is not read anyway.
func (b *builder) readable(root *os.Root, name string, entry fs.DirEntry) bool {
	mode := entry.Type()
	if mode.IsRegular() {
		return true
	}
	if mode&fs.ModeSymlink == 0 {
		b.problems.note(name, 0, "is no regular file and was not opened")
		return false
	}
	target, err := saved.Resolve(root, name)
	if err != nil {
		b.problems.lost(name, 0, "symbolic link not followed: "+cause(err))
		return false
	}
	info, err := root.Lstat(target)
	switch {
	case err != nil:
		b.problems.lost(name, 0, "symbolic link not followed: "+cause(err))
		return false
	case !info.Mode().IsRegular():
		return false // a directory, which is walked where it is
	}
	return !isManifest(target) || strings.HasPrefix(target, ".git/")
}
