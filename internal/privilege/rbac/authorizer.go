package rbac

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
	"strings"
	"sync"
)

// An Authorizer answers for one Policy. It may be used by several goroutines at
// once. Its memory is a few words for each subject of a binding beside the
// policy itself, whose lists it shares and never changes.
type Authorizer struct {
	roles    []Role    // by namespace and name; ClusterRoles first
	bindings []Binding // by namespace and name; ClusterRoleBindings first
	targets  []int32   // role of each binding; -1 if there is none such
	texts    []int32   // class of equal rules of each role
	members  map[member][]entry

	mu      sync.Mutex
	classes map[string]*Class
}

// A member is a user or a group under its name.
type member struct {
	group bool
	name  string
}

// An entry is one subject of one binding.
type entry struct{ binding, subject int32 }

// New makes an Authorizer. Aggregated roles that are not filled are filled. Of
// roles or bindings with the same namespace and name the first counts.
func New(p Policy) *Authorizer {
	a := &Authorizer{classes: map[string]*Class{}}
	a.roles = firsts(p.Roles, func(r *Role) place { return place{r.Namespace, r.Name, 0} })
	a.bindings = firsts(p.Bindings, func(b *Binding) place { return place{b.Namespace, b.Name, 0} })
	fill(a.roles)
	a.texts = equalRules(a.roles)
	a.targets = make([]int32, len(a.bindings))
	subjects := 0
	for i := range a.bindings {
		b := &a.bindings[i]
		a.targets[i] = int32(a.find(b.RoleKind, b.Namespace, b.RoleName))
		subjects += len(b.Subjects)
	}
	a.index(subjects)
	return a
}

// firsts sorts by namespace and name and drops what comes under the same again.
func firsts[T any](list []T, key func(*T) place) []T {
	keys := make([]place, len(list))
	for i := range list {
		keys[i] = key(&list[i])
		keys[i].index = i
	}
	slices.SortFunc(keys, func(x, y place) int {
		if c := strings.Compare(x.namespace, y.namespace); c != 0 {
			return c
		}
		if c := strings.Compare(x.name, y.name); c != 0 {
			return c
		}
		return x.index - y.index
	})
	out := make([]T, 0, len(list))
	for i, k := range keys {
		if i == 0 || k.namespace != keys[i-1].namespace || k.name != keys[i-1].name {
			out = append(out, list[k.index])
		}
	}
	return out
}

// A place is where something stands, and where it stood in a list.
type place struct {
	namespace, name string
	index           int
}

// find returns the index of the role that a binding of a namespace refers to, or
// -1. A ClusterRoleBinding cannot refer to a Role.
func (a *Authorizer) find(kind, namespace, name string) int {
	switch {
	case kind == KindClusterRole:
		namespace = ""
	case kind != KindRole || namespace == "":
		return -1
	}
	i, ok := slices.BinarySearchFunc(a.roles, [2]string{namespace, name}, func(r Role, k [2]string) int {
		if c := strings.Compare(r.Namespace, k[0]); c != 0 {
			return c
		}
		return strings.Compare(r.Name, k[1])
	})
	if !ok {
		return -1
	}
	return i
}

// index notes for every user and group which bindings name it. The entries of
// one member are in the order of the bindings, each binding once.
func (a *Authorizer) index(subjects int) {
	a.members = make(map[member][]entry, subjects)
	for i := range a.bindings {
		b := &a.bindings[i]
		for j := range b.Subjects {
			m, ok := b.Subjects[j].member(b.Namespace)
			if !ok {
				continue
			}
			list := a.members[m]
			if n := len(list); n == 0 || list[n-1].binding != int32(i) {
				a.members[m] = append(list, entry{int32(i), int32(j)})
			}
		}
	}
}

// member returns whom a subject of a binding of a namespace means. Without a name
// it is nobody: the API server refuses such.
func (s *Subject) member(namespace string) (member, bool) {
	if s.Name == "" {
		return member{}, false
	}
	switch s.Kind {
	case KindUser:
		return member{name: s.Name}, true
	case KindGroup:
		return member{group: true, name: s.Name}, true
	case KindServiceAccount:
		if s.Namespace != "" {
			namespace = s.Namespace
		}
		return member{name: accountPrefix + namespace + ":" + s.Name}, namespace != ""
	default:
		return member{}, false
	}
}

// entries yields those of a user, in the order of the bindings and each binding
// once, under the first of its subjects that the user is. With a scope only
// those of ClusterRoleBindings and of the RoleBindings of its namespace.
func (a *Authorizer) entries(u *User, s scope) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		var room [8][]entry
		lists := room[:0]
		if l := a.members[member{name: u.Name}]; len(l) > 0 {
			lists = append(lists, l)
		}
		for _, g := range u.Groups {
			if l := a.members[member{group: true, name: g}]; len(l) > 0 {
				lists = append(lists, l)
			}
		}
		a.merge(lists, s, yield)
	}
}

// merge walks sorted lists together.
func (a *Authorizer) merge(lists [][]entry, s scope, yield func(entry) bool) {
	for {
		best, found := entry{}, false
		for i := range lists {
			lists[i] = a.skip(lists[i], s)
			if len(lists[i]) == 0 {
				continue
			}
			if e := lists[i][0]; !found || e.binding < best.binding || e.binding == best.binding && e.subject < best.subject {
				best, found = e, true
			}
		}
		if !found || !yield(best) {
			return
		}
		for i := range lists {
			if len(lists[i]) > 0 && lists[i][0].binding == best.binding {
				lists[i] = lists[i][1:]
			}
		}
	}
}

// A scope says which bindings apply: all there are, or the cluster's and those of
// one namespace.
type scope struct {
	every     bool
	namespace string
}

// skip drops the entries at the head that are outside the scope.
func (a *Authorizer) skip(list []entry, s scope) []entry {
	if s.every || len(list) == 0 {
		return list
	}
	switch ns := a.bindings[list[0].binding].Namespace; {
	case ns == "" || ns == s.namespace:
		return list
	case ns > s.namespace:
		return nil
	}
	i, _ := slices.BinarySearchFunc(list, s.namespace, func(e entry, ns string) int {
		return cmp.Compare(a.bindings[e.binding].Namespace, ns)
	})
	return list[i:]
}

// Allowed answers a request of a user: the first grant that allows it, where
// ClusterRoleBindings come before RoleBindings and either are by name.
func (a *Authorizer) Allowed(u User, request Request) Decision {
	if u.IsMaster() {
		return Decision{Allowed: true, Reason: "member of " + Masters}
	}
	r := request.normal()
	resource := r.combined()
	for e := range a.entries(&u, scope{namespace: r.Namespace}) {
		target := a.targets[e.binding]
		if target < 0 {
			continue
		}
		role := &a.roles[target]
		for i := range role.Rules {
			if ruleAllows(&role.Rules[i], &r, resource) {
				return a.decision(e, role, i)
			}
		}
	}
	return Decision{Reason: "no rule of a role bound to " + u.Name + " allows " + r.String()}
}

// decision words what an entry allows.
func (a *Authorizer) decision(e entry, role *Role, rule int) Decision {
	b := &a.bindings[e.binding]
	s := &b.Subjects[e.subject]
	return Decision{
		Allowed: true, Binding: b, Role: role, Rule: rule, Subject: s,
		Reason: "allowed by " + b.String() + " of " + role.String() + " to " + s.text(b.Namespace),
	}
}

// text names a subject of a binding of a namespace.
func (s *Subject) text(namespace string) string {
	if s.Kind != KindServiceAccount {
		return s.Kind + " " + s.Name
	}
	return s.Kind + " " + cmp.Or(s.Namespace, namespace) + "/" + s.Name
}

// Rules returns the rules that apply to a user in a namespace, or cluster-wide
// if it is empty.
func (a *Authorizer) Rules(u User, namespace string) []Rule {
	var out []Rule
	for e := range a.entries(&u, scope{namespace: namespace}) {
		if t := a.targets[e.binding]; t >= 0 {
			out = append(out, a.roles[t].Rules...)
		}
	}
	return out
}

// A Held is a role that a user has through one binding.
type Held struct {
	Binding *Binding
	Role    *Role // nil if there is no such role: the grant is latent
	// Namespace is where the rules apply; empty is everywhere.
	Namespace string
	// Text is the same number for all roles of the Authorizer with the same
	// rules; -1 without a role.
	Text int
}

// A Class is what all users with the same bindings hold.
type Class struct {
	ID   int // dense from 0 in the order of asking
	Held []Held
}

// Effective returns what a user holds by RBAC, in the order of Allowed. The list
// is shared by all users with the same bindings and must not be changed.
func (a *Authorizer) Effective(u User) []Held { return a.Class(u).Held }

// Class returns the class of a user. Users with the same bindings, by whatever
// subjects, get the same *Class; it must not be changed.
func (a *Authorizer) Class(u User) *Class {
	var room [64]byte
	key := room[:0]
	for e := range a.entries(&u, scope{every: true}) {
		key = binary.LittleEndian.AppendUint32(key, uint32(e.binding))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.classes[string(key)]
	if c == nil {
		c = a.class(key)
		a.classes[string(key)] = c
	}
	return c
}

// class makes a class of the bindings whose numbers are in a key.
func (a *Authorizer) class(key []byte) *Class {
	c := &Class{ID: len(a.classes), Held: make([]Held, 0, len(key)/4)}
	for ; len(key) > 0; key = key[4:] {
		i := binary.LittleEndian.Uint32(key)
		h := Held{Binding: &a.bindings[i], Namespace: a.bindings[i].Namespace, Text: -1}
		if t := a.targets[i]; t >= 0 {
			h.Role, h.Text = &a.roles[t], int(a.texts[t])
		}
		c.Held = append(c.Held, h)
	}
	return c
}

// Via returns the first subject of a binding that a user is, nil if none is.
func Via(u User, b *Binding) *Subject {
	for i := range b.Subjects {
		m, ok := b.Subjects[i].member(b.Namespace)
		if ok && (m.group && slices.Contains(u.Groups, m.name) || !m.group && m.name == u.Name) {
			return &b.Subjects[i]
		}
	}
	return nil
}

// Roles returns all roles, by namespace and name with the cluster's first,
// aggregated ones filled. The list must not be changed.
func (a *Authorizer) Roles() []Role { return a.roles }

// Bindings returns all bindings, by namespace and name with the cluster's first.
// The list must not be changed.
func (a *Authorizer) Bindings() []Binding { return a.bindings }

// RoleOf returns the role that a binding of this Authorizer's policy refers to,
// nil if there is none.
func (a *Authorizer) RoleOf(b *Binding) *Role { return a.Role(b.RoleKind, b.Namespace, b.RoleName) }

// Role returns the role that a binding in a namespace (empty for a
// ClusterRoleBinding) would refer to, nil if there is none.
func (a *Authorizer) Role(kind, namespace, name string) *Role {
	if i := a.find(kind, namespace, name); i >= 0 {
		return &a.roles[i]
	}
	return nil
}

// Dangling returns the bindings whose role does not exist. The server accepts
// such; they allow nothing until somebody makes the role.
func (a *Authorizer) Dangling() []*Binding {
	var out []*Binding
	for i, t := range a.targets {
		if t < 0 {
			out = append(out, &a.bindings[i])
		}
	}
	return out
}
