package live

import (
	"context"
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

const assignmentQuery = `authorizationresources
| where type =~ 'microsoft.authorization/roleassignments'
| project id, role = tostring(properties.roleDefinitionId), principal = tostring(properties.principalId), kind = tostring(properties.principalType),
  scope = tostring(properties.scope), condition = tostring(properties.condition), created = tostring(properties.createdOn), updated = tostring(properties.updatedOn),
  by = tostring(properties.createdBy), delegated = tostring(properties.delegatedManagedIdentityResourceId)
| order by id asc`

type assignmentRow struct {
	ID        string        `json:"id"`
	Role      string        `json:"role"`
	Principal string        `json:"principal"`
	Kind      string        `json:"kind"`
	Scope     string        `json:"scope"`
	Condition string        `json:"condition"`
	Created   convert.Stamp `json:"created"`
	Updated   convert.Stamp `json:"updated"`
	By        string        `json:"by"`
	Delegated string        `json:"delegated"`
}

// assignments lists who holds roles in Azure, at the subscriptions, above and below
// them, or subscription by subscription where Resource Graph is out of reach.
func (x *run) assignments(ctx context.Context) {
	x.options.Asked(callAssignments)
	seen := map[string]bool{}
	count, err := rows(ctx, x, assignmentQuery, func(t *object.Tenant, list []assignmentRow) {
		for i := range list {
			x.keepAssignment(t, seen, &list[i])
		}
	})
	if count == 0 && x.unreachable(callAssignments, err) {
		x.fallback(ctx, callAssignments, func(ctx context.Context, s *object.Subscription) (int, error) { return x.assignmentsOf(ctx, s, seen) })
		return
	}
	x.note(callAssignments, count, err)
}

func (x *run) keepAssignment(t *object.Tenant, seen map[string]bool, r *assignmentRow) {
	key := object.Fold(r.ID)
	if seen[key] {
		return
	}
	seen[key] = true
	scope := r.Scope
	if strings.HasPrefix(r.ID, scope) {
		scope = r.ID[:len(scope)] // the same bytes
	}
	if scope == "" {
		scope = "/"
	}
	t.Assignments = append(t.Assignments, object.RoleAssignment{
		ID: r.ID, Role: x.names.ID(convert.LastOf(r.Role)), Principal: x.names.ID(r.Principal), PrincipalType: x.names.Text(r.Kind), Scope: scope, Condition: r.Condition,
		CreatedAt: r.Created.Time, UpdatedAt: r.Updated.Time, CreatedBy: x.names.ID(r.By), Delegated: r.Delegated,
	})
}

const definitionQuery = `authorizationresources
| where type =~ 'microsoft.authorization/roledefinitions'
| project id, name = tostring(properties.roleName), kind = tostring(properties.type), description = tostring(properties.description),
  scopes = properties.assignableScopes, permissions = properties.permissions, created = tostring(properties.createdOn),
  updated = tostring(properties.updatedOn), by = tostring(properties.createdBy)
| order by id asc`

type permissionRow struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
	Condition      string   `json:"condition"`
}

type definitionRow struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Kind        string          `json:"kind"`
	Description string          `json:"description"`
	Scopes      []string        `json:"scopes"`
	Permissions []permissionRow `json:"permissions"`
	Created     convert.Stamp   `json:"created"`
	Updated     convert.Stamp   `json:"updated"`
	By          string          `json:"by"`
}

// definitions lists what roles in Azure allow.
func (x *run) definitions(ctx context.Context) {
	x.options.Asked(callDefinitions)
	seen := map[string]bool{}
	count, err := rows(ctx, x, definitionQuery, func(t *object.Tenant, list []definitionRow) {
		for i := range list {
			x.keepDefinition(t, seen, &list[i])
		}
	})
	if count == 0 && x.unreachable(callDefinitions, err) {
		x.fallback(ctx, callDefinitions, func(ctx context.Context, s *object.Subscription) (int, error) { return x.definitionsOf(ctx, s, seen) })
		return
	}
	x.note(callDefinitions, count, err)
}

func (x *run) keepDefinition(t *object.Tenant, seen map[string]bool, r *definitionRow) {
	id := x.names.ID(convert.LastOf(r.ID))
	if seen[id] {
		return
	}
	seen[id] = true
	d := object.RoleDefinition{
		ID: id, Name: x.names.Text(r.Name), Description: r.Description, Custom: strings.EqualFold(r.Kind, "CustomRole"), Scopes: x.names.Texts(r.Scopes),
		CreatedAt: r.Created.Time, UpdatedAt: r.Updated.Time, CreatedBy: x.names.ID(r.By), Known: true,
	}
	for _, p := range r.Permissions {
		d.Permissions = append(d.Permissions, x.permission(p))
	}
	t.RoleDefs = append(t.RoleDefs, d)
}

func (x *run) permission(p permissionRow) object.Permission {
	return object.Permission{
		Actions: x.names.Texts(p.Actions), NotActions: x.names.Texts(p.NotActions),
		DataActions: x.names.Texts(p.DataActions), NotDataActions: x.names.Texts(p.NotDataActions), Condition: x.names.Text(p.Condition),
	}
}

const classicQuery = `authorizationresources
| where type =~ 'microsoft.authorization/classicadministrators'
| project id, subscriptionId, email = tostring(properties.emailAddress), role = tostring(properties.role)
| order by id asc`

// classic lists classic administrators, which are people; Role is what Azure calls
// them.
func (x *run) classic(ctx context.Context) {
	type row struct {
		ID           string `json:"id"`
		Subscription string `json:"subscriptionId"`
		Email        string `json:"email"`
		Role         string `json:"role"`
	}
	readRows(ctx, x, callClassic, classicQuery, func(t *object.Tenant, list []row) {
		for _, r := range list {
			t.Assignments = append(t.Assignments, object.RoleAssignment{
				ID: r.ID, Role: x.names.Text(r.Role), Principal: x.names.Text(r.Email), PrincipalType: "User",
				Scope: x.names.Text("/subscriptions/" + strings.ToLower(r.Subscription)), Classic: true,
			})
		}
	})
}
