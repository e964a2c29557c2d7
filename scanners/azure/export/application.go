package export

import (
	"encoding/json"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A password is a client secret: its hint and its text, which az prints where one was
// just made, are not decoded.
type password struct {
	KeyID string        `json:"keyId"`
	Name  string        `json:"displayName"`
	Start convert.Stamp `json:"startDateTime"`
	End   convert.Stamp `json:"endDateTime"`
}

// A keyCredential is a certificate: its bytes are not decoded.
type keyCredential struct {
	KeyID      string        `json:"keyId"`
	Name       string        `json:"displayName"`
	Type       string        `json:"type"`
	Usage      string        `json:"usage"`
	Identifier string        `json:"customKeyIdentifier"`
	Start      convert.Stamp `json:"startDateTime"`
	End        convert.Stamp `json:"endDateTime"`
}

func passwords(list []password) []object.Password {
	var out []object.Password
	for _, p := range list {
		out = append(out, object.Password{ID: lower(p.KeyID), Name: p.Name, Start: p.Start.Time, End: p.End.Time})
	}
	return out
}

func keys(list []keyCredential) []object.Certificate {
	var out []object.Certificate
	for _, k := range list {
		out = append(out, object.Certificate{
			ID: lower(k.KeyID), Name: k.Name, Type: k.Type, Usage: k.Usage, Thumbprint: convert.Thumbprint(k.Identifier), Start: k.Start.Time, End: k.End.Time,
		})
	}
	return out
}

// credential passes over a credential that somebody listed by itself: the listing of
// applications tells it, with whose it is.
func (doc *document) credential(json.RawMessage, map[string]json.RawMessage) {}

// A role that an application defines, or a delegated permission.
type role struct {
	ID      string `json:"id"`
	Value   string `json:"value"`
	Name    string `json:"displayName"`
	Consent string `json:"adminConsentDisplayName"`
	Enabled bool   `json:"isEnabled"`
}

func roles(roles, scopes []role) []object.AppRole {
	var out []object.AppRole
	for _, r := range roles {
		out = append(out, object.AppRole{ID: lower(r.ID), Value: r.Value, Name: r.Name, Enabled: r.Enabled})
	}
	for _, s := range scopes {
		out = append(out, object.AppRole{ID: lower(s.ID), Value: s.Value, Name: s.Consent, Enabled: s.Enabled, Scope: true})
	}
	return out
}

// displayed is an object of which the display name is kept.
type displayed struct {
	Name string `json:"displayName"`
}

// notDisabled returns why Microsoft disabled something; empty if it did not.
func notDisabled(status string) string {
	if status == "NotDisabled" {
		return ""
	}
	return status
}

type application struct {
	OData       string        `json:"@odata.type"`
	ID          string        `json:"id"`
	AppID       string        `json:"appId"`
	Name        string        `json:"displayName"`
	Description string        `json:"description"`
	Created     convert.Stamp `json:"createdDateTime"`
	Audience    string        `json:"signInAudience"`
	Domain      string        `json:"publisherDomain"`
	Publisher   displayed     `json:"verifiedPublisher"`
	Reference   string        `json:"serviceManagementReference"`
	Notes       string        `json:"notes"`
	Tags        []string      `json:"tags"`
	Disabled    string        `json:"disabledByMicrosoftStatus"`
	Lock        *struct {
		Enabled bool `json:"isEnabled"`
		All     bool `json:"allProperties"`
		Verify  bool `json:"credentialsWithUsageVerify"`
	} `json:"servicePrincipalLockConfiguration"`
	Passwords []password      `json:"passwordCredentials"`
	Keys      []keyCredential `json:"keyCredentials"`
	Required  []struct {
		App    string `json:"resourceAppId"`
		Access []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"resourceAccess"`
	} `json:"requiredResourceAccess"`
	Roles []role `json:"appRoles"`
	API   struct {
		Scopes []role `json:"oauth2PermissionScopes"`
	} `json:"api"`
	Fallback *bool `json:"isFallbackPublicClient"`
	Web      struct {
		Redirects []string `json:"redirectUris"`
		Implicit  struct {
			Access *bool `json:"enableAccessTokenIssuance"`
			ID     *bool `json:"enableIdTokenIssuance"`
		} `json:"implicitGrantSettings"`
	} `json:"web"`
	Single struct {
		Redirects []string `json:"redirectUris"`
	} `json:"spa"`
	Public struct {
		Redirects []string `json:"redirectUris"`
	} `json:"publicClient"`
	Owners    []json.RawMessage `json:"owners"`
	Sponsors  []json.RawMessage `json:"sponsors"`
	Federated []federated       `json:"federatedIdentityCredentials"`
}

// application reads an application, or what somebody chose of it.
func (doc *document) application(raw json.RawMessage, fields map[string]json.RawMessage) {
	var a application
	err := json.Unmarshal(raw, &a)
	id := lower(a.ID)
	if !isGUID(id) {
		doc.took(callApplications, "", errNoID)
		return
	}
	doc.known = true
	full := doc.whole(callApplications, fields, "passwordCredentials")
	if full {
		doc.took(callApplications, "", err)
	}
	out := a.object(full)
	if _, ok := fields["owners"]; ok {
		doc.t.owned(doc.t.appOwners, id, doc.expand(a.Owners))
	}
	if _, ok := fields["sponsors"]; ok {
		doc.t.sponsors.add(id, doc.expand(a.Sponsors))
	}
	if _, ok := fields["federatedIdentityCredentials"]; ok {
		doc.trusts(id, a.Federated)
	}
	out.Blueprint = strings.HasSuffix(lower(a.OData), ".agentidentityblueprint")
	doc.t.applications.merge(id, out)
}

// whole reports whether an object is of the listing of all that there is to know of
// such, and not of one with what somebody chose.
func (doc *document) whole(call string, fields map[string]json.RawMessage, key string) bool {
	_, has := fields[key]
	return has || doc.call != nil && doc.call.name == call
}

// object makes an application of what is told of it.
func (a *application) object(full bool) object.Application {
	out := object.Application{
		ID: lower(a.ID), AppID: lower(a.AppID), Name: a.Name, Description: a.Description, CreatedAt: a.Created.Time, Audience: a.Audience, PublisherDomain: a.Domain,
		VerifiedPublisher: a.Publisher.Name, ServiceManagement: a.Reference, Notes: a.Notes, Tags: a.Tags, DisabledByMicrosoft: notDisabled(a.Disabled),
		Passwords: passwords(a.Passwords), Keys: keys(a.Keys), Roles: roles(a.Roles, a.API.Scopes),
	}
	for _, list := range [][]string{a.Web.Redirects, a.Single.Redirects, a.Public.Redirects} {
		out.RedirectURIs = append(out.RedirectURIs, list...)
	}
	if full {
		out.PublicClient = inventory.TriOf(a.Fallback != nil && *a.Fallback)
		out.Lock = &object.Lock{}
	}
	if a.Lock != nil {
		out.Lock = &object.Lock{Enabled: a.Lock.Enabled, All: a.Lock.All, Credentials: a.Lock.Verify}
	}
	if access, id := a.Web.Implicit.Access, a.Web.Implicit.ID; access != nil || id != nil {
		out.ImplicitGrant = inventory.TriOf(access != nil && *access || id != nil && *id)
	}
	for _, r := range a.Required {
		need := object.Required{Resource: lower(r.App)}
		for _, one := range r.Access {
			if one.Type == "Role" {
				need.Roles = append(need.Roles, lower(one.ID))
			} else {
				need.Scopes = append(need.Scopes, lower(one.ID))
			}
		}
		out.Required = append(out.Required, need)
	}
	return out
}

// expand reads related objects that an answer holds, and keeps the people among them.
func (doc *document) expand(list []json.RawMessage) []string {
	var out []string
	for _, raw := range list {
		var r convert.Ref
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &r) == nil && json.Unmarshal(raw, &fields) == nil {
			if r.ID != "" {
				out = append(out, lower(r.ID))
			}
			if len(fields) > 2 { // more than an id and its type
				doc.person(raw, fields)
			}
		}
	}
	return out
}

// owned keeps owners. As many as $expand tells at most may not be all.
func (b *builder) owned(of related, id string, owners []string) {
	if len(owners) < expanded {
		of.add(id, owners)
	}
}

// blueprint reads a blueprint of AI agents from the list of these.
func (doc *document) blueprint(raw json.RawMessage, _ map[string]json.RawMessage) {
	var a application
	doc.took(callBlueprints, "", json.Unmarshal(raw, &a))
	if id := lower(a.ID); isGUID(id) {
		doc.t.applications.merge(id, object.Application{ID: id, AppID: lower(a.AppID), Name: a.Name}).Blueprint = true
		doc.t.sponsors.add(id, doc.expand(a.Sponsors))
	}
}

// A federated credential, of an application or a managed identity.
type federated struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Issuer      string   `json:"issuer"`
	Subject     string   `json:"subject"`
	Description string   `json:"description"`
	Audiences   []string `json:"audiences"`
	Expression  struct {
		Value string `json:"value"`
	} `json:"claimsMatchingExpression"`
}

func (f *federated) object() object.Federated {
	return object.Federated{ID: lower(f.ID), Name: f.Name, Issuer: f.Issuer, Subject: f.Subject, Description: f.Description, Expression: f.Expression.Value, Audiences: f.Audiences}
}

// trusts keeps the federated credentials of an object; none is known to be none.
func (doc *document) trusts(id string, list []federated) {
	if doc.t.federated[id] == nil {
		doc.t.federated[id] = map[string]object.Federated{}
	}
	for i := range list {
		doc.t.federated[id][list[i].Name+"\x00"+lower(list[i].ID)] = list[i].object()
	}
}

// federatedCredential reads one of a list that is of one application.
func (doc *document) federatedCredential(raw json.RawMessage, _ map[string]json.RawMessage) {
	var f federated
	_ = json.Unmarshal(raw, &f) // what is of another type is not known
	doc.known = true
	if id := doc.subject(); id != "" {
		doc.trusts(id, []federated{f})
		return
	}
	doc.stray("is a list of federated credentials and does not say of which application: name it ad-app-federated-credential-list.ID.json")
}

// stray says once that a file does not tell what it is about.
func (doc *document) stray(why string) {
	if !doc.lost {
		doc.lost = true
		doc.r.lost(doc.name, why)
	}
}

type principal struct {
	OData       string            `json:"@odata.type"`
	ID          string            `json:"id"`
	AppID       string            `json:"appId"`
	Name        string            `json:"displayName"`
	Description string            `json:"description"`
	Type        string            `json:"servicePrincipalType"`
	Enabled     *bool             `json:"accountEnabled"`
	Home        string            `json:"appOwnerOrganizationId"`
	Alternative []string          `json:"alternativeNames"`
	Names       []string          `json:"servicePrincipalNames"`
	Notify      []string          `json:"notificationEmailAddresses"`
	Notes       string            `json:"notes"`
	Tags        []string          `json:"tags"`
	Publisher   displayed         `json:"verifiedPublisher"`
	Disabled    string            `json:"disabledByMicrosoftStatus"`
	Required    *bool             `json:"appRoleAssignmentRequired"`
	CreatedBy   string            `json:"createdByAppId"`
	Passwords   []password        `json:"passwordCredentials"`
	Keys        []keyCredential   `json:"keyCredentials"`
	Roles       []role            `json:"appRoles"`
	Scopes      []role            `json:"oauth2PermissionScopes"`
	Blueprint   string            `json:"agentIdentityBlueprintId"`
	Created     convert.Stamp     `json:"createdDateTime"`
	Owners      []json.RawMessage `json:"owners"`
	Sponsors    []json.RawMessage `json:"sponsors"`
	Federated   []federated       `json:"federatedIdentityCredentials"`
	Assigned    []appRole         `json:"appRoleAssignments"`
}

// principal reads a service principal, or what somebody chose of it.
func (doc *document) principal(raw json.RawMessage, fields map[string]json.RawMessage) {
	var p principal
	err := json.Unmarshal(raw, &p)
	id := lower(p.ID)
	if !isGUID(id) {
		doc.took(callPrincipals, "", errNoID)
		return
	}
	doc.known = true
	full := doc.whole(callPrincipals, fields, "servicePrincipalType")
	if full {
		doc.took(callPrincipals, "", err)
	}
	if _, ok := fields["owners"]; ok {
		doc.t.owned(doc.t.spOwners, id, doc.expand(p.Owners))
	}
	if _, ok := fields["sponsors"]; ok {
		doc.t.sponsors.add(id, doc.expand(p.Sponsors))
	}
	if _, ok := fields["federatedIdentityCredentials"]; ok {
		doc.trusts(id, p.Federated)
	}
	if _, ok := fields["appRoleAssignments"]; ok {
		doc.took(callAppRoles, "", nil)
		doc.t.cutRoles[id] = doc.t.cutRoles[id] || len(p.Assigned) >= expanded
		for i := range p.Assigned {
			doc.assigned(&p.Assigned[i])
		}
	}
	out := p.object()
	_, out.RolesKnown = fields["appRoles"]
	out.RolesKnown = out.RolesKnown || full
	doc.t.principals.merge(id, out)
}

func (p *principal) object() object.ServicePrincipal {
	kind := lower(p.OData[strings.LastIndex(p.OData, ".")+1:])
	return object.ServicePrincipal{
		ID: lower(p.ID), AppID: lower(p.AppID), Name: p.Name, Description: p.Description, Type: p.Type, Enabled: convert.Tri(p.Enabled), CreatedAt: p.Created.Time,
		HomeTenant: lower(p.Home), AlternativeNames: p.Alternative, Names: p.Names, Notify: p.Notify, Notes: p.Notes, Tags: p.Tags, VerifiedPublisher: p.Publisher.Name,
		DisabledByMicrosoft: notDisabled(p.Disabled), AssignmentRequired: convert.Tri(p.Required), Passwords: passwords(p.Passwords), Keys: keys(p.Keys), CreatedBy: lower(p.CreatedBy),
		Agent: kind == "agentidentity", BlueprintPrincipal: kind == "agentidentityblueprintprincipal", Blueprint: lower(p.Blueprint), Roles: roles(p.Roles, p.Scopes),
	}
}

// agent reads an AI agent from the list of these.
func (doc *document) agent(raw json.RawMessage, _ map[string]json.RawMessage) {
	var p principal
	doc.took(callAgents, "", json.Unmarshal(raw, &p))
	if id := lower(p.ID); isGUID(id) {
		doc.t.principals.merge(id, object.ServicePrincipal{ID: id, Blueprint: lower(p.Blueprint), CreatedAt: p.Created.Time}).Agent = true
		doc.t.sponsors.add(id, doc.expand(p.Sponsors))
	}
}

// agentBlueprint reads the principal of a blueprint from the list of these.
func (doc *document) agentBlueprint(raw json.RawMessage, _ map[string]json.RawMessage) {
	var p principal
	doc.took(callAgentBlueprint, "", json.Unmarshal(raw, &p))
	if id := lower(p.ID); isGUID(id) {
		doc.t.principals.merge(id, object.ServicePrincipal{ID: id}).BlueprintPrincipal = true
		doc.t.sponsors.add(id, doc.expand(p.Sponsors))
	}
}

// An appRole is an application permission that was granted.
type appRole struct {
	ID        string        `json:"id"`
	Role      string        `json:"appRoleId"`
	Principal string        `json:"principalId"`
	Kind      string        `json:"principalType"`
	Resource  string        `json:"resourceId"`
	Created   convert.Stamp `json:"createdDateTime"`
}

// assigned keeps an application permission. Users of applications are not kept.
func (doc *document) assigned(a *appRole) {
	if a.ID == "" || a.Kind == "User" {
		return
	}
	doc.t.appRoles.merge(a.ID, object.AppRoleAssignment{
		ID: a.ID, Principal: lower(a.Principal), PrincipalType: a.Kind, Resource: lower(a.Resource), Role: lower(a.Role), CreatedAt: a.Created.Time,
	})
}

// appRoleAssignment reads one of a list that is of one principal, or of those who use
// one application.
func (doc *document) appRoleAssignment(raw json.RawMessage, _ map[string]json.RawMessage) {
	var a appRole
	_ = json.Unmarshal(raw, &a) // what is of another type is not known
	doc.assigned(&a)
	switch {
	case doc.collection == "serviceprincipals/approleassignments", doc.call != nil && doc.call.name == callAppRoles && doc.subject() == lower(a.Principal):
		if doc.ended > 0 || doc.pages == 0 { // the last page
			doc.t.allRoles[lower(a.Principal)] = true
		}
	default:
		doc.t.some[spot{callAppRoles, ""}] = true
	}
}

func (doc *document) delegated(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		ID        string `json:"id"`
		Client    string `json:"clientId"`
		Consent   string `json:"consentType"`
		Principal string `json:"principalId"`
		Resource  string `json:"resourceId"`
		Scope     string `json:"scope"`
	}
	doc.took(callDelegated, "", json.Unmarshal(raw, &v))
	if v.ID != "" {
		doc.t.delegated.merge(v.ID, object.DelegatedGrant{
			ID: v.ID, Client: lower(v.Client), Resource: lower(v.Resource), Consent: v.Consent, Principal: lower(v.Principal), Scopes: strings.Fields(v.Scope),
		})
	}
}
