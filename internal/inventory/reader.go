package inventory

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the default limit on the length of one JSON line, in bytes.
const MaxLine = 8 << 20

// What can be wrong with a line as such. They are found inside a LineError.
var (
	ErrLineTooLong = errors.New("line is longer than the limit")
	ErrTruncated   = errors.New("the last line is cut off")
)

// A LineError says which line of which input is wrong. Line counts from 1.
type LineError struct {
	Name string // the input's name; may be empty
	Line int
	Err  error
}

// Error returns "name:line: what is wrong". It quotes nothing of the line but
// ids, types and levels.
func (e *LineError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err)
}

// Unwrap returns what is wrong with the line.
func (e *LineError) Unwrap() error { return e.Err }

// ReaderOptions are the choices of a Reader. The zero value is good.
type ReaderOptions struct {
	Name    string // for messages: a file name
	MaxLine int    // limit on the length of a line in bytes; 0 is MaxLine
}

// A Reader reads records from JSON lines: one object a line with exactly one
// key, the kind of the record. It ignores fields that it does not know, so
// that later versions may add some, but not kinds. Blank lines, CR LF, a byte
// order mark and a last line without an end are allowed. It holds one line of
// at most the limit in memory. It is not safe for concurrent use.
type Reader struct {
	lines   lineReader
	decoder *decoder
}

// NewReader returns a Reader on r.
func NewReader(r io.Reader, options ReaderOptions) *Reader {
	return &Reader{lines: newLineReader(r, options), decoder: newDecoder()}
}

// Read returns the next valid record, and io.EOF at the end. Any other error
// is a *LineError. If it is about what the line holds, the next call goes on
// with the line after it; if the input could not be read, all further calls
// return it.
func (r *Reader) Read() (Record, error) {
	for {
		line, err := r.lines.next()
		if err != nil {
			return Record{}, err
		}
		if len(line) == 0 {
			continue
		}
		rec, err := r.decoder.decode(line)
		if err != nil {
			return Record{}, r.lines.wrong(err)
		}
		return rec, nil
	}
}

// Line returns the number of the line that Read came to last, from 1.
func (r *Reader) Line() int { return r.lines.number }

// A lineReader splits input into lines.
type lineReader struct {
	in     *bufio.Reader
	name   string
	most   int
	number int    // of the line that next returned
	buf    []byte // a line longer than the buffer of in
	cut    bool   // that line ended at the end of the input, not at a newline
	skip   bool   // the rest of a line that is too long is still to be read
	err    error  // sticky
}

func newLineReader(r io.Reader, options ReaderOptions) lineReader {
	most := options.MaxLine
	if most <= 0 {
		most = MaxLine
	}
	return lineReader{in: bufio.NewReaderSize(r, 1<<16), name: options.Name, most: most}
}

// next returns the next line without white space around it. It is valid until
// the next call. The error is io.EOF or a *LineError.
func (l *lineReader) next() ([]byte, error) {
	if l.err != nil {
		return nil, l.err
	}
	line, err := l.raw()
	if err != nil {
		return nil, err
	}
	if l.number == 1 {
		line = bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
		if bytes.HasPrefix(line, []byte{0xFF, 0xFE}) || bytes.HasPrefix(line, []byte{0xFE, 0xFF}) {
			return nil, l.fail(errors.New("the input is UTF-16, want UTF-8"))
		}
	}
	return bytes.Trim(line, " \t\r\n"), nil
}

// raw returns the next line as it stands. One that is too long is an error as
// soon as that is known; its rest is read with the next call.
func (l *lineReader) raw() ([]byte, error) {
	if l.skip {
		if err := l.skipRest(); err != nil {
			return nil, err
		}
	}
	l.number++
	l.buf = l.buf[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		if err == nil && len(l.buf) == 0 && len(part) <= l.most {
			return part, nil
		}
		if len(l.buf)+len(part) > l.most {
			l.skip = errors.Is(err, bufio.ErrBufferFull)
			return nil, &LineError{Name: l.name, Line: l.number, Err: fmt.Errorf("%w of %d bytes", ErrLineTooLong, l.most)}
		}
		l.buf = append(l.buf, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil && !errors.Is(err, io.EOF):
			return nil, l.fail(err)
		case err != nil && len(l.buf) == 0:
			l.number--
			l.err = io.EOF
			return nil, io.EOF
		default:
			l.cut = err != nil
			return l.buf, nil
		}
	}
}

// skipRest reads to the end of a line without keeping it.
func (l *lineReader) skipRest() error {
	for {
		_, err := l.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil && !errors.Is(err, io.EOF):
			return l.fail(err)
		default:
			l.skip = false
			return nil
		}
	}
}

// fail ends the reading with an error at the current line.
func (l *lineReader) fail(err error) error {
	l.err = &LineError{Name: l.name, Line: l.number, Err: err}
	return l.err
}

// wrong returns the error of a line whose content is wrong.
func (l *lineReader) wrong(err error) error {
	if l.cut && isSyntax(err) {
		err = fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	return &LineError{Name: l.name, Line: l.number, Err: err}
}
