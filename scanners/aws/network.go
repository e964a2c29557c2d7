package aws

import (
	"strings"

	"github.com/muster-nhi/muster/internal/privilege/aws/paths"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// boundToNetwork reports whether a statement holds for named networks only: one
// that allows asks for them, one that denies asks for others and for nothing else
// but that no service of AWS is in between.
func boundToNetwork(s *policy.Statement, denies bool) bool {
	bound := false
	for i := range s.Conditions {
		c := &s.Conditions[i]
		switch c.Key {
		case "aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn":
			operator := strings.ToLower(c.Operator)
			bound = bound || strings.Contains(operator, "not") == denies && operator != "null" && !everywhere(c.Values)
		case "aws:viaawsservice", "aws:principalisawsservice", "aws:calledvia":
		default:
			if denies {
				return false
			}
		}
	}
	return bound
}

// everywhere reports whether one of the networks is all of them.
func everywhere(networks []string) bool {
	for _, n := range networks {
		if n == "*" || strings.HasPrefix(n, "0.0.0.0/0") || n == "::/0" {
			return true
		}
	}
	return false
}

// policiesOf returns the policies of a user that were read, and whether those are
// all.
func (m *mapper) policiesOf(u *object.User) (out []*paths.Policy, known bool) {
	known = !u.PoliciesUnread
	add := func(p *paths.Policy) {
		if p == nil || p.Document == nil {
			known = false
			return
		}
		out = append(out, p)
	}
	for _, p := range u.Attached {
		add(m.judge.policy(m.a, p))
	}
	for i := range u.Inline {
		add(m.judge.inline[&u.Inline[i]])
	}
	for _, name := range u.Groups {
		g := m.groups[name]
		if g == nil {
			known = false
			continue
		}
		for _, p := range g.Attached {
			add(m.judge.policy(m.a, p))
		}
		for i := range g.Inline {
			add(m.judge.inline[&g.Inline[i]])
		}
	}
	return out, known
}
