package live

import (
	"net/http"
	"strings"

	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
)

// A call is one method that a reader may ask for, and why. The table of calls is all
// that it can ask for: permissions are made from it.
type call struct {
	op         wire.Operation
	permission string // empty: anybody who is signed in may
	also       []string
	why        string
	option     string // what switches it on; empty is always
	above      bool   // asked for an organisation or folder, and not for projects
	fallback   bool   // only asked where Asset Inventory does not tell
	api        string // what has to be enabled in a project for there to be anything; empty is nothing
}

// What switches calls on.
const (
	withActivity = "activity"
	withInsights = "insights"
	withGroups   = "groups"
)

// Operations returns every method that is ever asked for, so that tests can hold
// them against the discovery documents.
func Operations() []wire.Operation {
	var out []wire.Operation
	for _, c := range table() {
		out = append(out, c.op)
	}
	return out
}

// table lists the calls. Names, paths, parameters and fields are those of Google's
// discovery documents; sizes of pages are the largest that they allow.
//
// IAM v1 allows 6,000 requests a minute, 600 for workload identity federation, and
// 120 for workforce pools (IAM documentation, "Quotas and limits"). Half of the first
// is taken, to leave some to others.
func table() []call {
	var out []call
	for _, part := range [][]call{
		assetCalls(), placeCalls(), accountCalls(), poolCalls(), roleCalls(), boundaryCalls(), secretCalls(), otherCalls(), usageCalls(), groupCalls(),
	} {
		out = append(out, part...)
	}
	for i := range out {
		op := &out[i].op
		switch {
		case op.Service != iamHost || op.Quota != "":
		case strings.Contains(op.ID, "workloadIdentityPools"):
			op.Quota, op.Rate = "federation", 10
		case strings.Contains(op.ID, "workforcePools"):
			op.Quota, op.Rate = "workforce", 2
		default:
			op.Rate = 50
		}
	}
	return out
}

// list is a call with pages.
func list(id, service, path, items string, most int, fields, permission, why string) call {
	return call{
		op:         wire.Operation{ID: id, Service: service, Method: http.MethodGet, Path: path, Items: items, Size: "pageSize", Most: most, Fields: fields},
		permission: permission, why: why,
	}
}

// get is a call without pages.
func get(id, service, path, fields, permission, why string) call {
	return call{op: wire.Operation{ID: id, Service: service, Method: http.MethodGet, Path: path, Fields: fields}, permission: permission, why: why}
}

// when says what switches a call on.
func (c call) when(option string) call {
	c.option = option
	return c
}

// ofAbove marks a call that is made for organisations and folders.
func (c call) ofAbove() call {
	c.above = true
	return c
}

// ifDenied marks a call that is made where Asset Inventory does not tell.
func (c call) ifDenied() call {
	c.fallback = true
	return c
}

// ifEnabled names the API without which a project has nothing of it.
func (c call) ifEnabled(api string) call {
	c.api = api
	return c
}

// unsized is a call whose answer comes in one piece, or in pages of its own size.
func (c call) unsized() call {
	c.op.Size, c.op.Most = "", 0
	return c
}

// rate bounds requests a second, for calls with a quota of their own. Those of the
// same name share one.
func (c call) rate(quota string, perMinute float64) call {
	c.op.Quota, c.op.Rate = quota, perMinute/60
	return c
}

// policyFields are what is kept of an allow policy.
const policyFields = "bindings(role,members,condition(title,description,expression)),auditConfigs(service)"

// policyBody asks for a policy with conditions.
const policyBody = `{"options":{"requestedPolicyVersion":3}}`

func policy(id, service, path, permission, why string) call {
	c := get(id, service, path, policyFields, permission, why).ifDenied()
	c.op.Method, c.op.Body = http.MethodPost, policyBody
	return c
}

// Asset Inventory allows 100 listings and 400 searches a minute (Cloud Asset
// Inventory documentation, "Quotas and limits").
func assetCalls() []call {
	const host = "cloudasset.googleapis.com"
	return []call{
		list("cloudasset.assets.list", host, "v1/{+parent}/assets", "assets", 1000, "name,assetType,ancestors,resource(data,location)",
			"cloudasset.assets.listResource", "accounts, keys, secrets, roles, pools and what runs as an account, all at once").rate("asset lists", 96),
		list("cloudasset.searchAllIamPolicies", host, "v1/{+scope}:searchAllIamPolicies", "results", 500,
			"resource,assetType,project,folders,organization,policy("+policyFields+")",
			"cloudasset.assets.searchAllIamPolicies", "who is granted what, all at once").rate("asset policies", 360),
		list("cloudasset.searchAllResources", host, "v1/{+scope}:searchAllResources", "results", 500,
			"name,assetType,project,displayName,state,createTime,labels,tags(tagKey,tagValue),parentFullResourceName",
			"cloudasset.assets.searchAllResources", "projects and folders with their labels and tags, and when accounts were made").rate("asset resources", 360),
	}
}

func placeCalls() []call {
	const host = "cloudresourcemanager.googleapis.com"
	place := "name,displayName,parent,state,createTime"
	return []call{
		list("cloudresourcemanager.organizations.search", host, "v3/organizations:search", "organizations", 50,
			"name,displayName,directoryCustomerId,state,createTime", "resourcemanager.organizations.get", "organisations").ofAbove(),
		list("cloudresourcemanager.folders.search", host, "v3/folders:search", "folders", 300, place,
			"resourcemanager.folders.get", "the tree of folders").ofAbove().ifDenied(),
		get("cloudresourcemanager.folders.get", host, "v3/{+name}", place,
			"resourcemanager.folders.get", "what is above a project, where only projects are read").ofAbove().ifDenied(),
		list("cloudresourcemanager.projects.search", host, "v3/projects:search", "projects", 300, place+",projectId,labels",
			"resourcemanager.projects.get", "projects").ifDenied(),
		policy("cloudresourcemanager.organizations.getIamPolicy", host, "v3/{+resource}:getIamPolicy", "resourcemanager.organizations.getIamPolicy", "who is granted what").ofAbove(),
		policy("cloudresourcemanager.folders.getIamPolicy", host, "v3/{+resource}:getIamPolicy", "resourcemanager.folders.getIamPolicy", "who is granted what").ofAbove(),
		policy("cloudresourcemanager.projects.getIamPolicy", host, "v3/{+resource}:getIamPolicy", "resourcemanager.projects.getIamPolicy", "who is granted what"),
		list("serviceusage.services.list", "serviceusage.googleapis.com", "v1/{+parent}/services", "services", 200, "name,state",
			"serviceusage.services.list", "which APIs are enabled, so that the others are not asked for").ifDenied(),
		list("essentialcontacts.organizations.contacts.list", "essentialcontacts.googleapis.com", "v1/{+parent}/contacts", "contacts", 100,
			"name,email,notificationCategorySubscriptions", "essentialcontacts.contacts.list", "who answers for an organisation").ofAbove(),
		list("essentialcontacts.folders.contacts.list", "essentialcontacts.googleapis.com", "v1/{+parent}/contacts", "contacts", 100,
			"name,email,notificationCategorySubscriptions", "essentialcontacts.contacts.list", "who answers for a folder").ofAbove(),
		list("essentialcontacts.projects.contacts.list", "essentialcontacts.googleapis.com", "v1/{+parent}/contacts", "contacts", 100,
			"name,email,notificationCategorySubscriptions", "essentialcontacts.contacts.list", "who answers for a project"),
	}
}

const iamHost = "iam.googleapis.com"

func accountCalls() []call {
	c := policy("iam.projects.serviceAccounts.getIamPolicy", iamHost, "v1/{+resource}:getIamPolicy", "iam.serviceAccounts.getIamPolicy",
		"who may become an account").ifEnabled(iamHost)
	c.op.Body = "" // the version that is wanted stands in the query
	return []call{
		list("iam.projects.serviceAccounts.list", iamHost, "v1/{+name}/serviceAccounts", "accounts", 100,
			"name,projectId,uniqueId,email,displayName,description,oauth2ClientId,disabled", "iam.serviceAccounts.list", "service accounts").ifDenied().ifEnabled(iamHost),
		list("iam.projects.serviceAccounts.keys.list", iamHost, "v1/{+name}/keys", "keys", 0,
			"name,keyAlgorithm,keyOrigin,keyType,validAfterTime,validBeforeTime,disabled,disableReason,extendedStatus(key,value)",
			"iam.serviceAccountKeys.list", "their keys, without the keys themselves").unsized().ifDenied().ifEnabled(iamHost),
		c,
	}
}

func poolCalls() []call {
	provider := "name,displayName,description,state,disabled,attributeMapping,attributeCondition,expireTime,"
	return []call{
		list("iam.projects.locations.workloadIdentityPools.list", iamHost, "v1/{+parent}/workloadIdentityPools", "workloadIdentityPools", 1000,
			"name,displayName,description,state,disabled,mode,expireTime", "iam.googleapis.com/workloadIdentityPools.list", "who may federate").ifDenied().ifEnabled(iamHost),
		list("iam.projects.locations.workloadIdentityPools.providers.list", iamHost, "v1/{+parent}/providers", "workloadIdentityPoolProviders", 100,
			provider+"aws,oidc(issuerUri,allowedAudiences,jwksJson),saml,x509", "iam.googleapis.com/workloadIdentityPoolProviders.list", "issuers, audiences and conditions").ifDenied().ifEnabled(iamHost),
		list("iam.projects.locations.workloadIdentityPools.namespaces.list", iamHost, "v1/{+parent}/namespaces", "workloadIdentityPoolNamespaces", 1000,
			"name,state", "iam.googleapis.com/workloadIdentityPoolNamespaces.list", "namespaces of managed workload identities").ifEnabled(iamHost),
		list("iam.projects.locations.workloadIdentityPools.namespaces.managedIdentities.list", iamHost, "v1/{+parent}/managedIdentities", "workloadIdentityPoolManagedIdentities", 1000,
			"name,description,state,disabled", "iam.googleapis.com/workloadIdentityPoolManagedIdentities.list", "managed workload identities").ifEnabled(iamHost),
		list("iam.projects.locations.workloadIdentityPools.namespaces.managedIdentities.listAttestationRules", iamHost, "v1/{+resource}:listAttestationRules", "attestationRules", 100,
			"googleCloudResource", "iam.googleapis.com/workloadIdentityPoolManagedIdentities.getAttestationRules", "what may be such an identity").ifEnabled(iamHost),
		list("iam.locations.workforcePools.list", iamHost, "v1/{+location}/workforcePools", "workforcePools", 100,
			"name,parent,displayName,description,state,disabled,sessionDuration", "iam.googleapis.com/workforcePools.list", "where people sign in from").ofAbove(),
		list("iam.locations.workforcePools.providers.list", iamHost, "v1/{+parent}/providers", "workforcePoolProviders", 100,
			provider+"oidc(issuerUri,clientId,jwksJson),saml", "iam.googleapis.com/workforcePoolProviders.list", "where people sign in from").ofAbove(),
		list("iam.projects.locations.oauthClients.list", iamHost, "v1/{+parent}/oauthClients", "oauthClients", 100,
			"name,state,disabled,clientId,displayName,clientType,allowedGrantTypes,allowedScopes,allowedRedirectUris,expireTime", "iam.googleapis.com/oauthClients.list", "OAuth clients").ifEnabled(iamHost),
		list("iam.projects.locations.oauthClients.credentials.list", iamHost, "v1/{+parent}/credentials", "oauthClientCredentials", 0,
			"name,displayName,disabled", "iam.googleapis.com/oauthClientCredentials.list", "their secrets, without values").unsized().ifEnabled(iamHost),
	}
}

func roleCalls() []call {
	fields := "name,title,stage,deleted,includedPermissions"
	return []call{
		list("iam.roles.list", iamHost, "v1/roles", "roles", 1000, fields, "", "what predefined roles permit"),
		list("iam.organizations.roles.list", iamHost, "v1/{+parent}/roles", "roles", 1000, fields, "iam.roles.list", "what custom roles permit").ofAbove().ifDenied(),
		list("iam.projects.roles.list", iamHost, "v1/{+parent}/roles", "roles", 1000, fields, "iam.roles.list", "what custom roles permit").ifDenied().ifEnabled(iamHost),
	}
}

// Deny policies are listed without their rules (IAM v2 reference,
// policies.listPolicies), so that each is asked for. Versions 2 and 3 of IAM allow 5
// requests a minute each (IAM documentation, "Quotas and limits").
func boundaryCalls() []call {
	const two, three = "IAM v2", "IAM v3"
	return []call{
		list("iam.policies.listPolicies", iamHost, "v2/{+parent}", "policies", 1000, "name,displayName", "iam.denypolicies.list", "deny policies").rate(two, 5),
		get("iam.policies.get", iamHost, "v2/{+name}", "name,displayName,rules(description,denyRule)", "iam.denypolicies.get", "what they deny").rate(two, 5),
		list("iam.organizations.locations.principalAccessBoundaryPolicies.list", iamHost, "v3/{+parent}/principalAccessBoundaryPolicies", "principalAccessBoundaryPolicies", 1000,
			"name,displayName,details", "iam.principalaccessboundarypolicies.list", "what principals are kept to").ofAbove().rate(three, 5),
		list("iam.organizations.locations.principalAccessBoundaryPolicies.searchPolicyBindings", iamHost, "v3/{+name}:searchPolicyBindings", "policyBindings", 1000,
			"name,policy,target,condition", "iam.principalaccessboundarypolicies.searchPolicyBindings", "which principals those are").ofAbove().rate(three, 5),
	}
}

func secretCalls() []call {
	const host = "secretmanager.googleapis.com"
	return []call{
		list("secretmanager.projects.secrets.list", host, "v1/{+parent}/secrets", "secrets", 1000,
			"name,replication,createTime,labels,topics,expireTime,rotation,versionAliases,annotations,customerManagedEncryption,secretType", "secretmanager.secrets.list", "secrets, without their values").ifDenied().ifEnabled(host),
		list("secretmanager.projects.secrets.versions.list", host, "v1/{+parent}/versions", "versions", 1000,
			"name,createTime,destroyTime,state", "secretmanager.versions.list", "versions of secrets, without their values").ifDenied().ifEnabled(host),
		get("secretmanager.projects.secrets.getIamPolicy", host, "v1/{+resource}:getIamPolicy", policyFields, "secretmanager.secrets.getIamPolicy", "who may read a secret").ifDenied().ifEnabled(host),
	}
}

func otherCalls() []call {
	const kms, keys, storage = "cloudkms.googleapis.com", "apikeys.googleapis.com", "storage.googleapis.com"
	hmac := list("storage.projects.hmacKeys.list", storage, "storage/v1/projects/{projectId}/hmacKeys", "items", 250,
		"accessId,projectId,serviceAccountEmail,state,timeCreated,updated", "storage.hmacKeys.list", "HMAC keys, without their secrets")
	hmac.op.Size = "maxResults"
	return []call{
		list("cloudkms.projects.locations.list", kms, "v1/{+name}/locations", "locations", 1000, "locationId", "cloudkms.locations.list", "where keys can be").ifDenied().ifEnabled(kms),
		list("cloudkms.projects.locations.keyRings.list", kms, "v1/{+parent}/keyRings", "keyRings", 1000, "name", "cloudkms.keyRings.list", "rings of keys").ifDenied().ifEnabled(kms),
		list("cloudkms.projects.locations.keyRings.cryptoKeys.list", kms, "v1/{+parent}/cryptoKeys", "cryptoKeys", 1000,
			"name,primary(name,state,createTime,algorithm,protectionLevel),purpose,createTime,nextRotationTime,rotationPeriod,versionTemplate,labels,importOnly",
			"cloudkms.cryptoKeys.list", "keys, without the keys themselves").ifDenied().ifEnabled(kms),
		list("apikeys.projects.locations.keys.list", keys, "v2/{+parent}/keys", "keys", 300,
			"name,uid,displayName,createTime,updateTime,deleteTime,annotations,restrictions,serviceAccountEmail", "apikeys.keys.list", "API keys, without the keys themselves").ifDenied().ifEnabled(keys),
		hmac.ifEnabled(storage),
	}
}

func usageCalls() []call {
	const analyzer, recommender = "policyanalyzer.googleapis.com", "recommender.googleapis.com"
	fields := "name,insightSubtype,lastRefreshTime,observationPeriod,stateInfo(state),targetResources,content"
	insights := "recommender.iamPolicyInsights.list"
	return []call{
		list("policyanalyzer.projects.locations.activityTypes.activities.query", analyzer, "v1/{+parent}/activities:query", "activities", 1000,
			"fullResourceName,activityType,observationPeriod,activity", "policyanalyzer.serviceAccountLastAuthenticationActivities.query",
			"when accounts and keys last signed in").when(withActivity).and("policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query"),
		list("recommender.projects.locations.insightTypes.insights.list", recommender, "v1/{+parent}/insights", "insights", 1000, fields,
			insights, "permissions and accounts that are not used").when(withInsights).and("recommender.iamServiceAccountInsights.list"),
		list("recommender.folders.locations.insightTypes.insights.list", recommender, "v1/{+parent}/insights", "insights", 1000, fields,
			insights, "permissions that are not used").when(withInsights).ofAbove(),
		list("recommender.organizations.locations.insightTypes.insights.list", recommender, "v1/{+parent}/insights", "insights", 1000, fields,
			insights, "permissions that are not used").when(withInsights).ofAbove(),
	}
}

// and adds a permission that the same method takes for another kind.
func (c call) and(permission string) call {
	c.also = append(c.also, permission)
	return c
}

// Members of groups are read with a role of the directory (Groups Reader), and not
// with a permission of Google Cloud.
func groupCalls() []call {
	const host = "cloudidentity.googleapis.com"
	return []call{
		get("cloudidentity.groups.lookup", host, "v1/groups:lookup", "name", "", "which group an address is").when(withGroups).ofAbove(),
		list("cloudidentity.groups.memberships.list", host, "v1/{+parent}/memberships", "memberships", 1000,
			"preferredMemberKey(id),type", "", "who is in the groups that policies name").when(withGroups).ofAbove(),
	}
}
