package pack

import "math/bits"

// An entry of a decoding table, for the next bits of the stream:
//
//	bits  0-4   bits to consume: those of the code and of the number behind it
//	bits  8-11  bits of the code alone; of a link, the bits that index its table
//	bits 12-15  what it is
//	bits 16-31  a literal, the base of a length or distance, or where the
//	            linked table begins
type entry = uint32

const (
	isLiteral entry = 1 << 12
	isEnd     entry = 1 << 13
	isLink    entry = 1 << 14
	isBad     entry = 1 << 15

	maxCode = 15 // longest code in bits, RFC 1951 section 3.2.7
)

// Sizes of the tables. A table of 2^main entries and its linked ones take no
// more than 2342 entries for 288 codes of 15 bits and main = 11, and less than
// 600 for 32 codes and main = 7 or 8; powers of two let an index be masked.
const (
	literalSize  = 4096
	distanceSize = 1024
	lengthSize   = 128
)

// A builder makes decoding tables. What it holds is scratch space.
type builder struct {
	count  [maxCode + 1]uint16
	offset [maxCode + 2]uint16
	sorted [288]uint16
}

// build fills table for codes of the given lengths: a main part of 2^main
// entries and linked parts for longer codes. symbol says what each code means.
// Like zlib it takes an incomplete code only if that is one code of one bit or,
// for an alphabet that is then not used, none.
func (b *builder) build(table []entry, lengths []uint8, symbol []entry, main int, mayMiss bool) bool {
	b.sort(lengths)
	longest := maxCode
	for longest > 0 && b.count[longest] == 0 {
		longest--
	}
	left := 1
	for n := 1; n <= maxCode; n++ {
		left = left<<1 - int(b.count[n])
		if left < 0 {
			return false
		}
	}
	if left > 0 {
		if !mayMiss || longest > 1 {
			return false
		}
		for i := range table[:1<<main] {
			table[i] = isBad
		}
		if longest == 1 {
			for i := 0; i < 1<<main; i += 2 {
				table[i] = symbol[b.sorted[0]] + 1 | 1<<8
			}
		}
		return true
	}
	b.fill(table, symbol, main)
	return true
}

// sort orders the symbols by the lengths of their codes.
func (b *builder) sort(lengths []uint8) {
	b.count = [maxCode + 1]uint16{}
	for _, n := range lengths {
		b.count[n&maxCode]++
	}
	b.count[0] = 0
	b.offset[1] = 0
	for n := 1; n <= maxCode; n++ {
		b.offset[n+1] = b.offset[n] + b.count[n]
	}
	for s, n := range lengths {
		if n != 0 {
			b.sorted[b.offset[n]] = uint16(s)
			b.offset[n]++
		}
	}
}

// fill makes the table of a complete code. Codes are kept with their bits
// reversed, as the stream has them. The main part is doubled with each length,
// so that short codes are written once.
func (b *builder) fill(table []entry, symbol []entry, main int) {
	code, next, size := 0, 0, 1
	for n := 1; n <= main; n++ {
		copy(table[size:2*size], table[:size])
		size *= 2
		for range b.count[n] {
			table[code] = symbol[b.sorted[next]] + entry(n) | entry(n)<<8
			next++
			code = following(code, size)
		}
	}
	prefix, start, end := -1, 0, size
	for n := main + 1; n <= maxCode; n++ {
		for done := range b.count[n] {
			if low := code & (size - 1); low != prefix {
				prefix, start = low, end
				wide := b.width(n, main, int(b.count[n]-done))
				end += 1 << wide
				table[prefix] = entry(start)<<16 | isLink | entry(wide)<<8 | entry(main)
			}
			e := symbol[b.sorted[next]] + entry(n-main) | entry(n-main)<<8
			next++
			for i := start + code>>main; i < end; i += 1 << (n - main) {
				table[i] = e
			}
			code = following(code, 1<<n)
		}
	}
}

// width returns how many bits index the linked table that begins with a code of
// n bits, of which left are to come.
func (b *builder) width(n, main, left int) int {
	wide := n - main
	for used := left; used < 1<<wide && main+wide < maxCode; {
		wide++
		used = used<<1 + int(b.count[main+wide])
	}
	return wide
}

// following returns the code after code among those of a length, of which there
// are size; after the last one it returns 0.
func following(code, size int) int {
	open := code ^ (size - 1)
	if open == 0 {
		return 0
	}
	bit := 1 << (bits.Len(uint(open)) - 1)
	return code&(bit-1) | bit
}
