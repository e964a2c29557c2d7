package privilege_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
)

func TestAWSPolicy(t *testing.T) {
	allow := func(rest string) string { return `{"Statement":[{"Effect":"Allow",` + rest + `}]}` }
	tests := []struct {
		name     string
		document string
		level    inventory.Level
		has, not string
	}{
		{"admin", allow(`"Action":"*","Resource":"*"`), inventory.LevelAdmin, "admin.all", ""},
		{"admin spelt twice", allow(`"Action":["*:*"],"Resource":["*"]`), inventory.LevelAdmin, "admin.all", ""},
		{"one statement, no list", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, inventory.LevelAdmin, "", ""},
		{"admin under a condition", allow(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), inventory.LevelUnknown, "", "admin.all"},
		{"admin on named things", allow(`"Action":"*","Resource":"arn:aws:s3:::logs/*"`), inventory.LevelWrite, "", "admin.all"},
		{"pass role alone", allow(`"Action":"iam:PassRole","Resource":"*"`), inventory.LevelNone, "pass_role", "compute.create"},
		{"pass role with lambda", allow(`"Action":["iam:PassRole","lambda:CreateFunction"],"Resource":"*"`), inventory.LevelEscalate, "compute.create", ""},
		{"pass one role with lambda", `{"Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/one"},{"Effect":"Allow","Action":"lambda:CreateFunction","Resource":"*"}]}`, inventory.LevelWrite, "", "pass_role"},
		{"attach any policy", allow(`"Action":"iam:AttachRolePolicy","Resource":"*"`), inventory.LevelEscalate, "policy.write", ""},
		{"attach to all roles of the account", allow(`"Action":"iam:AttachRolePolicy","Resource":"arn:aws:iam::111122223333:role/*"`), inventory.LevelEscalate, "policy.write", ""},
		{"attach to one role", allow(`"Action":"iam:AttachRolePolicy","Resource":"arn:aws:iam::111122223333:role/one"`), inventory.LevelWrite, "", "policy.write"},
		{"own keys only", allow(`"Action":["iam:CreateAccessKey","iam:ListAccessKeys"],"Resource":"arn:aws:iam::*:user/${aws:username}"`), inventory.LevelWrite, "", "credentials.create"},
		{"keys of everybody", allow(`"Action":"iam:*AccessKey","Resource":"*"`), inventory.LevelEscalate, "credentials.create", ""},
		{"case of actions", allow(`"Action":"IAM:createaccesskey","Resource":"*"`), inventory.LevelEscalate, "credentials.create", ""},
		{"denied again", `{"Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`, inventory.LevelNone, "", "policy.write"},
		{"denied under a condition", `{"Statement":[{"Effect":"Allow","Action":"iam:CreateAccessKey","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`, inventory.LevelEscalate, "credentials.create", ""},
		{"everything but iam", allow(`"NotAction":["iam:*","organizations:*"],"Resource":"*"`), inventory.LevelWrite, "secrets.read_all", "policy.write"},
		{"everything but s3", allow(`"NotAction":"s3:*","Resource":"*"`), inventory.LevelEscalate, "policy.write", "data.read_all"},
		{"everywhere but one bucket", allow(`"Action":"s3:GetObject","NotResource":"arn:aws:s3:::private/*"`), inventory.LevelRead, "data.read_all", ""},
		{"all secrets", allow(`"Action":"secretsmanager:Get*","Resource":"*"`), inventory.LevelRead, "secrets.read_all", ""},
		{"one secret", allow(`"Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-central-1:111122223333:secret:db-AbCdEf"`), inventory.LevelRead, "secrets.read", "secrets.read_all"},
		{"reads", allow(`"Action":["ec2:Describe*","s3:List*"],"Resource":"*"`), inventory.LevelRead, "", ""},
		{"reads, writes under a condition", `{"Statement":[{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*"},{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-central-1"}}}]}`, inventory.LevelUnknown, "", ""},
		{"an action that is an expression", allow(`"Action":"${var.action}","Resource":"*"`), inventory.LevelUnknown, "", ""},
		{"reads under other verbs", allow(`"Action":["sqs:ReceiveMessage","codecommit:GitPull","logs:StartQuery"],"Resource":"*"`), inventory.LevelRead, "", ""},
		{"a wildcard that may write", allow(`"Action":"athena:Batch*","Resource":"*"`), inventory.LevelWrite, "", ""},
		{"only denies", `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`, inventory.LevelNone, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := privilege.AWSPolicy([]byte(tt.document))
			if err != nil {
				t.Fatal(err)
			}
			if got.Level != tt.level {
				t.Errorf("level %q, want %q (%q)", got.Level, tt.level, got.Reasons)
			}
			if tt.has != "" && !slices.Contains(got.Capabilities, tt.has) || tt.not != "" && slices.Contains(got.Capabilities, tt.not) {
				t.Errorf("capabilities %q, want %q and not %q", got.Capabilities, tt.has, tt.not)
			}
		})
	}
}

func TestNotAPolicy(t *testing.T) {
	for name, document := range map[string]string{
		"empty": "", "not JSON": "x", "no statement": `{}`, "number": `{"Statement":[{"Effect":"Allow","Action":{"a":1}}]}`,
		"effect": `{"Statement":[{"Effect":"Maybe","Action":"*"}]}`, "huge": strings.Repeat(" ", 2<<20),
	} {
		if _, err := privilege.AWSPolicy([]byte(document)); !errors.Is(err, privilege.ErrNotPolicy) {
			t.Errorf("%s: %v, want ErrNotPolicy", name, err)
		}
	}
}

func TestAWSTrustPolicy(t *testing.T) {
	const document = `{"Statement":[
	 {"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
	  "Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":["repo:a/b:*","repo:a/c:*"]},"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}},
	 {"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/gitlab.com"},
	  "Condition":{"StringLikeIfExists":{"gitlab.com:sub":"project_path:a/*"}}},
	 {"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["444455556666","arn:aws:iam::777788889999:root"]},"Condition":{"StringEquals":{"sts:ExternalId":"x1"}}},
	 {"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"},
	 {"Effect":"Deny","Action":"sts:AssumeRole","Principal":"*"},
	 {"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/okta"}}]}`
	got, err := privilege.AWSTrustPolicy([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	want := []privilege.Trusted{
		{Type: "oidc", Principal: "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", Issuer: "https://token.actions.githubusercontent.com", Account: "111122223333", Subjects: []string{"repo:a/b:*", "repo:a/c:*"}, Audiences: []string{"sts.amazonaws.com"}, Conditions: []string{"StringEquals token.actions.githubusercontent.com:aud = sts.amazonaws.com", "StringLike token.actions.githubusercontent.com:sub = repo:a/b:*, repo:a/c:*"}},
		{Type: "oidc", Principal: "arn:aws:iam::111122223333:oidc-provider/gitlab.com", Issuer: "https://gitlab.com", Account: "111122223333", Conditions: []string{"StringLikeIfExists gitlab.com:sub = project_path:a/*"}},
		{Type: "account", Principal: "444455556666", Account: "444455556666", ExternalID: inventory.True, Conditions: []string{"StringEquals sts:ExternalId = x1"}},
		{Type: "account", Principal: "arn:aws:iam::777788889999:root", Account: "777788889999", ExternalID: inventory.True, Conditions: []string{"StringEquals sts:ExternalId = x1"}},
		{Type: "account", Principal: "*", ExternalID: inventory.False},
		{Type: "saml", Principal: "arn:aws:iam::111122223333:saml-provider/okta", Account: "111122223333"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTables(t *testing.T) {
	tests := []struct {
		name string
		got  privilege.Assessment
		want inventory.Level
	}{
		{"AdministratorAccess", privilege.AWSManagedPolicy("arn:aws:iam::aws:policy/AdministratorAccess"), inventory.LevelAdmin},
		{"a customer's policy of that name", privilege.AWSManagedPolicy("arn:aws:iam::111122223333:policy/AdministratorAccess"), inventory.LevelUnknown},
		{"by its name", privilege.AWSManagedPolicy("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"), inventory.LevelRead},
		{"not in the table", privilege.AWSManagedPolicy("arn:aws:iam::aws:policy/service-role/SomethingNew"), inventory.LevelUnknown},
		{"owner", privilege.GCPRole("roles/owner"), inventory.LevelAdmin},
		{"token creator", privilege.GCPRole("roles/iam.serviceAccountTokenCreator"), inventory.LevelEscalate},
		{"custom", privilege.GCPRole("projects/p/roles/owner"), inventory.LevelUnknown},
		{"viewer by name", privilege.GCPRole("roles/spanner.viewer"), inventory.LevelRead},
		{"azure owner by id", privilege.AzureRole("/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"), inventory.LevelAdmin},
		{"azure custom", privilege.AzureRole("Robot Keeper"), inventory.LevelUnknown},
	}
	for _, tt := range tests {
		if tt.got.Level != tt.want || len(tt.got.Reasons) == 0 {
			t.Errorf("%s: %+v, want %s", tt.name, tt.got, tt.want)
		}
	}
}

func TestMax(t *testing.T) {
	read := privilege.GitHubPermissions(map[string]string{"contents": "read"})
	none := privilege.GitHubPermissions(map[string]string{})
	open := privilege.GitHubPermissions(nil)
	for _, tt := range []struct {
		name string
		got  privilege.Assessment
		want inventory.Level
	}{
		{"nothing", privilege.Max(), inventory.LevelUnknown},
		{"read and none", privilege.Max(none, read), inventory.LevelRead},
		{"read and unknown", privilege.Max(read, open), inventory.LevelUnknown},
		{"none and unknown", privilege.Max(none, open), inventory.LevelUnknown},
		{"admin and unknown", privilege.Max(privilege.GCPRole("roles/owner"), open), inventory.LevelAdmin},
	} {
		if tt.got.Level != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got.Level, tt.want)
		}
	}
}

// FuzzAWSPolicy looks for panics, and for a certain level without a reason.
func FuzzAWSPolicy(f *testing.F) {
	f.Add([]byte(`{"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":["*"],"Condition":{"Bool":{"a":true}}}]}`))
	f.Add([]byte(`{"Statement":{"Effect":"Deny","Action":["*"],"NotResource":"arn:aws:s3:::x","Principal":{"AWS":"*"}}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		a, err := privilege.AWSPolicy(document)
		if err == nil && len(a.Reasons) == 0 {
			t.Error("a level without a reason")
		}
		if _, err := privilege.AWSTrustPolicy(document); err != nil && !errors.Is(err, privilege.ErrNotPolicy) {
			t.Errorf("%v is not ErrNotPolicy", err)
		}
	})
}
