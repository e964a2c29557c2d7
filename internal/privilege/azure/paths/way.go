package paths

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

// A way is one to act as the identity of a resource.
type way struct {
	id   string
	on   string // type of the resource
	text string // what is done, with "{}" for who is acted as
	note string // what has to be so; empty is nothing
	// needs are sets of actions, each of which is enough. Those of the data plane
	// begin with "data:".
	needs [][]string
	// hosts is true if it needs a place to run as well: a machine, a web site.
	hosts   bool
	several bool // some of the sets have more than one action
	sets    []arm.Bits
}

// Types of resources that are named more than once.
const (
	typeIdentity = "microsoft.managedidentity/userassignedidentities"
	typeSite     = "microsoft.web/sites"
	typeVault    = "microsoft.keyvault/vaults"
	typeClosed   = typeVault + " by policies" // one that roles do not open
)

// What a certificate in a vault leads to.
const (
	textCertificate = "reads a certificate of {} in the vault and signs in with it"
	noteCertificate = "its private key can be exported"
)

// one makes alternatives of single actions.
func one(provider string, actions ...string) [][]string {
	var out [][]string
	for _, a := range actions {
		plane, name, ok := strings.Cut(a, ":")
		if !ok {
			plane, name = "", a
		} else {
			plane += ":"
		}
		out = append(out, []string{plane + provider + "/" + name})
	}
	return out
}

// ways lists them. The actions are from "Azure permissions" (learn.microsoft.com,
// resource provider operations); which of them run code as an identity is
// published in BloodHound's documentation, in "azure-tiering" by Emilien Socchi and
// in MITRE ATT&CK T1651, T1648 and T1078.004.
func ways() []way {
	const (
		command = "runs a command on the machine and acts as {}"
		login   = "signs in to the machine and acts as {}"
		code    = "changes what runs and acts as {}"
		reach   = "the machine lets Entra users sign in and can be reached"
	)
	return []way{
		{id: "AZVMContributor", on: "microsoft.compute/virtualmachines", text: command, needs: append(one("Microsoft.Compute/virtualMachines", "runCommand/action", "runCommands/write", "extensions/write"), one("Microsoft.GuestConfiguration", "guestConfigurationAssignments/write")...)},
		{id: "AZVMAdminLogin", on: "microsoft.compute/virtualmachines", text: login, note: reach, needs: one("Microsoft.Compute/virtualMachines", "data:loginAsAdmin/action", "data:login/action")},
		{id: "muster-az001", on: "microsoft.compute/virtualmachinescalesets", text: command, needs: one("Microsoft.Compute/virtualMachineScaleSets", "virtualMachines/runCommand/action", "virtualMachines/runCommands/write", "virtualMachines/extensions/write", "extensions/write", "write")},
		{id: "AZWebsiteContributor", on: typeSite, text: "deploys code and acts as {}", needs: one("Microsoft.Web/sites", "write", "publish/action", "publishxml/action", "config/list/action", "extensions/write", "sourcecontrols/write")},
		{id: "AZWebsiteContributor", on: "microsoft.web/sites/slots", text: "deploys code and acts as {}", needs: one("Microsoft.Web/sites/slots", "write", "publish/action", "publishxml/action", "config/list/action", "extensions/write", "sourcecontrols/write")},
		{id: "muster-az002", on: typeSite, text: "writes the code of a function into its storage account and acts as {}", note: "the account keeps the code of the function", needs: one("Microsoft.Storage/storageAccounts", "listKeys/action", "data:fileServices/fileshares/files/write")},
		{id: "AZLogicAppContributor", on: "microsoft.logic/workflows", text: "changes the workflow and acts as {}", needs: one("Microsoft.Logic/workflows", "write")},
		{id: "AZAutomationContributor", on: "microsoft.automation/automationaccounts", text: "runs a runbook of its own and acts as {}", needs: [][]string{
			{"Microsoft.Automation/automationAccounts/runbooks/write", "Microsoft.Automation/automationAccounts/jobs/write"},
			{"Microsoft.Automation/automationAccounts/runbooks/draft/write", "Microsoft.Automation/automationAccounts/runbooks/publish/action", "Microsoft.Automation/automationAccounts/jobs/write"},
			{"Microsoft.Automation/automationAccounts/runbooks/draft/write", "Microsoft.Automation/automationAccounts/runbooks/draft/testJob/write"},
			{"Microsoft.Automation/automationAccounts/runbooks/write", "Microsoft.Automation/automationAccounts/webhooks/write"},
			{"Microsoft.Automation/automationAccounts/runbooks/write", "Microsoft.Automation/automationAccounts/jobSchedules/write"},
		}},
		{id: "muster-az003", on: "microsoft.containerinstance/containergroups", text: code, needs: one("Microsoft.ContainerInstance/containerGroups", "write", "containers/exec/action")},
		{id: "muster-az004", on: "microsoft.app/containerapps", text: code, needs: one("Microsoft.App/containerApps", "write", "getAuthtoken/action")},
		{id: "muster-az004", on: "microsoft.app/jobs", text: code, needs: [][]string{{"Microsoft.App/jobs/write", "Microsoft.App/jobs/start/action"}}},
		{id: "muster-az005", on: "microsoft.containerregistry/registries/tasks", text: code, needs: one("Microsoft.ContainerRegistry/registries", "tasks/write")},
		{id: "AZAKSContributor", on: "microsoft.containerservice/managedclusters", text: "commands the cluster and acts as {}", needs: one("Microsoft.ContainerService/managedClusters", "listClusterAdminCredential/action", "runCommand/action", "write", "data:pods/write", "data:pods/exec/action")},
		{id: "muster-az006", on: "microsoft.datafactory/factories", text: "runs a pipeline of its own and acts as {}", needs: [][]string{{"Microsoft.DataFactory/factories/pipelines/write", "Microsoft.DataFactory/factories/pipelines/createRun/action"}}},
		{id: "muster-az007", on: "microsoft.batch/batchaccounts", text: "runs a task on the pool and acts as {}", needs: one("Microsoft.Batch/batchAccounts", "listKeys/action", "pools/write", "data:jobs/write")},
		{id: "muster-az008", on: "microsoft.machinelearningservices/workspaces", text: "runs a job and acts as {}", needs: one("Microsoft.MachineLearningServices/workspaces", "jobs/write", "computes/write", "experiments/runs/submit/action", "onlineEndpoints/deployments/write")},
		{id: "muster-az009", on: "microsoft.hybridcompute/machines", text: command, needs: one("Microsoft.HybridCompute/machines", "extensions/write", "runCommands/write")},
		{id: "AZVMAdminLogin", on: "microsoft.hybridcompute/machines", text: login, note: reach, needs: one("Microsoft.HybridCompute/machines", "data:loginAsAdmin/action", "data:WACLoginAsAdmin/action")},
		{id: "muster-az010", on: "microsoft.apimanagement/service", text: "sends calls of the gateway elsewhere and acts as {}", needs: one("Microsoft.ApiManagement/service", "write", "policies/write", "apis/policies/write")},
		{id: "muster-az011", on: "microsoft.virtualmachineimages/imagetemplates", text: "builds an image with a script of its own and acts as {}", needs: [][]string{{"Microsoft.VirtualMachineImages/imageTemplates/write", "Microsoft.VirtualMachineImages/imageTemplates/run/action"}}},
		{id: "muster-az012", on: "microsoft.authorization/policyassignments", text: "changes what a policy deploys and acts as {}", note: "the policy has a definition that it may change", needs: [][]string{
			{"Microsoft.Authorization/policyDefinitions/write"}, {"Microsoft.Authorization/policyAssignments/write"},
		}},
		{id: "muster-az015", on: typeVault, text: textCertificate, note: noteCertificate, needs: one("Microsoft.KeyVault/vaults", "data:secrets/getSecret/action")},
		{id: "muster-az015", on: typeClosed, text: textCertificate, note: noteCertificate, needs: one("Microsoft.KeyVault/vaults", "accessPolicies/write", "write")},
		{id: "muster-az013", on: typeIdentity, text: "lets an outside issuer sign in as {}", needs: one("Microsoft.ManagedIdentity/userAssignedIdentities", "federatedIdentityCredentials/write")},
		{id: "AZManagedIdentity", on: typeIdentity, text: "assigns {} to a resource of its own and acts as it", hosts: true, needs: one("Microsoft.ManagedIdentity/userAssignedIdentities", "*/assign/action", "assign/action")},
	}
}

// maxWays is how many ways there are at most: a bit for each.
const maxWays = 60

// further are ways to resources of which no table says whether
// changing them is enough to act as them.
func further(resources []Resource, known []way) (out []way, more bool) {
	var types []string
	for i := range resources {
		r := &resources[i]
		kind := strings.ToLower(r.Type)
		if kind != "" && len(r.Identities) > 0 && !slices.Contains(types, kind) && !slices.ContainsFunc(known, func(w way) bool { return w.on == kind }) {
			types = append(types, kind)
		}
	}
	slices.Sort(types)
	for _, kind := range types {
		if len(known)+len(out) == maxWays {
			return out, true
		}
		out = append(out, way{id: "muster-az014", on: kind, text: "changes a resource and acts as {}", note: "the resource does with its identity what it is told", needs: one(kind, "write")})
	}
	return out, false
}

// hosts lists the actions that make a place where code runs as an identity.
func hosts() []string {
	return []string{
		"Microsoft.Compute/virtualMachines/write", "Microsoft.Compute/virtualMachineScaleSets/write", "Microsoft.Web/sites/write", "Microsoft.Logic/workflows/write",
		"Microsoft.ContainerInstance/containerGroups/write", "Microsoft.App/containerApps/write", "Microsoft.App/jobs/write", "Microsoft.Automation/automationAccounts/write",
		"Microsoft.Resources/deploymentScripts/write", "Microsoft.DataFactory/factories/write", "Microsoft.Batch/batchAccounts/pools/write",
		"Microsoft.ContainerRegistry/registries/tasks/write", "Microsoft.MachineLearningServices/workspaces/computes/write", "Microsoft.VirtualMachineImages/imageTemplates/write",
	}
}

// Actions that change who may do what.
const (
	actionGrant  = arm.Grant
	actionDefine = "Microsoft.Authorization/roleDefinitions/write"
	actionOpen   = "Microsoft.KeyVault/vaults/accessPolicies/write"
	actionVault  = "Microsoft.KeyVault/vaults/write"
)

// tableOf makes the table of all actions that are asked for.
func tableOf(all []way, caps []capability) *arm.Table {
	names := []string{actionGrant, actionDefine, actionOpen, actionVault}
	names = append(names, hosts()...)
	for i := range all {
		for _, n := range all[i].needs {
			names = append(names, n...)
		}
	}
	for i := range caps {
		names = append(names, caps[i].actions...)
	}
	return arm.NewTable(names)
}

// compile makes the sets of a way.
func (w *way) compile(t *arm.Table) {
	for _, n := range w.needs {
		w.sets = append(w.sets, t.Set(n...))
		w.several = w.several || len(n) > 1
	}
}

// met reports whether actions are enough for a way.
func (w *way) met(b *arm.Bits) bool {
	for i := range w.sets {
		if b.All(&w.sets[i]) {
			return true
		}
	}
	return false
}
