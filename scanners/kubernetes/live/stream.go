package live

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/http"
)

// A page is what a list says beside its items.
type page struct {
	next      string // continue token; empty at the end
	remaining *int64 // objects that come after, if the server tells
	items     int
}

// magic begins every answer in protobuf (Kubernetes API concepts, "Kubernetes
// Protobuf encoding").
func magic() []byte { return []byte{0x6b, 0x38, 0x73, 0x00} }

// maxItem is the longest object that is read, in bytes. etcd takes 1.5 MB by
// default, and no more than 8 MB is advised.
const maxItem = 32 << 20

// errCut is in the chain of the error of an answer that ended early.
var errCut = errors.New("the answer was cut")

// readPage reads a list item by item. Each is called with the bytes of one, which
// it must not keep.
func readPage(res *http.Response, want string, each func([]byte) error) (page, error) {
	if k := kind(res); k != want {
		return page{}, fmt.Errorf("%w: %q", errForm, k)
	}
	if want == typeJSON {
		return readJSON(res.Body, each)
	}
	return readProtobuf(res.Body, each)
}

// readProtobuf reads a list in protobuf: the magic, then a runtime.Unknown whose
// field 2 is the list, whose fields 1 and 2 are its metadata and items.
func readProtobuf(body io.Reader, each func([]byte) error) (page, error) {
	in := &wire{in: bufio.NewReaderSize(body, 64<<10)}
	if head, err := in.bytes(4); err != nil || !bytes.Equal(head, magic()) {
		return page{}, cutOr(err)
	}
	for {
		field, n, err := in.field()
		switch {
		case err == io.EOF: //nolint:errorlint // field returns it bare
			return page{}, fmt.Errorf("%w: no list in it", errForm)
		case err != nil:
			return page{}, err
		case field == 2:
			return in.list(n, each)
		}
		if _, err := in.bytes(n); err != nil {
			return page{}, err
		}
	}
}

// A wire reads the protobuf wire format (protobuf.dev, "Encoding") as it comes.
type wire struct {
	in     *bufio.Reader
	buffer []byte
	read   int // bytes so far
}

// list reads the fields of a list of n bytes.
func (w *wire) list(n int, each func([]byte) error) (page, error) {
	var out page
	end := w.read + n
	for w.read < end {
		field, length, err := w.field()
		if err != nil {
			return out, cutOr(err)
		}
		if length > maxItem || w.read+length > end {
			return out, fmt.Errorf("%w: an object of %d bytes", errForm, length)
		}
		value, err := w.bytes(length)
		if err != nil {
			return out, err
		}
		switch field {
		case 1:
			if err := out.metadata(value); err != nil {
				return out, err
			}
		case 2:
			out.items++
			if err := each(value); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// field reads the tag of a field and the length of what follows. A field that is
// no text, message or bytes is read over and has the number 0 and no length. At
// the end it returns io.EOF.
func (w *wire) field() (number, length int, err error) {
	tag, err := w.varint()
	if err != nil {
		return 0, 0, err
	}
	switch tag & 7 {
	case 0:
		_, err = w.varint()
		return 0, 0, cutOrNil(err)
	case 2:
		n, err := w.varint()
		if err != nil {
			return 0, 0, cutOr(err)
		}
		if n > 1<<40 {
			return 0, 0, fmt.Errorf("%w: a field of %d bytes", errForm, n)
		}
		return int(tag >> 3), int(n), nil
	}
	return 0, 0, fmt.Errorf("%w: wire type %d", errForm, tag&7)
}

// varint reads a number. Its first byte may be missing: that is io.EOF.
func (w *wire) varint() (uint64, error) {
	var out uint64
	for shift := 0; shift < 64; shift += 7 {
		b, err := w.in.ReadByte()
		if err != nil {
			if shift == 0 && err == io.EOF {
				return 0, io.EOF
			}
			return 0, cutOr(err)
		}
		w.read++
		out |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return out, nil
		}
	}
	return 0, fmt.Errorf("%w: a number of more than 64 bits", errForm)
}

// bytes reads n bytes into a buffer that the next call overwrites.
func (w *wire) bytes(n int) ([]byte, error) {
	if n > maxItem {
		return nil, fmt.Errorf("%w: a field of %d bytes", errForm, n)
	}
	if cap(w.buffer) < n {
		w.buffer = make([]byte, 1<<bits.Len(uint(n)))
	}
	out := w.buffer[:n]
	got, err := io.ReadFull(w.in, out)
	w.read += got
	if err != nil {
		return nil, cutOr(err)
	}
	return out, nil
}

// metadata reads a meta/v1 ListMeta: continue is field 3, remainingItemCount 4.
func (p *page) metadata(text []byte) error {
	for len(text) > 0 {
		tag, n := binary.Uvarint(text)
		if n <= 0 {
			return fmt.Errorf("%w: list metadata", errForm)
		}
		text = text[n:]
		value, n := binary.Uvarint(text)
		if n <= 0 {
			return fmt.Errorf("%w: list metadata", errForm)
		}
		text = text[n:]
		switch tag & 7 {
		case 0:
			if tag>>3 == 4 {
				left := int64(value)
				p.remaining = &left
			}
		case 2:
			if value > uint64(len(text)) {
				return fmt.Errorf("%w: list metadata", errForm)
			}
			if tag>>3 == 3 {
				p.next = string(text[:value])
			}
			text = text[value:]
		default:
			return fmt.Errorf("%w: list metadata", errForm)
		}
	}
	return nil
}

// readJSON reads a list in JSON: an object with metadata and items, in any order.
func readJSON(body io.Reader, each func([]byte) error) (page, error) {
	var out page
	in := json.NewDecoder(body)
	if err := delimiter(in, '{'); err != nil {
		return out, err
	}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return out, jsonError(err)
		}
		switch name {
		case "metadata":
			var m struct {
				Continue  string `json:"continue"`
				Remaining *int64 `json:"remainingItemCount"`
			}
			err = in.Decode(&m)
			out.next, out.remaining = m.Continue, m.Remaining
		case "items":
			err = out.array(in, each)
		default:
			var skipped json.RawMessage
			err = in.Decode(&skipped)
		}
		if err != nil {
			return out, jsonError(err)
		}
	}
	if err := delimiter(in, '}'); err != nil {
		return out, err
	}
	return out, nil
}

func (p *page) array(in *json.Decoder, each func([]byte) error) error {
	start, err := in.Token()
	if err != nil || start == nil { // items may be null
		return err
	}
	if start != json.Delim('[') {
		return errForm
	}
	var item json.RawMessage
	for in.More() {
		item = item[:0]
		if err := in.Decode(&item); err != nil {
			return err
		}
		p.items++
		if err := each(item); err != nil {
			return err
		}
	}
	return delimiter(in, ']')
}

func delimiter(in *json.Decoder, want json.Delim) error {
	token, err := in.Token()
	if err != nil {
		return jsonError(err)
	}
	if token != want {
		return fmt.Errorf("%w: want %q", errForm, want)
	}
	return nil
}

// jsonError tells a cut from a wrong form, without quoting anything.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: invalid JSON", errForm)
	case errors.As(err, &typ):
		return fmt.Errorf("%w: wrong type at %s", errForm, typ.Field)
	}
	return err
}

// cutOr returns the error of an answer that ended where more must follow.
func cutOr(err error) error {
	switch {
	case err == nil:
		return fmt.Errorf("%w: it does not begin as one", errForm)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), lostConnection(err):
		return errCut
	}
	return err
}

func cutOrNil(err error) error {
	if err == nil {
		return nil
	}
	return cutOr(err)
}
