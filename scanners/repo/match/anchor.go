package match

import (
	"maps"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxStrings = 600 // words that a part of a regular expression is spelled out to, at most
	maxClass   = 64  // runes of a class that is spelled out, at most
	minWord    = 3   // bytes of a word that is looked for beside the keywords, at least
	unbounded  = 1 << 30
)

// An anchor says where the matches of a regular expression lie around words
// that every match must contain at a bounded distance from its start.
type anchor struct {
	prog *syntax.Prog    // the expression without what may be empty in front
	lead int             // bytes that may stand before a match of prog, at most
	at   map[string]span // how far a word may stand behind the start of prog's match
	late *keywords       // finds the words, if they are not the rule's keywords
	word []string        // the words of late

	multiline bool // one of them may lie across the end of a line
}

// A span is a range of distances in bytes.
type span struct{ min, max int }

func (s span) add(o span) span { return span{capped(s.min + o.min), capped(s.max + o.max)} }

func (s span) join(o span) span { return span{min(s.min, o.min), max(s.max, o.max)} }

// anchorOf finds the anchor of an expression, or nil: then a keyword switches
// the rule on for the whole text, as in gitleaks. It is best if the keywords
// are such words, else other words are looked for in the expression.
func anchorOf(re *syntax.Regexp, keywords []string) *anchor {
	items := flatten(re, nil)
	if openAt(items, end) || openAt(items, start) {
		return nil
	}
	if a := anchorBy(items, func(words []string) []string {
		if allContain(words, keywords) {
			return keywords
		}
		return nil
	}); a != nil {
		return a
	}
	a := anchorBy(items, func(words []string) []string {
		if slices.ContainsFunc(words, func(w string) bool { return len(w) < minWord || !ascii(w) }) {
			return nil
		}
		return words
	})
	if a == nil {
		return nil
	}
	a.word = slices.Sorted(maps.Keys(a.at))
	a.late, a.multiline = newKeywords(a.word), multiline(a.word)
	return a
}

// ascii reports whether the automaton of keywords, which folds ASCII only, can
// look for a word.
func ascii(w string) bool {
	return !strings.ContainsFunc(w, func(c rune) bool { return c >= utf8.RuneSelf })
}

// The ends of what an expression matches.
const (
	start = iota
	end
)

// openAt reports whether a match may end with a newline and an assertion about
// what follows, or start with a newline and one about what stands before: at a
// window's ends, which are behind a newline and before one, that would hold where
// in the text it does not, or not hold where it does.
func openAt(items []*syntax.Regexp, side int) bool {
	open, _, _ := opened(items, side, false)
	return open
}

// opened is openAt. asserted says that an assertion stands at that side of the
// items. empty is true if they may match nothing, and still then says whether an
// assertion stands at that side of what is next to them.
func opened(items []*syntax.Regexp, side int, asserted bool) (open, empty, still bool) {
	if side == end {
		items = slices.Clone(items)
		slices.Reverse(items)
	}
	for _, item := range items {
		switch {
		case item.Op == syntax.OpAlternate:
			some, after := false, false
			for _, sub := range item.Sub {
				open, empty, still := opened(flatten(sub, nil), side, asserted)
				if open {
					return true, false, false
				}
				some, after = some || empty, after || empty && still
			}
			if !some {
				return false, false, false
			}
			asserted = after
			continue
		case asserts(item):
			asserted = true
		}
		if asserted && takesNewline(item) {
			return true, false, false
		}
		if minLen(item) > 0 {
			return false, false, false
		}
	}
	return false, true, asserted
}

// takesNewline reports whether a newline may be in what an expression matches.
func takesNewline(re *syntax.Regexp) bool {
	if re.Op == syntax.OpAnyChar || re.Op == syntax.OpLiteral && slices.Contains(re.Rune, '\n') {
		return true
	}
	if re.Op == syntax.OpCharClass {
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if re.Rune[i] <= '\n' && '\n' <= re.Rune[i+1] {
				return true
			}
		}
	}
	return slices.ContainsFunc(re.Sub, takesNewline)
}

// holdsOne reports whether it is known that every match of an expression
// contains one of the keywords.
func holdsOne(re *syntax.Regexp, keywords []string) bool {
	_, at := locate(flatten(re, nil), func(words []string) []string {
		if allContain(words, keywords) {
			return keywords
		}
		return nil
	})
	return at != nil
}

func anchorBy(items []*syntax.Regexp, choose func([]string) []string) *anchor {
	lo, at := locate(items, choose)
	if at == nil {
		return nil
	}
	skip, lead := 0, 0
	for skip < lo && minLen(items[skip]) == 0 && !asserts(items[skip]) {
		lead = capped(lead + maxLen(items[skip]))
		skip++
	}
	pre := span{}
	for _, item := range items[skip:lo] {
		pre = pre.add(span{minLen(item), maxLen(item)})
	}
	a := &anchor{lead: lead, at: at}
	for word, s := range at {
		if a.at[word] = s.add(pre); a.at[word].max >= unbounded {
			return nil
		}
	}
	if lead >= unbounded {
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

// locate finds the first part, items[lo], from whose start on every match
// contains a word: a run of parts that choose takes words from, or an
// alternation in whose every branch there is such a run. It returns how far
// behind the part's start each word may stand.
func locate(items []*syntax.Regexp, choose func([]string) []string) (lo int, at map[string]span) {
	for lo, item := range items {
		if words, chosen := run(items[lo:], choose); chosen != nil {
			return lo, offsets(words, chosen)
		}
		if item.Op == syntax.OpAlternate {
			if at := branches(item.Sub, choose); at != nil {
				return lo, at
			}
		}
	}
	return 0, nil
}

func branches(subs []*syntax.Regexp, choose func([]string) []string) map[string]span {
	at := map[string]span{}
	for _, sub := range subs {
		items := flatten(sub, nil)
		lo, inner := locate(items, choose)
		if inner == nil {
			return nil
		}
		pre := span{}
		for _, item := range items[:lo] {
			pre = pre.add(span{minLen(item), maxLen(item)})
		}
		for word, s := range inner {
			s = s.add(pre)
			if old, ok := at[word]; ok {
				s = s.join(old)
			}
			at[word] = s
		}
	}
	return at
}

// run spells the parts out, one after the other, until choose takes words.
func run(items []*syntax.Regexp, choose func([]string) []string) (words, chosen []string) {
	words = []string{""}
	for _, item := range items {
		more, ok := spell(item)
		if words = cross(words, more); !ok || words == nil {
			return nil, nil
		}
		if chosen := choose(words); chosen != nil {
			return words, chosen
		}
	}
	return nil, nil
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
					o = o.join(old)
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
		words := []string{""}
		for _, sub := range re.Sub {
			more, ok := spell(sub)
			if !ok {
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
