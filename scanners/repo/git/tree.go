package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxEntries bounds the files of one commit. A few trees that name each other
// many times over make more than can ever be listed; the largest repositories
// known have some millions.
const maxEntries = 8_000_000

// An Entry is a file in a tree or in the index.
type Entry struct {
	Mode string
	ID   ID
	Path string // as the bytes are, which need not be UTF-8
}

// Head returns the commit that HEAD names; ok is false if there is none yet.
func (r *Repo) Head(ctx context.Context) (id ID, ok bool, err error) {
	out, err := r.output(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}")
	if ctx.Err() != nil {
		return ID{}, false, ctx.Err()
	}
	if err != nil {
		// Told from a branch that has no commit yet by whether there is any reference.
		if refs, refErr := r.output(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD"); refErr == nil && len(refs) > 0 {
			return ID{}, false, fmt.Errorf("read HEAD: %w", err)
		}
		return ID{}, false, nil
	}
	id, ok = ParseID(bytes.TrimSpace(out))
	return id, ok, nil
}

// Resolve returns the commit that a revision (a branch, a tag, HEAD~1, the
// start of an id) names, and whether it names one.
func (r *Repo) Resolve(ctx context.Context, revision string) (id ID, ok bool, err error) {
	out, err := r.output(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return ID{}, false, ctx.Err()
	}
	id, ok = ParseID(bytes.TrimSpace(out))
	return id, ok, nil
}

// Shallow reports whether history was cut off when the repository was cloned.
func (r *Repo) Shallow(ctx context.Context) (bool, error) {
	out, err := r.output(ctx, nil, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(string(out)) == "true", err
}

// Config returns a value of the repository's own configuration, or "". The
// key is one of ours, never a text that was read: not every git config knows
// --end-of-options.
func (r *Repo) Config(ctx context.Context, key string) string {
	out, err := r.output(ctx, nil, "config", "--local", "--no-includes", "--get", key)
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(out), "\n")
}

// Promisor reports whether objects may have been left out when the repository
// was cloned (a partial clone).
func (r *Repo) Promisor(ctx context.Context) bool {
	out, err := r.output(ctx, nil, "config", "--local", "--no-includes", "--get-regexp", `^remote\..*\.(promisor|partialclonefilter)$`)
	return err == nil && len(out) > 0 || r.Config(ctx, "extensions.partialClone") != ""
}

// Tree calls each for every file of a commit, by path.
func (r *Repo) Tree(ctx context.Context, commit ID, each func(Entry) error) error {
	return r.stream(ctx, nil, func(out io.Reader) error {
		return entries(out, func(meta [][]byte) (mode, id []byte) {
			if len(meta) != 3 {
				return nil, nil
			}
			return meta[0], meta[2]
		}, each)
	}, "ls-tree", "-r", "-z", "--full-tree", commit.String())
}

// Index calls each for every file in the index. Nothing is compared with the
// working tree.
func (r *Repo) Index(ctx context.Context, each func(Entry) error) error {
	return r.stream(ctx, nil, func(out io.Reader) error {
		return entries(out, func(meta [][]byte) (mode, id []byte) {
			if len(meta) != 3 {
				return nil, nil
			}
			return meta[0], meta[1]
		}, each)
	}, "ls-files", "--stage", "--cached", "-z")
}

func entries(out io.Reader, pick func([][]byte) (mode, id []byte), each func(Entry) error) error {
	in := bufio.NewReaderSize(out, 1<<16)
	for n := 0; ; n++ {
		token, err := field(in)
		if errors.Is(err, io.EOF) && len(token) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read files: %w", err)
		}
		if n >= maxEntries {
			return fmt.Errorf("more than %d files", maxEntries)
		}
		meta, path, ok := bytes.Cut(token, []byte("\t"))
		mode, text := pick(bytes.Fields(meta))
		id, isID := ParseID(text)
		if !ok || !isID {
			return errors.New("git: a file's line is not understood")
		}
		if err := each(Entry{string(mode), id, string(path)}); err != nil {
			return err
		}
	}
}

// Staged calls each for every path whose content in the index is not that of
// HEAD.
func (r *Repo) Staged(ctx context.Context, head ID, each func(Change) error) error {
	against := head.String()
	if head.IsZero() {
		against = "4b825dc642cb6eb9a060e54bf8d69288fbee4904" // the empty tree, known to every SHA-1 repository
		if r.Config(ctx, "extensions.objectFormat") == "sha256" {
			against = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
		}
	}
	commit := &Commit{}
	return r.stream(ctx, nil, func(out io.Reader) error {
		in := bufio.NewReaderSize(out, 1<<16)
		for {
			token, err := field(in)
			if errors.Is(err, io.EOF) && len(token) == 0 {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read staged changes: %w", err)
			}
			change, err := readChange(token)
			if err != nil {
				return err
			}
			path, err := field(in)
			if err != nil {
				return fmt.Errorf("read staged changes: %w", err)
			}
			change.Commit, change.Path = commit, string(path)
			if err := each(change); err != nil {
				return err
			}
		}
	}, "diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", against, "--")
}

// Tags calls each with the name of every annotated tag and its tag object.
func (r *Repo) Tags(ctx context.Context, each func(name string, tag ID)) error {
	out, err := r.output(ctx, nil, "for-each-ref", "--format=%(objecttype) %(objectname) %(refname:strip=2)", "refs/tags/")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(out)) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		hex, name, _ := strings.Cut(rest, " ")
		if id, ok := ParseID([]byte(hex)); ok && kind == TypeTag {
			each(Clean(name), id)
		}
	}
	return nil
}

// Reach returns the commits that args choose (a reference pattern such as
// --glob=refs/notes/*, or --walk-reflogs refs/stash).
func (r *Repo) Reach(ctx context.Context, args ...string) (map[ID]bool, error) {
	out, err := r.output(ctx, nil, append(append([]string{"rev-list"}, args...), "--")...)
	if err != nil {
		return nil, err
	}
	set := map[ID]bool{}
	for line := range strings.Lines(string(out)) {
		if id, ok := ParseID([]byte(strings.TrimSpace(line))); ok {
			set[id] = true
		}
	}
	return set, nil
}

// File returns the content of one file of a commit; a file that is not there is
// an error. At most limit bytes are returned.
func (r *Repo) File(ctx context.Context, commit ID, path string, limit int64) ([]byte, error) {
	var id ID
	err := r.Tree(ctx, commit, func(e Entry) error {
		if e.Path == path {
			id = e.ID
		}
		return nil
	})
	if err != nil || id.IsZero() {
		return nil, fmt.Errorf("%s: no such file in %s", Clean(path), commit)
	}
	var content []byte
	err = r.Contents(ctx, []ID{id}, func(o Object, in io.Reader) error {
		if o.Type != TypeBlob {
			return fmt.Errorf("%s: cannot be read", Clean(path))
		}
		var err error
		content, err = io.ReadAll(io.LimitReader(in, limit))
		return err //nolint:wrapcheck // the path is added below
	})
	return content, err
}

// Tips returns the objects that references, HEAD and reflogs name: commits, and
// annotated tags. It fails if one of them is missing.
func (r *Repo) Tips(ctx context.Context) ([]ID, error) {
	var ids []ID
	for _, args := range [][]string{
		{"for-each-ref", "--format=%(objectname)"},
		{"rev-list", "--no-walk=unsorted", "--all", "--reflog", "--"},
	} {
		out, err := r.output(ctx, nil, args...)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(out) {
			if id, ok := ParseID(bytes.TrimSpace(line)); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// AtTips calls each for every object in the trees of the commits that branches,
// also those of remotes, and HEAD name: what somebody who checks one of them out
// has on disk.
func (r *Repo) AtTips(ctx context.Context, head ID, each func(ID)) error {
	args := []string{"rev-list", "--objects", "--no-object-names", "--missing=allow-any", "--no-walk=unsorted", "--branches", "--remotes"}
	if !head.IsZero() {
		args = append(args, head.String())
	}
	return r.stream(ctx, nil, func(out io.Reader) error {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if id, ok := ParseID(bytes.TrimSpace(lines.Bytes())); ok {
				each(id)
			}
		}
		return lines.Err() //nolint:wrapcheck // stream says what was read
	}, append(args, "--")...)
}

// Stashes returns the commits that stashes are made of, older ones too.
func (r *Repo) Stashes(ctx context.Context) (map[ID]bool, error) {
	set := map[ID]bool{}
	if _, err := r.output(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", "refs/stash"); err != nil {
		return set, ctx.Err()
	}
	tips, err := r.output(ctx, nil, "rev-list", "--walk-reflogs", "refs/stash", "--")
	if err != nil || len(tips) == 0 {
		tips, err = r.output(ctx, nil, "rev-list", "--max-count=1", "refs/stash", "--")
	}
	if err != nil {
		return nil, err
	}
	out, err := r.output(ctx, bytes.NewReader(tips), "rev-list", "--no-walk", "--parents", "--stdin")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		for i, word := range strings.Fields(line) {
			// The first parent is the commit that was checked out.
			if id, ok := ParseID([]byte(word)); ok && i != 1 {
				set[id] = true
			}
		}
	}
	return set, nil
}
