package paths

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// A reaching is a question about resources of one kind.
type reaching struct {
	kind, use, action string
	all               string // pattern of all of the account
}

func reachings() []reaching {
	return []reaching{
		{ResourceSecret, "read", "secretsmanager:GetSecretValue", vault},
		{ResourceParameter, "read", "ssm:GetParameter", settings},
		{ResourceKey, "decrypt", "kms:Decrypt", "*"},
		{ResourceBucket, "read", "s3:GetObject", objects},
		{ResourceBucket, "write", "s3:PutObject", objects},
	}
}

// A held is a resource made ready for questions.
type held struct {
	name   string
	of     policy.Resource
	target *node
	policy *policy.Policy
	key    *held            // of the customer, that it is encrypted with; nil if there is none
	open   func(*node) bool // whether its policy may let in a node without its own policies
}

// holdings makes the resources of an account ready, by kind.
func (a *Analysis) holdings(acc *account) {
	acc.held = map[string][]held{}
	for i := range acc.Resources {
		r := &acc.Resources[i]
		h := held{name: r.Name, of: policy.One(r.ARN), policy: acc.policies[r.ARN], target: &node{Principal: &Principal{ARN: r.ARN, Tags: r.Tags}}}
		if h.name == "" {
			h.name = nameOf(r.ARN)
		}
		if r.Kind == ResourceBucket {
			h.of = policy.Matching(r.ARN + "/*")
		}
		h.open, h.key = opens(r.Policy), acc.keyOf(r)
		if r.Policy != nil && (r.Kind == ResourceFunction || r.Kind == ResourceOther) {
			acc.open = append(acc.open, h.open)
		}
		acc.held[r.Kind] = append(acc.held[r.Kind], h)
	}
	for _, list := range acc.held {
		slices.SortFunc(list, func(x, y held) int { return strings.Compare(x.name, y.name) })
	}
}

// keyOf is the key of the customer that a resource is encrypted with. One that
// was not read has a policy that is not known; AWS's own keys let in whoever may
// use the service.
func (x *account) keyOf(r *Resource) *held {
	if r.KMS == "" || strings.Contains(r.KMS, "alias/aws/") {
		return nil
	}
	if !strings.HasPrefix(r.KMS, "arn:") { // an alias or an id: which key it is was not read
		return &held{of: x.fill("arn:PARTITION:kms:*:ACCOUNT:key/*")}
	}
	return &held{of: policy.One(r.KMS), policy: x.policies[r.KMS]}
}

// opens tells whom a resource policy lets in by name.
func opens(d *policy.Document) func(*node) bool {
	named, everyone := map[string]bool{}, false
	if d != nil {
		for i := range d.Statements {
			s := &d.Statements[i]
			if s.Deny {
				continue
			}
			if s.NotPrincipal != nil || s.Principals != nil && s.Principals.Everyone {
				everyone = true
			} else if s.Principals != nil {
				for _, p := range s.Principals.AWS {
					named[p] = true
				}
			}
		}
	}
	return func(n *node) bool { return everyone || named[n.ARN] || n.ID != "" && named[n.ID] }
}

// reaches counts the secrets and data within reach of a node.
func (a *Analysis) reaches(n *node) []Reach {
	var out []Reach
	for _, q := range reachings() {
		list := n.account.held[q.kind]
		may := a.mayDo(n, q.action)
		if !may && !slices.ContainsFunc(list, func(h held) bool { return h.policy != nil && h.open(n) }) {
			continue
		}
		r := Reach{Kind: q.kind, Use: q.use, Total: len(list), Complete: n.account.Read[q.kind]}
		all := inventory.False
		if may {
			d := a.whole(n, &question{action: q.action, resource: n.account.fill(q.all)})
			all = d.Allowed
		}
		r.All = all == inventory.True
		for i := range list {
			a.count(n, &r, &q, &list[i], may)
		}
		if r.Count+r.Maybe > 0 || r.All {
			out = append(out, r)
		}
	}
	return out
}

// count adds one resource.
func (a *Analysis) count(n *node, r *Reach, q *reaching, h *held, may bool) {
	var answer inventory.Tri
	switch {
	case h.policy == nil && !may, h.policy != nil && !may && !h.open(n):
		return
	case h.policy == nil && r.All && q.kind != ResourceKey:
		answer = inventory.True
	default:
		d := a.ask(n, &question{action: q.action, resource: h.of, target: h.target, on: h.policy, account: n.account})
		answer = d.Some
	}
	if h.key != nil && answer != inventory.False {
		d := a.ask(n, &question{action: "kms:Decrypt", resource: h.key.of, on: h.key.policy, account: n.account, purpose: viaService})
		answer = min(answer, d.Some)
	}
	switch answer {
	case inventory.True:
		r.Count++
		if len(r.Names) < MaxNames {
			r.Names = append(r.Names, h.name)
		}
	case inventory.Unknown:
		r.Maybe++
	case inventory.False:
	}
}
