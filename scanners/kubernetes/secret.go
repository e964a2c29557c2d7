package kubernetes

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// The types of Secrets (kubernetes.io, "Types of Secret", and Helm's).
const (
	typeToken     = "kubernetes.io/service-account-token" //nolint:gosec // the name of a type
	typeBootstrap = "bootstrap.kubernetes.io/token"
	typeTLS       = "kubernetes.io/tls"
	typeDocker    = "kubernetes.io/dockercfg"
	typeDockerNew = "kubernetes.io/dockerconfigjson"
	typeBasic     = "kubernetes.io/basic-auth"
	typeSSH       = "kubernetes.io/ssh-auth"
	typeHelm      = "helm.sh/release.v1"
)

// sealedKey is the label of the private keys of the sealed-secrets controller.
const sealedKey = "sealedsecrets.bitnami.com/sealed-secrets-key"

// A secret is what is known of a Secret from all objects that name it. Its
// object is nil if only others do.
type secret struct {
	object *object.Secret
	users  int      // workloads
	how    way      // in which they use it
	pull   bool     // accounts or workloads pull images with it
	parts  []string // keys that are credentials of their own; nil if the Secret is one
}

func (m *mapper) indexSecrets() {
	m.secrets = make(map[key]*secret, len(m.c.Secrets)+16)
	slab := make([]secret, len(m.c.Secrets))
	for i := range m.c.Secrets {
		o := &m.c.Secrets[i]
		k := key{o.Namespace, o.Name}
		if m.secrets[k] != nil {
			continue
		}
		s := &slab[i]
		s.object, s.parts = o, partsOf(o)
		m.secrets[k] = s
		if o.Type == typeToken && o.ServiceAccount != "" {
			a := m.account(key{o.Namespace, o.ServiceAccount})
			a.tokens++
			if last := m.past(o.LastUsed, inventory.KindUsage); last.After(a.used) {
				a.used = last
			}
		}
	}
	for _, a := range m.order {
		if a.object == nil {
			continue
		}
		for _, name := range a.object.PullSecrets {
			m.secret(key{a.namespace, name}).pull = true
		}
	}
}

// secret returns what is known of a Secret, and makes an entry without object
// for one that only others name.
func (m *mapper) secret(k key) *secret {
	s := m.secrets[k]
	if s == nil {
		s = &secret{}
		m.secrets[k] = s
	}
	return s
}

func (m *mapper) secretUsed(k key, how way) {
	s := m.secret(k)
	s.users++
	s.how |= how
	s.pull = s.pull || how&wayPull != 0
}

func (m *mapper) secretID(namespace, name string) string {
	return m.prefix + "secrets/" + part(namespace) + "/" + part(name)
}

// partsOf returns the keys of a Secret that are credentials of their own: where
// values were hashed and an Opaque Secret has more than one.
func partsOf(o *object.Secret) []string {
	if len(o.Hashes) < 2 || credentialType(o) != "generic.secret" {
		return nil
	}
	var out []string
	for _, k := range o.Keys {
		if o.Hashes[k] != "" && !plainKey(k) {
			out = append(out, k)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// plainKey reports whether what stands under a key is no secret by its name.
// Such values are alike in many Secrets and would make unrelated ones seem one.
func plainKey(k string) bool {
	k = strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(k))
	switch k {
	case "username", "user", "host", "hostname", "port", "database", "dbname", "db", "schema", "endpoint", "region", "namespace", "email",
		"cacrt", "tlscrt", "capem", "cabundle", "servicecacrt", "clientid", "tenantid", "name", "type", "provider", "bucket", "address", "server", "issuer", "audience", "environment", "env":
		return true
	}
	return strings.HasSuffix(k, "crt") || strings.HasSuffix(k, "pub") || strings.HasSuffix(k, "username")
}

// credentialType returns the type of the credential that a Secret is.
func credentialType(o *object.Secret) string {
	if _, ok := o.Labels[sealedKey]; ok {
		return "sealed_secrets.key"
	}
	switch o.Type {
	case typeToken:
		return "kubernetes.token"
	case typeBootstrap:
		return "kubernetes.bootstrap_token"
	case typeTLS:
		return "pki.certificate"
	case typeDocker, typeDockerNew:
		return "registry.credential"
	case typeBasic:
		return "basic_auth"
	case typeSSH:
		return "ssh.private_key"
	case typeHelm:
		return "helm.release"
	default:
		return "generic.secret"
	}
}

// secretKey returns the key under which the secret value of a typed Secret
// stands.
func secretKey(o *object.Secret) string {
	switch o.Type {
	case typeToken:
		return "token"
	case typeTLS:
		return "tls.key"
	case typeDocker:
		return ".dockercfg"
	case typeDockerNew:
		return ".dockerconfigjson"
	case typeBasic:
		return "password"
	case typeSSH:
		return "ssh-privatekey"
	case typeBootstrap:
		return "token-secret"
	}
	for _, k := range o.Keys {
		if o.Hashes[k] != "" && !plainKey(k) {
			return k
		}
	}
	return ""
}

// putSecrets emits the Secrets, then the certificates and Secrets that only
// others name, where Secrets were not listed.
func (m *mapper) putSecrets() {
	var made slab[inventory.Credential]
	allWorkloads := m.seen(workloadResources...)
	for i := range m.c.Secrets {
		if m.err != nil {
			return
		}
		o := &m.c.Secrets[i]
		s := m.secrets[key{o.Namespace, o.Name}]
		if s.object != o {
			continue // the same object twice
		}
		x := made.next()
		m.fillSecret(x, s, allWorkloads)
		if len(s.parts) == 0 {
			m.put(inventory.Record{Credential: x}, inventory.KindCredential)
			if x.ManagedBy == "" {
				m.putSecretOwners(x.ID, o)
			}
			continue
		}
		for _, k := range s.parts {
			m.putPart(x, o, k)
		}
	}
	m.putInferred(allWorkloads)
}

// putPart emits one value of a Secret as a credential.
func (m *mapper) putPart(of *inventory.Credential, o *object.Secret, k string) {
	x := *of
	x.ID += "/" + part(k)
	x.Name = inventory.Clip(x.Name+" "+k, maxText)
	x.SecretHash = o.Hashes[k]
	attr := make(cloud.Attributes, len(of.Attributes)+1)
	maps.Copy(attr, of.Attributes)
	attr.Set("key", k)
	x.Attributes = attr
	m.put(inventory.Record{Credential: &x}, inventory.KindCredential)
	m.putSecretOwners(x.ID, o)
}

func (m *mapper) fillSecret(x *inventory.Credential, s *secret, allWorkloads bool) {
	o := s.object
	attr := cloud.Attributes(make(map[string]string, 8))
	*x = inventory.Credential{
		ID: m.secretID(o.Namespace, o.Name), Type: credentialType(o), Scope: m.scope, Name: inventory.Clip(o.Namespace+"/"+o.Name, 2*maxName),
		Store: "kubernetes secret", CreatedAt: inventory.Time(o.CreatedAt), RotatedAt: m.past(o.WrittenAt, inventory.KindCredential), Environment: m.environment(&o.Meta),
		Tags: tagsOf(o.Labels, o.Annotations), FoundAt: m.found(&o.Meta), Attributes: attr, SecretHash: o.Hashes[secretKey(o)],
	}
	if o.Type == typeHelm { // its labels are Helm's own, owner among them
		x.Tags = nil
		attr.Set("release", o.Labels["name"])
		attr.Set("release_version", o.Labels["version"])
		attr.Set("release_status", o.Labels["status"])
	}
	m.declaredSecret(x, o)
	attr.Set("namespace", o.Namespace)
	attr.Set("uid", o.UID)
	attr.Set("secret_type", o.Type)
	if o.KeysKnown || len(o.Keys) > 0 {
		attr.Set("keys", list(o.Keys))
	}
	attr.Set("written_by", o.WrittenBy)
	attr.Yes("inferred", o.Inferred)
	attr.Yes("last_applied", o.LastApplied)
	attr.Tri("immutable", o.Immutable)
	m.useAttributes(attr, s, allWorkloads)
	m.makerAttributes(attr, &o.Meta)
	switch o.Type {
	case typeToken:
		m.fillToken(x, attr, o)
	case typeBootstrap:
		x.ExpiresAt = inventory.Time(o.Expires)
		x.NeverExpires = o.Expires.IsZero() && o.KeysKnown && len(o.Keys) > 0 && !slices.Contains(o.Keys, "expiration")
	case typeDocker, typeDockerNew:
		x.PublicID = list(o.Registries)
		attr.Set("registries", list(o.Registries))
	}
	m.fillCertificate(x, attr, o)
}

// declaredSecret says how a Secret of a manifest lies open.
func (m *mapper) declaredSecret(x *inventory.Credential, o *object.Secret) {
	switch {
	case !m.declared:
	case o.Encrypted:
		x.Encrypted = inventory.True
	case len(o.Hashes) > 0 || len(o.Keys) > 0:
		x.Exposure = "repository"
	}
}

// useAttributes says who uses a Secret. A number of which more may be unseen is
// a lower bound, and zero of that is unknown.
func (m *mapper) useAttributes(attr cloud.Attributes, s *secret, allWorkloads bool) {
	if s.users > 0 || allWorkloads {
		attr["used_by"] = strconv.Itoa(s.users)
	}
	attr.Set("used_as", s.how.names())
	attr.Yes("pull_secret", s.pull)
}

// fillToken says whose token it is and whether the API server still takes it. It
// does not if the account is gone, or was made anew and has another uid
// (kubernetes.io, "Managing Service Accounts", and the legacy token cleaner).
func (m *mapper) fillToken(x *inventory.Credential, attr cloud.Attributes, o *object.Secret) {
	x.NeverExpires = true
	if o.ServiceAccount == "" {
		return
	}
	a := m.accounts[key{o.Namespace, o.ServiceAccount}]
	if a == nil {
		return
	}
	x.Identity = a.id
	if a.legacy[o.Name] || a.object == nil {
		x.ManagedBy = a.made // what is not listed by the account somebody else made
	}
	all := m.seen("serviceaccounts")
	switch {
	case !o.InvalidSince.IsZero():
		x.Disabled, x.DisabledReason = inventory.True, "label kubernetes.io/legacy-token-invalid-since="+o.InvalidSince.Format("2006-01-02")
	case a.object == nil && all:
		x.Disabled, x.DisabledReason = inventory.True, "its service account does not exist"
	case a.object != nil && o.ServiceAccountUID != "" && a.object.UID != "" && o.ServiceAccountUID != a.object.UID:
		x.Disabled, x.DisabledReason = inventory.True, "its service account was deleted and made anew"
	case a.object != nil && a.object.UID != "" && o.ServiceAccountUID == a.object.UID:
		x.Disabled = inventory.False
	}
	switch {
	case a.legacy[o.Name]:
		attr["legacy"] = "auto"
	case a.object != nil:
		attr["legacy"] = "manual"
	}
}

// putInferred emits Secrets that only other objects name, where Secrets were
// not listed or are not among the manifests.
func (m *mapper) putInferred(allWorkloads bool) {
	if m.seen("secrets") {
		return
	}
	var names []key
	for k, s := range m.secrets {
		if s.object == nil {
			names = append(names, k)
		}
	}
	for k := range m.makers.certificates {
		if m.secrets[k] == nil {
			names = append(names, k)
		}
	}
	slices.SortFunc(names, compareKeys)
	for _, k := range slices.Compact(names) {
		if k.name == "" {
			continue
		}
		m.putInferredSecret(k, m.secret(k), allWorkloads)
	}
}

func (m *mapper) putInferredSecret(k key, s *secret, allWorkloads bool) {
	attr := cloud.Attributes(make(map[string]string, 8))
	attr.Set("namespace", k.namespace)
	attr["inferred"] = "true"
	m.useAttributes(attr, s, allWorkloads)
	x := &inventory.Credential{
		ID: m.secretID(k.namespace, k.name), Type: "generic.secret", Scope: m.scope, Name: inventory.Clip(k.namespace+"/"+k.name, 2*maxName),
		Store: "kubernetes secret", Attributes: attr,
	}
	stand := &object.Secret{Meta: object.Meta{Kind: "Secret", Namespace: k.namespace, Name: k.name}}
	switch {
	case m.makers.certificates[k] != nil:
		x.Type = "pki.certificate"
	case s.pull:
		x.Type = "registry.credential"
	}
	m.makerAttributes(attr, &stand.Meta)
	m.fillCertificate(x, attr, stand)
	m.put(inventory.Record{Credential: x}, inventory.KindCredential)
	m.putOwners(x.ID, k.namespace, m.makers.maker(k))
}
