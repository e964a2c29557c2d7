package kubernetes

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A cloudAnnotation is an annotation by which an account is given an identity
// outside the cluster.
type cloudAnnotation struct {
	annotation, attribute string
	cloud                 bool   // it names an identity of a cloud
	mechanism, scanner    string // empty: it only adds to another
}

// cloudAnnotations are those of EKS (IAM roles for service accounts), GKE
// (Workload Identity Federation), Azure Workload Identity and Vault's injector,
// as their documentation spells them.
var cloudAnnotations = []cloudAnnotation{
	{"eks.amazonaws.com/role-arn", "aws_role_arn", true, mechIRSA, "aws"},
	{"iam.gke.io/gcp-service-account", "gcp_service_account", true, mechGKE, "gcp"},
	{"azure.workload.identity/client-id", "azure_client_id", true, mechAzure, "azure"},
	{"azure.workload.identity/tenant-id", "azure_tenant_id", false, "", ""},
	{"vault.hashicorp.com/role", "vault_role", false, mechVault, "vault"},
}

// The mechanisms by which an account becomes an identity elsewhere.
const (
	mechIRSA      = "irsa"
	mechEKSPod    = "eks_pod_identity"
	mechGKE       = "gke"
	mechAzure     = "azure_workload_identity"
	mechAADPod    = "aad_pod_identity"
	mechVault     = "vault"
	mechSPIFFE    = "spiffe"
	mechProjected = "projected"
)

// audienceEKSPod is the audience of the tokens that EKS Pod Identity takes
// (Amazon EKS User Guide, "EKS Pod Identity").
const audienceEKSPod = "pods.eks.amazonaws.com"

func hasEKSPodIdentity(p *object.Pod) bool {
	for i := range p.Tokens {
		if p.Tokens[i].Audience == audienceEKSPod {
			return true
		}
	}
	for i := range p.Variables {
		if p.Variables[i].Name == "AWS_CONTAINER_CREDENTIALS_FULL_URI" && strings.HasSuffix(p.Variables[i].Value, "/v1/credentials") {
			return true
		}
	}
	return false
}

// A trusts gathers trusts, each once.
type trusts struct {
	m    *mapper
	seen map[string]bool
}

// putTrusts emits which accounts may become what outside the cluster, and what
// operators do with the rights of accounts.
func (m *mapper) putTrusts() {
	t := &trusts{m, map[string]bool{}}
	for _, a := range m.order {
		if a.object != nil {
			t.annotated(a, a.object.Annotations, m.found(&a.object.Meta))
		}
	}
	for i := range m.c.Workloads {
		if m.err != nil {
			return
		}
		t.workload(&m.c.Workloads[i])
	}
	t.stores()
	t.issuers()
	t.classes()
}

// account emits that an account may become an identity.
func (t *trusts) account(a *account, mechanism, identity, audience string, places []inventory.Location, more cloud.Attributes) {
	m := t.m
	id := m.prefix + "trusts/" + mechanism + "/" + part(a.namespace) + "/" + part(a.name) + "/" + tail(identity)
	if t.seen[id] {
		return
	}
	t.seen[id] = true
	attr := more
	if attr == nil {
		attr = make(cloud.Attributes, 3)
	}
	attr["mechanism"] = mechanism
	attr.Set("namespace", a.namespace)
	attr["account"] = a.id
	typ := "oidc"
	if mechanism == mechSPIFFE {
		typ = "certificate"
	}
	m.put(inventory.Record{Trust: &inventory.Trust{
		ID: id, Identity: word(identity), Scope: m.scope, Type: typ, Audience: inventory.Clip(audience, maxText), Declared: m.declared, FoundAt: places, Attributes: attr,
		Subject: accountPrefix + inventory.Clip(a.namespace, maxName) + ":" + inventory.Clip(a.name, maxName),
	}}, inventory.KindTrust)
}

// annotated emits what the annotations of an account, or of a workload, say.
func (t *trusts) annotated(a *account, annotations map[string]string, places []inventory.Location) {
	for _, c := range cloudAnnotations {
		v := annotations[c.annotation]
		if v == "" || c.mechanism == "" || strings.ContainsAny(v, "${}<>") {
			continue
		}
		audience, more := "", make(cloud.Attributes, 4)
		switch c.mechanism {
		case mechIRSA:
			audience = cmp.Or(annotations["eks.amazonaws.com/audience"], "sts.amazonaws.com")
			more.Set("seconds", seconds(annotations["eks.amazonaws.com/token-expiration"]))
		case mechAzure:
			audience = "api://AzureADTokenExchange"
			more.Set("tenant", annotations["azure.workload.identity/tenant-id"])
			more.Set("seconds", seconds(annotations["azure.workload.identity/service-account-token-expiration"]))
		case mechVault:
			more.Set("auth_path", annotations["vault.hashicorp.com/auth-path"])
		}
		t.account(a, c.mechanism, c.scanner+":"+v, audience, places, more)
	}
	if v := annotations["vault.security.banzaicloud.io/vault-role"]; v != "" {
		t.account(a, mechVault, "vault:"+v, "", places, nil)
	}
}

// workload emits what pods may become: by annotation, by environment, by what is
// projected or mounted into them.
func (t *trusts) workload(w *object.Workload) {
	m := t.m
	a := m.accountOf(w)
	places := m.found(&w.Meta)
	if len(w.Annotations) > 0 {
		t.annotated(a, w.Annotations, places)
	}
	if v := w.Labels["aadpodidbinding"]; v != "" {
		t.account(a, mechAADPod, "azure:"+v, "", places, nil)
	}
	if hasEKSPodIdentity(&w.Pod) {
		t.account(a, mechEKSPod, "aws:eks-pod-identity/"+m.cluster+"/"+part(a.namespace)+"/"+part(a.name), audienceEKSPod, places, lifetime(&w.Pod, audienceEKSPod))
	}
	for i := range w.Pod.Variables {
		v := &w.Pod.Variables[i]
		switch {
		case v.Value == "" || strings.ContainsAny(v.Value, "${}<>"):
		case v.Name == "AWS_ROLE_ARN" && strings.HasPrefix(v.Value, "arn:"):
			t.account(a, mechIRSA, "aws:"+v.Value, "sts.amazonaws.com", places, nil)
		case v.Name == "AZURE_CLIENT_ID" && hasVariable(&w.Pod, "AZURE_FEDERATED_TOKEN_FILE"):
			t.account(a, mechAzure, "azure:"+v.Value, "api://AzureADTokenExchange", places, nil)
		}
	}
	for _, v := range w.Pod.CSI {
		if v.Driver == "csi.spiffe.io" {
			t.account(a, mechSPIFFE, "spiffe:"+m.cluster+"/"+part(a.namespace)+"/"+part(a.name), "", places, nil)
		}
	}
	for i := range w.Pod.Tokens {
		t.projected(w, a, &w.Pod.Tokens[i], places)
	}
}

// seconds returns a lifetime that an annotation gives; empty if it is no number.
func seconds(text string) string {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// lifetime notes the longest lifetime that the tokens for an audience have.
func lifetime(p *object.Pod, audience string) cloud.Attributes {
	most := int64(0)
	for i := range p.Tokens {
		if p.Tokens[i].Audience == audience {
			most = max(most, p.Tokens[i].Seconds)
		}
	}
	more := make(cloud.Attributes, 5)
	more.Set("seconds", seconds(strconv.FormatInt(most, 10)))
	return more
}

func hasVariable(p *object.Pod, name string) bool {
	return slices.ContainsFunc(p.Variables, func(v object.Variable) bool { return v.Name == name })
}

// projected emits that a token for others is put into a pod, unless an
// annotation or a variable has told more already: the webhooks of the clouds
// project theirs.
func (t *trusts) projected(w *object.Workload, a *account, p *object.ProjectedToken, places []inventory.Location) {
	known := func(annotation, variable string) bool {
		return a.object != nil && a.object.Annotations[annotation] != "" || w.Annotations[annotation] != "" || hasVariable(&w.Pod, variable)
	}
	switch {
	case forServer(p.Audience) || p.Audience == audienceEKSPod:
		return
	case p.Audience == "sts.amazonaws.com" && known("eks.amazonaws.com/role-arn", "AWS_ROLE_ARN"),
		p.Audience == "api://AzureADTokenExchange" && known("azure.workload.identity/client-id", "AZURE_CLIENT_ID"):
		return
	}
	more := make(cloud.Attributes, 5)
	if p.Seconds > 0 {
		more["seconds"] = strconv.FormatInt(p.Seconds, 10)
	}
	mechanism, identity := mechProjected, "oidc:"+p.Audience
	switch {
	case strings.Contains(p.Audience, "iam.googleapis.com/"):
		identity = "gcp:" + p.Audience
	case strings.HasSuffix(p.Audience, ".svc.id.goog"):
		mechanism, identity = mechGKE, "gcp:"+p.Audience
	}
	t.account(a, mechanism, identity, p.Audience, places, more)
}

// A delegation is an object with whose rights others reach something outside.
type delegation struct {
	meta                               *object.Meta
	kind                               string // for one of a namespace
	mechanism, provider, role, address string
	account                            key
	secrets                            []string // namespace/name
	ready                              inventory.Tri
	wide                               bool
}

func (t *trusts) delegate(d delegation) {
	m := t.m
	if d.wide {
		d.kind = "Cluster" + d.kind
	}
	at := strings.ToLower(d.kind) + "s/"
	if d.mechanism == "secret_class" {
		at = "secretproviderclasses/"
	}
	if d.meta.Namespace != "" {
		at += part(d.meta.Namespace) + "/"
	}
	id := m.prefix + at + part(d.meta.Name)
	if t.seen[id] {
		return
	}
	t.seen[id] = true
	attr := make(cloud.Attributes, 10)
	attr["mechanism"] = d.mechanism
	attr.Set("namespace", d.meta.Namespace)
	attr.Set("store", d.kind+" "+strings.TrimPrefix(d.meta.Namespace+"/"+d.meta.Name, "/"))
	attr.Set("provider", d.provider)
	attr.Set("role", d.role)
	attr.Set("address", d.address)
	attr.Set("secrets", list(d.secrets))
	attr.Yes("static", len(d.secrets) > 0 && d.account.name == "")
	attr.Yes("cluster_wide", d.wide)
	attr.Tri("ready", d.ready)
	x := &inventory.Trust{
		ID: id, Identity: delegated(d, id), Scope: m.scope, Type: "delegation", Declared: m.declared, FoundAt: m.found(d.meta), Attributes: attr,
	}
	if d.account.name != "" {
		a := m.accounts[d.account]
		x.Subject = accountPrefix + inventory.Clip(d.account.namespace, maxName) + ":" + inventory.Clip(d.account.name, maxName)
		if a != nil {
			attr["account"] = a.id
		}
	}
	m.put(inventory.Record{Trust: x}, inventory.KindTrust)
}

// delegated returns the id of the identity that is taken on: that of a cloud
// where it is spelt out, else the object itself.
func delegated(d delegation, own string) string {
	switch {
	case d.role == "":
		return own
	case strings.HasPrefix(d.role, "arn:"):
		return word("aws:" + d.role)
	case strings.Contains(d.role, "@") && strings.HasSuffix(d.role, ".gserviceaccount.com"):
		return word("gcp:" + d.role)
	case strings.HasPrefix(d.provider, "azure"):
		return word("azure:" + d.role)
	case strings.HasPrefix(d.provider, "vault"):
		return word("vault:" + d.role)
	default:
		return own
	}
}

func (t *trusts) stores() {
	for i := range t.m.c.SecretStores {
		o := &t.m.c.SecretStores[i]
		d := delegation{
			meta: &o.Meta, kind: "SecretStore", mechanism: "secret_store", provider: o.Provider, role: o.Role, address: o.Address,
			ready: o.Ready, wide: o.Namespace == "", secrets: qualified(o.Namespace, o.Secrets),
		}
		if o.ServiceAccount != "" {
			d.account = key{cmp.Or(o.ServiceAccountNamespace, o.Namespace), o.ServiceAccount}
		}
		t.delegate(d)
	}
}

func (t *trusts) issuers() {
	for i := range t.m.c.Issuers {
		o := &t.m.c.Issuers[i]
		d := delegation{
			meta: &o.Meta, kind: "Issuer", mechanism: "issuer", provider: o.Type, role: o.VaultRole, address: o.Server, wide: o.Namespace == "",
		}
		if o.Secret != "" || len(o.Secrets) > 0 {
			d.secrets = qualified(o.Namespace, slices.DeleteFunc(append([]string{o.Secret}, o.Secrets...), func(s string) bool { return s == "" }))
		}
		if o.ServiceAccount != "" && o.Namespace != "" {
			d.account = key{o.Namespace, o.ServiceAccount}
		}
		t.delegate(d)
	}
}

func (t *trusts) classes() {
	for i := range t.m.c.SecretClasses {
		o := &t.m.c.SecretClasses[i]
		t.delegate(delegation{meta: &o.Meta, kind: "SecretProviderClass", mechanism: "secret_class", provider: o.Provider, role: o.Role})
	}
}

// qualified puts the namespace before the names of Secrets that have none. For a
// store of the whole cluster its controller settles it.
func qualified(namespace string, names []string) []string {
	if namespace == "" {
		return names
	}
	out := make([]string, 0, len(names))
	for _, n := range names {
		if !strings.Contains(n, "/") {
			n = namespace + "/" + n
		}
		out = append(out, n)
	}
	return out
}
