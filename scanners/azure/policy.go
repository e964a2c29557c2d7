package azure

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// The calls that list the app management policies of a tenant.
const (
	callPolicies      = "graph: GET /policies/appManagementPolicies"
	callDefaultPolicy = "graph: GET /policies/defaultAppManagementPolicy"
	callApplies       = "graph: GET /policies/appManagementPolicies/{id}/appliesTo" // asked if there are some
)

// policiesOf names the app management policies that were assigned to an application,
// and what it may not have by them or, without one, by the tenant's default
// ("none" is everything; absent is unknown).
func (m *mapper) policiesOf(attr cloud.Attributes, a *object.Application) {
	var names []string
	var holds []*object.ManagementPolicy
	known := m.policed
	for _, id := range a.Policies {
		p := m.policies[lower(id)]
		if p == nil {
			names, known = append(names, id), false
			continue
		}
		names = append(names, cmp.Or(p.Name, p.ID))
		if p.Enabled {
			holds = append(holds, p)
		}
	}
	attr.Set("management_policy", cloud.List(names))
	if len(holds) == 0 {
		byDefault := false
		for i := range m.t.Management {
			if p := &m.t.Management[i]; p.Default {
				byDefault = true
				if p.Enabled {
					holds = append(holds, p)
				}
			}
		}
		known = known && byDefault
	}
	var limits []string
	for _, p := range holds {
		for i := range p.Restrictions {
			if limit := limitOf(&p.Restrictions[i], a); limit != "" {
				limits = append(limits, limit)
			}
		}
	}
	switch {
	case len(limits) > 0:
		attr.Set("credential_policy", cloud.List(limits))
	case known:
		attr["credential_policy"] = "none"
	}
}

// limitOf writes a restriction that holds for an application: its type, and the
// longest life in days that it allows. Restrictions may hold only for applications
// made from some day on.
func limitOf(r *object.Restriction, a *object.Application) string {
	switch {
	case strings.EqualFold(r.State, "disabled"), r.For != "" && !strings.EqualFold(r.For, "application"):
		return ""
	case !r.From.IsZero() && !a.CreatedAt.IsZero() && a.CreatedAt.Before(r.From):
		return ""
	case r.Lifetime > 0:
		return r.Type + "=" + strconv.Itoa(days(r.Lifetime)) + "d"
	default:
		return r.Type
	}
}

// policiesKnown reports whether all policies were read, and for whom they hold.
func (m *mapper) policiesKnown() bool {
	return m.whole(callPolicies) && m.whole(callDefaultPolicy) && (m.whole(callApplies) || !m.asked(callApplies))
}
