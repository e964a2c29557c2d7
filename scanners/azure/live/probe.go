package live

import (
	"context"
	"fmt"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A Standing says as whom a scan would read, and how far it would come.
type Standing struct {
	Tenant, Reader, ReaderName string
	Subscriptions              int // that can be seen
	// Trouble are the calls that were tried and did not get an answer, with the
	// reason. A call that is answered may still be refused for single objects.
	Trouble []object.Listing
	Tried   int // calls that were tried
}

// Probe gets a token and tries some calls, one request each, but for subscriptions,
// which are listed. The error says that there is no token.
func (r *Reader) Probe(ctx context.Context) (Standing, error) {
	x := r.newRun(nil)
	if err := x.identify(ctx); err != nil {
		return Standing{}, err
	}
	s := Standing{Tenant: x.tenant.ID, Reader: x.tenant.Reader, ReaderName: x.tenant.ReaderName}
	for _, p := range x.probes() {
		s.Tried++
		err := p.try(ctx)
		if ctx.Err() != nil {
			return s, fmt.Errorf("ask Azure: %w", ctx.Err())
		}
		if l := listing(p.name, "", 0, err); l.Status != inventory.StatusComplete {
			s.Trouble = append(s.Trouble, l)
		}
	}
	s.Subscriptions = len(x.tenant.Subscriptions)
	return s, nil
}

// A probe is a call that stands for what a scan reads.
type probe struct {
	name string
	try  func(context.Context) error
}

// probes are the calls to try, each asked for as little as it takes.
func (x *run) probes() []probe {
	var out []probe
	if !x.options.NoDirectory {
		for _, p := range [][2]string{
			{callApplications, "/v1.0/applications?$top=1&$select=id"},
			{callPrincipals, "/v1.0/servicePrincipals?$top=1&$select=id"},
			{callDelegated, "/v1.0/oauth2PermissionGrants?$top=1&$select=id"},
			{callRoleHolders, "/v1.0/roleManagement/directory/roleAssignments?$select=id"},
			{callConsent, "/v1.0/policies/authorizationPolicy"},
			{callOrganization, "/v1.0/organization?$select=id"},
		} {
			out = append(out, probe{p[0], func(ctx context.Context) error {
				var answer struct{}
				return x.graph.Get(ctx, p[1], nil, &answer)
			}})
		}
	}
	if !x.options.NoResources {
		out = append(out, probe{callSubscriptions, func(ctx context.Context) error {
			_, err := x.listSubscriptions(ctx)
			return err
		}}, probe{callAssignments, func(ctx context.Context) error {
			_, err := ask(ctx, x, assignmentQuery+"\n| limit 1", nil, func(*object.Tenant, []struct{}) {})
			return err
		}})
	}
	return out
}
