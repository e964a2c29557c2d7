package findings

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// maxReasons is how many reasons of one rule are told apart; the rarest are
// counted together.
const maxReasons = 20

// A count is the tally of one rule while it is being made.
type count struct {
	sums
	platforms *[unassigned + 1]sums // of rules that name a platform's benchmark
	reasons   map[reason]int
}

// sums are verdicts by what they are.
type sums struct{ pass, fail, unknown int }

// A reason is why a verdict is unknown, in a form that is cheap to count.
type reason struct {
	text   string         // or:
	kind   inventory.Kind // what was not listed
	scope  string
	status inventory.Status // "" is: not looked at
}

func (r reason) String() string {
	if r.text != "" {
		return r.text
	}
	if r.status == "" {
		return fmt.Sprintf("%s was not looked at in %s", r.kind, r.scope)
	}
	if r.status == inventory.StatusPartial {
		return fmt.Sprintf("%s was listed only in part in %s (partial)", r.kind, r.scope)
	}
	return fmt.Sprintf("%s was not listed in %s (%s)", r.kind, r.scope, r.status)
}

func (c *count) because(r reason) {
	c.unknown++
	if c.reasons == nil {
		c.reasons = map[reason]int{}
	}
	c.reasons[r]++
}

func (c *count) add(o *count) {
	c.sums.add(o.sums)
	if o.platforms != nil {
		if c.platforms == nil {
			c.platforms = &[unassigned + 1]sums{}
		}
		for i := range o.platforms {
			c.platforms[i].add(o.platforms[i])
		}
	}
	for r, n := range o.reasons {
		if c.reasons == nil {
			c.reasons = map[reason]int{}
		}
		c.reasons[r] += n
	}
}

func (s *sums) add(o sums) {
	s.pass, s.fail, s.unknown = s.pass+o.pass, s.fail+o.fail, s.unknown+o.unknown
}

// tallies finishes the counts of all rules.
func (e *Engine) tallies(counts []count, list []*inventory.Finding) []Tally {
	excepted := map[string]int{}
	for _, f := range list {
		if f.Exception != nil {
			excepted[f.Rule]++
		}
	}
	out := make([]Tally, len(e.rules))
	for i := range e.rules {
		r, c := &e.rules[i], &counts[i]
		out[i] = Tally{
			Rule: r.ID, Title: r.Title, Subjects: c.pass + c.fail + c.unknown,
			Pass: c.pass, Fail: c.fail, Unknown: c.unknown, Excepted: excepted[r.ID],
			Reasons: spelled(c.reasons), Disabled: e.disabled[r.ID],
		}
	}
	return out
}

// spelled writes out the reasons, the most frequent ones apart.
func spelled(counts map[reason]int) map[string]int {
	if len(counts) == 0 {
		return nil
	}
	type line struct {
		text string
		n    int
	}
	lines := make([]line, 0, len(counts))
	for r, n := range counts {
		lines = append(lines, line{r.String(), n})
	}
	slices.SortFunc(lines, func(x, y line) int { return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.text, y.text)) })
	out := map[string]int{}
	for i, l := range lines {
		if i < maxReasons {
			out[l.text] += l.n
		} else {
			out["other reasons"] += l.n
		}
	}
	return out
}
