package reach

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// words is the length of a set of atoms.
const words = 5

// A bits is a set of atoms.
type bits [words]uint64

func (b *bits) set(i int) { b[i>>6] |= 1 << (i & 63) }

func (b *bits) or(o *bits) {
	for i := range b {
		b[i] |= o[i]
	}
}

func (b *bits) and(o *bits) {
	for i := range b {
		b[i] &= o[i]
	}
}

func (b *bits) empty() bool { return *b == bits{} }

// meets reports whether two sets have a member in common.
func (b *bits) meets(o *bits) bool {
	for i := range b {
		if b[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// An atom is an access of the table with what its need says of names.
type atom struct {
	Access
	names []string
	only  bool
}

// A table is the permissions made ready: every access is an atom, every need a
// set of atoms.
type table struct {
	permissions []Permission
	atoms       []atom
	needs       [][]bits // by permission
	byResource  map[string][]int
	bySub       map[string][]int
	local       bits                     // atoms that a RoleBinding can give
	limit       func(*view, *hit) *limit // of constrained impersonation; nil is none
	room        []hit                    // where hits are gathered
	minor       int                      // of the API server; 0 is unknown
	reading     int                      // the permission to read secrets; that to do everything is 0
}

// onVerb begins the verbs that constrained impersonation wants on what is done.
const onVerb = "impersonate-on:"

func newTable(minor int) *table {
	t := &table{minor: minor, permissions: Permissions(), byResource: map[string][]int{}, bySub: map[string][]int{}}
	index := map[string]int{}
	t.needs = make([][]bits, len(t.permissions))
	for p := range t.permissions {
		if t.permissions[p].ID == "secrets-read" {
			t.reading = p
		}
		for _, n := range t.permissions[p].Needs {
			var mask bits
			for _, a := range n.Any {
				mask.set(t.atom(index, atom{Access: a, names: n.Names, only: n.Only}))
			}
			t.needs[p] = append(t.needs[p], mask)
		}
	}
	return t
}

// atom returns the number of an atom, each once.
func (t *table) atom(index map[string]int, a atom) int {
	key := strings.Join([]string{a.Group, a.Resource, strings.Join(a.Verbs, ","), strings.Join(a.names, ",")}, "|")
	i, ok := index[key]
	if ok {
		return i
	}
	i = len(t.atoms)
	index[key] = i
	t.atoms = append(t.atoms, a)
	t.byResource[a.Resource] = append(t.byResource[a.Resource], i)
	if _, sub, ok := strings.Cut(a.Resource, "/"); ok {
		t.bySub[sub] = append(t.bySub[sub], i)
	}
	if localAccess(&a.Access) {
		t.local.set(i)
	}
	return i
}

// localAccess reports whether a RoleBinding can give an access: all on namespaced
// resources, a Namespace's own, and bind, which is asked where the binding goes.
func localAccess(a *Access) bool {
	if a.Group == "" && a.Resource == "namespaces" || a.Verbs[0] == "bind" {
		return true
	}
	return !clusterScoped(a.Group, a.Resource)
}

// A profile is what a set of rules allows, in terms of the table.
type profile struct {
	rules []rbac.Rule
	own   int  // of rules, how many are so written; those after say what the name "" adds
	all   bits // what some rule gives without names
	named bits // what some rule gives with names only
	by    []ruleBits
	base  [2]base // cluster-wide, within a namespace
	every bool    // every verb on every resource
}

// ruleBits is what one rule of a profile gives.
type ruleBits struct {
	bits  bits
	names []string // nil is no limit
}

// A base is the level that comes from reading and writing anything at all.
type base struct {
	level  inventory.Level
	reason string
}

// compile makes the profile of some rules.
func (t *table) compile(rules []rbac.Rule) *profile {
	own := len(rules)
	rules = withUnnamed(rules)
	p := &profile{rules: rules, by: make([]ruleBits, len(rules)), own: own}
	for i := range rules {
		r := &rules[i]
		names := r.ResourceNames
		if len(names) > 0 {
			names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "*" || n == "" })
			p.by[i].names = names
		}
		if len(r.ResourceNames) > 0 && len(names) == 0 {
			p.by[i].names = []string{}
			continue
		}
		t.match(p, i, names)
	}
	p.base = [2]base{baseLevel(rules, true), baseLevel(rules, false)}
	p.every = p.all.meets(&t.needs[0][0])
	return p
}

// withUnnamed adds to rules what those with the name "" allow: the API server
// takes a request that carries no name for one of it (k8s.io/kubernetes v1.36.3,
// pkg/apis/rbac/v1, ResourceNameMatches), and lets a role hold such a name. To
// list, watch, create and delete all is allowed then, whatever the names of the
// objects; requests for subresources carry a name always.
func withUnnamed(rules []rbac.Rule) []rbac.Rule {
	out := rules
	for i := range rules {
		r := &rules[i]
		if !slices.Contains(r.ResourceNames, "") {
			continue
		}
		verbs := slices.DeleteFunc([]string{"list", "watch", "create", "deletecollection"}, func(v string) bool { return !has(r.Verbs, v) })
		resources := slices.DeleteFunc(slices.Clone(r.Resources), func(s string) bool { return strings.Contains(s, "/") })
		if len(verbs) > 0 && len(resources) > 0 {
			out = append(slices.Clip(out), rbac.Rule{Verbs: verbs, APIGroups: r.APIGroups, Resources: resources})
		}
	}
	return out
}

// match notes what rule i of a profile gives, limited to names unless there are
// none.
func (t *table) match(p *profile, i int, names []string) {
	r := &p.rules[i]
	take := func(n int) {
		a := &t.atoms[n]
		if i >= p.own && strings.Contains(a.Resource, "/") || !has(r.APIGroups, a.Group) || !anyVerb(r.Verbs, a, len(names) > 0) {
			return
		}
		listed := slices.ContainsFunc(names, func(s string) bool { return slices.Contains(a.names, s) })
		if a.only && !listed {
			return
		}
		p.by[i].bits.set(n)
		if len(names) == 0 || listed {
			p.all.set(n)
		} else {
			p.named.set(n)
		}
	}
	for _, resource := range r.Resources {
		if resource == "*" {
			for n := range t.atoms {
				take(n)
			}
			break
		}
		for _, n := range t.byResource[resource] {
			take(n)
		}
		if sub, ok := strings.CutPrefix(resource, "*/"); ok {
			for _, n := range t.bySub[sub] {
				take(n)
			}
		}
	}
	if len(r.Resources) > 0 && len(r.APIGroups) > 0 {
		t.matchOn(p, i)
	}
}

// matchOn notes in which constrained ways rule i of a profile lets somebody act
// as another.
func (t *table) matchOn(p *profile, i int) {
	for _, verb := range p.rules[i].Verbs {
		if verb != "*" && !strings.HasPrefix(verb, onVerb) {
			continue
		}
		for n := range t.atoms {
			if a := &t.atoms[n]; a.Group == onVerb && (verb == "*" || strings.HasPrefix(verb, a.Resource+":")) {
				p.by[i].bits.set(n)
				p.all.set(n)
			}
		}
	}
}

// has reports whether a list has a word or the star.
func has(list []string, word string) bool {
	for _, l := range list {
		if l == word || l == "*" {
			return true
		}
	}
	return false
}

// nameless reports whether a rule with names does not give a verb: requests to
// create, and to delete a collection, carry no name, except of subresources.
func nameless(verb, resource string, named bool) bool {
	return named && (verb == "create" || verb == "deletecollection") && !strings.Contains(resource, "/")
}

// anyVerb reports whether a rule, with names or not, has a verb of an atom.
func anyVerb(verbs []string, a *atom, named bool) bool {
	for _, v := range a.Verbs {
		if !nameless(v, a.Resource, named) && has(verbs, v) {
			return true
		}
	}
	return false
}
