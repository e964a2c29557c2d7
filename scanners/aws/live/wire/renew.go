package wire

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// renewTimeout bounds how long credentials are asked for, which may take a role to be
// assumed whose requests wait their turn.
const renewTimeout = 3 * time.Minute

// credentials returns what to sign with. That there is none to be had is told in full
// to the first that asks; nobody else asks after that. Requests wait for each other
// here, as they all need the same.
func (c *Client) credentials(ctx context.Context) (aws.Credentials, error) {
	c.renewing.Lock()
	defer c.renewing.Unlock()
	return c.retrieve(ctx)
}

// retrieve is credentials for who holds the lock.
func (c *Client) retrieve(ctx context.Context) (aws.Credentials, error) {
	if c.none {
		return aws.Credentials{}, fmt.Errorf("%w: there were none to be had before", ErrCredentials)
	}
	if err := ctx.Err(); err != nil {
		return aws.Credentials{}, err //nolint:wrapcheck // the caller ended it
	}
	inner, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	got, err := c.options.Credentials.Retrieve(inner)
	if err == nil {
		return got, nil
	}
	c.none = ctx.Err() == nil
	return aws.Credentials{}, fmt.Errorf("%w: %w", ErrCredentials, err)
}

// refresh forgets credentials that have expired, and asks for new ones: once for all
// requests that were signed with them. It reports whether a request is worth sending
// again; there may be no place to get others. The error wraps ErrCredentials.
func (c *Client) refresh(ctx context.Context, refused error) (bool, error) {
	c.renewing.Lock()
	defer c.renewing.Unlock()
	signer := of(refused).signer
	now, err := c.retrieve(ctx)
	if err != nil {
		return false, err
	}
	if now.AccessKeyID != signer || c.renewed == signer {
		return true, nil
	}
	cache, ok := c.options.Credentials.(interface{ Invalidate() })
	if !ok {
		return false, nil
	}
	cache.Invalidate()
	c.renewed = signer
	_, err = c.retrieve(ctx)
	return err == nil, err
}
