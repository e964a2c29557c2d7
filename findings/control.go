package findings

import (
	"fmt"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The statuses of a control. No data is not ready: it says that this scan
// cannot show that the control stands.
const (
	StatusReady  = "ready"
	StatusGap    = "gap"
	StatusNoData = "no data"
)

// controls gives the status of every control of every framework, by framework
// in the order of the library and by control in the order of its file.
func (e *Engine) controls(inv *inventory.Inventory, coverage coverageIndex, counts []count, result *Result, p Params) []ControlStatus {
	fig := newFigures(inv, coverage, result, p)
	others := onPlatform(unassigned, inv, counts, result)
	var out []ControlStatus
	for _, f := range e.lib.Frameworks {
		b, tallies, platform := e.bearing(f.Key), result.Tallies, benchmarked(f.Key)
		if platform < unassigned {
			tallies = onPlatform(platform, inv, counts, result)
		}
		for _, c := range f.Controls {
			rules, evidence := b.rules[c.ID], b.evidence[c.ID]
			s := e.standing(rules, evidence, fig, tallies, platform < unassigned)
			if platform < unassigned {
				s.withhold(openOf(rules, others))
			}
			s.Framework, s.ID, s.Title = f.Key, c.ID, c.Title
			out = append(out, s)
		}
	}
	return out
}

// openOf counts the failures of rules that no exception covers.
func openOf(rules []int, tallies []Tally) int {
	n := 0
	for _, i := range rules {
		n += tallies[i].Fail - tallies[i].Excepted
	}
	return n
}

// withhold takes readiness from a control of a platform's benchmark if
// failures were seen that may be of that platform.
func (s *ControlStatus) withhold(failures int) {
	if s.Status == StatusReady && failures > 0 {
		s.Status, s.Reason = StatusNoData, fmt.Sprintf("%s of which no platform is known", plural(failures, "finding is open", "findings are open"))
	}
}

// A bearing is what bears on the controls of one framework, by control id.
type bearing struct {
	rules    map[string][]int    // by index, each once, in order
	evidence map[string][]string // kinds, each once
}

// bearing returns the rules and the kinds of evidence that bear on the controls
// of a framework. A rule that names controls of the framework itself bears on
// those only; one that names none of them bears on what the library's controls
// that it serves map to. It looks at every rule once, not once for each control:
// most of what judging nothing takes would be that.
func (e *Engine) bearing(framework string) bearing {
	b, mapped := bearing{map[string][]int{}, map[string][]string{}}, map[string][]string{}
	for _, c := range e.lib.Controls {
		ids := c.Maps[framework]
		if framework == "muster" {
			ids = append([]string{c.ID}, ids...)
		}
		mapped[c.ID] = append(mapped[c.ID], ids...)
		for _, id := range ids {
			for _, kind := range c.Evidence {
				b.evidence[id] = appendNew(b.evidence[id], kind)
			}
		}
	}
	for i := range e.rules {
		named := e.rules[i].Controls[framework]
		for _, id := range named {
			b.rules[id] = appendNext(b.rules[id], i)
		}
		if len(named) > 0 {
			continue
		}
		for _, own := range e.rules[i].Controls["muster"] {
			for _, id := range mapped[own] {
				b.rules[id] = appendNext(b.rules[id], i)
			}
		}
	}
	return b
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// appendNext appends a number to a list that is ascending, unless it is the last.
func appendNext(list []int, i int) []int {
	if len(list) > 0 && list[len(list)-1] == i {
		return list
	}
	return append(list, i)
}

// standing is the status of a control on which those rules and kinds of
// evidence bear. On a control of a platform's benchmark a rule that had nothing
// to judge says nothing: the platform may not have been scanned at all.
func (e *Engine) standing(rules []int, evidence []string, fig *figures, tallies []Tally, benchmark bool) ControlStatus {
	s := ControlStatus{}
	tested, inForce, accepted := 0, 0, 0
	var failing, off []string
	for _, i := range rules {
		r, t := &e.rules[i], &tallies[i]
		s.Rules = append(s.Rules, r.ID)
		if t.Disabled {
			off = append(off, r.ID)
			continue
		}
		inForce++
		s.Pass, s.Unknown = s.Pass+t.Pass, s.Unknown+t.Unknown
		s.Fail, accepted = s.Fail+t.Fail-t.Excepted, accepted+t.Excepted
		if t.Fail > t.Excepted {
			failing = append(failing, r.ID)
		}
		if t.Pass+t.Fail > 0 || t.Subjects == 0 && !benchmark && fig.nothingThere(r) {
			tested++
		}
		s.Partial = s.Partial || fig.partial(append([]inventory.Kind{r.For}, r.Needs...))
	}
	s.Evidence = fig.evidence(evidence)
	if inForce > 0 {
		s.Evidence = append([]string{fmt.Sprintf("rules with something to judge: %d of %d; verdicts: %d pass, %d fail, %d accepted, %d unknown",
			tested, inForce, s.Pass, s.Fail, accepted, s.Unknown)}, s.Evidence...)
	}
	switch {
	case s.Fail > 0:
		s.Status, s.Reason = StatusGap, fmt.Sprintf("%s open, by %s", plural(s.Fail, "finding is", "findings are"), listed(failing))
	case inForce > 0:
		s.Status, s.Reason = byRules(&s, tested, accepted)
		s.qualify(off, evidence, fig)
		if accepted > 0 {
			s.Reason += fmt.Sprintf("; %s", plural(accepted, "failure is accepted", "failures are accepted"))
		}
	case len(rules) > 0:
		s.Status, s.Reason = StatusNoData, "every rule that tests it is switched off"
	default:
		s.Status, s.Reason = fig.byFigures(evidence)
		s.Partial = s.Partial || slices.Contains(evidence, evidenceCoverage) && fig.complete < fig.scopes
	}
	return s
}

// byRules is the status of a control whose rules found no open failure.
func byRules(s *ControlStatus, tested, accepted int) (status, why string) {
	switch {
	case tested == 0 && s.Unknown == 0 && !s.Partial:
		return StatusNoData, "nothing in this scan that it applies to"
	case s.Unknown > 0:
		return StatusNoData, fmt.Sprintf("%d of %s could not be reached", s.Unknown, plural(s.Unknown+s.Pass, "verdict", "verdicts"))
	case s.Partial:
		return StatusNoData, "what it depends on was not listed completely in every scope"
	case s.Pass == 0 && accepted > 0:
		return StatusReady, "no open finding"
	case s.Pass == 0:
		return StatusReady, "no open finding; what it is about was looked for in every scope"
	default:
		return StatusReady, fmt.Sprintf("no open finding; %s", plural(s.Pass, "verdict passes", "verdicts pass"))
	}
}

// qualify takes readiness by rules back where something else that the control
// needs was not shown, and says what a scan cannot show.
func (s *ControlStatus) qualify(off, evidence []string, fig *figures) {
	if s.Status != StatusReady {
		return
	}
	switch {
	case len(off) > 0:
		s.Status = StatusNoData
		s.Reason += fmt.Sprintf("; but %s switched off: %s", plural(len(off), "rule that tests it is", "rules that test it are"), listed(off))
	case slices.Contains(evidence, evidenceCoverage) && fig.complete < fig.scopes:
		s.Status, s.Partial = StatusNoData, true
		s.Reason += fmt.Sprintf("; but coverage is complete in %d of %d scopes only", fig.complete, fig.scopes)
	}
	if slices.Contains(evidence, evidenceGovernance) {
		s.Reason += "; signed documents are needed too, which a scan does not see"
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
