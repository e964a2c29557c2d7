package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// figures writes the outcome in one sentence and then what qualifies it.
func (p *page) figures(r *Report) {
	color := map[string]string{OutcomeClean: green, OutcomeFindings: yellow}[r.Summary.Outcome]
	if color == "" {
		color = red
	}
	p.block("", clean(r.Summary.Headline), color)
	for _, note := range notes(r) {
		p.block("  ", clean(note), "")
	}
}

// notes says, in sentences that stand alone, everything that a reader must
// know to judge the figures: they are the same in each format for people.
func notes(r *Report) []string {
	s := r.Summary
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if s.Failing > 0 {
		add("%s at or above %s, the limit that was set.", count(s.Failing, "finding is", "findings are"), r.Run.FailOn)
	}
	switch n := s.New + s.Reopened + s.Resolved; {
	case n > 0 && s.Resolved == 0 && s.New == len(r.Findings):
		add("No scan that was kept had any of these findings.")
	case n > 0:
		add("Since the last scan: %d new, %d reopened, %d resolved.", s.New, s.Reopened, s.Resolved)
	}
	if n := s.Owned + s.Unowned; n > 0 {
		add("Owners: known for %s of %s.", thousands(s.Owned), count(n, "identity", "identities"))
	}
	if s.Unknown > 0 {
		add("%s could not be reached%s: unknown is not a pass.", count(s.Unknown, "verdict", "verdicts"), reasonList(s.UnknownReasons))
	}
	if s.Excepted > 0 {
		add("Under an accepted exception, and so not counted: %s.", count(s.Excepted, "finding", "findings"))
	}
	out = append(out, exceptionNotes(r)...)
	if len(s.Suppressed) > 0 {
		add("Left out at the source on its own request: %s.", suppressedList(s.Suppressed))
	}
	if r.Run.BaselineHidden > 0 {
		add("%s left out: the baseline has them.", count(r.Run.BaselineHidden, "finding is", "findings are"))
	}
	if len(r.Run.Disabled) > 0 {
		add("Rules switched off: %s.", strings.Join(r.Run.Disabled, ", "))
	}
	if s.Rules.Untested > 0 {
		add("%s of %s had nothing to apply to.", thousands(s.Rules.Untested), count(s.Rules.Total, "rule", "rules"))
	}
	if r.Run.Interrupted {
		add("The run was interrupted: these are the results up to then.")
	}
	if r.Run.Redacted {
		add("Names, ids, places and free text are replaced by pseudonyms.")
	}
	return out
}

func reasonList(list []Count) string {
	if len(list) == 0 {
		return ""
	}
	var parts []string
	for _, c := range list[:min(3, len(list))] {
		parts = append(parts, fmt.Sprintf("%s %s", thousands(c.N), c.Name))
	}
	if len(list) > 3 {
		parts = append(parts, "others")
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

func suppressedList(by map[string]int) string {
	var parts []string
	for _, reason := range sortedKeys(by) {
		parts = append(parts, fmt.Sprintf("%s by %s", thousands(by[reason]), reason))
	}
	return strings.Join(parts, ", ")
}

// exceptionNotes tells of entries of the exceptions file that do nothing.
func exceptionNotes(r *Report) []string {
	var out []string
	for _, status := range []struct{ status, one, many string }{
		{"expired", "exception has expired: what it covered counts again", "exceptions have expired: what they covered counts again"},
		{"unused", "exception matches nothing", "exceptions match nothing"},
	} {
		n := 0
		var lines []string
		for _, e := range r.Exceptions {
			if e.Status == status.status {
				n++
				lines = append(lines, fmt.Sprint(e.Line))
			}
		}
		if n > 0 {
			slices.Sort(lines)
			out = append(out, fmt.Sprintf("%s (line %s).", count(n, status.one, status.many), strings.Join(lines[:min(5, n)], ", ")))
		}
	}
	return out
}

// next names the commands that lead on from here. What was not kept cannot be
// looked up by its id; its rule can.
func (p *page) next(r *Report) {
	var steps [][2]string
	switch {
	case len(r.Findings) == 0:
	case r.Run.Snapshot == "":
		steps = [][2]string{{"muster explain " + clean(r.Findings[0].Rule), "why the worst is one, and how to fix it"}}
	default:
		steps = [][2]string{
			{"muster explain " + clean(r.Findings[0].ID), "why the worst is one, and how to fix it"},
			{"muster report -o html=report.html", "all of it as a page"},
		}
	}
	// A cluster or an account refuses for want of rights; a file on disk does not.
	for _, c := range r.Inventory.Coverages {
		if c.Scanner == "kubernetes" && c.Status != inventory.StatusComplete && strings.Contains(c.Reason, "(403)") {
			steps = append(steps, [2]string{"muster permissions kubernetes", "the rights that were missing, ready to apply"})
			break
		}
	}
	if len(steps) == 0 {
		return
	}
	p.line("")
	p.line(p.paint(bold, "NEXT"))
	for _, step := range steps {

		text := fmt.Sprintf("  %-34s", step[0])
		if p.width == 0 || columns(text)+2+columns(step[1]) <= p.width {
			text += "  " + p.paint(dim, step[1])
		}
		p.line(text)
	}
}
