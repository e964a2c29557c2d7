package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// PruneOptions say what to remove. A snapshot goes only if every limit that is
// set lets it go; the zero PruneOptions removes nothing.
type PruneOptions struct {
	Keep   int       // keep this many of the newest; 0 is no limit
	Before time.Time // keep those that started then or later; zero is no limit
	DryRun bool      // only tell what would go
}

// Pruned says what was removed.
type Pruned struct {
	Removed   []Entry // newest first
	Kept      int     // snapshots left
	Reclaimed int64   // bytes by which the file shrank
}

// Prune removes snapshots and gives the room back to the file system. The
// newest is never removed. What is known of findings (when they were first
// seen) stays.
func (s *Store) Prune(ctx context.Context, opts PruneOptions) (Pruned, error) {
	if s.write == nil {
		return Pruned{}, fmt.Errorf("prune %s: %w: it was opened for reading", s.path, ErrDenied)
	}
	if opts.Keep < 0 {
		return Pruned{}, fmt.Errorf("prune %s: cannot keep %d snapshots", s.path, opts.Keep)
	}
	before, err := s.size(ctx)
	if err != nil {
		return Pruned{}, s.explain("prune", err)
	}
	out, err := s.remove(ctx, opts)
	if err != nil || opts.DryRun || len(out.Removed) == 0 {
		return out, s.explain("prune", err)
	}
	if err := s.shrink(ctx); err != nil {
		return out, s.explain("give back the room of", err)
	}
	after, err := s.size(ctx)
	out.Reclaimed = max(0, before-after)
	return out, s.explain("prune", err)
}

func (s *Store) remove(ctx context.Context, opts PruneOptions) (Pruned, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return Pruned{}, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	rows, err := rowsOf(ctx, tx)
	if err != nil {
		return Pruned{}, err
	}
	var out Pruned
	series := map[int64]bool{}
	for i, r := range rows {
		if !opts.goes(i, r.entry) {
			out.Kept++
			continue
		}
		out.Removed = append(out.Removed, r.entry)
		series[r.series] = true
		if opts.DryRun {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM snapshot WHERE seq = ?", r.seq); err != nil {
			return Pruned{}, err
		}
	}
	if opts.DryRun || len(out.Removed) == 0 {
		return out, nil
	}
	for id := range series {
		if err := sweep(ctx, tx, id); err != nil {
			return Pruned{}, err
		}
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM body WHERE id NOT IN (SELECT body FROM member UNION ALL SELECT body FROM past)")
	if err != nil {
		return Pruned{}, err
	}
	return out, tx.Commit()
}

// goes reports whether the snapshot at a place in the list, newest first, is to
// be removed.
func (o PruneOptions) goes(place int, e Entry) bool {
	if place == 0 || o.Keep == 0 && o.Before.IsZero() {
		return false
	}
	return (o.Keep == 0 || place >= o.Keep) && (o.Before.IsZero() || e.StartedAt.Before(o.Before))
}

// sweep removes the members of a series that no snapshot holds any more. The
// current members stay if any snapshot has them; those that came with a removed
// one are added again by the next save.
func sweep(ctx context.Context, tx *sql.Tx, series int64) error {
	for _, query := range []string{
		`DELETE FROM past WHERE series = ?1 AND NOT EXISTS (
			SELECT 1 FROM snapshot s WHERE s.series = ?1 AND s.seq >= past.since AND s.seq < past.until)`,
		`DELETE FROM member WHERE series = ?1 AND NOT EXISTS (
			SELECT 1 FROM snapshot s WHERE s.series = ?1 AND s.seq >= member.since)`,
		`DELETE FROM series WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.series = ?1)`,
	} {
		if _, err := tx.ExecContext(ctx, query, series); err != nil {
			return err
		}
	}
	return nil
}

// shrink cuts the free pages off the file.
func (s *Store) shrink(ctx context.Context) error {
	// Each step of the query frees a page, so it has to be read to its end.
	rows, err := s.write.QueryContext(ctx, "PRAGMA incremental_vacuum")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	for rows.Next() {
		continue
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	// Readers may hold the log; then the file shrinks when they are done.
	_, err = s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// size returns the size of the store in bytes, the log left out.
func (s *Store) size(ctx context.Context) (int64, error) {
	var pages, size int64
	if err := s.write.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return 0, err
	}
	err := s.write.QueryRowContext(ctx, "PRAGMA page_size").Scan(&size)
	return pages * size, err
}
