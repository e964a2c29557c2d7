package export

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A taker reads one kind of object of Microsoft Graph.
type taker func(*document, json.RawMessage, map[string]json.RawMessage)

// collections tells which kind the objects of a collection are, by the name in the
// context of an answer. Those that are not here are told by their fields.
func collections() map[string]taker {
	return map[string]taker{
		"applications":                  (*document).application,
		"serviceprincipals":             (*document).principal,
		"users":                         (*document).user,
		"groups":                        (*document).group,
		"organization":                  (*document).organization,
		"oauth2permissiongrants":        (*document).delegated,
		"directory/administrativeunits": (*document).unit,
		"administrativeunits":           (*document).unit,
		"rolemanagement/directory/roledefinitions":                          (*document).directoryRole,
		"rolemanagement/directory/roleassignments":                          (*document).roleHolder,
		"rolemanagement/directory/roleeligibilityscheduleinstances":         (*document).eligible,
		"rolemanagement/directory/roleassignmentscheduleinstances":          (*document).scheduled,
		"policies/appmanagementpolicies":                                    (*document).managementPolicy,
		"policies/defaultappmanagementpolicy":                               (*document).defaultPolicy,
		"policies/authorizationpolicy":                                      (*document).consent,
		"reports/serviceprincipalsigninactivities":                          (*document).signIn,
		"serviceprincipalsigninactivities":                                  (*document).signIn,
		"reports/appcredentialsigninactivities":                             (*document).keySignIn,
		"appcredentialsigninactivities":                                     (*document).keySignIn,
		"auditlogs/directoryaudits":                                         (*document).audit,
		"identityprotection/riskyserviceprincipals":                         (*document).risk,
		"riskyserviceprincipals":                                            (*document).risk,
		"applications/federatedidentitycredentials":                         (*document).federatedCredential,
		"serviceprincipals/federatedidentitycredentials":                    (*document).federatedCredential,
		"serviceprincipals/approleassignments":                              (*document).appRoleAssignment,
		"serviceprincipals/approleassignedto":                               (*document).appRoleAssignment,
		"applications/microsoft.graph.agentidentityblueprint":               (*document).blueprint,
		"applications/graph.agentidentityblueprint":                         (*document).blueprint,
		"serviceprincipals/microsoft.graph.agentidentity":                   (*document).agent,
		"serviceprincipals/graph.agentidentity":                             (*document).agent,
		"serviceprincipals/microsoft.graph.agentidentityblueprintprincipal": (*document).agentBlueprint,
		"serviceprincipals/graph.agentidentityblueprintprincipal":           (*document).agentBlueprint,
	}
}

// callOf is the call that lists a collection whole; empty if none does.
func callOf(collection string) string {
	switch collection {
	case "applications":
		return callApplications
	case "serviceprincipals":
		return callPrincipals
	case "organization":
		return callOrganization
	case "oauth2permissiongrants":
		return callDelegated
	case "directory/administrativeunits", "administrativeunits":
		return callUnits
	case "rolemanagement/directory/roledefinitions":
		return callRoles
	case "rolemanagement/directory/roleassignments":
		return callRoleHolders
	case "rolemanagement/directory/roleeligibilityscheduleinstances":
		return callEligible
	case "rolemanagement/directory/roleassignmentscheduleinstances":
		return callScheduled
	case "policies/appmanagementpolicies":
		return callPolicies
	case "reports/serviceprincipalsigninactivities", "serviceprincipalsigninactivities":
		return callSignIns
	case "reports/appcredentialsigninactivities", "appcredentialsigninactivities":
		return callKeySignIns
	case "applications/microsoft.graph.agentidentityblueprint", "applications/graph.agentidentityblueprint":
		return callBlueprints
	case "serviceprincipals/microsoft.graph.agentidentity", "serviceprincipals/graph.agentidentity":
		return callAgents
	case "serviceprincipals/microsoft.graph.agentidentityblueprintprincipal", "serviceprincipals/graph.agentidentityblueprintprincipal":
		return callAgentBlueprint
	}
	return ""
}

// directory reads an object of Microsoft Graph.
func (doc *document) directory(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	if doc.relation() && doc.related(raw, fields) {
		return true
	}
	take := doc.r.takers[doc.collection]
	if take == nil || doc.collection == "applications" || doc.collection == "serviceprincipals" {
		if t := doc.kind(fields); t != nil {
			take = t
		}
	}
	if take == nil {
		return false
	}
	take(doc, raw, fields)
	return true
}

// A sign is fields by which an object is known.
type sign struct {
	take taker
	keys []string // all of them
}

// signs lists what objects of Microsoft Graph are known by; the first that fits counts.
func signs() []sign {
	return []sign{
		{(*document).appRoleAssignment, []string{"appRoleId", "principalId", "resourceId"}},
		{(*document).delegated, []string{"clientId", "consentType", "scope"}},
		{(*document).scheduled, []string{"roleAssignmentOriginId"}},
		{(*document).scheduled, []string{"roleDefinitionId", "principalId", "assignmentType"}},
		{(*document).eligible, []string{"roleDefinitionId", "principalId", "memberType"}},
		{(*document).roleHolder, []string{"roleDefinitionId", "principalId", "directoryScopeId"}},
		{(*document).directoryRole, []string{"templateId", "rolePermissions"}},
		{(*document).federatedCredential, []string{"issuer", "subject", "audiences"}},
		{(*document).federatedCredential, []string{"issuer", "claimsMatchingExpression"}},
		{(*document).signIn, []string{"lastSignInActivity", "appId"}},
		{(*document).keySignIn, []string{"keyId", "signInActivity"}},
		{(*document).credential, []string{"keyId", "startDateTime"}},
		{(*document).credential, []string{"keyId", "endDateTime"}},
		{(*document).audit, []string{"activityDisplayName", "targetResources"}},
		{(*document).risk, []string{"riskLevel", "riskState"}},
		{(*document).organization, []string{"verifiedDomains"}},
		{(*document).defaultPolicy, []string{"applicationRestrictions"}},
		{(*document).managementPolicy, []string{"restrictions", "isEnabled"}},
		{(*document).consent, []string{"defaultUserRolePermissions"}},
		{(*document).unit, []string{"isMemberManagementRestricted"}},
		{(*document).principal, []string{"appId", "servicePrincipalType"}},
		{(*document).principal, []string{"appId", "servicePrincipalNames"}},
		{(*document).principal, []string{"appId", "appOwnerOrganizationId"}},
		{(*document).application, []string{"appId", "signInAudience"}},
		{(*document).application, []string{"appId", "passwordCredentials"}},
		{(*document).application, []string{"appId", "requiredResourceAccess"}},
		{(*document).application, []string{"appId", "identifierUris"}},
		{nil, []string{"id", "owners"}},
		{nil, []string{"id", "federatedIdentityCredentials"}},
		{nil, []string{"id", "appRoleAssignments"}},
		{(*document).user, []string{"userPrincipalName"}},
		{(*document).group, []string{"securityEnabled"}},
		{(*document).group, []string{"groupTypes"}},
		{(*document).group, []string{"isAssignableToRole"}},
	}
}

// kind tells what an object is by its type, the name of its file or its fields; nil if
// that is not clear.
func (doc *document) kind(fields map[string]json.RawMessage) taker {
	has := func(k string) bool {
		_, ok := fields[k]
		return ok
	}
	odata := text(fields["@odata.type"])
	switch lower(odata[strings.LastIndex(odata, ".")+1:]) {
	case "user":
		return (*document).user
	case "group":
		return (*document).group
	}
	if take := doc.namedKind(has); take != nil {
		return take
	}
	for _, s := range doc.r.signs {
		if !slices.ContainsFunc(s.keys, func(k string) bool { return !has(k) }) {
			if s.take == nil {
				return doc.expandedKind(fields)
			}
			return s.take
		}
	}
	return nil
}

// namedKind tells what an object is by the name of its file, where somebody chose so
// few fields that they do not tell; nil if it is not named so.
func (doc *document) namedKind(has func(string) bool) taker {
	if doc.call == nil || !has("id") {
		return nil
	}
	principal := has("servicePrincipalType")
	switch {
	case doc.call.name == callApplications && has("appId"):
		return (*document).application
	case doc.call.name == callPrincipals && has("appId"):
		return (*document).principal
	case doc.call.name == callUnits && has("displayName"):
		return (*document).unit
	case doc.call.name == callBlueprints && has("appId"):
		return (*document).blueprint
	case doc.call.name == callAgents && !principal:
		return (*document).agent
	case doc.call.name == callAgentBlueprint && !principal:
		return (*document).agentBlueprint
	}
	return nil
}

// expandedKind tells of what a list of nothing but ids and related objects is: by the
// name of its collection or file, else by what it has.
func (doc *document) expandedKind(fields map[string]json.RawMessage) taker {
	file := ""
	if doc.call != nil {
		file = doc.call.file
	}
	switch {
	case len(fields["appRoleAssignments"]) > 0, doc.collection == "serviceprincipals", file == "service-principals-owners", file == "managed-identities-federated":
		return (*document).principal
	case doc.collection == "applications", file == "applications-owners", file == "applications-federated":
		return (*document).application
	}
	return nil
}

// relation reports whether the file is named after a call that lists what belongs to
// one object, which the list itself does not name.
func (doc *document) relation() bool {
	if doc.call == nil || doc.subject() == "" {
		return false
	}
	switch doc.call.file {
	case "ad-app-owner-list", "ad-sp-owner-list", "ad-group-member-list", "ad-group-owner-list", "unit-member-list", "policy-applies-to", "ad-app-federated-credential-list":
		return true
	}
	return false
}

// related reads an object of such a list.
func (doc *document) related(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	id := lower(text(fields["id"]))
	if doc.call.file == "ad-app-federated-credential-list" {
		doc.federatedCredential(raw, fields)
		return true
	}
	if !isGUID(id) {
		return false
	}
	doc.person(raw, fields)
	doc.relate([]string{id})
	return true
}

// relate says what belongs to the object that the file is named after. None is known
// to be none.
func (doc *document) relate(ids []string) {
	of := map[string]related{
		"ad-app-owner-list": doc.t.appOwners, "ad-sp-owner-list": doc.t.spOwners, "ad-group-member-list": doc.t.members, "ad-group-owner-list": doc.t.groupOwners,
		"unit-member-list": doc.t.unitMembers, "policy-applies-to": doc.t.applies,
	}
	if r := of[doc.call.file]; r != nil {
		r.add(doc.subject(), ids)
	} else if doc.t.federated[doc.subject()] == nil {
		doc.t.federated[doc.subject()] = set[object.Federated]{}
	}
}

// person keeps an owner or member, if it is a user or a group.
func (doc *document) person(raw json.RawMessage, fields map[string]json.RawMessage) {
	odata := lower(text(fields["@odata.type"]))
	switch {
	case strings.HasSuffix(odata, ".user"), odata == "" && len(fields["userPrincipalName"]) > 0:
		doc.user(raw, fields)
	case strings.HasSuffix(odata, ".group"):
		doc.group(raw, fields)
	}
}

func (doc *document) user(raw json.RawMessage, _ map[string]json.RawMessage) {
	var u convert.User
	_ = json.Unmarshal(raw, &u) // what is of another type is not known
	doc.known = true
	if id := lower(u.ID); isGUID(id) {
		doc.t.users.merge(id, u.Object(nil))
	}
}

func (doc *document) group(raw json.RawMessage, fields map[string]json.RawMessage) {
	var g convert.Group
	_ = json.Unmarshal(raw, &g) // what is of another type is not known
	doc.known = true
	if id := lower(g.ID); isGUID(id) {
		doc.t.groups.merge(id, g.Object(nil, told(fields)))
	}
}

func (doc *document) organization(raw json.RawMessage, _ map[string]json.RawMessage) {
	var o convert.Organization
	err := json.Unmarshal(raw, &o)
	doc.took(callOrganization, "", err)
	if !isGUID(o.ID) {
		return
	}
	b := doc.t
	b.ids[lower(o.ID)] += certain
	b.name, b.contacts, b.domain = max(b.name, o.Name), append(b.contacts, o.Contacts()...), max(b.domain, o.Domain(""))
}

// certain weighs what says itself that it is the tenant, against what names a tenant.
const certain = 1 << 20

func (doc *document) unit(raw json.RawMessage, _ map[string]json.RawMessage) {
	var u convert.Unit
	doc.took(callUnits, "", json.Unmarshal(raw, &u))
	if u.ID != "" {
		doc.t.units.merge(lower(u.ID), u.Object(nil))
	}
}

func (doc *document) consent(raw json.RawMessage, _ map[string]json.RawMessage) {
	var p convert.ConsentPolicy
	doc.took(callConsent, "", json.Unmarshal(raw, &p))
	if o := p.Object(); doc.t.consent == nil {
		doc.t.consent = o
	} else {
		saved.Join(doc.t.consent, o)
	}
}

func (doc *document) managementPolicy(raw json.RawMessage, _ map[string]json.RawMessage) {
	var p convert.ManagementPolicy
	doc.took(callPolicies, "", json.Unmarshal(raw, &p))
	doc.t.management.merge(lower(p.ID), p.Object(nil))
}

func (doc *document) defaultPolicy(raw json.RawMessage, _ map[string]json.RawMessage) {
	var p convert.DefaultPolicy
	doc.took(callDefaultPolicy, "", json.Unmarshal(raw, &p))
	doc.t.management.merge(lower(p.ID), p.Object(nil))
}

// A keyUse is when a secret or certificate was last used, and to reach what.
type keyUse struct {
	at           convert.Stamp
	resource, by string
}

// after reports whether a use is the later; of two at one time one is.
func (u keyUse) after(v keyUse) bool {
	return cmp.Or(u.at.Compare(v.at.Time), cmp.Compare(u.resource, v.resource), cmp.Compare(u.by, v.by)) >= 0
}

// An activity is when something last signed in.
type activity struct {
	Last convert.Stamp `json:"lastSignInDateTime"`
}

func (doc *document) signIn(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		AppID    string   `json:"appId"`
		Last     activity `json:"lastSignInActivity"`
		Client   activity `json:"applicationAuthenticationClientSignInActivity"`
		Resource activity `json:"applicationAuthenticationResourceSignInActivity"`
		Delegate activity `json:"delegatedClientSignInActivity"`
	}
	doc.took(callSignIns, "", json.Unmarshal(raw, &v))
	id := lower(v.AppID)
	doc.t.signIns.merge(id, object.SignIn{
		AppID: id, Last: v.Last.Last.Time, AsClient: v.Client.Last.Time, AsResource: v.Resource.Last.Time, Delegate: v.Delegate.Last.Time,
	})
}

func (doc *document) keySignIn(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		Key       string   `json:"keyId"`
		Resource  string   `json:"resourceId"`
		Principal string   `json:"servicePrincipalObjectId"`
		Activity  activity `json:"signInActivity"`
	}
	doc.took(callKeySignIns, "", json.Unmarshal(raw, &v))
	key := lower(v.Key)
	if use := (keyUse{at: v.Activity.Last, resource: lower(v.Resource), by: lower(v.Principal)}); use.after(doc.t.uses[key]) {
		doc.t.uses[key] = use
	}
}

func (doc *document) risk(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		ID     string        `json:"id"`
		Level  string        `json:"riskLevel"`
		State  string        `json:"riskState"`
		Detail string        `json:"riskDetail"`
		At     convert.Stamp `json:"riskLastUpdatedDateTime"`
	}
	doc.took(callRisk, "", json.Unmarshal(raw, &v))
	id := lower(v.ID)
	doc.t.risky.merge(id, object.Risk{Principal: id, Level: v.Level, State: v.State, Detail: v.Detail, At: v.At.Time})
}

func (doc *document) audit(raw json.RawMessage, _ map[string]json.RawMessage) {
	type who struct {
		ID        string `json:"id"`
		Name      string `json:"displayName"`
		UPN       string `json:"userPrincipalName"`
		Principal string `json:"servicePrincipalId"`
	}
	var v struct {
		At        convert.Stamp `json:"activityDateTime"`
		Activity  string        `json:"activityDisplayName"`
		Result    string        `json:"result"`
		Initiated struct {
			User *who `json:"user"`
			App  *who `json:"app"`
		} `json:"initiatedBy"`
		Targets []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"targetResources"`
	}
	doc.took(callAudit, "", json.Unmarshal(raw, &v))
	made := v.Activity == "Add application" || v.Activity == "Add service principal" || strings.Contains(v.Activity, "Certificates and secrets management")
	if !made || v.Result == "failure" {
		return
	}
	c := object.Creator{Activity: strings.TrimSpace(v.Activity), At: v.At.Time}
	switch {
	case v.Initiated.User != nil:
		c.By, c.ByName = lower(v.Initiated.User.ID), v.Initiated.User.UPN
	case v.Initiated.App != nil:
		c.By, c.ByName = lower(v.Initiated.App.Principal), v.Initiated.App.Name
	}
	for _, target := range v.Targets {
		if c.Object = lower(target.ID); target.Type == "Application" || target.Type == "ServicePrincipal" {
			doc.t.creators.merge(c.Object+" "+c.Activity+" "+c.At.Format("20060102150405"), c)
		}
	}
}
