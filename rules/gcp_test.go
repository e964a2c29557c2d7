package rules_test

import (
	"strings"
	"testing"
)

// TestNorthwindOnGCP judges the records that the Google Cloud scanner makes of an
// organisation with one of everything: rules and scanner have to mean the same
// words.
func TestNorthwindOnGCP(t *testing.T) {
	got := judgeScan(t, "../scanners/gcp/testdata/northwind.jsonl")
	const (
		deployer = "gcp:deployer@northwind-prod.iam.gserviceaccount.com"
		builder  = "gcp:builder@northwind-ci.iam.gserviceaccount.com"
		compute  = "gcp:444455556666-compute@developer.gserviceaccount.com"
		watch    = "watch@supplier-monitoring.iam.gserviceaccount.com"
		project  = "gcp:projects/444455556666/"
		pools    = "principalSet://iam.googleapis.com/projects/444455556666/locations/global/workloadIdentityPools/"
	)
	for _, want := range []struct{ rule, subject, says string }{
		{"NHI-EXP-004", project + "secrets/open", "by anyone"},
		{"NHI-EXP-009", deployer + "#key/0f1e2d3c4b5a69788796a5b4c3d2e1f000000001", "works from any network"},
		{"NHI-EXP-025", project + "locations/global/keys/k-2", "acts as payments@northwind-prod.iam.gserviceaccount.com"},
		{"NHI-FED-002", deployer + "#trust/roles/iam.workloadIdentityUser/" + pools + "github/attribute.repository/northwind/robot/actions", "more than one workload"},
		{"NHI-FED-020", deployer + "#trust/roles/iam.workloadIdentityUser/" + pools + "lost/*", "its pool is not there"},
		{"NHI-FED-023", deployer + "#trust/roles/iam.serviceAccountUser/serviceAccount:" + watch, "of project supplier-monitoring, which is not of this organisation"},
		{"NHI-LIF-001", deployer + "#key/0f1e2d3c4b5a69788796a5b4c3d2e1f000000001", "never expires"},
		{"NHI-LIF-008", "gcp:projects/northwind-prod#projects/northwind-prod/roles/release/deleted:serviceAccount:gone@northwind-prod.iam.gserviceaccount.com?uid=100000000000000000008", "still names the deleted principal deleted:serviceAccount:gone@"},
		{"NHI-LIF-010", deployer + "#key/0f1e2d3c4b5a69788796a5b4c3d2e1f000000002", "(EXPOSED)"},
		{"NHI-PRV-002", deployer, "roles/owner on projects/northwind-prod: resourcemanager.projects.setIamPolicy: gives itself any role on projects/northwind-prod → projects/northwind-prod (admin)."},
		{"NHI-PRV-002", builder, "makes an access token of deployer@northwind-prod.iam.gserviceaccount.com → "},
		{"NHI-PRV-008", compute, "as the default compute account of its project"},
		{"NHI-PRV-009", builder, "every service account under organizations/111122223333"},
		{"NHI-PRV-049", deployer, "any user of the domain"},
		{"NHI-PRV-057", "gcp:compute.googleapis.com/projects/northwind-prod/zones/europe-west3-a/instances/web-1#" + strings.TrimPrefix(compute, "gcp:"), "with tokens for every API"},
		{"NHI-ROT-002", deployer + "#key/0f1e2d3c4b5a69788796a5b4c3d2e1f000000001", "689 days"},
		{"NHI-ROT-025", "gcp:projects/northwind-prod/hmacKeys/GOOG1ENORTHWIND", "Google Cloud HMAC key"},
		{"NHI-TPA-009", "gcp:folders/222233334444#roles/viewer/serviceAccount:" + watch, "holds roles/viewer on folders/222233334444"},
	} {
		if of := got[want.rule]; !strings.Contains(of[want.subject], want.says) {
			t.Errorf("%s on %s: got %q, want %q in it", want.rule, want.subject, of[want.subject], want.says)
		}
	}
	for rule, of := range got {
		for subject, says := range of {
			switch {
			case strings.Contains(subject, "cloudservices.gserviceaccount.com") || strings.Contains(subject, "@gcp-sa-"):
				t.Errorf("%s on %s, which Google keeps: %s", rule, subject, says)
			case strings.HasSuffix(subject, "000000003"):
				t.Errorf("%s on a key that never leaves Google: %s", rule, says)
			case strings.HasPrefix(rule, "NHI-PRV-00") && strings.Contains(subject, "payments@"):
				t.Errorf("%s on an account that reads: %s", rule, says)
			case strings.Contains(says, "()") || strings.Contains(says, "  ") || strings.Contains(says, " ,"):
				t.Errorf("%s on %s: a word is missing in %q", rule, subject, says)
			}
		}
	}
}

// What was saved tells the same as what was read over the network; the use of an
// account is not taken from the use of a key of it.
func TestNorthwindOnSavedGCP(t *testing.T) {
	const deployer = "gcp-export:deployer@northwind-prod.iam.gserviceaccount.com"
	got := judgeScan(t, "../scanners/gcp/testdata/export.jsonl")
	if says := got["NHI-LIF-006"][deployer]; says != "" {
		t.Errorf("NHI-LIF-006 by the use of a key: %s", says)
	}
	if says := got["NHI-FED-010"]["gcp-export:projects/444455556666/locations/global/workloadIdentityPools/github/providers/actions#trust"]; says != "" {
		t.Errorf("NHI-FED-010 on a provider: %s", says)
	}
	for _, want := range []struct{ rule, subject, says string }{
		{"NHI-LIF-007", "gcp-export:legacy-sync@northwind-prod.iam.gserviceaccount.com", "is disabled"},
		{"NHI-PRV-044", "gcp-export:storage.googleapis.com/northwind-public#roles/storage.objectViewer/allUsers", "to everybody, without signing in."},
		{"NHI-PRV-020", "gcp-export:projects/444455556666/locations/global/keys/0e0e0e0e-1111-2222-3333-444444444444", "any API"},
	} {
		if of := got[want.rule]; !strings.Contains(of[want.subject], want.says) {
			t.Errorf("%s on %s: got %q, want %q in it", want.rule, want.subject, of[want.subject], want.says)
		}
	}
}
