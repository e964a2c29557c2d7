package pack

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // git's object names
	"encoding/binary"
	"hash/crc32"
)

const (
	indexHead = 8 + 256*4
	trailer   = 2 * len(ID{}) // checksums of the pack and of the index
	maxCount  = 1<<31 - 2     // objects in a pack
)

// An index is the sorted list of a pack's objects, as gitformat-pack(5) has it.
// One of version 1 has no checksums of entries.
type index struct {
	fanout, names, sums, offsets, far []byte
	n                                 int
	pack                              [20]byte // checksum of the pack
}

// parseIndex checks all of an index but that the offsets make sense: structure,
// order and checksum. It takes as long as a SHA-1 of it.
func parseIndex(data []byte) (x *index, err error) {
	defer guard(&err)
	switch {
	case len(data) < 8:
		return nil, corrupt("an index breaks off")
	case !bytes.Equal(data[:4], []byte("\xfftOc")):
		return parseOldIndex(data)
	case binary.BigEndian.Uint32(data[4:]) != 2:
		return nil, &UnsupportedError{"an index has a version other than 1 and 2"}
	case len(data) < indexHead+trailer:
		return nil, corrupt("an index breaks off")
	}
	x, err = counted(data[8:indexHead])
	if err != nil {
		return nil, err
	}
	rest := len(data) - indexHead - trailer - 28*x.n
	if rest < 0 || rest%8 != 0 || rest/8 > x.n {
		return nil, corrupt("an index has not the size that its count asks for, or is one of SHA-256")
	}
	if err := x.sealed(data); err != nil {
		return nil, err
	}
	data = data[indexHead:]
	x.names, data = data[:20*x.n], data[20*x.n:]
	x.sums, data = data[:4*x.n], data[4*x.n:]
	x.offsets, data = data[:4*x.n], data[4*x.n:]
	x.far = data[:rest]
	if err := x.ordered(); err != nil {
		return nil, err
	}
	return x, nil
}

// counted reads how many names begin with a byte of that value or less.
func counted(fanout []byte) (*index, error) {
	last := uint32(0)
	for i := range 256 {
		next := binary.BigEndian.Uint32(fanout[4*i:])
		if next < last || next > maxCount {
			return nil, corrupt("an index counts backwards")
		}
		last = next
	}
	return &index{fanout: fanout, n: int(last)}, nil
}

// sealed holds an index to its checksum, and reads that of its pack.
func (x *index) sealed(data []byte) error {
	end := len(data) - len(ID{})
	if sum := sha1.Sum(data[:end]); !bytes.Equal(sum[:], data[end:]) { //nolint:gosec // git's checksum
		return corrupt("an index's checksum is wrong")
	}
	copy(x.pack[:], data[end-len(ID{}):])
	return nil
}

// parseOldIndex reads version 1: the counts, and for each object its offset and
// its name.
func parseOldIndex(data []byte) (*index, error) {
	const head, entry = 256 * 4, 4 + len(ID{})
	if len(data) < head+trailer {
		return nil, corrupt("an index breaks off")
	}
	x, err := counted(data[:head])
	if err != nil {
		return nil, err
	}
	if len(data) != head+entry*x.n+trailer {
		return nil, corrupt("an index has not the size that its count asks for, or is one of SHA-256")
	}
	if err := x.sealed(data); err != nil {
		return nil, err
	}
	x.names = make([]byte, 0, len(ID{})*x.n)
	for at := head; at < head+entry*x.n; at += entry {
		offset := binary.BigEndian.Uint32(data[at:])
		if offset>>31 != 0 {
			x.far = binary.BigEndian.AppendUint64(x.far, uint64(offset))
			offset = 1<<31 | uint32(len(x.far)/8-1)
		}
		x.offsets = binary.BigEndian.AppendUint32(x.offsets, offset)
		x.names = append(x.names, data[at+4:at+entry]...)
	}
	if err := x.ordered(); err != nil {
		return nil, err
	}
	return x, nil
}

// ordered checks that the names ascend and lie where the fanout says.
func (x *index) ordered() error {
	for b := range 256 {
		lo, hi := x.bucket(byte(b))
		for i := lo; i < hi; i++ {
			if x.names[20*i] != byte(b) || i > lo && bytes.Compare(x.names[20*(i-1):20*i], x.names[20*i:20*i+20]) >= 0 {
				return corrupt("an index is not in order")
			}
		}
	}
	return nil
}

func (x *index) bucket(first byte) (lo, hi int) {
	if first > 0 {
		lo = int(binary.BigEndian.Uint32(x.fanout[4*int(first)-4:]))
	}
	return lo, int(binary.BigEndian.Uint32(x.fanout[4*int(first):]))
}

func (x *index) id(i int) (id ID) {
	copy(id[:], x.names[20*i:])
	return id
}

// fits reports whether what is stored of an object has the checksum that the
// index has of it, if it has any.
func (x *index) fits(i int, stored []byte) bool {
	return x.sums == nil || crc32.ChecksumIEEE(stored) == binary.BigEndian.Uint32(x.sums[4*i:])
}

// offset returns where an object lies in the pack; -1 if the index does not say.
func (x *index) offset(i int) int64 {
	off := binary.BigEndian.Uint32(x.offsets[4*i:])
	if off>>31 == 0 {
		return int64(off)
	}
	far := int64(off & (1<<31 - 1))
	if 8*far+8 > int64(len(x.far)) {
		return -1
	}
	if v := binary.BigEndian.Uint64(x.far[8*far:]); v < 1<<62 {
		return int64(v)
	}
	return -1
}

// find returns the number of an object, or -1.
func (x *index) find(id ID) int {
	lo, end := x.bucket(id[0])
	prefix := binary.BigEndian.Uint64(id[:])
	for hi := end; lo < hi; {
		mid := int(uint(lo+hi) / 2)
		if binary.BigEndian.Uint64(x.names[20*mid:]) < prefix {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for ; lo < end && binary.BigEndian.Uint64(x.names[20*lo:]) == prefix; lo++ {
		if x.id(lo) == id {
			return lo
		}
	}
	return -1
}
