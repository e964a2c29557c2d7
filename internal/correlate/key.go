package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// storageKey is the type of a key that opens a storage account and no identity. Its
// public id is the account's name, which is unique in the world, for it is a host
// name; an account has two.
const storageKey = "azure.storage_key"

// storageKeys relates a credential that was found with the keys of the storage account
// that it names: it is one of them, or signed by one, and nothing but its value tells
// which.
func storageKeys(ix *index, rel *relations, c *inventory.Credential) {
	if c.Type != storageKey && c.Type != "azure.sas_token" || len(c.FoundAt) == 0 {
		return
	}
	name, host, dots := strings.Cut(strings.ToLower(cmp.Or(c.Attributes["storage_account"], c.PublicID)), ".")
	if dots && !strings.Contains(host, ".core.") {
		return // of a namespace of Service Bus, say
	}
	list := ix.stores[normal(name)]
	for _, key := range list[:min(len(list), fanOut)] {
		reason := "is a key of " + name + ", and may be this one"
		if c.Type != storageKey {
			reason = "is signed with a key of " + name + ", and may be with this one"
		}
		if key.Disabled == inventory.True {
			reason += ", which opens nothing now"
		}
		rel.add(inventory.Relation{
			From: c.ID, To: key.ID, Type: inventory.RelationAuthenticates, Method: "public_id", Resolved: true, Reason: reason,
		})
	}
}

// maxNamed is how many candidates a reason names.
const maxNamed = 5

// whichOf says which of the secrets of an application, or of the keys of a service
// account, a credential that was found may be. A client secret has no public id of
// its own: what was made after it was found is not it.
func (ix *index) whichOf(c *inventory.Credential, i *inventory.Identity) string {
	switch {
	case c.Type == "azure.client_secret" && !i.Declared:
		return ix.whichSecret(c, i)
	case c.Type == "gcp.service_account_key" && c.PublicID != "" && !i.Declared && i.Attributes["keys"] != "": // the number of its keys, where all were listed
		return "; the account lists no such key now: it was deleted"
	}
	return ""
}

func (ix *index) whichSecret(c *inventory.Credential, i *inventory.Identity) string {
	var names []string
	for _, x := range ix.inv.CredentialsOf(i.ID) {
		made := x.CreatedAt.IsZero() || c.FirstSeenAt.IsZero() || x.CreatedAt.Before(c.FirstSeenAt.Add(24*time.Hour))
		if x.Type != c.Type || len(x.FoundAt) > 0 || x.Disabled == inventory.True || !made {
			continue
		}
		name := cmp.Or(x.Name, x.PublicID)
		if !x.ExpiresAt.IsZero() {
			name += " (until " + x.ExpiresAt.UTC().Format(time.DateOnly) + ")"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	switch n := len(names); {
	case n > maxNamed:
		return fmt.Sprintf("; which of its secrets it is no id tells: one of %s and %d more, or one that has ended", strings.Join(names[:maxNamed], ", "), n-maxNamed)
	case n > 0:
		return "; which of its secrets it is no id tells: " + strings.Join(names, " or ") + ", or one that has ended"
	case ix.full(i.Scope):
		return "; none of its secrets that hold now is so old: it was removed or has ended"
	}
	return ""
}

// full reports whether the credentials of a scope were listed in full.
func (ix *index) full(scope string) bool {
	status, ok := ix.inv.CoverageOf(scope, inventory.KindCredential)
	return ok && status == inventory.StatusComplete
}

// isThumbprint reports whether s is the SHA-1 of a certificate in hex, as Entra and
// Key Vault name certificates.
func isThumbprint(s string) bool {
	return len(s) == 40 && strings.Trim(s, "0123456789ABCDEF") == ""
}
