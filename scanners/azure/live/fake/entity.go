package fake

import (
	"slices"
	"strings"
)

// An entity is what Graph publishes of a type: the properties and relations that
// there are. They are facts of Microsoft Graph's $metadata, v1.0, August 2026.
type entity struct {
	base       string
	properties string
	relations  map[string]string // name to the type of the related
}

// entities lists the types that are asked for.
func entities() map[string]entity {
	return map[string]entity{
		"directoryObject": {properties: "id deletedDateTime"},
		"application": {
			base: "directoryObject",
			properties: "addIns api appId applicationTemplateId appRoles authenticationBehaviors certification createdByAppId createdDateTime defaultRedirectUri description " +
				"disabledByMicrosoftStatus displayName groupMembershipClaims identifierUris info isDeviceOnlyAuthSupported isDisabled isFallbackPublicClient keyCredentials logo " +
				"managerApplications nativeAuthenticationApisEnabled notes oauth2RequirePostResponse optionalClaims parentalControlSettings passwordCredentials publicClient " +
				"publisherDomain requestSignatureVerification requiredResourceAccess samlMetadataUrl serviceManagementReference servicePrincipalLockConfiguration signInAudience " +
				"spa tags tokenEncryptionKeyId uniqueName verifiedPublisher web",
			relations: map[string]string{
				"appManagementPolicies": "appManagementPolicy", "createdOnBehalfOf": "directoryObject", "federatedIdentityCredentials": "federatedIdentityCredential", "owners": "directoryObject",
			},
		},
		"agentIdentityBlueprint": {base: "application", relations: map[string]string{"sponsors": "directoryObject"}},
		"servicePrincipal": {
			base: "directoryObject",
			properties: "accountEnabled addIns alternativeNames appDescription appDisplayName appId applicationTemplateId appOwnerOrganizationId appRoleAssignmentRequired appRoles " +
				"createdByAppId customSecurityAttributes description disabledByMicrosoftStatus displayName homepage info isDisabled keyCredentials loginUrl logoutUrl notes " +
				"notificationEmailAddresses oauth2PermissionScopes passwordCredentials preferredSingleSignOnMode preferredTokenSigningKeyThumbprint replyUrls " +
				"resourceSpecificApplicationPermissions samlSingleSignOnSettings servicePrincipalNames servicePrincipalType signInAudience tags tokenEncryptionKeyId verifiedPublisher",
			relations: map[string]string{
				"appRoleAssignedTo": "appRoleAssignment", "appRoleAssignments": "appRoleAssignment", "federatedIdentityCredentials": "federatedIdentityCredential",
				"memberOf": "directoryObject", "oauth2PermissionGrants": "oAuth2PermissionGrant", "ownedObjects": "directoryObject", "owners": "directoryObject",
			},
		},
		"agentIdentity":                   {base: "servicePrincipal", properties: "agentIdentityBlueprintId createdDateTime", relations: map[string]string{"sponsors": "directoryObject"}},
		"agentIdentityBlueprintPrincipal": {base: "servicePrincipal", relations: map[string]string{"sponsors": "directoryObject"}},
		"federatedIdentityCredential":     {properties: "id audiences description issuer name subject"},
		"appRoleAssignment":               {base: "directoryObject", properties: "appRoleId createdDateTime principalDisplayName principalId principalType resourceDisplayName resourceId"},
		"oAuth2PermissionGrant":           {properties: "id clientId consentType principalId resourceId scope"},
		"unifiedRoleDefinition":           {properties: "id description displayName isBuiltIn isEnabled resourceScopes rolePermissions templateId version"},
		"unifiedRoleAssignment":           {properties: "id appScopeId condition directoryScopeId principalId principalOrganizationId roleDefinitionId"},
		"unifiedRoleEligibilityScheduleInstance": {
			properties: "id appScopeId directoryScopeId principalId roleDefinitionId endDateTime memberType roleEligibilityScheduleId startDateTime",
		},
		"unifiedRoleAssignmentScheduleInstance": {
			properties: "id appScopeId directoryScopeId principalId roleDefinitionId assignmentType endDateTime memberType roleAssignmentOriginId roleAssignmentScheduleId startDateTime",
		},
		"appManagementPolicy":       {base: "directoryObject", properties: "description displayName isEnabled restrictions", relations: map[string]string{"appliesTo": "directoryObject"}},
		"tenantAppManagementPolicy": {base: "directoryObject", properties: "description displayName applicationRestrictions isEnabled servicePrincipalRestrictions"},
		"authorizationPolicy":       {base: "directoryObject", properties: "description displayName allowInvitesFrom defaultUserRolePermissions guestUserRoleId blockMsolPowerShell"},
		"organization": {
			base:       "directoryObject",
			properties: "displayName verifiedDomains technicalNotificationMails securityComplianceNotificationMails createdDateTime tenantType assignedPlans",
		},
		"administrativeUnit": {
			base: "directoryObject", properties: "description displayName isMemberManagementRestricted membershipRule visibility", relations: map[string]string{"members": "directoryObject"},
		},
		"group": {
			base: "directoryObject", properties: "displayName isAssignableToRole membershipRule securityEnabled groupTypes mail description createdDateTime onPremisesSyncEnabled",
			relations: map[string]string{"members": "directoryObject", "owners": "directoryObject", "transitiveMembers": "directoryObject"},
		},
		"user": {base: "directoryObject", properties: "displayName userPrincipalName mail accountEnabled userType onPremisesSyncEnabled department"},
		"directoryAudit": {
			properties: "id activityDateTime activityDisplayName additionalDetails category correlationId initiatedBy loggedByService operationType result resultReason targetResources",
		},
		"riskyServicePrincipal": {
			properties: "id appId displayName isEnabled isProcessing riskDetail riskLastUpdatedDateTime riskLevel riskState servicePrincipalType",
		},
		"servicePrincipalSignInActivity": {
			properties: "id appId applicationAuthenticationClientSignInActivity applicationAuthenticationResourceSignInActivity delegatedClientSignInActivity delegatedResourceSignInActivity lastSignInActivity",
		},
		"appCredentialSignInActivity": {
			properties: "id appId appObjectId createdDateTime credentialOrigin expirationDateTime keyId keyType keyUsage resourceId servicePrincipalObjectId signInActivity",
		},
	}
}

// A collection is a path of Graph and the type of what it lists.
type collection struct {
	kind      string
	directory bool // $expand, $count and pages are those of directory objects
	singleton bool
	beta      bool
	noTop     bool // the service behind takes no $top
}

// collections lists the paths that there are, with {id} for ids.
func collections() map[string]collection {
	return map[string]collection{
		"/applications": {kind: "application", directory: true},
		"/applications/microsoft.graph.agentIdentityBlueprint":                             {kind: "agentIdentityBlueprint", directory: true},
		"/applications/{id}/federatedIdentityCredentials":                                  {kind: "federatedIdentityCredential"},
		"/applications/{id}/microsoft.graph.agentIdentityBlueprint/sponsors":               {kind: "directoryObject", directory: true},
		"/servicePrincipals/{id}/microsoft.graph.agentIdentity/sponsors":                   {kind: "directoryObject", directory: true},
		"/servicePrincipals/{id}/microsoft.graph.agentIdentityBlueprintPrincipal/sponsors": {kind: "directoryObject", directory: true},
		"/applications/{id}/owners":                                                        {kind: "directoryObject", directory: true},
		"/servicePrincipals":                                                               {kind: "servicePrincipal", directory: true},
		"/servicePrincipals/microsoft.graph.agentIdentity":                                 {kind: "agentIdentity", directory: true},
		"/servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal":               {kind: "agentIdentityBlueprintPrincipal", directory: true},
		"/servicePrincipals/{id}/owners":                                                   {kind: "directoryObject", directory: true},
		"/servicePrincipals/{id}/appRoleAssignments":                                       {kind: "appRoleAssignment", directory: true},
		"/oauth2PermissionGrants":                                                          {kind: "oAuth2PermissionGrant", directory: true},
		"/roleManagement/directory/roleDefinitions":                                        {kind: "unifiedRoleDefinition", noTop: true},
		"/roleManagement/directory/roleAssignments":                                        {kind: "unifiedRoleAssignment", noTop: true},
		"/roleManagement/directory/roleEligibilityScheduleInstances":                       {kind: "unifiedRoleEligibilityScheduleInstance", noTop: true},
		"/roleManagement/directory/roleAssignmentScheduleInstances":                        {kind: "unifiedRoleAssignmentScheduleInstance", noTop: true},
		"/policies/appManagementPolicies":                                                  {kind: "appManagementPolicy"},
		"/policies/appManagementPolicies/{id}/appliesTo":                                   {kind: "directoryObject"},
		"/policies/defaultAppManagementPolicy":                                             {kind: "tenantAppManagementPolicy", singleton: true},
		"/policies/authorizationPolicy":                                                    {kind: "authorizationPolicy", singleton: true},
		"/organization":                                                                    {kind: "organization"},
		"/directory/administrativeUnits":                                                   {kind: "administrativeUnit", directory: true},
		"/directory/administrativeUnits/{id}/members/microsoft.graph.group":                {kind: "group", directory: true},
		"/groups/{id}/transitiveMembers/microsoft.graph.servicePrincipal":                  {kind: "servicePrincipal", directory: true},
		"/groups/{id}/owners":                                                              {kind: "directoryObject", directory: true},
		"/reports/servicePrincipalSignInActivities":                                        {kind: "servicePrincipalSignInActivity", beta: true},
		"/reports/appCredentialSignInActivities":                                           {kind: "appCredentialSignInActivity", beta: true},
		"/auditLogs/directoryAudits":                                                       {kind: "directoryAudit"},
		"/identityProtection/riskyServicePrincipals":                                       {kind: "riskyServicePrincipal"},
	}
}

// has reports whether a type has a property.
func has(kind, property string) bool {
	all := entities()
	for kind != "" {
		e := all[kind]
		if slices.Contains(strings.Fields(e.properties), property) {
			return true
		}
		kind = e.base
	}
	return false
}

// related returns the type of a relation; empty if there is none.
func related(kind, relation string) string {
	all := entities()
	for kind != "" {
		e := all[kind]
		if t, ok := e.relations[relation]; ok {
			return t
		}
		kind = e.base
	}
	return ""
}
