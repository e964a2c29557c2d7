package pack

import "encoding/binary"

// codes expands one block with the tables for its codes, whose main parts are
// indexed by main and mainDistance bits. It stops where more than s.max bytes
// are written: less than slack.
//
// A round takes at most 15 bits for each of two literals, or 48 for a length
// and a distance after one literal's 15 at most: two fills a round are enough
// whatever comes.
//
//nolint:gocognit,funlen // the innermost loop: what is taken out of it costs a call a symbol
func (s *stream) codes(literal *[literalSize]entry, distance *[distanceSize]entry, main, mainDistance uint) error {
	mask, maskDistance := uint64(1)<<main-1, uint64(1)<<mainDistance-1
	in, out, o := s.in, s.out, s.o
	pos, buf, n := s.pos, s.buf, s.n
	for o <= s.max {
		if pos+8 <= len(in) {
			buf |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		} else {
			s.pos, s.buf, s.n = pos, buf, n
			s.fill()
			if s.over() {
				return corrupt("it breaks off")
			}
			pos, buf, n = s.pos, s.buf, s.n
		}
		e := literal[buf&mask&(literalSize-1)]
		if e&isLiteral != 0 {
			out[o] = byte(e >> 16)
			o++
			buf >>= e & 31
			n -= uint(e & 31)
			e = literal[buf&mask&(literalSize-1)]
			if e&isLiteral != 0 {
				out[o] = byte(e >> 16)
				o++
				buf >>= e & 31
				n -= uint(e & 31)
				e = literal[buf&mask&(literalSize-1)]
				if e&isLiteral != 0 {
					out[o] = byte(e >> 16)
					o++
					buf >>= e & 31
					n -= uint(e & 31)
					continue
				}
			}
		}
		if e&isLink != 0 {
			buf >>= e & 31
			n -= uint(e & 31)
			e = literal[(uint64(e>>16)+buf&(1<<(e>>8&15)-1))&(literalSize-1)]
		}
		old := buf
		buf >>= e & 31
		n -= uint(e & 31)
		if e&(isLiteral|isEnd|isBad) != 0 {
			switch {
			case e&isLiteral != 0:
				out[o] = byte(e >> 16)
				o++
				continue
			case e&isEnd != 0:
				s.pos, s.buf, s.n, s.o = pos, buf, n, o
				if s.over() {
					return corrupt("it breaks off")
				}
				return nil
			default:
				return corrupt("a code means nothing")
			}
		}
		length := int(e>>16) + int(old&(1<<(e&31)-1)>>(e>>8&15))

		if n < 28 {
			if pos+8 <= len(in) {
				buf |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
				pos += int((63 - n) >> 3)
				n |= 56
			} else {
				s.pos, s.buf, s.n = pos, buf, n
				s.fill()
				pos, buf, n = s.pos, s.buf, s.n
			}
		}
		e = distance[buf&maskDistance&(distanceSize-1)]
		if e&isLink != 0 {
			buf >>= e & 31
			n -= uint(e & 31)
			e = distance[(uint64(e>>16)+buf&(1<<(e>>8&15)-1))&(distanceSize-1)]
		}
		if e&isBad != 0 {
			return corrupt("a code means nothing")
		}
		dist := int(e>>16) + int(buf&(1<<(e&31)-1)>>(e>>8&15))
		buf >>= e & 31
		n -= uint(e & 31)
		if dist > o {
			return corrupt("a match begins before the beginning")
		}
		repeat(out, o, dist, length)
		o += length
	}
	s.pos, s.buf, s.n, s.o = pos, buf, n, o
	return nil
}

// repeat appends to what is written up to o length bytes that stand dist bytes
// before. It may write up to 15 bytes more.
func repeat(out []byte, o, dist, length int) {
	switch {
	case dist >= 16 && length <= 64:
		from := o - dist
		for end := o + length; o < end; o, from = o+16, from+16 {
			a, b := out[from:from+16:from+16], out[o:o+16:o+16]
			copy(b, a)
		}
	case dist >= length:
		copy(out[o:o+length], out[o-dist:o-dist+length])
	case dist >= 8:
		from := o - dist
		for end := o + length; o < end; o, from = o+8, from+8 {
			binary.LittleEndian.PutUint64(out[o:], binary.LittleEndian.Uint64(out[from:]))
		}
	case dist == 1:
		b := out[o-1]
		run := out[o : o+length]
		for i := range run {
			run[i] = b
		}
	default:
		for i := o; i < o+length; i++ {
			out[i] = out[i-dist]
		}
	}
}
