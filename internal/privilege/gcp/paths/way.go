package paths

import (
	"strings"

	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// A mechanism is how a way of escalation works; it decides who is reached.
type mechanism int8

const (
	// become gets credentials of an account.
	become mechanism = iota
	// delegate has an account that can get a token of another get it.
	delegate
	// pass attaches an account to something new that runs the caller's code.
	pass
	// use runs the caller's code in something that is there and runs as an account.
	use
	// preset runs the caller's code as an account that Google attaches by itself.
	preset
	// federate becomes an identity of a pool of the project.
	federate
	// cluster becomes a Kubernetes service account of the project's clusters.
	cluster
	// raise gives the caller itself more.
	raise
	// edit changes a custom role that the caller has.
	edit
)

// A way is one way of escalation.
type way struct {
	id   string
	how  mechanism
	on   []string // permissions that are needed on the account
	at   []string // permissions that are needed on its project, or on what runs
	kind string   // type of Workload: use; e-mail pattern: preset; kind of place: raise
	text string   // a clause; %s is the target
	note string   // on what it depends, if permissions alone do not decide it
	api  string   // that has to be enabled in the project; empty is none

	account, project role.Set
}

// actAs is the permission to attach an account to something.
const actAs = "iam.serviceAccounts.actAs"

// oldDefault is why an account that is attached by itself need not be the one told.
const oldDefault = "which account builds run as by default depends on the age and the organisation policy of the project"

// ways lists the ways of escalation. Those of the first two parts are the ones of
// Rhino Security Labs ("Privilege Escalation in Google Cloud Platform", parts 1 and 2)
// and HackTricks Cloud (GCP privilege escalation), under the permission that makes
// them; what each needs is by the vendor's pages on the services.
//
// The first is how a token is made, the second how one is had made: package paths
// knows them by their place.
func ways() []way {
	out := credentialWays()
	out = append(out, policyWays()...)
	out = append(out, attachWays()...)
	out = append(out, existingWays()...)
	out = append(out, presetWays()...)
	out = append(out, poolWays()...)
	for i := range out {
		w := &out[i]
		w.account, w.project = role.SetOf(w.on...), role.SetOf(w.at...)
		if len(w.at) > 0 && w.api == "" && w.how != raise && w.how != federate && w.how != edit {
			service, _, _ := strings.Cut(w.at[0], ".")
			w.api = service + ".googleapis.com"
		}
	}
	return out
}

// Places of the two ways that go together.
const (
	wayToken    = 0
	wayDelegate = 1
)

// credentialWays get credentials of an account.
func credentialWays() []way {
	one := func(permission, text string) way {
		return way{id: permission, how: become, on: []string{permission}, text: text}
	}
	out := []way{
		one("iam.serviceAccounts.getAccessToken", "makes an access token of %s"),
		{id: "iam.serviceAccounts.implicitDelegation", how: delegate, on: []string{"iam.serviceAccounts.implicitDelegation"}, text: "has %s ask for a token"},
		one("iam.serviceAccountKeys.create", "makes a key of %s"),
		one("iam.serviceAccounts.signBlob", "signs an assertion as %s and exchanges it for a token"),
		one("iam.serviceAccounts.signJwt", "signs an assertion as %s and exchanges it for a token"),
		one("iam.serviceAccounts.setIamPolicy", "gives itself the role of token creator on %s"),
		{
			id: "iam.serviceAccountApiKeyBindings.create", how: pass, on: []string{"iam.serviceAccountApiKeyBindings.create"}, at: []string{"apikeys.keys.create"},
			text: "makes an API key that acts as %s", note: "only some APIs take keys that are bound to an account",
		},
	}
	return out
}

// policyWays change policies and roles.
func policyWays() []way {
	return []way{
		{id: "resourcemanager.organizations.setIamPolicy", how: raise, at: []string{"resourcemanager.organizations.setIamPolicy"}, kind: "organizations", text: "gives itself any role on %s"},
		{id: "resourcemanager.folders.setIamPolicy", how: raise, at: []string{"resourcemanager.folders.setIamPolicy"}, kind: "organizations folders", text: "gives itself any role on %s"},
		{id: "resourcemanager.projects.setIamPolicy", how: raise, at: []string{"resourcemanager.projects.setIamPolicy"}, kind: "organizations folders projects", text: "gives itself any role on %s"},
		{id: "iam.roles.update", how: edit, at: []string{"iam.roles.update"}, text: "puts any permission into its own role %s"},
	}
}

// attachWays hand an account to something new.
func attachWays() []way {
	with := func(text string, at ...string) way {
		return way{id: "actAs+" + at[0], how: pass, on: []string{actAs}, at: at, text: text}
	}
	return []way{
		with("starts an instance that runs as %s", "compute.instances.create"),
		with("makes a function that runs as %s and calls it", "cloudfunctions.functions.create"),
		with("deploys a service that runs as %s", "run.services.create"),
		with("runs a job as %s", "run.jobs.create", "run.jobs.run"),
		with("makes a worker pool that runs as %s", "run.workerpools.create"),
		with("starts a build that runs as %s", "cloudbuild.builds.create"),
		with("has a scheduled call made as %s", "cloudscheduler.jobs.create"),
		with("has a task call an API as %s", "cloudtasks.tasks.create"),
		with("runs a Dataflow job as %s", "dataflow.jobs.create"),
		with("makes a Dataproc cluster that runs as %s and gives it a job", "dataproc.clusters.create"),
		with("runs a Dataproc batch as %s", "dataproc.batches.create"),
		with("makes a Composer environment that runs as %s", "composer.environments.create"),
		with("makes a notebook that runs as %s", "notebooks.instances.create"),
		with("makes a workflow that runs as %s and starts it", "workflows.workflows.create", "workflows.executions.create"),
		with("has Infrastructure Manager deploy as %s", "config.deployments.create"),
		with("runs a training job as %s", "aiplatform.customJobs.create"),
		with("runs a pipeline as %s", "aiplatform.pipelineJobs.create"),
		with("makes an agent that runs as %s", "aiplatform.reasoningEngines.create"),
		with("runs a batch job as %s", "batch.jobs.create"),
		with("deploys an App Engine version that runs as %s", "appengine.versions.create"),
		with("makes a Data Fusion instance that runs as %s", "datafusion.instances.create"),
		with("runs a Dataform workflow as %s", "dataform.workflowInvocations.create"),
		with("has a delivery pipeline render and deploy as %s", "clouddeploy.releases.create", "clouddeploy.targets.create"),
		with("makes a cluster whose nodes run as %s", "container.clusters.create", "container.pods.create"),
		with("makes a workstation that runs as %s", "workstations.workstationConfigs.create", "workstations.workstations.create", "workstations.workstations.use"),
	}
}

// existingWays run code in what is there.
func existingWays() []way {
	in := func(kind, text string, at ...string) way {
		return way{id: at[0], how: use, at: at, kind: kind, text: text}
	}
	attached := func(kind, text string, at ...string) way {
		w := in(kind, text, at...)
		w.on, w.id = []string{actAs}, "actAs+"+at[0]
		return w
	}
	return []way{
		attached("compute.instance", "puts an SSH key on an instance that runs as %s", "compute.instances.setMetadata"),
		attached("compute.instance", "puts an SSH key on all instances, one of which runs as %s", "compute.projects.setCommonInstanceMetadata"),
		attached("compute.instance", "signs in as root to an instance that runs as %s", "compute.instances.osAdminLogin"),
		attached("compute.instance", "signs in to an instance that runs as %s", "compute.instances.osLogin"),
		in("compute.instance", "has the configuration agent run commands on an instance that runs as %s", "osconfig.patchJobs.exec"),
		in("compute.instance", "has the configuration agent run commands on an instance that runs as %s", "osconfig.osPolicyAssignments.create"),
		attached("function", "changes the code of a function that runs as %s", "cloudfunctions.functions.update"),
		attached("run.service", "changes a service that runs as %s", "run.services.update"),
		attached("run.job", "changes a job that runs as %s and runs it", "run.jobs.update", "run.jobs.run"),
		in("run.job", "runs a job as %s with commands of its own", "run.jobs.runWithOverrides"),
		attached("cloudbuild.trigger", "starts a build of its own as %s", "cloudbuild.builds.create"),
		in("dataproc.cluster", "gives a job to a cluster that runs as %s", "dataproc.jobs.create", "dataproc.clusters.use"),
		in("composer.environment", "runs commands in a Composer environment that runs as %s", "composer.environments.executeAirflowCommand"),
		in("notebook", "lets itself into a notebook that runs as %s", "notebooks.instances.setIamPolicy"),
		attached("workflow", "changes a workflow that runs as %s", "workflows.workflows.update", "workflows.executions.create"),
		attached("agent_engine", "changes an agent that runs as %s", "aiplatform.reasoningEngines.update"),
		in("gke.node_pool", "starts a pod on nodes that run as %s", "container.pods.create"),
		in("gke.node_pool", "starts a pod on nodes that run as %s", "container.deployments.create"),
		in("gke.node_pool", "starts a pod on every node, which run as %s", "container.daemonSets.create"),
		in("gke.node_pool", "starts a pod on nodes that run as %s", "container.jobs.create"),
		in("gke.node_pool", "runs commands in a pod on nodes that run as %s", "container.pods.exec"),
		in("workstation.config", "uses a workstation that runs as %s", "workstations.workstations.use"),
	}
}

// presetWays run code as accounts that Google attaches by itself.
func presetWays() []way {
	return []way{
		{id: "cloudbuild.builds.create", how: preset, at: []string{"cloudbuild.builds.create"}, kind: "cloudbuild", text: "starts a build that runs as %s", note: oldDefault},
		{id: "deploymentmanager.deployments.create", how: preset, at: []string{"deploymentmanager.deployments.create"}, kind: "cloudservices", text: "has Deployment Manager deploy as %s", note: "Deployment Manager is being shut down"},
		{id: "deploymentmanager.deployments.update", how: preset, at: []string{"deploymentmanager.deployments.update"}, kind: "cloudservices", text: "has Deployment Manager change a deployment as %s", note: "Deployment Manager is being shut down"},
	}
}

// kindWorkforce is the kind of ways that become identities of workforce pools.
const kindWorkforce = "workforce"

// poolWays become identities of pools and clusters.
func poolWays() []way {
	const api = "container.googleapis.com"
	pod := func(at ...string) way {
		return way{id: at[0] + "+workloadIdentity", how: cluster, at: at, api: api, text: "starts a pod as %s"}
	}
	return []way{
		{id: "iam.workloadIdentityPoolProviders.create", how: federate, at: []string{"iam.googleapis.com/workloadIdentityPoolProviders.create"}, text: "makes a provider of its own and signs in as %s"},
		{id: "iam.workloadIdentityPoolProviders.update", how: federate, at: []string{"iam.googleapis.com/workloadIdentityPoolProviders.update"}, text: "changes a provider and signs in as %s"},
		{id: "iam.workforcePoolProviders.create", how: federate, at: []string{"iam.googleapis.com/workforcePoolProviders.create"}, kind: kindWorkforce, text: "makes a provider of its own and signs in as %s"},
		{id: "iam.workforcePoolProviders.update", how: federate, at: []string{"iam.googleapis.com/workforcePoolProviders.update"}, kind: kindWorkforce, text: "changes a provider and signs in as %s"},
		pod("container.pods.create"), pod("container.deployments.create"), pod("container.daemonSets.create"), pod("container.jobs.create"), pod("container.cronJobs.create"),
		{id: "container.serviceAccounts.createToken", how: cluster, at: []string{"container.serviceAccounts.createToken"}, api: api, text: "makes a token of %s"},
		{id: "container.pods.exec+workloadIdentity", how: cluster, at: []string{"container.pods.exec"}, api: api, text: "runs commands in a pod of %s"},
	}
}

// createPermissions start code that may run under another identity.
func createPermissions() role.Set {
	var out role.Set
	for _, w := range attachWays() {
		out.Or(role.SetOf(w.at[0]))
	}
	return out
}
