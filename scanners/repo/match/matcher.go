package match

import (
	"bytes"
	"iter"
	"slices"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
)

// The reasons for which a hit is suppressed.
const (
	SuppressedInline    = "gitleaks:allow"
	SuppressedAllowlist = ".gitleaks.toml allowlist"
	SuppressedRule      = ".gitleaks.toml disabled rule"
	SuppressedIgnore    = ".gitleaksignore"
)

// Set as a hit's Suppressed by who finds that the value is no secret.
const (
	FailedChecksum = "failed checksum" // its checksum shows that it is made up
	PublicSum      = "public sum"      // it is the sum of a published Go module
)

const (
	inlineAllow = "gitleaks:allow"
	scanBudget  = 16      // bytes that one rule may look at per byte of a chunk before it takes the whole text
	scanFree    = 1 << 16 // and this many bytes besides in all chunks
)

// A Hit is one place where a rule found a secret.
type Hit struct {
	Rule       string // gitleaks rule id
	Line       int    // first line of the match, from 1
	EndLine    int    // last line of the match
	Column     int    // first byte of the match in its line, from 1; 0 is unknown (decoded text)
	Secret     []byte // the secret itself: hash it, then clear it
	Context    []byte // the lines around it, as they lie in the text that was matched; holds the secret
	Encoding   string // how it was encoded there: base64, hex, percent, unicode, joined by "+"; empty if it was not
	Suppressed string // why it is not to be reported at any path; empty if it is

	rule    *rule
	conds   []cond
	shadows []int // hits of this text that take precedence where they are reported
}

// A cond is an allowlist that holds here wherever path and commit fit too.
type cond struct {
	list   *config.Allowlist
	own    bool
	number int    // among those of its rule, see Ruleset.lists
	needed string // the rule beside it that the list is held to; empty is the rule itself
}

// A Matcher finds secrets in one text after another. It is not safe for
// concurrent use; make one for each worker. Its memory grows with the number
// of rules met and is bounded by a few megabytes a rule.
type Matcher struct {
	set     *Ruleset
	states  []ruleState
	users   [][]user // by word
	touched []int
	memo    memo
	chunked chunkMemo
	text    []byte
	chunks  []chunk // of text
	one     [1]chunk
	encoded []interval // parts of text that decode to text
	apart   []int      // rules that are switched on in the text or in what it decodes to, and need something beside their match
	record  recorder

	multiline bool // a keyword may lie across the end of a line
	maxWindow int  // bytes

	counted struct{ at, lines int } // newlines before a position of text
	long    longSpan                // the long line looked at last
	globals []*config.Allowlist
}

type user struct {
	rule  int
	at    span
	ready bool
}

// A ruleState is what a matcher keeps of one rule: its automata, its detector,
// and where it matched in the current text.
type ruleState struct {
	compiled *compiled
	near     *dfa
	far      *dfa
	detector [2]*detect.Detector // for what stands in the text, and for what it decodes to
	lists    []cond              // allowlists that its hits are held to
	wide     bool                // a keyword switches it on for all of the text
	spans    []interval
	excess   int // bytes that it looked at beyond its budget
	whole    bool
	touched  bool

	serial  int // of the chunk that seen and scanned speak of
	seen    interval
	scanned int
}

// An interval is a part of a text, end excluded.
type interval struct{ start, end int }

// NewMatcher returns a matcher over the rules.
func (rs *Ruleset) NewMatcher() *Matcher {
	m := &Matcher{set: rs, states: make([]ruleState, len(rs.rules)), users: make([][]user, len(rs.words)), memo: newMemo(), chunked: newChunkMemo(), multiline: multiline(rs.words), maxWindow: maxWindow}
	for w, rules := range rs.users {
		for _, r := range rules {
			m.users[w] = append(m.users[w], user{rule: r})
		}
	}
	return m
}

// Match returns every hit in a text, by line, then rule. The text is whole, or
// cut where no secret can be. What depends on the path is left to At.
func (m *Matcher) Match(text []byte) []Hit {
	var hits []Hit
	m.apart = m.apart[:0]
	for _, i := range m.find(text) {
		for _, w := range m.windows(i) {
			hits = m.detect(hits, i, w, false)
		}
		m.release(i)
	}
	hits = m.decoded(hits, text)
	m.text = nil
	slices.SortStableFunc(hits, compareHits)
	shadow(hits)
	return hits
}

// begin makes a text the current one.
func (m *Matcher) begin(text []byte) {
	m.text, m.long = text, longSpan{}
	m.counted.at, m.counted.lines = 0, 0
}

// detect runs gitleaks on a window for one rule and appends what it finds.
func (m *Matcher) detect(hits []Hit, i int, w window, decoded bool) []Hit {
	r := m.set.rules[i]
	if r.spec.SkipReport {
		return hits
	}
	raw := m.text[w.start:w.end]
	tag := i << 1
	if decoded {
		tag |= 1
	}
	key := m.memo.key(tag, raw)
	if m.memo.empty(key) {
		return hits
	}
	line := m.lineAt(w.start)
	found, ok := m.memo.recall(key, line)
	if !ok {
		found = m.fresh(i, string(raw), line, decoded)
		if slices.ContainsFunc(found, func(f detected) bool { return decoded == (encodingOf(f.Tags) != "") }) {
			m.memo.keep(key, len(raw), line, found)
		} else {
			m.memo.add(key)
		}
	}
	for n := range found {
		if h, ok := m.hit(i, w, line, &found[n], decoded); ok {
			hits = append(hits, h)
		}
	}
	return hits
}

// lineAt returns the number of the line at a position, counted on from the last
// position asked for.
func (m *Matcher) lineAt(at int) int {
	if at < m.counted.at {
		m.counted.at, m.counted.lines = 0, 0
	}
	m.counted.lines += bytes.Count(m.text[m.counted.at:at], []byte("\n"))
	m.counted.at = at
	return 1 + m.counted.lines
}

// detector returns the gitleaks detector that holds one rule, and those that
// it requires, for what stands in the text or for what it decodes to. It is not
// asked for keywords, as a window need not hold what switched its rule on; but
// where the window is all of the text, in each pass of decoding.
func (m *Matcher) detector(i int, decoded bool) *detect.Detector {
	st, kind := &m.states[i], 0
	if decoded {
		kind = 1
	}
	if st.detector[kind] == nil {
		st.detector[kind] = m.newDetector(st.compiled, decoded, nil, "")
	}
	return st.detector[kind]
}

// newDetector makes such a detector. There may be one more allowlist, for one of
// its rules.
func (m *Matcher) newDetector(c *compiled, decoded bool, more *config.Allowlist, forRule string) *detect.Detector {
	one, words := c.rule, map[string]struct{}{}
	if decoded && c.apart {
		for _, k := range one.Keywords {
			words[k] = struct{}{}
		}
	} else {
		one.Keywords = nil
	}
	rules := map[string]config.Rule{one.RuleID: one}
	for id, other := range m.set.needed(c) {
		required := other.rule
		required.SkipReport = true
		required.Allowlists = slices.Concat(required.Allowlists, m.set.own(), other.own)
		rules[id] = required
	}
	if r, ok := rules[forRule]; ok {
		r.Allowlists = append(slices.Clone(r.Allowlists), more)
		rules[forRule] = r
	}
	det := detect.NewDetector(config.Config{Rules: rules, Keywords: words, Allowlists: m.standard()})
	det.IgnoreGitleaksAllow = len(c.rule.RequiredRules) == 0 // else judged in hit, to be counted
	if decoded {
		det.MaxDecodeDepth = maxDecodeDepth
	}
	return det
}

// needed returns the rules that a rule needs beside it, in order.
func (rs *Ruleset) needed(c *compiled) iter.Seq2[string, *compiled] {
	return func(yield func(string, *compiled) bool) {
		for _, need := range c.rule.RequiredRules {
			if other := rs.byID[need.RuleID]; other != nil && !yield(need.RuleID, other.compiled()) {
				return
			}
		}
	}
}

func compareHits(a, b Hit) int {
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	if a.Rule != b.Rule {
		if a.Rule < b.Rule {
			return -1
		}
		return 1
	}
	if a.Column != b.Column {
		return a.Column - b.Column
	}
	return bytes.Compare(a.Secret, b.Secret)
}

func runeStart(text []byte, at int) int {
	for n := 0; n < 3 && at > 0 && text[at]&0xC0 == 0x80; n++ {
		at--
	}
	return at
}
