package policy

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// MaxDocument is the longest document that Parse reads, in bytes. IAM takes
// 10,240 characters for the largest kind and S3 20 KB (IAM and STS quotas, S3
// "Bucket policies"); what is longer by a thousand is no policy.
const MaxDocument = 10 << 20

// maxProblems bounds how many oddities are told of one document.
const maxProblems = 20

// The versions of the language. Variables are only known to the newer; it is the
// older that holds where none is given.
const (
	version2012 = "2012-10-17"
	version2008 = "2008-10-17"
)

// Parse reads a policy of any type: of an identity, a resource, a role's trust,
// an organisation, a session. It takes time and memory in proportion to the
// length.
//
// Names of elements are taken in any case, in another case than AWS writes them
// with a word in Problems, for the services differ in what they accept. Effect
// has to be Allow or Deny as written, which the reference says of it. The key of a
// condition has no case; its tag, as in aws:PrincipalTag/Team, has none either.
// What the language does not know is skipped with a word in Problems; of what is
// given twice the last holds, as it does for the readers of JSON that AWS uses.
// A document may be URL-encoded, as the API of IAM has it, or come as a JSON
// string.
//
// The error is a *ParseError.
func Parse(data []byte) (*Document, error) {
	if len(data) > MaxDocument {
		return nil, &ParseError{Reason: "longer than 10 MB, so no policy: too much", Offset: MaxDocument}
	}
	p := parser{doc: &Document{}}
	data, err := p.unwrap(data)
	if err != nil {
		return nil, err
	}
	p.data = data
	if err := p.document(); err != nil {
		return nil, err
	}
	if p.peek() != 0 || p.at < len(p.data) {
		return nil, p.fail("more after the end of the document")
	}
	if p.more > 0 {
		p.doc.Problems = append(p.doc.Problems, fmt.Sprintf("and %d more", p.more))
	}
	return p.doc, nil
}

type parser struct {
	lexer
	doc  *Document
	more int
}

func (p *parser) problemf(at int, format string, args ...any) {
	if len(p.doc.Problems) == maxProblems {
		p.more++
		return
	}
	p.doc.Problems = append(p.doc.Problems, fmt.Sprintf(format, args...)+fmt.Sprintf(" at byte %d", at))
}

// unwrap takes off the byte order mark, the encoding for URLs and the quotes of
// a JSON string.
func (p *parser) unwrap(data []byte) ([]byte, error) {
	for encoded, quoted := 0, false; ; {
		data = bytes.TrimPrefix(bytes.TrimSpace(data), []byte("\ufeff"))
		data = bytes.TrimSpace(data)
		switch {
		case len(data) == 0:
			return nil, &ParseError{Reason: "empty"}
		case data[0] == '%' && encoded < 2:
			text, err := url.PathUnescape(string(data))
			if err != nil {
				return nil, &ParseError{Reason: "broken URL encoding"}
			}
			if encoded++; encoded == 2 {
				p.doc.Problems = append(p.doc.Problems, "URL-encoded twice")
			}
			data = []byte(text)
		case data[0] == '"' && !quoted:
			l := lexer{data: data}
			text, err := l.text()
			if err != nil {
				return nil, err
			}
			if l.peek() != 0 {
				return nil, l.fail("more after the end of the document")
			}
			data, quoted = []byte(text), true
		default:
			return data, nil
		}
	}
}

// element returns the name of an element as AWS writes it, and false for one
// that is not among those known.
func (p *parser) element(key string, at int, seen *names, known ...string) (string, bool) {
	i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, key) })
	if i < 0 {
		p.problemf(at, "an element that is not known")
		return "", false
	}
	name := known[i]
	if name != key {
		p.problemf(at, "%s in another case", name)
	}
	if seen.has(name) {
		p.problemf(at, "%s a second time, of which the last holds", name)
		return name, true
	}
	seen.all[seen.n] = name
	seen.n++
	return name, true
}

// names are the elements that an object was seen to have. There are nine at
// most that differ.
type names struct {
	all [9]string
	n   int
}

func (n *names) has(name string) bool { return slices.Contains(n.all[:n.n], name) }

func (p *parser) document() error {
	var seen names
	err := p.object(func(key string, at int) (err error) {
		name, ok := p.element(key, at, &seen, "Version", "Id", "Statement")
		if !ok {
			return p.skip()
		}
		switch name {
		case "Version":
			p.doc.Version, err = p.scalar()
			if err == nil && p.doc.Version != version2012 && p.doc.Version != version2008 {
				p.problemf(at, "a Version that the language does not have")
			}
		case "Id":
			p.doc.ID, err = p.scalar()
		case "Statement":
			err = p.statements()
		}
		return err
	})
	if err != nil {
		return err
	}
	if !seen.has("Statement") {
		return p.fail("no Statement before the end")
	}
	if p.doc.Version == "" {
		p.doc.Version = version2008
	}
	return nil
}

func (p *parser) statements() error {
	p.doc.Statements = nil
	if p.peek() == '{' {
		return p.statement()
	}
	return p.list(p.statement)
}

// statement reads one statement and checks that it has what it must have.
func (p *parser) statement() error {
	s := Statement{Index: len(p.doc.Statements)}
	p.peek()
	start := p.at
	var seen names
	err := p.object(func(key string, at int) error {
		name, ok := p.element(key, at, &seen, "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource",
			"Principal", "NotPrincipal", "Condition")
		if !ok {
			return p.skip()
		}
		return p.member(&s, name)
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"Action", "Resource", "Principal"} {
		if seen.has(name) && seen.has("Not"+name) {
			return &ParseError{Offset: start, Reason: fmt.Sprintf("a statement with both %s and Not%s", name, name)}
		}
	}
	switch {
	case !seen.has("Effect"):
		return &ParseError{Offset: start, Reason: "a statement whose Effect is neither Allow nor Deny"}
	case !seen.has("Action") && !seen.has("NotAction"):
		return &ParseError{Offset: start, Reason: "a statement without Action"}
	}
	p.doc.Statements = append(p.doc.Statements, s)
	return nil
}

func (p *parser) member(s *Statement, name string) (err error) {
	switch name {
	case "Sid":
		s.Sid, err = p.scalar()
	case "Effect":
		p.peek()
		at := p.at
		var effect string
		if effect, err = p.text(); err == nil && effect != "Allow" && effect != "Deny" {
			err = &ParseError{Offset: at, Reason: "a statement whose Effect is neither Allow nor Deny"}
		}
		s.Deny = effect == "Deny"
	case "Action":
		s.Actions, err = p.values(p.text)
	case "NotAction":
		s.NotActions, err = p.values(p.text)
	case "Resource":
		s.Resources, err = p.values(p.text)
	case "NotResource":
		s.NotResources, err = p.values(p.text)
	case "Principal":
		s.Principals, err = p.principals()
	case "NotPrincipal":
		s.NotPrincipal, err = p.principals()
	case "Condition":
		s.Conditions, err = p.conditions()
	}
	return err
}

// values reads one value or a list of them. It returns no nil.
func (p *parser) values(one func() (string, error)) ([]string, error) {
	out := []string{}
	add := func() error {
		v, err := one()
		out = append(out, v)
		return err
	}
	if p.peek() != '[' {
		err := add()
		return out, err
	}
	err := p.list(add)
	return slices.Clip(out), err
}
