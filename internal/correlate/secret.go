package correlate

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// sameSecret relates credentials whose values are equal: a group of k gives k-1
// relations, from the one whose id sorts first to each of the others.
func sameSecret(ix *index, rel *relations) {
	first := make(map[inventory.SecretHash]string)
	for _, c := range ix.inv.Credentials {
		if c.SecretHash == "" {
			continue
		}
		anchor, ok := first[c.SecretHash]
		if !ok {
			first[c.SecretHash] = c.ID
			continue
		}
		rel.add(inventory.Relation{
			From: anchor, To: c.ID, Type: inventory.RelationSameSecret, Method: "secret_hash", Exact: true, Resolved: true,
			Reason: "both hold the same value",
		})
	}
}

// onePerSecret lists the credential types whose public id names one secret and
// no other, so that two with the same public id are one secret.
var onePerSecret = map[string]bool{
	"aws.access_key": true, "gcp.service_account_key": true, "gcp.api_key": true,
	"ssh.private_key": true, "pki.private_key": true, "pki.certificate": true, "entra.certificate": true, "gcp.hmac_key": true,
}

// loose lists the types whose public id is a user name or the like, or which
// may speak for a person: they may point to an identity, but that is no proof.
var loose = map[string]bool{
	"database.connection": true, "basic_auth": true, "generic.secret": true, "jwt": true,
	"docker.registry_auth": true,
}

// pointers lists the attributes of a credential that name the identity it
// opens, most telling first, with what to call the far end.
var pointers = []struct{ key, what string }{
	{"client_email", "the service account"},
	{"service_account", "the service account"},
	{"arn", "the identity"},
	{"user_arn", "the user"},
	{"role_arn", "the role"},
	{"client_id", "the application with client id"},
	{"app_id", "the app with id"},
	{"object_id", "the object"},
}

// authenticates relates credentials that were found to what they open.
func authenticates(ix *index, rel *relations) {
	holders := secretHolders(ix)
	for _, c := range ix.inv.Credentials {
		if c.Identity != "" || c.Type == "ci.secret_reference" {
			continue
		}
		storageKeys(ix, rel, c)
		if bySecret(ix, rel, c, holders[c.SecretHash]) || byLiveCredential(ix, rel, c) || byPublicID(ix, rel, c) || byServiceAccount(ix, rel, c) {
			continue
		}
		farEnd(ix, rel, c)
	}
}

// secretHolders finds the listed credentials by their values, where those were
// read: a token that a cluster keeps in a Secret. Of several with one value the
// first counts.
func secretHolders(ix *index) map[inventory.SecretHash]*inventory.Credential {
	out := make(map[inventory.SecretHash]*inventory.Credential)
	for _, c := range ix.inv.Credentials {
		if c.SecretHash != "" && out[c.SecretHash] == nil && isLive(c) && !loose[c.Type] {
			out[c.SecretHash] = c
		}
	}
	return out
}

// bySecret joins a found credential with what a listed one of the same value
// opens.
func bySecret(ix *index, rel *relations, c, holder *inventory.Credential) bool {
	if holder == nil {
		return false
	}
	known := ix.inv.Identity(holder.Identity) != nil
	reason := "holds the value of a credential listed for " + holder.Identity
	if !known {
		reason += ", which this inventory does not describe"
	}
	rel.add(inventory.Relation{
		From: c.ID, To: holder.Identity, Type: inventory.RelationAuthenticates, Method: "secret_hash", Exact: true, Resolved: known, Reason: reason,
	})
	return true
}

// byLiveCredential joins a found credential with the one of the same public id
// that its platform lists, and so with that one's identity.
func byLiveCredential(ix *index, rel *relations, c *inventory.Credential) bool {
	found := false
	for _, id := range []string{c.PublicID, c.Attributes["private_key_id"], c.Attributes["key_id"], c.Attributes["certificate_sha1"]} {
		if id == "" {
			continue
		}
		for n, live := range ix.live[normal(id)] {
			if n >= fanOut {
				break
			}
			byThumbprint := isThumbprint(id) && live.Type == "entra.certificate"
			if live == c || platformOf(live.Type) != platformOf(c.Type) && !isUnique(id) && !byThumbprint {
				continue
			}
			found = true
			known := ix.inv.Identity(live.Identity) != nil
			rel.add(inventory.Relation{
				From: c.ID, To: live.Identity, Type: inventory.RelationAuthenticates, Method: "public_id",
				Exact: !loose[c.Type], Resolved: known, Reason: opensLive(live, id, known),
			})
			if live.Type == c.Type && onePerSecret[c.Type] || byThumbprint {
				from, to := min(c.ID, live.ID), max(c.ID, live.ID)
				rel.add(inventory.Relation{
					From: from, To: to, Type: inventory.RelationSameSecret, Method: "public_id", Exact: true, Resolved: true,
					Reason: fmt.Sprintf("both are the credential with public id %s", id),
				})
			}
		}
	}
	return found
}

func opensLive(live *inventory.Credential, id string, known bool) string {
	reason := fmt.Sprintf("the public id %s is that of a credential listed for %s", id, live.Identity)
	if !known {
		reason += ", which this inventory does not describe"
	}
	return reason
}

// byPublicID joins a credential with the identities that go by its public id or
// by one of the attributes that point to an identity.
func byPublicID(ix *index, rel *relations, c *inventory.Credential) bool {
	open := func(id, method string) bool {
		list := ix.resolve(id, platformOf(c.Type))
		for _, i := range list {
			rel.add(inventory.Relation{
				From: c.ID, To: i.ID, Type: inventory.RelationAuthenticates, Method: method,
				Exact: !loose[c.Type], Resolved: true, Reason: fmt.Sprintf("%s is a public id of %s", id, i.Name) + ix.whichOf(c, i),
			})
		}
		return len(list) > 0
	}
	if c.PublicID != "" && open(c.PublicID, "public_id") {
		return true
	}
	for _, p := range pointers {
		if id := c.Attributes[p.key]; id != "" && open(id, p.key) {
			return true
		}
	}
	return false
}

// byServiceAccount joins a Kubernetes token with its service account by the
// token's subject. Subjects repeat between clusters: it is exact only where
// issuer and cluster agree.
func byServiceAccount(ix *index, rel *relations, c *inventory.Credential) bool {
	subject := subjectOf(c)
	if !strings.HasPrefix(subject, serviceAccountPrefix) {
		return false
	}
	issuer := cmp.Or(c.Attributes["issuer"], c.Attributes["iss"])
	list := ix.accounts[subject]
	for _, i := range list[:min(len(list), fanOut)] {
		exact := issuer != "" && issuer == i.Attributes["issuer"]
		reason := "the token names this service account and its cluster"
		if !exact {
			reason = "the token names a service account of this namespace and name; which cluster's is not known"
		}
		rel.add(inventory.Relation{
			From: c.ID, To: i.ID, Type: inventory.RelationAuthenticates, Method: "subject", Exact: exact, Resolved: true, Reason: reason,
		})
	}
	return len(list) > 0
}

func subjectOf(c *inventory.Credential) string {
	return cmp.Or(c.Attributes["subject"], c.Attributes["sub"])
}

// farEnd states what a credential opens although this inventory does not have
// it.
func farEnd(ix *index, rel *relations, c *inventory.Credential) {
	to, method, reason := "", "", ""
	account := c.Attributes["account"]
	switch {
	case platformOf(c.Type) == "aws" && cmp.Or(account, c.PublicID) != "":
		to, method = cmp.Or(c.PublicID, account), "public_id"
		reason = ix.awsReason(account)
	case strings.HasPrefix(subjectOf(c), serviceAccountPrefix):
		to, method = subjectOf(c), "subject"
		reason = fmt.Sprintf("opens the service account %s, which is not in this inventory", to)
	default:
		for _, p := range pointers {
			if v := c.Attributes[p.key]; v != "" {
				to, method = v, p.key
				reason = fmt.Sprintf("opens %s %s, which is not in this inventory", p.what, v)
				break
			}
		}
	}
	if to == "" {
		return
	}
	rel.add(inventory.Relation{
		From: c.ID, To: to, Type: inventory.RelationAuthenticates, Method: method, Exact: !loose[c.Type], Reason: reason,
	})
}

// awsReason says why the holder of an AWS access key is not known. The account
// is part of the key id.
func (ix *index) awsReason(account string) string {
	if account == "" {
		return "opens an access key of an AWS account that its key id does not tell"
	}
	full, read := ix.scopes[account]
	switch {
	case full:
		return fmt.Sprintf("is an access key of account %s, which lists no such key now: deleted, or of the root user", account)
	case read:
		return fmt.Sprintf("opens an access key of account %s, whose keys this scan did not read in full", account)
	default:
		return fmt.Sprintf("opens an access key of account %s, which this scan did not read", account)
	}
}
