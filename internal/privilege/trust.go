package privilege

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	aws "github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// A Trusted is one principal that a role trusts. Expressions that a document
// holds in place of values are left as they are.
type Trusted struct {
	Type       string        // account, service, oidc or saml
	Principal  string        // as written: an ARN, account id, service or provider
	Issuer     string        // of an OIDC provider, with https://
	Account    string        // twelve digits, of an account or provider; empty is unknown
	Subjects   []string      // patterns that the subject must match; empty is any
	Audiences  []string      // audiences that it must be for; empty is any
	ExternalID inventory.Tri // whether an external id is asked for; unknown for anything but accounts
	Conditions []string      // all conditions, as "operator key = values", sorted
}

// AWSTrustPolicy returns whom the trust policy of a role lets in, in the order
// of the document. Statements that deny are told by no Trusted: they can only
// take away.
func AWSTrustPolicy(document []byte) ([]Trusted, error) {
	parsed, err := statements(document)
	if err != nil {
		return nil, fmt.Errorf("read trust policy: %w", err)
	}
	var out []Trusted
	for i := range parsed {
		s := &parsed[i]
		if s.Deny || !s.assumes() {
			continue
		}
		for _, n := range named(s.Principals) {
			out = append(out, s.trusted(n.kind, n.principal))
		}
	}
	return out, nil
}

// assumes reports whether a statement lets somebody become the role.
func (s *statement) assumes() bool {
	return s.covers("sts:AssumeRole") || s.covers("sts:AssumeRoleWithWebIdentity") || s.covers("sts:AssumeRoleWithSAML") || s.covers("pods.eks:AssumeRole")
}

// A name is one principal under its kind.
type name struct{ kind, principal string }

// named lists principals in the order of their kinds.
func named(p *aws.Principals) (out []name) {
	if p == nil {
		return nil
	}
	if p.Everyone {
		out = append(out, name{"AWS", "*"})
	}
	add := func(kind string, principals []string) {
		for _, w := range principals {
			out = append(out, name{kind, w})
		}
	}
	add("AWS", p.AWS)
	add("CanonicalUser", p.Canonical)
	add("Federated", p.Federated)
	add("Service", p.Service)
	return out
}

// trusted describes one principal with the conditions of its statement.
func (s *statement) trusted(kind, principal string) Trusted {
	t := Trusted{Principal: principal, Account: aws.AccountOf(principal)}
	switch {
	case kind == "Service":
		t.Type = "service"
	case kind == "Federated" && (strings.Contains(principal, ":saml-provider/") || s.covers("sts:AssumeRoleWithSAML") && !s.covers("sts:AssumeRoleWithWebIdentity")):
		t.Type = "saml"
	case kind == "Federated":
		t.Type = "oidc"
		if _, issuer, ok := strings.Cut(principal, ":oidc-provider/"); ok {
			t.Issuer = "https://" + issuer
		} else if !strings.ContainsAny(principal, "$:") && strings.Contains(principal, ".") {
			t.Issuer = "https://" + principal
		}
	default:
		t.Type = "account"
		t.ExternalID = inventory.False
	}
	t.conditions(s.Conditions)
	return t
}

// conditions reads off the subject, the audience and the external id.
func (t *Trusted) conditions(all []aws.Condition) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b aws.Condition) int {
		return cmp.Or(strings.Compare(a.Test(), b.Test()), strings.Compare(a.Written, b.Written))
	})
	for i := range all {
		c := &all[i]
		t.Conditions = append(t.Conditions, c.Test()+" "+c.Written+" = "+strings.Join(c.Values, ", "))
		if !c.Demands() {
			continue
		}
		switch {
		case t.Type == "oidc" && strings.HasSuffix(c.Key, ":sub"):
			t.Subjects = append(t.Subjects, c.Values...)
		case t.Type == "oidc" && strings.HasSuffix(c.Key, ":aud"):
			t.Audiences = append(t.Audiences, c.Values...)
		case t.Type == "account" && c.Key == "sts:externalid":
			t.ExternalID = inventory.True
		}
		if t.Type == "oidc" && t.Issuer == "" && strings.HasSuffix(c.Key, ":sub") && strings.Contains(c.Key, ".") && !strings.Contains(c.Key, "$") {
			t.Issuer = "https://" + c.Written[:len(c.Written)-len(":sub")]
		}
	}
}
