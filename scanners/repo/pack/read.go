package pack

import (
	"fmt"
	"slices"
)

// Read returns one object of at most limit bytes (0 is 32 MB). The error is an
// ObjectError that wraps ErrMissing, ErrTooLarge or ErrCorrupt. Time: one
// inflation for each link of its chain of deltas; the first call reads the heads
// of all entries of its pack. Memory: three objects of the chain.
func (s *Store) Read(id ID, limit int64) (typ Type, data []byte, err error) {
	defer faults()()
	defer guardFault(&err)
	r := newReader(s)
	if limit > 0 {
		r.max = limit
	}
	r.arena.budget = 4*r.max + 1<<16
	return r.read(id)
}

// read returns a copy of an object.
func (r *reader) read(id ID) (Type, []byte, error) {
	if p, i := r.store.find(id); i >= 0 {
		return r.packed(p, i)
	}
	if !r.store.Has(id) {
		return 0, nil, &ObjectError{id, -1, ErrMissing}
	}
	o, whole, data, err := r.loose(id)
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

// chain returns an entry and what it is made from, the root last.
func (r *reader) chain(p *packed, t *forest, pos uint32) (chain []uint32, err error) {
	defer guard(&err)
	for len(chain) <= len(t.number) {
		chain = append(chain, pos)
		off := t.offset[pos]
		b, err := p.file.slice(off, min(maxHead, t.offset[pos+1]-off), &r.scratch)
		if err != nil {
			return nil, err
		}
		h, err := parseHead(b)
		if err != nil {
			return nil, err
		}
		base := -1
		switch h.typ {
		case ofsDelta:
			base = t.at(off - h.back)
		case refDelta:
			if i := p.index.find(h.base); i >= 0 {
				base = t.at(p.index.offset(i))
			}
		default:
			return chain, nil
		}
		if base < 0 {
			return nil, errNoBase()
		}
		pos = uint32(base)
	}
	return nil, errNoBase()
}
