package export

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// directoryRole reads the definition of a role of Entra. Actions that hold only for
// what the holder owns are left out.
func (doc *document) directoryRole(raw json.RawMessage, _ map[string]json.RawMessage) {
	var v struct {
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
	doc.took(callRoles, "", json.Unmarshal(raw, &v))
	id := lower(v.ID)
	role := object.DirectoryRole{ID: id, Template: lower(v.Template), Name: v.Name, BuiltIn: v.BuiltIn, Privileged: convert.Tri(v.Privileged), Known: true}
	for _, p := range v.Permissions {
		if p.Condition == "" {
			role.Actions = append(role.Actions, p.Allowed...)
		}
	}
	doc.t.roles.merge(id, role)
}

type roleAssignment struct {
	ID        string        `json:"id"`
	Role      string        `json:"roleDefinitionId"`
	Principal string        `json:"principalId"`
	Directory string        `json:"directoryScopeId"`
	App       string        `json:"appScopeId"`
	Start     convert.Stamp `json:"startDateTime"`
	End       convert.Stamp `json:"endDateTime"`
	Member    string        `json:"memberType"`
	Origin    string        `json:"roleAssignmentOriginId"`
}

func (a *roleAssignment) object() object.DirectoryRoleAssignment {
	return object.DirectoryRoleAssignment{
		ID: a.ID, Role: lower(a.Role), Principal: lower(a.Principal), Scope: directoryScope(cmp.Or(a.Directory, a.App, "/")), Start: a.Start.Time, End: a.End.Time,
	}
}

// unitScope is how the scope of an administrative unit begins.
const unitScope = "/administrativeUnits/"

// directoryScope writes a scope with its id in lower case.
func directoryScope(scope string) string {
	scope = lower(scope)
	if id, ok := strings.CutPrefix(scope, lower(unitScope)); ok {
		return unitScope + id
	}
	return scope
}

func (doc *document) roleHolder(raw json.RawMessage, _ map[string]json.RawMessage) {
	var a roleAssignment
	doc.took(callRoleHolders, "", json.Unmarshal(raw, &a))
	if a.ID != "" {
		doc.t.directory.merge(a.ID, a.object())
	}
}

// eligible reads who may take a role. What a principal has by a group is told of the
// group too, and put together with its members.
func (doc *document) eligible(raw json.RawMessage, _ map[string]json.RawMessage) {
	var a roleAssignment
	doc.took(callEligible, "", json.Unmarshal(raw, &a))
	if a.ID == "" || strings.EqualFold(a.Member, "Group") {
		return
	}
	o := a.object()
	o.Eligible = true
	doc.t.directory.merge("eligible "+a.ID, o)
}

// scheduled reads until when a role is held.
func (doc *document) scheduled(raw json.RawMessage, _ map[string]json.RawMessage) {
	var a roleAssignment
	doc.took(callScheduled, "", json.Unmarshal(raw, &a))
	if a.Origin != "" {
		doc.t.schedules[a.Origin] = a.object()
	}
}
