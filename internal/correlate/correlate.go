// Package correlate draws conclusions from an inventory: which credentials are
// one secret, what a leaked credential opens, which workload may act as which
// role, which declared identity is which live one, and who answers for each.
//
// It is a pure function of the records, the mapping of owners and the list of
// people: it reads no clock and no file, changes no record, and gives the same
// conclusions whatever order the records came in. Time and memory grow with the
// records, not with their pairs: every match is a look-up, groups become stars,
// and a pattern that fits very many is cut at a bound that the reason states.
package correlate

import (
	"cmp"
	"slices"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// fanOut bounds how many relations one public identifier or one pattern may
// give, so that hostile input cannot make their number quadratic.
const fanOut = 32

// Options are what the user adds to the records. The zero Options is valid.
type Options struct {
	Mapping   *Mapping  // patterns to owners; nil is none
	People    *People   // who is still there; nil leaves Active, External and Kind as they came
	OwnerTags []string  // tag keys that name an owner, case-insensitive; nil is DefaultOwnerTags
	AsOf      time.Time // judges end dates in People; zero leaves an end date without a status unknown
}

// DefaultOwnerTags returns the tag, label and annotation keys that are taken to
// name an owner. The last is the annotation convention of Kubernetes services
// (ambassador-labs/k8s-for-humans, "a8r.io/owner").
func DefaultOwnerTags() []string {
	return []string{
		"owner", "team", "contact", "owner-email", "owner_email", "owneremail", "owned-by", "ownedby",
		"technical-owner", "service-owner", "a8r.io/owner",
	}
}

// Conclusions are new records. Relations are by From, Type and To, one for each
// such triple; Owners by Subject, Method, Owner and Source. They share nothing
// with the inventory that can be changed.
type Conclusions struct {
	Relations []*inventory.Relation
	Owners    []*inventory.Owner
}

// Correlate draws the conclusions from an inventory. Relations that it already
// has are drawn anew; its owners are kept, as copies, and added to. Doing it
// twice gives what doing it once gives.
func Correlate(inv *inventory.Inventory, opts Options) Conclusions {
	ix := newIndex(inv)
	rel := &relations{seen: make(map[triple]int)}
	sameSecret(ix, rel)
	authenticates(ix, rel)
	annotations(ix, rel)
	consumers(ix, rel)
	trusts(ix, rel)
	declared(ix, rel)
	drift(ix, rel)
	list := rel.sorted()
	return Conclusions{Relations: list, Owners: resolveOwners(ix, list, opts)}
}

type triple struct{ from, kind, to string }

// relations collects relations, one for each from, type and to: of two the
// exact one is kept, and of equals the first.
type relations struct {
	list []*inventory.Relation
	seen map[triple]int
}

func (r *relations) add(x inventory.Relation) {
	if x.From == "" || x.From == x.To || len(x.To) > inventory.MaxID || !printable(x.To) || x.To == "" {
		return // what a secret says of itself may hold anything
	}
	key := triple{x.From, x.Type, x.To}
	if i, ok := r.seen[key]; ok {
		if x.Exact && !r.list[i].Exact {
			r.list[i] = &x
		}
		return
	}
	r.seen[key] = len(r.list)
	r.list = append(r.list, &x)
}

func (r *relations) sorted() []*inventory.Relation {
	slices.SortFunc(r.list, func(a, b *inventory.Relation) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Type, b.Type), cmp.Compare(a.To, b.To))
	})
	return r.list
}
