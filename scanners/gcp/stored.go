package gcp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// putAPIKeys emits the API keys of a project. They have no end.
func (m *mapper) putAPIKeys() {
	for i := range m.p.Keys {
		if m.err != nil {
			return
		}
		k := &m.p.Keys[i]
		attr := make(cloud.Attributes, 6)
		attr["restriction"] = cmp.Or(k.Restriction, "none")
		attr.Set("allowed", cloud.List(k.Allowed))
		attr.Set("apis", cloud.List(k.Services))
		x := inventory.Credential{
			ID: m.id(cmp.Or(k.Name, k.UID)), Type: "gcp.api_key", Name: cmp.Or(k.DisplayName, k.UID), PublicID: k.UID, CreatedAt: k.CreatedAt, NeverExpires: true,
			Disabled: inventory.False, Restricted: inventory.TriOf(len(k.Services) > 0 || k.Restriction != ""), NetworkLimited: inventory.TriOf(k.Restriction == "server" && narrow(k.Allowed)),
		}
		if k.Account != "" {
			x.Identity = m.id(strings.ToLower(k.Account))
			attr.Set("bound", k.Account)
		}
		if !k.DeletedAt.IsZero() {
			x.Disabled, x.DisabledReason, x.Validity = inventory.True, stateDeleted, "inactive"
		}
		m.putCredential(x, k.Labels, attr)
	}
}

// narrow reports whether addresses are fewer than all.
func narrow(addresses []string) bool {
	return len(addresses) > 0 && !slices.ContainsFunc(addresses, func(a string) bool { return strings.HasSuffix(a, "/0") || a == "*" })
}

// putSecrets emits the secrets of Secret Manager.
func (m *mapper) putSecrets() {
	unknown := 0
	for i := range m.p.Secrets {
		if m.err != nil {
			return
		}
		s := &m.p.Secrets[i]
		m.putSecret(s)
		if !s.VersionsKnown {
			unknown++
		}
	}
	if unknown > 0 {
		m.note(inventory.KindCredential, "the versions of "+strconv.Itoa(unknown)+" secrets are not known: when their values last changed, and whether one is enabled, is not told")
	}
}

func (m *mapper) putSecret(s *object.Secret) {
	attr := make(cloud.Attributes, 10)
	x := inventory.Credential{
		ID: m.id(s.Name), Type: "gcp.secret", Name: shortName(s.Name), Store: "secretmanager", CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, NeverExpires: s.ExpiresAt.IsZero(),
		NextRotationAt: s.NextRotation, RotationDays: days(s.RotationPeriod), Encrypted: inventory.True, Exposure: m.exposure("secretmanager.googleapis.com/" + s.Name),
	}
	attr.Yes("policy_unread", x.Exposure == "" && !m.listings.whole(callPolicies) && !m.listings.whole("secretmanager.secrets.getIamPolicy"))
	attr["rotation"] = "none"
	switch {
	case s.ManagedRotation != "" && !strings.Contains(s.ManagedRotation, "UNSPECIFIED"):
		attr["rotation"], x.RotationEnabled = "managed", inventory.True
	case s.RotationPeriod > 0 || !s.NextRotation.IsZero():
		attr["rotation"], x.RotationEnabled = "schedule", inventory.True
	default:
		x.RotationEnabled = inventory.False
	}
	attr.Set("managed_rotation", s.ManagedRotation)
	attr.Set("location", s.Location)
	attr.Set("secret_type", s.Type)
	attr.Set("replication", cloud.List(s.Replication))
	attr.Set("kms_key", cloud.List(s.KMS))
	attr.Set("topics", cloud.List(s.Topics))
	m.versions(s, &x, attr)
	m.putCredential(x, s.Labels, attr)
}

// versions tells when a secret's value last changed and whether one can be read.
func (m *mapper) versions(s *object.Secret, x *inventory.Credential, attr cloud.Attributes) {
	enabled := 0
	var changed time.Time
	for i := range s.Versions {
		v := &s.Versions[i]
		changed = cloud.Latest(changed, v.CreatedAt)
		if v.State == "ENABLED" {
			enabled++
		}
	}
	x.RotatedAt = changed
	attr.Count("versions", enabled, s.VersionsKnown)
	attr.Count("total_versions", len(s.Versions), s.VersionsKnown)
	if !s.VersionsKnown {
		return
	}
	if x.Disabled = inventory.TriOf(enabled == 0); enabled == 0 {
		x.DisabledReason = "no version is enabled"
	}
}

// days returns a period in whole days; less than a day is one.
func days(d time.Duration) int {
	if d <= 0 {
		return 0
	}
	return max(1, int(d/(24*time.Hour)))
}

// exposure says that everybody may read a resource, or that others may.
func (m *mapper) exposure(resource string) string {
	if m.estate.public[resource] || m.estate.public[m.otherName(resource)] {
		return "public"
	}
	return ""
}

// keyRing returns the ring that a key is in, whose policy holds for the key too.
func keyRing(key string) string {
	ring, _, _ := strings.Cut(key, "/cryptoKeys/")
	return ring
}

// otherName spells a resource with its project's id in place of its number, or the
// other way round.
func (m *mapper) otherName(resource string) string {
	service, rest, ok := strings.Cut(resource, "/projects/")
	if !ok || m.p == nil {
		return ""
	}
	project, rest, _ := strings.Cut(rest, "/")
	if project == m.p.ID {
		return service + "/projects/" + m.p.Number + "/" + rest
	}
	return service + "/projects/" + m.p.ID + "/" + rest
}

// putKeys emits the keys of Cloud KMS.
func (m *mapper) putKeys() {
	for i := range m.p.KMS {
		if m.err != nil {
			return
		}
		k := &m.p.KMS[i]
		attr := make(cloud.Attributes, 6)
		attr.Set("purpose", k.Purpose)
		attr.Set("protection", k.Protection)
		attr.Set("state", k.State)
		attr.Set("location", partOf(k.Name, "locations"))
		attr.Yes("import_only", k.ImportOnly)
		x := inventory.Credential{
			ID: m.id(k.Name), Type: "gcp.kms_key", Name: shortName(k.Name), Store: "kms", CreatedAt: k.CreatedAt, RotatedAt: k.PrimaryAt, NextRotationAt: k.NextRotation,
			Algorithm: inventory.Clip(k.Algorithm, cloud.MaxName), Exposure: cmp.Or(m.exposure("cloudkms.googleapis.com/"+k.Name), m.exposure("cloudkms.googleapis.com/"+keyRing(k.Name))),
		}
		attr.Yes("policy_unread", x.Exposure == "" && !m.listings.whole(callPolicies))
		switch {
		case k.Purpose != "ENCRYPT_DECRYPT" || k.ImportOnly: // KMS makes new versions of symmetric keys only
			attr["rotatable"] = "false"
		default:
			x.RotationEnabled, x.RotationDays = inventory.TriOf(k.RotationPeriod > 0), days(k.RotationPeriod)
		}
		if k.State != "" {
			if x.Disabled = inventory.TriOf(k.State != "ENABLED"); x.Disabled == inventory.True {
				x.DisabledReason = inventory.Clip(k.State, cloud.MaxName)
			}
		}
		m.putCredential(x, k.Labels, attr)
	}
}

// partOf returns what stands behind a word in a resource's name.
func partOf(name, word string) string {
	parts := strings.Split(name, "/")
	if i := slices.Index(parts, word); i >= 0 && i+1 < len(parts) {
		return parts[i+1]
	}
	return ""
}

// putHMAC emits the keys by which Cloud Storage is asked as if it were S3.
func (m *mapper) putHMAC() {
	for i := range m.p.HMAC {
		k := &m.p.HMAC[i]
		attr := make(cloud.Attributes, 2)
		attr.Set("state", k.State)
		x := inventory.Credential{
			ID: m.id("projects/" + m.p.ID + "/hmacKeys/" + k.AccessID), Type: "gcp.hmac_key", Name: strings.ToLower(k.Account), PublicID: k.AccessID, CreatedAt: k.CreatedAt,
			RotatedAt: k.CreatedAt, NeverExpires: true, NetworkLimited: inventory.False,
		}
		if k.Account != "" {
			x.Identity = m.id(strings.ToLower(k.Account))
		}
		switch k.State {
		case "ACTIVE":
			x.Disabled, x.Validity = inventory.False, "active"
		case "INACTIVE", stateDeleted:
			x.Disabled, x.DisabledReason, x.Validity = inventory.True, k.State, "inactive"
		}
		m.putCredential(x, nil, attr)
	}
}
