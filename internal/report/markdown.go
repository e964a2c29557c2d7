package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// rowsInMarkdown bounds the tables of markdown: a comment on GitHub holds
// 65,536 characters, a row at most about a thousand.
const rowsInMarkdown = 40

// charactersInMarkdown ends the tables before the text gets too long whatever
// is in the cells.
const charactersInMarkdown = 24_000

// cellInMarkdown bounds the characters of one cell.
const cellInMarkdown = 300

// writeMarkdown writes a summary for a comment on a pull request or the summary
// of a job, in GitHub Flavored Markdown, which GitLab and Azure DevOps read too.
func writeMarkdown(w io.Writer, r *Report, _ Options) error {
	out := bufio.NewWriter(w)
	var b strings.Builder
	fmt.Fprintf(&b, "## muster: %s\n\n%s\n", outcomeTitle(r), md(r.Summary.Headline))
	if r.Run.Partial {
		b.WriteString("\n> **PARTIAL**: some scopes could not be read; what was not seen is not judged.\n")
	}
	markdownFindings(&b, r)
	markdownCoverage(&b, r)
	b.WriteString("\n")
	for _, note := range notes(r) {
		b.WriteString("- " + md(note) + "\n")
	}
	fmt.Fprintf(&b, "\n<sub>%s, judged as of %s. `muster explain ID` tells why and how to fix it.</sub>\n",
		md(strings.TrimSpace(r.Tool.Name+" "+r.Tool.Version)), cmp.Or(stamp(r.Run.AsOf), "an unknown time"))
	if _, err := out.WriteString(b.String()); err != nil {
		return fmt.Errorf("write Markdown: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write Markdown: %w", err)
	}
	return nil
}

// outcomeTitle says the outcome in a few words.
func outcomeTitle(r *Report) string {
	switch r.Summary.Outcome {
	case OutcomeClean:
		return "nothing to report"
	case OutcomeFindings:
		return count(r.Summary.Active, "finding", "findings") + " below the limit"
	case OutcomeFailing:
		return count(r.Summary.Failing, "finding", "findings") + " at or above " + r.Run.FailOn
	default:
		if r.Summary.Failing > 0 {
			return "scan incomplete, " + count(r.Summary.Failing, "finding", "findings") + " at or above " + r.Run.FailOn
		}
		return "scan incomplete"
	}
}

func markdownFindings(b *strings.Builder, r *Report) {
	if len(r.Findings) == 0 {
		return
	}
	b.WriteString("\n| Severity | Score | Rule | Finding | Where | Owner |\n|---|--:|---|---|---|---|\n")
	shown := 0
	for _, f := range r.Findings[:min(rowsInMarkdown, len(r.Findings))] {
		if b.Len() > charactersInMarkdown {
			break
		}
		shown++
		fmt.Fprintf(b, "| %s | %d | %s | %s | %s | %s |\n",
			severityMark(f.Severity), f.Score, cell(f.Rule), cell(cmp.Or(f.Message, f.Title)),
			cell(cmp.Or(place(f.Locations), f.SubjectName, f.Subject)), cell(cmp.Or(f.Owner, "nobody known")))
	}
	if n := len(r.Findings) - shown; n > 0 {
		fmt.Fprintf(b, "\n%s not shown here.\n", count(n, "further finding is", "further findings are"))
	}
}

func severityMark(s inventory.Severity) string {
	if s.Rank() >= inventory.SeverityHigh.Rank() {
		return "**" + string(s) + "**"
	}
	return md(string(s))
}

func markdownCoverage(b *strings.Builder, r *Report) {
	total, shown, start := 0, 0, b.Len()
	for _, c := range r.Inventory.Coverages {
		if c.Status == inventory.StatusComplete {
			continue
		}
		total++
		if total == 1 {
			b.WriteString("\n<details><summary>What was not seen</summary>\n\n| Status | Scope | Kind | Reason |\n|---|---|---|---|\n")
		}
		if shown < rowsInMarkdown && b.Len()-start < charactersInMarkdown {
			shown++
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", cell(string(c.Status)), cell(c.Scope), cell(string(c.Kind)), cell(c.Reason))
		}
	}
	if total > shown {
		fmt.Fprintf(b, "\n%s not shown here.\n", count(total-shown, "further listing is", "further listings are"))
	}
	if total > 0 {
		b.WriteString("\n</details>\n")
	}
}

// cell writes foreign text into a table.
func cell(s string) string { return md(truncate(clean(s), cellInMarkdown)) }

// md writes foreign text so that Markdown shows it as it is: no markup, link,
// image, HTML, mention or reference to an issue comes of it.
func md(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '@':
			b.WriteString("&#64;")
		case r == '#':
			b.WriteString("&#35;")
		case strings.ContainsRune("\\`*_{}[]()|~!$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	// Addresses are linked without any markup; a broken colon prevents it.
	return strings.NewReplacer("://", "&#58;//", "www.", "www&#46;").Replace(b.String())
}
