package azure

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A mapper turns one tenant and its subscriptions into records.
//
// Memory: the index of the tenant and what package paths finds out about each
// principal. Roles and permissions, which a tenant has most of, are dropped as their
// grants are emitted; no record is kept, but for the ids of some.
type mapper struct {
	*index

	ctx     context.Context //nolint:containedctx // of the one scan that the mapper lives for
	emit    scanners.Emit
	err     error // the first error of emit or of the context; nothing is emitted after it
	estate  *estate
	judge   *judge
	scope   string                 // of the tenant
	order   []*object.Subscription // by id
	policed bool                   // all app management policies were read
	names   map[string]struct{}    // ids that were given
	again   map[string]int         // how often those came after the first
	scopes  map[string]*seen       // by scope
	held    map[string]*holdings
	pods    map[string][]string // object ids that the accounts of a cluster may become, by its ARM id
	wholes  map[string]bool
	titles  map[string]string // of roles without a definition, by id
	emitted int
}

// seen is what was emitted of a scope, and what a reader of its coverage should know.
type seen struct {
	count map[inventory.Kind]int
	notes map[inventory.Kind][]string
	lost  map[inventory.Kind][]string // what was not seen beside what listings say
}

// newMapper makes a mapper, which leaves the tenant as it is.
func (e *estate) newMapper(ctx context.Context, t *object.Tenant, emit scanners.Emit) *mapper {
	own := *t
	t = &own
	m := &mapper{
		index: newIndex(t), ctx: ctx, emit: emit, estate: e, scope: e.scanner + ":" + cloud.Word(lower(t.ID)),
		order: slices.SortedFunc(slices.Values(t.Subscriptions), func(a, b *object.Subscription) int { return strings.Compare(a.ID, b.ID) }),
		names: map[string]struct{}{}, again: map[string]int{}, scopes: map[string]*seen{}, wholes: map[string]bool{}, titles: map[string]string{},
	}
	m.policed = m.policiesKnown()
	m.judge = newJudge(m, e.now)
	m.held = m.holdings()
	m.t.Assignments, m.t.AppRoles = nil, nil // held has its own
	return m
}

// run emits all records of the tenant, kind by kind of object, then coverage.
func (m *mapper) run(kinds []inventory.Kind) error {
	for _, step := range []func(){
		m.putApplications, m.putPrincipals, m.putStrangers, m.putSubscriptions, m.tellGaps,
	} {
		if m.err != nil {
			break
		}
		step()
	}
	for _, k := range kinds {
		m.putCoverage(m.scope, nil, k)
	}
	for _, s := range m.order {
		for _, k := range kinds {
			m.putCoverage(m.scopeOf(s), s, k)
		}
	}
	return m.err
}

// scopeOf names the scope of a subscription.
func (m *mapper) scopeOf(s *object.Subscription) string {
	return m.scope + "/" + cloud.Word(lower(s.ID))
}

// scopeAt returns the scope of what lies at an ARM id: that of its subscription if
// it was read, else the tenant's.
func (m *mapper) scopeAt(arm string) string {
	if s := m.subs[subscriptionOf(arm)]; s != nil {
		return m.scopeOf(s)
	}
	return m.scope
}

// id returns the id of what has a name of its own in Azure.
func (m *mapper) id(native string) string { return m.estate.scanner + ":" + cloud.Word(native) }

// entra returns the id of an object of the tenant's directory.
func (m *mapper) entra(kind, id string) string {
	return m.id(lower(m.t.ID) + "/" + kind + "/" + lower(id))
}

// part returns the id of what belongs to something with an id and has none of its
// own.
func part(of, name string) string { return of + "#" + cloud.Word(name) }

// once returns an id, with a number if the tenant has two of it.
func (m *mapper) once(id string) string {
	if _, given := m.names[id]; !given {
		m.names[id] = struct{}{}
		return id
	}
	m.again[id]++
	return id + "~" + strconv.Itoa(1+m.again[id])
}

// in returns what is known of a scope.
func (m *mapper) in(scope string) *seen {
	s := m.scopes[scope]
	if s == nil {
		s = &seen{map[inventory.Kind]int{}, map[inventory.Kind][]string{}, map[inventory.Kind][]string{}}
		m.scopes[scope] = s
	}
	return s
}

// put emits one record unless the scan has ended.
func (m *mapper) put(r inventory.Record, kind inventory.Kind) {
	if m.err != nil {
		return
	}
	if m.emitted++; m.emitted%1024 == 0 && m.ctx.Err() != nil {
		m.err = fmt.Errorf("scan %s: %w", m.scope, context.Cause(m.ctx))
		return
	}
	if m.err = m.emit(r); m.err == nil && kind != inventory.KindCoverage {
		m.in(r.Scope()).count[kind]++
	}
}

// note keeps something that a reader of the coverage of a kind should know.
func (m *mapper) note(scope string, kind inventory.Kind, text string) {
	m.in(scope).notes[kind] = added(m.in(scope).notes[kind], text)
}

// lose keeps something that was not seen of a kind although listings were whole.
func (m *mapper) lose(scope string, kind inventory.Kind, text string) {
	m.in(scope).lost[kind] = added(m.in(scope).lost[kind], text)
}

// added appends a text that is not there yet, up to a bound.
func added(list []string, text string) []string {
	text = inventory.Clip(text, cloud.MaxText)
	if len(list) < cloud.MaxMore && !slices.Contains(list, text) {
		return append(list, text)
	}
	return list
}

// putIdentity emits an identity with what all of them have in common.
func (m *mapper) putIdentity(x inventory.Identity, attr cloud.Attributes) {
	x.Name, x.Description = inventory.Clip(x.Name, cloud.MaxName), inventory.Clip(x.Description, cloud.MaxText)
	x.CreatedAt, x.CreatedBy = inventory.Time(x.CreatedAt), inventory.Clip(x.CreatedBy, cloud.MaxText)
	x.PublicIDs = clean(x.PublicIDs)
	if len(attr) > 0 {
		x.Attributes = attr
	}
	m.put(inventory.Record{Identity: &x}, inventory.KindIdentity)
}

// putCredential emits a credential with what all of them have in common.
func (m *mapper) putCredential(x inventory.Credential, tags []object.Tag, attr cloud.Attributes) {
	x.Name, x.Description, x.PublicID = inventory.Clip(x.Name, cloud.MaxName), inventory.Clip(x.Description, cloud.MaxText), inventory.Clip(x.PublicID, cloud.MaxText)
	x.CreatedAt, x.RotatedAt = inventory.Time(x.CreatedAt), inventory.Time(x.RotatedAt)
	x.ExpiresAt, x.NextRotationAt = inventory.Time(x.ExpiresAt), inventory.Time(x.NextRotationAt)
	x.NeverExpires = x.NeverExpires && x.ExpiresAt.IsZero()
	if x.Tags == nil {
		x.Tags = cloud.TagsOf(tags)
	}
	if len(attr) > 0 {
		x.Attributes = attr
	}
	m.put(inventory.Record{Credential: &x}, inventory.KindCredential)
}

func (m *mapper) putUsage(u inventory.Usage) {
	u.LastUsedAt, u.TrackedSince = inventory.Time(u.LastUsedAt), inventory.Time(u.TrackedSince)
	u.Service, u.Resource = inventory.Clip(u.Service, cloud.MaxName), inventory.Clip(u.Resource, cloud.MaxText)
	if u.LastUsedAt.IsZero() && u.TrackedSince.IsZero() {
		return
	}
	m.put(inventory.Record{Usage: &u}, inventory.KindUsage)
}
