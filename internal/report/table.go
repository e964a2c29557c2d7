package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// shownPerRule is how many findings of one rule the table lists unless it is
// verbose.
const shownPerRule = 5

// narrowest is the least width that the table still lays out for.
const narrowest = 60

// leastRoom is the width that a column of text needs to be read; with less it
// goes below the other columns.
const leastRoom = 24

// A page writes the table format. The first error stays.
type page struct {
	w     *bufio.Writer
	o     Options
	width int // cells of a line; 0 is unlimited
	err   error
}

// writeTable writes for people at a terminal: the findings worst first, by
// rule, then what was not seen, the figures, and what to do next.
func writeTable(w io.Writer, r *Report, o Options) error {
	p := &page{w: bufio.NewWriter(w), o: o, width: o.Width}
	if p.width > 0 {
		p.width = max(p.width, narrowest)
	}
	p.findings(r)
	p.coverage(r)
	p.notes(r)
	p.figures(r)
	p.next(r)
	if p.err == nil {
		p.err = p.w.Flush()
	}
	if p.err != nil {
		return fmt.Errorf("write table: %w", p.err)
	}
	return nil
}

func (p *page) line(text string) {
	if p.err == nil {
		_, p.err = p.w.WriteString(strings.TrimRight(text, " ") + "\n")
	}
}

// The colours of the table, as the parameters of SGR (ECMA-48).
const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	yellow = "33"
	green  = "32"
)

// paint colours a text if colour was asked for.
func (p *page) paint(color, s string) string {
	if !p.o.Color || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

func severityColor(s inventory.Severity) string {
	switch s {
	case inventory.SeverityCritical, inventory.SeverityHigh:
		return red
	case inventory.SeverityMedium:
		return yellow
	case inventory.SeverityLow, inventory.SeverityInfo:
		return dim
	default:
		return bold
	}
}

// block writes text wrapped to the width, indented, the first line after head.
func (p *page) block(head, text string, color string) {
	indent := strings.Repeat(" ", columns(head))
	room := 0
	if p.width > 0 {
		room = max(p.width-columns(head), 20)
	}
	for i, line := range wrap(text, room) {
		if i > 0 {
			head = indent
		}
		p.line(head + p.paint(color, line))
	}
}

// findings lists findings by severity and rule; within a rule the worst first.
func (p *page) findings(r *Report) {
	type group struct {
		severity inventory.Severity
		rule     string
	}
	by := map[group][]*inventory.Finding{}
	var order []group
	for _, f := range r.Findings {
		g := group{f.Severity, f.Rule}
		if by[g] == nil {
			order = append(order, g)
		}
		by[g] = append(by[g], f)
	}
	slices.SortStableFunc(order, func(x, y group) int {
		return cmp.Compare(y.severity.Rank(), x.severity.Rank())
	})
	for _, g := range order {
		p.group(g.severity, by[g])
	}
}

func (p *page) group(severity inventory.Severity, list []*inventory.Finding) {
	label, rule, title := fmt.Sprintf("%-8s", strings.ToUpper(string(severity))), clean(list[0].Rule), clean(list[0].Title)
	if len(list) > 1 {
		title += " (" + thousands(len(list)) + ")"
	}
	indent := columns(label) + 2 + columns(rule) + 2
	for i, line := range wrap(title, p.room(indent)) {
		head := strings.Repeat(" ", indent)
		if i == 0 {
			head = p.paint(severityColor(severity), label) + "  " + p.paint(bold, rule) + "  "
		}
		p.line(head + p.paint(bold, line))
	}
	shown := list
	if !p.o.Verbose && len(list) > shownPerRule {
		shown = list[:shownPerRule]
	}
	for _, f := range shown {
		p.finding(f)
	}
	if n := len(list) - len(shown); n > 0 {
		p.line(fmt.Sprintf("     … and %s more (--verbose lists them)", thousands(n)))
	}
	p.line("")
}

// room returns the cells that are left beside taken; 0 is unlimited.
func (p *page) room(taken int) int {
	if p.width == 0 {
		return 0
	}
	return max(p.width-taken, 10)
}

func (p *page) finding(f *inventory.Finding) {
	p.block(fmt.Sprintf("%4d ", f.Score), clean(cmp.Or(f.Message, f.Title)), "")
	var facts []string
	if at := place(f.Locations); at != "" {
		facts = append(facts, shorten(clean(at), p.room(5)))
	} else {
		facts = append(facts, shorten(clean(cmp.Or(f.SubjectName, f.Subject)), p.room(5)))
	}
	if f.Scope != "" {
		facts = append(facts, shorten(clean(f.Scope), p.room(5)))
	}
	if f.Owner == "" {
		facts = append(facts, "no owner")
	} else {
		facts = append(facts, "owner "+shorten(clean(f.Owner), p.room(11)))
	}
	if f.State == "new" || f.State == "reopened" {
		facts = append(facts, f.State)
	}
	facts = append(facts, clean(f.ID))
	p.block("     ", strings.Join(facts, " · "), dim)
}

// coverage lists the listings that were not complete; all of them if verbose.
func (p *page) coverage(r *Report) {
	rows := [][]string{{"STATUS", "SCOPE", "KIND", "SEEN", "REASON"}}
	for _, c := range r.Inventory.Coverages {
		if c.Status == inventory.StatusComplete && !p.o.Verbose {
			continue
		}
		rows = addListing(rows, []string{
			string(c.Status), clean(c.Scope), string(c.Kind), seen(c), clean(c.Reason),
		})
	}
	if len(rows) == 1 {
		return
	}
	p.line(p.paint(bold, "COVERAGE") + ": what was not read is not judged")
	p.grid(rows)
	p.line("")
}

// shownNotes is how many notes of coverage the table lists unless it is verbose, and
// noteRoom how many cells of each.
const (
	shownNotes = 5
	noteRoom   = 240
)

// A remark is a note of coverage and where it was made.
type remark struct {
	text          string
	scopes, kinds []string
}

// remarks gathers the notes of coverage, each text once, in the order of coverage.
func remarks(list []*inventory.Coverage) []*remark {
	var out []*remark
	by := map[string]*remark{}
	for _, c := range list {
		for _, text := range c.Notes {
			x := by[text]
			if x == nil {
				x = &remark{text: text}
				by[text] = x
				out = append(out, x)
			}
			if !slices.Contains(x.scopes, c.Scope) {
				x.scopes = append(x.scopes, c.Scope)
			}
			if !slices.Contains(x.kinds, string(c.Kind)) {
				x.kinds = append(x.kinds, string(c.Kind))
			}
		}
	}
	return out
}

// notes lists what a reader should know of what was read, although nothing is missing
// for it: some of it, or all if verbose.
func (p *page) notes(r *Report) {
	list := remarks(r.Inventory.Coverages)
	if len(list) == 0 {
		return
	}
	shown := list
	if !p.o.Verbose && len(list) > shownNotes {
		shown = list[:shownNotes]
	}
	rows := [][]string{{"KIND", "SCOPE", "NOTE"}}
	for _, x := range shown {
		text := clean(x.text)
		if !p.o.Verbose {
			text = shorten(text, noteRoom)
		}
		rows = append(rows, []string{p.some(x.kinds, "kinds"), p.some(x.scopes, "scopes"), text})
	}
	p.line(p.paint(bold, "NOTES") + ": what to know of what was read")
	p.grid(rows)
	if n := len(list) - len(shown); n > 0 {
		p.line(fmt.Sprintf("  … and %s more (--verbose lists them)", thousands(n)))
	}
	p.line("")
}

// some writes names, or if they are many and nobody asked for all, how many.
func (p *page) some(names []string, what string) string {
	if len(names) > 2 && !p.o.Verbose {
		return thousands(len(names)) + " " + what
	}
	return clean(strings.Join(names, ", "))
}

// addListing adds a row, or adds its kind and count to the row above where the
// same thing kept the same scope from being read: one cause is told once.
func addListing(rows [][]string, row []string) [][]string {
	above := rows[len(rows)-1]
	if row[4] != "" && above[0] == row[0] && above[1] == row[1] && above[4] == row[4] {
		above[2] += ", " + row[2]
		above[3] += ", " + row[3]
		return rows
	}
	return append(rows, row)
}

// seen writes how many records there are, and of how many where another call
// of the system says so.
func seen(c *inventory.Coverage) string {
	if c.ControlTotal != nil {
		return fmt.Sprintf("%d of %d", c.Count, *c.ControlTotal)
	}
	if c.Status == inventory.StatusDenied || c.Status == inventory.StatusSkipped {
		return "-"
	}
	return fmt.Sprint(c.Count)
}

// grid writes rows in columns. The last one takes the rest of the width and is
// wrapped; the second, names, is shortened where the width is small.
func (p *page) grid(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row[:len(row)-1] {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	if p.width > 0 {
		taken := 0
		for i, w := range widths[:len(widths)-1] {
			if i != 1 {
				taken += w + 2
			}
		}
		widths[1] = min(widths[1], max((p.width-taken)/2, 10))
	}
	for i, row := range rows {
		head := "  "
		for j, cell := range row[:len(row)-1] {
			cell = shorten(cell, widths[j])
			head += cell + strings.Repeat(" ", widths[j]-columns(cell)+2)
		}
		color := ""
		if i == 0 {
			color = dim
		}
		last := row[len(row)-1]
		if p.width > 0 && columns(head)+leastRoom > p.width && columns(head)+columns(last) > p.width {
			p.line(head)
			head = "      "
		}
		p.block(head, last, color)
	}
}
