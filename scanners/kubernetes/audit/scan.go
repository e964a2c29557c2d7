package audit

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Events are read by walking the bytes: of a hundred fields twenty matter, and a
// log has gigabytes. Values that are passed over are only checked to be closed.

// skipSpace returns the index of the next byte that is no white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// scanString reads the string whose opening quote is at i. The raw text is that
// between the quotes, escapes as they are.
func scanString(b []byte, i int) (raw []byte, next int, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return nil, i, false
	}
	start := i + 1
	for at := start; ; {
		n := bytes.IndexByte(b[at:], '"')
		if n < 0 {
			return nil, len(b), false
		}
		at += n
		slashes := 0
		for at-1-slashes >= start && b[at-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return b[start:at], at + 1, true
		}
		at++
	}
}

// skipValue returns the index after the value at i.
func skipValue(b []byte, i int) (next int, ok bool) {
	if i >= len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		_, next, ok = scanString(b, i)
		return next, ok
	case '{', '[':
		return skipContainer(b, i)
	}
	start := i
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i, i > start
}

func skipContainer(b []byte, i int) (next int, ok bool) {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			_, next, ok := scanString(b, i)
			if !ok {
				return next, false
			}
			i = next
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1, true
			}
		}
		i++
	}
	return i, false
}

// members walks the members of an object.
type members struct {
	b   []byte
	i   int  // at the value after next; the caller moves it beyond
	bad bool // the object is not well formed
	any bool
}

// object begins to walk the object that b begins with.
func object(b []byte) members {
	if len(b) == 0 || b[0] != '{' {
		return members{b: b, bad: true}
	}
	return members{b: b, i: 1}
}

// next returns the raw key of the next member and leaves i at its value; false at
// the end, where i is after the closing brace, or if the object is broken.
func (m *members) next() (key []byte, ok bool) {
	if m.bad {
		return nil, false
	}
	i := skipSpace(m.b, m.i)
	if i < len(m.b) && m.b[i] == '}' {
		m.i = i + 1
		return nil, false
	}
	if m.any {
		if i >= len(m.b) || m.b[i] != ',' {
			m.bad = true
			return nil, false
		}
		i = skipSpace(m.b, i+1)
	}
	m.any = true
	key, i, ok = scanString(m.b, i)
	if ok {
		i = skipSpace(m.b, i)
		ok = i < len(m.b) && m.b[i] == ':'
	}
	if !ok {
		m.bad = true
		return nil, false
	}
	m.i = skipSpace(m.b, i+1)
	return key, true
}

// skip passes over the value.
func (m *members) skip() {
	next, ok := skipValue(m.b, m.i)
	m.i, m.bad = next, m.bad || !ok
}

// text returns the raw value if it is a string, and passes over it.
func (m *members) text() []byte {
	if m.i < len(m.b) && m.b[m.i] == '"' {
		raw, next, ok := scanString(m.b, m.i)
		m.i, m.bad = next, m.bad || !ok
		return raw
	}
	m.skip()
	return nil
}

// value returns the bytes of the value, and passes over it.
func (m *members) value() []byte {
	start := m.i
	m.skip()
	if m.bad {
		return nil
	}
	return m.b[start:m.i]
}

// number returns a small whole number; 0 for anything else.
func (m *members) number() int {
	n := 0
	for _, c := range m.value() {
		if c < '0' || c > '9' || n > 1_000_000 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// elements calls each with the bytes of every element of the array b.
func elements(b []byte, each func(element []byte)) (ok bool) {
	if len(b) < 2 || b[0] != '[' {
		return false
	}
	i := skipSpace(b, 1)
	for i < len(b) && b[i] != ']' {
		next, ok := skipValue(b, i)
		if !ok {
			return false
		}
		each(b[i:next])
		i = skipSpace(b, next)
		if i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
		}
	}
	return true
}

// unescape resolves the escapes of a raw string, into new bytes if there are any.
// Escapes that JSON does not know are left as they are; half of a surrogate pair
// becomes U+FFFD.
func unescape(raw []byte) []byte {
	at := bytes.IndexByte(raw, '\\')
	if at < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for {
		out = append(out, raw[:at]...)
		raw = raw[at:]
		var n int
		out, n = escape(out, raw)
		raw = raw[n:]
		if at = bytes.IndexByte(raw, '\\'); at < 0 {
			return append(out, raw...)
		}
	}
}

// escape appends what the escape at the start of raw means and returns its length.
func escape(out, raw []byte) (appended []byte, length int) {
	if len(raw) < 2 {
		return append(out, raw...), len(raw)
	}
	switch c := raw[1]; c {
	case '"', '\\', '/':
		return append(out, c), 2
	case 'n':
		return append(out, '\n'), 2
	case 't':
		return append(out, '\t'), 2
	case 'r':
		return append(out, '\r'), 2
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'u':
		r, ok := hex4(raw[2:])
		if !ok {
			break
		}
		if utf16.IsSurrogate(r) {
			if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
				if low, ok := hex4(raw[8:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
					return utf8.AppendRune(out, utf16.DecodeRune(r, low)), 12
				}
			}
			r = utf8.RuneError
		}
		return utf8.AppendRune(out, r), 6
	}
	return append(out, raw[:2]...), 2
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
