package live_test

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// TestNetworkRulesOfConsumers has resources with identities that rules for networks keep
// apart from the public one, whatever the switch beside them says.
func TestNetworkRulesOfConsumers(t *testing.T) {
	rules := func(name, action string) fake.Tree { return fake.Tree{name: fake.Tree{"defaultAction": action}} }
	with := func(t fake.Tree, access string) fake.Tree {
		t["publicNetworkAccess"] = access
		return t
	}
	for name, c := range map[string]struct {
		properties fake.Tree
		want       inventory.Tri
	}{
		"nothing is told":               {fake.Tree{}, inventory.Unknown},
		"on":                            {with(fake.Tree{}, "Enabled"), inventory.True},
		"off":                           {with(fake.Tree{}, "Disabled"), inventory.False},
		"on, but no network is let in":  {with(rules("networkAcls", "Deny"), "Enabled"), inventory.False},
		"on, and every network":         {with(rules("networkAcls", "Allow"), "Enabled"), inventory.True},
		"off, and every network":        {with(rules("networkAcls", "Allow"), "Disabled"), inventory.False},
		"rules alone":                   {rules("networkAcls", "Deny"), inventory.False},
		"rules alone, every network":    {rules("networkAcls", "Allow"), inventory.True},
		"rules of a registry":           {with(rules("networkRuleSet", "Deny"), "Enabled"), inventory.False},
		"rules of a registry that lets": {with(rules("networkRuleSet", "Allow"), "Enabled"), inventory.True},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.Northwind()
			const id = "/subscriptions/" + fake.NorthwindProd + "/resourceGroups/rg-ai/providers/Microsoft.CognitiveServices/accounts/nw-openai"
			list, ok := s.Tables["resources"].(fake.Trees)
			if !ok {
				t.Fatal("resources are no list")
			}
			s.Tables["resources"] = append(list, fake.Tree{
				"id": id, "name": "nw-openai", "type": "microsoft.cognitiveservices/accounts", "kind": "OpenAI", "location": "westeurope", "subscriptionId": fake.NorthwindProd,
				"identity": fake.Tree{"type": "SystemAssigned", "principalId": fake.Object(26)}, "properties": c.properties,
			})
			for _, sub := range read(t, options(s)).Subscriptions {
				for i := range sub.Consumers {
					if x := &sub.Consumers[i]; strings.EqualFold(x.ID, id) {
						if x.Public != c.want {
							t.Errorf("it is public: %v, want %v", x.Public, c.want)
						}
						return
					}
				}
			}
			t.Error("it is not there")
		})
	}
}
