package live

import (
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// MaxIdentities is how many user-assigned identities are asked for their federated
// credentials one by one. Where there are more, Microsoft Graph lists them, and as
// many of those of which it tells none are asked for after all.
const MaxIdentities = 200

// identityTrusts reads the federated credentials of user-assigned identities.
func (x *run) identityTrusts(ctx context.Context) {
	all := x.assigned(func(*object.ManagedIdentity) bool { return true })
	if len(all) > MaxIdentities && !x.options.NoDirectory && x.managedTrusts(ctx) {
		x.remarkf("federated credentials of %d user-assigned identities were listed by Microsoft Graph, not one by one", len(all))
		x.checkTrusts(ctx)
		return
	}
	x.trustsWhere(ctx, func(*object.ManagedIdentity) bool { return true })
}

// assigned returns the user-assigned identities that fit.
func (x *run) assigned(fits func(*object.ManagedIdentity) bool) []*object.ManagedIdentity {
	var out []*object.ManagedIdentity
	for _, s := range x.tenant.Subscriptions {
		for i := range s.Identities {
			if m := &s.Identities[i]; !m.System && fits(m) {
				out = append(out, m)
			}
		}
	}
	return out
}

// checkTrusts asks Azure for some of the identities of which Graph tells no federated
// credentials, and for all of them if it left out one. Where Azure does not say, what
// they have is not known.
func (x *run) checkTrusts(ctx context.Context) {
	silent := func(m *object.ManagedIdentity) bool { return !m.FederatedKnown }
	rest := x.assigned(silent)
	if len(rest) == 0 {
		return
	}
	some := map[*object.ManagedIdentity]bool{}
	for i := 0; i < len(rest); i += (len(rest) + MaxIdentities - 1) / MaxIdentities {
		some[rest[i]] = true
	}
	x.trustsWhere(ctx, func(m *object.ManagedIdentity) bool { return some[m] })
	seen, more := 0, false
	for m := range some {
		if m.FederatedKnown {
			seen++
			more = more || len(m.Federated) > 0
		}
	}
	switch {
	case more:
		x.remarkf("Microsoft Graph left out federated credentials of managed identities: Azure was asked for each of %d", len(rest))
		x.trustsWhere(ctx, silent)
	case seen == len(some):
		x.remarkf("of %d user-assigned identities Microsoft Graph tells no federated credential; Azure says the same of the %d of them that were asked for", len(rest), seen)
		x.keep(func(*object.Tenant) {
			for _, m := range rest {
				m.FederatedKnown = true
			}
		})
	}
}

// trustsWhere asks user-assigned identities for their federated credentials.
func (x *run) trustsWhere(ctx context.Context, fits func(*object.ManagedIdentity) bool) {
	for _, s := range x.tenant.Subscriptions {
		if ctx.Err() != nil {
			return
		}
		x.trustsOf(ctx, s, fits)
	}
}

// managedTrusts lists the federated credentials of managed identities by Graph.
func (x *run) managedTrusts(ctx context.Context) bool {
	type item struct {
		ID   string              `json:"id"`
		List []convert.Federated `json:"federatedIdentityCredentials"`
	}
	found := map[string][]object.Federated{}
	path := query("/v1.0/servicePrincipals", top, "$filter=servicePrincipalType eq 'ManagedIdentity'", "$select=id", "$expand=federatedIdentityCredentials")
	if !pages(ctx, x, callManaged, path, nil, func(_ *object.Tenant, list []item) {
		for _, p := range list {
			found[x.names.ID(p.ID)] = x.federated(p.List)
		}
	}) {
		return false
	}
	x.keep(func(*object.Tenant) {
		for _, s := range x.tenant.Subscriptions {
			for i := range s.Identities {
				if list := found[s.Identities[i].Principal]; len(list) > 0 {
					s.Identities[i].Federated, s.Identities[i].FederatedKnown = list, true
				}
			}
		}
	})
	return true
}

// trustsOf asks each user-assigned identity of a subscription for its federated
// credentials.
func (x *run) trustsOf(ctx context.Context, s *object.Subscription, fits func(*object.ManagedIdentity) bool) {
	type row struct {
		ID         string            `json:"id"`
		Name       string            `json:"name"`
		Properties convert.Federated `json:"properties"`
	}
	client, err := armmsi.NewFederatedIdentityCredentialsClient(s.ID, x.credential, x.manager)
	if err != nil {
		return
	}
	good, bad := 0, 0
	var first error
	for i := range s.Identities {
		m := &s.Identities[i]
		id, err := arm.ParseResourceID(m.ID)
		if m.System || err != nil || !fits(m) {
			continue
		}
		if good+bad == 0 {
			x.options.Asked(callIdentityTrusts)
		}
		if good == 0 && bad >= maxDenials {
			bad++
			continue
		}
		var list []object.Federated
		_, err = values(ctx, x, client.NewListPager(id.ResourceGroupName, id.Name, nil), func(_ *object.Tenant, rows []row) {
			for _, r := range rows {
				r.Properties.ID, r.Properties.Name = "", r.Name
				f := r.Properties.Object(x.names)
				f.ARM = r.ID
				list = append(list, f)
			}
		})
		if err = wire.Plain(callIdentityTrusts, err); err == nil || wire.Missing(err) {
			good++
			x.keep(func(*object.Tenant) { m.Federated, m.FederatedKnown = list, true })
			continue
		}
		bad++
		first = cloud.Telling(first, err, wire.Stands)
	}
	if good+bad == 0 {
		return
	}
	if good > 0 && bad > 0 {
		first = fmt.Errorf("%d of %d could not be read: %w", bad, good+bad, first)
	}
	l := listing(callIdentityTrusts, "", good, first)
	x.keep(func(*object.Tenant) { s.Listings = append(s.Listings, l) })
}
