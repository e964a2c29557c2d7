package live

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/muster-nhi/muster/internal/transport"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
)

// A Reader reads accounts. It is for one use at a time.
type Reader struct {
	options     Options
	credentials aws.CredentialsProvider
	http        http.RoundTripper
	idle        func()
	endpoint    string
	region      string
	partition   wire.Partition
	calls       map[string]wire.Operation
	optional    map[string]bool   // calls that Options.Details leave out
	waiting     transport.Waiting // of the reading under way
}

// Open settles as whom to read and where. It reads the files and variables of the
// AWS configuration and sends nothing. Errors say what of them is at fault.
func Open(ctx context.Context, o Options) (*Reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.settle()
	var load []func(*config.LoadOptions) error
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.Credentials != nil {
		load = append(load, config.WithCredentialsProvider(o.Credentials))
	}
	settings, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	r := &Reader{options: o, credentials: settings.Credentials, calls: map[string]wire.Operation{}, optional: map[string]bool{}}
	for _, c := range table() {
		r.calls[c.op.Action()] = c.op
		r.optional[c.op.Action()] = c.option == withDetails
	}
	r.endpoint = cmp.Or(o.Endpoint, aws.ToString(settings.BaseEndpoint))
	r.partition = wire.PartitionOf(settings.Region)
	r.region = cmp.Or(settings.Region, r.partition.Home)
	carrier := carrierOf(settings)
	r.http, r.idle = carrier, carrier.CloseIdleConnections
	if o.Wrap != nil {
		r.http = o.Wrap(carrier)
	}
	return r, nil
}

// carrierOf returns the transport that the configuration asks for: with its bundle
// of certificate authorities and its proxy.
func carrierOf(c aws.Config) *http.Transport {
	b, ok := c.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		b = awshttp.NewBuildableClient()
	}
	t := b.GetTransport()
	t.MaxIdleConnsPerHost = DefaultSideBySide
	return t
}

// Close ends the connections.
func (r *Reader) Close() { r.idle() }

// client returns a client that asks with some credentials.
func (r *Reader) client(credentials aws.CredentialsProvider) *wire.Client {
	o := wire.Options{
		HTTP: r.http, Credentials: credentials, Partition: r.partition, Endpoint: r.endpoint,
		UserAgent: r.options.UserAgent, Now: r.options.Now, Sleep: r.options.Sleep, Random: r.options.Random,
		Waiting: func(why string, left time.Duration) {
			if r.waiting != nil {
				r.waiting(why, left)
			}
		},
	}
	if told := r.options.Asked; told != nil {
		o.Asked = func(op wire.Operation, region string) { told(permission(op), region) }
	}
	return wire.New(o)
}
