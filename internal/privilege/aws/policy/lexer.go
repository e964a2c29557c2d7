package policy

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep values may nest. A policy needs five levels.
const maxDepth = 32

// A ParseError says what is wrong with a document and where. It never quotes the
// document: a policy can hold an external id.
type ParseError struct {
	Offset int    // in bytes, of the text once it is no longer URL-encoded
	Reason string // lower case
}

// Error returns the reason and the place.
func (e *ParseError) Error() string {
	return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset)
}

// A lexer reads JSON (RFC 8259) from front to back, once. It keeps to the
// document's own order, sees keys that are given twice and knows where it is,
// which encoding/json tells none of.
type lexer struct {
	data  []byte
	at    int
	depth int
}

func (l *lexer) fail(reason string) error {
	return &ParseError{Offset: l.at, Reason: reason}
}

// peek returns the byte that the next value or sign begins with; 0 is the end.
func (l *lexer) peek() byte {
	for l.at < len(l.data) {
		switch l.data[l.at] {
		case ' ', '\t', '\r', '\n':
			l.at++
		default:
			return l.data[l.at]
		}
	}
	return 0
}

// text reads a string.
func (l *lexer) text() (string, error) {
	if l.peek() != '"' {
		return "", l.fail("a string is wanted")
	}
	start, plain := l.at, true
	for i := start + 1; i < len(l.data); i++ {
		switch c := l.data[i]; {
		case c == '"':
			l.at = i + 1
			return l.unquote(l.data[start:l.at], plain)
		case c == '\\':
			plain = false
			i++
		case c < ' ':
			l.at = i
			return "", l.fail("a control character in a string")
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	l.at = len(l.data)
	return "", l.fail("a string without an end")
}

// unquote resolves escapes and puts U+FFFD in place of what is not UTF-8.
func (l *lexer) unquote(literal []byte, plain bool) (string, error) {
	if plain {
		return string(literal[1 : len(literal)-1]), nil
	}
	var s string
	if json.Unmarshal(literal, &s) != nil {
		l.at -= len(literal)
		return "", l.fail("an escape that JSON does not have")
	}
	return s, nil
}

// scalar reads a string, or the text of a number, true or false.
func (l *lexer) scalar() (string, error) {
	switch l.peek() {
	case '"':
		return l.text()
	case '{', '[':
		return "", l.fail("a single value is wanted")
	default:
		start := l.at
		if err := l.word(); err != nil {
			return "", err
		}
		if w := string(l.data[start:l.at]); w != "null" {
			return w, nil
		}
		l.at = start
		return "", l.fail("null where a value is wanted")
	}
}

// word reads a number, true, false or null.
func (l *lexer) word() error {
	start := l.at
	for l.at < len(l.data) && isWord(l.data[l.at]) {
		l.at++
	}
	if l.at-start > 64 || !json.Valid(l.data[start:l.at]) {
		l.at = start
		return l.fail("not JSON")
	}
	return nil
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '.' || c == '-' || c == '+' || c == 'E'
}

// object reads an object and calls each with every key, standing before its
// value.
func (l *lexer) object(each func(key string, at int) error) error {
	if l.peek() != '{' {
		return l.fail("an object is wanted")
	}
	return l.members('}', func() error {
		l.peek()
		at := l.at
		key, err := l.text()
		if err != nil {
			return err
		}
		if l.peek() != ':' {
			return l.fail("a colon is wanted")
		}
		l.at++
		return each(key, at)
	})
}

// list reads an array and calls each before every value.
func (l *lexer) list(each func() error) error {
	if l.peek() != '[' {
		return l.fail("a list is wanted")
	}
	return l.members(']', each)
}

func (l *lexer) members(end byte, each func() error) error {
	if l.depth++; l.depth > maxDepth {
		return l.fail("nested too deeply")
	}
	defer func() { l.depth-- }()
	l.at++
	if l.peek() == end {
		l.at++
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		switch l.peek() {
		case ',':
			l.at++
		case end:
			l.at++
			return nil
		default:
			return l.fail("a comma or an end is wanted")
		}
	}
}

// skip reads any value.
func (l *lexer) skip() error {
	switch l.peek() {
	case '{':
		return l.object(func(string, int) error { return l.skip() })
	case '[':
		return l.list(l.skip)
	case '"':
		_, err := l.text()
		return err
	default:
		return l.word()
	}
}
