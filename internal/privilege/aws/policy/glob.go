package policy

import (
	"strings"
	"unicode/utf8"
)

// The wildcards of a glob. They are control characters so that a star which was
// written as a literal, ${*}, remains one.
const (
	star    = '\x01' // any characters, none too
	anyOne  = '\x02' // one character
	neutral = '\x03' // stands for a control character of the document
	within  = '\x04' // any characters but a colon
)

// wildcards are all of them that may stand in a compiled text.
const wildcards = "\x01\x02\x04"

// A glob is a pattern as actions, resources and values of conditions have them.
// Its star crosses "/" and ":" alike, but for those of a resource (newARN).
type glob struct {
	text string
	kind globKind
}

type globKind uint8

const (
	globText   globKind = iota // no wildcard
	globPrefix                 // one star, at the end
	globAll                    // a star only
	globAny                    // anything else
)

// newGlob compiles a pattern with "*" and "?".
func newGlob(pattern string) glob {
	return globOf(strings.Map(func(r rune) rune {
		switch r {
		case '*':
			return star
		case '?':
			return anyOne
		case star, anyOne, within:
			return neutral
		default:
			return r
		}
	}, pattern))
}

// newLiteral compiles text in which nothing is a wildcard.
func newLiteral(text string) glob { return globOf(literal(text)) }

func literal(text string) string {
	if !strings.ContainsAny(text, wildcards) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r == star || r == anyOne || r == within {
			return neutral
		}
		return r
	}, text)
}

// newARN compiles a pattern of resources.
func newARN(pattern string) glob { return globOf(segments(newGlob(pattern).text)) }

// segments keeps the stars of the first five segments of a marked ARN within
// theirs; those of the resource part cross "/" and ":". The reference lets a star
// at the end of any segment go beyond the colon. It is held to that where there is
// need of it: in a pattern of fewer segments ("arn:aws:s3*"), and in one whose
// account is none ("arn:aws:lambda:*:function:x"). Elsewhere it makes no
// difference to ARNs that are well formed, but without this there would be, for
// the question whether two patterns meet, resources that cannot exist.
func segments(text string) string {
	account, at := 0, 0
	for n := range 5 {
		i := strings.IndexByte(text[at:], ':')
		if i < 0 {
			return text
		}
		if n == 4 {
			account = at
		}
		at += i + 1
	}
	if a := text[account : at-1]; a != "aws" && strings.Trim(a, "0123456789"+wildcards) != "" {
		return text
	}
	return strings.ReplaceAll(text[:at], "\x01", "\x04") + text[at:]
}

// globOf takes a text in which wildcards are marked.
func globOf(text string) glob {
	for strings.Contains(text, "\x01\x01") {
		text = strings.ReplaceAll(text, "\x01\x01", "\x01")
	}
	g := glob{text: text}
	switch first := strings.IndexAny(text, wildcards); {
	case first < 0:
	case text == "\x01":
		g.kind = globAll
	case first == len(text)-1 && text[first] == star:
		g.kind = globPrefix
	default:
		g.kind = globAny
	}
	return g
}

// match reports whether a text matches, in time proportional to the product of
// the lengths at worst. A star in the text, which is another glob's then, is
// matched by a star only that can do as much: so g.match(o.text) is never true
// where o has members that g lacks.
func (g glob) match(s string) bool {
	switch g.kind {
	case globText:
		return g.text == s
	case globPrefix:
		return strings.HasPrefix(s, g.text[:len(g.text)-1])
	case globAll:
		return true
	case globAny:
	}
	return matchAny(g.text, s)
}

func matchAny(g, s string) bool {
	p, t, mark, back := 0, 0, -1, 0
	for t < len(s) {
		switch {
		case p < len(g) && (g[p] == star || g[p] == within):
			mark, back, p = p, t, p+1
		case p < len(g) && matchOne(g[p], s[t:]) > 0:
			p, t = p+1, t+matchOne(g[p], s[t:])
			continue
		case mark < 0 || g[mark] == within && (s[back] == ':' || s[back] == star):
			return false
		default:
			back++
			p, t = mark+1, back
		}
		if g[mark] == star && p < len(g) && !isWildcard(g[p]) { // go to where what follows may begin
			i := strings.IndexByte(s[back:], g[p])
			if i < 0 {
				return false
			}
			back += i
			t = back
		}
	}
	for p < len(g) && (g[p] == star || g[p] == within) {
		p++
	}
	return p == len(g)
}

// matchOne returns how many bytes of a text one letter of a glob matches.
func matchOne(c byte, s string) int {
	switch {
	case c == anyOne && s[0] != star && s[0] != within:
		_, size := utf8.DecodeRuneInString(s)
		return size
	case c == s[0]:
		return 1
	default:
		return 0
	}
}

// covers reports that every member of o is one of g. It may be false although
// it is so: "?*" and "*?" have the same members.
func (g glob) covers(o glob) bool { return g.match(o.text) }

// apart reports that no text matches both, judged by their beginnings and ends.
// It may be false although it is so.
func (g glob) apart(o glob) bool {
	if g.kind == globText {
		return !o.match(g.text)
	}
	if o.kind == globText {
		return !g.match(o.text)
	}
	for i := 0; i < len(g.text) && i < len(o.text); i++ {
		a, b := g.text[i], o.text[i]
		if a == star || b == star || a == within || b == within {
			break
		}
		if a == anyOne || b == anyOne {
			if a >= utf8.RuneSelf || b >= utf8.RuneSelf {
				break
			}
			continue
		}
		if a != b {
			return true
		}
	}
	for i, j := len(g.text)-1, len(o.text)-1; i >= 0 && j >= 0; i, j = i-1, j-1 {
		a, b := g.text[i], o.text[j]
		if isWildcard(a) || isWildcard(b) {
			break
		}
		if a != b {
			return true
		}
	}
	return false
}

func isWildcard(c byte) bool { return c == star || c == anyOne || c == within }
