package aws

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// roleTracking is for how long AWS remembers the last use of a role (IAM User
// Guide, "RoleLastUsed": the trailing 400 days).
const roleTracking = 400 * 24 * time.Hour

// putRoles emits the roles with who may take them, their grants and use.
func (m *mapper) putRoles() {
	pods := m.podSubjects()
	for i := range m.a.Roles {
		if m.err != nil {
			return
		}
		m.putRole(&m.a.Roles[i], pods[m.a.Roles[i].ARN])
	}
}

// serviceLinked returns the service that a service-linked role is for; empty if
// it is none.
func serviceLinked(r *object.Role) string {
	service, ok := strings.CutPrefix(r.Path, "/aws-service-role/")
	if !ok {
		return ""
	}
	return strings.Trim(service, "/")
}

// fromCenter returns the name of the permission set that a role was made of by
// Identity Center: AWSReservedSSO_NAME_0123456789abcdef.
func fromCenter(r *object.Role) string {
	name, ok := strings.CutPrefix(r.Name, "AWSReservedSSO_")
	if !ok || !strings.HasPrefix(r.Path, "/aws-reserved/sso.amazonaws.com/") {
		return ""
	}
	if i := strings.LastIndexByte(name, '_'); i > 0 {
		name = name[:i]
	}
	return name
}

func (m *mapper) putRole(r *object.Role, pods []string) {
	id := m.id(r.ARN)
	attr := make(cloud.Attributes, 12)
	attr.Set("path", r.Path)
	attr.Set("unique_id", r.ID)
	attr.Set("permissions_boundary", r.Boundary)
	attr.Count("max_session", int(r.MaxSession.Seconds()), false)
	attr.Set("instance_profiles", profileNames(r.InstanceProfiles))
	x := inventory.Identity{
		ID: id, Type: typeRole, Name: r.Name, Description: r.Description, PublicIDs: append([]string{r.ARN, r.ID}, pods...),
		CreatedAt: r.CreatedAt, Disabled: switchedOff(r.Attached),
	}
	if service := serviceLinked(r); service != "" {
		attr["service_linked"] = "true"
		attr.Set("service", service)
		x.ManagedBy = byAWS
	} else if name := fromCenter(r); name != "" {
		attr["sso"] = "true"
		attr["permission_set_name"] = inventory.Clip(name, cloud.MaxName)
		if set := m.estate.sets[name]; set != nil {
			attr.Set("permission_set", set.ARN)
		}
		attr["human_reason"] = "people of Identity Center sign in as it"
		x.ManagedBy, x.Human = byAWS, inventory.True
	}
	trusts := m.trustsOf(r)
	attr.Set("trusts", cloud.List(kindsOf(trusts)))
	x.ThirdParty = thirdParty(trusts)
	attr.Set("supplier", suppliers(trusts))
	m.judged(attr, r.ARN)
	m.unused(attr, r.ARN, r.Access)
	m.putIdentity(x, r.Tags, attr)
	for _, t := range trusts {
		if t.Attributes["deleted"] == "" {
			t.Unused = cmp.Or(t.Unused, m.unusedTrust(r, len(trusts)))
		}
		m.putTrust(t)
	}
	if r.Trust == nil {
		m.lose(inventory.KindTrust, "the trust policy of role "+inventory.Clip(r.Name, cloud.MaxName)+" could not be read")
	}
	m.putRoleUsage(r, id)
	m.putGrants(r.ARN, held{inline: r.Inline, attached: r.Attached, linked: attr["service_linked"] != ""})
}

// settled is for how long a role must have been there before nobody's using it says
// something.
const settled = 90 * 24 * time.Hour

// unusedTrust says whether anybody comes in through one of the trusts of a role: if
// the role was not used in the days that AWS remembers, through none; if it was,
// through its only one.
func (m *mapper) unusedTrust(r *object.Role, trusts int) inventory.Tri {
	switch {
	case m.now.IsZero() || r.CreatedAt.IsZero() || serviceLinked(r) != "":
	case r.Used == inventory.False && m.now.Sub(r.CreatedAt) > settled:
		return inventory.True
	case !r.LastUsed.IsZero() && trusts == 1:
		return inventory.False
	}
	return inventory.Unknown
}

// deniesAll is the policy of AWS that switches a principal off.
const deniesAll = "policy/AWSDenyAll"

// switchedOff says whether a user or role has it attached. There is no other way to
// switch one off.
func switchedOff(attached []string) inventory.Tri {
	return inventory.TriOf(slices.ContainsFunc(attached, func(p string) bool {
		a := object.ParseARN(p)
		return a.Account == byAWS && a.Resource == deniesAll
	}))
}

func profileNames(profiles []object.InstanceProfile) string {
	var names []string
	for i := range profiles {
		names = append(names, profiles[i].Name)
	}
	return cloud.List(names)
}

// putRoleUsage emits when a role was last used. AWS does not say that a role was
// never used but that it was not in the days that it remembers.
func (m *mapper) putRoleUsage(r *object.Role, id string) {
	u := inventory.Usage{Subject: id, LastUsedAt: r.LastUsed, Resource: r.LastRegion, Source: "RoleLastUsed"}
	if !m.now.IsZero() && (!r.LastUsed.IsZero() || r.Used == inventory.False) {
		u.TrackedSince = later(r.CreatedAt, m.now.Add(-roleTracking).Truncate(24*time.Hour)) // two scans of a day tell the same
	}
	m.putUsage(u)
	m.putUnusedRole(r, id)
}

// putUnusedRole emits what an unused-access analyzer says of a role that tells
// nothing of its use itself.
func (m *mapper) putUnusedRole(r *object.Role, id string) {
	if !r.LastUsed.IsZero() || r.Used != inventory.Unknown {
		return
	}
	for _, f := range m.estate.unused[r.ARN] {
		if f.Type == "UnusedIAMRole" {
			m.putUsage(inventory.Usage{Subject: id, LastUsedAt: f.LastAccessed, Resource: f.Region, Source: "access analyzer"})
			return
		}
	}
}

// unused tells of services that a principal may use and does not, by the access
// advisor or an unused-access analyzer, and emits when it used the others.
func (m *mapper) unused(attr cloud.Attributes, arn string, access []object.ServiceAccess) {
	var idle []string
	for i := range access {
		a := &access[i]
		if a.LastUsed.IsZero() {
			idle = append(idle, a.Service)
			continue
		}
		m.putUsage(inventory.Usage{Subject: m.id(arn), LastUsedAt: a.LastUsed, Service: a.Service, Resource: a.Region, Source: "access advisor"})
	}
	source := "access advisor"
	if len(access) == 0 {
		source = ""
		for _, f := range m.estate.unused[arn] {
			if f.Type != "UnusedPermission" {
				continue
			}
			source = "access analyzer"
			for i := range f.Services {
				idle = append(idle, f.Services[i].Service)
			}
		}
	}
	if source == "" {
		return
	}
	slices.Sort(idle)
	idle = slices.Compact(idle)
	attr["unused_services"] = strconv.Itoa(len(idle))
	attr.Set("unused_service_names", cloud.InOrder(idle))
	attr["unused_source"] = source
}
