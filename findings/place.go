package findings

import (
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// addExpr reports mistakes in an expression at the lines of the file where
// they stand, each with the line of the expression and a caret.
func (d *document) addExpr(n *yaml.Node, what string, errs []exprError) {
	text := strings.Split(n.Value, "\n")
	for _, e := range errs {
		line, snippet := max(e.line, 1), ""
		if line <= len(text) {
			snippet = caret(text[line-1], e.column)
		}
		d.found.addf(d.file, d.lineOf(n, line, e.column), "%s: %s%s", what, e.text, snippet)
	}
}

const maxSnippet = 160

func caret(line string, column int) string {
	runes := []rune(line)
	if len(runes) > maxSnippet || column > len(runes) || strings.TrimSpace(line) == "" {
		return ""
	}
	return "\n    " + line + "\n    " + strings.Repeat(" ", max(column, 0)) + "^"
}

// lineOf maps a place in the value of a scalar (line from 1, column in runes
// from 0) to the line of the file. Whatever its style, a scalar keeps its
// characters other than blanks in order; so the source is walked beside the
// value. Where escapes make them differ, the line where the scalar begins is
// the answer.
func (d *document) lineOf(n *yaml.Node, line, column int) int {
	want := 0 // how many characters, blanks left out, come before the place
	for i, l := range strings.Split(n.Value, "\n") {
		if i+1 < line {
			want += solid(l, -1)
		} else if i+1 == line {
			want += solid(l, column)
		}
	}
	at, row := d.start(n)
	for _, r := range n.Value {
		if unicode.IsSpace(r) {
			continue
		}
		for at.done() {
			if row++; row >= len(d.lines) {
				return n.Line
			}
			at = cursor{[]rune(d.lines[row]), 0}
		}
		if at.runes[at.i] != r {
			return n.Line
		}
		if want == 0 {
			return row + 1
		}
		want--
		at.next(n.Style, r)
	}
	return min(row, len(d.lines)-1) + 1
}

// start is where the text of a scalar begins: after its quote, or on the line
// below its block indicator.
func (d *document) start(n *yaml.Node) (cursor, int) {
	row := n.Line - 1
	if row < 0 || row >= len(d.lines) {
		return cursor{}, 0
	}
	switch n.Style {
	case yaml.LiteralStyle, yaml.FoldedStyle:
		return cursor{}, row
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		return newCursor(d.lines[row], n.Column), row
	default:
		return newCursor(d.lines[row], n.Column-1), row
	}
}

// A cursor walks the solid characters of a source line.
type cursor struct {
	runes []rune
	i     int
}

func newCursor(line string, column int) cursor {
	runes := []rune(line)
	return cursor{runes, min(max(column, 0), len(runes))}
}

// done skips blanks and reports whether the line has ended.
func (c *cursor) done() bool {
	for c.i < len(c.runes) && unicode.IsSpace(c.runes[c.i]) {
		c.i++
	}
	return c.i >= len(c.runes)
}

// next steps over one character; in single quotes a quote is written twice.
func (c *cursor) next(style yaml.Style, r rune) {
	c.i++
	if style == yaml.SingleQuotedStyle && r == '\'' {
		c.i++
	}
	if style == yaml.DoubleQuotedStyle && c.i < len(c.runes) && c.runes[c.i] == '\\' {
		c.i++
	}
}

// solid counts the characters of the first columns of a line that are not
// blanks; a negative number of columns is the whole line.
func solid(line string, columns int) int {
	n := 0
	for i, r := range []rune(line) {
		if columns >= 0 && i >= columns {
			break
		}
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}
