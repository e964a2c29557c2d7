package live

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// detailJobs read what has no listing of the whole tenant: a few requests for each
// subscription.
func (x *run) detailJobs() []job {
	eligible, denies := map[string]bool{}, map[string]bool{}
	jobs := []job{x.identityTrusts}
	for _, s := range x.tenant.Subscriptions {
		jobs = append(jobs, func(ctx context.Context) {
			x.readOne(ctx, s, callDenies, func(ctx context.Context, s *object.Subscription) (int, error) { return x.deniesOf(ctx, s, denies) })
			x.readOne(ctx, s, callEligibleARM, func(ctx context.Context, s *object.Subscription) (int, error) { return x.eligibleOf(ctx, s, eligible) })
			x.readOne(ctx, s, callContacts, x.contactsOf)
		})
	}
	return jobs
}

// maxDenials is how many of a kind may be denied in a row before the rest is not
// asked for.
const maxDenials = 3

// deniesOf reads deny assignments of a subscription, of what is above and in it.
func (x *run) deniesOf(ctx context.Context, s *object.Subscription, seen map[string]bool) (int, error) {
	client, err := armauthorization.NewDenyAssignmentsClient(s.ID, x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListPager(nil), func(t *object.Tenant, list []armRow[convert.DenyAssignment]) {
		for i := range list {
			if key := object.Fold(list[i].ID); !seen[key] {
				seen[key] = true
				t.Denies = append(t.Denies, list[i].Properties.Object(x.names, list[i].ID))
			}
		}
	})
}

// eligibleOf reads who may take roles in a subscription, above and below it (PIM).
// What a principal has by a group is listed as that of the group.
func (x *run) eligibleOf(ctx context.Context, s *object.Subscription, seen map[string]bool) (int, error) {
	client, err := armauthorization.NewRoleEligibilityScheduleInstancesClient(x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListForScopePager("subscriptions/"+s.ID, nil), func(t *object.Tenant, list []armRow[convert.RoleEligibility]) {
		for i := range list {
			e := &list[i].Properties
			e.ID = list[i].ID
			if key := object.Fold(e.ID); !seen[key] && (!e.ByGroup() || x.options.NoGroups) {
				seen[key] = true
				t.Assignments = append(t.Assignments, e.Object(x.names))
			}
		}
	})
}

// contactsOf reads who is told of security alerts of a subscription.
func (x *run) contactsOf(ctx context.Context, s *object.Subscription) (int, error) {
	client, err := arm.NewClient("contacts", "v1.0.0", x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	path := runtime.JoinPaths(client.Endpoint(), "subscriptions", s.ID, "providers/Microsoft.Security/securityContacts")
	r, err := runtime.NewRequest(ctx, http.MethodGet, path+"?api-version=2020-01-01-preview")
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	body, err := wire.Fetch(client.Pipeline(), r)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	var page struct {
		Value []armRow[convert.Contact] `json:"value"`
	}
	if err := wire.Decode(body, &page); err != nil {
		return 0, err //nolint:wrapcheck // says enough
	}
	x.keep(func(*object.Tenant) {
		for _, c := range page.Value {
			s.Contacts = append(s.Contacts, c.Properties.Addresses()...)
		}
	})
	return len(page.Value), nil
}
