package export

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// A call is a listing whose saved output is read. Its name is that of package live.
type call struct {
	name string
	file string // that the collecting script saves it in, without what comes after a dot
	how  how
	ask  string // after az; a path of Microsoft Graph; a query of Resource Graph; a path of Resource Manager below a subscription
	need need
	// say is the command that gets it one by one, where that is better told than ask.
	say string
}

// how a call is made.
type how int

const (
	byAz    how = iota
	byGraph     // az rest, page after page
	byQuery     // Resource Graph, page after page
	byARM       // az rest, for each subscription
	byHand      // not by the script
)

// need says where a call is missed.
type need int

const (
	tenant       need = iota // once
	subscription             // once, or for each subscription if no listing has all
	vault                    // for each vault
	each                     // for each of some objects
	extra                    // read where it is, not missed
)

// Names of calls, as package live has them.
const (
	callOrganization   = "graph: GET /organization"
	callApplications   = "graph: GET /applications"
	callFederated      = "graph: GET /applications?$expand=federatedIdentityCredentials"
	callExpressions    = "graph: GET /beta/applications/{id}/federatedIdentityCredentials"
	callOwners         = "graph: GET /applications|servicePrincipals/{id}/owners"
	callPrincipals     = "graph: GET /servicePrincipals"
	callAppRoles       = "graph: GET /servicePrincipals?$expand=appRoleAssignments"
	callManaged        = "graph: GET /servicePrincipals?$expand=federatedIdentityCredentials"
	callBlueprints     = "graph: GET /applications/microsoft.graph.agentIdentityBlueprint"
	callAgents         = "graph: GET /servicePrincipals/microsoft.graph.agentIdentity"
	callAgentBlueprint = "graph: GET /servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal"
	callDelegated      = "graph: GET /oauth2PermissionGrants"
	callRoles          = "graph: GET /roleManagement/directory/roleDefinitions"
	callRoleHolders    = "graph: GET /roleManagement/directory/roleAssignments"
	callEligible       = "graph: GET /roleManagement/directory/roleEligibilityScheduleInstances"
	callScheduled      = "graph: GET /roleManagement/directory/roleAssignmentScheduleInstances"
	callPolicies       = "graph: GET /policies/appManagementPolicies"
	callApplies        = "graph: GET /policies/appManagementPolicies/{id}/appliesTo"
	callDefaultPolicy  = "graph: GET /policies/defaultAppManagementPolicy"
	callConsent        = "graph: GET /policies/authorizationPolicy"
	callUnits          = "graph: GET /directory/administrativeUnits"
	callUnitMembers    = "graph: GET /directory/administrativeUnits/{id}/members"
	callNames          = "graph: POST /directoryObjects/getByIds"
	callMembers        = "graph: GET /groups/{id}/transitiveMembers"
	callGroupOwners    = "graph: GET /groups/{id}/owners"
	callSignIns        = "graph: GET /beta/reports/servicePrincipalSignInActivities"
	callKeySignIns     = "graph: GET /beta/reports/appCredentialSignInActivities"
	callAudit          = "graph: GET /auditLogs/directoryAudits"
	callRisk           = "graph: GET /identityProtection/riskyServicePrincipals"

	callSubscriptions  = "arm: Microsoft.Resources/subscriptions/read"
	callContainers     = "arm: Resource Graph: resourcecontainers"
	callAssignments    = "arm: Microsoft.Authorization/roleAssignments/read"
	callDefinitions    = "arm: Microsoft.Authorization/roleDefinitions/read"
	callClassic        = "arm: Microsoft.Authorization/classicAdministrators/read"
	callDenies         = "arm: Microsoft.Authorization/denyAssignments/read"
	callEligibleARM    = "arm: Microsoft.Authorization/roleEligibilityScheduleInstances/read"
	callIdentities     = "arm: Microsoft.ManagedIdentity/userAssignedIdentities/read"
	callIdentityTrusts = "arm: Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read"
	callResources      = "arm: Resource Graph: resources with identities"
	callStores         = "arm: Microsoft.Storage/storageAccounts/read"
	callVaults         = "arm: Microsoft.KeyVault/vaults/read"
	callSwitches       = "arm: Resource Graph: resources with keys of their own"
	callClusters       = "arm: Microsoft.ContainerService/managedClusters/read"
	callContacts       = "arm: Microsoft.Security/securityContacts/read"

	callSecrets      = "vault: Microsoft.KeyVault/vaults/secrets/readMetadata/action"
	callKeys         = "vault: Microsoft.KeyVault/vaults/keys/read"
	callCertificates = "vault: Microsoft.KeyVault/vaults/certificates/read"
)

// calls lists what is read.
func calls() []call {
	return slices.Concat(applicationCalls(), directoryCalls(), grantCalls(), resourceCalls(), singleCalls())
}

// applicationCalls are those of applications and service principals.
func applicationCalls() []call {
	return []call{
		{callOrganization, "organization", byGraph, "/v1.0/organization", tenant, ""},
		{callApplications, "ad-app-list", byAz, "ad app list --all", tenant, ""},
		{callFederated, "applications-federated", byGraph, "/beta/applications?$select=id,appId&$expand=federatedIdentityCredentials", each, ""},
		{callFederated, "ad-app-federated-credential-list", byHand, "ad app federated-credential list --id ID", extra, ""},
		{callExpressions, "applications-expressions", byHand, "rest --url 'https://graph.microsoft.com/beta/applications?$select=id,appId&$expand=federatedIdentityCredentials'", each, ""},
		{callOwners, "applications-owners", byGraph, "/v1.0/applications?$select=id,appId&$expand=owners", each, ""},
		{callOwners, "service-principals-owners", byGraph, "/v1.0/servicePrincipals?$select=id,appId&$expand=owners", extra, ""},
		{callOwners, "ad-app-owner-list", byHand, "ad app owner list --id ID", extra, ""},
		{callOwners, "ad-sp-owner-list", byHand, "ad sp owner list --id ID", extra, ""},
		{callPrincipals, "ad-sp-list", byAz, "ad sp list --all", tenant, ""},
		{callAppRoles, "app-role-assignments", byGraph, "/v1.0/servicePrincipals?$select=id&$expand=appRoleAssignments", tenant, ""},
		{callManaged, "managed-identities-federated", byGraph, "/beta/servicePrincipals?$filter=servicePrincipalType eq 'ManagedIdentity'&$select=id&$expand=federatedIdentityCredentials", extra, ""},
		{callBlueprints, "agent-identity-blueprints", byGraph, "/v1.0/applications/microsoft.graph.agentIdentityBlueprint?$select=id,appId,displayName&$expand=sponsors", tenant, ""},
		{callAgents, "agent-identities", byGraph, "/v1.0/servicePrincipals/microsoft.graph.agentIdentity?$select=id,agentIdentityBlueprintId,createdDateTime&$expand=sponsors", tenant, ""},
		{callAgentBlueprint, "agent-blueprint-principals", byGraph, "/v1.0/servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal?$select=id&$expand=sponsors", tenant, ""},
	}
}

// directoryCalls are those of roles, policies, units and people.
func directoryCalls() []call {
	return []call{
		{callDelegated, "oauth2-permission-grants", byGraph, "/v1.0/oauth2PermissionGrants", tenant, ""},
		{callRoles, "directory-role-definitions", byGraph, "/v1.0/roleManagement/directory/roleDefinitions", tenant, ""},
		{callRoleHolders, "directory-role-assignments", byGraph, "/v1.0/roleManagement/directory/roleAssignments", tenant, ""},
		{callEligible, "directory-role-eligibility", byGraph, "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances", tenant, ""},
		{callScheduled, "directory-role-schedules", byGraph, "/v1.0/roleManagement/directory/roleAssignmentScheduleInstances", tenant, ""},
		{callPolicies, "app-management-policies", byGraph, "/v1.0/policies/appManagementPolicies", tenant, ""},
		{callApplies, "policy-applies-to", byHand, "rest --url 'https://graph.microsoft.com/v1.0/policies/appManagementPolicies/ID/appliesTo'", each, ""},
		{callDefaultPolicy, "default-app-management-policy", byGraph, "/v1.0/policies/defaultAppManagementPolicy", tenant, ""},
		{callConsent, "authorization-policy", byGraph, "/v1.0/policies/authorizationPolicy", tenant, ""},
		{callUnits, "administrative-units", byGraph, "/v1.0/directory/administrativeUnits", tenant, ""},
		{callUnitMembers, "unit-member-list", byHand, "rest --url 'https://graph.microsoft.com/v1.0/directory/administrativeUnits/ID/members'", each, ""},
		{callNames, "ad-group-list", byAz, "ad group list", each, ""},
		{callNames, "users", byGraph, "/v1.0/users?$select=id,displayName,userPrincipalName,mail,accountEnabled,userType,onPremisesSyncEnabled,department", extra, ""},
		{callMembers, "ad-group-member-list", byHand, "ad group member list --group ID", each, ""},
		{callGroupOwners, "ad-group-owner-list", byHand, "ad group owner list --group ID", each, ""},
		{callSignIns, "sign-ins-of-principals", byGraph, "/beta/reports/servicePrincipalSignInActivities", tenant, ""},
		{callKeySignIns, "sign-ins-of-credentials", byGraph, "/beta/reports/appCredentialSignInActivities", tenant, ""},
		{callAudit, "directory-audits", byHand, "rest --url 'https://graph.microsoft.com/v1.0/auditLogs/directoryAudits?$filter=category eq \"ApplicationManagement\"'", extra, ""},
		{callRisk, "risky-service-principals", byHand, "rest --url 'https://graph.microsoft.com/v1.0/identityProtection/riskyServicePrincipals'", extra, ""},
	}
}

// grantCalls are those of roles in Azure and of what is above resources.
func grantCalls() []call {
	const columns = " | project id, name, type, subscriptionId, properties | order by id asc"
	return []call{
		{callSubscriptions, "account-list", byAz, "account list --all", tenant, ""},
		{callContainers, "resource-containers", byQuery, "resourcecontainers | where type in~ ('microsoft.resources/subscriptions', 'microsoft.management/managementgroups') | project id, name, type, subscriptionId, tags, properties | order by id asc", tenant, ""},
		{callContainers, "account-management-group-show", byHand, "account management-group show --name ID --expand --recurse", extra, ""},
		{callContainers, "account-management-group-list", byHand, "account management-group list", extra, ""},
		{callAssignments, "role-assignments", byQuery, "authorizationresources | where type =~ 'microsoft.authorization/roleassignments'" + columns, subscription, "role assignment list --all --include-inherited"},
		{callAssignments, "role-assignment-list", byHand, "role assignment list --all --include-inherited", extra, ""},
		{callDefinitions, "role-definitions", byQuery, "authorizationresources | where type =~ 'microsoft.authorization/roledefinitions'" + columns, subscription, "role definition list"},
		{callDefinitions, "role-definition-list", byHand, "role definition list", extra, ""},
		{callClassic, "classic-administrators", byQuery, "authorizationresources | where type =~ 'microsoft.authorization/classicadministrators'" + columns, subscription, ""},
		{callDenies, "deny-assignments", byARM, "Microsoft.Authorization/denyAssignments?api-version=2022-04-01", subscription, ""},
		{callEligibleARM, "role-eligibility", byARM, "Microsoft.Authorization/roleEligibilityScheduleInstances?api-version=2020-10-01", subscription, ""},
		{callContacts, "security-contacts", byARM, "Microsoft.Security/securityContacts?api-version=2020-01-01-preview", subscription, ""},
		{callContacts, "security-contact-list", byHand, "security contact list", extra, ""},
	}
}

// resourceCalls are those of resources.
func resourceCalls() []call {
	of := func(types ...string) string {
		where := "type =~ '" + types[0] + "'"
		if len(types) > 1 {
			where = "type in~ ('" + strings.Join(types, "', '") + "')"
		}
		return "resources | where " + where + " | project id, name, type, kind, location, subscriptionId, tags, identity, properties | order by id asc"
	}
	return []call{
		{callIdentities, "managed-identities", byQuery, of(typeIdentity), subscription, "identity list"},
		{callIdentities, "identity-list", byHand, "identity list", extra, ""},
		{callResources, "resources-with-identities", byQuery, "resources | where isnotempty(identity) | project id, name, type, kind, location, subscriptionId, tags, identity, publicNetworkAccess = tostring(properties.publicNetworkAccess), networkAcls = properties.networkAcls, networkRuleSet = properties.networkRuleSet | order by id asc", subscription, "resource list"},
		{callResources, "resource-list", byHand, "resource list", extra, ""},
		{callStores, "storage-accounts", byQuery, of(typeStore), subscription, "storage account list"},
		{callStores, "storage-account-list", byHand, "storage account list", extra, ""},
		{callVaults, "vaults", byQuery, of(typeVault), subscription, ""},
		{callVaults, "keyvault-list", byHand, "keyvault list", extra, ""},
		{callSwitches, "resources-with-keys", byQuery, of(localTypes()...), subscription, ""},
		{callSwitches, "cosmosdb-list", byHand, "cosmosdb list", extra, ""},
		{callSwitches, "servicebus-namespace-list", byHand, "servicebus namespace list", extra, ""},
		{callSwitches, "eventhubs-namespace-list", byHand, "eventhubs namespace list", extra, ""},
		{callSwitches, "cognitiveservices-account-list", byHand, "cognitiveservices account list", extra, ""},
		{callClusters, "kubernetes-clusters", byQuery, of(typeCluster), subscription, "aks list"},
		{callClusters, "aks-list", byHand, "aks list", extra, ""},
		{callResources, "vm-list", byHand, "vm list", extra, ""},
		{callResources, "webapp-list", byHand, "webapp list", extra, ""},
		{callResources, "functionapp-list", byHand, "functionapp list", extra, ""},
		{callResources, "logic-workflow-list", byHand, "logic workflow list", extra, ""},
		{callResources, "automation-account-list", byHand, "automation account list", extra, ""},
	}
}

// singleCalls are those that are made for single vaults and identities.
func singleCalls() []call {
	return []call{
		{callIdentityTrusts, "identity-federated-credential-list", byHand, "identity federated-credential list --identity-name NAME --resource-group GROUP", each, ""},
		{callSecrets, "keyvault-secret-list", byAz, "keyvault secret list --vault-name NAME", vault, ""},
		{callKeys, "keyvault-key-list", byAz, "keyvault key list --vault-name NAME", vault, ""},
		{callCertificates, "keyvault-certificate-list", byAz, "keyvault certificate list --vault-name NAME", vault, ""},
	}
}

// command is what to run for what is missing.
func (c *call) command() string {
	switch {
	case c.say != "":
		return "az " + c.say
	case c.how == byGraph:
		return "az rest --url '" + strings.ReplaceAll("https://graph.microsoft.com"+c.ask, "'", `"`) + "'"
	case c.how == byQuery:
		return `az graph query --first 1000 -q "` + c.ask + `"`
	case c.how == byARM:
		return "az rest --url 'https://management.azure.com/subscriptions/SUBSCRIPTION/providers/" + c.ask + "'"
	}
	return "az " + c.ask
}

// A callTable finds calls by their names and by those of files.
type callTable struct {
	list  []call
	files []*call // longest name of a file first
}

func newCallTable() *callTable {
	t := &callTable{list: calls()}
	for i := range t.list {
		t.files = append(t.files, &t.list[i])
	}
	slices.SortStableFunc(t.files, func(a, b *call) int { return cmp.Compare(len(b.file), len(a.file)) })
	return t
}

// named returns the call that a file is named after and what comes after the name of
// the call, or nil: ad-app-list.json, prod/keyvault-secret-list.nw-prod.2.json.
func (t *callTable) named(name string) (*call, string) {
	base := path.Base(name)
	for _, end := range []string{".gz", ".json", ".jsonl", ".yaml", ".yml", ".err", ".txt"} {
		base = strings.TrimSuffix(base, end)
	}
	words := strings.Map(plain, base) // as long as base
	for _, c := range t.files {
		switch rest, ok := strings.CutPrefix(words, c.file); {
		case ok && rest == "":
			return c, ""
		case ok && rest[0] == '-':
			return c, base[len(c.file)+1:]
		}
	}
	for _, c := range t.files {
		if i := strings.Index(words, "-"+c.file); i >= 0 {
			switch rest := words[i+1+len(c.file):]; {
			case rest == "":
				return c, ""
			case rest[0] == '-':
				return c, base[i+2+len(c.file):]
			}
		}
	}
	return nil, ""
}

// plain makes letters small and what parts words a hyphen.
func plain(r rune) rune {
	switch {
	case r == '_' || r == ' ' || r == '.':
		return '-'
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	}
	return r
}

// of returns the call of a name that is missed.
func (t *callTable) of(name string) *call {
	for i := range t.list {
		if c := &t.list[i]; c.name == name && c.need != extra {
			return c
		}
	}
	return nil
}
