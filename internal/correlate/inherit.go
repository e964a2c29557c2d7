package correlate

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// inherit passes owners on, one step at a time: first between a declaration
// and what it declares, then from a consumer or from the whole scope to an
// identity that nobody owns, then from an identity to what opens it.
func inherit(ix *index, o *owners, rels []*inventory.Relation) {
	base := &owners{bySubject: make(map[string][]*inventory.Owner)}
	gain := func(to, scope string, from []*inventory.Owner, limit inventory.Confidence, source string) {
		for _, x := range from {
			conf := x.Confidence
			if conf.Rank() > limit.Rank() {
				conf = limit
			}
			base.add(inventory.Owner{
				Subject: to, Scope: scope, Owner: x.Owner, Kind: x.Kind, Method: MethodInherited, Confidence: conf,
				Active: x.Active, External: x.External, Source: source,
			})
		}
	}
	passBetweenIdentities(ix, o, rels, gain)
	base.moveTo(o)
	passByScope(ix, o, gain)
	base.moveTo(o)
	passToCredentials(ix, o, rels, gain)
	base.moveTo(o)
}

// moveTo empties o into another collection.
func (o *owners) moveTo(to *owners) {
	for _, subject := range o.order {
		for _, x := range o.bySubject[subject] {
			to.add(*x)
		}
	}
	o.order, o.bySubject = nil, make(map[string][]*inventory.Owner)
}

type gainFunc func(to, scope string, from []*inventory.Owner, limit inventory.Confidence, source string)

// passBetweenIdentities: a live identity takes over the owners of its
// declaration (medium, low if only the name says that it is), and one without
// an owner those of the workload that acts as it (low).
func passBetweenIdentities(ix *index, o *owners, rels []*inventory.Relation, gain gainFunc) {
	for _, r := range rels {
		to := ix.inv.Identity(r.To)
		if to == nil || len(o.best(to.ID)) > 0 {
			continue
		}
		switch r.Type {
		case inventory.RelationSameIdentity:
			limit := inventory.ConfidenceLow
			if r.Exact {
				limit = inventory.ConfidenceMedium
			}
			gain(to.ID, to.Scope, o.best(r.From), limit, "declared as "+r.From)
		case inventory.RelationFederates, inventory.RelationUses:
			if r.Exact {
				gain(to.ID, to.Scope, o.best(r.From), inventory.ConfidenceLow, "used by "+r.From)
			}
		}
	}
}

// passByScope: an identity that nobody owns takes over the owners of its scope
// (a repository's, an account's), as a guess.
func passByScope(ix *index, o *owners, gain gainFunc) {
	for _, i := range ix.inv.Identities {
		if len(o.bySubject[i.ID]) > 0 {
			continue
		}
		scanner, _, _ := strings.Cut(i.ID, ":")
		for _, subject := range []string{i.Scope, scanner + ":" + i.Scope} {
			if list := o.best(subject); len(list) > 0 {
				gain(i.ID, i.Scope, list, inventory.ConfidenceLow, "owns "+i.Scope)
				break
			}
		}
	}
}

// passToCredentials: a credential that was found lying about takes over the
// owners of the identity that it opens, if its own are worse than those would
// be. One that its platform lists names its identity, whose owners answer for
// it: to say so again for each would double the records of an estate.
func passToCredentials(ix *index, o *owners, rels []*inventory.Relation, gain gainFunc) {
	pass := func(c *inventory.Credential, identity string) {
		list := o.best(identity)
		if len(list) == 0 {
			list = top(o.bySubject[identity])
		}
		if len(list) == 0 {
			return
		}
		gained := min(list[0].Confidence.Rank(), inventory.ConfidenceMedium.Rank())
		if own := o.best(c.ID); len(own) > 0 && own[0].Confidence.Rank() >= gained {
			return
		}
		gain(c.ID, c.Scope, list, inventory.ConfidenceMedium, "owns "+identity)
	}
	for _, c := range ix.inv.Credentials {
		if c.Identity != "" && !isLive(c) {
			pass(c, c.Identity)
		}
	}
	for _, r := range rels {
		if r.Type != inventory.RelationAuthenticates || !r.Exact {
			continue
		}
		if c := ix.inv.Credential(r.From); c != nil && c.Identity == "" {
			pass(c, r.To)
		}
	}
}
