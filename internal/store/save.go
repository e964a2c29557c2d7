package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Saved says what a save made of a snapshot.
type Saved struct {
	ID       string
	Findings []*inventory.Finding // copies of those given, in their order, with first_seen, last_seen and state
	Resolved []*inventory.Finding // findings of earlier snapshots that this one shows to be gone, worst first
	Counts   Counts
}

// Save keeps a snapshot, whole or not at all. It waits for another save that
// runs. The records are not changed; memory grows by some 100 bytes a record.
//
// A finding of an earlier snapshot that is not among findings counts as
// resolved only if its rule was in force and the kind of its subject and all
// kinds that the rule needs were completely listed in its scope: what could not
// be read resolves nothing.
func (s *Store) Save(ctx context.Context, meta Meta, inv *inventory.Inventory, findings []*inventory.Finding) (Saved, error) {
	if s.write == nil {
		return Saved{}, fmt.Errorf("save to %s: %w: it was opened for reading", s.path, ErrDenied)
	}
	if err := meta.check(); err != nil {
		return Saved{}, fmt.Errorf("save to %s: %w", s.path, err)
	}
	meta.StartedAt, meta.FinishedAt = meta.StartedAt.UTC(), meta.FinishedAt.UTC()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return Saved{}, s.explain("save to", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	sv := &saver{ctx: ctx, tx: tx, meta: meta}
	saved, err := sv.save(inv, findings)
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return Saved{}, s.explain("save to", err)
	}
	// The log is moved into the file now, so that it does not take its room
	// twice; if a reader holds it, it is moved later.
	_, _ = s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return saved, nil
}

// A saver writes one snapshot in one transaction.
type saver struct {
	ctx    context.Context //nolint:containedctx // lives as long as one call
	tx     *sql.Tx
	meta   Meta
	series int64
	seq    int64
}

func (sv *saver) save(inv *inventory.Inventory, findings []*inventory.Finding) (Saved, error) {
	if err := sv.begin(); err != nil {
		return Saved{}, err
	}
	out, err := sv.judge(inv, findings)
	if err != nil {
		return Saved{}, err
	}
	all := newEstate(inv, out.Findings)
	marks, err := all.marks()
	if err != nil {
		return Saved{}, err
	}
	var sum digest
	for _, m := range marks {
		sum.add(m.key[:], m.hash[:], m.volatile)
	}
	delta, err := sv.compare(marks)
	if err != nil {
		return Saved{}, err
	}
	if err := sv.apply(all, marks, delta); err != nil {
		return Saved{}, err
	}
	out.Counts = count(all, out)
	out.ID, err = sv.enter(sum, out.Counts)
	return out, err
}

// begin finds the series and the number of the snapshot.
func (sv *saver) begin() error {
	name := sv.meta.series()
	if _, err := sv.exec("INSERT INTO series (name) VALUES (?) ON CONFLICT DO NOTHING", name); err != nil {
		return err
	}
	if err := sv.tx.QueryRowContext(sv.ctx, "SELECT id FROM series WHERE name = ?", name).Scan(&sv.series); err != nil {
		return err
	}
	// AUTOINCREMENT never gives a number twice, whatever was pruned.
	return sv.tx.QueryRowContext(sv.ctx,
		"SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'snapshot'), 0) + 1").Scan(&sv.seq)
}

func (sv *saver) exec(query string, args ...any) (sql.Result, error) {
	return sv.tx.ExecContext(sv.ctx, query, args...)
}

// delta is what changed since the last snapshot of the series.
type delta struct {
	added   []int32 // into the marks
	changed []int32 // into the marks
	gone    []hash  // keys
}

// compare walks the marks beside the members, both by key.
func (sv *saver) compare(marks []mark) (delta, error) {
	var d delta
	rows, err := sv.tx.QueryContext(sv.ctx, "SELECT key, hash, volatile FROM member WHERE series = ? ORDER BY key", sv.series)
	if err != nil {
		return d, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	var key, sum, volatile sql.RawBytes
	i := 0
	for rows.Next() {
		if err := rows.Scan(&key, &sum, &volatile); err != nil {
			return d, err
		}
		for i < len(marks) && string(marks[i].key[:]) < string(key) {
			d.added = append(d.added, int32(i))
			i++
		}
		switch {
		case i == len(marks) || string(marks[i].key[:]) != string(key):
			if len(key) != len(hash{}) {
				return d, fmt.Errorf("%w: a member has a key of %d bytes", ErrCorrupt, len(key))
			}
			d.gone = append(d.gone, hash(key))
			continue
		case string(marks[i].hash[:]) != string(sum) || marks[i].volatile != string(volatile):
			d.changed = append(d.changed, int32(i))
		}
		i++
	}
	for ; i < len(marks); i++ {
		d.added = append(d.added, int32(i))
	}
	return d, rows.Err()
}

// apply writes the difference.
func (sv *saver) apply(all *estate, marks []mark, d delta) error {
	ended := d.gone
	for _, i := range d.changed {
		ended = append(ended, marks[i].key)
	}
	for keys := range slices.Chunk(ended, batch) {
		if err := sv.end(keys); err != nil {
			return err
		}
	}
	return sv.insert(all, marks, d)
}

// end moves members to the past.
func (sv *saver) end(keys []hash) error {
	args := []any{sv.series, sv.seq}
	for _, key := range keys {
		args = append(args, key[:])
	}
	these := "series = ?1 AND key IN (" + strings.TrimSuffix(strings.Repeat("?,", len(keys)), ",") + ")"
	_, err := sv.exec("INSERT INTO past (series, key, since, until, kind, body, volatile)"+
		" SELECT series, key, since, ?2, kind, body, volatile FROM member WHERE "+these, args...)
	if err != nil {
		return err
	}
	// SQLite counts the parameters up to the highest, so the second has to be
	// named here too.
	_, err = sv.exec("DELETE FROM member WHERE ?2 = ?2 AND "+these, args...)
	return err
}

// enter writes the snapshot's own row and returns its id.
func (sv *saver) enter(sum digest, counts Counts) (string, error) {
	id, err := sv.name(sum)
	if err != nil {
		return "", err
	}
	sv.meta.ID = id
	meta, err := json.Marshal(sv.meta)
	if err != nil {
		return "", err
	}
	figures, err := json.Marshal(counts)
	if err != nil {
		return "", err
	}
	_, err = sv.exec("INSERT INTO snapshot (seq, id, series, started, meta, counts, digest) VALUES (?,?,?,?,?,?,?)",
		sv.seq, id, sv.series, sv.meta.StartedAt.UnixNano(), string(meta), string(figures), sum[:])
	return id, err
}

// name makes the id: when the scan started and eight hex digits of what it saw.
func (sv *saver) name(sum digest) (string, error) {
	base := sv.meta.ID
	if base == "" {
		h := sha256.New()
		h.Write(sum[:])
		h.Write([]byte(sv.meta.series()))
		h.Write([]byte(sv.meta.StartedAt.String() + sv.meta.FinishedAt.String() + sv.meta.Ruleset))
		base = sv.meta.StartedAt.Format("20060102T150405Z") + "-" + hex.EncodeToString(h.Sum(nil)[:4])
	}
	for n := 1; ; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		var found int
		err := sv.tx.QueryRowContext(sv.ctx, "SELECT 1 FROM snapshot WHERE id = ?", id).Scan(&found)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return id, nil
		case err != nil:
			return "", err
		case sv.meta.ID != "":
			return "", fmt.Errorf("there is a snapshot %s already", id)
		}
	}
}

func count(all *estate, out Saved) Counts {
	c := Counts{Kinds: map[inventory.Kind]int{}, Severities: map[inventory.Severity]int{}, Resolved: len(out.Resolved)}
	before := 0
	for code, end := range all.ends {
		if end > before {
			c.Kinds[kindCodes[code]] = end - before
		}
		before = end
	}
	for _, f := range out.Findings {
		if f.Exception == nil {
			c.Severities[f.Severity]++
		}
		switch f.State {
		case stateNew:
			c.New++
		case stateReopened:
			c.Reopened++
		}
	}
	return c
}
