package live

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// vaultJobs list the objects in each vault. Only attributes are listed: no value is
// ever asked for.
func (x *run) vaultJobs() []job {
	var jobs []job
	for _, s := range x.tenant.Subscriptions {
		for i := range s.Vaults {
			jobs = append(jobs, func(ctx context.Context) { x.objects(ctx, s, &s.Vaults[i]) })
		}
	}
	return jobs
}

// objects lists what is in a vault.
func (x *run) objects(ctx context.Context, s *object.Subscription, v *object.Vault) {
	host, err := x.vaultHost(v.URI)
	for _, one := range []struct {
		name string
		list func(context.Context, *object.Vault, string) (int, error)
	}{{callSecrets, x.secretsOf}, {callKeys, x.keysOf}, {callCertificates, x.certificatesOf}} {
		count := 0
		failed := err
		if failed == nil {
			x.options.Asked(one.name)
			count, failed = one.list(ctx, v, host)
		}
		l := listing(one.name, v.Name, count, failed)
		x.keep(func(*object.Tenant) { s.Listings = append(s.Listings, l) })
	}
}

// vaultHost returns the host of a vault, if it is one of the cloud's: a token goes
// there.
func (x *run) vaultHost(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" || !strings.HasSuffix(strings.ToLower(u.Host), x.place.vault) {
		return "", fmt.Errorf("%q is not the address of a vault of this cloud, and was not asked", uri)
	}
	return strings.ToLower(u.Host), nil
}

// attributes are what vaults tell of all objects. Times are seconds since 1970.
type attributes struct {
	Enabled *bool         `json:"enabled"`
	Created convert.Stamp `json:"created"`
	Updated convert.Stamp `json:"updated"`
	Begins  convert.Stamp `json:"nbf"`
	Ends    convert.Stamp `json:"exp"`
}

type vaultItem struct {
	ID          string       `json:"id"`
	KID         string       `json:"kid"`
	Attributes  attributes   `json:"attributes"`
	ContentType string       `json:"contentType"`
	Managed     *bool        `json:"managed"`
	Thumbprint  string       `json:"x5t"`
	Tags        convert.Tags `json:"tags"`
}

// keepItems keeps the objects of a page.
func (x *run) keepItems(v *object.Vault, kind string) func(*object.Tenant, []vaultItem) {
	return func(_ *object.Tenant, list []vaultItem) {
		for _, i := range list {
			id := strings.TrimSuffix(i.ID+i.KID, "/")
			o := object.VaultObject{
				ID: id, Name: convert.LastOf(id), Kind: kind, Enabled: convert.Tri(i.Attributes.Enabled), CreatedAt: i.Attributes.Created.Time, UpdatedAt: i.Attributes.Updated.Time,
				NotBefore: i.Attributes.Begins.Time, Expiry: i.Attributes.Ends.Time, ContentType: x.names.Text(i.ContentType),
				Managed: inventory.TriOf(i.Managed != nil && *i.Managed), Thumbprint: convert.Thumbprint(i.Thumbprint), Tags: x.names.Tags(i.Tags),
			}
			v.Objects = append(v.Objects, o)
		}
	}
}

func (x *run) secretsOf(ctx context.Context, v *object.Vault, host string) (int, error) {
	client, err := azsecrets.NewClient(v.URI, x.credential, &azsecrets.ClientOptions{ClientOptions: x.carry.Client(vaultRate, host)})
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListSecretPropertiesPager(nil), x.keepItems(v, "secret"))
}

func (x *run) keysOf(ctx context.Context, v *object.Vault, host string) (int, error) {
	client, err := azkeys.NewClient(v.URI, x.credential, &azkeys.ClientOptions{ClientOptions: x.carry.Client(vaultRate, host)})
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListKeyPropertiesPager(nil), x.keepItems(v, "key"))
}

// certificatesOf lists certificates by a thin call: there is no client of
// Microsoft's for them in this program.
func (x *run) certificatesOf(ctx context.Context, v *object.Vault, host string) (int, error) {
	options := x.carry.Client(vaultRate, host)
	auth := runtime.NewBearerTokenPolicy(x.credential, []string{"https://" + strings.TrimPrefix(x.place.vault, ".") + "/.default"}, nil)
	pl := runtime.NewPipeline("certificates", "v1.0.0", runtime.PipelineOptions{PerRetry: []policy.Policy{auth}}, &options)
	address := "https://" + host + "/certificates?api-version=7.5&maxresults=25"
	count := 0
	seen := map[string]bool{}
	for address != "" {
		if seen[address] {
			return count, graph.ErrRepeats
		}
		seen[address] = true
		r, err := runtime.NewRequest(ctx, http.MethodGet, address)
		if err != nil {
			return count, fmt.Errorf("make a request: %w", err)
		}
		body, err := wire.Fetch(pl, r)
		if err != nil {
			return count, err //nolint:wrapcheck // wire.Plain names the call
		}
		var page struct {
			Value []vaultItem `json:"value"`
			Next  string      `json:"nextLink"`
		}
		if err := wire.Decode(body, &page); err != nil {
			return count, err //nolint:wrapcheck // says enough
		}
		x.keep(func(t *object.Tenant) { x.keepItems(v, "certificate")(t, page.Value) })
		count += len(page.Value)
		address = page.Next
	}
	return count, nil
}
