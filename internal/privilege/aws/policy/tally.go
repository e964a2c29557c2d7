package policy

import "github.com/muster-nhi/muster/internal/inventory"

// A tally is what the layers say of one set of resources.
type tally struct {
	deny                        inventory.Tri
	identity, boundary, session inventory.Tri
	account, role, direct       inventory.Tri // of the resource policy, by class
	scps                        [maxLevels]inventory.Tri
}

// A portion is those of the resources asked for that some cutting globs match and
// the others do not.
type portion struct {
	cuts   []glob
	vector uint32
	blur   bool // not told apart: a statement about some may be about each
}

// outcome combines the layers. among is nil where no statement is about some of
// the resources only.
func (e *evaluation) outcome(t *tally, among *portion) inventory.Tri {
	*t = tally{
		deny: inventory.False, identity: inventory.False, boundary: inventory.False, session: inventory.False,
		account: inventory.False, role: inventory.False, direct: inventory.False,
	}
	for i := range t.scps {
		t.scps[i] = inventory.False
	}
	for i := range e.hits {
		e.count(t, &e.hits[i], among)
	}
	if e.missing {
		t.account, t.role, t.direct = inventory.Unknown, inventory.Unknown, inventory.Unknown
	}
	e.defaults(t)
	return min(e.allowed(t), -t.deny)
}

// defaults fills in layers that limit nothing.
func (e *evaluation) defaults(t *tally) {
	if p := e.q.Principal; p != nil && p.Kind == Root {
		t.identity = inventory.True
	}
	if e.l.Boundary == nil {
		t.boundary = inventory.True
	}
	if e.l.Session == nil {
		t.session = inventory.True
	}
}

func (e *evaluation) count(t *tally, h *hit, among *portion) {
	holds := min(h.holds, h.resource)
	if h.cut {
		if among.blur {
			holds = min(h.holds, inventory.Unknown)
		} else {
			holds = min(h.holds, e.member(h.statement, among.cuts, among.vector))
		}
	}
	if h.statement == nil {
		t.deny = max(t.deny, holds)
	} else if h.statement.Deny {
		if h.class == notNamed {
			holds = min(holds, inventory.Unknown)
		}
		t.deny = max(t.deny, holds)
		return
	}
	switch h.layer {
	case IdentityLayer:
		t.identity = max(t.identity, holds)
	case BoundaryLayer:
		t.boundary = max(t.boundary, holds)
	case SessionLayer:
		t.session = max(t.session, holds)
	case SCPLayer:
		t.scps[h.level] = max(t.scps[h.level], holds)
	case ResourceLayer:
		t.account = max(t.account, h.as(asAccount, holds))
		t.role = max(t.role, h.as(asRole, holds))
		t.direct = max(t.direct, h.as(asPrincipal, holds))
	case NoLayer, RCPLayer:
	}
}

// as limits what a statement of a resource policy grants to how it names the
// principal.
func (h *hit) as(c class, holds inventory.Tri) inventory.Tri {
	switch {
	case h.class >= c:
		return holds
	case h.perhaps >= c:
		return min(holds, inventory.Unknown)
	default:
		return inventory.False
	}
}

// allowed combines what is allowed, explicit denies aside.
func (e *evaluation) allowed(t *tally) inventory.Tri {
	own := min(t.identity, t.boundary, t.session)
	var out inventory.Tri
	switch e.relation {
	case noAccount:
		return t.account
	case crossAccount:
		out = min(own, t.account)
	default:
		if e.required {
			own = min(own, t.account)
		}
		out = max(own, t.direct, min(t.role, t.boundary, t.session))
	}
	return min(out, e.scps(t))
}

// scps is true where every level allows.
func (e *evaluation) scps(t *tally) inventory.Tri {
	out := inventory.True
	if p := e.q.Principal; p != nil && p.ServiceLinked {
		return out
	}
	for i := range min(len(e.l.SCPs), maxLevels) {
		out = min(out, t.scps[i])
	}
	return out
}

// lacks names the first layer that allows nothing, where that decides.
func (e *evaluation) lacks(t *tally, some inventory.Tri) Layer {
	if some != inventory.False || t.deny == inventory.True {
		return NoLayer
	}
	switch {
	case e.relation == noAccount:
		return ResourceLayer
	case t.identity == inventory.False && t.role == inventory.False:
		return IdentityLayer
	case (e.relation == crossAccount || e.required) && t.account == inventory.False:
		return ResourceLayer
	case t.identity == inventory.False && e.relation == crossAccount:
		return IdentityLayer
	case t.boundary == inventory.False:
		return BoundaryLayer
	case t.session == inventory.False:
		return SessionLayer
	case e.scps(t) == inventory.False:
		return SCPLayer
	default:
		return NoLayer
	}
}

// first names the layer that is asked first, for requests that nothing allows.
func (e *evaluation) first() Layer {
	if e.relation == noAccount {
		return ResourceLayer
	}
	return IdentityLayer
}
