package live

import (
	"context"
	"net/http"
	"strings"

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
	type who struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	type row struct {
		ID         string `json:"id"`
		Properties struct {
			Name        string          `json:"denyAssignmentName"`
			Scope       string          `json:"scope"`
			NotChildren bool            `json:"doNotApplyToChildScopes"`
			System      bool            `json:"isSystemProtected"`
			Principals  []who           `json:"principals"`
			Exclude     []who           `json:"excludePrincipals"`
			Permissions []permissionRow `json:"permissions"`
			Condition   string          `json:"condition"`
		} `json:"properties"`
	}
	client, err := armauthorization.NewDenyAssignmentsClient(s.ID, x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListPager(nil), func(t *object.Tenant, list []row) {
		for _, r := range list {
			if seen[object.Fold(r.ID)] {
				continue
			}
			seen[object.Fold(r.ID)] = true
			p := r.Properties
			d := object.DenyAssignment{ID: r.ID, Name: p.Name, Scope: p.Scope, NotChildren: p.NotChildren, System: p.System, Condition: p.Condition}
			for _, w := range p.Principals {
				d.Principals = append(d.Principals, x.names.ID(w.ID))
			}
			for _, w := range p.Exclude {
				d.Exclude = append(d.Exclude, x.names.ID(w.ID))
			}
			for _, one := range p.Permissions {
				d.Permissions = append(d.Permissions, x.permission(one))
			}
			t.Denies = append(t.Denies, d)
		}
	})
}

// eligibleOf reads who may take roles in a subscription, above and below it (PIM).
// What a principal has by a group is listed as that of the group.
func (x *run) eligibleOf(ctx context.Context, s *object.Subscription, seen map[string]bool) (int, error) {
	type row struct {
		ID         string `json:"id"`
		Properties struct {
			Role      string        `json:"roleDefinitionId"`
			Principal string        `json:"principalId"`
			Kind      string        `json:"principalType"`
			Scope     string        `json:"scope"`
			Condition string        `json:"condition"`
			Member    string        `json:"memberType"`
			Created   convert.Stamp `json:"createdOn"`
			Start     convert.Stamp `json:"startDateTime"`
			End       convert.Stamp `json:"endDateTime"`
		} `json:"properties"`
	}
	client, err := armauthorization.NewRoleEligibilityScheduleInstancesClient(x.credential, x.manager)
	if err != nil {
		return 0, err //nolint:wrapcheck // wire.Plain names the call
	}
	return values(ctx, x, client.NewListForScopePager("subscriptions/"+s.ID, nil), func(t *object.Tenant, list []row) {
		for _, r := range list {
			p := r.Properties
			if seen[object.Fold(r.ID)] || strings.EqualFold(p.Member, "Group") && !x.options.NoGroups {
				continue
			}
			seen[object.Fold(r.ID)] = true
			t.Assignments = append(t.Assignments, object.RoleAssignment{
				ID: r.ID, Role: x.names.ID(convert.LastOf(p.Role)), Principal: x.names.ID(p.Principal), PrincipalType: x.names.Text(p.Kind), Scope: x.names.Text(p.Scope),
				Condition: p.Condition, CreatedAt: p.Created.Time, Eligible: true, Start: p.Start.Time, End: p.End.Time,
			})
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
		Value []struct {
			Properties struct {
				Emails string `json:"emails"`
				Email  string `json:"email"`
			} `json:"properties"`
		} `json:"value"`
	}
	if err := wire.Decode(body, &page); err != nil {
		return 0, err //nolint:wrapcheck // says enough
	}
	x.keep(func(*object.Tenant) {
		for _, c := range page.Value {
			separates := func(r rune) bool { return r == ';' || r == ',' || r == ' ' }
			s.Contacts = append(s.Contacts, strings.FieldsFunc(c.Properties.Emails+";"+c.Properties.Email, separates)...)
		}
	})
	return len(page.Value), nil
}
