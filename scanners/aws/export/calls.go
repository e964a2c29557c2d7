package export

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// A call is a listing of AWS whose saved output is read.
type call struct {
	action   string // the permission: iam:GetAccountAuthorizationDetails
	command  string // after "aws", without --region and --output
	regional bool
	// need says when it is missed: always, at the organisation's management account
	// only, or where another listing names something to ask it about.
	need need
	// after says what it is asked about: the objects that another call lists, or a
	// word of lacks.
	after string
}

type need int

const (
	always need = iota
	each        // once for each object of the listing after it
	organisation
	extra // read where it is, not missed
)

// calls lists what is read. Actions that list and describe the same objects stand
// together.
func calls() []call {
	return slices.Concat(accountCalls(), storeCalls(), workloadCalls(), organizationCalls())
}

// accountCalls are those of the account and of IAM.
func accountCalls() []call {
	return []call{
		{"sts:GetCallerIdentity", "sts get-caller-identity", false, extra, ""},
		{"iam:GetAccountAuthorizationDetails", "iam get-account-authorization-details", false, always, ""},
		{"iam:GetCredentialReport", "iam get-credential-report", false, always, ""},
		{"iam:GetAccountSummary", "iam get-account-summary", false, always, ""},
		{"iam:ListAccountAliases", "iam list-account-aliases", false, always, ""},
		{"iam:ListUsers", "iam list-users", false, extra, ""},
		{"iam:ListRoles", "iam list-roles", false, extra, ""},
		{"iam:ListAccessKeys", "iam list-access-keys --user-name NAME", false, each, "users"},
		{"iam:GetAccessKeyLastUsed", "iam get-access-key-last-used --access-key-id ID", false, extra, ""},
		{"iam:ListServiceSpecificCredentials", "iam list-service-specific-credentials --all-users", false, always, ""},
		{"iam:ListSSHPublicKeys", "iam list-ssh-public-keys --user-name NAME", false, extra, ""},
		{"iam:ListSigningCertificates", "iam list-signing-certificates --user-name NAME", false, extra, ""},
		{"iam:ListServerCertificates", "iam list-server-certificates", false, always, ""},
		{"iam:ListOpenIDConnectProviders", "iam list-open-id-connect-providers", false, always, ""},
		{"iam:GetOpenIDConnectProvider", "iam get-open-id-connect-provider --open-id-connect-provider-arn ARN", false, each, "providers"},
		{"iam:ListSAMLProviders", "iam list-saml-providers", false, always, ""},
		{"iam:ListDelegationRequests", "iam list-delegation-requests", false, always, ""},
		{"iam:GetOutboundWebIdentityFederationInfo", "iam get-outbound-web-identity-federation-info", false, always, ""},
		{"account:GetAlternateContact", "account get-alternate-contact --alternate-contact-type SECURITY", false, extra, ""},
		{"account:ListRegions", "account list-regions", false, extra, ""},
		{"ec2:DescribeRegions", "ec2 describe-regions", false, extra, ""},
	}
}

// storeCalls are those of what holds secrets, keys and certificates.
func storeCalls() []call {
	return []call{
		{"secretsmanager:ListSecrets", "secretsmanager list-secrets", true, always, ""},
		{"secretsmanager:GetResourcePolicy", "secretsmanager get-resource-policy --secret-id ARN", true, each, "secrets"},
		{"ssm:DescribeParameters", "ssm describe-parameters", true, always, ""},
		{"kms:ListKeys", "kms list-keys", true, always, ""},
		{"kms:ListAliases", "kms list-aliases", true, extra, ""},
		{"kms:DescribeKey", "kms describe-key --key-id ID", true, each, "keys"},
		{"kms:GetKeyRotationStatus", "kms get-key-rotation-status --key-id ID", true, each, "rotating keys"},
		{"kms:GetKeyPolicy", "kms get-key-policy --key-id ID --policy-name default --query \"{KeyId:'ID',Policy:Policy}\"", true, each, "keys"},
		{"kms:ListGrants", "kms list-grants --key-id ID", true, extra, ""},
		{"kms:GetKeyLastUsage", "kms get-key-last-usage --key-id ID", true, extra, ""},
		{"acm:ListCertificates", "acm list-certificates", true, always, ""},
		{"rolesanywhere:ListTrustAnchors", "rolesanywhere list-trust-anchors", true, always, ""},
		{"rolesanywhere:ListProfiles", "rolesanywhere list-profiles", true, always, ""},
		{"rolesanywhere:ListSubjects", "rolesanywhere list-subjects", true, always, ""},
	}
}

// workloadCalls are those of what runs as a role, and of connections to others.
func workloadCalls() []call {
	return []call{
		{"lambda:ListFunctions", "lambda list-functions", true, always, ""},
		{"ecs:ListTaskDefinitions", "ecs list-task-definitions --status ACTIVE", true, always, ""},
		{"ecs:DescribeTaskDefinition", "ecs describe-task-definition --task-definition ARN", true, each, "ecs:ListTaskDefinitions"},
		{"ecs:DescribeServices", "ecs describe-services --cluster ARN --services ARN", true, extra, ""},
		{"ec2:DescribeInstances", "ec2 describe-instances", true, always, ""},
		{"ec2:DescribeKeyPairs", "ec2 describe-key-pairs", true, always, ""},
		{"codebuild:ListProjects", "codebuild list-projects", true, always, ""},
		{"codebuild:BatchGetProjects", "codebuild batch-get-projects --names NAME", true, each, "codebuild:ListProjects"},
		{"codebuild:ListSourceCredentials", "codebuild list-source-credentials", true, always, ""},
		{"states:ListStateMachines", "stepfunctions list-state-machines", true, always, ""},
		{"states:DescribeStateMachine", "stepfunctions describe-state-machine --state-machine-arn ARN", true, each, "states:ListStateMachines"},
		{"bedrock:ListAgents", "bedrock-agent list-agents", true, always, ""},
		{"bedrock:GetAgent", "bedrock-agent get-agent --agent-id ID", true, each, "bedrock:ListAgents"},
		{"bedrock-agentcore:ListWorkloadIdentities", "bedrock-agentcore-control list-workload-identities", true, always, ""},
		{"bedrock-agentcore:ListOauth2CredentialProviders", "bedrock-agentcore-control list-oauth2-credential-providers", true, always, ""},
		{"bedrock-agentcore:ListApiKeyCredentialProviders", "bedrock-agentcore-control list-api-key-credential-providers", true, always, ""},
		{"bedrock-agentcore:ListAgentRuntimes", "bedrock-agentcore-control list-agent-runtimes", true, always, ""},
		{"bedrock-agentcore:GetAgentRuntime", "bedrock-agentcore-control get-agent-runtime --agent-runtime-id ID", true, each, "bedrock-agentcore:ListAgentRuntimes"},
		{"events:ListConnections", "events list-connections", true, always, ""},
		{"codeconnections:ListConnections", "codeconnections list-connections", true, always, ""},
		{"transfer:ListServers", "transfer list-servers", true, always, ""},
		{"transfer:ListUsers", "transfer list-users --server-id ID", true, each, "transfer:ListServers"},
		{"cognito-idp:ListUserPools", "cognito-idp list-user-pools --max-results 60", true, always, ""},
		{"cognito-idp:ListUserPoolClients", "cognito-idp list-user-pool-clients --user-pool-id ID", true, each, "cognito-idp:ListUserPools"},
		{"iot:ListCertificates", "iot list-certificates", true, always, ""},
		{"eks:ListClusters", "eks list-clusters", true, always, ""},
		{"eks:DescribeCluster", "eks describe-cluster --name NAME", true, each, "clusters"},
		{"eks:DescribePodIdentityAssociation", "eks describe-pod-identity-association --cluster-name NAME --association-id ID", true, extra, ""},
		{"eks:ListPodIdentityAssociations", "eks list-pod-identity-associations --cluster-name NAME", true, each, "clusters"},
		{"eks:DescribeAccessEntry", "eks describe-access-entry --cluster-name NAME --principal-arn ARN", true, extra, ""},
		{"eks:ListAccessEntries", "eks list-access-entries --cluster-name NAME", true, each, "clusters"},
		{"eks:ListAssociatedAccessPolicies", "eks list-associated-access-policies --cluster-name NAME --principal-arn ARN", true, extra, ""},
		{"access-analyzer:ListFindingsV2", "accessanalyzer list-findings-v2 --analyzer-arn ARN", true, extra, ""},
		{"lambda:GetPolicy", "lambda get-policy --function-name NAME", true, extra, ""},
		{"s3:GetBucketPolicy", "s3api get-bucket-policy --bucket NAME", false, extra, ""},
		{"sqs:GetQueueAttributes", "sqs get-queue-attributes --queue-url URL --attribute-names Policy QueueArn", true, extra, ""},
		{"sns:GetTopicAttributes", "sns get-topic-attributes --topic-arn ARN", true, extra, ""},
	}
}

// organizationCalls are those of Organizations and of Identity Center.
func organizationCalls() []call {
	return []call{
		{"organizations:DescribeOrganization", "organizations describe-organization", false, extra, ""},
		{"organizations:ListAccounts", "organizations list-accounts", false, organisation, ""},
		{"organizations:ListRoots", "organizations list-roots", false, organisation, ""},
		{"organizations:ListOrganizationalUnitsForParent", "organizations list-organizational-units-for-parent --parent-id ID", false, extra, ""},
		{"organizations:ListPolicies", "organizations list-policies --filter SERVICE_CONTROL_POLICY", false, organisation, ""},
		{"organizations:DescribePolicy", "organizations describe-policy --policy-id ID", false, extra, ""},
		{"organizations:ListTargetsForPolicy", "organizations list-targets-for-policy --policy-id ID --query \"{PolicyId:'ID',Targets:Targets}\"", false, extra, ""},
		{"organizations:ListParents", "organizations list-parents --child-id ID --query \"{ChildId:'ID',Parents:Parents}\"", false, extra, ""},
		{"organizations:ListDelegatedAdministrators", "organizations list-delegated-administrators", false, organisation, ""},

		{"sso:ListInstances", "sso-admin list-instances", true, extra, ""},
		{"sso:ListPermissionSets", "sso-admin list-permission-sets --instance-arn ARN", true, extra, ""},
		{"sso:DescribePermissionSet", "sso-admin describe-permission-set --instance-arn ARN --permission-set-arn ARN", true, extra, ""},
		{"sso:ListAccountAssignments", "sso-admin list-account-assignments --instance-arn ARN --account-id ID --permission-set-arn ARN", true, extra, ""},
		{"sso:ListManagedPoliciesInPermissionSet", "sso-admin list-managed-policies-in-permission-set --instance-arn ARN --permission-set-arn ARN --query \"{PermissionSetArn:'ARN',AttachedManagedPolicies:AttachedManagedPolicies}\"", true, extra, ""},
		{"sso:GetInlinePolicyForPermissionSet", "sso-admin get-inline-policy-for-permission-set --instance-arn ARN --permission-set-arn ARN --query \"{PermissionSetArn:'ARN',InlinePolicy:InlinePolicy}\"", true, extra, ""},
		{"sso:ListApplications", "sso-admin list-applications --instance-arn ARN", true, extra, ""},
		{"sso:ListTrustedTokenIssuers", "sso-admin list-trusted-token-issuers --instance-arn ARN", true, extra, ""},
		{"cloudtrail:LookupEvents", "cloudtrail lookup-events", true, extra, ""},
	}
}

// A callTable finds calls by their action, and by the words of a file's name.
type callTable struct {
	list     []call
	byAction map[string]*call
	byName   map[string][]*call // by the word for the operation: list-secrets
	longest  []string           // of byName, longest first
}

func newCallTable() *callTable {
	t := &callTable{list: calls(), byAction: map[string]*call{}, byName: map[string][]*call{}}
	for i := range t.list {
		c := &t.list[i]
		t.byAction[c.action] = c
		t.byName[c.operation()] = append(t.byName[c.operation()], c)
	}
	for name := range t.byName {
		t.longest = append(t.longest, name)
	}
	slices.SortFunc(t.longest, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return t
}

func (c *call) service() string { name, _, _ := strings.Cut(c.command, " "); return name }

func (c *call) operation() string { return strings.Fields(c.command)[1] }

// named returns the call that a file is named after, or nil: list-secrets.json,
// secretsmanager-list-secrets-1.json.
func (t *callTable) named(name string) *call {
	base := strings.ToLower(strings.ReplaceAll(path.Base(name), "_", "-"))
	for _, word := range t.longest {
		if !strings.Contains(base, word) {
			continue
		}
		list := t.byName[word]
		if len(list) == 1 {
			return list[0]
		}
		for _, c := range list {
			if strings.Contains(base, c.service()) || strings.Contains(base, strings.TrimSuffix(c.service(), "-control")) {
				return c
			}
		}
		return nil
	}
	return nil
}

// operationNamed returns the call of an operation as errors of AWS name it, of the
// service that a file's name tells where several have it; nil if it is not read.
func (t *callTable) operationNamed(operation, name string) *call {
	var found []*call
	for i := range t.list {
		if _, op, _ := strings.Cut(t.list[i].action, ":"); strings.EqualFold(op, operation) {
			found = append(found, &t.list[i])
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	if c := t.named(name); c != nil && slices.Contains(found, c) {
		return c
	}
	return nil
}
