package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"
)

// maxWhole is the longest file that is held in memory as a whole: one in UTF-16 or
// in YAML, as az writes it where that is asked for.
const maxWhole = 32 << 20

// file tells what a file is by its beginning, and reads it.
func (r *reader) file(name string, in io.Reader) {
	b := bufio.NewReaderSize(in, 64<<10)
	if head, err := b.Peek(2); err == nil && bytes.Equal(head, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(b)
		if err != nil {
			r.lost(name, "is compressed and broken")
			return
		}
		b = bufio.NewReaderSize(&bounded{in: z, left: r.opts.MaxFile}, 64<<10)
	}
	head, err := b.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		r.lost(name, "cannot be read: "+cause(err))
		return
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		text, err := wide(b)
		if err != nil {
			r.lost(name, "cannot be read: "+err.Error())
			return
		}
		b = bufio.NewReaderSize(strings.NewReader(text), 64<<10)
		head, _ = b.Peek(4096) // of a string: it ends where the string does
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = b.Discard(3) // they were just seen
		head = head[3:]
	}
	text := bytes.TrimSpace(head)
	switch {
	case len(text) == 0:
		r.note(name, "is empty")
	case text[0] == '{' || text[0] == '[':
		r.json(name, b)
	case bytes.HasPrefix(text, []byte("-----BEGIN ")):
		r.note(name, "holds a key or certificate and was not read; it does not belong here")
	case bytes.HasPrefix(text, []byte("ERROR: ")) || bytes.Contains(text, []byte("\nERROR: ")):
		r.refused(name, string(text))
	case yamlLike(text):
		r.yaml(name, b)
	default:
		r.unknown = append(r.unknown, name)
	}
}

// A bounded reader ends with an error where a compressed file grows too long.
type bounded struct {
	in   io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.in.Read(p)
	b.left -= int64(n)
	return n, err //nolint:wrapcheck // a reader's error is passed on
}

// whole reads a file that must be in memory.
func whole(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxWhole+1))
	if err != nil {
		return nil, errors.New(cause(err))
	}
	if len(data) > maxWhole {
		return nil, fmt.Errorf("it is longer than %d bytes; save it as JSON in UTF-8 (--output json)", maxWhole)
	}
	return data, nil
}

// wide reads UTF-16, which the shell of Windows writes.
func wide(in io.Reader) (string, error) {
	data, err := whole(in)
	if err != nil {
		return "", err
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 0xfe {
		order = binary.BigEndian
	}
	units := make([]uint16, 0, len(data)/2)
	for at := 2; at+1 < len(data); at += 2 {
		units = append(units, order.Uint16(data[at:]))
	}
	return string(utf16.Decode(units)), nil
}

// yamlLike reports whether text begins as az writes YAML: with --- or a key of
// an API's object.
func yamlLike(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimRight(line, "\r ")
	if string(line) == "---" {
		return true
	}
	key, value, ok := strings.Cut(strings.TrimPrefix(string(line), "- "), ":")
	if !ok || key == "" || value != "" && value[0] != ' ' {
		return false
	}
	return strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// yaml reads the documents of a file in YAML.
func (r *reader) yaml(name string, in io.Reader) {
	data, err := whole(in)
	if err != nil {
		r.lost(name, "cannot be read: "+err.Error())
		return
	}
	doc := r.document(name)
	d := yaml.NewDecoder(bytes.NewReader(data))
	for n := 0; ; n++ {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			doc.finish(false)
			return
		}
		if err != nil && n == 0 && !bytes.HasPrefix(data, []byte("---")) {
			r.unknown = append(r.unknown, name)
			return
		}
		raw, odd := json.Marshal(v)
		if err != nil || odd != nil || int64(len(raw)) > r.opts.MaxValue {
			r.lost(name, "is broken YAML from its "+fmt.Sprint(n+1)+". document on; what came before was read")
			doc.finish(true)
			return
		}
		doc.value(raw)
	}
}
