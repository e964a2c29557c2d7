package findings

import (
	"context"
	"fmt"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A TestResult is the outcome of one of a rule's own tests.
type TestResult struct {
	Rule string `json:"rule"`
	Name string `json:"name"`
	File string `json:"file"`
	OK   bool   `json:"ok"`
	Want string `json:"want"`           // the verdict, and the severity if the test names one
	Got  string `json:"got"`            // likewise
	Note string `json:"note,omitempty"` // the message of a failure, the reason of an unknown, or why the test could not run
}

// RunTests runs the own tests of all rules, disabled ones too, each as of its
// own time, in the order of the rules. A rule without a test that fails and
// one that passes gets a failed result that says so: such tests cannot tell
// the rule from one that always gives the same verdict. It stops early, with
// what it has, if ctx ends.
func (e *Engine) RunTests(ctx context.Context) []TestResult {
	var out []TestResult
	for i := range e.plans {
		r := e.plans[i].rule
		seen := map[Verdict]bool{}
		for _, t := range r.Tests {
			if ctx.Err() != nil {
				return out
			}
			out = append(out, e.runTest(ctx, i, t))
			seen[t.Want] = true
		}
		for _, v := range []Verdict{VerdictFail, VerdictPass} {
			if !seen[v] {
				out = append(out, TestResult{
					Rule: r.ID, File: r.File, Name: "has a test that wants " + string(v), Want: string(v), Note: "there is none",
				})
			}
		}
	}
	return out
}

func (e *Engine) runTest(ctx context.Context, rule int, t RuleTest) TestResult {
	r := e.plans[rule].rule
	result := TestResult{Rule: r.ID, Name: t.Name, File: r.File, Want: string(t.Want)}
	if t.Severity != "" {
		result.Want += " " + string(t.Severity)
	}
	b := inventory.NewBuilder()
	for _, record := range t.Given {
		if err := b.Add(record); err != nil {
			result.Note = err.Error()
			return result
		}
	}
	inv := b.Build()
	if len(b.Duplicates()) > 0 {
		result.Note = "two records of the test have one id"
		return result
	}
	record, ok := subjectByID(inv, r.For, t.Subject)
	if !ok {
		result.Note = fmt.Sprintf("no %s of the test has the id %q", r.For, t.Subject)
		return result
	}
	j := &judgement{
		engine: e, inv: inv, params: Params{AsOf: t.Now, InBaseline: t.baseline()},
		index: newRelatedIndex(inv, e.lang.vocabulary), coverage: newCoverageIndex(inv),
	}
	w := j.newWorker()
	w.subject.reset(record)
	if !r.looksAt(w.subject.typ, w.subject.identityType()) {
		result.Note = "the rule does not look at subjects of that type"
		return result
	}
	f := w.judge(ctx, rule)
	result.Got, result.Note = verdictOf(w.counts[rule], f)
	if f != nil && t.Severity != "" {
		result.Got += " " + string(f.Severity)
	}
	result.OK = result.Got == result.Want
	return result
}

func verdictOf(c count, f *inventory.Finding) (verdict, note string) {
	switch {
	case f != nil:
		return string(VerdictFail), f.Message
	case c.unknown > 0:
		for why := range c.reasons {
			note = why.String() // there is one
		}
		return string(VerdictUnknown), note
	case c.pass == 0:
		return string(VerdictNotApplicable), ""
	default:
		return string(VerdictPass), ""
	}
}

// baseline answers for a test that names its baseline.
func (t RuleTest) baseline() func(string) inventory.Tri {
	if t.Baseline == nil {
		return nil
	}
	return func(subject string) inventory.Tri {
		return inventory.TriOf(slices.Contains(t.Baseline, subject))
	}
}

func subjectByID(inv *inventory.Inventory, kind inventory.Kind, id string) (inventory.Record, bool) {
	for i := range subjectCount(inv, kind) {
		if r := subjectAt(inv, kind, i); r.ID() == id {
			return r, true
		}
	}
	return inventory.Record{}, false
}
