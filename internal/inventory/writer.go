package inventory

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// A Writer writes records as JSON lines. It is safe for concurrent use. Fields
// stand in the order of the structs and maps in the order of their keys, so
// that the same records in the same order give the same bytes.
type Writer struct {
	mu   sync.Mutex
	out  *bufio.Writer
	line bytes.Buffer
	enc  *json.Encoder
	err  error
}

// NewWriter returns a Writer that writes to w through a buffer; Flush empties
// it.
func NewWriter(w io.Writer) *Writer {
	x := &Writer{out: bufio.NewWriterSize(w, 1<<16)}
	x.enc = json.NewEncoder(&x.line)
	x.enc.SetEscapeHTML(false)
	return x
}

// Write writes one record. It returns an error, and writes nothing, if the
// record is not valid or its line would be longer than MaxLine. After an error
// of the underlying writer all further calls return that error.
func (w *Writer) Write(r Record) error {
	if err := r.Validate(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.line.Reset()
	if err := w.enc.Encode(r); err != nil {
		return fmt.Errorf("encode %s %s: %w", r.Kind(), quote(r.ID()), err)
	}
	if w.line.Len() > MaxLine {
		return fmt.Errorf("%s %s: %w of %d bytes", r.Kind(), quote(r.ID()), ErrLineTooLong, MaxLine)
	}
	_, w.err = w.out.Write(w.line.Bytes())
	return w.err
}

// Flush writes out what the buffer holds.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}
