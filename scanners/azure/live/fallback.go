package live

import (
	"context"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// unreachable reports whether Resource Graph does not let the reader in, so that
// subscriptions are asked one by one instead.
func (x *run) unreachable(name string, err error) bool {
	err = wire.Plain(name, err)
	if err == nil || !wire.Denied(err) && !wire.Missing(err) || len(x.tenant.Subscriptions) == 0 {
		return false
	}
	x.remarkf("Resource Graph did not answer for %s, so that it was read subscription by subscription: %s", strings.TrimPrefix(name, "arm: "), plainly(err))
	return true
}

// fallback reads something of each subscription, and notes it there.
func (x *run) fallback(ctx context.Context, name string, read func(context.Context, *object.Subscription) (int, error)) {
	for _, s := range x.tenant.Subscriptions {
		if ctx.Err() != nil {
			return
		}
		x.readOne(ctx, s, name, read)
	}
}

// readOne reads something of one subscription, and notes it there.
func (x *run) readOne(ctx context.Context, s *object.Subscription, name string, read func(context.Context, *object.Subscription) (int, error)) {
	x.options.Asked(name)
	count, err := read(ctx, s)
	l := listing(name, "", count, err)
	if off(wire.Plain(name, err)) {
		l = object.Listing{Call: name, Status: inventory.StatusComplete}
		x.keep(func(*object.Tenant) {
			s.Notes = append(s.Notes, "the resource provider of "+strings.TrimPrefix(name, "arm: ")+" is not registered, so that there is none")
		})
	}
	x.keep(func(*object.Tenant) { s.Listings = append(s.Listings, l) })
}

// off reports whether an error says that a subscription never used a service.
func off(err error) bool {
	switch wire.Code(err) {
	case "MissingSubscriptionRegistration", "SubscriptionNotRegistered", "NoRegisteredProviderFound", "MissingRegistrationForLocation":
		return true
	default:
		return false
	}
}

// A pages is what pagers of Microsoft's clients come to.
type pager[R any] interface {
	More() bool
	NextPage(ctx context.Context) (R, error)
}

// values follows a pager and decodes what it brings in our own way: only what is
// kept. Each is called while the tenant may be changed.
func values[T, R any](ctx context.Context, x *run, p pager[R], each func(*object.Tenant, []T)) (int, error) {
	count := 0
	seen := map[string]bool{}
	for p.More() {
		var raw *http.Response
		if _, err := p.NextPage(policy.WithCaptureResponse(ctx, &raw)); err != nil {
			return count, err //nolint:wrapcheck // wire.Plain names the call
		}
		var page struct {
			Value []T    `json:"value"`
			Next  string `json:"nextLink"`
		}
		body, err := runtime.Payload(raw)
		if err != nil {
			return count, err //nolint:wrapcheck // it was read before
		}
		if err := wire.Decode(body, &page); err != nil {
			return count, err //nolint:wrapcheck // says enough
		}
		x.keep(func(t *object.Tenant) { each(t, page.Value) })
		count += len(page.Value)
		if page.Next != "" && seen[page.Next] {
			return count, graph.ErrRepeats
		}
		seen[page.Next] = true
	}
	return count, nil
}

// An armRow is an object of Resource Manager, by its id and properties.
type armRow[T any] struct {
	ID         string `json:"id"`
	Properties T      `json:"properties"`
}

func (x *run) assignmentsOf(ctx context.Context, s *object.Subscription, seen map[string]bool) (int, error) {
	client, err := armauthorization.NewRoleAssignmentsClient(s.ID, x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListForSubscriptionPager(nil), func(t *object.Tenant, list []armRow[convert.RoleAssignment]) {
		for i := range list {
			list[i].Properties.ID = list[i].ID
			x.keepAssignment(t, seen, &list[i].Properties)
		}
	})
}

func (x *run) definitionsOf(ctx context.Context, s *object.Subscription, seen map[string]bool) (int, error) {
	client, err := armauthorization.NewRoleDefinitionsClient(x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListPager("subscriptions/"+s.ID, nil), func(t *object.Tenant, list []armRow[convert.RoleDefinition]) {
		for i := range list {
			list[i].Properties.ID = list[i].ID
			x.keepDefinition(t, seen, &list[i].Properties)
		}
	})
}

func (x *run) identitiesOf(ctx context.Context, s *object.Subscription) (int, error) {
	type row struct {
		resource
		Properties struct {
			Principal string `json:"principalId"`
			Client    string `json:"clientId"`
		} `json:"properties"`
	}
	client, err := armmsi.NewUserAssignedIdentitiesClient(s.ID, x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListBySubscriptionPager(nil), func(_ *object.Tenant, list []row) {
		for _, r := range list {
			s.Identities = append(s.Identities, x.identity(&r.resource, r.Properties.Principal, r.Properties.Client))
		}
	})
}

func (x *run) storesOf(ctx context.Context, s *object.Subscription) (int, error) {
	type row struct {
		resource
		Properties struct {
			Created convert.Stamp `json:"creationTime"`
			Keys    struct {
				Key1 convert.Stamp `json:"key1"`
				Key2 convert.Stamp `json:"key2"`
			} `json:"keyCreationTime"`
			Policy struct {
				Days *int `json:"keyExpirationPeriodInDays"`
			} `json:"keyPolicy"`
			SAS struct {
				Period string `json:"sasExpirationPeriod"`
			} `json:"sasPolicy"`
			Shared  convert.Flag `json:"allowSharedKeyAccess"`
			Users   convert.Flag `json:"isLocalUserEnabled"`
			Blob    convert.Flag `json:"allowBlobPublicAccess"`
			OAuth   convert.Flag `json:"defaultToOAuthAuthentication"`
			Access  convert.Flag `json:"publicNetworkAccess"`
			Network access       `json:"networkAcls"`
		} `json:"properties"`
	}
	client, err := armstorage.NewAccountsClient(s.ID, x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListPager(nil), func(_ *object.Tenant, list []row) {
		for i := range list {
			r, p := &list[i], &list[i].Properties
			r.Created, r.Access, r.Default = p.Created, p.Access, p.Network.Action
			s.Stores = append(s.Stores, x.store(&storeRow{r.resource, p.Keys.Key1, p.Keys.Key2, p.Policy.Days, p.Shared, p.SAS.Period, p.Users, p.Blob, p.OAuth}))
		}
	})
}

// access is the network rules of a resource, as far as they are kept.
type access struct {
	Action convert.Flag `json:"defaultAction"`
}

func (x *run) vaultsOf(ctx context.Context, s *object.Subscription) (int, error) {
	type row struct {
		resource
		Properties struct {
			URI      string        `json:"vaultUri"`
			RBAC     convert.Flag  `json:"enableRbacAuthorization"`
			Policies []vaultPolicy `json:"accessPolicies"`
			Soft     convert.Flag  `json:"enableSoftDelete"`
			Purge    convert.Flag  `json:"enablePurgeProtection"`
			Access   convert.Flag  `json:"publicNetworkAccess"`
			Network  access        `json:"networkAcls"`
		} `json:"properties"`
	}
	client, err := armkeyvault.NewVaultsClient(s.ID, x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListBySubscriptionPager(nil), func(_ *object.Tenant, list []row) {
		for i := range list {
			r, p := &list[i], &list[i].Properties
			r.Access, r.Default = p.Access, p.Network.Action
			s.Vaults = append(s.Vaults, x.vault(&vaultRow{r.resource, p.URI, p.RBAC, p.Policies, p.Soft, p.Purge}))
		}
	})
}
