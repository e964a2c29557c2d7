package paths

import (
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// Trusts returns who may become a role, in the order of its trust policy. It is
// empty for what is no role.
func (a *Analysis) Trusts(role string) []Trust {
	i, ok := a.index[role]
	if !ok || a.nodes[i].Kind != KindRole {
		return nil
	}
	n := &a.nodes[i]
	v := viewer{account: n.account.ID, inOrg: a.member(n.account), isOrg: a.organized(n.account), role: true, linked: n.ServiceRole, limit: a.limited(n.account, n.self)}
	return v.trusts(n.Trust)
}

// ResourceTrusts returns whom the policy of a resource lets in, in its order.
func (a *Analysis) ResourceTrusts(resource string) []Trust {
	at, ok := a.guarded[resource]
	if !ok {
		return nil
	}
	acc := a.accounts[at.account]
	v := viewer{account: at.account, inOrg: a.member(acc), isOrg: a.organized(acc), limit: a.limited(acc, policy.One(resource))}
	return v.trusts(at.policy)
}

// A guard is the policy of a resource with the account that it is in.
type guard struct {
	account string
	policy  *policy.Document // nil if there is none or it was not read
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

// organized tells of an organisation whether it is that of an account: it is, if
// it is the one that was read, unless the account is known to be outside.
func (a *Analysis) organized(of *account) func(id string) inventory.Tri {
	return func(id string) inventory.Tri {
		if a.estate.Organization == "" && of.Member != inventory.False {
			return inventory.Unknown
		}
		return inventory.TriOf(id == a.estate.Organization && of.Member != inventory.False)
	}
}

// limited asks the RCPs of an account whether they let in whom a trust names.
func (a *Analysis) limited(acc *account, resource policy.Resource) func(*Trust) {
	if len(acc.rcps) == 0 {
		return nil
	}
	return func(t *Trust) {
		who := policy.Principal{Kind: policy.Role, Account: t.Account, OrgKnown: t.InOrg == inventory.False}
		switch t.Kind {
		case TrustAccount:
			who.ARN = "arn:aws:iam::" + t.Account + ":role/somebody"
		case TrustPrincipal:
			who.ARN = t.Principal
		case TrustService:
			who = policy.Principal{Kind: policy.Service, ARN: t.Principal}
		case TrustOIDC:
			who = policy.Principal{Kind: policy.WebIdentity, ARN: t.Principal}
		case TrustSAML:
			who = policy.Principal{Kind: policy.SAML, ARN: t.Principal}
		default:
			who = policy.Principal{Kind: policy.Anonymous}
		}
		if t.InOrg == inventory.True {
			who.OrgID = a.estate.Organization
		}
		open := false
		for _, action := range t.Actions {
			d := policy.Decide(&policy.Request{Principal: &who, Action: policy.NewAction(action), Resource: resource, Account: acc.ID, Context: policy.Direct()},
				&policy.Layers{Identity: []*policy.Policy{a.admin}, Resource: a.everybody, RCPs: acc.rcps})
			open = open || d.Allowed != inventory.False
			t.Certain = t.Certain && d.Allowed != inventory.Unknown
		}
		t.Closed = t.Closed || !open
	}
}
