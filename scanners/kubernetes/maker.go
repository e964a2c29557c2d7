package kubernetes

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// makers says which custom resource makes which Secret.
type makers struct {
	certificates map[key]*object.Certificate
	external     map[key]*object.ExternalSecret
	sealed       map[key]*object.SealedSecret
	classes      map[key]*object.SecretClass // by the Secret that it makes beside the mount
}

func (m *mapper) indexMakers() {
	m.makers = makers{
		certificates: make(map[key]*object.Certificate, len(m.c.Certificates)),
		external:     make(map[key]*object.ExternalSecret, len(m.c.ExternalSecrets)),
		sealed:       make(map[key]*object.SealedSecret, len(m.c.SealedSecrets)),
		classes:      make(map[key]*object.SecretClass, len(m.c.SecretClasses)),
	}
	for i := range m.c.Certificates {
		o := &m.c.Certificates[i]
		if o.Secret != "" && m.makers.certificates[key{o.Namespace, o.Secret}] == nil {
			m.makers.certificates[key{o.Namespace, o.Secret}] = o
		}
	}
	for i := range m.c.ExternalSecrets {
		if o := &m.c.ExternalSecrets[i]; o.Namespace != "" && !o.Push {
			m.makers.external[key{o.Namespace, cmp.Or(o.Target, o.Name)}] = o
			m.mention(key{o.Namespace, cmp.Or(o.Target, o.Name)})
		}
	}
	for i := range m.c.SealedSecrets {
		o := &m.c.SealedSecrets[i]
		m.makers.sealed[key{o.Namespace, cmp.Or(o.Target, o.Name)}] = o
		m.mention(key{o.Namespace, cmp.Or(o.Target, o.Name)})
	}
	for i := range m.c.SecretClasses {
		o := &m.c.SecretClasses[i]
		for _, name := range o.Secrets {
			m.makers.classes[key{o.Namespace, name}] = o
			m.mention(key{o.Namespace, name})
		}
	}
}

// mention makes sure that a Secret is known by name where Secrets were not
// listed.
func (m *mapper) mention(k key) {
	if k.name != "" && (!m.seen("secrets")) {
		m.secret(k)
	}
}

// maker returns the object that makes a Secret, or nil.
func (s *makers) maker(k key) *object.Meta {
	if o := s.external[k]; o != nil {
		return &o.Meta
	}
	if o := s.certificates[k]; o != nil {
		return &o.Meta
	}
	if o := s.sealed[k]; o != nil {
		return &o.Meta
	}
	if o := s.classes[k]; o != nil {
		return &o.Meta
	}
	return nil
}

// makerAttributes says what keeps a Secret up to date: the resource that makes
// it, or the tool that wrote it.
func (m *mapper) makerAttributes(attr cloud.Attributes, o *object.Meta) {
	k := key{o.Namespace, o.Name}
	if e := m.makers.external[k]; e != nil {
		attr["managed_by_tool"] = "external-secrets"
		attr.Set("synced_from", e.StoreKind+" "+e.StoreName+": "+list(e.RemoteKeys))
		switch {
		case e.RefreshSeconds == 0 || e.Policy == "CreatedOnce":
			attr["refresh"] = "never"
		case e.RefreshSeconds > 0:
			attr["refresh"] = strconv.FormatInt(e.RefreshSeconds, 10)
		}
		attr.Tri("ready", e.Ready)
		return
	}
	if s := m.makers.sealed[k]; s != nil {
		attr["managed_by_tool"] = "sealed-secrets"
		attr.Set("sealed", s.Wide)
		attr.Tri("ready", s.Synced)
		return
	}
	if c := m.makers.classes[k]; c != nil {
		attr["managed_by_tool"] = "secrets-store-csi"
		attr.Set("synced_from", "SecretProviderClass "+c.Name)
		return
	}
	attr.Set("managed_by_tool", toolOf(o))
}

// toolOf names the tool that owns an object, by what that writes on it.
func toolOf(o *object.Meta) string {
	for i := range o.Owners {
		switch o.Owners[i].Kind {
		case "ExternalSecret", "ClusterExternalSecret":
			return "external-secrets"
		case "SealedSecret":
			return "sealed-secrets"
		case "Certificate":
			return "cert-manager"
		case "SecretProviderClass", "SecretProviderClassPodStatus":
			return "secrets-store-csi"
		}
	}
	switch {
	case o.Annotations["cert-manager.io/certificate-name"] != "":
		return "cert-manager"
	case o.Labels["reconcile.external-secrets.io/managed"] == "true", o.Annotations["reconcile.external-secrets.io/managed-by"] != "":
		return "external-secrets"
	case o.Labels["secrets-store.csi.k8s.io/managed"] == "true":
		return "secrets-store-csi"
	case o.Annotations["argocd.argoproj.io/tracking-id"] != "":
		return "argocd"
	case o.Labels["kustomize.toolkit.fluxcd.io/name"] != "", o.Labels["helm.toolkit.fluxcd.io/name"] != "":
		return "flux"
	case o.Annotations["meta.helm.sh/release-name"] != "", o.Labels["app.kubernetes.io/managed-by"] == "Helm", o.Labels["owner"] == "helm":
		return "helm"
	case o.Annotations["reflector.v1.k8s.emberstack.com/reflects"] != "", o.Annotations["replicator.v1.mittwald.de/replicated-from"] != "":
		return "replicator"
	}
	for i := range o.Managers {
		switch name := o.Managers[i].Name; {
		case !o.Managers[i].Data:
		case strings.Contains(name, "external-secrets"):
			return "external-secrets"
		case strings.Contains(name, "cert-manager"):
			return "cert-manager"
		}
	}
	return ""
}

// fillCertificate says when a certificate ends: the certificate itself, where it
// was read, or else the status of cert-manager's.
func (m *mapper) fillCertificate(x *inventory.Credential, attr cloud.Attributes, o *object.Secret) {
	c := m.makers.certificates[key{o.Namespace, o.Name}]
	if c == nil && o.X509 == nil {
		return
	}
	if c != nil {
		m.fillManaged(x, attr, c)
	}
	if o.X509 != nil {
		fillX509(x, attr, o.X509)
	}
}

func (m *mapper) fillManaged(x *inventory.Credential, attr cloud.Attributes, c *object.Certificate) {
	attr["managed_by_tool"] = "cert-manager"
	attr.Set("cert_manager", c.Namespace+"/"+c.Name)
	attr.Set("issued_by", strings.TrimSpace(c.IssuerKind+" "+c.IssuerName))
	attr.Set("dns_names", list(c.DNSNames))
	attr.Yes("ca", c.CA)
	attr.Tri("ready", c.Ready)
	attr.Set("key_policy", strings.ToLower(c.PrivateKeyPolicy))
	if !c.NotAfter.IsZero() {
		x.ExpiresAt, attr["expiry_source"] = inventory.Time(c.NotAfter), "cert-manager"
	}
	x.Algorithm = inventory.Clip(c.PrivateKeyAlgorithm, maxName)
	x.RotationEnabled, x.NextRotationAt = inventory.True, inventory.Time(c.RenewalAt)
	if c.DurationSeconds > c.RenewBefore && c.RenewBefore > 0 {
		x.RotationDays = int((c.DurationSeconds - c.RenewBefore) / 86400)
	}
}

func fillX509(x *inventory.Credential, attr cloud.Attributes, c *object.X509) {
	if at := inventory.Time(c.NotAfter); !at.IsZero() {
		x.ExpiresAt, attr["expiry_source"] = at, "certificate"
	}
	x.PublicID = inventory.Clip(c.SHA256, maxName)
	x.Algorithm, x.KeyBits = inventory.Clip(c.Algorithm, maxName), max(0, c.KeyBits)
	attr.Set("issuer", c.Issuer)
	attr.Set("subject", c.Subject)
	attr.Set("serial", c.Serial)
	attr.Set("dns_names", list(c.DNSNames))
	attr.Yes("ca", c.CA)
	attr.Yes("self_signed", c.SelfSigned)
	if at := inventory.Time(c.NotBefore); !at.IsZero() {
		attr["not_before"] = at.Format("2006-01-02")
	}
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
}

// putRequests emits the client certificates that the cluster's signers issued
// upon a request. Requests are deleted within a day, so that these are the latest
// only (kube-controller-manager, csrcleaner).
func (m *mapper) putRequests() {
	last := ""
	for i := range m.c.Requests {
		r := &m.c.Requests[i]
		if r.Name == last || r.Issued == nil && (r.Approved != inventory.True || r.Failed) {
			continue
		}
		last = r.Name
		attr := cloud.Attributes(make(map[string]string, 8))
		x := &inventory.Credential{
			ID: m.prefix + "certificatesigningrequests/" + part(r.Name), Type: "pki.certificate", Scope: m.scope, Name: inventory.Clip(r.Name, maxName),
			Store: "certificate signing request", CreatedAt: inventory.Time(r.CreatedAt), FoundAt: m.found(&r.Meta), Attributes: attr,
		}
		if r.Issued != nil {
			fillX509(x, attr, r.Issued)
			if from := inventory.Time(r.Issued.NotBefore); !from.IsZero() {
				x.CreatedAt = from
			}
		}
		attr.Set("signer", r.Signer)
		attr.Set("requestor", r.Requestor)
		attr.Set("common_name", r.CommonName)
		attr.Set("groups", list(groupsOf(r)))
		attr.Set("usages", list(r.Usages))
		attr.Yes("pending", r.Issued == nil)
		if signsClients(r.Signer) {
			attr["client"] = "true"
			x.Identity = m.userID(r.CommonName)
		}
		if r.Signer == signerKubelet || r.Signer == "kubernetes.io/kubelet-serving" {
			x.ManagedBy = byKubernetes
		}
		m.put(inventory.Record{Credential: x}, inventory.KindCredential)
		if x.ManagedBy == "" && !slices.Contains(r.Groups, "system:nodes") {
			m.putOwners(x.ID, "", &r.Meta)
		}
	}
}

// groupsOf returns the groups of a request with system:masters first, so that a long
// list is not cut before it.
func groupsOf(r *object.SigningRequest) []string {
	i := slices.Index(r.Groups, rbac.Masters)
	if i <= 0 {
		return r.Groups
	}
	return slices.Concat([]string{rbac.Masters}, r.Groups[:i], r.Groups[i+1:])
}

// The signers whose certificates the API server takes from clients
// (kubernetes.io, "Certificate Signing Requests", Kubernetes signers).
const (
	signerClient  = "kubernetes.io/kube-apiserver-client"
	signerKubelet = "kubernetes.io/kube-apiserver-client-kubelet"
)

func signsClients(signer string) bool { return signer == signerClient || signer == signerKubelet }
