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
	nulText    // text with some NULs in it
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
	if enc := wide(head); enc != binaryText || !isText(head) {
		return enc
	}
	return nulText
}

// isText reports whether a file has lines, and no control characters but NULs
// and those of text.
func isText(head []byte) bool {
	lines := false
	for _, b := range head {
		switch {
		case b == '\n':
			lines = true
		case b < ' ' && b != 0 && b != '\t' && b != '\r' && b != '\f' && b != '\b' && b != 0x1b:
			return false
		}
	}
	return lines
}

// wide tells UTF-16 and UTF-32 without a byte order mark by their NULs: nearly
// all in the odd bytes, or nearly all in the even ones; in three of four bytes.
func wide(head []byte) encoding {
	var of4 [4]int
	for i, b := range head {
		if b == 0 {
			of4[i&3]++
		}
	}
	nul := [2]int{of4[0] + of4[2], of4[1] + of4[3]}
	half, quarter := len(head)/2, len(head)/4
	most := func(places ...int) bool {
		for _, i := range places {
			if of4[i] <= quarter*7/10 {
				return false
			}
		}
		return quarter >= 8
	}
	switch {
	case most(1, 2, 3) && of4[0] < quarter/20+1:
		return utf32le
	case most(0, 1, 2) && of4[3] < quarter/20+1:
		return utf32be
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
	case nulText:
		for i, b := range content {
			if b == 0 {
				content[i] = '\f' // white space to rules, and no end of a line
			}
		}
		return content
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

// minRun is the least length of a run of UTF-16 in a binary file that is
// looked at: no secret that a rule knows is shorter.
const minRun = 16

// wideRuns returns the runs of UTF-16 text in a binary file, one a line: ASCII
// and NULs in turn, in either order.
func wideRuns(content []byte) []byte {
	var out []byte
	for at := 0; at < len(content); {
		nul := bytes.IndexByte(content[at:], 0)
		if nul < 0 {
			break
		}
		start := at + nul - 1
		if start < at || !printable(content[start]) {
			at += nul + 1
			continue
		}
		end := start
		for end+1 < len(content) && printable(content[end]) && content[end+1] == 0 {
			end += 2
		}
		last := end < len(content) && printable(content[end])
		if end-start >= 2*minRun {
			for i := start; i < end; i += 2 {
				out = append(out, content[i])
			}
			if last {
				out = append(out, content[end])
			}
			out = append(out, '\n')
		}
		at = end
	}
	return out
}

func printable(b byte) bool { return b >= ' ' && b < 0x7f || b == '\t' || b == '\n' || b == '\r' }

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
