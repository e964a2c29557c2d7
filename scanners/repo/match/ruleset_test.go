package match

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/config"
)

// shape is what two readers of one rule file must agree on.
type shape struct {
	ID, Regex, Path string
	Entropy         float64
	Group           int
	Keywords        []string
	Allow           []allowShape
}

type allowShape struct {
	Condition, Target              string
	Regexes, Paths, Words, Commits int
}

func allowShapes(lists []*config.Allowlist) []allowShape {
	var out []allowShape
	for _, a := range lists {
		out = append(out, allowShape{a.MatchCondition.String(), a.RegexTarget, len(a.Regexes), len(a.Paths), len(a.StopWords), len(a.Commits)})
	}
	return out
}

// TestDefaultRulesAreGitleaks compares the rules as read here with gitleaks'
// own reading of them.
func TestDefaultRulesAreGitleaks(t *testing.T) {
	rs, _ := ours(t)
	theirs := theirs(t).Config
	want, got := map[string]shape{}, map[string]shape{}
	for id, r := range theirs.Rules {
		s := shape{ID: id, Entropy: r.Entropy, Group: r.SecretGroup, Keywords: slices.Sorted(slices.Values(r.Keywords)), Allow: allowShapes(r.Allowlists)}
		if r.Regex != nil {
			s.Regex = r.Regex.String()
		}
		if r.Path != nil {
			s.Path = r.Path.String()
		}
		want[id] = s
	}
	for _, r := range rs.rules {
		c := r.compiled()
		got[r.spec.ID] = shape{
			ID: r.spec.ID, Regex: r.spec.Regex, Path: r.spec.Path, Entropy: c.rule.Entropy, Group: c.rule.SecretGroup,
			Keywords: slices.Sorted(slices.Values(c.rule.Keywords)), Allow: allowShapes(c.rule.Allowlists),
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules differ, gitleaks (-), muster (+):\n%s", diff)
	}
	if diff := cmp.Diff(allowShapes(theirs.Allowlists), allowShapes(rs.global())); diff != "" {
		t.Errorf("global allowlists differ:\n%s", diff)
	}
	if len(got) < 222 {
		t.Errorf("only %d rules", len(got))
	}
}

// TestLongLine looks for secrets in a minified line of 1 MB. What took time by the
// square of a line's length took minutes.
func TestLongLine(t *testing.T) {
	_, m := ours(t)
	random := rand.New(rand.NewPCG(5, 6))
	noise := strings.ReplaceAll(noiseLines(random), "\n", ";")
	token := "gh" + "p_" + "Zq9vV3kT1mX8bR5nL2cD7wF4hJ6pS0yAeUgI"
	var b strings.Builder
	for b.Len() < 1<<20 {
		b.WriteString(noise)
		b.WriteString(strings.Repeat("var a=function(){return 1};", 300))
		if n := b.Len(); n > 1<<19 && n < 1<<19+10_000 {
			b.WriteString("t=\"" + token + "\";")
		}
	}
	found := 0
	for _, h := range m.Match([]byte(b.String())) {
		if h.Rule == "github-pat" && h.Line == 1 && string(h.Secret) == token && b.String()[h.Column-1:][:4] == token[:4] {
			found++
		}
	}
	if found == 0 {
		t.Error("the secret was not found in its column")
	}
	text := []byte(b.String() + " // gitleaks:" + "allow\n")
	for _, h := range m.Match(text) {
		if h.Suppressed != SuppressedInline {
			t.Fatalf("%s at column %d is not suppressed by the mark at the line's end", h.Rule, h.Column)
		}
	}
}

// TestWholeTextWhereNeeded finds what rules without keywords, with keywords
// outside the match, and with required rules look for.
func TestWholeTextWhereNeeded(t *testing.T) {
	rules := `
[extend]
useDefault = true
[[rules]]
id = "bare"
regex = '''NW-[0-9]{6}'''
[[rules]]
id = "apart"
regex = '''\b[0-9a-f]{12}Z\b'''
keywords = ["northwind"]
[[rules]]
id = "pair"
regex = '''NWID=[a-z]{8}'''
keywords = ["nwid"]
[[rules.required]]
id = "apart"
withinLines = 2
`
	rs, err := Load("rules.toml", []byte(rules), nil)
	if err != nil {
		t.Fatal(err)
	}
	m := rs.NewMatcher()
	for text, want := range map[string][]string{
		"x NW-123456 y\n":                                           {"bare"},
		"Northwind\n\n\n0123456789abZ\n":                            {"apart"},
		"0123456789abZ\n":                                           nil,
		"northwind NWID=abcdefgh\n0123456789abZ\n":                  {"apart", "pair"},
		"northwind NWID=abcdefgh\n\n\n\n\n0123456789abZ\n":          {"apart"},
		"NWID=abcdefgh\n" + strings.Repeat("filler line\n", 10_000): nil,
	} {
		hits := m.Match([]byte(text))
		var got []string
		for i, verdict := range rs.At(hits, "a.txt", "") {
			if verdict == "" {
				got = append(got, hits[i].Rule)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.40q: %s", text, diff)
		}
	}
}
