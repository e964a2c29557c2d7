package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// subscriptions lists the subscriptions of the tenant that can be seen.
func (x *run) subscriptions(ctx context.Context) {
	x.options.Asked(callSubscriptions)
	count, err := x.listSubscriptions(ctx)
	x.note(callSubscriptions, count, err)
	if err == nil && count == 0 {
		x.remarkf("no subscription can be seen: the reader has no role in any, or all are left out")
	}
}

func (x *run) listSubscriptions(ctx context.Context) (int, error) {
	client, err := armsubscriptions.NewClient(x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	strangers, left := 0, 0
	var names []string // of all that can be seen
	for pager := client.NewListPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return len(x.tenant.Subscriptions), err //nolint:wrapcheck // wire.Plain names the call
		}
		for _, s := range page.Value {
			if s == nil || s.SubscriptionID == nil {
				continue
			}
			id, name := strings.ToLower(*s.SubscriptionID), text(s.DisplayName)
			if s.TenantID != nil && !strings.EqualFold(*s.TenantID, x.tenant.ID) {
				strangers++
				continue
			}
			names = append(names, id+"\n"+name)
			if !x.options.chosen(id, name) {
				left++
				continue
			}
			found := &object.Subscription{ID: id, Name: name, Tags: x.names.Tags(plainTags(s.Tags))}
			if s.State != nil {
				found.State = string(*s.State)
			}
			x.keep(func(t *object.Tenant) {
				if x.subs[id] == nil {
					t.Subscriptions = append(t.Subscriptions, found)
					x.subs[id] = found
				}
			})
		}
	}
	if strangers > 0 {
		x.remarkf("%d subscriptions are of other tenants that let this one in, and were not read", strangers)
	}
	x.unseen(names)
	x.keep(func(t *object.Tenant) { t.LeftOut = left })
	if left > 0 {
		x.remarkf("%d subscriptions are left out by choice: what roles give in them is not known", left)
	}
	return len(x.tenant.Subscriptions), nil
}

// unseen notes what was to be read and is none of the subscriptions that can be seen,
// which are given as id and name on two lines: nothing else would tell of it.
func (x *run) unseen(seen []string) {
	for _, pattern := range x.options.Subscriptions {
		if slices.ContainsFunc(seen, func(s string) bool {
			id, name, _ := strings.Cut(s, "\n")
			return matches(id, []string{pattern}) || matches(name, []string{pattern})
		}) {
			continue
		}
		x.keep(func(t *object.Tenant) {
			t.Listings = append(t.Listings, object.Listing{
				Call: callSubscriptions, Where: pattern, Status: inventory.StatusDenied,
				Reason: fmt.Sprintf("none of the %d subscriptions that can be seen is chosen by %s: there is no such subscription, or the reader has no role in it", len(seen), pattern),
			})
		})
	}
}

// text returns what a pointer points to.
func text[T ~string](s *T) string {
	if s == nil {
		return ""
	}
	return string(*s)
}

func plainTags(m map[string]*string) convert.Tags {
	var out convert.Tags
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, object.Tag{Key: k, Value: text(m[k])})
	}
	return out
}

const containerQuery = `resourcecontainers
| where type in~ ('microsoft.resources/subscriptions', 'microsoft.management/managementgroups')
| project id, name, type = tolower(type), subscriptionId, tags, display = tostring(properties.displayName),
  chain = properties.managementGroupAncestorsChain, above = properties.details.managementGroupAncestorsChain
| order by id asc`

// containers lists management groups, and in which of them subscriptions are.
func (x *run) containers(ctx context.Context) {
	type link struct {
		Name string `json:"name"`
	}
	type row struct {
		resource
		Display string `json:"display"`
		Chain   []link `json:"chain"`
		Above   []link `json:"above"`
	}
	readRows(ctx, x, callContainers, containerQuery, func(t *object.Tenant, list []row) {
		for _, r := range list {
			if r.Type == "microsoft.management/managementgroups" {
				g := object.ManagementGroup{ID: x.names.Text(r.Name), Name: r.Display}
				if len(r.Above) > 0 {
					g.Parent = x.names.Text(r.Above[0].Name)
				}
				t.Folders = append(t.Folders, g)
				continue
			}
			s := x.of(r.Subscription)
			if s == nil {
				continue
			}
			s.Parents = nil
			for _, l := range r.Chain {
				s.Parents = append(s.Parents, x.names.Text(l.Name))
			}
			if len(s.Tags) == 0 {
				s.Tags = x.names.Tags(r.Tags)
			}
		}
	})
}

// newQueries makes the client of Resource Graph.
func (r *Reader) newQueries() (*armresourcegraph.Client, error) {
	return armresourcegraph.NewClient(r.credential, r.manage(queryRate)) //nolint:wrapcheck // Open does
}
