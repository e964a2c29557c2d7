package policy

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// explain puts the statements that decide into the answer: those of identity and
// resource policies that allow, and all that deny. Boundaries and policies of the
// organisation are named where they are what is not known.
func (e *evaluation) explain(d *Decision) {
	n := 0
	for i := range e.hits {
		if e.hits[i].tells() {
			n++
		}
	}
	if n > 0 {
		d.Because = make([]Reason, 0, n)
	}
	for i := range e.hits {
		if h := &e.hits[i]; h.tells() {
			d.Because = append(d.Because, h.reason())
		}
	}
	if d.Allowed == inventory.Unknown || d.Some == inventory.Unknown {
		d.Unknown = e.unknowns()
	}
}

func (h *hit) tells() bool {
	if h.policy == nil {
		return false
	}
	return h.layer == IdentityLayer || h.layer == ResourceLayer || h.statement == nil || h.statement.Deny || h.holds == inventory.Unknown
}

func (h *hit) reason() Reason {
	r := Reason{Layer: h.layer, Policy: h.policy, Holds: min(h.holds, h.resource), Partly: h.cut}
	if h.cut {
		r.Holds = h.holds
	}
	if h.class == notNamed || h.vague {
		r.Holds = min(r.Holds, inventory.Unknown)
	}
	if h.statement != nil {
		r.Statement = h.statement.Statement
	}
	return r
}

// unknowns names what was not known, each once.
func (e *evaluation) unknowns() []string {
	var out []string
	if e.missing {
		out = append(out, "the policy of the resource")
	}
	for i := range e.hits {
		out = append(out, e.unknownOf(&e.hits[i])...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (e *evaluation) unknownOf(h *hit) []string {
	switch {
	case h.policy == nil:
		levels := e.l.SCPs
		if h.layer == RCPLayer {
			levels = e.l.RCPs
		}
		return []string{h.layer.String() + " of " + levels[h.level].Name}
	case h.statement == nil:
		return []string{"what " + h.policy.Name + " says"}
	}
	var out []string
	for i := range h.statement.conditions {
		if t := &h.statement.conditions[i]; t.holds(e.q) == inventory.Unknown {
			out = append(out, t.Key)
		}
	}
	for i := range h.statement.resources {
		for _, p := range h.statement.resources[i].parts {
			if p.key != "" && e.q.lookup(p.key).state == unknown {
				out = append(out, p.key)
			}
		}
	}
	switch p := h.statement.Principals; {
	case h.class == h.perhaps:
	case e.q.Principal == nil:
		out = append(out, "the principal")
	case p != nil && len(p.Canonical) > 0:
		out = append(out, "whose canonical user id it is")
	default:
		out = append(out, "the name of the session")
	}
	return out
}
