package aws

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/paths"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// putSecrets emits the secrets of Secrets Manager, without their values.
func (m *mapper) putSecrets() {
	for i := range m.a.Secrets {
		if m.err != nil {
			return
		}
		m.putSecret(&m.a.Secrets[i])
	}
}

func (m *mapper) putSecret(s *object.Secret) {
	id := m.id(s.ARN)
	attr := make(cloud.Attributes, 12)
	attr.Set("region", s.Region)
	attr.Set("kms_key", s.KMS)
	if s.KMS == "" {
		attr["kms_key"] = "aws/secretsmanager"
	}
	attr.Set("rotation_schedule", s.RotationSchedule)
	attr.Set("rotation_lambda", s.RotationLambda)
	attr.Set("secret_type", s.Type)
	if s.PrimaryRegion != "" && s.PrimaryRegion != s.Region {
		attr.Set("replica_of", s.PrimaryRegion)
	}
	attr.Count("versions", s.Versions, false)
	attr.Time("deletes_at", s.DeletedAt)
	trusts := m.judge.resourceTrusts(s.ARN)
	guarded(attr, trusts, s.Policy != nil, s.PolicyKnown)
	rotated := s.RotatedAt
	if rotated.IsZero() {
		rotated = s.ChangedAt
	}
	x := inventory.Credential{
		ID: id, Type: "aws.secretsmanager_secret", Name: s.Name, PublicID: s.ARN, Store: "secretsmanager", Description: s.Description,
		CreatedAt: s.CreatedAt, RotatedAt: rotated, Disabled: inventory.TriOf(!s.DeletedAt.IsZero()), RotationEnabled: s.Rotation,
		RotationDays: max(0, s.RotationDays), NextRotationAt: s.NextAt, ManagedBy: inventory.Clip(s.OwningService, cloud.MaxName), Encrypted: inventory.True, Exposure: exposure(trusts),
	}
	if x.Disabled == inventory.True {
		x.DisabledReason = "scheduled for deletion"
	}
	m.putCredential(x, s.Tags, attr)
	m.putUsage(inventory.Usage{Subject: id, LastUsedAt: s.AccessedAt, TrackedSince: s.CreatedAt, Service: "secretsmanager", Resource: s.Region, Source: "LastAccessedDate"})
}

// guarded tells whom the resource policy of a secret or key lets in from outside.
func guarded(attr cloud.Attributes, trusts []paths.Trust, has, known bool) {
	if known {
		attr["policy"] = "none"
	}
	if !has {
		return
	}
	attr["policy"] = "own"
	var accounts []string
	for i := range trusts {
		t := &trusts[i]
		if t.SameAccount == inventory.False && t.Account != "" && !t.Closed {
			accounts = append(accounts, t.Account)
		}
	}
	attr.Set("cross_account", cloud.List(accounts))
}

// putParameters emits the parameters of Systems Manager that are encrypted, which
// is where secrets are meant to be.
func (m *mapper) putParameters() {
	others := 0
	for i := range m.a.Parameters {
		p := &m.a.Parameters[i]
		if m.err != nil {
			return
		}
		if p.Type != "SecureString" {
			others++
			continue
		}
		attr := make(cloud.Attributes, 6)
		attr.Set("region", p.Region)
		attr.Set("tier", p.Tier)
		attr.Set("kms_key", p.KMS)
		attr.Set("modified_by", p.ModifiedBy)
		attr.Count("version", int(p.Version), false)
		x := inventory.Credential{
			ID: m.id(p.ARN), Type: "aws.ssm_parameter", Name: p.Name, PublicID: p.ARN, Store: "ssm", RotatedAt: p.ModifiedAt, ExpiresAt: p.ExpiresAt,
			Disabled: inventory.False, Encrypted: inventory.True, RotationEnabled: inventory.False,
		}
		if p.Version == 1 {
			x.CreatedAt = p.ModifiedAt
		}
		m.putCredential(x, p.Tags, attr)
	}
	if others > 0 {
		m.note(inventory.KindCredential, strconv.Itoa(others)+" parameters of Systems Manager are not SecureString and are not listed")
	}
}

// putKeys emits the keys of KMS and the grants on them.
func (m *mapper) putKeys() {
	for i := range m.a.Keys {
		if m.err != nil {
			return
		}
		m.putKey(&m.a.Keys[i])
	}
}

func (m *mapper) putKey(k *object.Key) {
	id := m.id(k.ARN)
	attr := make(cloud.Attributes, 12)
	attr.Set("region", k.Region)
	attr.Set("key_id", k.ID)
	attr.Set("spec", k.Spec)
	attr.Set("usage", k.Usage)
	attr.Set("origin", k.Origin)
	attr.Set("state", k.State)
	attr.Time("deletes_at", k.DeletesAt)
	attr.Count("grants", len(k.Grants), k.GrantsKnown)
	trusts := m.judge.resourceTrusts(k.ARN)
	guarded(attr, trusts, k.Policy != nil, k.PolicyKnown)
	x := inventory.Credential{
		ID: id, Type: "aws.kms_key", Name: keyName(k), PublicID: k.ARN, Store: "kms", Description: k.Description, CreatedAt: k.CreatedAt, ExpiresAt: k.ValidTo,
		RotationEnabled: k.Rotation, RotationDays: max(0, k.RotationDays), NextRotationAt: k.RotatesAt, Algorithm: k.Spec, Exposure: exposure(trusts),
	}
	if k.Manager == "AWS" {
		x.ManagedBy = byAWS
	}
	if !rotatable(k) {
		attr["rotatable"] = "false"
		x.RotationEnabled, x.RotationDays = inventory.Unknown, 0
	}
	switch k.State {
	case "":
	case "Enabled":
		x.Disabled = inventory.False
	default:
		x.Disabled, x.DisabledReason = inventory.True, inventory.Clip(k.State, cloud.MaxName)
	}
	m.putCredential(x, k.Tags, attr)
	u := inventory.Usage{Subject: id, LastUsedAt: k.LastUsed, Service: "kms", Resource: k.Region, Source: "GetKeyLastUsage"}
	if k.UsageKnown {
		m.putUsage(u)
	}
	for i := range k.Grants {
		m.putKeyGrant(k, &k.Grants[i])
	}
}

// keyName is the alias of a key, or its id.
func keyName(k *object.Key) string { return cmp.Or(strings.TrimPrefix(k.Alias, "alias/"), k.ID) }

// rotatable reports whether KMS can rotate a key by itself: symmetric ones for
// encryption, whose material it made (AWS KMS Developer Guide, "Rotate AWS KMS
// keys"). What is not known counts as such a key.
func rotatable(k *object.Key) bool {
	return (k.Spec == "" || k.Spec == "SYMMETRIC_DEFAULT") && (k.Origin == "" || k.Origin == "AWS_KMS") && (k.Usage == "" || k.Usage == "ENCRYPT_DECRYPT")
}

// putKeyGrant emits a grant of KMS, which lets somebody use a key beside its
// policy.
func (m *mapper) putKeyGrant(k *object.Key, g *object.KeyGrant) {
	attr := make(cloud.Attributes, 6)
	attr.Set("operations", cloud.List(g.Operations))
	attr.Set("issuer", g.Issuer)
	attr.Set("retiring", g.Retiring)
	attr.Yes("constrained", g.Constrained)
	attr["service"] = "kms"
	level, capabilities := keyLevel(g.Operations)
	x := &inventory.Grant{
		ID: m.part(k.ARN, "grant/"+g.ID), Principal: m.principalID(g.Grantee), Scope: m.scope, Name: cloud.Label(cmp.Or(g.Name, "KMS grant")), Resource: inventory.Clip(k.ARN, cloud.MaxText), Via: "KMS grant",
		Level: level, Reasons: []string{inventory.Clip("KMS grant allows "+cloud.InOrder(g.Operations)+" with "+k.ARN, cloud.MaxText)}, Capabilities: capabilities,
		GrantedAt: inventory.Time(g.CreatedAt), Attributes: attr,
	}
	if g.Constrained {
		x.Condition = "encryption context"
	}
	if strings.HasSuffix(g.Grantee, ".amazonaws.com") || k.Manager == "AWS" {
		x.ManagedBy = byAWS
	}
	if a := object.ParseARN(g.Grantee).Account; a != "" && a != m.a.ID {
		attr.Set("cross_account", a)
	}
	m.put(inventory.Record{Grant: x}, inventory.KindGrant)
}

// keyLevel says what the operations of a KMS grant come to.
func keyLevel(operations []string) (level inventory.Level, capabilities []string) {
	level = inventory.LevelRead
	uses := false
	for _, o := range operations {
		switch o {
		case "CreateGrant":
			level, capabilities = inventory.LevelWrite, []string{"keys.admin"}
		case "Decrypt", "Sign", "GenerateMac", "ReEncryptFrom", "DeriveSharedSecret", "GenerateDataKey", "Encrypt":
			uses = true
		}
	}
	if uses {
		capabilities = append(capabilities, "keys.use")
	}
	return level, capabilities
}

// principalID returns the id of a principal as a policy or an API names it.
func (m *mapper) principalID(s string) string {
	if object.IsAccount(s) {
		return m.id("arn:" + m.partition() + ":iam::" + s + ":root")
	}
	return m.id(s)
}
