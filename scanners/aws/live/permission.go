package live

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// A Permission is an action that reading takes. Its resource is "*", but for
// sts:AssumeRole, whose resource is the role in each account.
type Permission struct {
	Action string // as IAM spells it
	Why    string // what is read with it
	Option string // of the options: what switches it on; empty is always
	Global bool   // of a service that a partition has once
}

// Permissions returns what reading with some options takes, and no more, by action.
func Permissions(o Options) []Permission {
	on := map[string]bool{
		"":               true,
		withDetails:      o.Details != DetailsNone,
		withAdvisor:      o.AccessAdvisor,
		withCreators:     o.Creators,
		withOrganization: o.Organization,
		withAccounts:     o.Role != "",
	}
	return slices.DeleteFunc(AllPermissions(), func(p Permission) bool { return !on[p.Option] })
}

// AllPermissions returns what reading takes with every option switched on, by
// action.
func AllPermissions() []Permission {
	var out []Permission
	for _, c := range table() {
		if !c.free {
			out = append(out, Permission{Action: permission(c.op), Why: c.why, Option: c.option, Global: c.op.Service.Global})
		}
	}
	slices.SortFunc(out, func(a, b Permission) int { return cmp.Compare(a.Action, b.Action) })
	return out
}

// A Refusal is an action that muster never needs, and that a policy for it should
// deny, so that an auditor can prove that it cannot read a secret.
type Refusal struct{ Action, Why string }

// Refused returns the actions that return the value of a secret, by action. Not
// every one of them only does that; muster needs none.
func Refused() []Refusal {
	out := []Refusal{
		{"appsync:ListApiKeys", "the id of a key is the key"},
		{"apigateway:GET", "returns API keys on request"},
		{"bedrock-agentcore:GetResourceApiKey", "returns an API key"},
		{"bedrock-agentcore:GetResourceOauth2Token", "returns a token"},
		{"bedrock-agentcore:GetWorkloadAccessToken*", "returns a token"},
		{"codeartifact:GetAuthorizationToken", "returns a token"},
		{"cognito-identity:GetCredentialsForIdentity", "returns credentials"},
		{"cognito-idp:DescribeUserPoolClient", "returns the secret of a client"},
		{"connect:GetFederationToken", "returns a token"},
		{"ec2:GetPasswordData", "returns a password"},
		{"ecr:GetAuthorizationToken", "returns a token"},
		{"events:RetrieveConnectionCredentials", "returns the secret of a connection"},
		{"gamelift:RequestUploadCredentials", "returns credentials"},
		{"kms:Decrypt", "opens what a key closed"},
		{"kms:ReEncrypt*", "moves what a key closed under another"},
		{"lambda:GetFunction", "returns code and the values of variables"},
		{"lambda:GetFunctionConfiguration", "returns the values of variables"},
		{"lightsail:DownloadDefaultKeyPair", "returns a private key"},
		{"lightsail:GetInstanceAccessDetails", "returns credentials"},
		{"lightsail:GetRelationalDatabaseMasterUserPassword", "returns a password"},
		{"rds-db:connect", "signs in to databases"},
		{"redshift:GetClusterCredentials*", "returns credentials"},
		{"s3:GetObject*", "returns data"},
		{"secretsmanager:BatchGetSecretValue", "returns secrets"},
		{"secretsmanager:GetSecretValue", "returns a secret"},
		{"ssm:GetParameter*", "returns parameters"},
		{"sts:GetFederationToken", "returns credentials"},
		{"sts:GetSessionToken", "returns credentials"},
	}
	slices.SortFunc(out, func(a, b Refusal) int { return cmp.Compare(a.Action, b.Action) })
	return out
}

// SessionPolicy returns the policy that narrows the session of an assumed role to
// what is read. It is at most 2,048 characters, which is what AWS takes (STS API
// reference, AssumeRole), so that it groups actions by their first word, and denies
// what it refuses.
func SessionPolicy() string {
	policy := struct {
		Version   string
		Statement []map[string]any
	}{Version: "2012-10-17"}
	policy.Statement = []map[string]any{
		{"Effect": "Allow", "Resource": "*", "Action": grouped()},
		{"Effect": "Deny", "Resource": "*", "Action": []string{
			"secretsmanager:*SecretValue", "ssm:GetParameter*", "kms:Decrypt", "kms:ReEncrypt*", "cognito-idp:DescribeUserPoolClient",
			"lambda:GetFunction*", "s3:GetObject*", "ec2:GetPasswordData", "bedrock-agentcore:GetResource*",
		}},
	}
	data, err := json.Marshal(policy)
	if err != nil {
		return "" // maps and strings always can
	}
	return string(data)
}

// grouped returns the actions that are needed with every option, service by
// service: "iam:Get*" for those that begin alike. ListX and DescribeX of services
// only read.
func grouped() []string {
	seen := map[string]bool{}
	for _, p := range AllPermissions() {
		service, name, _ := strings.Cut(p.Action, ":")
		if p.Option == withAccounts {
			continue
		}
		word := firstWord(name)
		seen[service+":"+word+"*"] = true
	}
	var out []string
	for p := range seen {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// firstWord returns the verb of an action.
func firstWord(name string) string {
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			return name[:i]
		}
	}
	return name
}
