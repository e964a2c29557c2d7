package match

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
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
