package aws

import (
	"slices"
	"strconv"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// checkPolicies tells of policies whose documents could not be read, and of what
// is odd about those that could.
func (m *mapper) checkPolicies() {
	if m.estate.unlimited[m.a.ID] {
		m.note(inventory.KindGrant, "the policies of the organisation (SCPs, RCPs) were not read: levels are the most that a principal may do")
	}
	missing := map[string]bool{}
	m.checkDocuments("policy", m.a.Policies)
	attached := func(list []string, boundary string) {
		for _, p := range append(slices.Clip(list), boundary) {
			if p != "" && m.policies[p] == nil {
				missing[p] = true
			}
		}
	}
	for i := range m.a.Users {
		u := &m.a.Users[i]
		m.checkDocuments("user "+u.Name+", policy", u.Inline)
		attached(u.Attached, u.Boundary)
	}
	for i := range m.a.Groups {
		g := &m.a.Groups[i]
		m.checkDocuments("group "+g.Name+", policy", g.Inline)
		attached(g.Attached, "")
	}
	unread := 0
	for i := range m.a.Roles {
		r := &m.a.Roles[i]
		m.checkDocuments("role "+r.Name+", policy", r.Inline)
		attached(r.Attached, r.Boundary)
		if r.PoliciesUnread {
			unread++
		}
		if r.Trust != nil && len(r.Trust.Problems) > 0 {
			m.note(inventory.KindTrust, inventory.Clip("role "+r.Name+", trust policy: "+cloud.InOrder(r.Trust.Problems), cloud.MaxText))
		}
	}
	for i := range m.a.Users {
		if m.a.Users[i].PoliciesUnread {
			unread++
		}
	}
	if len(missing) > 0 {
		names := make([]string, 0, len(missing))
		for p := range missing {
			names = append(names, lastPart(p))
		}
		m.lose(inventory.KindGrant, inventory.Clip("attached policies were not among those that were read: "+cloud.List(names), cloud.MaxText))
	}
	if unread > 0 {
		m.lose(inventory.KindGrant, "of "+strconv.Itoa(unread)+" users and roles no policies were read")
	}
}

func (m *mapper) checkDocuments(whose string, policies []object.Policy) {
	for i := range policies {
		p := &policies[i]
		switch {
		case p.Document == nil && p.Problem != "":
			m.lose(inventory.KindGrant, inventory.Clip(whose+" "+p.Name+": "+p.Problem, cloud.MaxText))
		case p.Document == nil:
			m.lose(inventory.KindGrant, inventory.Clip(whose+" "+p.Name+": its document was not read", cloud.MaxText))
		case len(p.Document.Problems) > 0:
			m.note(inventory.KindGrant, inventory.Clip(whose+" "+p.Name+": "+cloud.InOrder(p.Document.Problems), cloud.MaxText))
		}
	}
}
