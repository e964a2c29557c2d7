package azure

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// federatedOf returns the federated credentials of an identity.
func (m *mapper) federatedOf(r *ref) []object.Federated {
	var out []object.Federated
	if r.app != nil {
		out = append(out, r.app.Federated...)
	}
	if r.sp != nil {
		out = append(out, r.sp.Federated...)
	}
	if r.managed != nil {
		out = append(out, r.managed.Federated...)
	}
	return out
}

// putFederated emits who may sign in as an identity by tokens of another issuer.
func (m *mapper) putFederated(r *ref) {
	seen := map[string]bool{}
	all := m.federatedOf(r)
	for _, f := range sortedBy(all, func(f *object.Federated) string { return f.Name + "\x00" + f.ID }) {
		key := f.Name + "\x00" + f.Issuer + "\x00" + f.Subject + "\x00" + f.Expression
		if seen[key] { // of an application that was read twice, over its service principal
			continue
		}
		seen[key] = true
		m.putTrust(m.federated(r, f))
	}
	if r.app != nil && !r.app.FederatedKnown {
		m.lose(r.scope, inventory.KindTrust, "federated credentials of some applications were not read")
	}
	if r.managed != nil && !r.managed.FederatedKnown && !r.managed.System {
		m.lose(r.scope, inventory.KindTrust, "federated credentials of some managed identities were not read")
	}
}

func (m *mapper) putTrust(x *inventory.Trust) {
	x.ID = m.once(x.ID)
	m.put(inventory.Record{Trust: x}, inventory.KindTrust)
}

// The codes of what is wrong with a trust, as those of AWS where they mean the same.
const (
	weakNoSubject   = "no_subject"
	weakWide        = "wide_subject"
	weakPullRequest = "pull_request"
	weakNoAudience  = "no_audience"
	weakDead        = "dead_subject" // a star in a subject that is compared as it is: nothing fits it
)

// federated makes the record of a federated credential. Entra compares issuer,
// subject and audience as they are, or subject and other claims by an expression.
func (m *mapper) federated(r *ref, f *object.Federated) *inventory.Trust {
	attr := cloud.Attributes{"statement": inventory.Clip(cmp.Or(f.Name, f.ID, "federated credential"), cloud.MaxName)}
	x := &inventory.Trust{
		ID: part(r.id, "federated/"+cmp.Or(f.Name, f.ID, "-")), Identity: r.id, Scope: r.scope, Type: "oidc",
		Issuer: inventory.Clip(f.Issuer, cloud.MaxText), Subject: inventory.Clip(f.Subject, cloud.MaxText), Audience: inventory.Clip(strings.Join(f.Audiences, ", "), cloud.MaxText),
		Attributes: attr,
	}
	attr.Set("description", f.Description)
	attr.Set("expression", f.Expression)
	attr.Set("platform", platform(f.Issuer))
	var weak []string
	if f.Expression != "" {
		weak = m.expression(x, f.Expression)
	} else if strings.Contains(f.Subject, "*") {
		weak = append(weak, weakDead)
	}
	switch {
	case x.Subject != "":
	case readable(f):
		weak = append(weak, weakNoSubject)
	default:
		attr["subject"] = "not read"
		m.lose(r.scope, inventory.KindTrust, "whom some federated credentials let in was not read or not understood")
	}
	if strings.HasSuffix(x.Subject, ":pull_request") {
		weak = append(weak, weakPullRequest)
	}
	if len(f.Audiences) == 0 {
		weak = append(weak, weakNoAudience)
	}
	attr.Set("weak", cloud.List(weak))
	if attr["platform"] == "github" {
		x.ImmutableSubject = inventory.TriOf(immutable(x.Subject) || pinned(x.Conditions))
	}
	m.ofTenant(x, attr)
	m.ofCluster(x, attr)
	return x
}

// expression reads what an expression asks of a token: clauses of the form
// claims['sub'] matches 'repo:northwind/*', joined by "and" (Microsoft, "Flexible
// federated identity credentials"). Clauses on the subject make the pattern of
// subjects, others are conditions. One that cannot be read is told as a condition,
// and the subject stays empty.
func (m *mapper) expression(x *inventory.Trust, text string) (weak []string) {
	for _, c := range clauses(text) {
		if c.claim != "sub" || x.Subject != "" {
			x.Conditions = append(x.Conditions, inventory.Clip(c.text, cloud.MaxText))
			continue
		}
		x.Subject = inventory.Clip(c.value, cloud.MaxText)
		if c.pattern && strings.ContainsAny(c.value, "*?") {
			if strings.Trim(c.value, "*?") == "" {
				x.Subject = ""
				continue
			}
			weak = append(weak, weakWide)
		}
	}
	return weak
}

// readable reports whether it is known that a federated credential names no subject:
// Entra wants a subject or an expression, and one without either is not all there.
func readable(f *object.Federated) bool {
	return f.Expression != "" && !slices.ContainsFunc(clauses(f.Expression), func(c clause) bool { return c.claim == "" })
}

// A clause of an expression.
type clause struct {
	text, claim, value string
	pattern            bool // matches, rather than eq
}

// clauses takes an expression apart.
func clauses(text string) []clause {
	var out []clause
	for _, t := range splitAnd(text) {
		c := clause{text: strings.TrimSpace(t)}
		if rest, ok := strings.CutPrefix(c.text, "claims['"); ok {
			if claim, rest, ok := strings.Cut(rest, "']"); ok {
				op, value, _ := strings.Cut(strings.TrimSpace(rest), " ")
				value = strings.TrimSpace(value)
				quoted := len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'' && !strings.Contains(value[1:len(value)-1], "'")
				if quoted && (op == "eq" || op == "matches") {
					c.claim, c.value, c.pattern = claim, value[1:len(value)-1], op == "matches"
				}
			}
		}
		if c.text != "" {
			out = append(out, c)
		}
	}
	return out
}

// splitAnd splits a text at the word and, outside of quotes.
func splitAnd(text string) []string {
	var out []string
	quoted, from := false, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\'':
			quoted = !quoted
		case !quoted && strings.HasPrefix(text[i:], " and "):
			out = append(out, text[from:i])
			from = i + len(" and ")
			i = from - 1
		}
	}
	return append(out, text[from:])
}

// platform tells an issuer that many know.
func platform(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	for _, p := range []struct{ end, name string }{
		{"token.actions.githubusercontent.com", "github"},
		{".ghe.com", "github"},
		{"gitlab.com", "gitlab"},
		{"app.terraform.io", "terraform_cloud"},
		{"vstoken.dev.azure.com", "azure_devops"},
		{"oic.prod-aks.azure.com", "aks"},
		{"oidc.prod-aks.azure.com", "aks"},
		{"login.microsoftonline.com", "entra"},
		{"sts.windows.net", "entra"},
		{"login.microsoftonline.us", "entra"},
		{"login.partner.microsoftonline.cn", "entra"},
		{"accounts.google.com", "google"},
		{"container.googleapis.com", "gke"},
		{"agent.buildkite.com", "buildkite"},
		{"oidc.circleci.com", "circleci"},
		{"api.bitbucket.org", "bitbucket"},
		{"oidc.vercel.com", "vercel"},
		{"cognito-identity.amazonaws.com", "cognito"},
	} {
		if host == p.end || strings.HasPrefix(p.end, ".") && strings.HasSuffix(host, p.end) || strings.HasSuffix(host, "."+p.end) {
			return p.name
		}
	}
	switch {
	case strings.HasPrefix(host, "oidc.eks.") && strings.Contains(host, ".amazonaws.com"):
		return "eks"
	case strings.HasSuffix(host, ".tokens.sts.global.api.aws"): // of accounts that vouch for their roles
		return "aws"
	}
	return ""
}

// ofTenant tells of an issuer that is a tenant of Entra.
func (m *mapper) ofTenant(x *inventory.Trust, attr cloud.Attributes) {
	if attr["platform"] != "entra" {
		return
	}
	if tenant := tenantOf(x.Issuer); isGUID(tenant) && tenant != lower(m.t.ID) {
		x.ExternalAccount, x.External = tenant, inventory.True
	}
}

// ofCluster tells of a service account of Kubernetes, and of its cluster if that is
// one of this tenant.
func (m *mapper) ofCluster(x *inventory.Trust, attr cloud.Attributes) {
	if c, ok := m.clusters[issuerKey(x.Issuer)]; ok {
		attr.Set("cluster", c.cluster.Name)
		attr.Set("cluster_id", c.cluster.ID)
		attr["platform"] = "aks"
	}
	rest, ok := strings.CutPrefix(x.Subject, "system:serviceaccount:")
	if !ok {
		return
	}
	namespace, account, _ := strings.Cut(rest, ":")
	attr["mechanism"] = "azure_workload_identity"
	attr.Set("namespace", namespace)
	attr.Set("service_account", account)
	if attr["platform"] == "" {
		attr["platform"] = "kubernetes"
	}
}

// immutable reports whether a subject of GitHub names ids that nobody can register
// anew: repo:ORG@ID/NAME@ID, repository_owner_id:…:repository_id:….
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

// pinned reports whether another claim asks for such an id.
func pinned(conditions []string) bool {
	for _, c := range conditions {
		for _, p := range clauses(c) {
			if !strings.ContainsAny(p.value, "*?") && (p.claim == "repository_owner_id" || p.claim == "repository_id" || p.claim == "enterprise_id") {
				return true
			}
		}
	}
	return false
}

// putControl emits who may sign in as an identity by what Entra keeps of it: owners,
// who may add a secret to it, and the blueprint of an agent.
func (m *mapper) putControl(r *ref) {
	put := func(name, subject, mechanism, on, member string) {
		attr := cloud.Attributes{"mechanism": mechanism}
		attr.Set("on", on)
		attr.Set("member", member)
		attr.Set("name", m.label(subject))
		m.putTrust(&inventory.Trust{
			ID: part(r.id, name), Identity: r.id, Scope: r.scope, Type: "delegation", Subject: inventory.Clip(subject, cloud.MaxText), Attributes: attr,
		})
	}
	owners := func(ids []string, on string) {
		for _, id := range unique(ids) {
			put("owner/"+on+"/"+lower(id), lower(id), "owner", on, m.memberKind(id))
		}
	}
	if r.app != nil {
		owners(r.app.Owners, "application")
	}
	if r.sp != nil {
		if r.typ != typeManaged { // nobody can add a secret to one
			owners(r.sp.Owners, "service_principal")
		}
		if r.sp.Agent && r.sp.Blueprint != "" {
			put("blueprint", lower(r.sp.Blueprint), "blueprint", "", "application")
		}
	}
}

// memberKind says what an object of the directory is; empty is unknown.
func (m *mapper) memberKind(id string) string {
	key := lower(id)
	switch {
	case m.sps[key] != nil || m.managed[key] != nil:
		return "service_principal"
	case m.users[key] != nil:
		return "user"
	case m.groups[key] != nil:
		return "group"
	}
	return ""
}
