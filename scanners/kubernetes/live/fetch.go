package live

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/transport"
)

// Media types of answers (Kubernetes API concepts, "Alternate representations of
// resources").
const (
	typeJSON     = "application/json"
	typeProtobuf = "application/vnd.kubernetes.protobuf"
	asMetadata   = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// errForm is in the chain of the error of an answer that is not what an API
// server writes.
var errForm = errors.New("not the answer of an API server")

// A statusError is a refusal by the server.
type statusError struct {
	code    int
	message string
	resume  string // of a 410: a token that goes on without consistency
}

// Error tells the status and what the server said.
func (e *statusError) Error() string {
	if e.message == "" {
		return fmt.Sprintf("%d %s", e.code, http.StatusText(e.code))
	}
	return fmt.Sprintf("%d: %s", e.code, e.message)
}

// maxStatus is how much of a refusal is read, in bytes.
const maxStatus = 64 << 10

// send asks for something, as often as losing the connection calls for. The
// caller closes the body of an answer that is 200.
func (r *run) send(ctx context.Context, path, query, accept string) (*http.Response, error) {
	signedIn := false
	for attempt := 0; ; attempt++ {
		res, err := r.once(ctx, path, query, accept)
		var status *statusError
		switch {
		case err == nil:
			r.gone = false
			return res, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &status):
			switch {
			case status.code == http.StatusUnauthorized && r.connection.refreshes() && !signedIn:
				signedIn = true
				continue
			case r.starting(status.code) && attempt < len(waits()):
				// A server that has just started knows no roles yet.
			default:
				return nil, err
			}
		case !lostConnection(err):
			return nil, err
		default:
			r.lost = r.options.Now()
		}
		if attempt >= len(waits()) || r.gone {
			r.gone = true
			return nil, err
		}
		if err := r.options.Sleep(ctx, waits()[attempt]); err != nil {
			return nil, err
		}
	}
}

// waits are the times to wait for a server that was lost: longer in all than an
// API server takes to start again.
func waits() []time.Duration {
	return []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}
}

// starting reports whether a refusal may be that of a server that has only just
// come back.
func (r *run) starting(code int) bool {
	if r.lost.IsZero() || r.options.Now().Sub(r.lost) > time.Minute {
		return false
	}
	return code == http.StatusForbidden || code == http.StatusUnauthorized || code >= http.StatusInternalServerError
}

// once asks for something once. Answers other than 200 are errors.
func (r *run) once(ctx context.Context, path, query, accept string) (*http.Response, error) {
	target := *r.base
	target.Path = strings.TrimSuffix(target.Path, "/") + path
	target.RawQuery = query
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if r.options.UserAgent != "" {
		req.Header.Set("User-Agent", r.options.UserAgent)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close() //nolint:errcheck // a refusal was read
	return nil, refusal(res)
}

// refusal reads why the server refused.
func refusal(res *http.Response) error {
	out := &statusError{code: res.StatusCode}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxStatus))
	if err != nil {
		return out // the status says enough
	}
	var status metav1.Status
	switch kind(res) {
	case typeProtobuf:
		var unknown runtime.Unknown
		if !bytes.HasPrefix(body, magic()) || unknown.Unmarshal(body[len(magic()):]) != nil || status.Unmarshal(unknown.Raw) != nil {
			return out
		}
	case typeJSON:
		if json.Unmarshal(body, &status) != nil {
			return out
		}
	default:
		return out
	}
	out.message, out.resume = status.Message, status.Continue
	return out
}

// kind returns the media type of an answer without its parameters.
func kind(res *http.Response) string {
	name, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return name
}

// getJSON asks for one JSON object.
func (r *run) getJSON(ctx context.Context, path, accept string, into any) error {
	if accept == "" {
		accept = typeJSON
	}
	res, err := r.send(ctx, path, "", accept)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	if k := kind(res); k != typeJSON {
		return fmt.Errorf("%w: %q", errForm, k)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%w: it was cut", errForm)
	}
	if json.Unmarshal(body, into) != nil {
		return fmt.Errorf("%w: no such JSON", errForm)
	}
	return nil
}

// plain takes the address, whose query can be long, out of an error and says what
// a certificate's failure means.
func plain(err error) error {
	err = transport.Clean(err)
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("the certificate of the server has expired: %w", err)
	case errors.As(err, &unknown):
		return fmt.Errorf("the certificate of the server is not signed by the authority that the kubeconfig names: %w", err)
	case errors.As(err, &host):
		return fmt.Errorf("the certificate of the server is for another name: %w", err)
	}
	return err
}

// lostConnection reports whether an error is that of a connection that was lost
// or could not be made just now.
func lostConnection(err error) bool {
	if errors.Is(err, transport.ErrBudget) {
		return false
	}
	return utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) || utilnet.IsTimeout(err) ||
		utilnet.IsHTTP2ConnectionLost(err) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "GOAWAY")
}

// reason words an error for a Listing.
func reason(err error) string {
	var status *statusError
	if !errors.As(err, &status) {
		return transport.Clean(err).Error()
	}
	switch status.code {
	case http.StatusForbidden:
		return "forbidden (403)"
	case http.StatusUnauthorized:
		return "the server no longer knows the user (401)"
	case http.StatusTooManyRequests:
		return "the server had too much to do (429)"
	}
	return inventory.Printable(shorten(status.Error()))
}

// maxReason is how much of what a server says of a failure is passed on, in bytes.
const maxReason = 300

func shorten(text string) string {
	if len(text) <= maxReason {
		return text
	}
	return strings.ToValidUTF8(text[:maxReason], "") + "…"
}

// values encodes a query.
func values(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q.Encode()
}
