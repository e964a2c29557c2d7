package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	iamv2 "cloud.google.com/go/iam/apiv2"
	iampbv2 "cloud.google.com/go/iam/apiv2/iampb"
	iamv3 "cloud.google.com/go/iam/apiv3"
	iampbv3 "cloud.google.com/go/iam/apiv3/iampb"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// with are the options of a generated client that makes the requests of one
// operation: they go out as all others do, and are not repeated twice.
func (x *run) with(ctx context.Context, id string) []option.ClientOption {
	op := x.op(id)
	return []option.ClientOption{
		option.WithHTTPClient(&http.Client{Transport: x.client.Carrier(ctx, op)}), option.WithEndpoint(x.client.Base(op)),
	}
}

// items passes each item that a generated client lists on.
func items[T any](next func() (T, error), each func(T)) (int, error) {
	for count := 0; ; count++ {
		item, err := next()
		if errors.Is(err, iterator.Done) {
			return count, nil
		}
		if err != nil {
			return count, wire.Bare(err)
		}
		each(item)
	}
}

// denials lists the deny policies of a place, each of which has to be asked for its
// rules.
func (x *run) denials(ctx context.Context, place string) ([]object.DenyPolicy, error) {
	const list = "iam.policies.listPolicies"
	client, err := iamv2.NewPoliciesRESTClient(ctx, x.with(ctx, list)...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", list, err)
	}
	defer func() { _ = client.Close() }() // it only lets go of what was lent to it
	it := client.ListPolicies(ctx, &iampbv2.ListPoliciesRequest{Parent: attachment(place), PageSize: int32(x.op(list).Most)})
	var names []string
	_, err = items(it.Next, func(p *iampbv2.Policy) { names = append(names, p.GetName()) })
	var out []object.DenyPolicy
	for _, name := range names {
		p, bad := x.denial(ctx, name)
		if wire.Missing(bad) {
			continue
		}
		if bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		p.Resource = place // its name has the number of a project
		out = append(out, p)
	}
	return out, err
}

// denial asks for a deny policy.
func (x *run) denial(ctx context.Context, name string) (object.DenyPolicy, error) {
	const id = "iam.policies.get"
	client, err := iamv2.NewPoliciesRESTClient(ctx, x.with(ctx, id)...)
	if err != nil {
		return object.DenyPolicy{}, fmt.Errorf("%s: %w", id, err)
	}
	defer func() { _ = client.Close() }() // it only lets go of what was lent to it
	p, err := client.GetPolicy(ctx, &iampbv2.GetPolicyRequest{Name: name})
	if err != nil {
		return object.DenyPolicy{}, wire.Bare(err)
	}
	out := object.DenyPolicy{Name: p.GetName(), DisplayName: p.GetDisplayName()}
	for _, r := range p.GetRules() {
		d := r.GetDenyRule()
		out.Rules = append(out.Rules, object.DenyRule{
			Principals: d.GetDeniedPrincipals(), Except: d.GetExceptionPrincipals(), Permissions: d.GetDeniedPermissions(),
			ExceptPermissions: d.GetExceptionPermissions(), Condition: conditionOf(d.GetDenialCondition()), Description: r.GetDescription(),
		})
	}
	return out, nil
}

// An expression is a condition in CEL, as generated clients have it.
type expression interface {
	GetTitle() string
	GetDescription() string
	GetExpression() string
}

// conditionOf returns nil for no condition.
func conditionOf(e expression) *object.Condition {
	c := object.Condition{Title: e.GetTitle(), Description: e.GetDescription(), Expression: e.GetExpression()}
	if c == (object.Condition{}) {
		return nil
	}
	return &c
}

// boundaries reads the principal access boundary policies of an organisation and
// what they are bound to.
func (x *run) boundaries(ctx context.Context, organization string) {
	const id = "iam.organizations.locations.principalAccessBoundaryPolicies.list"
	policies, err := x.listBoundaries(ctx, id, organization+"/locations/global")
	x.above(x.listing(x.name(id), organization, len(policies), err))
	const bound = "iam.organizations.locations.principalAccessBoundaryPolicies.searchPolicyBindings"
	n := 0
	var failed error
	for i := range policies {
		if i >= maxSlow && x.options.Details != DetailsAll {
			failed = fmt.Errorf("left out because Google allows 5 requests a minute: what %d policies are bound to; details: all asks", len(policies)-i)
			break
		}
		got, err := x.bindings(ctx, bound, &policies[i])
		n += got
		if err != nil {
			failed = err
		}
	}
	if len(policies) > 0 {
		x.above(x.listing(x.name(bound), organization, n, failed))
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.estate.Boundaries = append(x.estate.Boundaries, policies...)
}

func (x *run) listBoundaries(ctx context.Context, id, parent string) (out []object.AccessBoundary, err error) {
	client, err := iamv3.NewPrincipalAccessBoundaryPoliciesRESTClient(ctx, x.with(ctx, id)...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	defer func() { _ = client.Close() }() // it only lets go of what was lent to it
	it := client.ListPrincipalAccessBoundaryPolicies(ctx, &iampbv3.ListPrincipalAccessBoundaryPoliciesRequest{Parent: parent, PageSize: int32(x.op(id).Most)})
	_, err = items(it.Next, func(p *iampbv3.PrincipalAccessBoundaryPolicy) {
		b := object.AccessBoundary{Name: p.GetName(), DisplayName: p.GetDisplayName(), Version: p.GetDetails().GetEnforcementVersion()}
		for _, r := range p.GetDetails().GetRules() {
			for _, name := range r.GetResources() {
				b.Resources = append(b.Resources, convert.Resource(name))
			}
		}
		out = append(out, b)
	})
	return out, err
}

// bindings asks what a policy is bound to.
func (x *run) bindings(ctx context.Context, id string, p *object.AccessBoundary) (int, error) {
	client, err := iamv3.NewPrincipalAccessBoundaryPoliciesRESTClient(ctx, x.with(ctx, id)...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", id, err)
	}
	defer func() { _ = client.Close() }() // it only lets go of what was lent to it
	it := client.SearchPrincipalAccessBoundaryPolicyBindings(ctx, &iampbv3.SearchPrincipalAccessBoundaryPolicyBindingsRequest{Name: p.Name, PageSize: int32(x.op(id).Most)})
	return items(it.Next, func(b *iampbv3.PolicyBinding) {
		p.Targets = append(p.Targets, b.GetTarget().GetPrincipalSet())
		if c := conditionOf(b.GetCondition()); c != nil {
			p.Conditions = append(p.Conditions, *c)
		}
	})
}
