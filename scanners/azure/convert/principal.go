package convert

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A Principal is a service principal of Microsoft Graph, without what is related to
// it.
type Principal struct {
	OData       string          `json:"@odata.type"`
	ID          string          `json:"id"`
	AppID       string          `json:"appId"`
	Name        string          `json:"displayName"`
	Description string          `json:"description"`
	Type        string          `json:"servicePrincipalType"`
	Enabled     *bool           `json:"accountEnabled"`
	Home        string          `json:"appOwnerOrganizationId"`
	Alternative []string        `json:"alternativeNames"`
	Names       []string        `json:"servicePrincipalNames"`
	Notify      []string        `json:"notificationEmailAddresses"`
	Notes       string          `json:"notes"`
	Tags        []string        `json:"tags"`
	Publisher   displayed       `json:"verifiedPublisher"`
	Disabled    string          `json:"disabledByMicrosoftStatus"`
	Required    *bool           `json:"appRoleAssignmentRequired"`
	CreatedBy   string          `json:"createdByAppId"`
	Passwords   []password      `json:"passwordCredentials"`
	Keys        []keyCredential `json:"keyCredentials"`
	Roles       []role          `json:"appRoles"`
	Scopes      []role          `json:"oauth2PermissionScopes"`
	Blueprint   string          `json:"agentIdentityBlueprintId"`
	Created     Stamp           `json:"createdDateTime"`
}

// Object makes a service principal of what is told of it. Whether its roles are all
// known is for who asked to say.
func (p *Principal) Object(n *Names, told Told) object.ServicePrincipal {
	kind := KindOf(p.OData)
	return object.ServicePrincipal{
		ID: n.ID(p.ID), AppID: n.ID(p.AppID), Name: p.Name, Description: p.Description, Type: n.Text(p.Type), Enabled: Tri(p.Enabled),
		CreatedAt: p.Created.Time, HomeTenant: n.ID(p.Home), AlternativeNames: p.Alternative, Names: p.Names, Notify: n.Texts(p.Notify),
		Notes: p.Notes, Tags: n.Texts(p.Tags), VerifiedPublisher: n.Text(p.Publisher.Name), PublisherKnown: told.of("verifiedPublisher"), DisabledByMicrosoft: disabled(p.Disabled),
		AssignmentRequired: Tri(p.Required), Passwords: n.passwords(p.Passwords), Keys: n.keys(p.Keys), CreatedBy: n.ID(p.CreatedBy),
		Agent: kind == "agentidentity", BlueprintPrincipal: kind == "agentidentityblueprintprincipal", Blueprint: n.ID(p.Blueprint),
		Roles: n.roles(p.Roles, p.Scopes),
	}
}

// An AppRoleAssignment is an application permission that was granted.
type AppRoleAssignment struct {
	ID        string `json:"id"`
	Role      string `json:"appRoleId"`
	Principal string `json:"principalId"`
	Kind      string `json:"principalType"`
	Resource  string `json:"resourceId"`
	Created   Stamp  `json:"createdDateTime"`
}

// Object makes an application permission of what is told of it.
func (a *AppRoleAssignment) Object(n *Names) object.AppRoleAssignment {
	return object.AppRoleAssignment{
		ID: a.ID, Principal: n.ID(a.Principal), PrincipalType: n.Text(a.Kind), Resource: n.ID(a.Resource), Role: n.ID(a.Role), CreatedAt: a.Created.Time,
	}
}

// A DelegatedGrant is what an application may do in the name of users.
type DelegatedGrant struct {
	ID        string `json:"id"`
	Client    string `json:"clientId"`
	Consent   string `json:"consentType"`
	Principal string `json:"principalId"`
	Resource  string `json:"resourceId"`
	Scope     string `json:"scope"`
}

// Object makes a delegated permission of what is told of it.
func (g *DelegatedGrant) Object(n *Names) object.DelegatedGrant {
	return object.DelegatedGrant{
		ID: g.ID, Client: n.ID(g.Client), Resource: n.ID(g.Resource), Consent: n.Text(g.Consent), Principal: n.ID(g.Principal),
		Scopes: n.Texts(strings.Fields(g.Scope)),
	}
}

// A User is a user of Microsoft Graph, or what of one is asked for.
type User struct {
	ID         string `json:"id"`
	Name       string `json:"displayName"`
	UPN        string `json:"userPrincipalName"`
	Mail       string `json:"mail"`
	Enabled    *bool  `json:"accountEnabled"`
	Type       string `json:"userType"`
	Synced     *bool  `json:"onPremisesSyncEnabled"`
	Department string `json:"department"`
}

// Object makes a user of what is told of one.
func (u *User) Object(n *Names) object.User {
	return object.User{
		ID: n.ID(u.ID), Name: u.Name, UPN: u.UPN, Mail: u.Mail, Enabled: Tri(u.Enabled), Synced: Tri(u.Synced), Department: n.Text(u.Department),
		Guest: strings.EqualFold(u.Type, "Guest") || u.Type == "" && strings.Contains(u.UPN, "#EXT#"),
	}
}

// A Group is a group of Microsoft Graph, without its members and owners.
type Group struct {
	ID         string `json:"id"`
	Name       string `json:"displayName"`
	Assignable *bool  `json:"isAssignableToRole"`
	Rule       string `json:"membershipRule"`
	Synced     *bool  `json:"onPremisesSyncEnabled"`
}

// Object makes a group of what is told of it: whether it is synchronized is null where
// it is not.
func (g *Group) Object(n *Names, told Told) object.Group {
	out := object.Group{ID: n.ID(g.ID), Name: g.Name, RoleAssignable: Tri(g.Assignable), Dynamic: g.Rule, Synced: Tri(g.Synced)}
	if told.of("onPremisesSyncEnabled") {
		out.Synced = inventory.TriOf(g.Synced != nil && *g.Synced)
	}
	return out
}
