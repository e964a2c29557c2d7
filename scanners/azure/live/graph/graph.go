// Package graph is a thin client of Microsoft Graph over azcore's pipeline: pages,
// batches, and nothing else. It only ever sends GET and two POSTs that read
// ($batch of GETs and directoryObjects/getByIds).
package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"

	"github.com/muster-nhi/muster/scanners/azure/live/wire"
)

// Bounds of Graph (docs of Microsoft Graph, paging and JSON batching).
const (
	MaxTop   = 999  // items of a page of directory objects
	MaxBatch = 20   // requests of a batch
	MaxIDs   = 1000 // ids of getByIds
)

// maxEmpty is how many pages in a row may be empty before a listing is given up.
const maxEmpty = 100

// Errors of listings that cannot be followed to their end.
var (
	ErrRepeats = errors.New("the link of a page came a second time: the listing goes in circles")
	ErrEmpty   = errors.New("too many pages in a row were empty")
)

// A Client asks one Graph.
type Client struct {
	pipeline runtime.Pipeline
	base     *url.URL
	wait     wire.Options
}

// New returns a client of the Graph at an address without a version, such as
// https://graph.microsoft.com, whose tokens are for audience.
func New(endpoint, audience string, credential azcore.TokenCredential, o wire.Options, rate float64) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(endpoint, "/"))
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a Graph", endpoint)
	}
	options := o.Client(rate, strings.ToLower(base.Host))
	auth := runtime.NewBearerTokenPolicy(credential, []string{audience + "/.default"}, nil)
	pl := runtime.NewPipeline("graph", "v1.0", runtime.PipelineOptions{PerRetry: []policy.Policy{auth}}, &options)
	return &Client{pipeline: pl, base: base, wait: o}, nil
}

// Get asks for a path with its version and query, such as
// /v1.0/applications?$top=999, and decodes the answer.
func (c *Client) Get(ctx context.Context, path string, header map[string]string, out any) error {
	return c.send(ctx, http.MethodGet, c.base.String()+path, header, nil, out)
}

// Post sends what only reads.
func (c *Client) Post(ctx context.Context, path string, in, out any) error {
	return c.send(ctx, http.MethodPost, c.base.String()+path, nil, in, out)
}

func (c *Client) send(ctx context.Context, method, address string, header map[string]string, in, out any) error {
	r, err := runtime.NewRequest(ctx, method, address)
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	r.Raw().Header.Set("Accept", "application/json")
	for k, v := range header {
		r.Raw().Header.Set(k, v)
	}
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write a request: %w", err)
		}
		if err := r.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json"); err != nil {
			return fmt.Errorf("write a request: %w", err)
		}
	}
	body, err := wire.Fetch(c.pipeline, r)
	if err != nil {
		return err //nolint:wrapcheck // wire.Plain names the call
	}
	return wire.Decode(body, out)
}

// Pages asks for page after page and passes the items of each on, until there is
// no more. It returns how many there were and, if the listing could not be followed
// to its end, why. One page is in memory at a time, and a hash of each link.
func Pages[T any](ctx context.Context, c *Client, path string, header map[string]string, each func([]T)) (int, error) {
	return follow(ctx, c, c.base.String()+path, header, each)
}

func follow[T any](ctx context.Context, c *Client, address string, header map[string]string, each func([]T)) (int, error) {
	count, empty := 0, 0
	seen := map[string]bool{}
	for {
		var page struct {
			Value []T    `json:"value"`
			Next  string `json:"@odata.nextLink"`
		}
		if err := c.send(ctx, http.MethodGet, address, header, nil, &page); err != nil {
			return count, err
		}
		each(page.Value)
		count += len(page.Value)
		if empty++; len(page.Value) > 0 {
			empty = 0
		}
		switch {
		case page.Next == "":
			return count, nil
		case !c.own(page.Next):
			return count, wire.ErrStray
		case seen[page.Next]:
			return count, ErrRepeats
		case empty >= maxEmpty:
			return count, ErrEmpty
		}
		seen[page.Next] = true
		address = page.Next
	}
}

// own reports whether a link leads to the Graph that was asked: the token goes
// with it.
func (c *Client) own(link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Scheme == c.base.Scheme && strings.EqualFold(u.Host, c.base.Host) && u.User == nil
}

// An Item is one GET of a batch.
type Item struct {
	Path   string // without a version: /applications/ID/owners
	Header map[string]string
	Beta   bool // asked of the beta version; a batch is of one version
}

// An Answer is what became of an Item.
type Answer struct {
	Body json.RawMessage
	Err  error
}

type batchRequest struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
}

type batchResponse struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// batchAttempts is how often an item of a batch is asked for that came too fast or
// that Graph failed.
const batchAttempts = 6

// Batch asks for items, MaxBatch at a time, and hands each answer to done. Items
// that came too fast are asked for again when Graph says, without the others.
func (c *Client) Batch(ctx context.Context, items []Item, done func(i int, a Answer)) error {
	for begin := 0; begin < len(items); begin += MaxBatch {
		open := make([]int, 0, MaxBatch)
		for i := begin; i < min(begin+MaxBatch, len(items)); i++ {
			open = append(open, i)
		}
		for attempt := 1; len(open) > 0; attempt++ {
			again, wait, err := c.round(ctx, items, open, attempt < batchAttempts, done)
			if err != nil {
				return err
			}
			if open = again; len(open) > 0 {
				why := fmt.Sprintf("Microsoft Graph does not answer %d of a batch of requests", len(open))
				if err := c.wait.Waiting.Wait(ctx, wait, why, c.wait.Sleep); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// round sends one batch. It returns the items that are to be asked for again, and
// after which time.
func (c *Client) round(ctx context.Context, items []Item, open []int, mayRepeat bool, done func(int, Answer)) ([]int, time.Duration, error) {
	in := struct {
		Requests []batchRequest `json:"requests"`
	}{}
	for _, i := range open {
		in.Requests = append(in.Requests, batchRequest{ID: fmt.Sprint(i), Method: http.MethodGet, URL: items[i].Path, Headers: items[i].Header})
	}
	var out struct {
		Responses []batchResponse `json:"responses"`
	}
	version := "/v1.0"
	if items[open[0]].Beta {
		version = "/beta"
	}
	if err := c.Post(ctx, version+"/$batch", in, &out); err != nil {
		return nil, 0, err
	}
	answers := map[string]batchResponse{}
	for _, r := range out.Responses {
		answers[r.ID] = r
	}
	var again []int
	wait := time.Second
	for _, i := range open {
		r, ok := answers[fmt.Sprint(i)]
		switch {
		case !ok:
			done(i, Answer{Err: errors.New("the answer of the batch leaves it out")})
		case r.Status == http.StatusOK:
			done(i, Answer{Body: r.Body})
		case mayRepeat && repeatable(r.Status):
			again = append(again, i)
			wait = max(wait, c.after(r.Headers))
		default:
			done(i, Answer{Err: refusal(r)})
		}
	}
	return again, wait, nil
}

func repeatable(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// after reads the Retry-After of an item, at most a minute of it.
func (c *Client) after(headers map[string]string) time.Duration {
	h := http.Header{}
	for k, v := range headers {
		h.Set(k, v)
	}
	d, _ := wire.RetryAfter(h, c.wait.Now())
	return min(d, time.Minute)
}

// refusal makes an error of an item's answer.
func refusal(r batchResponse) error {
	return wire.RefusalOf(r.Status, r.Body)
}

// Items decodes the answer to a listing, and follows it if there is more.
func Items[T any](ctx context.Context, c *Client, a Answer, header map[string]string, each func([]T)) error {
	if a.Err != nil {
		return a.Err
	}
	var page struct {
		Value []T    `json:"value"`
		Next  string `json:"@odata.nextLink"`
	}
	if err := wire.Decode(a.Body, &page); err != nil {
		return err
	}
	each(page.Value)
	if page.Next == "" {
		return nil
	}
	if !c.own(page.Next) {
		return wire.ErrStray
	}
	_, err := follow(ctx, c, page.Next, header, each)
	return err
}
