package live

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"

	"github.com/muster-nhi/muster/internal/transport"
	"github.com/muster-nhi/muster/scanners/azure/live/graph"
	"github.com/muster-nhi/muster/scanners/azure/live/wire"
)

// A Reader reads a tenant. It is for one use at a time.
type Reader struct {
	options    Options
	place      place
	cloud      cloud.Configuration
	credential azcore.TokenCredential
	carry      wire.Options
	graph      *graph.Client
	queries    *armresourcegraph.Client
	manager    *arm.ClientOptions // one pace for all of Resource Manager
	idle       func()
	waiting    transport.Waiting // of the reading under way
}

// Requests a second at most. Graph counts resource units: the least that a tenant
// has is 3,500 in 10 seconds, and a page costs one to three. Resource Graph takes 15
// queries in 5 seconds, ARM 25 reads a second from its bucket, a vault 4,000 in 10
// (docs of Graph, Resource Graph, ARM and Key Vault, throttling and limits).
const (
	graphRate   = 60
	queryRate   = 3
	manageRate  = 20
	vaultRate   = 100
	connections = 16
)

// Open settles as whom to read and where. It reads the files and variables that
// name the credential and sends nothing. Errors say what of them is at fault.
func Open(_ context.Context, o Options) (*Reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.settle()
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		base = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	base = base.Clone()
	base.MaxIdleConnsPerHost = connections
	r := &Reader{options: o, place: placeOf(o.Cloud), idle: base.CloseIdleConnections}
	r.carry = wire.Options{HTTP: base, UserAgent: o.UserAgent, Now: o.Now, Sleep: o.Sleep, Random: o.Random, Patience: &transport.Patience{}}
	r.carry.Waiting = func(why string, left time.Duration) {
		if r.waiting != nil {
			r.waiting(why, left)
		}
	}
	if o.Wrap != nil {
		r.carry.HTTP = o.Wrap(base)
	}
	r.cloud = o.configuration(r.place)
	var err error
	if r.credential, err = o.credential(r.cloud, r.carry); err != nil {
		return nil, err
	}
	// The audience stays that of the cloud, whoever answers.
	r.graph, err = graph.New(cmp.Or(o.GraphEndpoint, r.place.graph), r.place.graph, r.credential, r.carry, graphRate)
	if err != nil {
		return nil, fmt.Errorf("open Microsoft Graph: %w", err)
	}
	r.manager = r.manage(manageRate)
	if r.queries, err = r.newQueries(); err != nil {
		return nil, fmt.Errorf("open Resource Graph: %w", err)
	}
	return r, nil
}

// Close ends the connections.
func (r *Reader) Close() { r.idle() }
