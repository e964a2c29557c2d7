package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Load reads the snapshot that a reference names (see Resolve) and checks that
// nothing of it was lost or damaged; then its error wraps ErrCorrupt. Memory
// grows with its records.
func (s *Store) Load(ctx context.Context, ref string) (*Snapshot, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, s.explain("read", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	r, err := s.find(ctx, tx, ref)
	if err != nil {
		return nil, err
	}
	snap, err := load(ctx, tx, r)
	if err != nil {
		return nil, s.explain("read snapshot "+r.entry.ID+" of", err)
	}
	return snap, nil
}

// membersOf selects what a snapshot holds; its arguments are series and
// sequence number, twice over.
const membersOf = `
SELECT m.key, m.kind, m.volatile, b.hash, b.data FROM member m JOIN body b ON b.id = m.body WHERE m.series = ?1 AND m.since <= ?2
UNION ALL
SELECT p.key, p.kind, p.volatile, b.hash, b.data FROM past p JOIN body b ON b.id = p.body WHERE p.series = ?1 AND p.since <= ?2 AND p.until > ?2`

func load(ctx context.Context, tx *sql.Tx, r row) (*Snapshot, error) {
	rows, err := tx.QueryContext(ctx, membersOf, r.series, r.seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	src := &source{rows: rows}
	snap := &Snapshot{Meta: r.entry.Meta, Counts: r.entry.Counts}
	builder := inventory.NewBuilder()
	err = inventory.ReadAll(r.entry.ID, src, func(rec inventory.Record) error {
		if err := join(&rec, src.next(), r.entry.StartedAt); err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		if rec.Finding != nil {
			snap.Findings = append(snap.Findings, rec.Finding)
			return nil
		}
		return builder.Add(rec)
	})
	switch {
	case err == nil:
		err = rows.Err()
	case src.err != nil:
		err = src.err
	default:
		if _, ok := errors.AsType[*inventory.LineError](err); ok {
			err = fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	}
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(src.sum[:], r.digest) {
		return nil, fmt.Errorf("%w: its records are not those that were saved", ErrCorrupt)
	}
	snap.Inventory = builder.Build()
	slices.SortFunc(snap.Findings, byWorst)
	return snap, nil
}

// A source turns rows into JSON lines, for the parallel reader, and keeps what
// the lines lack in a queue. It is read on one goroutine.
type source struct {
	rows  *sql.Rows
	buf   []byte
	line  []byte // what is left of the current line, in buf
	queue []string
	sum   digest
	err   error
}

// next returns the volatile part of the next record, in the order of the lines.
func (s *source) next() string {
	if len(s.queue) == 0 {
		return ""
	}
	v := s.queue[0]
	s.queue = s.queue[1:]
	return v
}

// Read reads from the current line, or fetches another.
func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if len(s.line) == 0 {
		if s.err = s.fetch(); s.err != nil {
			return 0, s.err
		}
	}
	n := copy(p, s.line)
	s.line = s.line[n:]
	return n, nil
}

func (s *source) fetch() error {
	if !s.rows.Next() {
		if err := s.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	var (
		key, sum, data sql.RawBytes
		kind           int
		volatile       string
	)
	if err := s.rows.Scan(&key, &kind, &volatile, &sum, &data); err != nil {
		return err
	}
	if got := hashOf(data); string(got[:]) != string(sum) {
		return fmt.Errorf("%w: a record is not the one that was saved", ErrCorrupt)
	}
	s.sum.add(key, sum, volatile)
	s.queue = append(s.queue, volatile)
	s.buf = append(append(s.buf[:0], data...), '\n')
	s.line = s.buf
	return nil
}
