package paths

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
	"github.com/muster-nhi/muster/internal/privilege/gcp/member"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// A deny is a rule of a deny policy, made ready.
type deny struct {
	*Deny
	place  int32
	set    role.Set
	cond   int32
	whom   matcher
	except matcher
	unread bool // a group is excepted whose members are not all known
}

// A bound is an access boundary, made ready.
type bound struct {
	places []int32
	whom   matcher
}

// A matcher tells who is meant by a list of principals.
type matcher struct {
	exact  map[string]bool
	sets   []member.Member
	public bool
}

// newMatcher reads a list of principals.
func newMatcher(list []string) matcher {
	m := matcher{exact: map[string]bool{}}
	for _, text := range list {
		text = canonicalMember(text)
		m.exact[text] = true
		switch p := member.Parse(text); p.Kind {
		case member.KindPublic:
			m.public = true
		case member.KindSet, member.KindAccounts, member.KindDomain:
			m.sets = append(m.sets, p)
		}
	}
	return m
}

// matches reports whether somebody is meant: by name, by a group, or by a set. What
// is not known (the domain behind a customer id) is unknown.
func (a *Analysis) matches(m *matcher, i int32, drawn []int32) inventory.Tri {
	if m.public || len(m.exact) == 0 {
		return inventory.TriOf(m.public)
	}
	for _, k := range drawn {
		if m.exact[a.holders[k].Text] && a.holders[k].Kind != member.KindSignedIn {
			return inventory.True
		}
	}
	out := inventory.False
	for k := range m.sets {
		out = max(out, a.inSet(&a.holders[i], &m.sets[k]))
	}
	return out
}

// inSet reports whether somebody is in a set.
func (a *Analysis) inSet(h *holder, s *member.Member) inventory.Tri {
	switch s.Kind {
	case member.KindAccounts:
		return a.inNode(h, s)
	case member.KindDomain: // cloudIdentityCustomerId: which domain that is, is not known
		if h.Kind == member.KindUser || h.Kind == member.KindGroup {
			return inventory.Unknown
		}
		return inventory.False
	}
	switch {
	case h.Pool == "" || h.Pool != s.Pool:
		return inventory.False
	case s.All:
		return inventory.True
	default:
		return inventory.Unknown // whether it has the attribute is for its token to say
	}
}

// inNode reports whether somebody is of a project, folder or organisation.
func (a *Analysis) inNode(h *holder, s *member.Member) inventory.Tri {
	var kinds []string
	switch h.Kind {
	case member.KindAccount:
		kinds = []string{"", "ServiceAccount"}
	case member.KindAgent:
		kinds = []string{"", "ServiceAgent"}
	case member.KindSubject, member.KindSet, member.KindKubernetes:
		kinds = []string{"", "WorkloadIdentityPool", "WorkforcePool"}
	}
	if !slices.Contains(kinds, s.Type) {
		return inventory.False
	}
	at, ok := a.tree.index[s.Node]
	switch {
	case h.home < 0:
		return inventory.Unknown
	case ok && a.tree.within(h.home, at):
		return inventory.True
	case kindOf(s.Node) == placeProject:
		if ok || a.tree.places[h.home].kind != placeProject || a.tree.numberOf(h.home) != "" {
			return inventory.False
		}
		return inventory.Unknown
	case a.rooted(h.home):
		return inventory.False
	default:
		return inventory.Unknown // what its project is in was not all read
	}
}

// rooted reports whether all that a place is in is known, up to the organisation.
func (a *Analysis) rooted(at int32) bool {
	for a.tree.places[at].parent >= 0 {
		at = a.tree.places[at].parent
	}
	return a.tree.places[at].kind == placeOrganization
}

// addDenies makes the rules of deny policies ready.
func (a *Analysis) addDenies() {
	for i := range a.estate.Denies {
		d := &a.estate.Denies[i]
		at, ok := a.tree.index[canonical(d.Resource)]
		if !ok {
			continue
		}
		set := deniedSet(d.Permissions)
		set.Without(deniedSet(d.ExceptPermissions))
		x := deny{Deny: d, place: at, set: set, cond: a.condOf(d.Condition), whom: newMatcher(d.Principals), except: newMatcher(d.Except)}
		x.unread = slices.ContainsFunc(d.Except, func(m string) bool {
			m = canonicalMember(m)
			return strings.HasPrefix(m, "group:") && !a.wholeGroup(m, map[string]bool{})
		})
		a.denies = append(a.denies, x)
	}
	for i := range a.estate.Boundaries {
		b := &a.estate.Boundaries[i]
		x := bound{whom: newMatcher(b.Targets)}
		for _, r := range b.Resources {
			if at, ok := a.tree.index[canonical(r)]; ok {
				x.places = append(x.places, at)
			}
		}
		a.bounds = append(a.bounds, x)
	}
}

// deniedSet lists the watched permissions that patterns of a deny policy mean:
// "iam.googleapis.com/serviceAccounts.actAs" is iam.serviceAccounts.actAs
// (cloud.google.com/iam/docs/deny-permissions-support).
func deniedSet(patterns []string) role.Set {
	var out role.Set
	for _, p := range patterns {
		host, name, ok := strings.Cut(p, ".googleapis.com/")
		if !ok {
			continue
		}
		if host == "cloudresourcemanager" {
			host = "resourcemanager"
		}
		for n := role.Permission(0); n.String() != ""; n++ {
			service, rest, _ := strings.Cut(n.String(), ".")
			rest = strings.TrimPrefix(rest, "googleapis.com/")
			if service == host && denies(name, rest) {
				out.Add(n)
			}
		}
	}
	return out
}

// denies matches RESOURCE.VERB with a pattern in which either may be "*".
func denies(pattern, name string) bool {
	if pattern == "*" {
		return true
	}
	resource, verb, ok := strings.Cut(pattern, ".")
	if !ok {
		return false
	}
	last := strings.LastIndexByte(name, '.')
	return (resource == "*" || resource == name[:max(last, 0)]) && (verb == "*" || verb == name[last+1:])
}

// A rule is a rule of a deny policy that is about somebody: twice its number, and one
// more if it is about him for certain.
type rule int32

// deny is the number of the rule.
func (r rule) deny() int32 { return int32(r) / 2 }

// certain reports whether the rule is about somebody for certain.
func (r rule) certain() bool { return r%2 == 1 }

// deniesOf lists the rules that are about somebody, for certain or perhaps. Being
// excepted for certain takes a rule away; who may be in an excepted group, or may change
// the policy, is perhaps excepted.
func (a *Analysis) deniesOf(i int32, drawn []int32) []rule {
	var out []rule
	lifting := a.lifting(drawn)
	for k := range a.denies {
		d := &a.denies[k]
		if d.set.Empty() {
			continue
		}
		except := a.matches(&d.except, i, drawn)
		if except == inventory.False && (d.unread && a.holders[i].mayJoin() || slices.ContainsFunc(lifting, func(at int32) bool { return a.tree.within(d.place, at) })) {
			except = inventory.Unknown
		}
		about := min(a.matches(&d.whom, i, drawn), -except)
		switch about {
		case inventory.True:
			out = append(out, rule(2*k+1))
		case inventory.Unknown:
			out = append(out, rule(2*k))
		case inventory.False:
		}
	}
	return out
}

// mayJoin reports whether somebody may be in a group. Only people, service accounts and
// groups are.
func (h *holder) mayJoin() bool {
	switch h.Kind {
	case member.KindAccount, member.KindAgent, member.KindUser, member.KindGroup:
		return true
	default:
		return false
	}
}

// wholeGroup reports whether all members of a group are known, those of groups in it
// too.
func (a *Analysis) wholeGroup(text string, seen map[string]bool) bool {
	if seen[text] {
		return true
	}
	seen[text] = true
	g := a.groups[text]
	return g != nil && g.Known && !slices.ContainsFunc(g.Members, func(m string) bool {
		m = canonicalMember(m)
		return strings.HasPrefix(m, "group:") && !a.wholeGroup(m, seen)
	})
}

// lifting lists the places at which holders have a role that changes deny policies.
// That cannot be denied.
func (a *Analysis) lifting(drawn []int32) []int32 {
	var out []int32
	for _, h := range drawn {
		for _, g := range a.holders[h].grants {
			if a.roles[g.role].Set.Meets(a.lifts) && (g.cond < 0 || a.conds[g.cond].plain != inventory.False) {
				out = append(out, g.place)
			}
		}
	}
	return out
}

// boundsOf lists the access boundaries that somebody is in.
func (a *Analysis) boundsOf(i int32, drawn []int32) []int32 {
	var out []int32
	for k := range a.bounds {
		if a.matches(&a.bounds[k].whom, i, drawn) != inventory.False {
			out = append(out, int32(k))
		}
	}
	return out
}

// denied is what a rule takes away on a resource; ctx is nil if nothing is known of
// it.
func (a *Analysis) denied(r rule, ctx *condition.Context) may {
	d := &a.denies[r.deny()]
	t := inventory.True
	switch {
	case d.cond >= 0 && ctx == nil:
		t = a.conds[d.cond].plain
	case d.cond >= 0:
		t = a.conds[d.cond].Holds(ctx)
	}
	if !r.certain() {
		t = min(t, inventory.Unknown)
	}
	var out may
	if t == inventory.True {
		out.certain = d.set
	}
	if t != inventory.False {
		out.possible = d.set
	}
	return out
}
