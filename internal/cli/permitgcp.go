package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/scanners/gcp/live"
)

// The names of what muster permissions gcp makes.
const (
	gcpRole  = "musterRead"       // custom role; its id has no hyphens (IAM, roles.create)
	gcpTitle = "muster read"      //
	gcpDeny  = "muster-no-secret" // deny policy
)

// gcpQuota is needed on one project only, whose quotas requests count against; there
// the predefined role gcpQuotaRole gives it.
const (
	gcpQuota     = "serviceusage.services.use"
	gcpQuotaRole = "roles/serviceusage.serviceUsageConsumer"
)

// A gcpCustomRole is a role as `gcloud iam roles create --file` takes it.
type gcpCustomRole struct {
	Title       string   `json:"title" yaml:"title"`
	Description string   `json:"description" yaml:"description"`
	Stage       string   `json:"stage" yaml:"stage"`
	Included    []string `json:"includedPermissions" yaml:"includedPermissions"`
}

// gcpFlags are the options that widen or narrow what a scan of Google Cloud needs.
type gcpFlags struct {
	organization, inventoryOnly, groups, withoutActivity, withoutInsights bool
}

// add adds the flags, but for --organization, which AWS has too.
func (f *gcpFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.inventoryOnly, "inventory-only", false, "gcp: without what is only asked where Asset Inventory is refused")
	c.Flags().BoolVar(&f.groups, "groups", false, "gcp: with what lists the members of groups that policies name")
	c.Flags().BoolVar(&f.withoutActivity, "without-activity", false, "gcp, azure: without what tells when accounts and keys were last used")
	c.Flags().BoolVar(&f.withoutInsights, "without-insights", false, "gcp: without what tells which permissions were not used")
}

// set names the flags that were given.
func (f *gcpFlags) set() []string {
	return named(
		flagged{f.organization, "--organization"}, flagged{f.inventoryOnly, "--inventory-only"}, flagged{f.groups, "--groups"},
		flagged{f.withoutActivity, "--without-activity"}, flagged{f.withoutInsights, "--without-insights"},
	)
}

// permissions are what a scan with the flags takes.
func (f *gcpFlags) permissions() []live.Permission {
	var out []live.Permission
	for _, p := range live.Permissions(live.Options{Activity: !f.withoutActivity, Insights: !f.withoutInsights, Groups: f.groups}) {
		if p.Organization && !f.organization || p.Fallback && f.inventoryOnly {
			continue
		}
		out = append(out, p)
	}
	return out
}

// role is the custom role.
func (f *gcpFlags) role() gcpCustomRole {
	r := gcpCustomRole{Title: gcpTitle, Description: "What muster needs to list machine identities. It reads only.", Stage: "GA"}
	for _, p := range f.permissions() {
		if p.Name != gcpQuota {
			r.Included = append(r.Included, p.Name)
		}
	}
	return r
}

// gcpPermissions prints what it takes to read Google Cloud, ready to apply.
func gcpPermissions(w io.Writer, format string, f *gcpFlags) error {
	switch format {
	case "", "json":
		return writeJSON(w, f.role())
	case "yaml":
		return writeYAML(w, f.role())
	case "terraform":
		gcpTerraform(w, f)
		return nil
	case "text":
		gcpText(w, f)
		return nil
	}
	return noFormat(format, "json", "yaml", "terraform", "text")
}

// where says what the role is made in, as gcloud spells it.
func (f *gcpFlags) where() string {
	if f.organization {
		return "--organization=NUMBER"
	}
	return "--project=PROJECT"
}

func gcpText(w io.Writer, f *gcpFlags) {
	fmt.Fprint(w, "gcp reads only; it needs:\n\n")
	fallback := false
	for _, p := range f.permissions() {
		mark := " "
		if p.Fallback {
			mark, fallback = "*", true
		}
		fmt.Fprintf(w, "%s %-73s %s\n", mark, p.Name, p.Why)
	}
	if fallback {
		fmt.Fprint(w, "\n* only where Cloud Asset Inventory is refused or switched off\n")
	}
	fmt.Fprintf(w, "\nMade and granted with:\n\n  muster permissions gcp%s > role.json\n  gcloud iam roles create %s %s --file=role.json\n",
		flagText(f.set()), gcpRole, f.where())
	fmt.Fprint(w, "\nThese predefined roles cover it, too, and give more:\n\n")
	for _, r := range live.Roles(live.Options{Activity: !f.withoutActivity, Insights: !f.withoutInsights, Groups: f.groups}) {
		fmt.Fprintf(w, "  %-73s %s\n", r.Name, r.Why)
	}
	fmt.Fprint(w, "\nand nothing that returns the value of a secret. The Terraform denies it:\n\n")
	for _, r := range live.Refused() {
		fmt.Fprintf(w, "  %-73s %s\n", r.Name, r.Why)
	}
}

// flagText is what follows a command that was given flags.
func flagText(flags []string) string {
	if len(flags) == 0 {
		return ""
	}
	return " " + strings.Join(flags, " ")
}

// denied spells a permission as deny policies do: SERVICE.googleapis.com/REST.
func denied(permission string) string {
	if strings.Contains(permission, "/") {
		return permission
	}
	service, rest, _ := strings.Cut(permission, ".")
	return service + ".googleapis.com/" + rest
}

// gcpTerraform writes the role, who has it, and the deny policy, for the provider
// hashicorp/google, as terraform fmt would.
func gcpTerraform(w io.Writer, f *gcpFlags) {
	scope := struct{ name, what, example, role, id, member, parent string }{
		"project", "Id of the project to read", "northwind-prod", "google_project_iam_custom_role", "project", "google_project_iam_member", "projects",
	}
	if f.organization {
		scope.name, scope.what, scope.example = "organization", "Number of the organisation to read", "111122223333"
		scope.role, scope.id, scope.member, scope.parent = "google_organization_iam_custom_role", "org_id", "google_organization_iam_member", "organizations"
	}
	pad := strings.Repeat(" ", max(0, len("permissions")-len(scope.id)))
	fmt.Fprintf(w, `# The role that muster reads Google Cloud with. It reads only.

variable %[1]q {
  description = "%[2]s: %[3]s"
  type        = string
}

variable "service_account" {
  description = "E-mail of the service account that muster runs as or impersonates"
  type        = string
}

variable "quota_project" {
  description = "Project whose quotas requests count against, if quota_project is set; empty for none"
  type        = string
  default     = ""
}

resource %[4]q "muster" {
  %[5]s%[6]s = var.%[1]s
  role_id     = %[7]q
  title       = %[8]q
  description = "What muster needs to list machine identities. It reads only."
  permissions = [
`, scope.name, scope.what, scope.example, scope.role, scope.id, pad, gcpRole, gcpTitle)
	for _, name := range f.role().Included {
		fmt.Fprintf(w, "    %q,\n", name)
	}
	gap := strings.Repeat(" ", max(0, len(scope.id)-len("member")))
	short := strings.Repeat(" ", max(0, len("member")-len(scope.id)))
	fmt.Fprintf(w, `  ]
}

resource %[1]q "muster" {
  %[2]s%[8]s = var.%[3]s
  role  %[4]s = %[5]s.muster.name
  member%[4]s = "serviceAccount:${var.service_account}"
}

resource "google_project_iam_member" "muster_quota" {
  count   = var.quota_project == "" ? 0 : 1
  project = var.quota_project
  role    = %[6]q
  member  = "serviceAccount:${var.service_account}"
}

# Nobody else's grant lets it read the value of a secret either.
resource "google_iam_deny_policy" "muster" {
  parent       = urlencode("cloudresourcemanager.googleapis.com/%[7]s/${var.%[3]s}")
  name         = %[9]q
  display_name = "muster reads no value of a secret"
  rules {
    deny_rule {
      denied_principals = ["principal://iam.googleapis.com/projects/-/serviceAccounts/${var.service_account}"]
      denied_permissions = [
`, scope.member, scope.id, scope.name, gap, scope.role, gcpQuotaRole, scope.parent, short, gcpDeny)
	for _, r := range live.Refused() {
		fmt.Fprintf(w, "        %q,\n", denied(r.Name))
	}
	fmt.Fprint(w, "      ]\n    }\n  }\n}\n")
}
