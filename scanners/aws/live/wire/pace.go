package wire

import (
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/muster-nhi/muster/internal/transport"
)

// How often and how long requests are repeated.
const (
	maxAttempts = 10  // where requests came too fast
	maxRetries  = 100 // of a client at once; each request that succeeds gives half a one back
	baseWait    = 200 * time.Millisecond
	maxWait     = 20 * time.Second
	maxAfter    = 60 * time.Second // the longest Retry-After that is waited for
	minRate     = 0.5              // requests a second, however often AWS says no
)

// newPace returns the pace of one account, service and region.
func newPace(most float64) *transport.Pace {
	if most <= 0 {
		most = DefaultRate
	}
	return transport.NewPace(transport.Quota{Most: most, Least: minRate})
}

// again tells whether a request is worth another attempt, and after which time.
func (c *Client) again(err error, header http.Header, p *transport.Pace, attempt int) (time.Duration, bool) {
	slow := throttle(err)
	if slow {
		p.Slow(c.options.Now())
	}
	switch {
	case slow && attempt >= maxAttempts, !slow && !transient(err):
		return 0, false
	case !slow && attempt >= p.Faults():
		p.Fail()
		return 0, false
	}
	if after, ok := transport.RetryAfter(header.Get("Retry-After"), c.options.Now()); ok {
		return after, after <= maxAfter
	}
	return transport.Backoff(baseWait, maxWait, attempt, c.options.Random()), true
}

// throttle reports whether an error says that requests came too fast.
func throttle(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	codes := retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}
	return e.Status == http.StatusTooManyRequests || codes.IsErrorThrottle(e) == aws.TrueTernary
}

// transient reports whether an error may be gone at the next attempt, by the
// SDK's own table.
func transient(err error) bool {
	if errors.Is(err, errMalformed) {
		return true // an answer that was cut, or a proxy's page
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}
