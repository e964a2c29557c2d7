package demo

import (
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

func arn(account, rest string) string { return "arn:aws:iam::" + account + ":" + rest }

// aws is the production account and a sandbox that could not be read in full.
func (c *company) aws() {
	c.awsUsers()
	c.awsRoles()
	c.awsSandbox()
}

func (c *company) awsUser(name string, created time.Time, more inventory.Identity) string {
	more.ID, more.Type, more.Scope, more.Name = "aws:"+arn("111122223333", "user/"+name), "aws.iam_user", prod, name
	more.PublicIDs = []string{arn("111122223333", "user/"+name)}
	more.CreatedAt, more.Environment, more.Disabled = created, "production", inventory.False
	return c.identity(more)
}

func (c *company) accessKey(user, public string, created, used time.Time, service string) {
	id := c.credential(inventory.Credential{
		ID: "aws:access-key/" + public, Type: "aws.access_key", Scope: prod, Identity: user, PublicID: public,
		CreatedAt: created, RotatedAt: created, NeverExpires: true, Disabled: inventory.False, Validity: "active", Environment: "production",
	})
	c.used(prod, id, used, service)
	c.used(prod, user, used, service)
}

func (c *company) awsUsers() {
	ci := c.awsUser("ci-deployer", ago(1180), inventory.Identity{Description: "deploys robot-api", CreatedBy: "dana.reyes@northwind.example"})
	c.accessKey(ci, key("NORTHWINDEXAMPLE"), ago(1180), ago(1), "s3")
	c.grant(inventory.Grant{
		Principal: ci, Scope: prod, Name: "AdministratorAccess", Resource: "*", Via: "attached policy", Level: inventory.LevelAdmin,
		Reasons: []string{"Allow * on * (arn:aws:iam::aws:policy/AdministratorAccess)"}, GrantedAt: ago(1180),
	})
	c.owner(prod, ci, "dana.reyes@northwind.example", "tag", inventory.ConfidenceHigh, inventory.False)
	c.consumer(inventory.Consumer{
		ID: "aws:consumer/ci-deployer", Subject: ci, Scope: prod, Workload: "github.com/northwind/robot-api/.github/workflows/release.yml",
		Kind: "workflow", Location: "GitHub Actions", Environment: "production",
	})

	backup := c.awsUser("legacy-backup", ago(2010), inventory.Identity{})
	c.accessKey(backup, key("NORTHWINDLEGACYB"), ago(1510), ago(431), "s3")
	c.grant(inventory.Grant{
		Principal: backup, Scope: prod, Name: "backup-write", Resource: "arn:aws:s3:::northwind-*", Via: "inline policy",
		Level: inventory.LevelWrite, Reasons: []string{"Allow s3:* on arn:aws:s3:::northwind-*"}, GrantedAt: ago(2010),
	})

	sync := c.awsUser("data-sync", ago(200), inventory.Identity{Description: "copies order data to the warehouse"})
	c.accessKey(sync, key("NORTHWINDDATASYN"), ago(38), ago(1), "s3")
	c.grant(inventory.Grant{
		Principal: sync, Scope: prod, Name: "orders-read", Resource: "arn:aws:s3:::northwind-orders/*", Via: "attached policy",
		Level: inventory.LevelRead, Reasons: []string{"Allow s3:GetObject on arn:aws:s3:::northwind-orders/*"}, GrantedAt: ago(200),
	})
	c.owner(prod, sync, "@northwind/data", "tag", inventory.ConfidenceHigh, inventory.True)
}

func (c *company) awsRole(name string, more inventory.Identity) string {
	more.ID, more.Type, more.Scope, more.Name = "aws:"+arn("111122223333", "role/"+name), "aws.iam_role", prod, name
	more.PublicIDs = []string{arn("111122223333", "role/"+name)}
	more.Environment, more.Disabled = "production", inventory.False
	if more.CreatedAt.IsZero() {
		more.CreatedAt = ago(620)
	}
	return c.identity(more)
}

func (c *company) awsRoles() {
	release := c.awsRole("github-release", inventory.Identity{Description: "releases from GitHub Actions"})
	c.trust(inventory.Trust{
		ID: release + "/trust/0", Identity: release, Scope: prod, Type: "oidc", Issuer: "https://token.actions.githubusercontent.com",
		Subject: "repo:northwind/*", Audience: "sts.amazonaws.com", Conditions: []string{"StringLike token.actions.githubusercontent.com:sub repo:northwind/*"},
	})
	c.grant(inventory.Grant{
		Principal: release, Scope: prod, Name: "release", Resource: "*", Via: "attached policy", Level: inventory.LevelEscalate,
		Reasons:      []string{"Allow iam:PassRole on *", "Allow lambda:CreateFunction on *"},
		Capabilities: []string{"iam.pass_role"}, Paths: []string{"iam:PassRole + lambda:CreateFunction → run code as arn:aws:iam::111122223333:role/orders-admin"}, GrantedAt: ago(620),
	})
	c.used(prod, release, ago(2), "sts")
	c.owner(prod, release, "@northwind/platform", "tag", inventory.ConfidenceHigh, inventory.True)

	vendor := c.awsRole("vendor-monitor", inventory.Identity{Description: "read access of our monitoring vendor", ThirdParty: inventory.True})
	c.trust(inventory.Trust{
		ID: vendor + "/trust/0", Identity: vendor, Scope: prod, Type: "account", ExternalAccount: "999988887777",
		Subject: "arn:aws:iam::999988887777:root", External: inventory.True, ExternalID: inventory.False,
	})
	c.grant(inventory.Grant{
		Principal: vendor, Scope: prod, Name: "ReadOnlyAccess", Resource: "*", Via: "attached policy", Level: inventory.LevelRead,
		Reasons: []string{"Allow read actions on *"}, GrantedAt: ago(620),
	})
	c.used(prod, vendor, ago(301), "cloudwatch")

	admin := c.awsRole("orders-admin", inventory.Identity{Description: "orders service"})
	c.trust(inventory.Trust{ID: admin + "/trust/0", Identity: admin, Scope: prod, Type: "service", Subject: "lambda.amazonaws.com"})
	c.grant(inventory.Grant{
		Principal: admin, Scope: prod, Name: "AdministratorAccess", Resource: "*", Via: "attached policy", Level: inventory.LevelAdmin,
		Reasons: []string{"Allow * on * (arn:aws:iam::aws:policy/AdministratorAccess)"}, GrantedAt: ago(620),
	})
	c.used(prod, admin, ago(0), "dynamodb")
	c.owner(prod, admin, "@northwind/orders", "tag", inventory.ConfidenceHigh, inventory.True)
	c.consumer(inventory.Consumer{
		ID: "aws:arn:aws:lambda:eu-central-1:111122223333:function:orders", Subject: admin, Scope: prod,
		Workload: "arn:aws:lambda:eu-central-1:111122223333:function:orders", Kind: "function", Location: "eu-central-1", Environment: "production",
	})
}

func (c *company) awsSandbox() {
	for _, name := range []string{"poc-vision", "load-test"} {
		id := c.identity(inventory.Identity{
			ID: "aws:" + arn("444455556666", "user/"+name), Type: "aws.iam_user", Scope: sandbox, Name: name,
			PublicIDs: []string{arn("444455556666", "user/"+name)}, CreatedAt: ago(500), Environment: "development", Disabled: inventory.False,
		})
		c.credential(inventory.Credential{
			ID: "aws:access-key/" + name, Type: "aws.access_key", Scope: sandbox, Identity: id, PublicID: key("NORTHWIND" + map[string]string{
				"poc-vision": "POCVISI", "load-test": "LOADTES",
			}[name]), CreatedAt: ago(500), NeverExpires: true, Disabled: inventory.False, Environment: "development",
		})
		c.grant(inventory.Grant{
			Principal: id, Scope: sandbox, Name: "PowerUserAccess", Resource: "*", Via: "attached policy", Level: inventory.LevelWrite,
			Reasons: []string{"Allow everything but IAM on *"},
		})
	}
}
