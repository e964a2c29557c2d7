package live

import (
	"context"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// directoryRoles lists the roles of Entra.
func (x *run) directoryRoles(ctx context.Context) {
	path := query("/v1.0/roleManagement/directory/roleDefinitions", "$select=id,templateId,displayName,isBuiltIn,rolePermissions")
	pages(ctx, x, callRoles, path, nil, func(t *object.Tenant, list []convert.DirectoryRole) {
		for i := range list {
			t.DirectoryRoles = append(t.DirectoryRoles, list[i].Object(x.names, nil))
		}
	})
}

const assignmentFields = "$select=id,roleDefinitionId,principalId,directoryScopeId,appScopeId"

// roleHolders lists who holds roles of Entra.
func (x *run) roleHolders(ctx context.Context) {
	path := query("/v1.0/roleManagement/directory/roleAssignments", assignmentFields)
	pages(ctx, x, callRoleHolders, path, nil, func(t *object.Tenant, list []convert.DirectoryRoleAssignment) {
		for i := range list {
			t.Directory = append(t.Directory, list[i].Object(x.names))
		}
	})
}

// eligible lists who may take roles of Entra. What a principal has by a group is
// that of the group, and is listed again unless members of groups are not read.
func (x *run) eligible(ctx context.Context) {
	path := query("/v1.0/roleManagement/directory/roleEligibilityScheduleInstances", assignmentFields+",startDateTime,endDateTime,memberType")
	pages(ctx, x, callEligible, path, nil, func(t *object.Tenant, list []convert.DirectoryRoleAssignment) {
		for i := range list {
			byGroup := list[i].ByGroup()
			if byGroup && !x.options.NoGroups {
				continue
			}
			o := list[i].Object(x.names)
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
	pages(ctx, x, callScheduled, path, nil, func(_ *object.Tenant, list []convert.DirectoryRoleAssignment) {
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
		if id, ok := strings.CutPrefix(d.Scope, convert.UnitScope); ok {
			wanted[id] = true
		}
	}
	if len(wanted) == 0 {
		return
	}
	var items []graph.Item
	var at []int
	path := query("/v1.0/directory/administrativeUnits", "$select=id,displayName,isMemberManagementRestricted")
	pages(ctx, x, callUnits, path, nil, func(t *object.Tenant, list []convert.Unit) {
		for i := range list {
			u := list[i].Object(x.names)
			if !wanted[u.ID] {
				continue
			}
			at = append(at, len(t.Units))
			items = append(items, graph.Item{Path: query("/directory/administrativeUnits/"+u.ID+"/members/microsoft.graph.group", "$select=id")})
			t.Units = append(t.Units, u)
		}
	})
	each(ctx, x, callUnitMembers, items, func(i int, t *object.Tenant, found []convert.Ref) {
		u := &t.Units[at[i]]
		u.Members, u.Known = x.names.IDs(found), true
	})
}
