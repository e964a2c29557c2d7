package archive

import (
	"errors"
	"io"
)

// A meter counts what is made, and ends where a limit is met or the data is
// damaged. It says why in why, unless the whole walk ends.
type meter struct {
	walk *walker
	in   io.Reader
	left int64 // bytes that may be read from it
	why  Reason
	over bool
}

func (w *walker) meter(in io.Reader, most int64) *meter {
	return &meter{walk: w, in: in, left: most}
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if m.over || m.walk.check() != nil {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	// One byte more than is left tells a file that ends there from a longer one.
	room := min(m.left+1, m.walk.budget-m.walk.report.Bytes)
	if int64(len(p)) > room {
		p = p[:room]
	}
	n, err := m.read(p)
	if int64(n) > m.left {
		n, m.over, m.why = int(m.left), true, TooLarge
	}
	m.left -= int64(n)
	m.walk.report.Bytes += int64(n)
	if m.over {
		return n, io.EOF
	}
	if err != nil {
		m.over = true
		if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			m.why = reasonOf(err)
		}
		err = io.EOF
	}
	return n, err //nolint:wrapcheck // it is nil or the end of the file
}

// read reads, and takes a decoder that panics for damage: decoders are foreign
// code, and what they read is, too.
func (m *meter) read(p []byte) (n int, err error) {
	defer func() {
		if recover() != nil {
			n, err = 0, errDecoder
		}
	}()
	return m.in.Read(p) //nolint:wrapcheck // the caller makes a reason of it
}

var errDecoder = errors.New("the decoder gave up")
