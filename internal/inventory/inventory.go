package inventory

import (
	"slices"
	"sort"
	"sync"
)

// An Inventory is the whole of one scan, sorted and indexed. It is immutable
// and safe for concurrent use. Memory grows with the number of records; the
// indexes are orderings of the same slices, so look-ups take logarithmic time
// and no further memory.
type Inventory struct {
	Identities  []*Identity   // by ID
	Credentials []*Credential // by ID
	Grants      []*Grant      // by Principal, then ID
	Usages      []*Usage      // by Subject, then Service, Resource and time
	Trusts      []*Trust      // by Identity, then ID
	Consumers   []*Consumer   // by Subject, then ID
	Owners      []*Owner      // by Subject, then confidence (best first), Method (mapping_file first) and Owner
	Coverages   []*Coverage   // by Scope, Kind, Scanner
	Relations   []*Relation   // by From, Type, To; conclusions of correlate

	relationsTo []*Relation // by To, Type, From
	byIdentity  []*Credential
}

// A Builder collects records into an Inventory. It is safe for concurrent use.
type Builder struct {
	mu         sync.Mutex
	inv        Inventory
	duplicates map[Kind]int
	packer     *packer
	taken      int // records
}

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder {
	return &Builder{duplicates: make(map[Kind]int)}
}

// Add takes one record and keeps its pointer: the caller must not change it
// afterwards, and no more than read it at any time. What it says stays, but texts,
// lists and maps that others say as well are shared with them. Progress and Finding
// records are ignored, for they are no part of an inventory. It returns an error if
// the record is not valid.
func (b *Builder) Add(r Record) error {
	if err := r.Validate(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pack(r)
	switch r.Kind() {
	case KindIdentity:
		b.inv.Identities = append(b.inv.Identities, r.Identity)
	case KindCredential:
		b.inv.Credentials = append(b.inv.Credentials, r.Credential)
	case KindGrant:
		b.inv.Grants = append(b.inv.Grants, r.Grant)
	case KindUsage:
		b.inv.Usages = append(b.inv.Usages, r.Usage)
	case KindTrust:
		b.inv.Trusts = append(b.inv.Trusts, r.Trust)
	case KindConsumer:
		b.inv.Consumers = append(b.inv.Consumers, r.Consumer)
	case KindOwner:
		b.inv.Owners = append(b.inv.Owners, r.Owner)
	case KindCoverage:
		b.inv.Coverages = append(b.inv.Coverages, r.Coverage)
	case KindRelation:
		b.inv.Relations = append(b.inv.Relations, r.Relation)
	case KindProgress, KindFinding:
	}
	return nil
}

// packedFrom is the number of records from which on they share what they hold. What
// fewer hold is not worth the tables.
const packedFrom = 1000

// pack has a record of a large inventory share what others hold.
func (b *Builder) pack(r Record) {
	if b.taken++; b.taken < packedFrom {
		return
	}
	if b.packer == nil {
		b.packer = newPacker()
	}
	b.packer.record(r)
}

// Build sorts what was added and returns it. Records with the same id are one
// record seen twice: the one that sorts first is kept, so that the result does
// not depend on the order of arrival, and Duplicates counts the others. The
// Builder must not be used afterwards.
func (b *Builder) Build() *Inventory {
	b.mu.Lock()
	defer b.mu.Unlock()
	inv := &b.inv
	b.packer = nil
	var dropped [5]int
	sideBySide(
		func() { dropped[0] = sortUnique(&inv.Grants, func(x *Grant) string { return x.ID }); inv.sortGrants() },
		func() {
			dropped[1] = sortUnique(&inv.Credentials, func(x *Credential) string { return x.ID })
			inv.indexCredentials()
		},
		func() { dropped[2] = sortUnique(&inv.Identities, func(x *Identity) string { return x.ID }) },
		func() { dropped[3] = sortUnique(&inv.Trusts, func(x *Trust) string { return x.ID }) },
		func() { dropped[4] = sortUnique(&inv.Consumers, func(x *Consumer) string { return x.ID }) },
		inv.sortUsages, inv.sortConclusions,
	)
	for i, kind := range []Kind{KindGrant, KindCredential, KindIdentity, KindTrust, KindConsumer} {
		if dropped[i] > 0 {
			b.duplicates[kind] += dropped[i]
		}
	}
	inv.sortRest()
	return inv
}

// Duplicates tells, after Build, how many records of each kind were dropped
// because another had the same id.
func (b *Builder) Duplicates() map[Kind]int { return b.duplicates }

// With returns an Inventory that has the given conclusions in place of its own
// relations and owners, and shares everything else.
func (inv *Inventory) With(relations []*Relation, owners []*Owner) *Inventory {
	out := *inv
	out.Relations = slices.Clone(relations)
	out.Owners = slices.Clone(owners)
	out.sortConclusions()
	return &out
}

// Identity returns the identity with that id, or nil.
func (inv *Inventory) Identity(id string) *Identity {
	return first(inv.Identities, id, func(x *Identity) string { return x.ID })
}

// Credential returns the credential with that id, or nil.
func (inv *Inventory) Credential(id string) *Credential {
	return first(inv.Credentials, id, func(x *Credential) string { return x.ID })
}

// CredentialsOf returns the credentials whose Identity field names that
// identity, by ID. Those that are only related to it are in RelationsTo.
func (inv *Inventory) CredentialsOf(identity string) []*Credential {
	return span(inv.byIdentity, identity, func(x *Credential) string { return x.Identity })
}

// GrantsOf returns the grants that a principal holds.
func (inv *Inventory) GrantsOf(principal string) []*Grant {
	return span(inv.Grants, principal, func(x *Grant) string { return x.Principal })
}

// UsageOf returns what is known of the use of an identity, credential or grant.
func (inv *Inventory) UsageOf(subject string) []*Usage {
	return span(inv.Usages, subject, func(x *Usage) string { return x.Subject })
}

// TrustsOf returns the trusts through which an identity can be assumed.
func (inv *Inventory) TrustsOf(identity string) []*Trust {
	return span(inv.Trusts, identity, func(x *Trust) string { return x.Identity })
}

// ConsumersOf returns the workloads that use an identity or credential.
func (inv *Inventory) ConsumersOf(subject string) []*Consumer {
	return span(inv.Consumers, subject, func(x *Consumer) string { return x.Subject })
}

// OwnersOf returns the owners of a subject, best first.
func (inv *Inventory) OwnersOf(subject string) []*Owner {
	return span(inv.Owners, subject, func(x *Owner) string { return x.Subject })
}

// RelationsFrom returns the relations that begin at a record.
func (inv *Inventory) RelationsFrom(id string) []*Relation {
	return span(inv.Relations, id, func(x *Relation) string { return x.From })
}

// RelationsTo returns the relations that end at a record.
func (inv *Inventory) RelationsTo(id string) []*Relation {
	return span(inv.relationsTo, id, func(x *Relation) string { return x.To })
}

// CoverageOf returns the coverage of one kind in one scope: the worst status
// of all scanners that looked, and false if none did.
func (inv *Inventory) CoverageOf(scope string, kind Kind) (Status, bool) {
	var worst Status
	for _, c := range span(inv.Coverages, scope, func(x *Coverage) string { return x.Scope }) {
		if c.Kind == kind && c.Status.rank() > worst.rank() {
			worst = c.Status
		}
	}
	return worst, worst != ""
}

// Partial reports whether some scope could not be read in full although it was
// asked for: a coverage that is partial or denied.
func (inv *Inventory) Partial() bool {
	return slices.ContainsFunc(inv.Coverages, func(c *Coverage) bool {
		return c.Status == StatusPartial || c.Status == StatusDenied
	})
}

// rank orders statuses from best (1) to worst (4).
func (s Status) rank() int {
	return 1 + slices.Index([]Status{StatusComplete, StatusPartial, StatusSkipped, StatusDenied}, s)
}

// rank puts the mapping file, by which people overrule what was found, before all
// other methods. Of the rest a machine comes behind whoever can answer, and who has
// left behind all.
func (o *Owner) rank() int {
	switch {
	case o.Method == "mapping_file":
		return 0
	case o.Active == False:
		return 3
	case o.Kind == "nhi":
		return 2
	default:
		return 1
	}
}

func first[T any](list []*T, key string, of func(*T) string) *T {
	i := sort.Search(len(list), func(i int) bool { return of(list[i]) >= key })
	if i < len(list) && of(list[i]) == key {
		return list[i]
	}
	return nil
}

func span[T any](list []*T, key string, of func(*T) string) []*T {
	lo := sort.Search(len(list), func(i int) bool { return of(list[i]) >= key })
	hi := lo
	for hi < len(list) && of(list[hi]) == key {
		hi++
	}
	return list[lo:hi]
}
