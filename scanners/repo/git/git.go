// Package git reads repositories through the system's git, the only program
// that scanners/repo starts.
//
// The repository is taken to be hostile: no configuration of the system or the
// user is read, what a repository's own configuration could make git run or
// fetch is overridden, nothing is written, no hook, filter, pager, signature
// check or lazy fetch runs, and no command that looks at working tree files is
// used, because filters named in a repository's configuration would run on
// them.
package git

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

var (
	// ErrMissing says that git itself is not installed.
	ErrMissing = errors.New("git is not installed or not on PATH: install git 2.30 or newer to read histories")
	// ErrNotRepository says that a directory is not a repository.
	ErrNotRepository = errors.New("not a git repository")
)

// maxStderr bounds what is kept of git's complaints, in bytes.
const maxStderr = 4 << 10

// An ID is an object's name: 20 bytes of SHA-1, or 32 of SHA-256. The zero ID
// names no object.
type ID struct {
	hash [32]byte
	long bool
}

// ParseID reads 40 or 64 hex digits.
func ParseID(s []byte) (id ID, ok bool) {
	if len(s) != 40 && len(s) != 64 {
		return ID{}, false
	}
	id.long = len(s) == 64
	_, err := hex.Decode(id.hash[:], s)
	return id, err == nil
}

// SHA1 returns the ID of an object by its SHA-1.
func SHA1(hash [20]byte) (id ID) {
	copy(id.hash[:], hash[:])
	return id
}

// SHA1 returns the hash of an ID, and whether it is one of SHA-1.
func (id ID) SHA1() (hash [20]byte, ok bool) { return [20]byte(id.hash[:20]), !id.long }

// String returns the hex digits of an ID.
func (id ID) String() string {
	if id.long {
		return hex.EncodeToString(id.hash[:])
	}
	return hex.EncodeToString(id.hash[:20])
}

// Compare orders IDs as their hex digits are ordered.
func (id ID) Compare(other ID) int {
	c := bytes.Compare(id.hash[:], other.hash[:])
	switch {
	case c != 0 || id.long == other.long:
		return c
	case other.long:
		return -1
	default:
		return 1
	}
}

// Short returns the first 64 bits of an ID: enough to tell whether an object is
// among those of a repository.
func (id ID) Short() uint64 { return binary.BigEndian.Uint64(id.hash[:8]) }

// IsZero reports whether the ID names no object.
func (id ID) IsZero() bool { return id.hash == [32]byte{} }

// A Repo is a repository on disk. It is safe for concurrent use.
type Repo struct {
	program string
	dir     string // working tree, or the git directory of a bare repository
	gitDir  string
	bare    bool
	places  []string // all directories that it is made of
	common  string   // the git directory that it shares with linked working trees
	objects string   // its own store of objects, in there
	stores  []string // and those that it borrows from, behind it
	lost    int      // stores that it borrows from and that are not there, or too far
	mailmap bool     // its .mailmap is used, or there is none
	memory  int64    // bytes that one git may use
	index   string   // read in place of its own; empty is its own
}

// Find returns the git program to use. The error is ErrMissing.
func Find() (program string, err error) {
	program, err = exec.LookPath("git")
	if err != nil {
		return "", ErrMissing
	}
	return filepath.Abs(program)
}

// Is reports whether a directory looks like a repository, and whether a bare
// one, without running git.
func Is(dir string) (is, bare bool) {
	if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
		return true, false
	}
	for name, isDir := range map[string]bool{"HEAD": false, "objects": true, "refs": true} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() != isDir {
			return false, false
		}
	}
	return true, true
}

// Open returns the repository at a directory: a working tree (also a linked one
// or a submodule) or a bare repository. It does not look in the directories
// above. If within is given, the git directory and all that it borrows from must
// lie below one of these directories. The error is ErrNotRepository if git does
// not take it for one, or ErrOutside.
func Open(ctx context.Context, program, dir string, within ...string) (*Repo, error) {
	is, bare := Is(dir)
	if !is {
		return nil, ErrNotRepository
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("locate %q: %w", dir, err)
	}
	r := &Repo{program: program, dir: abs, gitDir: abs, bare: bare, memory: maxMemory}
	if !bare {
		r.gitDir = filepath.Join(abs, ".git")
	}
	if err := r.inspect(ctx, within); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	r.checkMailmap(ctx)
	if _, err := r.output(ctx, nil, "rev-parse", "--git-dir"); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %w", ErrNotRepository, err)
	}
	return r, nil
}

// Dir returns the working tree, or the git directory of a bare repository.
func (r *Repo) Dir() string { return r.dir }

// Places returns the directories that the repository is made of besides its
// working tree: git directories and stores of objects, those it borrows from
// too.
func (r *Repo) Places() []string { return slices.Clone(r.places) }

// GitDir returns the real path of its own git directory, that of a linked working
// tree if it is one.
func (r *Repo) GitDir() string { return r.own() }

// Store returns the directory of its own store of objects. What it borrows from
// other stores is not in there.
func (r *Repo) Store() string { return r.objects }

// Borrowed returns the stores that it borrows objects from: those that its list
// of alternates names, and theirs, as far as git follows them. lost counts those
// that are named and cannot be followed.
func (r *Repo) Borrowed() (stores []string, lost int) { return slices.Clone(r.stores[1:]), r.lost }

// Common returns the real path of the git directory that it shares with its
// linked working trees: two repositories with the same one are one repository.
func (r *Repo) Common() string { return r.common }

// Bare reports whether the repository has no working tree.
func (r *Repo) Bare() bool { return r.bare }

// command prepares git with everything switched off that a repository could
// misuse.
func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	safe := []string{
		"--git-dir=" + r.gitDir, "--no-pager", "--literal-pathspecs", "--no-replace-objects",
		"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.pager=cat",
		"-c", "core.sshCommand=false", "-c", "core.askPass=false", "-c", "credential.helper=",
		"-c", "protocol.allow=never", "-c", "protocol.ext.allow=never", "-c", "safe.directory=*",
		"-c", "log.showSignature=false", "-c", "gpg.program=false", "-c", "log.showRoot=true",
		"-c", "log.mailmap=true", "-c", "mailmap.file=" + os.DevNull, "-c", "log.follow=false",
		"-c", "diff.renames=false", "-c", "diff.external=", "-c", "diff.orderFile=" + os.DevNull,
		"-c", "diff.ignoreSubmodules=none", "-c", "submodule.recurse=false", "-c", "color.ui=false",
		"-c", "i18n.logOutputEncoding=UTF-8", "-c", "core.quotePath=true", "-c", "core.commitGraph=true",
		"-c", "core.packedGitWindowSize=1m", "-c", "core.packedGitLimit=96m", // else its memory grows with the store
	}
	cmd := exec.CommandContext(ctx, r.program, append(safe, args...)...) //nolint:gosec // git, with arguments of our own
	cmd.Dir = r.dir
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = []string{
		"PATH=" + filepath.Dir(r.program) + string(os.PathListSeparator) + "/usr/bin" + string(os.PathListSeparator) + "/bin",
		"LC_ALL=C", "TZ=UTC", "HOME=" + os.DevNull,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=false", "SSH_ASKPASS=false", "GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_PROTOCOL_FROM_USER=0",
		"GIT_FLUSH=0", "GIT_ADVICE=0",
	}
	if !r.bare {
		cmd.Env = append(cmd.Env, "GIT_WORK_TREE="+r.dir) // whatever core.worktree says
	}
	if r.index != "" {
		cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+r.index)
	}
	return cmd
}

// output runs git to its end and returns what it printed.
func (r *Repo) output(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := r.command(ctx, args...)
	var stderr limited
	cmd.Stdin, cmd.Stderr = stdin, &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, r.failure(ctx, args[0], &stderr, err)
	}
	return out, nil
}

// stream runs git and hands what it prints to read while it runs. If read
// fails, git is stopped.
func (r *Repo) stream(ctx context.Context, stdin io.Reader, read func(io.Reader) error, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.command(ctx, args...)
	var stderr limited
	cmd.Stdin, cmd.Stderr = stdin, &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("git %s: %w", args[0], err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start git %s: %w", args[0], err)
	}
	greedy := r.watch(ctx, cmd.Process.Pid, cancel)
	readErr := read(out)
	if readErr != nil {
		cancel()
	}
	err = cmd.Wait()
	switch {
	case greedy():
		return fmt.Errorf("git %s: it used more than %d MB of memory and was stopped", args[0], r.memory>>20)
	case readErr != nil && !errors.Is(readErr, io.ErrUnexpectedEOF):
		return readErr
	case err != nil:
		return r.failure(ctx, args[0], &stderr, err)
	default:
		return readErr
	}
}

// failure makes an error of git's exit status and the first line it complained
// with.
func (r *Repo) failure(ctx context.Context, what string, stderr *limited, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if line := stderr.line(); line != "" {
		return fmt.Errorf("git %s: %s", what, line)
	}
	return fmt.Errorf("git %s: %w", what, err)
}

// A limited keeps the beginning of what is written to it.
type limited struct{ buf bytes.Buffer }

// Write never fails.
func (l *limited) Write(p []byte) (int, error) {
	if room := maxStderr - l.buf.Len(); room > 0 {
		l.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// What git quotes of a repository is left out of its complaints, for it may be
// anything, a password in a remote's address too; names of settings and ids of
// objects stay.
//
//nolint:gochecknoglobals // functions, which nothing sets
var (
	quoted    = lazy.Regexp(`'.*'|".*"`)
	setting   = lazy.Regexp(` for '[A-Za-z]{1,30}\.[A-Za-z]{1,60}'$`)
	absolute  = lazy.Regexp(`(^|[\s(=])(/|[A-Za-z]:[/\\])[^\s,;)]+`)
	plainWord = lazy.Regexp(`^['"]([a-z]{1,20}(\.[A-Za-z]{1,40})?|[0-9a-f]{40}|[0-9a-f]{64})['"]$`)
)

// line returns the most telling line: the first that is fatal, else the first.
func (l *limited) line() string {
	lines := strings.Split(l.buf.String(), "\n")
	best := lines[0]
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, "fatal: "); ok {
			best = rest
			break
		}
	}
	best = strings.TrimPrefix(best, "error: ")
	if strings.Count(best, "'")%2 != 0 {
		return "it complains over several lines, which are not shown"
	}
	best = quoted().ReplaceAllStringFunc(best, func(q string) string {
		if plainWord().MatchString(q) {
			return q
		}
		return "'…'" + setting().FindString(q)
	})
	best = absolute().ReplaceAllString(best, "${1}…") // where it lies on this machine
	if before, _, ok := strings.Cut(best, "not a git repository: "); ok {
		best = before + "not a git repository" // what follows is a path, or what a file says in its place
	}
	if len(best) > 300 {
		best = best[:300] + "…"
	}
	return Clean(best)
}

// Clean returns text from a repository as valid UTF-8 without control
// characters.
func Clean(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD")))
}
