package correlate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// clusterScope is the attribute by which an identity of manifests names the
// scope of the live cluster that they describe: "kubernetes:prod-eu".
const clusterScope = "cluster_scope"

const serviceAccountType = "kubernetes.service_account"

// drift holds manifests against the clusters that they say they describe:
// identities and grants that are on both sides, that are declared and not there,
// that are there and not declared, and those of which it cannot be told because
// one side was not read in full. Clusters that nobody looked at, and
// manifests that name no cluster, give nothing.
func drift(ix *index, rel *relations) {
	described := map[string]map[string]bool{}
	for _, i := range ix.inv.Identities {
		if live := i.Attributes[clusterScope]; i.Declared && live != "" && live != i.Scope {
			if described[live] == nil {
				described[live] = map[string]bool{}
			}
			described[live][i.Scope] = true
		}
	}
	for _, live := range slices.Sorted(maps.Keys(described)) {
		for _, kind := range []inventory.Kind{inventory.KindIdentity, inventory.KindGrant} {
			c := newComparison(ix, live, slices.Sorted(maps.Keys(described[live])), kind)
			if c.looked {
				c.declared(rel)
				c.undeclared(rel)
			}
		}
	}
}

// A comparison is of one kind between a cluster and all manifests that describe
// it.
type comparison struct {
	kind       inventory.Kind
	live       string   // scope of the cluster
	manifests  []string // their scopes, sorted
	looked     bool     // the cluster was looked at
	gap        string   // what was not read in full; empty if both sides were
	there      map[string]thing
	said       []thing         // in the order of the inventory
	namespaces map[string]bool // in which the manifests declare something; "" is the cluster
}

// A thing is an identity or a grant under comparison.
type thing struct {
	id, scope string
	rest      string // of the id, after the scope: what both sides have in common
	namespace string
	role      string // of a grant
	// only is true if it may be told to be on one side only: a service account
	// or binding of the organisation's own, not one that others merely name.
	only bool
}

func newComparison(ix *index, live string, manifests []string, kind inventory.Kind) *comparison {
	c := &comparison{kind: kind, live: live, manifests: manifests, there: map[string]thing{}, namespaces: map[string]bool{}}
	c.coverage(ix)
	if !c.looked {
		return c
	}
	add := func(t thing, declared bool) {
		switch rest, ok := strings.CutPrefix(t.id, t.scope+"/"); {
		case !ok:
		case t.scope == live && !declared:
			t.rest = rest
			c.there[rest] = t
		case declared && slices.Contains(manifests, t.scope):
			t.rest = rest
			c.said = append(c.said, t)
			if t.only {
				c.namespaces[t.namespace] = true
			}
		}
	}
	if kind == inventory.KindIdentity {
		for _, i := range ix.inv.Identities {
			if !c.covers(i.Scope) {
				continue
			}
			if i.Declared || i.Attributes["missing"] != "true" && i.Attributes["inferred"] != "true" {
				add(identityThing(i), i.Declared)
			}
		}
		return c
	}
	for _, g := range ix.inv.Grants {
		if !c.covers(g.Scope) {
			continue
		}
		if t, ok := grantThing(g); ok {
			add(t, g.Declared)
		}
	}
	return c
}

// covers reports whether a scope is one of those that are compared.
func (c *comparison) covers(scope string) bool {
	return scope == c.live || slices.Contains(c.manifests, scope)
}

// identityThing is an identity for comparison. Users and groups are nowhere but
// in bindings; a default account comes with its namespace.
func identityThing(i *inventory.Identity) thing {
	return thing{
		id: i.ID, scope: i.Scope, namespace: i.Attributes["namespace"],
		only: i.Type == serviceAccountType && i.ManagedBy == "" && i.Attributes["default"] != "true" && i.Attributes["inferred"] != "true",
	}
}

// grantThing is a grant for comparison. What a binding gives through a group, or
// all bindings together, follows from the bindings.
func grantThing(g *inventory.Grant) (thing, bool) {
	if g.Attributes["binding"] == "" || g.Attributes["group"] != "" {
		return thing{}, false
	}
	return thing{
		id: g.ID, scope: g.Scope, namespace: g.Attributes["binding_namespace"],
		role: g.Attributes["role_kind"] + " " + g.Name, only: g.ManagedBy == "",
	}, true
}

// coverage looks up how much of the kind both sides show.
func (c *comparison) coverage(ix *index) {
	full := map[string]bool{}
	for _, v := range ix.inv.Coverages {
		if v.Kind != c.kind || v.Scope != c.live && !slices.Contains(c.manifests, v.Scope) {
			continue
		}
		before, seen := full[v.Scope]
		full[v.Scope] = v.Status == inventory.StatusComplete && (before || !seen)
	}
	_, c.looked = full[c.live]
	for _, scope := range append([]string{c.live}, c.manifests...) {
		if !full[scope] {
			c.gap = fmt.Sprintf("the %s records of %s are not complete", c.kind, scope)
			return
		}
	}
}

// declared concludes what became of everything that the manifests declare.
func (c *comparison) declared(rel *relations) {
	same := inventory.RelationSameIdentity
	if c.kind == inventory.KindGrant {
		same = inventory.RelationSameGrant
	}
	for _, d := range c.said {
		l, found := c.there[d.rest]
		r := inventory.Relation{From: d.id, To: c.live + "/" + d.rest, Method: "cluster", Exact: true}
		switch {
		case found && l.role == d.role:
			r.Type, r.Resolved, r.Reason = same, true, "declared for "+c.live+" and there"
		case !d.only:
			continue
		case found:
			r.Type, r.Resolved, r.Reason = inventory.RelationDeclaredOnly, true, "declared with "+d.role+"; the cluster has it with "+l.role
		case c.gap != "":
			r.Type, r.Exact, r.Reason = inventory.RelationDriftUnknown, false, "not seen in "+c.live+", but "+c.gap
		default:
			r.Type, r.Reason = inventory.RelationDeclaredOnly, "declared for "+c.live+" and not there"
		}
		rel.add(r)
	}
}

// undeclared concludes which live things no manifest declares. Manifests need
// not be about every namespace, so what is in another than theirs is probable
// only.
func (c *comparison) undeclared(rel *relations) {
	said := map[string]thing{}
	for _, d := range c.said {
		if before, ok := said[d.rest]; !ok || before.role != c.there[d.rest].role {
			said[d.rest] = d
		}
	}
	for _, rest := range slices.Sorted(maps.Keys(c.there)) {
		l := c.there[rest]
		d, declared := said[rest]
		if !l.only || declared && d.role == l.role {
			continue
		}
		to := c.manifests[0]
		r := inventory.Relation{From: l.id, Type: inventory.RelationLiveOnly, Method: "cluster", Exact: c.namespaces[l.namespace]}
		switch {
		case declared:
			to, r.Resolved, r.Exact = d.scope, true, true
			r.Reason = "the cluster has it with " + l.role + "; it is declared with " + d.role
		case c.gap != "":
			r.Type, r.Exact, r.Reason = inventory.RelationDriftUnknown, false, "not seen in the manifests, but "+c.gap
		case r.Exact:
			r.Reason = "no manifest for " + c.live + " declares it, and they declare others in its namespace"
		default:
			r.Reason = "no manifest for " + c.live + " declares it; they declare nothing in its namespace"
		}
		r.To = to + "/" + rest
		rel.add(r)
	}
}
