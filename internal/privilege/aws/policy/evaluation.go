package policy

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A hit is a statement that is about the action, and the principal and resource
// as far as that is known, or a policy that could not be read.
type hit struct {
	policy    *Policy
	statement *statement // nil: not readable, may allow and may deny
	layer     Layer
	level     uint8
	class     class // how certainly a resource policy names the principal
	perhaps   class // and how it may
	holds     inventory.Tri
	resource  inventory.Tri
	cut       bool // about some of the resources asked for
	vague     bool // a variable leaves open which
}

// A class says how a resource policy names a principal. What a stronger one is
// granted, a weaker one limits.
type class uint8

const (
	notNamed    class = iota
	asAccount         // its account: lets the account decide
	asRole            // its role: limited by boundary and session policies
	asPrincipal       // the user or session itself, or everyone: limited by neither
)

// relation says where principal and resource stand to one another.
type relation uint8

const (
	sameAccount relation = iota
	crossAccount
	noAccount // a service, a token, nobody: only the policy of the resource counts
)

// maxLevels is more than Organizations has: root, five units, account.
const maxLevels = 12

// An evaluation is one request being answered.
type evaluation struct {
	q        *Request
	l        *Layers
	hits     []hit
	relation relation
	required bool // the resource's own policy has to allow
	any      bool // something may allow
	cut      bool // a hit is about some of the resources only
	missing  bool // a policy that the resource must have is not given
}

func (e *evaluation) relate() {
	p := e.q.Principal
	switch {
	case p == nil:
	case p.Kind == Service || p.Kind == Anonymous || p.Kind == WebIdentity || p.Kind == SAML:
		e.relation = noAccount
	case p.Account != "" && e.q.account() != p.Account:
		e.relation = crossAccount
	}
	e.required = requires(&e.q.Action, e.q.Resource.glob.text)
	e.missing = e.required && e.l.Resource == nil
}

// requires reports whether the policy of the resource has to allow an action in
// the same account too: that of a KMS key, and of a role for those who take it on.
func requires(a *Action, resource string) bool {
	switch a.service {
	case "kms":
		rest := resource
		for range 5 {
			_, rest, _ = strings.Cut(rest, ":")
		}
		return strings.HasPrefix(rest, "key/")
	case "sts":
		return strings.HasPrefix(a.verb, "assumerole") || a.verb == "tagsession" || a.verb == "setsourceidentity"
	default:
		return false
	}
}

// granting collects what identity and resource policies say.
func (e *evaluation) granting(hits []hit) []hit {
	if e.relation != noAccount {
		for _, p := range e.l.Identity {
			hits = e.add(hits, p, IdentityLayer, 0)
		}
		e.any = e.any || e.q.Principal != nil && e.q.Principal.Kind == Root
	}
	if e.l.Resource != nil {
		hits = e.add(hits, e.l.Resource, ResourceLayer, 0)
	}
	e.any = e.any || e.missing
	return hits
}

// limiting collects what the other layers say.
func (e *evaluation) limiting(hits []hit) []hit {
	p := e.q.Principal
	linked := p != nil && p.ServiceLinked
	if e.relation != noAccount {
		if e.l.Boundary != nil {
			hits = e.add(hits, e.l.Boundary, BoundaryLayer, 0)
		}
		for _, p := range e.l.Session {
			hits = e.add(hits, p, SessionLayer, 0)
		}
		if !linked {
			hits = e.levels(hits, e.l.SCPs, SCPLayer)
		}
	}
	if !linked && controlled(&e.q.Action) {
		hits = e.levels(hits, e.l.RCPs, RCPLayer)
	}
	return hits
}

func (e *evaluation) levels(hits []hit, levels []Level, layer Layer) []hit {
	for i := range levels {
		level := uint8(min(i, maxLevels-1))
		if levels[i].Unknown {
			hits = append(hits, hit{layer: layer, level: level, holds: inventory.Unknown, resource: inventory.True})
			continue
		}
		for _, p := range levels[i].Policies {
			hits = e.add(hits, p, layer, level)
		}
	}
	return hits
}

// controlled reports whether resource control policies hold for an action
// (Organizations User Guide, "List of AWS services that support RCPs", and its
// exception kms:RetireGrant). The list grows. A service that came to it after 2025
// is taken as not held, which errs towards allowed.
func controlled(a *Action) bool {
	switch a.service {
	case "s3", "sts", "sqs", "secretsmanager", "cognito-idp", "cognito-identity", "logs", "dynamodb", "ecr", "aoss":
		return true
	case "kms":
		return a.verb != "retiregrant"
	default:
		return false
	}
}

// add collects the statements of a policy that may have a say.
func (e *evaluation) add(hits []hit, p *Policy, layer Layer, level uint8) []hit {
	if p.Doc == nil {
		e.any = true
		return append(hits, hit{policy: p, layer: layer, level: level, perhaps: asPrincipal, holds: inventory.Unknown, resource: inventory.True})
	}
	var buffer [16]int32
	for _, i := range p.about(&e.q.Action, buffer[:0]) {
		s := &p.statements[i]
		h := hit{policy: p, statement: s, layer: layer, level: level}
		if e.concerns(&h) {
			hits = append(hits, h)
			e.cut = e.cut || h.cut
			e.any = e.any || !s.Deny && (layer == IdentityLayer || layer == ResourceLayer)
		}
	}
	return hits
}

// concerns finds out whether a statement is about the resource and principal and
// whether its conditions hold. It is false if it has no say for certain.
func (e *evaluation) concerns(h *hit) bool {
	s := h.statement
	h.class, h.perhaps = asPrincipal, asPrincipal
	if h.layer == ResourceLayer || h.layer == RCPLayer {
		h.class, h.perhaps = e.named(s)
		if h.perhaps == notNamed {
			return false
		}
	}
	e.extent(h)
	if h.resource == inventory.False && !h.cut {
		return false
	}
	h.holds = inventory.True
	for i := range s.conditions {
		if h.holds = min(h.holds, s.conditions[i].holds(e.q)); h.holds == inventory.False {
			return false
		}
	}
	return true
}

// extent finds out whether a statement is about all of the resources asked for,
// or none. If it is about some, cut is set.
func (e *evaluation) extent(h *hit) {
	s := h.statement
	if s.whole {
		h.resource = inventory.TriOf(h.layer == ResourceLayer || h.layer == RCPLayer)
		return
	}
	asked := e.q.Resource.glob
	h.resource = inventory.False
	for i := range s.resources {
		g, state := s.resources[i].resolve(e.q)
		if state == absent || g.apart(asked) {
			continue
		}
		if asked.kind != globText && !g.covers(asked) { // of a single one, what is not apart covers
			h.cut, h.vague = true, h.vague || state == unknown
			continue
		}
		if state == known {
			h.resource, h.cut, h.vague = inventory.True, false, false
			break
		}
		h.resource = inventory.Unknown
	}
	if s.exempt {
		h.resource = -h.resource
	}
}

// member is extent for those of the resources that some cutting globs match, as
// the bits of a vector say, and others do not.
func (e *evaluation) member(s *statement, cuts []glob, vector uint32) inventory.Tri {
	asked := e.q.Resource.glob
	out := inventory.False
	for i := range s.resources {
		g, state := s.resources[i].resolve(e.q)
		if state == absent || g.apart(asked) {
			continue
		}
		if !g.covers(asked) {
			k := indexGlob(cuts, g)
			if vector&(1<<k) == 0 {
				continue
			}
		}
		if state == known {
			out = inventory.True
			break
		}
		out = inventory.Unknown
	}
	if s.exempt {
		return -out
	}
	return out
}

func indexGlob(all []glob, g glob) int {
	for i := range all {
		if all[i].text == g.text {
			return i
		}
	}
	return -1
}
