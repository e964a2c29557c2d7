package report

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// Input is what a Report is made from. New keeps its slices and pointers; the
// caller must not change them afterwards.
type Input struct {
	Tool      Tool
	Run       Run                  // Partial and BaselineHidden are worked out by New
	Inventory *inventory.Inventory // with relations and resolved owners; nil is an empty one
	Result    *findings.Result     // nil is a scan that was not judged
	Findings  []*inventory.Finding // Result.Findings as the store annotated them; nil takes Result's
	Resolved  []*inventory.Finding // those that an earlier scan had and this one has not
	Known     map[string]bool      // ids of the findings that the baseline has; they are left out and counted
	Rules     []findings.Rule      // the rules in force: their texts explain findings
}

// New makes a Report: it selects, ranks and counts, so that no writer has to.
func New(in Input) *Report {
	inv := in.Inventory
	if inv == nil {
		inv = inventory.NewBuilder().Build()
	}
	result := in.Result
	if result == nil {
		result = &findings.Result{}
	}
	r := &Report{
		Tool: in.Tool, Run: in.Run, Inventory: inv,
		Resolved: slices.SortedFunc(slices.Values(in.Resolved), worstFirst),
		Rules: slices.SortedFunc(slices.Values(in.Rules), func(x, y findings.Rule) int {
			return cmp.Compare(x.ID, y.ID)
		}),
		Tallies: result.Tallies, Controls: result.Controls, Exceptions: result.Exceptions,
	}
	r.Run.Partial = in.Run.Partial || in.Run.Interrupted || inv.Partial()
	if r.Run.Sources == nil {
		r.Run.Sources = []string{} // a list in JSON, not null
	}
	if r.Run.FailOn == "" {
		r.Run.FailOn = string(inventory.SeverityHigh)
	}
	all := in.Findings
	if all == nil {
		all = result.Findings
	}
	r.take(all, in.Known)
	r.Summary = summarise(r)
	return r
}

// take sorts findings into those that stand and those that are excepted, and
// counts those that the baseline knows.
func (r *Report) take(all []*inventory.Finding, known map[string]bool) {
	r.Run.BaselineHidden = 0
	for _, f := range slices.SortedFunc(slices.Values(all), worstFirst) {
		switch {
		case known[f.ID]:
			r.Run.BaselineHidden++
		case f.Exception != nil:
			r.Excepted = append(r.Excepted, f)
		default:
			r.Findings = append(r.Findings, f)
		}
	}
}

// worstFirst orders findings by severity, score, rule and subject.
func worstFirst(x, y *inventory.Finding) int {
	return cmp.Or(
		cmp.Compare(y.Severity.Rank(), x.Severity.Rank()),
		cmp.Compare(y.Score, x.Score),
		cmp.Compare(x.Rule, y.Rule),
		cmp.Compare(x.Subject, y.Subject),
		cmp.Compare(x.ID, y.ID),
	)
}
