// Package store keeps snapshots: what one scan saw, how it was judged, and
// what became of each finding since. It is the only place that speaks SQL.
//
// A store is one SQLite file. A snapshot is written in one transaction, so a
// crash at any moment leaves it whole or absent. Of records that did not change
// between two scans of the same sources nothing is written twice: bodies are
// addressed by their content, facts that change with every scan (last use,
// listing times, the sentence of a finding) lie beside them, and membership is
// an interval of snapshots. No secret value reaches a store; records have none.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the database driver
)

// Options are the choices of Open. The zero Options is valid.
type Options struct {
	ReadOnly bool          // open without the right to write; the store must exist
	Wait     time.Duration // how long to wait for another process that writes; 0 is 10 seconds
}

// A Store is an open store. It is safe for concurrent use; one save or prune
// runs at a time, in this process and among others.
type Store struct {
	path  string
	wait  time.Duration
	write *sql.DB // one connection; nil if read-only
	read  *sql.DB
}

// defaultWait is how long a process waits for another to finish its save.
const defaultWait = 10 * time.Second

// Open opens the store at a URL, sqlite:PATH, and makes it if there is none:
// the file with mode 0600, its directory, if missing, with 0700. Errors wrap
// ErrUnsupported, ErrForeign, ErrNewer, ErrCorrupt, ErrBusy or ErrDenied where
// one of them is the cause, and name the file.
func Open(ctx context.Context, rawURL string, opts Options) (*Store, error) {
	path, err := pathOf(rawURL)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, wait: opts.Wait}
	if s.wait <= 0 {
		s.wait = defaultWait
	}
	exists, err := s.examine()
	switch {
	case err != nil:
		return nil, err
	case !exists && opts.ReadOnly:
		return nil, fmt.Errorf("%s: %w: no snapshot was ever kept there", path, ErrNoStore)
	case !exists:
		if err := s.create(ctx); err != nil {
			return nil, s.explain("make the store", err)
		}
	}
	if err := s.connect(ctx, opts.ReadOnly); err != nil {
		return nil, errors.Join(s.explain("open the store", err), s.Close())
	}
	return s, nil
}

// Path returns the file that the store lies in.
func (s *Store) Path() string { return s.path }

// Close ends all use of the store.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.write, s.read} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// pathOf returns the absolute path that a store's URL names.
func pathOf(rawURL string) (string, error) {
	scheme, path, ok := strings.Cut(rawURL, ":")
	switch {
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		return "", fmt.Errorf("store %s: %w: this build keeps snapshots in SQLite only; use sqlite:PATH", scheme, ErrUnsupported)
	case !ok || scheme != "sqlite":
		return "", fmt.Errorf("store: %w: want sqlite:PATH", ErrUnsupported)
	case path == "" || path == "//":
		return "", fmt.Errorf("store: %w: sqlite: names no file; want sqlite:PATH", ErrUnsupported)
	case strings.ContainsRune(path, 0):
		return "", fmt.Errorf("store: %w: the path holds a NUL byte", ErrUnsupported)
	}
	abs, err := filepath.Abs(strings.TrimPrefix(path, "//"))
	if err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	return abs, nil
}

// headerSize is that of the header of an SQLite file, in bytes
// (https://sqlite.org/fileformat2.html#the_database_header).
const headerSize = 100

// examine looks at what lies at the path before SQLite does, which would alter
// what is not ours. A store is made under another name and then put in place,
// so a file without our application id is not one.
func (s *Store) examine() (exists bool, err error) {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, s.explain("open the store", err)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%s: %w: it is not a file; name a file inside it, as in sqlite:%s", s.path, ErrForeign, filepath.Join(s.path, "muster.db"))
	}
	f, err := os.Open(s.path)
	if err != nil {
		return false, s.explain("open the store", err)
	}
	defer f.Close() //nolint:errcheck // it was read only
	var header [headerSize]byte
	n, err := io.ReadFull(f, header[:])
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return false, s.explain("open the store", err)
	case n == 0:
		return false, fmt.Errorf("%s: %w: the file is empty; move it away or choose another path", s.path, ErrForeign)
	case n < headerSize || string(header[:16]) != "SQLite format 3\x00":
		return false, fmt.Errorf("%s: %w: it is not an SQLite file, or its beginning is damaged; choose another path, or restore it from a backup", s.path, ErrForeign)
	case [4]byte(header[68:72]) != applicationID:
		return false, fmt.Errorf("%s: %w: it is an SQLite file of another program; choose another path", s.path, ErrForeign)
	}
	return true, nil
}

// create makes an empty store beside the path and puts it in place whole. If
// another process was faster, its store stands.
func (s *Store) create(ctx context.Context) error {
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".muster-new-*") // mode 0600
	if err != nil {
		return err
	}
	name := tmp.Name()
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			_ = os.Remove(name + suffix)
		}
	}()
	if err := tmp.Close(); err != nil {
		return err
	}
	// auto_vacuum has to be set before anything is written.
	db, err := sql.Open("sqlite", dsn(name, "auto_vacuum(2)", "journal_mode(wal)", "synchronous(full)"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if err := errors.Join(migrate(ctx, db, steps), db.Close()); err != nil {
		return err
	}
	err = os.Link(name, s.path)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil { // a file system without hard links
		return os.Rename(name, s.path)
	}
	return nil
}

// connect opens the connections and brings the schema up to date.
func (s *Store) connect(ctx context.Context, readOnly bool) error {
	busy := fmt.Sprintf("busy_timeout(%d)", s.wait.Milliseconds())
	var err error
	if !readOnly {
		if err := os.Chmod(s.path, 0o600); err != nil {
			return err
		}
		s.write, err = sql.Open("sqlite", dsn(s.path, busy, "synchronous(full)", "temp_store(memory)", "cache_size(-32768)")+"&_txlock=immediate")
		if err != nil {
			return err
		}
		s.write.SetMaxOpenConns(1)
		if err := migrate(ctx, s.write, steps); err != nil {
			return err
		}
	}
	if !readOnly {
		return s.connectReader(ctx, busy, "")
	}
	err = s.connectReader(ctx, busy, "&mode=ro")
	if _, cause := causeOf(err); !errors.Is(cause, ErrDenied) {
		return err
	}
	// In a directory that cannot be written SQLite cannot make the index of its
	// log. If there is no log, the file is whole by itself and nobody writes.
	if info, logErr := os.Stat(s.path + "-wal"); logErr == nil && info.Size() > 0 {
		return err
	}
	return s.connectReader(ctx, busy, "&mode=ro&immutable=1")
}

// connectReader opens the reading connections in a mode, in place of those
// there are.
func (s *Store) connectReader(ctx context.Context, busy, mode string) error {
	if s.read != nil {
		if err := s.read.Close(); err != nil {
			return err
		}
	}
	var err error
	s.read, err = sql.Open("sqlite", dsn(s.path, busy, "query_only(1)", "temp_store(memory)", "cache_size(-16384)")+mode)
	if err != nil {
		return err
	}
	s.read.SetMaxOpenConns(2)
	return checkVersion(ctx, s.read, len(steps))
}

// dsn makes the driver's name of a file with pragmas that are applied to every
// connection, in order.
func dsn(path string, pragmas ...string) string {
	q := make([]string, len(pragmas))
	for i, p := range pragmas {
		q[i] = "_pragma=" + url.QueryEscape(p)
	}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + strings.Join(q, "&")
}
