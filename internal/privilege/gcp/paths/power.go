package paths

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// A may is what is allowed on a resource: for certain, perhaps, and after the
// holder has given itself a role that it may give.
type may struct {
	certain, possible, lent role.Set
}

// A power is what somebody is given, or denied, at a place and in all that is in
// it.
type power struct {
	place     int32
	may       may  // given here
	deny      may  // denied here: certain takes away for good, possible perhaps
	exact     bool // depends on the resource: has to be asked for each
	here      may  // what is left at the place, with all above
	hereExact bool
}

// powers are what holders with the same grants and denies may do.
type powers struct {
	drawn   []int32  // holders whose grants count
	self    int32    // the one of them for whom it was worked out; -1 if it has no grants
	asked   sync.Map // may by place, where conditions on resources were asked
	asks    atomic.Int32
	denies  []rule  // of deny policies that are about them
	bounds  []int32 // access boundaries that they are in
	all     []power // by place.in, one for each place
	at      map[int32]int32
	union   may
	own     own
	opening []opening
	done    bool
}

// policyPermissions change allow policies: conditions on grants are about them.
func policyPermissions() role.Set {
	return role.SetOf("resourcemanager.organizations.setIamPolicy", "resourcemanager.folders.setIamPolicy", "resourcemanager.projects.setIamPolicy")
}

// accountPolicy changes allow policies of service accounts.
func accountPolicy() role.Set { return role.SetOf("iam.serviceAccounts.setIamPolicy") }

// condOf returns the number of a condition, -1 for none.
func (a *Analysis) condOf(text string) int32 {
	if strings.TrimSpace(text) == "" {
		return -1
	}
	if i, ok := a.condIndex[text]; ok {
		return i
	}
	if len(a.conds) >= maxConditions {
		text = ""
		if i, ok := a.condIndex[text]; ok {
			return i
		}
	}
	c := cond{Condition: condition.New(text)}
	now := condition.Context{Now: a.estate.AsOf}
	c.plain = c.Holds(&now)
	c.owner, c.token = c.plain, c.plain
	if c.LimitsGrants() {
		a.limited(&c)
	}
	i := int32(len(a.conds))
	a.conds = append(a.conds, c)
	a.condIndex[text] = i
	return i
}

// limited finds out what a condition lets somebody give.
func (a *Analysis) limited(c *cond) {
	giving := func(name string) inventory.Tri {
		return c.Holds(&condition.Context{Now: a.estate.AsOf, Roles: []string{name}})
	}
	c.owner, c.token = giving("roles/owner"), giving("roles/iam.serviceAccountTokenCreator")
	for _, name := range c.Roles() {
		if giving(name) == inventory.False {
			continue
		}
		set := a.roles[a.roleOf(name)].Set
		c.lends.Or(set)
		c.names = append(c.names, name)
	}
}

// plainly is what a grant allows where nothing is known of the resource.
func (a *Analysis) plainly(g grant) may { return a.under(g, nil) }

// under is what a grant allows in a context; nil is one of which nothing is known.
func (a *Analysis) under(g grant, ctx *condition.Context) may {
	set := a.roles[g.role].Set
	if g.cond < 0 {
		return may{certain: set, possible: set}
	}
	c := &a.conds[g.cond]
	plain, owner, token := c.plain, c.owner, c.token
	if ctx != nil && c.OnResource() {
		plain = c.Holds(ctx)
		owner, token = plain, plain
		if c.LimitsGrants() {
			giving := *ctx
			giving.Roles = []string{"roles/owner"}
			owner = c.Holds(&giving)
			giving.Roles = []string{"roles/iam.serviceAccountTokenCreator"}
			token = c.Holds(&giving)
		}
	}
	var out may
	part := func(mask role.Set, t inventory.Tri) {
		mask.And(set)
		if t == inventory.True {
			out.certain.Or(mask)
		}
		if t != inventory.False {
			out.possible.Or(mask)
		}
	}
	rest := set
	rest.Without(a.policySet)
	rest.Without(a.accountSet)
	part(rest, plain)
	part(a.policySet, owner)
	part(a.accountSet, token)
	out.lent = a.lent(c, set, &out)
	return out
}

// lent is what somebody may give itself by the roles that a condition lets it give,
// where that is not everything anyhow.
func (a *Analysis) lent(c *cond, set role.Set, have *may) role.Set {
	var out role.Set
	if !c.LimitsGrants() || c.plain == inventory.False {
		return out
	}
	if set.Meets(a.policySet) && !have.certain.Meets(a.policySet) {
		out = c.lends
	} else if set.Meets(a.accountSet) && !have.certain.Meets(a.accountSet) {
		out = c.lends
		out.And(a.onAccounts)
	}
	return out
}

// powersOf returns what a holder may do; holders with the same share one.
func (a *Analysis) powersOf(i int32) *powers {
	drawn := a.draws(i)
	p := &powers{}
	for _, k := range drawn {
		if len(a.holders[k].grants) > 0 {
			p.drawn = append(p.drawn, k)
		}
	}
	if len(p.drawn) > 0 {
		p.denies = a.deniesOf(i, drawn)
		p.bounds = a.boundsOf(i, drawn)
	}
	key := make([]byte, 0, 4*(len(p.drawn)+len(p.denies)+len(p.bounds)+2))
	put := func(k int32) { key = binary.LittleEndian.AppendUint32(key, uint32(k)) }
	p.self = -1
	for _, k := range p.drawn {
		if k != i {
			put(k)
		} else {
			p.self = i
		}
	}
	put(-1)
	if p.self >= 0 { // whoever has the same grants and is in the same groups shares it
		for _, g := range a.holders[i].grants {
			put(g.place)
			put(g.role)
			put(g.cond)
		}
	}
	put(-1)
	for _, k := range p.denies {
		put(int32(k))
	}
	put(-1)
	for _, k := range p.bounds {
		put(k)
	}
	if have, ok := a.shared[string(key)]; ok {
		return have
	}
	a.shared[string(key)] = p
	return p
}

// finish puts together what is allowed at each place.
func (a *Analysis) finish(p *powers) {
	p.at = map[int32]int32{}
	find := func(at int32) *power {
		k, ok := p.at[at]
		if !ok {
			k = int32(len(p.all))
			p.all = append(p.all, power{place: at})
			p.at[at] = k
		}
		return &p.all[k]
	}
	for _, h := range p.drawn {
		for _, g := range a.holders[h].grants {
			x := find(g.place)
			x.may.or(a.plainly(g))
			x.exact = x.exact || g.cond >= 0 && a.conds[g.cond].OnResource()
		}
	}
	for _, k := range p.denies {
		d := &a.denies[k.deny()]
		x := find(d.place)
		x.deny.or(a.denied(k, nil))
		x.exact = x.exact || d.cond >= 0
	}
	slices.SortFunc(p.all, func(x, y power) int { return cmp.Compare(a.tree.places[x.place].in, a.tree.places[y.place].in) })
	a.inherit(p)
	a.assess(p)
	a.openings(p)
}

// or adds what another allows.
func (m *may) or(o may) {
	m.certain.Or(o.certain)
	m.possible.Or(o.possible)
	m.lent.Or(o.lent)
}

// left is what denies leave of what is given.
func left(given, denied may) may {
	given.certain.Without(denied.possible)
	given.possible.Without(denied.certain)
	given.lent.Without(denied.possible)
	return given
}

// inherit hands on what is given and denied to the places below.
func (a *Analysis) inherit(p *powers) {
	type level struct {
		at          int32
		given, deny may
		exact       bool
	}
	var stack []level
	for i := range p.all {
		x := &p.all[i]
		p.at[x.place] = int32(i)
		for len(stack) > 0 && !a.tree.within(x.place, stack[len(stack)-1].at) {
			stack = stack[:len(stack)-1]
		}
		l := level{at: x.place, given: x.may, deny: x.deny, exact: x.exact}
		if len(stack) > 0 {
			top := &stack[len(stack)-1]
			l.given.or(top.given)
			l.deny.or(top.deny)
			l.exact = l.exact || top.exact
		}
		stack = append(stack, l)
		x.here = a.bounded(p, x.place, left(l.given, l.deny))
		x.hereExact = l.exact
		p.union.or(x.here)
	}
}

// bounded takes away what access boundaries keep out of reach. Which permissions
// they are about depends on their version, so it is only perhaps taken away.
func (a *Analysis) bounded(p *powers, at int32, m may) may {
	if len(p.bounds) > 0 && !a.inBounds(p, at) {
		m.certain, m.lent = role.Set{}, role.Set{}
	}
	return m
}

// inBounds reports whether some access boundary lets its principals reach a place.
func (a *Analysis) inBounds(p *powers, at int32) bool {
	return slices.ContainsFunc(p.bounds, func(k int32) bool {
		return slices.ContainsFunc(a.bounds[k].places, func(in int32) bool { return a.tree.within(at, in) })
	})
}

// nearest is the deepest place at or above one at which something is given or
// denied; nil if there is none.
func (a *Analysis) nearest(p *powers, at int32) *power {
	for ; at >= 0; at = a.tree.places[at].parent {
		if k, ok := p.at[at]; ok {
			return &p.all[k]
		}
	}
	return nil
}

// on is what is allowed on one resource.
func (a *Analysis) on(p *powers, at int32) may {
	x := a.nearest(p, at)
	if x == nil {
		return may{}
	}
	if !x.hereExact {
		if len(p.bounds) == 0 || x.place == at {
			return x.here
		}
	}
	if have, ok := p.asked.Load(at); ok {
		return have.(may) //nolint:forcetypeassert,errcheck // nothing else is put there
	}
	m := a.exactly(p, at)
	if p.asks.Add(1) < maxAsked {
		p.asked.Store(at, m)
	}
	return m
}

// maxAsked is for how many resources the answer is kept.
const maxAsked = 4096

// exactly works out what is allowed on a resource, with all conditions asked about
// that resource.
func (a *Analysis) exactly(p *powers, at int32) may {
	ctx := a.contextOf(at)
	var given, deny may
	for up := at; up >= 0; up = a.tree.places[up].parent {
		k, ok := p.at[up]
		if !ok {
			continue
		}
		x := &p.all[k]
		if !x.exact {
			given.or(x.may)
			deny.or(x.deny)
			continue
		}
		for _, h := range p.drawn {
			for _, g := range a.grantsAt(h, up) {
				given.or(a.under(g, ctx))
			}
		}
		for _, r := range p.denies {
			if a.denies[r.deny()].place == up {
				deny.or(a.denied(r, ctx))
			}
		}
	}
	return a.bounded(p, at, left(given, deny))
}

// grantsAt are the grants of a holder at a place.
func (a *Analysis) grantsAt(h, at int32) []grant {
	all := a.holders[h].grants
	from, _ := slices.BinarySearchFunc(all, at, func(g grant, at int32) int { return cmp.Compare(g.place, at) })
	to := from
	for to < len(all) && all[to].place == at {
		to++
	}
	return all[from:to]
}

// contextOf is what conditions can know of a resource. Formats of names are those of
// cloud.google.com/iam/docs/conditions-resource-attributes; of services that do not
// hand the attributes on nothing is known.
func (a *Analysis) contextOf(at int32) *condition.Context {
	p := &a.tree.places[at]
	ctx := &condition.Context{Now: a.estate.AsOf}
	service, rest, ok := strings.Cut(p.name, ".googleapis.com/")
	switch {
	case p.kind == placeProject:
		ctx.Type, ctx.Service = "cloudresourcemanager.googleapis.com/Project", "cloudresourcemanager.googleapis.com"
		if n := a.tree.numberOf(at); n != "" {
			ctx.Resource, ctx.Name = true, "projects/"+n
		}
	case p.kind == placeAccount:
		ctx.Type, ctx.Service = "iam.googleapis.com/ServiceAccount", "iam.googleapis.com"
		if p.account != nil && p.account.UniqueID != "" {
			ctx.Resource, ctx.Name = true, "projects/-/serviceAccounts/"+p.account.UniqueID
		}
	case ok && service == "secretmanager":
		if name, number := a.numbered(rest, p.project); number {
			ctx.Resource, ctx.Name = true, name
			ctx.Type, ctx.Service = "secretmanager.googleapis.com/Secret", "secretmanager.googleapis.com"
		}
	case ok && service == "storage" && !strings.Contains(rest, "/"):
		ctx.Resource, ctx.Name = true, "projects/_/buckets/"+rest
		ctx.Type, ctx.Service = "storage.googleapis.com/Bucket", "storage.googleapis.com"
	}
	ctx.Tags, ctx.TagsKnown = a.tagsOf(at)
	return ctx
}

// numbered is the name of a resource with the number of its project in place of
// the id.
func (a *Analysis) numbered(name string, project int32) (string, bool) {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 3 || parts[0] != "projects" {
		return "", false
	}
	if strings.Trim(parts[1], "0123456789") == "" {
		return name, true
	}
	if project < 0 || a.tree.numberOf(project) == "" {
		return "", false
	}
	return "projects/" + a.tree.numberOf(project) + "/" + parts[2], true
}

// tagsOf are the tags of a resource and of all above. They are known only if those
// of the whole chain are, and of the resource itself only of organisations, folders
// and projects.
func (a *Analysis) tagsOf(at int32) (tags []condition.Tag, known bool) {
	known = true
	for ; at >= 0; at = a.tree.places[at].parent {
		p := &a.tree.places[at]
		if p.node == nil || !p.node.TagsKnown {
			known = false
			continue
		}
		tags = append(tags, p.node.Tags...)
	}
	return tags, known
}
