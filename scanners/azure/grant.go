package azure

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/paths"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// holdings is what was given to one principal or group.
type holdings struct {
	directory []*object.DirectoryRoleAssignment
	roles     []*heldRole
	apps      []*heldAppRole
	delegated []*object.DelegatedGrant
	access    []access
}

// A heldRole is a role of Azure, apart from all others, so that it is dropped with the
// holdings that it is in.
type heldRole struct {
	object.RoleAssignment
	place int // among those that package paths was handed
}

// A heldAppRole is an application permission, likewise.
type heldAppRole struct {
	object.AppRoleAssignment
	place int // among those that package paths was handed; of no meaning for noRole
}

// heldRoles returns the roles of a tenant by their ids.
func heldRoles(t *object.Tenant) []*heldRole {
	out := make([]*heldRole, len(t.Assignments))
	for i := range t.Assignments {
		out[i] = &heldRole{t.Assignments[i], i}
	}
	slices.SortStableFunc(out, func(a, b *heldRole) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// heldAppRoles returns the application permissions of a tenant by their ids. Their
// places are those in namedRoles.
func heldAppRoles(t *object.Tenant) []*heldAppRole {
	out := make([]*heldAppRole, len(t.AppRoles))
	named := 0
	for i := range t.AppRoles {
		out[i] = &heldAppRole{t.AppRoles[i], named}
		if lower(out[i].Role) != noRole {
			named++
		}
	}
	slices.SortStableFunc(out, func(a, b *heldAppRole) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// access is an access policy of a vault.
type access struct {
	vault  *object.Vault
	policy *object.AccessPolicy
}

// holdings gathers what each principal has, by its id.
//
// Memory: roles and permissions once more, a pointer for other assignments.
func (m *mapper) holdings() map[string]*holdings {
	out := map[string]*holdings{}
	of := func(id string) *holdings {
		id = lower(id)
		if out[id] == nil {
			out[id] = &holdings{}
		}
		return out[id]
	}
	t := m.t
	for _, a := range sortedBy(t.Directory, func(a *object.DirectoryRoleAssignment) string { return a.ID }) {
		if a.Via == "" { // what comes through groups is taken from those
			h := of(a.Principal)
			h.directory = append(h.directory, a)
		}
	}
	for _, a := range heldRoles(t) {
		h := of(a.Principal)
		h.roles = append(h.roles, a)
	}
	for _, a := range heldAppRoles(t) {
		h := of(a.Principal)
		h.apps = append(h.apps, a)
	}
	for _, a := range sortedBy(t.Delegated, func(a *object.DelegatedGrant) string { return a.ID }) {
		h := of(a.Client)
		h.delegated = append(h.delegated, a)
	}
	for _, s := range m.order {
		for i := range s.Vaults {
			v := &s.Vaults[i]
			if v.RBAC == inventory.True {
				continue // they hold only without it
			}
			for p := range v.Access {
				h := of(v.Access[p].Object)
				h.access = append(h.access, access{v, &v.Access[p]})
			}
		}
	}
	return out
}

// A holder of a grant: who it is, and the group through which it has it.
type grantee struct {
	id        string // of the identity
	object    string
	scope     string // of the identity
	group     *object.Group
	managedBy string
	deleted   bool
}

// putGrants emits what an identity may do: a grant for each role, permission and
// access policy, also through groups, and one for all together where that is more.
// What the identity holds itself is dropped: nobody else has it.
func (m *mapper) putGrants(r *ref, managedBy string, together *paths.Result) {
	g := grantee{id: r.id, object: r.object(), scope: r.scope, managedBy: managedBy}
	if g.object == "" {
		return
	}
	all := m.grantsOf(g, m.held[g.object])
	if m.groups[g.object] == nil {
		delete(m.held, g.object)
	}
	for _, id := range m.memberOf[g.object] {
		g.group = m.groups[id]
		all = append(all, m.grantsOf(g, m.held[id])...)
	}
	g.group = nil
	for _, x := range all {
		m.put(inventory.Record{Grant: x}, inventory.KindGrant)
	}
	m.putEffective(g, all, together)
}

// putStrangers emits what was given to principals that are not there: deleted ones,
// or such as nobody could list.
func (m *mapper) putStrangers() {
	ids := make([]string, 0, len(m.held))
	for id := range m.held {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if m.err != nil {
			return
		}
		if m.sps[id] != nil || m.managed[id] != nil || m.users[id] != nil || m.groups[id] != nil {
			continue
		}
		h := m.held[id]
		if !isMachine(h) {
			continue
		}
		g := grantee{id: m.entra("servicePrincipals", id), object: id, scope: m.scope}
		if m.whole(callPrincipals) {
			g.deleted, g.id = true, m.entra("deleted:servicePrincipals", id)
		}
		for _, x := range m.grantsOf(g, h) {
			m.put(inventory.Record{Grant: x}, inventory.KindGrant)
		}
	}
}

// isMachine reports whether what a principal has says that it is, or was, a service
// principal. Of people nobody knows more than the id.
func isMachine(h *holdings) bool {
	if len(h.delegated) > 0 {
		return true
	}
	service := func(typ string) bool { return strings.EqualFold(typ, "ServicePrincipal") }
	for _, a := range h.roles {
		if service(a.PrincipalType) {
			return true
		}
	}
	return slices.ContainsFunc(h.apps, func(a *heldAppRole) bool { return service(a.PrincipalType) })
}

// grantsOf makes the grants of one holder.
func (m *mapper) grantsOf(g grantee, h *holdings) []*inventory.Grant {
	if h == nil {
		return nil
	}
	out := make([]*inventory.Grant, 0, len(h.directory)+len(h.roles)+len(h.apps)+len(h.delegated)+len(h.access))
	for _, a := range h.directory {
		out = append(out, m.directoryGrant(g, a))
	}
	for _, a := range h.roles {
		out = append(out, m.roleGrant(g, a))
	}
	for _, a := range h.apps {
		out = append(out, m.appGrant(g, a))
	}
	for _, a := range h.delegated {
		out = append(out, m.delegatedGrant(g, a))
	}
	for _, a := range h.access {
		out = append(out, m.accessGrant(g, a))
	}
	return out
}

// grant makes a grant with what all of them have in common.
func (m *mapper) grant(g grantee, id, scope, name, via, kind string) (*inventory.Grant, cloud.Attributes) {
	attr := cloud.Attributes{"kind": kind}
	if g.group != nil {
		id += "~" + g.object
		via = "group " + inventory.Clip(cmp.Or(g.group.Name, g.group.ID), cloud.MaxName)
		attr.Set("entra_group", g.group.ID)
	}
	if g.deleted {
		attr["deleted"] = "true"
	}
	return &inventory.Grant{
		ID: m.once(id), Principal: g.id, Scope: scope, Name: cloud.Label(name), Via: via, ManagedBy: g.managedBy, Attributes: attr,
	}, attr
}

// directoryGrant makes the grant of a role of Entra.
func (m *mapper) directoryGrant(g grantee, a *object.DirectoryRoleAssignment) *inventory.Grant {
	role, template := m.roles[lower(a.Role)], ""
	name := m.roleTitle(a.Role, role == nil)
	if role != nil {
		name, template = cmp.Or(role.Name, role.ID), lower(role.Template)
	}
	scope := cmp.Or(a.Scope, "/")
	via := "directory role"
	if scope == "/" {
		via = "directory role of the tenant"
	}
	x, attr := m.grant(g, m.entra("directoryRoleAssignments", a.ID), m.scope, name, via, "directory_role")
	x.Resource = inventory.Clip(scope, cloud.MaxText)
	x.GrantedAt, x.ExpiresAt = inventory.Time(a.Start), inventory.Time(a.End)
	attr.Set("role_id", lower(a.Role))
	attr.Set("role_template", template)
	if role != nil {
		attr.Tri("privileged", role.Privileged)
		attr.Yes("custom", !role.BuiltIn && role.Known)
	}
	m.eligible(x, attr, a.Eligible)
	m.unitName(attr, scope)
	fillRight(x, m.judge.directoryRole(a))
	return x
}

// roleTitle is the name of a role of which the definition was not read: of one that
// every tenant has, else its id.
func (m *mapper) roleTitle(id string, unread bool) string {
	if !unread {
		return id
	}
	title, ok := m.titles[id]
	if !ok {
		title, _, _ = paths.BuiltIn(lower(id))
		title = cmp.Or(title, id)
		m.titles[id] = title
	}
	return title
}

// eligible marks a role that a holder can take and does not have.
func (m *mapper) eligible(x *inventory.Grant, attr cloud.Attributes, is bool) {
	if is {
		attr["eligible"] = "true"
		x.Via += " (eligible)"
	}
}

// unitName names the administrative unit or object that a role is limited to.
func (m *mapper) unitName(attr cloud.Attributes, scope string) {
	if rest, ok := strings.CutPrefix(scope, "/administrativeUnits/"); ok {
		if u := m.units[lower(rest)]; u != nil {
			attr.Set("unit", u.Name)
			attr.Tri("restricted_unit", u.Restricted)
		}
	} else if id := strings.TrimPrefix(scope, "/"); isGUID(id) {
		attr.Set("object", m.label(id))
	}
}

// roleGrant makes the grant of a role of Azure.
func (m *mapper) roleGrant(g grantee, a *heldRole) *inventory.Grant {
	def := m.roleDefs[lower(a.Role)]
	name := m.roleTitle(a.Role, def == nil)
	if def != nil {
		name = cmp.Or(def.Name, def.ID)
	}
	via := "role assignment"
	if a.Classic {
		via = "classic administrator"
	}
	x, attr := m.grant(g, m.id(object.Fold(a.ID)), m.scopeAt(a.Scope), name, via, "arm")
	x.Resource = inventory.Clip(cmp.Or(a.Scope, "/"), 2*cloud.MaxText)
	x.Condition = inventory.Clip(a.Condition, 4*cloud.MaxText)
	x.GrantedAt, x.ExpiresAt = inventory.Time(a.CreatedAt), inventory.Time(a.End)
	if x.GrantedAt.IsZero() {
		x.GrantedAt = inventory.Time(a.Start)
	}
	attr.Set("role_definition", lower(a.Role))
	attr["scope_kind"] = scopeKind(a.Scope)
	if def != nil {
		attr.Yes("custom", def.Custom)
	}
	attr.Set("created_by", a.CreatedBy)
	attr.Set("delegated_resource", a.Delegated)
	m.eligible(x, attr, a.Eligible)
	fillRight(x, m.judge.role(a))
	return x
}

// scopeKind says what an ARM scope is.
func scopeKind(scope string) string {
	s := strings.Trim(object.Fold(scope), "/")
	switch {
	case s == "":
		return "root"
	case strings.HasPrefix(s, "providers/microsoft.management/managementgroups/"):
		return "management_group"
	case !strings.HasPrefix(s, "subscriptions/"):
		return "other"
	}
	switch n := strings.Count(s, "/"); {
	case n == 1:
		return "subscription"
	case n == 3 && strings.Contains(s, "/resourcegroups/"):
		return "resource_group"
	default:
		return "resource"
	}
}

// noRole is the id of the default access that an application gives without a role.
const noRole = "00000000-0000-0000-0000-000000000000"

// appGrant makes the grant of an application permission.
func (m *mapper) appGrant(g grantee, a *heldAppRole) *inventory.Grant {
	api, appID := m.api(a.Resource)
	name := a.Role
	if lower(a.Role) == noRole {
		name = "default access"
	} else if r := m.appRoles[[2]string{lower(a.Resource), lower(a.Role)}]; r != nil {
		name = cmp.Or(r.Value, r.Name, r.ID)
	}
	x, attr := m.grant(g, m.entra("appRoleAssignments", a.ID), m.scope, name, "application permission, admin consent", "app_role")
	x.Resource = inventory.Clip(api, cloud.MaxText)
	x.GrantedAt = inventory.Time(a.CreatedAt)
	attr.Set("api", appID)
	attr.Set("api_object", lower(a.Resource))
	attr.Set("role_id", lower(a.Role))
	fillRight(x, m.judge.appRole(a))
	return x
}

// api names the application that permissions are for.
func (m *mapper) api(resource string) (name, appID string) {
	if p := m.sps[lower(resource)]; p != nil {
		return cmp.Or(p.Name, p.AppID, p.ID), lower(p.AppID)
	}
	return resource, ""
}

// delegatedGrant makes the grant of permissions to act for users. Its name begins
// with a word of its own: the same permission means less here.
func (m *mapper) delegatedGrant(g grantee, a *object.DelegatedGrant) *inventory.Grant {
	api, appID := m.api(a.Resource)
	scopes := unique(a.Scopes)
	via := "delegated permission, consent of one user"
	if strings.EqualFold(a.Consent, "AllPrincipals") {
		via = "delegated permission, admin consent for all principals"
	}
	x, attr := m.grant(g, m.entra("oauth2PermissionGrants", a.ID), m.scope, inventory.Clip("delegated "+strings.Join(scopes, " "), cloud.MaxName), via, "delegated")
	x.Resource = inventory.Clip(api, cloud.MaxText)
	attr.Set("api", appID)
	attr.Set("scopes", cloud.List(scopes))
	attr.Set("consent", a.Consent)
	if a.Principal != "" {
		attr.Set("user", m.label(a.Principal))
	}
	fillRight(x, m.judge.delegatedGrant(a))
	return x
}

// accessGrant makes the grant of a vault's access policy.
func (m *mapper) accessGrant(g grantee, a access) *inventory.Grant {
	name := m.id(object.Fold(a.vault.ID)) + "#access/" + cloud.Word(lower(a.policy.Object))
	if a.policy.Application != "" {
		name += "/" + cloud.Word(lower(a.policy.Application))
	}
	x, attr := m.grant(g, name, m.scopeAt(a.vault.ID), "access policy of "+a.vault.Name, "access policy", "access_policy")
	x.Resource = inventory.Clip(a.vault.ID, 2*cloud.MaxText)
	attr.Set("secrets", cloud.List(a.policy.Secrets))
	attr.Set("keys", cloud.List(a.policy.Keys))
	attr.Set("certificates", cloud.List(a.policy.Certificates))
	attr.Set("storage", cloud.List(a.policy.Storage))
	attr.Set("application", lower(a.policy.Application))
	fillRight(x, m.judge.access(a))
	return x
}

// putEffective emits what an identity may do by all it has together, where no single
// grant says so.
func (m *mapper) putEffective(g grantee, single []*inventory.Grant, r *paths.Result) {
	if r == nil {
		return
	}
	x, attr := m.grant(g, part(g.id, "effective"), g.scope, "effective permissions", "all its roles and permissions together", "effective")
	x.Resource, attr["joined"] = "*", "true"
	m.fillResult(x, r)
	if len(x.Paths) == 0 && (x.Level == inventory.LevelNone || len(single) == 0 && x.Level == inventory.LevelUnknown && !ownWay(r)) {
		return
	}
	if more(x, single) {
		m.put(inventory.Record{Grant: x}, inventory.KindGrant)
	}
}

// ownWay reports whether there is perhaps a way up that not everybody has: by what a
// principal owns, or who trusts its tokens, though it holds nothing.
func ownWay(r *paths.Result) bool {
	return slices.ContainsFunc(r.Paths, func(p paths.Path) bool { return !p.Anybody })
}

// more reports whether a grant says what none of the others does.
func more(g *inventory.Grant, others []*inventory.Grant) bool {
	same, capabilities, ways := false, map[string]bool{}, map[string]bool{}
	for _, o := range others {
		same = same || o.Level == g.Level
		for _, c := range o.Capabilities {
			capabilities[c] = true
		}
		for _, p := range o.Paths {
			ways[p] = true
		}
	}
	return !same || g.Attributes["possible_paths"] != "" || slices.ContainsFunc(g.Capabilities, func(c string) bool { return !capabilities[c] }) ||
		slices.ContainsFunc(g.Paths, func(p string) bool { return !ways[p] })
}
