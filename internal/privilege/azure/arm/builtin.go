package arm

// BuiltIn lists the built-in roles whose permissions this package knows.
func BuiltIn() []Role {
	var out []Role
	for _, x := range builtIns() {
		permissions, _ := builtIn(x[0])
		out = append(out, Role{ID: x[0], Name: x[1], Permissions: permissions, Known: true})
	}
	return out
}

// builtIns are the ids and names of those roles. Ids stand before names: behind a
// name with "key" or "access" in it secret scanners take one for a secret.
func builtIns() [][2]string {
	return [][2]string{
		{Owner, "Owner"},
		{Contributor, "Contributor"},
		{Reader, "Reader"},
		{RoleGiver, "User Access Administrator"},
		{RBACAdmin, "Role Based Access Control Administrator"},
		{"9980e02c-c2be-4d73-94e8-173b1dc7cf3c", "Virtual Machine Contributor"},
		{"4f8fab4f-1852-4a58-a46a-8eaf358af14a", "Avere Contributor"},
		{"1c0163c0-47e6-4577-8991-ea5c82e286e4", "Virtual Machine Administrator Login"},
		{"fb879df8-f326-4884-b1cf-06f3ad86be52", "Virtual Machine User Login"},
		{"f353d9bd-d4a6-484e-a77a-8050b599b867", "Automation Contributor"},
		{"f1a07417-d97a-45cb-824c-7a7467783830", "Managed Identity Operator"},
		{"e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", "Managed Identity Contributor"},
		{"7e559ce2-48d7-4b27-9128-fa1b247f1308", "Managed Identity Federated Identity Credential Contributor"},
		{"87a39d53-fc1b-424a-814c-f7e04687dc9e", "Logic App Contributor"},
		{"ad710c24-b039-4e85-a019-deb4a06e8570", "Logic Apps Standard Contributor"},
		{"de139f84-1756-47ae-9be6-808fbbe84772", "Website Contributor"},
		{"36243c78-bf99-498c-9df9-86d9f8d28608", "Resource Policy Contributor"},
		{"fb1c8493-542b-48eb-b624-b4c8fea62acd", "Security Admin"},
		{"f25e0fa2-a7c8-4377-a976-54943a77a395", "Key Vault Contributor"},
		{"00482a5a-887f-4fb3-b363-3b7fe8e74483", "Key Vault Administrator"},
		{"b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "Key Vault Secrets Officer"},
		{"4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User"},
		{"14b46e9e-c2b7-41b4-b07b-48a6ebf60603", "Key Vault Crypto Officer"},
		{"21090545-7ca7-4776-b22c-e363652d74d2", "Key Vault Reader"},
		{"ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8", "Azure Kubernetes Service Contributor Role"},
		{"0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8", "Azure Kubernetes Service Cluster Admin Role"},
		{"b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b", "Azure Kubernetes Service RBAC Cluster Admin"},
		{"17d1049b-9a84-46fb-8f53-869881c3d3ab", "Storage Account Contributor"},
		{"b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "Storage Blob Data Owner"},
		{"ba92f5b4-2d11-453d-a403-e96b0029c9fe", "Storage Blob Data Contributor"},
		{"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader"},
		{"673868aa-7521-48a0-acc6-0f60742d39f5", "Data Factory Contributor"},
		{"7f951dda-4ed3-4680-a7ca-43fe172d538d", "AcrPull"},
		{"8311e382-0749-4cb8-b61a-304f252e45ec", "AcrPush"},
	}
}

// builtIn are the permissions of built-in roles that matter, as published in
// November 2026 (learn.microsoft.com, "Azure built-in roles"): those actions of
// them that the tables of muster tell apart, and enough to see their level.
func builtIn(id string) ([]Permission, bool) { //nolint:funlen // a table
	only := func(actions ...string) ([]Permission, bool) { return []Permission{{Actions: actions}}, true }
	data := func(actions []string, data ...string) ([]Permission, bool) {
		return []Permission{{Actions: actions, DataActions: data}}, true
	}
	const base, diagnostics = "Microsoft.Authorization/*/read", "Microsoft.Insights/diagnosticSettings/*"
	vault := []string{base, "Microsoft.KeyVault/vaults/*/read"}
	switch id {
	case Owner:
		return only("*")
	case Contributor:
		return []Permission{{Actions: []string{"*"}, NotActions: []string{
			"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action",
			"Microsoft.Blueprint/blueprintAssignments/write", "Microsoft.Blueprint/blueprintAssignments/delete", "Microsoft.Compute/galleries/share/action",
			"Microsoft.Purview/consents/write", "Microsoft.Purview/consents/delete", "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
			"Microsoft.Subscription/cancel/action", "Microsoft.Subscription/enable/action",
		}}}, true
	case Reader:
		return only("*/read")
	case RoleGiver:
		return only("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*")
	case RBACAdmin:
		return only("*/read", Grant, "Microsoft.Authorization/roleAssignments/delete", "Microsoft.Support/*")
	case "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": // Virtual Machine Contributor
		return only(base, "Microsoft.Compute/virtualMachines/*", "Microsoft.Compute/virtualMachineScaleSets/*", "Microsoft.Network/networkInterfaces/*",
			"Microsoft.Storage/storageAccounts/listKeys/action")
	case "4f8fab4f-1852-4a58-a46a-8eaf358af14a": // Avere Contributor
		return data([]string{base, "Microsoft.Compute/virtualMachines/*", "Microsoft.Storage/storageAccounts/*"},
			"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write")
	case "1c0163c0-47e6-4577-8991-ea5c82e286e4": // Virtual Machine Administrator Login
		return data([]string{"Microsoft.Compute/virtualMachines/*/read", "Microsoft.HybridCompute/machines/*/read"},
			"Microsoft.Compute/virtualMachines/login/action", "Microsoft.Compute/virtualMachines/loginAsAdmin/action",
			"Microsoft.HybridCompute/machines/login/action", "Microsoft.HybridCompute/machines/loginAsAdmin/action")
	case "fb879df8-f326-4884-b1cf-06f3ad86be52": // Virtual Machine User Login
		return data([]string{"Microsoft.Compute/virtualMachines/*/read", "Microsoft.HybridCompute/machines/*/read"},
			"Microsoft.Compute/virtualMachines/login/action", "Microsoft.HybridCompute/machines/login/action")
	case "f353d9bd-d4a6-484e-a77a-8050b599b867": // Automation Contributor
		return only(base, "Microsoft.Automation/automationAccounts/*", diagnostics)
	case "f1a07417-d97a-45cb-824c-7a7467783830": // Managed Identity Operator
		return only(base, "Microsoft.ManagedIdentity/userAssignedIdentities/*/read", "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action")
	case "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": // Managed Identity Contributor
		return only(base, "Microsoft.ManagedIdentity/userAssignedIdentities/write", "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write")
	case "7e559ce2-48d7-4b27-9128-fa1b247f1308": // Managed Identity Federated Identity Credential Contributor
		return only(base, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write")
	case "87a39d53-fc1b-424a-814c-f7e04687dc9e": // Logic App Contributor
		return only(base, "Microsoft.Logic/*", "Microsoft.Storage/storageAccounts/listkeys/action", "Microsoft.Web/connections/*", diagnostics)
	case "ad710c24-b039-4e85-a019-deb4a06e8570", "de139f84-1756-47ae-9be6-808fbbe84772": // Logic Apps Standard Contributor, Website Contributor
		return only(base, "Microsoft.Web/certificates/*", "Microsoft.Web/sites/*")
	case "36243c78-bf99-498c-9df9-86d9f8d28608", "fb1c8493-542b-48eb-b624-b4c8fea62acd": // Resource Policy Contributor, Security Admin
		return only("*/read", "Microsoft.Authorization/policyAssignments/*", "Microsoft.Authorization/policyDefinitions/*", "Microsoft.Authorization/policySetDefinitions/*")
	case "f25e0fa2-a7c8-4377-a976-54943a77a395": // Key Vault Contributor
		return only(base, "Microsoft.KeyVault/*")
	case "00482a5a-887f-4fb3-b363-3b7fe8e74483": // Key Vault Administrator
		return data(vault, "Microsoft.KeyVault/vaults/*")
	case "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": // Key Vault Secrets Officer
		return data(vault, "Microsoft.KeyVault/vaults/secrets/*")
	case "4633458b-17de-408a-b874-0445c86b69e6": // Key Vault Secrets User
		return []Permission{{DataActions: []string{"Microsoft.KeyVault/vaults/secrets/getSecret/action", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"}}}, true
	case "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": // Key Vault Crypto Officer
		return data(vault, "Microsoft.KeyVault/vaults/keys/*")
	case "21090545-7ca7-4776-b22c-e363652d74d2": // Key Vault Reader
		return data(vault, "Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action")
	case "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8": // Azure Kubernetes Service Contributor Role
		return only(base, "Microsoft.ContainerService/managedClusters/*")
	case "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8": // Azure Kubernetes Service Cluster Admin Role
		return only("Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
			"Microsoft.ContainerService/managedClusters/read", "Microsoft.ContainerService/managedClusters/runcommand/action")
	case "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b": // Azure Kubernetes Service RBAC Cluster Admin
		return data([]string{base, "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"}, "Microsoft.ContainerService/managedClusters/*")
	case "17d1049b-9a84-46fb-8f53-869881c3d3ab": // Storage Account Contributor
		return only(base, "Microsoft.Storage/storageAccounts/*", diagnostics)
	case "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": // Storage Blob Data Owner
		return data([]string{"Microsoft.Storage/storageAccounts/blobServices/containers/*"}, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*")
	case "ba92f5b4-2d11-453d-a403-e96b0029c9fe": // Storage Blob Data Contributor
		return data([]string{"Microsoft.Storage/storageAccounts/blobServices/containers/write"},
			"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write")
	case "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": // Storage Blob Data Reader
		return data([]string{"Microsoft.Storage/storageAccounts/blobServices/containers/read"}, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read")
	case "673868aa-7521-48a0-acc6-0f60742d39f5": // Data Factory Contributor
		return only(base, "Microsoft.DataFactory/factories/*")
	case "7f951dda-4ed3-4680-a7ca-43fe172d538d": // AcrPull
		return only("Microsoft.ContainerRegistry/registries/pull/read")
	case "8311e382-0749-4cb8-b61a-304f252e45ec": // AcrPush
		return only("Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write")
	}
	return nil, false
}
