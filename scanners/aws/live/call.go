package live

import (
	"net/http"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
)

// A call is one operation that a reader may ask for, and why. The table of calls
// is all that it can ask for: permissions are made from it.
type call struct {
	op     wire.Operation
	option string // what switches it on; empty is always
	why    string
	free   bool // needs no permission
}

// What switches calls on.
const (
	withDetails      = "details"
	withAdvisor      = "access_advisor"
	withCreators     = "creators"
	withOrganization = "organization"
	withAccounts     = "accounts"
)

// permission returns the action that a policy has to allow for an operation: its
// name, but for a few (Service Authorization Reference).
func permission(op wire.Operation) string {
	switch op.Action() {
	case "s3:ListBuckets":
		return "s3:ListAllMyBuckets"
	case "access-analyzer:ListFindingsV2", "access-analyzer:GetFindingV2":
		return strings.TrimSuffix(op.Action(), "V2")
	default:
		return op.Action()
	}
}

// Operations returns every operation that is ever asked for, so that tests can hold
// them against the models of AWS.
func Operations() []wire.Operation {
	var out []wire.Operation
	for _, c := range table() {
		out = append(out, c.op)
	}
	return out
}

// table lists the calls. Names, paths, tokens and bounds of pages are those of the
// models that AWS publishes for its SDKs.
func table() []call {
	var out []call
	for _, part := range [][]call{
		accountCalls(), principalCalls(), organizationCalls(), centerCalls(), secretCalls(), keyCalls(),
		anywhereCalls(), clusterCalls(), computeCalls(), agentCalls(), connectionCalls(), resourceCalls(), analyzerCalls(),
	} {
		out = append(out, part...)
	}
	return out
}

// plain is a call without pages.
func plain(s wire.Service, name, why string) call {
	return call{op: wire.Operation{Service: s, Name: name}, why: why}
}

// paged is a call with pages.
func paged(s wire.Service, name, token, limit string, size int, why string) call {
	return call{op: wire.Operation{Service: s, Name: name, Token: token, Limit: limit, Size: size}, why: why}
}

// get and post set the path of a REST call.
func (c call) get(path string) call {
	c.op.Method, c.op.Path = http.MethodGet, path
	return c
}

func (c call) post(path string, inQuery ...string) call {
	c.op.Method, c.op.Path, c.op.InQuery = http.MethodPost, path, inQuery
	return c
}

// when says what switches a call on.
func (c call) when(option string) call {
	c.option = option
	return c
}

// unguarded marks a call that anybody with credentials may make.
func (c call) unguarded() call {
	c.free = true
	return c
}

func accountCalls() []call {
	sts := wire.Service{Prefix: "sts", Protocol: wire.Query, Version: "2011-06-15"}
	account := wire.Service{Prefix: "account", Protocol: wire.REST, Global: true, Rate: 2}
	ec2 := ec2Service()
	return []call{
		plain(sts, "GetCallerIdentity", "as whom it reads").unguarded(),
		plain(sts, "AssumeRole", "enters other accounts").when(withAccounts),
		plain(ec2, "DescribeRegions", "which regions are on"),
		plain(account, "GetContactInformation", "who answers for the account").post("/getContactInformation"),
		plain(account, "GetAlternateContact", "who answers for the account").post("/getAlternateContact"),
	}
}

func ec2Service() wire.Service {
	return wire.Service{Prefix: "ec2", Protocol: wire.EC2, Version: "2016-11-15", Rate: 15}
}

func iamService() wire.Service {
	return wire.Service{Prefix: "iam", Protocol: wire.Query, Version: "2010-05-08", Global: true, Rate: 15}
}

func principalCalls() []call {
	iam := iamService()
	marked := func(name, why string) call { return paged(iam, name, "Marker", "MaxItems", 1000, why) }
	return []call{
		marked("GetAccountAuthorizationDetails", "users, groups, roles and policies, all at once"),
		plain(iam, "GenerateCredentialReport", "has AWS make the credential report, which changes nothing else"),
		plain(iam, "GetCredentialReport", "keys, passwords and certificates of users, and their last use"),
		plain(iam, "GetAccountSummary", "whether the root user has keys and MFA"),
		marked("ListAccountAliases", "what people call the account"),
		marked("ListAccessKeys", "ids of access keys").when(withDetails),
		plain(iam, "GetAccessKeyLastUsed", "last use of keys that the report does not have yet").when(withDetails),
		marked("ListServiceSpecificCredentials", "Bedrock API keys and others for one service"),
		marked("ListSSHPublicKeys", "SSH keys for CodeCommit").when(withDetails),
		marked("ListSigningCertificates", "certificates of users").when(withDetails),
		marked("ListServerCertificates", "certificates that IAM keeps"),
		plain(iam, "ListOpenIDConnectProviders", "who may federate"),
		plain(iam, "GetOpenIDConnectProvider", "issuer and audiences"),
		plain(iam, "ListSAMLProviders", "who may federate"),
		plain(iam, "GetSAMLProvider", "keys and tags of a provider"),
		plain(iam, "GetOutboundWebIdentityFederationInfo", "whether AWS issues tokens for the account"),
		marked("ListDelegationRequests", "temporary permissions that others asked for"),
		plain(iam, "ListOrganizationsFeatures", "whether root credentials are managed centrally").when(withOrganization),
		plain(iam, "GenerateServiceLastAccessedDetails", "has AWS count up when a principal used which service").when(withAdvisor),
		marked("GetServiceLastAccessedDetails", "when a principal used which service").when(withAdvisor),
	}
}

func organizationCalls() []call {
	s := wire.Service{
		Prefix: "organizations", Protocol: wire.JSON, Version: "1.1", Target: "AWSOrganizationsV20161128", Global: true, Rate: 4,
	}
	list := func(name, why string) call {
		return paged(s, name, "NextToken", "MaxResults", 20, why).when(withOrganization)
	}
	return []call{
		plain(s, "DescribeOrganization", "whether the account is of an organisation"),
		list("ListAccounts", "accounts"),
		list("ListRoots", "the tree of organisational units"),
		list("ListOrganizationalUnitsForParent", "the tree of organisational units"),
		list("ListAccountsForParent", "where accounts stand in the tree"),
		list("ListPolicies", "service and resource control policies"),
		plain(s, "DescribePolicy", "what such a policy says").when(withOrganization),
		list("ListTargetsForPolicy", "where such a policy holds"),
		list("ListDelegatedAdministrators", "accounts that administer services for the organisation"),
		list("ListDelegatedServicesForAccount", "which services those are"),
	}
}

func centerCalls() []call {
	sso := wire.Service{Prefix: "sso", Protocol: wire.JSON, Version: "1.1", Target: "SWBExternalService"}
	store := wire.Service{Prefix: "identitystore", Protocol: wire.JSON, Version: "1.1", Target: "AWSIdentityStore"}
	list := func(name, why string) call { return paged(sso, name, "NextToken", "MaxResults", 100, why) }
	return []call{
		list("ListInstances", "Identity Center"),
		list("ListPermissionSets", "permission sets"),
		plain(sso, "DescribePermissionSet", "permission sets"),
		list("ListManagedPoliciesInPermissionSet", "policies of a permission set"),
		list("ListCustomerManagedPolicyReferencesInPermissionSet", "policies of a permission set"),
		plain(sso, "GetInlinePolicyForPermissionSet", "policies of a permission set"),
		plain(sso, "GetPermissionsBoundaryForPermissionSet", "policies of a permission set"),
		list("ListAccountsForProvisionedPermissionSet", "where a permission set is assigned"),
		list("ListAccountAssignments", "to whom a permission set is assigned"),
		list("ListApplications", "applications of Identity Center"),
		list("ListTrustedTokenIssuers", "whose tokens Identity Center trusts"),
		plain(sso, "DescribeTrustedTokenIssuer", "whose tokens Identity Center trusts"),
		paged(store, "ListGroups", "NextToken", "MaxResults", 100, "names of assigned groups"),
		paged(store, "ListUsers", "NextToken", "MaxResults", 100, "names of assigned users"),
	}
}

func secretCalls() []call {
	secrets := wire.Service{Prefix: "secretsmanager", Protocol: wire.JSON, Version: "1.1", Target: "secretsmanager"}
	ssm := wire.Service{Prefix: "ssm", Protocol: wire.JSON, Version: "1.1", Target: "AmazonSSM"}
	acm := wire.Service{Prefix: "acm", Protocol: wire.JSON, Version: "1.1", Target: "CertificateManager"}
	tag := wire.Service{Prefix: "tag", Host: "tagging", Protocol: wire.JSON, Version: "1.1", Target: "ResourceGroupsTaggingAPI_20170126", Rate: 5}
	return []call{
		paged(secrets, "ListSecrets", "NextToken", "MaxResults", 100, "secrets, without their values"),
		plain(secrets, "GetResourcePolicy", "who else may read a secret").when(withDetails),
		paged(ssm, "DescribeParameters", "NextToken", "MaxResults", 50, "secure parameters, without their values"),
		paged(acm, "ListCertificates", "NextToken", "MaxItems", 1000, "certificates"),
		paged(tag, "GetResources", "PaginationToken", "ResourcesPerPage", 100, "tags, for owners, of what is listed without"),
	}
}

func keyCalls() []call {
	kms := wire.Service{Prefix: "kms", Protocol: wire.JSON, Version: "1.1", Target: "TrentService"}
	return []call{
		paged(kms, "ListKeys", "Marker", "Limit", 1000, "keys"),
		paged(kms, "ListAliases", "Marker", "Limit", 100, "names of keys, and which are AWS's own"),
		plain(kms, "DescribeKey", "state and dates of a key").when(withDetails),
		plain(kms, "GetKeyRotationStatus", "rotation of a key").when(withDetails),
		plain(kms, "GetKeyPolicy", "who may use a key").when(withDetails),
		paged(kms, "ListGrants", "Marker", "Limit", 100, "who may use a key").when(withDetails),
		plain(kms, "GetKeyLastUsage", "last use of a key").when(withDetails),
	}
}

func anywhereCalls() []call {
	s := wire.Service{Prefix: "rolesanywhere", Protocol: wire.REST}
	list := func(name, path, why string) call {
		return paged(s, name, "nextToken", "", 0, why).get(path)
	}
	return []call{
		list("ListTrustAnchors", "/trustanchors", "whose certificates may become roles"),
		list("ListProfiles", "/profiles", "which roles those are"),
		list("ListSubjects", "/subjects", "certificates that were seen"),
		plain(s, "GetSubject", "certificates that were seen").get("/subject/{subjectId}").when(withDetails),
	}
}

func clusterCalls() []call {
	s := wire.Service{Prefix: "eks", Protocol: wire.REST}
	list := func(name, path, why string) call {
		return paged(s, name, "nextToken", "maxResults", 100, why).get(path)
	}
	return []call{
		list("ListClusters", "/clusters", "EKS clusters"),
		plain(s, "DescribeCluster", "issuer and role of a cluster").get("/clusters/{name}"),
		list("ListPodIdentityAssociations", "/clusters/{clusterName}/pod-identity-associations", "roles of pods"),
		plain(s, "DescribePodIdentityAssociation", "roles of pods").
			get("/clusters/{clusterName}/pod-identity-associations/{associationId}").when(withDetails),
		list("ListAccessEntries", "/clusters/{clusterName}/access-entries", "who may enter a cluster"),
		plain(s, "DescribeAccessEntry", "as whom they enter a cluster").
			get("/clusters/{clusterName}/access-entries/{principalArn}").when(withDetails),
		list("ListAssociatedAccessPolicies", "/clusters/{clusterName}/access-entries/{principalArn}/access-policies",
			"what they may do in a cluster").when(withDetails),
	}
}

func computeCalls() []call {
	ec2 := ec2Service()
	lambda := wire.Service{Prefix: "lambda", Protocol: wire.REST}
	ecs := wire.Service{Prefix: "ecs", Protocol: wire.JSON, Version: "1.1", Target: "AmazonEC2ContainerServiceV20141113"}
	build := wire.Service{Prefix: "codebuild", Protocol: wire.JSON, Version: "1.1", Target: "CodeBuild_20161006"}
	states := wire.Service{Prefix: "states", Protocol: wire.JSON, Version: "1.0", Target: "AWSStepFunctions"}
	return []call{
		paged(ec2, "DescribeInstances", "NextToken", "MaxResults", 1000, "instances and their roles"),
		plain(ec2, "DescribeKeyPairs", "SSH keys of instances"),
		paged(lambda, "ListFunctions", "Marker", "MaxItems", 50, "functions and their roles").get("/2015-03-31/functions"),
		plain(lambda, "GetPolicy", "who may call a function").get("/2015-03-31/functions/{FunctionName}/policy").when(withDetails),
		paged(ecs, "ListClusters", "nextToken", "maxResults", 100, "containers and their roles"),
		paged(ecs, "ListServices", "nextToken", "maxResults", 100, "containers and their roles"),
		plain(ecs, "DescribeServices", "containers and their roles"),
		paged(ecs, "ListTasks", "nextToken", "maxResults", 100, "containers that run without a service"),
		plain(ecs, "DescribeTasks", "containers that run without a service"),
		plain(ecs, "DescribeTaskDefinition", "roles of containers").when(withDetails),
		paged(build, "ListProjects", "nextToken", "", 0, "builds and their roles"),
		plain(build, "BatchGetProjects", "builds and their roles"),
		plain(build, "ListSourceCredentials", "credentials for code hosts"),
		paged(states, "ListStateMachines", "nextToken", "maxResults", 1000, "state machines and their roles"),
		plain(states, "DescribeStateMachine", "roles of state machines, without their definition").when(withDetails),
	}
}

func agentCalls() []call {
	bedrock := wire.Service{Prefix: "bedrock", Host: "bedrock-agent", Sign: "bedrock", Protocol: wire.REST, Rate: 5}
	core := wire.Service{Prefix: "bedrock-agentcore", Host: "bedrock-agentcore-control", Sign: "bedrock-agentcore", Protocol: wire.REST, Rate: 5}
	list := func(name string, size int, why string) call {
		return paged(core, name, "nextToken", "maxResults", size, why)
	}
	return []call{
		paged(bedrock, "ListAgents", "nextToken", "maxResults", 1000, "AI agents and their roles").post("/agents/"),
		plain(bedrock, "GetAgent", "roles of AI agents").get("/agents/{agentId}/").when(withDetails),
		list("ListWorkloadIdentities", 20, "identities of AI agents").post("/identities/ListWorkloadIdentities"),
		list("ListOauth2CredentialProviders", 20, "credentials of AI agents, without values").post("/identities/ListOauth2CredentialProviders"),
		list("ListApiKeyCredentialProviders", 100, "credentials of AI agents, without values").post("/identities/ListApiKeyCredentialProviders"),
		list("ListAgentRuntimes", 100, "AI agents that run").post("/runtimes/", "maxResults", "nextToken"),
		plain(core, "GetAgentRuntime", "roles of AI agents that run").get("/runtimes/{agentRuntimeId}/").when(withDetails),
		list("ListGateways", 100, "tools that AI agents are given").get("/gateways/"),
		plain(core, "GetGateway", "roles of gateways").get("/gateways/{gatewayIdentifier}/").when(withDetails),
	}
}

func connectionCalls() []call {
	events := wire.Service{Prefix: "events", Protocol: wire.JSON, Version: "1.1", Target: "AWSEvents"}
	code := wire.Service{Prefix: "codeconnections", Protocol: wire.JSON, Version: "1.0", Target: "com.amazonaws.codeconnections.CodeConnections_20231201"}
	transfer := wire.Service{Prefix: "transfer", Protocol: wire.JSON, Version: "1.1", Target: "TransferService"}
	cognito := wire.Service{Prefix: "cognito-idp", Protocol: wire.JSON, Version: "1.1", Target: "AWSCognitoIdentityProviderService"}
	iot := wire.Service{Prefix: "iot", Protocol: wire.REST}
	return []call{
		paged(events, "ListConnections", "NextToken", "Limit", 100, "connections to third parties"),
		paged(code, "ListConnections", "NextToken", "MaxResults", 100, "connections to code hosts"),
		paged(transfer, "ListServers", "NextToken", "MaxResults", 1000, "file transfer servers"),
		paged(transfer, "ListUsers", "NextToken", "MaxResults", 1000, "users of file transfer and their roles").when(withDetails),
		paged(cognito, "ListUserPools", "NextToken", "MaxResults", 60, "user pools"),
		paged(cognito, "ListUserPoolClients", "NextToken", "MaxResults", 60, "OAuth clients, without their secrets").when(withDetails),
		paged(iot, "ListCertificates", "marker", "pageSize", 250, "certificates of devices").get("/certificates"),
	}
}

func resourceCalls() []call {
	s3 := wire.Service{Prefix: "s3", Protocol: wire.S3}
	sqs := wire.Service{Prefix: "sqs", Protocol: wire.JSON, Version: "1.0", Target: "AmazonSQS"}
	sns := wire.Service{Prefix: "sns", Protocol: wire.Query, Version: "2010-03-31"}
	return []call{
		paged(s3, "ListBuckets", "continuation-token", "max-buckets", 1000, "buckets").get("/"),
		plain(s3, "GetBucketPolicy", "who may use a bucket").get("/{Bucket}?policy").when(withDetails),
		paged(sqs, "ListQueues", "NextToken", "MaxResults", 1000, "queues"),
		plain(sqs, "GetQueueAttributes", "who may use a queue").when(withDetails),
		paged(sns, "ListTopics", "NextToken", "", 0, "topics"),
		plain(sns, "GetTopicAttributes", "who may use a topic").when(withDetails),
	}
}

func analyzerCalls() []call {
	s := wire.Service{Prefix: "access-analyzer", Protocol: wire.REST, Rate: 5}
	trail := wire.Service{Prefix: "cloudtrail", Protocol: wire.JSON, Version: "1.1", Target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", Rate: 2}
	return []call{
		paged(s, "ListAnalyzers", "nextToken", "maxResults", 100, "analyzers").get("/analyzer"),
		paged(s, "ListFindingsV2", "nextToken", "maxResults", 100, "what analyzers found unused or open").post("/findingv2"),
		paged(s, "GetFindingV2", "nextToken", "", 0, "since when it is unused").get("/findingv2/{id}").when(withDetails),
		paged(trail, "LookupEvents", "NextToken", "MaxResults", 50, "who made principals and keys").when(withCreators),
	}
}
