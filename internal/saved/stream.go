package saved

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A gauge bounds how much is read.
type gauge struct {
	in         io.Reader
	read, most int64
}

func (g *gauge) Read(p []byte) (int, error) {
	if g.read >= g.most {
		return 0, ErrLong
	}
	n, err := g.in.Read(p)
	g.read += int64(n)
	return n, err //nolint:wrapcheck // a reader's error is passed on
}

// A Stream decodes JSON values one after another, whether they stand on lines of
// their own, in a list, or below keys of an object. None may be longer than
// MaxValue; ErrLong is the error of one that is.
type Stream struct {
	*json.Decoder
	gauge   *gauge
	options Options
}

// NewStream returns a stream. The first value may be of full length.
func NewStream(in io.Reader, o Options) *Stream {
	g := &gauge{in: in}
	s := &Stream{json.NewDecoder(g), g, o}
	s.Allow()
	return s
}

// Allow lets the next value be of full length. It is called before each.
func (s *Stream) Allow() { s.gauge.most = s.gauge.read + s.options.MaxValue }

// Next reads one value and hands it over; of a list each object by itself, in which
// case it reports true, also with an error. io.EOF says that there are no more; a
// list that is cut is io.ErrUnexpectedEOF.
func (s *Stream) Next(ctx context.Context, value func(json.RawMessage)) (list bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err //nolint:wrapcheck // Walk wraps it
	}
	s.Allow()
	if s.More() && s.first() == '[' {
		return true, s.list(ctx, value)
	}
	var raw json.RawMessage
	if err := s.Decode(&raw); err != nil {
		return false, err //nolint:wrapcheck // Broken says what it means
	}
	value(raw)
	return false, nil
}

// first is the byte that is decoded next, where More has looked for it.
func (s *Stream) first() byte {
	var b [1]byte
	_, _ = s.Buffered().Read(b[:]) // of memory; none leaves a zero
	return b[0]
}

// list reads a list object by object.
func (s *Stream) list(ctx context.Context, value func(json.RawMessage)) error {
	_, err := s.Token()
	for err == nil && s.More() && ctx.Err() == nil {
		s.Allow()
		var raw json.RawMessage
		if err = s.Decode(&raw); err == nil {
			value(raw)
		}
	}
	if err == nil {
		_, err = s.Token()
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err //nolint:wrapcheck // Broken says what it means
}

// Broken says of a file why the rest of it was not read, without quoting it; what
// it is if it is neither cut nor too long is for the caller to say, such as broken
// JSON.
func (s *Stream) Broken(err error, what string) string {
	at := s.InputOffset()
	switch {
	case errors.Is(err, ErrLong):
		return fmt.Sprintf("from byte %d on it was not read: it has a value longer than %d bytes, or is longer than %d bytes", at, s.options.MaxValue, s.options.MaxFile)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Sprintf("ends in the middle, after %d bytes; what came before was read", at)
	}
	return fmt.Sprintf("is %s from byte %d on; what came before was read", what, at)
}
