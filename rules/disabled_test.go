package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A disabled identity can do nothing: what it could do is told by one rule, and
// whoever knows nothing of its state is told everything, as before.
func TestNothingButWhatADisabledIdentityKeeps(t *testing.T) {
	// What is told of an identity that is off, and why.
	told := []string{
		"NHI-EXP-005", // the root user, which cannot be off
		"NHI-EXP-008", // a sort of credential that has to go from wherever it is
		"NHI-EXP-012", // the platform itself has switched it off
		"NHI-EXP-026", // users of other tenants may still sign in to it
		"NHI-EXP-030", // somebody was in it
		"NHI-LIF-007", // what it keeps
		"NHI-LIF-010", // a leak, which was told by the platform
		"NHI-PRV-046", // a cluster asks who somebody is, which no policy can forbid
		"NHI-TPA-009", // an account of others, whose state is theirs
	}
	for _, cloud := range []string{"aws", "gcp", "azure"} {
		t.Run(cloud, func(t *testing.T) {
			file := "../scanners/" + cloud + "/testdata/northwind.jsonl"
			inv := scanned(t, file)
			owned := ofIdentities(inv)
			unknown := judgeRecords(t, switched(inv, inventory.Unknown))
			off := judgeRecords(t, switched(inv, inventory.True))
			if len(off["NHI-LIF-007"]) == 0 {
				t.Error("NHI-LIF-007 tells nothing of identities that are off")
			}
			if len(unknown["NHI-LIF-007"]) > 0 {
				t.Error("NHI-LIF-007 takes what is not known for off")
			}
			privileges := 0
			for rule, of := range unknown {
				if strings.HasPrefix(rule, "NHI-PRV-") {
					privileges += len(of)
				}
			}
			if privileges < 3 {
				t.Errorf("%d findings on rights of identities whose state is not known", privileges)
			}
			for rule, of := range off {
				if slices.Contains(told, rule) {
					continue
				}
				for subject, x := range of {
					if owned[subject] && (strings.HasPrefix(rule, "NHI-PRV-") || x.Severity.Rank() > inventory.SeverityLow.Rank()) {
						t.Errorf("%s (%s) on %s, which is off: %s", rule, x.Severity, subject, x.Message)
					}
				}
			}
		})
	}
}

// switched sets the state of each identity.
func switched(inv *inventory.Inventory, to inventory.Tri) *inventory.Inventory {
	for _, x := range inv.Identities {
		x.Disabled = to
	}
	return inv
}

// ofIdentities returns the identities that were listed and what is theirs.
func ofIdentities(inv *inventory.Inventory) map[string]bool {
	out := map[string]bool{}
	for _, x := range inv.Identities {
		out[x.ID] = true
	}
	for _, x := range inv.Credentials {
		out[x.ID] = out[x.Identity]
	}
	for _, x := range inv.Grants {
		out[x.ID] = out[x.Principal]
	}
	for _, x := range inv.Trusts {
		out[x.ID] = out[x.Identity]
	}
	for _, x := range inv.Consumers {
		out[x.ID] = out[x.Subject]
	}
	return out
}
