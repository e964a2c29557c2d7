package azure

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// putVaults emits secrets, keys and certificates of the vaults of a subscription.
func (m *mapper) putVaults(s *object.Subscription) {
	for _, v := range sortedBy(s.Vaults, func(v *object.Vault) string { return v.ID }) {
		owners := m.resourceOwners(v.Tags)
		for _, o := range sortedBy(v.Objects, func(o *object.VaultObject) string { return o.ID + "\x00" + o.Kind }) {
			if m.err != nil {
				return
			}
			m.putVaultObject(s, v, o, owners)
		}
	}
}

// resourceOwners returns who the tags of a resource name.
func (m *mapper) resourceOwners(tags []object.Tag) []owning {
	out := m.estate.owners.of(tags, "tag", inventory.ConfidenceHigh)
	if by := madeBy(tags); by.owner != "" {
		out = append(out, by)
	}
	return out
}

// putVaultObject emits what a vault keeps. Attributes are of the current version: when
// that was made is when the value last changed.
func (m *mapper) putVaultObject(s *object.Subscription, v *object.Vault, o *object.VaultObject, owners []owning) {
	attr := make(cloud.Attributes, 12)
	attr.Set("vault", v.Name)
	attr.Set("vault_id", v.ID)
	attr.Set("content_type", o.ContentType)
	attr.Set("key_type", o.KeyType)
	attr.Time("not_before", o.NotBefore)
	attr.Time("updated_at", o.UpdatedAt)
	attr.Tri("public_network", v.Public)
	attr.Tri("rbac", v.RBAC)
	attr.Tri("soft_delete", v.SoftDelete)
	attr.Tri("purge_protection", v.Purge)
	x := inventory.Credential{
		ID: m.once(m.id(strings.ToLower(o.ID))), Type: "azure.key_vault_" + vaultKind(o), Scope: m.scopeOf(s), Name: cmp.Or(o.Name, lastPart(o.ID)), Store: "key vault",
		Environment: cloud.EnvironmentOf(o.Tags, v.Tags, s.Tags), CreatedAt: o.CreatedAt, RotatedAt: o.CreatedAt, ExpiresAt: o.Expiry, NeverExpires: o.Expiry.IsZero(),
		RotationEnabled: o.Rotation, RotationDays: days(o.RotationPeriod), Encrypted: inventory.True,
	}
	if o.Enabled != inventory.Unknown {
		x.Disabled = inventory.TriOf(o.Enabled == inventory.False)
	}
	if v.Public != inventory.Unknown {
		x.NetworkLimited = inventory.TriOf(v.Public == inventory.False)
	}
	if o.Managed == inventory.True {
		x.ManagedBy = "key vault"
	}
	switch x.Type {
	case "azure.key_vault_certificate":
		x.PublicID = strings.ToUpper(o.Thumbprint)
		attr.Set("thumbprint", strings.ToUpper(o.Thumbprint))
		if !o.NotBefore.IsZero() {
			x.CreatedAt = o.NotBefore
		}
	case "azure.key_vault_key":
		x.Algorithm, _, _ = strings.Cut(o.KeyType, "-") // RSA-HSM, EC-HSM
	}
	m.putCredential(x, o.Tags, attr)
	if x.ManagedBy == "" {
		m.emitOwners(x.ID, x.Scope, append(m.resourceOwners(o.Tags), owners...), m.placeOwners(x.Scope))
	}
}

// vaultKind is what an object of a vault is, as types of credentials end.
func vaultKind(o *object.VaultObject) string {
	switch strings.ToLower(o.Kind) {
	case "key", "certificate":
		return strings.ToLower(o.Kind)
	default:
		return "secret"
	}
}

// days returns a period in whole days; less than one is one.
func days(d time.Duration) int {
	const day = 24 * time.Hour
	if d <= 0 {
		return 0
	}
	return int(max(1, d/day))
}

// putStores emits the two keys of each storage account.
func (m *mapper) putStores(s *object.Subscription) {
	for _, a := range sortedBy(s.Stores, func(a *object.Store) string { return a.ID }) {
		for i, at := range []time.Time{a.Key1, a.Key2} {
			if m.err != nil {
				return
			}
			m.putStoreKey(s, a, "key"+strconv.Itoa(i+1), at)
		}
	}
}

func (m *mapper) putStoreKey(s *object.Subscription, a *object.Store, slot string, at time.Time) {
	attr := make(cloud.Attributes, 12)
	attr.Set("account", a.Name)
	attr.Set("account_id", a.ID)
	attr.Set("account_kind", a.Kind)
	attr["slot"] = slot
	attr.Count("key_policy_days", a.KeyDays, false)
	attr.Set("sas_policy", a.SASPeriod)
	attr.Tri("shared_key", a.SharedKey)
	attr.Tri("public_blobs", a.Blob)
	attr.Tri("local_users", a.LocalUsers)
	attr.Tri("oauth_default", a.OAuthDefault)
	attr.Tri("public_network", a.Public)
	attr.Set("location", a.Location)
	x := inventory.Credential{
		ID: part(m.id(object.Fold(a.ID)), "key/"+slot), Type: "azure.storage_key", Scope: m.scopeOf(s), Name: cmp.Or(a.Name, lastPart(a.ID)) + "/" + slot,
		PublicID: a.Name, Store: "storage account", CreatedAt: at, RotatedAt: at, NeverExpires: true, RotationEnabled: inventory.False,
		Environment: cloud.EnvironmentOf(a.Tags, s.Tags), Disabled: inventory.False,
	}
	switch a.SharedKey {
	case inventory.False:
		x.Disabled, x.DisabledReason = inventory.True, "shared key access is off"
	case inventory.Unknown:
		x.Disabled = inventory.Unknown
	case inventory.True:
	}
	if a.Public != inventory.Unknown {
		x.NetworkLimited = inventory.TriOf(a.Public == inventory.False)
	}
	m.putCredential(x, a.Tags, attr)
	m.emitOwners(x.ID, x.Scope, m.resourceOwners(a.Tags), m.placeOwners(x.Scope))
}

// putSwitches emits the keys that resources have beside Entra, one each where it is
// told when they were made, else one for all.
func (m *mapper) putSwitches(s *object.Subscription) {
	for _, l := range sortedBy(s.Switches, func(l *object.LocalAuth) string { return l.ID }) {
		if m.err != nil {
			return
		}
		if len(l.Keys) == 0 {
			m.putLocalKey(s, l, "keys", l.Name, time.Time{})
		}
		for _, k := range sortedBy(l.Keys, func(k *object.KeyDate) string { return k.Name }) {
			m.putLocalKey(s, l, "key/"+k.Name, l.Name+"/"+k.Name, k.At)
		}
	}
}

func (m *mapper) putLocalKey(s *object.Subscription, l *object.LocalAuth, rest, name string, at time.Time) {
	attr := make(cloud.Attributes, 4)
	attr.Set("resource_type", strings.ToLower(l.Type))
	attr.Set("resource_id", l.ID)
	attr.Set("location", l.Location)
	attr.Tri("public_network", l.Public)
	x := inventory.Credential{
		ID: m.once(part(m.id(object.Fold(l.ID)), rest)), Type: localType(l.Type), Scope: m.scopeOf(s), Name: cmp.Or(name, lastPart(l.ID)), Store: "azure resource",
		CreatedAt: at, RotatedAt: at, NeverExpires: true, Environment: cloud.EnvironmentOf(l.Tags, s.Tags), Disabled: l.Disabled,
	}
	if l.Disabled == inventory.True {
		x.DisabledReason = "local authentication is off"
	}
	if l.Public != inventory.Unknown {
		x.NetworkLimited = inventory.TriOf(l.Public == inventory.False)
	}
	m.putCredential(x, l.Tags, attr)
	m.emitOwners(x.ID, x.Scope, m.resourceOwners(l.Tags), m.placeOwners(x.Scope))
}

// localType is the type of the keys of a kind of resource.
func localType(typ string) string {
	switch strings.ToLower(typ) {
	case "microsoft.documentdb/databaseaccounts":
		return "azure.cosmos_key"
	case "microsoft.servicebus/namespaces":
		return "azure.servicebus_key"
	case "microsoft.eventhub/namespaces":
		return "azure.eventhub_key"
	case "microsoft.cognitiveservices/accounts":
		return "azure.ai_key"
	case "microsoft.appconfiguration/configurationstores":
		return "azure.app_configuration_key"
	case "microsoft.search/searchservices":
		return "azure.search_key"
	case "microsoft.relay/namespaces":
		return "azure.relay_key"
	case "microsoft.signalrservice/signalr":
		return "azure.signalr_key"
	case "microsoft.signalrservice/webpubsub":
		return "azure.webpubsub_key"
	case "microsoft.devices/iothubs":
		return "azure.iothub_key"
	case "microsoft.containerregistry/registries":
		return "azure.registry_admin"
	case "microsoft.cache/redis", "microsoft.cache/redisenterprise", "microsoft.cache/redisenterprise/databases":
		return "azure.redis_key"
	case "microsoft.eventgrid/topics", "microsoft.eventgrid/domains", "microsoft.eventgrid/partnernamespaces":
		return "azure.eventgrid_key"
	case "microsoft.maps/accounts":
		return "azure.maps_key"
	case "microsoft.batch/batchaccounts":
		return "azure.batch_key"
	case "microsoft.automation/automationaccounts":
		return "azure.automation_key"
	default:
		return "azure.local_key"
	}
}

// putClusters emits the certificate with which anybody who may fetch it administers a
// cluster of AKS, past Entra.
func (m *mapper) putClusters(s *object.Subscription) {
	for _, c := range sortedBy(s.Clusters, func(c *object.Cluster) string { return c.ID }) {
		if m.err != nil {
			return
		}
		attr := make(cloud.Attributes, 5)
		attr.Set("cluster", c.Name)
		attr.Set("cluster_id", c.ID)
		attr.Set("location", c.Location)
		attr.Set("issuer", c.Issuer)
		attr.Tri("workload_identity", c.WorkloadIdentity)
		x := inventory.Credential{
			ID: part(m.id(object.Fold(c.ID)), "local-accounts"), Type: "azure.cluster_admin", Scope: m.scopeOf(s), Name: cmp.Or(c.Name, lastPart(c.ID)), Store: "aks",
			Environment: cloud.EnvironmentOf(c.Tags, s.Tags),
		}
		switch c.LocalAccounts {
		case inventory.False:
			x.Disabled, x.DisabledReason = inventory.True, "local accounts are off"
		case inventory.True:
			x.Disabled = inventory.False
		case inventory.Unknown:
		}
		m.putCredential(x, c.Tags, attr)
		m.emitOwners(x.ID, x.Scope, m.resourceOwners(c.Tags), m.placeOwners(x.Scope))
	}
}
