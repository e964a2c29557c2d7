package policy

import (
	"github.com/muster-nhi/muster/internal/inventory"
)

// Bounds of the search for how statements divide the resources of a question.
// Plain ARNs need a state for each of their letters and one part each; wildcards
// that overlap multiply, and whoever writes a policy could ask for a great many.
const (
	maxCuts   = 16  // globs
	maxStates = 256 // of the search, beside one for each letter
	maxParts  = 64  // that the resources are divided into
)

// vary answers for a set of resources that statements divide: it asks for each
// part by itself. Where there are too many parts, statements about some of the
// resources count as ones that may be about each.
func (e *evaluation) vary(d *Decision) {
	cuts := e.cuts()
	vectors, ok := []uint32(nil), false
	if len(cuts) <= maxCuts {
		if vectors, ok = guess(e.q.Resource.glob, cuts); !ok {
			vectors, ok = e.q.divide(cuts)
		}
	}
	var t tally
	if !ok {
		if e.q.Budget != nil {
			e.q.Budget.Short = true
		}
		d.Allowed = e.outcome(&t, &portion{blur: true})
		d.Some = d.Allowed
		d.Lacks = e.lacks(&t, d.Some)
		return
	}
	d.Allowed, d.Some = inventory.True, inventory.False
	for _, v := range vectors {
		r := e.outcome(&t, &portion{cuts: cuts, vector: v})
		d.Allowed, d.Some = min(d.Allowed, r), max(d.Some, r)
	}
	if d.Some == inventory.False {
		d.Lacks = e.lacks(&t, d.Some)
	}
}

// divide divides the resources asked for, if the budget allows.
func (q *Request) divide(cuts []glob) (vectors []uint32, ok bool) {
	if q.Budget != nil && q.Budget.States <= 0 {
		return nil, false
	}
	d := q.Memo.divide(q.Resource.glob, cuts)
	if q.Budget != nil {
		q.Budget.States -= d.cost
	}
	return d.vectors, d.ok
}

// cuts lists the globs that divide the resources asked for.
func (e *evaluation) cuts() []glob {
	asked := e.q.Resource.glob
	var out []glob
	for i := range e.hits {
		if !e.hits[i].cut {
			continue
		}
		for k := range e.hits[i].statement.resources {
			g, state := e.hits[i].statement.resources[k].resolve(e.q)
			if state != absent && !g.apart(asked) && !g.covers(asked) && indexGlob(out, g) < 0 {
				out = append(out, g)
			}
		}
	}
	return out
}

// maxGuess bounds the globs for which combinations are counted.
const maxGuess = 5

// guess does what divide does where that is easy: it takes texts that the globs
// suggest, and if those show every combination that the globs leave possible, that
// is all there are. It is not ok otherwise.
func guess(set glob, cuts []glob) (vectors []uint32, ok bool) {
	if len(cuts) > maxGuess {
		return nil, false
	}
	var found uint32 // bit v is vector v
	for i := -1; i < len(cuts); i++ {
		g := set
		if i >= 0 {
			g = cuts[i]
		}
		for _, fill := range []string{"", "\x05"} {
			if text := g.example(fill); set.match(text) {
				found |= 1 << vectorOf(cuts, text)
			}
		}
	}
	for v := range uint32(1) << len(cuts) {
		switch {
		case found&(1<<v) != 0:
			vectors = append(vectors, v)
		case possible(cuts, v):
			return nil, false
		}
	}
	return vectors, true
}

// example returns a text that a glob matches, with something in place of stars
// that no policy has in it.
func (g glob) example(fill string) string {
	if g.kind == globText {
		return g.text
	}
	out := make([]byte, 0, len(g.text)+8)
	for i := range len(g.text) {
		switch c := g.text[i]; c {
		case star, within:
			out = append(out, fill...)
		case anyOne:
			out = append(out, '\x05')
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func vectorOf(cuts []glob, text string) (vector uint32) {
	for i := range cuts {
		if cuts[i].match(text) {
			vector |= 1 << i
		}
	}
	return vector
}

// possible reports whether, as far as the globs tell in pairs, a text may match
// those of a vector and none else.
func possible(cuts []glob, vector uint32) bool {
	for i := range cuts {
		for k := range cuts {
			if i == k || vector&(1<<i) == 0 {
				continue
			}
			if vector&(1<<k) != 0 && cuts[i].apart(cuts[k]) || vector&(1<<k) == 0 && cuts[k].covers(cuts[i]) {
				return false
			}
		}
	}
	return true
}
