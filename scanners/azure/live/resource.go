package live

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// Bounds of Resource Graph (docs of Resource Graph, query guidance).
const (
	maxRows          = 1000 // of a page
	maxSubscriptions = 1000 // that one query may name
)

// manage returns the options of a client of Resource Manager. Microsoft's clients
// would register a resource provider that a subscription lacks, which changes the
// subscription: that is switched off.
func (r *Reader) manage(rate float64) *arm.ClientOptions {
	o := r.carry.Client(rate, hostOf(r.cloud.Services[managementService].Endpoint))
	o.Cloud = r.cloud
	return &arm.ClientOptions{ClientOptions: o, DisableRPRegistration: true}
}

// hostOf returns the host of an address, as it is compared.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "none"
	}
	return strings.ToLower(u.Host)
}

// rows asks Resource Graph for page after page of a query. Each is called while the
// tenant may be changed.
func rows[T any](ctx context.Context, x *run, query string, each func(*object.Tenant, []T)) (int, error) {
	count := 0
	for _, some := range x.chunks() {
		n, err := ask(ctx, x, query, some, each)
		count += n
		if err != nil {
			return count, err
		}
	}
	return count, nil
}

// chunks returns the subscriptions to name in queries: none at all if all that can
// be seen are read, which makes one query of the tenant.
func (x *run) chunks() [][]*string {
	if len(x.options.Subscriptions) == 0 && len(x.options.ExcludeSubscriptions) == 0 {
		return [][]*string{nil}
	}
	var ids []*string
	for _, s := range x.tenant.Subscriptions {
		ids = append(ids, new(s.ID))
	}
	return slices.Collect(slices.Chunk(ids, maxSubscriptions))
}

func ask[T any](ctx context.Context, x *run, query string, subscriptions []*string, each func(*object.Tenant, []T)) (int, error) {
	in := armresourcegraph.QueryRequest{Query: new(query), Subscriptions: subscriptions, Options: &armresourcegraph.QueryRequestOptions{
		Top: to.Ptr[int32](maxRows), ResultFormat: to.Ptr(armresourcegraph.ResultFormatObjectArray),
	}}
	if strings.HasPrefix(query, "authorizationresources") {
		in.Options.AuthorizationScopeFilter = to.Ptr(armresourcegraph.AuthorizationScopeFilterAtScopeAboveAndBelow)
	}
	count := 0
	seen := map[string]bool{}
	for {
		var raw *http.Response
		res, err := x.queries.Resources(policy.WithCaptureResponse(ctx, &raw), in, nil)
		if err != nil {
			return count, err //nolint:wrapcheck // wire.Plain names the call
		}
		var page struct {
			Data []T `json:"data"`
		}
		body, err := runtime.Payload(raw)
		if err != nil {
			return count, err //nolint:wrapcheck // it was read before
		}
		if err := wire.Decode(body, &page); err != nil {
			return count, err //nolint:wrapcheck // says enough
		}
		x.keep(func(t *object.Tenant) { each(t, page.Data) })
		count += len(page.Data)
		token := ""
		if res.SkipToken != nil {
			token = *res.SkipToken
		}
		switch {
		case token == "" && res.ResultTruncated != nil && *res.ResultTruncated == armresourcegraph.ResultTruncatedTrue:
			return count, fmt.Errorf("resource Graph cut the answer off after %d rows and gives no way to ask for more", count)
		case token == "":
			return count, nil
		case seen[token]:
			return count, graph.ErrRepeats
		}
		seen[token] = true
		in.Options.SkipToken = new(token)
	}
}

// table reads one table with a query and notes how that went.
func readRows[T any](ctx context.Context, x *run, name, query string, each func(*object.Tenant, []T)) {
	x.options.Asked(name)
	count, err := rows(ctx, x, query, each)
	x.note(name, count, err)
}

// A resource is what all resources have.
type resource struct {
	ID           string        `json:"id"`
	Name         string        `json:"name"`
	Type         string        `json:"type"`
	Kind         string        `json:"kind"`
	Location     string        `json:"location"`
	Subscription string        `json:"subscriptionId"`
	Tags         convert.Tags  `json:"tags"`
	Created      convert.Stamp `json:"created"`
	Access       convert.Flag  `json:"access"` // publicNetworkAccess
	Default      convert.Flag  `json:"action"` // networkAcls.defaultAction
}

// public reports whether any network reaches a resource, by the two places where
// that stands.
func (r *resource) public() inventory.Tri {
	if r.Access.Tri == inventory.False || r.Default.Tri == inventory.False {
		return inventory.False
	}
	if r.Access.Tri == inventory.True || r.Default.Tri == inventory.True {
		return inventory.True
	}
	return inventory.Unknown
}

// of returns the subscription of a resource; nil if it is not among those read.
func (x *run) of(id string) *object.Subscription { return x.subs[strings.ToLower(id)] }

// resourceJobs are the queries of Resource Graph.
func (x *run) resourceJobs() []job {
	if len(x.tenant.Subscriptions) == 0 && (len(x.options.Subscriptions) > 0 || len(x.options.ExcludeSubscriptions) > 0) {
		return nil
	}
	return []job{x.containers, x.assignments, x.definitions, x.classic, x.identities, x.consumers, x.stores, x.vaults, x.switches, x.clusters}
}
