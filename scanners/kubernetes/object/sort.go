package object

import (
	"cmp"
	"slices"
)

// Sort puts every list in an order that does not depend on how it was read.
func (c *Cluster) Sort() {
	order(c.Namespaces, func(o *Namespace) *Meta { return &o.Meta })
	order(c.ServiceAccounts, func(o *ServiceAccount) *Meta { return &o.Meta })
	order(c.Roles, func(o *Role) *Meta { return &o.Meta })
	order(c.Bindings, func(o *Binding) *Meta { return &o.Meta })
	order(c.Secrets, func(o *Secret) *Meta { return &o.Meta })
	order(c.ConfigMaps, func(o *ConfigMap) *Meta { return &o.Meta })
	order(c.Workloads, func(o *Workload) *Meta { return &o.Meta })
	order(c.Requests, func(o *SigningRequest) *Meta { return &o.Meta })
	order(c.Certificates, func(o *Certificate) *Meta { return &o.Meta })
	order(c.Issuers, func(o *Issuer) *Meta { return &o.Meta })
	order(c.ExternalSecrets, func(o *ExternalSecret) *Meta { return &o.Meta })
	order(c.SecretStores, func(o *SecretStore) *Meta { return &o.Meta })
	order(c.SealedSecrets, func(o *SealedSecret) *Meta { return &o.Meta })
	order(c.SecretClasses, func(o *SecretClass) *Meta { return &o.Meta })
	slices.SortStableFunc(c.Listings, func(a, b Listing) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace))
	})
}

// order sorts by metadata. Objects are long and lists come nearly sorted, so it is
// places that are sorted, and only if they must be.
func order[T any](list []T, meta func(*T) *Meta) {
	sorted := true
	for i := 1; i < len(list) && sorted; i++ {
		sorted = meta(&list[i-1]).Compare(meta(&list[i])) <= 0
	}
	if sorted {
		return
	}
	places := make([]int, len(list))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return meta(&list[a]).Compare(meta(&list[b])) })
	for i := range list { // circle by circle, for a copy of all would be long
		if places[i] == i {
			continue
		}
		first := list[i]
		for to := i; ; {
			from := places[to]
			places[to] = to
			if from == i {
				list[to] = first
				break
			}
			list[to], to = list[from], from
		}
	}
}
