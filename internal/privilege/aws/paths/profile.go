package paths

import (
	"strings"

	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// A profile is a policy made ready: for questions about requests, and at the
// level of actions.
type profile struct {
	*Policy
	compiled *policy.Policy
	denies   *policy.Policy // what it denies only; nil if nothing
	clauses  []clause
	object   int32 // of the analysis; 0 of what is nobody's own
}

// width says on what a statement has effect.
type width uint8

const (
	onNamed width = iota // named resources
	onSelf               // the caller's own user
	onAll                // every resource, or all but some
)

// A clause is one statement at the level of actions.
type clause struct {
	*policy.Statement
	bits        bits     // actions of the table that it is about; shared
	unlisted    []string // actions that the table does not have
	width       width
	conditional bool
}

// profiles are those of all policies, each made once.
type profiles struct {
	table *table
	made  map[*Policy]*profile
	owner map[*policy.Policy]*profile
	lists map[string]bits // of statements with several patterns
}

func newProfiles(t *table) *profiles {
	return &profiles{table: t, made: map[*Policy]*profile{}, owner: map[*policy.Policy]*profile{}, lists: map[string]bits{}}
}

// of returns the profile of a policy.
func (x *profiles) of(p *Policy) *profile {
	if p == nil {
		return nil
	}
	if have := x.made[p]; have != nil {
		return have
	}
	out := &profile{Policy: p, compiled: policy.Compile(p.Name, p.Document)}
	if p.Document != nil {
		out.clauses = make([]clause, len(p.Document.Statements))
		for i := range p.Document.Statements {
			out.clauses[i] = x.clause(&p.Document.Statements[i])
		}
		if d := denying(p.Document); d != nil {
			out.denies = policy.Compile(p.Name, d)
		}
	}
	x.made[p], x.owner[out.compiled] = out, out
	return out
}

// denying is what a document denies; nil if that is nothing.
func denying(d *policy.Document) *policy.Document {
	out := &policy.Document{Version: d.Version}
	for i := range d.Statements {
		if d.Statements[i].Deny {
			out.Statements = append(out.Statements, d.Statements[i])
		}
	}
	if out.Statements == nil {
		return nil
	}
	return out
}

// clause reads one statement.
func (x *profiles) clause(s *policy.Statement) clause {
	c := clause{Statement: s, width: widthOf(s), conditional: len(s.Conditions) > 0}
	switch {
	case s.NotActions != nil:
		c.bits = x.list(s.NotActions, true)
	default:
		c.bits = x.list(s.Actions, false)
		for _, a := range s.Actions {
			if !x.table.known(a) && strings.Contains(a, ":") {
				c.unlisted = append(c.unlisted, a)
			}
		}
	}
	return c
}

// list is the union of patterns, or all but it.
func (x *profiles) list(patterns []string, rest bool) bits {
	if len(patterns) == 1 && !rest {
		return x.table.match(patterns[0])
	}
	key := strings.Join(patterns, "\n")
	if rest {
		key = "!" + key
	}
	if b, ok := x.lists[key]; ok {
		return b
	}
	b := newBits(x.table.total)
	for _, p := range patterns {
		b.or(x.table.match(p))
	}
	if rest {
		all := newBits(x.table.total)
		all.fill(x.table.total)
		all.not(b)
		b = all
	}
	x.lists[key] = b
	return b
}

// widthOf tells on what a statement has effect, by its own words.
func widthOf(s *policy.Statement) width {
	if s.NotResources != nil {
		return onAll
	}
	self := len(s.Resources) > 0
	for _, r := range s.Resources {
		if everything(r) {
			return onAll
		}
		self = self && own(r)
	}
	if self {
		return onSelf
	}
	return onNamed
}

// everything reports whether a resource is all there are.
func everything(resource string) bool {
	return resource != "" && strings.Trim(resource, "*") == "" || strings.TrimRight(resource, "*:") == "arn" && strings.HasSuffix(resource, "*")
}

// own reports whether a resource is the caller's own user, MFA device or what
// bears its name.
func own(resource string) bool {
	return strings.Contains(resource, "${aws:username}") || strings.Contains(resource, "${aws:userid}")
}
