package repo

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// besideLines is how many lines may lie between an access key's id and its secret
// for both to be told as one place.
const besideLines = 10

// pair makes one credential of the id of an AWS access key and the secret that was
// found beside it. It is the id's: its id, detector and first place are those
// that an id alone has, so that whatever was said of it (a fingerprint, an
// exception, a baseline) holds whether the secret is known or not. The hash is
// the secret's, which is what opens something. Where several secrets stand beside one
// id, the oldest is taken for its own, and the others stay.
func (j *job) pair(list []leak) []leak {
	secrets := map[string]leak{}
	for _, c := range list {
		if !isKeySecret(c) {
			continue
		}
		if have, ok := secrets[c.PublicID]; !ok || compareSecrets(c, have) < 0 {
			secrets[c.PublicID] = c
		}
	}
	paired := map[string]bool{}
	for i, c := range list {
		s, ok := secrets[c.PublicID]
		if !ok || paired[s.ID] || !strings.HasPrefix(c.Type, "aws.") || j.scan.env.Hash([]byte(c.PublicID)) != c.SecretHash {
			continue
		}
		list[i] = joinKey(c, s)
		paired[s.ID] = true
	}
	return slices.DeleteFunc(list, func(c leak) bool { return paired[c.ID] })
}

// isKeySecret reports whether a credential is the secret of an access key whose id
// is known.
func isKeySecret(c leak) bool {
	return strings.HasPrefix(c.Type, "aws.") && c.Attributes["kind"] != "" && c.PublicID != ""
}

// compareSecrets orders the secrets that stand beside one id: a secret access
// key comes before a session token, the older before the younger.
func compareSecrets(a, b leak) int {
	token := func(c leak) int { return strings.Compare(c.Attributes["kind"], "secret access key") }
	if (token(a) == 0) != (token(b) == 0) {
		if token(a) == 0 {
			return -1
		}
		return 1
	}
	return cmp.Or(ranking(nil).byAge(a.FoundAt[0], b.FoundAt[0]), cmp.Compare(a.ID, b.ID))
}

// joinKey returns the credential that an id and its secret are.
func joinKey(id, secret leak) leak {
	c := *id.Credential
	c.SecretHash, c.Hint = secret.SecretHash, secret.Hint
	c.Name = cmp.Or(c.Name, secret.Name)
	c.Encrypted, c.Algorithm = secret.Encrypted, secret.Algorithm
	if !secret.CreatedAt.IsZero() {
		c.CreatedAt = secret.CreatedAt
	}
	if !secret.ExpiresAt.IsZero() {
		c.ExpiresAt, c.NeverExpires = secret.ExpiresAt, false
	}
	if secret.Store == "git" {
		c.Store = secret.Store
	}
	c.AtHead, c.AtTip = either(c.AtHead, secret.AtHead), either(c.AtTip, secret.AtTip)
	span(&c, secret.Credential)
	c.FoundAt = slices.Clone(c.FoundAt)
	c.LocationsOmitted += secret.LocationsOmitted
	addPlaces(&c, secret.FoundAt)
	c.Attributes = map[string]string{}
	maps.Copy(c.Attributes, id.Attributes)
	maps.Copy(c.Attributes, secret.Attributes)
	c.Attributes["also"] = alsoOf(id, secret)
	paths := maps.Clone(id.paths)
	maps.Copy(paths, secret.paths)
	return leak{&c, append(slices.Clone(id.hashes), secret.hashes...), paths}
}

// either is true if one is, and false if both are known to be.
func either(a, b inventory.Tri) inventory.Tri {
	switch {
	case a == inventory.True || b == inventory.True:
		return inventory.True
	case a == inventory.False:
		return b
	default:
		return a
	}
}

// span widens the time in which a credential was there by another's.
func span(c, other *inventory.Credential) {
	first := func(a, b time.Time, x, y string) bool {
		return !b.IsZero() && (a.IsZero() || cmp.Or(b.Compare(a), cmp.Compare(y, x)) < 0)
	}
	if first(c.FirstSeenAt, other.FirstSeenAt, c.FirstCommit, other.FirstCommit) {
		c.FirstSeenAt, c.FirstCommit = other.FirstSeenAt, other.FirstCommit
	}
	if n := other.LastSeenAt.Compare(c.LastSeenAt); !other.LastSeenAt.IsZero() && (n > 0 || n == 0 && other.LastCommit < c.LastCommit) {
		c.LastSeenAt, c.LastCommit = other.LastSeenAt, other.LastCommit
	}
}

// addPlaces adds the places of the secret behind those of the id, but for those
// where it stands beside the id.
func addPlaces(c *inventory.Credential, list []inventory.Location) {
	own := c.FoundAt
	for _, l := range list {
		if slices.ContainsFunc(own, func(o inventory.Location) bool { return areBeside(o, l) }) {
			continue
		}
		if len(c.FoundAt) >= maxLocations {
			c.LocationsOmitted++
			continue
		}
		c.FoundAt = append(c.FoundAt, l)
	}
}

func areBeside(a, b inventory.Location) bool {
	between := a.Line - b.Line
	return a.URI == b.URI && a.Commit == b.Commit && a.AtHead == b.AtHead && max(between, -between) <= besideLines
}

// alsoOf lists the rules that found an id and its secret, without the one that
// the credential is named by.
func alsoOf(id, secret leak) string {
	_, named, _ := strings.Cut(id.Detector, ":")
	_, rule, _ := strings.Cut(secret.Detector, ":")
	rules := []string{rule}
	for _, c := range []leak{id, secret} {
		rules = append(rules, strings.FieldsFunc(c.Attributes["also"], func(r rune) bool { return r == ',' })...)
	}
	slices.Sort(rules)
	rules = slices.DeleteFunc(slices.Compact(rules), func(r string) bool { return r == named })
	return strings.Join(rules, ",")
}
