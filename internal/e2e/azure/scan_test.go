//go:build e2e

package azure

import (
	"slices"
	"strings"
	"testing"
)

// TestE2ETenant scans a whole tenant with everything switched on, keeps it in the
// store, and looks for values wherever they could have gone.
func TestE2ETenant(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	r := p.home(t, "audit: true", "risk: true").Scan(t, "-o", "html=report.html", "-o", "sarif=report.sarif", "-o", "table")
	if r.Status != 1 {
		t.Fatalf("status %d: %s", r.Status, r.Stderr)
	}
	got := r.Types()
	for _, want := range []string{
		"entra.application", "entra.service_principal", "entra.agent_identity", "entra.agent_blueprint", "azure.managed_identity",
		"azure.client_secret", "entra.certificate", "azure.key_vault_secret", "azure.key_vault_key", "azure.key_vault_certificate",
		"azure.storage_key", "azure.cosmos_key", "azure.servicebus_key", "azure.registry_admin", "azure.cluster_admin",
		"grant", "trust", "consumer", "owner", "usage",
	} {
		if got[want] == 0 {
			t.Errorf("there is no %s", want)
		}
	}
	t.Logf("%d requests, %d MB, %s CPU, %s: %v", p.Requests(), r.PeakMB, r.CPU, r.Wall, got)
	for _, g := range r.Gaps() {
		t.Error(g)
	}
	p.clean(t, r)
	want := []string{"graph.microsoft.com", "login.microsoftonline.com", "management.azure.com", "nw-prod.vault.azure.net"}
	if hosts := p.hosts(); !slices.Equal(hosts, want) {
		t.Errorf("the hosts that were asked are %s", strings.Join(hosts, ", "))
	}
}
