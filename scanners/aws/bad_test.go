package aws

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// scan reads an account over a server in memory.
func scan(t *testing.T, s *fake.Server, c Config) *recorded {
	t.Helper()
	alone(t)
	c.Endpoint, c.Region = "http://aws.northwind.example", region
	transport := scannertest.Serve(s)
	env := scanners.Env{
		Now:  func() time.Time { return s.Date },
		Wrap: func(http.RoundTripper) http.RoundTripper { return transport }, UserAgent: "muster/test",
	}
	opened, err := openWith(env, c, 1, func(ctx context.Context, _ time.Duration) error { return ctx.Err() })
	if err != nil {
		t.Fatal(err)
	}
	out := &recorded{}
	err = opened.Scan(t.Context(), func(r inventory.Record) error {
		if r.Progress == nil {
			out.all = append(out.all, r)
		}
		return r.Validate()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBadInput looks for the word that each oddity has, and that nothing else is
// lost for it.
func TestBadInput(t *testing.T) {
	good := `{"Version":"2012-10-17","Statement":[` + allow(`"s3:GetObject"`, `"*"`) + `]}`
	large := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":["*"` + strings.Repeat(`,"arn:aws:s3:::northwind/`+strings.Repeat("x", 1000)+`"`, 6000) + `]}]}`
	policy := func(document string) func(*fake.Server) {
		return func(s *fake.Server) {
			s.Set(account, "", "iam:GetAccountAuthorizationDetails", fake.Tree{"UserDetailList": []any{
				fake.Tree{"Path": "/", "UserName": "deploy", "UserId": "AIDADEPLOY", "Arn": iamARN("user/deploy"), "CreateDate": "2024-01-10T08:00:00Z", "UserPolicyList": []any{
					fake.Tree{"PolicyName": "odd", "PolicyDocument": document}, fake.Tree{"PolicyName": "good", "PolicyDocument": url.QueryEscape(good)},
				}},
			}})
		}
	}
	for _, c := range []struct {
		name   string
		change func(*fake.Server)
		kind   inventory.Kind
		status inventory.Status
		says   string
	}{
		{"a policy that is no JSON", policy("%7Bnot"), inventory.KindGrant, inventory.StatusPartial, "user deploy, policy odd"},
		{"a policy encoded twice", policy(url.QueryEscape(url.QueryEscape(good))), inventory.KindGrant, inventory.StatusComplete, "user deploy, policy odd: "},
		{"a policy of 6 MB", policy(url.QueryEscape(large)), inventory.KindGrant, inventory.StatusComplete, ""},
		{"a policy with a key that nobody knows", policy(url.QueryEscape(strings.Replace(good, `"Effect"`, `"Condiment":{},"Effect"`, 1))), inventory.KindGrant, inventory.StatusComplete, "user deploy, policy odd: "},
		{"a report that is being made", func(s *fake.Server) {
			s.Set(account, "", "iam:GenerateCredentialReport", fake.Tree{"State": "INPROGRESS"})
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if r.Action == "iam:GetCredentialReport" {
					fake.Refuse(w, r.Action, http.StatusNotFound, "ReportInProgress", "the report is being generated")
				}
				return r.Action == "iam:GetCredentialReport"
			}
		}, inventory.KindCredential, inventory.StatusPartial, "iam:GetCredentialReport (access keys and passwords): "},
		{"a region that is off", func(s *fake.Server) {
			s.Set(account, "", "ec2:DescribeRegions", fake.Tree{"regionInfo": []any{
				fake.Tree{"regionName": region, "optInStatus": "opt-in-not-required"}, fake.Tree{"regionName": "me-central-1", "optInStatus": "not-opted-in"},
			}})
		}, inventory.KindCredential, inventory.StatusComplete, "me-central-1"},
		{"a call that is denied", func(s *fake.Server) {
			s.Allow = func(r fake.Request) bool { return r.Action != "secretsmanager:ListSecrets" }
		}, inventory.KindCredential, inventory.StatusPartial, "secretsmanager:ListSecrets in " + region + " (secrets): the permission is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := served()
			s.Page = 0
			c.change(s)
			got := scan(t, s, Config{})
			x := got.coverage(t, "aws:"+account, c.kind)
			if text := x.Reason + strings.Join(x.Notes, "; "); x.Status != c.status || !strings.Contains(text, c.says) {
				t.Errorf("got %s, %q", x.Status, text)
			}
			got.identity(t, "aws:"+iamARN("user/deploy"))
			if c.kind == inventory.KindGrant {
				if g := got.grant(t, "aws:"+iamARN("user/deploy")+"#inline/good"); g.Level != inventory.LevelRead {
					t.Errorf("the policy beside it is %s", g.Level)
				}
			}
		})
	}
}

// TestConfig refuses what cannot be meant.
func TestConfig(t *testing.T) {
	alone(t)
	for _, c := range []struct {
		name   string
		config Config
		says   string // empty if it is fine
	}{
		{"nothing", Config{}, ""},
		{"an external id without a role", Config{ExternalID: "nw"}, "role_name"},
		{"an age without a directory", Config{ResumeAge: time.Hour}, "resume"},
		{"a negative age", Config{Resume: "x", ResumeAge: -1}, "resume_age"},
		{"too many at once", Config{Parallel: 1000}, "parallel"},
		{"an empty tag", Config{OwnerTags: []string{""}}, "owner_tags"},
		{"details of another kind", Config{Details: "some"}, "details"},
		{"a pattern that is none", Config{Regions: []string{"["}}, "pattern"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := scanners.Env{Now: time.Now, Wrap: func(r http.RoundTripper) http.RoundTripper { return r }}
			_, err := open(env, c.config)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
