package pack

import (
	"fmt"
	"slices"
)

// Read returns one object of at most limit bytes (0 is 32 MB): the slow way,
// link by link of its chain of deltas, to hold Each to.
func (s *Store) Read(id ID, limit int64) (typ Type, data []byte, err error) {
	defer faults()()
	defer guardFault(&err)
	r := newReader(s)
	if limit > 0 {
		r.max = limit
	}
	r.arena.budget = 4*r.max + 1<<16
	k, i := s.locate(id)
	switch {
	case i < 0:
		return 0, nil, &ObjectError{id, -1, ErrMissing}
	case k >= 0:
		return r.packed(s.packs[k], i)
	}
	o, whole, data, err := r.loose(s.loose[i], func(Object) bool { return true })
	if err != nil {
		return 0, nil, &ObjectError{id, -1, err}
	}
	defer r.arena.put(whole)
	return o.Type, append([]byte{}, data...), nil
}

func (r *reader) packed(p *packed, i int) (Type, []byte, error) {
	id, off := p.index.id(i), p.index.offset(i)
	t, err := p.forest()
	if err != nil {
		return 0, nil, &ObjectError{id, off, fmt.Errorf("read a pack: %w", err)}
	}
	pos := t.at(off)
	if pos < 0 || t.typ[pos] == 0 {
		return 0, nil, &ObjectError{id, off, p.why(t, uint32(max(0, pos)))}
	}
	chain, err := r.chain(p, t, uint32(pos))
	if err != nil {
		return 0, nil, &ObjectError{id, off, err}
	}
	var data []byte
	for k, at := range slices.Backward(chain) {
		next, _, err := r.made(p, t, at, data, k == len(chain)-1)
		r.arena.put(data)
		if err != nil {
			return 0, nil, &ObjectError{id, off, err}
		}
		data = next
	}
	out := append([]byte{}, data...)
	r.arena.put(data)
	return t.typ[pos], out, nil
}
