package repo

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/muster-nhi/muster/scanners/repo/archive"
)

// sniff is how much of a text is looked at to tell what it is: what git looks
// at, too.
const sniff = 8000

// An encoding is how a file's text has to be read.
type encoding int

const (
	plain encoding = iota
	utf16le
	utf16be
	utf32le
	utf32be
	binaryText // runs of text between NULs
	packed     // an archive or compressed file
)

// encodingOf tells how to read a file from its first bytes.
func encodingOf(head []byte) encoding {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}):
		return utf32le
	case bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}):
		return utf32be
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return utf16le
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return utf16be
	case archive.Sniff(head) != archive.None:
		return packed
	}
	head = head[:min(len(head), sniff)]
	if bytes.IndexByte(head, 0) < 0 {
		return plain
	}
	return wide(head)
}

// wide tells UTF-16 without a byte order mark by its NULs: nearly all in the
// odd bytes, or nearly all in the even ones.
func wide(head []byte) encoding {
	var nul [2]int
	for i, b := range head {
		if b == 0 {
			nul[i&1]++
		}
	}
	half := len(head) / 2
	switch {
	case half >= 8 && nul[1] > half*7/10 && nul[0] < half/20+1:
		return utf16le
	case half >= 8 && nul[0] > half*7/10 && nul[1] < half/20+1:
		return utf16be
	default:
		return binaryText
	}
}

// read returns the text of a file as UTF-8; content may be changed.
func (e encoding) read(content []byte) []byte {
	switch e {
	case utf16le:
		return fromUTF16(content, binary.LittleEndian)
	case utf16be:
		return fromUTF16(content, binary.BigEndian)
	case utf32le:
		return fromUTF32(content, binary.LittleEndian)
	case utf32be:
		return fromUTF32(content, binary.BigEndian)
	case binaryText:
		for i, b := range content {
			if b == 0 {
				content[i] = '\n'
			}
		}
		return content
	default:
		return content
	}
}

func fromUTF16(content []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, 0, len(content)/2)
	for ; len(content) >= 2; content = content[2:] {
		units = append(units, order.Uint16(content))
	}
	out := make([]byte, 0, len(units))
	for _, r := range utf16.Decode(units) {
		if r != '\uFEFF' {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

func fromUTF32(content []byte, order binary.ByteOrder) []byte {
	out := make([]byte, 0, len(content)/4)
	for ; len(content) >= 4; content = content[4:] {
		if r := rune(order.Uint32(content)); r != '\uFEFF' {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

// message returns the message of a commit or tag object.
func message(object []byte) []byte {
	_, text, _ := bytes.Cut(object, []byte("\n\n"))
	return text
}
