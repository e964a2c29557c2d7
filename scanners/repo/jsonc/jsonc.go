// Package jsonc makes JSON of JSON with comments, as editors and their kin take
// it.
package jsonc

import "bytes"

// Blank replaces comments and trailing commas by blanks in place, so that offsets
// and lines stay as they are. What is JSON already stays as it is; what is neither
// stays neither. A string ends with its line at the latest: JSON allows no newline
// in one.
func Blank(text []byte) {
	comma := -1 // a comma that nothing has followed yet
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			comma = -1
			i = afterString(text, i)
		case c == '/' && i+1 < len(text) && (text[i+1] == '/' || text[i+1] == '*'):
			stop := afterComment(text, i)
			for ; i < stop; i++ {
				if text[i] != '\n' {
					text[i] = ' '
				}
			}
			i--
		case c == ',':
			comma = i
		case c == '}' || c == ']':
			if comma >= 0 {
				text[comma] = ' '
			}
			comma = -1
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			comma = -1
		}
	}
}

// afterString returns the place of the quote that ends a string.
func afterString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"' && text[i] != '\n'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// afterComment returns where a comment has ended.
func afterComment(text []byte, i int) int {
	end := []byte("\n")
	if text[i+1] == '*' {
		end = []byte("*/")
	}
	at := bytes.Index(text[i+2:], end)
	switch {
	case at < 0:
		return len(text)
	case len(end) == 1:
		return i + 2 + at
	default:
		return i + 2 + at + len(end)
	}
}
