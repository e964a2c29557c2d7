package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// A sarifLog is what the tests read of a SARIF file: their own structs, so that
// a mistake in the writer's is seen.
type sarifLog struct {
	Version string `json:"version"`
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name     string `json:"name"`
				FullName string `json:"fullName"`
				Rules    []struct {
					ID    string                          `json:"id"`
					Short struct{ Text string }           `json:"shortDescription"`
					Full  struct{ Text string }           `json:"fullDescription"`
					Help  struct{ Text, Markdown string } `json:"help"`
					Prop  struct {
						Tags     []string `json:"tags"`
						Severity string   `json:"security-severity"`
					} `json:"properties"`
				} `json:"rules"`
			} `json:"driver"`
		} `json:"tool"`
		Automation struct {
			ID         string            `json:"id"`
			Properties map[string]string `json:"properties"`
		} `json:"automationDetails"`
		Invocations []struct {
			Successful    bool `json:"executionSuccessful"`
			Notifications []struct {
				Descriptor struct{ ID string }   `json:"descriptor"`
				Message    struct{ Text string } `json:"message"`
			} `json:"toolExecutionNotifications"`
		} `json:"invocations"`
		Results []sarifLogResult `json:"results"`
	} `json:"runs"`
}

type sarifLogResult struct {
	RuleID       string                `json:"ruleId"`
	RuleIndex    *int                  `json:"ruleIndex"`
	Kind         string                `json:"kind"`
	Level        string                `json:"level"`
	Rank         *float64              `json:"rank"`
	Message      struct{ Text string } `json:"message"`
	Fingerprints map[string]string     `json:"partialFingerprints"`
	Suppressions []map[string]any      `json:"suppressions"`
	Locations    []struct {
		Physical struct {
			Artifact struct{ URI string }    `json:"artifactLocation"`
			Region   struct{ StartLine int } `json:"region"`
		} `json:"physicalLocation"`
		Logical []struct{ FullyQualifiedName string } `json:"logicalLocations"`
	} `json:"locations"`
	Related []json.RawMessage `json:"relatedLocations"`
}

func parseSARIF(t testing.TB, b []byte) sarifLog {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal(b, &log); err != nil {
		t.Fatal(err)
	}
	return log
}

func sarifValidator(t testing.TB) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSARIFFollowsTheSchema(t *testing.T) {
	schema := sarifValidator(t)
	reports := map[string]*Report{"sample": sample(t), "empty": New(Input{}), "many": many(t, 30, 40), "redacted": Redact(sample(t), []byte("key"))}
	for name, r := range reports {
		for _, profile := range SARIFProfiles() {
			t.Run(name+" "+profile, func(t *testing.T) {
				doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(writeReport(t, r, "sarif", Options{SARIFProfile: profile})))
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(doc); err != nil {
					t.Errorf("%v", err)
				}
			})
		}
	}
}

// many makes a report of so many scopes with so many findings in each.
func many(t testing.TB, scopes, perScope int) *Report {
	t.Helper()
	rules := sampleRules()
	var list []*inventory.Finding
	for i := range scopes * perScope {
		rule := rules[i%len(rules)]
		list = append(list, &inventory.Finding{
			ID: fmt.Sprintf("F-%016x", i), Fingerprint: fmt.Sprintf("%016x", i), Rule: rule.ID, Title: rule.Title, Category: rule.Category,
			Subject: fmt.Sprintf("aws:arn:aws:iam::%012d:user/u-%d", i%scopes, i), SubjectKind: rule.For, SubjectType: "aws.iam_user",
			SubjectName: fmt.Sprintf("u-%d", i), Scope: fmt.Sprintf("%012d", i%scopes), Severity: rule.Severity, Score: i % 100,
			Verdict: "fail", Message: fmt.Sprintf("User u-%d of the fleet is not as it should be, for %d reasons.", i, i%7), Controls: rule.Controls,
			Owner: fmt.Sprintf("team-%d@northwind.example", i%50), FirstSeen: ago(i % 900), State: "open",
		})
	}
	in := sampleInput(t)
	in.Findings, in.Inventory = list, inventory.NewBuilder().Build()
	return New(in)
}

// TestSARIFIngestion checks each profile against what its consumer is known to
// refuse or to drop without a word.
func TestSARIFIngestion(t *testing.T) {
	checks := map[string]func(*testing.T, []byte, sarifLog){
		"generic": checkCommon, "github": checkGitHub, "gitlab": checkGitLab, "azdo": checkAzure, "defectdojo": checkDefectDojo,
	}
	for _, profile := range SARIFProfiles() {
		for name, r := range map[string]*Report{"sample": sample(t), "many scopes": many(t, 31, 9), "too many findings": many(t, 2, 5030)} {
			t.Run(profile+" "+name, func(t *testing.T) {
				b := writeReport(t, r, "sarif", Options{SARIFProfile: profile})
				checks[profile](t, b, parseSARIF(t, b))
			})
		}
	}
}

func checkCommon(t *testing.T, _ []byte, log sarifLog) {
	t.Helper()
	categories := map[string]bool{}
	for _, run := range log.Runs {
		if run.Tool.Driver.Name != "muster" {
			t.Errorf("driver name %q, want muster", run.Tool.Driver.Name)
		}
		if categories[run.Automation.ID] {
			t.Errorf("two runs of category %q", run.Automation.ID)
		}
		categories[run.Automation.ID] = true
		for _, rule := range run.Tool.Driver.Rules {
			if rule.Short.Text == "" || rule.Full.Text == "" || rule.Help.Text == "" || rule.Help.Markdown == "" {
				t.Errorf("rule %s lacks a description or help", rule.ID)
			}
		}
		uris := regexp.MustCompile(`^[A-Za-z0-9._~%@-]+(/[A-Za-z0-9._~%@-]+)*$`)
		prints := regexp.MustCompile(`^[0-9a-f]{16}:1$`)
		for _, res := range run.Results {
			checkResult(t, res, uris, prints)
			if i := *res.RuleIndex; run.Tool.Driver.Rules[i].ID != res.RuleID {
				t.Errorf("ruleIndex %d is %s, want %s", i, run.Tool.Driver.Rules[i].ID, res.RuleID)
			}
		}
	}
}

func checkResult(t *testing.T, res sarifLogResult, uris, prints *regexp.Regexp) {
	t.Helper()
	if res.Kind != "fail" || res.RuleID == "" || res.RuleIndex == nil || len(res.Locations) == 0 || res.Message.Text == "" {
		t.Fatalf("incomplete result of %s", res.RuleID)
	}
	place := res.Locations[0].Physical
	if !uris.MatchString(place.Artifact.URI) {
		t.Errorf("uri %q is not a percent-encoded relative path", place.Artifact.URI)
	}
	if slices.Contains(strings.Split(place.Artifact.URI, "/"), "..") {
		t.Errorf("uri %q leaves the repository", place.Artifact.URI)
	}
	if place.Region.StartLine < 1 {
		t.Errorf("startLine %d of %s", place.Region.StartLine, place.Artifact.URI)
	}
	if !prints.MatchString(res.Fingerprints["primaryLocationLineHash"]) {
		t.Errorf("fingerprint %q", res.Fingerprints["primaryLocationLineHash"])
	}
	for _, r := range res.Message.Text {
		if hostile(r) {
			t.Errorf("message of %s holds %U", res.RuleID, r)
		}
	}
}

func checkLimits(t *testing.T, log sarifLog, runs, results, text, tagCount int) {
	t.Helper()
	if len(log.Runs) > runs {
		t.Errorf("%d runs, more than %d", len(log.Runs), runs)
	}
	for _, run := range log.Runs {
		if len(run.Results) > results {
			t.Errorf("%d results in a run, more than %d", len(run.Results), results)
		}
		for _, rule := range run.Tool.Driver.Rules {
			if n := utf8.RuneCountInString(rule.Full.Text); n > text {
				t.Errorf("fullDescription of %s has %d characters", rule.ID, n)
			}
			if len(rule.Prop.Tags) > tagCount {
				t.Errorf("rule %s has %d tags", rule.ID, len(rule.Prop.Tags))
			}
		}
		for _, res := range run.Results {
			if n := utf8.RuneCountInString(res.Message.Text); n > text {
				t.Errorf("message of %s has %d characters", res.RuleID, n)
			}
			if len(res.Locations)+len(res.Related) > 100 {
				t.Errorf("%d locations", len(res.Locations)+len(res.Related))
			}
			if res.Suppressions != nil {
				t.Errorf("a suppression, which the consumer ignores or misreads")
			}
		}
	}
}

func checkGitHub(t *testing.T, b []byte, log sarifLog) {
	t.Helper()
	checkCommon(t, b, log)
	checkLimits(t, log, 20, 5000, 1024, 10)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if zipped.Len() > 10_000_000 {
		t.Errorf("%d bytes compressed", zipped.Len())
	}
	for _, run := range log.Runs {
		if !strings.HasSuffix(run.Automation.ID, "/") {
			t.Errorf("category %q has no trailing slash", run.Automation.ID)
		}
		for _, rule := range run.Tool.Driver.Rules {
			var n float64
			if _, err := fmt.Sscan(rule.Prop.Severity, &n); err != nil || n <= 0 || n > 10 {
				t.Errorf("security-severity %q of %s", rule.Prop.Severity, rule.ID)
			}
		}
	}
}

func checkGitLab(t *testing.T, b []byte, log sarifLog) {
	t.Helper()
	checkCommon(t, b, log)
	checkLimits(t, log, 20, 5000, 2048, 10)
	total := 0
	for _, run := range log.Runs {
		total += len(run.Results)
		for _, rule := range run.Tool.Driver.Rules {
			if leak := strings.HasPrefix(rule.ID, "NHI-EXP"); leak != slices.Contains(rule.Prop.Tags, "cwe-798") {
				t.Errorf("rule %s: tag cwe-798 is %t", rule.ID, !leak)
			}
		}
		for _, res := range run.Results {
			if res.Rank != nil {
				t.Errorf("a rank, which is read before the severity")
			}
		}
	}
	if total > 5000 || len(b) > 10_000_000 {
		t.Errorf("%d results, %d bytes", total, len(b))
	}
}

func checkAzure(t *testing.T, b []byte, log sarifLog) {
	t.Helper()
	checkCommon(t, b, log)
	checkLimits(t, log, 1, 5000, 1024, 10)
	const prefix = "azuredevops/pipeline/build/"
	for _, run := range log.Runs {
		if run.Tool.Driver.FullName == "" || !strings.HasPrefix(run.Automation.ID, prefix) {
			t.Errorf("fullName %q, id %q", run.Tool.Driver.FullName, run.Automation.ID)
		}
		for _, k := range []string{"buildDefinitionId", "buildDefinitionName", "phaseId", "phaseName"} {
			if run.Automation.Properties[prefix+k] == "" {
				t.Errorf("no %s", k)
			}
		}
	}
}

func checkDefectDojo(t *testing.T, b []byte, log sarifLog) {
	t.Helper()
	checkCommon(t, b, log)
	checkLimits(t, log, 1, 1_000_000, 4096, 100)
}

// TestSARIFSaysWhatItLeavesOut takes the limits one by one.
func TestSARIFSaysWhatItLeavesOut(t *testing.T) {
	notes := func(r *Report, profile string) string {
		log := parseSARIF(t, writeReport(t, r, "sarif", Options{SARIFProfile: profile}))
		var out []string
		for _, run := range log.Runs {
			for _, n := range run.Invocations[0].Notifications {
				out = append(out, n.Descriptor.ID+" "+n.Message.Text)
			}
		}
		return strings.Join(out, "\n")
	}
	for _, c := range []struct {
		name, profile string
		r             *Report
		want          string
	}{
		{"results of a run", "github", many(t, 1, 5007), "MUSTER-LIMIT 7 findings were left out"},
		{"results of a file", "gitlab", many(t, 2, 2501), "MUSTER-LIMIT 2 findings were left out"},
		{"runs", "github", many(t, 23, 1), "MUSTER-SHARED This run holds 4 scopes"},
		{"exceptions", "github", sample(t), "MUSTER-EXCEPTED 1 finding under an accepted exception is left out"},
		{"coverage", "generic", sample(t), "MUSTER-COVERAGE usage of 111122223333: denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := notes(c.r, c.profile); !strings.Contains(got, c.want) {
				t.Errorf("notifications:\n%s\nwant one with %q", got, c.want)
			}
		})
	}
}

func TestSARIFKeepsTheWorst(t *testing.T) {
	log := parseSARIF(t, writeReport(t, many(t, 1, 6000), "sarif", Options{SARIFProfile: "github"}))
	levels := map[string]int{}
	for _, res := range log.Runs[0].Results {
		levels[res.Level]++
	}
	if len(log.Runs[0].Results) != 5000 || levels["note"] != 0 || levels["error"] == 0 {
		t.Errorf("%d results by level %v: want 5000 without a note", len(log.Runs[0].Results), levels)
	}
}

func TestSARIFPartialScopeDidNotSucceed(t *testing.T) {
	log := parseSARIF(t, write(t, "sarif", Options{}))
	got := map[string]bool{}
	for _, run := range log.Runs {
		got[run.Automation.ID] = run.Invocations[0].Successful
	}
	for id, want := range map[string]bool{
		"muster/111122223333/": false, "muster/northwind/website/": false,
		"muster/northwind/fleet-control/": true, "muster/prod-eu-1/": true,
	} {
		if ok, there := got[id]; !there || ok != want {
			t.Errorf("executionSuccessful of %s is %t (there: %t), want %t", id, ok, there, want)
		}
	}
}

func TestPseudoPath(t *testing.T) {
	for _, c := range []struct{ name, id, want string }{
		{"user", "aws:arn:aws:iam::111122223333:user/ci-deployer", ".muster/aws/111122223333/iam/user/ci-deployer"},
		{"regional", "aws:arn:aws:lambda:eu-west-1:111122223333:function:a", ".muster/aws/111122223333/lambda/eu-west-1/function/a"},
		{"service account", "kubernetes:prod/ci/deployer", ".muster/kubernetes/prod/ci/deployer"},
		{"spaces and colons", "x:a b:c%d", ".muster/x/a%20b/c%25d"},
		{"mail", "gcp:ci@p.iam.gserviceaccount.com", ".muster/gcp/ci@p.iam.gserviceaccount.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := pseudoPath(c.id); got != c.want {
				t.Errorf("pseudoPath(%q) = %q, want %q", c.id, got, c.want)
			}
		})
	}
}

func TestPseudoPathStaysInsideAndApart(t *testing.T) {
	seen := map[string]string{}
	for _, id := range []string{
		"x:../../etc/passwd", "x:etc/passwd", "x:./a", "x:a", "x:/a", "x:a/", "x:a//b", "x:a/b", "x:a::b", "x:", "x:..",
		"aws:arn:aws:iam::1:user/a", "aws:arn:aws-cn:iam::1:user/a", "x:" + strings.Repeat("a/", 40), "x:" + strings.Repeat("a/", 41),
	} {
		p := pseudoPath(id)
		if !strings.HasPrefix(p, ".muster/x/") && !strings.HasPrefix(p, ".muster/aws/") || strings.Contains(p, "..") || strings.Contains(p, ":") {
			t.Errorf("pseudoPath(%q) = %q", id, p)
		}
		if other, ok := seen[p]; ok {
			t.Errorf("%q and %q have one path %q", id, other, p)
		}
		seen[p] = id
	}
}

func TestRelativeURI(t *testing.T) {
	for in, want := range map[string]string{
		"deploy/prod.env": "deploy/prod.env", "/etc/passwd": "etc/passwd", "../../etc/passwd": "etc/passwd",
		"a/./b//c": "a/b/c", "dir/ü #1?.sh": "dir/%C3%BC%20%231%3F.sh", "": "", "/": "", "C:\\a": "C%3A%5Ca",
	} {
		if got := relativeURI(in); got != want {
			t.Errorf("relativeURI(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPseudoPath(f *testing.F) {
	for _, s := range []string{"aws:arn:aws:iam::1:user/a", "x:..", ":", "", "a:\x00//::"} {
		f.Add(s)
	}
	ok := regexp.MustCompile(`^\.muster/[A-Za-z0-9._~%@/-]*$`)
	f.Fuzz(func(t *testing.T, id string) {
		p := pseudoPath(id)
		if !ok.MatchString(p) || slices.Contains(strings.Split(p, "/"), "..") {
			t.Errorf("pseudoPath(%q) = %q", id, p)
		}
	})
}

// TestRulesAreDescribedOnce: runs share what is said of a rule, and a rule that is not
// in force any more is told by the finding that names it.
func TestRulesAreDescribedOnce(t *testing.T) {
	finding := func(rule, scope, title string) *inventory.Finding {
		return &inventory.Finding{ID: rule + scope, Rule: rule, Scope: scope, Title: title, Severity: inventory.SeverityHigh, SubjectKind: inventory.KindIdentity}
	}
	r := &Report{
		Inventory: &inventory.Inventory{}, Rules: []findings.Rule{{ID: "NHI-ROT-001", Title: "Key is old", Severity: inventory.SeverityHigh}},
		Findings: []*inventory.Finding{
			finding("NHI-ROT-001", "aws:1", "Key is old"), finding("NHI-ROT-001", "aws:2", "Key is old"),
			finding("NHI-OLD-001", "aws:1", "As it was"), finding("NHI-OLD-001", "aws:2", "As it was later"),
		},
	}
	runs, err := planSARIF(r, sarifProfile{})
	if err != nil || len(runs) != 2 || len(runs[0].Rules) != 2 || len(runs[1].Rules) != 2 {
		t.Fatalf("%d runs, error %v", len(runs), err)
	}
	if runs[0].Rules[0] != runs[1].Rules[0] || runs[0].Rules[0].ShortDescription.Text != "Key is old." {
		t.Error("a rule is described for each run")
	}
	for i, want := range []string{"As it was.", "As it was later."} {
		if got := runs[i].Rules[1].ShortDescription.Text; got != want {
			t.Errorf("run %d says %q of the old rule, want %q", i, got, want)
		}
	}
}
