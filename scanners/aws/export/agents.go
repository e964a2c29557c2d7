package export

import (
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/object"
)

// The shapes of what Bedrock and AgentCore answer.
type (
	agent struct {
		Agent struct {
			AgentID, AgentName, AgentArn, AgentStatus, AgentResourceRoleArn, FoundationModel string
			CreatedAt, UpdatedAt                                                             moment
		}
	}
	agentRuntime struct {
		AgentRuntimeArn, AgentRuntimeName, Status, RoleArn string
		CreatedAt, LastUpdatedAt                           moment
		EnvironmentVariables                               names
	}
	workload struct{ Name, WorkloadIdentityArn string }
	provider struct {
		Name, CredentialProviderVendor, CredentialProviderArn string
		CreatedTime, LastUpdatedTime                          moment
	}
)

func (h *handlers) agents() {
	one(h, "bedrock:GetAgent", []string{"agent"}, func(v *agent) string { return v.Agent.AgentArn }, func(a *account, region string, v *agent) {
		x := &v.Agent
		a.describe("bedrock:GetAgent", x.AgentID)
		a.consumer(x.AgentArn, "agent", x.AgentResourceRoleArn, object.Consumer{
			Name: x.AgentName, Region: region, Type: "bedrock.agent", State: x.AgentStatus, CreatedAt: x.CreatedAt.Time, UpdatedAt: x.UpdatedAt.Time,
			Details: details("model", x.FoundationModel),
		})
	})
	one(h, "bedrock-agentcore:GetAgentRuntime", []string{"agentRuntimeArn", "roleArn"}, func(v *agentRuntime) string { return v.AgentRuntimeArn }, func(a *account, region string, v *agentRuntime) {
		a.describe("bedrock-agentcore:GetAgentRuntime", v.AgentRuntimeArn)
		a.consumer(v.AgentRuntimeArn, "agent", v.RoleArn, object.Consumer{
			Name: v.AgentRuntimeName, Region: region, Type: "bedrock.agent_runtime", State: v.Status, CreatedAt: v.CreatedAt.Time, UpdatedAt: v.LastUpdatedAt.Time,
			Details: details("variables", strings.Join(v.EnvironmentVariables, ",")),
		})
	})
	on(h, "workloadIdentities", "bedrock-agentcore:ListWorkloadIdentities", nil, func(v *workload) string { return v.WorkloadIdentityArn }, func(a *account, region string, v *workload) {
		*a.workloads.of(v.WorkloadIdentityArn) = object.WorkloadIdentity{ARN: v.WorkloadIdentityArn, Name: v.Name, Region: region}
	})
	for _, p := range []struct{ action, typ, word string }{
		{"bedrock-agentcore:ListOauth2CredentialProviders", "agentcore.oauth2_provider", "oauth2credentialprovider"},
		{"bedrock-agentcore:ListApiKeyCredentialProviders", "agentcore.api_key_provider", "apikeycredentialprovider"},
	} {
		on(h, "credentialProviders", p.action, func(v *provider) bool { return strings.Contains(v.CredentialProviderArn, p.word) }, func(v *provider) string { return v.CredentialProviderArn }, func(a *account, region string, v *provider) {
			*a.links.of(v.CredentialProviderArn) = object.Connection{
				ARN: v.CredentialProviderArn, Name: v.Name, Region: region, Type: p.typ, Provider: v.CredentialProviderVendor, CreatedAt: v.CreatedTime.Time, UpdatedAt: v.LastUpdatedTime.Time,
			}
		})
	}
}
