package condition

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-nhi/muster/internal/inventory"
)

// An operator compares two values.
type operator func(left, right string) inventory.Tri

// operatorOf finds an operator by its name in lower case. One that is not known
// decides nothing.
func operatorOf(name string) operator {
	for _, family := range []struct {
		prefix string
		of     func(string) operator
	}{
		{"string", strung},
		{"guid", guided},
		{"bool", switched},
		{"numeric", ordered(number)},
		{"datetime", ordered(moment)},
	} {
		if rest, ok := strings.CutPrefix(name, family.prefix); ok {
			return family.of(rest)
		}
	}
	return nothing
}

// nothing is an operator that decides nothing.
func nothing(string, string) inventory.Tri { return inventory.Unknown }

// negated turns an operator round.
func negated(of operator) operator {
	return func(l, r string) inventory.Tri { return not(of(l, r)) }
}

// strung finds operators of strings: Equals, StartsWith, Like, NotEquals,
// EqualsIgnoreCase and so on.
func strung(name string) operator {
	rest, turned := strings.CutPrefix(name, "not")
	kind, fold := strings.CutSuffix(rest, "ignorecase")
	fit := func(l, r string) bool { return l == r }
	switch kind {
	case "equals":
	case "startswith":
		fit = strings.HasPrefix
	case "like":
		fit = func(l, r string) bool { return like(r, l, false) }
	default:
		return nothing
	}
	of := func(l, r string) inventory.Tri {
		if fold {
			l, r = strings.ToLower(l), strings.ToLower(r)
		}
		return inventory.TriOf(fit(l, r))
	}
	if turned {
		return negated(of)
	}
	return of
}

// guided finds operators of GUIDs. Azure writes them with dashes and without.
func guided(name string) operator {
	equal := func(l, r string) inventory.Tri { return inventory.TriOf(guid(l) == guid(r)) }
	switch name {
	case "equals":
		return equal
	case "notequals":
		return negated(equal)
	}
	return nothing
}

// guid is a GUID as it is compared.
func guid(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "")) }

// switched finds operators of truth values.
func switched(name string) operator {
	equal := func(l, r string) inventory.Tri { return inventory.TriOf(strings.EqualFold(l, r)) }
	switch name {
	case "equals":
		return equal
	case "notequals":
		return negated(equal)
	}
	return nothing
}

// number reads an integer.
func number(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// moment reads a date with a time, or a date.
func moment(s string) (int64, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}

// ordered finds operators of what has an order.
func ordered(read func(string) (int64, bool)) func(string) operator {
	return func(name string) operator {
		var fit func(l, r int64) bool
		switch name {
		case "equals":
			fit = func(l, r int64) bool { return l == r }
		case "notequals":
			fit = func(l, r int64) bool { return l != r }
		case "lessthan":
			fit = func(l, r int64) bool { return l < r }
		case "lessthanequals":
			fit = func(l, r int64) bool { return l <= r }
		case "greaterthan":
			fit = func(l, r int64) bool { return l > r }
		case "greaterthanequals":
			fit = func(l, r int64) bool { return l >= r }
		default:
			return nothing
		}
		return func(l, r string) inventory.Tri {
			x, ok := read(l)
			y, known := read(r)
			if !ok || !known {
				return inventory.Unknown
			}
			return inventory.TriOf(fit(x, y))
		}
	}
}

// like reports whether a text fits a pattern with * and ?, which a backslash
// takes literally. It takes time in proportion to the product of both lengths.
func like(pattern, text string, fold bool) bool {
	if fold {
		pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	}
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		r, size := utf8.DecodeRuneInString(text[t:])
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, mark = p, t
				p++
				continue
			}
			if next, ok := fits(pattern[p:], r, text[t:t+size]); ok {
				p, t = p+next, t+size
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, size = utf8.DecodeRuneInString(text[mark:])
		mark += size
		p, t = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// fits reports whether the first sign of a pattern fits a rune, and its length.
func fits(pattern string, r rune, raw string) (int, bool) {
	if pattern[0] == '?' {
		return 1, true
	}
	skip := 0
	if pattern[0] == '\\' && len(pattern) > 1 {
		skip = 1
	}
	p, size := utf8.DecodeRuneInString(pattern[skip:])
	return skip + size, p == r && pattern[skip:skip+size] == raw
}
