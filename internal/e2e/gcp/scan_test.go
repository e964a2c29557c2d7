//go:build e2e

package gcp

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/gcp/live"
)

// TestE2EOrganization scans a whole organisation with everything switched on, keeps
// it in the store, and looks for values wherever they could have gone.
func TestE2EOrganization(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	r := p.home(t, "groups: true", "details: auto").Scan(t, "-o", "html=report.html", "-o", "sarif=report.sarif", "-o", "table")
	if r.Status != 1 && r.Status != 3 {
		t.Fatalf("status %d: %s", r.Status, r.Stderr)
	}
	got := r.Types()
	for _, want := range []string{
		"gcp.service_account", "gcp.workload_identity_pool", "gcp.workload_identity_provider", "gcp.workforce_pool", "gcp.workforce_provider",
		"gcp.managed_workload_identity", "gcp.oauth_client", "gcp.principal",
		"gcp.service_account_key", "gcp.api_key", "gcp.secret", "gcp.kms_key", "gcp.hmac_key", "gcp.oauth_client_secret",
		"grant", "trust", "consumer", "owner", "usage",
	} {
		if got[want] == 0 {
			t.Errorf("there is no %s", want)
		}
	}
	t.Logf("%d requests, %d MB, %s CPU, %s: %v", p.Requests(), r.PeakMB, r.CPU, r.Wall, got)
	for _, g := range r.Gaps() {
		t.Log(g)
	}
	p.clean(t, r)
	p.onlyTable(t)
	if n := len(p.caller.issued); n != 1 {
		t.Errorf("%d tokens were asked for", n)
	}
}

// onlyTable fails if anything was asked that is not in the table of calls.
func (p *proxy) onlyTable(t testing.TB) {
	t.Helper()
	var table []string
	for _, op := range live.Operations() {
		table = append(table, op.ID)
	}
	for method, n := range p.methods() {
		if !slices.Contains(table, method) {
			t.Errorf("%q was asked %d times", method, n)
		}
		for _, r := range live.Refused() {
			if strings.HasSuffix(r.Name, method) {
				t.Errorf("%s was asked", method)
			}
		}
	}
}
