package live

import (
	"context"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

const identityQuery = `resources
| where type =~ 'microsoft.managedidentity/userassignedidentities'
| project id, name, location, subscriptionId, tags, principal = tostring(properties.principalId), client = tostring(properties.clientId)
| order by id asc`

// identities lists user-assigned identities.
func (x *run) identities(ctx context.Context) {
	type row struct {
		resource
		Principal string `json:"principal"`
		Client    string `json:"client"`
	}
	x.options.Asked(callIdentities)
	count, err := rows(ctx, x, identityQuery, func(_ *object.Tenant, list []row) {
		for _, r := range list {
			if s := x.of(r.Subscription); s != nil {
				s.Identities = append(s.Identities, x.identity(&r.resource, r.Principal, r.Client))
			}
		}
	})
	if count == 0 && x.unreachable(callIdentities, err) {
		x.fallback(ctx, callIdentities, x.identitiesOf)
		return
	}
	x.note(callIdentities, count, err)
}

func (x *run) identity(r *resource, principal, client string) object.ManagedIdentity {
	return object.ManagedIdentity{
		ID: r.ID, Name: r.Name, Location: x.names.Text(r.Location), Principal: x.names.ID(principal), Client: x.names.ID(client), Tags: x.names.Tags(r.Tags),
	}
}

const consumerQuery = `resources
| where isnotempty(identity) and tostring(identity.type) !~ 'None'
| project id, name, type = tolower(type), kind, location, subscriptionId, tags, principal = tostring(identity.principalId),
  users = identity.userAssignedIdentities, access = tostring(properties.publicNetworkAccess),
  action = tostring(properties.networkAcls.defaultAction), rules = tostring(properties.networkRuleSet.defaultAction)
| order by id asc`

// consumers lists whatever runs as managed identities.
func (x *run) consumers(ctx context.Context) {
	type row struct {
		resource
		Principal string              `json:"principal"`
		Users     map[string]struct{} `json:"users"`
		Rules     convert.Flag        `json:"rules"` // networkRuleSet.defaultAction: registries, Service Bus
	}
	readRows(ctx, x, callResources, consumerQuery, func(_ *object.Tenant, list []row) {
		for i := range list {
			r := &list[i]
			s := x.of(r.Subscription)
			if s == nil {
				continue
			}
			if r.Default.Tri == inventory.Unknown {
				r.Default = r.Rules
			}
			c := object.Consumer{
				ID: r.ID, Name: r.Name, Type: x.names.Text(strings.ToLower(r.Type)), Location: x.names.Text(r.Location), Kind: x.names.Text(r.Kind),
				System: x.names.ID(r.Principal), Public: r.public(), Tags: x.names.Tags(r.Tags),
			}
			for id := range r.Users {
				c.User = append(c.User, x.names.Text(id))
			}
			slices.Sort(c.User)
			s.Consumers = append(s.Consumers, c)
			if c.System != "" {
				s.Identities = append(s.Identities, object.ManagedIdentity{
					ID: r.ID, Name: r.Name, Location: c.Location, Principal: c.System, System: true, Tags: c.Tags, FederatedKnown: true, Resources: []string{r.ID},
				})
			}
		}
	})
}

// joinIdentities says by what user-assigned identities are used.
func (x *run) joinIdentities(t *object.Tenant) {
	clients := map[string]string{}
	for i := range t.Principals {
		clients[t.Principals[i].ID] = t.Principals[i].AppID
	}
	users := map[string][]string{}
	for _, s := range t.Subscriptions {
		for i := range s.Consumers {
			for _, id := range s.Consumers[i].User {
				users[object.Fold(id)] = append(users[object.Fold(id)], s.Consumers[i].ID)
			}
		}
	}
	for _, s := range t.Subscriptions {
		for i := range s.Identities {
			m := &s.Identities[i]
			if m.Client == "" {
				m.Client = clients[m.Principal]
			}
			if !m.System {
				m.Resources = users[object.Fold(m.ID)]
			}
		}
	}
}

const storeQuery = `resources
| where type =~ 'microsoft.storage/storageaccounts'
| project id, name, kind, location, subscriptionId, tags, created = tostring(properties.creationTime),
  key1 = tostring(properties.keyCreationTime.key1), key2 = tostring(properties.keyCreationTime.key2),
  days = properties.keyPolicy.keyExpirationPeriodInDays, shared = properties.allowSharedKeyAccess, sas = tostring(properties.sasPolicy.sasExpirationPeriod),
  users = properties.isLocalUserEnabled, blob = properties.allowBlobPublicAccess, oauth = properties.defaultToOAuthAuthentication,
  access = tostring(properties.publicNetworkAccess), action = tostring(properties.networkAcls.defaultAction)
| order by id asc`

type storeRow struct {
	resource
	Key1   convert.Stamp `json:"key1"`
	Key2   convert.Stamp `json:"key2"`
	Days   *int          `json:"days"`
	Shared convert.Flag  `json:"shared"`
	SAS    string        `json:"sas"`
	Users  convert.Flag  `json:"users"`
	Blob   convert.Flag  `json:"blob"`
	OAuth  convert.Flag  `json:"oauth"`
}

// store makes a storage account. Keys are taken unless an account says no, and
// sign-in by key is the default unless it says otherwise (Storage resource provider,
// allowSharedKeyAccess and defaultToOAuthAuthentication).
func (x *run) store(r *storeRow) object.Store {
	o := object.Store{
		ID: r.ID, Name: r.Name, Location: x.names.Text(r.Location), Kind: x.names.Text(r.Kind), CreatedAt: r.Created.Time, Key1: r.Key1.Time, Key2: r.Key2.Time,
		SharedKey: r.Shared.Or(inventory.True), SASPeriod: r.SAS, LocalUsers: r.Users.Tri, Blob: r.Blob.Tri, Public: r.public(),
		OAuthDefault: r.OAuth.Or(inventory.False), Tags: x.names.Tags(r.Tags),
	}
	if r.Days != nil && *r.Days > 0 {
		o.KeyDays = *r.Days
	}
	return o
}

// stores lists storage accounts.
func (x *run) stores(ctx context.Context) {
	x.options.Asked(callStores)
	count, err := rows(ctx, x, storeQuery, func(_ *object.Tenant, list []storeRow) {
		for i := range list {
			r := &list[i]
			s := x.of(r.Subscription)
			if s == nil {
				continue
			}
			s.Stores = append(s.Stores, x.store(r))
		}
	})
	if count == 0 && x.unreachable(callStores, err) {
		x.fallback(ctx, callStores, x.storesOf)
		return
	}
	x.note(callStores, count, err)
}

const vaultQuery = `resources
| where type =~ 'microsoft.keyvault/vaults'
| project id, name, location, subscriptionId, tags, uri = tostring(properties.vaultUri), rbac = properties.enableRbacAuthorization,
  policies = properties.accessPolicies, soft = properties.enableSoftDelete, purge = properties.enablePurgeProtection,
  access = tostring(properties.publicNetworkAccess), action = tostring(properties.networkAcls.defaultAction)
| order by id asc`

type vaultPolicy struct {
	Tenant      string `json:"tenantId"`
	Object      string `json:"objectId"`
	Application string `json:"applicationId"`
	Permissions struct {
		Keys         []string `json:"keys"`
		Secrets      []string `json:"secrets"`
		Certificates []string `json:"certificates"`
		Storage      []string `json:"storage"`
	} `json:"permissions"`
}

type vaultRow struct {
	resource
	URI      string        `json:"uri"`
	RBAC     convert.Flag  `json:"rbac"`
	Policies []vaultPolicy `json:"policies"`
	Soft     convert.Flag  `json:"soft"`
	Purge    convert.Flag  `json:"purge"`
}

func (x *run) vault(r *vaultRow) object.Vault {
	v := object.Vault{
		ID: r.ID, Name: r.Name, Location: x.names.Text(r.Location), URI: r.URI, RBAC: r.RBAC.Tri, SoftDelete: r.Soft.Tri, Purge: r.Purge.Or(inventory.False),
		Public: r.public(), Tags: x.names.Tags(r.Tags),
	}
	for _, p := range r.Policies {
		v.Access = append(v.Access, object.AccessPolicy{
			Tenant: x.names.ID(p.Tenant), Object: x.names.ID(p.Object), Application: x.names.ID(p.Application), Secrets: x.names.Texts(p.Permissions.Secrets),
			Keys: x.names.Texts(p.Permissions.Keys), Certificates: x.names.Texts(p.Permissions.Certificates), Storage: x.names.Texts(p.Permissions.Storage),
		})
	}
	return v
}

// vaults lists vaults and who their access policies let in.
func (x *run) vaults(ctx context.Context) {
	x.options.Asked(callVaults)
	count, err := rows(ctx, x, vaultQuery, func(_ *object.Tenant, list []vaultRow) {
		for i := range list {
			r := &list[i]
			s := x.of(r.Subscription)
			if s == nil {
				continue
			}
			s.Vaults = append(s.Vaults, x.vault(r))
		}
	})
	if count == 0 && x.unreachable(callVaults, err) {
		x.fallback(ctx, callVaults, x.vaultsOf)
		return
	}
	x.note(callVaults, count, err)
}

// localTypes are the kinds of resources that have keys of their own beside Entra,
// and let one switch them off.
func localTypes() []string {
	return []string{
		"microsoft.appconfiguration/configurationstores", "microsoft.automation/automationaccounts", "microsoft.batch/batchaccounts", "microsoft.cache/redis",
		"microsoft.cognitiveservices/accounts", "microsoft.containerregistry/registries", "microsoft.devices/iothubs", "microsoft.documentdb/databaseaccounts",
		"microsoft.eventgrid/domains", "microsoft.eventgrid/topics", "microsoft.eventhub/namespaces", "microsoft.maps/accounts", "microsoft.relay/namespaces",
		"microsoft.search/searchservices", "microsoft.servicebus/namespaces", "microsoft.signalrservice/signalr", "microsoft.signalrservice/webpubsub",
	}
}

// switchQuery asks for the switch under each of the names that it has.
func switchQuery() string {
	return `resources
| where type in~ ('` + strings.Join(localTypes(), "', '") + `')
| project id, name, type = tolower(type), location, subscriptionId, tags, off = properties.disableLocalAuth,
  redis = properties.disableAccessKeyAuthentication, admin = properties.adminUserEnabled, modes = properties.allowedAuthenticationModes,
  keys = properties.keysMetadata, created = tostring(properties.createdAt), access = tostring(properties.publicNetworkAccess),
  action = tostring(properties.networkAcls.defaultAction)
| order by id asc`
}

type switchRow struct {
	resource
	Off   convert.Flag `json:"off"`
	Redis convert.Flag `json:"redis"`
	Admin convert.Flag `json:"admin"`
	Modes []string     `json:"modes"`
	Keys  map[string]struct {
		At convert.Stamp `json:"generationTime"`
	} `json:"keys"`
}

// disabled reports whether the keys of a resource are switched off. Each kind has
// them on unless it says otherwise, but for the administrator of a registry.
func (r *switchRow) disabled() inventory.Tri {
	switch r.Type {
	case "microsoft.cache/redis":
		return r.Redis.Or(inventory.False)
	case "microsoft.containerregistry/registries":
		return convert.Not(r.Admin.Or(inventory.False))
	case "microsoft.batch/batchaccounts":
		if len(r.Modes) == 0 {
			return inventory.False
		}
		return inventory.TriOf(!slices.ContainsFunc(r.Modes, func(m string) bool { return strings.EqualFold(m, "SharedKey") }))
	default:
		return r.Off.Or(inventory.False)
	}
}

// switches lists the resources that have keys of their own beside Entra.
func (x *run) switches(ctx context.Context) {
	readRows(ctx, x, callSwitches, switchQuery(), func(_ *object.Tenant, list []switchRow) {
		for i := range list {
			r := &list[i]
			s := x.of(r.Subscription)
			if s == nil {
				continue
			}
			o := object.LocalAuth{
				ID: r.ID, Name: r.Name, Type: x.names.Text(r.Type), Location: x.names.Text(r.Location), Disabled: r.disabled(), CreatedAt: r.Created.Time,
				Public: r.public(), Tags: x.names.Tags(r.Tags),
			}
			for name, k := range r.Keys {
				o.Keys = append(o.Keys, object.KeyDate{Name: x.names.Text(name), At: k.At.Time})
			}
			by(o.Keys, func(k *object.KeyDate) string { return k.Name })
			s.Switches = append(s.Switches, o)
		}
	})
}

const clusterQuery = `resources
| where type =~ 'microsoft.containerservice/managedclusters'
| project id, name, location, subscriptionId, tags, issuer = tostring(properties.oidcIssuerProfile.issuerURL),
  workload = properties.securityProfile.workloadIdentity.enabled, off = properties.disableLocalAccounts,
  kubelet = tostring(properties.identityProfile.kubeletidentity.objectId), control = tostring(identity.principalId), users = identity.userAssignedIdentities
| order by id asc`

// clusters lists Kubernetes clusters. Their local accounts are on unless switched
// off (Container service, disableLocalAccounts).
func (x *run) clusters(ctx context.Context) {
	type user struct {
		Principal string `json:"principalId"`
	}
	type row struct {
		resource
		Issuer   string          `json:"issuer"`
		Workload convert.Flag    `json:"workload"`
		Off      convert.Flag    `json:"off"`
		Kubelet  string          `json:"kubelet"`
		Control  string          `json:"control"`
		Users    map[string]user `json:"users"`
	}
	readRows(ctx, x, callClusters, clusterQuery, func(_ *object.Tenant, list []row) {
		for i := range list {
			r := &list[i]
			s := x.of(r.Subscription)
			if s == nil {
				continue
			}
			control := r.Control
			for _, u := range r.Users {
				if control == "" {
					control = u.Principal
				}
			}
			s.Clusters = append(s.Clusters, object.Cluster{
				ID: r.ID, Name: r.Name, Location: x.names.Text(r.Location), Issuer: r.Issuer, WorkloadIdentity: r.Workload.Or(inventory.False),
				LocalAccounts: convert.Not(r.Off.Or(inventory.False)), Kubelet: x.names.ID(r.Kubelet), Control: x.names.ID(control), Tags: x.names.Tags(r.Tags),
			})
		}
	})
}
