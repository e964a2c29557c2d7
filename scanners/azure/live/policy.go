package live

import (
	"context"
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// managementPolicies lists the app management policies and what they are about.
func (x *run) managementPolicies(ctx context.Context) {
	var ids []string
	pages(ctx, x, callPolicies, query("/v1.0/policies/appManagementPolicies", "$select=id,displayName,isEnabled,restrictions"), nil, func(t *object.Tenant, list []convert.ManagementPolicy) {
		for i := range list {
			p := list[i].Object(x.names)
			ids = append(ids, p.ID)
			t.Management = append(t.Management, p)
		}
	})
	var items []graph.Item
	for _, id := range ids {
		items = append(items, graph.Item{Path: query("/policies/appManagementPolicies/"+id+"/appliesTo", "$select=id")})
	}
	each(ctx, x, callApplies, items, func(i int, _ *object.Tenant, found []convert.Ref) {
		for _, r := range found {
			x.policies[x.names.ID(r.ID)] = append(x.policies[x.names.ID(r.ID)], ids[i])
		}
	})
}

// defaultPolicy reads the app management policy of the tenant.
func (x *run) defaultPolicy(ctx context.Context) {
	one(ctx, x, callDefaultPolicy, "/v1.0/policies/defaultAppManagementPolicy", func(t *object.Tenant, p *convert.DefaultPolicy) {
		t.Management = append(t.Management, p.Object(x.names))
	})
}

// consent reads whether users may let applications in.
func (x *run) consent(ctx context.Context) {
	one(ctx, x, callConsent, "/v1.0/policies/authorizationPolicy", func(t *object.Tenant, p *convert.ConsentPolicy) { t.Consent = p.Object() })
}

// organization reads the tenant's own name and contacts.
func (x *run) organization(ctx context.Context) {
	path := query("/v1.0/organization", "$select=id,displayName,verifiedDomains,technicalNotificationMails,securityComplianceNotificationMails")
	pages(ctx, x, callOrganization, path, nil, func(t *object.Tenant, list []convert.Organization) {
		for i := range list {
			o := &list[i]
			if strings.EqualFold(o.ID, t.ID) || len(list) == 1 {
				t.Name, t.Contacts, t.Domain = o.Name, o.Contacts(), o.Domain(t.Domain)
			}
		}
	})
}
