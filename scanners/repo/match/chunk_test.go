package match

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChunksCoverText checks that chunks are whole lines and leave nothing out.
func TestChunksCoverText(t *testing.T) {
	seed := newChunkMemo().seeds[0]
	r := rand.New(rand.NewPCG(5, 6))
	for _, text := range []string{"", "\n", "a", strings.Repeat("\n", 5000), strings.Repeat("x", 9000), lines(r, nil, 300), lines(r, nil, 4000)} {
		at := 0
		for _, c := range split(nil, []byte(text), seed) {
			if c.start != at || c.end <= at && text != "" || c.end < len(text) && text[c.end-1] != '\n' {
				t.Fatalf("a chunk from %d to %d follows one that ends at %d, of %d", c.start, c.end, at, len(text))
			}
			at = c.end
		}
		if at != len(text) {
			t.Errorf("the chunks end at %d of %d", at, len(text))
		}
	}
}

// lines returns lines of noise with some of the samples among them.
func lines(r *rand.Rand, samples []string, count int) string {
	var b strings.Builder
	for range count {
		if len(samples) > 0 && r.IntN(12) == 0 {
			b.WriteString(samples[r.IntN(len(samples))])
		}
		fmt.Fprintf(&b, "line %d token = x%d", r.IntN(50), r.IntN(10))
		if r.IntN(40) > 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// edit returns a later version of a text: lines come, go, change, are joined,
// the text loses its beginning or its end.
func edit(r *rand.Rand, text string, samples []string) string {
	all := strings.SplitAfter(text, "\n")
	at := r.IntN(len(all))
	switch r.IntN(7) {
	case 0:
		return strings.Join(slices.Insert(all, at, lines(r, samples, 2)), "")
	case 1:
		return strings.Join(slices.Delete(all, at, at+1), "")
	case 2:
		all[at] = strings.TrimSuffix(all[at], "\n")
	case 3:
		all[at] = strings.Replace(all[at], "x", "ghp_", 1)
	case 4:
		return strings.Join(all[at/4:], "")
	case 5:
		return text[:len(text)-len(text)/8]
	default:
		cut := r.IntN(len(text) + 1)
		return text[:cut] + text[min(len(text), cut+r.IntN(3)):]
	}
	return strings.Join(all, "")
}

// TestVersions gives versions of texts to a matcher that remembers the earlier
// ones and holds it to one that has seen nothing. The rules of the second round
// look across lines, at the ends of the text, and at what stands before and
// behind a match, and one has a keyword of two lines.
func TestVersions(t *testing.T) {
	config := `
[[rules]]
id = "ends"
regex = '''(?s)\Aline.{0,40}token'''
keywords = ["token"]
[[rules]]
id = "last"
regex = '''token = (x\d)\s*\z'''
keywords = ["token"]
[[rules]]
id = "across"
regex = '''x1\s{1,3}line \d+ token = (x2)\b'''
keywords = ["token"]
[[rules]]
id = "twolines"
regex = '''x3\nline \d+ token = (x4)'''
keywords = ["x3\nline"]
[[rules]]
id = "wide"
regex = '''(x5\s[^=]*= x6)'''
keywords = ["line"]
[[rules]]
id = "required"
regex = '''line (7)\b'''
keywords = ["line"]
[[rules.required]]
id = "last"
withinLines = 2
`
	for name, content := range map[string][]byte{"default": nil, "own": []byte(config)} {
		t.Run(name, func(t *testing.T) {
			rules, err := Load("x.toml", content, nil)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(7, 8))
			samples := samplesOf(t, rules, r)
			old, found := rules.NewMatcher(), 0
			for range 8 {
				text := lines(r, samples, 60)
				for range 8 {
					want, got := shown(rules.NewMatcher().Match([]byte(text))), shown(old.Match([]byte(text)))
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("new matcher (-) and old one (+) differ:\n%s", diff)
					}
					found += len(want)
					text = edit(r, text, samples)
				}
			}
			if found < 200 || old.chunked.items == 0 {
				t.Errorf("%d hits, %d parts remembered: the comparison says little", found, old.chunked.items)
			}
		})
	}
}

func samplesOf(t *testing.T, rules *Ruleset, r *rand.Rand) (samples []string) {
	t.Helper()
	for _, rule := range rules.rules {
		if rule.spec.Regex == "" {
			continue
		}
		parsed, err := syntax.Parse(rule.spec.Regex, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, sample(parsed, r))
	}
	return samples
}

// shown tells all of a hit, with the secret as a hash.
func shown(hits []Hit) (out []string) {
	for i := range hits {
		h := &hits[i]
		out = append(out, fmt.Sprint(h.Rule, h.Line, h.EndLine, h.Column, h.Encoding, h.Suppressed, h.shadows, digest(string(h.Secret)), digest(string(h.Context))))
	}
	return out
}

// TestChunkMemoIsBounded checks that what is remembered does not grow with what
// was seen.
func TestChunkMemoIsBounded(t *testing.T) {
	memo := newChunkMemo()
	r := recorder{}
	for n := range 3 * itemsCap / 100 {
		text := fmt.Appendf(nil, "%d\n", n)
		c := split(nil, text, memo.seeds[0])[0]
		r.begin(c)
		r.spans = make([]ruleSpan, 100)
		memo.keep(text, c, 0, &r)
		if memo.items > itemsCap || len(memo.outcomes) > itemsCap+1 {
			t.Fatalf("%d parts of %d outcomes are remembered", memo.items, len(memo.outcomes))
		}
		if o := memo.recall(text, c, 0); o == nil || len(o.spans) != 100 {
			t.Fatal("what was just seen is not remembered")
		}
		if memo.recall(bytes.Repeat(text, 2), c, 1) != nil {
			t.Fatal("what was looked for does not count")
		}
	}
}
