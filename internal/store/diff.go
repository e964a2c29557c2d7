package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Diff says what changed from one snapshot to another. All lists are by kind
// and id.
type Diff struct {
	From      Entry                  `json:"from"`
	To        Entry                  `json:"to"`
	Added     []DiffItem             `json:"added"`
	Changed   []DiffItem             `json:"changed"`
	Gone      []DiffItem             `json:"gone"`      // not there any more, and their kind was completely listed in their scope
	NotSeen   []DiffItem             `json:"not_seen"`  // not there, but To did not list their kind completely in their scope
	Refreshed map[inventory.Kind]int `json:"refreshed"` // only a last use, a listing time or the like changed
	New       []*inventory.Finding   `json:"new"`       // findings of To that From did not have, worst first
	Resolved  []*inventory.Finding   `json:"resolved"`  // findings of From that To shows to be gone
	Unseen    []*inventory.Finding   `json:"unseen"`    // findings of From that To could not or did not look for
}

// A DiffItem is one record that changed.
type DiffItem struct {
	Kind    inventory.Kind `json:"kind"`
	ID      string         `json:"id"` // for a record without one, its parts: subject and owner, from and to …
	Scope   string         `json:"scope,omitempty"`
	Type    string         `json:"type,omitempty"`
	Name    string         `json:"name,omitempty"`
	Changes []Change       `json:"changes,omitempty"` // by field, for a record that is in both
}

// A Change is one field that changed. Before and After are JSON, cut at 200
// bytes, and empty where the field is absent.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Diff compares two snapshots; see Resolve for how to name them. Memory grows
// with the records of both by some 100 bytes each, and with what changed.
func (s *Store) Diff(ctx context.Context, from, to string) (*Diff, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, s.explain("read", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	a, err := s.find(ctx, tx, from)
	if err != nil {
		return nil, err
	}
	b, err := s.find(ctx, tx, to)
	if err != nil {
		return nil, err
	}
	d := &differ{ctx: ctx, tx: tx, a: a, b: b, out: &Diff{From: a.entry, To: b.entry, Refreshed: map[inventory.Kind]int{}}}
	if err := d.run(); err != nil {
		return nil, s.explain("compare snapshots of", err)
	}
	return d.out, nil
}

// A thin member is one without its body.
type thin struct {
	key      hash
	volatile hash // of the volatile part
	body     int64
	kind     uint8
}

type differ struct {
	ctx  context.Context //nolint:containedctx // lives as long as one call
	tx   *sql.Tx
	a, b row
	out  *Diff
	seen *inventory.Inventory // the coverage of b
}

func (d *differ) run() error {
	before, err := d.members(d.a)
	if err != nil {
		return err
	}
	after, err := d.members(d.b)
	if err != nil {
		return err
	}
	if d.seen, err = d.coverage(after); err != nil {
		return err
	}
	for len(before) > 0 || len(after) > 0 {
		switch c := order(before, after); {
		case c < 0:
			err = d.lost(before[0])
			before = before[1:]
		case c > 0:
			err = d.added(after[0])
			after = after[1:]
		default:
			err = d.both(before[0], after[0])
			before, after = before[1:], after[1:]
		}
		if err != nil {
			return err
		}
	}
	d.sort()
	return nil
}

// order compares the heads of two lists; an empty list comes last.
func order(a, b []thin) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	default:
		return bytes.Compare(a[0].key[:], b[0].key[:])
	}
}

func (d *differ) members(r row) ([]thin, error) {
	rows, err := d.tx.QueryContext(d.ctx, `
		SELECT key, kind, volatile, body FROM member WHERE series = ?1 AND since <= ?2
		UNION ALL
		SELECT key, kind, volatile, body FROM past WHERE series = ?1 AND since <= ?2 AND until > ?2`, r.series, r.seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	var (
		out           []thin
		key, volatile sql.RawBytes
	)
	for rows.Next() {
		var t thin
		if err := rows.Scan(&key, &t.kind, &volatile, &t.body); err != nil {
			return nil, err
		}
		if len(key) != len(t.key) || int(t.kind) >= len(kindCodes) {
			return nil, fmt.Errorf("%w: a member cannot be read", ErrCorrupt)
		}
		t.key, t.volatile = hash(key), hashOf(volatile)
		out = append(out, t)
	}
	slices.SortFunc(out, func(x, y thin) int { return bytes.Compare(x.key[:], y.key[:]) })
	return out, rows.Err()
}

// coverage reads the coverage of a snapshot and nothing else of it.
func (d *differ) coverage(members []thin) (*inventory.Inventory, error) {
	b := inventory.NewBuilder()
	for _, t := range members {
		if kindCodes[t.kind] != inventory.KindCoverage {
			continue
		}
		r, _, err := d.record(t.body)
		if err != nil {
			return nil, err
		}
		if err := b.Add(r); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	}
	return b.Build(), nil
}

func (d *differ) record(body int64) (inventory.Record, []byte, error) {
	var data []byte
	if err := d.tx.QueryRowContext(d.ctx, "SELECT data FROM body WHERE id = ?", body).Scan(&data); err != nil {
		return inventory.Record{}, nil, fmt.Errorf("%w: a record is missing: %w", ErrCorrupt, err)
	}
	var r inventory.Record
	if err := json.Unmarshal(data, &r); err != nil {
		return inventory.Record{}, nil, fmt.Errorf("%w: a record cannot be read: %w", ErrCorrupt, err)
	}
	return r, data, nil
}

// whole reads a record with its volatile part.
func (d *differ) whole(t thin, of row) (inventory.Record, error) {
	r, _, err := d.record(t.body)
	if err != nil {
		return r, err
	}
	var volatile string
	err = d.tx.QueryRowContext(d.ctx, `
		SELECT volatile FROM member WHERE series = ?1 AND key = ?3 AND since <= ?2
		UNION ALL
		SELECT volatile FROM past WHERE series = ?1 AND key = ?3 AND since <= ?2 AND until > ?2`,
		of.series, of.seq, t.key[:]).Scan(&volatile)
	if err != nil {
		return r, err
	}
	err = join(&r, volatile, of.entry.StartedAt)
	return r, err
}

func (d *differ) added(t thin) error {
	if kindCodes[t.kind] == inventory.KindFinding {
		r, err := d.whole(t, d.b)
		if err == nil {
			d.out.New = append(d.out.New, r.Finding)
		}
		return err
	}
	r, _, err := d.record(t.body)
	if err == nil {
		d.out.Added = append(d.out.Added, itemOf(r))
	}
	return err
}

func (d *differ) lost(t thin) error {
	if kindCodes[t.kind] == inventory.KindFinding {
		r, err := d.whole(t, d.a)
		if err != nil {
			return err
		}
		p := &past{rule: r.Finding.Rule, subject: r.Finding.Subject, scope: r.Finding.Scope, kind: r.Finding.SubjectKind}
		if to := d.b.entry.Meta; !to.Interrupted && !to.Narrowed && to.shows(d.seen, p) {
			d.out.Resolved = append(d.out.Resolved, r.Finding)
		} else {
			d.out.Unseen = append(d.out.Unseen, r.Finding)
		}
		return nil
	}
	r, _, err := d.record(t.body)
	if err != nil {
		return err
	}
	if d.listed(r) {
		d.out.Gone = append(d.out.Gone, itemOf(r))
	} else {
		d.out.NotSeen = append(d.out.NotSeen, itemOf(r))
	}
	return nil
}

// listed reports whether the later snapshot would have had a record if it were
// still there. Coverage is said of the scan itself; relations have no scope, so
// they count as gone only if the whole scan was complete.
func (d *differ) listed(r inventory.Record) bool {
	if d.b.entry.Interrupted || d.b.entry.Narrowed {
		return false
	}
	switch r.Kind() {
	case inventory.KindCoverage:
		return false
	case inventory.KindRelation:
		return !d.seen.Partial() && d.a.series == d.b.series
	default:
		status, looked := d.seen.CoverageOf(r.Scope(), r.Kind())
		if !looked && r.Kind() == inventory.KindOwner {
			// An owner may come from tags or a mapping file, which need no listing
			// of their own.
			status, looked = d.seen.CoverageOf(r.Scope(), inventory.KindIdentity)
		}
		return looked && status == inventory.StatusComplete
	}
}

func (d *differ) both(a, b thin) error {
	kind := kindCodes[b.kind]
	if a.body == b.body {
		if a.volatile != b.volatile && kind != inventory.KindFinding {
			d.out.Refreshed[kind]++
		}
		return nil
	}
	_, before, err := d.record(a.body)
	if err != nil {
		return err
	}
	r, after, err := d.record(b.body)
	if err != nil {
		return err
	}
	item := itemOf(r)
	if item.Changes, err = changes(before, after); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	d.out.Changed = append(d.out.Changed, item)
	return nil
}

func (d *differ) sort() {
	for _, list := range [][]DiffItem{d.out.Added, d.out.Changed, d.out.Gone, d.out.NotSeen} {
		slices.SortFunc(list, func(x, y DiffItem) int {
			return cmp.Or(cmp.Compare(slices.Index(kindCodes, x.Kind), slices.Index(kindCodes, y.Kind)),
				cmp.Compare(x.ID, y.ID), cmp.Compare(x.Type, y.Type), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Scope, y.Scope))
		})
	}
	for _, list := range [][]*inventory.Finding{d.out.New, d.out.Resolved, d.out.Unseen} {
		slices.SortFunc(list, byWorst)
	}
}
