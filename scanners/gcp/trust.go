package gcp

import (
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/paths"
	privilege "github.com/muster-nhi/muster/internal/privilege/gcp/role"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// clusterIssuer stands for the clusters of a project, each of which has an issuer of
// its own below it.
const clusterIssuer = "https://container.googleapis.com"

// ways lists by which permissions on a service account one becomes it, or uses it
// (IAM documentation, "Service account impersonation", "Roles for service account
// authentication").
var ways = []struct{ name, permission string }{
	{"token", "iam.serviceAccounts.getAccessToken"},
	{"token", "iam.serviceAccounts.getOpenIdToken"},
	{"token", "iam.serviceAccounts.implicitDelegation"},
	{"sign", "iam.serviceAccounts.signBlob"},
	{"sign", "iam.serviceAccounts.signJwt"},
	{"actas", "iam.serviceAccounts.actAs"},
	{"key", "iam.serviceAccountKeys.create"},
	{"key", "iam.serviceAccountApiKeyBindings.create"},
	{"policy", "iam.serviceAccounts.setIamPolicy"},
}

// waysOf says how whoever has a role on an account becomes it; known is false if
// nobody can tell what the role permits.
func (e *estate) waysOf(role string) (out []string, known bool) {
	var permissions []string
	r := e.judge.roles[role]
	if r != nil {
		permissions = r.Permissions
	}
	p := privilege.Of(role, permissions, r != nil && r.Known)
	names := p.Set.Names()
	for _, w := range ways {
		if slices.Contains(names, w.permission) {
			out = append(out, w.name)
		}
	}
	return unique(out), p.Known
}

// putTrusts emits who may become a service account by its own policy.
func (m *mapper) putTrusts(account string, p *object.Policy) {
	for i := range p.Bindings {
		b := &p.Bindings[i]
		how, known := m.estate.waysOf(b.Role)
		if !known {
			m.lose(inventory.KindTrust, "what the role "+inventory.Clip(inventory.Printable(b.Role), cloud.MaxName)+" permits on service accounts is not known")
		}
		if len(how) == 0 {
			continue
		}
		for _, text := range unique(b.Members) {
			x := parseMember(text)
			m.putAccountTrust(account, b, &x, how)
		}
	}
}

// putAccountTrust emits that a member may become an account.
func (m *mapper) putAccountTrust(account string, b *object.Binding, x *member, how []string) {
	attr := make(cloud.Attributes, 8)
	attr.Set("role", b.Role)
	attr.Set("statement", b.Role)
	attr.Set("ways", cloud.List(how))
	attr.Yes("deleted", x.deleted)
	t := &inventory.Trust{Identity: m.id(account), Scope: m.scope, Type: "account", Subject: inventory.Clip(x.text, cloud.MaxText), Attributes: attr}
	native := m.id(account) + "#trust/" + cloud.Word(b.Role) + "/" + cloud.Word(x.text)
	if b.Condition != nil {
		native += "?" + shortHash(b.Condition.Title+"\x00"+b.Condition.Expression)
		t.Conditions = texts(conditionText(b.Condition))
	}
	t.ID = native
	switch x.kind {
	case memberFederated, memberKubernetes:
		m.putFederated(t, account, b, x)
		return
	case memberPerson:
		if x.workforce {
			t.Type = "saml"
		}
	case memberPublic:
		t.ExternalAccount, t.External = "*", inventory.True
	case memberAccount:
		if !x.deleted {
			t.Subject = inventory.Clip(x.email, cloud.MaxText)
		}
		m.fromProject(t, x)
	case memberRole:
		return
	}
	m.finish(t, account, b, nil, x)
}

// fromProject tells of which project an account is that may become another.
func (m *mapper) fromProject(t *inventory.Trust, x *member) {
	home := m.estate.homes[x.email]
	if home == "" {
		home = projectOf(x.email)
	}
	if id := m.estate.byNumber[home]; id != "" {
		home = id
	}
	if home == "" || m.p != nil && home == m.p.ID {
		return
	}
	t.ExternalAccount = inventory.Clip(home, cloud.MaxName)
	t.External = not(m.estate.inOrganization(home))
}

// putFederated emits that a principal of a pool may become an account by a binding, or
// comes in as itself without one: one record for each provider of the pool, as any of
// them may vouch for it.
func (m *mapper) putFederated(t *inventory.Trust, account string, b *object.Binding, x *member) {
	t.Type = "oidc"
	attr := cloud.Attributes(t.Attributes)
	attr.Set("pool", lastPart(x.pool))
	if x.kind == memberKubernetes {
		t.Issuer, t.Subject = clusterIssuer, inventory.Clip(clusterSubject(x), cloud.MaxText)
		attr["mechanism"], attr["platform"] = "gke_workload_identity", "gke"
		attr.Set("namespace", x.namespace)
		attr.Set("service_account", x.account)
		m.finish(t, account, b, nil, x)
		return
	}
	pool := m.estate.pools[m.estate.poolName(x.pool)]
	var on []*object.Provider
	if pool != nil {
		on = m.providersOf(pool)
	}
	if len(on) == 0 {
		attr.Yes("missing", pool == nil && m.poolGone(x) || pool != nil && pool.ProvidersKnown)
		m.finish(t, account, b, nil, x)
		return
	}
	for _, p := range on {
		each := *t
		each.Attributes = maps.Clone(t.Attributes)
		own := cloud.Attributes(each.Attributes)
		own.Set("provider", p.Name)
		own.Set("platform", platformOf(p.Issuer))
		each.ID += "/" + cloud.Word(shortName(p.Name))
		each.Type, each.Audience = trustType(p.Kind), audience(p)
		each.Conditions = append(texts(p.Condition), t.Conditions...)
		each.Subject = subjectOf(x, p)
		m.vouch(&each, p)
		m.finish(&each, account, b, p, x)
	}
}

// poolGone reports whether the pool of a principal is known not to be there.
func (m *mapper) poolGone(x *member) bool {
	project := strings.Split(m.estate.poolName(x.pool)+"//", "/")[1]
	p := m.estate.byName["projects/"+project]
	if p == nil || !m.estate.read(project) {
		return false
	}
	return p.pools
}

// subjectOf returns the subject as the issuer spells it, where the provider takes it
// over as it is; else the member.
func subjectOf(x *member, p *object.Provider) string {
	if x.set == setSubject && slices.Contains(p.Mapping, object.Label{Key: "google.subject", Value: "assertion.sub"}) {
		return inventory.Clip(x.value, cloud.MaxText)
	}
	return inventory.Clip(x.text, cloud.MaxText)
}

// finish adds what is wrong with a federated trust and emits it, unless it lets nobody
// in.
func (m *mapper) finish(t *inventory.Trust, account string, b *object.Binding, p *object.Provider, x *member) {
	provider, attr := "", cloud.Attributes(t.Attributes)
	if p != nil {
		provider = p.Name
	}
	if b == nil {
		attr.Set("weak", cloud.List(weakness(x, p)))
	} else if known := m.estate.judge.trusted(account, trustKey(b, x.text, provider)); known != nil {
		if known.Closed {
			return
		}
		attr.Set("weak", cloud.List(weaknesses(known)))
		attr.Set("claims", strings.Join(known.Claims, "; "))
		attr.Yes("perhaps", !known.Certain)
	}
	t.ImmutableSubject = m.pinned(t.Issuer, p, x)
	t.ID = m.once(t.ID)
	m.putTrust(t)
}

// weakness returns what is wrong with a principal that holds roles itself: that it is
// everything of a pool, or that pull requests have its subject.
func weakness(x *member, p *object.Provider) []string {
	switch {
	case x.set == setPool && (p == nil || p.Condition == ""):
		return []string{paths.WeakNoSubject}
	case x.set == setPool, x.account == "*":
		return []string{paths.WeakSubject}
	case x.set == setSubject && strings.HasSuffix(x.value, ":pull_request"):
		return []string{paths.WeakPullRequest}
	}
	return nil
}

func (m *mapper) putTrust(t *inventory.Trust) { m.put(inventory.Record{Trust: t}, inventory.KindTrust) }
