package pack

import (
	"encoding/binary"
	"hash/adler32"
)

const (
	slack    = 288  // bytes that inflate may write beyond the limit: literals and one longest match, in words
	tinySize = 4096 // bytes of output below which tables are kept small
)

// An inflater expands zlib streams that lie in memory as a whole into buffers of
// a known size, which spares the window and the state of a reader of streams.
// It is not safe for concurrent use. About 45 KB.
type inflater struct {
	literal  [literalSize]entry
	distance [distanceSize]entry

	fixedLiteral  [literalSize]entry
	fixedDistance [distanceSize]entry

	literals  [288]entry
	distances [32]entry
	precodes  [19]entry

	precode [lengthSize]entry
	lengths [288 + 32]uint8
	build   builder
}

func newInflater() *inflater {
	z := &inflater{}
	z.meanings()
	for i := range 288 {
		switch {
		case i < 144:
			z.lengths[i] = 8
		case i < 256:
			z.lengths[i] = 9
		case i < 280:
			z.lengths[i] = 7
		default:
			z.lengths[i] = 8
		}
	}
	z.build.build(z.fixedLiteral[:], z.lengths[:288], z.literals[:], 9, false)
	for i := range 32 {
		z.lengths[i] = 5
	}
	z.build.build(z.fixedDistance[:], z.lengths[:32], z.distances[:], 5, false)
	return z
}

// meanings fills in what the symbols mean: RFC 1951 section 3.2.5.
func (z *inflater) meanings() {
	for i := range 256 {
		z.literals[i] = entry(i)<<16 | isLiteral
	}
	z.literals[256] = isEnd
	base := entry(3)
	for i := 257; i < 285; i++ {
		extra := entry(max(0, (i-257)/4-1))
		z.literals[i] = base<<16 | extra
		base += 1 << extra
	}
	z.literals[285] = 258 << 16
	z.literals[286], z.literals[287] = isBad, isBad
	base = 1
	for i := range 30 {
		extra := entry(max(0, i/2-1))
		z.distances[i] = base<<16 | extra
		base += 1 << extra
	}
	z.distances[30], z.distances[31] = isBad, isBad
	for i := range z.precodes {
		z.precodes[i] = entry(i) << 16
	}
}

// A stream is where inflation stands: in what is read, and in what is written.
type stream struct {
	in  []byte
	pos int    // of the next byte of in
	buf uint64 // bits that were read and not used
	n   uint   // how many
	end int    // bytes read beyond the end of in, as zeros

	out []byte // with slack
	o   int    // bytes written
	max int    // bytes that may be written
}

// inflate expands the zlib stream at the start of in, which may go on behind
// it, into out, and returns how many bytes of in the stream takes. out must have
// room for slack bytes more than its length, which the stream must fill exactly.
func (z *inflater) inflate(out, in []byte) (used int, err error) {
	s, done, err := z.run(out, in)
	switch {
	case err != nil:
		return 0, err
	case !done || s.o != len(out):
		return 0, corrupt("its size is not what it says")
	}
	sum, ok := s.trailer()
	if !ok {
		return 0, corrupt("it breaks off")
	}
	if sum != adler32.Checksum(out) {
		return 0, corrupt("its checksum is wrong")
	}
	return s.pos, nil
}

// peek expands the beginning of a zlib stream: at most len(out) bytes. There is
// room in out as for inflate. Nothing is held to a checksum.
func (z *inflater) peek(out, in []byte) (int, error) {
	s, _, err := z.run(out, in)
	return min(s.o, len(out)), err
}

// run reads the header of a zlib stream and its blocks until its end or until
// out is full (done is false then).
func (z *inflater) run(out, in []byte) (s stream, done bool, err error) {
	if len(in) < 2 || in[0]&15 != 8 || in[0]>>4 > 7 || in[1]&32 != 0 || (uint(in[0])<<8|uint(in[1]))%31 != 0 {
		return s, false, corrupt("it is no zlib stream")
	}
	s = stream{in: in, pos: 2, out: out[:len(out)+slack], max: len(out)}
	for last := false; !last; {
		s.fill()
		last = s.take(1) == 1
		switch s.take(2) {
		case 0:
			err = s.stored()
		case 1:
			err = s.codes(&z.fixedLiteral, &z.fixedDistance, 9, 5)
		case 2:
			err = z.dynamic(&s)
		default:
			err = corrupt("a block has no type")
		}
		if err != nil {
			return s, false, err
		}
		if s.o > s.max {
			return s, false, nil
		}
	}
	return s, true, nil
}

// fill makes 56 bits or more ready. Behind the end there are zeros, which are
// counted.
func (s *stream) fill() {
	if s.pos+8 <= len(s.in) {
		s.buf |= binary.LittleEndian.Uint64(s.in[s.pos:]) << (s.n & 63)
		s.pos += int((63 - s.n) >> 3)
		s.n |= 56
		return
	}
	for s.n < 56 {
		if s.pos < len(s.in) {
			s.buf |= uint64(s.in[s.pos]) << s.n
			s.pos++
		} else {
			s.end++
		}
		s.n += 8
	}
}

func (s *stream) take(n uint) uint64 {
	v := s.buf & (1<<n - 1)
	s.buf >>= n
	s.n -= n
	return v
}

// over reports whether bits behind the end were used.
func (s *stream) over() bool { return uint(s.end)*8 > s.n }

// align gives back the whole bytes that were read ahead.
func (s *stream) align() bool {
	if s.over() {
		return false
	}
	s.pos -= int(s.n>>3) - s.end
	s.buf, s.n, s.end = 0, 0, 0
	return true
}

func (s *stream) trailer() (sum uint32, ok bool) {
	if !s.align() || s.pos+4 > len(s.in) {
		return 0, false
	}
	s.pos += 4
	return binary.BigEndian.Uint32(s.in[s.pos-4:]), true
}

// stored copies a block that is not compressed.
func (s *stream) stored() error {
	if !s.align() || s.pos+4 > len(s.in) {
		return corrupt("it breaks off")
	}
	n := int(binary.LittleEndian.Uint16(s.in[s.pos:]))
	if n^0xFFFF != int(binary.LittleEndian.Uint16(s.in[s.pos+2:])) {
		return corrupt("a stored block has two sizes")
	}
	s.pos += 4
	if s.pos+n > len(s.in) {
		return corrupt("it breaks off")
	}
	c := copy(s.out[s.o:s.max], s.in[s.pos:s.pos+n])
	s.pos += n
	s.o += c
	if c < n {
		s.o = s.max + 1 // there is more than was said
	}
	return nil
}

// dynamic reads the codes of a block, and the block: RFC 1951 section 3.2.7.
func (z *inflater) dynamic(s *stream) error {
	nl, nd, np := int(s.take(5))+257, int(s.take(5))+1, int(s.take(4))+4
	if nl > 286 || nd > 30 {
		return corrupt("a block has too many codes")
	}
	order := [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var pre [len(order)]uint8
	for i, symbol := range order[:np] {
		if i&7 == 0 {
			s.fill()
		}
		pre[symbol] = uint8(s.take(3))
	}
	if !z.build.build(z.precode[:], pre[:], z.precodes[:], 7, false) {
		return corrupt("a block's codes are not complete")
	}
	if err := z.readLengths(s, nl+nd); err != nil {
		return err
	}
	if z.lengths[256] == 0 {
		return corrupt("a block has no end")
	}
	// Large tables decode faster, and small ones are made faster.
	main, mainDistance := 11, 8
	if s.max < tinySize {
		main, mainDistance = 9, 7
	}
	if !z.build.build(z.literal[:], z.lengths[:nl], z.literals[:], main, true) ||
		!z.build.build(z.distance[:], z.lengths[nl:nl+nd], z.distances[:], mainDistance, true) {
		return corrupt("a block's codes are not complete")
	}
	return s.codes(&z.literal, &z.distance, uint(main), uint(mainDistance))
}

// readLengths reads the lengths of n codes, which are run-length encoded.
func (z *inflater) readLengths(s *stream, n int) error {
	for i := 0; i < n; {
		if s.n < 14 {
			s.fill()
			if s.over() {
				return corrupt("it breaks off")
			}
		}
		e := z.precode[s.buf&(lengthSize-1)]
		s.take(uint(e & 31))
		sym, repeat, value := e>>16, 1, uint8(e>>16)
		switch sym {
		case 16:
			if i == 0 {
				return corrupt("a block's codes begin with a repetition")
			}
			value, repeat = z.lengths[i-1], 3+int(s.take(2))
		case 17:
			value, repeat = 0, 3+int(s.take(3))
		case 18:
			value, repeat = 0, 11+int(s.take(7))
		}
		if i+repeat > n {
			return corrupt("a block has too many codes")
		}
		for range repeat {
			z.lengths[i] = value
			i++
		}
	}
	return nil
}
