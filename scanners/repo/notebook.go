package repo

import "bytes"

// isNotebook reports whether a text is a Jupyter notebook (nbformat.readthedocs.io).
func isNotebook(text []byte) bool {
	const edge = 4096
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	mark := []byte(`"nbformat"`)
	return bytes.Contains(text[:min(len(text), edge)], mark) || bytes.Contains(text[max(0, len(text)-edge):], mark)
}

// plainNotebook gives a notebook's cells as they were typed: a string that stands
// on a line of its own loses its quotes, and escapes are undone. Lines stay where
// they are: a line end in the middle of a string becomes white space. It changes
// the text, and returns a part of it.
func plainNotebook(text []byte) []byte {
	out := text[:0]
	for len(text) > 0 {
		line := text
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			line = text[:end+1]
		}
		text = text[len(line):]
		out = unescapeLine(out, line)
	}
	return out
}

// unescapeLine appends a line without the escapes of its strings, and without the
// quotes of one that is all of it. What it appends is no longer than the line,
// and may lie over its beginning.
func unescapeLine(out, line []byte) []byte {
	ends := bytes.HasSuffix(line, []byte("\n"))
	inner := bytes.TrimSpace(line)
	if s := bytes.TrimSuffix(inner, []byte(",")); len(s) >= 2 && s[0] == '"' && closes(s) {
		inner = bytes.TrimSuffix(s[1:len(s)-1], []byte(`\n`))
	}
	for i := 0; i < len(inner); i++ {
		if inner[i] != '\\' || i+1 == len(inner) {
			out = append(out, inner[i])
			continue
		}
		i++
		switch c := inner[i]; c {
		case 'n', 'r':
			out = append(out, '\f')
		case 't', 'f', 'b':
			out = append(out, '\t')
		case '"', '\\', '/':
			out = append(out, c)
		default:
			out = append(out, '\\', c)
		}
	}
	if ends {
		out = append(out, '\n')
	}
	return out
}

// closes reports whether a text that begins with a quote is one string.
func closes(text []byte) bool {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i == len(text)-1
		}
	}
	return false
}
