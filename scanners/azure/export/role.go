package export

import (
	"encoding/json"

	"github.com/muster-nhi/muster/scanners/azure/convert"
)

// directoryRole reads the definition of a role of Entra.
func (doc *document) directoryRole(raw json.RawMessage, fields map[string]json.RawMessage) {
	var d convert.DirectoryRole
	doc.took(callRoles, "", json.Unmarshal(raw, &d))
	doc.t.roles.merge(lower(d.ID), d.Object(nil, told(fields)))
}

func (doc *document) roleHolder(raw json.RawMessage, _ map[string]json.RawMessage) {
	var a convert.DirectoryRoleAssignment
	doc.took(callRoleHolders, "", json.Unmarshal(raw, &a))
	if a.ID != "" {
		doc.t.directory.merge(a.ID, a.Object(nil))
	}
}

// eligible reads who may take a role. What a principal has by a group is told of the
// group too, and put together with its members.
func (doc *document) eligible(raw json.RawMessage, _ map[string]json.RawMessage) {
	var a convert.DirectoryRoleAssignment
	doc.took(callEligible, "", json.Unmarshal(raw, &a))
	if a.ID == "" || a.ByGroup() {
		return
	}
	o := a.Object(nil)
	o.Eligible = true
	doc.t.directory.merge("eligible "+a.ID, o)
}

// scheduled reads until when a role is held.
func (doc *document) scheduled(raw json.RawMessage, _ map[string]json.RawMessage) {
	var a convert.DirectoryRoleAssignment
	doc.took(callScheduled, "", json.Unmarshal(raw, &a))
	if a.Origin != "" {
		doc.t.schedules.merge(a.Origin, a.Object(nil))
	}
}
