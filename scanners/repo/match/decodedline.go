package match

import (
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/report"
)

// A detected is what gitleaks found, and which of the allowlists that the caller
// judges hold for its line: in what decodes that is the decoded line, which
// gitleaks does not tell.
type detected struct {
	report.Finding

	byLine []int // allowlists by number, see Ruleset.lists; in what decodes only
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
	if !decoded || len(found) == 0 {
		return found
	}
	for _, l := range m.lists(i) {
		if l.judged() && l.list.RegexTarget == "line" && len(l.list.Regexes) > 0 {
			m.byLine(i, window, line, l, found)
		}
	}
	return found
}

// byLine asks gitleaks once more, with the expressions of an allowlist: what it
// finds no longer has a line for which they hold.
func (m *Matcher) byLine(i int, window string, line int, l cond, found []detected) {
	probe := &config.Allowlist{MatchCondition: config.AllowlistMatchOr, RegexTarget: "line", Regexes: l.list.Regexes}
	left := map[identity]int{}
	for _, f := range ask(m.newDetector(m.states[i].compiled, true, probe), window, line) {
		left[identityOf(f)]++
	}
	for n := range found {
		id := identityOf(found[n].Finding)
		if left[id] == 0 {
			found[n].byLine = append(found[n].byLine, l.number)
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
		return slices.Contains(f.byLine, l.number)
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
