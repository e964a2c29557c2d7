package live_test

import (
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
)

func clusters(s *fake.Server) {
	principal := arn("iam", "", "role/arm-controller")
	s.Set(account, eu, "eks:ListClusters", fake.Tree{"clusters": []any{"robots"}})
	s.Set(account, eu, "eks:DescribeCluster?name=robots", fake.Tree{"cluster": fake.Tree{
		"name": "robots", "arn": arn("eks", eu, "cluster/robots"), "createdAt": 1690000000.25, "version": "1.34", "roleArn": arn("iam", "", "role/eks"),
		"identity":           fake.Tree{"oidc": fake.Tree{"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC"}},
		"resourcesVpcConfig": fake.Tree{"endpointPublicAccess": true}, "accessConfig": fake.Tree{"authenticationMode": "API"},
		"tags": fake.Tree{"team": "robots", "cost": "7"},
	}})
	s.Set(account, eu, "eks:ListPodIdentityAssociations?clusterName=robots", fake.Tree{"associations": []any{fake.Tree{
		"clusterName": "robots", "namespace": "fleet", "serviceAccount": "arm", "associationArn": arn("eks", eu, "podidentityassociation/robots/a-1"), "associationId": "a-1",
	}}})
	s.Set(account, eu, "eks:DescribePodIdentityAssociation?associationId=a-1", fake.Tree{"association": fake.Tree{"roleArn": principal, "createdAt": 1690000001, "externalId": "x-1"}})
	s.Set(account, eu, "eks:ListAccessEntries?clusterName=robots", fake.Tree{"accessEntries": []any{principal}})
	s.Set(account, eu, "eks:DescribeAccessEntry?principalArn="+principal, fake.Tree{"accessEntry": fake.Tree{
		"accessEntryArn": arn("eks", eu, "access-entry/robots/1"), "username": "arm", "type": "STANDARD", "kubernetesGroups": []any{"fleet-admins"}, "createdAt": 1690000002,
	}})
	s.Set(account, eu, "eks:ListAssociatedAccessPolicies?principalArn="+principal, fake.Tree{"associatedAccessPolicies": []any{fake.Tree{
		"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "accessScope": fake.Tree{"type": "namespace", "namespaces": []any{"fleet"}},
	}}})
}

func compute(s *fake.Server) {
	s.Set(account, eu, "ec2:DescribeInstances", fake.Tree{"reservationSet": []any{fake.Tree{"instancesSet": []any{
		fake.Tree{
			"instanceId": "i-1", "instanceState": fake.Tree{"name": "running"}, "iamInstanceProfile": fake.Tree{"arn": arn("iam", "", "instance-profile/arm")},
			"launchTime": "2026-01-01T00:00:00.000Z", "keyName": "ops", "metadataOptions": fake.Tree{"httpTokens": "optional"},
			"tagSet": []any{fake.Tree{"key": "Name", "value": "arm-1"}},
		},
		fake.Tree{"instanceId": "i-2", "instanceState": fake.Tree{"name": "terminated"}},
	}}}})
	s.Set(account, eu, "ec2:DescribeKeyPairs", fake.Tree{"keySet": []any{fake.Tree{"keyPairId": "key-1", "keyName": "ops", "keyType": "ed25519", "createTime": "2025-01-01T00:00:00.000Z"}}})
	function := arn("lambda", eu, "function:sync")
	s.Set(account, eu, "lambda:ListFunctions", fake.Tree{"Functions": []any{fake.Tree{
		"FunctionName": "sync", "FunctionArn": function, "Role": arn("iam", "", "role/arm-controller"), "Runtime": "go1.x", "LastModified": "2026-03-04T05:06:07.000+0000",
		"Environment": fake.Tree{"Variables": fake.Tree{"API_TOKEN": canary(), "REGION": "eu"}},
	}}})
	s.Set(account, eu, "lambda:GetPolicy?FunctionName="+function, fake.Tree{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"*"}]}`})
	s.Set(account, eu, "codebuild:ListProjects", fake.Tree{"projects": []any{"build"}})
	s.Set(account, eu, "codebuild:BatchGetProjects", fake.Tree{"projects": []any{fake.Tree{
		"name": "build", "arn": arn("codebuild", eu, "project/build"), "serviceRole": arn("iam", "", "role/build"), "created": 1700000000, "lastModified": 1710000000,
		"projectVisibility": "PUBLIC_READ", "webhook": fake.Tree{"secret": canary()},
		"source": fake.Tree{"type": "GITHUB", "location": "https://github.com/northwind/robots"},
		"environment": fake.Tree{"environmentVariables": []any{
			fake.Tree{"name": "TOKEN", "value": canary(), "type": "PLAINTEXT"},
			fake.Tree{"name": "KEY", "value": "maps:key", "type": "SECRETS_MANAGER"},
			fake.Tree{"name": "BARE", "value": canary()},
		}},
	}}})
	s.Set(account, eu, "codebuild:ListSourceCredentials", fake.Tree{"sourceCredentialsInfos": []any{fake.Tree{"arn": arn("codebuild", eu, "token/github"), "serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN"}}})
	machine := arn("states", eu, "stateMachine:nightly")
	s.Set(account, eu, "states:ListStateMachines", fake.Tree{"stateMachines": []any{fake.Tree{"stateMachineArn": machine, "name": "nightly", "type": "STANDARD", "creationDate": 1700000000}}})
	s.Set(account, eu, "states:DescribeStateMachine?stateMachineArn="+machine, fake.Tree{"roleArn": arn("iam", "", "role/nightly"), "status": "ACTIVE", "definition": canary()})
}

func containers(s *fake.Server) {
	cluster, task := arn("ecs", eu, "cluster/c1"), arn("ecs", eu, "task-definition/web:3")
	s.Set(account, eu, "ecs:ListClusters", fake.Tree{"clusterArns": []any{cluster}})
	s.Set(account, eu, "ecs:ListServices?cluster="+cluster, fake.Tree{"serviceArns": []any{arn("ecs", eu, "service/c1/web")}})
	s.Set(account, eu, "ecs:DescribeServices?cluster="+cluster, fake.Tree{"services": []any{fake.Tree{
		"serviceArn": arn("ecs", eu, "service/c1/web"), "serviceName": "web", "clusterArn": cluster, "status": "ACTIVE", "taskDefinition": task,
		"createdAt": 1700000000, "tags": []any{fake.Tree{"key": "team", "value": "web"}}, "enableExecuteCommand": true,
	}}})
	s.Set(account, eu, "ecs:ListTasks?cluster="+cluster, fake.Tree{"taskArns": []any{arn("ecs", eu, "task/c1/t1")}})
	s.Set(account, eu, "ecs:DescribeTasks?cluster="+cluster, fake.Tree{"tasks": []any{fake.Tree{
		"taskArn": arn("ecs", eu, "task/c1/t1"), "clusterArn": cluster, "taskDefinitionArn": task, "createdAt": 1700000001,
		"overrides": fake.Tree{"taskRoleArn": arn("iam", "", "role/by-hand"), "containerOverrides": []any{fake.Tree{"environment": []any{fake.Tree{"name": "A", "value": canary()}}}}},
	}}})
	s.Set(account, eu, "ecs:DescribeTaskDefinition?taskDefinition="+task, fake.Tree{
		"taskDefinition": fake.Tree{
			"taskDefinitionArn": task, "family": "web", "taskRoleArn": arn("iam", "", "role/web"), "executionRoleArn": arn("iam", "", "role/pull"), "status": "ACTIVE", "registeredAt": 1700000000,
			"containerDefinitions": []any{fake.Tree{
				"name": "web", "environment": []any{fake.Tree{"name": "DB_PASSWORD", "value": canary()}},
				"secrets": []any{fake.Tree{"name": "TOKEN", "valueFrom": arn("secretsmanager", eu, "secret:maps-AbCdEf")}},
			}},
		},
		"tags": []any{fake.Tree{"key": "team", "value": "web"}},
	})
}

func agents(s *fake.Server) {
	s.Set(account, us, "bedrock:ListAgents", fake.Tree{"agentSummaries": []any{fake.Tree{"agentId": "AG1", "agentName": "helper", "agentStatus": "PREPARED", "updatedAt": "2026-09-01T00:00:00Z"}}})
	s.Set(account, us, "bedrock:GetAgent?agentId=AG1", fake.Tree{"agent": fake.Tree{
		"agentArn": arn("bedrock", us, "agent/AG1"), "agentResourceRoleArn": arn("iam", "", "role/helper"), "foundationModel": "a-model", "instruction": canary(), "createdAt": "2026-08-01T00:00:00Z",
	}})
	core := "bedrock-agentcore"
	s.Set(account, us, core+":ListWorkloadIdentities", fake.Tree{"workloadIdentities": []any{fake.Tree{"name": "helper", "workloadIdentityArn": arn(core, us, "workload-identity-directory/default/workload-identity/helper")}}})
	s.Set(account, us, core+":ListOauth2CredentialProviders", fake.Tree{"credentialProviders": []any{fake.Tree{"name": "crm", "credentialProviderVendor": "SalesforceOauth2", "credentialProviderArn": arn(core, us, "token-vault/default/oauth2credentialprovider/crm"), "createdTime": 1750000000}}})
	s.Set(account, us, core+":ListApiKeyCredentialProviders", fake.Tree{"credentialProviders": []any{fake.Tree{"name": "maps", "credentialProviderArn": arn(core, us, "token-vault/default/apikeycredentialprovider/maps"), "createdTime": 1750000001}}})
	s.Set(account, us, core+":ListAgentRuntimes", fake.Tree{"agentRuntimes": []any{fake.Tree{"agentRuntimeArn": arn(core, us, "runtime/r-1"), "agentRuntimeId": "r-1", "agentRuntimeName": "runner", "status": "READY", "lastUpdatedAt": "2026-09-02T00:00:00Z"}}})
	s.Set(account, us, core+":GetAgentRuntime?agentRuntimeId=r-1", fake.Tree{"roleArn": arn("iam", "", "role/runner"), "createdAt": "2026-09-01T00:00:00Z", "environmentVariables": fake.Tree{"KEY": canary()}})
	s.Set(account, us, core+":ListGateways", fake.Tree{"items": []any{fake.Tree{"gatewayId": "gw-1", "name": "tools", "status": "READY", "authorizerType": "NONE", "createdAt": "2026-09-01T00:00:00Z"}}})
	s.Set(account, us, core+":GetGateway?gatewayIdentifier=gw-1", fake.Tree{"gatewayArn": arn(core, us, "gateway/gw-1"), "roleArn": arn("iam", "", "role/tools")})
}

func connections(s *fake.Server) {
	s.Set(account, eu, "events:ListConnections", fake.Tree{"Connections": []any{fake.Tree{"ConnectionArn": arn("events", eu, "connection/pager/1"), "Name": "pager", "ConnectionState": "AUTHORIZED", "AuthorizationType": "API_KEY", "CreationTime": 1700000000, "LastAuthorizedTime": 1700000001}}})
	s.Set(account, eu, "codeconnections:ListConnections", fake.Tree{"Connections": []any{fake.Tree{"ConnectionName": "github", "ConnectionArn": arn("codeconnections", eu, "connection/1"), "ProviderType": "GitHub", "OwnerAccountId": account, "ConnectionStatus": "AVAILABLE"}}})
	s.Set(account, eu, "transfer:ListServers", fake.Tree{"Servers": []any{fake.Tree{"ServerId": "s-1", "State": "ONLINE", "UserCount": 1}}})
	s.Set(account, eu, "transfer:ListUsers?ServerId=s-1", fake.Tree{"ServerId": "s-1", "Users": []any{fake.Tree{"Arn": arn("transfer", eu, "user/s-1/supplier"), "UserName": "supplier", "Role": arn("iam", "", "role/idle"), "SshPublicKeyCount": 2}}})
	s.Set(account, eu, "cognito-idp:ListUserPools", fake.Tree{"UserPools": []any{fake.Tree{"Id": "eu_1", "Name": "robots"}}})
	s.Set(account, eu, "cognito-idp:ListUserPoolClients?UserPoolId=eu_1", fake.Tree{"UserPoolClients": []any{fake.Tree{"ClientId": "app1", "UserPoolId": "eu_1", "ClientName": "fleet"}}})
	s.Set(account, eu, "iot:ListCertificates", fake.Tree{"certificates": []any{fake.Tree{"certificateArn": arn("iot", eu, "cert/1"), "certificateId": "1", "status": "ACTIVE", "creationDate": 1700000000}}})
}

func resources(s *fake.Server) {
	everyone := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`
	s.Set(account, "", "s3:ListBuckets", fake.Tree{"Buckets": []any{fake.Tree{"Name": "northwind-maps", "BucketRegion": eu}, fake.Tree{"Name": "northwind-bare", "BucketRegion": us}}})
	s.Set(account, eu, "s3:GetBucketPolicy?Bucket=northwind-maps", fake.Tree{"Version": "2012-10-17", "Statement": []any{fake.Tree{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}}})
	queue := "https://sqs.eu-central-1.amazonaws.com/" + account + "/jobs"
	s.Set(account, eu, "sqs:ListQueues", fake.Tree{"QueueUrls": []any{queue}})
	s.Set(account, eu, "sqs:GetQueueAttributes?QueueUrl="+queue, fake.Tree{"Attributes": fake.Tree{"Policy": everyone}})
	s.Set(account, eu, "sns:ListTopics", fake.Tree{"Topics": []any{fake.Tree{"TopicArn": arn("sns", eu, "alarms")}}})
	s.Set(account, eu, "sns:GetTopicAttributes?TopicArn="+arn("sns", eu, "alarms"), fake.Tree{"Attributes": fake.Entries{"Policy": everyone, "Owner": account}})
}

func analyzers(s *fake.Server) {
	analyzer := arn("access-analyzer", eu, "analyzer/unused")
	s.Set(account, eu, "access-analyzer:ListAnalyzers", fake.Tree{"analyzers": []any{fake.Tree{"arn": analyzer, "name": "unused", "type": "ACCOUNT_UNUSED_ACCESS", "status": "ACTIVE"}}})
	s.Set(account, eu, "access-analyzer:ListFindingsV2?analyzerArn="+analyzer, fake.Tree{"findings": []any{
		fake.Tree{"id": "f-1", "resource": arn("iam", "", "role/idle"), "findingType": "UnusedIAMRole", "status": "ACTIVE", "resourceOwnerAccount": account, "createdAt": "2026-06-01T00:00:00Z"},
		fake.Tree{"id": "f-2", "resource": "arn:aws:iam::" + member + ":role/x", "findingType": "UnusedIAMRole", "status": "ACTIVE", "resourceOwnerAccount": member},
	}})
	s.Set(account, eu, "access-analyzer:GetFindingV2?id=f-1", fake.Tree{"id": "f-1", "findingDetails": []any{fake.Tree{"unusedIamRoleDetails": fake.Tree{"lastAccessed": "2025-06-01T00:00:00Z"}}}})
}

func trail(s *fake.Server) {
	event := func(text string) []any {
		return []any{fake.Tree{"EventName": "CreateUser", "EventTime": 1760000000, "CloudTrailEvent": text}}
	}
	s.Set(account, us, "cloudtrail:LookupEvents", fake.Tree{"Events": event(`{"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::` + account + `:assumed-role/admin/ada",` +
		`"sessionContext":{"sessionIssuer":{"arn":"` + arn("iam", "", "role/admin") + `"}}},"responseElements":{"user":{"arn":"` + arn("iam", "", "user/ci") + `"}}}`)})
}
