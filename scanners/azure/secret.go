package azure

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// The two objects that keys and secrets hang on, with what comes before their ids.
type holder struct{ on, prefix string }

func ofApplication() holder { return holder{"application", ""} }
func ofPrincipal() holder   { return holder{"service_principal", "principal/"} }

// credentialsOf counts what an identity signs in with, as far as it can still be
// used.
func (m *mapper) credentialsOf(r *ref, attr cloud.Attributes) {
	if r.typ == typeManaged {
		attr.Count("federated", len(m.federatedOf(r)), false)
		return
	}
	secrets, certificates, federated := 0, 0, 0
	if r.app != nil {
		secrets, certificates, federated = len(r.app.Passwords), len(r.app.Keys), len(r.app.Federated)
	}
	if r.sp != nil {
		secrets, certificates, federated = secrets+len(r.sp.Passwords), certificates+len(keysOf(r.sp)), federated+len(r.sp.Federated)
	}
	attr.Count("secrets", secrets, true)
	attr.Count("certificates", certificates, true)
	attr.Count("federated", federated, r.app != nil && r.app.FederatedKnown)
}

// putSecrets emits the secrets and certificates of an application and of its service
// principal.
func (m *mapper) putSecrets(r *ref) {
	if a := r.app; a != nil {
		for i := range a.Passwords {
			m.putPassword(r, ofApplication(), &a.Passwords[i], i)
		}
		for i := range a.Keys {
			m.putKey(r, ofApplication(), &a.Keys[i], i)
		}
	}
	p := r.sp
	if p == nil || r.typ == typeManaged { // Azure keeps and changes the certificates of managed identities
		return
	}
	for i := range p.Passwords {
		m.putPassword(r, ofPrincipal(), &p.Passwords[i], i)
	}
	for i, k := range keysOf(p) {
		m.putKey(r, ofPrincipal(), k, i)
	}
}

// keysOf returns the certificates of a service principal, without the public halves
// of keys that sign SAML tokens, which are listed as well.
func keysOf(p *object.ServicePrincipal) []*object.Certificate {
	signing := map[string]bool{}
	for i := range p.Keys {
		if k := &p.Keys[i]; strings.EqualFold(k.Usage, "Sign") && k.Thumbprint != "" {
			signing[strings.ToUpper(k.Thumbprint)] = true
		}
	}
	var out []*object.Certificate
	for i := range p.Keys {
		if k := &p.Keys[i]; !strings.EqualFold(k.Usage, "Verify") || !signing[strings.ToUpper(k.Thumbprint)] {
			out = append(out, k)
		}
	}
	return out
}

// keyName is what a key is called in ids.
func keyName(id string, i int) string {
	return cmp.Or(lower(id), strconv.Itoa(i+1))
}

// putPassword emits a client secret. Of its value nothing is known, and the hint,
// its first three characters, stays behind.
func (m *mapper) putPassword(r *ref, h holder, p *object.Password, i int) {
	attr := make(cloud.Attributes, 6)
	attr.Set("key_id", lower(p.ID))
	attr.Set("app_id", m.appIDOf(r))
	attr["on"] = h.on
	x := inventory.Credential{
		ID: m.once(part(r.id, h.prefix+"password/"+keyName(p.ID, i))), Type: "azure.client_secret", Scope: r.scope, Identity: r.id,
		Name: cmp.Or(p.Name, r.name), PublicID: lower(p.ID), Store: "entra", CreatedAt: p.Start, ExpiresAt: p.End,
	}
	if r.typ == typeLegacy {
		x.Type = "azure.legacy_service_password"
	}
	m.ended(&x)
	m.putCredential(x, nil, attr)
	m.putCredentialUse(&x, p.Used, inventory.Usage{LastUsedAt: p.LastUsed, Service: m.named(p.UsedBy), Resource: m.named(p.UsedAt)})
}

// ended marks a credential that has come to its end. Entra lets nobody switch off a
// single one before.
func (m *mapper) ended(x *inventory.Credential) {
	end := inventory.Time(x.ExpiresAt)
	switch {
	case end.IsZero() || m.estate.now.IsZero():
	case end.Before(m.estate.now):
		x.Disabled, x.DisabledReason = inventory.True, "EXPIRED"
	default:
		x.Disabled = inventory.False
	}
}

// appIDOf returns the client id of an identity.
func (m *mapper) appIDOf(r *ref) string {
	switch {
	case r.app != nil:
		return lower(r.app.AppID)
	case r.sp != nil:
		return lower(r.sp.AppID)
	}
	return ""
}

// putKey emits a certificate or other key that an application registered.
func (m *mapper) putKey(r *ref, h holder, k *object.Certificate, i int) {
	attr := make(cloud.Attributes, 8)
	attr.Set("key_id", lower(k.ID))
	attr.Set("app_id", m.appIDOf(r))
	attr.Set("thumbprint", strings.ToUpper(k.Thumbprint))
	attr.Set("usage", k.Usage)
	attr.Set("key_type", k.Type)
	attr["on"] = h.on
	x := inventory.Credential{
		ID: m.once(part(r.id, h.prefix+"key/"+keyName(k.ID, i))), Type: certificateType(k, h), Scope: r.scope, Identity: r.id,
		Name: cmp.Or(k.Name, r.name), PublicID: cmp.Or(strings.ToUpper(k.Thumbprint), lower(k.ID)), Store: "entra", CreatedAt: k.Start, ExpiresAt: k.End,
	}
	m.ended(&x)
	m.putCredential(x, nil, attr)
	m.putCredentialUse(&x, k.Used, inventory.Usage{LastUsedAt: k.LastUsed})
}

// certificateType says what a key is for: only some sign their application in.
func certificateType(k *object.Certificate, h holder) string {
	switch {
	case strings.EqualFold(k.Type, "Symmetric"):
		return "entra.symmetric_key"
	case strings.EqualFold(k.Usage, "Sign") && h == ofPrincipal():
		return "entra.saml_signing_certificate"
	case strings.EqualFold(k.Usage, "Encrypt"):
		return "entra.encryption_certificate"
	default:
		return "entra.certificate"
	}
}

// putCredentialUse emits when a secret or certificate was last used, where the
// report of Entra could be read.
func (m *mapper) putCredentialUse(x *inventory.Credential, used inventory.Tri, u inventory.Usage) {
	u.Subject, u.Scope, u.Source = x.ID, x.Scope, "appCredentialSignInActivities"
	if !u.LastUsedAt.IsZero() || m.t.CredentialUsageKnown && used == inventory.False {
		u.TrackedSince = x.CreatedAt
	}
	m.putUsage(u)
}

// putSignIns emits when an identity last signed in. A principal that the report does
// not name is unknown, as nobody documents for how long the report looks back.
func (m *mapper) putSignIns(r *ref) {
	var all []*object.SignIn
	if id := r.object(); id != "" {
		all = append(all, m.signIns[id]...)
	}
	if id := m.appIDOf(r); id != "" && r.typ != typeAgent {
		all = append(all, m.signIns[id]...)
	}
	if len(all) == 0 {
		return
	}
	u := inventory.Usage{Subject: r.id, Scope: r.scope, Source: "servicePrincipalSignInActivities"}
	for _, s := range all {
		at := cloud.Latest(s.Last, s.AsClient, s.AsResource, s.Delegate)
		if !at.After(u.LastUsedAt) {
			continue
		}
		u.LastUsedAt = at
		switch at {
		case inventory.Time(s.AsClient):
			u.Service = "as client"
		case inventory.Time(s.Delegate):
			u.Service = "for users"
		case inventory.Time(s.AsResource):
			u.Service = "as resource"
		default:
			u.Service = ""
		}
	}
	m.putUsage(u)
}

// sortedBy returns pointers to the members of a list in the order of a key.
func sortedBy[T any](list []T, key func(*T) string) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	slices.SortStableFunc(out, func(a, b *T) int { return strings.Compare(key(a), key(b)) })
	return out
}
