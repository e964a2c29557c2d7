package paths

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// raisable tells whether a node would be an administrator if it had a policy
// that allows everything: what limits it stays.
func (a *Analysis) raisable(k int32) inventory.Tri {
	const asked = 8
	if have := a.raised[k].Load(); have != 0 {
		return inventory.Tri(have - asked)
	}
	n := a.nodes[k] // by itself: what is spent here is not the node's, for somebody else asks
	n.budget = a.budget()
	out := a.powerful(&n, a.admin)
	a.raised[k].Store(int32(out) + asked)
	return out
}

// powerfulWith is powerful with the policies of a group.
func (a *Analysis) powerfulWith(n *node, more []*policy.Policy) inventory.Tri {
	with := *n
	with.layers.Identity = append(slices.Clip(n.layers.Identity), more...)
	return a.powerful(&with, nil)
}

// raise looks for a way to be an administrator by changing policies.
func (w *walker) raise(way *way) {
	switch way.how {
	case raiseSelf:
		w.raiseSelf(way)
	case raiseRole:
		w.raiseRole(way)
	case raiseUser:
		w.raiseUser(way)
	case makeNew:
		w.makeNew(way)
	case liftLimit:
		w.lift(way)
	case takeUser, takeRole, passNew, useExisting:
	}
}

// limits notes on what being raised depends.
func (w *walker) limits(t *trial, k int32) bool {
	t.doubt(w.a.raisable(k), "what its boundary, denies or the organisation leave depends on a condition")
	return t.answer >= w.l.want
}

// raiseSelf tries the node's own policies, its groups' and itself.
func (w *walker) raiseSelf(way *way) {
	need := way.needs[0]
	t := w.start()
	if !w.limits(&t, w.i) {
		return
	}
	switch {
	case need.on == onPolicy:
		w.ownPolicies(way, &t)
	case need.on == onGroup && w.n.group:
		w.onSelf(way, &t, w.i)
	case need.on == onGroup:
		groups := w.a.nodes[w.a.people:]
		for k := range groups {
			g := &groups[k]
			if g.account == w.n.account && slices.Contains(w.n.Groups, nameOf(g.ARN)) && w.onSelf(way, &t, int32(w.a.people+k)) {
				return
			}
		}
	case w.n.group:
	case need.on == onRole && w.n.Kind == KindRole, need.on == onUser && w.n.Kind == KindUser:
		w.onSelf(way, &t, w.i)
	}
}

// onSelf asks for the permission of a way on the node or its group.
func (w *walker) onSelf(way *way, base *trial, k int32) bool {
	t, target := trial{answer: base.answer, notes: slices.Clone(base.notes)}, &w.a.nodes[k]
	action := way.needs[0].action
	if !w.can(&t, action, k, purposeOf(action)) {
		return false
	}
	s := step{way: way, to: w.i, raises: true, object: target.name}
	if target != w.n {
		s.via = target.ARN
	}
	return w.keep(&t, &s)
}

// ownPolicies tries the managed policies that the node has.
func (w *walker) ownPolicies(way *way, base *trial) {
	for _, p := range w.n.identity {
		if p.ARN == "" || p.ByAWS || way.id == "muster-001" && p.Versions == 1 {
			continue
		}
		t := trial{answer: base.answer, notes: slices.Clone(base.notes)}
		if way.id == "muster-001" {
			t.doubt(inventory.Unknown, "what the other versions of the policy say was not read")
		}
		if w.onPolicy(&t, way.needs[0].action, p) && w.keep(&t, &step{way: way, to: w.i, via: p.ARN, raises: true, object: p.Name}) {
			return
		}
	}
}

// onPolicy asks for an action on a managed policy.
func (w *walker) onPolicy(t *trial, action string, p *profile) bool {
	d := w.writable(action, p)
	if d.Allowed < w.l.want {
		return false
	}
	t.add(d.Allowed, w.a.evidence(action, p.ARN, d))
	return true
}

// writable is what onPolicy asks.
func (w *walker) writable(action string, p *profile) *policy.Decision {
	ask := func() policy.Decision {
		return w.a.ask(w.n, &question{action: action, resource: policy.One(p.ARN)})
	}
	if p.object == 0 { // a boundary, which is nobody's own
		d := ask()
		return &d
	}
	return w.once(about{action: action}, p.object, ask)
}

// raiseRole tries roles that the node can become and give policies to.
func (w *walker) raiseRole(way *way) {
	if w.n.group {
		return
	}
	assumes := way.needs[1].on == onTrust
	list := w.n.account.roles
	if assumes {
		list = w.a.assumable(w.n)
	}
	switch action := way.needs[0].action; {
	case way.needs[0].on != onPolicy:
		list = w.targets(action, list)
	case !slices.ContainsFunc(w.a.objects.policies, func(p *profile) bool { return w.writable(action, p).Allowed >= w.l.want }):
		return
	}
	no := w.refusals()
	for _, k := range list {
		if no.has(k) {
			continue
		}
		r := &w.a.nodes[k]
		if k == w.i || r.account != w.n.account || r.ServiceRole || r.outcome.certain == levelAdmin {
			continue
		}
		t := w.start()
		if !w.limits(&t, k) || !w.give(&t, way, k, &no) {
			continue
		}
		if assumes {
			if !w.take(&t, k) {
				continue
			}
		} else if !w.can(&t, way.needs[1].action, k, "") || !w.seize(&t, k) {
			no.add(k)
			continue
		}
		if w.keep(&t, &step{way: way, to: k, raises: true, object: r.name}) {
			return
		}
	}
}

// give asks for the permission to give a target a policy.
func (w *walker) give(t *trial, way *way, k int32, no *refusals) bool {
	need := way.needs[0]
	if need.on != onPolicy {
		ok := w.can(t, need.action, k, purposeOf(need.action))
		if !ok {
			no.add(k)
		}
		return ok
	}
	return slices.ContainsFunc(w.a.nodes[k].identity, func(p *profile) bool {
		return p.ARN != "" && !p.ByAWS && w.onPolicy(t, need.action, p)
	})
}

// raiseUser tries users whose policies and credentials the node may write.
func (w *walker) raiseUser(way *way) {
	no := w.refusals()
	for _, k := range w.targets(way.needs[0].action, w.n.account.users) {
		if k == w.i || no.has(k) {
			continue
		}
		u := &w.a.nodes[k]
		if u.outcome.certain == levelAdmin {
			continue
		}
		t := w.start()
		t.vacancy(way, u)
		if t.answer < w.l.want || !w.limits(&t, k) || !w.give(&t, way, k, &no) {
			continue
		}
		if !w.can(&t, way.needs[1].action, k, "") {
			no.add(k)
			continue
		}
		if w.keep(&t, &step{way: way, to: k, raises: true, object: u.name}) {
			return
		}
	}
}

// makeNew tries to make a principal with any policy, on the names that the
// statements about making one allow.
func (w *walker) makeNew(way *way) {
	fresh := w.n.account.fresh
	t := w.start()
	t.doubt(w.a.powerful(fresh, w.a.admin), "what the organisation leaves depends on a condition")
	if t.answer < w.l.want {
		return
	}
	set := w.a.table.match(way.needs[0].action)
	for _, p := range w.n.identity {
		for i := range p.clauses {
			if c := &p.clauses[i]; c.Deny || !meets(c.bits, set) {
				continue
			}
			for _, r := range sample(&p.clauses[i]) {
				if name, ok := w.named(way, r.String()); ok && w.makeAs(way, t, fresh, name) {
					return
				}
			}
		}
	}
}

// named is somebody new whose name a pattern means. It reports false if the
// pattern is of other things than users or roles of the account.
func (w *walker) named(way *way, pattern string) (policy.Resource, bool) {
	kind := allUsers
	if way.needs[0].on == onRole {
		kind = allRoles
	}
	all := strings.TrimSuffix(w.n.account.fill(kind).String(), "*")
	if wild(pattern, all+"somebody-new") {
		return policy.One(all + "somebody-new"), true
	}
	at := strings.LastIndexByte(all[:len(all)-1], ':') // before "role/" or "user/"
	before, name, ok := strings.Cut(pattern, all[at:])
	if !ok || !wild(before, all[:at]) {
		return policy.Resource{}, false
	}
	return policy.One(all + meant(name, "x", "x")), true
}

// makeAs tries one name.
func (w *walker) makeAs(way *way, t trial, fresh *node, names policy.Resource) bool {
	t.notes = slices.Clone(t.notes)
	for i, need := range way.needs {
		d := w.a.attaching(w.n, &question{action: need.action, resource: names, target: fresh, purpose: purposeOf(need.action)})
		answer := d.Allowed
		if i == len(way.needs)-1 {
			answer = d.Some
		}
		t.add(answer, w.a.evidence(need.action, names.String(), &d))
		if t.answer < w.l.want {
			return false
		}
	}
	if way.needs[0].on == onRole {
		d := w.a.assume(w.n, fresh, w.trusting())
		if w.n.group || !w.freely(&t, fresh, &d) {
			return false
		}
	}
	return w.keep(&t, &step{way: way, to: w.i, raises: true, object: "a new one"})
}

// lift tries to take the node's boundary away, which helps if its policies by
// themselves make it an administrator.
func (w *walker) lift(way *way) {
	need := way.needs[0]
	if w.n.boundary == nil || w.n.group || need.on == onRole && w.n.Kind != KindRole || need.on == onUser && w.n.Kind != KindUser {
		return
	}
	without := *w.n
	without.boundary, without.layers.Boundary = nil, nil
	c := w.a.ceiling(&without)
	s := w.a.spanOf(without.identity, &c)
	var o outcome
	w.a.isAdmin(&without, &s, &o)
	t := w.start()
	switch {
	case o.certain == levelAdmin:
	case o.possible == levelAdmin:
		t.doubt(inventory.Unknown, "whether its policies make it an administrator depends on a condition")
	default:
		return
	}
	object := w.n.boundary.Name
	if need.on == onPolicy {
		if w.n.boundary.ByAWS || w.n.boundary.ARN == "" || !w.onPolicy(&t, need.action, w.n.boundary) {
			return
		}
	} else if !w.can(&t, need.action, w.i, "") {
		return
	}
	w.keep(&t, &step{way: way, to: w.i, via: w.n.boundary.ARN, raises: true, object: object})
}
