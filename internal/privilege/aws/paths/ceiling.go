package paths

// A ceiling is what boundaries and SCPs leave at the level of actions.
// An empty one leaves everything.
type ceiling struct {
	certain, possible bits
}

// ceilingOf is what all layers of an organisation leave.
func (a *Analysis) ceilingOf(layers []Layer) ceiling {
	var out ceiling
	for _, l := range layers {
		var all []*profile
		unread := false
		for _, p := range l.Policies {
			unread = unread || p.Document == nil
			all = append(all, a.profiles.of(p))
		}
		if unread {
			all = append(all, &profile{Policy: &Policy{}, clauses: []clause{{Statement: &a.admin.Doc.Statements[0], bits: a.table.match("*"), width: onAll}}})
		}
		out.lower(a.limit(all))
	}
	return out
}

// limit is what policies that limit leave.
func (a *Analysis) limit(all []*profile) ceiling {
	c := ceiling{newBits(a.table.total), newBits(a.table.total)}
	for _, p := range all {
		if p.Document == nil && p.clauses == nil {
			c.possible.fill(a.table.total)
		}
		for i := range p.clauses {
			if s := &p.clauses[i]; !s.Deny {
				c.possible.or(s.bits)
				if !s.conditional {
					c.certain.or(s.bits)
				}
			}
		}
	}
	for _, p := range all {
		denied(p, c.certain)
		denied(p, c.possible)
	}
	return c
}

// denied takes out what a policy denies on everything without condition.
func denied(p *profile, b bits) {
	for i := range p.clauses {
		if s := &p.clauses[i]; s.Deny && !s.conditional && s.width == onAll && s.NotResources == nil {
			b.not(s.bits)
		}
	}
}

// lower makes a ceiling as low as another where that is lower.
func (c *ceiling) lower(x ceiling) {
	if c.certain == nil {
		*c = x
		return
	}
	c.certain.and(x.certain)
	c.possible.and(x.possible)
}

// ceiling is what a node's boundary and SCPs leave; both sets are new.
func (a *Analysis) ceiling(n *node) ceiling {
	c := ceiling{newBits(a.table.total), newBits(a.table.total)}
	c.certain.fill(a.table.total)
	c.possible.fill(a.table.total)
	if n.boundary != nil {
		c.lower(a.limit([]*profile{n.boundary}))
	}
	if n.account.ceiling.certain != nil && !n.ServiceRole {
		c.lower(n.account.ceiling)
	}
	for _, p := range n.identity {
		denied(p, c.certain)
		denied(p, c.possible)
	}
	return c
}

// mayOf is all actions that some identity policy may allow and nothing takes
// away for certain.
func (a *Analysis) mayOf(n *node, c *ceiling) bits {
	if n.Kind == KindRoot {
		return c.possible
	}
	out := newBits(a.table.total)
	for _, p := range n.identity {
		if p.Document == nil {
			out.fill(a.table.total)
		}
		for i := range p.clauses {
			if !p.clauses[i].Deny {
				out.or(p.clauses[i].bits)
			}
		}
	}
	out.and(c.possible)
	return out
}

// mayDo reports whether an action is among those that a node may be allowed.
func (a *Analysis) mayDo(n *node, action string) bool {
	if i, ok := a.numbers[action]; ok {
		return n.may.has(i)
	}
	return meets(a.table.match(action), n.may)
}
