package match

import (
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// minified returns one line of some bytes, of code as minifiers write it, with samples of rules in it.
func minified(t *testing.T, rules []*rule, random *rand.Rand, bytes int) string {
	t.Helper()
	const code = "var a=function(){return 1};"
	var b strings.Builder
	for _, r := range rules {
		parsed, err := syntax.Parse(r.spec.Regex, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.Repeat(code, bytes/len(code)/(len(rules)+1)))
		b.WriteString("b(" + strings.ReplaceAll(sample(parsed, random), "\n", ";") + ");")
	}
	return b.String() + strings.Repeat(code, bytes/len(code)/(len(rules)+1)) + "\n"
}

// sameMinified compares lines that hold samples of rules, some rules a line, and
// returns how much both find.
func sameMinified(t *testing.T, rs *Ruleset, rules []*rule, each, bytes int) int {
	t.Helper()
	m, det, random, found := rs.NewMatcher(), theirs(t), rand.New(rand.NewPCG(15, 16)), 0
	for some := range slices.Chunk(rules, each) {
		text := minified(t, some, random, bytes)
		want := wantFindings(det, text, "dist/app.js")
		found += len(want)
		if diff := cmp.Diff(want, gotFindings(rs, m, text, "dist/app.js")); diff != "" {
			t.Errorf("rules from %s on: gitleaks (-) and muster (+) differ:\n%s", some[0].spec.ID, diff)
		}
	}
	return found
}

// contentRules returns the rules that look at content.
func contentRules(rs *Ruleset) []*rule {
	return slices.DeleteFunc(slices.Clone(rs.rules), func(r *rule) bool { return r.spec.Regex == "" || r.spec.Path != "" })
}

// Lines of 24 KB are cut around what may match, and the same is found.
func TestSameOnMinified(t *testing.T) {
	rs, _ := ours(t)
	if n := sameMinified(t, rs, contentRules(rs), 12, 24_000); n < 100 {
		t.Errorf("only %d findings: the comparison says little", n)
	}
}
