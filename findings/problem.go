package findings

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A LoadError is one mistake in a file of rules, controls or exceptions. Its text
// says what is wrong and, where it can be guessed, what was meant.
type LoadError struct {
	File string // as given to the loader
	Line int    // from 1; 0 if the whole file is meant
	Text string // may hold further lines: the expression and a caret
}

// Error returns "file:line: text".
func (p *LoadError) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// problems collects mistakes, so that a user sees all of them at once.
type problems struct {
	list []*LoadError
}

func (ps *problems) addf(file string, line int, format string, args ...any) {
	ps.list = append(ps.list, &LoadError{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
}

// err joins what was collected, by file and line; nil if nothing was.
func (ps *problems) err() error {
	slices.SortStableFunc(ps.list, func(x, y *LoadError) int {
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Text, y.Text))
	})
	list := slices.CompactFunc(ps.list, func(x, y *LoadError) bool { return *x == *y })
	errs := make([]error, len(list))
	for i, p := range list {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// meant returns "; did you mean X?" for the candidate nearest to what was
// written, and "" if none is near. Among equally near ones the first in
// alphabetical order wins.
func meant(written string, candidates []string) string {
	best, distance := "", len([]rune(written))/3+2
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := editDistance(written, c); d < distance {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// editDistance is the number of insertions, deletions, replacements and swaps
// of neighbours that make b of a. Texts over 64 runes are infinitely far.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return 1 << 20
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
