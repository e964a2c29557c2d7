package live

import (
	"context"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// An identified consumer is one that is asked about by its id.
type identified struct {
	object.Consumer
	id string
}

// consumeKnown adds consumers that were asked about.
func (s *session) consumeKnown(list []identified) {
	var out []object.Consumer
	for _, k := range list {
		out = append(out, k.Consumer)
	}
	s.consume(out)
}

// agents lists Bedrock's agents.
func (s *session) agents(ctx context.Context, region string) {
	type page struct {
		wire.Page
		AgentSummaries []struct {
			AgentID, AgentName, AgentStatus, Description wire.Text
			UpdatedAt                                    wire.Time
		}
	}
	var found []identified
	list(ctx, s, "bedrock:ListAgents", region, nil, func(p *page) int {
		for _, x := range p.AgentSummaries {
			found = append(found, identified{object.Consumer{
				ARN: s.arn("bedrock", region, "agent/"+string(x.AgentID)), Name: string(x.AgentName), Region: region, Type: "bedrock.agent",
				Use: "service", State: string(x.AgentStatus), UpdatedAt: x.UpdatedAt.Time,
				Details: known(map[string]string{"description": string(x.Description)}),
			}, string(x.AgentID)})
		}
		return len(p.AgentSummaries)
	})
	type answer struct {
		Agent struct {
			AgentArn, AgentResourceRoleArn, FoundationModel wire.Text
			CreatedAt                                       wire.Time
		}
	}
	details(ctx, s, "bedrock:GetAgent", region, found, func(ctx context.Context, k *identified) error {
		var out answer
		err := s.ask(ctx, "bedrock:GetAgent", region, wire.Values{"agentId": k.id}, &out)
		if x := out.Agent; err == nil {
			k.ARN, k.Role, k.CreatedAt = string(x.AgentArn), string(x.AgentResourceRoleArn), x.CreatedAt.Time
			k.detail("model", string(x.FoundationModel))
		}
		return err
	})
	s.consumeKnown(found)
}

// detail adds one detail, if it says anything.
func (k *identified) detail(name, value string) {
	if value == "" {
		return
	}
	if k.Details == nil {
		k.Details = map[string]string{}
	}
	k.Details[name] = value
}

// runtimes lists AgentCore's agents that run.
func (s *session) runtimes(ctx context.Context, region string) {
	type page struct {
		wire.Page
		AgentRuntimes []struct {
			AgentRuntimeArn, AgentRuntimeID, AgentRuntimeName, Status wire.Text
			LastUpdatedAt                                             wire.Time
		}
	}
	var found []identified
	list(ctx, s, "bedrock-agentcore:ListAgentRuntimes", region, nil, func(p *page) int {
		for _, x := range p.AgentRuntimes {
			found = append(found, identified{object.Consumer{
				ARN: string(x.AgentRuntimeArn), Name: string(x.AgentRuntimeName), Region: region, Type: "bedrock.agent_runtime", Use: "execution",
				State: string(x.Status), UpdatedAt: x.LastUpdatedAt.Time,
			}, string(x.AgentRuntimeID)})
		}
		return len(p.AgentRuntimes)
	})
	type answer struct {
		RoleArn                 wire.Text
		CreatedAt               wire.Time
		EnvironmentVariables    bag
		WorkloadIdentityDetails struct{ WorkloadIdentityArn wire.Text }
		NetworkConfiguration    struct{ NetworkMode wire.Text }
		ProtocolConfiguration   struct{ ServerProtocol wire.Text }
	}
	details(ctx, s, "bedrock-agentcore:GetAgentRuntime", region, found, func(ctx context.Context, k *identified) error {
		var out answer
		err := s.ask(ctx, "bedrock-agentcore:GetAgentRuntime", region, wire.Values{"agentRuntimeId": k.id}, &out)
		if err == nil {
			k.Role, k.CreatedAt = string(out.RoleArn), out.CreatedAt.Time
			k.detail("variables", out.EnvironmentVariables.names())
			k.detail("workload_identity", string(out.WorkloadIdentityDetails.WorkloadIdentityArn))
			k.detail("network", string(out.NetworkConfiguration.NetworkMode))
			k.detail("protocol", string(out.ProtocolConfiguration.ServerProtocol))
		}
		return err
	})
	s.consumeKnown(found)
}

// gateways lists what gives agents their tools.
func (s *session) gateways(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Items []struct {
			GatewayID, Name, Status, AuthorizerType, ProtocolType wire.Text
			CreatedAt, UpdatedAt                                  wire.Time
		}
	}
	var found []identified
	list(ctx, s, "bedrock-agentcore:ListGateways", region, nil, func(p *page) int {
		for _, x := range p.Items {
			found = append(found, identified{object.Consumer{
				ARN: s.arn("bedrock-agentcore", region, "gateway/"+string(x.GatewayID)), Name: string(x.Name), Region: region,
				Type: "bedrock.gateway", Use: "service", State: string(x.Status), CreatedAt: x.CreatedAt.Time, UpdatedAt: x.UpdatedAt.Time,
				Details: known(map[string]string{"authorizer": string(x.AuthorizerType), "protocol": string(x.ProtocolType)}),
			}, string(x.GatewayID)})
		}
		return len(p.Items)
	})
	type answer struct {
		GatewayArn, RoleArn     wire.Text
		WorkloadIdentityDetails struct{ WorkloadIdentityArn wire.Text }
	}
	details(ctx, s, "bedrock-agentcore:GetGateway", region, found, func(ctx context.Context, k *identified) error {
		var out answer
		err := s.ask(ctx, "bedrock-agentcore:GetGateway", region, wire.Values{"gatewayIdentifier": k.id}, &out)
		if err == nil {
			k.ARN, k.Role = string(out.GatewayArn), string(out.RoleArn)
			k.detail("workload_identity", string(out.WorkloadIdentityDetails.WorkloadIdentityArn))
		}
		return err
	})
	s.consumeKnown(found)
}

// workloads lists the identities of agents and the credentials that AgentCore keeps
// for them, without values.
func (s *session) workloads(ctx context.Context, region string) {
	type identities struct {
		wire.Page
		WorkloadIdentities []struct{ Name, WorkloadIdentityArn wire.Text }
	}
	list(ctx, s, "bedrock-agentcore:ListWorkloadIdentities", region, nil, func(p *identities) int {
		s.keep(func(a *object.Account) {
			for _, x := range p.WorkloadIdentities {
				a.Workloads = append(a.Workloads, object.WorkloadIdentity{ARN: string(x.WorkloadIdentityArn), Name: string(x.Name), Region: region})
			}
		})
		return len(p.WorkloadIdentities)
	})
	type providers struct {
		wire.Page
		CredentialProviders []struct {
			Name, CredentialProviderArn, CredentialProviderVendor wire.Text
			CreatedTime, LastUpdatedTime                          wire.Time
		}
	}
	of := func(kind string) func(*providers) int {
		return func(p *providers) int {
			var found []object.Connection
			for _, x := range p.CredentialProviders {
				found = append(found, object.Connection{
					ARN: string(x.CredentialProviderArn), Name: string(x.Name), Region: region, Type: kind,
					Provider: string(x.CredentialProviderVendor), CreatedAt: x.CreatedTime.Time, UpdatedAt: x.LastUpdatedTime.Time,
				})
			}
			s.connect(found)
			return len(p.CredentialProviders)
		}
	}
	list(ctx, s, "bedrock-agentcore:ListOauth2CredentialProviders", region, nil, of("agentcore.oauth2_provider"))
	list(ctx, s, "bedrock-agentcore:ListApiKeyCredentialProviders", region, nil, of("agentcore.api_key_provider"))
}
