package repo

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// merge joins declared credentials with found ones, and with each other, where
// the secret is the same: one secret is one credential. How it lies open, which
// only the declaration tells, is kept. What is found and suppressed is no
// declared credential either. It returns the declared records that are left.
func (j *job) merge(list []leak) []inventory.Record {
	same := map[inventory.SecretHash]*inventory.Credential{}
	for _, c := range list {
		for _, hash := range c.hashes {
			same[hash] = c.Credential
		}
	}
	renamed := map[string]string{}
	out := make([]inventory.Record, 0, len(j.declared))
	for _, r := range j.declared {
		c := r.Credential
		if c == nil || c.SecretHash == "" {
			out = append(out, r)
			continue
		}
		switch first := same[c.SecretHash]; {
		case first != nil:
			join(first, c)
			renamed[c.ID] = first.ID
		case j.found[c.SecretHash] != nil:
			renamed[c.ID] = "" // all its places are suppressed, and counted
		default:
			same[c.SecretHash] = c
			out = append(out, r)
		}
	}
	return slices.DeleteFunc(out, func(r inventory.Record) bool { return !rename(r, renamed) })
}

// rename lets a record speak of the credential that is left. It reports whether
// there is one.
func rename(r inventory.Record, renamed map[string]string) bool {
	var subject *string
	switch {
	case r.Consumer != nil:
		subject = &r.Consumer.Subject
	case r.Owner != nil:
		subject = &r.Owner.Subject
	default:
		return true
	}
	if to, ok := renamed[*subject]; ok {
		*subject = to
	}
	return *subject != ""
}

// join adds to a credential what a declaration of the same secret tells.
func join(c, declared *inventory.Credential) {
	if openness(declared.Exposure) > openness(c.Exposure) {
		c.Exposure, c.Store = declared.Exposure, declared.Store
	}
	c.Name = cmp.Or(c.Name, declared.Name)
	c.PublicID = cmp.Or(c.PublicID, declared.PublicID)
	if strings.HasPrefix(c.Type, "generic.") {
		c.Type = declared.Type
	}
	for k, v := range declared.Attributes {
		if _, ok := c.Attributes[k]; !ok {
			if c.Attributes == nil {
				c.Attributes = map[string]string{}
			}
			c.Attributes[k] = v
		}
	}
	for _, l := range declared.FoundAt {
		if slices.ContainsFunc(c.FoundAt, func(have inventory.Location) bool {
			return have.URI == l.URI && (have.Line == l.Line || have.AtHead == inventory.True)
		}) {
			continue
		}
		if len(c.FoundAt) >= maxLocations {
			c.LocationsOmitted++
			continue
		}
		l.AtHead = inventory.True
		c.FoundAt = append(c.FoundAt, l)
	}
	if len(declared.FoundAt) > 0 {
		c.AtHead = inventory.True
	}
}

// openness orders exposures: what runs with the secret says more than that it
// lies in the repository.
func openness(exposure string) int {
	return slices.Index([]string{"", "repository", "config_map", "ci_variable", "environment", "agent_config", "public"}, exposure)
}
