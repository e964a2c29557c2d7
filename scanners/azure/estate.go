package azure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// An estate is all that one scan read.
type estate struct {
	scanner string
	now     time.Time // of the scan; zero is not known
	owners  ownerTags
	feeds   cloud.Feeds[feed]
	tenants []*object.Tenant // by id
	notes   []string
	lost    []string // what nobody knows to which tenant it belongs
	// saved is true for files: what is not there was not handed over, and is a gap.
	saved bool
}

func newEstate(scanner string, o *object.Estate, owners ownerTags, now time.Time) *estate {
	e := &estate{scanner: scanner, now: now, owners: owners, feeds: newFeeds(), notes: slices.Clone(o.Notes)}
	e.tenants = slices.SortedFunc(slices.Values(o.Tenants), func(a, b *object.Tenant) int { return strings.Compare(a.ID, b.ID) })
	return e
}

// run emits the records of all tenants, one after the other, and lets go of each: it
// is for once.
func (e *estate) run(ctx context.Context, emit scanners.Emit) error {
	for i, t := range e.tenants {
		e.tenants[i] = nil // so that nothing holds what the mapper drops
		if ctx.Err() != nil {
			return fmt.Errorf("scan Azure: %w", context.Cause(ctx))
		}
		if err := e.newMapper(ctx, t, emit).run(kinds()); err != nil {
			return err
		}
	}
	return nil
}

// kinds lists what both scanners emit.
func kinds() []inventory.Kind {
	return []inventory.Kind{
		inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindUsage,
		inventory.KindTrust, inventory.KindConsumer, inventory.KindOwner,
	}
}

// An index finds what objects of a tenant point to.
type index struct {
	t        *object.Tenant
	apps     map[string]*object.Application // by app id
	appByID  map[string]*object.Application // by object id
	sps      map[string]*object.ServicePrincipal
	spByApp  map[string]*object.ServicePrincipal
	users    map[string]*object.User
	groups   map[string]*object.Group
	units    map[string]*object.Unit
	roles    map[string]*object.DirectoryRole // by id and by template
	roleDefs map[string]*object.RoleDefinition
	appRoles map[[2]string]*object.AppRole // by id of the service principal and of the role
	managed  map[string]*object.ManagedIdentity
	subOf    map[*object.ManagedIdentity]*object.Subscription
	byARM    map[string]*object.ManagedIdentity  // user-assigned ones
	explicit map[string]*object.ServicePrincipal // user-assigned identities by the ARM id that their service principal names
	subs     map[string]*object.Subscription
	memberOf map[string][]string // principal to the groups that it is in, also over others; sorted
	clusters map[string]clusterOf
	vaultIn  map[string]*object.Subscription // by name, address and ARM id
	creators map[string]*object.Creator
	signIns  map[string][]*object.SignIn // by id of the principal, or by app id
	risks    map[string]*object.Risk
	policies map[string]*object.ManagementPolicy
	uses     map[string]int // consumers of each principal
	unread   []string       // names of groups of which the members are not known, although they hold something
}

// clusterOf is a cluster of AKS by the host of its issuer.
type clusterOf struct {
	cluster *object.Cluster
	sub     *object.Subscription
}

func newIndex(t *object.Tenant) *index {
	x := &index{
		t: t, apps: make(map[string]*object.Application, len(t.Applications)), appByID: make(map[string]*object.Application, len(t.Applications)),
		sps: make(map[string]*object.ServicePrincipal, len(t.Principals)), spByApp: make(map[string]*object.ServicePrincipal, len(t.Principals)),
		users: make(map[string]*object.User, len(t.Users)), groups: make(map[string]*object.Group, len(t.Groups)), units: map[string]*object.Unit{},
		roles: map[string]*object.DirectoryRole{}, roleDefs: make(map[string]*object.RoleDefinition, len(t.RoleDefs)), appRoles: map[[2]string]*object.AppRole{},
		managed: map[string]*object.ManagedIdentity{}, subOf: map[*object.ManagedIdentity]*object.Subscription{}, byARM: map[string]*object.ManagedIdentity{}, explicit: map[string]*object.ServicePrincipal{},
		subs: map[string]*object.Subscription{}, clusters: map[string]clusterOf{}, vaultIn: map[string]*object.Subscription{}, creators: map[string]*object.Creator{}, signIns: map[string][]*object.SignIn{},
		risks: map[string]*object.Risk{}, policies: map[string]*object.ManagementPolicy{}, uses: map[string]int{},
	}
	for i := range t.Applications {
		a := &t.Applications[i]
		first(x.apps, lower(a.AppID), a)
		first(x.appByID, lower(a.ID), a)
	}
	for i := range t.Principals {
		p := &t.Principals[i]
		first(x.sps, lower(p.ID), p)
		if !p.Agent { // an agent may share the app id of its blueprint
			first(x.spByApp, lower(p.AppID), p)
		}
		if arm, user := armOf(p); user == inventory.True {
			x.explicit[object.Fold(arm)] = p
		}
		for r := range p.Roles {
			x.appRoles[[2]string{lower(p.ID), lower(p.Roles[r].ID)}] = &p.Roles[r]
		}
	}
	x.people()
	x.definitions()
	x.resources()
	x.membership()
	return x
}

// first keeps the first of those that go by an id, however often it is listed.
func first[T any](of map[string]*T, id string, x *T) {
	if id != "" && of[id] == nil {
		of[id] = x
	}
}

// people indexes users, groups and what is told about objects one by one.
func (x *index) people() {
	t := x.t
	for i := range t.Users {
		x.users[lower(t.Users[i].ID)] = &t.Users[i]
	}
	for i := range t.Groups {
		x.groups[lower(t.Groups[i].ID)] = &t.Groups[i]
	}
	for i := range t.Units {
		x.units[lower(t.Units[i].ID)] = &t.Units[i]
	}
	for i := range t.Creators {
		x.creators[lower(t.Creators[i].Object)] = &t.Creators[i]
	}
	for i := range t.Risky {
		x.risks[lower(t.Risky[i].Principal)] = &t.Risky[i]
	}
	for i := range t.SignIns {
		s := &t.SignIns[i]
		key := lower(cmp.Or(s.Principal, s.AppID))
		x.signIns[key] = append(x.signIns[key], s)
	}
}

func (x *index) definitions() {
	t := x.t
	for i := range t.DirectoryRoles {
		r := &t.DirectoryRoles[i]
		x.roles[lower(r.ID)] = r
		if k := lower(r.Template); k != "" && x.roles[k] == nil {
			x.roles[k] = r
		}
	}
	for i := range t.RoleDefs {
		x.roleDefs[lower(t.RoleDefs[i].ID)] = &t.RoleDefs[i]
	}
	for i := range t.Management {
		x.policies[lower(t.Management[i].ID)] = &t.Management[i]
	}
}

// resources indexes what subscriptions hold.
func (x *index) resources() {
	for _, s := range x.t.Subscriptions {
		x.subs[lower(s.ID)] = s
		for i := range s.Identities {
			m := &s.Identities[i]
			if key := lower(m.Principal); key != "" && x.managed[key] == nil {
				x.managed[key] = m
			}
			x.subOf[m] = s
			if !m.System {
				x.byARM[object.Fold(m.ID)] = m
			}
		}
		for i := range s.Clusters {
			if c := &s.Clusters[i]; c.Issuer != "" {
				x.clusters[issuerKey(c.Issuer)] = clusterOf{c, s}
			}
		}
		for i := range s.Vaults {
			v := &s.Vaults[i]
			for _, name := range []string{v.Name, v.URI, v.ID} {
				x.vaultIn[object.Fold(name)] = s
			}
		}
		for i := range s.Consumers {
			for _, p := range x.principalsOf(&s.Consumers[i]) {
				x.uses[p]++
			}
		}
	}
}

// principalsOf returns the principal ids of the identities that a resource has, as
// far as they are known.
func (x *index) principalsOf(c *object.Consumer) []string {
	var out []string
	if c.System != "" {
		out = append(out, lower(c.System))
	}
	for _, id := range c.User {
		if m := x.byARM[object.Fold(id)]; m != nil && m.Principal != "" {
			out = append(out, lower(m.Principal))
		}
	}
	return out
}

// issuerKey makes two spellings of one issuer equal.
func issuerKey(issuer string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(issuer), "https://"), "/"))
}

// membership says which groups service principals are in. Groups within groups are
// followed; a circle of them ends where it began.
//
// Memory: an entry for each service principal and group that it is in.
func (x *index) membership() {
	x.memberOf = map[string][]string{}
	holds := x.holders()
	ids := make([]string, 0, len(x.groups))
	for id := range x.groups {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if !holds[id] {
			continue
		}
		seen := map[string]bool{id: true}
		queue := []string{id}
		for len(queue) > 0 {
			g := x.groups[queue[0]]
			queue = queue[1:]
			if g == nil {
				continue
			}
			if !g.Known {
				x.unread = append(x.unread, cmp.Or(g.Name, g.ID))
			}
			for _, member := range g.Members {
				member = lower(member)
				if seen[member] {
					continue
				}
				seen[member] = true
				if x.groups[member] != nil {
					queue = append(queue, member)
				} else if x.sps[member] != nil || x.managed[member] != nil {
					x.memberOf[member] = append(x.memberOf[member], id)
				}
			}
		}
	}
	x.unread = unique(x.unread)
}

// holders returns the groups that a role, a permission or the access policy of a
// vault is given to. Only their members matter.
func (x *index) holders() map[string]bool {
	out := map[string]bool{}
	add := func(id string) {
		if id = lower(id); x.groups[id] != nil {
			out[id] = true
		}
	}
	for i := range x.t.Directory {
		add(x.t.Directory[i].Principal)
	}
	for i := range x.t.Assignments {
		add(x.t.Assignments[i].Principal)
	}
	for i := range x.t.AppRoles {
		add(x.t.AppRoles[i].Principal)
	}
	for _, s := range x.t.Subscriptions {
		for v := range s.Vaults {
			for i := range s.Vaults[v].Access {
				add(s.Vaults[v].Access[i].Object)
			}
		}
	}
	return out
}

// subscriptionOf returns the id of the subscription that an ARM id lies in, in lower
// case; empty if it is in none.
func subscriptionOf(arm string) string {
	rest, ok := strings.CutPrefix(object.Fold(arm), "/subscriptions/")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// armOf returns the ARM id among the alternative names of a managed identity's
// service principal, and whether the identity is one that somebody assigned to
// resources (isExplicit=True), rather than the system's of one resource.
func armOf(p *object.ServicePrincipal) (arm string, user inventory.Tri) {
	for _, n := range p.AlternativeNames {
		switch {
		case strings.EqualFold(n, "isExplicit=True"):
			user = inventory.True
		case strings.EqualFold(n, "isExplicit=False"):
			user = inventory.False
		case strings.HasPrefix(strings.ToLower(n), "/subscriptions/"), strings.HasPrefix(strings.ToLower(n), "/providers/"):
			arm = n
		}
	}
	return arm, user
}
