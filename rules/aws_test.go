package rules_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/rules"
)

// TestNorthwindOnAWS judges the records that the AWS scanner makes of an account
// with one of everything: rules and scanner have to mean the same words.
func TestNorthwindOnAWS(t *testing.T) {
	got := judgeScan(t, "../scanners/aws/testdata/northwind.jsonl")
	const iam = "aws:arn:aws:iam::111122223333:"
	for _, want := range []struct{ rule, subject, says string }{
		{"NHI-EXP-005", iam + "root", "The root user of northwind-prod"},
		{"NHI-EXP-018", iam + "user/backup", "password alone"},
		{"NHI-EXP-012", "", ""},
		{"NHI-FED-002", iam + "role/github-release#trust/oidc/arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com/repo:northwind/*", "repo:northwind/*"},
		{"NHI-LIF-014", iam + "role/vendor-monitor#trust/account/AIDAEXAMPLEEXAMPLE01", "deleted principal"},
		{"NHI-LIF-023", iam + "server-certificate/old", "in IAM ended"},
		{"NHI-OWN-010", iam + "user/dana.reyes", "is a person's"},
		{"NHI-OWN-011", iam + "user/backup", "taken for a machine"},
		{"NHI-PRV-001", iam + "role/vendor-monitor", "allows * on * (AdministratorAccess, statement 1)"},
		{"NHI-PRV-002", iam + "user/service/ci-deploy", "iam-002: makes an access key for user/dana.reyes → dana.reyes (admin); it allows iam:CreateAccessKey"},
		{"NHI-PRV-042", iam + "user/backup", "only a boundary"},
	} {
		of := got[want.rule]
		if want.subject == "" {
			if len(of) > 0 {
				t.Errorf("%s: %q, and nobody is under quarantine", want.rule, of)
			}
			continue
		}
		if !strings.Contains(of[want.subject], want.says) {
			t.Errorf("%s on %s: got %q, want %q in it", want.rule, want.subject, of[want.subject], want.says)
		}
	}
	for rule, of := range got {
		for subject := range of {
			if strings.HasPrefix(rule, "NHI-PRV") && strings.Contains(subject, "AWSReservedSSO") {
				t.Errorf("%s on %s, which AWS keeps", rule, subject)
			}
			if strings.HasSuffix(subject, "rds!db-1-AbCdEf") && (rule == "NHI-ROT-007" || rule == "NHI-ROT-009") {
				t.Errorf("%s on a secret that RDS rotates", rule)
			}
			if slices.Contains([]string{"NHI-PRV-001", "NHI-PRV-002", "NHI-PRV-003"}, rule) && strings.Contains(subject, "role/orders") {
				t.Errorf("%s on a role that reads one bucket", rule)
			}
		}
	}
}

// scanned reads the records of a scan.
func scanned(t *testing.T, file string) *inventory.Inventory {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := inventory.NewBuilder()
	if err := inventory.ReadAll(file, f, b.Add); err != nil {
		t.Fatal(err)
	}
	return b.Build()
}

// judgeScan returns the sentences of findings by rule and subject.
func judgeScan(t *testing.T, file string) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	for rule, of := range judgeRecords(t, scanned(t, file)) {
		out[rule] = map[string]string{}
		for subject, x := range of {
			out[rule][subject] = x.Message
		}
	}
	return out
}

// judgeRecords returns findings by rule and subject.
func judgeRecords(t *testing.T, inv *inventory.Inventory) map[string]map[string]*inventory.Finding {
	t.Helper()
	all, err := findings.LoadRules(rules.FS())
	if err != nil {
		t.Fatal(err)
	}
	lib, err := findings.LoadLibrary(rules.FS())
	if err != nil {
		t.Fatal(err)
	}
	engine, err := findings.NewEngine(all, lib, nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := engine.Judge(t.Context(), inv, findings.Params{AsOf: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]*inventory.Finding{}
	for _, x := range result.Findings {
		if out[x.Rule] == nil {
			out[x.Rule] = map[string]*inventory.Finding{}
		}
		out[x.Rule][x.Subject] = x
	}
	return out
}
