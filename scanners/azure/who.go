package azure

import (
	"cmp"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// The types of identities.
const (
	typeApplication = "entra.application"
	typeBlueprint   = "entra.agent_blueprint"
	typePrincipal   = "entra.service_principal"
	typeLegacy      = "entra.legacy_principal"
	typeAgent       = "entra.agent_identity"
	typeManaged     = "azure.managed_identity"
)

// A ref is an identity as others point to it. An app registration and its service
// principal are one: whoever holds a secret of the one acts with the rights of the
// other.
type ref struct {
	id, scope, typ, name string
	sp                   *object.ServicePrincipal // nil: an application without one, or a managed identity that only ARM told of
	app                  *object.Application      // nil: it has none in this tenant, or it was not read
	managed              *object.ManagedIdentity  // nil: it is none, or its subscription was not read
}

// object returns the id by which roles and permissions are given to it; empty if it
// has none.
func (r *ref) object() string {
	switch {
	case r.sp != nil:
		return lower(r.sp.ID)
	case r.managed != nil:
		return lower(r.managed.Principal)
	}
	return ""
}

// byMicrosoft lists the tenants that Microsoft's own applications live in, as the
// Entra documentation names them ("Verify first-party Microsoft applications in
// sign-in reports"), and that of Microsoft's employees.
func byMicrosoft(tenant string) bool {
	switch lower(tenant) {
	case "f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47":
		return true
	}
	return false
}

// principal returns the identity that a service principal is.
func (m *mapper) principal(p *object.ServicePrincipal) ref {
	r := ref{sp: p, scope: m.scope, id: m.entra("servicePrincipals", p.ID), typ: typePrincipal, name: p.Name}
	switch {
	case strings.EqualFold(p.Type, "ManagedIdentity"):
		r.typ = typeManaged
		r.managed = m.managed[lower(p.ID)]
		arm, _ := armOf(p)
		if r.managed != nil {
			arm = r.managed.ID
			r.name = cmp.Or(p.Name, r.managed.Name)
		}
		r.scope = m.scopeAt(arm)
	case p.Agent:
		r.typ = typeAgent
	case p.AppID == "":
		if strings.EqualFold(p.Type, "Legacy") {
			r.typ = typeLegacy
		}
	default:
		m.ownApplication(p, &r)
	}
	r.name = cmp.Or(r.name, p.AppID, p.ID)
	return r
}

// ownApplication joins a service principal with the application of this tenant that
// it is of.
func (m *mapper) ownApplication(p *object.ServicePrincipal, r *ref) {
	app := m.apps[lower(p.AppID)]
	if app != nil && app.Unlisted {
		app = nil
	}
	home := p.HomeTenant != "" && lower(p.HomeTenant) == lower(m.t.ID)
	switch {
	case m.spByApp[lower(p.AppID)] != p: // listed twice, or a second one, which cannot be
	case app != nil || home:
		r.app, r.id, r.typ = app, m.entra("applications", p.AppID), typeApplication
		if app != nil {
			r.name = cmp.Or(app.Name, p.Name)
		}
		if p.BlueprintPrincipal || app != nil && app.Blueprint {
			r.typ = typeBlueprint
		}
	case strings.EqualFold(p.Type, "Legacy"):
		r.typ = typeLegacy
	case p.BlueprintPrincipal:
		r.typ = typeBlueprint
	}
}

// application returns the identity that an app registration is.
func (m *mapper) application(a *object.Application) ref {
	if p := m.spByApp[lower(a.AppID)]; p != nil && !a.Unlisted {
		if r := m.principal(p); r.app == a {
			return r
		}
	}
	r := ref{app: a, scope: m.scope, id: m.entra("applications", cmp.Or(a.AppID, a.ID)), typ: typeApplication, name: cmp.Or(a.Name, a.AppID, a.ID)}
	if a.Blueprint {
		r.typ = typeBlueprint
	}
	return r
}

// identityOf returns the identity that a user-assigned or system-assigned managed
// identity is.
func (m *mapper) identityOf(x *object.ManagedIdentity) ref {
	if p := m.sps[lower(x.Principal)]; p != nil {
		r := m.principal(p)
		r.managed = cmp.Or(r.managed, x)
		return r
	}
	r := ref{managed: x, scope: m.scopeAt(x.ID), typ: typeManaged, name: cmp.Or(x.Name, lastPart(x.ID))}
	if x.Principal != "" {
		r.id = m.entra("servicePrincipals", x.Principal)
	} else {
		r.id = m.id(object.Fold(x.ID))
	}
	return r
}

// who returns the identity that an object id is, and whether it is a machine that
// was read.
func (m *mapper) who(objectID string) (ref, bool) {
	key := lower(objectID)
	if p := m.sps[key]; p != nil {
		return m.principal(p), true
	}
	if x := m.managed[key]; x != nil {
		return m.identityOf(x), true
	}
	return ref{}, false
}

// named returns a text, or if it is an id what people call its object.
func (m *mapper) named(s string) string {
	if isGUID(s) {
		return m.label(s)
	}
	return s
}

// label returns what people call an object of the directory.
func (m *mapper) label(objectID string) string {
	key := lower(objectID)
	if r, ok := m.who(key); ok {
		return r.name
	}
	if u := m.users[key]; u != nil {
		return cmp.Or(u.UPN, u.Mail, u.Name, u.ID)
	}
	if g := m.groups[key]; g != nil {
		return cmp.Or(g.Name, g.ID)
	}
	for _, a := range []*object.Application{m.appByID[key], m.apps[key]} {
		if a != nil {
			return cmp.Or(a.Name, a.AppID)
		}
	}
	if p := m.spByApp[key]; p != nil {
		return cmp.Or(p.Name, p.ID)
	}
	return inventory.Clip(objectID, cloud.MaxName)
}
