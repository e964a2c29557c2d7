package store

import (
	"database/sql"
	"strings"
)

// batch is how many rows one statement inserts.
const batch = 64

// insert writes the members that are new or have changed, and their bodies
// where there is none of that content yet, in the order of their keys.
func (sv *saver) insert(all *estate, marks []mark, d delta) error {
	w := &writer{saver: sv, bodies: map[int]*sql.Stmt{}, members: map[int]*sql.Stmt{}}
	defer w.close()
	enc := newEncoder()
	for _, list := range [][]int32{d.added, d.changed} {
		for _, i := range list {
			r, _ := all.at(int(marks[i].index))
			body, _, err := enc.encode(r)
			if err != nil {
				return err
			}
			if err := w.add(&marks[i], body); err != nil {
				return err
			}
		}
	}
	return w.flush()
}

// A writer inserts rows many at a time.
type writer struct {
	saver           *saver
	bodies, members map[int]*sql.Stmt // by number of rows
	body, member    []any
	rows            int
}

func (w *writer) add(m *mark, body []byte) error {
	sum := m.hash[:]
	w.body = append(w.body, sum, []byte(string(body)))
	w.member = append(w.member, w.saver.series, m.key[:], int64(m.kind), sum, sum, m.volatile, w.saver.seq)
	if w.rows++; w.rows < batch {
		return nil
	}
	return w.flush()
}

func (w *writer) flush() error {
	if w.rows == 0 {
		return nil
	}
	if err := w.run(w.bodies, "INSERT OR IGNORE INTO body (hash, data) VALUES ", "(?,?)", w.body); err != nil {
		return err
	}
	if err := w.run(w.members, "INSERT INTO member (series, key, kind, hash, body, volatile, since) VALUES ",
		"(?,?,?,?,(SELECT id FROM body WHERE hash = ?),?,?)", w.member); err != nil {
		return err
	}
	w.body, w.member, w.rows = w.body[:0], w.member[:0], 0
	return nil
}

func (w *writer) run(cache map[int]*sql.Stmt, head, tuple string, args []any) error {
	stmt := cache[w.rows]
	if stmt == nil {
		var err error
		query := head + strings.TrimSuffix(strings.Repeat(tuple+",", w.rows), ",") //nolint:gosec // question marks are all that is added
		if stmt, err = w.saver.tx.PrepareContext(w.saver.ctx, query); err != nil {
			return err
		}
		cache[w.rows] = stmt
	}
	_, err := stmt.ExecContext(w.saver.ctx, args...)
	return err
}

func (w *writer) close() {
	for _, cache := range []map[int]*sql.Stmt{w.bodies, w.members} {
		for _, stmt := range cache {
			_ = stmt.Close()
		}
	}
}
