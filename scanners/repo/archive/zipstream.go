package archive

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
)

// The signatures and sizes of APPNOTE.TXT 4.3.7 and 4.3.9.
const (
	localSignature      = "PK\x03\x04"
	descriptorSignature = "PK\x07\x08"
	localSize           = 30
	flagEncrypted       = 1 << 0
	flagDescriptor      = 1 << 3
	zip64Extra          = 1
)

// zipStream reads the members of a zip one after the other, by the headers that
// stand before them.
func (w *walker) zipStream(path string, src io.Reader, depth int) error {
	in := bufio.NewReaderSize(src, bufferSize)
	for told := false; ; {
		header, end := nextLocal(in)
		if end && header != nil {
			return w.check()
		}
		if err := w.entry(); err != nil {
			return err
		}
		damaged := w.report.Left[Damaged]
		if header == nil {
			if !told { // else the last member's reader has
				w.report.leave(Damaged)
			}
			return w.check()
		}
		lost, err := w.zipLocal(path, in, header, depth)
		if lost || err != nil {
			return err
		}
		told = w.report.Left[Damaged] > damaged
	}
}

// A local is the header before a member.
type local struct {
	flags, method uint16
	size          uint64 // compressed; math.MaxUint64 is not known
	name          string
}

// nextLocal reads the next header. The end is where another record begins,
// with an empty header, or where the data ends, with none. A header that is cut
// off is nil.
func nextLocal(in *bufio.Reader) (header *local, end bool) {
	for {
		start, err := in.Peek(4)
		if err != nil {
			return nil, true
		}
		if string(start) == localSignature {
			break
		}
		if string(start) == descriptorSignature || string(start) == "PK00" { // before the first part of a split zip
			_, _ = in.Discard(4)
			continue
		}
		if string(start[:2]) == "PK" {
			return &local{}, true
		}
		return nil, true
	}
	var fixed [localSize]byte
	if _, err := io.ReadFull(in, fixed[:]); err != nil {
		return nil, false
	}
	order := binary.LittleEndian
	l := &local{flags: order.Uint16(fixed[6:]), method: order.Uint16(fixed[8:]), size: uint64(order.Uint32(fixed[18:]))}
	rest := make([]byte, int(order.Uint16(fixed[26:]))+int(order.Uint16(fixed[28:])))
	if _, err := io.ReadFull(in, rest); err != nil {
		return nil, false
	}
	name := order.Uint16(fixed[26:])
	l.name = string(rest[:name])
	switch {
	case l.flags&flagDescriptor != 0 && l.size == 0:
		l.size = math.MaxUint64
	case l.size == math.MaxUint32:
		l.size = wideSize(rest[name:])
	}
	return l, false
}

// wideSize finds the compressed size in the extra field for large files
// (4.5.3: the size unpacked, then the one packed).
func wideSize(extra []byte) uint64 {
	order := binary.LittleEndian
	for len(extra) >= 4 {
		id, n := order.Uint16(extra), int(order.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		if id == zip64Extra && n >= 16 {
			if size := order.Uint64(extra[8:]); size != 0 {
				return size
			}
			break
		}
		extra = extra[n:]
	}
	return math.MaxUint64
}

// zipLocal reads one member. It reports whether it cannot be told where the
// next one begins.
func (w *walker) zipLocal(path string, in *bufio.Reader, l *local, depth int) (lost bool, err error) {
	var packed io.Reader = in
	if l.size != math.MaxUint64 {
		packed = io.LimitReader(in, int64(min(l.size, math.MaxInt64)))
	}
	if l.size == math.MaxUint64 && (l.method != zip.Deflate || l.flags&flagEncrypted != 0) {
		w.report.leave(Unsupported)
		return true, nil
	}
	body, done := memberOf(l.method, packed)
	switch {
	case strings.HasSuffix(l.name, "/"):
	case l.flags&flagEncrypted != 0:
		w.report.leave(Encrypted)
	case body == nil:
		w.report.leave(Unsupported)
	default:
		if err := w.file(join(path, l.name), Zip, body, depth); err != nil {
			done()
			return true, err
		}
	}
	done()
	if l.size == math.MaxUint64 {
		return w.descriptor(in, body)
	}
	if _, err := io.Copy(io.Discard, packed); err != nil {
		w.report.leave(Damaged)
		return true, nil //nolint:nilerr // the report tells it
	}
	return false, w.check()
}

// memberOf opens the stream of a member; nil if the method is not known.
func memberOf(method uint16, packed io.Reader) (body io.Reader, done func()) {
	var format Format
	switch method {
	case zip.Store:
		return packed, func() {}
	case zip.Deflate:
		return flate.NewReader(packed), func() {}
	case zipBzip2:
		format = Bzip2
	case zipZstd:
		format = Zstd
	case zipXZ:
		format = XZ
	default:
		return nil, func() {}
	}
	d := decompressor(format, packed)
	return d, func() { _ = d.Close() }
}

// descriptor reads what is left of a member whose size was not told before it,
// and the record behind it: with or without a signature, with sizes of four or
// eight bytes.
func (w *walker) descriptor(in *bufio.Reader, body io.Reader) (lost bool, err error) {
	rest := w.meter(body, w.limits.Bytes)
	_, _ = io.Copy(io.Discard, rest) // the meter keeps the error
	if err := w.check(); err != nil || rest.why != "" {
		return true, err // damage is told already
	}
	for _, n := range []int{16, 12, 24, 20} {
		next, err := in.Peek(n + 4)
		if err != nil && !errors.Is(err, io.EOF) {
			break
		}
		signed := bytes.HasPrefix(next, []byte(descriptorSignature))
		if signed != (n == 16 || n == 24) || len(next) < n+2 || string(next[n:n+2]) != "PK" {
			continue
		}
		_, err = in.Discard(n)
		return err != nil, nil
	}
	w.report.leave(Damaged)
	return true, nil
}
