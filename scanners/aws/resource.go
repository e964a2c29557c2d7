package aws

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/paths"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// putResources emits what resource policies allow to principals that they name.
// A statement for the account itself only lets its own policies decide, and one
// for a service of AWS is told only where the service acts for others, too.
func (m *mapper) putResources() {
	for i := range m.a.Secrets {
		if s := &m.a.Secrets[i]; s.Policy != nil {
			m.putResource(s.ARN, s.Name, "secretsmanager")
		}
	}
	for i := range m.a.Keys {
		if k := &m.a.Keys[i]; k.Policy != nil && k.Manager != "AWS" {
			m.putResource(k.ARN, keyName(k), "kms")
		}
	}
	for i := range m.a.ResourceAccess {
		r := &m.a.ResourceAccess[i]
		m.putResource(r.ARN, lastPart(r.ARN), r.Service)
		if r.Document == nil {
			m.lose(inventory.KindGrant, "the policy of "+inventory.Clip(r.ARN, cloud.MaxText)+" could not be read")
		}
	}
}

func (m *mapper) putResource(resource, name, service string) {
	for _, t := range m.judge.resourceTrusts(resource) {
		if m.err != nil {
			return
		}
		weak := slices.ContainsFunc(t.Weak, func(w paths.Weakness) bool { return w.Code == paths.WeakDeputy })
		if t.Closed || t.Kind == paths.TrustAccount && t.SameAccount == inventory.True || t.Kind == paths.TrustService && !weak {
			continue
		}
		m.put(inventory.Record{Grant: m.resourceGrant(resource, name, service, &t, weak)}, inventory.KindGrant)
	}
}

func (m *mapper) resourceGrant(resource, name, service string, t *paths.Trust, weak bool) *inventory.Grant {
	attr := make(cloud.Attributes, 8)
	attr.Set("service", service)
	attr.Set("actions", cloud.List(t.Actions))
	attr.Yes("public", t.Kind == paths.TrustEveryone)
	attr.Yes("confused_deputy", weak)
	attr.Yes("deleted", t.Kind == paths.TrustDeleted)
	attr.Yes("perhaps", !t.Certain)
	if t.SameAccount == inventory.False {
		attr.Set("cross_account", t.Account)
		attr.Tri("external", m.outside(t))
	}
	statement := cmp.Or(t.Sid, strconv.Itoa(t.Statement+1))
	attr.Set("statement", statement)
	level, capabilities := actionLevel(t.Actions)
	if !t.Certain {
		attr.Set("possible_level", string(level))
		level, capabilities = inventory.LevelUnknown, nil
	}
	return &inventory.Grant{
		ID: m.once(m.part(resource, "policy/"+statement+"/"+t.Principal)), Principal: m.principalID(t.Principal), Scope: m.scope,
		Name: "resource policy of " + cloud.Label(name), Resource: inventory.Clip(resource, cloud.MaxText), Via: "resource policy", Level: level,
		Reasons: []string{inventory.Clip("its policy allows "+cloud.InOrder(t.Actions)+" (statement "+statement+")", cloud.MaxText)}, Capabilities: capabilities,
		Condition: inventory.Clip(strings.Join(t.Conditions, "; "), cloud.MaxText), Attributes: attr,
	}
}

// actionLevel says what actions of a resource policy come to. It is of that one
// resource: the most is write.
func actionLevel(actions []string) (level inventory.Level, capabilities []string) {
	level = inventory.LevelRead
	reads, decrypts := policy.NewAction("secretsmanager:GetSecretValue"), policy.NewAction("kms:Decrypt")
	for _, a := range actions {
		_, verb, _ := strings.Cut(strings.ToLower(a), ":")
		switch {
		case a == "*" || strings.HasPrefix(verb, "*"):
			level = inventory.LevelWrite
		case !slices.ContainsFunc(readVerbs(), func(v string) bool { return strings.HasPrefix(verb, v) }):
			level = inventory.LevelWrite
		}
		if policy.MatchAction(a, reads) {
			capabilities = append(capabilities, "secrets.read")
		}
		if policy.MatchAction(a, decrypts) {
			capabilities = append(capabilities, "keys.use")
		}
	}
	slices.Sort(capabilities)
	return level, slices.Compact(capabilities)
}

// readVerbs are how the actions begin by which resources are read or used.
func readVerbs() []string {
	return []string{"get", "list", "describe", "head", "decrypt", "encrypt", "generatedatakey", "reencrypt", "verify", "sign", "batchget", "batchcheck", "receive", "download"}
}

// exposure says whether the policy of a secret or key lets anybody in.
func exposure(trusts []paths.Trust) string {
	for i := range trusts {
		t := &trusts[i]
		if t.Kind == paths.TrustEveryone && t.Certain && !t.Closed {
			return "public"
		}
	}
	return ""
}

// networkLimited says whether all that a user may do is bound to networks: by
// conditions of every statement that allows, or by one that denies all else.
// Policies of the organisation are left out.
func (m *mapper) networkLimited(u *object.User) inventory.Tri {
	policies, known := m.policiesOf(u)
	allows, bound := 0, 0
	for _, p := range policies {
		for i := range p.Document.Statements {
			s := &p.Document.Statements[i]
			switch {
			case s.Deny && slices.Contains(s.Actions, "*") && slices.Contains(s.Resources, "*") && boundToNetwork(s, true):
				return inventory.True
			case !s.Deny:
				allows++
				if boundToNetwork(s, false) {
					bound++
				}
			}
		}
	}
	switch {
	case !known:
		return inventory.Unknown
	case allows > 0 && allows == bound:
		return inventory.True
	default:
		return inventory.False
	}
}
