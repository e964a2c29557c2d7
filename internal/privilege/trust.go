package privilege

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
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
		if s.Effect != "Allow" || !s.assumes() {
			continue
		}
		kinds, err := principals(s.Principal)
		if err != nil {
			return nil, fmt.Errorf("read trust policy: %w", err)
		}
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			for _, p := range kinds[kind] {
				out = append(out, s.trusted(kind, p))
			}
		}
	}
	return out, nil
}

// assumes reports whether a statement lets somebody become the role.
func (s *statement) assumes() bool {
	return s.covers("sts:AssumeRole") || s.covers("sts:AssumeRoleWithWebIdentity") || s.covers("sts:AssumeRoleWithSAML") || s.covers("pods.eks:AssumeRole")
}

// principals reads a Principal element: "*", or kinds to lists.
func principals(raw json.RawMessage) (map[string]list, error) {
	var star string
	if json.Unmarshal(raw, &star) == nil {
		return map[string]list{"AWS": {star}}, nil
	}
	var kinds map[string]list
	if len(raw) > 0 && json.Unmarshal(raw, &kinds) != nil {
		return nil, fmt.Errorf("%w: a Principal that is neither * nor an object", ErrNotPolicy)
	}
	return kinds, nil
}

// trusted describes one principal with the conditions of its statement.
func (s *statement) trusted(kind, principal string) Trusted {
	t := Trusted{Principal: principal, Account: accountIn(principal)}
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
	t.conditions(s.Condition)
	return t
}

// conditions reads off the subject, the audience and the external id.
func (t *Trusted) conditions(condition map[string]map[string]list) {
	for _, operator := range slices.Sorted(maps.Keys(condition)) {
		for _, key := range slices.Sorted(maps.Keys(condition[operator])) {
			values := condition[operator][key]
			t.Conditions = append(t.Conditions, operator+" "+key+" = "+strings.Join(values, ", "))
			if !narrows(operator) {
				continue
			}
			lower := strings.ToLower(key)
			switch {
			case t.Type == "oidc" && strings.HasSuffix(lower, ":sub"):
				t.Subjects = append(t.Subjects, values...)
			case t.Type == "oidc" && strings.HasSuffix(lower, ":aud"):
				t.Audiences = append(t.Audiences, values...)
			case t.Type == "account" && lower == "sts:externalid":
				t.ExternalID = inventory.True
			}
			if t.Type == "oidc" && t.Issuer == "" && strings.HasSuffix(lower, ":sub") && strings.Contains(lower, ".") && !strings.Contains(lower, "$") {
				t.Issuer = "https://" + key[:len(key)-len(":sub")]
			}
		}
	}
}

// narrows reports whether an operator demands a value: one with IfExists or
// Not, or ForAllValues, lets in whoever has none.
func narrows(operator string) bool {
	operator = strings.TrimPrefix(operator, "ForAnyValue:")
	return slices.Contains([]string{"StringEquals", "StringLike", "StringEqualsIgnoreCase", "ArnEquals", "ArnLike"}, operator)
}

// accountIn returns the account of a principal: twelve digits, by themselves or
// in an ARN.
func accountIn(principal string) string {
	candidate := principal
	if parts := strings.SplitN(principal, ":", 6); len(parts) == 6 {
		candidate = parts[4]
	}
	if len(candidate) == 12 && strings.Trim(candidate, "0123456789") == "" {
		return candidate
	}
	return ""
}
