package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// A carrier sends the requests of a generated client of Google's as a Client sends
// its own: as the same principal, at the same pace, as often as it takes.
type carrier struct {
	client *Client
	ctx    context.Context //nolint:containedctx // the generated clients list without the context that they are given
	op     Operation
	seen   map[string]bool // pages
}

// Carrier returns what carries the requests of one listing, or one request, of a
// generated client. A refusal is no answer to it but an error, which wraps the
// *Error. A listing that comes back to a page that was read, or has more than a
// hundred, ends in an error. It is for one goroutine.
func (c *Client) Carrier(ctx context.Context, op Operation) http.RoundTripper {
	return &carrier{c, ctx, op, map[string]bool{}}
}

// Base returns the address that a generated client is to ask for an operation.
func (c *Client) Base(op Operation) string { return c.base(op) }

// RoundTrip sends a request. Its context does not count, that of the carrier does.
func (x *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != x.op.Method || r.Body != nil && r.Body != http.NoBody {
		return nil, fmt.Errorf("%s %s is none of the requests that are made", r.Method, r.URL.Path)
	}
	token := r.URL.Query().Get("pageToken")
	switch {
	case x.seen[token]:
		return nil, fmt.Errorf("%s: %w", x.op.ID, ErrRepeats)
	case len(x.seen) >= maxEmpty:
		return nil, fmt.Errorf("%s: %w", x.op.ID, ErrEmpty)
	}
	x.seen[token] = true
	header, body, err := x.send(*r.URL)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}

// send asks for the fields that are wanted, as often as it takes.
func (x *carrier) send(address url.URL) (header http.Header, body []byte, err error) {
	query := address.Query()
	query.Set("fields", x.op.mask())
	address.RawQuery = query.Encode()
	err = x.client.repeat(x.ctx, x.op, func(ctx context.Context) (http.Header, error) {
		var err error
		header, body, err = x.client.once(ctx, x.op, address.String())
		if err == nil && !json.Valid(body) {
			err = fmt.Errorf("%s: %w", x.op.ID, ErrMalformed)
		}
		return header, err
	})
	return header, body, err
}

// Bare returns the error of a request of a generated client without what the client
// and package net/http put around it, which quotes addresses.
func Bare(err error) error {
	for inner := err; inner != nil; {
		if e, ok := inner.(*Error); ok { //nolint:errorlint // the chain is walked here
			return e
		}
		next, ok := inner.(interface{ Unwrap() error })
		if !ok {
			break
		}
		inner = next.Unwrap()
	}
	return err
}
