package live

import (
	"context"
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

const assignmentQuery = `authorizationresources
| where type =~ 'microsoft.authorization/roleassignments'
| project id, roleDefinitionId = tostring(properties.roleDefinitionId), principalId = tostring(properties.principalId),
  principalType = tostring(properties.principalType), scope = tostring(properties.scope), condition = tostring(properties.condition),
  createdOn = tostring(properties.createdOn), updatedOn = tostring(properties.updatedOn), createdBy = tostring(properties.createdBy),
  delegatedManagedIdentityResourceId = tostring(properties.delegatedManagedIdentityResourceId)
| order by id asc`

// assignments lists who holds roles in Azure, at the subscriptions, above and below
// them, or subscription by subscription where Resource Graph is out of reach.
func (x *run) assignments(ctx context.Context) {
	x.options.Asked(callAssignments)
	seen := map[string]bool{}
	count, err := rows(ctx, x, assignmentQuery, func(t *object.Tenant, list []convert.RoleAssignment) {
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

func (x *run) keepAssignment(t *object.Tenant, seen map[string]bool, a *convert.RoleAssignment) {
	if key := object.Fold(a.ID); !seen[key] {
		seen[key] = true
		t.Assignments = append(t.Assignments, a.Object(x.names))
	}
}

const definitionQuery = `authorizationresources
| where type =~ 'microsoft.authorization/roledefinitions'
| project id, roleName = tostring(properties.roleName), type = tostring(properties.type), description = tostring(properties.description),
  assignableScopes = properties.assignableScopes, permissions = properties.permissions, createdOn = tostring(properties.createdOn),
  updatedOn = tostring(properties.updatedOn), createdBy = tostring(properties.createdBy)
| order by id asc`

// definitions lists what roles in Azure allow.
func (x *run) definitions(ctx context.Context) {
	x.options.Asked(callDefinitions)
	seen := map[string]bool{}
	count, err := rows(ctx, x, definitionQuery, func(t *object.Tenant, list []convert.RoleDefinition) {
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

func (x *run) keepDefinition(t *object.Tenant, seen map[string]bool, d *convert.RoleDefinition) {
	if id := x.names.ID(convert.LastOf(d.ID)); !seen[id] {
		seen[id] = true
		t.RoleDefs = append(t.RoleDefs, d.Object(x.names))
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
