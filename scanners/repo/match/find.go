package match

import (
	"hash/maphash"
	"slices"
	"strings"
)

// What is looked for in a chunk: keywords and what follows from them, or the
// matches of one rule that looks at all of the text.
const (
	lookKeywords = iota
	lookLate     // and the rule's number times lookStep
	lookFar
	lookStep
)

// find runs the automata over a text and returns the rules that match in it;
// their states say where. Call release for each.
func (m *Matcher) find(text []byte) []int {
	m.begin(text)
	m.touched, m.encoded = m.touched[:0], m.encoded[:0]
	for _, i := range m.set.always {
		m.touch(i).whole = true
	}
	m.chunks = split(m.chunks[:0], text, m.chunked.seeds[0])
	for _, c := range m.over(m.multiline) {
		m.apply(c, m.look(c, lookKeywords, m.keywords))
	}
	var found []int
	for _, i := range m.touched {
		if m.matches(i) {
			found = append(found, i)
		} else {
			m.release(i)
		}
	}
	slices.Sort(found)
	return found
}

// over returns the chunks of the current text: all of it as one if words that
// are looked for may lie across the end of a line, and so of a chunk.
func (m *Matcher) over(multiline bool) []chunk {
	if !multiline || len(m.chunks) < 2 {
		return m.chunks
	}
	m.one = [1]chunk{{interval{0, len(m.text)}, maphash.Bytes(m.chunked.seeds[0], m.text)}}
	return m.one[:]
}

func multiline(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "\n") })
}

// look returns the outcome of looking at a chunk, which is remembered or found
// by scan. It is valid until the next look.
func (m *Matcher) look(c chunk, tag int, scan func(chunk)) *outcome {
	if o := m.chunked.recall(m.text, c, tag); o != nil {
		return o
	}
	m.record.begin(c)
	scan(c)
	m.settle(c)
	m.chunked.keep(m.text, c, tag, &m.record)
	return &m.record.outcome
}

// settle records what the rules that were tried in a chunk looked at beyond
// their budget.
func (m *Matcher) settle(c chunk) {
	for _, i := range m.record.tried {
		if over := m.states[i].scanned - scanBudget*(c.end-c.start); over > 0 {
			m.record.excess = append(m.record.excess, ruleExcess{i, over})
		}
	}
}

// apply adds the outcome of a chunk to that of the text.
func (m *Matcher) apply(c chunk, o *outcome) {
	for _, i := range o.wide {
		m.touch(i)
	}
	for _, s := range o.spans {
		st := m.touch(s.rule)
		st.spans = append(st.spans, interval{max(0, c.start+s.at.start), c.start + s.at.end})
	}
	for _, e := range o.excess {
		st := m.touch(e.rule)
		st.excess += e.bytes
		st.whole = st.whole || st.excess > scanFree
	}
	for _, s := range o.encoded {
		m.encoded = append(m.encoded, interval{c.start + s.start, c.start + s.end})
	}
}

// state returns what is kept of a rule, which is compiled if it was not.
func (m *Matcher) state(i int) *ruleState {
	st := &m.states[i]
	if st.compiled == nil {
		st.compiled = m.set.rules[i].compiled()
		if a := st.compiled.anchor; a != nil {
			st.near = newDFA(a.prog)
		}
		st.wide = st.near == nil || st.compiled.anchor.late != nil
	}
	return st
}

func (m *Matcher) touch(i int) *ruleState {
	st := m.state(i)
	if !st.touched {
		if st.compiled.apart {
			m.apart = append(m.apart, i)
		}
		st.touched, st.whole = true, st.wide
		m.touched = append(m.touched, i)
	}
	return st
}

func (m *Matcher) release(i int) {
	st := &m.states[i]
	st.spans, st.excess, st.whole, st.touched = st.spans[:0], 0, false, false
}

// keywords looks for keywords in a chunk, and for what decodes to text. No
// keyword lies across the chunk's ends.
func (m *Matcher) keywords(c chunk) {
	part := m.text[c.start:c.end]
	m.set.auto.each(part, func(word, end int) { m.keyword(word, c.start+end) })
	m.record.encoded = escapes(base64Runs(nil, part), part)
}

// keyword is called for each keyword in a chunk, with the position after it.
func (m *Matcher) keyword(word, end int) {
	for n := range m.users[word] {
		u := &m.users[word][n]
		st := m.state(u.rule)
		switch {
		case st.wide:
			if !slices.Contains(m.record.wide, u.rule) {
				m.record.wide = append(m.record.wide, u.rule)
			}
			continue
		case st.whole:
			m.record.partly = true
			continue
		}
		if !u.ready {
			u.at, u.ready = st.compiled.anchor.at[m.set.words[word]], true
		}
		m.try(u.rule, end-len(m.set.words[word]), u.at)
	}
}

// try looks for a match of a rule around a word at a position.
func (m *Matcher) try(i, at int, off span) {
	st, r := &m.states[i], &m.record
	last := at - off.min
	if last < 0 {
		r.read(-1, 0)
		return
	}
	if st.serial != r.serial {
		st.serial, st.seen, st.scanned = r.serial, interval{}, 0
		r.tried = append(r.tried, i)
	}
	first := runeStart(m.text, max(0, at-off.max))
	if st.seen.end > 0 && first >= st.seen.start && last < st.seen.end {
		return
	}
	if st.scanned > scanBudget*(r.end-r.start)+scanFree {
		return // it will look at all of the text
	}
	st.seen = interval{first, last + 1}
	end, stop := st.near.scan(m.text, first, last, false)
	r.read(first-runeMargin, stop+runeMargin)
	if end >= 0 {
		r.spans = append(r.spans, ruleSpan{i, interval{first - st.compiled.anchor.lead - r.start, end - r.start}})
	}
	st.scanned += stop - first
}

// late looks for matches of a rule around words that are not its keywords.
func (m *Matcher) late(i int) {
	st := &m.states[i]
	a := st.compiled.anchor
	st.whole = false
	for _, c := range m.over(a.multiline) {
		m.apply(c, m.look(c, i*lookStep+lookLate, func(c chunk) {
			a.late.each(m.text[c.start:c.end], func(word, end int) {
				m.try(i, c.start+end-len(a.word[word]), a.at[a.word[word]])
			})
		}))
		if st.whole {
			return
		}
	}
}

// matches reports whether a rule that was switched on matches anywhere.
func (m *Matcher) matches(i int) bool {
	st := &m.states[i]
	if st.near != nil && st.compiled.anchor.late != nil {
		m.late(i)
	}
	if !st.whole {
		return len(st.spans) > 0
	}
	return st.compiled.whole == nil || m.anywhere(i)
}

// anywhere reports whether a match of a rule begins in any chunk, or at the end.
func (m *Matcher) anywhere(i int) bool {
	st := &m.states[i]
	if st.far == nil {
		st.far = newDFA(st.compiled.whole)
	}
	for _, c := range m.chunks {
		o := m.look(c, i*lookStep+lookFar, func(c chunk) {
			last := c.end - 1
			if c.end == len(m.text) {
				last = c.end
			}
			end, stop := st.far.scan(m.text, c.start, last, true)
			m.record.read(c.start-runeMargin, stop+runeMargin)
			if end >= 0 {
				m.record.spans = append(m.record.spans, ruleSpan{rule: i})
			}
		})
		if len(o.spans) > 0 {
			return true
		}
	}
	return false
}
