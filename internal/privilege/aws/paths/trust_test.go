package paths

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

const oidc = `"arn:aws:iam::111122223333:oidc-provider/`

// web is a trust in an OIDC provider with conditions.
func web(issuer, conditions string) string {
	return `{"Effect":"Allow","Principal":{"Federated":` + oidc + issuer + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{` + conditions + `}}`
}

// everybody is a trust in everybody with conditions.
func everybody(conditions string) string {
	return `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{` + conditions + `}}`
}

func TestTrusts(t *testing.T) {
	const github = "token.actions.githubusercontent.com"
	const eks = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
	aud := `"StringEquals":{"` + github + `:aud":"sts.amazonaws.com"}`
	sub := func(v string) string { return aud + `,"StringLike":{"` + github + `:sub":"` + v + `"}` }
	tests := []struct {
		name, statement string
		kind            string
		weak            string // codes, in order
		look            func(*Trust) bool
	}{
		{"service", `{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`, TrustService, "", func(x *Trust) bool { return x.Service == "lambda.amazonaws.com" && x.SourceBound == inventory.False }},
		{"deputy", `{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole"}`, TrustService, WeakDeputy, nil},
		{"deputy bound by account", `{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}`, TrustService, "", func(x *Trust) bool { return x.SourceBound == inventory.True }},
		{"deputy bound by ARN", `{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:scheduler:*:111122223333:*"}}}`, TrustService, "", nil},
		{"deputy bound by the organisation", `{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceOrgID":"o-northwind1"}}}`, TrustService, "", nil},
		{"deputy bound by IfExists", `{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEqualsIfExists":{"aws:SourceAccount":"111122223333"}}}`, TrustService, WeakDeputy, nil},
		{"deputy bound by a star", `{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"aws:SourceAccount":"*"}}}`, TrustService, WeakDeputy, nil},
		{"everybody", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`, TrustEveryone, WeakPublic, nil},
		{"everybody of the organisation", `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-northwind1"}}}`, TrustEveryone, "", nil},
		{"everybody but one", `{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/anna"},"Action":"sts:AssumeRole"}`, TrustEveryone, WeakPublic + " " + WeakNotPrincipal, nil},
		{"everybody, of the organisation", everybody(`"StringEquals":{"aws:PrincipalOrgID":"o-northwind1"}`), TrustEveryone, "", func(x *Trust) bool { return x.InOrg == inventory.True && x.Bounded }},
		{"everybody, of the organisation of the role", everybody(`"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}`), TrustEveryone, "", func(x *Trust) bool { return x.InOrg == inventory.True && x.Bounded }},
		{"everybody, of a unit", everybody(`"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-northwind1/r-1/ou-1/*"}`), TrustEveryone, "", func(x *Trust) bool { return x.InOrg == inventory.True && x.Bounded }},
		{"everybody, of another organisation", everybody(`"StringEquals":{"aws:PrincipalOrgID":"o-other"}`), TrustEveryone, "", func(x *Trust) bool { return x.InOrg == inventory.False && x.Bounded }},
		{"everybody, of one of two organisations", everybody(`"StringEquals":{"aws:PrincipalOrgID":["o-northwind1","o-other"]}`), TrustEveryone, "", func(x *Trust) bool { return x.InOrg == inventory.False && x.Bounded }},
		{"everybody, of any organisation", everybody(`"StringLike":{"aws:PrincipalOrgID":"o-*"}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False && !x.Bounded }},
		{"everybody, but an organisation", everybody(`"StringNotEquals":{"aws:PrincipalOrgID":"o-northwind1"}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False }},
		{"everybody, of an organisation if any", everybody(`"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-northwind1"}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False }},
		{"everybody, of the own account", everybody(`"StringEquals":{"aws:PrincipalAccount":"111122223333"}`), TrustEveryone, "", func(x *Trust) bool { return x.InOrg == inventory.True }},
		{"everybody, of a foreign account", everybody(`"StringEquals":{"aws:PrincipalAccount":"999988887777"}`), TrustEveryone, "", func(x *Trust) bool { return x.InOrg == inventory.False && x.Bounded }},
		{"everybody, but an account", everybody(`"StringNotEquals":{"aws:PrincipalAccount":"1"}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False }},
		{"everybody, by the name of a role", everybody(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/deploy"}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False }},
		{"everybody, roles of an account", everybody(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/*"}`), TrustEveryone, "", func(x *Trust) bool { return x.InOrg == inventory.True }},
		{"everybody, by a tag of its own", everybody(`"StringEquals":{"aws:PrincipalTag/team":"orders"}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False }},
		{"everybody, by TLS", everybody(`"Bool":{"aws:SecureTransport":"true"}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False }},
		{"everybody, by external id", everybody(`"StringEquals":{"sts:ExternalId":"northwind-canary"}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False && x.ExternalID == inventory.True }},
		{"everybody, from a network", everybody(`"IpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:db8::/32"]}`), TrustEveryone, "", func(x *Trust) bool { return x.InOrg == inventory.False && x.Bounded }},
		{"everybody, from everywhere", everybody(`"IpAddress":{"aws:SourceIp":["192.0.2.0/24","0.0.0.0/0"]}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False }},
		{"everybody, but from a network", everybody(`"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), TrustEveryone, WeakPublic, func(x *Trust) bool { return x.InOrg == inventory.False }},
		{"foreign account by another organisation", `{"Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-other"}}}`, TrustAccount, WeakCrossAccount + " " + WeakNoExternalID, func(x *Trust) bool { return x.InOrg == inventory.False }},
		{"own account", `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`, TrustAccount, "", func(x *Trust) bool { return x.SameAccount == inventory.True && x.InOrg == inventory.True }},
		{"account of the organisation", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole"}`, TrustAccount, "", func(x *Trust) bool { return x.InOrg == inventory.True && x.Account == "444455556666" }},
		{"foreign account", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole"}`, TrustAccount, WeakCrossAccount + " " + WeakNoExternalID, func(x *Trust) bool { return x.InOrg == inventory.False && x.ExternalID == inventory.False }},
		{"foreign account with external id", `{"Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"northwind-canary"}}}`, TrustAccount, WeakCrossAccount, func(x *Trust) bool { return x.ExternalID == inventory.True }},
		{"external id that may lack", `{"Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":"sts:AssumeRole","Condition":{"StringEqualsIfExists":{"sts:ExternalId":"northwind-canary"}}}`, TrustAccount, WeakCrossAccount + " " + WeakNoExternalID, nil},
		{"MFA", `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`, TrustAccount, "", func(x *Trust) bool { return x.MFA == inventory.True }},
		{"a role", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/ci"},"Action":"sts:AssumeRole"}`, TrustPrincipal, "", nil},
		{"somebody who is gone", `{"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEGONE000000"},"Action":"sts:AssumeRole"}`, TrustDeleted, WeakDeleted, nil},
		{"SAML", `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/sso"},"Action":"sts:AssumeRoleWithSAML","Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}}`, TrustSAML, "", nil},
		{"SAML for anybody", `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/sso"},"Action":"sts:AssumeRoleWithSAML"}`, TrustSAML, WeakNoSAMLSubject, nil},
		{"Roles Anywhere", `{"Effect":"Allow","Principal":{"Service":"rolesanywhere.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}`, TrustService, WeakNoAnchor, nil},
		{"Roles Anywhere by anchor", `{"Effect":"Allow","Principal":{"Service":"rolesanywhere.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/a"}}}`, TrustService, "", nil},
		{"Roles Anywhere by subject", `{"Effect":"Allow","Principal":{"Service":"rolesanywhere.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalTag/x509Subject/CN":"build-7"}}}`, TrustService, "", nil},
		{"Pod Identity", `{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/kubernetes-namespace":"payments","aws:RequestTag/kubernetes-service-account":"runner"}}}`, TrustService, "", func(x *Trust) bool { return x.Namespace == "payments" && x.ServiceAccount == "runner" }},

		{"GitHub branch", web(github, sub("repo:northwind/robots:ref:refs/heads/main")), TrustOIDC, "", func(x *Trust) bool { return x.Platform == "github" && x.Issuer == github && len(x.Subjects) == 1 }},
		{"GitHub with immutable ids", web(github, sub("repo:northwind@1234567/robots@89012345:environment:prod")), TrustOIDC, "", nil},
		{"GitHub immutable, any branch", web(github, sub("repo:northwind@1234567/robots@89012345:*")), TrustOIDC, WeakSubject, nil},
		{"GitHub any branch", web(github, sub("repo:northwind/robots:*")), TrustOIDC, WeakSubject, func(x *Trust) bool { return strings.Contains(x.Weak[0].Text, "one repository") }},
		{"GitHub any repository", web(github, sub("repo:northwind/*")), TrustOIDC, WeakSubject, func(x *Trust) bool { return strings.Contains(x.Weak[0].Text, "any repository") }},
		{"GitHub owner that begins so", web(github, sub("repo:northwind*")), TrustOIDC, WeakSubject, func(x *Trust) bool { return strings.Contains(x.Weak[0].Text, "others than one customer") }},
		{"GitHub anybody", web(github, sub("repo:*")), TrustOIDC, WeakSubject, func(x *Trust) bool { return strings.Contains(x.Weak[0].Text, "others than one customer") }},
		{"GitHub star", web(github, sub("*")), TrustOIDC, WeakNoSubject, nil},
		{"GitHub without subject", web(github, aud), TrustOIDC, WeakNoSubject, func(x *Trust) bool { return slices.Equal(x.Audiences, []string{"sts.amazonaws.com"}) }},
		{"GitHub but one subject", web(github, aud+`,"StringNotEquals":{"`+github+`:sub":"repo:northwind/robots:*"}`), TrustOIDC, WeakNoSubject, func(x *Trust) bool { return !x.Bounded }},
		{"GitHub with any subject at all", web(github, aud+`,"Null":{"`+github+`:sub":"false"}`), TrustOIDC, WeakNoSubject, func(x *Trust) bool { return !x.Bounded }},
		{"GitHub without subject, from a network", web(github, aud+`,"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), TrustOIDC, WeakNoSubject, func(x *Trust) bool { return x.Bounded }},
		{"GitHub pull requests", web(github, sub("repo:northwind/robots:pull_request")), TrustOIDC, WeakPullRequest, nil},
		{"GitHub customised subject", web(github, sub("repository_owner_id:1234567:job_workflow_ref:northwind/ci/.github/workflows/*")), TrustOIDC, "", nil},
		{"GitHub by another claim", web(github, aud+`,"StringLike":{"`+github+`:repository":"northwind/robots"}`), TrustOIDC, "", nil},
		{"GitHub wildcard that is text", web(github, `"StringEquals":{"`+github+`:aud":"sts.amazonaws.com","`+github+`:sub":"repo:northwind/*"}`), TrustOIDC, "", nil},
		{"GitHub subject that may lack", web(github, aud+`,"StringLikeIfExists":{"`+github+`:sub":"repo:northwind/robots:*"}`), TrustOIDC, WeakOptional + " " + WeakNoSubject, nil},
		{"GitHub subject for all values", web(github, aud+`,"ForAllValues:StringLike":{"`+github+`:sub":"repo:northwind/robots:*"}`), TrustOIDC, WeakOptional + " " + WeakNoSubject, nil},
		{"GitHub without audience", web(github, `"StringEquals":{"`+github+`:sub":"repo:northwind/robots:environment:prod"}`), TrustOIDC, WeakNoAudience, nil},
		{"GitHub of an enterprise", web(github+"/northwind", `"StringLike":{"`+github+`/northwind:sub":"repo:northwind/robots:environment:prod","`+github+`/northwind:aud":"sts.amazonaws.com"}`), TrustOIDC, "", func(x *Trust) bool { return x.Platform == "github" }},
		{"GitLab project", web("gitlab.com", `"StringEquals":{"gitlab.com:aud":"https://gitlab.com","gitlab.com:sub":"project_path:northwind/robots:ref_type:branch:ref:main"}`), TrustOIDC, "", func(x *Trust) bool { return x.Platform == "gitlab" }},
		{"GitLab anybody", web("gitlab.com", `"StringEquals":{"gitlab.com:aud":"https://gitlab.com"}`), TrustOIDC, WeakNoSubject, nil},
		{"GitLab wide", web("gitlab.com", `"StringLike":{"gitlab.com:aud":"https://gitlab.com","gitlab.com:sub":"project_path:*:ref:main"}`), TrustOIDC, WeakSubject, nil},
		{"GitLab of one's own", web("gitlab.northwind.example", `"StringEquals":{"gitlab.northwind.example:aud":"sts"}`), TrustOIDC, WeakNoSubject, func(x *Trust) bool { return strings.HasPrefix(x.Weak[0].Text, "every workload of") }},
		{"Terraform workspace", web("app.terraform.io", `"StringEquals":{"app.terraform.io:aud":"aws.workload.identity"},"StringLike":{"app.terraform.io:sub":"organization:northwind:project:p:workspace:w:run_phase:*"}`), TrustOIDC, WeakSubject, func(x *Trust) bool { return x.Platform == "terraform" && strings.Contains(x.Weak[0].Text, "phase") }},
		{"Terraform anybody", web("app.terraform.io", `"StringEquals":{"app.terraform.io:aud":"aws.workload.identity"},"StringLike":{"app.terraform.io:sub":"organization:*:project:*:workspace:prod:*"}`), TrustOIDC, WeakSubject, func(x *Trust) bool { return strings.Contains(x.Weak[0].Text, "others than one customer") }},
		{"Buildkite", web("agent.buildkite.com", `"StringEquals":{"agent.buildkite.com:aud":"sts.amazonaws.com"},"StringLike":{"agent.buildkite.com:sub":"organization:northwind:pipeline:deploy:*"}`), TrustOIDC, WeakSubject, func(x *Trust) bool { return x.Platform == "buildkite" }},
		{"CircleCI", web("oidc.circleci.com/org/0a1b", `"StringLike":{"oidc.circleci.com/org/0a1b:aud":"0a1b","oidc.circleci.com/org/0a1b:sub":"org/0a1b/project/2c3d/user/*"}`), TrustOIDC, WeakSubject, func(x *Trust) bool { return x.Platform == "circleci" }},
		{"IRSA", web(eks, `"StringEquals":{"`+eks+`:aud":"sts.amazonaws.com","`+eks+`:sub":"system:serviceaccount:payments:runner"}`), TrustOIDC, "", func(x *Trust) bool {
			return x.Namespace == "payments" && x.ServiceAccount == "runner" && x.Platform == "eks"
		}},
		{"IRSA for a namespace", web(eks, `"StringEquals":{"`+eks+`:aud":"sts.amazonaws.com"},"StringLike":{"`+eks+`:sub":"system:serviceaccount:payments:*"}`), TrustOIDC, WeakSubject, func(x *Trust) bool { return x.Namespace == "" }},
		{"IRSA for the cluster", web(eks, `"StringEquals":{"`+eks+`:aud":"sts.amazonaws.com"}`), TrustOIDC, WeakNoSubject, nil},
		{"Cognito guests", `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"eu-west-1:pool"}}}`, TrustOIDC, WeakPublic, nil},
		{"Cognito signed in", `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"eu-west-1:pool"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"authenticated"}}}`, TrustOIDC, "", nil},
	}
	table := mustTable(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := trusted(t, table, test.statement)
			if len(got) != 1 {
				t.Fatalf("%d trusts, want one", len(got))
			}
			x := &got[0]
			var codes []string
			for _, w := range x.Weak {
				codes = append(codes, w.Code)
			}
			if x.Kind != test.kind || strings.Join(codes, " ") != test.weak {
				t.Errorf("kind %q, weak %q; want %q, %q\n%+v", x.Kind, codes, test.kind, test.weak, x.Weak)
			}
			if test.look != nil && !test.look(x) {
				t.Errorf("is read as %+v", *x)
			}
			if raw, err := json.Marshal(x); err != nil || strings.Contains(string(raw), "northwind-canary") {
				t.Errorf("an external id is shown, or the trust cannot be written: %v", err)
			}
		})
	}
}

// trusted reads the trusts of a role of Northwind Robotics' account.
func trusted(t *testing.T, table *table, list string) []Trust {
	t.Helper()
	role := Principal{ARN: "arn:aws:iam::111122223333:role/r", Kind: KindRole, Trust: parsed(t, json.RawMessage(`{"Version":"2012-10-17","Statement":[`+list+`]}`))}
	a := analyze(&Estate{
		Organization: "o-northwind1", Members: map[string]bool{"111122223333": true, "444455556666": true},
		Accounts: []Account{{ID: "111122223333", Member: inventory.True, LimitsKnown: true, Principals: []Principal{role}}},
	}, table, 1)
	return a.Trusts(role.ARN)
}

func TestTrustsOfOneStatement(t *testing.T) {
	got := trusted(t, mustTable(t), `{"Sid":"two","Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:user/anna"],"Service":"ec2.amazonaws.com"},"Action":"sts:*"},
		{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/anna"},"Action":"sts:AssumeRole*"},
		{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:TagSession"}`)
	var lines []string
	for _, x := range got {
		lines = append(lines, x.Kind+" "+x.Principal+" "+x.Sid+map[bool]string{true: " closed"}[x.Closed])
	}
	want := []string{"account 111122223333 two", "principal arn:aws:iam::111122223333:user/anna two closed", "service ec2.amazonaws.com two"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestResourceTrusts(t *testing.T) {
	doc := func(s string) *policy.Document {
		return parsed(t, json.RawMessage(`{"Version":"2012-10-17","Statement":[`+s+`]}`))
	}
	e := &Estate{Accounts: []Account{{ID: "111122223333", Member: inventory.False, LimitsKnown: true, Resources: []Resource{
		{ARN: "arn:aws:sqs:eu-west-1:111122223333:q", Kind: ResourceOther, Policy: doc(`{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}`)},
		{ARN: "arn:aws:s3:::b", Kind: ResourceBucket, Policy: doc(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`)},
		{ARN: "arn:aws:s3:::c", Kind: ResourceBucket, Policy: doc(`{"Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::c/*"}`)},
	}}}}
	a := Analyze(e, 1)
	for arn, want := range map[string]string{"arn:aws:sqs:eu-west-1:111122223333:q": WeakDeputy, "arn:aws:s3:::b": WeakPublic, "arn:aws:s3:::c": WeakCrossAccount} {
		got := a.ResourceTrusts(arn)
		if len(got) != 1 || len(got[0].Weak) != 1 || got[0].Weak[0].Code != want {
			t.Errorf("%s: %+v, want %s", arn, got, want)
		}
	}
}

// TestTrustsBeneathRCP closes a trust in a foreign account by a policy of the
// organisation, and leaves one of the own.
func TestTrustsBeneathRCP(t *testing.T) {
	role := Principal{ARN: "arn:aws:iam::111122223333:role/r", Kind: KindRole, Trust: parsed(t, json.RawMessage(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":["999988887777","444455556666"]},"Action":"sts:AssumeRole"}]}`))}
	rcp := &Policy{Name: "perimeter", ARN: "arn:rcp", Document: parsed(t, json.RawMessage(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-northwind1"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}]}`))}
	a := Analyze(&Estate{
		Organization: "o-northwind1", Members: map[string]bool{"111122223333": true, "444455556666": true},
		Accounts: []Account{{ID: "111122223333", Member: inventory.True, LimitsKnown: true, RCPs: []Layer{{"root", []*Policy{rcp}}}, Principals: []Principal{role}}},
	}, 1)
	got := a.Trusts(role.ARN)
	if len(got) != 2 || !got[0].Closed || got[1].Closed {
		t.Errorf("%+v", got)
	}
}

// TestResourceTrustsOfTwins has two resources of one name: the first counts, even
// if it has no policy.
func TestResourceTrustsOfTwins(t *testing.T) {
	doc, err := policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	const first, second = "arn:aws:sqs:eu-west-1:111122223333:a", "arn:aws:sqs:eu-west-1:111122223333:b"
	a := Analyze(&Estate{Accounts: []Account{
		{ID: "111122223333", Resources: []Resource{{ARN: first, Kind: ResourceOther}, {ARN: second, Kind: ResourceOther, Policy: doc}}},
		{ID: "444455556666", Resources: []Resource{{ARN: first, Kind: ResourceOther, Policy: doc}, {ARN: second, Kind: ResourceOther}}},
	}}, 1)
	if got := a.ResourceTrusts(first); len(got) != 0 {
		t.Errorf("the first has no policy, got %+v", got)
	}
	if got := a.ResourceTrusts(second); len(got) != 1 || got[0].Kind != TrustEveryone {
		t.Errorf("the first lets in everybody, got %+v", got)
	}
}
