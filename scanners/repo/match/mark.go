package match

import (
	"errors"
	"slices"

	"github.com/zricethezav/gitleaks/v8/config"
)

// A Mark is what At needs of a hit. There is no text of the file in it, so that
// it can be kept, and made a hit again under rules of the same Digest.
type Mark struct {
	Rule       string
	Suppressed string
	Conds      []int // allowlists that depend on path and commit, by their number
	Shadows    []int // hits of the same text, by their number
}

// ErrMark says that marks are not those of one text under the present rules.
var ErrMark = errors.New("a mark of a hit does not fit the rules")

// Mark returns what At needs of a hit.
func (h *Hit) Mark() Mark {
	mark := Mark{Rule: h.Rule, Suppressed: h.Suppressed, Shadows: h.shadows}
	for _, c := range h.conds {
		mark.Conds = append(mark.Conds, c.number)
	}
	return mark
}

// Recall makes hits of the marks of one text: At judges them as it did those
// that the marks were made of. They have no secret, line or context. The error is
// ErrMark.
func (rs *Ruleset) Recall(marks []Mark) ([]Hit, error) {
	hits := make([]Hit, len(marks))
	for i, mark := range marks {
		r := rs.byID[mark.Rule]
		if r == nil {
			return nil, ErrMark
		}
		hits[i] = Hit{Rule: mark.Rule, Suppressed: mark.Suppressed, rule: r, shadows: mark.Shadows}
		if slices.ContainsFunc(mark.Shadows, func(n int) bool { return n < 0 || n >= len(marks) }) {
			return nil, ErrMark
		}
		if len(mark.Conds) == 0 {
			continue
		}
		lists := rs.lists(r.compiled(), rs.global())
		for _, n := range mark.Conds {
			if n < 0 || n >= len(lists) {
				return nil, ErrMark
			}
			hits[i].conds = append(hits[i].conds, lists[n])
		}
	}
	return hits, nil
}

// lists returns the allowlists that a hit of a rule is held to, in the order that
// numbers them: gitleaks' own, those of the rule, and those of the
// configuration for both; then those of the rules that it needs.
func (rs *Ruleset) lists(c *compiled, globals []*config.Allowlist) []cond {
	out := make([]cond, 0, len(globals)+len(c.rule.Allowlists)+len(rs.own())+len(c.own))
	add := func(lists []*config.Allowlist, own bool, needed string) {
		for _, list := range lists {
			out = append(out, cond{list, own, len(out), needed})
		}
	}
	add(globals, false, "")
	add(c.rule.Allowlists, false, "")
	add(rs.own(), true, "")
	add(c.own, true, "")
	for id, other := range rs.needed(c) {
		add(globals, false, id)
		add(other.rule.Allowlists, false, id)
		add(rs.own(), true, id)
		add(other.own, true, id)
	}
	return out
}
