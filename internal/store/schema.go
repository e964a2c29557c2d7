package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// applicationID marks a file as a store, in the header field that SQLite keeps
// for it: "must".
var applicationID = [...]byte{'m', 'u', 's', 't'}

// steps bring a store from each version of the schema to the next; the number
// of those taken is the version, kept as SQLite's user_version. A step that was
// released is never changed.
//
// Membership is kept by series, that is by what was asked to be scanned: a
// member is in every snapshot of its series from since on, a past one from
// since until before until. Keys and hashes are the first 16 bytes of SHA-256.
var steps = []string{
	`
CREATE TABLE series (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);
CREATE TABLE snapshot (
	seq      INTEGER PRIMARY KEY AUTOINCREMENT,
	id       TEXT NOT NULL UNIQUE,
	series   INTEGER NOT NULL REFERENCES series,
	started  INTEGER NOT NULL,
	meta     TEXT NOT NULL,
	counts   TEXT NOT NULL,
	digest   BLOB NOT NULL
);
CREATE TABLE body (
	id   INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE,
	data BLOB NOT NULL
);
CREATE TABLE member (
	series   INTEGER NOT NULL,
	key      BLOB NOT NULL,
	kind     INTEGER NOT NULL,
	hash     BLOB NOT NULL,
	body     INTEGER NOT NULL,
	volatile TEXT NOT NULL,
	since    INTEGER NOT NULL,
	PRIMARY KEY (series, key)
) WITHOUT ROWID;
CREATE TABLE past (
	series   INTEGER NOT NULL,
	key      BLOB NOT NULL,
	since    INTEGER NOT NULL,
	until    INTEGER NOT NULL,
	kind     INTEGER NOT NULL,
	body     INTEGER NOT NULL,
	volatile TEXT NOT NULL,
	PRIMARY KEY (series, key, since)
) WITHOUT ROWID;
CREATE TABLE finding (
	id       TEXT PRIMARY KEY,
	rule     TEXT NOT NULL,
	subject  TEXT NOT NULL,
	scope    TEXT NOT NULL,
	kind     TEXT NOT NULL,
	first    INTEGER NOT NULL,
	last     INTEGER NOT NULL,
	resolved INTEGER NOT NULL DEFAULT 0,
	body     BLOB NOT NULL,
	volatile TEXT NOT NULL
) WITHOUT ROWID;
PRAGMA application_id = 1836413812;
`,
	`
CREATE TABLE memory (
	id    INTEGER PRIMARY KEY AUTOINCREMENT,
	key   TEXT NOT NULL UNIQUE,
	build TEXT NOT NULL,
	size  INTEGER NOT NULL,
	data  BLOB NOT NULL
);
`,
}

// migrate takes the steps that a store has not taken yet, each in a
// transaction of its own.
func migrate(ctx context.Context, db *sql.DB, steps []string) error {
	version, err := versionOf(ctx, db)
	if err != nil {
		return err
	}
	if version > len(steps) {
		return newer(version, len(steps))
	}
	for version < len(steps) {
		if version, err = takeStep(ctx, db, steps); err != nil {
			return err
		}
	}
	return nil
}

// takeStep takes the next step. It looks at the version again inside the
// transaction, for another process may have been faster.
func takeStep(ctx context.Context, db *sql.DB, steps []string) (version int, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, err
	}
	if version >= len(steps) {
		return version, nil
	}
	step := fmt.Sprintf("%s\nPRAGMA user_version = %d;", steps[version], version+1)
	if _, err := tx.ExecContext(ctx, step); err != nil {
		return 0, fmt.Errorf("bring the schema to version %d: %w", version+1, err)
	}
	return version + 1, tx.Commit()
}

// checkVersion refuses a store whose schema is not the one that is read.
func checkVersion(ctx context.Context, db *sql.DB, want int) error {
	version, err := versionOf(ctx, db)
	switch {
	case err != nil:
		return err
	case version > want:
		return newer(version, want)
	case version < want:
		return fmt.Errorf("its schema has version %d and is read at version %d: %w", version, want,
			errors.New("open it once for writing to bring it up to date"))
	}
	return nil
}

func newer(has, knows int) error {
	return fmt.Errorf("%w: its schema has version %d, this build knows versions up to %d; upgrade muster or choose another path", ErrNewer, has, knows)
}

func versionOf(ctx context.Context, db *sql.DB) (version int, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}
