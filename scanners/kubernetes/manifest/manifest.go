// Package manifest reads Kubernetes manifests on disk into the objects that a
// live cluster would have: YAML of many documents, JSON, Lists, what
// `kubectl get -o yaml` and `-o json` print, and what `helm template` and
// `kustomize build` render.
//
// What cannot be read is told with file and line, and the rest is read. Templates
// are not rendered. Values of Secrets stand in manifests in clear; they are hashed
// and not kept.
package manifest

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// Options say how to read. A zero field means the default.
type Options struct {
	// Name becomes Cluster.Name; default is the base name of the directory or file.
	Name string
	// DefaultNamespace is that of namespaced objects whose manifest names none, as
	// `kubectl apply -n` would have it. Default "default".
	DefaultNamespace string
	// Hash makes the keyed hash of a secret value; nil hashes nothing.
	Hash func([]byte) inventory.SecretHash
	// MaxDocument is the longest single document, or item of a List, in bytes;
	// longer ones are reported. Default 32 MiB.
	MaxDocument int
	// MaxObjects bounds the objects kept; default 500,000. What comes after is
	// reported.
	MaxObjects int
	// MaxProblems bounds the problems told one by one; default 1,000. The last one
	// then says how many more there are.
	MaxProblems int
}

func (o Options) withDefaults() Options {
	o.DefaultNamespace = cmp.Or(o.DefaultNamespace, "default")
	o.MaxDocument = cmp.Or(o.MaxDocument, 32<<20)
	o.MaxObjects = cmp.Or(o.MaxObjects, 500_000)
	o.MaxProblems = cmp.Or(o.MaxProblems, 1000)
	return o
}

// A Problem is what could not be read, or what the reader of the result should
// know, and where.
type Problem struct {
	Path    string // below the directory, with forward slashes
	Line    int    // from 1; 0 if it is the whole file
	Message string // what is wrong and what to do; holds no value
	Lost    bool   // something was not read, so that what is declared is not known in full
}

// String returns path:line: message.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Path + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.Path, p.Line, p.Message)
}

// Read reads a file, or every *.yaml, *.yml and *.json file below a directory,
// symbolic links out of it not followed. Objects stand in the order of paths and
// lines, then sorted; each has Meta.Found. Where an object is declared twice the
// one that comes last counts, as with `kubectl apply -R -f`.
//
// Roles that the API server makes itself (see Builtin) are added where a binding
// names them; they have no Meta.Found. Roles that aggregate others are filled in.
// Each of Listings is complete unless one of the problems is Lost.
//
// Memory grows with the number of objects; a file is read document by document. Read
// returns an error only if the path cannot be opened or ctx ended.
func Read(ctx context.Context, path string, opts Options) (*object.Cluster, []Problem, error) {
	opts = opts.withDefaults()
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open manifests: %w", err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return nil, nil, fmt.Errorf("open manifests: %w", err)
	}
	opts.Name = cmp.Or(opts.Name, inventory.Printable(filepath.Base(absolute(path))))
	dir := target
	if !info.IsDir() {
		dir = filepath.Dir(target)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open manifests: %w", err)
	}
	defer root.Close() //nolint:errcheck // nothing was written
	b := newBuilder(opts)
	if info.IsDir() {
		err = b.directory(ctx, root)
	} else {
		err = b.single(ctx, root, info, filepath.Base(target))
	}
	if err != nil {
		return nil, nil, err
	}
	cluster := b.finish()
	return cluster, b.problems.all(), nil
}

// single reads a file that the user named, whatever it is called.
func (b *builder) single(ctx context.Context, root *os.Root, info fs.FileInfo, name string) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("open manifests: %q is neither a file nor a directory", name)
	}
	return b.file(ctx, root, name)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// file opens and reads one file. Only the end of ctx is an error.
func (b *builder) file(ctx context.Context, root *os.Root, path string) error {
	f, err := root.Open(filepath.FromSlash(path))
	if err != nil {
		b.problems.lost(path, 0, "cannot be opened: "+cause(err))
		return nil
	}
	defer f.Close() //nolint:errcheck // nothing was written
	r := &reader{ctx: ctx, builder: b, path: path}
	r.read(f)
	if ctx.Err() != nil {
		return fmt.Errorf("read manifests: %w", ctx.Err())
	}
	return nil
}
