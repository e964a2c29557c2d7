package export

import (
	"encoding/json"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// Settings by which resources let their own keys in, or do not.
const (
	switchLocal    = "disableLocalAuth"
	switchRedis    = "disableAccessKeyAuthentication"
	switchRegistry = "adminUserEnabled"
	switchBatch    = "allowedAuthenticationModes"
)

// essential is the setting for which a kind of resource is asked for by name: a row
// without it tells that there is one, and no more.
func essential(kind string) string {
	switch kind {
	case typeIdentity:
		return "principalId"
	case typeStore:
		return "allowSharedKeyAccess"
	case typeVault:
		return "accessPolicies"
	case typeCluster:
		return "disableLocalAccounts"
	case "microsoft.cache/redis":
		return switchRedis
	case "microsoft.containerregistry/registries":
		return switchRegistry
	case "microsoft.batch/batchaccounts":
		return switchBatch
	}
	return switchLocal
}

// told reports whether a row tells of a setting, if only that it is not set. The
// properties of Resource Manager have all that are set; beside the rest, as az writes
// them and as a query can name them, each stands for itself.
func (r *resource) told(setting string) bool {
	_, beside := r.fields[setting]
	return beside || r.props != nil
}

// or returns a setting, or what it is where it is not set; unknown if the row does not
// tell of it.
func (r *resource) or(setting string, f convert.Flag, unset inventory.Tri) inventory.Tri {
	if !r.told(setting) {
		return inventory.Unknown
	}
	return f.Or(unset)
}

// A reach is what is told of the networks that reach a resource.
type reach struct {
	Access, Rules         inventory.Tri // whether the public network does; what rules say of who is not named
	AccessTold, RulesTold bool          // if only that they are not set
}

// acls are the rules for the networks that reach a resource.
type acls struct {
	Default convert.Flag `json:"defaultAction"`
}

// reach keeps what a row tells of the networks that reach a resource.
func (doc *document) reach(raw json.RawMessage, r *resource) {
	var v struct {
		Access convert.Flag `json:"publicNetworkAccess"`
		ACLs   acls         `json:"networkAcls"`
		Rules  acls         `json:"networkRuleSet"`
	}
	_ = decode(raw, r.props, &v) // what is of another type is not known
	out := reach{Access: v.Access.Tri, Rules: v.ACLs.Default.Tri, AccessTold: r.told("publicNetworkAccess"), RulesTold: r.told("networkAcls") || r.told("networkRuleSet")}
	if out.Rules != inventory.False && v.Rules.Default.Tri != inventory.Unknown {
		out.Rules = v.Rules.Default.Tri
	}
	doc.t.reaches.merge(object.Fold(r.ID), out)
}

// public reports whether any network reaches a resource: one place where it is not so
// is enough, and where it may say so and no file does, nobody knows. Kinds that are not
// asked for by name are known by one place alone, as a live scan knows them.
func (b *builder) public(id, kind string) inventory.Tri {
	r := b.reaches[object.Fold(id)]
	switch {
	case r == nil:
		return inventory.Unknown
	case r.Access == inventory.False || r.Rules == inventory.False:
		return inventory.False
	case r.Access == inventory.Unknown && r.Rules == inventory.Unknown:
		return inventory.Unknown
	case resourceCall(kind) != "" && (!r.AccessTold || !r.RulesTold):
		return inventory.Unknown
	}
	return inventory.True
}

// settleResources says of all resources which networks reach them.
func (b *builder) settleResources() {
	for _, c := range b.consumers {
		c.Public = b.public(c.ID, c.Type)
	}
	for _, o := range b.stores {
		o.Public = b.public(o.ID, typeStore)
	}
	for _, v := range b.vaults {
		v.Public = b.public(v.ID, typeVault)
	}
	for _, l := range b.switches {
		l.Public = b.public(l.ID, l.Type)
	}
}
