package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// Bounds of the page: beyond them a browser gets slow, and the other formats
// have everything.
const (
	rowsInPage     = 1000
	barsInPage     = 12
	coverageInPage = 500
)

// A view is what the page template reads.
type view struct {
	R                       *Report
	Style                   template.CSS
	Script                  template.JS
	StyleHash, ScriptHash   string
	Title, Tool, AsOf, Ran  string
	Scopes                  int
	Verdict, PartialText    string
	Levels                  []Count
	Donut                   []arc
	DonutLabel, AgeLabel    string
	Tiles                   []tile
	Ages                    []column
	Categories, Owners      bars
	ScopeBars, Types        bars
	WorstTitle              string
	Worst, Rows             []row
	RowsText, OwnersText    string
	CoverageText, RulesText string
	Frameworks              []frameworkView
	Coverage                []*inventory.Coverage
	Notes                   []string
}

type tile struct{ Label, Value string }

// A row is one finding as the page shows it.
type row struct {
	F                     *inventory.Finding
	Message, Where, State string
	Chain                 []string
	Meter                 []segment
	Help                  []passage
}

// A passage is a paragraph or a block of code.
type passage struct {
	Code bool
	Text string
}

type frameworkView struct {
	Framework
	Segments []segment
	Controls []findings.ControlStatus
}

func newView(r *Report, style, script string) view {
	s := r.Summary
	v := view{
		R: r, Style: template.CSS(style), Script: template.JS(script), //nolint:gosec // our own files, embedded
		StyleHash: sourceHash(style), ScriptHash: sourceHash(script),
		Title: outcomeTitle(r), Tool: clean(strings.TrimSpace("muster " + r.Tool.Version)), AsOf: human(r.Run.AsOf), Ran: when(r.Run),
		Scopes: len(s.ByScope), Verdict: verdict(r), PartialText: partialText(r),
		Donut: donut(s), Tiles: tiles(r), Ages: ageColumns(s.Ages),
		Categories: newBars("Findings by family", "Family", "Findings", s.ByCategory),
		Owners:     newBars("Findings by owner", "Owner", "Findings", s.ByOwner),
		ScopeBars:  newBars("Findings by scope", "Scope", "Findings", s.ByScope),
		Types:      newBars("Identities and credentials by type", "Type", "Records", s.ByType),
		WorstTitle: "The worst " + map[bool]string{true: "ten", false: "first"}[len(s.Worst) == worstShown],
		Frameworks: frameworkViews(r), Notes: cleanAll(notes(r)),
	}
	for _, sev := range severities() {
		v.Levels = append(v.Levels, Count{Name: string(sev), N: s.Severities[sev]})
	}
	v.DonutLabel = cmp.Or(severityParts(s.Severities), "no findings")
	v.AgeLabel = ageLabel(s.Ages)
	v.addRows(r)
	v.addCoverage(r)
	v.OwnersText = fmt.Sprintf("An owner is known for %s of %s.", thousands(s.Owned), count(s.Owned+s.Unowned, "identity", "identities"))
	v.RulesText = fmt.Sprintf("%s: %d failing, %d passing, %d without a verdict for lack of data, %d with nothing to apply to, %d switched off",
		count(s.Rules.Total, "rule", "rules"), s.Rules.Failing, s.Rules.Passing, s.Rules.Unknown, s.Rules.Untested, s.Rules.Disabled)
	return v
}

// verdict is the first sentence that an executive reads.
func verdict(r *Report) string {
	s := r.Summary
	critical, high := s.Severities[inventory.SeverityCritical], s.Severities[inventory.SeverityHigh]
	switch {
	case critical > 0:
		return count(critical, "critical finding needs", "critical findings need") + " action now" + also(high)
	case high > 0:
		return count(high, "serious finding needs", "serious findings need") + " action"
	case s.Active > 0:
		return "Nothing urgent: " + count(s.Active, "lesser finding", "lesser findings") + " to work off"
	case r.Run.Partial:
		return "Nothing found in what could be read"
	default:
		return "Every machine identity that was looked at passes muster"
	}
}

func also(high int) string {
	if high == 0 {
		return ""
	}
	return ", " + thousands(high) + " more soon"
}

func partialText(r *Report) string {
	c := r.Summary.Coverage
	incomplete := c[inventory.StatusPartial] + c[inventory.StatusDenied]
	total := incomplete + c[inventory.StatusComplete] + c[inventory.StatusSkipped]
	text := fmt.Sprintf("%d of %s could not be read in full.", incomplete, count(total, "listing", "listings"))
	if r.Run.Interrupted {
		text = "The run was interrupted. " + text
	}
	return text
}

func tiles(r *Report) []tile {
	s := r.Summary
	out := []tile{
		{"machine identities", thousands(s.Kinds[inventory.KindIdentity])},
		{"credentials", thousands(s.Kinds[inventory.KindCredential])},
		{"permissions granted", thousands(s.Kinds[inventory.KindGrant])},
		{"of identities have a known owner", percentage(s.Owned, s.Owned+s.Unowned)},
		{"new since the last scan", thousands(s.New + s.Reopened)},
		{"resolved since the last scan", thousands(s.Resolved)},
		{"accepted by exception", thousands(s.Excepted)},
		{"verdicts unknown for lack of data", thousands(s.Unknown)},
	}
	if s.New+s.Reopened+s.Resolved == 0 && !slices.ContainsFunc(r.Findings, func(f *inventory.Finding) bool { return f.State != "" }) {
		// No store, so nothing is known of the last scan.
		out[4] = tile{"trusts that let others in", thousands(s.Kinds[inventory.KindTrust])}
		out[5] = tile{"links found between records", thousands(s.Kinds[inventory.KindRelation])}
	}
	return out
}

// percentage rounds down, so that 100% is said of all only.
func percentage(n, of int) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%d%%", n*100/of)
}

func (v *view) addRows(r *Report) {
	rules := make(map[string]findings.Rule, len(r.Rules))
	for _, rule := range r.Rules {
		rules[rule.ID] = rule
	}
	for i, f := range r.Findings[:min(rowsInPage, len(r.Findings))] {
		x := row{F: f, Message: clean(cmp.Or(f.Message, f.Title)), Where: where(f), State: stateWorthShowing(f)}
		v.Rows = append(v.Rows, x)
		if i < len(r.Summary.Worst) {
			x.Chain = f.Chain
			x.Meter = []segment{{Class: string(f.Severity), W: f.Score * 10}}
			if rule, ok := rules[f.Rule]; ok {
				x.Help = passages(rule)
			}
			v.Worst = append(v.Worst, x)
		}
	}
	v.RowsText = fmt.Sprintf("All %s.", count(len(r.Findings), "finding", "findings"))
	if len(r.Findings) == 1 {
		v.RowsText = "The only finding."
	}
	if len(r.Findings) > rowsInPage {
		v.RowsText = fmt.Sprintf("The worst %s of %s. The json, csv-findings and sarif formats have all.", thousands(rowsInPage), thousands(len(r.Findings)))
	}
}

func where(f *inventory.Finding) string {
	at := clean(cmp.Or(place(f.Locations), f.SubjectName, f.Subject))
	if f.Scope != "" {
		at += " in " + clean(f.Scope)
	}
	return at
}

// passages splits the help of a rule into paragraphs and code.
func passages(rule findings.Rule) []passage {
	var out []passage
	texts := []string{strings.TrimSpace(rule.Why)}
	for _, fix := range rule.Fix {
		texts = append(texts, fix.Platform+": "+strings.TrimSpace(fix.Steps))
	}
	for i, part := range strings.Split(strings.Join(texts, "\n\n"), "```") {
		if i%2 == 1 {
			if _, rest, ok := strings.Cut(part, "\n"); ok {
				part = rest
			}
			out = append(out, passage{Code: true, Text: strings.TrimRight(part, "\n ")})
			continue
		}
		for p := range strings.SplitSeq(part, "\n\n") {
			if p = plain(p); p != "" {
				out = append(out, passage{Text: p})
			}
		}
	}
	return out
}

// addCoverage lists the listings that were not complete first.
func (v *view) addCoverage(r *Report) {
	list := slices.Clone(r.Inventory.Coverages)
	slices.SortStableFunc(list, func(x, y *inventory.Coverage) int { return statusRank(x.Status) - statusRank(y.Status) })
	c := r.Summary.Coverage
	v.CoverageText = fmt.Sprintf("%s: %d complete, %d partial, %d denied, %d skipped.", count(len(list), "listing", "listings"),
		c[inventory.StatusComplete], c[inventory.StatusPartial], c[inventory.StatusDenied], c[inventory.StatusSkipped])
	if len(list) > coverageInPage {
		list = list[:coverageInPage]
		v.CoverageText += fmt.Sprintf(" The first %d are shown; the json format has all.", coverageInPage)
	}
	v.Coverage = list
}

func statusRank(s inventory.Status) int {
	return slices.Index([]inventory.Status{
		inventory.StatusDenied, inventory.StatusPartial, inventory.StatusSkipped, inventory.StatusComplete,
	}, s)
}

func frameworkViews(r *Report) []frameworkView {
	by := map[string][]findings.ControlStatus{}
	for _, c := range r.Controls {
		by[c.Framework] = append(by[c.Framework], c)
	}
	var out []frameworkView
	for _, f := range r.Summary.Frameworks {
		out = append(out, frameworkView{Framework: f, Controls: by[f.ID], Segments: split(
			part{"ready", f.Ready}, part{"gap", f.Gap}, part{"none", f.NoData})})
	}
	return out
}
