package pack

import "encoding/binary"

// A head is what stands before an entry's stream.
type head struct {
	typ  Type
	size int64 // of what the stream holds: the object, or the delta
	len  int64 // of the head itself
	back int64 // of ofsDelta: how far before the entry its base begins
	base ID    // of refDelta
}

// parseHead reads the head of an entry. No size beyond 2^62 and no distance of
// zero comes out.
func parseHead(b []byte) (h head, err error) {
	if len(b) == 0 {
		return h, corrupt("it breaks off")
	}
	h.typ, h.size = Type(b[0]>>4&7), int64(b[0]&15)
	i := 1
	for shift := 4; b[i-1]&0x80 != 0; shift += 7 {
		if i >= len(b) || shift > 54 {
			return h, corrupt("its size breaks off")
		}
		h.size |= int64(b[i]&0x7F) << shift
		i++
	}
	switch h.typ {
	case Commit, Tree, Blob, Tag:
	case ofsDelta:
		more := true
		for n := 0; more; n++ {
			if i >= len(b) || n > 8 {
				return h, corrupt("the way to its base breaks off")
			}
			if n > 0 {
				h.back++
			}
			h.back = h.back<<7 | int64(b[i]&0x7F)
			more = b[i]&0x80 != 0
			i++
		}
		if h.back <= 0 {
			return h, corrupt("it is its own base")
		}
	case refDelta:
		if i+len(h.base) > len(b) {
			return h, corrupt("its base's name breaks off")
		}
		copy(h.base[:], b[i:])
		i += len(h.base)
	default:
		return h, corrupt("it has no type")
	}
	h.len = int64(i)
	return h, nil
}

// maxHead is the longest head: a size, and a name.
const maxHead = 10 + 20

// deltaSizes reads the beginning of a delta: the size of the base, that of the
// result, and how many bytes they take.
func deltaSizes(delta []byte) (base, result int64, n int, err error) {
	b, i := binary.Uvarint(delta)
	if i <= 0 {
		return 0, 0, 0, corrupt("a delta's sizes break off")
	}
	r, k := binary.Uvarint(delta[i:])
	if k <= 0 || b > 1<<62 || r > 1<<62 {
		return 0, 0, 0, corrupt("a delta's sizes break off")
	}
	return int64(b), int64(r), i + k, nil
}

// apply carries out the instructions of a delta, without its sizes, and fills
// out exactly.
func apply(out, base, delta []byte) error {
	o := 0
	for i := 0; i < len(delta); {
		op := delta[i]
		i++
		if op&0x80 == 0 {
			n := int(op)
			if n == 0 {
				return corrupt("a delta has an instruction that means nothing")
			}
			if n > len(delta)-i || n > len(out)-o {
				return corrupt("a delta adds more than there is")
			}
			copy(out[o:o+n], delta[i:i+n])
			o, i = o+n, i+n
			continue
		}
		var from, n int
		for bit := range 7 {
			if op>>bit&1 == 0 {
				continue
			}
			if i >= len(delta) {
				return corrupt("a delta breaks off")
			}
			if bit < 4 {
				from |= int(delta[i]) << (8 * bit)
			} else {
				n |= int(delta[i]) << (8 * (bit - 4))
			}
			i++
		}
		if n == 0 {
			n = 0x10000
		}
		if from > len(base)-n || n > len(out)-o {
			return corrupt("a delta copies what is not there")
		}
		copy(out[o:o+n], base[from:from+n])
		o += n
	}
	if o != len(out) {
		return corrupt("a delta makes less than it says")
	}
	return nil
}
