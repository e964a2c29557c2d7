package match

import (
	"encoding/binary"
	"iter"
	"regexp/syntax"
	"slices"
	"sort"
	"unicode"
	"unicode/utf8"
)

// maxStates bounds the memory of one automaton: beyond it the states are
// forgotten and found again.
const maxStates = 4000

// stride of the two transition tables: without and with a new start.
const unset = -1

// The kinds of what stands before a position: all that an assertion can ask
// for. They are also the numbers of the four states with no thread.
const (
	afterBegin = iota
	afterNewline
	afterWord
	afterOther
	emptyStates
)

// A dfa answers whether a regular expression matches, and where its matches
// that start in some range end. It builds its states when they are first
// reached. It is exact, assertions and Unicode included, so what it refuses
// the regexp package refuses too. Not safe for concurrent use.
type dfa struct {
	prog    *syntax.Prog
	bounds  []rune // first rune of each class, ascending; bounds[0] is 0
	ascii   [utf8.RuneSelf]int32
	stride  int // classes and the end of text
	states  []dfaState
	next    [2][]int32 // by state*stride+class: state<<1 | matched; [1] with a start added
	index   map[string]int32
	visited []uint32
	mark    uint32
	stack   []uint32
	resets  int // how often the states were forgotten
}

type dfaState struct {
	pcs  []uint32
	kind uint8
}

func newDFA(prog *syntax.Prog) *dfa {
	d := &dfa{prog: prog, visited: make([]uint32, len(prog.Inst))}
	d.bounds = classes(prog)
	d.stride = len(d.bounds) + 1
	for b := range d.ascii {
		d.ascii[b] = d.class(rune(b))
	}
	d.reset()
	return d
}

// reset forgets all states but the four empty ones.
func (d *dfa) reset() {
	d.resets++
	d.states = d.states[:0]
	d.next[0], d.next[1] = d.next[0][:0], d.next[1][:0]
	d.index = map[string]int32{}
	for kind := range uint8(emptyStates) {
		d.intern(nil, kind)
	}
}

// class returns the class of a rune: runes of one class are alike to every
// instruction and assertion of the program.
func (d *dfa) class(r rune) int32 {
	i := sort.Search(len(d.bounds), func(i int) bool { return d.bounds[i] > r })
	return int32(i - 1)
}

func classes(prog *syntax.Prog) []rune {
	cut := []rune{0, '\n', '\n' + 1, '0', '9' + 1, 'A', 'Z' + 1, '_', '_' + 1, 'a', 'z' + 1}
	add := func(lo, hi rune) { cut = append(cut, lo, hi+1) }
	for _, inst := range prog.Inst {
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		default:
			continue
		}
		if len(inst.Rune) == 1 {
			r := inst.Rune[0]
			add(r, r)
			if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					add(f, f)
				}
			}
			continue
		}
		for i := 0; i+1 < len(inst.Rune); i += 2 {
			add(inst.Rune[i], inst.Rune[i+1])
		}
	}
	slices.Sort(cut)
	return slices.DeleteFunc(slices.Compact(cut), func(r rune) bool { return r > unicode.MaxRune })
}

func (d *dfa) intern(pcs []uint32, kind uint8) int32 {
	key := make([]byte, 1, 1+4*len(pcs))
	key[0] = kind
	for _, pc := range pcs {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	if id, ok := d.index[string(key)]; ok {
		return id
	}
	id := int32(len(d.states))
	d.states = append(d.states, dfaState{slices.Clone(pcs), kind})
	for range d.stride {
		d.next[0] = append(d.next[0], unset)
		d.next[1] = append(d.next[1], unset)
	}
	d.index[string(key)] = id
	return id
}

func kindOf(r rune) uint8 {
	switch {
	case r == '\n':
		return afterNewline
	case syntax.IsWordChar(r):
		return afterWord
	default:
		return afterOther
	}
}

// before stands for the rune before a position when assertions are judged.
func before(kind uint8) rune {
	switch kind {
	case afterBegin:
		return -1
	case afterNewline:
		return '\n'
	case afterWord:
		return 'a'
	default:
		return ' '
	}
}

// step computes a transition: from a state, over a class (the last one is the
// end of text), with a new start or without.
func (d *dfa) step(from int32, class, inject int) int32 {
	if len(d.states) >= maxStates {
		kept := d.states[from]
		d.reset()
		from = d.intern(kept.pcs, kept.kind)
	}
	end := class == d.stride-1
	r := rune(-1)
	if !end {
		r = d.bounds[class]
	}
	flags := syntax.EmptyOpContext(before(d.states[from].kind), r)
	d.mark++
	d.stack = append(d.stack[:0], d.states[from].pcs...)
	if inject == 1 {
		d.stack = append(d.stack, uint32(d.prog.Start))
	}
	out, matched := d.closure(flags, r)
	slices.Sort(out)
	out = slices.Compact(out)
	kind := uint8(afterBegin)
	if !end {
		kind = kindOf(r)
	}
	to := d.intern(out, kind) << 1
	if matched {
		to |= 1
	}
	d.next[inject][int(from)*d.stride+class] = to
	return to
}

// closure follows the threads on the stack over empty steps, and those that
// take r over it.
func (d *dfa) closure(flags syntax.EmptyOp, r rune) (out []uint32, matched bool) {
	for len(d.stack) > 0 {
		pc := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.visited[pc] == d.mark {
			continue
		}
		d.visited[pc] = d.mark
		inst := &d.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			d.stack = append(d.stack, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			d.stack = append(d.stack, inst.Out)
		case syntax.InstEmptyWidth:
			if need := syntax.EmptyOp(inst.Arg); need&flags == need {
				d.stack = append(d.stack, inst.Out)
			}
		case syntax.InstMatch:
			matched = true
		case syntax.InstFail:
		default:
			if r >= 0 && inst.MatchRune(r) {
				out = append(out, inst.Out)
			}
		}
	}
	return out, matched
}

// scan follows all matches that start in [from, last] until none can go on. It
// returns where the longest of them ends, or -1 if there is none, and where it
// stopped. With first it stops at the first match.
func (d *dfa) scan(text []byte, from, last int, first bool) (end, stop int) {
	end = -1
	state := d.start(text, from)
	pos := from
	for {
		inject := 0
		if pos <= last {
			inject = 1
		}
		class, width := d.stride-1, 0
		if pos < len(text) {
			if b := text[pos]; b < utf8.RuneSelf {
				class, width = int(d.ascii[b]), 1
			} else {
				r, w := utf8.DecodeRune(text[pos:])
				class, width = int(d.class(r)), w
			}
		}
		to := d.next[inject][int(state)*d.stride+class]
		if to == unset {
			to = d.step(state, class, inject)
		}
		if to&1 != 0 {
			end = pos
			if first {
				return end, pos
			}
		}
		if pos >= len(text) {
			return end, pos
		}
		state = to >> 1
		pos += width
		if state < emptyStates && pos > last {
			return end, pos
		}
	}
}

// breaks gives the starts of lines in (from, to) that no match which starts in
// [from, …] before one of them reaches beyond, nor starts with the newline before
// it.
func (d *dfa) breaks(text []byte, from, to int) iter.Seq[int] {
	return func(yield func(int) bool) {
		state := d.start(text, from)
		for pos := from; pos < to; {
			class, width := d.classAt(text, pos)
			if pos > from && text[pos-1] == '\n' {
				resets, kept := d.resets, d.states[state]
				on := d.follow(state, class, 0)
				if on>>1 < emptyStates {
					if end, _ := d.scan(text, pos-1, pos-1, true); end < 0 && !yield(pos) {
						return
					}
				}
				if d.resets != resets {
					state = d.intern(kept.pcs, kept.kind)
				}
			}
			state = d.follow(state, class, 1) >> 1
			pos += width
		}
	}
}

// classAt returns the class of what stands at a position, and its width.
func (d *dfa) classAt(text []byte, pos int) (class, width int) {
	if pos >= len(text) {
		return d.stride - 1, 0
	}
	if b := text[pos]; b < utf8.RuneSelf {
		return int(d.ascii[b]), 1
	}
	r, w := utf8.DecodeRune(text[pos:])
	return int(d.class(r)), w
}

// follow returns the transition from a state over a class, see step.
func (d *dfa) follow(state int32, class, inject int) int32 {
	if to := d.next[inject][int(state)*d.stride+class]; to != unset {
		return to
	}
	return d.step(state, class, inject)
}

func (d *dfa) start(text []byte, from int) int32 {
	if from == 0 {
		return afterBegin
	}
	r, _ := utf8.DecodeLastRune(text[:from])
	return int32(kindOf(r))
}
