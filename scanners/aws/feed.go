package aws

import (
	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
)

// A feed says what records of a kind come from a call. Calls that no feed names
// count for every kind that their service has records of.
type feed struct {
	call string // a star at its end stands for any rest
	main bool   // without it there is next to nothing of the kind
	loss string // what cannot be told without it
}

// feeds lists what each kind is made of.
//
//nolint:funlen // a table
func feeds(kind inventory.Kind) []feed {
	switch kind {
	case inventory.KindIdentity:
		return []feed{
			{callDetails, true, "users and roles"},
			{"iam:List*Users", true, "users"},
			{"iam:ListRoles", true, "roles"},
			{"iam:GenerateCredentialReport", false, "the root user, and which users are people"},
			{"iam:GetCredentialReport", false, "the root user, and which users are people"},
			{"iam:GetAccountSummary", false, "the root user"},
			{"iam:ListOrganizationsFeatures", false, "whether the organisation manages the root user"},
			{"iam:ListAccountAliases", false, "what the account is called"},
			{"iam:GetOutboundWebIdentityFederationInfo", false, "whether the account vouches for its principals"},
			{"iam:ListOpenIDConnectProviders", false, "OIDC providers"},
			{"iam:GetOpenIDConnectProvider", false, "OIDC providers"},
			{"iam:ListSAMLProviders", false, "SAML providers"},
			{"iam:GetSAMLProvider", false, "SAML providers"},
			{"iam:ListDelegationRequests", false, "delegation requests"},
			{"sso:*", false, "permission sets"},
			{"rolesanywhere:*", false, "anchors and subjects of Roles Anywhere"},
			{"bedrock:*", false, "AI agents"},
			{"bedrock-agentcore:*", false, "AI agents and workload identities"},
			{"transfer:*", false, "users of Transfer Family"},
			{"cognito-idp:*", false, "app clients"},
		}
	case inventory.KindCredential:
		return []feed{
			{"iam:GenerateCredentialReport", true, "access keys and passwords"},
			{"iam:GetCredentialReport", true, "access keys and passwords"},
			{callDetails, false, "whose credentials they are"},
			{"iam:ListAccessKeys", false, "ids of access keys"},
			{"iam:GetAccountSummary", false, "keys of the root user"},
			{"iam:ListServiceSpecificCredentials", false, "service-specific credentials and Bedrock API keys"},
			{"iam:ListSSHPublicKeys", false, "SSH keys"},
			{"iam:ListSigningCertificates", false, "signing certificates"},
			{"iam:ListServerCertificates", false, "server certificates"},
			{"iam:ListSAMLProviders", false, "certificates of SAML providers"},
			{"iam:GetSAMLProvider", false, "certificates of SAML providers"},
			{"secretsmanager:*", true, "secrets"},
			{"ssm:*", true, "encrypted parameters"},
			{"kms:*", true, "keys"},
			{"acm:*", true, "certificates"},
			{"ec2:DescribeKeyPairs", false, "key pairs"},
			{"rolesanywhere:*", false, "certificates of Roles Anywhere"},
			{"events:*", false, "connections of EventBridge"},
			{"codeconnections:*", false, "connections to code hosts"},
			{"codestar-connections:*", false, "connections to code hosts"},
			{"codebuild:*SourceCredentials", false, "source credentials of CodeBuild"},
			{"bedrock-agentcore:*CredentialProvider*", false, "credential providers of AgentCore"},
			{"iot:*", false, "certificates of devices"},
		}
	case inventory.KindGrant:
		return []feed{
			{callDetails, true, "policies of users and roles"},
			{"iam:List*Polic*", false, "policies"},
			{"iam:Get*Policy*", false, "policies"},
			{"organizations:*", false, "policies of the organisation"},
			{"sso:*", false, "what permission sets give"},
			{"eks:*AccessEntr*", false, "access to clusters"},
			{"eks:ListClusters", false, "access to clusters"},
			{"eks:ListAssociatedAccessPolicies", false, "access to clusters"},
			{"kms:ListKeys", false, "grants on keys"},
			{"kms:ListGrants", false, "grants on keys"},
			{"kms:GetKeyPolicy", false, "policies of keys"},
			{"secretsmanager:ListSecrets", false, "policies of secrets"},
			{"secretsmanager:GetResourcePolicy", false, "policies of secrets"},
			{"s3:*", false, "policies of buckets"},
			{"lambda:*", false, "functions that paths run through, and their policies"},
			{"sqs:*", false, "policies of queues"},
			{"sns:*", false, "policies of topics"},
			{"ecr:*", false, "policies of registries"},
			{"ec2:DescribeInstances", false, "instances that paths run through"},
			{"ecs:*", false, "tasks that paths run through"},
			{"codebuild:*Project*", false, "projects that paths run through"},
			{"states:*", false, "machines that paths run through"},
			{"iam:ListDelegationRequests", false, "delegated permissions"},
			{"bedrock:*", false, "agents that act for others"},
		}
	case inventory.KindUsage:
		return []feed{
			{callDetails, true, "last use of roles"},
			{"iam:ListRoles", false, "last use of roles"},
			{"iam:GenerateCredentialReport", true, "last use of keys and passwords"},
			{"iam:GetCredentialReport", true, "last use of keys and passwords"},
			{"iam:GetAccessKeyLastUsed", false, "last use of keys"},
			{"iam:ListAccessKeys", false, "ids of the keys that were used"},
			{"secretsmanager:ListSecrets", false, "last use of secrets"},
			{"kms:GetKeyLastUsage", false, "last use of keys of KMS"},
			{"iam:*ServiceLastAccessed*", false, "use by service"},
			{"access-analyzer:*", false, "unused access"},
			{"rolesanywhere:ListSubjects", false, "last use of certificates"},
			{"events:*", false, "last use of connections"},
		}
	case inventory.KindTrust:
		return []feed{
			{callDetails, true, "who may take roles"},
			{"iam:ListRoles", true, "who may take roles"},
			{"eks:*PodIdentity*", false, "service accounts that may take roles"},
			{"eks:ListClusters", false, "service accounts that may take roles"},
			{"sso:*", false, "who may take permission sets"},
			{"identitystore:*", false, "names of users and groups"},
			{"iam:ListOpenIDConnectProviders", false, "providers"},
			{"rolesanywhere:*", false, "anchors"},
			{"organizations:ListAccounts", false, "which accounts are outside the organisation"},
		}
	case inventory.KindConsumer:
		return []feed{
			{"lambda:ListFunctions", true, "functions"},
			{"ec2:DescribeInstances", true, "instances"},
			{"ecs:*", true, "tasks and services"},
			{"codebuild:*Project*", true, "build projects"},
			{"states:*", true, "state machines"},
			{"bedrock:*", false, "agents"},
			{"bedrock-agentcore:*", false, "agents"},
			{"transfer:*", false, "users of Transfer Family"},
			{"events:*", false, "connections"},
			{"eks:*", false, "clusters"},
			{"sagemaker:*", false, "notebooks"},
			{"glue:*", false, "jobs"},
			{callDetails, false, "whose instance profiles they are"},
		}
	case inventory.KindOwner:
		return []feed{
			{callDetails, true, "tags of users and roles"},
			{"iam:List*Tags", false, "tags"},
			{"secretsmanager:ListSecrets", false, "tags of secrets"},
			{"kms:ListResourceTags", false, "tags of keys"},
			{"ssm:*", false, "tags of parameters"},
			{"acm:*", false, "tags of certificates"},
			{"organizations:ListAccounts", false, "who answers for the account"},
			{"organizations:ListTagsForResource", false, "tags of the account"},
			{"account:Get*", false, "contacts of the account"},
			{"cloudtrail:*", false, "who made what"},
			{"tag:*", false, "tags"},
		}
	default:
		return nil
	}
}

// newFeeds returns the table of what comes from which call.
func newFeeds() cloud.Feeds[feed] {
	return cloud.NewFeeds(kinds(), feeds, func(f feed) string { return f.call })
}
