package pack

import (
	"crypto/sha1" //nolint:gosec // git's object names
	"fmt"
	"strconv"
)

// A reader makes objects out of entries. It is not safe for concurrent use.
type reader struct {
	store   *Store
	z       *inflater
	arena   arena
	max     int64 // bytes of the largest object that is made
	scratch []byte
	small   [looseHeadMax + slack]byte
}

func newReader(s *Store) *reader {
	return &reader{store: s, z: newInflater(), max: defaultLargest, arena: arena{budget: defaultBudget}}
}

// stored returns the head of an entry and its stream, held to the checksum in
// the index.
func (r *reader) stored(p *packed, t *forest, pos uint32) (h head, stream []byte, err error) {
	off := t.offset[pos]
	n := t.offset[pos+1] - off
	if p.file.f != nil && n > r.arena.budget {
		return h, nil, fmt.Errorf("%w: %d bytes as it is stored", ErrTooLarge, n)
	}
	b, err := p.file.slice(off, n, &r.scratch)
	if err != nil {
		return h, nil, err
	}
	p.file.used(off, n)
	if !p.index.fits(int(t.number[pos]), b[:n]) {
		return h, nil, corrupt("it is not what the index has a checksum of")
	}
	h, err = parseHead(b[:n])
	return h, b[h.len:], err
}

// made is what an entry makes: base is nil for a root. The buffer is the
// arena's. The size is told with ErrTooLarge, too.
func (r *reader) made(p *packed, t *forest, pos uint32, base []byte, root bool) (data []byte, size int64, err error) {
	defer guard(&err)
	h, in, err := r.stored(p, t, pos)
	if err != nil {
		return nil, -1, err
	}
	if h.size > r.max {
		size := h.size
		if !root {
			size = -1
		}
		return nil, size, fmt.Errorf("%w: %d bytes", ErrTooLarge, h.size)
	}
	out := r.arena.get(h.size)
	if out == nil {
		return nil, -1, fmt.Errorf("%w: it does not fit beside what it is made from", ErrTooLarge)
	}
	used, err := r.z.inflate(out, in)
	if err == nil && h.len+int64(used) != t.offset[pos+1]-t.offset[pos] {
		err = corrupt("something lies behind it")
	}
	if err != nil {
		r.arena.put(out)
		return nil, -1, err
	}
	if root {
		return out, h.size, nil
	}
	defer r.arena.put(out)
	return r.applied(out, base)
}

// applied is what a delta makes of its base.
func (r *reader) applied(delta, base []byte) (data []byte, size int64, err error) {
	from, size, n, err := deltaSizes(delta)
	switch {
	case err != nil:
		return nil, -1, err
	case from != int64(len(base)):
		return nil, -1, corrupt("a delta is for a base of another size")
	case size > r.max:
		return nil, size, fmt.Errorf("%w: %d bytes", ErrTooLarge, size)
	}
	out := r.arena.get(size)
	if out == nil {
		return nil, size, fmt.Errorf("%w: it does not fit beside what it is made from", ErrTooLarge)
	}
	if err := apply(out, base, delta[n:]); err != nil {
		r.arena.put(out)
		return nil, size, err
	}
	return out, size, nil
}

// verify holds an object to its name.
func verify(o Object, data []byte) error {
	if nameOf(o.Type, data) != o.ID {
		return corrupt("its content is that of another name")
	}
	return nil
}

func nameOf(typ Type, data []byte) (id ID) {
	h := sha1.New() //nolint:gosec // git's object names
	head := append([]byte(typ.String()), ' ')
	head = append(strconv.AppendInt(head, int64(len(data)), 10), 0)
	h.Write(head)
	h.Write(data)
	h.Sum(id[:0])
	return id
}
