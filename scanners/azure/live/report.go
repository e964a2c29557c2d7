package live

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// An activity is when something last signed in.
type activity struct {
	Last convert.Stamp `json:"lastSignInDateTime"`
}

// signIns reads when service principals last signed in. The report names apps, not
// principals.
func (x *run) signIns(ctx context.Context) {
	type item struct {
		AppID    string   `json:"appId"`
		Last     activity `json:"lastSignInActivity"`
		Client   activity `json:"applicationAuthenticationClientSignInActivity"`
		Resource activity `json:"applicationAuthenticationResourceSignInActivity"`
		Delegate activity `json:"delegatedClientSignInActivity"`
	}
	if !x.reports(callSignIns) {
		return
	}
	all := pages(ctx, x, callSignIns, "/beta/reports/servicePrincipalSignInActivities", nil, func(t *object.Tenant, list []item) {
		for _, s := range list {
			t.SignIns = append(t.SignIns, object.SignIn{
				AppID: x.names.ID(s.AppID), Last: s.Last.Last.Time, AsClient: s.Client.Last.Time, AsResource: s.Resource.Last.Time, Delegate: s.Delegate.Last.Time,
			})
		}
	})
	x.keep(func(t *object.Tenant) { t.UsageKnown = all })
}

// reports says whether the cloud has the reports of sign-ins, and notes it if not.
func (x *run) reports(name string) bool {
	if x.place.graphReports {
		return true
	}
	const reason = "the reports of sign-ins exist in the global cloud only (Microsoft Graph, beta)"
	x.skip(name, reason)
	x.keep(func(t *object.Tenant) { t.UsageReason = reason })
	return false
}

// A keyUse is when a secret or certificate was last used, and to reach what.
type keyUse struct {
	at       time.Time
	resource string
	by       string
}

// keySignIns reads when secrets and certificates were last used.
func (x *run) keySignIns(ctx context.Context) {
	type item struct {
		Key       string   `json:"keyId"`
		Resource  string   `json:"resourceId"`
		Principal string   `json:"servicePrincipalObjectId"`
		Activity  activity `json:"signInActivity"`
	}
	if !x.reports(callKeySignIns) {
		return
	}
	all := pages(ctx, x, callKeySignIns, "/beta/reports/appCredentialSignInActivities", nil, func(_ *object.Tenant, list []item) {
		for _, s := range list {
			key := strings.ToLower(s.Key)
			if known, ok := x.uses[key]; !ok || s.Activity.Last.After(known.at) {
				x.uses[key] = keyUse{at: s.Activity.Last.Time, resource: x.names.ID(s.Resource), by: x.names.ID(s.Principal)}
			}
		}
	})
	x.keep(func(t *object.Tenant) { t.CredentialUsageKnown = all })
}

// joinUses adds when secrets and certificates were last used, and to whom sign-ins
// belong.
func (x *run) joinUses(t *object.Tenant) {
	of := map[string]string{}
	for i := range t.Principals {
		p := &t.Principals[i]
		if _, twice := of[p.AppID]; twice {
			of[p.AppID] = ""
		} else {
			of[p.AppID] = p.ID
		}
		x.use(p.Passwords, p.Keys)
	}
	for i := range t.Applications {
		x.use(t.Applications[i].Passwords, t.Applications[i].Keys)
	}
	for i := range t.SignIns {
		t.SignIns[i].Principal = of[t.SignIns[i].AppID]
	}
	if t.UsageReason == "" && (!t.UsageKnown || !t.CredentialUsageKnown) {
		t.UsageReason = "the reports of sign-ins were not read"
		for _, l := range t.Listings {
			if (l.Call == callSignIns || l.Call == callKeySignIns) && l.Reason != "" {
				t.UsageReason = l.Reason
			}
		}
	}
}

func (x *run) use(passwords []object.Password, keys []object.Certificate) {
	for i := range passwords {
		if u, ok := x.uses[passwords[i].ID]; ok {
			p := &passwords[i]
			p.LastUsed, p.Used, p.UsedBy, p.UsedAt = u.at, inventory.TriOf(!u.at.IsZero()), u.by, u.resource
		}
	}
	for i := range keys {
		if u, ok := x.uses[keys[i].ID]; ok {
			keys[i].LastUsed, keys[i].Used = u.at, inventory.TriOf(!u.at.IsZero())
		}
	}
}

// creators reads who made applications, principals and secrets, as far back as the
// audit log goes.
func (x *run) creators(ctx context.Context) {
	type who struct {
		ID        string `json:"id"`
		Name      string `json:"displayName"`
		UPN       string `json:"userPrincipalName"`
		Principal string `json:"servicePrincipalId"`
	}
	type event struct {
		At        convert.Stamp `json:"activityDateTime"`
		Activity  string        `json:"activityDisplayName"`
		Result    string        `json:"result"`
		Initiated struct {
			User *who `json:"user"`
			App  *who `json:"app"`
		} `json:"initiatedBy"`
		Targets []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"targetResources"`
	}
	const filter = "category eq 'ApplicationManagement' and (activityDisplayName eq 'Add application' or activityDisplayName eq 'Add service principal'" +
		" or startswith(activityDisplayName,'Update application \u2013 Certificates and secrets management'))"
	path := query("/v1.0/auditLogs/directoryAudits", "$filter="+strings.ReplaceAll(url.QueryEscape(filter), "+", "%20"), top)
	pages(ctx, x, callAudit, path, nil, func(t *object.Tenant, list []event) {
		for _, e := range list {
			if e.Result == "failure" {
				continue
			}
			c := object.Creator{Activity: x.names.Text(strings.TrimSpace(e.Activity)), At: e.At.Time}
			switch {
			case e.Initiated.User != nil:
				c.By, c.ByName = x.names.ID(e.Initiated.User.ID), x.names.Text(e.Initiated.User.UPN)
			case e.Initiated.App != nil:
				c.By, c.ByName = x.names.ID(e.Initiated.App.Principal), x.names.Text(e.Initiated.App.Name)
			}
			for _, target := range e.Targets {
				if c.Object = x.names.ID(target.ID); target.Type == "Application" || target.Type == "ServicePrincipal" {
					t.Creators = append(t.Creators, c)
				}
			}
		}
	})
}

// risky reads what Identity Protection says of service principals.
func (x *run) risky(ctx context.Context) {
	type item struct {
		ID     string        `json:"id"`
		Level  string        `json:"riskLevel"`
		State  string        `json:"riskState"`
		Detail string        `json:"riskDetail"`
		At     convert.Stamp `json:"riskLastUpdatedDateTime"`
	}
	path := query("/v1.0/identityProtection/riskyServicePrincipals", "$select=id,riskLevel,riskState,riskDetail,riskLastUpdatedDateTime")
	pages(ctx, x, callRisk, path, nil, func(t *object.Tenant, list []item) {
		for _, r := range list {
			t.Risky = append(t.Risky, object.Risk{Principal: x.names.ID(r.ID), Level: r.Level, State: r.State, Detail: r.Detail, At: r.At.Time})
		}
	})
}
