package role

// watched are the permissions that decide about privilege, in the order of their
// bits. Names are those of cloud.google.com/iam/docs/permissions-reference as of
// August 2026. New ones go to the end of their group: no number is kept anywhere.
var watched = []string{
	"resourcemanager.organizations.setIamPolicy", "resourcemanager.folders.setIamPolicy", "resourcemanager.projects.setIamPolicy",
	"iam.roles.update", "iam.roles.create",
	"iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken", "iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt", "iam.serviceAccounts.implicitDelegation",
	"iam.serviceAccounts.actAs", "iam.serviceAccounts.setIamPolicy", "iam.serviceAccounts.create", "iam.serviceAccounts.enable", "iam.serviceAccountKeys.create", "iam.serviceAccountApiKeyBindings.create",
	"iam.googleapis.com/workloadIdentityPoolProviders.create", "iam.googleapis.com/workloadIdentityPoolProviders.update", "iam.googleapis.com/workloadIdentityPools.create", "iam.googleapis.com/workforcePoolProviders.create", "iam.googleapis.com/workforcePoolProviders.update",
	"iam.denypolicies.delete", "iam.denypolicies.update", "iam.principalaccessboundarypolicies.update", "iam.principalaccessboundarypolicies.delete", "iam.principalaccessboundarypolicies.unbind",
	"orgpolicy.policy.set", "orgpolicy.policies.update", "orgpolicy.policies.create", "orgpolicy.policies.delete",
	"serviceusage.services.enable", "apikeys.keys.create", "apikeys.keys.getKeyString",
	"storage.hmacKeys.create", "storage.objects.get", "storage.objects.create", "storage.objects.update", "storage.buckets.setIamPolicy", "storage.buckets.update",
	"secretmanager.versions.access", "secretmanager.versions.add", "secretmanager.secrets.setIamPolicy",
	"cloudkms.cryptoKeyVersions.useToDecrypt", "cloudkms.cryptoKeyVersions.useToSign", "cloudkms.cryptoKeyVersions.destroy", "cloudkms.cryptoKeys.setIamPolicy", "cloudkms.keyRings.setIamPolicy",
	"compute.instances.create", "compute.instances.setMetadata", "compute.instances.setServiceAccount", "compute.instances.osAdminLogin", "compute.instances.osLogin", "compute.projects.setCommonInstanceMetadata", "compute.instanceTemplates.create", "compute.instanceGroupManagers.create", "compute.disks.create", "compute.subnetworks.use",
	"osconfig.patchJobs.exec", "osconfig.osPolicyAssignments.create", "osconfig.osPolicyAssignments.update",
	"cloudfunctions.functions.create", "cloudfunctions.functions.update", "cloudfunctions.functions.sourceCodeSet", "cloudfunctions.functions.call", "cloudfunctions.functions.setIamPolicy",
	"run.services.create", "run.services.update", "run.services.setIamPolicy", "run.routes.invoke", "run.jobs.create", "run.jobs.update", "run.jobs.run", "run.jobs.runWithOverrides", "run.workerpools.create", "run.workerpools.update",
	"cloudbuild.builds.create", "cloudscheduler.jobs.create", "cloudscheduler.jobs.update", "cloudtasks.tasks.create",
	"dataflow.jobs.create", "dataproc.clusters.create", "dataproc.clusters.use", "dataproc.jobs.create", "dataproc.batches.create", "dataproc.sessions.create",
	"composer.environments.create", "composer.environments.update", "composer.environments.executeAirflowCommand",
	"notebooks.instances.create", "notebooks.instances.setIamPolicy", "workflows.workflows.create", "workflows.workflows.update", "workflows.executions.create",
	"deploymentmanager.deployments.create", "deploymentmanager.deployments.update", "config.deployments.create", "config.deployments.update",
	"clouddeploy.releases.create", "clouddeploy.rollouts.create", "clouddeploy.targets.create",
	"aiplatform.customJobs.create", "aiplatform.pipelineJobs.create", "aiplatform.endpoints.deploy", "aiplatform.models.upload", "aiplatform.notebookRuntimes.assign", "aiplatform.notebookExecutionJobs.create", "aiplatform.reasoningEngines.create", "aiplatform.reasoningEngines.update",
	"batch.jobs.create", "appengine.versions.create", "appengine.applications.update", "datafusion.instances.create", "dataform.workflowInvocations.create",
	"bigquery.tables.getData", "bigquery.tables.updateData", "bigquery.datasets.setIamPolicy", "bigquery.connections.use", "bigquery.jobs.create", "eventarc.triggers.create", "pubsub.subscriptions.create",
	"container.clusters.create", "container.clusters.getCredentials", "container.clusters.update", "container.pods.create", "container.pods.exec", "container.secrets.get", "container.serviceAccounts.createToken", "container.clusterRoleBindings.create", "container.clusterRoles.bind", "container.clusterRoles.escalate", "container.deployments.create", "container.deployments.update", "container.daemonSets.create", "container.jobs.create", "container.cronJobs.create", "container.clusters.impersonate",
	"artifactregistry.repositories.uploadArtifacts", "artifactregistry.repositories.setIamPolicy", "source.repos.update", "securesourcemanager.repositories.push", "cloudbuild.repositories.accessReadWriteToken", "developerconnect.gitRepositoryLinks.fetchReadWriteToken",
	"cloudsql.users.create", "cloudsql.users.update", "cloudsql.instances.login", "cloudsql.instances.executeSql", "spanner.databases.select", "spanner.databases.write", "datastore.entities.get", "datastore.entities.update", "firebaseauth.users.update",
	"clientauthconfig.clients.getWithSecret", "clientauthconfig.clients.listWithSecrets",
	"logging.sinks.delete", "logging.sinks.update", "logging.logs.delete", "logging.buckets.delete",
	"privilegedaccessmanager.entitlements.create", "privilegedaccessmanager.entitlements.update", "resourcemanager.projects.move", "resourcemanager.tagValueBindings.create",
	"workstations.workstationConfigs.create", "workstations.workstationConfigs.update", "workstations.workstations.create", "workstations.workstations.use",
}
