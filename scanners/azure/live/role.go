package live

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

type roleDefinition struct {
	ID          string `json:"id"`
	Template    string `json:"templateId"`
	Name        string `json:"displayName"`
	BuiltIn     bool   `json:"isBuiltIn"`
	Permissions []struct {
		Allowed   []string `json:"allowedResourceActions"`
		Condition string   `json:"condition"`
	} `json:"rolePermissions"`
}

// directoryRoles lists the roles of Entra. Actions that hold only for what the
// holder owns are left out.
func (x *run) directoryRoles(ctx context.Context) {
	path := query("/v1.0/roleManagement/directory/roleDefinitions", "$select=id,templateId,displayName,isBuiltIn,rolePermissions")
	pages(ctx, x, callRoles, path, nil, func(t *object.Tenant, list []roleDefinition) {
		for _, d := range list {
			role := object.DirectoryRole{ID: x.names.ID(d.ID), Template: x.names.ID(d.Template), Name: d.Name, BuiltIn: d.BuiltIn, Known: true}
			for _, p := range d.Permissions {
				if p.Condition == "" {
					role.Actions = append(role.Actions, x.names.Texts(p.Allowed)...)
				}
			}
			t.DirectoryRoles = append(t.DirectoryRoles, role)
		}
	})
}

type roleAssignment struct {
	ID         string        `json:"id"`
	Role       string        `json:"roleDefinitionId"`
	Principal  string        `json:"principalId"`
	Directory  string        `json:"directoryScopeId"`
	App        string        `json:"appScopeId"`
	Start      convert.Stamp `json:"startDateTime"`
	End        convert.Stamp `json:"endDateTime"`
	Member     string        `json:"memberType"`
	Assignment string        `json:"assignmentType"`
	Origin     string        `json:"roleAssignmentOriginId"`
}

func (x *run) roleAssignment(a roleAssignment) object.DirectoryRoleAssignment {
	return object.DirectoryRoleAssignment{
		ID: a.ID, Role: x.names.ID(a.Role), Principal: x.names.ID(a.Principal), Scope: x.names.Text(directoryScope(cmp.Or(a.Directory, a.App, "/"))),
		Start: a.Start.Time, End: a.End.Time,
	}
}

// unitScope is how the scope of an administrative unit begins.
const unitScope = "/administrativeUnits/"

// directoryScope writes a scope with its id in lower case.
func directoryScope(scope string) string {
	scope = strings.ToLower(scope)
	if id, ok := strings.CutPrefix(scope, strings.ToLower(unitScope)); ok {
		return unitScope + id
	}
	return scope
}

const assignmentFields = "$select=id,roleDefinitionId,principalId,directoryScopeId,appScopeId"

// roleHolders lists who holds roles of Entra.
func (x *run) roleHolders(ctx context.Context) {
	path := query("/v1.0/roleManagement/directory/roleAssignments", assignmentFields)
	pages(ctx, x, callRoleHolders, path, nil, func(t *object.Tenant, list []roleAssignment) {
		for _, a := range list {
			t.Directory = append(t.Directory, x.roleAssignment(a))
		}
	})
}

// eligible lists who may take roles of Entra. What a principal has by a group is
// that of the group, and is listed again unless members of groups are not read.
func (x *run) eligible(ctx context.Context) {
	path := query("/v1.0/roleManagement/directory/roleEligibilityScheduleInstances", assignmentFields+",startDateTime,endDateTime,memberType")
	pages(ctx, x, callEligible, path, nil, func(t *object.Tenant, list []roleAssignment) {
		for _, a := range list {
			byGroup := strings.EqualFold(a.Member, "Group")
			if byGroup && !x.options.NoGroups {
				continue
			}
			o := x.roleAssignment(a)
			o.Eligible = true
			if byGroup {
				o.Via = "group"
			}
			t.Directory = append(t.Directory, o)
		}
	})
}

// scheduled lists until when roles of Entra are held.
func (x *run) scheduled(ctx context.Context) {
	path := query("/v1.0/roleManagement/directory/roleAssignmentScheduleInstances", "$select=id,startDateTime,endDateTime,roleAssignmentOriginId")
	pages(ctx, x, callScheduled, path, nil, func(_ *object.Tenant, list []roleAssignment) {
		for _, a := range list {
			if a.Origin != "" {
				x.schedules[a.Origin] = [2]time.Time{a.Start.Time, a.End.Time}
			}
		}
	})
}

// joinSchedules adds when roles are held from and to.
func (x *run) joinSchedules(t *object.Tenant) {
	for i := range t.Directory {
		d := &t.Directory[i]
		if s, ok := x.schedules[d.ID]; ok && !d.Eligible {
			d.Start, d.End = s[0], s[1]
		}
	}
}

// units lists administrative units that some role is about, and the groups in them:
// applications cannot be members.
func (x *run) units(ctx context.Context) {
	wanted := map[string]bool{}
	for _, d := range x.tenant.Directory {
		if id, ok := strings.CutPrefix(d.Scope, unitScope); ok {
			wanted[id] = true
		}
	}
	if len(wanted) == 0 {
		return
	}
	type unit struct {
		ID         string `json:"id"`
		Name       string `json:"displayName"`
		Restricted *bool  `json:"isMemberManagementRestricted"`
	}
	var items []graph.Item
	var at []int
	path := query("/v1.0/directory/administrativeUnits", "$select=id,displayName,isMemberManagementRestricted")
	pages(ctx, x, callUnits, path, nil, func(t *object.Tenant, list []unit) {
		for _, u := range list {
			id := x.names.ID(u.ID)
			if !wanted[id] {
				continue
			}
			at = append(at, len(t.Units))
			items = append(items, graph.Item{Path: query("/directory/administrativeUnits/"+id+"/members/microsoft.graph.group", "$select=id")})
			t.Units = append(t.Units, object.Unit{ID: id, Name: u.Name, Restricted: convert.Tri(u.Restricted)})
		}
	})
	each(ctx, x, callUnitMembers, items, func(i int, t *object.Tenant, found []convert.Ref) {
		u := &t.Units[at[i]]
		u.Members, u.Known = x.names.IDs(found), true
	})
}
