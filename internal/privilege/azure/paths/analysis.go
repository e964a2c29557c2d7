package paths

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
	"github.com/muster-nhi/muster/internal/privilege/azure/entra"
)

// An Analysis answers for one Estate. It may be asked from many goroutines.
type Analysis struct {
	estate       *Estate
	table        *arm.Table
	entra        *entra.Tables
	ways         []way
	capabilities []capability
	hostBits     arm.Bits
	vaultBits    arm.Bits // that write access policies

	roles  map[string]*arm.Role
	rights []arm.Rights
	rated  map[rating]int32 // of rights
	menus  map[rating][]offer
	offers []*arm.Role // all roles that can be given

	over     map[string]string // scopes by what is in them
	at       map[string]int32
	places   []place
	given    []given // by assignment
	profiles []profile
	profiled map[string]int32
	profile  map[int32]int32 // of principals and groups; absent is 0

	nodes    []node
	index    map[string]int32 // by object id
	apps     map[string]int32 // by the object id of a registration
	owned    map[ownerKey]int32
	variants map[ownerKey]int32 // groups by node and profile
	sides    map[int32]int32    // of groups: their rights in the tenant
	holdings []holding
	held     map[holding]int32
	hubs     map[hubKey]int32
	powers   map[powerKey]int32
	tenant   int32
	unseen   int32

	labels  []label
	labeled map[label]int32
	notes   []string
	noted   map[string]int32
	edges   []edge
	graph   *graph

	resources []Resource // of the estate, vaults among them
	denies    []Deny     // of the estate, and those that perhaps apply
	anybody   int32      // the node of every principal, perhaps; -1 is none yet
	veiled    bool       // users of a group with directory roles were not read
	direct    []grants   // by node, of principals and groups
	groups    *membership
	protected map[int32]bool // users that hold directory roles
	sealed    map[int32]bool // members of restricted units

	admin, tenantOnly search
	hidden            []int8 // distances to what was not read
	unread            []string
	hazy              inventory.Level // what groups hold in which anybody may be
	doubt             inventory.Level // what every principal may be, because of what was not read
}

// A search is the distances to a goal.
type search struct {
	certain, possible []int8
	cut               bool
}

// grants are the places in the lists of an estate of what a principal was given.
type grants struct{ assignments, directory, appRoles, delegated, vaults []int32 }

// Analyze looks at a tenant.
func Analyze(e *Estate) *Analysis {
	a := &Analysis{
		estate: e, entra: entra.New(), ways: ways(), capabilities: capabilities(),
		roles: map[string]*arm.Role{}, rated: map[rating]int32{}, menus: map[rating][]offer{}, over: map[string]string{}, at: map[string]int32{},
		profiled: map[string]int32{"": 0}, profiles: []profile{{}}, index: map[string]int32{}, apps: map[string]int32{}, owned: map[ownerKey]int32{}, variants: map[ownerKey]int32{}, sides: map[int32]int32{}, profile: map[int32]int32{},
		held: map[holding]int32{}, hubs: map[hubKey]int32{}, powers: map[powerKey]int32{}, labeled: map[label]int32{}, noted: map[string]int32{},
		protected: map[int32]bool{}, sealed: map[int32]bool{}, anybody: -1,
	}
	for _, text := range []string{noteEligible, noteTime} { // asked for later, when nothing may change any more
		a.note(text)
	}
	a.resources = keepers(e)
	more, cut := further(a.resources, a.ways)
	if a.ways = append(a.ways, more...); cut {
		a.unread = append(a.unread, "there are more kinds of resources with identities than were followed")
	}
	a.table = tableOf(a.ways, a.capabilities)
	for i := range a.ways {
		a.ways[i].compile(a.table)
	}
	for i := range a.capabilities {
		a.capabilities[i].set = a.table.Set(a.capabilities[i].actions...)
	}
	a.hostBits, a.vaultBits = a.table.Set(hosts()...), a.table.Set(actionOpen, actionVault)
	for _, r := range arm.BuiltIn() {
		a.roles[r.ID] = &r
	}
	for i := range e.Roles {
		if r := &e.Roles[i]; !r.Known && a.roles[strings.ToLower(r.ID)] != nil {
			continue
		}
		a.roles[strings.ToLower(e.Roles[i].ID)] = &e.Roles[i]
	}
	a.doubts()
	a.addNodes()
	a.addPlaces()
	a.groups = a.memberships()
	a.addProfiles()
	a.addMembers()
	a.guard()
	a.addDirectory()
	a.addOwnership()
	a.addAssignments()
	a.addVaults()
	for i := range a.given { // those that are over too, so that nothing changes later
		a.rightsFor(int32(i), a.profileOf(a.index[e.Assignments[i].Principal]))
	}
	a.addHazy()
	a.graph = newGraph(len(a.nodes), a.edges)
	a.edges = nil
	a.find()
	return a
}

// doubts notes what was not read.
func (a *Analysis) doubts() {
	a.doubt = inventory.LevelNone
	for part, why := range a.estate.Unread {
		text := "not everything was read (" + string(part) + ")"
		if why != "" {
			text += ": " + why
		}
		a.unread = append(a.unread, text)
		switch part {
		case PartDirectory, PartAppRoles, PartAssignments:
			a.doubt = inventory.LevelAdmin
		case PartPrincipals, PartOwners, PartGroups, PartSubscriptions, PartManagement, PartDenies:
		}
	}
	slices.Sort(a.unread)
}

// missing reports whether a part was not read completely.
func (a *Analysis) missing(p Part) bool {
	_, ok := a.estate.Unread[p]
	return ok
}

func (a *Analysis) node(kind nodeKind, at int32) int32 {
	a.nodes = append(a.nodes, node{kind, at})
	return int32(len(a.nodes) - 1)
}

// addNodes makes nodes of principals, groups and of those who are only named.
func (a *Analysis) addNodes() {
	e := a.estate
	for i := range e.Principals {
		p := &e.Principals[i]
		if _, ok := a.index[p.ID]; ok {
			continue
		}
		a.index[p.ID] = a.node(nodePrincipal, int32(i))
		if p.Application != "" {
			a.apps[p.Application] = a.index[p.ID]
		}
	}
	for i := range e.Groups {
		if _, ok := a.index[e.Groups[i].ID]; !ok {
			a.index[e.Groups[i].ID] = a.node(nodeGroup, int32(i))
		}
	}
	a.tenant, a.unseen = a.node(nodeTenant, 0), a.node(nodeUnseen, 0)
	a.give()
}

// other finds the node of an object id, and makes one of an id that nothing is
// known of.
func (a *Analysis) other(id string) int32 {
	n, ok := a.index[id]
	if !ok {
		n = a.node(nodeOther, 0)
		a.index[id] = n
	}
	return n
}

// give notes who was given what.
func (a *Analysis) give() {
	e := a.estate
	of := func(id string) *grants {
		n := int(a.other(id))
		for len(a.direct) <= n {
			a.direct = append(a.direct, make([]grants, n+1-len(a.direct))...)
		}
		return &a.direct[n]
	}
	for i := range e.Assignments {
		g := of(e.Assignments[i].Principal)
		g.assignments = append(g.assignments, int32(i))
	}
	for i := range e.Directory {
		g := of(e.Directory[i].Principal)
		g.directory = append(g.directory, int32(i))
	}
	for i := range e.AppRoles {
		g := of(e.AppRoles[i].Principal)
		g.appRoles = append(g.appRoles, int32(i))
	}
	for i := range e.Delegated {
		g := of(e.Delegated[i].Client)
		g.delegated = append(g.delegated, int32(i))
	}
	for i := range e.Vaults {
		for k := range e.Vaults[i].Access {
			g := of(e.Vaults[i].Access[k].Object)
			if n := len(g.vaults); n == 0 || g.vaults[n-1] != int32(i) {
				g.vaults = append(g.vaults, int32(i))
			}
		}
	}
}

// grantsOf is what a node was given itself.
func (a *Analysis) grantsOf(n int32) *grants {
	if int(n) >= len(a.direct) {
		return &grants{}
	}
	return &a.direct[n]
}

// principal is the principal of a node; nil if it is none.
func (a *Analysis) principal(n int32) *Principal {
	if a.nodes[n].kind != nodePrincipal {
		return nil
	}
	return &a.estate.Principals[a.nodes[n].at]
}

// group is the group of a node; nil if it is none.
func (a *Analysis) group(n int32) *Group {
	if a.nodes[n].kind != nodeGroup {
		return nil
	}
	return &a.estate.Groups[a.nodes[n].at]
}

// user reports whether a node is a user.
func (a *Analysis) user(n int32) bool {
	p := a.principal(n)
	return p != nil && p.Kind == KindUser
}

// label keeps a label once.
func (a *Analysis) label(id, text string) int32 {
	l := label{id, text}
	i, ok := a.labeled[l]
	if !ok {
		i = int32(len(a.labels))
		a.labels = append(a.labels, l)
		a.labeled[l] = i
	}
	return i
}

// note keeps a note once; -1 is none.
func (a *Analysis) note(text string) int32 {
	if text == "" {
		return -1
	}
	i, ok := a.noted[text]
	if !ok {
		i = int32(len(a.notes))
		a.notes = append(a.notes, text)
		a.noted[text] = i
	}
	return i
}

// link adds an edge.
func (a *Analysis) link(e edge) {
	if e.from != e.to {
		a.edges = append(a.edges, e)
	}
}

// find searches the ways to an administrator, and to the tenant alone.
func (a *Analysis) find() {
	goals := []int32{a.tenant}
	for key, n := range a.owned {
		if a.places[key.at].whole {
			goals = append(goals, n)
		}
	}
	slices.Sort(goals)
	search := func(goals []int32) search {
		certain, cut := a.graph.distances(goals, true)
		possible, more := a.graph.distances(append(slices.Clone(goals), a.unseen), false)
		return search{certain, possible, cut || more}
	}
	a.admin = search(goals)
	a.tenantOnly = search([]int32{a.tenant})
	a.hidden, _ = a.graph.distances([]int32{a.unseen}, false)
}
