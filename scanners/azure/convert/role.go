package convert

import (
	"cmp"
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A DirectoryRole is the definition of a role of Entra.
type DirectoryRole struct {
	ID          string `json:"id"`
	Template    string `json:"templateId"`
	Name        string `json:"displayName"`
	BuiltIn     bool   `json:"isBuiltIn"`
	Privileged  *bool  `json:"isPrivileged"`
	Permissions []struct {
		Allowed   []string `json:"allowedResourceActions"`
		Condition string   `json:"condition"`
	} `json:"rolePermissions"`
}

// Object makes a role of what is told of it. Actions that hold only for what the
// holder owns are left out.
func (d *DirectoryRole) Object(n *Names, told Told) object.DirectoryRole {
	out := object.DirectoryRole{ID: n.ID(d.ID), Template: n.ID(d.Template), Name: d.Name, BuiltIn: d.BuiltIn, Privileged: Tri(d.Privileged), Known: told.of("rolePermissions")}
	for _, p := range d.Permissions {
		if p.Condition == "" {
			out.Actions = append(out.Actions, n.Texts(p.Allowed)...)
		}
	}
	return out
}

// A DirectoryRoleAssignment says who holds a role of Entra, may take it, or until
// when it is held.
type DirectoryRoleAssignment struct {
	ID        string `json:"id"`
	Role      string `json:"roleDefinitionId"`
	Principal string `json:"principalId"`
	Directory string `json:"directoryScopeId"`
	App       string `json:"appScopeId"`
	Start     Stamp  `json:"startDateTime"`
	End       Stamp  `json:"endDateTime"`
	Member    string `json:"memberType"`
	Origin    string `json:"roleAssignmentOriginId"`
}

// Object makes an assignment of what is told of it.
func (a *DirectoryRoleAssignment) Object(n *Names) object.DirectoryRoleAssignment {
	return object.DirectoryRoleAssignment{
		ID: a.ID, Role: n.ID(a.Role), Principal: n.ID(a.Principal), Scope: n.Text(directoryScope(cmp.Or(a.Directory, a.App, "/"))),
		Start: a.Start.Time, End: a.End.Time,
	}
}

// ByGroup reports whether a principal has a role by a group that it is in.
func (a *DirectoryRoleAssignment) ByGroup() bool { return strings.EqualFold(a.Member, "Group") }

// UnitScope is how the scope of an administrative unit begins.
const UnitScope = "/administrativeUnits/"

// directoryScope writes a scope with its id in lower case.
func directoryScope(scope string) string {
	scope = strings.ToLower(scope)
	if id, ok := strings.CutPrefix(scope, strings.ToLower(UnitScope)); ok {
		return UnitScope + id
	}
	return scope
}

// A RoleAssignment says who holds a role of Azure: the properties of one, beside its
// id.
type RoleAssignment struct {
	ID        string `json:"id"`
	Role      string `json:"roleDefinitionId"`
	Principal string `json:"principalId"`
	Kind      string `json:"principalType"`
	Scope     string `json:"scope"`
	Condition string `json:"condition"`
	Created   Stamp  `json:"createdOn"`
	Updated   Stamp  `json:"updatedOn"`
	By        string `json:"createdBy"`
	Delegated string `json:"delegatedManagedIdentityResourceId"`
}

// Object makes an assignment of what is told of it.
func (a *RoleAssignment) Object(n *Names) object.RoleAssignment {
	scope := cmp.Or(a.Scope, "/")
	if strings.HasPrefix(a.ID, scope) {
		scope = a.ID[:len(scope)] // the same bytes
	}
	return object.RoleAssignment{
		ID: a.ID, Role: n.ID(LastOf(a.Role)), Principal: n.ID(a.Principal), PrincipalType: n.Text(a.Kind), Scope: scope, Condition: a.Condition,
		CreatedAt: a.Created.Time, UpdatedAt: a.Updated.Time, CreatedBy: n.ID(a.By), Delegated: a.Delegated,
	}
}

// A RoleEligibility says who may take a role of Azure (PIM): the properties of one,
// beside its id.
type RoleEligibility struct {
	ID        string `json:"id"`
	Role      string `json:"roleDefinitionId"`
	Principal string `json:"principalId"`
	Kind      string `json:"principalType"`
	Scope     string `json:"scope"`
	Condition string `json:"condition"`
	Member    string `json:"memberType"`
	Created   Stamp  `json:"createdOn"`
	Start     Stamp  `json:"startDateTime"`
	End       Stamp  `json:"endDateTime"`
}

// ByGroup reports whether a principal has it by a group that it is in.
func (e *RoleEligibility) ByGroup() bool { return strings.EqualFold(e.Member, "Group") }

// Object makes an assignment of what is told of it.
func (e *RoleEligibility) Object(n *Names) object.RoleAssignment {
	return object.RoleAssignment{
		ID: e.ID, Role: n.ID(LastOf(e.Role)), Principal: n.ID(e.Principal), PrincipalType: n.Text(e.Kind), Scope: n.Text(e.Scope),
		Condition: e.Condition, CreatedAt: e.Created.Time, Eligible: true, Start: e.Start.Time, End: e.End.Time,
	}
}

// A permission of a role or a deny assignment.
type permission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
	Condition      string   `json:"condition"`
}

func (n *Names) permissions(list []permission) []object.Permission {
	var out []object.Permission
	for _, p := range list {
		out = append(out, object.Permission{
			Actions: n.Texts(p.Actions), NotActions: n.Texts(p.NotActions),
			DataActions: n.Texts(p.DataActions), NotDataActions: n.Texts(p.NotDataActions), Condition: n.Text(p.Condition),
		})
	}
	return out
}

// A RoleDefinition is a role of Azure: the properties of one, beside its id.
type RoleDefinition struct {
	ID          string       `json:"id"`
	Name        string       `json:"roleName"`
	Kind        string       `json:"type"`
	Description string       `json:"description"`
	Scopes      []string     `json:"assignableScopes"`
	Permissions []permission `json:"permissions"`
	Created     Stamp        `json:"createdOn"`
	Updated     Stamp        `json:"updatedOn"`
	By          string       `json:"createdBy"`
}

// Object makes a role of what is told of it.
func (d *RoleDefinition) Object(n *Names) object.RoleDefinition {
	return object.RoleDefinition{
		ID: n.ID(LastOf(d.ID)), Name: n.Text(d.Name), Description: d.Description, Custom: strings.EqualFold(d.Kind, "CustomRole"), Scopes: n.Texts(d.Scopes),
		CreatedAt: d.Created.Time, UpdatedAt: d.Updated.Time, CreatedBy: n.ID(d.By), Known: true, Permissions: n.permissions(d.Permissions),
	}
}

// A DenyAssignment is what is denied whatever a role allows: the properties of one.
type DenyAssignment struct {
	Name        string       `json:"denyAssignmentName"`
	Scope       string       `json:"scope"`
	NotChildren bool         `json:"doNotApplyToChildScopes"`
	System      bool         `json:"isSystemProtected"`
	Principals  []Ref        `json:"principals"`
	Exclude     []Ref        `json:"excludePrincipals"`
	Permissions []permission `json:"permissions"`
	Condition   string       `json:"condition"`
}

// Object makes a deny assignment of what is told of it.
func (d *DenyAssignment) Object(n *Names, id string) object.DenyAssignment {
	return object.DenyAssignment{
		ID: id, Name: d.Name, Scope: d.Scope, NotChildren: d.NotChildren, System: d.System, Condition: d.Condition,
		Principals: n.IDs(d.Principals), Exclude: n.IDs(d.Exclude), Permissions: n.permissions(d.Permissions),
	}
}

// A Contact is whom a subscription's alerts go to.
type Contact struct {
	Emails string `json:"emails"`
	Email  string `json:"email"`
}

// Addresses are those of a contact.
func (c *Contact) Addresses() []string {
	return strings.FieldsFunc(c.Emails+";"+c.Email, func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
}
