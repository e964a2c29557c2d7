package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/scanners/all"
	"github.com/muster-nhi/muster/scanners/aws"
	"github.com/muster-nhi/muster/scanners/aws/live"
)

func printedAWS(t *testing.T, format string, o live.Options) []byte {
	t.Helper()
	return printed(t, func(w io.Writer) error { return awsPermissions(w, format, o) })
}

// everything switches on all that a scan can ask.
func everything() live.Options {
	return live.Options{Organization: true, Role: "muster-read", AccessAdvisor: true, Creators: true, Details: live.DetailsAll}
}

// TestAWSPermissions: what is printed allows what the reader says it needs and
// denies what returns secrets, in every format, and fits what AWS takes.
func TestAWSPermissions(t *testing.T) {
	for _, o := range []live.Options{{}, everything()} {
		text := printedAWS(t, "json", o)
		doc, err := policy.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(doc.Problems) > 0 {
			t.Errorf("problems: %q", doc.Problems)
		}
		p := policy.Compile("muster", doc)
		allowed := func(action, resource string) inventory.Tri {
			d := policy.Decide(&policy.Request{
				Principal: &policy.Principal{Kind: policy.Role, ARN: "arn:aws:iam::111122223333:role/muster-read", Account: "111122223333"},
				Action:    policy.NewAction(action), Resource: policy.One(resource), Account: "111122223333", Context: policy.Direct(),
			}, &policy.Layers{Identity: []*policy.Policy{p}})
			return d.Allowed
		}
		for _, need := range live.Permissions(o) {
			if need.Action != "sts:AssumeRole" && allowed(need.Action, "*") != inventory.True {
				t.Errorf("%s is not allowed", need.Action)
			}
		}
		for _, r := range live.Refused() {
			if allowed(strings.ReplaceAll(r.Action, "*", "X"), "*") != inventory.False {
				t.Errorf("%s is not denied", r.Action)
			}
		}
		// A managed policy has 6,144 characters, white space not counted (IAM quotas).
		if n := len(strings.Join(strings.Fields(string(text)), "")); n > 6144 {
			t.Errorf("the policy has %d characters", n)
		}
	}
}

// TestAWSFormats: all formats say the same.
func TestAWSFormats(t *testing.T) {
	o := everything()
	var list struct{ Statement []awsStatement }
	if err := json.Unmarshal(printedAWS(t, "json", o), &list); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(awsStatements(o), list.Statement); d != "" {
		t.Error(d)
	}
	var template struct {
		Resources struct {
			Role struct {
				Properties struct {
					Policies []struct {
						PolicyDocument struct {
							Statement []struct {
								Sid, Effect, Resource string
								Action                []string
							} `yaml:"Statement"`
						} `yaml:"PolicyDocument"`
					} `yaml:"Policies"`
				} `yaml:"Properties"`
			} `yaml:"Role"`
		} `yaml:"Resources"`
	}
	text := printedAWS(t, "cloudformation", o)
	var tree yaml.Node
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(bytes.ReplaceAll(text, []byte("Sid:"), []byte("sid:")), &template); err != nil {
		t.Fatal(err)
	}
	for i, want := range list.Statement {
		for _, action := range want.Action {
			if !bytes.Contains(text, []byte("                  - "+action+"\n")) {
				t.Errorf("statement %d: the template lacks %s", i, action)
			}
		}
	}
	tf := printedAWS(t, "terraform", o)
	checkTerraform(t, tf)
	for _, s := range list.Statement {
		for _, action := range s.Action {
			if !bytes.Contains(tf, []byte(fmt.Sprintf("      %q,\n", action))) {
				t.Errorf("Terraform lacks %s", action)
			}
		}
	}
}

// TestAWSFlags: the flags set the keys of accounts, and of nothing else.
func TestAWSFlags(t *testing.T) {
	s := &setting{accounts: []string{"1111*"}, noAccounts: []string{"111122223333"}, regions: []string{"eu-*"}, noRegions: []string{"eu-west-3"}, resume: "state"}
	got, err := newTarget(all.Factories(), config.Source{Source: "aws:audit"}, s.overlays())
	if err != nil {
		t.Fatal(err)
	}
	var c aws.Config
	if err := got.decode(&c); err != nil {
		t.Fatal(err)
	}
	want := aws.Config{Profile: "audit", Accounts: s.accounts, ExcludeAccounts: s.noAccounts, Regions: s.regions, ExcludeRegions: s.noRegions, Resume: "state"}
	if d := cmp.Diff(want, c); d != "" {
		t.Error(d)
	}
}

// TestSeriesOfAccounts: another profile is another series, and so are other
// regions; where a scan goes on from is not.
func TestSeriesOfAccounts(t *testing.T) {
	series := func(profile, source string, s *setting) string {
		x, err := newTarget(all.Factories(), config.Source{Source: source}, s.overlays())
		if err != nil {
			t.Fatal(err)
		}
		a := &app{World: World{Getenv: func(name string) string {
			if name == "AWS_PROFILE" {
				return profile
			}
			return ""
		}}}
		return a.series([]target{x})
	}
	a := series("a", "aws", &setting{})
	if b := series("b", "aws", &setting{}); a == b {
		t.Errorf("both are %q", a)
	}
	if named := series("b", "aws:a", &setting{}); named != a {
		t.Errorf("%q by its name, %q as the current one", named, a)
	}
	if other := series("a", "aws", &setting{regions: []string{"eu-*"}}); other == a {
		t.Error("other regions are the same series")
	}
	if resumed := series("a", "aws", &setting{resume: "state"}); resumed != a {
		t.Errorf("%q with a state", resumed)
	}
}

// TestDoctorAsksAWS: as whom, which account, and what is denied.
func TestDoctorAsksAWS(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		switch {
		case r.Form.Get("Action") == "GetCallerIdentity":
			fmt.Fprint(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/auditor</Arn><UserId>AIDA</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		case r.Form.Get("Action") == "GetAccountSummary":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
		case r.Form.Get("Action") != "":
			fmt.Fprintf(w, `<%[1]sResponse><%[1]sResult/></%[1]sResponse>`, r.Form.Get("Action"))
		default:
			fmt.Fprint(w, `{}`)
		}
	}))
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CONFIG_FILE", "/nowhere")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
	a := &app{World: World{Now: time.Now, Getenv: func(string) string { return "" }}}
	list := a.ask(t.Context(), &setting{}, "aws")
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	if got := list[0]; got.Status != "warn" || !strings.HasPrefix(got.Detail, "account 111122223333 as arn:aws:iam::111122223333:user/auditor; 7 of 8 calls answered, in eu-central-1\n") ||
		!slices.ContainsFunc(strings.Split(got.Detail, "\n"), func(l string) bool {
			return strings.HasPrefix(l, "iam:GetAccountSummary: the permission iam:GetAccountSummary is missing")
		}) {
		t.Errorf("%+v", got)
	}
}
