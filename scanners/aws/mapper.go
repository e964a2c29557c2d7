package aws

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A mapper turns one account into records.
//
// Memory: an entry for each role, user, policy and provider; no record is kept.
type mapper struct {
	ctx     context.Context //nolint:containedctx // of the one scan that the mapper lives for
	emit    scanners.Emit
	err     error // the first error of emit or of the context; nothing is emitted after it
	scanner string
	scope   string
	now     time.Time // of the scan; zero is not known
	estate  *estate
	a       *object.Account
	judge   *judge
	owners  ownerTags

	roles     map[string]*object.Role   // by ARN
	policies  map[string]*object.Policy // managed ones, by ARN
	groups    map[string]*object.Group  // by name
	profiles  map[string]string         // ARN of an instance profile to that of its role
	providers map[string]bool           // ARNs of OIDC and SAML providers
	clusters  map[string]*object.Cluster
	creators  map[string]*object.Creator // by ARN or access key id
	names     map[string]int             // ids of trusts that were made
	listings  listings
	account   []owning // who answers for the account

	count   map[inventory.Kind]int
	notes   map[inventory.Kind][]string
	lost    map[inventory.Kind][]string // what was not seen beside what listings say
	emitted int
}

// newMapper indexes one account of an estate.
func (e *estate) newMapper(ctx context.Context, a *object.Account, emit scanners.Emit) *mapper {
	m := &mapper{
		ctx: ctx, emit: emit, scanner: e.scanner, scope: scopeOf(e.scanner, a), now: e.now, estate: e, a: a, judge: e.judge, owners: e.owners,
		roles: make(map[string]*object.Role, len(a.Roles)), policies: make(map[string]*object.Policy, len(a.Policies)),
		groups: make(map[string]*object.Group, len(a.Groups)), profiles: map[string]string{}, providers: map[string]bool{},
		clusters: map[string]*object.Cluster{}, creators: map[string]*object.Creator{}, names: map[string]int{},
		count: map[inventory.Kind]int{}, notes: map[inventory.Kind][]string{}, lost: map[inventory.Kind][]string{},
	}
	for i := range a.Roles {
		r := &a.Roles[i]
		m.roles[r.ARN] = r
		for _, p := range r.InstanceProfiles {
			m.profiles[p.ARN] = r.ARN
		}
	}
	for i := range a.Policies {
		m.policies[a.Policies[i].ARN] = &a.Policies[i]
	}
	for i := range a.Groups {
		m.groups[a.Groups[i].Name] = &a.Groups[i]
	}
	for i := range a.OIDC {
		m.providers[a.OIDC[i].ARN] = true
	}
	for i := range a.SAML {
		m.providers[a.SAML[i].ARN] = true
	}
	for i := range a.Clusters {
		m.clusters[a.Clusters[i].Name] = &a.Clusters[i]
	}
	for i := range a.Creators {
		if c := &a.Creators[i]; c.By != "" && c.Resource != "" {
			m.creators[c.Resource] = c
		}
	}
	m.listings = newListings(a, e.organization)
	m.account = m.accountOwners()
	return m
}

// run emits all records of the account, kind by kind of object, then coverage.
func (m *mapper) run(kinds []inventory.Kind) error {
	for _, step := range []func(){
		m.checkPolicies, m.putRoot, m.putUsers, m.putRoles, m.putProviders, m.putAnywhere, m.putSets, m.putAgents, m.putDelegations,
		m.putSecrets, m.putParameters, m.putKeys, m.putCertificates, m.putKeyPairs, m.putConnections,
		m.putResources, m.putPodIdentities, m.putEntries, m.putConsumers,
	} {
		if m.err != nil {
			break
		}
		step()
	}
	for _, k := range kinds {
		m.putCoverage(k)
	}
	return m.err
}

// id returns the id of what has a name of its own in AWS.
func (m *mapper) id(native string) string { return m.scanner + ":" + cloud.Word(native) }

// part returns the id of what belongs to something with an ARN and has none.
func (m *mapper) part(native, of string) string { return m.id(native) + "#" + cloud.Word(of) }

// once returns an id, with a number if the account has two of it.
func (m *mapper) once(id string) string {
	m.names[id]++
	if n := m.names[id]; n > 1 {
		return id + "~" + strconv.Itoa(n)
	}
	return id
}

// put emits one record unless the scan has ended.
func (m *mapper) put(r inventory.Record, kind inventory.Kind) {
	if m.err != nil {
		return
	}
	if m.emitted++; m.emitted%1024 == 0 {
		if err := m.ctx.Err(); err != nil {
			m.err = fmt.Errorf("scan %s: %w", m.scope, err)
			return
		}
	}
	if m.err = m.emit(r); m.err == nil && kind != inventory.KindCoverage {
		m.count[kind]++
	}
}

// putIdentity emits an identity with what all of them have in common, and its
// owners.
func (m *mapper) putIdentity(x inventory.Identity, tags []object.Tag, attr cloud.Attributes) {
	x.Scope, x.Name = m.scope, inventory.Clip(x.Name, cloud.MaxName)
	x.Description = inventory.Clip(x.Description, cloud.MaxText)
	x.CreatedAt, x.CreatedBy = inventory.Time(x.CreatedAt), inventory.Clip(x.CreatedBy, cloud.MaxText)
	x.Tags, x.Environment, x.ReviewedAt = cloud.TagsOf(tags), cloud.EnvironmentOf(tags, m.a.Tags), cloud.ReviewedAt(tags)
	if c := m.creator(x.PublicIDs...); c != nil {
		x.CreatedBy = inventory.Clip(c.By, cloud.MaxText)
		if x.CreatedAt.IsZero() {
			x.CreatedAt = inventory.Time(c.At)
		}
	}
	x.CreatedBy = cmp.Or(x.CreatedBy, inventory.Clip(cloud.TagValue(tags, creatorTags()...), cloud.MaxText))
	x.PublicIDs = cloud.PublicIDs(x.PublicIDs)
	if len(attr) > 0 {
		x.Attributes = attr
	}
	m.put(inventory.Record{Identity: &x}, inventory.KindIdentity)
	if x.ManagedBy == "" {
		m.putOwners(x.ID, tags, x.PublicIDs...)
	}
}

// putCredential emits a credential with what all of them have in common. It has
// owners of its own if it belongs to no identity.
func (m *mapper) putCredential(x inventory.Credential, tags []object.Tag, attr cloud.Attributes) {
	x.Scope, x.Name, x.Description = m.scope, inventory.Clip(x.Name, cloud.MaxName), inventory.Clip(x.Description, cloud.MaxText)
	x.PublicID = inventory.Clip(x.PublicID, cloud.MaxText)
	x.CreatedAt, x.RotatedAt = inventory.Time(x.CreatedAt), inventory.Time(x.RotatedAt)
	x.ExpiresAt, x.NextRotationAt = inventory.Time(x.ExpiresAt), inventory.Time(x.NextRotationAt)
	x.Tags, x.Environment = cloud.TagsOf(tags), cloud.EnvironmentOf(tags, m.a.Tags)
	if len(attr) > 0 {
		x.Attributes = attr
	}
	m.put(inventory.Record{Credential: &x}, inventory.KindCredential)
	if x.Identity == "" && x.ManagedBy == "" {
		m.putOwners(x.ID, tags, x.PublicID)
	}
}

// creator returns who made what one of some names says, or nil.
func (m *mapper) creator(names ...string) *object.Creator {
	for _, n := range names {
		if c := m.creators[n]; c != nil {
			return c
		}
	}
	return nil
}

func (m *mapper) partition() string { return cmp.Or(m.a.Partition, "aws") }

// title is what people call the account.
func (m *mapper) title() string { return cmp.Or(m.a.Name, m.a.Alias, m.a.ID) }

// note keeps something that a reader of the coverage of a kind should know.
func (m *mapper) note(kind inventory.Kind, text string) {
	if len(m.notes[kind]) < cloud.MaxMore && !slices.Contains(m.notes[kind], text) {
		m.notes[kind] = append(m.notes[kind], text)
	}
}

// lose keeps something that was not seen of a kind although listings were whole.
func (m *mapper) lose(kind inventory.Kind, text string) {
	if len(m.lost[kind]) < cloud.MaxMore && !slices.Contains(m.lost[kind], text) {
		m.lost[kind] = append(m.lost[kind], text)
	}
}

// scopeOf names the scope of an account. A scan of some of its regions has one of
// its own, so that it never closes what a whole scan found in the others.
func scopeOf(scanner string, a *object.Account) string {
	scope := scanner + ":" + cloud.Word(a.ID)
	if a.Chosen != "" {
		scope += "@" + inventory.Clip(a.Chosen, cloud.MaxText)
	}
	return scope
}
