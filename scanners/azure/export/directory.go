package export

import (
	"encoding/json"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// expanded is how many related objects $expand returns at most, without a word about
// more (docs of Microsoft Graph, $expand).
const expanded = 20

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

// kind tells what an object is by its type or its fields; nil if that is not clear.
func (doc *document) kind(fields map[string]json.RawMessage) taker {
	has := func(keys ...string) bool {
		for _, k := range keys {
			if _, ok := fields[k]; !ok {
				return false
			}
		}
		return true
	}
	odata := text(fields["@odata.type"])
	switch lower(odata[strings.LastIndex(odata, ".")+1:]) {
	case "user":
		return (*document).user
	case "group":
		return (*document).group
	}
	named := ""
	if doc.call != nil {
		named = doc.call.name
	}
	switch {
	case named == callApplications && has("id", "appId"):
		return (*document).application
	case named == callPrincipals && has("id", "appId"):
		return (*document).principal
	case named == callUnits && has("id", "displayName"):
		return (*document).unit
	case named == callBlueprints && has("id", "appId"):
		return (*document).blueprint
	case named == callAgents && has("id") && !has("servicePrincipalType"):
		return (*document).agent
	case named == callAgentBlueprint && has("id") && !has("servicePrincipalType"):
		return (*document).agentBlueprint
	case has("appRoleId", "principalId", "resourceId"):
		return (*document).appRoleAssignment
	case has("clientId", "consentType", "scope"):
		return (*document).delegated
	case has("roleAssignmentOriginId"), has("roleDefinitionId", "principalId", "assignmentType"):
		return (*document).scheduled
	case has("roleDefinitionId", "principalId", "memberType"):
		return (*document).eligible
	case has("roleDefinitionId", "principalId", "directoryScopeId"):
		return (*document).roleHolder
	case has("templateId", "rolePermissions"):
		return (*document).directoryRole
	case has("issuer", "subject", "audiences"), has("issuer", "claimsMatchingExpression"):
		return (*document).federatedCredential
	case has("lastSignInActivity", "appId"):
		return (*document).signIn
	case has("keyId", "signInActivity"):
		return (*document).keySignIn
	case has("keyId") && (has("startDateTime") || has("endDateTime")):
		return (*document).credential
	case has("activityDisplayName", "targetResources"):
		return (*document).audit
	case has("riskLevel", "riskState"):
		return (*document).risk
	case has("verifiedDomains"):
		return (*document).organization
	case has("applicationRestrictions"):
		return (*document).defaultPolicy
	case has("restrictions", "isEnabled"):
		return (*document).managementPolicy
	case has("defaultUserRolePermissions"):
		return (*document).consent
	case has("isMemberManagementRestricted"):
		return (*document).unit
	case has("appId") && (has("servicePrincipalType") || has("servicePrincipalNames") || has("appOwnerOrganizationId")):
		return (*document).principal
	case has("appId") && (has("signInAudience") || has("passwordCredentials") || has("requiredResourceAccess") || has("identifierUris")):
		return (*document).application
	case has("id") && has("owners") || has("id") && has("federatedIdentityCredentials") || has("id") && has("appRoleAssignments"):
		return doc.expandedKind(fields)
	case has("userPrincipalName"):
		return (*document).user
	case has("securityEnabled") || has("groupTypes") || has("isAssignableToRole"):
		return (*document).group
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
		doc.t.federated[doc.subject()] = map[string]object.Federated{}
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
	var v struct {
		ID         string `json:"id"`
		Name       string `json:"displayName"`
		UPN        string `json:"userPrincipalName"`
		Mail       string `json:"mail"`
		Enabled    *bool  `json:"accountEnabled"`
		Type       string `json:"userType"`
		Synced     *bool  `json:"onPremisesSyncEnabled"`
		Department string `json:"department"`
	}
	_ = json.Unmarshal(raw, &v) // what is of another type is not known
	doc.known = true
	if id := lower(v.ID); isGUID(id) {
		doc.t.users.merge(id, object.User{
			ID: id, Name: v.Name, UPN: v.UPN, Mail: v.Mail, Enabled: tri(v.Enabled), Synced: tri(v.Synced), Department: v.Department,
			Guest: strings.EqualFold(v.Type, "Guest") || v.Type == "" && strings.Contains(v.UPN, "#EXT#"),
		})
	}
}

func (doc *document) group(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		ID         string `json:"id"`
		Name       string `json:"displayName"`
		Assignable *bool  `json:"isAssignableToRole"`
		Rule       string `json:"membershipRule"`
	}
	_ = json.Unmarshal(raw, &v) // what is of another type is not known
	doc.known = true
	if id := lower(v.ID); isGUID(id) {
		doc.t.groups.merge(id, object.Group{ID: id, Name: v.Name, RoleAssignable: tri(v.Assignable), Dynamic: v.Rule})
	}
}

func (doc *document) organization(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		ID       string   `json:"id"`
		Name     string   `json:"displayName"`
		Contacts []string `json:"technicalNotificationMails"`
		Security []string `json:"securityComplianceNotificationMails"`
		Domains  []struct {
			Name    string `json:"name"`
			Default bool   `json:"isDefault"`
			Initial bool   `json:"isInitial"`
		} `json:"verifiedDomains"`
	}
	err := json.Unmarshal(raw, &v)
	doc.took(callOrganization, "", err)
	if !isGUID(v.ID) {
		return
	}
	b := doc.t
	b.ids[lower(v.ID)] += certain
	b.name, b.contacts = v.Name, append(v.Contacts, v.Security...)
	for _, d := range v.Domains {
		if d.Default || d.Initial && b.domain == "" {
			b.domain = d.Name
		}
	}
}

// certain weighs what says itself that it is the tenant, against what names a tenant.
const certain = 1 << 20

func (doc *document) unit(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		ID         string `json:"id"`
		Name       string `json:"displayName"`
		Restricted *bool  `json:"isMemberManagementRestricted"`
	}
	doc.took(callUnits, "", json.Unmarshal(raw, &v))
	if id := lower(v.ID); id != "" {
		doc.t.units.merge(id, object.Unit{ID: id, Name: v.Name, Restricted: tri(v.Restricted)})
	}
}

func (doc *document) consent(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		Invites string `json:"allowInvitesFrom"`
		Users   struct {
			Create *bool    `json:"allowedToCreateApps"`
			Grants []string `json:"permissionGrantPoliciesAssigned"`
		} `json:"defaultUserRolePermissions"`
	}
	doc.took(callConsent, "", json.Unmarshal(raw, &v))
	doc.t.consent = &object.ConsentPolicy{UserConsent: v.Users.Grants, AppCreation: tri(v.Users.Create), GuestsInvite: v.Invites}
}

// A restriction of an app management policy.
type restriction struct {
	Type     string `json:"restrictionType"`
	State    string `json:"state"`
	Lifetime string `json:"maxLifetime"`
	From     stamp  `json:"restrictForAppsCreatedAfterDateTime"`
}

type restrictions struct {
	Passwords []restriction `json:"passwordCredentials"`
	Keys      []restriction `json:"keyCredentials"`
}

// list returns what is restricted for applications or service principals; for what
// is empty, for whatever the policy is about.
func (r restrictions) list(what string) []object.Restriction {
	var out []object.Restriction
	for _, list := range [][]restriction{r.Passwords, r.Keys} {
		for _, one := range list {
			state := one.State
			if state == "" {
				state = "enabled" // policies of before the field
			}
			out = append(out, object.Restriction{For: what, Type: one.Type, State: state, Lifetime: duration(one.Lifetime), From: one.From.Time})
		}
	}
	return out
}

func (doc *document) managementPolicy(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		ID           string       `json:"id"`
		Name         string       `json:"displayName"`
		Enabled      bool         `json:"isEnabled"`
		Restrictions restrictions `json:"restrictions"`
	}
	doc.took(callPolicies, "", json.Unmarshal(raw, &v))
	id := lower(v.ID)
	doc.t.management.merge(id, object.ManagementPolicy{ID: id, Name: v.Name, Enabled: v.Enabled, Restrictions: v.Restrictions.list("")})
}

func (doc *document) defaultPolicy(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		ID           string       `json:"id"`
		Name         string       `json:"displayName"`
		Enabled      bool         `json:"isEnabled"`
		Applications restrictions `json:"applicationRestrictions"`
		Principals   restrictions `json:"servicePrincipalRestrictions"`
	}
	doc.took(callDefaultPolicy, "", json.Unmarshal(raw, &v))
	id := lower(v.ID)
	doc.t.management.merge(id, object.ManagementPolicy{
		ID: id, Name: v.Name, Enabled: v.Enabled, Default: true, Restrictions: append(v.Applications.list("application"), v.Principals.list("service principal")...),
	})
}

// A keyUse is when a secret or certificate was last used, and to reach what.
type keyUse struct {
	at           stamp
	resource, by string
}

// An activity is when something last signed in.
type activity struct {
	Last stamp `json:"lastSignInDateTime"`
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
	if known, ok := doc.t.uses[key]; !ok || v.Activity.Last.After(known.at.Time) {
		doc.t.uses[key] = keyUse{at: v.Activity.Last, resource: lower(v.Resource), by: lower(v.Principal)}
	}
}

func (doc *document) risk(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
		ID     string `json:"id"`
		Level  string `json:"riskLevel"`
		State  string `json:"riskState"`
		Detail string `json:"riskDetail"`
		At     stamp  `json:"riskLastUpdatedDateTime"`
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
		At        stamp  `json:"activityDateTime"`
		Activity  string `json:"activityDisplayName"`
		Result    string `json:"result"`
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

// triOf is what a field says, if it is there.
func triOf(fields map[string]json.RawMessage, key string) inventory.Tri {
	var f flag
	_ = json.Unmarshal(fields[key], &f) // it takes anything
	return f.Tri
}
