package manifest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// errUTF32 is returned for text in UTF-32, which nothing writes.
var errUTF32 = errors.New("is encoded in UTF-32: save it as UTF-8")

// decode returns the text of a file as UTF-8 without a byte order mark. UTF-16 is
// told by its mark or by the zero byte beside the first character (YAML 1.2.2,
// section 5.2).
func decode(in *bufio.Reader) (io.Reader, error) {
	head, _ := in.Peek(4)
	at := func(i int) int {
		if i < len(head) {
			return int(head[i])
		}
		return -1
	}
	switch {
	case at(0) == 0xef && at(1) == 0xbb && at(2) == 0xbf:
		_, err := in.Discard(3)
		return in, err
	case at(0) == 0 && at(1) == 0 || at(0) == 0xff && at(1) == 0xfe && at(2) == 0 && at(3) == 0, at(0) > 0 && at(1) == 0 && at(2) == 0:
		return nil, errUTF32
	case at(0) == 0xff && at(1) == 0xfe:
		_, err := in.Discard(2)
		return &wide{in: in, order: binary.LittleEndian}, err
	case at(0) == 0xfe && at(1) == 0xff:
		_, err := in.Discard(2)
		return &wide{in: in, order: binary.BigEndian}, err
	case at(0) > 0 && at(1) == 0:
		return &wide{in: in, order: binary.LittleEndian}, nil
	case at(0) == 0 && at(1) > 0:
		return &wide{in: in, order: binary.BigEndian}, nil
	}
	return in, nil
}

// wide reads UTF-16 as UTF-8. Half of a pair becomes U+FFFD.
type wide struct {
	in    *bufio.Reader
	order binary.ByteOrder
	rest  []byte
	unit  [2]byte
}

func (w *wide) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		if err := w.fill(); len(w.rest) == 0 {
			return 0, err
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// fill reads some characters ahead; an error that comes after some comes again.
func (w *wide) fill() error {
	for len(w.rest) < 4096 {
		r, err := w.next()
		if err != nil {
			return err
		}
		w.rest = utf8.AppendRune(w.rest, r)
	}
	return nil
}

func (w *wide) next() (rune, error) {
	if _, err := io.ReadFull(w.in, w.unit[:]); err != nil {
		return 0, io.EOF // an odd byte at the end is none
	}
	first := rune(w.order.Uint16(w.unit[:]))
	if !utf16.IsSurrogate(first) {
		return first, nil
	}
	pair, err := w.in.Peek(2)
	if err != nil {
		return utf8.RuneError, nil //nolint:nilerr // the end comes with the next one
	}
	r := utf16.DecodeRune(first, rune(w.order.Uint16(pair)))
	if r != utf8.RuneError {
		_, err = w.in.Discard(2)
	}
	return r, err
}
