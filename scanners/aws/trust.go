package aws

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/paths"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// anywhere is the service through which certificates become roles.
const anywhere = "rolesanywhere.amazonaws.com"

// trustsOf returns who may become a role, a record for each subject.
func (m *mapper) trustsOf(r *object.Role) []*inventory.Trust {
	var out []*inventory.Trust
	for _, t := range m.judge.analysis.Trusts(r.ARN) {
		if t.Closed {
			continue
		}
		x, name := m.trust(r, &t)
		if x.Type != "oidc" || len(t.Subjects) == 0 {
			x.ID = m.once(m.part(r.ARN, "trust/"+name))
			out = append(out, x)
			continue
		}
		for _, s := range t.Subjects {
			each := *x
			each.Subject = inventory.Clip(s, cloud.MaxText)
			each.Attributes = ofSubject(x.Attributes, s)
			if x.ImmutableSubject == inventory.False {
				each.ImmutableSubject = inventory.TriOf(immutable(s))
			}
			each.ID = m.once(m.part(r.ARN, "trust/"+name+"/"+s))
			out = append(out, &each)
		}
	}
	return out
}

// ofSubject returns the attributes of one subject among several: what is wrong with
// another is not wrong with it.
func ofSubject(attr map[string]string, subject string) map[string]string {
	out := maps.Clone(attr)
	codes := slices.DeleteFunc(strings.Split(attr["weak"], ","), func(code string) bool {
		switch code {
		case paths.WeakNoSubject:
			return strings.Trim(subject, "*") != ""
		case paths.WeakSubject:
			return !strings.ContainsAny(subject, "*?")
		case paths.WeakPullRequest:
			return !strings.Contains(subject, "pull_request") && !strings.ContainsAny(subject, "*?")
		}
		return code == ""
	})
	delete(out, "weak")
	cloud.Attributes(out).Set("weak", strings.Join(codes, ","))
	return out
}

// trust makes the record of one principal, and the name that it has in ids.
func (m *mapper) trust(r *object.Role, t *paths.Trust) (x *inventory.Trust, name string) {
	attr := make(cloud.Attributes, 8)
	x = &inventory.Trust{Identity: m.id(r.ARN), Scope: m.scope, Attributes: attr}
	for _, c := range t.Conditions {
		x.Conditions = append(x.Conditions, inventory.Clip(c, cloud.MaxText))
	}
	attr.Set("statement", cmp.Or(t.Sid, strconv.Itoa(t.Statement+1)))
	attr.Yes("perhaps", !t.Certain)
	var weak []string
	for _, w := range t.Weak {
		weak = append(weak, w.Code)
	}
	attr.Set("weak", cloud.List(weak))
	switch t.Kind {
	case paths.TrustService:
		x.Type, x.Subject = "service", inventory.Clip(t.Service, cloud.MaxText)
		attr.Yes("confused_deputy", slices.Contains(weak, paths.WeakDeputy))
		attr.Tri("source_bound", t.SourceBound)
		if t.Service == anywhere {
			m.certificateTrust(x, attr)
		}
	case paths.TrustOIDC:
		m.oidcTrust(x, t, attr)
	case paths.TrustSAML:
		x.Type, x.Issuer = "saml", inventory.Clip(t.Principal, cloud.MaxText)
		x.Audience = inventory.Clip(strings.Join(t.Audiences, ", "), cloud.MaxText)
		attr.Yes("missing", m.absent(t.Principal))
	default:
		m.accountTrust(x, t, attr)
	}
	return x, x.Type + "/" + t.Principal
}

// accountTrust tells of a principal of AWS.
func (m *mapper) accountTrust(x *inventory.Trust, t *paths.Trust, attr cloud.Attributes) {
	x.Type, x.Subject = "account", inventory.Clip(t.Principal, cloud.MaxText)
	attr.Tri("mfa", t.MFA)
	attr.Yes("deleted", t.Kind == paths.TrustDeleted)
	attr.Yes("whole_account", t.Kind == paths.TrustAccount)
	switch {
	case t.Kind == paths.TrustEveryone:
		x.ExternalAccount, x.ExternalID = "*", t.ExternalID
		x.External = m.outside(t)
		attr.Yes("bounded", t.Bounded)
		attr.Yes("org", x.External == inventory.False)
	case t.SameAccount == inventory.False:
		x.ExternalAccount, x.ExternalID = t.Account, t.ExternalID
		x.External = m.outside(t)
		attr.Set("supplier", supplier(t.Account))
	}
}

// outside reports whether a principal of another account is outside the
// organisation; all are for an account that is in none.
func (m *mapper) outside(t *paths.Trust) inventory.Tri {
	in := t.InOrg
	if in == inventory.Unknown && t.Account != "" {
		in = m.estate.member(t.Account)
	}
	switch {
	case in == inventory.True:
		return inventory.False
	case m.estate.alone(), in == inventory.Unknown && supplier(t.Account) != "":
		return inventory.True
	case in == inventory.Unknown:
		return inventory.Unknown
	default:
		return inventory.True
	}
}

// oidcTrust tells of an identity provider that vouches by tokens.
func (m *mapper) oidcTrust(x *inventory.Trust, t *paths.Trust, attr cloud.Attributes) {
	x.Type, x.Audience = "oidc", inventory.Clip(strings.Join(t.Audiences, ", "), cloud.MaxText)
	if t.Issuer != "" {
		x.Issuer = inventory.Clip("https://"+t.Issuer, cloud.MaxText)
	}
	attr.Set("platform", t.Platform)
	attr.Yes("bounded", t.Bounded)
	if strings.HasPrefix(t.Principal, "arn:") {
		attr.Set("provider", t.Principal)
		attr.Yes("missing", m.absent(t.Principal))
	}
	if t.Platform == "github" {
		x.ImmutableSubject = inventory.TriOf(pinned(t.Conditions))
	}
	if t.Platform == "eks" {
		attr["mechanism"] = "irsa"
		attr.Set("namespace", t.Namespace)
		attr.Set("service_account", t.ServiceAccount)
		for i := range m.a.Clusters {
			if c := &m.a.Clusters[i]; c.Issuer != "" && strings.TrimPrefix(c.Issuer, "https://") == t.Issuer {
				attr.Set("cluster", c.Name)
			}
		}
	}
}

// immutable reports whether a subject of GitHub names ids that nobody can
// register anew: repo:ORG@ID/NAME@ID, repository_owner_id:…:repository_id:….
func immutable(subject string) bool {
	if rest, ok := strings.CutPrefix(subject, "repo:"); ok {
		repo, _, _ := strings.Cut(rest, ":")
		owner, name, _ := strings.Cut(repo, "/")
		return hasID(owner) && (hasID(name) || name == "*")
	}
	return strings.HasPrefix(subject, "repository_owner_id:") || strings.HasPrefix(subject, "repository_id:")
}

func hasID(s string) bool {
	_, id, ok := strings.Cut(s, "@")
	return ok && id != "" && strings.Trim(id, "0123456789") == ""
}

// pinned reports whether another condition asks for such an id.
func pinned(conditions []string) bool {
	return slices.ContainsFunc(conditions, func(c string) bool {
		c = strings.ToLower(c)
		return strings.HasPrefix(c, "stringequals") && !strings.Contains(c, "ifexists") && strings.Contains(c, "repository_owner_id") || strings.Contains(c, ":repository_id ")
	})
}

// absent reports whether a provider of this account does not exist.
func (m *mapper) absent(provider string) bool {
	call := "iam:ListOpenIDConnectProviders"
	if strings.Contains(provider, ":saml-provider/") {
		call = "iam:ListSAMLProviders"
	}
	return object.ParseARN(provider).Account == m.a.ID && !m.providers[provider] && m.listings.whole(call)
}

// certificateTrust tells of Roles Anywhere: whoever has a certificate of an anchor
// may become the role. Which anchor is the issuer; what remains of the conditions
// is on the certificate.
func (m *mapper) certificateTrust(x *inventory.Trust, attr cloud.Attributes) {
	x.Type, x.Subject = "certificate", ""
	var anchors, rest []string
	for _, c := range x.Conditions {
		lower := strings.ToLower(c)
		switch {
		case strings.Contains(lower, "aws:sourcearn") && !strings.Contains(lower, "not"):
			_, value, _ := strings.Cut(c, " = ")
			anchors = append(anchors, value)
		case strings.Contains(lower, "aws:sourceaccount"), strings.Contains(lower, "aws:sourceorg"):
		default:
			rest = append(rest, c)
			if strings.Contains(lower, "x509subject") {
				_, value, _ := strings.Cut(c, " = ")
				x.Subject = strings.TrimPrefix(inventory.Clip(x.Subject+","+value, cloud.MaxText), ",")
			}
		}
	}
	x.Conditions = rest
	attr.Yes("any_anchor", len(anchors) == 0)
	if len(anchors) == 0 {
		for i := range m.a.Anchors {
			if m.a.Anchors[i].Enabled {
				anchors = append(anchors, m.a.Anchors[i].ARN)
			}
		}
		if len(anchors) == 0 && m.listings.whole("rolesanywhere:ListTrustAnchors") {
			x.Unused = inventory.True
		}
	}
	x.Issuer = inventory.Clip(strings.Join(anchors, ", "), cloud.MaxText)
}

func (m *mapper) putTrust(t *inventory.Trust) { m.put(inventory.Record{Trust: t}, inventory.KindTrust) }

// kindsOf says by what kinds of principals a role may be taken.
func kindsOf(trusts []*inventory.Trust) []string {
	var out []string
	for _, t := range trusts {
		kind := t.Type
		switch {
		case t.ExternalAccount == "*" && t.Attributes["bounded"] == "":
			kind = "public"
		case t.ExternalAccount != "":
			kind = "cross_account"
		case t.Type == "service" && t.Subject == podAudience:
			kind = "pod_identity"
		}
		out = append(out, kind)
	}
	return out
}

// thirdParty says whether somebody outside the organisation may take a role:
// unknown if there is an account of which nobody knows.
func thirdParty(trusts []*inventory.Trust) inventory.Tri {
	out := inventory.False
	for _, t := range trusts {
		switch {
		case t.ExternalAccount == "":
		case t.External == inventory.True:
			return inventory.True
		case t.External == inventory.Unknown:
			out = inventory.Unknown
		}
	}
	return out
}
