package match

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSameOnJumbles mixes samples, halves of samples and noise, so that
// windows touch, overlap and are cut.
func TestSameOnJumbles(t *testing.T) {
	rs, m := ours(t)
	det := theirs(t)
	random := rand.New(rand.NewPCG(3, 4))
	total := 0
	for range 50 {
		text := jumble(t, rs, random)
		want := wantFindings(det, text, "src/config.go")
		total += len(want)
		if diff := cmp.Diff(want, gotFindings(rs, m, text, "src/config.go")); diff != "" {
			t.Fatalf("gitleaks (-) and muster (+) differ:\n%s", diff)
		}
	}
	if total < 150 {
		t.Errorf("only %d findings: the comparison says little", total)
	}
}

func jumble(t *testing.T, rs *Ruleset, random *rand.Rand) string {
	t.Helper()
	var b strings.Builder
	for range 20 {
		r := rs.rules[random.IntN(len(rs.rules))]
		if random.IntN(3) == 0 {
			r = rs.byID["generic-api-key"]
		}
		parsed, err := syntax.Parse(r.spec.Regex, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		s := sample(parsed, random)
		switch random.IntN(5) {
		case 0:
			s = s[:len(s)/2]
		case 1:
			b.WriteString(noiseLines(random))
		}
		b.WriteString(s)
		b.WriteString([]string{"", " ", "\n", "\r\n", "\"", ";", "=", "\n\n", " gitleaks\n"}[random.IntN(9)])
	}
	return b.String()
}
