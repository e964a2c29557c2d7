package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const (
	maxMemory = 512 << 20 // bytes of all that scanners remember
	maxPiece  = 128 << 20 // bytes of one piece of it
)

// A Memory keeps what scanners want to know again (scanners.Memory). What one
// build saved no other build is given. It holds 512 MB at most: then what was
// written longest ago is dropped. It is no part of a snapshot, an export or a
// difference.
type Memory struct {
	store *Store
	build string
	most  int64 // bytes of all that is kept
}

// Memory returns the memory of a build, which build names: a version, or a hash
// of the program.
func (s *Store) Memory(build string) *Memory { return &Memory{s, build, maxMemory} }

// Load returns what this build saved last under a key, or nil.
func (m *Memory) Load(ctx context.Context, key string) (data []byte, err error) {
	err = m.store.read.QueryRowContext(ctx, "SELECT data FROM memory WHERE key = ? AND build = ?", key, m.build).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return data, m.store.explain("read what was remembered in", err)
}

// Save keeps data under a key, in place of what any build saved there. Data of
// more than 128 MB is refused.
func (m *Memory) Save(ctx context.Context, key string, data []byte) error {
	if m.store.write == nil {
		return fmt.Errorf("remember in %s: %w: it was opened for reading", m.store.path, ErrDenied)
	}
	if len(data) > maxPiece {
		return fmt.Errorf("remember in %s: %d MB are more than is kept", m.store.path, len(data)>>20)
	}
	return m.store.explain("remember in", m.save(ctx, key, data))
}

func (m *Memory) save(ctx context.Context, key string, data []byte) error {
	tx, err := m.store.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	// Deleted first, so that it gets a new number: the order is that of writing.
	if _, err := tx.ExecContext(ctx, "DELETE FROM memory WHERE key = ?", key); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO memory (key, build, size, data) VALUES (?, ?, ?, ?)", key, m.build, len(data), data); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM memory WHERE id IN (
		SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY id DESC) AS upto FROM memory) WHERE upto > ?)`, m.most)
	if err != nil {
		return err
	}
	return tx.Commit()
}
