package paths

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

// large makes a tenant of n principals with three assignments and more for each.
func large(n int) *tenant {
	r := rand.New(rand.NewPCG(7, 11))
	t := newTenant()
	t.Management, t.Subscriptions = nil, nil
	pick := func(n int) int { return r.IntN(n) }
	subs := max(2, n/100)
	sub := func() string { return fmt.Sprintf("/subscriptions/sub-%d", pick(subs)) }
	for i := range subs {
		t.Management = append(t.Management, ManagementGroup{ID: fmt.Sprintf("mg-%d", i/10)})
		t.Subscriptions = append(t.Subscriptions, Subscription{ID: fmt.Sprintf("sub-%d", i), Management: fmt.Sprintf("mg-%d", i/10)})
	}
	roles := []string{arm.Reader, arm.Reader, arm.Contributor, vmAdmin, operator, "4633458b-17de-408a-b874-0445c86b69e6", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"}
	for i := range 30 {
		roles = append(roles, t.custom(fmt.Sprintf("custom-%d", i), "Microsoft.Web/sites/*", "*/read", fmt.Sprintf("-Microsoft.Web/sites/%d", i)))
	}
	id := func(i int) string { return fmt.Sprintf("p-%d", i) }
	for i := range n {
		group := fmt.Sprintf("%s/resourceGroups/rg-%d", sub(), pick(20))
		switch {
		case i%3 == 0:
			on := fmt.Sprintf("%s/providers/Microsoft.Compute/virtualMachines/vm-%d", group, i)
			t.system(id(i), on, vmType)
		case i%10 == 1:
			t.user(id(i))
		default:
			t.app(id(i), id(pick(n)))
		}
		for range 3 {
			at := sub()
			switch pick(4) {
			case 0:
				at = group
			case 1:
				at = fmt.Sprintf("%s/providers/Microsoft.KeyVault/vaults/v-%d", group, pick(n))
			}
			t.assign(id(i), roles[pick(len(roles))], at)
		}
		if i%20 == 0 {
			t.graph(id(i), "User.Read.All").graph(id(i), "Group.Read.All")
		}
		if i%1000 == 500 {
			t.graph(id(i), "Application.ReadWrite.All")
			t.assign(id(i), arm.Owner, sub())
		}
	}
	for i := range n / 15 {
		g := t.group(fmt.Sprintf("g-%d", i))
		g.RoleAssignable = inventory.TriOf(i%5 == 0)
		for range 20 {
			g.Members = append(g.Members, id(pick(n)))
		}
		if i%4 == 0 {
			g.Members = append(g.Members, fmt.Sprintf("g-%d", pick(n/15)))
		}
		t.assign(g.ID, roles[pick(len(roles))], sub())
	}
	t.role(id(n/2), "Global Administrator")
	return t
}

// BenchmarkTenant is for a tenant of 30,000 principals and 100,000 assignments.
func BenchmarkTenant(b *testing.B) {
	n := large(30_000)
	b.ReportAllocs()
	for b.Loop() {
		a := n.analyze()
		for i := range n.Principals {
			a.Of(n.Principals[i].ID)
		}
	}
}
