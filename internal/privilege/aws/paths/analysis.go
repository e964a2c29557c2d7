package paths

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/internal/privilege/chain"
)

// An Analysis answers for one Estate. It may be asked from many goroutines.
type Analysis struct {
	setup
	estate    *Estate
	table     *table
	idle      bits // actions that do nothing by themselves: taking a role counts by what it may do, passing one by what it is passed to
	profiles  *profiles
	actions   map[string]policy.Action // that are asked for by name
	numbers   map[string]int           // of those in the table
	ways      []way
	accounts  map[string]*account
	guarded   map[string]guard // resources by ARN; of two with one ARN, the first
	matched   sync.Map         // of patterns to the principals that they mean
	people    int              // nodes that are no groups, which come first
	nodes     []node           // users, roles and root users, then groups, each by ARN
	index     map[string]int32
	carried   map[string]int32 // roles by the ARN of an instance profile
	keys      keys
	contexts  sync.Map // of contextKey to *policy.Context
	memo      *policy.Memo
	mays      *equals // what nodes may be allowed
	admin     *policy.Policy
	everybody *policy.Policy // a resource policy that lets in all
	unread    *policy.Policy // a resource policy that is not known
	trust     trustIndex
	raised    []atomic.Int32 // by node: whether any policy makes it an administrator, once it was asked
	objects   objectList
	told      []*classing // by node: the classes of objects, once they were asked for
	goals     []*goal
	results   []*Result
}

// An account is one of the estate, made ready.
type account struct {
	*Account
	scps, rcps []policy.Level
	ceiling    ceiling                          // of the SCPs
	consumers  map[string]map[int32][]*Consumer // by type and role
	runs       map[string]int                   // consumers by type
	policies   map[string]*policy.Policy        // of resources, by ARN
	users      []int32
	roles      []int32
	fresh      *node          // somebody new, who has nothing
	strong     []string       // ARNs of policies that make an administrator
	lenient    *policy.Policy // of a key that leaves it to IAM
	held       map[string][]held
	filled     map[string]policy.Resource // patterns with the account in them
	open       []func(*node) bool         // whom the policies of what runs under roles let in
	notes      []string                   // what every result of the account has to say
}

// A node is a principal or a group.
type node struct {
	*Principal
	account  *account
	name     string // short ARN
	group    bool
	identity []*profile // own policies and those of its groups
	boundary *profile
	asker    *policy.Principal
	layers   policy.Layers
	self     policy.Resource
	trust    *policy.Policy // compiled; nil of what is no role
	services uint32         // those that may take it up, by bit of serviceBits
	maybe    uint32         // those that perhaps may
	may      bits           // actions that some policy may allow it
	named    bool           // the policy of something that runs under a role may let it in
	via      bool           // some of its permissions hold by way of another service only
	outcome  outcome
	tagged   string // what is known of the tags that conditions ask for
	budget   *policy.Budget
}

// keys says which condition keys the policies of the estate have.
type keys struct {
	tags     []string // aws:resourcetag/… and iam:resourcetag/…
	boundary bool
	attached bool     // iam:PolicyARN
	regions  []string // to try; the first is where global services are
}

// Analyze looks at all principals of an estate with as many goroutines as
// workers says, at least one.
func Analyze(e *Estate, workers int) *Analysis {
	t, err := newTable()
	if err != nil { // the list is part of the program: a broken one is found by its tests
		t = &table{list: parseList(""), patterns: map[string]bits{}}
	}
	return analyze(e, t, workers)
}

// analyze is Analyze with a list of actions.
func analyze(e *Estate, t *table, workers int) *Analysis {
	return analyzeWith(e, t, setup{states: mostStates, targeted: mostAsked, tried: mostTried}, workers)
}

// A setup is how an analysis goes about it; tests compare it with others.
type setup struct {
	each                    bool // objects are asked about one by one, those of one class too
	states, targeted, tried int  // bounds of what is spent on one node
}

// analyzeWith is analyze with another setup.
func analyzeWith(e *Estate, t *table, s setup, workers int) *Analysis {
	a := &Analysis{
		setup: s, estate: e, table: t, profiles: newProfiles(t), actions: map[string]policy.Action{}, numbers: map[string]int{}, ways: ways(), accounts: map[string]*account{},
		guarded: map[string]guard{}, index: map[string]int32{}, carried: map[string]int32{}, memo: policy.NewMemo(), mays: newEquals(),
	}
	a.idle = a.profiles.list([]string{"sts:*", "iam:PassRole"}, false)
	a.admin = policy.Compile("any policy", &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{{Actions: []string{"*"}, Resources: []string{"*"}}}})
	a.unread = policy.Compile("the policy of the resource", nil)
	a.everybody = policy.Compile("any policy", &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{{
		Actions: []string{"*"}, Resources: []string{"*"}, Principals: &policy.Principals{Everyone: true},
	}}})
	for i := range e.Accounts {
		a.addAccount(&e.Accounts[i])
	}
	a.addNodes()
	a.raised, a.told = make([]atomic.Int32, len(a.nodes)), make([]*classing, len(a.nodes))
	for i := range a.nodes {
		a.nodes[i].budget = a.budget()
	}
	a.findKeys()
	a.findActions()
	a.addObjects()
	chain.Parallel(workers, len(a.nodes), func(i int) {
		n := &a.nodes[i]
		n.named = slices.ContainsFunc(n.account.open, func(in func(*node) bool) bool { return in(n) })
		a.own(n)
	})
	for i := range e.Accounts {
		a.addConsumers(&e.Accounts[i])
	}
	a.addTrusts(workers)
	a.search(workers)
	a.results = make([]*Result, len(a.nodes))
	chain.Parallel(workers, len(a.nodes), func(i int) { a.results[i] = a.result(int32(i)) })
	return a
}

// Bounds of what is spent on one node. What is not asked any more is not known.
const (
	mostStates = 1 << 13 // of the search for what overlapping wildcards mean
	mostAsked  = 1 << 11 // questions about targets in one layer of the search for ways
	mostTried  = 1 << 7  // examples of what statements give that are not allowed for certain
)

// budget is what is spent on one node in overlapping wildcards.
func (a *Analysis) budget() *policy.Budget { return &policy.Budget{States: a.states} }

// addAccount compiles the policies of an account.
func (a *Analysis) addAccount(x *Account) {
	acc := &account{Account: x, filled: map[string]policy.Resource{}, consumers: map[string]map[int32][]*Consumer{}, runs: map[string]int{}, policies: map[string]*policy.Policy{}}
	a.accounts[x.ID] = acc
	acc.prefill(a.ways)
	acc.lenient = policy.Compile("policy of a key", &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{{
		Actions: []string{"kms:*"}, Resources: []string{"*"}, Principals: &policy.Principals{AWS: []string{x.ID}},
	}}})
	if !x.LimitsKnown {
		acc.notes = append(acc.notes, "policies of the organisation (SCPs, RCPs) were not read: they may take away what is told here")
	} else if !x.Management {
		acc.scps = a.levels(acc, x.SCPs)
		acc.rcps = a.levels(acc, x.RCPs)
		acc.ceiling = a.ceilingOf(x.SCPs)
	}
	acc.notes = append(acc.notes, x.Unread...)
	acc.strong = a.strongOf(x)
	for _, p := range x.Policies {
		a.profiles.of(p)
	}
	for i := range x.Resources {
		r := &x.Resources[i]
		if _, ok := a.guarded[r.ARN]; !ok {
			a.guarded[r.ARN] = guard{x.ID, r.Policy}
		}
		if r.Policy != nil {
			acc.policies[r.ARN] = policy.Compile("resource policy of "+cmp.Or(r.Name, nameOf(r.ARN)), r.Policy)
		}
	}
}

// levels compiles layers. A policy that could not be read limits nothing and is
// told.
func (a *Analysis) levels(acc *account, layers []Layer) []policy.Level {
	var out []policy.Level
	for _, l := range layers {
		level := policy.Level{Name: l.ID}
		unread := false
		for _, p := range l.Policies {
			if p.Document == nil {
				unread = true
				acc.notes = append(acc.notes, "policy "+p.Name+" of the organisation could not be read: it may take away what is told here")
				continue
			}
			level.Policies = append(level.Policies, a.profiles.of(p).compiled)
		}
		if unread { // what it allows is not known, so the others do not limit
			level.Policies = append(level.Policies, a.admin)
		}
		out = append(out, level)
	}
	return out
}

// addNodes makes nodes of principals and groups in a fixed order.
func (a *Analysis) addNodes() {
	for i := range a.estate.Accounts {
		acc := a.accounts[a.estate.Accounts[i].ID]
		for k := range acc.Principals {
			p := &acc.Principals[k]
			a.nodes = append(a.nodes, node{Principal: p, account: acc})
		}
	}
	slices.SortStableFunc(a.nodes, func(x, y node) int { return cmp.Compare(x.ARN, y.ARN) })
	a.people = len(a.nodes)
	for i := range a.estate.Accounts {
		acc := a.accounts[a.estate.Accounts[i].ID]
		for k := range acc.Groups {
			g := &acc.Groups[k]
			a.nodes = append(a.nodes, node{Principal: &Principal{ARN: g.ARN, Kind: KindUser, Policies: g.Policies, AccessKeys: -1}, account: acc, group: true})
		}
	}
	for i := range a.nodes {
		a.addNode(int32(i))
	}
	for _, acc := range a.accounts {
		acc.fresh = a.freshOf(acc)
		a.holdings(acc)
	}
}

// freshOf is a role that somebody could make.
func (a *Analysis) freshOf(acc *account) *node {
	p := &Principal{ARN: acc.fill(strings.TrimSuffix(allRoles, "*")).String() + "somebody-new", Kind: KindRole, Tags: map[string]string{}}
	n := &node{Principal: p, account: acc, name: "role/somebody-new", self: policy.One(p.ARN)}
	n.asker = a.askerOf(n)
	n.layers = policy.Layers{Identity: []*policy.Policy{}, SCPs: acc.scps, RCPs: acc.rcps}
	return n
}

// addNode makes a node ready for questions.
func (a *Analysis) addNode(i int32) {
	n := &a.nodes[i]
	switch {
	case n.group:
	case n.Kind == KindUser:
		n.account.users = append(n.account.users, i)
	case n.Kind == KindRole:
		n.account.roles = append(n.account.roles, i)
	}
	n.name = short(n.ARN)
	a.index[n.ARN] = i
	for _, arn := range n.Profiles {
		a.carried[arn] = i
	}
	for _, p := range n.Policies {
		n.identity = append(n.identity, a.profiles.of(p))
	}
	for _, name := range n.Groups {
		for k := range n.account.Groups {
			if g := &n.account.Groups[k]; g.Name == name {
				for _, p := range g.Policies {
					n.identity = append(n.identity, a.profiles.of(p))
				}
			}
		}
	}
	n.boundary = a.profiles.of(n.Boundary)
	n.asker = a.askerOf(n)
	n.layers = policy.Layers{Identity: []*policy.Policy{}}
	for _, p := range n.identity {
		n.layers.Identity = append(n.layers.Identity, p.compiled)
		n.via = n.via || slices.ContainsFunc(p.clauses, throughService)
	}
	if n.boundary != nil {
		n.layers.Boundary = n.boundary.compiled
	}
	if !n.ServiceRole {
		n.layers.SCPs, n.layers.RCPs = n.account.scps, n.account.rcps
	}
	n.self = policy.One(n.ARN)
	if n.Kind == KindRole {
		n.trust = policy.Compile("trust policy of "+nameOf(n.ARN), n.Trust)
	}
}

// askerOf is a node as package policy wants it.
func (a *Analysis) askerOf(n *node) *policy.Principal {
	out := &policy.Principal{ARN: n.ARN, Account: n.account.ID, ID: n.ID, ServiceLinked: n.ServiceRole, Tags: n.Tags}
	switch n.Kind {
	case KindRole:
		out.Kind = policy.Role
		if tagged(n.Trust) { // a session may have other tags
			out.Tags = nil
		} else if out.Tags == nil {
			out.Tags = map[string]string{}
		}
	case KindRoot:
		out.Kind = policy.Root
	default:
		out.Kind = policy.User
		if out.Tags == nil && !n.group {
			out.Tags = map[string]string{}
		}
	}
	if n.account.Member == inventory.True {
		out.OrgID = a.estate.Organization
	}
	out.OrgKnown = n.account.Member == inventory.False
	return out
}

// tagged reports whether sessions of a role may be given tags.
func tagged(trust *policy.Document) bool {
	return trust == nil || slices.ContainsFunc(trust.Statements, func(s policy.Statement) bool { return !s.Deny && covers(&s, "sts:TagSession") })
}

// findKeys collects the condition keys that need a look at the target or the
// region.
func (a *Analysis) findKeys() {
	regions := map[string]bool{}
	tags := map[string]bool{}
	for p := range a.profiles.owner {
		if p.Doc == nil {
			continue
		}
		for i := range p.Doc.Statements {
			for _, c := range p.Doc.Statements[i].Conditions {
				switch {
				case strings.HasPrefix(c.Key, "aws:resourcetag/"), strings.HasPrefix(c.Key, "iam:resourcetag/"):
					tags[c.Key] = true
				case c.Key == "iam:policyarn":
					a.keys.attached = true
				case c.Key == "iam:permissionsboundary":
					a.keys.boundary = true
				case c.Key == "aws:requestedregion":
					for _, v := range c.Values {
						if !strings.ContainsAny(v, "*?$") {
							regions[v] = true
						}
					}
				}
			}
		}
	}
	a.keys.tags = slices.Sorted(maps.Keys(tags))
	a.keys.regions = []string{"us-east-1"}
	for _, r := range slices.Sorted(maps.Keys(regions)) {
		if r != "us-east-1" && len(a.keys.regions) < 6 {
			a.keys.regions = append(a.keys.regions, r)
		}
	}
}

// findActions makes the actions ready that are asked for by name.
func (a *Analysis) findActions() {
	add := func(name string) {
		a.actions[name] = policy.NewAction(name)
		a.table.match(name).each(func(i int) bool {
			a.numbers[name] = i
			return false
		})
	}
	for _, w := range a.ways {
		for _, n := range w.needs {
			add(n.action)
		}
	}
	for _, c := range capabilities() {
		for _, name := range c.actions {
			add(name)
		}
	}
	for _, group := range powers() {
		for _, name := range group {
			add(name)
		}
	}
	for _, r := range reachings() {
		add(r.action)
	}
	add("sts:AssumeRole")
}
