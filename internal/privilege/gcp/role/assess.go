package role

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// An Assessed is what a role is worth where it is granted on a project or wider and
// nothing is known of what is in there.
type Assessed struct {
	// Level is escalate for whoever can become somebody else or change policies: whether
	// there is somebody worth becoming is not known.
	Level        inventory.Level
	Capabilities []string // as in the comment of package privilege, sorted
}

// A capability is given by any of its permissions.
type capability struct {
	name        string
	level       inventory.Level // that it gives beside the role's own; empty is none
	permissions []string
}

// assessing lists what permissions give on a project or wider.
func assessing() []capability {
	const escalate = inventory.LevelEscalate
	return []capability{
		{"policy.write", escalate, []string{"resourcemanager.organizations.setIamPolicy", "resourcemanager.folders.setIamPolicy", "resourcemanager.projects.setIamPolicy", "iam.roles.update"}},
		{"trust.write", escalate, []string{"iam.serviceAccounts.setIamPolicy", "iam.googleapis.com/workloadIdentityPoolProviders.create", "iam.googleapis.com/workloadIdentityPoolProviders.update", "iam.googleapis.com/workforcePoolProviders.create", "iam.googleapis.com/workforcePoolProviders.update"}},
		{"identity.impersonate", escalate, []string{"iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt", "iam.serviceAccounts.implicitDelegation"}},
		{"tokens.create", escalate, []string{"iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken", "iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt"}},
		{"credentials.create", escalate, []string{"iam.serviceAccountKeys.create"}},
		{"pass_role", "", []string{"iam.serviceAccounts.actAs"}},
		{"identity.write", "", []string{"iam.serviceAccounts.create"}},
		{"compute.create", "", []string{
			"compute.instances.create", "run.services.create", "run.jobs.create", "cloudfunctions.functions.create", "cloudbuild.builds.create", "dataflow.jobs.create", "dataproc.clusters.create",
			"composer.environments.create", "deploymentmanager.deployments.create", "config.deployments.create", "container.clusters.create", "batch.jobs.create", "appengine.versions.create",
			"notebooks.instances.create", "aiplatform.customJobs.create", "workflows.workflows.create",
		}},
		{"secrets.read_all", "", []string{"secretmanager.versions.access"}},
		{"secrets.write", "", []string{"secretmanager.versions.add"}},
		{"data.read_all", "", []string{"storage.objects.get", "bigquery.tables.getData", "spanner.databases.select", "datastore.entities.get"}},
		{"data.write_all", "", []string{"storage.objects.update", "bigquery.tables.updateData", "spanner.databases.write", "datastore.entities.update"}},
		{"packages.write", "", []string{"artifactregistry.repositories.uploadArtifacts"}},
		{"workflow.write", "", []string{"cloudbuild.builds.create", "clouddeploy.releases.create"}},
	}
}

// Assess says what a role is worth on a project or wider, by its profile alone. Owners
// have admin.all and nothing else. It is unknown for a profile that is.
func Assess(p *Profile) Assessed {
	if !p.Known {
		return Assessed{Level: inventory.LevelUnknown}
	}
	if p.Set.Contains(SetOf("resourcemanager.projects.setIamPolicy", "secretmanager.versions.access", "compute.instances.create", "iam.serviceAccountKeys.create")) {
		return Assessed{Level: inventory.LevelAdmin, Capabilities: []string{"admin.all"}}
	}
	out := Assessed{Level: p.Level}
	for _, c := range assessing() {
		if !p.Set.Meets(SetOf(c.permissions...)) {
			continue
		}
		out.Capabilities = append(out.Capabilities, c.name)
		if c.level.Rank() > out.Level.Rank() {
			out.Level = c.level
		}
	}
	if slices.Contains(out.Capabilities, "pass_role") && (slices.Contains(out.Capabilities, "compute.create") || p.Level != inventory.LevelWrite) {
		out.Level = inventory.LevelEscalate // hands accounts to something, or is there for nothing else
	}
	slices.Sort(out.Capabilities)
	return out
}
