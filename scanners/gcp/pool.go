package gcp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// The types of identities of federation.
const (
	typePool      = "gcp.workload_identity_pool"
	typeProvider  = "gcp.workload_identity_provider"
	typeWorkforce = "gcp.workforce_pool"
	typeManaged   = "gcp.managed_workload_identity"
	typePrincipal = "gcp.principal"
	typeClient    = "gcp.oauth_client"
)

// The calls that list pools.
const (
	callAccounts = "iam.serviceAccounts.list"
	callPools    = "iam.workloadIdentityPools.list"
)

// putPools emits the workload identity pools of a project.
func (m *mapper) putPools() {
	for i := range m.p.Pools {
		if m.err != nil {
			return
		}
		m.putPool(&m.p.Pools[i], false)
	}
}

// putWorkforce emits the workforce pools, which are of an organisation. They are
// told with the first one that there is.
func (m *mapper) putWorkforce() {
	if m.at != m.estate.places[0] {
		return
	}
	for i := range m.estate.all.Workforce {
		m.putPool(&m.estate.all.Workforce[i], true)
	}
}

// poolNames returns by what names a pool or what is in one goes: with its project's
// number and its id.
func (m *mapper) poolNames(name string) []string {
	return unique([]string{name, m.estate.poolName(name)})
}

// providerNames returns by what names a provider goes, also as audiences of tokens
// spell it.
func (m *mapper) providerNames(name string) []string {
	var out []string
	for _, n := range m.poolNames(name) {
		out = append(out, n, "//iam.googleapis.com/"+n, "https://iam.googleapis.com/"+n)
	}
	return out
}

// off says whether something of IAM cannot be used.
func off(disabled inventory.Tri, state string) inventory.Tri {
	if state == stateDeleted {
		return inventory.True
	}
	return disabled
}

// either says whether one of two is true.
func either(a, b inventory.Tri) inventory.Tri {
	switch {
	case a == inventory.True || b == inventory.True:
		return inventory.True
	case a == inventory.Unknown || b == inventory.Unknown:
		return inventory.Unknown
	default:
		return inventory.False
	}
}

func (m *mapper) putPool(p *object.Pool, workforce bool) {
	attr := make(cloud.Attributes, 8)
	attr.Set("mode", p.Mode)
	attr.Set("state", p.State)
	attr.Set("display_name", p.DisplayName)
	attr.Count("providers", len(p.Providers), p.ProvidersKnown)
	attr.Count("members", m.estate.poolUses[m.estate.poolName(p.Name)], false)
	attr.Count("session", int(p.Session.Seconds()), false)
	x := inventory.Identity{
		ID: m.id(p.Name), Type: typePool, Name: shortName(p.Name), Description: cmp.Or(p.Description, p.DisplayName), Disabled: off(p.Disabled, p.State), PublicIDs: m.poolNames(p.Name),
	}
	if workforce {
		x.Type, x.Human = typeWorkforce, inventory.True
		attr["human_reason"] = "people of an identity provider sign in through it"
	}
	if p.Mode == "SYSTEM_TRUST_DOMAIN" {
		x.ManagedBy = byGoogle
	}
	m.putIdentity(x, nil, attr)
	if !p.ProvidersKnown && p.State != stateDeleted && p.Mode != "TRUST_DOMAIN" && x.ManagedBy == "" {
		text := "the providers of pool " + inventory.Clip(shortName(p.Name), cloud.MaxName) + " are not known"
		m.lose(inventory.KindIdentity, text)
		m.lose(inventory.KindTrust, text)
	}
	for i := range p.Providers {
		m.putProvider(p, &p.Providers[i], workforce)
	}
	for i := range p.Managed {
		m.putManaged(p, &p.Managed[i])
	}
}

// putProvider emits a provider, and whom it lets into its pool.
func (m *mapper) putProvider(pool *object.Pool, p *object.Provider, workforce bool) {
	attr := make(cloud.Attributes, 12)
	attr.Set("kind", p.Kind)
	attr.Set("issuer", p.Issuer)
	attr.Set("audiences", cloud.List(p.Audiences))
	attr.Set("mapping", mappingText(p.Mapping))
	attr.Set("condition", p.Condition)
	attr.Yes("keys_uploaded", p.KeysUploaded)
	attr.Set("platform", platformOf(p.Issuer))
	attr.Set("pool", shortName(pool.Name))
	attr.Set("state", p.State)
	attr.Set("client_id", p.Client)
	attr.Time("expires_at", p.ExpiresAt)
	x := inventory.Identity{
		ID: m.id(p.Name), Type: typeProvider, Name: shortName(pool.Name) + "/" + shortName(p.Name), Description: p.DisplayName,
		Disabled: either(off(pool.Disabled, pool.State), off(p.Disabled, p.State)), PublicIDs: m.providerNames(p.Name),
	}
	if workforce {
		x.Type, x.Human = "gcp.workforce_provider", inventory.True
		attr["human_reason"] = "people of an identity provider sign in through it"
	}
	m.putIdentity(x, nil, attr)
	if x.Disabled != inventory.True {
		m.putTrust(m.providerTrust(pool, p, &x))
	}
}

// mappingText writes an attribute mapping in order.
func mappingText(mapping []object.Label) string {
	var out []string
	for _, l := range mapping {
		out = append(out, l.Key+"="+l.Value)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// providerTrust says who vouches for those whom a provider lets in, and under which
// condition. Whoever comes in is a principal of the pool and may do nothing yet.
func (m *mapper) providerTrust(pool *object.Pool, p *object.Provider, of *inventory.Identity) *inventory.Trust {
	attr := make(cloud.Attributes, 6)
	attr.Set("pool", shortName(pool.Name))
	attr.Set("provider", p.Name)
	attr.Set("platform", platformOf(p.Issuer))
	attr.Set("mapping", mappingText(p.Mapping))
	t := &inventory.Trust{
		ID: of.ID + "#trust", Identity: of.ID, Scope: m.scope, Type: trustType(p.Kind), Audience: audience(p), Conditions: texts(p.Condition), Attributes: attr,
	}
	m.vouch(t, p)
	t.ImmutableSubject = m.pinned(t.Issuer, p, nil)
	return t
}

// vouch sets who vouches: an issuer of tokens, an account of AWS, an identity
// provider of SAML.
func (m *mapper) vouch(t *inventory.Trust, p *object.Provider) {
	if p.Kind == "aws" {
		t.Issuer, t.ExternalAccount = "https://sts.amazonaws.com", inventory.Clip(p.Issuer, cloud.MaxName)
		return
	}
	t.Issuer = inventory.Clip(p.Issuer, cloud.MaxText)
}

// trustType is the type of trust of a kind of provider.
func trustType(kind string) string {
	switch kind {
	case "aws":
		return "account"
	case "saml":
		return "saml"
	case "x509":
		return "certificate"
	default:
		return "oidc"
	}
}

// audience returns the audiences that a provider takes: its own name if none are
// set (IAM documentation, "Manage workload identity pool providers").
func audience(p *object.Provider) string {
	switch {
	case len(p.Audiences) > 0:
		return inventory.Clip(strings.Join(unique(p.Audiences), ", "), cloud.MaxText)
	case p.Kind == "oidc":
		return inventory.Clip("//iam.googleapis.com/"+p.Name, cloud.MaxText)
	default:
		return ""
	}
}

// texts returns the texts that are not empty, as a record may hold them.
func texts(all ...string) []string {
	var out []string
	for _, s := range all {
		if s != "" {
			out = append(out, inventory.Clip(s, cloud.MaxText))
		}
	}
	return out
}

// platforms are issuers of tokens that vouch for many tenants, or that say what runs
// there.
var platforms = []struct{ host, name string }{
	{"token.actions.githubusercontent.com", "github"},
	{"gitlab.com", "gitlab"},
	{"app.terraform.io", "terraform"},
	{"agent.buildkite.com", "buildkite"},
	{"oidc.circleci.com", "circleci"},
	{"api.bitbucket.org", "bitbucket"},
	{"vstoken.dev.azure.com", "azure_devops"},
	{"login.microsoftonline.com", "entra"},
	{"sts.windows.net", "entra"},
	{"accounts.google.com", "google"},
	{"oidc.vercel.com", "vercel"},
	{"oidc.eks.", "eks"},
	{"container.googleapis.com", "gke"},
}

// platformOf names the platform of an issuer; empty is another.
func platformOf(issuer string) string {
	host := strings.TrimPrefix(issuer, "https://")
	for _, p := range platforms {
		if strings.HasPrefix(host, p.host) {
			return p.name
		}
	}
	return ""
}

// pinned says of GitHub whether a trust rests on ids that nobody can register anew:
// the condition of the provider or the attribute that a member names asks for one.
func (m *mapper) pinned(issuer string, p *object.Provider, x *member) inventory.Tri {
	if platformOf(issuer) != "github" {
		return inventory.Unknown
	}
	byID := func(s string) bool {
		return strings.Contains(s, "repository_id") || strings.Contains(s, "repository_owner_id")
	}
	if p != nil && byID(p.Condition) {
		return inventory.True
	}
	if x == nil || x.set != "attribute" {
		return inventory.False
	}
	if p != nil {
		for _, l := range p.Mapping {
			if l.Key == "attribute."+x.attribute {
				return inventory.TriOf(byID(l.Value))
			}
		}
	}
	return inventory.TriOf(byID(x.attribute))
}

// putManaged emits an identity that Google itself vouches for by certificates.
func (m *mapper) putManaged(pool *object.Pool, x *object.ManagedIdentity) {
	attr := make(cloud.Attributes, 3)
	attr.Set("pool", shortName(pool.Name))
	attr.Set("state", x.State)
	attr.Set("rules", cloud.List(x.Rules))
	m.putIdentity(inventory.Identity{
		ID: m.id(x.Name), Type: typeManaged, Name: shortName(x.Name), PublicIDs: m.poolNames(x.Name), Disabled: either(off(pool.Disabled, pool.State), off(x.Disabled, x.State)),
	}, nil, attr)
}

// putPrincipal emits an identity that comes from outside and that policies give
// roles to: of a pool, a cluster, an agent.
func (m *mapper) putPrincipal(x *member) {
	attr := make(cloud.Attributes, 8)
	attr["kind"] = x.set
	attr.Set("attribute", x.attribute)
	attr.Set("value", x.value)
	attr.Set("namespace", x.namespace)
	attr.Set("service_account", x.account)
	i := inventory.Identity{ID: m.id(x.id), Type: typePrincipal, Name: cmp.Or(x.value, x.id), PublicIDs: []string{x.id, x.text}}
	switch x.kind {
	case memberAgent:
		i.Agent = inventory.True
		attr["kind"] = "agent"
	case memberKubernetes:
		attr["kubernetes"] = "true"
		attr.Set("pool", lastPart(x.pool))
		i.Name = clusterSubject(x)
	default:
		m.fromPool(&i, x, attr)
	}
	if x.workforce {
		i.Human = inventory.True
		attr["human_reason"] = "people of a workforce pool sign in as it"
	}
	m.judged(attr, x.text)
	m.putIdentity(i, nil, attr)
	m.putEffective(x.id, x.text, i.ID)
	m.putComing(x, i.ID)
}

// putComing emits who comes in as a principal of a pool that may do something itself,
// and not only become an account, whose trusts tell of it.
func (m *mapper) putComing(x *member, identity string) {
	if x.kind != memberFederated && x.kind != memberKubernetes {
		return
	}
	// Who comes in is told with what the account trusts, where that is all.
	direct := slices.ContainsFunc(m.estate.held[x.id], func(h held) bool { return accountName(h.policy.Resource) == "" })
	if !direct {
		return
	}
	t := &inventory.Trust{
		ID: identity + "#trust", Identity: identity, Scope: m.scope, Subject: inventory.Clip(x.text, cloud.MaxText), Conditions: texts(demanded(x)), Attributes: cloud.Attributes{"direct": "true"},
	}
	m.putFederated(t, "", nil, x)
}

// demanded writes what a principal asks of whoever comes in, as a condition of a
// provider would; empty is nothing.
func demanded(x *member) string {
	switch x.set {
	case setSubject:
		return "google.subject == '" + x.value + "'"
	case "attribute":
		return "attribute." + x.attribute + " == '" + x.value + "'"
	case "group":
		return "'" + x.value + "' in google.groups"
	default:
		return ""
	}
}

// fromPool tells of the pool that a principal is of.
func (m *mapper) fromPool(i *inventory.Identity, x *member, attr cloud.Attributes) {
	attr.Set("pool", shortName(x.pool))
	if x.set == setPool {
		i.Name = "everything of " + shortName(x.pool)
	}
	pool := m.estate.pools[m.estate.poolName(x.pool)]
	if pool == nil {
		attr.Yes("missing", !x.workforce && m.p != nil && m.estate.poolName(x.pool) != x.pool && m.listings.whole(callPools))
		return
	}
	i.Disabled = off(pool.Disabled, pool.State)
	if on := m.providersOf(pool); len(on) == 1 && pool.ProvidersKnown {
		attr.Set("issuer", on[0].Issuer)
		attr.Set("platform", platformOf(on[0].Issuer))
	}
}

// providersOf returns the providers of a pool that let anybody in.
func (m *mapper) providersOf(pool *object.Pool) []*object.Provider {
	var out []*object.Provider
	for i := range pool.Providers {
		if p := &pool.Providers[i]; off(p.Disabled, p.State) != inventory.True {
			out = append(out, p)
		}
	}
	return out
}

// clusterSubject spells an account of Kubernetes as GKE does in policies:
// PROJECT.svc.id.goog[NAMESPACE/NAME].
func clusterSubject(x *member) string {
	if x.namespace == "" {
		return cmp.Or(x.value, x.id)
	}
	return x.clusterProject() + clusterPool + "[" + x.namespace + "/" + x.account + "]"
}

// putClients emits the OAuth clients of IAM with their secrets.
func (m *mapper) putClients() {
	unknown := 0
	for i := range m.p.Clients {
		c := &m.p.Clients[i]
		attr := make(cloud.Attributes, 8)
		attr.Set("client_id", c.ID)
		attr.Set("client_type", c.Type)
		attr.Set("state", c.State)
		attr.Set("scopes", cloud.List(c.Scopes))
		attr.Set("grants", cloud.List(c.Grants))
		attr.Set("redirects", cloud.List(c.Redirects))
		attr.Time("expires_at", c.ExpiresAt)
		attr.Count("secrets", len(c.Credentials), c.CredentialsKnown)
		id := m.id(c.Name)
		m.putIdentity(inventory.Identity{
			ID: id, Type: typeClient, Name: cmp.Or(c.DisplayName, shortName(c.Name)), PublicIDs: []string{c.Name, c.ID}, Disabled: off(c.Disabled, c.State),
		}, nil, attr)
		for j := range c.Credentials {
			s := &c.Credentials[j]
			m.putCredential(inventory.Credential{
				ID: m.id(named(s.Name, j)), Type: "gcp.oauth_client_secret", Name: cmp.Or(s.DisplayName, shortName(s.Name)), Identity: id, Disabled: either(off(c.Disabled, c.State), s.Disabled),
			}, nil, nil)
		}
		if !c.CredentialsKnown {
			unknown++
		}
	}
	if unknown > 0 {
		m.lose(inventory.KindCredential, "the secrets of "+strconv.Itoa(unknown)+" OAuth clients are not known")
	}
}
