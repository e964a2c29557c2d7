package privilege

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// GCPRole assesses a predefined role of Google Cloud by name ("roles/editor"), as
// granted on a project or wider, by the permissions that package role has of it.
// Custom roles, and those that neither the table nor the ending of the name settles,
// are unknown.
func GCPRole(name string) Assessment {
	short, ok := strings.CutPrefix(name, "roles/")
	if !ok {
		return unknown("role " + name + " is a custom one")
	}
	a := Assessment{Level: inventory.LevelNone}
	if p, ok := role.Predefined(name); ok {
		known := role.Assess(&p)
		a.add(known.Level, "", "role "+name)
		for _, c := range known.Capabilities {
			a.add(known.Level, c, "role "+name)
		}
		return a
	}
	_, end, _ := strings.Cut(short, ".")
	lower := strings.ToLower(end)
	switch {
	case strings.HasSuffix(lower, "viewer"), strings.HasSuffix(lower, "reader"), strings.HasSuffix(lower, "auditor"):
		a.add(inventory.LevelRead, "", "role "+name+", by its name")
	case strings.HasSuffix(lower, "admin"), strings.HasSuffix(lower, "editor"), strings.HasSuffix(lower, "writer"), strings.HasSuffix(lower, "creator"), strings.HasSuffix(lower, "developer"), strings.HasSuffix(lower, "publisher"):
		a.add(inventory.LevelWrite, "", "role "+name+", by its name")
	default:
		return unknown("role " + name + " is not in muster's table")
	}
	return a
}

// AzureRole assesses a built-in role of Azure or Entra by its name or its
// definition id, with or without the path before it. Custom roles are unknown.
func AzureRole(name string) Assessment {
	short := name[strings.LastIndexByte(name, '/')+1:]
	k, title := azureKnown(strings.ToLower(short))
	if title == "" {
		if strings.HasSuffix(short, " Reader") || strings.HasSuffix(short, " Data Reader") {
			a := Assessment{Level: inventory.LevelNone}
			a.add(inventory.LevelRead, "", "role "+short+", by its name")
			return a
		}
		if strings.HasSuffix(short, " Contributor") || strings.HasSuffix(short, " Data Owner") {
			a := Assessment{Level: inventory.LevelNone}
			a.add(inventory.LevelWrite, "", "role "+short+", by its name")
			return a
		}
		return unknown("role " + short + " is not in muster's table")
	}
	a := Assessment{Level: inventory.LevelNone}
	a.add(k.level, "", "role "+title)
	for _, c := range k.capabilities {
		a.add(k.level, c, "role "+title)
	}
	return a
}

// azureKnown is the table (learn.microsoft.com, "Azure built-in roles" and
// "Microsoft Entra built-in roles"). Ids stand before names: behind a name with
// "key" or "access" in it secret scanners take one for a secret.
func azureKnown(role string) (k known, title string) {
	const (
		admin, escalate = inventory.LevelAdmin, inventory.LevelEscalate
		write, read     = inventory.LevelWrite, inventory.LevelRead
	)
	switch role {
	case "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "owner":
		return known{admin, []string{"admin.all"}}, "Owner"
	case "b24988ac-6180-42a0-ab88-20f7382dd24c", "contributor":
		return known{write, []string{"compute.create", "compute.exec"}}, "Contributor"
	case "acdd72a7-3385-48ef-bd42-f606fba81ae7", "reader":
		return known{read, nil}, "Reader"
	case "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "user access administrator":
		return known{escalate, []string{"policy.write"}}, "User Access Administrator"
	case "f58310d9-a9f6-439a-9e8d-f62e7b41a168", "role based access control administrator":
		return known{escalate, []string{"policy.write"}}, "Role Based Access Control Administrator"
	case "00482a5a-887f-4fb3-b363-3b7fe8e74483", "key vault administrator":
		return known{write, []string{"secrets.read_all", "secrets.write"}}, "Key Vault Administrator"
	case "b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "key vault secrets officer":
		return known{write, []string{"secrets.read_all", "secrets.write"}}, "Key Vault Secrets Officer"
	case "4633458b-17de-408a-b874-0445c86b69e6", "key vault secrets user":
		return known{read, []string{"secrets.read_all"}}, "Key Vault Secrets User"
	case "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "storage blob data owner":
		return known{write, []string{"data.read_all", "data.write_all"}}, "Storage Blob Data Owner"
	case "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "storage blob data contributor":
		return known{write, []string{"data.read_all", "data.write_all"}}, "Storage Blob Data Contributor"
	case "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "storage blob data reader":
		return known{read, []string{"data.read_all"}}, "Storage Blob Data Reader"
	case "9980e02c-c2be-4d73-94e8-173b1dc7cf3c", "virtual machine contributor":
		return known{write, []string{"compute.create", "compute.exec"}}, "Virtual Machine Contributor"
	case "f353d9bd-d4a6-484e-a77a-8050b599b867", "automation contributor":
		return known{write, []string{"compute.create"}}, "Automation Contributor"
	case "f1a07417-d97a-45cb-824c-7a7467783830", "managed identity operator":
		return known{write, []string{"pass_role"}}, "Managed Identity Operator"
	case "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", "managed identity contributor":
		return known{write, []string{"identity.write"}}, "Managed Identity Contributor"
	case "7f951dda-4ed3-4680-a7ca-43fe172d538d", "acrpull":
		return known{read, nil}, "AcrPull"
	case "8311e382-0749-4cb8-b61a-304f252e45ec", "acrpush":
		return known{write, []string{"packages.write"}}, "AcrPush"
	case "62e90394-69f5-4237-9190-012177145e10", "global administrator":
		return known{admin, []string{"admin.all"}}, "Global Administrator"
	case "e8611ab8-c189-46e8-94e1-60213ab1f814", "privileged role administrator":
		return known{escalate, []string{"policy.write"}}, "Privileged Role Administrator"
	case "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", "privileged authentication administrator":
		return known{escalate, []string{"credentials.create"}}, "Privileged Authentication Administrator"
	case "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "application administrator":
		return known{escalate, []string{"credentials.create"}}, "Application Administrator"
	case "158c047a-c907-4556-b7ef-446551a6b5f7", "cloud application administrator":
		return known{escalate, []string{"credentials.create"}}, "Cloud Application Administrator"
	}
	return known{}, ""
}
