package wire

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/muster-nhi/muster/internal/transport"
)

// Options say as whom and where a Client asks. HTTP, Token, Now, Sleep and Random
// are required.
type Options struct {
	HTTP         http.RoundTripper
	Token        func(context.Context) (string, error)
	Endpoint     string // asked instead of Google for everything, with the host of the API in the Host header; empty is Google
	QuotaProject string // whose quota requests count against; empty is that of the credentials
	UserAgent    string
	Now          func() time.Time
	Sleep        func(context.Context, time.Duration) error
	Random       func() float64 // between 0 and 1
	// Asked is told of each request before it is sent, repeated ones included; nil is
	// nobody.
	Asked func(Operation)
	// Waiting is told why a request waits that a service did not answer, or that is not
	// to go out too fast.
	Waiting transport.Waiting
	// Renew has Token fetch a new token: Google takes the last one no more, before its
	// time. Nil is no way to.
	Renew func(context.Context) error
}

// A Client asks Google as one principal. It is safe for concurrent use. It has one
// pace for each quota.
type Client struct {
	options  Options
	retries  *transport.Retries
	patience transport.Patience // with Google as a whole

	mu      sync.Mutex
	paces   map[string]*pace
	renewed int // tokens, before their time
}

// New returns a Client.
func New(o Options) *Client {
	return &Client{options: o, paces: map[string]*pace{}, retries: transport.NewRetries(maxRetries)}
}

// pace returns that of the quota that an operation counts against.
func (c *Client) pace(op Operation) *pace {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := cmp.Or(op.Quota, op.Service)
	p := c.paces[name]
	if p == nil {
		p = newPace(op.Rate)
		c.paces[name] = p
	}
	return p
}

// Ask sends one request, as often as it takes, and decodes the answer into out. The
// error is an *Error, or that of the connection, of ctx or of the answer's form.
func (c *Client) Ask(ctx context.Context, op Operation, in Values, out any) error {
	address, err := op.url(c.base(op), in)
	if err != nil {
		return err
	}
	return c.repeat(ctx, op, func(ctx context.Context) (http.Header, error) {
		header, body, err := c.once(ctx, op, address)
		if err == nil && json.Unmarshal(body, out) != nil {
			err = fmt.Errorf("%s: %w", op.ID, ErrMalformed) // the decoder's error can quote the answer
		}
		return header, err
	})
}

// repeat sends a request as often as it takes, at the pace of its service.
func (c *Client) repeat(ctx context.Context, op Operation, send func(context.Context) (http.Header, error)) error {
	p := c.pace(op)
	fresh := false // the token was renewed for this request
	paced := func(ctx context.Context, d time.Duration) error {
		return c.options.Waiting.Wait(ctx, d, op.Service+" is not asked too often", c.options.Sleep)
	}
	for attempt := 1; ; attempt++ {
		if err := p.exhausted(); err != nil {
			return fmt.Errorf("%w: %w", ErrSpent, err)
		}
		if d := c.patience.Lasts(c.options.Now()); d > maxDark {
			return fmt.Errorf("%s: %w for %s", op.ID, ErrDown, d.Round(time.Second))
		}
		if err := p.Wait(ctx, c.options.Now, paced); err != nil {
			return err
		}
		token := c.token()
		header, err := send(ctx)
		if of(err).Status == http.StatusUnauthorized && !fresh && c.renew(ctx, token) {
			fresh = true
			continue
		}
		if err == nil || answered(err) {
			p.worked(c.options.Now())
			c.patience.Good()
			c.retries.Refund()
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if wait, ok := c.again(err, header, p, attempt); !ok && slow(err) {
			return fmt.Errorf("%w: %w", ErrSpent, err)
		} else if !ok {
			return err
		} else if !c.retries.Spend() {
			return fmt.Errorf("%w: %w", ErrRetries, err)
		} else if err := c.options.Waiting.Wait(ctx, wait, trouble(op, err), c.options.Sleep); err != nil {
			return err
		}
	}
}

// maxRenewed is how often a token is renewed that Google takes no more: whoever
// revokes all of them is not to be asked for one for every request.
const maxRenewed = 3

// token tells which token requests are signed with, by its number.
func (c *Client) token() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.renewed
}

// renew has the token of a number replaced, unless another request had that done
// already. It reports whether there is another.
func (c *Client) renew(ctx context.Context, token int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.renewed > token {
		return true
	}
	if c.options.Renew == nil || c.renewed >= maxRenewed || c.options.Renew(ctx) != nil {
		return false
	}
	c.renewed++
	return true
}

// answered reports whether an error is that of a service that works.
func answered(err error) bool {
	e := of(err)
	return e.Status >= 400 && e.Status < 500 && e.Status != http.StatusRequestTimeout && !slow(err)
}

// attemptTimeout bounds one request. A page of a thousand assets takes some seconds.
const attemptTimeout = 90 * time.Second

// maxBody bounds one answer. A page of a thousand assets has a few megabytes.
const maxBody = 64 << 20

// once sends a request once and reads its answer. It returns the headers of the
// answer, if there is one.
func (c *Client) once(ctx context.Context, op Operation, address string) (http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(transport.Once(ctx), attemptTimeout)
	defer cancel()
	r, err := c.request(ctx, op, address)
	if err != nil {
		return nil, nil, err
	}
	if c.options.Asked != nil {
		c.options.Asked(op)
	}
	res, err := c.options.HTTP.RoundTrip(r)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", op.ID, err)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	_ = res.Body.Close() // it was read to its end, or cannot be
	switch {
	case err != nil:
		err = fmt.Errorf("%s: read the answer: %w", op.ID, err)
	case len(body) > maxBody:
		err = fmt.Errorf("%s: %w: it is larger than %d MB", op.ID, ErrMalformed, maxBody>>20)
	case res.StatusCode < 200 || res.StatusCode > 299:
		err = refusal(op, res.StatusCode, body)
	}
	return res.Header, body, err
}

// request makes a request and signs it.
func (c *Client) request(ctx context.Context, op Operation, address string) (*http.Request, error) {
	var body io.Reader
	if op.Body != "" {
		body = strings.NewReader(op.Body)
	}
	r, err := http.NewRequestWithContext(ctx, op.Method, address, body) //nolint:gosec // the host is that of the table, or the endpoint of the options
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.ID, transport.Clean(err))
	}
	r.Host = op.Service
	if op.Body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	if c.options.UserAgent != "" {
		r.Header.Set("User-Agent", c.options.UserAgent)
	}
	token, err := c.options.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", op.ID, ErrSignIn, err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if c.options.QuotaProject != "" {
		r.Header.Set("X-Goog-User-Project", c.options.QuotaProject)
	}
	return r, nil
}

// base returns the address to ask.
func (c *Client) base(op Operation) string {
	if c.options.Endpoint != "" {
		return c.options.Endpoint
	}
	return "https://" + op.Service
}

// maxEmpty is how many pages in a row may be empty before a listing is given up. An
// empty page with a token is legal (AIP-158), a stream of them is a fault.
const maxEmpty = 100

// Pages asks for page after page and passes each item on, until there is no more. It
// returns how many there were and, if the listing could not be followed to its end
// or an item could not be read, why: the rest of the items is passed on
// nevertheless.
//
// One page is in memory at a time, and the tokens seen.
func (c *Client) Pages(ctx context.Context, op Operation, in Values, each func(json.RawMessage) error) (int, error) {
	if op.Size != "" {
		in = in.with(op.Size, fmt.Sprint(op.Most))
	}
	count, empty := 0, 0
	var odd error
	seen := map[string]bool{}
	for {
		var page map[string]json.RawMessage
		if err := c.Ask(ctx, op, in, &page); err != nil {
			return count, errors.Join(odd, err)
		}
		items, token, err := split(op, page)
		if err != nil {
			return count, errors.Join(odd, err)
		}
		for _, item := range items {
			count++
			if err := each(item); err != nil && odd == nil {
				odd = fmt.Errorf("%s: %w", op.ID, err)
			}
		}
		if empty++; len(items) > 0 {
			empty = 0
		}
		switch {
		case token == "":
			return count, odd
		case seen[token]:
			return count, errors.Join(odd, fmt.Errorf("%s: %w", op.ID, ErrRepeats))
		case empty >= maxEmpty:
			return count, errors.Join(odd, fmt.Errorf("%s: %w", op.ID, ErrEmpty))
		}
		seen[token] = true
		in = in.with("pageToken", token)
	}
}

// split takes the items and the token out of a page.
func split(op Operation, page map[string]json.RawMessage) (items []json.RawMessage, token string, err error) {
	if raw, ok := page[op.Items]; ok && json.Unmarshal(raw, &items) != nil {
		return nil, "", fmt.Errorf("%s: %w: %s is no list", op.ID, ErrMalformed, op.Items)
	}
	if raw, ok := page["nextPageToken"]; ok && json.Unmarshal(raw, &token) != nil {
		return items, "", fmt.Errorf("%s: %w: nextPageToken is no text", op.ID, ErrMalformed)
	}
	return items, token, nil
}
