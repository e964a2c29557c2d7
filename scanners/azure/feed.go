package azure

import (
	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
)

// Where a call tells something of a kind: in the tenant's scope, in those of
// subscriptions, or in both.
type where int

const (
	inTenant where = 1 + iota
	inSubscriptions
	everywhere
)

// A feed says what records of a kind come from a call.
type feed struct {
	call string // a star stands for any text
	at   where
	main bool   // without it there is next to nothing of the kind
	loss string // what cannot be told without it
}

// callPrincipals is the call that lists service principals, without which nobody can
// say that one is gone.
const callPrincipals = "graph: GET /servicePrincipals"

// feeds lists what each kind is made of.
func feeds(kind inventory.Kind) []feed {
	switch kind {
	case inventory.KindIdentity:
		return identityFeeds()
	case inventory.KindCredential:
		return credentialFeeds()
	case inventory.KindGrant:
		return grantFeeds()
	case inventory.KindUsage:
		return []feed{
			{"graph: GET /beta/reports/servicePrincipalSignInActivities", everywhere, true, "last sign-in of identities"},
			{"graph: GET /beta/reports/appCredentialSignInActivities", inTenant, true, "last use of secrets and certificates"},
			{callPrincipals, everywhere, false, "whose sign-ins they are"},
			{"graph: GET /applications", inTenant, false, "whose secrets they are"},
		}
	case inventory.KindTrust:
		return []feed{
			{"graph: GET /applications*", inTenant, true, "federated credentials and owners of applications"},
			{"graph: GET /beta/applications/*", inTenant, false, "expressions of federated credentials"},
			{"graph: GET /servicePrincipals?$expand=federatedIdentityCredentials", inSubscriptions, false, "federated credentials of managed identities"},
			{callPrincipals, inTenant, true, "owners of service principals"},
			{"graph: GET /servicePrincipals/microsoft.graph.agent*", inTenant, false, "blueprints of agents"},
			{"graph: POST /directoryObjects/getByIds", inTenant, false, "names of owners"},
			{"arm: Microsoft.ManagedIdentity/*", inSubscriptions, true, "federated credentials of managed identities"},
			{"arm: Microsoft.ContainerService/managedClusters/read", everywhere, false, "which cluster an issuer is"},
		}
	case inventory.KindConsumer:
		return []feed{
			{"arm: Resource Graph: resources with identities", inSubscriptions, true, "what runs as managed identities"},
			{"arm: Microsoft.ManagedIdentity/userAssignedIdentities/read", inSubscriptions, false, "user-assigned identities"},
			{"arm: Microsoft.Resources/subscriptions/read", inSubscriptions, true, "subscriptions"},
			{"arm: Resource Graph: resourcecontainers", inSubscriptions, false, "subscriptions"},
		}
	case inventory.KindOwner:
		return ownerFeeds()
	default:
		return nil
	}
}

func identityFeeds() []feed {
	return []feed{
		{"graph: GET /applications", inTenant, true, "applications"},
		{"graph: GET /applications/microsoft.graph.agentIdentityBlueprint", inTenant, false, "blueprints of AI agents"},
		{callPrincipals, everywhere, true, "service principals"},
		{"graph: GET /servicePrincipals/microsoft.graph.agent*", inTenant, false, "AI agents"},
		{"graph: GET /organization", inTenant, false, "which applications are of this tenant"},
		{"graph: GET /policies/*", inTenant, false, "which policies hold for applications"},
		{"graph: GET /identityProtection/*", inTenant, false, "risk"},
		{"graph: GET /auditLogs/*", inTenant, false, "who made them"},
		{"arm: Microsoft.ManagedIdentity/userAssignedIdentities/read", inSubscriptions, true, "user-assigned identities"},
		{"arm: Resource Graph: resources with identities", inSubscriptions, false, "system-assigned identities, and how many use the others"},
		{"arm: Microsoft.Resources/subscriptions/read", inSubscriptions, true, "subscriptions"},
		{"arm: Resource Graph: resourcecontainers", inSubscriptions, false, "subscriptions"},
	}
}

func credentialFeeds() []feed {
	return []feed{
		{"graph: GET /applications", inTenant, true, "secrets and certificates of applications"},
		{"graph: GET /applications/microsoft.graph.agentIdentityBlueprint", inTenant, false, "secrets of blueprints"},
		{callPrincipals, inTenant, true, "secrets and certificates of service principals"},
		{"vault: *", inSubscriptions, true, "what vaults keep"},
		{"arm: Microsoft.KeyVault/vaults/read", inSubscriptions, true, "vaults"},
		{"arm: Microsoft.Storage/storageAccounts/read", inSubscriptions, true, "keys of storage accounts"},
		{"arm: Resource Graph: resources with keys of their own", inSubscriptions, false, "keys of other resources"},
		{"arm: Microsoft.ContainerService/managedClusters/read", inSubscriptions, false, "local accounts of clusters"},
		{"arm: Microsoft.Resources/subscriptions/read", inSubscriptions, true, "subscriptions"},
		{"arm: Resource Graph: resourcecontainers", inSubscriptions, false, "subscriptions"},
	}
}

func grantFeeds() []feed {
	return []feed{
		{callPrincipals, everywhere, true, "who holds roles and permissions"},
		{"graph: GET /applications", everywhere, false, "who may sign in as them"},
		{"graph: GET /applications|servicePrincipals/{id}/owners", everywhere, false, "who may sign in as them"},
		{"graph: GET /servicePrincipals?$expand=appRoleAssignments", everywhere, true, "application permissions"},
		{"graph: GET /oauth2PermissionGrants", everywhere, true, "delegated permissions"},
		{"graph: GET /roleManagement/directory/roleAssignments", everywhere, true, "directory roles"},
		{"graph: GET /roleManagement/directory/roleDefinitions", everywhere, false, "what directory roles allow"},
		{"graph: GET /roleManagement/directory/role*ScheduleInstances", everywhere, false, "directory roles that can be taken, and until when others are held"},
		{"graph: GET /directory/administrativeUnits*", everywhere, false, "what lies in administrative units"},
		{"graph: GET /groups/*", everywhere, false, "members and owners of groups that hold roles"},
		{"graph: POST /directoryObjects/getByIds", everywhere, false, "which groups hold roles"},
		{"arm: Microsoft.Authorization/roleAssignments/read", everywhere, true, "roles in Azure"},
		{"arm: Microsoft.Authorization/roleDefinitions/read", everywhere, false, "what roles in Azure allow"},
		{"arm: Microsoft.Authorization/denyAssignments/read", everywhere, false, "what is denied"},
		{"arm: Microsoft.Authorization/classicAdministrators/read", everywhere, false, "classic administrators"},
		{"arm: Microsoft.Authorization/roleEligibilityScheduleInstances/read", everywhere, false, "roles in Azure that can be taken"},
		{"arm: Microsoft.KeyVault/vaults/read", everywhere, false, "access policies of vaults"},
		{"arm: Microsoft.ManagedIdentity/userAssignedIdentities/read", everywhere, false, "identities that paths run through"},
		{"arm: Resource Graph: resources with identities", everywhere, false, "resources that paths run through"},
		{"arm: Microsoft.ContainerService/managedClusters/read", everywhere, false, "clusters that paths run through"},
		{"arm: Microsoft.Resources/subscriptions/read", everywhere, true, "subscriptions"},
		{"arm: Resource Graph: resourcecontainers", everywhere, false, "which management group a subscription is in"},
	}
}

func ownerFeeds() []feed {
	return []feed{
		{"graph: GET /applications", inTenant, true, "owners of applications"},
		{"graph: GET /applications/microsoft.graph.agentIdentityBlueprint", inTenant, false, "sponsors of blueprints"},
		{callPrincipals, everywhere, true, "owners of service principals"},
		{"graph: GET /servicePrincipals/microsoft.graph.agent*", inTenant, false, "sponsors of agents"},
		{"graph: GET /applications|servicePrincipals/{id}/owners", inTenant, false, "owners beyond the first twenty"},
		{"graph: POST /directoryObjects/getByIds", inTenant, false, "names of owners"},
		{"graph: GET /organization", everywhere, false, "contacts of the tenant"},
		{"graph: GET /auditLogs/*", inTenant, false, "who made what"},
		{"arm: Microsoft.Security/securityContacts/read", inSubscriptions, false, "contacts of subscriptions"},
		{"arm: Resource Graph: resourcecontainers", inSubscriptions, false, "tags of subscriptions"},
		{"arm: Microsoft.Resources/subscriptions/read", inSubscriptions, true, "subscriptions"},
		{"arm: Microsoft.ManagedIdentity/userAssignedIdentities/read", inSubscriptions, true, "tags of identities"},
		{"arm: Resource Graph: resources with*", inSubscriptions, false, "tags of resources"},
		{"arm: Microsoft.ContainerService/managedClusters/read", inSubscriptions, false, "tags of clusters"},
		{"arm: Microsoft.KeyVault/vaults/read", inSubscriptions, false, "tags of vaults"},
		{"arm: Microsoft.Storage/storageAccounts/read", inSubscriptions, false, "tags of storage accounts"},
		{"vault: *", inSubscriptions, false, "tags of secrets"},
	}
}

// newFeeds returns the table of what comes from which call.
func newFeeds() cloud.Feeds[feed] {
	return cloud.NewFeeds(kinds(), feeds, func(f feed) string { return f.call })
}
