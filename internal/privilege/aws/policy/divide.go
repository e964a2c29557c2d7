package policy

import (
	bytesOf "encoding/binary"
	"slices"
	"strings"
	"sync"
)

// A Memo remembers how wildcards that overlap divide sets of resources, for many
// requests about the same policies. It may be shared between goroutines; nil
// remembers nothing. It holds at most some thousand divisions of a few hundred
// bytes.
type Memo struct {
	mu     sync.Mutex
	known  map[string]division
	states int // maxStates; tests compare with others
}

// A division is what a search found. It costs as many states as it took, whether it
// is remembered or not, so that an answer does not hang on what was asked before.
type division struct {
	vectors []uint32
	ok      bool
	cost    int
}

// A Budget bounds what may be spent on telling apart what resources overlapping
// wildcards mean. Requests that come when it is spent count statements about some
// of the resources as ones that may be about each: their answers are unknown where
// that makes a difference. It is for one goroutine at a time.
type Budget struct {
	States int  // that are left; a search takes a few hundred at most
	Short  bool // some request was answered without a search that came to its end
}

// maxKnown bounds a Memo.
const maxKnown = 1 << 14

// NewMemo returns an empty one.
func NewMemo() *Memo { return &Memo{known: map[string]division{}, states: maxStates} }

// divide is divide with a memory.
func (m *Memo) divide(set glob, cuts []glob) division {
	if m == nil {
		return divide(set, cuts, maxStates)
	}
	key := []byte(set.text)
	for i := range cuts {
		key = append(append(key, 0), cuts[i].text...)
	}
	m.mu.Lock()
	d, have := m.known[string(key)]
	m.mu.Unlock()
	if have {
		return d
	}
	d = divide(set, cuts, m.states)
	m.mu.Lock()
	if len(m.known) < maxKnown {
		m.known[string(key)] = d
	}
	m.mu.Unlock()
	return d
}

// maxAfloat is how many globs may have their text anywhere behind the same
// beginning. Each doubles the parts, so that with more of them the bounds would
// be met after a long search.
const maxAfloat = 6

// stars are the marks of stars.
const stars = string(star) + string(within)

// hopeless reports whether more than maxAfloat globs float.
func hopeless(cuts []glob) bool {
	if len(cuts) <= maxAfloat {
		return false
	}
	var begin []string
	for _, g := range cuts {
		first := strings.IndexAny(g.text, stars)
		if first >= 0 && strings.LastIndexAny(g.text, stars) > first { // one star by itself leaves a beginning and an end
			begin = append(begin, g.text[:first])
		}
	}
	slices.Sort(begin)
	run := 0
	for i := range begin {
		if run++; i > 0 && begin[i] != begin[i-1] {
			run = 1
		}
		if run > maxAfloat {
			return true
		}
	}
	return false
}

// divide returns which combinations of globs the members of a set match: bit i
// of a vector is glob i. It walks through the texts of the set letter by letter,
// each glob with the positions it may be at, and stops at a bound: some states, and
// one for each letter.
func divide(set glob, cuts []glob, states int) division {
	if hopeless(cuts) {
		return division{cost: 1}
	}
	w := walk{seen: map[string]bool{}, found: map[uint32]bool{}}
	for _, g := range append([]glob{set}, cuts...) {
		w.add(g)
		states += len(g.text)
	}
	start := make([]uint64, w.words)
	for i := range w.globs {
		g := &w.globs[i]
		start[g.from] = 1
		g.slip(start)
	}
	w.visit(start)
	for len(w.open) > 0 {
		if len(w.seen) > states || len(w.found) > maxParts {
			return division{cost: len(w.seen)}
		}
		next := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		w.expand(next)
	}
	d := division{ok: true, cost: len(w.seen)}
	for v := range w.found {
		d.vectors = append(d.vectors, v)
	}
	slices.Sort(d.vectors)
	return d
}

// An acceptor is a glob that reads letter by letter. The positions that a text
// read so far may have reached are bits of its words of a state.
type acceptor struct {
	from, words, end int
	any              []uint64 // positions of question marks
	star             []uint64 // of stars
	stay             []uint64 // of stars that do not read a colon
	letters          []letter
}

// A letter is the positions at which a glob has it.
type letter struct {
	c  byte
	at []uint64
}

// A walk is the search through what a set's texts can be. The first glob is the
// set. A state is the positions of all globs.
type walk struct {
	globs  []acceptor
	words  int
	seen   map[string]bool
	open   [][]uint64
	found  map[uint32]bool
	buffer []uint64
	key    []byte
}

// add makes a glob an acceptor.
func (w *walk) add(g glob) {
	n := len(g.text)/64 + 1
	a := acceptor{from: w.words, words: n, end: len(g.text), any: make([]uint64, n), star: make([]uint64, n), stay: make([]uint64, n)}
	for i := range len(g.text) {
		bit := uint64(1) << (i % 64)
		switch c := g.text[i]; c {
		case star:
			a.star[i/64] |= bit
		case within:
			a.stay[i/64] |= bit
		case anyOne:
			a.any[i/64] |= bit
		default:
			k := slices.IndexFunc(a.letters, func(l letter) bool { return l.c == c })
			if k < 0 {
				k = len(a.letters)
				a.letters = append(a.letters, letter{c, make([]uint64, n)})
			}
			a.letters[k].at[i/64] |= bit
		}
	}
	w.globs = append(w.globs, a)
	w.words += n
}

// step reads a letter.
func (a *acceptor) step(state, next []uint64, c byte) {
	var at []uint64
	for i := range a.letters {
		if a.letters[i].c == c {
			at = a.letters[i].at
		}
	}
	carry := uint64(0)
	for i := range a.words {
		now := state[a.from+i]
		move, keep := now&a.any[i], now&a.star[i]
		if at != nil {
			move |= now & at[i]
		}
		if c != ':' {
			keep |= now & a.stay[i]
		}
		next[a.from+i] = move<<1 | carry | keep
		carry = move >> 63
	}
	a.slip(next)
}

// slip adds the positions that a star lets a text slip to.
func (a *acceptor) slip(state []uint64) {
	for more := true; more; {
		more = false
		carry := uint64(0)
		for i := range a.words {
			s := state[a.from+i] & (a.star[i] | a.stay[i])
			add := (s<<1 | carry) &^ state[a.from+i]
			carry = s >> 63
			state[a.from+i] |= add
			more = more || add != 0
		}
	}
}

// accepts reports whether a text may end here.
func (a *acceptor) accepts(state []uint64) bool {
	return state[a.from+a.end/64]&(1<<(a.end%64)) != 0
}

// visit notes a state that was not seen before. If the text may end here, the
// vector is one that there is.
func (w *walk) visit(s []uint64) {
	if set := &w.globs[0]; !slices.ContainsFunc(s[:set.words], func(x uint64) bool { return x != 0 }) {
		return
	}
	w.key = w.key[:0]
	for _, x := range s {
		w.key = bytesOf.LittleEndian.AppendUint64(w.key, x)
	}
	if w.seen[string(w.key)] {
		return
	}
	w.seen[string(w.key)] = true
	w.open = append(w.open, slices.Clone(s))
	if !w.globs[0].accepts(s) {
		return
	}
	var vector uint32
	for i := range w.globs[1:] {
		if w.globs[i+1].accepts(s) {
			vector |= 1 << i
		}
	}
	w.found[vector] = true
}

// expand reads every letter that makes a difference, and one that none of the
// globs has.
func (w *walk) expand(s []uint64) {
	var letters [256]bool
	for i := range w.globs {
		g := &w.globs[i]
		for _, l := range g.letters {
			for k := range g.words {
				letters[l.c] = letters[l.c] || s[g.from+k]&l.at[k] != 0
			}
		}
	}
	if other := slices.Index(letters[32:], false); other >= 0 {
		letters[other+32] = true
	}
	if w.buffer == nil {
		w.buffer = make([]uint64, w.words)
	}
	for c := range letters {
		if !letters[c] {
			continue
		}
		for i := range w.globs {
			w.globs[i].step(s, w.buffer, byte(c))
		}
		w.visit(w.buffer)
	}
}
