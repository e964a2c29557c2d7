package aws

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// putProviders emits the identity providers of IAM: through them others come in,
// and by themselves they may do nothing.
func (m *mapper) putProviders() {
	used := m.usersOfProviders()
	all := m.listings.whole("iam:GetAccountAuthorizationDetails")
	for i := range m.a.OIDC {
		p := &m.a.OIDC[i]
		attr := make(cloud.Attributes, 6)
		url := strings.TrimPrefix(p.URL, "https://")
		attr.Set("issuer", "https://"+url)
		attr.Set("audiences", cloud.List(p.Clients))
		attr.Count("thumbprints", p.Thumbprints, false)
		attr.Count("roles", used[p.ARN], all)
		for c := range m.a.Clusters {
			if strings.TrimPrefix(m.a.Clusters[c].Issuer, "https://") == url && url != "" {
				attr.Set("cluster", m.a.Clusters[c].Name)
			}
		}
		m.putIdentity(inventory.Identity{
			ID: m.id(p.ARN), Type: "aws.oidc_provider", Name: url, PublicIDs: []string{p.ARN}, CreatedAt: p.CreatedAt, Disabled: inventory.False,
		}, p.Tags, attr)
	}
	for i := range m.a.SAML {
		p := &m.a.SAML[i]
		attr := make(cloud.Attributes, 4)
		attr.Time("valid_until", p.ValidUntil)
		attr.Count("keys", len(p.Keys), false)
		attr.Count("roles", used[p.ARN], all)
		x := inventory.Identity{
			ID: m.id(p.ARN), Type: "aws.saml_provider", Name: lastPart(p.ARN), PublicIDs: []string{p.ARN}, CreatedAt: p.CreatedAt, Disabled: inventory.False,
		}
		if strings.HasPrefix(x.Name, "AWSSSO_") && strings.HasSuffix(x.Name, "_DO_NOT_DELETE") {
			x.ManagedBy = byAWS // Identity Center makes one in each account
		}
		m.putIdentity(x, p.Tags, attr)
		m.putMetadata(p)
	}
}

// putMetadata emits the certificate by which a SAML provider is believed, which
// ends with its metadata, and the keys that decrypt its assertions.
func (m *mapper) putMetadata(p *object.SAMLProvider) {
	id := m.id(p.ARN)
	if !p.ValidUntil.IsZero() {
		m.putCredential(inventory.Credential{
			ID: m.part(p.ARN, "metadata"), Type: "aws.saml_metadata", Name: lastPart(p.ARN), Identity: id, Store: "iam", ExpiresAt: p.ValidUntil, Disabled: inventory.False,
		}, nil, nil)
	}
	for i := range p.Keys {
		k := &p.Keys[i]
		m.putCredential(inventory.Credential{
			ID: m.part(p.ARN, "key/"+named(k.ID, i)), Type: "aws.saml_key", Name: lastPart(p.ARN), Identity: id, PublicID: k.ID, Store: "iam",
			CreatedAt: k.UploadedAt, ExpiresAt: k.ExpiresAt, NeverExpires: k.ExpiresAt.IsZero(),
		}, nil, nil)
	}
}

// usersOfProviders counts the roles whose trust names each provider.
func (m *mapper) usersOfProviders() map[string]int {
	out := map[string]int{}
	for i := range m.a.Roles {
		r := &m.a.Roles[i]
		if r.Trust == nil {
			continue
		}
		var named []string
		for s := range r.Trust.Statements {
			if p := r.Trust.Statements[s].Principals; p != nil && !r.Trust.Statements[s].Deny {
				named = append(named, p.Federated...)
			}
		}
		slices.Sort(named)
		for _, p := range slices.Compact(named) {
			out[p]++
		}
	}
	return out
}

// putAnywhere emits what IAM Roles Anywhere believes: anchors, the certificates
// in them, and the subjects that came.
func (m *mapper) putAnywhere() {
	offered := m.offered()
	for i := range m.a.Anchors {
		a := &m.a.Anchors[i]
		id := m.id(a.ARN)
		attr := make(cloud.Attributes, 4)
		attr.Set("source", a.Source)
		attr.Set("region", a.Region)
		attr.Set("roles", cloud.List(offered[a.Region]))
		m.putIdentity(inventory.Identity{
			ID: id, Type: "aws.trust_anchor", Name: a.Name, PublicIDs: []string{a.ARN}, CreatedAt: a.CreatedAt, Disabled: inventory.TriOf(!a.Enabled),
		}, nil, attr)
		for c := range a.Certificates {
			m.putAnchorCertificate(a, &a.Certificates[c], id, c)
		}
	}
	for i := range m.a.Subjects {
		m.putSubject(&m.a.Subjects[i])
	}
}

// offered says which roles the profiles of a region offer to whoever has a
// certificate of an anchor.
func (m *mapper) offered() map[string][]string {
	out := map[string][]string{}
	for i := range m.a.Profiles {
		if p := &m.a.Profiles[i]; p.Enabled {
			out[p.Region] = append(out[p.Region], p.Roles...)
		}
	}
	return out
}

func (m *mapper) putAnchorCertificate(a *object.Anchor, c *object.Certificate, id string, i int) {
	attr := cloud.Attributes{"ca": "true"}
	attr.Set("anchor", a.ARN)
	attr.Set("region", a.Region)
	m.putCredential(inventory.Credential{
		ID: m.part(a.ARN, "certificate/"+named(c.ARN, i)), Type: "pki.certificate", Name: c.Domain, Identity: id, Store: "rolesanywhere",
		CreatedAt: c.CreatedAt, ExpiresAt: c.NotAfter, Algorithm: algorithm(c.Algorithm), KeyBits: bits(c.Algorithm), Disabled: inventory.TriOf(!a.Enabled),
	}, nil, attr)
}

// putSubject emits a certificate's subject that has signed in, and its
// certificates. Of those the end is not known to AWS.
func (m *mapper) putSubject(s *object.AnywhereSubject) {
	id := m.id(s.ARN)
	attr := make(cloud.Attributes, 3)
	attr.Set("region", s.Region)
	attr.Count("certificates", len(s.Serials), true)
	m.putIdentity(inventory.Identity{
		ID: id, Type: "aws.anywhere_subject", Name: s.Subject, PublicIDs: []string{s.ARN}, CreatedAt: s.CreatedAt, Disabled: inventory.TriOf(!s.Enabled),
	}, nil, attr)
	m.putUsage(inventory.Usage{Subject: id, LastUsedAt: s.LastSeen, TrackedSince: s.CreatedAt, Service: "rolesanywhere", Resource: s.Region, Source: "ListSubjects"})
	for i := range s.Serials {
		c := &s.Serials[i]
		key := m.part(s.ARN, "certificate/"+named(c.Serial, i))
		attr := make(cloud.Attributes, 3)
		attr.Set("issuer", c.Issuer)
		attr.Set("serial", c.Serial)
		attr.Yes("failed", c.Failed)
		m.putCredential(inventory.Credential{
			ID: key, Type: "pki.certificate", Name: s.Subject, Identity: id, PublicID: c.Serial, Disabled: inventory.TriOf(!c.Enabled || !s.Enabled),
		}, nil, attr)
		m.putUsage(inventory.Usage{Subject: key, LastUsedAt: c.SeenAt, Service: "rolesanywhere", Resource: s.Region, Source: "GetSubject"})
	}
}
