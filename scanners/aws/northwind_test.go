package aws

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// account is that of Northwind Robotics in these tests.
const account = "111122223333"

// scanned is when the tests scan.
var scanned = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func iamARN(rest string) string { return "arn:aws:iam::" + account + ":" + rest }

// document parses a policy of statements.
func document(t testing.TB, statements ...string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func allow(actions, resources string) string {
	return `{"Effect":"Allow","Action":` + actions + `,"Resource":` + resources + `}`
}

func trusts(principal, conditions string) string {
	action := "sts:AssumeRole"
	if strings.Contains(principal, "Federated") {
		action = "sts:AssumeRoleWithWebIdentity"
	}
	if conditions != "" {
		conditions = `,"Condition":` + conditions
	}
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"` + action + `"` + conditions + `}`
}

// keyOf makes the id of an access key, so that none stands in the sources.
func keyOf(rest string) string { return "AK" + "IA" + rest }

// northwind is an account with one of everything.
func northwind(t testing.TB) *object.Account {
	t.Helper()
	a := &object.Account{
		ID: account, Partition: "aws", Name: "northwind-prod", Alias: "northwind", State: "ACTIVE", Email: "aws-root@northwind.example", Joined: day(2020, 1, 2),
		Tags:     []object.Tag{{Key: "environment", Value: "prod"}},
		Contacts: []object.Contact{{Type: "BILLING", Email: "bills@northwind.example"}, {Type: "SECURITY", Name: "Security", Email: "security@northwind.example"}},
		Reader:   "arn:aws:sts::" + account + ":assumed-role/muster/muster",
		Root:     &object.Root{MFA: inventory.True, AccessKeys: 1, PasswordEnabled: inventory.True, PasswordLastUsed: day(2024, 5, 6), Certificates: 0, Keys: []object.AccessKey{{Slot: 1, Active: inventory.True, CreatedAt: day(2020, 2, 3), Used: inventory.False}}},
		Outbound: &object.Outbound{Enabled: true, Issuer: "https://nw.tokens.sts.global.api.aws"}, ReportedAt: scanned.Add(-time.Hour),
	}
	northwindIAM(t, a)
	northwindRoles(t, a)
	northwindStores(t, a)
	northwindOthers(a)
	for _, call := range []string{
		callDetails, "iam:GetCredentialReport", "iam:ListOpenIDConnectProviders", "iam:ListSAMLProviders", "rolesanywhere:ListTrustAnchors", "sso:ListAccountAssignments",
		"iam:ListDelegationRequests", "account:ListRegions",
	} {
		a.Listings = append(a.Listings, object.Listing{Call: call, Status: inventory.StatusComplete})
	}
	for _, call := range []string{
		"secretsmanager:ListSecrets", "ssm:DescribeParameters", "kms:ListKeys", "acm:ListCertificates", "lambda:ListFunctions", "ec2:DescribeInstances",
		"ecs:ListTaskDefinitions", "codebuild:ListProjects", "states:ListStateMachines", "eks:ListClusters", "bedrock:ListAgents",
	} {
		a.Listings = append(a.Listings, object.Listing{Call: call, Region: "eu-central-1", Status: inventory.StatusComplete})
	}
	return a
}

// northwindIAM adds users, groups and policies.
func northwindIAM(t testing.TB, a *object.Account) {
	t.Helper()
	admin := "arn:aws:iam::aws:policy/AdministratorAccess"
	a.Policies = []object.Policy{
		{Name: "AdministratorAccess", ARN: admin, ManagedBy: "aws", Document: document(t, allow(`"*"`, `"*"`))},
		{Name: "boundary", ARN: iamARN("policy/boundary"), ManagedBy: "customer", Document: document(t, allow(`"s3:*"`, `"*"`))},
		{Name: "orders-read", ARN: iamARN("policy/orders-read"), ManagedBy: "customer", Document: document(t, allow(`"s3:GetObject"`, `"arn:aws:s3:::northwind-orders/*"`))},
	}
	a.Groups = []object.Group{{Name: "admins", ID: "AGPAEXAMPLE", ARN: iamARN("group/admins"), Attached: []string{admin}}}
	a.Users = []object.User{
		{
			Name: "dana.reyes", ID: "AIDAEXAMPLEDANA", ARN: iamARN("user/dana.reyes"), Path: "/", CreatedAt: day(2021, 3, 4), Groups: []string{"admins"},
			Password: inventory.True, PasswordLastUsed: day(2026, 11, 20), PasswordChanged: day(2026, 8, 1), MFA: inventory.True, KeysKnown: true,
			Keys: []object.AccessKey{{ID: keyOf("NORTHWINDDANA001"), Slot: 1, Active: inventory.True, CreatedAt: day(2025, 1, 1), LastUsed: day(2026, 11, 21), Used: inventory.True, LastRegion: "eu-central-1", LastCause: "s3"}},
		},
		{
			Name: "ci-deploy", ID: "AIDAEXAMPLECI", ARN: iamARN("user/service/ci-deploy"), Path: "/service/", CreatedAt: day(2022, 3, 4),
			Attached: []string{iamARN("policy/orders-read")}, Inline: []object.Policy{{Name: "keys", Document: document(t, allow(`["iam:CreateAccessKey","iam:ListUsers"]`, `"*"`))}},
			Password: inventory.False, MFA: inventory.False, KeysKnown: true, Tags: []object.Tag{{Key: "Owner", Value: "platform@northwind.example"}, {Key: "aws:cloudformation:stack-name", Value: "ci"}},
			Keys: []object.AccessKey{
				{Slot: 1, Active: inventory.True, CreatedAt: day(2022, 3, 5), LastUsed: day(2026, 10, 1), Used: inventory.True, LastRegion: "us-east-1", LastCause: "iam"},
				{ID: keyOf("NORTHWINDCI00002"), Slot: 2, Active: inventory.False, CreatedAt: day(2023, 3, 5), Used: inventory.False},
			},
			Services: []object.ServiceCredential{{ID: "ACCAEXAMPLE0001", Service: "codecommit.amazonaws.com", UserName: "ci-deploy-at-" + account, Active: true, CreatedAt: day(2023, 1, 1)}},
			SSH:      []object.SSHKey{{ID: "APKAEXAMPLE00001", Active: true, UploadedAt: day(2023, 1, 2)}},
			Signing:  []object.SigningCertificate{{ID: "TA7SMP42TDN5Z26OBPJE7EXAMPLE", Active: true, UploadedAt: day(2023, 1, 3), ExpiresAt: day(2027, 1, 3)}},
		},
		{
			Name: "BedrockAPIKey-nw01", ID: "AIDAEXAMPLEBEDR", ARN: iamARN("user/BedrockAPIKey-nw01"), Path: "/", CreatedAt: day(2026, 1, 1), Password: inventory.False, MFA: inventory.False, KeysKnown: true,
			Attached: []string{"arn:aws:iam::aws:policy/AmazonBedrockLimitedAccess"},
			Services: []object.ServiceCredential{{ID: "ACCAEXAMPLE0002", Service: "bedrock.amazonaws.com", UserName: "nw01-at-" + account, Active: true, CreatedAt: day(2026, 1, 1), ExpiresAt: day(2026, 12, 1)}},
		},
		{
			Name: "backup", ID: "AIDAEXAMPLEBACK", ARN: iamARN("user/backup"), Path: "/", CreatedAt: day(2019, 1, 1), Boundary: iamARN("policy/boundary"), Attached: []string{admin},
			Password: inventory.True, PasswordUse: inventory.False, MFA: inventory.False, KeysKnown: true,
		},
		{Name: "late", ID: "AIDAEXAMPLELATE", ARN: iamARN("user/late"), Path: "/", CreatedAt: day(2026, 11, 22)},
	}
	a.Creators = []object.Creator{
		{Resource: iamARN("user/service/ci-deploy"), Event: "CreateUser", By: iamARN("user/dana.reyes"), At: day(2022, 3, 4)},
		{Resource: iamARN("role/orders"), Event: "CreateRole", By: "arn:aws:sts::" + account + ":assumed-role/AWSReservedSSO_Developer_0123456789abcdef/lee@northwind.example", At: day(2025, 3, 4)},
	}
}

// northwindRoles adds roles and the providers that they trust.
func northwindRoles(t testing.TB, a *object.Account) {
	t.Helper()
	github := iamARN("oidc-provider/token.actions.githubusercontent.com")
	eks := "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE0001"
	role := func(name string, r object.Role) object.Role {
		r.Name, r.ARN, r.ID = name, iamARN("role"+r.Path+name), "AROAEXAMPLE"+strings.ToUpper(strings.ReplaceAll(name, "-", ""))
		if r.Path == "" {
			r.Path, r.ARN = "/", iamARN("role/"+name)
		}
		if r.CreatedAt.IsZero() {
			r.CreatedAt = day(2024, 1, 1)
		}
		return r
	}
	a.Roles = []object.Role{
		role("github-release", object.Role{
			Description: "releases from GitHub", Used: inventory.False, MaxSession: time.Hour,
			Trust: document(t, trusts(`{"Federated":"`+github+`"}`, `{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":["repo:northwind/*","repo:northwind@12345/robot@678:ref:refs/heads/main"]}}`)),
		}),
		role("orders", object.Role{
			Trust:    document(t, trusts(`{"Service":"lambda.amazonaws.com"}`, "")),
			Attached: []string{iamARN("policy/orders-read")}, LastUsed: day(2026, 11, 21), LastRegion: "eu-central-1", Used: inventory.True,
			Tags:   []object.Tag{{Key: "team", Value: "orders; @northwind/oncall"}, {Key: "Env", Value: "Production"}},
			Access: []object.ServiceAccess{{Service: "s3", LastUsed: day(2026, 11, 21), Region: "eu-central-1"}, {Service: "sqs"}},
		}),
		role("vendor-monitor", object.Role{
			Trust:    document(t, trusts(`{"AWS":"arn:aws:iam::999988887777:root"}`, ""), trusts(`{"AWS":"AIDAEXAMPLEEXAMPLE01"}`, "")),
			Attached: []string{"arn:aws:iam::aws:policy/AdministratorAccess"}, Used: inventory.False,
		}),
		role("payments-runner", object.Role{
			Trust: document(t, trusts(`{"Federated":"`+iamARN("oidc-provider/"+eks)+`"}`, `{"StringEquals":{"`+eks+`:sub":"system:serviceaccount:payments:runner","`+eks+`:aud":"sts.amazonaws.com"}}`),
				`{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}`),
			Inline: []object.Policy{{Name: "broken", Problem: "the document is not JSON: at byte 1 an object is expected"}},
		}),
		role("edge", object.Role{
			Trust: document(t, `{"Effect":"Allow","Principal":{"Service":"rolesanywhere.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"aws:PrincipalTag/x509Subject/CN":"edge-01"},"ArnEquals":{"aws:SourceArn":"arn:aws:rolesanywhere:eu-central-1:`+account+`:trust-anchor/ta-1"}}}`),
		}),
		role("AWSServiceRoleForSupport", object.Role{Path: "/aws-service-role/support.amazonaws.com/", Trust: document(t, trusts(`{"Service":"support.amazonaws.com"}`, "")), Used: inventory.False}),
		role("AWSReservedSSO_Developer_0123456789abcdef", object.Role{
			Path: "/aws-reserved/sso.amazonaws.com/eu-central-1/", Trust: document(t, `{"Effect":"Allow","Principal":{"Federated":"`+iamARN("saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE")+`"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession"],"Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}}`),
			Inline: []object.Policy{{Name: "AwsSSOInlinePolicy", Document: document(t, allow(`"logs:Get*"`, `"*"`))}},
		}),
		role("bedrock-helper", object.Role{Trust: document(t, trusts(`{"Service":"bedrock.amazonaws.com"}`, `{"StringEquals":{"aws:SourceAccount":"`+account+`"}}`)), Inline: []object.Policy{{Name: "read", Document: document(t, allow(`"secretsmanager:GetSecretValue"`, `"*"`))}}}),
		role("web", object.Role{Trust: document(t, trusts(`{"Service":"ec2.amazonaws.com"}`, "")), InstanceProfiles: []object.InstanceProfile{{Name: "web", ARN: iamARN("instance-profile/web")}}}),
	}
	a.OIDC = []object.OIDCProvider{
		{ARN: github, URL: "token.actions.githubusercontent.com", Clients: []string{"sts.amazonaws.com"}, CreatedAt: day(2024, 1, 1), Thumbprints: 1},
		{ARN: iamARN("oidc-provider/" + eks), URL: eks, Clients: []string{"sts.amazonaws.com"}, CreatedAt: day(2024, 1, 1)},
	}
	a.SAML = []object.SAMLProvider{{ARN: iamARN("saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"), CreatedAt: day(2023, 1, 1), ValidUntil: day(2123, 1, 1)}}
	anchor := "arn:aws:rolesanywhere:eu-central-1:" + account + ":trust-anchor/ta-1"
	a.Anchors = []object.Anchor{{ARN: anchor, Name: "plant", Region: "eu-central-1", Enabled: true, Source: "CERTIFICATE_BUNDLE", CreatedAt: day(2024, 1, 1), Certificates: []object.Certificate{{Domain: "CN=Northwind Plant CA", NotAfter: day(2030, 1, 1), Algorithm: "RSA-4096"}}}}
	a.Profiles = []object.AnywhereProfile{{ARN: "arn:aws:rolesanywhere:eu-central-1:" + account + ":profile/p-1", Name: "edge", Region: "eu-central-1", Enabled: true, Roles: []string{iamARN("role/edge")}}}
	a.Subjects = []object.AnywhereSubject{{
		ARN: "arn:aws:rolesanywhere:eu-central-1:" + account + ":subject/s-1", Subject: "CN=edge-01", Region: "eu-central-1", Enabled: true, LastSeen: day(2026, 11, 21), CreatedAt: day(2025, 1, 1),
		Serials: []object.AnywhereSerial{{Issuer: "CN=Northwind Plant CA", Serial: "4660", Enabled: true, SeenAt: day(2026, 11, 21)}},
	}}
}

// northwindStores adds secrets, keys and certificates.
func northwindStores(t testing.TB, a *object.Account) {
	t.Helper()
	region := "eu-central-1"
	at := func(service, rest string) string {
		return "arn:aws:" + service + ":" + region + ":" + account + ":" + rest
	}
	a.Secrets = []object.Secret{
		{
			ARN: at("secretsmanager", "secret:db/main-AbCdEf"), Name: "db/main", Region: region, Description: "the orders database", CreatedAt: day(2023, 1, 1), ChangedAt: day(2026, 10, 1), AccessedAt: day(2026, 11, 21),
			RotatedAt: day(2026, 10, 1), NextAt: day(2026, 11, 30), Rotation: inventory.True, RotationDays: 60, RotationLambda: at("lambda", "function:rotate"), PolicyKnown: true,
			Policy: document(t, `{"Sid":"partner","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:role/reader"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}`),
			Tags:   []object.Tag{{Key: "owner", Value: "data@northwind.example"}},
		},
		{ARN: at("secretsmanager", "secret:old-AbCdEf"), Name: "old", Region: region, CreatedAt: day(2020, 1, 1), ChangedAt: day(2020, 1, 1), Rotation: inventory.False, PolicyKnown: true, DeletedAt: day(2026, 11, 20), KMS: at("kms", "key/k-1")},
		{ARN: at("secretsmanager", "secret:rds!db-1-AbCdEf"), Name: "rds!db-1", Region: region, CreatedAt: day(2025, 1, 1), OwningService: "rds", Rotation: inventory.True},
	}
	a.Parameters = []object.Parameter{
		{ARN: at("ssm", "parameter/app/token"), Name: "/app/token", Region: region, Type: "SecureString", Tier: "Standard", ModifiedAt: day(2024, 1, 1), ModifiedBy: iamARN("user/dana.reyes"), Version: 1},
		{ARN: at("ssm", "parameter/app/name"), Name: "/app/name", Region: region, Type: "String", ModifiedAt: day(2024, 1, 1), Version: 3},
	}
	a.Keys = []object.Key{
		{
			ARN: at("kms", "key/k-1"), ID: "k-1", Region: region, Alias: "alias/orders", Manager: "CUSTOMER", State: "Enabled", Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", CreatedAt: day(2022, 1, 1),
			Rotation: inventory.True, RotationDays: 365, RotatesAt: day(2027, 1, 1), PolicyKnown: true, GrantsKnown: true, UsageKnown: true, LastUsed: day(2026, 11, 1),
			Policy: document(t, `{"Effect":"Allow","Principal":{"AWS":"`+iamARN("root")+`"},"Action":"kms:*","Resource":"*"}`, `{"Sid":"open","Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`),
			Grants: []object.KeyGrant{{ID: "g-1", Name: "orders", Grantee: iamARN("role/orders"), Operations: []string{"Decrypt", "GenerateDataKey"}, CreatedAt: day(2025, 1, 1), Constrained: true}},
		},
		{ARN: at("kms", "key/k-2"), ID: "k-2", Region: region, Alias: "alias/sign", Manager: "CUSTOMER", State: "PendingDeletion", Spec: "RSA_2048", Usage: "SIGN_VERIFY", Origin: "AWS_KMS", CreatedAt: day(2022, 1, 1), DeletesAt: day(2026, 12, 1), Rotation: inventory.False},
		{ARN: at("kms", "key/k-3"), ID: "k-3", Region: region, Alias: "alias/aws/s3", Manager: "AWS", State: "Enabled", Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", CreatedAt: day(2022, 1, 1), Rotation: inventory.True},
	}
	a.Certificates = []object.Certificate{
		{ARN: at("acm", "certificate/c-1"), Domain: "northwind.example", Region: region, Names: []string{"northwind.example", "*.northwind.example"}, Type: "AMAZON_ISSUED", Status: "ISSUED", Algorithm: "RSA_2048", CreatedAt: day(2026, 1, 1), NotBefore: day(2026, 1, 1), NotAfter: day(2027, 2, 1), InUse: inventory.True, Renewal: "ELIGIBLE"},
		{ARN: iamARN("server-certificate/old"), Domain: "old", Type: "IAM", CreatedAt: day(2019, 1, 1), NotAfter: day(2022, 1, 1)},
	}
	a.KeyPairs = []object.KeyPair{{ID: "key-01", Name: "bastion", Region: region, Type: "rsa", Fingerprint: "aa:bb:cc", CreatedAt: day(2020, 1, 1)}}
	a.ResourceAccess = []object.ResourcePolicy{{ARN: "arn:aws:s3:::northwind-orders", Service: "s3", Document: document(t, `{"Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::northwind-orders/*"}`)}}
}

// northwindOthers adds what runs as roles, and what comes in from outside.
func northwindOthers(a *object.Account) {
	region := "eu-central-1"
	at := func(service, rest string) string {
		return "arn:aws:" + service + ":" + region + ":" + account + ":" + rest
	}
	a.Consumers = []object.Consumer{
		{ARN: at("lambda", "function:orders"), Name: "orders", Region: region, Type: "lambda.function", Role: iamARN("role/orders"), Use: "execution", State: "Active", Tags: []object.Tag{{Key: "env", Value: "prod"}}, Details: map[string]string{"variables": "DB_HOST,DB_USER"}},
		{ARN: at("ec2", "instance/i-01"), Name: "web", Region: region, Type: "ec2.instance", Role: iamARN("instance-profile/web"), Use: "instance_profile", State: "running"},
		{ARN: at("bedrock", "agent/AGENT01"), Name: "helper", Region: region, Type: "bedrock.agent", Role: iamARN("role/bedrock-helper"), Use: "service", State: "PREPARED", CreatedAt: day(2026, 1, 1)},
	}
	a.Clusters = []object.Cluster{{ARN: at("eks", "cluster/prod"), Name: "prod", Region: region, Issuer: "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE0001", AuthMode: "API"}}
	a.PodIdentities = []object.PodIdentity{{ARN: at("eks", "podidentityassociation/prod/a-1"), Cluster: "prod", Region: region, Namespace: "payments", ServiceAccount: "runner", Role: iamARN("role/payments-runner"), CreatedAt: day(2025, 1, 1)}}
	a.AccessEntries = []object.AccessEntry{
		{ARN: at("eks", "access-entry/prod/role/"+account+"/github-release/e-1"), Cluster: "prod", Region: region, Principal: iamARN("role/github-release"), Type: "STANDARD", Policies: []object.AccessPolicy{{ARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", Scope: "cluster"}}, CreatedAt: day(2025, 1, 1)},
		{ARN: at("eks", "access-entry/prod/role/"+account+"/orders/e-2"), Cluster: "prod", Region: region, Principal: iamARN("role/orders"), Type: "STANDARD", Groups: []string{"viewers"}, CreatedAt: day(2025, 1, 1)},
	}
	a.Connections = []object.Connection{
		{ARN: at("events", "connection/crm/c-1"), Name: "crm", Region: region, Type: "events.connection", State: "AUTHORIZED", Auth: "OAUTH_CLIENT_CREDENTIALS", Secret: at("secretsmanager", "secret:events!connection/crm-AbCdEf"), CreatedAt: day(2025, 1, 1), AuthorizedAt: day(2026, 1, 1)},
		{ARN: at("codeconnections", "connection/cc-1"), Name: "github", Region: region, Type: "codeconnections.connection", Provider: "GitHub", State: "AVAILABLE"},
		{ARN: at("transfer", "user/s-1/partner"), Name: "partner", Region: region, Type: "transfer.user", Role: iamARN("role/orders")},
	}
	a.Workloads = []object.WorkloadIdentity{{ARN: at("bedrock-agentcore", "workload-identity-directory/default/workload-identity/w1"), Name: "w1", Region: region, CreatedAt: day(2026, 1, 1), ReturnURLs: []string{"https://northwind.example/back"}}}
	a.Delegations = []object.Delegation{{ID: "dr-1", ARN: iamARN("delegation-request/dr-1"), State: "ACCEPTED", Requestor: "Acme Monitoring", Owner: iamARN("user/dana.reyes"), CreatedAt: day(2026, 11, 1), UpdatedAt: day(2026, 11, 2), ExpiresAt: day(2026, 12, 1)}}
	center := "arn:aws:sso:::instance/ssoins-1"
	set := "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
	a.Instances = []object.IdentityCenter{{
		ARN: center, Region: region, CreatedAt: day(2023, 1, 1),
		Sets: []object.PermissionSet{{ARN: set, Name: "Developer", Description: "developers", Session: 8 * time.Hour, Attached: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}}},
		Assignments: []object.Assignment{
			{Set: set, Account: account, PrincipalType: "GROUP", PrincipalID: "g-1", PrincipalName: "developers"},
			{Set: set, Account: "444455556666", PrincipalType: "USER", PrincipalID: "u-1"},
		},
	}}
}

// records scans an estate that is in memory.
func records(t testing.TB, o *object.Estate) *recorded {
	t.Helper()
	out := &recorded{}
	emit := func(r inventory.Record) error {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		out.all = append(out.all, r)
		return nil
	}
	if err := newEstate("aws", o, newOwnerTags(nil), scanned).run(context.Background(), emit); err != nil {
		t.Fatal(err)
	}
	return out
}

// recorded is what a scan emitted.
type recorded struct{ all []inventory.Record }

func (r *recorded) identity(t testing.TB, id string) *inventory.Identity {
	t.Helper()
	return find(t, r, id, func(x inventory.Record) *inventory.Identity { return x.Identity })
}

func (r *recorded) credential(t testing.TB, id string) *inventory.Credential {
	t.Helper()
	return find(t, r, id, func(x inventory.Record) *inventory.Credential { return x.Credential })
}

func (r *recorded) grant(t testing.TB, id string) *inventory.Grant {
	t.Helper()
	return find(t, r, id, func(x inventory.Record) *inventory.Grant { return x.Grant })
}

func (r *recorded) trust(t testing.TB, id string) *inventory.Trust {
	t.Helper()
	return find(t, r, id, func(x inventory.Record) *inventory.Trust { return x.Trust })
}

func find[T any](t testing.TB, r *recorded, id string, of func(inventory.Record) *T) *T {
	t.Helper()
	for _, x := range r.all {
		if x.ID() == id && of(x) != nil {
			return of(x)
		}
	}
	t.Fatalf("no record %s", id)
	return nil
}

func (r *recorded) coverage(t testing.TB, scope string, kind inventory.Kind) *inventory.Coverage {
	t.Helper()
	for _, x := range r.all {
		if c := x.Coverage; c != nil && c.Scope == scope && c.Kind == kind {
			return c
		}
	}
	t.Fatalf("no coverage of %s in %s", kind, scope)
	return nil
}
