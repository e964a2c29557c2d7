package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The states of a finding.
const (
	stateNew      = "new"
	stateOpen     = "open"
	stateReopened = "reopened"
	stateResolved = "resolved"
)

// past is what earlier snapshots said of a finding.
type past struct {
	rule, subject, scope string
	kind                 inventory.Kind
	first, last          int64 // nanoseconds since 1970
	resolved             int64 // when it was; 0 if it is open
	seen                 bool  // in this snapshot too
}

// judge compares the findings with those of all earlier snapshots, says which
// are new and which are gone, and notes it.
func (sv *saver) judge(inv *inventory.Inventory, findings []*inventory.Finding) (Saved, error) {
	known, err := sv.known()
	if err != nil {
		return Saved{}, err
	}
	out := Saved{Findings: make([]*inventory.Finding, len(findings))}
	now := sv.meta.StartedAt
	given := make(map[string]bool, len(findings))
	for i, f := range findings {
		if given[f.ID] {
			return Saved{}, fmt.Errorf("finding %s is there twice", f.ID)
		}
		given[f.ID] = true
		c := *f
		c.FirstSeen, c.LastSeen, c.State = now, now, stateNew
		if p := known[f.ID]; p != nil {
			c.FirstSeen, c.State = time.Unix(0, p.first).UTC(), stateOpen
			if p.resolved != 0 {
				c.State = stateReopened
			}
			p.seen = true
		}
		out.Findings[i] = &c
	}
	if err := sv.note(out.Findings); err != nil {
		return Saved{}, err
	}
	out.Resolved, err = sv.resolve(inv, known)
	return out, err
}

// known reads what there is on every finding ever seen.
func (sv *saver) known() (map[string]*past, error) {
	rows, err := sv.tx.QueryContext(sv.ctx, "SELECT id, rule, subject, scope, kind, first, last, resolved FROM finding")
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err is looked at
	out := make(map[string]*past)
	for rows.Next() {
		var (
			id string
			p  past
		)
		if err := rows.Scan(&id, &p.rule, &p.subject, &p.scope, &p.kind, &p.first, &p.last, &p.resolved); err != nil {
			return nil, err
		}
		out[id] = &p
	}
	return out, rows.Err()
}

// note writes down that the findings were seen.
func (sv *saver) note(findings []*inventory.Finding) error {
	stmt, err := sv.tx.PrepareContext(sv.ctx, `
		INSERT INTO finding (id, rule, subject, scope, kind, first, last, body, volatile) VALUES (?,?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET scope = excluded.scope, last = excluded.last, resolved = 0,
			body = excluded.body, volatile = excluded.volatile`)
	if err != nil {
		return err
	}
	defer stmt.Close() //nolint:errcheck // it ends with the transaction
	enc := newEncoder()
	for _, f := range findings {
		body, volatile, err := enc.encode(inventory.Record{Finding: f})
		if err != nil {
			return err
		}
		_, err = stmt.ExecContext(sv.ctx, f.ID, f.Rule, f.Subject, f.Scope, string(f.SubjectKind),
			f.FirstSeen.UnixNano(), f.LastSeen.UnixNano(), body, volatile)
		if err != nil {
			return err
		}
	}
	return nil
}

// resolve finds the open findings that this snapshot shows to be gone.
func (sv *saver) resolve(inv *inventory.Inventory, known map[string]*past) ([]*inventory.Finding, error) {
	if sv.meta.Interrupted || sv.meta.Narrowed {
		return nil, nil
	}
	var out []*inventory.Finding
	for id, p := range known {
		if p.seen || p.resolved != 0 || !sv.meta.shows(inv, p) {
			continue
		}
		f, err := sv.settle(id)
		if err != nil {
			return nil, err
		}
		f.FirstSeen, f.LastSeen, f.State = time.Unix(0, p.first).UTC(), time.Unix(0, p.last).UTC(), stateResolved
		out = append(out, f)
	}
	slices.SortFunc(out, byWorst)
	return out, nil
}

// shows reports whether a snapshot would have had a finding if it still held.
func (m Meta) shows(inv *inventory.Inventory, p *past) bool {
	needs, inForce := m.Rules[p.rule]
	if m.Rules != nil && !inForce {
		return false
	}
	for _, kind := range append([]inventory.Kind{p.kind}, needs...) {
		if status, looked := inv.CoverageOf(p.scope, kind); !looked || status != inventory.StatusComplete {
			return false
		}
	}
	return m.Unknown == nil || !m.Unknown(p.rule, p.subject)
}

// settle marks a finding as resolved and returns it as it was last seen.
func (sv *saver) settle(id string) (*inventory.Finding, error) {
	var (
		body     []byte
		volatile string
	)
	err := sv.tx.QueryRowContext(sv.ctx, "UPDATE finding SET resolved = ? WHERE id = ? RETURNING body, volatile",
		sv.meta.StartedAt.UnixNano(), id).Scan(&body, &volatile)
	if err != nil {
		return nil, err
	}
	var r inventory.Record
	if err := json.Unmarshal(body, &r); err != nil || r.Finding == nil {
		return nil, fmt.Errorf("%w: finding %s cannot be read", ErrCorrupt, id)
	}
	if err := join(&r, volatile, time.Time{}); err != nil {
		return nil, fmt.Errorf("%w: finding %s: %w", ErrCorrupt, id, err)
	}
	return r.Finding, nil
}
