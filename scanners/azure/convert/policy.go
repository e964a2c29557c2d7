package convert

import (
	"slices"

	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A restriction of an app management policy.
type restriction struct {
	Type     string `json:"restrictionType"`
	State    string `json:"state"`
	Lifetime string `json:"maxLifetime"`
	From     Stamp  `json:"restrictForAppsCreatedAfterDateTime"`
}

type restrictions struct {
	Passwords []restriction `json:"passwordCredentials"`
	Keys      []restriction `json:"keyCredentials"`
}

// list returns what is restricted for applications or service principals; for what
// is empty, for whatever the policy is about.
func (r *restrictions) list(what string) []object.Restriction {
	var out []object.Restriction
	for _, one := range slices.Concat(r.Passwords, r.Keys) {
		state := one.State
		if state == "" {
			state = "enabled" // policies of before the field
		}
		out = append(out, object.Restriction{For: what, Type: one.Type, State: state, Lifetime: duration(one.Lifetime), From: one.From.Time})
	}
	return out
}

// A ManagementPolicy is an app management policy, without what it is about.
type ManagementPolicy struct {
	ID           string       `json:"id"`
	Name         string       `json:"displayName"`
	Enabled      bool         `json:"isEnabled"`
	Restrictions restrictions `json:"restrictions"`
}

// Object makes a policy of what is told of it.
func (p *ManagementPolicy) Object(n *Names) object.ManagementPolicy {
	return object.ManagementPolicy{ID: n.ID(p.ID), Name: p.Name, Enabled: p.Enabled, Restrictions: p.Restrictions.list("")}
}

// A DefaultPolicy is the app management policy of a tenant.
type DefaultPolicy struct {
	ID           string       `json:"id"`
	Name         string       `json:"displayName"`
	Enabled      bool         `json:"isEnabled"`
	Applications restrictions `json:"applicationRestrictions"`
	Principals   restrictions `json:"servicePrincipalRestrictions"`
}

// Object makes a policy of what is told of it.
func (p *DefaultPolicy) Object(n *Names) object.ManagementPolicy {
	return object.ManagementPolicy{
		ID: n.ID(p.ID), Name: p.Name, Enabled: p.Enabled, Default: true,
		Restrictions: append(p.Applications.list("application"), p.Principals.list("service principal")...),
	}
}

// A ConsentPolicy is the authorization policy of a tenant.
type ConsentPolicy struct {
	Invites string `json:"allowInvitesFrom"`
	Users   struct {
		Create *bool    `json:"allowedToCreateApps"`
		Grants []string `json:"permissionGrantPoliciesAssigned"`
	} `json:"defaultUserRolePermissions"`
}

// Object makes a policy of what is told of it.
func (p *ConsentPolicy) Object() *object.ConsentPolicy {
	return &object.ConsentPolicy{UserConsent: p.Users.Grants, AppCreation: Tri(p.Users.Create), GuestsInvite: p.Invites}
}

// An Organization is a tenant's own name and contacts.
type Organization struct {
	ID       string   `json:"id"`
	Name     string   `json:"displayName"`
	Notified []string `json:"technicalNotificationMails"`
	Security []string `json:"securityComplianceNotificationMails"`
	Domains  []struct {
		Name    string `json:"name"`
		Default bool   `json:"isDefault"`
		Initial bool   `json:"isInitial"`
	} `json:"verifiedDomains"`
}

// Contacts are whom Microsoft tells of what happens.
func (o *Organization) Contacts() []string { return slices.Concat(o.Notified, o.Security) }

// Domain is the default domain, or else the initial one unless another is known.
func (o *Organization) Domain(known string) string {
	for _, d := range o.Domains {
		if d.Default || d.Initial && known == "" {
			known = d.Name
		}
	}
	return known
}

// A Unit is an administrative unit, without its members.
type Unit struct {
	ID         string `json:"id"`
	Name       string `json:"displayName"`
	Restricted *bool  `json:"isMemberManagementRestricted"`
}

// Object makes a unit of what is told of it.
func (u *Unit) Object(n *Names) object.Unit {
	return object.Unit{ID: n.ID(u.ID), Name: u.Name, Restricted: Tri(u.Restricted)}
}
