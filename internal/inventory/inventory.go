package inventory

import (
	"bytes"
	"cmp"
	"encoding/json"
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
}

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder {
	return &Builder{duplicates: make(map[Kind]int)}
}

// Add takes one record and keeps its pointer: the caller must not change it
// afterwards. Progress and Finding records are ignored, for they are no part
// of an inventory. It returns an error if the record is not valid.
func (b *Builder) Add(r Record) error {
	if err := r.Validate(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
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

// Build sorts what was added and returns it. Records with the same id are one
// record seen twice: the one that sorts first is kept, so that the result does
// not depend on the order of arrival, and Duplicates counts the others. The
// Builder must not be used afterwards.
func (b *Builder) Build() *Inventory {
	b.mu.Lock()
	defer b.mu.Unlock()
	inv := &b.inv
	inv.Identities = sortUnique(b, KindIdentity, inv.Identities, func(x *Identity) string { return x.ID })
	inv.Credentials = sortUnique(b, KindCredential, inv.Credentials, func(x *Credential) string { return x.ID })
	inv.Grants = sortUnique(b, KindGrant, inv.Grants, func(x *Grant) string { return x.ID })
	inv.Trusts = sortUnique(b, KindTrust, inv.Trusts, func(x *Trust) string { return x.ID })
	inv.Consumers = sortUnique(b, KindConsumer, inv.Consumers, func(x *Consumer) string { return x.ID })
	inv.index()
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
	out.index()
	return &out
}

// sortUnique sorts by id and drops all but one of equal ids. Among equal ids
// the record whose text sorts first wins, whatever order they came in.
func sortUnique[T any](b *Builder, kind Kind, list []*T, id func(*T) string) []*T {
	slices.SortFunc(list, func(x, y *T) int {
		return tied(cmp.Compare(id(x), id(y)), x, y)
	})
	out := slices.CompactFunc(list, func(x, y *T) bool { return id(x) == id(y) })
	if n := len(list) - len(out); n > 0 {
		b.duplicates[kind] += n
	}
	return out
}

// tied returns c, the order of x and y by their keys, and for records that have
// the same keys the order of their texts, so that nothing depends on the order
// of arrival. Texts are slow, and made for ties only.
func tied[T any](c int, x, y *T) int {
	if c != 0 || x == y {
		return c
	}
	tx, errx := json.Marshal(x)
	ty, erry := json.Marshal(y)
	if errx != nil || erry != nil {
		return 0 // not reached with records that are valid
	}
	return bytes.Compare(tx, ty)
}

// index sorts what is looked up by other keys than the id.
func (inv *Inventory) index() {
	slices.SortFunc(inv.Grants, func(x, y *Grant) int {
		if c := cmp.Compare(x.Principal, y.Principal); c != 0 { // before the ids are looked at: this is the longest list
			return c
		}
		return cmp.Compare(x.ID, y.ID)
	})
	slices.SortFunc(inv.Usages, func(x, y *Usage) int {
		return tied(cmp.Or(cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Service, y.Service),
			cmp.Compare(x.Resource, y.Resource), x.LastUsedAt.Compare(y.LastUsedAt), cmp.Compare(x.Source, y.Source)), x, y)
	})
	slices.SortFunc(inv.Trusts, func(x, y *Trust) int {
		return cmp.Or(cmp.Compare(x.Identity, y.Identity), cmp.Compare(x.ID, y.ID))
	})
	slices.SortFunc(inv.Consumers, func(x, y *Consumer) int {
		return cmp.Or(cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.ID, y.ID))
	})
	slices.SortFunc(inv.Owners, func(x, y *Owner) int {
		return tied(cmp.Or(cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Confidence.rank(), y.Confidence.rank()),
			cmp.Compare(x.methodRank(), y.methodRank()), cmp.Compare(x.Method, y.Method), cmp.Compare(x.Owner, y.Owner)), x, y)
	})
	slices.SortFunc(inv.Coverages, func(x, y *Coverage) int {
		return tied(cmp.Or(cmp.Compare(x.Scope, y.Scope), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Scanner, y.Scanner)), x, y)
	})
	slices.SortFunc(inv.Relations, func(x, y *Relation) int {
		return tied(cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.Type, y.Type), cmp.Compare(x.To, y.To)), x, y)
	})
	inv.relationsTo = slices.Clone(inv.Relations)
	slices.SortFunc(inv.relationsTo, func(x, y *Relation) int {
		return tied(cmp.Or(cmp.Compare(x.To, y.To), cmp.Compare(x.Type, y.Type), cmp.Compare(x.From, y.From)), x, y)
	})
	inv.byIdentity = slices.DeleteFunc(slices.Clone(inv.Credentials), func(c *Credential) bool { return c.Identity == "" })
	slices.SortFunc(inv.byIdentity, func(x, y *Credential) int {
		if c := cmp.Compare(x.Identity, y.Identity); c != 0 {
			return c
		}
		return cmp.Compare(x.ID, y.ID)
	})
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

// rank orders confidences, high first; one that is none of them comes last.
func (c Confidence) rank() int {
	i := slices.Index([]Confidence{ConfidenceHigh, ConfidenceMedium, ConfidenceLow}, c)
	if i < 0 {
		return 3
	}
	return i
}

// methodRank puts the mapping file, by which people overrule what was found,
// before all other methods.
func (o *Owner) methodRank() int {
	if o.Method == "mapping_file" {
		return 0
	}
	return 1
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
