package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// An assetKind is a type of Asset Inventory, the call that tells the same of one
// project, and how to keep it.
type assetKind struct {
	asset string
	call  string // of listings; empty is that of the inventory
	keep  func(s *site, a asset) error
}

// An asset is a resource of Asset Inventory.
type asset struct {
	Name, AssetType string
	Ancestors       []string
	Resource        struct {
		Data     json.RawMessage
		Location string
	}
}

// assetKinds are the types that are listed. Those that an inventory does not know
// are left out and asked for project by project.
func assetKinds() []assetKind {
	out := []assetKind{
		{"iam.googleapis.com/ServiceAccount", "iam.serviceAccounts.list", (*site).keepAccount},
		{"iam.googleapis.com/ServiceAccountKey", "iam.serviceAccountKeys.list", (*site).keepKey},
		{"iam.googleapis.com/Role", "iam.roles.list", (*site).keepRole},
		{"apikeys.googleapis.com/Key", "apikeys.keys.list", (*site).keepAPIKey},
		{"secretmanager.googleapis.com/Secret", "secretmanager.secrets.list", (*site).keepSecret},
		{"secretmanager.googleapis.com/SecretVersion", "secretmanager.versions.list", (*site).keepVersion},
		{"cloudkms.googleapis.com/CryptoKey", "cloudkms.cryptoKeys.list", (*site).keepCryptoKey},
		{"iam.googleapis.com/WorkloadIdentityPool", "iam.workloadIdentityPools.list", (*site).keepPool},
		{"iam.googleapis.com/WorkloadIdentityPoolProvider", "iam.workloadIdentityPoolProviders.list", (*site).keepProvider},
		{"serviceusage.googleapis.com/Service", "serviceusage.services.list", (*site).keepService},
	}
	for _, t := range convert.ConsumerTypes() {
		out = append(out, assetKind{t, "", (*site).keepConsumer})
	}
	return out
}

// maxScopes is how many projects are asked about one by one where more are read of
// an organisation or folder: below it, the whole is listed.
const maxScopes = 20

// scopes are what Asset Inventory is asked about: the roots, or projects where few
// of them are read.
func (x *run) scopes() []string {
	if len(x.roots) > 0 && (len(x.options.Projects) == 0 || len(x.sites) > maxScopes) {
		return x.roots
	}
	var out []string
	for _, s := range x.sites {
		out = append(out, "projects/"+s.p.ID)
	}
	return out
}

// side asks about several scopes side by side.
func (x *run) side(ctx context.Context, scopes []string, each func(context.Context, string)) {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(x.options.Parallel)
	for _, scope := range scopes {
		group.Go(func() error {
			each(inner, scope)
			return inner.Err()
		})
	}
	_ = group.Wait() // the error is that of ctx, which Read returns
}

// inventories lists what there is, by Asset Inventory.
func (x *run) inventories(ctx context.Context) {
	scopes := x.scopes()
	if refusals, why := x.sweep(ctx, "cloudasset.assets.list", scopes, x.inventory); refusals > 0 && ctx.Err() == nil {
		x.remarkf("Asset Inventory could not be listed for %d of %d places (%s): their projects are asked one API at a time, and what runs as an account is not seen there", refusals, len(scopes), why)
	}
	x.born(ctx, scopes)
	for _, s := range x.sites {
		s.join()
	}
}

// sweep asks Asset Inventory about several scopes side by side, and about no more once
// some were refused. Each returns why that did not even begin; empty if it did. Sweep
// notes that, and returns how often it was so and one of the reasons.
func (x *run) sweep(ctx context.Context, id string, scopes []string, each func(context.Context, string) string) (refusals int, why string) {
	var mu sync.Mutex
	x.side(ctx, scopes, func(ctx context.Context, scope string) {
		mu.Lock()
		reason, hopeless := why, refusals >= maxDenials
		mu.Unlock()
		if !hopeless {
			reason = each(ctx, scope)
		}
		if reason == "" {
			return
		}
		mu.Lock()
		refusals++
		why = reason
		mu.Unlock()
		x.file(scope, object.Listing{Call: x.name(id), Where: scope, Status: inventory.StatusDenied, Reason: reason})
	})
	return refusals, why
}

// file adds a listing to the project that was asked about, or to those of what is
// above projects.
func (x *run) file(scope string, l object.Listing) {
	if s := x.site(scope); s != nil {
		s.note(l)
		return
	}
	x.above(l)
}

// inventory lists the assets of a scope. It returns why that did not even begin;
// empty if it did.
func (x *run) inventory(ctx context.Context, scope string) string {
	const id = "cloudasset.assets.list"
	kinds := assetKinds()
	counts := map[*site]map[string]int{}
	by := map[string]assetKind{}
	for _, k := range kinds {
		by[k.asset] = k
	}
	each := func(raw json.RawMessage) error {
		var a asset
		if json.Unmarshal(raw, &a) != nil {
			return wire.ErrMalformed
		}
		return x.keep(by, a, counts)
	}
	var count int
	var err error
	for len(kinds) > 0 {
		count, err = x.list(ctx, id, wire.Values{"parent": scope, "contentType": "RESOURCE", "assetTypes": typesOf(kinds)}, each)
		less := known(kinds, err)
		if count > 0 || !wire.Invalid(err) || len(less) == len(kinds) {
			break
		}
		kinds = less
	}
	l := x.listing(x.name(id), scope, count, err)
	if count == 0 && err != nil {
		return l.Reason
	}
	if lost := missing(kinds); lost != "" {
		x.remarkf("Asset Inventory does not list these types on %s: %s", scope, lost)
	}
	x.file(scope, l)
	if err == nil && slices.ContainsFunc(kinds, func(k assetKind) bool { return k.call == "iam.roles.list" }) {
		x.mu.Lock()
		x.roleTold[scope] = true
		x.mu.Unlock()
	}
	for _, s := range x.sites {
		if scope == "projects/"+s.p.ID || !strings.HasPrefix(scope, "projects/") {
			s.toldBy(kinds, counts[s], err)
		}
	}
	return ""
}

func typesOf(kinds []assetKind) string {
	var out []string
	for _, k := range kinds {
		out = append(out, k.asset)
	}
	return strings.Join(out, "\n")
}

// missing names the types that were left out.
func missing(kinds []assetKind) string {
	var out []string
	for _, k := range assetKinds() {
		if !slices.ContainsFunc(kinds, func(have assetKind) bool { return have.asset == k.asset }) {
			out = append(out, k.asset)
		}
	}
	return strings.Join(out, ", ")
}

// known leaves out the types that an error calls unknown. If it names none, those
// that the inventory has had for long are left.
func known(kinds []assetKind, err error) []assetKind {
	text := wire.Message(err)
	less := slices.DeleteFunc(slices.Clone(kinds), func(k assetKind) bool { return strings.Contains(text, k.asset) })
	if len(less) < len(kinds) {
		return less
	}
	return slices.DeleteFunc(less, func(k assetKind) bool {
		switch k.asset {
		case "iam.googleapis.com/ServiceAccount", "iam.googleapis.com/ServiceAccountKey", "iam.googleapis.com/Role",
			"secretmanager.googleapis.com/Secret", "secretmanager.googleapis.com/SecretVersion", "cloudkms.googleapis.com/CryptoKey",
			"serviceusage.googleapis.com/Service", "compute.googleapis.com/Instance", "container.googleapis.com/Cluster", "run.googleapis.com/Service":
			return false
		}
		return true
	})
}

// keep files an asset with its project.
func (x *run) keep(by map[string]assetKind, a asset, counts map[*site]map[string]int) error {
	k, ok := by[a.AssetType]
	if !ok || len(a.Ancestors) == 0 {
		return nil
	}
	if a.AssetType == "iam.googleapis.com/Role" && !strings.HasPrefix(a.Ancestors[0], "projects/") {
		role, err := convert.Role(a.Resource.Data, true)
		x.mu.Lock()
		defer x.mu.Unlock()
		x.estate.Roles = append(x.estate.Roles, x.texts.role(role))
		return err
	}
	s := x.site(a.Ancestors[0])
	if s == nil {
		return nil // of a project that is left out
	}
	if counts[s] == nil {
		counts[s] = map[string]int{}
	}
	counts[s][a.AssetType]++
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := k.keep(s, a); err != nil {
		return fmt.Errorf("%s: %w", a.AssetType, err)
	}
	return nil
}

// toldBy notes what the inventory told of a project, call by call, as if each had
// been made.
func (s *site) toldBy(kinds []assetKind, counts map[string]int, err error) {
	for _, k := range kinds {
		if k.call == "" {
			continue
		}
		s.told[k.call] = true
		l := s.listing(k.call, counts[k.asset], err)
		if err != nil {
			l.Status, l.Reason = inventory.StatusPartial, "Asset Inventory broke off: "+l.Reason
		}
		s.note(l)
		if k.asset == "serviceusage.googleapis.com/Service" {
			s.p.ServicesKnown = err == nil && counts[k.asset] > 0
		}
	}
}

// born asks when accounts were made, which only the search tells, of those of which
// it tells it.
func (x *run) born(ctx context.Context, scopes []string) {
	const id = "cloudasset.searchAllResources"
	refusals := 0
	for _, scope := range scopes {
		if ctx.Err() != nil || refusals >= maxDenials {
			return
		}
		count, err := x.list(ctx, id, wire.Values{
			"scope": scope, "assetTypes": "iam.googleapis.com/ServiceAccount", "query": "createTime>0",
			"readMask": "name,assetType,project,createTime",
		}, func(raw json.RawMessage) error {
			var f found
			if json.Unmarshal(raw, &f) != nil {
				return wire.ErrMalformed
			}
			if s := x.site(f.Project); s != nil {
				s.birth[convert.Last(f.Name)] = f.CreateTime
			}
			return nil
		})
		if err == nil || ctx.Err() != nil {
			continue
		}
		refusals++
		x.file(scope, x.listing(x.name(id), scope, count, err))
	}
}
