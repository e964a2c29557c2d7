package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/scanners/azure/live"
)

// The names of what muster permissions azure makes.
const (
	azureApp       = "muster"
	azureRole      = "muster read"
	azureVaultRole = "muster read vaults" // apart: no role with data actions can be given at a management group (docs of Azure RBAC, custom roles)
)

// Where the roles are made, unless Terraform is told.
const (
	azureGroupScope        = "/providers/Microsoft.Management/managementGroups/MANAGEMENT-GROUP"
	azureSubscriptionScope = "/subscriptions/SUBSCRIPTION"
)

// An azureGrant is all that reading a tenant takes: what an application needs of
// Microsoft Graph, as `az ad app create --required-resource-accesses` takes it, and the
// roles in Azure, as `az role definition create --role-definition` takes each.
type azureGrant struct {
	Required []azureRequired   `json:"requiredResourceAccess" yaml:"requiredResourceAccess"`
	Roles    []azureCustomRole `json:"roleDefinitions" yaml:"roleDefinitions"`
}

type azureRequired struct {
	App    string        `json:"resourceAppId" yaml:"resourceAppId"`
	Access []azureAccess `json:"resourceAccess" yaml:"resourceAccess"`
}

// An azureAccess is an application permission.
type azureAccess struct {
	ID   string `json:"id" yaml:"id"`
	Type string `json:"type" yaml:"type"`
}

// An azureCustomRole is a role of Azure.
type azureCustomRole struct {
	Name        string   `json:"Name" yaml:"Name"`
	IsCustom    bool     `json:"IsCustom" yaml:"IsCustom"`
	Description string   `json:"Description" yaml:"Description"`
	Actions     []string `json:"Actions" yaml:"Actions"`
	DataActions []string `json:"DataActions" yaml:"DataActions"`
	Scopes      []string `json:"AssignableScopes" yaml:"AssignableScopes"`
}

// azureFlags are the options that widen or narrow what a scan of Azure needs.
type azureFlags struct {
	creators, withoutActivity                                             bool // flags that other clouds have too
	risk, withoutDirectory, withoutResources, withoutVaults, withoutGroup bool
}

// add adds the flags, but for those that other clouds have too.
func (f *azureFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.risk, "risk", false, "azure: with what Identity Protection says of service principals")
	c.Flags().BoolVar(&f.withoutDirectory, "without-directory", false, "azure: without Microsoft Entra")
	c.Flags().BoolVar(&f.withoutResources, "without-resources", false, "azure: without subscriptions and what is in them")
	c.Flags().BoolVar(&f.withoutVaults, "without-vaults", false, "azure: without what lists the objects of vaults")
	c.Flags().BoolVar(&f.withoutGroup, "without-groups", false, "azure: without what lists the members of groups that hold roles")
}

// set names the flags that were given.
func (f *azureFlags) set() []string {
	return named(
		flagged{f.creators, "--creators"}, flagged{f.withoutActivity, "--without-activity"}, flagged{f.risk, "--risk"}, flagged{f.withoutDirectory, "--without-directory"},
		flagged{f.withoutResources, "--without-resources"}, flagged{f.withoutVaults, "--without-vaults"}, flagged{f.withoutGroup, "--without-groups"},
	)
}

// permissions are what a scan with the flags takes, of one kind: graph, arm or vault.
func (f *azureFlags) permissions(kind string) []live.Permission {
	return slices.DeleteFunc(live.Permissions(live.Options{
		NoDirectory: f.withoutDirectory, NoResources: f.withoutResources, NoVaults: f.withoutVaults, NoUsage: f.withoutActivity, NoGroups: f.withoutGroup,
		Creators: f.creators, Risk: f.risk,
	}), func(p live.Permission) bool { return p.Kind != kind })
}

// names are the names of permissions.
func permissionNames(list []live.Permission) []string {
	out := make([]string, 0, len(list))
	for _, p := range list {
		out = append(out, p.Name)
	}
	return out
}

// grant is what is printed as JSON and YAML.
func (f *azureFlags) grant() azureGrant {
	g := azureGrant{Required: []azureRequired{}, Roles: []azureCustomRole{}}
	if list := f.permissions("graph"); len(list) > 0 {
		app := azureRequired{App: live.GraphAppID}
		for _, p := range list {
			app.Access = append(app.Access, azureAccess{p.ID, "Role"})
		}
		g.Required = append(g.Required, app)
	}
	add := func(name, what, scope string, actions, data []string) {
		if len(actions)+len(data) > 0 {
			g.Roles = append(g.Roles, azureCustomRole{name, true, what, actions, data, []string{scope}})
		}
	}
	add(azureRole, azureRoleText, azureGroupScope, permissionNames(f.permissions("arm")), []string{})
	add(azureVaultRole, azureVaultText, azureSubscriptionScope, []string{}, permissionNames(f.permissions("vault")))
	return g
}

// What the roles are for.
const (
	azureRoleText  = "What muster needs to list machine identities. It reads only."
	azureVaultText = "What muster needs to list the names and dates of what vaults keep, never a value."
)

// azurePermissions prints what it takes to read a tenant, ready to apply.
func azurePermissions(w io.Writer, format string, f *azureFlags) error {
	switch format {
	case "", "json":
		return writeJSON(w, f.grant())
	case "yaml":
		return writeYAML(w, f.grant())
	case "terraform":
		azureTerraform(w, f)
		return nil
	case "text":
		azureText(w, f)
		return nil
	}
	return noFormat(format, "json", "yaml", "terraform", "text")
}

func azureText(w io.Writer, f *azureFlags) {
	fmt.Fprint(w, "azure reads only; it needs\n")
	for _, kind := range []struct{ name, title string }{
		{"graph", "application permissions of Microsoft Graph, with admin consent"},
		{"arm", "actions in Azure, at a management group or at each subscription"},
		{"vault", "data actions, at each subscription; where a vault has access policies: List on secrets, keys and certificates"},
	} {
		list := f.permissions(kind.name)
		if len(list) > 0 {
			fmt.Fprintf(w, "\n%s:\n\n", kind.title)
		}
		for _, p := range list {
			name := p.Name
			if p.ID != "" {
				name += " " + p.ID
			}
			fmt.Fprintf(w, "  %-86s %s\n", name, p.Why)
		}
	}
	fmt.Fprintf(w, `
The built-in roles Reader and Key Vault Reader cover what is needed in Azure, too. It
is all printed as JSON; made and granted with:

  muster permissions azure%s > grant.json
  jq .requiredResourceAccess grant.json > access.json
  az ad app create --display-name %s --required-resource-accesses @access.json
  az ad sp create --id APP && az ad app permission admin-consent --id APP
  jq '.roleDefinitions[0]' grant.json > role.json   # with your AssignableScopes; then [1]
  az role definition create --role-definition @role.json
  az role assignment create --assignee APP --role %q --scope SCOPE

It needs nothing that returns the value of a secret, and has none of these:

`, flagText(f.set()), azureApp, azureRole)
	for _, r := range live.Refused() {
		fmt.Fprintf(w, "  %-86s %s\n", r.Action, r.Why)
	}
}

// azureTerraform writes the application with its permissions, the roles and who has
// them, for the providers hashicorp/azuread and hashicorp/azurerm, as terraform fmt
// would.
func azureTerraform(w io.Writer, f *azureFlags) {
	graph, arm, vaults := f.permissions("graph"), f.permissions("arm"), f.permissions("vault")
	fmt.Fprint(w, "# The application that muster reads a tenant as, and its roles. It reads only.\n")
	if len(arm) > 0 {
		fmt.Fprint(w, azureGroupVariable)
	}
	if len(vaults) > 0 {
		fmt.Fprint(w, azureSubscriptionVariable)
	}
	fmt.Fprintf(w, "\nresource \"azuread_application\" \"muster\" {\n  display_name = %q\n", azureApp)
	if len(graph) > 0 {
		fmt.Fprintf(w, "\n  required_resource_access {\n    resource_app_id = %q # Microsoft Graph\n", live.GraphAppID)
		for _, p := range graph {
			fmt.Fprintf(w, "\n    resource_access {\n      id   = %q # %s\n      type = \"Role\"\n    }\n", p.ID, p.Name)
		}
		fmt.Fprint(w, "  }\n")
	}
	fmt.Fprint(w, "}\n\nresource \"azuread_service_principal\" \"muster\" {\n  client_id = azuread_application.muster.client_id\n}\n")
	if len(graph) > 0 {
		fmt.Fprintf(w, azureConsent, live.GraphAppID)
	}
	if len(arm) > 0 {
		fmt.Fprintf(w, azureRoleHead, azureRole, azureRoleText)
		hclList(w, "actions", permissionNames(arm))
		fmt.Fprint(w, azureRoleTail)
	}
	if len(vaults) > 0 {
		fmt.Fprintf(w, azureVaultHead, azureVaultRole, azureVaultText)
		hclList(w, "data_actions", permissionNames(vaults))
		fmt.Fprint(w, azureVaultTail)
	}
}

// hclList writes a list of the block permissions.
func hclList(w io.Writer, name string, list []string) {
	fmt.Fprintf(w, "    %s = [\n", name)
	for _, v := range list {
		fmt.Fprintf(w, "      %q,\n", v)
	}
	fmt.Fprint(w, "    ]\n")
}

const azureGroupVariable = `
variable "management_group" {
  description = "Id of the management group to read with all that is in it: the tenant's id for its root group"
  type        = string
}
`

const azureSubscriptionVariable = `
variable "subscriptions" {
  description = "Ids of the subscriptions whose vaults are listed"
  type        = list(string)
}
`

const azureConsent = `
resource "azuread_service_principal" "graph" {
  client_id    = %q
  use_existing = true
}

# Each is the consent of an administrator.
resource "azuread_app_role_assignment" "muster" {
  for_each = toset([
    for access in one(azuread_application.muster.required_resource_access).resource_access : access.id
  ])
  app_role_id         = each.value
  principal_object_id = azuread_service_principal.muster.object_id
  resource_object_id  = azuread_service_principal.graph.object_id
}
`

const azureRoleHead = `
resource "azurerm_role_definition" "muster" {
  name        = %q
  description = %q
  scope       = "/providers/Microsoft.Management/managementGroups/${var.management_group}"

  permissions {
`

const azureRoleTail = `  }

  assignable_scopes = ["/providers/Microsoft.Management/managementGroups/${var.management_group}"]
}

resource "azurerm_role_assignment" "muster" {
  scope              = "/providers/Microsoft.Management/managementGroups/${var.management_group}"
  role_definition_id = azurerm_role_definition.muster.role_definition_resource_id
  principal_id       = azuread_service_principal.muster.object_id
}
`

const azureVaultHead = `
# No role with data actions can be given at a management group.
resource "azurerm_role_definition" "muster_vaults" {
  name        = %q
  description = %q
  scope       = "/subscriptions/${var.subscriptions[0]}"

  permissions {
`

const azureVaultTail = `  }

  assignable_scopes = [for id in var.subscriptions : "/subscriptions/${id}"]
}

resource "azurerm_role_assignment" "muster_vaults" {
  for_each           = toset(var.subscriptions)
  scope              = "/subscriptions/${each.value}"
  role_definition_id = azurerm_role_definition.muster_vaults.role_definition_resource_id
  principal_id       = azuread_service_principal.muster.object_id
}
`
