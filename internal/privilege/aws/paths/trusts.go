package paths

import "github.com/muster-nhi/muster/internal/inventory"

// Trusts returns who may become a role, in the order of its trust policy. It is
// empty for what is no role.
func (a *Analysis) Trusts(role string) []Trust {
	i, ok := a.index[role]
	if !ok || a.nodes[i].Kind != KindRole {
		return nil
	}
	n := &a.nodes[i]
	v := viewer{account: n.account.ID, inOrg: a.member(n.account), role: true, linked: n.ServiceRole}
	return v.trusts(n.Trust)
}

// ResourceTrusts returns whom the policy of a resource lets in, in its order.
func (a *Analysis) ResourceTrusts(resource string) []Trust {
	for i := range a.estate.Accounts {
		for k := range a.estate.Accounts[i].Resources {
			if r := &a.estate.Accounts[i].Resources[k]; r.ARN == resource {
				v := viewer{account: a.estate.Accounts[i].ID, inOrg: a.member(a.accounts[a.estate.Accounts[i].ID])}
				return v.trusts(r.Policy)
			}
		}
	}
	return nil
}

// member tells of accounts whether they are of the same organisation as one.
// Where the accounts of the organisation were not listed, others may be.
func (a *Analysis) member(of *account) func(id string) inventory.Tri {
	return func(id string) inventory.Tri {
		switch acc := a.accounts[id]; {
		case id == of.ID:
			return inventory.True
		case of.Member == inventory.False:
			return inventory.False
		case acc != nil && acc.Member != inventory.Unknown:
			return min(acc.Member, of.Member)
		case a.estate.Members != nil && of.Member == inventory.True:
			return inventory.TriOf(a.estate.Members[id])
		default:
			return inventory.Unknown
		}
	}
}
