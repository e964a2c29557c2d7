package azure

import (
	"cmp"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// putSubscriptions emits what lies in subscriptions: identities that the directory
// did not tell of, what runs as them, vaults, keys.
func (m *mapper) putSubscriptions() {
	for _, s := range m.order {
		for _, i := range sortedBy(s.Identities, func(i *object.ManagedIdentity) string { return i.ID }) {
			if m.err != nil {
				return
			}
			if i.Principal == "" || m.sps[lower(i.Principal)] == nil && m.managed[lower(i.Principal)] == i {
				r := m.identityOf(i)
				m.putEntra(&r)
			}
		}
		for _, c := range sortedBy(s.Consumers, func(c *object.Consumer) string { return c.ID }) {
			if m.err != nil {
				return
			}
			m.putConsumers(s, c)
		}
		m.putVaults(s)
		m.putStores(s)
		m.putSwitches(s)
		m.putClusters(s)
	}
}

// putConsumers emits a resource once for each identity that it runs as.
func (m *mapper) putConsumers(s *object.Subscription, c *object.Consumer) {
	put := func(name, use, subject string) {
		attr := cloud.Attributes{"use": use}
		attr.Set("type", strings.ToLower(c.Type))
		attr.Set("kind", c.Kind)
		attr.Set("name", c.Name)
		attr.Tri("public", c.Public)
		m.put(inventory.Record{Consumer: &inventory.Consumer{
			ID: m.once(part(m.id(object.Fold(c.ID)), name)), Subject: subject, Scope: m.scopeOf(s), Workload: cloud.Word(c.ID), Kind: kindOf(c),
			Location: inventory.Clip(c.Location, cloud.MaxName), Environment: cloud.EnvironmentOf(c.Tags, s.Tags), Attributes: attr,
		}}, inventory.KindConsumer)
	}
	if c.System != "" {
		put("system", "system", m.subject(c.System))
	}
	for _, id := range unique(c.User) {
		subject := m.id(object.Fold(id)) // of a subscription that was not read
		if x := m.byARM[object.Fold(id)]; x != nil {
			subject = m.identityOf(x).id
		} else if p := m.explicit[object.Fold(id)]; p != nil {
			subject = m.principal(p).id
		}
		put("user/"+lastPart(object.Fold(id)), "user", subject)
	}
}

// subject returns the id of the identity that an object of the directory is or would
// be.
func (m *mapper) subject(objectID string) string {
	if r, ok := m.who(objectID); ok {
		return r.id
	}
	return m.entra("servicePrincipals", objectID)
}

// kindOf is what people call a type of resource.
func kindOf(c *object.Consumer) string {
	kind := strings.ToLower(c.Kind)
	switch strings.ToLower(c.Type) {
	case "microsoft.compute/virtualmachines":
		return "virtual machine"
	case "microsoft.compute/virtualmachinescalesets":
		return "virtual machine scale set"
	case "microsoft.hybridcompute/machines":
		return "arc machine"
	case "microsoft.web/sites", "microsoft.web/sites/slots":
		switch {
		case strings.Contains(kind, "workflowapp"):
			return "logic app"
		case strings.Contains(kind, "functionapp"):
			return "function app"
		default:
			return "web app"
		}
	case "microsoft.logic/workflows":
		return "logic app"
	case "microsoft.app/containerapps":
		return "container app"
	case "microsoft.app/jobs":
		return "container app job"
	case "microsoft.containerinstance/containergroups":
		return "container group"
	case "microsoft.containerservice/managedclusters":
		return "aks cluster"
	case "microsoft.containerregistry/registries":
		return "container registry"
	case "microsoft.automation/automationaccounts":
		return "automation account"
	case "microsoft.datafactory/factories":
		return "data factory"
	case "microsoft.synapse/workspaces":
		return "synapse workspace"
	case "microsoft.machinelearningservices/workspaces":
		return "machine learning workspace"
	case "microsoft.cognitiveservices/accounts":
		return "ai service"
	case "microsoft.batch/batchaccounts":
		return "batch account"
	case "microsoft.resources/deploymentscripts":
		return "deployment script"
	case "microsoft.authorization/policyassignments":
		return "policy assignment"
	case "":
		return "resource"
	}
	return cloud.Label(spaced(cmp.Or(lastPart(strings.ToLower(c.Type)), c.Type)))
}

// spaced makes words of the parts of a name.
func spaced(s string) string { return strings.NewReplacer(".", " ", "_", " ").Replace(s) }
