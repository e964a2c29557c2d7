package paths

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// An outcome is what a node may do by itself.
type outcome struct {
	certain, possible inventory.Level
	reasons           []Reason
	capabilities      []string
	perhaps           []string // capabilities that hang on what is unknown
	wildcards         []string
	unknown           []string
	dear              int // questions about patterns that were asked
	tried             int // examples that were not allowed for certain
}

const (
	levelAdmin    = inventory.LevelAdmin
	levelEscalate = inventory.LevelEscalate
	levelWrite    = inventory.LevelWrite
	levelRead     = inventory.LevelRead
	levelNone     = inventory.LevelNone
)

// raise makes the outcome at least as high as a level.
func (o *outcome) raise(level inventory.Level, certain bool) {
	if level.Rank() > o.possible.Rank() {
		o.possible = level
	}
	if certain && level.Rank() > o.certain.Rank() {
		o.certain = level
	}
}

// A span is the actions that identity policies allow, on everything and on
// something, for certain and perhaps.
type span struct {
	all, some, maybeAll bits
}

// spanOf adds up what policies allow beneath a ceiling.
func (a *Analysis) spanOf(policies []*profile, c *ceiling) span {
	s := span{newBits(a.table.total), newBits(a.table.total), newBits(a.table.total)}
	for _, p := range policies {
		if p.Document == nil {
			s.maybeAll.fill(a.table.total)
		}
		for i := range p.clauses {
			x := &p.clauses[i]
			if x.Deny || x.width == onSelf {
				continue
			}
			if !x.conditional {
				s.some.or(x.bits)
			}
			if x.width == onAll {
				s.maybeAll.or(x.bits)
				if !x.conditional {
					s.all.or(x.bits)
				}
			}
		}
	}
	s.all.and(c.certain)
	s.some.and(c.certain)
	s.maybeAll.and(c.possible)
	return s
}

// own finds out what a node may do by itself.
func (a *Analysis) own(n *node) {
	c := a.ceiling(n)
	n.may = a.mays.one(a.mayOf(n, &c))
	n.outcome = a.assess(n, n.identity, &c)
}

// assess finds out what some of a node's identity policies give it, beneath all
// that limits it.
func (a *Analysis) assess(n *node, policies []*profile, c *ceiling) outcome {
	o := outcome{certain: levelNone, possible: levelNone}
	s := a.spanOf(policies, c)
	if n.Kind == KindRoot {
		s.all, s.maybeAll = c.certain, c.possible
	}
	a.isAdmin(n, &s, &o)
	for _, p := range policies {
		if p.Document == nil {
			o.unknown = append(o.unknown, "policy "+p.Name+" could not be read")
			o.raise(levelAdmin, false)
		}
		if o.certain != levelAdmin {
			a.clauses(n, p, c, &o)
		}
	}
	if o.certain == levelAdmin {
		o.capabilities, o.wildcards = []string{"admin.all"}, []string{"*"}
		o.reasons = slices.Insert(o.reasons, 0, a.adminReason(n, policies))
		return o
	}
	o.capabilities, o.perhaps = a.capabilities(n)
	o.wildcards = a.wildcards(n, policies, &s, c)
	slices.SortStableFunc(o.reasons, func(x, y Reason) int { return y.Rank() - x.Rank() })
	return o
}

// isAdmin tells whether nearly every action is allowed on everything, some of
// each power among them.
func (a *Analysis) isAdmin(n *node, s *span, o *outcome) {
	nearly := func(b bits) bool { return b.count() >= a.table.total/10*9 }
	switch {
	case a.table.total == 0 || !nearly(s.maybeAll):
	case nearly(s.all):
		switch a.powerful(n, nil) {
		case inventory.True:
			o.raise(levelAdmin, true)
		case inventory.Unknown:
			o.raise(levelAdmin, false)
		case inventory.False:
		}
	case a.powerful(n, nil) != inventory.False:
		o.raise(levelAdmin, false)
	}
}

// powerful asks for the powers of an administrator, with a further policy
// unless that is nil. A guard around single resources takes no power away.
func (a *Analysis) powerful(n *node, more *policy.Policy) inventory.Tri {
	out := inventory.True
	for _, group := range powers() {
		best := inventory.False
		for _, action := range group {
			d := a.some(n, &question{action: action, resource: policy.Matching("*"), more: more})
			if best = max(best, d.Some); best == inventory.True {
				break
			}
		}
		if out = min(out, best); out == inventory.False {
			break
		}
	}
	return out
}

// adminReason points at the widest statement.
func (a *Analysis) adminReason(n *node, policies []*profile) Reason {
	if n.Kind == KindRoot {
		return Reason{Text: "the root user may do everything", Certain: true}
	}
	var best *clause
	var of *profile
	for _, p := range policies {
		for i := range p.clauses {
			if x := &p.clauses[i]; !x.Deny && x.width == onAll && (best == nil || x.bits.count() > best.bits.count()) {
				best, of = x, p
			}
		}
	}
	if best == nil {
		return Reason{Text: "allows everything", Certain: true}
	}
	e := Evidence{Permission: "*", Resource: "*", Policy: of.Name, PolicyARN: of.ARN, Sid: best.Sid, Statement: best.Index}
	return Reason{Text: "allows " + actionsOf(best) + " on " + resourcesOf(best) + " (" + e.where() + ")", Certain: true, Evidence: []Evidence{e}, Level: levelAdmin}
}

// clauses finds what each statement of a policy gives.
func (a *Analysis) clauses(n *node, p *profile, c *ceiling, o *outcome) {
	left, writes := newBits(a.table.total), newBits(a.table.total)
	for i := range p.clauses {
		x := &p.clauses[i]
		if x.Deny {
			continue
		}
		copy(left, x.bits)
		left.and(c.possible)
		copy(writes, left)
		writes.not(a.table.read)
		writes.not(a.idle)
		left.and(a.table.read)
		if x.width == onSelf {
			clear(writes) // its own credentials are nobody else's affair
		}
		given := levelNone
		switch {
		case a.gives(n, p, x, writes, levelWrite, o):
			given = levelWrite
		case a.gives(n, p, x, left, levelRead, o):
			given = levelRead
		}
		a.unlisted(n, p, x, given, o)
	}
}

// most is about how many actions of a statement are tried, spread over all.
// Those that are denied on everything are left out before.
const most = 48

// thorough is how many questions about all resources of a statement are asked,
// where one about an example does not settle it.
const thorough = 6

// patient is how many of them are asked about all statements of a principal.
const patient = 48

// A trying is the search for an action of a set that a statement gives.
type trying struct {
	a      *Analysis
	n      *node
	o      *outcome
	set    bits
	best   inventory.Tri
	by     Evidence
	dear   int
	closed bool // a deny is about all of the set
	short  bool // not all were tried that would have been
}

// try asks for an action on what a pattern means: on an example, and on all of it
// where that does not settle it.
func (x *trying) try(action string, example, all policy.Resource) {
	q := question{action: action, resource: example, on: x.a.policyOf(x.n, action, all)}
	d := x.a.ask(x.n, &q)
	if d.Some != inventory.True {
		x.o.tried++
	}
	if d.Some != inventory.True && x.dear < thorough && x.o.dear < patient {
		q.resource = all
		d = x.a.ask(x.n, &q)
		x.dear, x.o.dear = x.dear+1, x.o.dear+1
	}
	if x.best == inventory.False || d.Some > x.best {
		d = x.a.chosen(x.n, &q, d, picked)
	}
	x.closed = x.closed || d.Some == inventory.False && x.a.closed(&d, x.set)
	if d.Some > x.best {
		x.best, x.by = d.Some, x.a.evidence(action, all.String(), &d)
	}
}

// left reports whether there may be something that was not asked for.
func (x *trying) left(total int) bool {
	switch {
	case x.closed:
		return false
	case x.short:
		return true
	default:
		return (total > most || x.dear >= thorough || x.o.dear >= patient) && denies(x.n, x.set)
	}
}

// gives finds an action of a set that a statement gives, and adds the reason.
func (a *Analysis) gives(n *node, p *profile, x *clause, set bits, level inventory.Level, o *outcome) bool {
	if !set.any() {
		return false
	}
	t := trying{a: a, n: n, o: o, set: set, best: inventory.False}
	total := set.count()
	resources := sample(x)
	examples := make([]policy.Resource, len(resources))
	for i, r := range resources {
		examples[i] = example(r)
	}
	set.spread(most, func(at, i int) bool {
		if t.short = at > 0 && o.tried >= a.tried; t.short {
			return false
		}
		action := a.table.name(i)
		for k, r := range resources {
			t.try(action, examples[k], r)
		}
		return t.best != inventory.True && !t.closed
	})
	unasked := " was not asked of every action and resource"
	if t.best == inventory.False {
		if t.left(total) && a.alone(n, p, x, set) {
			o.raise(level, false)
			o.unknown = append(o.unknown, p.Name+": whether its denies leave anything of "+actionsOf(x)+unasked)
		}
		return false
	}
	e := t.by
	e.Policy, e.PolicyARN, e.Sid, e.Statement = p.Name, p.ARN, x.Sid, x.Index
	o.raise(level, t.best == inventory.True)
	text := "allows " + actionsOf(x) + " on " + resourcesOf(x) + " (" + e.where() + ")"
	o.reasons = append(o.reasons, Reason{Text: text, Certain: t.best == inventory.True, Evidence: []Evidence{e}, Level: level})
	if t.best == inventory.Unknown && e.Note != "" {
		o.unknown = append(o.unknown, e.where()+": "+e.Note)
	}
	if t.short {
		o.unknown = append(o.unknown, p.Name+": whether any of "+actionsOf(x)+" is certain"+unasked)
	}
	return true
}

// alone reports whether a statement may give anything of a set where no other
// statement of the caller has a say: what that is not, a deny cannot leave over.
func (a *Analysis) alone(n *node, p *profile, x *clause, set bits) bool {
	only := policy.Compile(p.Name, &policy.Document{Version: p.Document.Version, Statements: []policy.Statement{*x.Statement}})
	resources, gives := sample(x), false
	set.spread(most, func(_, i int) bool {
		action := a.table.name(i)
		gives = slices.ContainsFunc(resources, func(r policy.Resource) bool {
			return a.some(n, &question{action: action, resource: r, on: a.policyOf(n, action, r), only: only}).Some != inventory.False
		})
		return !gives
	})
	return gives
}

// policyOf is the policy of a resource that a statement names, as far as it has a
// say in what the statement gives: of a key always, of what is in another account as
// well. It is the one that was read. For a key of the account that is not known it is
// the one that AWS gives to new keys, which leaves it to IAM; for what is in another
// account it is one that was not read. What a statement gives is asked here; whose
// key lets it in is for Reach.
func (a *Analysis) policyOf(n *node, action string, r policy.Resource) *policy.Policy {
	account := cmp.Or(policy.AccountOf(r.String()), n.account.ID)
	other, key := account != n.account.ID, strings.HasPrefix(action, "kms:")
	if !other && !key {
		return nil
	}
	if x := a.accounts[account]; x != nil && x.policies[r.String()] != nil {
		return x.policies[r.String()]
	}
	switch {
	case !other:
		return n.account.lenient
	case key, strings.Contains(r.String(), ":iam::"): // what is not given, a key still has; users and policies have none
		return nil
	default:
		return a.unread
	}
}

// closed reports whether a deny that holds is about all of a set on everything.
func (a *Analysis) closed(d *policy.Decision, set bits) bool {
	return slices.ContainsFunc(d.Because, func(r policy.Reason) bool {
		p := a.profiles.owner[r.Policy]
		if p == nil || r.Statement == nil || !r.Statement.Deny || r.Holds != inventory.True {
			return false
		}
		return slices.ContainsFunc(p.clauses, func(c clause) bool {
			return c.Index == r.Statement.Index && c.Deny && c.width == onAll && c.NotResources == nil && set.within(c.bits) && general(c.Statement)
		})
	})
}

// general reports whether the conditions of a statement are about who asks only,
// so that they hold for all of its requests or for none.
func general(s *policy.Statement) bool {
	return !slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool { return !strings.HasPrefix(c.Key, "aws:principal") })
}

// denies reports whether some policy of a node denies some of a set, on
// something or on a condition.
func denies(n *node, set bits) bool {
	return slices.ContainsFunc(append(slices.Clip(n.identity), n.boundary), func(p *profile) bool {
		return p != nil && slices.ContainsFunc(p.clauses, func(x clause) bool { return x.Deny && meets(x.bits, set) })
	})
}

// unlisted finds the most that a statement gives by actions that the table does not
// have, if that is more than what is given by those that it has.
func (a *Analysis) unlisted(n *node, p *profile, x *clause, given inventory.Level, o *outcome) {
	var best Reason
	for _, action := range x.unlisted {
		level := levelByVerb(action)
		if level.Rank() <= given.Rank() || level == levelWrite && x.width == onSelf {
			continue
		}
		for _, r := range sample(x) {
			q := question{action: strings.Trim(action, "*?"), resource: r, on: a.policyOf(n, action, r)}
			d := a.chosen(n, &q, a.ask(n, &q), picked)
			if d.Some == inventory.False {
				continue
			}
			certain := d.Some == inventory.True
			o.raise(level, certain)
			if level.Rank() < best.Level.Rank() || level == best.Level && (best.Certain || !certain) {
				continue
			}
			e := a.evidence(action, r.String(), &d)
			e.Policy, e.PolicyARN, e.Sid, e.Statement = p.Name, p.ARN, x.Sid, x.Index
			best = Reason{
				Text:    "allows " + action + ", which AWS does not list, on " + resourcesOf(x) + " (" + e.where() + ")",
				Certain: certain, Evidence: []Evidence{e}, Level: level,
			}
		}
	}
	if best.Text == "" {
		return
	}
	o.reasons = append(o.reasons, best)
	if e := &best.Evidence[0]; e.Note != "" {
		o.unknown = append(o.unknown, e.where()+": "+e.Note)
	}
}

// sample is the resources of a statement that questions are about.
func sample(x *clause) []policy.Resource {
	if x.NotResources != nil || len(x.Resources) == 0 {
		return []policy.Resource{policy.Matching("*")}
	}
	var out []policy.Resource
	for _, r := range x.Resources[:min(3, len(x.Resources))] {
		out = append(out, policy.Matching(withoutVariables(r)))
	}
	return out
}

// withoutVariables puts stars in place of variables.
func withoutVariables(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "${")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteByte('*')
		_, s, _ = strings.Cut(rest, "}")
	}
}

// actionsOf words the actions of a statement.
func actionsOf(x *clause) string {
	if x.NotActions != nil {
		return "everything but " + brief(x.NotActions)
	}
	return brief(x.Actions)
}

// resourcesOf words the resources of a statement.
func resourcesOf(x *clause) string {
	if x.NotResources != nil {
		return "everything but " + brief(x.NotResources)
	}
	return brief(x.Resources)
}

// brief lists at most three members, wildcards on a whole service first.
func brief(l []string) string {
	l = slices.Clone(l)
	slices.SortStableFunc(l, func(x, y string) int { return breadth(y) - breadth(x) })
	if len(l) > 3 {
		return strings.Join(l[:3], ", ") + " and " + strconv.Itoa(len(l)-3) + " more"
	}
	return strings.Join(l, ", ")
}

// breadth puts "*" before "iam:*" before the rest.
func breadth(action string) int {
	switch {
	case strings.Trim(action, "*:") == "":
		return 2
	case strings.HasSuffix(action, ":*") && !strings.HasPrefix(action, "arn:"):
		return 1
	default:
		return 0
	}
}
