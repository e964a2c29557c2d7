package export

import (
	"encoding/json"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// credential passes over a credential that somebody listed by itself: the listing of
// applications tells it, with whose it is.
func (doc *document) credential(json.RawMessage, map[string]json.RawMessage) {}

type application struct {
	convert.Application
	OData     string              `json:"@odata.type"`
	Owners    []json.RawMessage   `json:"owners"`
	Sponsors  []json.RawMessage   `json:"sponsors"`
	Federated []convert.Federated `json:"federatedIdentityCredentials"`
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
	doc.t.open(callApplications, id, full, fields)
	out := a.Object(nil, told(fields))
	if _, ok := fields["owners"]; ok {
		doc.t.owned(doc.t.appOwners, id, doc.expand(a.Owners))
	}
	if _, ok := fields["sponsors"]; ok {
		doc.t.sponsors.add(id, doc.expand(a.Sponsors))
	}
	if _, ok := fields["federatedIdentityCredentials"]; ok {
		doc.trusts(id, a.Federated)
	}
	out.Blueprint = convert.KindOf(a.OData) == "agentidentityblueprint"
	doc.t.applications.merge(id, out)
}

// whole reports whether an object is of the listing of all that there is to know of
// such, and not of one with what somebody chose.
func (doc *document) whole(call string, fields map[string]json.RawMessage, key string) bool {
	_, has := fields[key]
	return has || doc.call != nil && doc.call.name == call
}

// told makes of the fields of an object which of them it tells.
func told(fields map[string]json.RawMessage) convert.Told {
	return func(field string) bool {
		_, ok := fields[field]
		return ok
	}
}

// An opening says of an application or service principal in the listing of all which of
// its credentials some file tells, if only that it has none.
type opening struct {
	call            string
	listed          bool // a row of the listing tells of it
	passwords, keys bool
}

// open takes in which credentials a row tells.
func (b *builder) open(call, id string, listed bool, fields map[string]json.RawMessage) {
	o := b.opened[id]
	if o == nil {
		o = &opening{call: call}
		b.opened[id] = o
	}
	is := told(fields)
	o.listed = o.listed || listed
	o.passwords, o.keys = o.passwords || is("passwordCredentials"), o.keys || is("keyCredentials")
}

// closed counts the objects in a listing of which no file tells all credentials.
func (b *builder) closed(call string) int {
	n := 0
	for _, o := range b.opened {
		if o.call == call && o.listed && (!o.passwords || !o.keys) {
			n++
		}
	}
	return n
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
	if len(owners) < convert.Expanded {
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

// trusts keeps the federated credentials of an object; none is known to be none.
func (doc *document) trusts(id string, list []convert.Federated) {
	if doc.t.federated[id] == nil {
		doc.t.federated[id] = set[object.Federated]{}
	}
	for i := range list {
		doc.t.federated[id].merge(list[i].Name+"\x00"+lower(list[i].ID), list[i].Object(nil))
	}
}

// federatedCredential reads one of a list that is of one application.
func (doc *document) federatedCredential(raw json.RawMessage, _ map[string]json.RawMessage) {
	var f convert.Federated
	_ = json.Unmarshal(raw, &f) // what is of another type is not known
	doc.known = true
	if id := doc.subject(); id != "" {
		doc.trusts(id, []convert.Federated{f})
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
	convert.Principal
	Owners    []json.RawMessage           `json:"owners"`
	Sponsors  []json.RawMessage           `json:"sponsors"`
	Federated []convert.Federated         `json:"federatedIdentityCredentials"`
	Assigned  []convert.AppRoleAssignment `json:"appRoleAssignments"`
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
	doc.t.open(callPrincipals, id, full, fields)
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
		doc.t.cutRoles[id] = doc.t.cutRoles[id] || len(p.Assigned) >= convert.Expanded
		for i := range p.Assigned {
			doc.assigned(&p.Assigned[i])
		}
	}
	out := p.Object(nil, told(fields))
	_, out.RolesKnown = fields["appRoles"]
	doc.t.principals.merge(id, out)
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

// assigned keeps an application permission. Users of applications are not kept.
func (doc *document) assigned(a *convert.AppRoleAssignment) {
	if a.ID == "" || a.Kind == "User" {
		return
	}
	doc.t.appRoles.merge(a.ID, a.Object(nil))
}

// appRoleAssignment reads one of a list that is of one principal, or of those who use
// one application.
func (doc *document) appRoleAssignment(raw json.RawMessage, _ map[string]json.RawMessage) {
	var a convert.AppRoleAssignment
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
	var g convert.DelegatedGrant
	doc.took(callDelegated, "", json.Unmarshal(raw, &g))
	if g.ID != "" {
		doc.t.delegated.merge(g.ID, g.Object(nil))
	}
}
