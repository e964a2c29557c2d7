package match

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxStrings = 600 // words that a part of a regular expression is spelled out to, at most
	maxClass   = 64  // runes of a class that is spelled out, at most
	unbounded  = 1 << 30
)

// An anchor says where the matches of a regular expression lie around one of
// the rule's keywords. It exists if every match must contain a keyword at a
// bounded distance from its start.
type anchor struct {
	prog *syntax.Prog // the expression without what may be empty in front of the keyword
	lead int          // bytes that may stand before a match of prog, at most
	pre  span         // bytes of prog's match before the word with the keyword
	at   map[string]span
}

// A span is a range of distances in bytes.
type span struct{ min, max int }

// anchorOf finds the anchor of an expression, or nil: then a keyword switches
// the rule on for the whole text, as in gitleaks.
func anchorOf(re *syntax.Regexp, keywords []string) *anchor {
	items := flatten(re, nil)
	lo, hi, words := keywordRun(items, keywords)
	if hi == 0 {
		return nil
	}
	skip, lead := 0, 0
	for skip < lo && minLen(items[skip]) == 0 && !asserts(items[skip]) {
		lead = capped(lead + maxLen(items[skip]))
		skip++
	}
	a := &anchor{lead: lead, at: offsets(words, keywords)}
	for _, item := range items[skip:lo] {
		a.pre.min += minLen(item)
		a.pre.max = capped(a.pre.max + maxLen(item))
	}
	if a.lead >= unbounded || a.pre.max >= unbounded {
		return nil
	}
	rest := &syntax.Regexp{Op: syntax.OpConcat, Sub: slices.Clone(items[skip:])}
	prog, err := syntax.Compile(rest.Simplify())
	if err != nil {
		return nil
	}
	a.prog = prog
	return a
}

// flatten returns the parts of a concatenation, captures opened.
func flatten(re *syntax.Regexp, to []*syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			to = flatten(sub, to)
		}
		return to
	case syntax.OpCapture:
		return flatten(re.Sub[0], to)
	default:
		return append(to, re)
	}
}

// keywordRun finds the first run of parts whose every word contains a keyword.
// It returns items[lo:hi] and the words; hi is 0 if there is none.
func keywordRun(items []*syntax.Regexp, keywords []string) (lo, hi int, words []string) {
	for lo = range items {
		words = []string{""}
		for hi = lo; hi < len(items); hi++ {
			more, ok := spell(items[hi])
			if words = cross(words, more); !ok || words == nil {
				break
			}
			if allContain(words, keywords) {
				return lo, hi + 1, words
			}
		}
	}
	return 0, 0, nil
}

func allContain(words, keywords []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool {
		return !slices.ContainsFunc(keywords, func(k string) bool { return strings.Contains(w, k) })
	})
}

// offsets says at which distances from a word's start each keyword may stand.
func offsets(words, keywords []string) map[string]span {
	at := map[string]span{}
	for _, k := range keywords {
		for _, w := range words {
			for i := 0; i+len(k) <= len(w); i++ {
				if w[i:i+len(k)] != k {
					continue
				}
				// Folding may make of one byte up to three (K, ſ).
				o := span{i, 3 * i}
				if old, ok := at[k]; ok {
					o = span{min(o.min, old.min), max(o.max, old.max)}
				}
				at[k] = o
			}
		}
	}
	return at
}

// spell returns all words that a part matches, in lower case, if they are few.
func spell(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText,
		syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []string{""}, true
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(re.Rune))}, true
	case syntax.OpCharClass:
		return spellClass(re.Rune)
	case syntax.OpCapture:
		return spell(re.Sub[0])
	case syntax.OpQuest:
		words, ok := spell(re.Sub[0])
		return distinct(append(words, "")), ok
	case syntax.OpRepeat:
		return spellRepeat(re)
	case syntax.OpConcat:
		words, ok := []string{""}, true
		for _, sub := range re.Sub {
			var more []string
			if more, ok = spell(sub); !ok {
				return nil, false
			}
			if words = cross(words, more); words == nil {
				return nil, false
			}
		}
		return words, true
	case syntax.OpAlternate:
		var words []string
		for _, sub := range re.Sub {
			more, ok := spell(sub)
			if !ok || len(words)+len(more) > maxStrings {
				return nil, false
			}
			words = append(words, more...)
		}
		return distinct(words), true
	default:
		return nil, false
	}
}

func spellRepeat(re *syntax.Regexp) ([]string, bool) {
	if re.Max < 0 || re.Max > 4 {
		return nil, false
	}
	one, ok := spell(re.Sub[0])
	if !ok {
		return nil, false
	}
	var words []string
	power := []string{""}
	for n := 0; n <= re.Max && power != nil; n++ {
		if n >= re.Min {
			words = append(words, power...)
		}
		if n < re.Max {
			power = cross(power, one)
		}
	}
	return distinct(words), power != nil && len(words) <= maxStrings
}

func spellClass(ranges []rune) ([]string, bool) {
	var words []string
	for i := 0; i+1 < len(ranges); i += 2 {
		if int(ranges[i+1]-ranges[i])+len(words) > maxClass {
			return nil, false
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			words = append(words, string(foldASCII(r)))
		}
	}
	return distinct(words), true
}

// foldASCII returns the lower case of a rune, and for the two runes that fold
// to ASCII letters in regular expressions, those.
func foldASCII(r rune) rune {
	switch r {
	case 'ſ':
		return 's'
	default:
		return unicode.ToLower(r)
	}
}

func distinct(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

func cross(left, right []string) []string {
	if len(left)*len(right) > maxStrings || len(right) == 0 {
		return nil
	}
	words := make([]string, 0, len(left)*len(right))
	for _, l := range left {
		for _, r := range right {
			words = append(words, l+r)
		}
	}
	return distinct(words)
}

func capped(n int) int { return min(n, unbounded) }

// asserts reports whether a part looks at what stands around it.
func asserts(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	default:
		return slices.ContainsFunc(re.Sub, asserts)
	}
}

// minLen is the least number of bytes that a part matches.
func minLen(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return minLen(re.Sub[0])
	case syntax.OpRepeat:
		return capped(re.Min * minLen(re.Sub[0]))
	case syntax.OpConcat:
		n := 0
		for _, sub := range re.Sub {
			n = capped(n + minLen(sub))
		}
		return n
	case syntax.OpAlternate:
		n := unbounded
		for _, sub := range re.Sub {
			n = min(n, minLen(sub))
		}
		return n
	default:
		return 0
	}
}

// maxLen is the greatest number of bytes that a part matches, unbounded if
// there is no end.
func maxLen(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		n := 0
		for _, r := range re.Rune {
			n += maxWidth(r, re.Flags&syntax.FoldCase != 0)
		}
		return n
	case syntax.OpCharClass:
		if len(re.Rune) == 0 {
			return 0
		}
		return maxWidth(re.Rune[len(re.Rune)-1], false)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return utf8.UTFMax
	case syntax.OpCapture, syntax.OpQuest:
		return maxLen(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus:
		if maxLen(re.Sub[0]) == 0 {
			return 0
		}
		return unbounded
	case syntax.OpRepeat:
		return maxRepeat(re)
	case syntax.OpConcat:
		n := 0
		for _, sub := range re.Sub {
			n = capped(n + maxLen(sub))
		}
		return n
	case syntax.OpAlternate:
		n := 0
		for _, sub := range re.Sub {
			n = max(n, maxLen(sub))
		}
		return n
	default:
		return 0
	}
}

func maxRepeat(re *syntax.Regexp) int {
	one := maxLen(re.Sub[0])
	if one == 0 {
		return 0
	}
	if re.Max < 0 || one >= unbounded {
		return unbounded
	}
	return capped(re.Max * one)
}

func maxWidth(r rune, fold bool) int {
	if r == utf8.RuneError || r > unicode.MaxRune {
		return utf8.UTFMax
	}
	n := utf8.RuneLen(r)
	if fold {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			n = max(n, utf8.RuneLen(f))
		}
	}
	return max(n, 1)
}
