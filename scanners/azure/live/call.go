package live

import (
	"cmp"
	"slices"
	"strings"
)

// A call is one request that a reader may make, and why. The table of calls is all
// that it can ask for: permissions are made from it.
type call struct {
	name   string // as it stands in object.Listing.Call
	need   []string
	option string // what switches it on; empty is always
	why    string
}

// What switches calls on and off.
const (
	withDirectory = "directory"
	withResources = "resources"
	withVaults    = "vaults"
	withUsage     = "usage"
	withGroups    = "groups"
	withCreators  = "creators"
	withRisk      = "risk"
)

// Names of calls: graph, arm or vault, and what is asked for.
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

// Application permissions of Microsoft Graph.
const (
	readApplications = "Application.Read.All"
	readAgents       = "AgentIdentity.Read.All"
	readBlueprints   = "AgentIdentityBlueprint.Read.All"
	readBlueprintSPs = "AgentIdentityBlueprintPrincipal.Read.All"
	readGrants       = "DelegatedPermissionGrant.Read.All"
	readRoles        = "RoleManagement.Read.Directory"
	readPolicies     = "Policy.Read.All"
	readOrganization = "Organization.Read.All"
	readUnits        = "AdministrativeUnit.Read.All"
	readUsers        = "User.Read.All"
	readMembers      = "GroupMember.Read.All"
	readAudit        = "AuditLog.Read.All"
	readRisk         = "IdentityRiskyServicePrincipal.Read.All"
)

// roleIDs are the ids of the app roles of Microsoft Graph (docs of Graph,
// permissions reference).
func roleIDs() map[string]string {
	return map[string]string{
		readApplications: "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
		readAgents:       "b2b8f011-2898-4234-9092-5059f6c1ebfa",
		readBlueprints:   "7547a7d1-36fa-4479-9c31-559a600eaa4f",
		readBlueprintSPs: "9361dea9-4524-493d-941d-f1b65aaf6c7c",
		readGrants:       "81b4724a-58aa-41c1-8a55-84ef97466587",
		readRoles:        "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
		readPolicies:     "246dd0d5-5bd0-4def-940b-0421030a5b68",
		readOrganization: "498476ce-e0fe-48b0-b801-37ba7e2685c6",
		readUnits:        "134fd756-38ce-4afd-ba33-e9623dbe66c2",
		readUsers:        "df021288-bdef-4463-88db-98f22de89214",
		readMembers:      "98830695-27a2-44f7-8c18-0c3ebc9698f6",
		readAudit:        "b0afded3-3588-46d8-8b3d-9842eff778da",
		readRisk:         "607c7344-0eed-41e5-823a-9695ebe1b7b0",
	}
}

// GraphAppID is the app id of Microsoft Graph, which is the same in every tenant and
// cloud.
const GraphAppID = "00000003-0000-0000-c000-000000000000"

// table lists the calls.
func table() []call { return slices.Concat(directoryCalls(), resourceCalls(), vaultCalls()) }

func directoryCalls() []call {
	app := []string{readApplications}
	roles := []string{readRoles}
	policies := []string{readPolicies}
	return []call{
		{callOrganization, []string{readOrganization}, withDirectory, "the tenant and who answers for it"},
		{callApplications, app, withDirectory, "applications, their secrets and certificates without values, their owners"},
		{callFederated, app, withDirectory, "federated credentials of applications"},
		{callExpressions, app, withDirectory, "expressions of federated credentials that have no subject"},
		{callOwners, app, withDirectory, "owners of what has more than a listing tells"},
		{callPrincipals, app, withDirectory, "service principals, managed identities, their owners"},
		{callAppRoles, app, withDirectory, "application permissions that service principals were granted"},
		{callManaged, app, withDirectory, "federated credentials of managed identities, where there are many"},
		{callBlueprints, []string{readBlueprints}, withDirectory, "blueprints of AI agents and their sponsors"},
		{callAgents, []string{readAgents}, withDirectory, "identities of AI agents and their sponsors"},
		{callAgentBlueprint, []string{readBlueprintSPs}, withDirectory, "blueprints of AI agents in this tenant"},
		{callDelegated, []string{readGrants}, withDirectory, "what applications may do in the name of users"},
		{callRoles, roles, withDirectory, "directory roles"},
		{callRoleHolders, roles, withDirectory, "who holds directory roles"},
		{callEligible, roles, withDirectory, "who may take directory roles (PIM)"},
		{callScheduled, roles, withDirectory, "until when directory roles are held (PIM)"},
		{callPolicies, policies, withDirectory, "what secrets applications may have"},
		{callApplies, policies, withDirectory, "which applications a policy is about"},
		{callDefaultPolicy, policies, withDirectory, "what secrets applications may have"},
		{callConsent, policies, withDirectory, "whether users may let applications in"},
		{callUnits, []string{readUnits}, withDirectory, "administrative units that roles are about"},
		{callUnitMembers, []string{readUnits}, withDirectory, "what a role in an administrative unit reaches"},
		{callNames, []string{readApplications, readMembers, readUsers}, withDirectory, "names of owners, sponsors and groups"},
		{callMembers, []string{readMembers}, withGroups, "service principals in groups that hold a role"},
		{callGroupOwners, []string{readMembers}, withGroups, "who may add members to such groups"},
		{callSignIns, []string{readAudit}, withUsage, "when service principals last signed in"},
		{callKeySignIns, []string{readAudit}, withUsage, "when secrets and certificates were last used"},
		{callAudit, []string{readAudit}, withCreators, "who made applications and secrets"},
		{callRisk, []string{readRisk}, withRisk, "what Identity Protection found"},
	}
}

func resourceCalls() []call {
	own := func(name, why string) call {
		return call{name, []string{strings.TrimPrefix(name, "arm: ")}, withResources, why}
	}
	return []call{
		own(callSubscriptions, "subscriptions"),
		{callContainers, []string{"Microsoft.Resources/subscriptions/read", "Microsoft.Management/managementGroups/read"}, withResources, "subscriptions and management groups"},
		own(callAssignments, "who holds roles in Azure"),
		own(callDefinitions, "what roles in Azure allow"),
		own(callClassic, "classic administrators"),
		own(callDenies, "what is denied whatever a role allows"),
		own(callEligibleARM, "who may take roles in Azure (PIM)"),
		own(callIdentities, "user-assigned identities"),
		own(callIdentityTrusts, "federated credentials of user-assigned identities"),
		{callResources, []string{"*/read"}, withResources, "what runs as managed identities"},
		own(callStores, "storage accounts and the age of their keys"),
		own(callVaults, "vaults and their access policies"),
		{callSwitches, []string{"*/read"}, withResources, "whether resources take keys of their own beside Entra"},
		own(callClusters, "Kubernetes clusters and what they issue tokens as"),
		own(callContacts, "who answers for a subscription"),
	}
}

func vaultCalls() []call {
	own := func(name, why string) call {
		return call{name, []string{strings.TrimPrefix(name, "vault: ")}, withVaults, why}
	}
	return []call{
		own(callSecrets, "names and dates of secrets, never values"),
		own(callKeys, "names and dates of keys"),
		own(callCertificates, "names and dates of certificates"),
	}
}

// on says what options switch on.
func (o *Options) on() map[string]bool {
	return map[string]bool{
		"": true, withDirectory: !o.NoDirectory, withResources: !o.NoResources, withVaults: !o.NoResources && !o.NoVaults,
		withUsage: !o.NoDirectory && !o.NoUsage, withGroups: !o.NoDirectory && !o.NoGroups,
		withCreators: !o.NoDirectory && o.Creators, withRisk: !o.NoDirectory && o.Risk,
	}
}

// A Permission is what reading takes: an application permission of Microsoft Graph,
// an action of Azure RBAC or a data action of Key Vault.
type Permission struct {
	Kind   string // graph, arm, vault
	Name   string // Application.Read.All, Microsoft.KeyVault/vaults/read
	ID     string // of the app role of Microsoft Graph; empty for others
	Option string // what switches it on first; empty is always
	Why    string // what is read with it
	Calls  []string
}

// Permissions returns what reading with some options takes, and no more, by kind
// and name. The role Reader has all ARM actions but none of the data actions, which
// Key Vault Reader has.
func Permissions(o Options) []Permission {
	on := o.on()
	all := map[string]*Permission{}
	for _, c := range table() {
		if !on[c.option] {
			continue
		}
		kind, _, _ := strings.Cut(c.name, ":")
		for _, need := range c.need {
			p := all[kind+need]
			if p == nil {
				p = &Permission{Kind: kind, Name: need, Option: c.option}
				if kind == "graph" {
					p.ID = roleIDs()[need]
				}
				all[kind+need] = p
			}
			p.Calls = append(p.Calls, c.name)
			if !strings.Contains(p.Why, c.why) {
				p.Why = strings.TrimPrefix(p.Why+"; "+c.why, "; ")
			}
		}
	}
	var out []Permission
	for _, p := range all {
		slices.Sort(p.Calls)
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Permission) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return out
}

// AllPermissions returns what reading takes with every option switched on.
func AllPermissions() []Permission { return Permissions(Options{Creators: true, Risk: true}) }

// A Refusal is an action that muster never needs, and that a role for it should
// leave out, so that an auditor can prove that it cannot read a secret.
type Refusal struct{ Action, Why string }

// Refused returns the actions that return the value of a secret, by action: those
// that begin with Microsoft. are of Azure RBAC, the others permissions of Graph.
func Refused() []Refusal {
	out := []Refusal{
		{"Microsoft.AppConfiguration/configurationStores/ListKeys/action", "returns keys"},
		{"Microsoft.Cache/redis/listKeys/action", "returns keys"},
		{"Microsoft.CognitiveServices/accounts/listKeys/action", "returns keys"},
		{"Microsoft.ContainerRegistry/registries/listCredentials/action", "returns passwords"},
		{"Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action", "returns a kubeconfig"},
		{"Microsoft.ContainerService/managedClusters/listClusterUserCredential/action", "returns a kubeconfig"},
		{"Microsoft.DocumentDB/databaseAccounts/listKeys/action", "returns keys"},
		{"Microsoft.EventHub/namespaces/authorizationRules/listkeys/action", "returns keys"},
		{"Microsoft.KeyVault/vaults/secrets/getSecret/action", "returns secrets"},
		{"Microsoft.Search/searchServices/listAdminKeys/action", "returns keys"},
		{"Microsoft.ServiceBus/namespaces/authorizationRules/listkeys/action", "returns keys"},
		{"Microsoft.Storage/storageAccounts/listAccountSas/action", "returns a signature"},
		{"Microsoft.Storage/storageAccounts/listkeys/action", "returns keys"},
		{"Microsoft.Web/sites/config/list/action", "returns settings of apps with their values"},
		{"Microsoft.Web/sites/publishxml/action", "returns passwords"},
		{"Application.ReadWrite.All", "makes secrets of applications"},
	}
	slices.SortFunc(out, func(a, b Refusal) int { return cmp.Compare(a.Action, b.Action) })
	return out
}
