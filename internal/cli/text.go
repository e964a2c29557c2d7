package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// visible makes foreign text safe for a terminal: control characters, escape
// sequences and marks that turn the writing direction come out as \x1b and
// \u202e. Line breaks do too.
func visible(s string) string {
	if !strings.ContainsFunc(s, hidden) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && s[i] != "\uFFFD"[0]:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !hidden(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// hidden reports whether a rune shows nothing or moves what is shown.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// A grid is a plain table: columns as wide as their widest cell, two spaces
// between them. The last column is not padded.
type grid struct {
	head []string
	rows [][]string
}

func (g *grid) add(cells ...string) {
	for i := range cells {
		cells[i] = visible(cells[i])
	}
	g.rows = append(g.rows, cells)
}

// lastColumn is the least width that the last column, which says most, is given
// beside the others.
const lastColumn = 24

// write writes the table. A width of 0 is unlimited; otherwise each line fits:
// the widest columns but the last are cut, and the last, if little is left for
// it, stands whole below the others.
func (g *grid) write(w io.Writer, width int) {
	all := append([][]string{g.head}, g.rows...)
	wide := g.widths(all)
	last := len(g.head) - 1
	below := false
	if sum := total(wide[:last]); width > 1 && sum+wide[last] > width {
		below = width-sum < min(lastColumn, wide[last])
		for below && total(wide[:last]) > width+2 {
			widest := 0
			for i := range wide[:last] {
				if wide[i] > wide[widest] {
					widest = i
				}
			}
			wide[widest]--
		}
	}
	for _, row := range all {
		var b strings.Builder
		for i, cell := range row[:last] {
			cell = cut(cell, wide[i])
			b.WriteString(cell + strings.Repeat(" ", max(0, wide[i]-utf8.RuneCountInString(cell))+2))
		}
		if !below {
			fmt.Fprintln(w, cut(strings.TrimRight(b.String()+row[last], " "), width))
			continue
		}
		fmt.Fprintln(w, cut(strings.TrimRight(b.String(), " "), width))
		if row[last] != "" {
			fmt.Fprintln(w, wrap(row[last], "    ", width))
		}
	}
}

// widths returns how wide each column is at its widest.
func (g *grid) widths(rows [][]string) []int {
	wide := make([]int, len(g.head))
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	return wide
}

// total is the width of columns, each with the space after it.
func total(wide []int) int {
	sum := 2 * len(wide)
	for _, n := range wide {
		sum += n
	}
	return sum
}

// cut shortens a line to a width in columns; 0 is unlimited.
func cut(s string, width int) string {
	if width <= 1 || utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

// wrap breaks text at spaces into lines of at most width columns, each after an
// indent.
func wrap(s, indent string, width int) string {
	if width < len(indent)+20 {
		width = 100
	}
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(s) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
			b.WriteString(indent)
			column = len(indent)
		case column+1+n > width:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// day writes a date; a zero time is unknown.
func day(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.DateOnly)
}

// plural writes a number with its noun.
func plural(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "y") && !strings.HasSuffix(one, "ay"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(one, "y"))
	default:
		return fmt.Sprintf("%d %ss", n, one)
	}
}

// dayOrNone writes a date; a zero time is left blank.
func dayOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return day(t)
}
