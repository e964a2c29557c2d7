package demo

import "github.com/muster-nhi/muster/internal/inventory"

// cloud is a Google Cloud project and an Entra tenant.
func (c *company) cloud() {
	trainer := c.identity(inventory.Identity{
		ID: "gcp:serviceAccount:trainer@northwind-ml.iam.gserviceaccount.com", Type: "gcp.service_account", Scope: project, Name: "trainer",
		PublicIDs: []string{"trainer@northwind-ml.iam.gserviceaccount.com", "104857600000000000017"}, CreatedAt: ago(730), Disabled: inventory.False, Environment: "production",
	})
	keyID := c.credential(inventory.Credential{
		ID: "gcp:key/trainer/5f2c", Type: "gcp.service_account_key", Scope: project, Identity: trainer, PublicID: "5f2cdemo5f2cdemo5f2cdemo",
		CreatedAt: ago(702), NeverExpires: true, Disabled: inventory.False, Algorithm: "RSA", KeyBits: 2048, Environment: "production",
	})
	c.used(project, keyID, ago(3), "aiplatform.googleapis.com")
	c.used(project, trainer, ago(3), "aiplatform.googleapis.com")
	c.grant(inventory.Grant{
		Principal: trainer, Scope: project, Name: "roles/editor", Resource: "projects/northwind-ml", Via: "project policy",
		Level: inventory.LevelWrite, Reasons: []string{"roles/editor changes nearly everything in the project"},
	})

	bot := c.identity(inventory.Identity{
		ID: "azure:application/0b0f7c1e-0000-4000-8000-00000000d001", Type: "entra.application", Scope: tenant, Name: "Invoice bot",
		PublicIDs: []string{"0b0f7c1e-0000-4000-8000-00000000d001"}, CreatedAt: ago(900), Disabled: inventory.False, Environment: "production",
		Description: "reads invoices from the shared mailbox",
	})
	for _, s := range []struct {
		name        string
		made, until int
	}{{"secret 1", 900, -170}, {"secret 2", 353, 12}} {
		c.credential(inventory.Credential{
			ID: bot + "/" + s.name, Type: "azure.client_secret", Scope: tenant, Identity: bot, Name: s.name, PublicID: "0b0f7c1e-0000-4000-8000-00000000d001",
			CreatedAt: ago(s.made), ExpiresAt: ahead(s.until), Environment: "production",
		})
	}
	c.used(tenant, bot, ago(1), "Microsoft Graph")
	c.grant(inventory.Grant{
		Principal: bot, Scope: tenant, Name: "Mail.ReadWrite", Resource: "Microsoft Graph", Via: "application permission",
		Level: inventory.LevelWrite, Reasons: []string{"reads and changes the mail of every mailbox"},
	})
	c.owner(tenant, bot, "li.wei@northwind.example", "app_owner", inventory.ConfidenceHigh, inventory.True)
}

// cluster is a Kubernetes cluster.
func (c *company) cluster() {
	account := func(namespace, name string) string {
		return c.identity(inventory.Identity{
			ID: "kubernetes:" + cluster + "/" + namespace + "/" + name, Type: "kubernetes.service_account", Scope: cluster, Name: namespace + "/" + name,
			PublicIDs: []string{"system:serviceaccount:" + namespace + ":" + name}, CreatedAt: ago(410), Environment: "production", Disabled: inventory.False,
		})
	}
	controller := account("robots", "controller")
	c.grant(inventory.Grant{
		Principal: controller, Scope: cluster, Name: "cluster-admin", Resource: "*", Via: "ClusterRoleBinding robots-controller", Level: inventory.LevelAdmin,
		Reasons: []string{"verbs * on resources * in API groups *"}, Capabilities: []string{"secrets.read_all", "rbac.escalate"},
	})
	c.consumer(inventory.Consumer{
		ID: "kubernetes:" + cluster + "/robots/deployment/controller", Subject: controller, Scope: cluster, Workload: "robots/controller",
		Kind: "deployment", Location: "robots", Environment: "production",
	})
	c.owner(cluster, controller, "@northwind/platform", "annotation", inventory.ConfidenceHigh, inventory.True)

	telemetry := account("telemetry", "collector")
	c.grant(inventory.Grant{
		Principal: telemetry, Scope: cluster, Name: "view", Resource: "*", Via: "ClusterRoleBinding telemetry", Level: inventory.LevelRead,
		Reasons: []string{"get, list, watch on most resources"},
	})
	token := c.credential(inventory.Credential{
		ID: "kubernetes:" + cluster + "/telemetry/secret/collector-token", Type: "kubernetes.token", Scope: cluster, Identity: telemetry, Name: "collector-token",
		Store: "kubernetes secret", CreatedAt: ago(410), NeverExpires: true, Environment: "production",
	})
	c.used(cluster, token, ago(190), "api server")
}
