package inventory

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"sync"
)

// sideBySide runs the parts, each on a goroutine, and waits for them all.
func sideBySide(parts ...func()) {
	var group sync.WaitGroup
	for _, part := range parts {
		group.Go(part)
	}
	group.Wait()
}

// sortUnique sorts by id, drops all but one of equal ids, and returns how many
// it dropped. Among equal ids the record whose text sorts first wins, whatever
// order they came in.
func sortUnique[T any](list *[]*T, id func(*T) string) (dropped int) {
	slices.SortFunc(*list, func(x, y *T) int {
		return tied(cmp.Compare(id(x), id(y)), x, y)
	})
	n := len(*list)
	*list = slices.CompactFunc(*list, func(x, y *T) bool { return id(x) == id(y) })
	return n - len(*list)
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

// sortGrants sorts by what grants are looked up by: their principals. The ids
// are looked at last, for this is the longest list.
func (inv *Inventory) sortGrants() {
	slices.SortFunc(inv.Grants, func(x, y *Grant) int {
		if c := cmp.Compare(x.Principal, y.Principal); c != 0 {
			return c
		}
		return cmp.Compare(x.ID, y.ID)
	})
}

// indexCredentials makes the order by identity.
func (inv *Inventory) indexCredentials() {
	inv.byIdentity = slices.DeleteFunc(slices.Clone(inv.Credentials), func(c *Credential) bool { return c.Identity == "" })
	slices.SortFunc(inv.byIdentity, func(x, y *Credential) int {
		if c := cmp.Compare(x.Identity, y.Identity); c != 0 {
			return c
		}
		return cmp.Compare(x.ID, y.ID)
	})
}

func (inv *Inventory) sortUsages() {
	slices.SortFunc(inv.Usages, func(x, y *Usage) int {
		if c := cmp.Compare(x.Subject, y.Subject); c != 0 {
			return c
		}
		return tied(cmp.Or(cmp.Compare(x.Service, y.Service),
			cmp.Compare(x.Resource, y.Resource), x.LastUsedAt.Compare(y.LastUsedAt), cmp.Compare(x.Source, y.Source)), x, y)
	})
}

// sortConclusions sorts what With puts in: relations and owners.
func (inv *Inventory) sortConclusions() {
	slices.SortFunc(inv.Owners, func(x, y *Owner) int {
		if c := cmp.Compare(x.Subject, y.Subject); c != 0 {
			return c
		}
		return tied(cmp.Or(cmp.Compare(y.Confidence.Rank(), x.Confidence.Rank()),
			cmp.Compare(x.rank(), y.rank()), cmp.Compare(x.Method, y.Method), cmp.Compare(x.Owner, y.Owner)), x, y)
	})
	slices.SortFunc(inv.Relations, func(x, y *Relation) int {
		return tied(cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.Type, y.Type), cmp.Compare(x.To, y.To)), x, y)
	})
	inv.relationsTo = slices.Clone(inv.Relations)
	slices.SortFunc(inv.relationsTo, func(x, y *Relation) int {
		return tied(cmp.Or(cmp.Compare(x.To, y.To), cmp.Compare(x.Type, y.Type), cmp.Compare(x.From, y.From)), x, y)
	})
}

// sortRest sorts the short lists.
func (inv *Inventory) sortRest() {
	slices.SortFunc(inv.Trusts, func(x, y *Trust) int {
		return cmp.Or(cmp.Compare(x.Identity, y.Identity), cmp.Compare(x.ID, y.ID))
	})
	slices.SortFunc(inv.Consumers, func(x, y *Consumer) int {
		return cmp.Or(cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.ID, y.ID))
	})
	slices.SortFunc(inv.Coverages, func(x, y *Coverage) int {
		return tied(cmp.Or(cmp.Compare(x.Scope, y.Scope), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Scanner, y.Scanner)), x, y)
	})
}
