package paths

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/internal/privilege/chain"
)

// A trustIndex finds the roles that may let somebody in.
type trustIndex struct {
	named    map[string][]int32 // by the ARN or unique id of a user, role or session's role
	accounts map[string][]int32 // by account
	anybody  []int32            // everybody, or everybody but some, or unreadable
	bits     map[string]uint32  // of services that ways need
}

// addTrusts reads the trust policies of all roles.
func (a *Analysis) addTrusts(workers int) {
	x := &a.trust
	x.named, x.accounts, x.bits = map[string][]int32{}, map[string][]int32{}, map[string]uint32{}
	for i := range a.ways {
		if s := a.ways[i].service; s != "" && x.bits[s] == 0 {
			x.bits[s] = 1 << len(x.bits)
		}
	}
	for i := range a.nodes {
		a.addTrust(int32(i))
	}
	chain.Parallel(workers, len(a.nodes), func(i int) { a.letsIn(&a.nodes[i]) })
}

// addTrust files whom the trust policy of a role names.
func (a *Analysis) addTrust(i int32) {
	n, x := &a.nodes[i], &a.trust
	if n.Kind != KindRole || n.ServiceRole {
		return
	}
	if n.Trust == nil {
		x.anybody = append(x.anybody, i)
		return
	}
	add := func(m map[string][]int32, key string) {
		if l := m[key]; len(l) == 0 || l[len(l)-1] != i {
			m[key] = append(l, i)
		}
	}
	for k := range n.Trust.Statements {
		s := &n.Trust.Statements[k]
		if s.Deny || !covers(s, "sts:AssumeRole") {
			continue
		}
		if s.NotPrincipal != nil || s.Principals != nil && s.Principals.Everyone {
			if len(x.anybody) == 0 || x.anybody[len(x.anybody)-1] != i {
				x.anybody = append(x.anybody, i)
			}
			continue
		}
		if s.Principals == nil {
			continue
		}
		for _, p := range s.Principals.AWS {
			switch kindOf(p) {
			case TrustAccount:
				add(x.accounts, policy.AccountOf(p))
			default:
				add(x.named, roleOfSession(p))
			}
		}
	}
}

// roleOfSession is the name of the role of a session,
// "111122223333:assumed-role/NAME", and any other principal as it is.
func roleOfSession(arn string) string {
	_, rest, ok := strings.Cut(arn, ":assumed-role/")
	if !ok {
		return arn
	}
	name, _, _ := strings.Cut(rest, "/")
	return policy.AccountOf(arn) + ":assumed-role/" + name
}

// letsIn finds out which services may take a role up.
func (a *Analysis) letsIn(n *node) {
	if n.Kind != KindRole || n.trust == nil {
		return
	}
	source := sourceOf(n.Trust, n.account.ID)
	for service, bit := range a.trust.bits {
		from := source
		if service == "rolesanywhere.amazonaws.com" { // a new anchor has an id that nobody picks
			from = "arn:aws:rolesanywhere:x:" + n.account.ID + ":trust-anchor/of-its-own"
		}
		c := policy.Direct().Set("aws:SourceAccount", n.account.ID).Set("aws:SourceArn", from)
		d := policy.Decide(&policy.Request{
			Principal: &policy.Principal{Kind: policy.Service, ARN: service}, Action: a.actions["sts:AssumeRole"], Resource: n.self, Account: n.account.ID, Context: c,
		}, &policy.Layers{Resource: n.trust, RCPs: n.account.rcps})
		switch d.Allowed {
		case inventory.True:
			n.services |= bit
		case inventory.Unknown:
			n.maybe |= bit
		case inventory.False:
		}
	}
}

// sourceOf is an ARN that a trust policy accepts as the source, if it is of the
// account itself: who starts something there picks its name.
func sourceOf(trust *policy.Document, account string) string {
	if trust != nil {
		for i := range trust.Statements {
			for _, c := range trust.Statements[i].Conditions {
				for _, v := range c.Values {
					if c.Key == "aws:sourcearn" && policy.AccountOf(v) == account {
						return meant(v, "x", "x")
					}
				}
			}
		}
	}
	return "arn:aws:x:x:" + account + ":x"
}

// assumable lists the roles whose trust may let a node in, in order.
func (a *Analysis) assumable(n *node) []int32 {
	if n.group || n.ServiceRole {
		return nil
	}
	out := slices.Clone(a.trust.named[n.ARN])
	if n.ID != "" {
		out = append(out, a.trust.named[n.ID]...)
	}
	if n.Kind == KindRole {
		out = append(out, a.trust.named[n.account.ID+":assumed-role/"+nameOf(n.ARN)]...)
	}
	out = append(out, a.trust.anybody...)
	if a.mayDo(n, "sts:AssumeRole") {
		out = append(out, a.trust.accounts[n.account.ID]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// assume asks whether a node may assume a role, with the trust policy that it
// has or another.
func (a *Analysis) assume(n, role *node, trust *policy.Policy) policy.Decision {
	return a.ask(n, &question{action: "sts:AssumeRole", resource: role.self, target: role, on: trust, account: role.account})
}

// trusting is a trust policy that names a principal.
func trusting(arn string) *policy.Policy {
	return policy.Compile("a trust policy of its own making", &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{{
		Actions: []string{"sts:AssumeRole"}, Principals: &policy.Principals{AWS: []string{arn}},
	}}})
}

// addConsumers files what runs as which role.
func (a *Analysis) addConsumers(x *Account) {
	acc := a.accounts[x.ID]
	for i := range x.Consumers {
		c := &x.Consumers[i]
		acc.runs[c.Type]++
		role, ok := a.index[c.Role]
		if !ok {
			role, ok = a.carried[c.Role]
		}
		if !ok || c.Role == "" {
			continue
		}
		if acc.consumers[c.Type] == nil {
			acc.consumers[c.Type] = map[int32][]*Consumer{}
		}
		acc.consumers[c.Type][role] = append(acc.consumers[c.Type][role], c)
	}
}
