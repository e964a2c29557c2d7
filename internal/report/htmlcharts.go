package report

import (
	"fmt"
	"math"
	"strings"
)

// A segment is a piece of a bar that is 1000 units wide.
type segment struct {
	Class string
	X, W  int
}

// A part is what a segment is made from.
type part struct {
	class string
	n     int
}

// split fills a whole bar with its parts. A part that is not zero is at least
// 6 units wide, so that it is seen.
func split(parts ...part) []segment {
	total := 0
	for _, p := range parts {
		total += p.n
	}
	return scaled(total, parts)
}

// scaled draws parts of a bar of which max fills the width.
func scaled(whole int, parts []part) []segment {
	if whole == 0 {
		return nil
	}
	var out []segment
	x := 0
	for _, p := range parts {
		if p.n == 0 {
			continue
		}
		w := min(max(p.n*1000/whole, 6), 1000-x)
		out = append(out, segment{Class: p.class, X: x, W: w})
		x += w
	}
	return out
}

// Bars are a table with a bar in each row.
type bars struct {
	Caption, Label, Unit string
	Rows                 []barRow
	More                 int // rows beyond the cap
}

type barRow struct {
	Count
	Segments []segment
}

func newBars(caption, label, unit string, list []Count) bars {
	b := bars{Caption: caption, Label: label, Unit: unit, More: max(0, len(list)-barsInPage)}
	longest := 0
	for _, c := range list {
		longest = max(longest, c.N)
	}
	for _, c := range list[:min(barsInPage, len(list))] {
		// Of records by type, several findings can be on one: the bar counts records.
		critical := min(c.Critical, c.N)
		high := min(c.High, c.N-critical)
		c.Name = clean(c.Name)
		b.Rows = append(b.Rows, barRow{Count: c, Segments: scaled(longest, []part{
			{"critical", critical}, {"high", high}, {"rest", c.N - critical - high},
		})})
	}
	return b
}

// An arc is a piece of a ring with radius 50, drawn as a dash.
type arc struct {
	Class      string
	Dash, Turn string
}

func donut(s Summary) []arc {
	if s.Active == 0 {
		return nil
	}
	around := 2 * math.Pi * 50
	var out []arc
	turn := -90.0
	for _, sev := range severities() {
		n := s.Severities[sev]
		if n == 0 {
			continue
		}
		share := float64(n) / float64(s.Active)
		gap := 0.0
		if n < s.Active {
			gap = 1.5
		}
		out = append(out, arc{
			Class: string(sev), Dash: fmt.Sprintf("%.2f", math.Max(share*around-gap, 1)), Turn: fmt.Sprintf("%.2f", turn),
		})
		turn += share * 360
	}
	return out
}

// A column is one column of the age chart.
type column struct {
	Class                string
	N, X, Y, H, Mid, Top int
	Line1, Line2         string
}

func ageColumns(ages []Count) []column {
	highest := 1
	for _, a := range ages {
		highest = max(highest, a.N)
	}
	classes := []string{"ready", "low", "medium", "high", "critical", "rest"}
	var out []column
	for i, a := range ages {
		h := a.N * 150 / highest
		if a.N > 0 {
			h = max(h, 3)
		}
		c := column{Class: classes[i%len(classes)], N: a.N, H: h, X: 18 + i*100, Y: 184 - h}
		c.Mid, c.Top = c.X+32, c.Y-7
		words := strings.Fields(a.Name)
		half := (len(words) + 1) / 2
		c.Line1, c.Line2 = strings.Join(words[:half], " "), strings.Join(words[half:], " ")
		out = append(out, c)
	}
	return out
}

func ageLabel(ages []Count) string {
	parts := make([]string, 0, len(ages))
	for _, a := range ages {
		parts = append(parts, fmt.Sprintf("%s: %d", a.Name, a.N))
	}
	return "Credentials by age. " + strings.Join(parts, ", ")
}
