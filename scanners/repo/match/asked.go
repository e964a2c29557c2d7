package match

import (
	"cmp"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/report"
)

// A detected is what gitleaks found, and which allowlists, of those that the caller
// judges, it had to be asked for, as it does not tell what they depend on: the
// decoded line, and what a rule found that another needs. Of two lists by path that
// leave out together, but not each by itself, all that is needed, none is told.
type detected struct {
	report.Finding

	asked []int // those that hold, by number, see Ruleset.lists
}

// ask asks gitleaks what it finds in a window that begins at a line.
func ask(d *detect.Detector, window string, line int) []report.Finding {
	return d.Detect(detect.Fragment{Raw: window, StartLine: line}) //nolint:staticcheck // Detect takes no other type yet
}

// fresh asks gitleaks what a rule finds in a window.
func (m *Matcher) fresh(i int, window string, line int, decoded bool) []detected {
	list := ask(m.detector(i, decoded), window, line)
	found := make([]detected, len(list))
	for n, f := range list {
		found[n].Finding = f
	}
	if len(found) == 0 {
		return found
	}
	inCode := slices.ContainsFunc(found, func(f detected) bool { return encodingOf(f.Tags) != "" })
	for _, l := range m.lists(i) {
		switch list := l.list; {
		case !l.judged():
		case l.needed != "":
			m.askAgain(i, window, line, decoded, found, l, &config.Allowlist{
				MatchCondition: list.MatchCondition, RegexTarget: list.RegexTarget, Regexes: list.Regexes, StopWords: list.StopWords,
			})
		case inCode && list.RegexTarget == "line" && len(list.Regexes) > 0:
			m.askAgain(i, window, line, decoded, found, l, &config.Allowlist{RegexTarget: list.RegexTarget, Regexes: list.Regexes})
		}
	}
	return found
}

// askAgain asks gitleaks with the part of an allowlist that is about the text: for
// what it finds no longer that part holds.
func (m *Matcher) askAgain(i int, window string, line int, decoded bool, found []detected, l cond, part *config.Allowlist) {
	c, left := m.states[i].compiled, map[identity]int{}
	for _, f := range ask(m.newDetector(c, decoded, part, cmp.Or(l.needed, c.rule.RuleID)), window, line) {
		left[identityOf(f)]++
	}
	for n := range found {
		id := identityOf(found[n].Finding)
		if left[id] == 0 {
			found[n].asked = append(found[n].asked, l.number)
		}
		left[id] = max(0, left[id]-1)
	}
}

// An identity tells findings of one rule in one window apart. Two that are alike
// stand in the same encoded value.
type identity struct {
	startLine, endLine, startColumn, endColumn int

	match, secret, tags string
}

func identityOf(f report.Finding) identity {
	return identity{f.StartLine, f.EndLine, f.StartColumn, f.EndColumn, f.Match, f.Secret, strings.Join(f.Tags, " ")}
}

// allowed reports whether the expressions of an allowlist hold for a finding.
func (f *detected) allowed(l cond) bool {
	switch {
	case l.list.RegexTarget == "match":
		return l.list.RegexAllowed(f.Match)
	case l.list.RegexTarget != "line":
		return l.list.RegexAllowed(f.Secret)
	case encodingOf(f.Tags) != "":
		return slices.Contains(f.asked, l.number)
	default:
		return l.list.RegexAllowed(f.Line)
	}
}

// lists returns the allowlists that hits of a rule are held to.
func (m *Matcher) lists(i int) []cond {
	st := m.state(i)
	if st.lists == nil {
		st.lists = m.set.lists(st.compiled, m.standard())
	}
	return st.lists
}

// standard returns gitleaks' own allowlists for all rules.
func (m *Matcher) standard() []*config.Allowlist {
	if m.globals == nil {
		m.globals = m.set.global()
	}
	return m.globals
}
