package condition

import (
	"strings"
)

// A parser reads a condition by recursive descent.
type parser struct {
	text string
	at   int
}

func (p *parser) want(what string) error { return &ParseError{p.at, what} }

// space skips white space.
func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take reports whether a sign stands next, and skips it.
func (p *parser) take(sign string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], sign) {
		return false
	}
	p.at += len(sign)
	return true
}

// word is the next word: letters, digits and what GUIDs, dates and operators
// have besides.
func (p *parser) word() string {
	p.space()
	from := p.at
	for p.at < len(p.text) && inWord(p.text[p.at]) {
		p.at++
	}
	return p.text[from:p.at]
}

func inWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("_-.:+/", c) >= 0
}

// keyword reports whether one of two spellings stands next, and skips it.
func (p *parser) keyword(sign, word string) bool {
	if p.take(sign) {
		return true
	}
	from := p.at
	if strings.EqualFold(p.word(), word) {
		return true
	}
	p.at = from
	return false
}

func (p *parser) or(depth int) (node, error) {
	return p.series(depth, true, "||", "or", p.and)
}

func (p *parser) and(depth int) (node, error) {
	return p.series(depth, false, "&&", "and", p.unary)
}

// series reads parts joined by a word.
func (p *parser) series(depth int, or bool, sign, word string, part func(int) (node, error)) (node, error) {
	first, err := part(depth)
	if err != nil {
		return nil, err
	}
	parts := []node{first}
	for p.keyword(sign, word) {
		next, err := part(depth)
		if err != nil {
			return nil, err
		}
		parts = append(parts, next)
	}
	if len(parts) == 1 {
		return first, nil
	}
	return &junction{or, parts}, nil
}

func (p *parser) unary(depth int) (node, error) {
	if depth > MaxDepth {
		return nil, p.want("fewer parentheses")
	}
	if p.keyword("!", "not") {
		part, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return negation{part}, nil
	}
	if p.take("(") {
		part, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.take(")") {
			return nil, p.want(")")
		}
		return part, nil
	}
	return p.primary()
}

// primary reads a function or a comparison.
func (p *parser) primary() (node, error) {
	from := p.at
	switch name := strings.ToLower(p.word()); name {
	case "actionmatches", "suboperationmatches":
		values, err := p.values()
		if err != nil {
			return nil, err
		}
		either := junction{or: true}
		for _, v := range values {
			either.parts = append(either.parts, matching{name == "suboperationmatches", v})
		}
		return &either, nil
	case "exists", "notexists":
		key, err := p.attribute()
		if err != nil {
			return nil, err
		}
		return existence{key, name == "notexists"}, nil
	}
	p.at = from
	return p.comparison()
}

func (p *parser) comparison() (node, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	c := &comparison{left: left}
	name := strings.ToLower(p.word())
	if name == "" {
		return nil, p.want("an operator")
	}
	if quantifier, rest, ok := strings.Cut(name, ":"); ok {
		name = rest
		switch quantifier {
		case "foranyofanyvalues":
		case "forallofanyvalues":
			c.every = [2]bool{true, false}
		case "foranyofallvalues":
			c.every = [2]bool{false, true}
		case "forallofallvalues":
			c.every = [2]bool{true, true}
		default:
			return nil, p.want("ForAnyOfAnyValues, ForAllOfAnyValues, ForAnyOfAllValues or ForAllOfAllValues")
		}
	}
	c.operator = operatorOf(name)
	c.right, err = p.operand()
	return c, err
}

// operand reads an attribute or values.
func (p *parser) operand() (operand, error) {
	if p.space(); strings.HasPrefix(p.text[p.at:], "@") {
		key, err := p.attribute()
		return operand{key: key}, err
	}
	values, err := p.values()
	return operand{values: values}, err
}

// attribute reads @Source[name].
func (p *parser) attribute() (string, error) {
	if !p.take("@") {
		return "", p.want("@")
	}
	source := p.word()
	switch strings.ToLower(source) {
	case "request", "resource", "principal", "environment":
	default:
		return "", p.want("Request, Resource, Principal or Environment")
	}
	if !p.take("[") {
		return "", p.want("[")
	}
	end := strings.IndexByte(p.text[p.at:], ']')
	if end < 0 {
		return "", p.want("]")
	}
	name := strings.TrimSpace(p.text[p.at : p.at+end])
	p.at += end + 1
	return Key(source, name), nil
}

// values reads one value, or several in braces.
func (p *parser) values() ([]string, error) {
	if !p.take("{") {
		v, err := p.value()
		return []string{v}, err
	}
	var out []string
	for !p.take("}") {
		if len(out) > 0 && !p.take(",") {
			return nil, p.want(", or }")
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// value reads a text in quotes, a GUID, a number, a date, true or false.
func (p *parser) value() (string, error) {
	if !p.take("'") {
		w := p.word()
		if w == "" {
			return "", p.want("a value")
		}
		return w, nil
	}
	var b strings.Builder
	for {
		end := strings.IndexByte(p.text[p.at:], '\'')
		if end < 0 {
			return "", p.want("'")
		}
		b.WriteString(p.text[p.at : p.at+end])
		p.at += end + 1
		if !strings.HasPrefix(p.text[p.at:], "'") { // two of them stand for one
			return b.String(), nil
		}
		b.WriteByte('\'')
		p.at++
	}
}
