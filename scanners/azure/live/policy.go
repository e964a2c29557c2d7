package live

import (
	"context"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A restriction of an app management policy.
type restriction struct {
	Type     string        `json:"restrictionType"`
	State    string        `json:"state"`
	Lifetime string        `json:"maxLifetime"`
	From     convert.Stamp `json:"restrictForAppsCreatedAfterDateTime"`
}

type restrictions struct {
	Passwords []restriction `json:"passwordCredentials"`
	Keys      []restriction `json:"keyCredentials"`
}

// list returns what is restricted for applications or service principals; for what
// is empty, for whatever the policy is about.
func (r restrictions) list(what string) []object.Restriction {
	var out []object.Restriction
	for _, one := range slices.Concat(r.Passwords, r.Keys) {
		state := one.State
		if state == "" {
			state = "enabled" // policies of before the field
		}
		out = append(out, object.Restriction{For: what, Type: one.Type, State: state, Lifetime: convert.Duration(one.Lifetime), From: one.From.Time})
	}
	return out
}

// managementPolicies lists the app management policies and what they are about.
func (x *run) managementPolicies(ctx context.Context) {
	type policy struct {
		ID           string       `json:"id"`
		Name         string       `json:"displayName"`
		Enabled      bool         `json:"isEnabled"`
		Restrictions restrictions `json:"restrictions"`
	}
	var ids []string
	pages(ctx, x, callPolicies, query("/v1.0/policies/appManagementPolicies", "$select=id,displayName,isEnabled,restrictions"), nil, func(t *object.Tenant, list []policy) {
		for _, p := range list {
			id := x.names.ID(p.ID)
			ids = append(ids, id)
			t.Management = append(t.Management, object.ManagementPolicy{ID: id, Name: p.Name, Enabled: p.Enabled, Restrictions: p.Restrictions.list("")})
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
	type policy struct {
		ID           string       `json:"id"`
		Name         string       `json:"displayName"`
		Enabled      bool         `json:"isEnabled"`
		Applications restrictions `json:"applicationRestrictions"`
		Principals   restrictions `json:"servicePrincipalRestrictions"`
	}
	one(ctx, x, callDefaultPolicy, "/v1.0/policies/defaultAppManagementPolicy", func(t *object.Tenant, p *policy) {
		t.Management = append(t.Management, object.ManagementPolicy{
			ID: x.names.ID(p.ID), Name: p.Name, Enabled: p.Enabled, Default: true,
			Restrictions: append(p.Applications.list("application"), p.Principals.list("service principal")...),
		})
	})
}

// consent reads whether users may let applications in.
func (x *run) consent(ctx context.Context) {
	type policy struct {
		Invites string `json:"allowInvitesFrom"`
		Users   struct {
			Create *bool    `json:"allowedToCreateApps"`
			Grants []string `json:"permissionGrantPoliciesAssigned"`
		} `json:"defaultUserRolePermissions"`
	}
	one(ctx, x, callConsent, "/v1.0/policies/authorizationPolicy", func(t *object.Tenant, p *policy) {
		t.Consent = &object.ConsentPolicy{UserConsent: p.Users.Grants, AppCreation: convert.Tri(p.Users.Create), GuestsInvite: p.Invites}
	})
}

// organization reads the tenant's own name and contacts.
func (x *run) organization(ctx context.Context) {
	type organization struct {
		ID       string   `json:"id"`
		Name     string   `json:"displayName"`
		Contacts []string `json:"technicalNotificationMails"`
		Security []string `json:"securityComplianceNotificationMails"`
		Domains  []struct {
			Name    string `json:"name"`
			Default bool   `json:"isDefault"`
			Initial bool   `json:"isInitial"`
		} `json:"verifiedDomains"`
	}
	path := query("/v1.0/organization", "$select=id,displayName,verifiedDomains,technicalNotificationMails,securityComplianceNotificationMails")
	pages(ctx, x, callOrganization, path, nil, func(t *object.Tenant, list []organization) {
		for _, o := range list {
			if !strings.EqualFold(o.ID, t.ID) && len(list) > 1 {
				continue
			}
			t.Name, t.Contacts = o.Name, slices.Concat(o.Contacts, o.Security)
			for _, d := range o.Domains {
				if d.Default || d.Initial && t.Domain == "" {
					t.Domain = d.Name
				}
			}
		}
	})
}
