package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Commit is what is told of a commit.
type Commit struct {
	ID      ID
	Parents int
	Author  string    // name <e-mail>, mailmap applied
	Date    time.Time // author date, in UTC

	Committer string    // likewise; often who merged, or the program that did
	Committed time.Time // committer date, in UTC
}

// A Change is one path that a commit changed. From holds the blob of each
// parent (one, unless the commit is a merge), To the new one; a zero ID stands
// where the path did not exist.
type Change struct {
	Commit *Commit
	From   []ID
	To     ID
	Path   string // as the bytes are, which need not be UTF-8
	Mode   string // of the new file; 160000 is a submodule, 120000 a symbolic link

	Submodules []ID // those of From that are no blobs but commits of submodules
}

// ModeSubmodule is the mode of a path that is a submodule.
const ModeSubmodule = "160000"

// logFormat asks for what readCommit reads.
func (r *Repo) logFormat() string {
	people := "%an <%ae>%x00%at%x00%cn <%ce>%x00%ct%x00"
	if r.mailmap {
		people = "%aN <%aE>%x00%at%x00%cN <%cE>%x00%ct%x00"
	}
	return "--format=format:%x01%H%x00%P%x00" + people
}

func (r *Repo) useMailmap() string {
	if r.mailmap {
		return "--use-mailmap"
	}
	return "--no-use-mailmap"
}

// logArgs returns what git log is asked with: for what readLog reads, and that
// nothing which configuration names is run. More follows.
func (r *Repo) logArgs(more ...string) []string {
	return append([]string{
		"log", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
		"--no-notes", "--no-show-signature", r.useMailmap(), r.logFormat(),
	}, more...)
}

// Log calls each for every change of the commits that args choose (--all, a
// range, --since=…), newest first, and begin, if not nil, for every commit. Of
// merges only what differs from all parents is told, and only with -c or
// --merges -c among args.
func (r *Repo) Log(ctx context.Context, args []string, begin func(*Commit), each func(Change) error) error {
	return r.stream(ctx, nil, func(out io.Reader) error { return readLog(out, begin, each) }, append(r.logArgs(args...), "--")...)
}

// LogSince is Log for all commits that a reference reaches and none of some tips
// does. Where dates of commits are wrong, it may tell some that tips do reach, too.
func (r *Repo) LogSince(ctx context.Context, tips []ID, args []string, begin func(*Commit), each func(Change) error) error {
	full := append(r.logArgs("--all", "--stdin"), args...)
	var without strings.Builder
	for _, id := range tips {
		without.WriteString("^" + id.String() + "\n")
	}
	return r.stream(ctx, strings.NewReader(without.String()), func(out io.Reader) error { return readLog(out, begin, each) }, full...)
}

// LogTips returns the commits that Log begins with if all references are asked for,
// sorted.
func (r *Repo) LogTips(ctx context.Context) ([]ID, error) {
	set, err := r.Reach(ctx, "--no-walk", "--all")
	return slices.SortedFunc(maps.Keys(set), ID.Compare), err
}

// AreReached reports whether a reference reaches each of some commits. Where dates
// of commits are wrong, the answer may be no though they do.
func (r *Repo) AreReached(ctx context.Context, tips []ID) (bool, error) {
	if len(tips) == 0 {
		return true, nil
	}
	out, err := r.output(ctx, &idReader{ids: tips}, "rev-list", "--max-count=1", "--stdin", "--not", "--all")
	return err == nil && len(bytes.TrimSpace(out)) == 0, err
}

// Descent returns commits, and those between them, in an order in which each comes
// behind its ancestors. Their history is followed as long as commits are not older
// than since, by the committer's date: an ancestor behind an older one is not seen.
func (r *Repo) Descent(ctx context.Context, ids []ID, since time.Time) ([]ID, error) {
	out, err := r.output(ctx, &idReader{ids: ids}, "rev-list", "--topo-order", "--reverse", "--max-age="+strconv.FormatInt(since.Unix(), 10), "--stdin")
	if err != nil {
		return nil, err
	}
	var order []ID
	for line := range bytes.Lines(out) {
		if id, ok := ParseID(bytes.TrimSpace(line)); ok {
			order = append(order, id)
		}
	}
	return order, nil
}

// Commits is Log for commits named one by one, whether a reference reaches
// them or not. A merge is told of with what differs from all its parents.
func (r *Repo) Commits(ctx context.Context, ids []ID, begin func(*Commit), each func(Change) error) error {
	if len(ids) == 0 {
		return nil
	}
	return r.stream(ctx, &idReader{ids: ids}, func(out io.Reader) error { return readLog(out, begin, each) },
		r.logArgs("--stdin", "--no-walk=unsorted", "-c")...)
}

func readLog(out io.Reader, begin func(*Commit), each func(Change) error) error {
	in := bufio.NewReaderSize(out, 1<<18)
	var commit *Commit
	for {
		token, err := field(in)
		if errors.Is(err, io.EOF) && len(token) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read log: %w", err)
		}
		token = bytes.TrimLeft(token, "\n")
		switch {
		case len(token) == 0:
		case token[0] == 1:
			if commit, err = readCommit(token[1:], in); err != nil {
				return err
			}
			if begin != nil {
				begin(commit)
			}
		case token[0] == ':' && commit != nil:
			change, err := readChange(token)
			if err != nil {
				return err
			}
			path, err := field(in)
			if err != nil {
				return fmt.Errorf("read log: %w", io.ErrUnexpectedEOF)
			}
			change.Commit, change.Path = commit, string(path)
			if err := each(change); err != nil {
				return err
			}
		default:
			return errors.New("git log: a part is neither commit nor change")
		}
	}
}

// field reads up to a NUL, which it leaves out.
func field(in *bufio.Reader) ([]byte, error) {
	token, err := in.ReadBytes(0)
	return bytes.TrimSuffix(token, []byte{0}), err //nolint:wrapcheck // the caller tells the end from a failure
}

func readCommit(first []byte, in *bufio.Reader) (*Commit, error) {
	var rest [5]string
	for i := range rest {
		token, err := field(in)
		if err != nil {
			return nil, fmt.Errorf("read log: %w", io.ErrUnexpectedEOF)
		}
		rest[i] = string(token)
	}
	id, ok := ParseID(first)
	if !ok {
		return nil, errors.New("git log: a commit has no id")
	}
	return &Commit{
		ID: id, Parents: len(strings.Fields(rest[0])), Author: Clean(rest[1]), Date: date(rest[2]),
		Committer: Clean(rest[3]), Committed: date(rest[4]),
	}, nil
}

// date reads seconds since 1970. A date that makes no sense stays unknown.
func date(text string) time.Time {
	if at, err := strconv.ParseInt(text, 10, 64); err == nil && at > 0 && at < 1<<37 {
		return time.Unix(at, 0).UTC()
	}
	return time.Time{}
}

// readChange reads ":100644 100644 <from> <to> M", or for a merge of two
// "::100644 100644 100644 <from> <from> <to> MM".
func readChange(token []byte) (Change, error) {
	colons := len(token) - len(bytes.TrimLeft(token, ":"))
	fields := bytes.Fields(token[colons:])
	if len(fields) != 2*colons+3 {
		return Change{}, errors.New("git log: a change is not understood")
	}
	c := Change{Mode: string(fields[colons])}
	for i := range colons + 1 {
		id, ok := ParseID(fields[colons+1+i])
		if !ok {
			return Change{}, errors.New("git log: a change has no object id")
		}
		if i < colons {
			c.From = append(c.From, id)
			if string(fields[i]) == ModeSubmodule {
				c.Submodules = append(c.Submodules, id)
			}
		} else {
			c.To = id
		}
	}
	return c, nil
}
