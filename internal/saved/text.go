package saved

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// ErrLong is the error of a file or a value that is longer than it may be.
var ErrLong = errors.New("too long")

// headSize is how much of a file is looked at to tell what it is.
const headSize = 4096

// A Text is the content of a file in UTF-8, without a byte order mark.
type Text struct {
	*bufio.Reader
	// Head is the beginning, of 4096 bytes at most; Start is that without the white
	// space around it. They are not read yet.
	Head, Start []byte
}

// Open makes text of a file: it decompresses gzip, of which no more than so many
// bytes come out before ErrLong, and decodes UTF-16, which the shell of Windows
// writes. The error says of the file what is wrong with it.
func Open(in io.Reader, maxFile int64) (*Text, error) {
	b := bufio.NewReaderSize(in, 64<<10)
	if head, err := b.Peek(2); err == nil && bytes.Equal(head, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, errors.New("is compressed and broken")
		}
		b = bufio.NewReaderSize(&gauge{in: z, most: maxFile}, 64<<10)
	}
	head, err := b.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New("cannot be read: " + Cause(err))
	}
	if order := order(head); order != nil {
		_, _ = b.Discard(2) // they were just seen
		b = bufio.NewReaderSize(NewWide(b, order), 64<<10)
		if head, err = b.Peek(headSize); err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.New("cannot be read: " + Cause(err))
		}
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = b.Discard(3) // they were just seen
		head = head[3:]
	}
	head = bytes.Clone(head)
	return &Text{b, head, bytes.TrimSpace(head)}, nil
}

// order is that of the bytes of a text in UTF-16, by its mark; nil if it has none.
func order(head []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return binary.LittleEndian
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return binary.BigEndian
	}
	return nil
}

// IsJSON reports whether the text begins as an object or a list.
func (t *Text) IsJSON() bool { return len(t.Start) > 0 && (t.Start[0] == '{' || t.Start[0] == '[') }

// IsKey reports whether the text begins as a key or certificate in PEM.
func (t *Text) IsKey() bool { return bytes.HasPrefix(t.Start, []byte("-----BEGIN ")) }

// IsYAML reports whether the text begins as tools write YAML: with --- or a key of
// an API's object.
func (t *Text) IsYAML() bool {
	line, _, _ := bytes.Cut(t.Start, []byte("\n"))
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

// Whole returns all of the text; ErrLong if that is more than so many bytes.
func Whole(in io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, errors.New(Cause(err))
	}
	if int64(len(data)) > most {
		return nil, ErrLong
	}
	return data, nil
}
