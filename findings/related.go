package findings

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A relatedIndex finds credentials by what they have in common.
type relatedIndex struct {
	inv        *inventory.Inventory
	bySecret   map[inventory.SecretHash][]*inventory.Credential // only what two or more share
	byPublic   map[string][]*inventory.Credential               // by type and public id; likewise
	vocabulary *vocabulary
}

// newRelatedIndex takes time and memory in proportion to the credentials that
// have a hash or a public id.
func newRelatedIndex(inv *inventory.Inventory, v *vocabulary) *relatedIndex {
	return &relatedIndex{
		inv:        inv,
		vocabulary: v,
		bySecret:   shared(inv.Credentials, func(c *inventory.Credential) inventory.SecretHash { return c.SecretHash }),
		byPublic: shared(inv.Credentials, func(c *inventory.Credential) string {
			if c.PublicID == "" {
				return ""
			}
			return c.Type + "\x00" + c.PublicID
		}),
	}
}

// shared groups credentials by a key; groups of one and the empty key are left
// out.
func shared[K cmp.Ordered](list []*inventory.Credential, key func(*inventory.Credential) K) map[K][]*inventory.Credential {
	var none K
	count := map[K]int{}
	for _, c := range list {
		if k := key(c); k != none {
			count[k]++
		}
	}
	out := map[K][]*inventory.Credential{}
	for _, c := range list {
		if k := key(c); count[k] > 1 {
			out[k] = append(out[k], c)
		}
	}
	return out
}

func atMostOne(id *inventory.Identity) []*inventory.Identity {
	if id == nil {
		return nil
	}
	return []*inventory.Identity{id}
}

// opens are the identities that a credential proves: the one it names and
// those of exact relations, by id.
func opens(inv *inventory.Inventory, c *inventory.Credential) []*inventory.Identity {
	var out []*inventory.Identity
	if c.Identity != "" {
		out = atMostOne(inv.Identity(c.Identity))
	}
	for _, r := range inv.RelationsFrom(c.ID) {
		if r.Type == inventory.RelationAuthenticates && r.Exact {
			if id := inv.Identity(r.To); id != nil && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	slices.SortFunc(out, func(x, y *inventory.Identity) int { return cmp.Compare(x.ID, y.ID) })
	return out
}

// credentialsOf are the credentials that prove an identity: those that name it
// and those of exact relations, by id.
func credentialsOf(inv *inventory.Inventory, identity string) []*inventory.Credential {
	out := inv.CredentialsOf(identity)
	direct := len(out)
	for _, r := range inv.RelationsTo(identity) {
		if r.Type != inventory.RelationAuthenticates || !r.Exact {
			continue
		}
		if c := inv.Credential(r.From); c != nil && c.Identity != identity {
			if len(out) == direct {
				out = slices.Clone(out)
			}
			out = append(out, c)
		}
	}
	if len(out) > direct {
		slices.SortFunc(out, func(x, y *inventory.Credential) int { return cmp.Compare(x.ID, y.ID) })
		out = slices.Compact(out)
	}
	return out
}
