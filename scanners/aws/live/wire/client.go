package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/muster-nhi/muster/internal/transport"
)

// Options say as whom and where a Client asks. HTTP, Credentials, Now, Sleep and
// Random are required.
type Options struct {
	HTTP        http.RoundTripper
	Credentials aws.CredentialsProvider
	Partition   Partition
	Endpoint    string // asked instead of AWS for everything; empty is AWS
	UserAgent   string
	Now         func() time.Time
	Sleep       func(context.Context, time.Duration) error
	Random      func() float64 // between 0 and 1
	// Asked is told of each request before it is sent, repeated ones included; nil is
	// nobody.
	Asked func(op Operation, region string)
	// Waiting is told why a request waits that a service did not answer, or that is not
	// to go out too fast.
	Waiting transport.Waiting
}

// A Client asks AWS as one principal, which is of one account. It is safe for
// concurrent use. It has one pace for each service and region.
type Client struct {
	options Options
	signer  *v4.Signer
	retries *transport.Retries
	skew    atomic.Int64 // nanoseconds that the clock of AWS is ahead of ours
	expired atomic.Int32 // requests in a row that were refused because credentials had expired

	patience transport.Patience // with AWS as a whole

	mu      sync.Mutex
	paces   map[string]*pace
	regions map[string]*transport.Patience

	renewing sync.Mutex // guards what follows, and has credentials asked for by one request
	renewed  string     // access key id of those that new ones were last asked for
	none     bool       // there are none to be had
}

// New returns a Client.
func New(o Options) *Client {
	return &Client{
		options: o, paces: map[string]*pace{}, regions: map[string]*transport.Patience{}, retries: transport.NewRetries(maxRetries),
		signer: v4.NewSigner(),
	}
}

// Skew returns by how much the clock of AWS is ahead of ours, if that was so much
// that it had to be corrected; else 0.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// Partition returns the partition that the client asks.
func (c *Client) Partition() Partition { return c.options.Partition }

// Ask sends one request, as often as it takes, and decodes the answer into out. The
// error is an *Error, or that of the connection, of ctx or of the answer's form.
// After a few requests in a row for which credentials had expired none is sent any
// more, and none from when there were no new ones to be had.
func (c *Client) Ask(ctx context.Context, op Operation, region string, in Values, out any) error {
	d, err := write(op, in)
	if err != nil {
		return fmt.Errorf("%s: %w", op.Action(), err)
	}
	at := c.options.Partition.region(op.Service, region)
	if c.expired.Load() >= maxExpired {
		return &Error{Action: op.Action(), Region: region, Code: "ExpiredToken", Message: "it was not asked for, as the credentials had expired before"}
	}
	p := c.pace(op.Service, at)
	refreshed, corrected := false, false
	for attempt := 1; ; attempt++ {
		if err := c.admit(ctx, p, op); err != nil {
			return err
		}
		header, err := c.once(ctx, op, at, d, out)
		if err == nil {
			c.expired.Store(0)
			p.Succeed(c.options.Now())
			c.answered(p)
			c.retries.Refund()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrCredentials) {
			return err // whoever makes them has tried as often as it takes
		}
		if !corrected && c.correct(err, header) {
			corrected = true
			continue
		}
		if !refreshed && Expired(err) {
			refreshed = true
			if others, failed := c.refresh(ctx, err); failed != nil {
				return fmt.Errorf("%s: %w", op.Action(), failed)
			} else if others {
				continue
			}
		}
		if Expired(err) {
			c.expired.Add(1)
		}
		if wait, ok := c.again(err, header, p, attempt); !ok && throttle(err) {
			return fmt.Errorf("%w: %w", ErrSpent, err)
		} else if !ok {
			return err
		} else if !c.retries.Spend() {
			return fmt.Errorf("%w: %w", ErrBudget, err)
		} else if err := c.options.Waiting.Wait(ctx, wait, trouble(p.where, err), c.options.Sleep); err != nil {
			return err
		}
	}
}

// once sends a request once. It returns the headers of the answer, if there is one.
func (c *Client) once(ctx context.Context, op Operation, region string, d draft, out any) (http.Header, error) {
	credentials, err := c.credentials(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.Action(), err)
	}
	ctx, cancel := context.WithTimeout(transport.Once(ctx), attemptTimeout)
	defer cancel()
	r, hash, err := d.request(ctx, c.base(op, region), c.options.UserAgent)
	if err != nil {
		return nil, err
	}
	s3 := op.Service.Protocol == S3
	if s3 {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	err = c.signer.SignHTTP(ctx, credentials, r, hash, op.Service.sign(), region, c.options.Now().Add(c.Skew()),
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s3 })
	if err != nil {
		return nil, fmt.Errorf("%s: sign: %w", op.Action(), err)
	}
	if c.options.Asked != nil {
		c.options.Asked(op, region)
	}
	res, err := c.options.HTTP.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.Action(), err)
	}
	body, err := all(op, res.Body)
	_ = res.Body.Close() // it was read to its end, or cannot be
	if err != nil {
		return res.Header, fmt.Errorf("%s: %w", op.Action(), err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.Header, hush(refusal(op, region, res, body), credentials)
	}
	if err := read(op, body, out); err != nil {
		return res.Header, fmt.Errorf("%s: %w", op.Action(), err)
	}
	return res.Header, nil
}

// maxExpired is how many requests in a row are refused for credentials that have
// expired before no more are sent.
const maxExpired = 3

// attemptTimeout bounds one request. A large page of IAM takes some seconds.
const attemptTimeout = 60 * time.Second

// base returns the address to ask.
func (c *Client) base(op Operation, region string) string {
	if c.options.Endpoint != "" {
		return c.options.Endpoint
	}
	return c.options.Partition.endpoint(op.Service, region)
}

// hush keeps what was signed with out of a message.
func hush(e *Error, credentials aws.Credentials) *Error {
	e.signer = credentials.AccessKeyID
	if signing(e.Code) {
		e.Message = ""
	}
	for _, secret := range []string{credentials.SecretAccessKey, credentials.SessionToken} {
		if secret != "" {
			e.Message = strings.ReplaceAll(e.Message, secret, "[redacted]")
		}
	}
	return e
}

// minSkew is how far two clocks may differ. AWS refuses signatures that are 5
// minutes off (IAM User Guide, Signature Version 4), the SDK corrects 4.
const minSkew = 4 * time.Minute

// correct takes AWS's clock for the right one, if that is what a refusal is about.
func (c *Client) correct(err error, header http.Header) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	if !signing(e.Code) && e.Code != "RequestExpired" && e.Code != "RequestInTheFuture" {
		return false
	}
	at, perr := http.ParseTime(header.Get("Date"))
	if perr != nil {
		return false
	}
	skew := at.Sub(c.options.Now())
	if diff := skew - c.Skew(); diff.Abs() < minSkew {
		return false
	}
	c.skew.Store(int64(skew))
	return true
}

// pace returns that of a service in a region.
func (c *Client) pace(s Service, region string) *pace {
	key := s.Prefix + " in " + region
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.paces[key]
	if !ok {
		if c.regions[region] == nil {
			c.regions[region] = &transport.Patience{}
		}
		p = newPace(s.Prefix, region, s.Rate, c.regions[region])
		c.paces[key] = p
	}
	return p
}
