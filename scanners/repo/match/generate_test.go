package match

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
)

// sample writes a text that an expression matches, choosing by r.
func sample(re *syntax.Regexp, r *rand.Rand) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return sampleClass(re.Rune, r)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return string(rune('!' + r.IntN(90)))
	case syntax.OpCapture:
		return sample(re.Sub[0], r)
	case syntax.OpQuest:
		return repeat(re.Sub[0], r, r.IntN(2))
	case syntax.OpStar:
		return repeat(re.Sub[0], r, r.IntN(20))
	case syntax.OpPlus:
		return repeat(re.Sub[0], r, 1+r.IntN(30))
	case syntax.OpRepeat:
		n := re.Min
		switch {
		case re.Max < 0:
			n += r.IntN(20)
		case re.Max > re.Min:
			n += r.IntN(min(re.Max-re.Min, 40) + 1)
		}
		return repeat(re.Sub[0], r, n)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(sample(sub, r))
		}
		return b.String()
	case syntax.OpAlternate:
		return sample(re.Sub[r.IntN(len(re.Sub))], r)
	default:
		return ""
	}
}

func repeat(re *syntax.Regexp, r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(sample(re, r))
	}
	return b.String()
}

// sampleClass prefers printable ASCII.
func sampleClass(ranges []rune, r *rand.Rand) string {
	for range 50 {
		i := 2 * r.IntN(len(ranges)/2)
		c := ranges[i] + rune(r.Int64N(int64(ranges[i+1]-ranges[i])+1))
		if c >= ' ' && c < 0x7f {
			return string(c)
		}
	}
	return string(ranges[0])
}
