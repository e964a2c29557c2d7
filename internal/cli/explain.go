package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/report"
)

func (a *app) explainCommand(s *setting) *cobra.Command {
	c := &cobra.Command{
		Use: "explain ID", Short: "a rule, a finding, an identity, a control: what, why, how to fix, how to verify",
		Long: `Explain a rule (NHI-EXP-001), a finding (F-…), an identity, credential or other
record (its id, or a unique part of it) or a control (NHI-…, or FRAMEWORK:ID).
Rules and controls need no snapshot; the rest is looked up in the latest one, or
in what --from names.`,
		Example: "  muster explain NHI-ROT-001\n  muster explain F-0123456789abcdef\n  muster explain aws:arn:aws:iam::111122223333:user/ci\n  muster explain soc2:CC6.1",
		Args:    exactly("an ID"), ValidArgsFunction: completeRules(a, s),
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.settle(s); err != nil {
				return err
			}
			s.baseline = "" // what it hides can be explained all the same
			id := strings.TrimSpace(args[0])
			if id == "" {
				return usage("muster explain needs an ID (usage: %s)", c.UseLine())
			}
			return a.explain(c, s, id)
		},
	}
	s.bindFrom(c)
	s.bindJudge(c)
	completeFlags(a, s, c)
	return c
}

// An explainer writes what is known of one thing.
type explainer struct {
	w     io.Writer
	width int
	r     *report.Report
	j     *judge
}

func (a *app) explain(c *cobra.Command, s *setting, id string) error {
	j, err := newJudge(s)
	if err != nil {
		return err
	}
	width, _ := a.Terminal(a.Stdout)
	e := &explainer{width: min(cmp.Or(width, 100), 120), j: j}
	if r, ok := ruleOf(j.engine.Rules(), strings.ToUpper(id)); ok {
		return a.print(func(w io.Writer) error { e.w = w; e.rule(r); return nil })
	}
	if id, err = e.fullControl(id); err != nil {
		return err
	}
	isControl := e.isControl(id)
	if isControl && s.from == "" && !a.hasSnapshots(c.Context(), s) {
		e.r = &report.Report{}
		return a.print(func(w io.Writer) error { e.w = w; e.control(id); return nil })
	}
	e.r, _, err = a.reported(c.Context(), s)
	if err != nil {
		return err
	}
	if isControl {
		return a.print(func(w io.Writer) error { e.w = w; e.control(id); return nil })
	}
	return a.print(func(w io.Writer) error { e.w = w; return e.thing(id) })
}

// headf writes a heading.
func (e *explainer) headf(format string, args ...any) {
	fmt.Fprintf(e.w, "\n%s\n", fmt.Sprintf(format, args...))
}

func (e *explainer) para(text string) {
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.Contains(part, "```") || strings.HasPrefix(strings.TrimSpace(part), "- ") {
			for line := range strings.Lines(part + "\n") {
				fmt.Fprint(e.w, "  "+strings.TrimRight(line, "\n")+"\n")
			}
			continue
		}
		fmt.Fprintln(e.w, wrap(part, "  ", e.width))
	}
}

func (e *explainer) fact(name, value string) {
	if value != "" {
		fmt.Fprintf(e.w, "  %-14s %s\n", name, visible(value))
	}
}

// rule explains a rule.
func (e *explainer) rule(r findings.Rule) {
	fmt.Fprintf(e.w, "%s  %s\n\n", r.ID, r.Title)
	e.fact("severity", string(r.Severity))
	e.fact("family", r.Category)
	e.fact("for", strings.TrimSpace(string(r.For)+" "+strings.Join(r.Types, ", ")))
	if slices.Contains(e.j.disabled, r.ID) {
		e.fact("switched off", "yes, on request")
	}
	e.headf("Why")
	e.para(r.Why)
	if r.Applies != "" {
		e.headf("What it applies to")
		for line := range strings.Lines(strings.TrimSpace(r.Applies) + "\n") {
			fmt.Fprint(e.w, "    "+line)
		}
	}
	e.headf("How it is checked")
	for line := range strings.Lines(strings.TrimSpace(r.When) + "\n") {
		fmt.Fprint(e.w, "    "+line)
	}
	for _, x := range r.Raise {
		e.para(fmt.Sprintf("%s instead, if %s", x.Severity, strings.Join(strings.Fields(x.When), " ")))
	}
	if len(r.Needs) > 0 {
		var kinds []string
		for _, k := range r.Needs {
			kinds = append(kinds, string(k))
		}
		e.para("It needs a complete listing of " + strings.Join(kinds, ", ") + " in the scope; without it the verdict is unknown.")
	}
	if r.Source != "" {
		e.para("Thresholds: " + r.Source)
	}
	e.headf("How to fix it")
	e.fixes(r, nil)
	if r.Verify != "" {
		e.headf("How to see that it is fixed")
		e.para(r.Verify)
	}
	e.headf("Controls")
	for _, line := range controlLines(r.Controls, e.j.library) {
		fmt.Fprintln(e.w, "  "+line)
	}
}

// fixes writes the ways to mend a failure. With a finding they are those that
// fit its subject, with the ids that are known in place of the placeholders.
func (e *explainer) fixes(r findings.Rule, f *inventory.Finding) {
	known := func(s string) string { return s }
	if f != nil {
		known = e.fill(f)
	}
	for _, x := range fitting(r.Fix, f) {
		fmt.Fprintf(e.w, "  [%s]\n", x.Platform)
		e.para(known(x.Steps))
	}
}

func (e *explainer) isControl(id string) bool {
	fw, control, ok := strings.Cut(id, ":")
	if !ok {
		fw, control = "muster", id
	}
	for _, f := range e.j.library.Frameworks {
		if f.Key == fw && slices.ContainsFunc(f.Controls, func(c findings.FrameworkControl) bool { return strings.EqualFold(c.ID, control) }) {
			return true
		}
	}
	return slices.ContainsFunc(e.j.library.Controls, func(c findings.Control) bool { return !ok && strings.EqualFold(c.ID, control) })
}

// control explains a control of our library or of a framework.
func (e *explainer) control(id string) {
	key, control, ok := strings.Cut(id, ":")
	if !ok {
		key, control = "muster", id
	}
	for _, c := range e.j.library.Controls {
		if key == "muster" && strings.EqualFold(c.ID, control) {
			fmt.Fprintf(e.w, "%s  %s\n", c.ID, c.Title)
			e.headf("What is so if it holds")
			e.para(c.Statement)
			e.headf("It serves")
			for _, line := range controlLines(c.Maps, e.j.library) {
				fmt.Fprintln(e.w, "  "+line)
			}
			e.fact("evidence", strings.Join(c.Evidence, ", "))
			e.fact("taken", c.Frequency)
		}
	}
	for _, f := range e.j.library.Frameworks {
		for _, c := range f.Controls {
			if key == f.Key && key != "muster" && strings.EqualFold(c.ID, control) {
				fmt.Fprintf(e.w, "%s %s  %s\n", cmp.Or(f.Title, f.Key), c.ID, c.Title)
				e.para(c.Note)
			}
		}
	}
	e.headf("Rules that test it")
	for _, r := range e.j.engine.Rules() {
		if slices.ContainsFunc(r.Controls[key], func(x string) bool { return strings.EqualFold(x, control) }) {
			fmt.Fprintf(e.w, "  %s  %-8s  %s\n", r.ID, r.Severity, r.Title)
		}
	}
	e.headf("How it stands")
	for _, st := range e.r.Controls {
		if st.Framework == key && strings.EqualFold(st.ID, control) {
			e.para(st.Status + ": " + st.Reason)
			for _, ev := range st.Evidence {
				e.para("- " + ev)
			}
			return
		}
	}
	e.para("No snapshot was judged: no data.")
}

// finding explains a finding.
func (e *explainer) finding(f *inventory.Finding) {
	fmt.Fprintf(e.w, "%s  %s  %s: %s\n\n", f.ID, f.Severity, f.Rule, f.Title)
	e.para(visible(f.Message))
	fmt.Fprintln(e.w)
	e.fact("subject", f.Subject)
	e.fact("scope", f.Scope)
	e.fact("owner", or(ownership(f), "nobody is known to answer for it"))
	e.fact("first seen", dayOrNone(f.FirstSeen))
	e.fact("state", f.State)
	if len(f.Chain) > 0 {
		e.headf("The whole line")
		for _, c := range f.Chain {
			fmt.Fprintln(e.w, "  - "+strings.TrimLeft(wrap(visible(c), "    ", e.width), " "))
		}
	}
	e.locations(f.Locations)
	e.headf("Why it scores %d", f.Score)
	for _, l := range f.ScoreLines {
		fmt.Fprintf(e.w, "  %+4d  %s\n", l.Points, visible(l.Reason))
	}
	if r, ok := ruleOf(e.j.engine.Rules(), f.Rule); ok {
		e.headf("Why it matters")
		e.para(r.Why)
		e.headf("How to fix it")
		e.fixes(r, f)
		e.headf("How to see that it is fixed")
		e.para(or(r.Verify, "Scan again: the finding is gone."))
	}
	e.headf("Controls")
	for _, line := range controlLines(f.Controls, e.j.library) {
		fmt.Fprintln(e.w, "  "+line)
	}
	e.accept(f)
}

func ownership(f *inventory.Finding) string {
	if f.Owner == "" || f.OwnerMethod == "" {
		return f.Owner
	}
	return f.Owner + " (by " + f.OwnerMethod + ")"
}

// accept shows the entry of an exceptions file that accepts a finding, or the
// exception that covers it.
func (e *explainer) accept(f *inventory.Finding) {
	if x := f.Exception; x != nil {
		e.headf("Accepted")
		e.para(visible(fmt.Sprintf("by %s until %s: %s", x.Approver, day(x.Expires), x.Reason)))
		return
	}
	e.headf("How to accept it, for a time (in the file that --exceptions names)")
	fmt.Fprintf(e.w, `  exceptions:
    - finding: %s
      reason: WHY IT IS ACCEPTABLE
      approver: WHO SAYS SO
      expires: %s
`, f.ID, day(e.r.Run.AsOf.AddDate(0, 3, 0)))
}

func (e *explainer) locations(list []inventory.Location) {
	if len(list) == 0 {
		return
	}
	e.headf("Where")
	for i, l := range list {
		if i == 10 {
			fmt.Fprintf(e.w, "  … and %d more\n", len(list)-i)
			return
		}
		fmt.Fprintln(e.w, "  "+visible(place(l)))
	}
}

// place writes a location.
func place(l inventory.Location) string {
	s := l.URI
	if l.Line > 0 {
		s += fmt.Sprintf(":%d", l.Line)
	}
	if l.Commit != "" {
		s += "  commit " + l.Commit[:min(12, len(l.Commit))]
	}
	if l.Author != "" {
		s += "  by " + l.Author
	}
	if !l.Date.IsZero() {
		s += "  on " + day(l.Date)
	}
	if l.Committer != "" {
		s += "  committed by " + l.Committer
	}
	if head, known := l.AtHead.Bool(); known {
		s += map[bool]string{true: "  still there", false: "  no longer at HEAD"}[head]
	}
	if l.Via != "" {
		s += "  (" + l.Via + ")"
	}
	return s
}
