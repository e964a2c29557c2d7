package fake

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

type protocol int

const (
	query protocol = iota
	jsonRPC
	rest
)

// An operation is a call that the server knows.
type operation struct {
	action, signed string
	protocol       protocol
	target         string // before the operation in X-Amz-Target
	version        string
	route          string // METHOD /path
	in, out        string // token of a page, in the request and the answer
	more           string // flag that says that there is more
	limit          string
	most           int
	key            string // parameter that names the object it is about
}

// operations are written as lines, from the models that AWS publishes:
// action, protocol facts, paging (in>out/limit:most, +flag), object (@parameter).
const operations = `
sts:GetCallerIdentity sts query 2011-06-15
sts:AssumeRole sts query 2011-06-15
iam:GetAccountAuthorizationDetails iam query 2010-05-08 Marker>Marker/MaxItems:1000 +IsTruncated
iam:GenerateCredentialReport iam query 2010-05-08
iam:GetCredentialReport iam query 2010-05-08
iam:GetAccountSummary iam query 2010-05-08
iam:ListAccountAliases iam query 2010-05-08 Marker>Marker/MaxItems:1000 +IsTruncated
iam:ListAccessKeys iam query 2010-05-08 Marker>Marker/MaxItems:1000 +IsTruncated @UserName
iam:GetAccessKeyLastUsed iam query 2010-05-08 @AccessKeyId
iam:ListServiceSpecificCredentials iam query 2010-05-08 Marker>Marker/MaxItems:1000 +IsTruncated
iam:ListSSHPublicKeys iam query 2010-05-08 Marker>Marker/MaxItems:1000 +IsTruncated @UserName
iam:ListSigningCertificates iam query 2010-05-08 Marker>Marker/MaxItems:1000 +IsTruncated @UserName
iam:ListServerCertificates iam query 2010-05-08 Marker>Marker/MaxItems:1000 +IsTruncated
iam:ListOpenIDConnectProviders iam query 2010-05-08
iam:GetOpenIDConnectProvider iam query 2010-05-08 @OpenIDConnectProviderArn
iam:ListSAMLProviders iam query 2010-05-08
iam:GetSAMLProvider iam query 2010-05-08 @SAMLProviderArn
iam:GetOutboundWebIdentityFederationInfo iam query 2010-05-08
iam:ListDelegationRequests iam query 2010-05-08 Marker>Marker/MaxItems:1000 +isTruncated
iam:ListOrganizationsFeatures iam query 2010-05-08
iam:GenerateServiceLastAccessedDetails iam query 2010-05-08 @Arn
iam:GetServiceLastAccessedDetails iam query 2010-05-08 Marker>Marker/MaxItems:1000 +IsTruncated @JobId
ec2:DescribeRegions ec2 query 2016-11-15
ec2:DescribeInstances ec2 query 2016-11-15 NextToken>nextToken/MaxResults:1000
ec2:DescribeKeyPairs ec2 query 2016-11-15
sns:ListTopics sns query 2010-03-31 NextToken>NextToken/:100
sns:GetTopicAttributes sns query 2010-03-31 @TopicArn
account:GetContactInformation account rest POST/getContactInformation
account:GetAlternateContact account rest POST/getAlternateContact @AlternateContactType
organizations:DescribeOrganization organizations json AWSOrganizationsV20161128
organizations:ListAccounts organizations json AWSOrganizationsV20161128 NextToken>NextToken/MaxResults:20
organizations:ListRoots organizations json AWSOrganizationsV20161128 NextToken>NextToken/MaxResults:20
organizations:ListOrganizationalUnitsForParent organizations json AWSOrganizationsV20161128 NextToken>NextToken/MaxResults:20 @ParentId
organizations:ListAccountsForParent organizations json AWSOrganizationsV20161128 NextToken>NextToken/MaxResults:20 @ParentId
organizations:ListPolicies organizations json AWSOrganizationsV20161128 NextToken>NextToken/MaxResults:20 @Filter
organizations:DescribePolicy organizations json AWSOrganizationsV20161128 @PolicyId
organizations:ListTargetsForPolicy organizations json AWSOrganizationsV20161128 NextToken>NextToken/MaxResults:20 @PolicyId
organizations:ListDelegatedAdministrators organizations json AWSOrganizationsV20161128 NextToken>NextToken/MaxResults:20
organizations:ListDelegatedServicesForAccount organizations json AWSOrganizationsV20161128 NextToken>NextToken/MaxResults:20 @AccountId
sso:ListInstances sso json SWBExternalService NextToken>NextToken/MaxResults:100
sso:ListPermissionSets sso json SWBExternalService NextToken>NextToken/MaxResults:100 @InstanceArn
sso:DescribePermissionSet sso json SWBExternalService @PermissionSetArn
sso:ListManagedPoliciesInPermissionSet sso json SWBExternalService NextToken>NextToken/MaxResults:100 @PermissionSetArn
sso:ListCustomerManagedPolicyReferencesInPermissionSet sso json SWBExternalService NextToken>NextToken/MaxResults:100 @PermissionSetArn
sso:GetInlinePolicyForPermissionSet sso json SWBExternalService @PermissionSetArn
sso:GetPermissionsBoundaryForPermissionSet sso json SWBExternalService @PermissionSetArn
sso:ListAccountsForProvisionedPermissionSet sso json SWBExternalService NextToken>NextToken/MaxResults:100 @PermissionSetArn
sso:ListAccountAssignments sso json SWBExternalService NextToken>NextToken/MaxResults:100 @PermissionSetArn
sso:ListApplications sso json SWBExternalService NextToken>NextToken/MaxResults:100 @InstanceArn
sso:ListTrustedTokenIssuers sso json SWBExternalService NextToken>NextToken/MaxResults:100 @InstanceArn
sso:DescribeTrustedTokenIssuer sso json SWBExternalService @TrustedTokenIssuerArn
identitystore:ListGroups identitystore json AWSIdentityStore NextToken>NextToken/MaxResults:100 @IdentityStoreId
identitystore:ListUsers identitystore json AWSIdentityStore NextToken>NextToken/MaxResults:100 @IdentityStoreId
secretsmanager:ListSecrets secretsmanager json secretsmanager NextToken>NextToken/MaxResults:100
secretsmanager:GetResourcePolicy secretsmanager json secretsmanager @SecretId
ssm:DescribeParameters ssm json AmazonSSM NextToken>NextToken/MaxResults:50
acm:ListCertificates acm json CertificateManager NextToken>NextToken/MaxItems:1000
tag:GetResources tagging json ResourceGroupsTaggingAPI_20170126 PaginationToken>PaginationToken/ResourcesPerPage:100
kms:ListKeys kms json TrentService Marker>NextMarker/Limit:1000 +Truncated
kms:ListAliases kms json TrentService Marker>NextMarker/Limit:100 +Truncated
kms:DescribeKey kms json TrentService @KeyId
kms:GetKeyRotationStatus kms json TrentService @KeyId
kms:GetKeyPolicy kms json TrentService @KeyId
kms:ListGrants kms json TrentService Marker>NextMarker/Limit:100 +Truncated @KeyId
kms:GetKeyLastUsage kms json TrentService @KeyId
rolesanywhere:ListTrustAnchors rolesanywhere rest GET/trustanchors nextToken>nextToken/pageSize:100
rolesanywhere:ListProfiles rolesanywhere rest GET/profiles nextToken>nextToken/pageSize:100
rolesanywhere:ListSubjects rolesanywhere rest GET/subjects nextToken>nextToken/pageSize:100
rolesanywhere:GetSubject rolesanywhere rest GET/subject/{subjectId} @subjectId
eks:ListClusters eks rest GET/clusters nextToken>nextToken/maxResults:100
eks:DescribeCluster eks rest GET/clusters/{name} @name
eks:ListPodIdentityAssociations eks rest GET/clusters/{clusterName}/pod-identity-associations nextToken>nextToken/maxResults:100 @clusterName
eks:DescribePodIdentityAssociation eks rest GET/clusters/{clusterName}/pod-identity-associations/{associationId} @associationId
eks:ListAccessEntries eks rest GET/clusters/{clusterName}/access-entries nextToken>nextToken/maxResults:100 @clusterName
eks:DescribeAccessEntry eks rest GET/clusters/{clusterName}/access-entries/{principalArn} @principalArn
eks:ListAssociatedAccessPolicies eks rest GET/clusters/{clusterName}/access-entries/{principalArn}/access-policies nextToken>nextToken/maxResults:100 @principalArn
lambda:ListFunctions lambda rest GET/2015-03-31/functions Marker>NextMarker/MaxItems:50
lambda:GetPolicy lambda rest GET/2015-03-31/functions/{FunctionName}/policy @FunctionName
ecs:ListClusters ecs json AmazonEC2ContainerServiceV20141113 nextToken>nextToken/maxResults:100
ecs:ListServices ecs json AmazonEC2ContainerServiceV20141113 nextToken>nextToken/maxResults:100 @cluster
ecs:DescribeServices ecs json AmazonEC2ContainerServiceV20141113 @cluster
ecs:ListTasks ecs json AmazonEC2ContainerServiceV20141113 nextToken>nextToken/maxResults:100 @cluster
ecs:DescribeTasks ecs json AmazonEC2ContainerServiceV20141113 @cluster
ecs:DescribeTaskDefinition ecs json AmazonEC2ContainerServiceV20141113 @taskDefinition
codebuild:ListProjects codebuild json CodeBuild_20161006 nextToken>nextToken/:100
codebuild:BatchGetProjects codebuild json CodeBuild_20161006
codebuild:ListSourceCredentials codebuild json CodeBuild_20161006
states:ListStateMachines states json AWSStepFunctions nextToken>nextToken/maxResults:1000
states:DescribeStateMachine states json AWSStepFunctions @stateMachineArn
bedrock:ListAgents bedrock rest POST/agents/ nextToken>nextToken/maxResults:1000
bedrock:GetAgent bedrock rest GET/agents/{agentId}/ @agentId
bedrock-agentcore:ListWorkloadIdentities bedrock-agentcore rest POST/identities/ListWorkloadIdentities nextToken>nextToken/maxResults:20
bedrock-agentcore:ListOauth2CredentialProviders bedrock-agentcore rest POST/identities/ListOauth2CredentialProviders nextToken>nextToken/maxResults:20
bedrock-agentcore:ListApiKeyCredentialProviders bedrock-agentcore rest POST/identities/ListApiKeyCredentialProviders nextToken>nextToken/maxResults:100
bedrock-agentcore:ListAgentRuntimes bedrock-agentcore rest POST/runtimes/ nextToken>nextToken/maxResults:100
bedrock-agentcore:GetAgentRuntime bedrock-agentcore rest GET/runtimes/{agentRuntimeId}/ @agentRuntimeId
bedrock-agentcore:ListGateways bedrock-agentcore rest GET/gateways/ nextToken>nextToken/maxResults:1000
bedrock-agentcore:GetGateway bedrock-agentcore rest GET/gateways/{gatewayIdentifier}/ @gatewayIdentifier
events:ListConnections events json AWSEvents NextToken>NextToken/Limit:100
codeconnections:ListConnections codeconnections json com.amazonaws.codeconnections.CodeConnections_20231201 NextToken>NextToken/MaxResults:100
transfer:ListServers transfer json TransferService NextToken>NextToken/MaxResults:1000
transfer:ListUsers transfer json TransferService NextToken>NextToken/MaxResults:1000 @ServerId
cognito-idp:ListUserPools cognito-idp json AWSCognitoIdentityProviderService NextToken>NextToken/MaxResults:60
cognito-idp:ListUserPoolClients cognito-idp json AWSCognitoIdentityProviderService NextToken>NextToken/MaxResults:60 @UserPoolId
iot:ListCertificates iot rest GET/certificates marker>nextMarker/pageSize:250
s3:ListBuckets s3 rest GET/ continuation-token>ContinuationToken/max-buckets:10000
s3:GetBucketPolicy s3 rest GET/{Bucket} @Bucket
sqs:ListQueues sqs json AmazonSQS NextToken>NextToken/MaxResults:1000
sqs:GetQueueAttributes sqs json AmazonSQS @QueueUrl
access-analyzer:ListAnalyzers access-analyzer rest GET/analyzer nextToken>nextToken/maxResults:100
access-analyzer:ListFindingsV2 access-analyzer rest POST/findingv2 nextToken>nextToken/maxResults:100 @analyzerArn
access-analyzer:GetFindingV2 access-analyzer rest GET/findingv2/{id} @id
cloudtrail:LookupEvents cloudtrail json com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101 NextToken>NextToken/MaxResults:50
`

// known returns the operations.
func known() []operation {
	var out []operation
	for line := range strings.Lines(strings.TrimSpace(operations)) {
		f := strings.Fields(line)
		op := operation{action: f[0], signed: f[1]}
		switch f[2] {
		case "query":
			op.protocol, op.version = query, f[3]
		case "json":
			op.protocol, op.target = jsonRPC, f[3]
		default:
			op.protocol, op.route = rest, f[3]
		}
		for _, more := range f[4:] {
			op.extra(more)
		}
		out = append(out, op)
	}
	return out
}

func (op *operation) extra(word string) {
	switch {
	case strings.HasPrefix(word, "@"):
		op.key = word[1:]
	case strings.HasPrefix(word, "+"):
		op.more = word[1:]
	default:
		paging := regexp.MustCompile(`^(.+)>(.+)/(.*):(\d+)$`).FindStringSubmatch(word)
		op.in, op.out, op.limit = paging[1], paging[2], paging[3]
		op.most = number(paging[4])
	}
}

func number(s string) int {
	n := 0
	for _, r := range s {
		if r < '0' || r > '9' {
			return 0
		}
		n = n*10 + int(r-'0')
	}
	return n
}

func (s *Server) byTarget(target string) (operation, bool) {
	for _, op := range s.known {
		_, name, _ := strings.Cut(op.action, ":")
		if op.protocol == jsonRPC && target == op.target+"."+name {
			return op, true
		}
	}
	return operation{protocol: jsonRPC}, false
}

func (s *Server) byForm(signed, action, version string) (operation, bool) {
	for _, op := range s.known {
		_, name, _ := strings.Cut(op.action, ":")
		if op.protocol == query && op.signed == signed && name == action && op.version == version {
			return op, true
		}
	}
	return operation{protocol: query}, false
}

// byPath matches method and path, and takes the parameters out of it.
func (s *Server) byPath(signed string, r *http.Request, into url.Values) (operation, bool) {
	for _, op := range s.known {
		if op.protocol != rest || op.signed != signed {
			continue
		}
		method, path, _ := strings.Cut(op.route, "/")
		if method == r.Method && match("/"+path, r.URL.EscapedPath(), into) {
			return op, true
		}
	}
	return operation{protocol: rest}, false
}

func match(pattern, path string, into url.Values) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	found := url.Values{}
	for i, w := range want {
		if strings.HasPrefix(w, "{") {
			value, err := url.PathUnescape(have[i])
			if err != nil || value == "" {
				return false
			}
			found.Set(strings.Trim(w, "{}"), value)
		} else if w != have[i] {
			return false
		}
	}
	maps.Copy(into, found)
	return true
}
