package declared

import (
	"errors"
	"net/url"
	"slices"
)

// plainJSON replaces comments and trailing commas by blanks, so that offsets
// and lines stay as they are.
func plainJSON(text []byte) []byte {
	out := slices.Clone(text)
	comma := -1 // a comma that nothing has followed yet
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == '"':
			comma = -1
			i = stringEnd(out, i)
		case c == '/' && i+1 < len(out) && (out[i+1] == '/' || out[i+1] == '*'):
			i = blankComment(out, i)
		case c == ',':
			comma = i
		case c == '}' || c == ']':
			if comma >= 0 {
				out[comma] = ' '
			}
			comma = -1
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			comma = -1
		}
	}
	return out
}

// stringEnd returns the place of the quote that ends a string.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// blankComment blanks a comment, newlines left in place, and returns the place
// of its last byte.
func blankComment(text []byte, i int) int {
	block := text[i+1] == '*'
	text[i], text[i+1] = ' ', ' '
	for i += 2; i < len(text); i++ {
		switch {
		case text[i] == '\n':
			if !block {
				return i
			}
		case block && text[i] == '*' && i+1 < len(text) && text[i+1] == '/':
			text[i], text[i+1] = ' ', ' '
			return i + 1
		default:
			text[i] = ' '
		}
	}
	return i
}

// errorsAs is errors.As with the target as a result.
func errorsAs[E error](err error) (E, bool) {
	var e E
	ok := errors.As(err, &e)
	return e, ok
}

// sortedQuery returns the names of a URL's query parameters.
func sortedQuery(u *url.URL) []string {
	var keys []string
	for k := range u.Query() {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
