package condition

import (
	"github.com/muster-nhi/muster/internal/inventory"
)

// A junction is parts joined by AND or OR.
type junction struct {
	or    bool
	parts []node
}

func (j *junction) evaluate(r *Request) inventory.Tri {
	stop, out := inventory.False, inventory.True
	if j.or {
		stop, out = inventory.True, inventory.False
	}
	for _, p := range j.parts {
		switch p.evaluate(r) {
		case stop:
			return stop
		case inventory.Unknown:
			out = inventory.Unknown
		case inventory.True, inventory.False:
		}
	}
	return out
}

// A negation is NOT of a part.
type negation struct{ part node }

func (n negation) evaluate(r *Request) inventory.Tri { return not(n.part.evaluate(r)) }

func not(t inventory.Tri) inventory.Tri { return -t }

// A matching is ActionMatches or SubOperationMatches.
type matching struct {
	sub     bool
	pattern string
}

func (m matching) evaluate(r *Request) inventory.Tri {
	if m.sub {
		return inventory.TriOf(r.Sub != "" && like(m.pattern, r.Sub, true))
	}
	return inventory.TriOf(like(m.pattern, r.Action, true))
}

// An existence is Exists or NotExists of an attribute.
type existence struct {
	key string
	not bool
}

func (e existence) evaluate(r *Request) inventory.Tri {
	values, ok := r.Attributes[e.key]
	if !ok {
		return inventory.Unknown
	}
	return inventory.TriOf((len(values) > 0) != e.not)
}

// A comparison is an operator with an operand on each side.
type comparison struct {
	left, right operand
	every       [2]bool // whether all of the left side's, and of the right side's, have to fit
	operator    operator
}

// An operand is an attribute or values.
type operand struct {
	key    string // empty for values
	values []string
}

// of are the values of an operand in a request; ok is false if they are not known.
func (o *operand) of(r *Request) (values []string, ok bool) {
	if o.key == "" {
		return o.values, true
	}
	if o.key == subOperation {
		if r.Sub == "" {
			return nil, true
		}
		return []string{r.Sub}, true
	}
	values, ok = r.Attributes[o.key]
	return values, ok
}

// subOperation is the attribute of version 1.0 that SubOperationMatches replaced.
const subOperation = "request:suboperation"

func (c *comparison) evaluate(r *Request) inventory.Tri {
	left, ok := c.left.of(r)
	right, known := c.right.of(r)
	if !ok || !known {
		return inventory.Unknown
	}
	out := inventory.TriOf(c.every[0])
	for _, l := range left {
		fit := inventory.TriOf(c.every[1])
		for _, v := range right {
			fit = join(fit, c.operator(l, v), c.every[1])
		}
		out = join(out, fit, c.every[0])
	}
	if len(left) == 0 && c.every[0] { // of what does not exist nothing is said
		return inventory.Unknown
	}
	return out
}

// join is AND of two answers, or OR.
func join(a, b inventory.Tri, and bool) inventory.Tri {
	if and {
		return min(a, b)
	}
	return max(a, b)
}
