package reach

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// A grantKey names what one binding gives, whoever holds it.
type grantKey struct {
	role      *rbac.Role
	namespace string
}

// Principals returns all accounts that were listed and all subjects that
// bindings name, accounts first, then users, then groups, each by name.
func (a *Analysis) Principals() []Principal {
	out := make([]Principal, 0, len(a.nodes))
	for i := range a.nodes {
		if a.nodes[i].principal.Kind != "" {
			out = append(out, a.nodes[i].principal)
		}
	}
	return out
}

// Authorizer is the evaluator that the analysis asks.
func (a *Analysis) Authorizer() *rbac.Authorizer { return a.auth }

// Account is Of for a service account.
func (a *Analysis) Account(namespace, name string) Result {
	return a.Of(Principal{rbac.KindServiceAccount, namespace, name})
}

// Of returns what a principal amounts to through all its bindings and groups. It
// answers for principals that the estate does not name too.
func (a *Analysis) Of(p Principal) Result {
	user := a.user(p)
	self, ok := a.index[p]
	var c *class
	if ok {
		c = a.nodes[self].class
	} else {
		self = -1
		c = a.classOf(user)
	}
	if c.out == nil {
		if c.edges == nil {
			c.edges = a.edges(c.view)
		}
		c.out = a.outcomeOf(c.view, c.edges)
		c.joined = a.joined(c.view, c.out)
	}
	var r Result
	if c.joined || len(c.view.held) == 0 || c.view.master || builtIn(p) {
		r = a.result(p, self, &user, c.view, c.edges, c.out)
		r.Joined = c.joined
	} else {
		r = a.merged(p, self, &user, c)
	}
	if a.unseen.Bindings != "" {
		r.unknown("bindings were not all listed: " + a.unseen.Bindings)
	}
	return r
}

// merged puts the results of single grants together where they give no more
// together than each by itself.
func (a *Analysis) merged(p Principal, self int32, user *rbac.User, c *class) Result {
	o := c.out
	r := Result{Level: none, Capabilities: o.capabilities, Cluster: o.cluster, Namespaces: o.namespaces, Secrets: o.secrets}
	if len(c.view.held) == 1 {
		r = *a.grant(p, self, user, c.view.held[0].Held)
		r.Namespaces = o.namespaces
		return r
	}
	singles := make([]*Result, len(c.view.held))
	for i := range c.view.held {
		singles[i] = a.grant(p, self, user, c.view.held[i].Held)
	}
	slices.SortStableFunc(singles, func(x, y *Result) int { return y.Level.Rank() - x.Level.Rank() })
	for _, x := range singles {
		if x.Level.Rank() > r.Level.Rank() {
			r.Level = x.Level
		}
		if x.Level.Rank() > none.Rank() {
			r.Reasons = appendNew(r.Reasons, x.Reasons)
		}
		r.Unknown = appendNew(r.Unknown, x.Unknown)
		r.Paths = append(r.Paths, x.Paths...)
	}
	if len(r.Reasons) == 0 {
		r.Reasons = singles[0].Reasons
	}
	r.Reasons = r.Reasons[:min(len(r.Reasons), maxReasons+1)]
	if len(o.unknown) > 0 && r.Level != inventory.LevelAdmin || len(r.Unknown) > 0 && r.Level.Rank() < levelEscalate.Rank() {
		r.Level = inventory.LevelUnknown
	}
	slices.SortStableFunc(r.Paths, comparePaths)
	r.Paths = slices.Clip(r.Paths[:min(len(r.Paths), MaxPaths)])
	return r
}

// appendNew appends what a list does not have yet.
func appendNew(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// comparePaths orders paths: certain ones first, to cluster-admin first, those
// that give all of something before others, then the shortest.
func comparePaths(x, y Path) int {
	rank := func(p *Path) int {
		n := len(p.Hops)
		if !p.Certain {
			n += 1000
		}
		if !p.strong {
			n += 100
		}
		if p.Leads != clusterAdmin {
			n += 10
		}
		if strings.HasPrefix(p.Leads, "secrets of namespace") {
			n += 10
		}
		return n
	}
	return rank(&x) - rank(&y)
}

// Grant returns what one binding of the policy, by namespace (empty for a
// ClusterRoleBinding) and name, gives to one of its subjects by itself. It
// reports false if there is no such binding.
func (a *Analysis) Grant(namespace, name string, subject rbac.Subject) (Result, bool) {
	b := a.bindings[[2]string{namespace, name}]
	if b == nil {
		return Result{}, false
	}
	p, ok := principalOf(subject, namespace)
	if !ok {
		return Result{Level: inventory.LevelNone, Reasons: []string{"a subject of kind " + subject.Kind + " is nobody"}}, true
	}
	self, ok := a.index[p]
	if !ok {
		self = -1
	}
	user := a.user(p)
	return *a.grant(p, self, &user, rbac.Held{Binding: b, Role: a.auth.RoleOf(b), Namespace: namespace}), true
}

// A memo names the result of one binding for one node.
type memo struct {
	binding *rbac.Binding
	self    int32
}

// grant is the result of one holding, each made once. It is shared and must not
// change. That of a role that leads nowhere is the same for all who hold it, which
// is so of most roles.
func (a *Analysis) grant(p Principal, self int32, user *rbac.User, h rbac.Held) *Result {
	if h.Role != nil && !builtIn(p) {
		if c := a.alone(h); len(c.view.hits)+len(c.edges)+len(c.out.leads)+len(c.out.sides) == 0 {
			if c.plain == nil {
				r := a.result(p, self, user, c.view, nil, c.out)
				c.plain = &r
			}
			return c.plain
		}
	}
	key := memo{h.Binding, self}
	if r, ok := a.memos[key]; ok {
		return r
	}
	c := a.alone(h)
	v := *c.view
	v.held = []holding{a.holding(h)}
	r := a.result(p, self, user, &v, c.edges, c.out)
	if h.Role == nil && a.unseen.Roles == "" {
		r.Reasons = []string{h.Binding.RoleKind + " " + h.Binding.RoleName + " does not exist: the binding gives nothing until somebody makes it"}
	}
	if self >= 0 {
		a.memos[key] = &r
	}
	return &r
}

// alone returns the class of a single holding, each role in each namespace
// once.
func (a *Analysis) alone(h rbac.Held) *class {
	key := grantKey{h.Role, h.Namespace}
	if c := a.grants[key]; c != nil && h.Role != nil {
		return c
	}
	c := &class{view: a.table.newView([]holding{a.holding(h)}, false)}
	c.edges = a.edges(c.view)
	c.out = a.outcomeOf(c.view, c.edges)
	if h.Role != nil {
		a.grants[key] = c
	}
	return c
}

// outcomeOf assesses a view with all that it leads to.
func (a *Analysis) outcomeOf(v *view, edges []edge) *outcome {
	o := a.table.assess(v)
	o.leads = a.routes(v, edges)
	if len(o.leads) == 0 || o.leads[0].search == &a.maybe {
		o.sides = a.sides(v, edges)
	}
	a.conclude(v, o)
	return o
}

// result words an outcome for a principal.
func (a *Analysis) result(p Principal, self int32, user *rbac.User, v *view, edges []edge, o *outcome) Result {
	if o.reasons == nil {
		a.table.say(v, o)
	}
	r := Result{
		Level: o.level, Reasons: o.reasons, Capabilities: o.capabilities, Cluster: o.cluster, Namespaces: o.namespaces,
		Secrets: o.secrets, Unknown: o.unknown, BuiltIn: builtIn(p),
	}
	if r.BuiltIn {
		if len(o.leads) > 0 && o.leads[0].search != &a.maybe {
			r.raise(levelEscalate, "")
		}
		return r
	}
	name := p.String()
	r.Paths = a.paths(self, name, user, v, edges, o.leads)
	if len(r.Paths) == 0 || !r.Paths[0].Certain {
		r.Paths = append(r.Paths, a.sideways(self, name, user, v, o, MaxPaths-len(r.Paths))...)
	}
	a.settle(&r)
	a.settleBeyond(&r, self, edges)
	return r
}

// settleBeyond raises the level by a way that is longer than those that are told,
// or makes it unknown by one that is not certain.
func (a *Analysis) settleBeyond(r *Result, self int32, edges []edge) {
	if r.Level.Rank() >= levelEscalate.Rank() || r.Level == inventory.LevelUnknown {
		return
	}
	const goal = "what takes over the cluster"
	if n := a.beyond(&a.goals, self, edges); n > 0 {
		r.raise(levelEscalate, "leads to "+goal+" in "+strconv.Itoa(n)+" hops: paths of more than "+strconv.Itoa(MaxHops)+" are not told")
	} else if n := a.beyond(&a.maybe, self, edges); n > 0 {
		r.unknown("may lead to " + goal + " in " + strconv.Itoa(n) + " hops: paths of more than " + strconv.Itoa(MaxHops) + " are not told")
	}
}

// settle raises the level by what certain paths lead to, and makes it unknown
// where one that is not certain would raise it. A path to another namespace
// leaves the level as it is.
func (a *Analysis) settle(r *Result) {
	for i := range r.Paths {
		p := &r.Paths[i]
		switch {
		case p.Certain && p.strong:
			r.raiseBy(p)
		case !p.Certain && p.strong && r.Level.Rank() < levelEscalate.Rank() && r.Level != inventory.LevelUnknown:
			r.unknown("may lead to " + p.Leads + ", " + joinNotes(p.Conditions...))
		}
	}
}

// raiseBy lifts the level to that of a path, with the path as the reason.
func (r *Result) raiseBy(p *Path) {
	if r.Level.Rank() < levelEscalate.Rank() && r.Level != inventory.LevelUnknown {
		r.raise(levelEscalate, p.summary())
	}
}

// raise lifts the level, with the reason first.
func (r *Result) raise(level inventory.Level, reason string) {
	if r.Level.Rank() >= level.Rank() || r.Level == inventory.LevelUnknown {
		return
	}
	r.Level = level
	if reason != "" {
		r.Reasons = slices.Insert(slices.Clone(r.Reasons), 0, reason)
	}
}

// unknown makes the level unknown unless it is the strongest there is.
func (r *Result) unknown(why string) {
	r.Unknown = append(slices.Clone(r.Unknown), why)
	if r.Level != inventory.LevelAdmin {
		r.Level = inventory.LevelUnknown
	}
}

// joined reports whether all holdings of a view together are more than the
// strongest of them.
func (a *Analysis) joined(v *view, o *outcome) bool {
	if len(v.held) < 2 {
		return false
	}
	best := 0
	var capabilities, goals []string
	for i := range v.held {
		x := a.alone(v.held[i].Held).out
		best = max(best, x.strength.Rank())
		capabilities = append(capabilities, x.capabilities...)
		goals = append(goals, x.goals...)
	}
	missing := func(of []string) func(string) bool {
		return func(s string) bool { return !slices.Contains(of, s) }
	}
	return o.strength.Rank() > best || slices.ContainsFunc(o.capabilities, missing(capabilities)) || slices.ContainsFunc(o.goals, missing(goals))
}

// conclude notes how strong an outcome is with all that it leads to, and the
// goals of its paths.
func (a *Analysis) conclude(v *view, o *outcome) {
	o.strength = o.level
	for i := range o.leads {
		r := &o.leads[i]
		if r.search.sure && o.strength.Rank() < levelEscalate.Rank() && o.level != inventory.LevelUnknown {
			o.strength = levelEscalate
		}
		o.goals = append(o.goals, a.goal(v, r))
	}
	for i := range o.sides {
		o.goals = append(o.goals, o.sides[i].leads)
	}
	if len(o.leads) == 0 {
		o.goals = append(o.goals, "node")
	}
	slices.Sort(o.goals)
	o.goals = slices.Compact(o.goals)
}

// goal names what a route leads to.
func (a *Analysis) goal(v *view, r *route) string {
	hit := r.hit
	for n := r.target; r.edge >= 0 && n >= 0; {
		c := a.nodes[n].class
		v = c.view
		if r.search.distance(c) == 1 {
			hit = r.search.seed[c.id-1]
			break
		}
		_, n = a.step(r.search, n)
	}
	if hit < 0 {
		return clusterAdmin
	}
	h := &v.hits[hit]
	if p := &a.table.permissions[h.permission]; p.means != enter || h.namespace == "" {
		return p.Leads
	}
	return "node"
}
