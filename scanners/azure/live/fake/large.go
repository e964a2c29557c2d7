package fake

import "fmt"

// Large is a tenant of many applications, service principals and role assignments,
// made as they are asked for: each application has a secret, a certificate, an owner
// and a principal, one of ten a federated credential; each principal has two
// application permissions.
func Large(applications, principals, assignments int) *Server {
	s := New(NorthwindTenant)
	const apps, objects, keys = 1_000_000, 2_000_000, 3_000_000
	s.Graph["/applications"] = Made{applications, func(i int) Tree {
		t := Tree{
			"id": Object(apps + i), "appId": Object(objects + i), "displayName": fmt.Sprintf("app-%d", i), "createdDateTime": "2024-01-10T08:00:00Z", "signInAudience": "AzureADMyOrg",
			"publisherDomain": "northwind.example", "tags": []string{"team:platform"}, "servicePrincipalLockConfiguration": Tree{"isEnabled": true, "allProperties": true},
			"passwordCredentials": []any{Tree{"keyId": Object(keys + i), "displayName": "ci", "hint": "abc", "startDateTime": "2025-01-10T08:00:00Z", "endDateTime": "2026-12-01T08:00:00Z"}},
			"keyCredentials":      []any{Tree{"keyId": Object(keys + applications + i), "displayName": "CN=app", "type": "AsymmetricX509Cert", "usage": "Verify", "endDateTime": "2027-01-10T08:00:00Z"}},
			"owners":              []Tree{ref("user", Object(100+i%500))}, "federatedIdentityCredentials": []Tree{},
		}
		if i%10 == 0 {
			t["federatedIdentityCredentials"] = []Tree{{"id": Object(keys + 2*applications + i), "name": "main", "issuer": "https://token.actions.githubusercontent.com", "subject": fmt.Sprintf("repo:northwind/app-%d:ref:refs/heads/main", i), "audiences": []string{"api://AzureADTokenExchange"}}}
		}
		return t
	}}
	s.Graph["/servicePrincipals"] = Made{principals, func(i int) Tree {
		assigned := func(n int) Tree {
			return Tree{"id": fmt.Sprintf("grant-%d-%d", i, n), "appRoleId": Object(800 + n), "principalId": Object(2*apps + 2*objects + i), "principalType": "ServicePrincipal", "resourceId": Object(24), "createdDateTime": "2025-02-01T00:00:00Z"}
		}
		return Tree{
			"id": Object(2*apps + 2*objects + i), "appId": Object(objects + i), "displayName": fmt.Sprintf("app-%d", i), "servicePrincipalType": "Application", "accountEnabled": true,
			"appOwnerOrganizationId": NorthwindTenant, "servicePrincipalNames": []string{Object(objects + i)}, "owners": []Tree{ref("user", Object(100+i%500))}, "appRoleAssignments": []Tree{assigned(1), assigned(2)},
		}
	}}
	s.Graph["/users"] = Made{500, func(i int) Tree {
		return Tree{"id": Object(100 + i), "displayName": fmt.Sprintf("User %d", i), "userPrincipalName": fmt.Sprintf("u%d@northwind.example", i), "accountEnabled": true, "userType": "Member"}
	}}
	s.Manage["subscriptions"] = Made{20, func(i int) Tree {
		return Tree{"subscriptionId": Object(i), "displayName": fmt.Sprintf("northwind-%d", i), "tenantId": NorthwindTenant, "state": "Enabled"}
	}}
	s.Tables["authorizationresources"] = Made{assignments, func(i int) Tree {
		scope := fmt.Sprintf("/subscriptions/%s/resourceGroups/rg-%d", Object(i%20), i%1000)
		return Tree{"id": scope + "/providers/Microsoft.Authorization/roleAssignments/" + Object(i), "type": "microsoft.authorization/roleassignments", "subscriptionId": Object(i % 20), "properties": Tree{
			"roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c", "principalId": Object(2*apps + 2*objects + i%principals), "principalType": "ServicePrincipal",
			"scope": scope, "createdOn": "2025-03-01T08:00:00Z", "updatedOn": "2025-03-01T08:00:00Z", "createdBy": Object(100),
		}}
	}}
	return s
}
