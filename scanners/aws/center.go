package aws

import (
	"cmp"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// putSets emits the permission sets of Identity Center, whom they are assigned
// to, and what they give. A set becomes a role in each account it is assigned in;
// what that may really do is told with the role.
func (m *mapper) putSets() {
	for i := range m.a.Instances {
		c := &m.a.Instances[i]
		count, accounts := map[string]int{}, map[string]map[string]bool{}
		for j := range c.Assignments {
			a := &c.Assignments[j]
			count[a.Set]++
			if accounts[a.Set] == nil {
				accounts[a.Set] = map[string]bool{}
			}
			accounts[a.Set][a.Account] = true
		}
		for j := range c.Sets {
			if m.err != nil {
				return
			}
			s := &c.Sets[j]
			m.putSet(c, s, count[s.ARN], len(accounts[s.ARN]))
		}
		for j := range c.Assignments {
			m.putAssignment(c, &c.Assignments[j])
		}
	}
}

func (m *mapper) putSet(c *object.IdentityCenter, s *object.PermissionSet, assigned, accounts int) {
	whole := m.listings.whole("sso:ListAccountAssignments")
	attr := make(cloud.Attributes, 8)
	attr.Set("instance", c.ARN)
	attr.Count("session", int(s.Session.Seconds()), false)
	attr.Count("assignments", assigned, whole)
	attr.Count("accounts", accounts, whole)
	attr.Set("permissions_boundary", s.Boundary)
	attr["human_reason"] = "people of Identity Center sign in as it"
	m.putIdentity(inventory.Identity{
		ID: m.id(s.ARN), Type: "aws.permission_set", Name: s.Name, Description: s.Description, PublicIDs: []string{s.ARN}, CreatedAt: s.CreatedAt,
		Disabled: inventory.False, Human: inventory.True,
	}, s.Tags, attr)
	for _, p := range s.Attached {
		m.put(inventory.Record{Grant: m.setPolicy(s, p)}, inventory.KindGrant)
	}
	if s.Inline != nil {
		g := m.setGrant(s, "inline", s.Name, "inline policy", "")
		if r := m.estate.reserved[s.Name]; r != "" {
			m.fillResult(g, m.judge.effective(r))
		} else {
			g.Level, g.Reasons = inventory.LevelUnknown, []string{"no role of this permission set was read, by which it could be judged"}
		}
		m.put(inventory.Record{Grant: g}, inventory.KindGrant)
	}
}

// setPolicy makes the grant of a policy that a permission set attaches, as it works
// for a role of the set that was read. Without one it is known of AWS's own only.
func (m *mapper) setPolicy(s *object.PermissionSet, arn string) *inventory.Grant {
	g := m.setGrant(s, "attached/"+arn, lastPart(arn), "attached policy", arn)
	a := object.ParseARN(arn)
	role := m.estate.reserved[s.Name]
	if in := m.estate.accounts[object.ParseARN(role).Account]; in != nil {
		here := arn
		if a.Account != byAWS {
			here = "arn:" + a.Partition + ":iam::" + in.ID + ":" + a.Resource
		}
		if r, ok := m.judge.analysis.Grant(role, m.judge.policy(in, here)); ok {
			m.fillResult(g, r)
			return g
		}
	}
	if a.Account == byAWS {
		x := privilege.AWSManagedPolicy(arn)
		g.Level, g.Reasons, g.Capabilities = cmp.Or(x.Level, inventory.LevelUnknown), x.Reasons, x.Capabilities
		return g
	}
	g.Level, g.Reasons = inventory.LevelUnknown, []string{"no role of this permission set was read, by which it could be judged"}
	return g
}

func (m *mapper) setGrant(s *object.PermissionSet, part, name, via, policy string) *inventory.Grant {
	attr := make(cloud.Attributes, 4)
	attr.Set("policy", policy)
	attr["permission_set"] = "true"
	return &inventory.Grant{
		ID: m.part(s.ARN, part), Principal: m.id(s.ARN), Scope: m.scope, Name: cloud.Label(name), Resource: "*", Via: via, Attributes: attr,
	}
}

// putAssignment emits that a user or group of Identity Center may take a
// permission set in an account.
func (m *mapper) putAssignment(c *object.IdentityCenter, a *object.Assignment) {
	identity := a.Set
	if r := m.estate.reservedIn[a.Account+"/"+m.estate.setNames[a.Set]]; r != "" {
		identity = r
	}
	attr := cloud.Attributes{"assignment": "true"}
	attr.Set("account", a.Account)
	attr.Set("permission_set", a.Set)
	m.put(inventory.Record{Trust: &inventory.Trust{
		ID:       m.once(m.part(a.Set, a.Account+"/"+a.PrincipalType+"/"+a.PrincipalID)),
		Identity: m.id(identity), Scope: m.scope, Type: "saml", Issuer: inventory.Clip(c.ARN, cloud.MaxText),
		Subject: strings.ToLower(a.PrincipalType) + "/" + inventory.Clip(cmp.Or(a.PrincipalName, a.PrincipalID), cloud.MaxName), Attributes: attr,
	}}, inventory.KindTrust)
}

// putAgents emits AI agents, which run as roles, and the workload identities of
// AgentCore.
func (m *mapper) putAgents() {
	for i := range m.a.Consumers {
		c := &m.a.Consumers[i]
		provider, ok := strings.CutPrefix(c.Type, "bedrock.")
		if !ok || provider != "agent" && provider != "agent_runtime" {
			continue
		}
		attr := make(cloud.Attributes, 6)
		attr["provider"] = "bedrock"
		if provider == "agent_runtime" {
			attr["provider"] = "agentcore"
		}
		attr.Set("region", c.Region)
		attr.Set("state", c.State)
		attr.Set("role", c.Role)
		attr.Tri("public", c.Public)
		m.putIdentity(inventory.Identity{
			ID: m.id(c.ARN), Type: "ai.agent", Name: c.Name, PublicIDs: []string{c.ARN}, CreatedAt: c.CreatedAt, Agent: inventory.True, Disabled: inventory.False,
		}, c.Tags, attr)
		m.putAgentGrant(c)
	}
	for i := range m.a.Workloads {
		w := &m.a.Workloads[i]
		attr := make(cloud.Attributes, 2)
		attr.Set("region", w.Region)
		attr.Set("return_urls", cloud.List(w.ReturnURLs))
		m.putIdentity(inventory.Identity{
			ID: m.id(w.ARN), Type: "aws.workload_identity", Name: w.Name, PublicIDs: []string{w.ARN}, CreatedAt: w.CreatedAt, Agent: inventory.True, Disabled: inventory.False,
		}, nil, attr)
	}
}

// putAgentGrant emits that an agent may do what its role may: it is the agent
// that acts.
func (m *mapper) putAgentGrant(c *object.Consumer) {
	if m.roles[c.Role] == nil {
		return
	}
	g := &inventory.Grant{
		ID: m.part(c.ARN, "role"), Principal: m.id(c.ARN), Scope: m.scope, Name: cloud.Label(lastPart(c.Role)), Resource: "*", Via: "role " + inventory.Clip(lastPart(c.Role), cloud.MaxName),
		Attributes: cloud.Attributes{"role": inventory.Clip(c.Role, cloud.MaxText), "joined": "true"},
	}
	m.fillResult(g, m.judge.effective(c.Role))
	m.put(inventory.Record{Grant: g}, inventory.KindGrant)
}

// putDelegations emits third parties that asked for permissions for a time.
func (m *mapper) putDelegations() {
	for i := range m.a.Delegations {
		d := &m.a.Delegations[i]
		native := cmp.Or(d.ARN, "delegation-request/"+d.ID)
		attr := make(cloud.Attributes, 6)
		attr.Set("state", d.State)
		attr.Set("requestor", d.Requestor)
		attr.Set("approver", d.Approver)
		attr.Set("owner_account", d.OwnerAccount)
		attr.Time("expires_at", d.ExpiresAt)
		attr.Set("supplier", d.Requestor)
		granted, ended := delegationState(d.State)
		m.putIdentity(inventory.Identity{
			ID: m.id(native), Type: "aws.delegation_request", Name: cmp.Or(d.Requestor, d.ID), PublicIDs: []string{d.ARN, d.ID}, Description: d.Description,
			CreatedAt: d.CreatedAt, Disabled: ended, ThirdParty: inventory.True,
		}, nil, attr)
		if granted {
			m.put(inventory.Record{Grant: &inventory.Grant{
				ID: m.part(native, "permissions"), Principal: m.id(native), Scope: m.scope, Name: "delegated permissions", Via: "delegation request",
				Level: inventory.LevelUnknown, Reasons: []string{"the policy of a delegation request is not read"}, GrantedAt: inventory.Time(d.UpdatedAt), ExpiresAt: inventory.Time(d.ExpiresAt),
			}}, inventory.KindGrant)
		}
		if d.Owner != "" {
			m.putOwner(m.id(native), owning{owner: d.Owner, method: "delegation", source: "owner of the delegation request", confidence: inventory.ConfidenceHigh})
		}
	}
}

// delegationState says whether a request has been granted and whether it is over
// (IAM API, DelegationRequest: state).
func delegationState(state string) (granted bool, ended inventory.Tri) {
	switch strings.ToUpper(state) {
	case "ACCEPTED", "FINALIZED":
		return true, inventory.False
	case "REJECTED", "EXPIRED", "REVOKED":
		return false, inventory.True
	case "":
		return false, inventory.Unknown
	default:
		return false, inventory.False
	}
}
