package saved

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// wide reads UTF-16 as UTF-8.
type wide struct {
	in    *bufio.Reader
	order binary.ByteOrder
	rest  []byte
	err   error // that comes after the rest
}

// NewWide returns a reader of UTF-16, without its byte order mark, as UTF-8. Half of
// a pair becomes U+FFFD, and an odd byte at the end is passed over.
func NewWide(in *bufio.Reader, order binary.ByteOrder) io.Reader {
	return &wide{in: in, order: order}
}

func (w *wide) Read(p []byte) (int, error) {
	for len(w.rest) == 0 && w.err == nil {
		w.fill()
	}
	if len(w.rest) == 0 {
		return 0, w.err
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// fill reads some characters ahead.
func (w *wide) fill() {
	for len(w.rest) < 4096 && w.err == nil {
		var r rune
		if r, w.err = w.next(); w.err == nil {
			w.rest = utf8.AppendRune(w.rest, r)
		}
	}
}

func (w *wide) next() (rune, error) {
	unit, err := w.in.Peek(2)
	if len(unit) < 2 {
		return 0, err //nolint:wrapcheck // a reader's error is passed on
	}
	first := rune(w.order.Uint16(unit))
	if _, err := w.in.Discard(2); err != nil || !utf16.IsSurrogate(first) {
		return first, err //nolint:wrapcheck // a reader's error is passed on
	}
	pair, err := w.in.Peek(2)
	if len(pair) < 2 {
		if !errors.Is(err, io.EOF) {
			return 0, err //nolint:wrapcheck // a reader's error is passed on
		}
		return utf8.RuneError, nil
	}
	r := utf16.DecodeRune(first, rune(w.order.Uint16(pair)))
	if r != utf8.RuneError {
		_, err = w.in.Discard(2)
		return r, err //nolint:wrapcheck // a reader's error is passed on
	}
	return r, nil
}
