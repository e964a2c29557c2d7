package paths

import (
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

// A capability is given by any of its actions.
type capability struct {
	name    string
	actions []string
	whole   bool // on a subscription or wider only
	set     arm.Bits
}

// capabilities lists what actions of Azure give.
func capabilities() []capability {
	vault := func(names ...string) []string {
		var out []string
		for _, n := range names {
			out = append(out, "data:Microsoft.KeyVault/vaults/"+n)
		}
		return out
	}
	const blobs = "data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/"
	const keys = "Microsoft.Storage/storageAccounts/listKeys/action"
	return []capability{
		{name: "secrets.read_all", actions: vault("secrets/getSecret/action"), whole: true},
		{name: "secrets.read", actions: vault("secrets/getSecret/action")},
		{name: "secrets.write", actions: vault("secrets/setSecret/action")},
		{name: "keys.admin", actions: vault("keys/delete", "keys/update/action", "keys/purge/action")},
		{name: "keys.use", actions: vault("keys/decrypt/action", "keys/unwrap/action", "keys/sign/action")},
		{name: "data.read_all", actions: []string{keys, blobs + "read", "Microsoft.Compute/disks/beginGetAccess/action", "Microsoft.Compute/snapshots/beginGetAccess/action"}, whole: true},
		{name: "data.write_all", actions: []string{keys, blobs + "write"}, whole: true},
		{name: "policy.write", actions: []string{actionGrant, actionDefine}},
		{name: "pass_role", actions: []string{"Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action", "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"}},
		{name: "trust.write", actions: []string{"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"}},
		{name: "identity.write", actions: []string{"Microsoft.ManagedIdentity/userAssignedIdentities/write"}},
		{name: "compute.create", actions: hosts()},
		{name: "compute.exec", actions: []string{
			"Microsoft.Compute/virtualMachines/runCommand/action", "Microsoft.Compute/virtualMachines/runCommands/write", "Microsoft.Compute/virtualMachines/extensions/write",
			"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action", "Microsoft.HybridCompute/machines/runCommands/write", "Microsoft.HybridCompute/machines/extensions/write",
			"Microsoft.ContainerInstance/containerGroups/containers/exec/action", "Microsoft.ContainerService/managedClusters/runCommand/action",
			"Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action", "data:Microsoft.Compute/virtualMachines/loginAsAdmin/action",
		}},
		{name: "workflow.write", actions: []string{
			"Microsoft.Automation/automationAccounts/runbooks/write", "Microsoft.Logic/workflows/write", "Microsoft.DataFactory/factories/pipelines/write",
		}},
		{name: "packages.write", actions: []string{"Microsoft.ContainerRegistry/registries/push/write", "data:Microsoft.ContainerRegistry/registries/repositories/content/write"}},
		{name: "traces.delete", actions: []string{"Microsoft.Insights/diagnosticSettings/delete", "Microsoft.OperationalInsights/workspaces/delete"}},
	}
}

// of lists the capabilities that actions give; whole is true on a subscription
// or wider.
func (a *Analysis) capabilitiesOf(b *arm.Bits, whole bool, into map[string]bool) {
	for i := range a.capabilities {
		c := &a.capabilities[i]
		if (whole || !c.whole) && b.Any(&c.set) {
			into[c.name] = true
		}
	}
}
