package demo

import "github.com/muster-nhi/muster/internal/inventory"

// A leak is a secret in a repository.
type leak struct {
	repo, rule, typ, path, via, author string
	line, secret, days                 int
	head                               bool
	more                               inventory.Credential
}

func (c *company) leak(l leak) string {
	x := l.more
	x.ID = "repo:" + l.repo + "/secret/" + l.rule + "/" + commit(l.secret)[:16]
	x.Type, x.Scope, x.Store, x.Exposure, x.Detector = l.typ, l.repo, "git", "repository", "gitleaks:"+l.rule
	x.SecretHash, x.AtHead = hashed(l.secret), inventory.TriOf(l.head)
	x.FirstSeenAt, x.LastSeenAt = ago(l.days), ago(l.days)
	x.FoundAt = []inventory.Location{{
		URI: l.path, Repo: l.repo, Commit: commit(l.secret + l.days), Line: l.line, Author: l.author,
		Date: ago(l.days), AtHead: inventory.TriOf(l.head), Via: l.via,
	}}
	c.credential(x)
	c.owner(l.repo, x.ID, l.author, "last_author", inventory.ConfidenceLow, inventory.Unknown)
	return x.ID
}

const (
	dana = "Dana Reyes <dana.reyes@northwind.example>"
	omar = "Omar Haddad <omar.haddad@northwind.example>"
)

// repositories are two git repositories: what leaked, and what they declare.
func (c *company) repositories() {
	deploy := c.leak(leak{
		repo: api, rule: "aws-access-token", typ: "aws.access_key", path: "deploy/release.env", line: 4, secret: 1, days: 1175, author: dana, head: true,
		more: inventory.Credential{
			PublicID: key("NORTHWINDEXAMPLE"), Hint: "AK" + "IA…, 20 characters", Attributes: map[string]string{"account": "111122223333"},
		},
	})
	c.owner(api, deploy, "@northwind/platform", "codeowners", inventory.ConfidenceHigh, inventory.True)
	c.leak(leak{
		repo: infra, rule: "generic-api-key", typ: "generic.secret", path: "ansible/group_vars/all.yml", line: 31, secret: 2, days: 640, author: omar, head: true,
	})
	c.leak(leak{
		repo: api, rule: "generic-api-key", typ: "generic.secret", path: "config/local.yaml", line: 12, secret: 2, days: 655, author: omar, head: false,
	})
	c.leak(leak{
		repo: api, rule: "slack-webhook-url", typ: "slack.webhook", path: "scripts/notify.sh", line: 9, secret: 3, days: 288, author: omar, head: false,
	})
	c.leak(leak{
		repo: infra, rule: "private-key", typ: "ssh.private_key", path: "bastion/id_ed25519", line: 1, secret: 4, days: 97, author: dana, head: true,
		more: inventory.Credential{PublicID: "SHA256:northwind0demo0bastion0key0fingerprint00000", Algorithm: "Ed25519", KeyBits: 256, Encrypted: inventory.False},
	})
	c.workflows()
	c.agents()
}

// workflows are those of robot-api.
func (c *company) workflows() {
	where := []inventory.Location{{URI: ".github/workflows/release.yml", Repo: api, Line: 1, AtHead: inventory.True}}
	release := c.identity(inventory.Identity{
		ID: "repo:" + api + "/workflow/release", Type: "github.workflow", Scope: api, Name: "release", Declared: true, FoundAt: where,
		PublicIDs:  []string{"repo:northwind/robot-api:ref:refs/heads/main"},
		Attributes: map[string]string{"unpinned_actions": "third-party/upload@v2,third-party/notify@main", "permissions": "write-all"},
	})
	c.grant(inventory.Grant{
		Principal: release, Scope: api, Name: "permissions: write-all", Resource: "the repository", Via: "workflow", Level: inventory.LevelWrite,
		Reasons: []string{"permissions: write-all gives the workflow's token every scope"}, Declared: true,
	})
	c.owner(api, release, "@northwind/platform", "codeowners", inventory.ConfidenceHigh, inventory.True)
	c.credential(inventory.Credential{
		ID: "repo:" + api + "/workflow/release/secret/AWS_ACCESS_KEY_ID", Type: "ci.secret_reference", Scope: api, Name: "AWS_ACCESS_KEY_ID", Identity: release,
		Store: "github actions secret", FoundAt: where,
	})
}

// agents are an AI agent's tools, with a token in their configuration.
func (c *company) agents() {
	where := []inventory.Location{{URI: ".cursor/mcp.json", Repo: infra, Line: 7, AtHead: inventory.True, Author: omar, Date: ago(54)}}
	server := c.identity(inventory.Identity{
		ID: "repo:" + infra + "/mcp/ticketing", Type: "mcp.server", Scope: infra, Name: "ticketing", Declared: true, Agent: inventory.True,
		FoundAt: where, Attributes: map[string]string{"command": "npx -y ticketing-mcp"},
	})
	c.credential(inventory.Credential{
		ID: "repo:" + infra + "/mcp/ticketing/env/TICKETING_TOKEN", Type: "generic.secret", Scope: infra, Name: "TICKETING_TOKEN",
		SecretHash: hashed(5), Store: "git", Exposure: "agent_config", FoundAt: where, AtHead: inventory.True, FirstSeenAt: ago(54), LastSeenAt: ago(54),
	})
	c.consumer(inventory.Consumer{
		ID: "repo:" + infra + "/consumer/cursor", Subject: server, Scope: infra, Workload: ".cursor/mcp.json", Kind: "ai agent", Location: ".cursor/mcp.json", FoundAt: where,
	})
}
