package match

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Rules that look across lines, at the ends of the text, at what stands before
// and behind a match; that have words that are not their keywords, or none; that
// need another rule; and one that looks at more than its budget.
const versionRules = `
[[rules]]
id = "first"
regex = '''(?s)\Aline.{0,40}(token)'''
keywords = ["token"]
[[rules]]
id = "last"
regex = '''token = (x\d)\s*\z'''
keywords = ["token"]
[[rules]]
id = "before"
regex = '''x1\s{1,3}line \d{1,2} token = (x2)\b'''
keywords = ["token"]
[[rules]]
id = "behind"
regex = '''token = x3\s{1,3}line \d+ value = (x4)\b'''
keywords = ["token"]
[[rules]]
id = "far"
regex = '''(?s)open8.*?(shut8)'''
keywords = ["open8"]
[[rules]]
id = "late"
regex = '''token = x5\s{1,3}(late6)\b'''
keywords = ["line"]
[[rules]]
id = "latebefore"
regex = '''x5\s{1,3}late\s{1,3}word = (x6)\b'''
keywords = ["line"]
[[rules]]
id = "wide"
regex = '''([7-9]{4,}\s\w+@)'''
keywords = ["line"]
[[rules]]
id = "wideend"
regex = '''([7-9]{3,}\s+)\z'''
keywords = ["line"]
[[rules]]
id = "always"
regex = '''always\s+(is)\s+there'''
[[rules]]
id = "budget"
regex = '''(?s)much.{0,1000}?stop(9)'''
keywords = ["much"]
[[rules]]
id = "required"
regex = '''line (7)\b'''
keywords = ["line"]
[[rules.required]]
id = "last"
withinLines = 2
`

// A keyword of two lines makes all of a text one chunk.
const versionRuleOfTwoLines = `
[[rules]]
id = "twolines"
regex = '''x3\nline \d+ value = (x4)'''
keywords = ["x3\nline"]
`

// A straddle is what a rule matches, in two parts that stand on two lines, of
// which one may be empty.
type straddle struct{ rule, first, second string }

func ownStraddles() []straddle {
	long := strings.Repeat("a line between\n", 12)
	return []straddle{
		{"before", "line 1 token = x1", "line 22 token = x2"},
		{"behind", "line 1 token = x3", "line 22 value = x4"},
		{"far", "line open8", long + "shut8"},
		{"far", "line open8\n" + long, long + "shut8"},
		{"late", "line token = x5", "late6"},
		{"latebefore", "line x5", "late\nword = x6"},
		{"wide", "line 98789", "mail@x"},
		{"wideend", "line 98789", "\n"},
		{"always", "always", "is\nthere"},
		{"budget", strings.Repeat("much ", 1000), "some\nstop9"},
		{"required", "line 7", "line 8 token = x1"},
	}
}

// A pair is a matcher that remembers all it has seen, and one that is made to
// forget before each text.
type pair struct {
	rules     *Ruleset
	old, none *Matcher
	texts     int
	hits      map[string]int // by rule
}

func newPair(rules *Ruleset) *pair {
	return &pair{rules: rules, old: rules.NewMatcher(), none: rules.NewMatcher(), hits: map[string]int{}}
}

// check gives both a text and stops the test if they do not say the same. Now
// and then the other one is new.
func (p *pair) check(t *testing.T, name, text string) {
	t.Helper()
	fresh := p.none
	if p.texts++; p.texts%32 == 0 {
		fresh = p.rules.NewMatcher()
	}
	// Under other seeds nothing that is remembered is found again.
	fresh.chunked.seeds, fresh.memo.seeds = newChunkMemo().seeds, newMemo().seeds
	want := fresh.Match([]byte(text))
	for i := range want {
		if want[i].Encoding == "" {
			p.hits[want[i].Rule]++
		}
	}
	if diff := cmp.Diff(shown(want), shown(p.old.Match([]byte(text)))); diff != "" {
		t.Fatalf("%s, text %d: new matcher (-) and old one (+) differ:\n%s", name, p.texts, diff)
	}
}

// shown tells all of a hit, with the secret as a hash.
func shown(hits []Hit) (out []string) {
	for i := range hits {
		h := &hits[i]
		out = append(out, fmt.Sprint(h.Rule, " ", h.Line, " ", h.EndLine, " ", h.Column, " ", h.Encoding, " ", h.Suppressed, h.shadows, digest(string(h.Secret)), digest(string(h.Context))))
	}
	return out
}

func versionSets() map[string]string {
	return map[string]string{
		"default": "", "own": versionRules,
		"multiline": versionRules + versionRuleOfTwoLines,
	}
}

func versionSet(t *testing.T, config string) *Ruleset {
	t.Helper()
	var content []byte
	if config != "" {
		content = []byte(config)
	}
	rules, err := Load("x.toml", content, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// straddles returns, for one of step rules, samples that it finds, as a line and, where
// it may match across the end of a line, in two.
func straddles(t *testing.T, rules *Ruleset, r *rand.Rand, step int) (out []straddle) {
	t.Helper()
	m := rules.NewMatcher()
	hits := func(id, text string, lines int) bool {
		return slices.ContainsFunc(m.Match([]byte(text)), func(h Hit) bool { return h.Rule == id && h.EndLine-h.Line >= lines })
	}
	for _, rule := range rules.rules {
		if rule.spec.Regex == "" || rule.number%step > 0 {
			continue
		}
		parsed, err := syntax.Parse(rule.spec.Regex, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		id := rule.spec.ID
		for range 4 {
			s := sample(parsed, r)
			if !hits(id, s+"\n", 0) {
				continue
			}
			out = append(out, []straddle{{id, s, ""}, {id, "", s}}[len(out)/2%2])
			for i := range s {
				if i > 0 && strings.IndexByte(" \n=:'\"", s[i]) >= 0 {
					first, second := strings.TrimSuffix(s[:i+1], "\n"), s[i+1:]
					if s[i] == ' ' {
						first = s[:i]
					}
					if hits(id, first+"\n"+second+"\n", 1) {
						out = append(out, straddle{id, first, second})
						break
					}
				}
			}
			break
		}
	}
	return out
}

// TestVersionsAtBorders puts the two parts of what a rule matches on either
// side of the border of two chunks. The matcher sees first what lacks one part,
// for the text begins or ends there or goes on otherwise, and then all.
func TestVersionsAtBorders(t *testing.T) {
	// A chunk ends with the first line that is as long as this.
	filler := strings.Repeat("lorem ipsum ", maxChunk/12+1)
	rest := strings.Repeat("and then another line\n", 40)
	for name, config := range versionSets() {
		t.Run(name, func(t *testing.T) {
			rules := versionSet(t, config)
			list := ownStraddles()
			if config == "" {
				list = straddles(t, rules, rand.New(rand.NewPCG(9, 1)), 1)
			}
			if name == "multiline" {
				list = slices.DeleteFunc(list, func(s straddle) bool { return s.rule != "behind" && s.rule != "late" })
			}
			p, two := newPair(rules), map[string]bool{}
			for n, s := range list {
				if s.first != "" && s.second != "" {
					two[s.rule] = true
				} else if n%3 > 0 {
					continue
				}
				mark := fmt.Sprintf("%d %s", n, filler)
				one, other := mark+s.first+"\n", mark+"nothing\n"
				versions := []string{one, s.second + "\n" + rest, one + rest, other + s.second + "\n" + rest, one + s.second + "\n" + rest}
				for v, text := range versions {
					if v == 4 && len(split(nil, []byte(text), p.old.chunked.seeds[0])) < 2 {
						t.Errorf("%s: there is no border", s.rule)
					}
					p.check(t, fmt.Sprint(s.rule, ", version ", v), text)
				}
				if n%8 > 0 && config == "" {
					continue
				}
				p.check(t, s.rule+", twice", versions[0]+other+rest+versions[4])
				p.check(t, s.rule+", at the end", rest+one+s.second)
				p.check(t, s.rule+", behind a line", "another\n"+rest+one+s.second+"\n")
				for _, enc := range []string{base64.StdEncoding.EncodeToString([]byte(s.first + "\n" + s.second)), hex.EncodeToString([]byte(s.first + s.second))} {
					p.check(t, s.rule+", encoded", other+enc+"\n"+rest)
					p.check(t, s.rule+", encoded", rest+other+enc+"\n"+rest)
				}
			}
			if name == "multiline" {
				list = append(list, straddle{rule: "twolines"})
			}
			for _, s := range list {
				// Both matchers see chunks: that they agree is not all.
				if name != "default" && p.hits[s.rule] == 0 {
					t.Errorf("%s is not found across a border", s.rule)
				}
			}
			t.Logf("%d texts, %d rules found, %d across a border", p.texts, len(p.hits), len(two))
			if config == "" && (len(p.hits) < 100 || len(two) < 60) || name == "own" && len(p.hits) < 8 {
				t.Errorf("%d rules found, %d across a border: the comparison says little", len(p.hits), len(two))
			}
		})
	}
}

// TestVersions gives versions of texts of many chunks, changed at the borders
// of chunks and at the ends, to a matcher that remembers the earlier ones.
func TestVersions(t *testing.T) {
	for name, config := range versionSets() {
		t.Run(name, func(t *testing.T) {
			rules := versionSet(t, config)
			r := rand.New(rand.NewPCG(7, 8))
			list := ownStraddles()
			if config == "" {
				list = straddles(t, rules, r, 5)
			}
			e := editor{r, list}
			p, chunks := newPair(rules), 0
			for n := range 2 {
				text := e.lines(330)
				seen := []string{text}
				for v := range 16 {
					p.check(t, fmt.Sprintf("text %d, version %d", n, v), text)
					c := split(nil, []byte(text), p.old.chunked.seeds[0])
					chunks += len(c)
					text = e.edit(text, c)
					if r.IntN(8) == 0 {
						text = seen[r.IntN(len(seen))]
					}
					if strings.Count(text, "\n") < 300 {
						text += e.lines(60)
					}
					seen = append(seen, text)
				}
			}
			t.Logf("%d texts, %d chunks, %d rules found", p.texts, chunks, len(p.hits))
			if chunks < 10*p.texts || p.old.chunked.items == 0 || len(p.hits) < 8 {
				t.Errorf("%d chunks of %d texts, %d rules found: the comparison says little", chunks, p.texts, len(p.hits))
			}
		})
	}
}

// An editor makes texts and later versions of them.
type editor struct {
	r    *rand.Rand
	list []straddle
}

func (e editor) sample() straddle { return e.list[e.r.IntN(len(e.list))] }

// lines returns lines of near misses with some samples among them.
func (e editor) lines(count int) string {
	var b strings.Builder
	for range count {
		switch e.r.IntN(24) {
		case 0:
			b.WriteString(e.sample().first + "\n")
		case 1:
			b.WriteString(e.sample().second + "\n")
		case 2:
			b.WriteString("data: " + base64.StdEncoding.EncodeToString([]byte(e.sample().first)) + "\n")
		default:
			fmt.Fprintf(&b, "line %d token = x%d\n", e.r.IntN(50), e.r.IntN(10))
		}
	}
	return b.String()
}

// edit changes a text at the border of two of its chunks or at its ends.
func (e editor) edit(text string, chunks []chunk) string {
	c := chunks[e.r.IntN(len(chunks))]
	at, before := c.end, max(c.start, c.end-1)
	s := e.sample()
	lineBehind := at + strings.IndexByte(text[at:], '\n') + 1
	switch e.r.IntN(14) {
	case 0:
		return text[:at] + s.first + "\n" + s.second + "\n" + text[at:]
	case 1:
		return text[:before] + " " + s.first + "\n" + s.second + " " + text[at:]
	case 2:
		return text[:before] + " " + s.first + text[before:]
	case 3:
		return text[:at] + s.second + "\n" + text[at:]
	case 4:
		return text[:at] + text[lineBehind:]
	case 5:
		return text[:lineStart([]byte(text), before)] + text[at:]
	case 6:
		return text[:before] + "\r\n" + text[at:]
	case 7:
		return text[:at] + "\x00" + text[at:]
	case 8:
		return text[c.start:]
	case 9:
		return text[:at]
	case 10:
		return s.second + "\n" + text
	case 11:
		return text + s.first
	case 12:
		return text[c.start:c.end] + text + text[c.start:c.end]
	default:
		return text[:before] + string(rune('0'+e.r.IntN(10))) + text[at:]
	}
}
