package live_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// TestGroupsThatHold reads who is in a group that the policy of a vault lets in, and
// in one that a deny assignment spares.
func TestGroupsThatHold(t *testing.T) {
	s := fake.Northwind()
	groups := fake.Trees{s.Graph["/groups"].At(0)}
	for i, n := range []int{201, 202} {
		groups = append(groups, fake.Tree{"id": fake.Object(n), "displayName": fmt.Sprint("group ", n), "isAssignableToRole": false, "onPremisesSyncEnabled": i == 0})
		s.Graph["/groups/"+fake.Object(n)+"/transitiveMembers/microsoft.graph.servicePrincipal"] = fake.Trees{{"@odata.type": "#microsoft.graph.servicePrincipal", "id": fake.Object(22)}}
	}
	s.Graph["/groups"] = groups
	for i := range s.Tables["resources"].Len() {
		r := s.Tables["resources"].At(i)
		if p, ok := r["properties"].(fake.Tree); ok && p["accessPolicies"] != nil {
			p["accessPolicies"] = []any{fake.Tree{"tenantId": fake.NorthwindTenant, "objectId": fake.Object(201), "permissions": fake.Tree{"secrets": []string{"get"}}}}
		}
	}
	s.Manage["denyAssignments/"+fake.NorthwindProd].At(0)["properties"].(fake.Tree)["excludePrincipals"] = []any{fake.Tree{"id": fake.Object(202), "type": "Group"}}
	tenant := read(t, options(s))
	for i, n := range []int{201, 202} {
		at := slices.IndexFunc(tenant.Groups, func(g object.Group) bool { return g.ID == fake.Object(n) })
		if at < 0 {
			t.Errorf("group %d was not asked for", n)
			continue
		}
		if g := tenant.Groups[at]; !g.Known || !slices.Contains(g.Members, fake.Object(22)) || g.Synced != inventory.TriOf(i == 0) {
			t.Errorf("group %d is %+v", n, g)
		}
	}
}

// many makes a tenant with more user-assigned identities than are asked one by one,
// of which the last in Azure has a federated credential. Graph knows of those that
// told says.
func many(s *fake.Server, told func(i int) bool) int {
	const n = live.MaxIdentities + 50
	var identities, principals fake.Trees
	for i := range n {
		id := fmt.Sprintf("/subscriptions/%s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-%03d", fake.NorthwindDev, i)
		identities = append(identities, fake.Tree{
			"id": id, "name": fmt.Sprintf("id-%03d", i), "type": "microsoft.managedidentity/userassignedidentities", "subscriptionId": fake.NorthwindDev, "location": "westeurope",
			"properties": fake.Tree{"principalId": fake.Object(5000 + i), "clientId": fake.Object(6000 + i)},
		})
		list := []fake.Tree{}
		if told(i) {
			list = append(list, fake.Tree{"id": fake.Object(7000 + i), "name": "ci", "issuer": "https://gitlab.com", "subject": "project_path:northwind/x", "audiences": []string{"api://AzureADTokenExchange"}})
		}
		principals = append(principals, fake.Tree{"id": fake.Object(5000 + i), "appId": fake.Object(6000 + i), "servicePrincipalType": "ManagedIdentity", "federatedIdentityCredentials": list})
		s.Manage[strings.ToLower(id)] = fake.Trees{{"id": id + "/federatedIdentityCredentials/ci", "name": "ci", "properties": fake.Tree{"issuer": "https://gitlab.com", "subject": "project_path:northwind/x", "audiences": []string{"api://AzureADTokenExchange"}}}}
	}
	s.Tables["resources"], s.Graph["/servicePrincipals"] = identities, principals
	return n
}

// TestGraphLeavesTrustsOut: what Graph does not tell of identities is asked of Azure,
// and if Azure does not say, it is not known.
func TestGraphLeavesTrustsOut(t *testing.T) {
	for _, c := range []struct {
		name  string
		told  func(i int) bool
		shut  bool // Azure does not say
		known bool
	}{
		{"all of them", func(int) bool { return false }, false, true},
		{"some of them", func(i int) bool { return i%2 == 0 }, false, true},
		{"all, and Azure says nothing", func(int) bool { return false }, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fake.Northwind()
			n := many(s, c.told)
			if c.shut {
				s.Front = func(w http.ResponseWriter, r fake.Request) bool {
					if r.Host == "management.azure.com" && strings.HasSuffix(r.Path, "federatedIdentityCredentials") {
						fake.Deny(w, r.Host)
						return true
					}
					return false
				}
			}
			tenant := read(t, options(s))
			found, known := 0, 0
			for _, m := range tenant.Subscriptions[1].Identities {
				found += len(m.Federated)
				if m.FederatedKnown {
					known++
				}
			}
			if c.known && (found != n || known != n) || !c.known && (found != 0 || known != 0) {
				t.Errorf("%d trusts of %d identities, %d known", found, n, known)
			}
			partial := false
			for _, l := range listings(tenant) {
				partial = partial || strings.Contains(l.Call, "ederatedIdentityCredentials") && l.Status != inventory.StatusComplete
			}
			if partial == c.known {
				t.Errorf("the listings are %+v", listings(tenant))
			}
		})
	}
}
