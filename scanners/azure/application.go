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

// putApplications emits the app registrations of the tenant, each with its service
// principal.
func (m *mapper) putApplications() {
	list := make([]*object.Application, 0, len(m.t.Applications))
	for i := range m.t.Applications {
		if a := &m.t.Applications[i]; !a.Unlisted {
			list = append(list, a)
		}
	}
	slices.SortStableFunc(list, func(a, b *object.Application) int {
		return cmp.Or(strings.Compare(a.AppID, b.AppID), strings.Compare(a.ID, b.ID))
	})
	for i, a := range list {
		if m.err != nil {
			return
		}
		if i > 0 && a.AppID != "" && a.AppID == list[i-1].AppID {
			continue
		}
		r := m.application(a)
		m.putEntra(&r)
	}
}

// putPrincipals emits the service principals that have no app registration that was
// read: managed identities, agents, applications of other tenants.
func (m *mapper) putPrincipals() {
	list := make([]*object.ServicePrincipal, 0, len(m.t.Principals))
	for i := range m.t.Principals {
		list = append(list, &m.t.Principals[i])
	}
	slices.SortStableFunc(list, func(a, b *object.ServicePrincipal) int { return strings.Compare(a.ID, b.ID) })
	for i, p := range list {
		if m.err != nil {
			return
		}
		if i > 0 && p.ID == list[i-1].ID {
			continue
		}
		if r := m.principal(p); r.app == nil {
			m.putEntra(&r)
		}
	}
}

// putEntra emits an identity of the directory with all that belongs to it.
func (m *mapper) putEntra(r *ref) {
	x := inventory.Identity{ID: r.id, Type: r.typ, Scope: r.scope, Name: r.name}
	attr := make(cloud.Attributes, 24)
	if r.app != nil {
		m.fillApplication(&x, r, attr)
	}
	if r.sp != nil {
		m.fillPrincipal(&x, r, attr)
	} else if r.app != nil {
		m.fillWithoutPrincipal(&x, attr)
	}
	if r.managed != nil {
		m.fillManaged(&x, r, attr)
	} else if r.sp != nil && r.typ == typeManaged {
		fillUnseenManaged(&x, r.sp, attr)
	}
	m.origin(&x, r, attr)
	m.credentialsOf(r, attr)
	all := m.judge.of(r.object())
	m.judged(attr, r, all)
	m.risk(attr, r)
	m.putIdentity(x, attr)
	if x.ManagedBy == "" {
		m.putOwners(r)
	}
	m.putSecrets(r)
	m.putFederated(r)
	m.putControl(r)
	m.putSignIns(r)
	m.putGrants(r, x.ManagedBy, all)
}

// fillApplication tells of the registration.
func (m *mapper) fillApplication(x *inventory.Identity, r *ref, attr cloud.Attributes) {
	a := r.app
	x.PublicIDs = append(x.PublicIDs, lower(a.AppID), lower(a.ID))
	x.Description = cmp.Or(a.Description, a.Notes)
	x.CreatedAt = a.CreatedAt
	if c := m.creators[lower(a.ID)]; c != nil {
		x.CreatedBy = cmp.Or(c.ByName, c.By)
		if x.CreatedAt.IsZero() {
			x.CreatedAt = c.At
		}
	}
	attr.Set("app_id", lower(a.AppID))
	attr.Set("application_id", lower(a.ID))
	attr.Set("sign_in_audience", a.Audience)
	attr.Set("publisher_domain", a.PublisherDomain)
	if a.PublisherKnown || a.VerifiedPublisher != "" {
		attr["verified_publisher"] = yesNo(a.VerifiedPublisher != "")
	}
	attr.Set("publisher", a.VerifiedPublisher)
	attr.Set("service_management_reference", a.ServiceManagement)
	attr.Tri("public_client", a.PublicClient)
	attr.Tri("implicit_grant", a.ImplicitGrant)
	attr.Count("required_permissions", required(a.Required), false)
	redirects(attr, a.RedirectURIs)
	attr.Set("property_lock", lock(a.Lock))
	m.policiesOf(attr, a)
	x.Tags = appTags(attr, a.Tags)
	x.ReviewedAt = cloud.ReviewedAt(tagPairs(x.Tags))
	if a.DisabledByMicrosoft != "" {
		attr.Set("disabled_by_microsoft", a.DisabledByMicrosoft)
		x.Disabled = inventory.True
	}
	if a.Blueprint {
		x.Agent = inventory.True
	}
}

func yesNo(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}

// required counts the permissions that an application asks for.
func required(list []object.Required) (n int) {
	for i := range list {
		n += len(list[i].Roles) + len(list[i].Scopes)
	}
	return n
}

// lock is how far others' tenants can change properties of the application's service
// principal; empty is unknown.
func lock(l *object.Lock) string {
	switch {
	case l == nil:
		return ""
	case !l.Enabled:
		return "none"
	case l.All:
		return "all"
	case l.Credentials:
		return "credentials"
	default:
		return "partial"
	}
}

// redirects tells of the addresses to which tokens and codes are sent.
func redirects(attr cloud.Attributes, uris []string) {
	attr.Count("redirect_uris", len(uris), false)
	var plain, wild []string
	for _, s := range uris {
		u, err := url.Parse(s)
		if err != nil {
			continue
		}
		host := strings.ToLower(u.Hostname())
		if strings.EqualFold(u.Scheme, "http") && host != "localhost" && host != "127.0.0.1" && host != "::1" {
			plain = append(plain, s)
		}
		if strings.Contains(u.Host, "*") {
			wild = append(wild, s)
		}
	}
	attr.Set("redirect_http", cloud.List(plain))
	attr.Set("redirect_wildcard", cloud.List(wild))
}

// appTags takes apart tags of Entra, which are plain words: key:value and key=value
// become tags, other words, most of them flags of Entra's own, an attribute.
func appTags(attr cloud.Attributes, words []string) map[string]string {
	var tags []object.Tag
	var rest []string
	for _, w := range words {
		if i := strings.IndexAny(w, ":="); i > 0 && i < len(w)-1 && !strings.Contains(w, "://") {
			tags = append(tags, object.Tag{Key: strings.TrimSpace(w[:i]), Value: strings.TrimSpace(w[i+1:])})
		} else {
			rest = append(rest, w)
		}
	}
	attr.Set("app_tags", cloud.List(rest))
	return cloud.TagsOf(tags)
}

// tagPairs are tags of a record as tags of a resource.
func tagPairs(tags map[string]string) []object.Tag {
	out := make([]object.Tag, 0, len(tags))
	for k, v := range tags {
		out = append(out, object.Tag{Key: k, Value: v})
	}
	slices.SortFunc(out, func(a, b object.Tag) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// fillWithoutPrincipal tells of an application that nobody can sign in as here: it
// has no service principal, if all of those were read.
func (m *mapper) fillWithoutPrincipal(x *inventory.Identity, attr cloud.Attributes) {
	x.ThirdParty = inventory.False
	if m.whole(callPrincipals) {
		attr["service_principal"] = "none"
	}
}

// fillPrincipal tells of the service principal.
func (m *mapper) fillPrincipal(x *inventory.Identity, r *ref, attr cloud.Attributes) {
	p := r.sp
	if !p.Agent || p.AppID != p.Blueprint {
		x.PublicIDs = append(x.PublicIDs, lower(p.AppID))
	}
	x.PublicIDs = append(x.PublicIDs, lower(p.ID))
	for _, n := range p.Names {
		if strings.Contains(n, "://") {
			x.PublicIDs = append(x.PublicIDs, n)
		}
	}
	x.Description = cmp.Or(x.Description, p.Description, p.Notes)
	if x.CreatedAt.IsZero() {
		x.CreatedAt = p.CreatedAt
	}
	if c := m.creators[lower(p.ID)]; c != nil {
		x.CreatedBy = cmp.Or(x.CreatedBy, c.ByName, c.By)
		if x.CreatedAt.IsZero() {
			x.CreatedAt = c.At
		}
	}
	attr.Set("app_id", lower(p.AppID))
	attr.Set("object_id", lower(p.ID))
	attr.Set("home_tenant", lower(p.HomeTenant))
	attr.Tri("assignment_required", p.AssignmentRequired)
	attr.Set("blueprint", lower(p.Blueprint))
	attr.Set("created_by_app", lower(p.CreatedBy))
	if x.Tags == nil {
		x.Tags = appTags(attr, p.Tags)
		x.ReviewedAt = cloud.ReviewedAt(tagPairs(x.Tags))
	}
	if x.Disabled != inventory.True && p.Enabled != inventory.Unknown {
		x.Disabled = inventory.TriOf(p.Enabled == inventory.False)
	}
	if p.DisabledByMicrosoft != "" {
		attr.Set("disabled_by_microsoft", p.DisabledByMicrosoft)
		x.Disabled = inventory.True
	}
	if p.Agent || p.BlueprintPrincipal {
		x.Agent = inventory.True
	}
}

// origin says whose a service principal is: the organisation's, a supplier's or
// Microsoft's.
func (m *mapper) origin(x *inventory.Identity, r *ref, attr cloud.Attributes) {
	x.Environment = cloud.EnvironmentOf(tagPairs(x.Tags), m.tagsAt(r))
	p := r.sp
	switch {
	case r.typ == typeManaged:
		x.ThirdParty = inventory.False
	case p == nil:
	case byMicrosoft(p.HomeTenant) && lower(p.HomeTenant) != lower(m.t.ID):
		x.ManagedBy, x.ThirdParty = "microsoft", inventory.False
	case r.app != nil || p.HomeTenant != "" && lower(p.HomeTenant) == lower(m.t.ID):
		x.ThirdParty = inventory.False
	case p.HomeTenant != "":
		x.ThirdParty = inventory.True
		if p.PublisherKnown || p.VerifiedPublisher != "" {
			attr["verified_publisher"] = yesNo(p.VerifiedPublisher != "")
		}
		attr.Set("publisher", p.VerifiedPublisher)
		attr.Set("supplier", p.VerifiedPublisher)
	}
	if r.typ == typeAgent && x.ThirdParty == inventory.Unknown && m.apps[lower(p.Blueprint)] != nil {
		x.ThirdParty = inventory.False
	}
}

// tagsAt returns the tags of the subscription that an identity lies in.
func (m *mapper) tagsAt(r *ref) []object.Tag {
	arm := ""
	switch {
	case r.managed != nil:
		arm = r.managed.ID
	case r.sp != nil:
		arm, _ = armOf(r.sp)
	}
	if s := m.subs[subscriptionOf(arm)]; s != nil {
		return s.Tags
	}
	return nil
}

// risk tells what Identity Protection says of a principal.
func (m *mapper) risk(attr cloud.Attributes, r *ref) {
	if k := m.risks[r.object()]; k != nil && r.object() != "" {
		attr.Set("risk_level", k.Level)
		attr.Set("risk_state", k.State)
		attr.Set("risk_detail", k.Detail)
	}
}
