package live

import (
	"context"
	"encoding/json"

	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// pools lists workload identity pools, their providers, and the managed identities
// of those that are trust domains.
func (s *site) pools(ctx context.Context) {
	const id, providers = "iam.projects.locations.workloadIdentityPools.list", "iam.projects.locations.workloadIdentityPools.providers.list"
	s.list(ctx, id, wire.Values{"parent": "projects/" + s.p.ID + "/locations/global", "showDeleted": "true"}, func(raw json.RawMessage) error {
		return s.keepPool(assetOf(raw))
	})
	details(ctx, s, providers, true, s.p.Pools, func(ctx context.Context, p *object.Pool) error {
		_, err := s.run.list(ctx, providers, wire.Values{"parent": p.Name, "showDeleted": "true"}, func(raw json.RawMessage) error {
			provider, _, err := convert.Provider(raw)
			p.Providers = append(p.Providers, provider)
			return err
		})
		p.ProvidersKnown = err == nil
		return err
	})
	s.managed(ctx)
}

// managed lists the managed workload identities of pools that are trust domains.
func (s *site) managed(ctx context.Context) {
	const spaces, identities = "iam.projects.locations.workloadIdentityPools.namespaces.list", "iam.projects.locations.workloadIdentityPools.namespaces.managedIdentities.list"
	var domains []*object.Pool
	for i := range s.p.Pools {
		if s.p.Pools[i].Mode == "TRUST_DOMAIN" {
			domains = append(domains, &s.p.Pools[i])
		}
	}
	type space struct {
		pool *object.Pool
		name string
		got  []object.ManagedIdentity
	}
	all := make([][]space, len(domains))
	at := map[*object.Pool]int{}
	for i, p := range domains {
		at[p] = i
	}
	details(ctx, s, spaces, true, domains, func(ctx context.Context, p **object.Pool) error {
		_, err := s.run.list(ctx, spaces, wire.Values{"parent": (*p).Name}, func(raw json.RawMessage) error {
			var n struct{ Name string }
			if json.Unmarshal(raw, &n) != nil || n.Name == "" {
				return wire.ErrMalformed
			}
			all[at[*p]] = append(all[at[*p]], space{pool: *p, name: n.Name})
			return nil
		})
		return err
	})
	var flat []space
	for _, some := range all {
		flat = append(flat, some...)
	}
	details(ctx, s, identities, true, flat, func(ctx context.Context, n *space) error {
		_, err := s.run.list(ctx, identities, wire.Values{"parent": n.name}, func(raw json.RawMessage) error {
			m, _, err := convert.ManagedIdentity(raw)
			n.got = append(n.got, m)
			return err
		})
		return err
	})
	for _, n := range flat {
		n.pool.Managed = append(n.pool.Managed, n.got...)
	}
	s.attested(ctx, domains)
}

// attested asks which resources may be a managed identity.
func (s *site) attested(ctx context.Context, pools []*object.Pool) {
	const id = "iam.projects.locations.workloadIdentityPools.namespaces.managedIdentities.listAttestationRules"
	var all []*object.ManagedIdentity
	for _, p := range pools {
		for i := range p.Managed {
			all = append(all, &p.Managed[i])
		}
	}
	details(ctx, s, id, false, all, func(ctx context.Context, at **object.ManagedIdentity) error {
		m := *at
		_, err := s.run.list(ctx, id, wire.Values{"resource": m.Name}, func(raw json.RawMessage) error {
			var rule struct{ GoogleCloudResource string }
			if json.Unmarshal(raw, &rule) != nil {
				return wire.ErrMalformed
			}
			m.Rules = append(m.Rules, rule.GoogleCloudResource)
			return nil
		})
		return err
	})
}

// workforce lists the workforce pools of an organisation and their providers.
func (x *run) workforce(ctx context.Context, organization string) {
	const id, providers = "iam.locations.workforcePools.list", "iam.locations.workforcePools.providers.list"
	var pools []object.Pool
	count, err := x.list(ctx, id, wire.Values{"location": "locations/global", "parent": organization, "showDeleted": "true"}, func(raw json.RawMessage) error {
		p, _, err := convert.Pool(raw)
		pools = append(pools, p)
		return err
	})
	x.above(x.listing(x.name(id), organization, count, err))
	n := 0
	var failed error
	for i := range pools {
		p := &pools[i]
		_, err := x.list(ctx, providers, wire.Values{"parent": p.Name, "showDeleted": "true"}, func(raw json.RawMessage) error {
			provider, _, err := convert.Provider(raw)
			p.Providers = append(p.Providers, provider)
			return err
		})
		if p.ProvidersKnown = err == nil; err != nil {
			failed = err
			continue
		}
		n += len(p.Providers)
	}
	if len(pools) > 0 {
		x.above(x.listing(x.name(providers), organization, n, failed))
	}
	x.estate.Workforce = append(x.estate.Workforce, pools...)
}
