package reach

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// An Analysis answers for one Estate. It may be asked from one goroutine at a
// time. Its memory is a few hundred bytes for each principal and binding, and
// grows with what is asked.
type Analysis struct {
	table    *table
	auth     *rbac.Authorizer
	unseen   Unseen
	groups   map[string][]string // of users
	minor    int
	profiles map[*rbac.Role]*profile
	standard map[string]*rbac.Role // those that were not listed
	admin    holding               // cluster-admin, whether the cluster has it or not

	nodes    []node
	index    map[Principal]int32
	sets     map[setKey]*set
	bindings map[[2]string]*rbac.Binding
	roles    map[string][]*rbac.Role // Roles by namespace
	enforce  map[string]string
	spaces   []string              // namespaces that accounts are in, sorted
	mounts   map[string][]Workload // by namespace
	byName   map[string][]place    // workloads by name
	tokens   map[string][]Token    // by name
	classes  map[int]*class
	virtual  map[virtualKey]int32

	sure, goals, maybe search
	grants             map[grantKey]*class
	tails              map[tailKey]*tail
	seen               []int32 // by node: the last walk that came by
	round              int32   // of walks
	limits             map[string]*limit
	visits             []visit // where a walk gathers them
	memos              map[memo]*Result
}

// A node is a principal of the graph, or a role that may be taken on.
type node struct {
	principal Principal
	name      string
	exists    bool // an account that is there, as far as was seen
	class     *class
	sets      []*set
}

// A class is what all principals with the same bindings share.
type class struct {
	id    int // from 1
	view  *view
	edges []edge
	out   *outcome
	plain *Result // of a single holding that leads nowhere
	// joined is true if all bindings together are more than the strongest.
	joined bool
}

// A place is where a workload stands in the list of its namespace.
type place struct {
	namespace string
	at        int
}

// A virtualKey names a role that may be taken on in a namespace.
type virtualKey struct {
	role      *rbac.Role
	namespace string
}

// Analyze reads an estate. The policy's lists are shared and must not change.
func Analyze(e Estate) *Analysis {
	a := &Analysis{
		table: newTable(e.Minor), auth: rbac.New(e.Policy), unseen: e.Unseen, groups: e.Groups, minor: e.Minor,
		profiles: map[*rbac.Role]*profile{}, standard: map[string]*rbac.Role{}, index: make(map[Principal]int32, 2*len(e.Accounts)), sets: map[setKey]*set{},
		bindings: make(map[[2]string]*rbac.Binding, len(e.Policy.Bindings)), roles: map[string][]*rbac.Role{}, enforce: map[string]string{},
		mounts: map[string][]Workload{}, byName: map[string][]place{}, tails: map[tailKey]*tail{}, limits: map[string]*limit{}, memos: make(map[memo]*Result, len(e.Policy.Bindings)), tokens: map[string][]Token{}, classes: map[int]*class{}, virtual: map[virtualKey]int32{}, grants: map[grantKey]*class{},
	}
	a.addRoles()
	for i := range e.Namespaces {
		a.enforce[e.Namespaces[i].Name] = e.Namespaces[i].Enforce
	}
	a.addPrincipals(&e)
	a.addMembers(&e)
	for i := range a.nodes {
		a.nodes[i].class = a.classOf(a.user(a.nodes[i].principal))
	}
	a.table.limit = a.limit
	a.search()
	return a
}

// addRoles compiles the roles.
func (a *Analysis) addRoles() {
	roles := a.auth.Roles()
	for i := range roles {
		r := &roles[i]
		a.profiles[r] = a.table.compile(r.Rules)
		if r.Namespace != "" {
			a.roles[r.Namespace] = append(a.roles[r.Namespace], r)
		}
	}
	all := &rbac.Role{Name: clusterAdmin, Rules: standardRules(clusterAdmin)}
	a.profiles[all] = a.table.compile(all.Rules)
	a.admin = holding{Held: rbac.Held{Role: all}, profile: a.profiles[all]}
}

// addPrincipals makes a node for each account that is listed, for all that
// bindings name and for the users whose groups are known, in a fixed order.
func (a *Analysis) addPrincipals(e *Estate) {
	listed := make(map[Principal]bool, 2*len(e.Accounts))
	for _, x := range e.Accounts {
		listed[Principal{rbac.KindServiceAccount, x.Namespace, x.Name}] = true
	}
	bindings := a.auth.Bindings()
	for i := range bindings {
		b := &bindings[i]
		a.bindings[[2]string{b.Namespace, b.Name}] = b
		for _, s := range b.Subjects {
			if p, ok := principalOf(s, b.Namespace); ok && !listed[p] {
				listed[p] = false
			}
		}
	}
	for name := range e.Groups {
		if p, ok := principalOf(rbac.Subject{Kind: rbac.KindUser, Name: name}, ""); ok && !listed[p] {
			listed[p] = false
		}
	}
	all := make([]Principal, 0, len(listed))
	for p := range listed {
		all = append(all, p)
	}
	slices.SortFunc(all, comparePrincipals)
	for _, p := range all {
		if n := len(a.spaces); p.Namespace != "" && (n == 0 || a.spaces[n-1] != p.Namespace) {
			a.spaces = append(a.spaces, p.Namespace)
		}
	}
	a.nodes = make([]node, len(all))
	for i, p := range all {
		a.nodes[i] = node{principal: p, name: p.String(), exists: listed[p]}
		a.index[p] = int32(i)
	}
}

// principalOf is whom a subject of a binding of a namespace means. A user that
// is an account is the account. Without a name it is nobody.
func principalOf(s rbac.Subject, namespace string) (Principal, bool) {
	if s.Name == "" {
		return Principal{}, false
	}
	switch s.Kind {
	case rbac.KindServiceAccount:
		p := Principal{s.Kind, cmp.Or(s.Namespace, namespace), s.Name}
		return p, p.Namespace != ""
	case rbac.KindUser:
		if ns, name, ok := rbac.Account(s.Name); ok {
			return Principal{rbac.KindServiceAccount, ns, name}, true
		}
		return Principal{s.Kind, "", s.Name}, true
	case rbac.KindGroup:
		return Principal{s.Kind, "", s.Name}, true
	default:
		return Principal{}, false
	}
}

// comparePrincipals orders accounts by namespace and name, then users, then
// groups.
func comparePrincipals(x, y Principal) int {
	rank := func(p Principal) int { return strings.Index("SUG", p.Kind[:1]) }
	return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name))
}

// user is a principal as the API server sees it. Of a group it is any member of
// which nothing else is known.
func (a *Analysis) user(p Principal) rbac.User {
	switch p.Kind {
	case rbac.KindServiceAccount:
		return rbac.ServiceAccountUser(p.Namespace, p.Name)
	case rbac.KindUser:
		if p.Name == rbac.Anonymous {
			return rbac.AnonymousUser()
		}
		return rbac.User{Name: p.Name, Groups: append(slices.Clone(a.groups[p.Name]), rbac.Authenticated)}
	default:
		u := rbac.User{Groups: []string{p.Name}}
		if strings.HasPrefix(p.Name, rbac.AllAccounts+":") {
			u.Groups = append(u.Groups, rbac.AllAccounts)
		}
		if p.Name != rbac.Unauthenticated && p.Name != rbac.Authenticated {
			u.Groups = append(u.Groups, rbac.Authenticated)
		}
		return u
	}
}

// holding looks up what a binding of the policy gives. A standard ClusterRole
// that was not listed is taken to be what Kubernetes ships.
func (a *Analysis) holding(h rbac.Held) holding {
	out := holding{Held: h}
	if h.Role == nil && a.unseen.Roles != "" && h.Binding.RoleKind == rbac.KindClusterRole {
		out.Role = a.standardRole(h.Binding.RoleName)
	}
	switch {
	case out.Role != nil:
		out.profile = a.profiles[out.Role]
	case a.unseen.Roles == "":
		out.profile = &profile{base: [2]base{{level: inventory.LevelNone}, {level: inventory.LevelNone}}}
	}
	return out
}

// standardRole returns a role that every cluster has, compiled; nil for others.
func (a *Analysis) standardRole(name string) *rbac.Role {
	if r, ok := a.standard[name]; ok {
		return r
	}
	var r *rbac.Role
	if rules := standardRules(name); rules != nil {
		r = &rbac.Role{Name: name, Rules: rules}
		a.profiles[r] = a.table.compile(rules)
	}
	a.standard[name] = r
	return r
}

// classOf returns the class of a user.
func (a *Analysis) classOf(u rbac.User) *class {
	c := a.auth.Class(u)
	key := c.ID
	if u.IsMaster() {
		key = -1
	}
	if have := a.classes[key]; have != nil {
		return have
	}
	held := make([]holding, len(c.Held))
	for i := range c.Held {
		held[i] = a.holding(c.Held[i])
	}
	out := &class{view: a.table.newView(held, u.IsMaster())}
	a.classes[key] = out
	return out
}
