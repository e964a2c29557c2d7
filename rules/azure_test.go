package rules_test

import (
	"strings"
	"testing"
)

// TestNorthwindOnAzure judges the records that the Azure scanner makes of a tenant
// with one of everything: rules and scanner have to mean the same words. An empty
// sentence says that the rule passes over the subject.
func TestNorthwindOnAzure(t *testing.T) {
	got := judgeScan(t, "../scanners/azure/testdata/northwind.jsonl")
	const (
		tenant    = "azure:11111111-2222-3333-4444-555555555555/"
		deployer  = tenant + "applications/0000000a-0000-4000-8000-000000000001"
		sps       = tenant + "servicePrincipals/0000000c-0000-4000-8000-0000000000"
		runner    = sps + "04"
		arm       = "azure:/subscriptions/aaaaaaaa-0000-4000-8000-000000000001/"
		providers = arm + "resourcegroups/data/providers/microsoft."
		vault     = "azure:https://nw-vault.vault.azure.net/"
		live      = deployer + "#password/0000000e-0000-4000-8000-000000000001"
		ended     = deployer + "#password/0000000e-0000-4000-8000-000000000002"
		vm        = arm + "resourcegroups/build/providers/microsoft.compute/virtualmachines/build-1#"
	)
	for _, want := range []struct{ rule, subject, says string }{
		{"NHI-EXP-008", providers + "storage/storageaccounts/nwdata#key/key1", "shared or legacy"},
		{"NHI-EXP-008", providers + "storage/storageaccounts/nwsafe#key/key1", ""},
		{"NHI-EXP-008", sps + "07#principal/password/0000000e-0000-4000-8000-000000000007", "legacy service password"},
		{"NHI-EXP-009", providers + "storage/storageaccounts/nwdata#key/key1", "any network"},
		{"NHI-EXP-012", tenant + "applications/0000000a-0000-4000-8000-000000000005", "DisabledDueToViolationOfServicesAgreement"},
		{"NHI-EXP-022", providers + "servicebus/namespaces/bus#keys", "from any network"},
		{"NHI-EXP-022", providers + "documentdb/databaseaccounts/orders#key/primaryMasterKey", ""},
		{"NHI-EXP-024", arm + "resourcegroups/aks/providers/microsoft.containerservice/managedclusters/one#local-accounts", "Cluster one"},
		{"NHI-EXP-026", deployer, "http://old.northwind.example/cb"},
		{"NHI-EXP-028", deployer, "implicit grant"},
		{"NHI-EXP-030", deployer, "leaked credentials"},
		{"NHI-EXP-032", vault + "secrets/db", ""},
		{"NHI-EXP-036", vm + "user/ci-runner", "runs as ci-runner"},
		{"NHI-EXP-036", vm + "system", ""},
		{"NHI-FED-001", deployer + "#federated/anybody", "no subject"},
		{"NHI-FED-002", deployer + "#federated/pulls", "pull_request"},
		{"NHI-FED-002", deployer + "#federated/main", ""},
		{"NHI-FED-004", deployer + "#federated/own", "for whom"},
		{"NHI-FED-009", runner, "used in production"},
		{"NHI-FED-010", deployer + "#federated/main", "registered anew"},
		{"NHI-FED-010", deployer + "#federated/pinned", ""},
		{"NHI-FED-010", deployer + "#federated/star", ""},
		{"NHI-FED-022", deployer + "#federated/star", "letter by letter"},
		{"NHI-FED-024", deployer + "#federated/neighbour", "00000001-0000-4000-8000-000000000077"},
		{"NHI-FED-024", deployer + "#federated/own", ""},
		{"NHI-FED-026", deployer, "still has github"},
		{"NHI-FED-028", runner, "build, web"},
		{"NHI-FED-030", deployer + "#federated/pod", ""},
		{"NHI-LIF-001", vault + "secrets/db", "never expires"},
		{"NHI-LIF-001", vault + "keys/wrap", ""},
		{"NHI-LIF-003", ended, "ended on 2025-04-05"},
		{"NHI-LIF-006", runner, "294 days ago"},
		{"NHI-LIF-007", sps + "07", "disabled"},
		{"NHI-LIF-008", arm + "providers/microsoft.authorization/roleassignments/00000008-0000-4000-8000-000000000004", "deleted"},
		{"NHI-OWN-001", sps + "03", "none in Entra"},
		{"NHI-OWN-001", deployer, ""},
		{"NHI-OWN-002", tenant + "applications/0000000a-0000-4000-8000-000000000002", "gone@northwind.example"},
		{"NHI-OWN-007", runner, "neither a description nor a tag"},
		{"NHI-OWN-007", sps + "05", ""},
		{"NHI-PRV-001", runner, ""},
		{"NHI-PRV-002", deployer, "holds directory role Application Administrator"},
		{"NHI-PRV-002", runner, ""},
		{"NHI-PRV-010", deployer, "Application.ReadWrite.All, which leads to Global Administrator"},
		{"NHI-PRV-010", sps + "02", ""},
		{"NHI-PRV-011", deployer, "Application Administrator for good"},
		{"NHI-PRV-012", deployer, "guest@contoso.example"},
		{"NHI-PRV-013", runner, "management"},
		{"NHI-PRV-048", deployer, "Contributor of /subscriptions/aaaaaaaa-0000-4000-8000-000000000001"},
		{"NHI-PRV-050", arm + "resourcegroups/shared/providers/microsoft.keyvault/vaults/nw-vault#access/0000000c-0000-4000-8000-000000000005", "secrets get,list"},
		{"NHI-ROT-004", live, "2027-01-02"},
		{"NHI-ROT-004", ended, ""},
		{"NHI-ROT-006", providers + "storage/storageaccounts/nwdata#key/key1", "1786 days"},
		{"NHI-ROT-006", providers + "storage/storageaccounts/nwdata#key/key2", ""},
		{"NHI-ROT-009", vault + "secrets/db", "1056 days"},
		{"NHI-ROT-009", vault + "secrets/tls", ""},
		{"NHI-TPA-001", sps + "02", "Mail.ReadWrite"},
		{"NHI-TPA-002", sps + "03", "not verified"},
		{"NHI-TPA-002", sps + "02", ""},
		{"NHI-TPA-004", sps + "03", "Fabrikam Sync"},
		{"NHI-TPA-004", sps + "02", ""},
	} {
		says, failed := got[want.rule][want.subject]
		if want.says == "" && failed || !strings.Contains(says, want.says) {
			t.Errorf("%s on %s: got %q, want %q in it", want.rule, want.subject, says, want.says)
		}
	}
	for rule, of := range got {
		for subject := range of {
			if strings.HasSuffix(subject, sps[len(tenant):]+"90") {
				t.Errorf("%s on Microsoft Graph, which is Microsoft's own", rule)
			}
		}
	}
}
