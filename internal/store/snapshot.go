package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Meta says what a snapshot is of.
type Meta struct {
	ID          string    `json:"id"`                 // made by Save if empty: start of the scan and eight hex digits
	StartedAt   time.Time `json:"started_at"`         // of the scan; the time by which findings are first and last seen
	FinishedAt  time.Time `json:"finished_at"`        // of the scan
	AsOf        time.Time `json:"as_of,omitzero"`     // judged as of
	Sources     []string  `json:"sources"`            // what was scanned, as the user wrote it
	Series      string    `json:"series,omitempty"`   // names the snapshots that this one continues; made of Sources if empty
	Narrowed    bool      `json:"narrowed,omitempty"` // part of the sources was left out on request (a range, staged changes): nothing counts as resolved
	Tool        string    `json:"tool"`               // version of muster
	Ruleset     string    `json:"ruleset"`            // hash of the rules in force
	Disabled    []string  `json:"disabled_rules,omitempty"`
	Interrupted bool      `json:"interrupted,omitempty"` // the scan was stopped: nothing counts as resolved
	Partial     bool      `json:"partial,omitempty"`     // some scope could not be read in full

	// Rules are the rules in force, each with the kinds of record that it
	// needs. A finding of a rule that is not among them was not looked for, so
	// its absence says nothing. Nil means that every rule was, and needs the
	// kind of its subject only.
	Rules map[string][]inventory.Kind `json:"rules,omitempty"`

	// Unknown tells that a rule could not be decided for a subject, so that its
	// finding is not resolved. Nil means that this is not known.
	Unknown func(rule, subject string) bool `json:"-"`
}

// series names the line of snapshots that this one continues.
func (m Meta) series() string {
	name := m.Series
	if name == "" {
		name = strings.Join(m.Sources, "\n")
	}
	if m.Narrowed {
		name += "\n(narrowed)"
	}
	return name
}

// An Entry is one line of the list of snapshots.
type Entry struct {
	Meta
	Counts Counts `json:"counts"`
}

// Counts are how many records and findings a snapshot has.
type Counts struct {
	Kinds      map[inventory.Kind]int     `json:"kinds"`      // findings included
	Severities map[inventory.Severity]int `json:"severities"` // of the findings that no exception covers
	New        int                        `json:"new"`        // findings never seen before
	Reopened   int                        `json:"reopened"`   // findings that had been resolved
	Resolved   int                        `json:"resolved"`   // findings that this snapshot resolved
}

// A Snapshot is one scan, as it was kept.
type Snapshot struct {
	Meta      Meta
	Counts    Counts
	Inventory *inventory.Inventory // with relations and owners as they were concluded then
	Findings  []*inventory.Finding // worst first, with first_seen, last_seen and state as of then
}

// row is a snapshot as the table has it.
type row struct {
	seq, series int64
	digest      []byte
	entry       Entry
}

const rowColumns = "seq, series, digest, meta, counts"

func scanRow(scan func(...any) error) (row, error) {
	var (
		r            row
		meta, counts string
	)
	if err := scan(&r.seq, &r.series, &r.digest, &meta, &counts); err != nil {
		return row{}, err
	}
	if err := json.Unmarshal([]byte(meta), &r.entry.Meta); err != nil {
		return row{}, fmt.Errorf("%w: description of snapshot %d: %w", ErrCorrupt, r.seq, err)
	}
	if err := json.Unmarshal([]byte(counts), &r.entry.Counts); err != nil {
		return row{}, fmt.Errorf("%w: counts of snapshot %d: %w", ErrCorrupt, r.seq, err)
	}
	return r, nil
}

// List returns all snapshots, newest first.
func (s *Store) List(ctx context.Context) ([]Entry, error) {
	rows, err := s.rows(ctx)
	if err != nil {
		return nil, s.explain("list the snapshots of", err)
	}
	out := make([]Entry, len(rows))
	for i, r := range rows {
		out[i] = r.entry
	}
	return out, nil
}

// querier is what reads: a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) rows(ctx context.Context) ([]row, error) { return rowsOf(ctx, s.read) }

// rowsOf returns all snapshots, newest first.
func rowsOf(ctx context.Context, q querier) ([]row, error) {
	result, err := q.QueryContext(ctx, "SELECT "+rowColumns+" FROM snapshot ORDER BY seq DESC")
	if err != nil {
		return nil, err
	}
	defer result.Close() //nolint:errcheck // Err is looked at
	var out []row
	for result.Next() {
		r, err := scanRow(result.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, result.Err()
}

// Resolve returns the entry that a reference names: an id, the beginning of
// just one, latest, or latest~N for the Nth before it. Its error wraps
// ErrNotFound or ErrAmbiguous and says what there is.
func (s *Store) Resolve(ctx context.Context, ref string) (Entry, error) {
	r, err := s.find(ctx, s.read, ref)
	return r.entry, err
}

func (s *Store) find(ctx context.Context, q querier, ref string) (row, error) {
	rows, err := rowsOf(ctx, q)
	if err != nil {
		return row{}, s.explain("look for a snapshot in", err)
	}
	if len(rows) == 0 {
		return row{}, fmt.Errorf("%q: %w: %s keeps none yet; run a scan first", ref, ErrNotFound, s.path)
	}
	if back, ok := latest(ref); ok {
		if back >= len(rows) {
			return row{}, fmt.Errorf("%q: %w: there are %d, the oldest is latest~%d", ref, ErrNotFound, len(rows), len(rows)-1)
		}
		return rows[back], nil
	}
	var found []row
	for _, r := range rows {
		if r.entry.ID == ref {
			return r, nil
		}
		if ref != "" && strings.HasPrefix(r.entry.ID, ref) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return row{}, fmt.Errorf("%q: %w: the latest is %s; `muster snapshot list` shows all", ref, ErrNotFound, rows[0].entry.ID)
	case 1:
		return found[0], nil
	default:
		return row{}, fmt.Errorf("%q: %w: %s and %s among %d", ref, ErrAmbiguous, found[0].entry.ID, found[1].entry.ID, len(found))
	}
}

// latest reads the references latest and latest~N.
func latest(ref string) (back int, ok bool) {
	if ref == "latest" {
		return 0, true
	}
	n, found := strings.CutPrefix(ref, "latest~")
	if !found {
		return 0, false
	}
	back, err := strconv.Atoi(n)
	return back, err == nil && back >= 0
}

// byWorst orders findings as a report does: severity, score, rule, subject.
func byWorst(a, b *inventory.Finding) int {
	if c := b.Severity.Rank() - a.Severity.Rank(); c != 0 {
		return c
	}
	if c := b.Score - a.Score; c != 0 {
		return c
	}
	return strings.Compare(a.Rule+"\x00"+a.Subject+"\x00"+a.ID, b.Rule+"\x00"+b.Subject+"\x00"+b.ID)
}

// check says what is wrong with the description of a snapshot.
func (m Meta) check() error {
	switch {
	case m.StartedAt.IsZero() || m.FinishedAt.IsZero():
		return errors.New("a snapshot needs the times that its scan started and finished")
	case m.FinishedAt.Before(m.StartedAt):
		return errors.New("the scan of a snapshot finished before it started; is the clock right?")
	case len(m.Sources) == 0:
		return errors.New("a snapshot needs its sources")
	case m.ID != "" && (!validID(m.ID) || m.ID == "latest"):
		return fmt.Errorf("%q cannot be the id of a snapshot; use letters, digits, -, . and _", m.ID)
	}
	return nil
}

// validID reports whether a text can be the id of a snapshot: it becomes part
// of file names and command lines.
func validID(id string) bool {
	return id != "" && len(id) <= 100 && id[0] != '-' && id[0] != '.' && !slices.ContainsFunc([]byte(id), func(c byte) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_'
	})
}
