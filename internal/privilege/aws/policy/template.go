package policy

import "strings"

// A template is a glob with policy variables in it: ${aws:username}.
type template struct {
	glob  glob   // what it is without variables, if parts is nil
	parts []part // otherwise
	arn   bool   // a resource: its stars keep to their segments
}

// A part is text, with wildcards marked, or a variable.
type part struct {
	text     string
	key      string // lower case; empty for text
	fallback bool   // text holds where the key is absent: ${aws:username, 'nobody'}
}

// newResource compiles a resource of a statement.
func newResource(s string, variables bool) template {
	t := newTemplate(s, variables, true)
	t.arn = true
	t.glob = globOf(segments(t.glob.text))
	return t
}

// newTemplate compiles the value of a condition. Without variables
// (Version 2008-10-17) "${" is text like any other. What is no variable as the
// reference has it is text too.
func newTemplate(s string, variables, wildcards bool) template {
	mark := newLiteral
	if wildcards {
		mark = newGlob
	}
	if !variables || !strings.Contains(s, "${") {
		return template{glob: mark(s)}
	}
	var parts []part
	var text strings.Builder
	variable := false
	for s != "" {
		before, rest, ok := strings.Cut(s, "${")
		inside, after, closed := cutVariable(rest)
		if !ok || !closed {
			text.WriteString(mark(s).text)
			break
		}
		text.WriteString(mark(before).text)
		s = after
		if inside == "*" || inside == "?" || inside == "$" {
			text.WriteString(inside)
			continue
		}
		parts = append(parts, part{text: text.String()}, variablePart(inside))
		text.Reset()
		variable = true
	}
	if !variable {
		return template{glob: globOf(text.String())}
	}
	return template{parts: append(parts, part{text: text.String()})}
}

// cutVariable cuts at the brace that ends a variable; one within a default value
// does not.
func cutVariable(s string) (inside, after string, ok bool) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case s[i] == '}' && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}

func variablePart(inside string) part {
	key, value, ok := strings.Cut(inside, ",")
	p := part{key: strings.ToLower(strings.TrimSpace(key))}
	value = strings.TrimSpace(value)
	if ok && len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'' {
		p.fallback, p.text = true, literal(value[1:len(value)-1])
	}
	return p
}

// resolve puts values in place of variables. Without a value and a default
// nothing matches: state is absent then. A variable that is not known, or has
// several values, leaves a star: state is unknown, and what the glob does not
// match does not match for certain.
func (t *template) resolve(q *Request) (glob, state) {
	if t.parts == nil {
		return t.glob, known
	}
	var text strings.Builder
	all := known
	for _, p := range t.parts {
		if p.key == "" {
			text.WriteString(p.text)
			continue
		}
		v := q.lookup(p.key)
		switch {
		case v.state == known && v.many == nil:
			text.WriteString(v.one.text)
			if v.one.kind != globText {
				all = unknown
			}
		case v.state == absent && p.fallback:
			text.WriteString(p.text)
		case v.state == absent:
			return glob{}, absent
		default:
			text.WriteByte(star)
			all = unknown
		}
	}
	if t.arn {
		return globOf(segments(text.String())), all
	}
	return globOf(text.String()), all
}
