package report

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// A sarifRun is one run of a SARIF file before it is written: a category of
// results of one scope, or of several where the consumer takes few runs.
type sarifRun struct {
	Category string
	Scopes   map[string]bool
	Results  []*inventory.Finding
	Rules    []*sarifRule   // shared between runs
	Index    map[string]int // rule id to its place in Rules
	Dropped  int            // results left out because of a limit
}

// planSARIF says what goes into which run. A scope without findings has a run
// too, so that a consumer closes what it had there. Where a limit is hit the
// worst findings stay.
func planSARIF(r *Report, p sarifProfile) ([]*sarifRun, error) {
	runs, at := sarifRuns(r, p)
	rules := make(map[string]findings.Rule, len(r.Rules))
	for _, rule := range r.Rules {
		rules[rule.ID] = rule
	}
	list := r.Findings
	if p.Suppressions {
		list = slices.Concat(list, r.Excepted)
	}
	size := newMeasure(p)
	described := map[string]*sarifRule{} // once for all runs: an organisation has one for each project
	total := 0
	for _, f := range list {
		run := at[f.Scope]
		full := p.MaxResults > 0 && len(run.Results) >= p.MaxResults || p.MaxTotal > 0 && total >= p.MaxTotal
		if full || size.full() {
			run.Dropped++
			continue
		}
		index, ok := run.Index[f.Rule]
		if !ok {
			index = len(run.Rules)
			run.Index[f.Rule] = index
			run.Rules = append(run.Rules, describe(f, rules, described, p))
			size.add(run.Rules[index])
		}
		size.add(result(f, ruleOf(f, rules), index, p))
		run.Results = append(run.Results, f)
		total++
	}
	return runs, size.err
}

// describe returns the descriptor of a finding's rule. That of one which is not in
// force any more is of the finding, and its own.
func describe(f *inventory.Finding, rules map[string]findings.Rule, described map[string]*sarifRule, p sarifProfile) *sarifRule {
	if d := described[f.Rule]; d != nil {
		return d
	}
	d := descriptor(ruleOf(f, rules), p)
	if _, ok := rules[f.Rule]; ok {
		described[f.Rule] = &d
	}
	return &d
}

// ruleOf returns the rule of a finding; of one that is not in force any more,
// what the finding itself knows of it.
func ruleOf(f *inventory.Finding, rules map[string]findings.Rule) findings.Rule {
	if rule, ok := rules[f.Rule]; ok {
		return rule
	}
	return findings.Rule{
		ID: f.Rule, Title: cmp.Or(f.Title, f.Rule), Category: f.Category,
		For: f.SubjectKind, Severity: f.Severity, Controls: f.Controls,
	}
}

// sarifRuns makes the runs, by scope, and says which one each scope is in.
func sarifRuns(r *Report, p sarifProfile) ([]*sarifRun, map[string]*sarifRun) {
	scopes := map[string]bool{}
	for _, c := range r.Inventory.Coverages {
		scopes[c.Scope] = true
	}
	for _, f := range slices.Concat(r.Findings, r.Excepted) {
		scopes[f.Scope] = true
	}
	names := sortedKeys(scopes)
	at := make(map[string]*sarifRun, len(names))
	var runs []*sarifRun
	for i, scope := range names {
		shared := p.MaxRuns > 0 && len(names) > p.MaxRuns && i >= p.MaxRuns-1
		if !shared || len(runs) < p.MaxRuns {
			category := "muster/" + scopePath(scope)
			if shared {
				category = "muster/"
			}
			runs = append(runs, &sarifRun{Category: category, Scopes: map[string]bool{}, Index: map[string]int{}})
		}
		run := runs[len(runs)-1]
		run.Scopes[scope] = true
		at[scope] = run
	}
	if len(runs) == 0 {
		runs = append(runs, &sarifRun{Category: "muster/", Index: map[string]int{}})
	}
	return runs, at
}

// scopePath makes a category of a scope: percent-encoded, ending in a slash,
// as GitHub wants a category that has no run number.
func scopePath(scope string) string {
	var out strings.Builder
	for _, s := range splitID(scope) {
		if s != "" && s != "." && s != ".." {
			out.WriteString(percent(s) + "/")
		}
	}
	return out.String()
}

// A measure adds up how large a SARIF file gets.
type measure struct {
	limit int
	n     counter
	out   *bufio.Writer
	err   error
}

// A counter counts the bytes that are written to it.
type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

func newMeasure(p sarifProfile) *measure {
	m := &measure{limit: int(float64(p.MaxBytes) * roomToSpare)}
	if p.MaxBytes == 0 {
		return m
	}
	var w io.Writer = &m.n
	if p.Compressed {
		w = gzip.NewWriter(w)
	}
	m.out = bufio.NewWriter(w)
	return m
}

func (m *measure) add(v any) {
	if m.out == nil || m.err != nil {
		return
	}
	if err := encode(m.out, v); err != nil {
		m.err = fmt.Errorf("measure SARIF: %w", err)
	}
}

func (m *measure) full() bool { return m.limit > 0 && m.n.n > m.limit }
