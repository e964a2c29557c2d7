package correlate

import (
	"github.com/muster-nhi/muster/internal/inventory"
)

// declared relates what configuration declares to what was seen live: exact by
// a public id that is unique in the world, probable by type and name if just
// one live identity has them.
func declared(ix *index, rel *relations) {
	names := make(map[string]*inventory.Identity)
	for _, i := range ix.inv.Identities {
		k := nameKey(i)
		switch _, twice := names[k]; {
		case i.Declared || k == "" || i.Attributes["missing"] == "true":
		case twice:
			names[k] = nil
		default:
			names[k] = i
		}
	}
	for _, i := range ix.inv.Identities {
		if !i.Declared || byUniqueID(ix, rel, i) || i.Attributes[clusterScope] != "" {
			continue // with the scope of its cluster it is for drift to say
		}
		if live := names[nameKey(i)]; live != nil {
			rel.add(inventory.Relation{
				From: i.ID, To: live.ID, Type: inventory.RelationSameIdentity, Method: "name", Resolved: true,
				Reason: "the only live " + i.Type + " of this name",
			})
		}
	}
}

// nameKey returns what a declared and a live identity share if they are one:
// the type and the name, for a service account with its namespace.
func nameKey(i *inventory.Identity) string {
	name := i.Name
	if i.Type == serviceAccountType {
		name = serviceAccount(i)
	}
	if name == "" {
		return ""
	}
	return i.Type + "\x00" + name
}

func byUniqueID(ix *index, rel *relations, i *inventory.Identity) bool {
	found := false
	for _, id := range i.PublicIDs {
		if !isUnique(id) {
			continue
		}
		for _, live := range ix.resolve(id, "") {
			if live.Declared || platformOf(live.Type) != platformOf(i.Type) {
				continue
			}
			found = true
			rel.add(inventory.Relation{
				From: i.ID, To: live.ID, Type: inventory.RelationSameIdentity, Method: "public_id", Exact: true, Resolved: true,
				Reason: "both go by " + id,
			})
		}
	}
	return found
}
