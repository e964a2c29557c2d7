package paths

import (
	"slices"

	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// A capability is given by any of its permissions.
type capability struct {
	name        string
	permissions []string
	// whole is true if they count only on a project or wider, not on single
	// resources.
	whole bool
}

// capabilities lists what single permissions give. The words are those of package
// privilege.
func capabilities() []capability {
	return []capability{
		{"secrets.read_all", []string{"secretmanager.versions.access"}, true},
		{"secrets.read", []string{"secretmanager.versions.access"}, false},
		{"secrets.write", []string{"secretmanager.versions.add"}, false},
		{"tokens.create", []string{"iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken", "iam.serviceAccounts.signJwt", "iam.serviceAccounts.signBlob", "iam.serviceAccounts.implicitDelegation"}, true},
		{"identity.impersonate", []string{"iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.signJwt", "iam.serviceAccounts.signBlob", "iam.serviceAccounts.implicitDelegation"}, true},
		{"identity.write", []string{"iam.serviceAccounts.create"}, true},
		{"credentials.create", []string{"iam.serviceAccountKeys.create", "iam.serviceAccountApiKeyBindings.create"}, true},
		{"credentials.storage", []string{"storage.hmacKeys.create"}, true},
		{"credentials.read", []string{"apikeys.keys.getKeyString", "clientauthconfig.clients.getWithSecret", "clientauthconfig.clients.listWithSecrets"}, true},
		{"pass_role", []string{actAs}, true},
		{"policy.write", []string{"resourcemanager.organizations.setIamPolicy", "resourcemanager.folders.setIamPolicy", "resourcemanager.projects.setIamPolicy", "iam.roles.update"}, true},
		{"trust.write", []string{"iam.serviceAccounts.setIamPolicy", "iam.googleapis.com/workloadIdentityPoolProviders.create", "iam.googleapis.com/workloadIdentityPoolProviders.update", "iam.googleapis.com/workforcePoolProviders.create", "iam.googleapis.com/workforcePoolProviders.update"}, true},
		{"compute.exec", []string{
			"compute.instances.setMetadata", "compute.projects.setCommonInstanceMetadata", "compute.instances.osAdminLogin", "compute.instances.osLogin", "osconfig.patchJobs.exec", "osconfig.osPolicyAssignments.create",
			"cloudfunctions.functions.update", "run.services.update", "run.jobs.runWithOverrides", "container.pods.exec", "composer.environments.executeAirflowCommand", "notebooks.instances.setIamPolicy",
		}, true},
		{"workflow.write", []string{"cloudbuild.builds.create", "clouddeploy.releases.create", "workflows.workflows.update"}, true},
		{"code.write", []string{"source.repos.update", "securesourcemanager.repositories.push", "cloudbuild.repositories.accessReadWriteToken", "developerconnect.gitRepositoryLinks.fetchReadWriteToken"}, false},
		{"packages.write", []string{"artifactregistry.repositories.uploadArtifacts"}, false},
		{"data.read_all", []string{"storage.objects.get", "bigquery.tables.getData", "spanner.databases.select", "datastore.entities.get"}, true},
		{"data.write_all", []string{"storage.objects.create", "storage.objects.update", "bigquery.tables.updateData", "spanner.databases.write", "datastore.entities.update"}, true},
		{"keys.admin", []string{"cloudkms.cryptoKeys.setIamPolicy", "cloudkms.keyRings.setIamPolicy", "cloudkms.cryptoKeyVersions.destroy"}, false},
		{"keys.use", []string{"cloudkms.cryptoKeyVersions.useToDecrypt", "cloudkms.cryptoKeyVersions.useToSign"}, false},
		{"rbac.bind", []string{"container.clusterRoles.bind"}, true},
		{"rbac.escalate", []string{"container.clusterRoles.escalate"}, true},
		{"limits.write", []string{
			"orgpolicy.policy.set", "orgpolicy.policies.update", "orgpolicy.policies.create", "orgpolicy.policies.delete", "iam.denypolicies.delete", "iam.denypolicies.update",
			"iam.principalaccessboundarypolicies.update", "iam.principalaccessboundarypolicies.delete", "iam.principalaccessboundarypolicies.unbind",
		}, true},
		{"services.enable", []string{"serviceusage.services.enable"}, true},
		{"traces.delete", []string{"logging.sinks.delete", "logging.sinks.update", "logging.logs.delete", "logging.buckets.delete"}, true},
	}
}

// A capable is a capability as a set.
type capable struct {
	name  string
	set   role.Set
	whole bool
}

// capables makes the capabilities ready.
func capables() []capable {
	out := make([]capable, 0, len(capabilities())+1)
	for _, c := range capabilities() {
		out = append(out, capable{c.name, role.SetOf(c.permissions...), c.whole})
	}
	return append(out, capable{"compute.create", createPermissions(), true})
}

// capabilitiesOf lists what sets of permissions give, sorted: those that hold on a
// project or wider, and those that hold on anything.
func capabilitiesOf(all []capable, wide, some role.Set) []string {
	var out []string
	for i := range all {
		c := &all[i]
		set := some
		if c.whole {
			set = wide
		}
		if set.Meets(c.set) {
			out = append(out, c.name)
		}
	}
	if slices.Contains(out, "secrets.read_all") {
		out = slices.DeleteFunc(out, func(s string) bool { return s == "secrets.read" })
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// powerful are groups of permissions of which an administrator has one of each.
func powerful() []role.Set {
	return []role.Set{
		role.SetOf("resourcemanager.organizations.setIamPolicy", "resourcemanager.folders.setIamPolicy", "resourcemanager.projects.setIamPolicy"),
		role.SetOf("iam.serviceAccountKeys.create", "iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.setIamPolicy"),
		createPermissions(),
		role.SetOf("secretmanager.versions.access", "cloudkms.cryptoKeyVersions.useToDecrypt"),
		role.SetOf("storage.buckets.update", "storage.buckets.setIamPolicy", "bigquery.tables.updateData", "spanner.databases.write"),
	}
}
