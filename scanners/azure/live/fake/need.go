package fake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// needs returns the permissions any of which lets a request through: the one that
// Microsoft documents as the least, and no more (docs of each operation, table of
// permissions; built-in roles of Azure). A batch needs what is in it.
func needs(r *http.Request, in Request) []string {
	switch {
	case strings.HasPrefix(in.Host, "graph."):
		return graphNeeds(in.Path)
	case strings.HasPrefix(in.Host, "management."):
		return manageNeeds(r, in.Path)
	default:
		return vaultNeeds(in.Path)
	}
}

func graphNeeds(path string) []string {
	_, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, n := range []struct{ prefix, need string }{
		{"$batch", ""},
		{"applications/microsoft.graph.agentIdentityBlueprint", "AgentIdentityBlueprint.Read.All"},
		{"applications", "Application.Read.All"},
		{"servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal", "AgentIdentityBlueprintPrincipal.Read.All"},
		{"servicePrincipals/microsoft.graph.agentIdentity", "AgentIdentity.Read.All"},
		{"servicePrincipals", "Application.Read.All"},
		{"oauth2PermissionGrants", "DelegatedPermissionGrant.Read.All"},
		{"roleManagement/directory", "RoleManagement.Read.Directory"},
		{"policies", "Policy.Read.All"},
		{"organization", "Organization.Read.All"},
		{"directory/administrativeUnits", "AdministrativeUnit.Read.All"},
		{"directoryObjects/getByIds", "User.Read.All"},
		{"groups", "GroupMember.Read.All"},
		{"reports", "AuditLog.Read.All"},
		{"auditLogs", "AuditLog.Read.All"},
		{"identityProtection/riskyServicePrincipals", "IdentityRiskyServicePrincipal.Read.All"},
	} {
		if strings.HasPrefix(path, n.prefix) {
			if n.need == "" {
				return nil
			}
			return []string{n.need}
		}
	}
	return []string{"nothing that is known"}
}

func manageNeeds(r *http.Request, path string) []string {
	if strings.EqualFold(path, "/subscriptions") {
		return []string{"Microsoft.Resources/subscriptions/read"}
	}
	if strings.Contains(path, "ResourceGraph") {
		return []string{queryNeeds(r)}
	}
	if i := strings.LastIndex(strings.ToLower(path), "/providers/"); i >= 0 {
		parts := strings.Split(path[i+len("/providers/"):], "/")
		kind := []string{parts[0]}
		for n := 1; n < len(parts); n += 2 {
			kind = append(kind, parts[n])
		}
		return []string{strings.Join(kind, "/") + "/read"}
	}
	return []string{"nothing that is known"}
}

// queryNeeds reads a query, and says what reading its rows takes. Resource Graph
// itself sends no rows instead of an error; the whole of it may be refused.
func queryNeeds(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct{ Query string }
	if err != nil || json.Unmarshal(body, &in) != nil {
		return "nothing that is known"
	}
	for _, n := range []struct{ text, need string }{
		{"microsoft.authorization/roleassignments", "Microsoft.Authorization/roleAssignments/read"},
		{"microsoft.authorization/roledefinitions", "Microsoft.Authorization/roleDefinitions/read"},
		{"microsoft.authorization/classicadministrators", "Microsoft.Authorization/classicAdministrators/read"},
		{"microsoft.management/managementgroups", "Microsoft.Management/managementGroups/read"},
		{"microsoft.managedidentity/userassignedidentities", "Microsoft.ManagedIdentity/userAssignedIdentities/read"},
		{"microsoft.storage/storageaccounts", "Microsoft.Storage/storageAccounts/read"},
		{"microsoft.keyvault/vaults", "Microsoft.KeyVault/vaults/read"},
		{"microsoft.containerservice/managedclusters", "Microsoft.ContainerService/managedClusters/read"},
	} {
		if strings.Contains(in.Query, n.text) && !strings.Contains(in.Query, "in~ ('microsoft.appconfiguration") {
			return n.need
		}
	}
	return "*/read"
}

func vaultNeeds(path string) []string {
	kind, _, _ := strings.Cut(strings.Trim(path, "/"), "/")
	switch kind {
	case "secrets":
		return []string{"Microsoft.KeyVault/vaults/secrets/readMetadata/action"}
	case "keys":
		return []string{"Microsoft.KeyVault/vaults/keys/read"}
	case "certificates":
		return []string{"Microsoft.KeyVault/vaults/certificates/read"}
	default:
		return []string{"nothing that is known"}
	}
}
