package paths

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// A walker looks for the first hops of one node into one layer.
type walker struct {
	a   *Analysis
	n   *node
	i   int32
	l   *layer
	out []step

	spent  int // questions
	asked  map[about]*answers
	last   *answers               // of the last question
	taken  map[pair]inventory.Tri // whether it may assume roles
	trust  *policy.Policy         // one that names the node
	allows map[string]bits        // by action, the principals that statements about it mean; nil is all
}

// A trial adds up the answers that one step needs.
type trial struct {
	answer   inventory.Tri
	evidence []Evidence
	notes    []string
}

func (t *trial) add(answer inventory.Tri, e Evidence) {
	t.answer = min(t.answer, answer)
	t.evidence = append(t.evidence, e)
	if answer == inventory.Unknown && e.Note != "" {
		t.notes = append(t.notes, e.Permission+" "+e.Note)
	}
}

// doubt makes the answer no better than another, and says why.
func (t *trial) doubt(answer inventory.Tri, note string) {
	t.answer = min(t.answer, answer)
	if answer == inventory.Unknown {
		t.notes = append(t.notes, note)
	}
}

// start begins a trial.
func (w *walker) start() trial { return trial{answer: inventory.True} }

// keep adds a step if its trial is good enough, and reports whether it was.
func (w *walker) keep(t *trial, s *step) bool {
	if t.answer < w.l.want {
		return false
	}
	s.certain, s.evidence, s.notes = t.answer == inventory.True, t.evidence, t.notes
	w.out = append(w.out, *s)
	return true
}

// can asks for an action on a node.
func (w *walker) can(t *trial, action string, k int32, purpose string) bool {
	d := w.may(action, k, purpose)
	if d.Allowed < w.l.want {
		return false
	}
	t.add(d.Allowed, w.a.evidence(action, w.a.nodes[k].ARN, d))
	return true
}

// may is what can asks.
func (w *walker) may(action string, k int32, purpose string) *policy.Decision {
	return w.once(about{action, purpose}, k, func() policy.Decision {
		target := &w.a.nodes[k]
		return w.a.attaching(w.n, &question{action: action, resource: target.self, target: target, purpose: purpose})
	})
}

// attaching is ask, which for giving somebody a policy tries several that make
// an administrator.
func (a *Analysis) attaching(n *node, q *question) policy.Decision {
	best := a.ask(n, q)
	if q.purpose != attach || !a.keys.attached {
		return best
	}
	for _, arn := range n.account.strong {
		if best.Allowed == inventory.True {
			break
		}
		try := *q
		try.purpose = attach + " " + arn
		if d := a.ask(n, &try); d.Allowed > best.Allowed {
			best = d
		}
	}
	return best
}

// strongest is how many policies of an account are tried for being attached.
const strongest = 8

// strongOf lists policies that make whoever has them an administrator, or let
// them become one by themselves: two of AWS, then those of the account.
func (a *Analysis) strongOf(x *Account) []string {
	aws := "arn:" + cmp.Or(x.Partition, "aws") + ":iam::aws:policy/"
	out := []string{aws + "AdministratorAccess", aws + "IAMFullAccess"}
	for _, p := range x.Policies {
		if len(out) == strongest {
			break
		}
		if profile := a.profiles.of(p); !p.ByAWS && p.ARN != "" && slices.ContainsFunc(profile.clauses, func(c clause) bool {
			return !c.Deny && !c.conditional && c.width == onAll && a.table.match("iam:*").within(c.bits)
		}) {
			out = append(out, p.ARN)
		}
	}
	return out
}

// purposeOf is attach for actions that give policies.
func purposeOf(action string) string {
	if strings.HasPrefix(action, "iam:Attach") {
		return attach
	}
	return ""
}

// join looks for a group of the layer that a user may put itself into.
func (w *walker) join(way *way) {
	if w.n.Kind != KindUser || w.n.group {
		return
	}
	no := w.refusals()
	for _, k := range w.l.group[w.n.account] {
		g := &w.a.nodes[k]
		t := w.start()
		if no.has(k) || !w.can(&t, way.needs[0].action, k, "") {
			no.add(k)
			continue
		}
		var more []*policy.Policy
		for _, p := range g.identity {
			more = append(more, p.compiled)
		}
		if w.l.admin && w.l.first {
			t.doubt(w.a.powerfulWith(w.n, more), "whether the group makes it an administrator depends on its own limits")
		} else if w.n.boundary != nil {
			t.doubt(inventory.Unknown, "its permissions boundary may take away what the group gives")
		}
		if w.keep(&t, &step{way: way, to: k, via: g.ARN, object: g.name}) {
			return
		}
	}
}

// takeUser looks for a user of the layer whose credentials the node may make.
func (w *walker) takeUser(way *way) {
	no := w.refusals()
	for _, k := range w.targets(way.needs[0].action, w.l.users[w.n.account]) {
		if k == w.i || no.has(k) {
			continue
		}
		u, t := &w.a.nodes[k], w.start()
		t.vacancy(way, u)
		if t.answer < w.l.want {
			continue
		}
		if slices.ContainsFunc(way.needs, func(x need) bool { return !w.can(&t, x.action, k, "") }) {
			no.add(k)
			continue
		}
		if w.keep(&t, &step{way: way, to: k, object: u.name}) {
			return
		}
	}
}

// vacancy tells whether a user has room for the credential that a way makes.
func (t *trial) vacancy(way *way, u *node) {
	switch way.id {
	case "iam-002", "iam-015", "iam-018":
		if u.AccessKeys >= 2 {
			t.answer = inventory.False
		} else if u.AccessKeys < 0 {
			t.notes = append(t.notes, "the user may have no more than one access key")
		}
	case "iam-003":
		if u.AccessKeys < 2 {
			t.answer = inventory.False
		}
	case "iam-004":
		t.doubt(-u.Password, "whether the user has a password already is not known")
	case "iam-006":
		t.doubt(u.Password, "whether the user has a password is not known")
	}
}

// takeRole looks for a role of the layer that the node may assume, or make
// assumable.
func (w *walker) takeRole(way *way) {
	if way.needs[0].on == onTrust {
		for _, k := range w.a.assumable(w.n) {
			if k == w.i || !w.l.has(k) {
				continue
			}
			t := w.start()
			if w.take(&t, k) && w.keep(&t, &step{way: way, to: k, object: w.a.nodes[k].name}) {
				return
			}
		}
		return
	}
	no := w.refusals()
	for _, k := range w.targets(way.needs[0].action, w.l.roles[w.n.account]) {
		r := &w.a.nodes[k]
		if k == w.i || no.has(k) || r.ServiceRole || w.n.group {
			continue
		}
		t := w.start()
		if !w.can(&t, way.needs[0].action, k, "") || !w.seize(&t, k) {
			no.add(k)
			continue
		}
		if w.keep(&t, &step{way: way, to: k, object: r.name}) {
			return
		}
	}
}

// take asks whether the node may assume a role that has the trust policy which
// it has. Roles of one class whose trust policies say the same are refused alike.
func (w *walker) take(t *trial, k int32) bool {
	at := pair{w.classing().of(k), w.a.objects.trusts[k]}
	if answer, asked := w.taken[at]; asked && answer < w.l.want {
		return false
	}
	r, d := &w.a.nodes[k], unasked()
	if w.spend() {
		d = w.a.assume(w.n, r, r.trust)
	}
	if w.taken == nil {
		w.taken = map[pair]inventory.Tri{}
	}
	w.taken[at] = d.Allowed
	t.add(d.Allowed, w.a.evidence("sts:AssumeRole", r.ARN, &d))
	return t.answer >= w.l.want
}

// seize asks whether the node may assume a role whose trust policy it writes.
func (w *walker) seize(t *trial, k int32) bool {
	r := &w.a.nodes[k]
	d := w.once(about{"sts:AssumeRole", ownTrust}, k, func() policy.Decision { return w.a.assume(w.n, r, w.trusting()) })
	return w.freely(t, r, d)
}

// freely adds an answer about a role with a trust policy of the node's own, which
// by itself is no evidence.
func (w *walker) freely(t *trial, r *node, d *policy.Decision) bool {
	if d.Allowed != inventory.True {
		t.add(d.Allowed, w.a.evidence("sts:AssumeRole", r.ARN, d))
	}
	return t.answer >= w.l.want
}

// trusting is a trust policy that names the node.
func (w *walker) trusting() *policy.Policy {
	if w.trust == nil {
		w.trust = trusting(w.n.ARN)
	}
	return w.trust
}

// targets narrows a list down to those that the statements about an action can
// mean.
func (w *walker) targets(action string, list []int32) []int32 {
	if len(list) < 4 {
		return list
	}
	means, have := w.allows[action]
	if !have {
		if w.allows == nil {
			w.allows = map[string]bits{}
		}
		means = w.meant(action)
		w.allows[action] = means
	}
	if means == nil {
		return list
	}
	var out []int32
	for _, k := range list {
		if means.has(int(k)) {
			out = append(out, k)
		}
	}
	return out
}

// meant is the principals that the statements about an action can mean; nil if
// they can mean all.
func (w *walker) meant(action string) bits {
	number, ok := w.a.numbers[action]
	if !ok {
		return nil
	}
	out := newBits(len(w.a.nodes))
	for _, p := range w.n.identity {
		if p.Document == nil {
			return nil
		}
		for i := range p.clauses {
			c := &p.clauses[i]
			if c.Deny || !c.bits.has(number) {
				continue
			}
			if c.NotResources != nil || c.width == onAll {
				return nil
			}
			for _, r := range c.Resources {
				k, exact := w.a.index[r]
				switch {
				case exact:
					out.set(int(k))
				case strings.ContainsAny(r, "*?$"):
					for _, k := range w.a.matching(r) {
						out.set(int(k))
					}
				}
			}
		}
	}
	return out
}

// matching lists the principals whose ARN a pattern means, in order. Variables
// may be anything.
func (a *Analysis) matching(pattern string) []int32 {
	if have, ok := a.matched.Load(pattern); ok {
		if list, ok := have.([]int32); ok {
			return list
		}
	}
	plain := withoutVariables(pattern)
	prefix := plain
	if k := strings.IndexAny(plain, "*?"); k >= 0 {
		prefix = plain[:k]
	}
	var out []int32
	people := a.nodes[:a.people]
	at, _ := slices.BinarySearchFunc(people, prefix, func(n node, p string) int { return strings.Compare(n.ARN, p) })
	for ; at < len(people) && strings.HasPrefix(people[at].ARN, prefix); at++ {
		if wild(plain, people[at].ARN) {
			out = append(out, int32(at))
		}
	}
	a.matched.Store(pattern, out)
	return out
}

// meets reports whether two sets have a member in common.
func meets(x, y bits) bool {
	for i := range x {
		if x[i]&y[i] != 0 {
			return true
		}
	}
	return false
}

// pass looks for a role of the layer that the node may hand to a service, and
// start something there.
func (w *walker) pass(way *way) {
	bit := w.a.trust.bits[way.service]
	var rest trial
	asked := false
	no := w.refusals()
	for _, k := range w.targets("iam:PassRole", w.l.roles[w.n.account]) {
		if no.has(k) {
			continue
		}
		r := &w.a.nodes[k]
		if k == w.i || (r.services|r.maybe)&bit == 0 || r.ServiceRole || way.service == "ec2.amazonaws.com" && len(r.Profiles) == 0 {
			continue
		}
		if !asked {
			rest, asked = w.rest(way, ""), true
		}
		if rest.answer < w.l.want {
			return
		}
		if w.may("iam:PassRole", k, way.service).Allowed < w.l.want {
			no.add(k)
			continue
		}
		others := rest
		if rest.answer == inventory.Unknown && len(r.Profiles) > 0 && way.service == "ec2.amazonaws.com" {
			others = w.rest(way, profiled+" "+r.Profiles[0])
		}
		t := trial{answer: others.answer, notes: slices.Clone(others.notes)}
		if r.services&bit == 0 {
			t.doubt(inventory.Unknown, "whether the role's trust policy lets "+way.service+" in depends on a condition")
		}
		if t.answer < w.l.want || !w.can(&t, "iam:PassRole", k, way.service) {
			continue
		}
		t.evidence = append(t.evidence, others.evidence...)
		if w.keep(&t, &step{way: way, to: k, object: r.name}) {
			return
		}
	}
}

// rest asks for what a way needs beside passing a role.
func (w *walker) rest(way *way, purpose string) trial {
	t := w.start()
	for _, need := range way.needs {
		var d policy.Decision
		switch need.on {
		case onAny:
			d = w.a.anything(w.n, need.action, purpose)
		case onDocument:
			d = w.a.document(w.n)
		case onUser, onRole, onPolicy, onGroup, onConsumer, onTrust:
			continue
		}
		t.add(d.Some, w.a.evidence(need.action, "", &d))
		if t.answer < w.l.want {
			return t
		}
	}
	if way.how == passNew && way.consumer != "" {
		prefix, _, _ := strings.Cut(way.consumer, ".")
		switch there := w.n.account.has(way.consumer, prefix); there {
		case inventory.False:
			t.answer = inventory.False
		case inventory.Unknown:
			t.doubt(there, "whether the account has one to use ("+way.consumer+") was not read")
		case inventory.True:
		}
	}
	return t
}

// has tells whether an account has a consumer of a type. Clusters are seen by
// what runs on them.
func (x *account) has(kind, prefix string) inventory.Tri {
	if x.runs[kind] > 0 {
		return inventory.True
	}
	if kind == "ecs.cluster" && (x.runs["ecs.service"] > 0 || x.runs["ecs.task"] > 0) {
		return inventory.True
	}
	if x.Read[kind] || x.Read[prefix] {
		return inventory.False
	}
	return inventory.Unknown
}

// use looks for something that runs as a role of the layer and that the node
// may put to its use.
func (w *walker) use(way *way) {
	acc := w.n.account
	rest := w.rest(way, "")
	if rest.answer < w.l.want {
		return
	}
	no := w.refusals()
	for _, x := range w.l.runs[acc][way.consumer] {
		if x.role == w.i || no.has(x.object) {
			continue
		}
		t := trial{answer: rest.answer, notes: slices.Clone(rest.notes)}
		if !w.onConsumer(&t, way, x) {
			no.add(x.object)
			continue
		}
		if w.keep(&t, &step{way: way, to: x.role, via: x.ARN, object: w.a.nodes[x.role].name}) {
			return
		}
	}
	if w.l.want == inventory.True || acc.Read[way.consumer] {
		return
	}
	w.useUnread(way, rest)
}

// useUnread takes it that something runs as each role whose trust lets the service of
// a way in. What the way needs is asked of all that the service runs, once.
func (w *walker) useUnread(way *way, t trial) {
	acc, bit := w.n.account, w.a.trust.bits[way.service]
	all := acc.fill("arn:PARTITION:" + way.consumer[:strings.IndexByte(way.consumer, '.')] + ":*:ACCOUNT:*")
	t.doubt(inventory.Unknown, "whether anything ("+way.consumer+") runs as it was not read")
	for _, need := range way.needs {
		if need.on != onConsumer {
			continue
		}
		d := w.a.ask(w.n, &question{action: need.action, resource: all})
		t.add(d.Some, w.a.evidence(need.action, all.String(), &d))
		if t.answer < w.l.want {
			return
		}
	}
	for _, k := range w.l.roles[acc] {
		r := &w.a.nodes[k]
		if k == w.i || (r.services|r.maybe)&bit == 0 || r.ServiceRole {
			continue
		}
		if w.keep(&t, &step{way: way, to: k, object: r.name}) {
			return
		}
	}
}

// onConsumer asks for what a way needs on what runs under a role.
func (w *walker) onConsumer(t *trial, way *way, x running) bool {
	for _, need := range way.needs {
		if need.on != onConsumer {
			continue
		}
		resource := w.a.objects.of[x.object]
		d := w.once(about{action: need.action}, x.object, func() policy.Decision {
			return w.a.ask(w.n, &question{action: need.action, resource: resource, on: w.n.account.policies[x.ARN], target: targetOf(x.Consumer)})
		})
		if d.Some < w.l.want {
			return false
		}
		t.add(d.Some, w.a.evidence(need.action, resource.String(), d))
	}
	return true
}
