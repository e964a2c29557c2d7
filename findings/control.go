package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The statuses of a control. No data is not ready: it says that this scan
// cannot show that the control stands.
const (
	StatusReady  = "ready"
	StatusGap    = "gap"
	StatusNoData = "no data"
)

// maxReasons is how many reasons of one rule are told apart; the rarest are
// counted together.
const maxReasons = 20

// reviewDays is how long a review of access counts as recent: a year.
const reviewDays = 365

// tallies finishes the counts of all rules.
func (e *Engine) tallies(counts []count, list []*inventory.Finding) []Tally {
	excepted := map[string]int{}
	for _, f := range list {
		if f.Exception != nil {
			excepted[f.Rule]++
		}
	}
	out := make([]Tally, len(e.rules))
	for i := range e.rules {
		r, c := &e.rules[i], &counts[i]
		out[i] = Tally{
			Rule: r.ID, Title: r.Title, Subjects: c.pass + c.fail + c.unknown,
			Pass: c.pass, Fail: c.fail, Unknown: c.unknown, Excepted: excepted[r.ID],
			Reasons: spelled(c.reasons), Disabled: e.disabled[r.ID],
		}
	}
	return out
}

// spelled writes out the reasons, the most frequent ones apart.
func spelled(counts map[reason]int) map[string]int {
	if len(counts) == 0 {
		return nil
	}
	type line struct {
		text string
		n    int
	}
	lines := make([]line, 0, len(counts))
	for r, n := range counts {
		lines = append(lines, line{r.String(), n})
	}
	slices.SortFunc(lines, func(x, y line) int { return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.text, y.text)) })
	out := map[string]int{}
	for i, l := range lines {
		if i < maxReasons {
			out[l.text] += l.n
		} else {
			out["other reasons"] += l.n
		}
	}
	return out
}

// A figures is what the scan shows beside the verdicts of rules.
type figures struct {
	coverage           coverageIndex
	complete, scopes   int
	identities, owned  int
	reviewed           int
	accepted, expired  int
	exceptionsWereRead bool
}

// controls gives the status of every control of every framework, by framework
// in the order of the library and by control in the order of its file.
func (e *Engine) controls(inv *inventory.Inventory, coverage coverageIndex, result *Result, p Params) []ControlStatus {
	fig := newFigures(inv, coverage, result, p)
	var out []ControlStatus
	for _, f := range e.lib.Frameworks {
		for _, c := range f.Controls {
			rules, evidence := e.bearing(f.Key, c.ID)
			s := e.standing(rules, evidence, fig, result.Tallies)
			s.Framework, s.ID, s.Title = f.Key, c.ID, c.Title
			out = append(out, s)
		}
	}
	return out
}

func newFigures(inv *inventory.Inventory, coverage coverageIndex, result *Result, p Params) *figures {
	f := &figures{coverage: coverage, identities: len(inv.Identities), exceptionsWereRead: p.Exceptions != nil}
	f.scopes = len(coverage)
	for _, kinds := range coverage {
		whole := true
		for _, status := range kinds {
			whole = whole && status == inventory.StatusComplete
		}
		if whole {
			f.complete++
		}
	}
	for _, id := range inv.Identities {
		if len(inv.OwnersOf(id.ID)) > 0 {
			f.owned++
		}
		if !id.ReviewedAt.IsZero() && wholeDays(id.ReviewedAt, p.AsOf) <= reviewDays {
			f.reviewed++
		}
	}
	for _, u := range result.Exceptions {
		if u.Status == "expired" {
			f.expired++
		} else {
			f.accepted++
		}
	}
	return f
}

// bearing returns the rules, by index, and the kinds of evidence that bear on a
// control: those that name it, and those of the library's controls that map to
// it.
func (e *Engine) bearing(framework, id string) (rules []int, evidence []string) {
	own := map[string]bool{}
	for _, c := range e.lib.Controls {
		if framework == "muster" && c.ID == id || slices.Contains(c.Maps[framework], id) {
			own[c.ID] = true
			for _, kind := range c.Evidence {
				if !slices.Contains(evidence, kind) {
					evidence = append(evidence, kind)
				}
			}
		}
	}
	for i := range e.rules {
		controls := e.rules[i].Controls
		if slices.Contains(controls[framework], id) || slices.ContainsFunc(controls["muster"], func(c string) bool { return own[c] }) {
			rules = append(rules, i)
		}
	}
	return rules, evidence
}

// standing is the status of a control on which those rules and kinds of
// evidence bear.
func (e *Engine) standing(rules []int, evidence []string, fig *figures, tallies []Tally) ControlStatus {
	s := ControlStatus{}
	tested, inForce, accepted := 0, 0, 0
	var failing []string
	for _, i := range rules {
		r, t := &e.rules[i], &tallies[i]
		s.Rules = append(s.Rules, r.ID)
		if t.Disabled {
			continue
		}
		inForce++
		s.Pass, s.Unknown = s.Pass+t.Pass, s.Unknown+t.Unknown
		s.Fail, accepted = s.Fail+t.Fail-t.Excepted, accepted+t.Excepted
		if t.Fail > t.Excepted {
			failing = append(failing, r.ID)
		}
		if t.Pass+t.Fail > 0 || t.Subjects == 0 && fig.nothingThere(r) {
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
		return StatusNoData, "this scan saw nothing that its rules could judge"
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

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// nothingThere tells whether a rule had no subject because there is none: its
// kind was listed completely, and the rule is for every type of it.
func (f *figures) nothingThere(r *Rule) bool {
	complete, all := f.coverage.completeOf(r.For)
	return len(r.Types) == 0 && complete > 0 && complete == all
}

// partial tells whether one of the kinds was asked for in some scope and not
// listed completely there.
func (f *figures) partial(kinds []inventory.Kind) bool {
	for _, seen := range f.coverage {
		for _, kind := range kinds {
			if s := seen[kind]; s == inventory.StatusPartial || s == inventory.StatusDenied {
				return true
			}
		}
	}
	return false
}

// evidence writes out the figures for the kinds of evidence.
func (f *figures) evidence(kinds []string) []string {
	var out []string
	for _, kind := range kinds {
		switch kind {
		case evidenceCoverage:
			out = append(out, fmt.Sprintf("coverage is complete in %d of %d scopes", f.complete, f.scopes))
		case evidenceOwners:
			out = append(out, fmt.Sprintf("an owner is known for %d of %d identities", f.owned, f.identities))
		case evidenceReviews:
			out = append(out, fmt.Sprintf("access was reviewed in the last %d days for %d of %d identities", reviewDays, f.reviewed, f.identities))
		case evidenceExceptions:
			out = append(out, fmt.Sprintf("exceptions in force: %d; expired: %d", f.accepted, f.expired))
		case evidenceGovernance:
			out = append(out, "signed documents are needed too; a scan does not see them")
		}
	}
	return out
}

// byFigures is the status of a control that no rule tests: the worst of what
// its kinds of evidence say.
func (f *figures) byFigures(kinds []string) (status, why string) {
	var gaps, missing, ready []string
	for _, kind := range kinds {
		status, why := f.byFigure(kind)
		switch status {
		case StatusGap:
			gaps = append(gaps, why)
		case StatusReady:
			ready = append(ready, why)
		default:
			missing = append(missing, why)
		}
	}
	switch {
	case len(gaps) > 0:
		return StatusGap, strings.Join(gaps, "; ")
	case len(missing) > 0:
		return StatusNoData, strings.Join(missing, "; ")
	case len(ready) > 0:
		return StatusReady, strings.Join(ready, "; ")
	default:
		return StatusNoData, "no rule and no figure of a scan bears on it"
	}
}

func (f *figures) byFigure(kind string) (status, why string) {
	switch kind {
	case evidenceCoverage:
		if f.scopes > 0 && f.complete == f.scopes {
			return StatusReady, fmt.Sprintf("coverage is complete in %d of %d scopes", f.complete, f.scopes)
		}
		return StatusNoData, fmt.Sprintf("coverage is complete in %d of %d scopes", f.complete, f.scopes)
	case evidenceOwners:
		return f.share(f.owned, "have a known owner")
	case evidenceReviews:
		return f.share(f.reviewed, fmt.Sprintf("were reviewed in the last %d days", reviewDays))
	case evidenceExceptions:
		switch {
		case f.expired > 0:
			return StatusGap, plural(f.expired, "exception has expired", "exceptions have expired")
		case !f.exceptionsWereRead:
			return StatusNoData, "no exceptions file was given"
		}
		return StatusReady, fmt.Sprintf("exceptions in force: %d, each approved and with an end; expired: none", f.accepted)
	case evidenceGovernance:
		return StatusNoData, "it is shown by signed documents, which a scan does not see"
	default:
		return StatusNoData, "no rule tests it"
	}
}

// share is the status of a figure that should hold for all identities. None at
// all is no data: nobody recorded it, which shows nothing either way.
func (f *figures) share(n int, what string) (status, why string) {
	why = fmt.Sprintf("%d of %d identities %s", n, f.identities, what)
	switch {
	case f.partial([]inventory.Kind{inventory.KindIdentity, inventory.KindOwner}) || n == 0:
		return StatusNoData, why
	case n < f.identities:
		return StatusGap, why
	default:
		return StatusReady, why
	}
}
