package transport

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// wait tells whether a request is to be sent again and after which time.
func (t *Transport) wait(res *http.Response, err error, attempt int) (time.Duration, bool) {
	if err != nil {
		return t.backoff(attempt), broken(err)
	}
	if after, ok := RetryAfter(res.Header.Get("Retry-After"), t.options.Now()); ok && mayThrottle(res.StatusCode) {
		return after, after <= t.options.MaxWait
	}
	return t.backoff(attempt), transient(res.StatusCode)
}

// backoff returns a random part of a bound that doubles with each attempt
// ("full jitter", AWS Architecture Blog, Exponential Backoff And Jitter, 2015).
func (t *Transport) backoff(attempt int) time.Duration {
	return Backoff(t.options.Base, t.options.MaxWait, attempt, t.options.Random())
}

// Backoff returns a part, from 0 up to 1, of a bound that doubles with each attempt:
// base after the first, and never more than most.
func Backoff(base, most time.Duration, attempt int, part float64) time.Duration {
	return time.Duration(part * min(float64(most), float64(base)*math.Exp2(float64(attempt-1))))
}

// RetryAfter reads the value of a Retry-After header: seconds or an HTTP date (RFC
// 9110, section 10.2.3). A date that has passed is no wait. It is false, and no
// wait, if there is none or it cannot be read.
func RetryAfter(text string, now time.Time) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, false
	}
	if s, err := strconv.ParseInt(text, 10, 64); err == nil {
		if s < 0 {
			return 0, false
		}
		return time.Duration(min(s, int64(math.MaxInt64/time.Second))) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}

// transient reports whether a status is worth another attempt.
func transient(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// mayThrottle reports whether a Retry-After with a status means "later". GitHub
// sends it with 403.
func mayThrottle(status int) bool { return transient(status) || status == http.StatusForbidden }

// throttled reports whether an answer speaks of the whole account.
func throttled(res *http.Response) bool {
	return res.StatusCode == http.StatusTooManyRequests || res.Header.Get("Retry-After") != ""
}

// broken reports whether an error is that of a connection that broke or was
// silent, as against one that would only come again.
func broken(err error) bool {
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE} {
		if errors.Is(err, e) {
			return true
		}
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// buffer reads an answer to its end, or up to the limit, and puts it back. The
// error is that of an answer that was cut.
func (t *Transport) buffer(res *http.Response) error {
	if res.ContentLength > t.options.Buffer {
		return nil
	}
	head, err := io.ReadAll(io.LimitReader(res.Body, t.options.Buffer+1))
	if err != nil {
		_ = res.Body.Close() // the error of the read tells more
		return err
	}
	if int64(len(head)) > t.options.Buffer {
		res.Body = joined{io.MultiReader(bytes.NewReader(head), res.Body), res.Body}
		return nil
	}
	err = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(head))
	return err
}

// joined reads from one and closes another.
type joined struct {
	io.Reader
	io.Closer
}
