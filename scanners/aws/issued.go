package aws

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// putCertificates emits the certificates of ACM and the server certificates of
// IAM.
func (m *mapper) putCertificates() {
	for i := range m.a.Certificates {
		if m.err != nil {
			return
		}
		m.putCertificate(&m.a.Certificates[i])
	}
}

func (m *mapper) putCertificate(c *object.Certificate) {
	attr := make(cloud.Attributes, 10)
	attr.Set("region", c.Region)
	attr.Set("certificate_type", c.Type)
	attr.Set("status", c.Status)
	attr.Set("renewal", c.Renewal)
	attr.Set("dns_names", cloud.List(c.Names))
	attr.Tri("in_use", c.InUse)
	attr.Tri("exported", c.Exported)
	attr.Time("not_before", c.NotBefore)
	x := inventory.Credential{
		ID: m.id(c.ARN), Type: "pki.certificate", Name: c.Domain, PublicID: c.ARN, Store: "acm", CreatedAt: c.CreatedAt, RotatedAt: c.NotBefore, ExpiresAt: c.NotAfter,
		Algorithm: algorithm(c.Algorithm), KeyBits: bits(c.Algorithm), ManagedBy: inventory.Clip(c.ManagedBy, cloud.MaxName),
	}
	switch c.Type {
	case "IAM", "":
		if c.Region == "" {
			x.Store, x.RotationEnabled = "iam", inventory.False
		}
	case "IMPORTED":
		x.RotationEnabled = inventory.False
	default:
		switch c.Renewal {
		case "ELIGIBLE":
			x.RotationEnabled = inventory.True
		case "INELIGIBLE":
			x.RotationEnabled = inventory.False
		}
	}
	switch c.Status {
	case "REVOKED", "FAILED", "VALIDATION_TIMED_OUT", "INACTIVE", "EXPIRED":
		x.Disabled, x.DisabledReason = inventory.True, c.Status
	case "ISSUED":
		x.Disabled = inventory.False
	}
	m.putCredential(x, c.Tags, attr)
}

// algorithm returns the algorithm of RSA_2048, EC_prime256v1, RSA-2048 …, in the
// words of certificates.
func algorithm(s string) string {
	switch upper := strings.ToUpper(s); {
	case upper == "":
		return ""
	case strings.HasPrefix(upper, "RSA"):
		return "RSA"
	case strings.HasPrefix(upper, "EC"):
		return "ECDSA"
	case strings.HasPrefix(upper, "ED25519"):
		return "Ed25519"
	default:
		return inventory.Clip(s, cloud.MaxName)
	}
}

// bits returns the size of a key that the name of its algorithm tells.
func bits(s string) int {
	for _, f := range strings.FieldsFunc(s, func(c rune) bool { return c < '0' || c > '9' }) {
		if n, err := strconv.Atoi(f); err == nil && n >= 128 && n <= 16384 && f != "25519" {
			return n
		}
	}
	return 0
}

// putKeyPairs emits the public keys that EC2 puts into instances.
func (m *mapper) putKeyPairs() {
	for i := range m.a.KeyPairs {
		k := &m.a.KeyPairs[i]
		attr := make(cloud.Attributes, 2)
		attr.Set("region", k.Region)
		attr.Set("key_pair_id", k.ID)
		m.putCredential(inventory.Credential{
			ID:   m.id("arn:" + m.partition() + ":ec2:" + k.Region + ":" + m.a.ID + ":key-pair/" + cmp.Or(k.ID, k.Name)),
			Type: "aws.ec2_key_pair", Name: k.Name, PublicID: k.Fingerprint, Store: "ec2", CreatedAt: k.CreatedAt, NeverExpires: true, Algorithm: algorithm(k.Type),
		}, k.Tags, attr)
	}
}

// A connectionType says how a connection to others is told.
type connectionType struct {
	record   string // type of the record
	store    string
	identity bool // somebody acts through it; otherwise it is what AWS signs in with elsewhere
}

// connectionTypes are those of object.Connection.
func connectionTypes(typ string) connectionType {
	switch typ {
	case "events.connection":
		return connectionType{"aws.eventbridge_connection", "eventbridge", false}
	case "codeconnections.connection":
		return connectionType{"aws.code_connection", "codeconnections", false}
	case "codebuild.source_credential":
		return connectionType{"aws.codebuild_source_credential", "codebuild", false}
	case "agentcore.oauth2_provider", "agentcore.api_key_provider":
		return connectionType{"aws.agentcore_credential_provider", "agentcore", false}
	case "iot.certificate":
		return connectionType{"aws.iot_certificate", "iot", false}
	case "transfer.user":
		return connectionType{"aws.transfer_user", "transfer", true}
	case "cognito.app_client":
		return connectionType{"aws.cognito_app_client", "cognito", true}
	default:
		service, _, _ := strings.Cut(typ, ".")
		return connectionType{"aws.connection", cloud.Label(service), false}
	}
}

// putConnections emits what connects the account with others: credentials that
// AWS keeps for systems of others, and those that sign in from outside.
func (m *mapper) putConnections() {
	for i := range m.a.Connections {
		if m.err != nil {
			return
		}
		c := &m.a.Connections[i]
		if t := connectionTypes(c.Type); t.identity {
			m.putOutsider(c, t)
		} else {
			m.putConnection(c, t)
		}
	}
}

func (m *mapper) connection(c *object.Connection) cloud.Attributes {
	attr := make(cloud.Attributes, 8)
	attr.Set("region", c.Region)
	attr.Set("connection_type", c.Type)
	attr.Set("provider", c.Provider)
	attr.Set("state", c.State)
	attr.Set("auth", c.Auth)
	attr.Set("owner_account", c.Owner)
	attr.Add(c.Details)
	return attr
}

func (m *mapper) putConnection(c *object.Connection, t connectionType) {
	id := m.id(c.ARN)
	attr := m.connection(c)
	x := inventory.Credential{
		ID: id, Type: t.record, Name: cmp.Or(c.Name, lastPart(c.ARN)), PublicID: c.ARN, Store: t.store, CreatedAt: c.CreatedAt,
		RotatedAt: cloud.Latest(c.UpdatedAt, c.AuthorizedAt), ExpiresAt: c.ExpiresAt, Disabled: offState(c.State),
	}
	if x.Disabled == inventory.True {
		x.DisabledReason = inventory.Clip(c.State, cloud.MaxName)
	}
	if c.Secret != "" {
		attr.Set("secret", m.id(c.Secret))
		m.put(inventory.Record{Consumer: &inventory.Consumer{
			ID: m.part(c.ARN, "secret"), Subject: m.id(c.Secret), Scope: m.scope, Workload: cloud.Word(c.ARN), Kind: "connection", Location: inventory.Clip(c.Region, cloud.MaxName),
			Environment: cloud.EnvironmentOf(c.Tags, m.a.Tags),
		}}, inventory.KindConsumer)
	}
	m.putCredential(x, c.Tags, attr)
	if !c.AuthorizedAt.IsZero() {
		m.putUsage(inventory.Usage{Subject: id, LastUsedAt: c.AuthorizedAt, Service: t.store, Resource: c.Region, Source: "LastAuthorizedTime"})
	}
	m.putConnectionRole(c)
}

// offState reports whether a state says that a connection cannot be used.
func offState(state string) inventory.Tri {
	switch strings.ToUpper(state) {
	case "":
		return inventory.Unknown
	case "DEAUTHORIZED", "DEAUTHORIZING", "DELETING", "ERROR", "INACTIVE", "REVOKED", "PENDING_ACTIVATION", "PENDING", "FAILED_CONNECTIVITY":
		return inventory.True
	default:
		return inventory.False
	}
}

// putOutsider emits somebody who signs in from outside.
func (m *mapper) putOutsider(c *object.Connection, t connectionType) {
	m.putIdentity(inventory.Identity{
		ID: m.id(c.ARN), Type: t.record, Name: cmp.Or(c.Name, lastPart(c.ARN)), PublicIDs: []string{c.ARN}, CreatedAt: c.CreatedAt,
		Disabled: offState(c.State),
	}, c.Tags, m.connection(c))
	m.putConnectionRole(c)
}

func (m *mapper) putConnectionRole(c *object.Connection) {
	if c.Role == "" {
		return
	}
	m.put(inventory.Record{Consumer: &inventory.Consumer{
		ID: m.part(c.ARN, "role"), Subject: m.id(c.Role), Scope: m.scope, Workload: cloud.Word(c.ARN), Kind: kindOf(c.Type),
		Location: inventory.Clip(c.Region, cloud.MaxName), Environment: cloud.EnvironmentOf(c.Tags, m.a.Tags), Attributes: map[string]string{"type": inventory.Clip(c.Type, cloud.MaxName), "name": inventory.Clip(c.Name, cloud.MaxName)},
	}}, inventory.KindConsumer)
}
