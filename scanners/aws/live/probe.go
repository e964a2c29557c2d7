package live

import (
	"context"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A Standing says as whom a scan would read, and how far it would come.
type Standing struct {
	Account, ARN, Region string
	// Trouble are the calls that were tried and did not get an answer, with the
	// reason. A call that is answered may still be refused for single objects.
	Trouble []object.Listing
	Tried   int // calls that were tried
}

// probes are the calls that stand for what a scan reads, each asked for as little
// as it takes.
func probes() []struct {
	action string
	in     wire.Values
} {
	return []struct {
		action string
		in     wire.Values
	}{
		{"iam:GetAccountAuthorizationDetails", wire.Values{"MaxItems": 1}},
		{"iam:GetAccountSummary", nil},
		{"iam:ListOpenIDConnectProviders", nil},
		{"secretsmanager:ListSecrets", wire.Values{"MaxResults": 1}},
		{"ssm:DescribeParameters", wire.Values{"MaxResults": 1}},
		{"kms:ListKeys", wire.Values{"Limit": 1}},
		{"lambda:ListFunctions", wire.Values{"MaxItems": 1}},
		{"eks:ListClusters", nil},
	}
}

// Probe asks AWS as whom it would read, and tries some calls in one region, one
// request each. The error says that AWS could not be reached or does not take the
// credentials.
func (r *Reader) Probe(ctx context.Context) (Standing, error) {
	x := &run{Reader: r, home: r.client(cached(r.credentials))}
	if err := x.identify(ctx); err != nil {
		return Standing{}, err
	}
	s := Standing{Account: x.caller.Account, ARN: x.caller.Arn, Region: r.region}
	for _, p := range probes() {
		op, ok := r.calls[p.action]
		if !ok {
			continue
		}
		s.Tried++
		var out struct{}
		err := x.home.Ask(ctx, op, r.region, p.in, &out)
		if ctx.Err() != nil {
			return s, ctx.Err() //nolint:wrapcheck // the caller ended it
		}
		if l := listing(op, r.region, 0, err); l.Status != inventory.StatusComplete {
			s.Trouble = append(s.Trouble, l)
		}
	}
	slices.SortFunc(s.Trouble, func(a, b object.Listing) int { return strings.Compare(a.Call, b.Call) })
	return s, nil
}
