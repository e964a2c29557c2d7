package rules_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/findings"
)

// A way is how a cloud's command line and Terraform providers are known in a fix.
type way struct {
	tool      string // the platform of the fix
	command   *regexp.Regexp
	terraform *regexp.Regexp
}

func ways() map[string]way {
	return map[string]way{
		"aws":   {"aws cli", regexp.MustCompile(`\baws [a-z]`), regexp.MustCompile(`\baws_[a-z]`)},
		"gcp":   {"gcloud", regexp.MustCompile(`\b(gcloud|bq) [a-z]`), regexp.MustCompile(`\bgoogle_[a-z]`)},
		"azure": {"az", regexp.MustCompile(`\baz [a-z]`), regexp.MustCompile(`\bazure(ad|rm)_[a-z]`)},
	}
}

// cloudless are the fixes that nobody can give: "<rule> <cloud>" for the command line
// and Terraform, with one of the two behind it for that one alone; and why.
func cloudless() map[string]string {
	const none = "never fails there: "
	return map[string]string{
		"NHI-AGT-001 azure":           "Graph takes sponsors of agents from no token of the Azure CLI; azuread knows no agents",
		"NHI-AGT-004 aws":             none + "a file of an agent is mended in the repository",
		"NHI-AGT-004 gcp":             none + "a file of an agent is mended in the repository",
		"NHI-EXP-004 azure":           none + "a vault names principals, not everybody",
		"NHI-FED-003 azure":           none + "only Google Cloud has pools",
		"NHI-FED-016 aws":             none + "the pod says how long its token lives",
		"NHI-FED-016 azure":           none + "the pod says how long its token lives",
		"NHI-FED-020 azure":           none + "a federated credential names an issuer and no provider that may be missing",
		"NHI-LIF-014 gcp":             none + "ids of deleted principals of AWS; those of Google Cloud are NHI-LIF-008",
		"NHI-OWN-008 gcp":             none + "service accounts have no label that could carry the date",
		"NHI-ROT-026 azure terraform": "azuread has no resource for app management policies",
	}
}

// Whoever gets a finding on AWS, Google Cloud or Azure is told how to mend it there,
// with the cloud's command line and with Terraform.
func checkFixesForEachCloud(t *testing.T, engine *findings.Engine) {
	t.Helper()
	fed, excuses, used := feeds(t, engine), cloudless(), map[string]bool{}
	for _, r := range engine.Rules() {
		for cloud, way := range ways() {
			if !fed[r.ID][cloud] {
				continue
			}
			var cli, terraform string
			for _, f := range r.Fix {
				switch f.Platform {
				case way.tool:
					cli += f.Steps
				case "terraform":
					terraform += f.Steps
				}
			}
			there := map[string]bool{"cli": way.command.MatchString(cli), "terraform": way.terraform.MatchString(terraform)}
			for name, ok := range there {
				both, one := r.ID+" "+cloud, r.ID+" "+cloud+" "+name
				excused := excuses[both] != "" || excuses[one] != ""
				used[both], used[one] = true, true
				if !ok && !excused {
					t.Errorf("%s is not in the fix", one)
				}
				if ok && excused {
					t.Errorf("%s is in the fix, and excused", one)
				}
			}
		}
	}
	for key := range excuses {
		if !used[key] {
			t.Errorf("%s is excused, and the rule has no such subjects", key)
		}
	}
}

// feeds tells which clouds have subjects for which rules: by the types that a rule
// names, by its own tests, and by what the scanners make of a cloud with one of
// everything.
func feeds(t *testing.T, engine *findings.Engine) map[string]map[string]bool {
	t.Helper()
	out := map[string]map[string]bool{}
	for _, r := range engine.Rules() {
		out[r.ID] = map[string]bool{}
		for _, pattern := range r.Types {
			out[r.ID][cloudOf(pattern)] = true
		}
		for _, test := range r.Tests {
			if test.Want != findings.VerdictNotApplicable {
				out[r.ID][cloudOfSubject(test)] = true
			}
		}
	}
	for cloud := range ways() {
		files, err := filepath.Glob("../scanners/" + cloud + "/testdata/*.jsonl")
		if err != nil || len(files) == 0 {
			t.Fatalf("records of %s: %v, %v", cloud, files, err)
		}
		for _, file := range files {
			for _, tally := range tallies(t, file, engine) {
				out[tally.Rule][cloud] = out[tally.Rule][cloud] || tally.Subjects > 0
			}
		}
	}
	return out
}

// cloudOf returns the cloud that a type or a scope is of; Entra is Azure's directory.
func cloudOf(name string) string {
	cloud := name[:len(name)-len(strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz"))]
	if cloud == "entra" {
		return "azure"
	}
	return cloud
}

func cloudOfSubject(test findings.RuleTest) string {
	for _, r := range test.Given {
		if r.ID() != test.Subject {
			continue
		}
		typ, scope := "", ""
		switch {
		case r.Identity != nil:
			typ, scope = r.Identity.Type, r.Identity.Scope
		case r.Credential != nil:
			typ, scope = r.Credential.Type, r.Credential.Scope
		case r.Grant != nil:
			scope = r.Grant.Scope
		case r.Trust != nil:
			scope = r.Trust.Scope
		case r.Consumer != nil:
			scope = r.Consumer.Scope
		}
		if _, ok := ways()[cloudOf(typ)]; ok {
			return cloudOf(typ)
		}
		return cloudOf(scope)
	}
	return ""
}

func tallies(t *testing.T, file string, engine *findings.Engine) []findings.Tally {
	t.Helper()
	result, err := engine.Judge(t.Context(), scanned(t, file), findings.Params{AsOf: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return result.Tallies
}
