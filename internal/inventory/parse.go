package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep the values of a line may be nested.
const maxDepth = 64

// A syntaxError says that a line is not JSON (RFC 8259). It quotes nothing.
type syntaxError struct {
	what   string
	offset int
}

func (e *syntaxError) Error() string {
	if e.offset < 0 {
		return e.what
	}
	return fmt.Sprintf("%s at byte %d", e.what, e.offset+1)
}

// isSyntax reports whether an error is about JSON and not about a field.
func isSyntax(err error) bool {
	_, ok := errors.AsType[*syntaxError](err)
	return ok
}

// checkText reports whether a line can be JSON text at all.
func checkText(line []byte) error {
	if i := bytes.IndexByte(line, 0); i >= 0 {
		return &syntaxError{"holds a NUL byte", i}
	}
	if !utf8.Valid(line) {
		return &syntaxError{"is not UTF-8", -1}
	}
	return nil
}

// A parser steps through the JSON text of one line. It is written for this
// format because reading is most of the time of a replay: encoding/json takes
// several times as long, accepts keys in any case and twice, and quotes content
// in its errors.
type parser struct {
	b     []byte
	i     int
	depth int
}

func (p *parser) wrong() error { return &syntaxError{"is not JSON", p.i} }

// peek skips white space and returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	for p.i < len(p.b) {
		switch c := p.b[p.i]; c {
		case ' ', '\t', '\r', '\n':
			p.i++
		default:
			return c
		}
	}
	return 0
}

// take skips white space and one byte that must be there.
func (p *parser) take(want byte) error {
	if p.peek() != want {
		return p.wrong()
	}
	p.i++
	return nil
}

// end checks that nothing follows.
func (p *parser) end() error {
	if p.peek() != 0 || p.i < len(p.b) {
		return p.wrong()
	}
	return nil
}

// str returns a string. It points into the line if there are no escapes.
func (p *parser) str() ([]byte, error) {
	if err := p.take('"'); err != nil {
		return nil, err
	}
	start := p.i
	for ; p.i < len(p.b); p.i++ {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return p.b[start : p.i-1], nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return nil, p.wrong()
		}
	}
	return nil, p.wrong()
}

// escaped returns a string with escapes, which begins at start.
func (p *parser) escaped(start int) ([]byte, error) {
	for ; p.i < len(p.b); p.i++ {
		switch p.b[p.i] {
		case '\\':
			p.i++
		case '"':
			p.i++
			var s string
			if json.Unmarshal(p.b[start-1:p.i], &s) != nil {
				return nil, p.wrong()
			}
			return []byte(s), nil
		}
	}
	return nil, p.wrong()
}

// literal takes true, false or null, or nothing.
func (p *parser) literal(word string) bool {
	p.peek()
	if !bytes.HasPrefix(p.b[p.i:], []byte(word)) {
		return false
	}
	p.i += len(word)
	return true
}

// number returns the text of a number.
func (p *parser) number() ([]byte, error) {
	p.peek()
	start := p.i
	if p.i < len(p.b) && p.b[p.i] == '-' {
		p.i++
	}
	lead := p.i
	if p.digits() == 0 || p.b[lead] == '0' && p.i > lead+1 {
		return nil, p.wrong()
	}
	if p.i < len(p.b) && p.b[p.i] == '.' {
		p.i++
		if p.digits() == 0 {
			return nil, p.wrong()
		}
	}
	if p.i < len(p.b) && (p.b[p.i] == 'e' || p.b[p.i] == 'E') {
		p.i++
		if p.i < len(p.b) && (p.b[p.i] == '+' || p.b[p.i] == '-') {
			p.i++
		}
		if p.digits() == 0 {
			return nil, p.wrong()
		}
	}
	return p.b[start:p.i], nil
}

func (p *parser) digits() int {
	start := p.i
	for p.i < len(p.b) && p.b[p.i] >= '0' && p.b[p.i] <= '9' {
		p.i++
	}
	return p.i - start
}

// object calls each with every key of an object; each takes the value.
func (p *parser) object(each func(key []byte) error) error {
	if err := p.enter('{'); err != nil {
		return err
	}
	if p.peek() == '}' {
		return p.leave()
	}
	for {
		key, err := p.str()
		if err != nil {
			return err
		}
		if err := p.take(':'); err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
		if p.peek() != ',' {
			break
		}
		p.i++
	}
	if p.peek() != '}' {
		return p.wrong()
	}
	return p.leave()
}

// array calls each at every entry of an array; each takes the entry.
func (p *parser) array(each func() error) error {
	if err := p.enter('['); err != nil {
		return err
	}
	if p.peek() == ']' {
		return p.leave()
	}
	for {
		if err := each(); err != nil {
			return err
		}
		if p.peek() != ',' {
			break
		}
		p.i++
	}
	if p.peek() != ']' {
		return p.wrong()
	}
	return p.leave()
}

func (p *parser) enter(bracket byte) error {
	if p.depth++; p.depth > maxDepth {
		return &syntaxError{"is nested too deep", p.i}
	}
	return p.take(bracket)
}

func (p *parser) leave() error {
	p.depth--
	p.i++
	return nil
}

// skip takes a value of any form.
func (p *parser) skip() error {
	switch c := p.peek(); c {
	case '"':
		_, err := p.str()
		return err
	case '{':
		return p.object(func([]byte) error { return p.skip() })
	case '[':
		return p.array(p.skip)
	case 't', 'f', 'n':
		if p.literal("true") || p.literal("false") || p.literal("null") {
			return nil
		}
		return p.wrong()
	default:
		_, err := p.number()
		return err
	}
}
