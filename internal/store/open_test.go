package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestOpenMakesPrivateFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "muster", "muster.db")
	s := open(t, path)
	save(t, s, meta(0), build(t, estateOptions{n: 3}))
	for _, want := range []struct {
		path string
		mode os.FileMode
	}{{path, 0o600}, {filepath.Dir(path), 0o700}, {filepath.Dir(filepath.Dir(path)), 0o700}} {
		info, err := os.Stat(want.path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want.mode {
			t.Errorf("%s has mode %o, want %o", want.path, info.Mode().Perm(), want.mode)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v (%v)", e.Name(), info.Mode(), err)
		}
		if !strings.HasPrefix(e.Name(), "muster.db") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestOpenTightensMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	open(t, path)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "what?.db", "50%.db", "hash#.db", "q&x=1.db", "ümlaut.db", "mode=ro.db"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, filepath.Join(dir, name))
			save(t, s, meta(0), build(t, estateOptions{n: 2}))
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
			loadOK(t, s, "latest")
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + path
	}
	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite", dsn(foreign))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE cookies (v)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(foreign)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, url string
		opts      Options
		want      error
		says      string
	}{
		{"postgres", "postgres://db/muster", Options{}, ErrUnsupported, "SQLite only"},
		{"postgresql", "postgresql://db/muster", Options{}, ErrUnsupported, "SQLite only"},
		{"no scheme", "muster.db", Options{}, ErrUnsupported, "want sqlite:PATH"},
		{"no path", "sqlite:", Options{}, ErrUnsupported, "names no file"},
		{"NUL", "sqlite:a\x00b", Options{}, ErrUnsupported, "NUL"},
		{"text file", write("notes.txt", strings.Repeat("dear diary\n", 20)), Options{}, ErrForeign, "not an SQLite file"},
		{"short file", write("short", "x"), Options{}, ErrForeign, "not an SQLite file"},
		{"empty file", write("empty", ""), Options{}, ErrForeign, "empty"},
		{"directory", "sqlite:" + dir, Options{}, ErrForeign, "not a file"},
		{"another program's", "sqlite:" + foreign, Options{}, ErrForeign, "another program"},
		{"none, for reading", "sqlite:" + filepath.Join(dir, "none.db"), Options{ReadOnly: true}, ErrNoStore, "none.db"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Open(t.Context(), tt.url, tt.opts)
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v saying %q", err, tt.want, tt.says)
			}
			if strings.Contains(err.Error(), "://db") {
				t.Errorf("the error quotes the URL, which may hold a password: %v", err)
			}
		})
	}
	after, err := os.ReadFile(foreign)
	if err != nil || !bytes.Equal(after, before) {
		t.Errorf("the file of another program was changed (%v)", err)
	}
}

func TestOpenNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	s := open(t, path)
	if _, err := s.write.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	for _, ro := range []bool{false, true} {
		_, err := Open(t.Context(), "sqlite:"+path, Options{ReadOnly: ro})
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "99") || !strings.Contains(err.Error(), path) {
			t.Errorf("read-only %v: %v", ro, err)
		}
	}
}

func TestMigrate(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "muster.db"))
	save(t, s, meta(0), build(t, estateOptions{n: 3}))
	more := slices.Concat(steps, []string{"CREATE TABLE extra (x); INSERT INTO extra VALUES (1);", "INSERT INTO extra VALUES (2);"})
	for range 2 { // the second time there is nothing to do
		if err := migrate(t.Context(), s.write, more); err != nil {
			t.Fatal(err)
		}
	}
	var n, version int
	if err := s.write.QueryRowContext(t.Context(), "SELECT count(*), (SELECT user_version FROM pragma_user_version) FROM extra").Scan(&n, &version); err != nil {
		t.Fatal(err)
	}
	if n != 2 || version != len(more) {
		t.Errorf("%d rows at version %d", n, version)
	}
	bad := slices.Concat(more, []string{"CREATE TABLE half (x); THIS IS NO SQL;"})
	if err := migrate(t.Context(), s.write, bad); err == nil {
		t.Error("a step that is wrong was taken")
	}
	if err := s.write.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_master WHERE name = 'half'").Scan(&n); err != nil || n != 0 {
		t.Errorf("half of a step was kept: %d, %v", n, err)
	}
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	w := open(t, path)
	save(t, w, meta(0), build(t, estateOptions{n: 3}))
	s, err := Open(t.Context(), "sqlite:"+path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	loadOK(t, s, "latest")
	if _, err := s.Save(t.Context(), meta(1), build(t, estateOptions{n: 1}), nil); !errors.Is(err, ErrDenied) {
		t.Errorf("save: %v", err)
	}
	if _, err := s.Prune(t.Context(), PruneOptions{Keep: 1}); !errors.Is(err, ErrDenied) {
		t.Errorf("prune: %v", err)
	}
	if _, err := s.read.ExecContext(t.Context(), "DELETE FROM snapshot"); err == nil {
		t.Error("the reading connection can write")
	}
}

// TestReadOnlyDirectory needs permissions to mean something: as root it tests
// that a file beside the store, where its directory would be, is told clearly.
func TestReadOnlyDirectory(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "muster.db")
	w, err := Open(t.Context(), "sqlite:"+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	save(t, w, meta(0), build(t, estateOptions{n: 3}))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		_, err := Open(t.Context(), "sqlite:"+filepath.Join(path, "below", "muster.db"), Options{})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("a store below a file: %v", err)
		}
		return
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	s, err := Open(t.Context(), "sqlite:"+path, Options{ReadOnly: true})
	if err != nil {
		t.Fatalf("for reading: %v", err)
	}
	loadOK(t, s, "latest")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	_, err = Open(t.Context(), "sqlite:"+filepath.Join(dir, "new.db"), Options{})
	if !errors.Is(err, ErrDenied) {
		t.Errorf("a new store: %v", err)
	}
}

func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	a := open(t, path)
	b, err := Open(t.Context(), "sqlite:"+path, Options{Wait: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	tx, err := a.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Save(t.Context(), meta(0), build(t, estateOptions{n: 1}), nil)
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "50ms") {
		t.Errorf("while another writes: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	save(t, b, meta(0), build(t, estateOptions{n: 1}))
}

func TestWaitsForAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	done := make(chan error)
	for n := range 4 {
		go func() {
			s, err := Open(context.Background(), "sqlite:"+path, Options{})
			if err != nil {
				done <- err
				return
			}
			m := meta(n)
			_, err = s.Save(context.Background(), m, build(t, estateOptions{n: 20, day: n}), nil)
			done <- errors.Join(err, s.Close())
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	list, err := open(t, path).List(t.Context())
	if err != nil || len(list) != 4 {
		t.Errorf("%d snapshots, %v", len(list), err)
	}
}

func TestDiskFull(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "muster.db"))
	save(t, s, meta(0), build(t, estateOptions{n: 5}))
	var pages int
	if err := s.write.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	// SQLite gives the same error for its own limit as for a full disk.
	if _, err := s.write.ExecContext(t.Context(), "PRAGMA max_page_count = "+strconv.Itoa(pages+10)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Save(t.Context(), meta(1), build(t, estateOptions{n: 2000, day: 1}), nil)
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), s.Path()) {
		t.Errorf("got %v", err)
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d snapshots, %v", len(list), err)
	}
	loadOK(t, s, "latest")
}

func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	s, err := Open(t.Context(), "sqlite:"+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	save(t, s, meta(0), build(t, estateOptions{n: 300}), finding(1, 0, scopeA))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for at := 150; at < len(whole); at += len(whole) / 60 {
		bad := append([]byte(nil), whole...)
		for i := at; i < min(at+300, len(bad)); i++ {
			bad[i] ^= 0x5a
		}
		file := filepath.Join(t.TempDir(), "muster.db")
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		err := openAndLoad(file)
		if err == nil {
			continue // unused space, or what only saves and findings read
		}
		told++
		if !strings.Contains(err.Error(), file) {
			t.Errorf("damage at %d: the error does not name the file: %v", at, err)
		}
	}
	if told < 20 {
		t.Errorf("only %d of some 60 damages were noticed", told)
	}
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := openAndLoad(path); !errors.Is(err, ErrCorrupt) {
		t.Errorf("half a file: %v", err)
	}
}

func openAndLoad(path string) error {
	s, err := Open(context.Background(), "sqlite:"+path, Options{})
	if err != nil {
		return err
	}
	_, err = s.Load(context.Background(), "latest")
	return errors.Join(err, s.Close())
}

// TestDamageThatSQLiteCannotSee changes rows through SQL.
func TestDamageThatSQLiteCannotSee(t *testing.T) {
	for name, query := range map[string]string{
		"a body changed":   `UPDATE body SET data = replace(data, 'welds', 'bombs') WHERE id = (SELECT min(body) FROM member WHERE kind = 0)`,
		"a member lost":    `DELETE FROM member WHERE key = (SELECT min(key) FROM member)`,
		"a body lost":      `DELETE FROM body WHERE id = (SELECT min(body) FROM member)`,
		"a volatile moved": `UPDATE member SET volatile = '' WHERE volatile <> ''`,
		"a line no JSON":   `UPDATE body SET data = '{"identity":' WHERE id = 1`,
		"a meta no JSON":   `UPDATE snapshot SET meta = '{'`,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "muster.db"))
			save(t, s, meta(0), build(t, estateOptions{n: 10}))
			if _, err := s.write.ExecContext(t.Context(), query); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Load(t.Context(), "latest"); !errors.Is(err, ErrCorrupt) {
				t.Errorf("got %v", err)
			}
		})
	}
}
