package export

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// errNoID says that an object has no id by which it could be told apart.
var errNoID = errors.New("it has no id")

// Types of resources that are asked for by name, in lower case.
const (
	typeIdentity = "microsoft.managedidentity/userassignedidentities"
	typeStore    = "microsoft.storage/storageaccounts"
	typeVault    = "microsoft.keyvault/vaults"
	typeCluster  = "microsoft.containerservice/managedclusters"
)

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

// resourceCall is the call that lists a kind of resource; empty if none is for it.
func resourceCall(kind string) string {
	switch kind {
	case typeIdentity:
		return callIdentities
	case typeStore:
		return callStores
	case typeVault:
		return callVaults
	case typeCluster:
		return callClusters
	}
	if slices.Contains(localTypes(), kind) {
		return callSwitches
	}
	return ""
}

// A resource is what all resources have.
type resource struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Type     string       `json:"type"`
	Kind     string       `json:"kind"`
	Location string       `json:"location"`
	Tags     convert.Tags `json:"tags"`
	Identity struct {
		Type      string                     `json:"type"`
		Principal string                     `json:"principalId"`
		Users     map[string]json.RawMessage `json:"userAssignedIdentities"`
	} `json:"identity"`
	sub    string
	props  json.RawMessage
	fields map[string]json.RawMessage
}

// decode reads an object as az writes it, with its properties beside the rest, or as
// Resource Manager does, with properties by themselves.
func decode(raw, props json.RawMessage, out any) error {
	err := json.Unmarshal(raw, out)
	if len(props) > 0 && props[0] == '{' {
		err = errors.Join(err, json.Unmarshal(props, out))
	}
	return err
}

// arm reads an object of Resource Manager.
func (doc *document) arm(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	id := text(fields["id"])
	if strings.HasPrefix(id, "NA(classic") {
		doc.classic(raw, nil, fields)
		return true
	}
	if id == "" && doc.call != nil && doc.call.name == callContacts && doc.sub != "" {
		doc.contact(raw, fields["properties"], "")
		return true
	}
	if !strings.HasPrefix(lower(id), "/subscriptions/") && !strings.HasPrefix(lower(id), "/providers/") {
		return false
	}
	kind := lower(cmp.Or(typeOf(id), text(fields["type"])))
	props := fields["properties"]
	switch kind {
	case "microsoft.authorization/roleassignments":
		doc.assignment(raw, props, fields)
	case "microsoft.authorization/roledefinitions":
		doc.definition(raw, props)
	case "microsoft.authorization/denyassignments":
		doc.deny(raw, props, id)
	case "microsoft.authorization/roleeligibilityscheduleinstances":
		doc.eligibleARM(raw, props, id)
	case "microsoft.authorization/classicadministrators":
		doc.classic(raw, props, fields)
	case "microsoft.management/managementgroups":
		doc.managementGroup(raw, props, "")
	case "microsoft.security/securitycontacts":
		doc.contact(raw, props, id)
	case typeIdentity + "/federatedidentitycredentials":
		doc.identityTrust(raw, props, id)
	case "", "microsoft.resources/subscriptions":
		return doc.container(raw, props, id)
	case "microsoft.resources/subscriptions/resourcegroups", "microsoft.resources/resourcegroups":
		doc.t.some[spot{callContainers, ""}] = true
	default:
		return doc.resource(raw, fields, kind)
	}
	return true
}

// typeOf is the type of a resource by its id: the last provider and what follows.
func typeOf(id string) string {
	at := strings.LastIndex(lower(id), "/providers/")
	if at < 0 {
		return ""
	}
	parts := strings.Split(id[at+len("/providers/"):], "/")
	if len(parts) < 3 {
		return ""
	}
	out := []string{parts[0]}
	for i := 1; i < len(parts); i += 2 {
		out = append(out, parts[i])
	}
	return strings.Join(out, "/")
}

// common are the fields that say nothing of what is special to a kind of resource.
func common() []string {
	return []string{
		"id", "name", "type", "kind", "location", "tags", "identity", "resourceGroup", "subscriptionId", "tenantId", "managedBy", "plan", "sku", "zones", "properties",
		"extendedLocation", "createdTime", "changedTime", "provisioningState", "systemData", "etag", "apiVersion",
	}
}

// resource reads a resource.
func (doc *document) resource(raw json.RawMessage, fields map[string]json.RawMessage, kind string) bool {
	sub := subscriptionOf(text(fields["id"]))
	if sub == "" {
		return false
	}
	r := resource{sub: sub, fields: fields}
	if p := fields["properties"]; len(p) > 2 && p[0] == '{' {
		r.props = p
	}
	err := json.Unmarshal(raw, &r)
	r.Type = kind
	bare := r.props == nil
	for k, v := range fields {
		bare = bare && (slices.Contains(common(), k) || string(v) == "null")
	}
	_, a := fields["identity"]
	_, b := fields["managedBy"]
	_, c := fields["plan"]
	doc.sweep.bare = doc.sweep.bare || bare && a && b && c && !doc.query
	doc.sweep.types[kind] = true
	doc.t.subscription(sub)
	where := doc.where(sub)
	call := resourceCall(kind)
	doc.hear(callResources, where)
	if call != "" {
		doc.took(call, where, errors.Join(err, doc.special(raw, &r, call)))
	}
	if r.Identity.Type == "" || strings.EqualFold(r.Identity.Type, "None") {
		doc.sweep.plain = true
	} else {
		doc.took(callResources, where, err)
		doc.consumer(&r)
	}
	doc.reach(raw, &r)
	return true
}

// special keeps a resource of a kind that is asked for by name.
func (doc *document) special(raw json.RawMessage, r *resource, call string) error {
	key := object.Fold(r.ID)
	doc.t.rich[key] = doc.t.rich[key] || r.told(essential(r.Type))
	switch call {
	case callIdentities:
		return doc.identity(raw, r, key)
	case callStores:
		return doc.store(raw, r, key)
	case callVaults:
		return doc.vault(raw, r, key)
	case callClusters:
		return doc.cluster(raw, r, key)
	}
	return doc.localAuth(raw, r, key)
}

// consumer keeps what runs as managed identities.
func (doc *document) consumer(r *resource) {
	key := object.Fold(r.ID)
	c := object.Consumer{
		ID: r.ID, Name: r.Name, Type: r.Type, Location: r.Location, Kind: r.Kind, System: lower(r.Identity.Principal), Tags: r.Tags,
		User: slices.Sorted(maps.Keys(r.Identity.Users)),
	}
	doc.t.consumers.merge(key, c)
	if c.System != "" {
		doc.t.identities.merge("system "+key, object.ManagedIdentity{
			ID: r.ID, Name: r.Name, Location: r.Location, Principal: c.System, System: true, Tags: r.Tags, FederatedKnown: true, Resources: []string{r.ID},
		})
	}
}

func (doc *document) identity(raw json.RawMessage, r *resource, key string) error {
	var v struct {
		Principal string `json:"principalId"`
		Client    string `json:"clientId"`
		System    struct {
			Created convert.Stamp `json:"createdAt"`
		} `json:"systemData"`
	}
	err := decode(raw, r.props, &v)
	doc.t.identities.merge(key, object.ManagedIdentity{
		ID: r.ID, Name: r.Name, Location: r.Location, Principal: lower(v.Principal), Client: lower(v.Client), CreatedAt: v.System.Created.Time, Tags: r.Tags,
	})
	return err
}

// store keeps a storage account. Keys are taken unless an account says no, and
// sign-in by key is the default unless it says otherwise (Storage resource provider,
// allowSharedKeyAccess and defaultToOAuthAuthentication).
func (doc *document) store(raw json.RawMessage, r *resource, key string) error {
	var v struct {
		Created convert.Stamp `json:"creationTime"`
		Keys    struct {
			One convert.Stamp `json:"key1"`
			Two convert.Stamp `json:"key2"`
		} `json:"keyCreationTime"`
		Policy struct {
			Days int `json:"keyExpirationPeriodInDays"`
		} `json:"keyPolicy"`
		SAS struct {
			Period string `json:"sasExpirationPeriod"`
		} `json:"sasPolicy"`
		Shared convert.Flag `json:"allowSharedKeyAccess"`
		Users  convert.Flag `json:"isLocalUserEnabled"`
		Blob   convert.Flag `json:"allowBlobPublicAccess"`
		OAuth  convert.Flag `json:"defaultToOAuthAuthentication"`
	}
	err := decode(raw, r.props, &v)
	doc.t.stores.merge(key, object.Store{
		ID: r.ID, Name: r.Name, Location: r.Location, Kind: r.Kind, Tags: r.Tags, CreatedAt: v.Created.Time, Key1: v.Keys.One.Time, Key2: v.Keys.Two.Time,
		KeyDays: max(0, v.Policy.Days), SharedKey: r.or("allowSharedKeyAccess", v.Shared, inventory.True), SASPeriod: v.SAS.Period, LocalUsers: v.Users.Tri, Blob: v.Blob.Tri,
		OAuthDefault: r.or("defaultToOAuthAuthentication", v.OAuth, inventory.False),
	})
	return err
}

func (doc *document) vault(raw json.RawMessage, r *resource, key string) error {
	var v struct {
		URI      string       `json:"vaultUri"`
		RBAC     convert.Flag `json:"enableRbacAuthorization"`
		Soft     convert.Flag `json:"enableSoftDelete"`
		Purge    convert.Flag `json:"enablePurgeProtection"`
		Policies []struct {
			Tenant      string `json:"tenantId"`
			Object      string `json:"objectId"`
			Application string `json:"applicationId"`
			Permissions struct {
				Keys         []string `json:"keys"`
				Secrets      []string `json:"secrets"`
				Certificates []string `json:"certificates"`
				Storage      []string `json:"storage"`
			} `json:"permissions"`
		} `json:"accessPolicies"`
		System struct {
			Created convert.Stamp `json:"createdAt"`
		} `json:"systemData"`
	}
	err := decode(raw, r.props, &v)
	o := object.Vault{
		ID: r.ID, Name: r.Name, Location: r.Location, Tags: r.Tags, URI: v.URI, RBAC: v.RBAC.Tri, SoftDelete: v.Soft.Tri,
		Purge: r.or("enablePurgeProtection", v.Purge, inventory.False), CreatedAt: v.System.Created.Time,
	}
	for _, p := range v.Policies {
		o.Access = append(o.Access, object.AccessPolicy{
			Tenant: lower(p.Tenant), Object: lower(p.Object), Application: lower(p.Application), Secrets: some(p.Permissions.Secrets), Keys: some(p.Permissions.Keys),
			Certificates: some(p.Permissions.Certificates), Storage: some(p.Permissions.Storage),
		})
	}
	doc.t.vaults.merge(key, o)
	return err
}

// localAuth keeps a resource that has keys of its own. Each kind has them on unless it
// says otherwise, but for the administrator of a registry.
func (doc *document) localAuth(raw json.RawMessage, r *resource, key string) error {
	var v struct {
		Off     convert.Flag  `json:"disableLocalAuth"`
		Redis   convert.Flag  `json:"disableAccessKeyAuthentication"`
		Admin   convert.Flag  `json:"adminUserEnabled"`
		Modes   []string      `json:"allowedAuthenticationModes"`
		Created convert.Stamp `json:"createdAt"`
		Keys    map[string]struct {
			At convert.Stamp `json:"generationTime"`
		} `json:"keysMetadata"`
	}
	err := decode(raw, r.props, &v)
	o := object.LocalAuth{ID: r.ID, Name: r.Name, Type: r.Type, Location: r.Location, Tags: r.Tags, CreatedAt: v.Created.Time}
	switch name := essential(r.Type); name {
	case switchRedis:
		o.Disabled = r.or(name, v.Redis, inventory.False)
	case switchRegistry:
		o.Disabled = convert.Not(r.or(name, v.Admin, inventory.False))
	case switchBatch:
		if r.told(name) {
			o.Disabled = inventory.TriOf(len(v.Modes) > 0 && !slices.ContainsFunc(v.Modes, func(m string) bool { return strings.EqualFold(m, "SharedKey") }))
		}
	default:
		o.Disabled = r.or(name, v.Off, inventory.False)
	}
	for _, name := range sortedKeys(v.Keys) {
		o.Keys = append(o.Keys, object.KeyDate{Name: name, At: v.Keys[name].At.Time})
	}
	doc.t.switches.merge(key, o)
	return err
}

// cluster keeps a Kubernetes cluster. Its local accounts are on unless switched off
// (Container service, disableLocalAccounts).
func (doc *document) cluster(raw json.RawMessage, r *resource, key string) error {
	var v struct {
		Issuer struct {
			URL string `json:"issuerURL"`
		} `json:"oidcIssuerProfile"`
		Security struct {
			Workload struct {
				Enabled convert.Flag `json:"enabled"`
			} `json:"workloadIdentity"`
		} `json:"securityProfile"`
		Off      convert.Flag `json:"disableLocalAccounts"`
		Profiles map[string]struct {
			Object string `json:"objectId"`
		} `json:"identityProfile"`
	}
	err := decode(raw, r.props, &v)
	o := object.Cluster{ID: r.ID, Name: r.Name, Location: r.Location, Tags: r.Tags, Control: lower(r.Identity.Principal)}
	for _, id := range sortedKeys(r.Identity.Users) {
		var user struct {
			Principal string `json:"principalId"`
		}
		if o.Control == "" && json.Unmarshal(r.Identity.Users[id], &user) == nil {
			o.Control = lower(user.Principal)
		}
	}
	o.Issuer, o.Kubelet = v.Issuer.URL, lower(v.Profiles["kubeletidentity"].Object)
	o.WorkloadIdentity = r.or("securityProfile", v.Security.Workload.Enabled, inventory.False)
	o.LocalAccounts = convert.Not(r.or(essential(r.Type), v.Off, inventory.False))
	doc.t.clusters.merge(key, o)
	return err
}
