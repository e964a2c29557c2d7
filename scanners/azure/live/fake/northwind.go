package fake

import (
	"maps"
	"strings"
)

// Ids of Northwind Robotics.
const (
	NorthwindTenant = "11111111-2222-3333-4444-555555555555"
	NorthwindProd   = "aaaaaaaa-0000-4000-8000-000000000001" // subscriptions
	NorthwindDev    = "aaaaaaaa-0000-4000-8000-000000000002"
	VaultHost       = "nw-prod.vault.azure.net"
)

// Object makes an id of an object out of a number.
func Object(n int) string {
	const digits = "0123456789"
	text := ""
	for range 12 {
		text = string(digits[n%10]) + text
		n /= 10
	}
	return "bbbbbbbb-0000-4000-8000-" + text
}

// Canary is the value of a secret, which some answers carry beside what is wanted.
func Canary() string { return "nw" + strings.Repeat("7Kq", 5) + "canary" }

// Northwind is the tenant of Northwind Robotics with something of every kind in it,
// in the shape in which Microsoft sends it.
func Northwind() *Server {
	s := New(NorthwindTenant)
	s.northwindDirectory()
	s.northwindPrincipals()
	s.northwindGrants()
	s.northwindReports()
	s.northwindAzure()
	s.northwindResources()
	s.northwindVault()
	return s
}

func ref(kind, id string) Tree { return Tree{"@odata.type": "#microsoft.graph." + kind, "id": id} }

func (s *Server) northwindDirectory() {
	password := func(key, name, end string) Tree {
		return Tree{
			"customKeyIdentifier": nil, "displayName": name, "endDateTime": end, "hint": Canary()[:3], "keyId": key, "secretText": Canary(), "startDateTime": "2025-01-10T08:00:00Z",
		}
	}
	certificate := Tree{
		"customKeyIdentifier": "UO2bUDik16eeLiGQcVzCODWdT49zAAAA"[:27] + "=", "displayName": "CN=deploy", "endDateTime": "2027-01-10T08:00:00Z", "key": Canary(),
		"keyId": Object(901), "startDateTime": "2025-01-10T08:00:00Z", "type": "AsymmetricX509Cert", "usage": "Verify",
	}
	owners := []Tree{}
	for i := range 25 { // more than $expand tells
		owners = append(owners, ref("user", Object(100+i)))
	}
	s.Graph["/applications"] = Trees{
		{
			"id": Object(1), "appId": Object(11), "displayName": "deploy", "createdDateTime": "2024-01-10T08:00:00Z", "signInAudience": "AzureADMyOrg", "publisherDomain": "northwind.example",
			"verifiedPublisher": Tree{"displayName": nil}, "serviceManagementReference": "CMDB-77", "notes": "ask platform@northwind.example", "tags": []string{"team:platform"},
			"servicePrincipalLockConfiguration": Tree{"isEnabled": true, "allProperties": true, "credentialsWithUsageVerify": true},
			"passwordCredentials":               []any{password(Object(900), "ci", "2026-12-01T08:00:00Z")}, "keyCredentials": []any{certificate},
			"requiredResourceAccess": []any{Tree{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": []any{
				Tree{"id": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "type": "Role"}, Tree{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"},
			}}},
			"appRoles": []any{}, "api": Tree{"oauth2PermissionScopes": []any{}}, "isFallbackPublicClient": nil,
			"web": Tree{"redirectUris": []string{"https://deploy.northwind.example/cb"}, "implicitGrantSettings": Tree{"enableAccessTokenIssuance": false, "enableIdTokenIssuance": true}},
			"spa": Tree{"redirectUris": []string{}}, "publicClient": Tree{"redirectUris": []string{"http://localhost"}},
			"owners": []Tree{ref("user", Object(100)), ref("servicePrincipal", Object(22))},
			"federatedIdentityCredentials": []Tree{{
				"id": Object(700), "name": "main", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:northwind/deploy:ref:refs/heads/main",
				"audiences": []string{"api://AzureADTokenExchange"}, "description": "",
			}},
		},
		{
			"id": Object(2), "appId": Object(12), "displayName": "shared", "createdDateTime": "2023-01-10T08:00:00Z", "signInAudience": "AzureADMultipleOrgs", "owners": owners,
			"federatedIdentityCredentials": []Tree{{
				"id": Object(701), "name": "any branch", "issuer": "https://token.actions.githubusercontent.com", "subject": nil, "audiences": []string{"api://AzureADTokenExchange"},
				"claimsMatchingExpression": Tree{"value": "claims['sub'] matches 'repo:northwind/shared:ref:refs/heads/*'", "languageVersion": 1},
			}},
			"appRoles": []any{Tree{"id": Object(801), "value": "Orders.Read", "displayName": "Read orders", "isEnabled": true, "allowedMemberTypes": []string{"Application"}}},
		},
		{
			"@odata.type": "#microsoft.graph.agentIdentityBlueprint", "id": Object(3), "appId": Object(13), "displayName": "helpdesk agents", "createdDateTime": "2026-05-10T08:00:00Z",
			"sponsors": []Tree{ref("user", Object(101))},
		},
	}
	s.Graph["/applications/microsoft.graph.agentIdentityBlueprint"] = Trees{s.Graph["/applications"].At(2)}
	var users Trees
	for i := range 30 {
		users = append(users, Tree{
			"id": Object(100 + i), "displayName": "User " + Object(i)[33:], "userPrincipalName": "u" + Object(i)[33:] + "@northwind.example", "mail": "u" + Object(i)[33:] + "@northwind.example",
			"accountEnabled": i != 3, "userType": "Member", "department": "Platform",
		})
	}
	s.Graph["/users"] = users
	s.Graph["/groups"] = Trees{
		{"id": Object(200), "displayName": "Deployers", "isAssignableToRole": true, "owners": []Tree{ref("user", Object(129))}},
	}
	s.Graph["/groups/"+Object(200)+"/transitiveMembers/microsoft.graph.servicePrincipal"] = Trees{ref("servicePrincipal", Object(22))}
	s.Graph["/organization"] = Trees{{
		"id": NorthwindTenant, "displayName": "Northwind Robotics", "technicalNotificationMails": []string{"it@northwind.example"}, "securityComplianceNotificationMails": []string{"security@northwind.example"},
		"verifiedDomains": []any{Tree{"name": "northwind.onmicrosoft.example", "isInitial": true}, Tree{"name": "northwind.example", "isDefault": true}},
	}}
}

func (s *Server) northwindPrincipals() {
	graphRoles := []any{
		Tree{"id": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "value": "Application.ReadWrite.All", "displayName": "Read and write all applications", "isEnabled": true},
		Tree{"id": "19dbc75e-c2e2-444c-a770-ec69d8559fc7", "value": "Directory.ReadWrite.All", "displayName": "Read and write directory data", "isEnabled": true},
	}
	many := []Tree{}
	for i := range 23 {
		many = append(many, Tree{"id": "many-" + Object(i), "appRoleId": Object(801), "principalId": Object(22), "principalType": "ServicePrincipal", "resourceId": Object(23), "createdDateTime": "2025-02-01T00:00:00Z"})
	}
	principal := func(id, app int, name, kind string, more Tree) Tree {
		t := Tree{"id": Object(id), "appId": Object(app), "displayName": name, "servicePrincipalType": kind, "accountEnabled": true, "appOwnerOrganizationId": NorthwindTenant, "owners": []Tree{}}
		maps.Copy(t, more)
		return t
	}
	s.Graph["/servicePrincipals"] = Trees{
		principal(21, 11, "deploy", "Application", Tree{"appRoleAssignments": []Tree{{
			"id": "grant-1", "appRoleId": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "principalId": Object(21), "principalType": "ServicePrincipal", "resourceId": Object(24), "createdDateTime": "2025-02-01T00:00:00Z",
		}}, "servicePrincipalNames": []string{Object(11), "api://deploy"}}),
		principal(22, 12, "shared", "Application", Tree{"appRoleAssignments": many}),
		principal(23, 14, "Contoso Sync", "Application", Tree{"appOwnerOrganizationId": "99999999-8888-7777-6666-555555555555", "verifiedPublisher": Tree{"displayName": "Contoso"}, "notificationEmailAddresses": []string{"saml@northwind.example"}}),
		principal(24, 0, "Microsoft Graph", "Application", Tree{
			"appId": "00000003-0000-0000-c000-000000000000", "appOwnerOrganizationId": "f8cdef31-a31e-4b4a-93e4-5f571e91255a", "appRoles": graphRoles,
			"oauth2PermissionScopes": []any{Tree{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "value": "User.Read", "adminConsentDisplayName": "Sign in and read user profile", "isEnabled": true}},
		}),
		principal(25, 15, "id-orders", "ManagedIdentity", Tree{"alternativeNames": []string{"isExplicit=True", identityID()}, "appOwnerOrganizationId": nil}),
		principal(26, 16, "vm-build", "ManagedIdentity", Tree{"alternativeNames": []string{"isExplicit=False", machineID()}, "appOwnerOrganizationId": nil}),
		principal(27, 17, "helpdesk agent", "ServiceIdentity", Tree{"@odata.type": "#microsoft.graph.agentIdentity", "sponsors": []Tree{ref("user", Object(101))}, "agentIdentityBlueprintId": Object(13), "createdDateTime": "2026-06-01T08:00:00Z"}),
		principal(28, 13, "helpdesk agents", "Application", Tree{"@odata.type": "#microsoft.graph.agentIdentityBlueprintPrincipal", "sponsors": []Tree{ref("user", Object(101))}}),
	}
	list := s.Graph["/servicePrincipals"]
	s.Graph["/servicePrincipals/microsoft.graph.agentIdentity"] = Trees{list.At(6)}
	s.Graph["/servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal"] = Trees{list.At(7)}
}

func (s *Server) northwindGrants() {
	s.Graph["/oauth2PermissionGrants"] = Trees{
		{"id": "delegated-1", "clientId": Object(23), "consentType": "AllPrincipals", "principalId": nil, "resourceId": Object(24), "scope": " User.Read Mail.Read "},
		{"id": "delegated-2", "clientId": Object(21), "consentType": "Principal", "principalId": Object(100), "resourceId": Object(24), "scope": "User.Read"},
	}
	const appAdmin = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
	s.Graph["/roleManagement/directory/roleDefinitions"] = Trees{{
		"id": appAdmin, "templateId": appAdmin, "displayName": "Application Administrator", "isBuiltIn": true, "isEnabled": true, "rolePermissions": []any{
			Tree{"allowedResourceActions": []string{"microsoft.directory/applications/credentials/update"}, "condition": nil},
			Tree{"allowedResourceActions": []string{"microsoft.directory/applications/delete"}, "condition": "$SubjectIsOwner"},
		},
	}}
	s.Graph["/roleManagement/directory/roleAssignments"] = Trees{
		{"id": "role-1", "roleDefinitionId": appAdmin, "principalId": Object(200), "directoryScopeId": "/"},
		{"id": "role-2", "roleDefinitionId": appAdmin, "principalId": Object(21), "directoryScopeId": "/administrativeUnits/" + Object(300)},
	}
	s.Graph["/roleManagement/directory/roleEligibilityScheduleInstances"] = Trees{
		{"id": "eligible-1", "roleDefinitionId": appAdmin, "principalId": Object(22), "directoryScopeId": "/", "memberType": "Direct", "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": nil},
		{"id": "eligible-2", "roleDefinitionId": appAdmin, "principalId": Object(22), "directoryScopeId": "/", "memberType": "Group"},
	}
	s.Graph["/roleManagement/directory/roleAssignmentScheduleInstances"] = Trees{
		{"id": "schedule-1", "roleAssignmentOriginId": "role-2", "principalId": Object(21), "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-12-31T00:00:00Z", "assignmentType": "Assigned"},
	}
	s.Graph["/directory/administrativeUnits"] = Trees{{"id": Object(300), "displayName": "Plants", "isMemberManagementRestricted": false}, {"id": Object(301), "displayName": "Unused"}}
	s.Graph["/directory/administrativeUnits/"+Object(300)+"/members/microsoft.graph.group"] = Trees{ref("group", Object(200))}
	s.Graph["/policies/appManagementPolicies"] = Trees{{
		"id": Object(400), "displayName": "Short secrets", "isEnabled": true, "appliesTo": []Tree{ref("application", Object(1))},
		"restrictions": Tree{"passwordCredentials": []any{Tree{"restrictionType": "passwordLifetime", "maxLifetime": "P90D", "restrictForAppsCreatedAfterDateTime": "2025-01-01T00:00:00Z", "state": "enabled"}}, "keyCredentials": []any{}},
	}}
	s.Graph["/policies/defaultAppManagementPolicy"] = Trees{{
		"id": "00000000-0000-0000-0000-000000000000", "displayName": "Default app management tenant policy", "isEnabled": true,
		"applicationRestrictions":      Tree{"passwordCredentials": []any{Tree{"restrictionType": "passwordAddition", "maxLifetime": nil, "state": "disabled"}}, "keyCredentials": []any{}},
		"servicePrincipalRestrictions": Tree{"passwordCredentials": []any{}, "keyCredentials": []any{}},
	}}
	s.Graph["/policies/authorizationPolicy"] = Trees{{
		"id": "authorizationPolicy", "allowInvitesFrom": "everyone", "defaultUserRolePermissions": Tree{"allowedToCreateApps": true, "permissionGrantPoliciesAssigned": []string{"ManagePermissionGrantsForSelf.microsoft-user-default-legacy"}},
	}}
}

func (s *Server) northwindReports() {
	s.Graph["/reports/servicePrincipalSignInActivities"] = Trees{{
		"id": "a", "appId": Object(11), "lastSignInActivity": Tree{"lastSignInDateTime": "2026-10-30T11:00:00Z"}, "applicationAuthenticationClientSignInActivity": Tree{"lastSignInDateTime": "2026-10-30T11:00:00Z"},
		"delegatedClientSignInActivity": Tree{"lastSignInDateTime": nil}, "applicationAuthenticationResourceSignInActivity": nil,
	}}
	s.Graph["/reports/appCredentialSignInActivities"] = Trees{
		{"id": "b", "keyId": Object(900), "appId": Object(11), "resourceId": Object(24), "servicePrincipalObjectId": Object(21), "signInActivity": Tree{"lastSignInDateTime": "2026-10-29T11:00:00Z"}},
		{"id": "c", "keyId": Object(900), "appId": Object(11), "resourceId": Object(23), "servicePrincipalObjectId": Object(21), "signInActivity": Tree{"lastSignInDateTime": "2026-10-01T11:00:00Z"}},
		{"id": "d", "keyId": Object(901), "appId": Object(11), "signInActivity": Tree{"lastSignInDateTime": nil}},
	}
	s.Graph["/auditLogs/directoryAudits"] = Trees{{
		"id": "e", "activityDateTime": "2026-10-01T08:00:00Z", "activityDisplayName": "Add application", "category": "ApplicationManagement", "result": "success",
		"initiatedBy": Tree{"user": Tree{"id": Object(100), "userPrincipalName": "u000@northwind.example"}, "app": nil}, "targetResources": []any{Tree{"id": Object(1), "type": "Application"}},
	}}
	s.Graph["/identityProtection/riskyServicePrincipals"] = Trees{{"id": Object(22), "riskLevel": "high", "riskState": "atRisk", "riskDetail": "none", "riskLastUpdatedDateTime": "2026-10-01T08:00:00Z"}}
}

func under(subscription, group, kind, name string) string {
	return "/subscriptions/" + subscription + "/resourceGroups/" + group + "/providers/" + kind + "/" + name
}

func identityID() string {
	return under(NorthwindProd, "rg-orders", "Microsoft.ManagedIdentity/userAssignedIdentities", "id-orders")
}

func machineID() string {
	return under(NorthwindDev, "rg-build", "Microsoft.Compute/virtualMachines", "vm-build")
}

func (s *Server) northwindAzure() {
	s.Manage["subscriptions"] = Trees{
		{"id": "/subscriptions/" + NorthwindProd, "subscriptionId": NorthwindProd, "displayName": "northwind-prod", "tenantId": NorthwindTenant, "state": "Enabled", "tags": Tree{"owner": "platform@northwind.example"}},
		{"id": "/subscriptions/" + NorthwindDev, "subscriptionId": NorthwindDev, "displayName": "northwind-dev", "tenantId": NorthwindTenant, "state": "Enabled"},
		{"id": "/subscriptions/x", "subscriptionId": "cccccccc-0000-4000-8000-000000000009", "displayName": "someone else's", "tenantId": "99999999-8888-7777-6666-555555555555", "state": "Enabled"},
	}
	s.Tables["resourcecontainers"] = Trees{
		{"id": "/providers/Microsoft.Management/managementGroups/nw-all", "name": "nw-all", "type": "microsoft.management/managementgroups", "properties": Tree{"displayName": "All of Northwind", "details": Tree{"managementGroupAncestorsChain": []any{Tree{"name": NorthwindTenant, "displayName": "Tenant Root Group"}}}}},
		{"id": "/subscriptions/" + NorthwindProd, "name": "northwind-prod", "type": "microsoft.resources/subscriptions", "subscriptionId": NorthwindProd, "properties": Tree{"state": "Enabled", "managementGroupAncestorsChain": []any{Tree{"name": "nw-all"}, Tree{"name": NorthwindTenant}}}},
		{"id": "/subscriptions/" + NorthwindDev, "name": "northwind-dev", "type": "microsoft.resources/subscriptions", "subscriptionId": NorthwindDev, "tags": Tree{"owner": "dev@northwind.example"}, "properties": Tree{"state": "Enabled", "managementGroupAncestorsChain": []any{Tree{"name": NorthwindTenant}}}},
	}
	definition := func(id, name, kind string, permission Tree) Tree {
		return Tree{"id": "/providers/Microsoft.Authorization/roleDefinitions/" + id, "name": id, "type": "microsoft.authorization/roledefinitions", "properties": Tree{
			"roleName": name, "type": kind, "description": name, "assignableScopes": []string{"/"}, "permissions": []any{permission}, "createdOn": "2015-02-02T21:55:09.8806423Z", "updatedOn": "2021-11-11T20:13:59.1234567Z", "createdBy": nil,
		}}
	}
	assignment := func(scope, id, role string, principal int, kind string, more Tree) Tree {
		p := Tree{"roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/" + role, "principalId": Object(principal), "principalType": kind, "scope": scope, "createdOn": "2025-03-01T08:00:00Z", "updatedOn": "2025-03-01T08:00:00Z", "createdBy": Object(100)}
		maps.Copy(p, more)
		sub := ""
		if parts := strings.Split(scope, "/"); len(parts) > 2 && parts[1] == "subscriptions" {
			sub = parts[2]
		}
		prefix := scope
		if scope == "/" {
			prefix = ""
		}
		return Tree{"id": prefix + "/providers/Microsoft.Authorization/roleAssignments/" + id, "name": id, "type": "microsoft.authorization/roleassignments", "subscriptionId": sub, "properties": p}
	}
	const owner, contributor = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c"
	s.Tables["authorizationresources"] = Trees{
		definition(owner, "Owner", "BuiltInRole", Tree{"actions": []string{"*"}, "notActions": []string{}, "dataActions": []string{}, "notDataActions": []string{}}),
		definition(contributor, "Contributor", "BuiltInRole", Tree{"actions": []string{"*"}, "notActions": []string{"Microsoft.Authorization/*/Write"}}),
		definition(Object(500), "Deployer", "CustomRole", Tree{"actions": []string{"Microsoft.Authorization/roleAssignments/write"}, "condition": "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})))", "conditionVersion": "2.0"}),
		assignment("/subscriptions/"+NorthwindProd, Object(600), contributor, 21, "ServicePrincipal", nil),
		assignment("/", Object(601), owner, 200, "Group", nil),
		assignment("/subscriptions/"+NorthwindDev+"/resourceGroups/rg-build", Object(602), Object(500), 26, "ServicePrincipal", Tree{"condition": "@Resource[x] StringEquals 'y'", "conditionVersion": "2.0", "delegatedManagedIdentityResourceId": machineID()}),
		Tree{"id": "/subscriptions/" + NorthwindDev + "/providers/Microsoft.Authorization/classicAdministrators/1", "type": "microsoft.authorization/classicadministrators", "subscriptionId": NorthwindDev, "properties": Tree{"emailAddress": "old@northwind.example", "role": "CoAdministrator"}},
	}
	s.Manage["denyAssignments/"+NorthwindProd] = Trees{{
		"id": "/subscriptions/" + NorthwindProd + "/providers/Microsoft.Authorization/denyAssignments/" + Object(610), "properties": Tree{
			"denyAssignmentName": "stack", "scope": "/subscriptions/" + NorthwindProd, "isSystemProtected": true, "principals": []any{Tree{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}},
			"excludePrincipals": []any{Tree{"id": Object(100), "type": "User"}}, "permissions": []any{Tree{"actions": []string{"*/delete"}}},
		},
	}}
	s.Manage["roleEligibilityScheduleInstances/"+NorthwindProd] = Trees{{
		"id": "/subscriptions/" + NorthwindProd + "/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/" + Object(620), "properties": Tree{
			"roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/" + owner, "principalId": Object(22), "principalType": "ServicePrincipal", "scope": "/subscriptions/" + NorthwindProd,
			"memberType": "Direct", "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2027-01-01T00:00:00Z",
		},
	}}
	s.Manage["securityContacts/"+NorthwindProd] = Trees{{"name": "default", "properties": Tree{"emails": "soc@northwind.example;cto@northwind.example"}}}
	s.Manage[strings.ToLower(identityID())] = Trees{{
		"id": identityID() + "/federatedIdentityCredentials/aks", "name": "aks", "properties": Tree{"issuer": "https://westeurope.oic.prod-aks.azure.com/x/y/", "subject": "system:serviceaccount:orders:api", "audiences": []string{"api://AzureADTokenExchange"}},
	}}
}

func (s *Server) northwindResources() {
	resource := func(sub, group, kind, name string, more Tree) Tree {
		t := Tree{"id": under(sub, group, kind, name), "name": name, "type": strings.ToLower(kind), "location": "westeurope", "subscriptionId": sub, "resourceGroup": group, "tags": Tree{"team": "orders"}, "properties": Tree{}}
		maps.Copy(t, more)
		return t
	}
	s.Tables["resources"] = Trees{
		resource(NorthwindProd, "rg-orders", "Microsoft.ManagedIdentity/userAssignedIdentities", "id-orders", Tree{"properties": Tree{"principalId": Object(25), "clientId": Object(15), "tenantId": NorthwindTenant}}),
		resource(NorthwindDev, "rg-build", "Microsoft.Compute/virtualMachines", "vm-build", Tree{"identity": Tree{"type": "SystemAssigned", "principalId": Object(26), "tenantId": NorthwindTenant}}),
		resource(NorthwindProd, "rg-orders", "Microsoft.Web/sites", "fn-orders", Tree{
			"kind": "functionapp,linux", "identity": Tree{"type": "UserAssigned", "userAssignedIdentities": Tree{identityID(): Tree{"principalId": Object(25), "clientId": Object(15)}}},
			"properties": Tree{"publicNetworkAccess": "Enabled", "siteConfig": Tree{"appSettings": []any{Tree{"name": "DB_PASSWORD", "value": Canary()}}}},
		}),
		resource(NorthwindProd, "rg-orders", "Microsoft.Storage/storageAccounts", "nworders", Tree{"kind": "StorageV2", "properties": Tree{
			"creationTime": "2023-05-01T08:00:00.1234567Z", "keyCreationTime": Tree{"key1": "2023-05-01T08:00:00.1234567Z", "key2": "2026-05-01T08:00:00.1234567Z"}, "keyPolicy": Tree{"keyExpirationPeriodInDays": 90},
			"sasPolicy": Tree{"sasExpirationPeriod": "1.00:00:00", "expirationAction": "Log"}, "allowBlobPublicAccess": false, "isLocalUserEnabled": true,
			"networkAcls": Tree{"defaultAction": "Allow", "bypass": "AzureServices"},
		}}),
		resource(NorthwindProd, "rg-orders", "Microsoft.KeyVault/vaults", "nw-prod", Tree{"properties": Tree{
			"vaultUri": "https://" + VaultHost + "/", "tenantId": NorthwindTenant, "sku": Tree{"family": "A", "name": "standard"}, "enableSoftDelete": true, "enableRbacAuthorization": false, "publicNetworkAccess": "Enabled",
			"accessPolicies": []any{Tree{"tenantId": NorthwindTenant, "objectId": Object(21), "permissions": Tree{"secrets": []string{"get", "list"}, "keys": []string{}, "certificates": []string{}}}},
		}}),
		resource(NorthwindProd, "rg-orders", "Microsoft.DocumentDB/databaseAccounts", "nw-cosmos", Tree{"properties": Tree{
			"disableLocalAuth": false, "publicNetworkAccess": "Disabled", "keysMetadata": Tree{"primaryMasterKey": Tree{"generationTime": "2024-01-01T00:00:00Z"}, "secondaryMasterKey": Tree{"generationTime": nil}},
		}}),
		resource(NorthwindProd, "rg-orders", "Microsoft.ServiceBus/namespaces", "nw-bus", Tree{"properties": Tree{"disableLocalAuth": true, "createdAt": "2024-02-01T00:00:00Z"}}),
		resource(NorthwindProd, "rg-orders", "Microsoft.ContainerRegistry/registries", "nwregistry", Tree{"properties": Tree{"adminUserEnabled": true}}),
		resource(NorthwindProd, "rg-orders", "Microsoft.ContainerService/managedClusters", "aks-orders", Tree{
			"identity": Tree{"type": "SystemAssigned", "principalId": Object(29)}, "properties": Tree{
				"oidcIssuerProfile": Tree{"enabled": true, "issuerURL": "https://westeurope.oic.prod-aks.azure.com/x/y/"}, "securityProfile": Tree{"workloadIdentity": Tree{"enabled": true}},
				"disableLocalAccounts": false, "identityProfile": Tree{"kubeletidentity": Tree{"objectId": Object(30), "clientId": Object(31)}},
			},
		}),
	}
}

func (s *Server) northwindVault() {
	base := "https://" + VaultHost
	attributes := Tree{"enabled": true, "created": 1704067200, "updated": 1735689600, "exp": 1798761600, "recoveryLevel": "Recoverable+Purgeable"}
	s.Vaults[VaultHost+"/secrets"] = Trees{
		{"id": base + "/secrets/db", "attributes": attributes, "contentType": "password", "tags": Tree{"team": "orders"}},
		{"id": base + "/secrets/tls", "attributes": attributes, "managed": true},
		{"id": base + "/secrets/old", "attributes": Tree{"enabled": false, "created": 1704067200, "updated": 1704067200}},
	}
	s.Vaults[VaultHost+"/keys"] = Trees{{"kid": base + "/keys/sign", "attributes": attributes}}
	s.Vaults[VaultHost+"/certificates"] = Trees{{"id": base + "/certificates/tls", "x5t": "UO2bUDik16eeLiGQcVzCODWdT48", "attributes": attributes}}
}
