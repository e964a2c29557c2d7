package match

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
)

const (
	longLine   = 1 << 14 // a line beyond this is cut around the match
	cutMargin  = 64      // and this much is left on its left, for allowlists that look at the line
	cutWindow  = 1 << 10 // windows in a long line grow together up to this: each finding is judged by all of its window
	contextCap = 1 << 13 // bytes of context given to the caller on either side of a match
	maxWindow  = 1 << 10 // windows beyond this are cut where they can be
)

// A window is a part of the text that holds all of a rule's matches that touch
// it. It begins at a line's start, with the newline before it, and ends at a
// line's end, unless a line is too long.
type window struct {
	interval

	cutStart, cutEnd bool
}

// windows returns the windows of a rule that matches in the current text, in
// order, not overlapping by more than a newline.
func (m *Matcher) windows(i int) []window {
	st := &m.states[i]
	if st.whole {
		return m.cut(i, []window{{interval: interval{0, len(m.text)}}})
	}
	slices.SortFunc(st.spans, func(a, b interval) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	var out []window
	for _, s := range st.spans {
		w := m.widen(s)
		if n := len(out); n > 0 && w.start < out[n-1].end-1 && (!w.cutStart || out[n-1].end-out[n-1].start <= cutWindow) {
			if w.end > out[n-1].end {
				out[n-1].end, out[n-1].cutEnd = w.end, w.cutEnd
			}
			continue
		}
		out = append(out, w)
	}
	return m.cut(i, out)
}

// cut cuts large windows of a rule in two wherever it finds there just what it
// finds in the whole: at the start of a line that no match which begins before it
// reaches beyond. What gitleaks does with a window takes a time that grows with
// the square of what it finds in there.
func (m *Matcher) cut(i int, list []window) []window {
	st := &m.states[i]
	if !st.compiled.cuts {
		return list
	}
	var out []window
	for _, w := range list {
		if w.end-w.start <= m.maxWindow {
			out = append(out, w)
			continue
		}
		if st.far == nil {
			st.far = newDFA(st.compiled.whole)
		}
		rest := w
		for at := range st.far.breaks(m.text, w.start, w.end) {
			// The lines themselves tell where, so that most windows of two versions
			// of a file are the same.
			if size := at - rest.start; size >= m.maxWindow || size >= m.maxWindow/4 && at > sameTail && endsChunk(m.text[:at]) {
				out = append(out, window{interval{rest.start, at}, rest.cutStart, false})
				rest.start, rest.cutStart = at-1, false
			}
		}
		out = append(out, rest)
	}
	return out
}

// widen extends a part of the text to whole lines.
func (m *Matcher) widen(s interval) window {
	w := window{interval: s}
	back := max(0, s.start-longLine)
	if nl := bytes.LastIndexByte(m.text[back:s.start], '\n'); nl >= 0 {
		w.start = back + nl
	} else if back > 0 {
		w.start, w.cutStart = runeStart(m.text, s.start-cutMargin), true
	} else {
		w.start = 0
	}
	if s.end > 0 && m.text[s.end-1] == '\n' {
		return w
	}
	ahead := min(len(m.text), s.end+longLine)
	if nl := bytes.IndexByte(m.text[s.end:ahead], '\n'); nl >= 0 {
		w.end = s.end + nl + 1
	} else if ahead < len(m.text) {
		w.end, w.cutEnd = s.end+1, true
		for w.end < ahead && m.text[w.end]&0xC0 == 0x80 {
			w.end++
		}
	} else {
		w.end = len(m.text)
	}
	return w
}

// hit turns a gitleaks finding into a Hit, with a copy of the secret, and
// reports whether it is one: a match at a cut is an artefact of the cut.
func (m *Matcher) hit(i int, w window, line int, f *detected, decoded bool) (Hit, bool) {
	encoding := encodingOf(f.Tags)
	if decoded != (encoding != "") {
		return Hit{}, false
	}
	nth := f.StartLine - line
	if nth == 0 && (w.cutStart && f.StartColumn == 1 || w.cutEnd && f.EndColumn == w.end-w.start) {
		return Hit{}, false
	}
	h := Hit{
		Rule: f.RuleID, Line: f.StartLine, EndLine: max(f.StartLine, f.EndLine), Encoding: encoding,
		Secret: []byte(f.Secret), rule: m.set.rules[i],
	}
	h.Context = m.context(w, nth, f)
	h.Column = f.StartColumn
	if nth > 0 {
		h.Column-- // gitleaks counts the newline before the line
	} else if w.cutStart {
		h.Column += w.start - m.longAt(w).start
	}
	if encoding != "" {
		h.Column = 0
	}
	m.judge(&h, w, f)
	return h, true
}

// context returns some text around a match: whole lines, unless they are long.
func (m *Matcher) context(w window, nth int, f *detected) []byte {
	at := w.start
	for range nth {
		if nl := bytes.IndexByte(m.text[at:w.end], '\n'); nl >= 0 {
			at += nl + 1
		}
	}
	at += max(0, f.StartColumn-1)
	at = min(at, w.end)
	return m.text[max(0, at-contextCap):min(len(m.text), at+len(f.Match)+contextCap)]
}

// judge sets why a hit is suppressed at every path, and what else could
// suppress it at some.
func (m *Matcher) judge(h *Hit, w window, f *detected) {
	for _, l := range m.lists(h.rule.number) {
		h.note(l, f)
	}
	switch {
	case strings.Contains(f.Line, inlineAllow) || (w.cutStart || w.cutEnd) && m.longAt(w).allowed:
		h.Suppressed = SuppressedInline
	case h.rule.off:
		h.Suppressed = SuppressedRule
	}
}

// A longSpan is a line that is too long to be a window.
type longSpan struct {
	interval

	allowed bool // gitleaks:allow stands in it
}

// longAt returns the line or lines that a cut window lies in. The last answer
// is kept, as a long line has many windows.
func (m *Matcher) longAt(w window) longSpan {
	if m.long.end > 0 && m.long.start <= w.start && w.end <= m.long.end {
		return m.long
	}
	end := len(m.text)
	if nl := bytes.IndexByte(m.text[w.end:], '\n'); nl >= 0 {
		end = w.end + nl
	}
	start := lineStart(m.text, w.start)
	m.long = longSpan{interval{start, end}, bytes.Contains(m.text[start:end], []byte(inlineAllow))}
	return m.long
}

// judged reports whether an allowlist is left to the caller: of gitleaks' own, and
// of those of a rule that another needs, the detector has judged all but those that
// need path or commit besides.
func (c cond) judged() bool {
	if c.own && c.needed == "" {
		return true
	}
	return c.list.MatchCondition == config.AllowlistMatchAnd && len(c.list.Paths)+len(c.list.Commits) > 0 && len(c.list.Regexes)+len(c.list.StopWords) > 0
}

// note applies one allowlist as far as it can be without path and commit.
func (h *Hit) note(l cond, f *detected) {
	if !l.judged() {
		return
	}
	if l.needed != "" {
		if slices.Contains(f.asked, l.number) {
			h.conds = append(h.conds, l)
		}
		return
	}
	list, regex := l.list, f.allowed(l)
	stop, _ := list.ContainsStopWord(f.Secret)
	if list.MatchCondition != config.AllowlistMatchAnd {
		if regex || stop {
			h.Suppressed = SuppressedAllowlist
		}
		return
	}
	if len(list.Regexes)+len(list.StopWords) == 0 ||
		len(list.Regexes) > 0 && !regex || len(list.StopWords) > 0 && !stop {
		return
	}
	switch {
	case len(list.Paths)+len(list.Commits) > 0:
		h.conds = append(h.conds, l)
	case l.own:
		h.Suppressed = SuppressedAllowlist
	}
}

func lineStart(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }
