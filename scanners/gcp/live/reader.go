package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/credentials/impersonate"

	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
)

// Scopes are what tokens are asked for. Many of the APIs take no narrower one to
// list with: what may be done is settled by the roles of who signs in.
func scopes() []string { return []string{"https://www.googleapis.com/auth/cloud-platform"} }

// A Reader reads projects. It is for one use at a time.
type Reader struct {
	options Options
	client  *wire.Client
	calls   map[string]call
	as      string // e-mail as whom it reads; empty is unknown
	idle    func()
}

// Open settles as whom to read. It reads the files and variables of Application
// Default Credentials and, where there are none, asks whether this machine is one of
// Google's. Errors say what of them is at fault.
func Open(_ context.Context, o Options) (*Reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.settle()
	carrier, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport of HTTP was replaced")
	}
	carrier = carrier.Clone()
	carrier.MaxIdleConnsPerHost = 4 * o.Parallel
	r := &Reader{options: o, calls: map[string]call{}, idle: carrier.CloseIdleConnections}
	for _, c := range table() {
		r.calls[c.op.ID] = c
	}
	var next http.RoundTripper = carrier
	if o.Wrap != nil {
		next = o.Wrap(carrier)
	}
	w := wire.Options{
		HTTP: next, Token: o.Token, Endpoint: o.Endpoint, QuotaProject: o.QuotaProject, UserAgent: o.UserAgent,
		Now: o.Now, Sleep: o.Sleep, Random: o.Random,
	}
	if told := o.Asked; told != nil {
		w.Asked = func(op wire.Operation) { told(op.ID) }
	}
	if w.Token == nil {
		if err := r.signer(&w, next); err != nil {
			return nil, err
		}
	}
	r.client = wire.New(w)
	return r, nil
}

// signer takes tokens from the credentials that the options name.
func (r *Reader) signer(w *wire.Options, next http.RoundTripper) error {
	client := &http.Client{Transport: next}
	c, err := credentials.DetectDefault(&credentials.DetectOptions{Scopes: scopes(), CredentialsFile: r.options.CredentialsFile, Client: client})
	if err != nil {
		return fmt.Errorf("find credentials of Google Cloud: %w", err)
	}
	r.as = address(c.JSON())
	if w.QuotaProject == "" {
		w.QuotaProject = quota(c.JSON())
	}
	if r.options.Impersonate != "" {
		c, err = impersonate.NewCredentials(&impersonate.CredentialsOptions{TargetPrincipal: r.options.Impersonate, Scopes: scopes(), Credentials: c, Client: client})
		if err != nil {
			return fmt.Errorf("impersonate %s: %w", r.options.Impersonate, err)
		}
		r.as = r.options.Impersonate
	}
	w.Token = func(ctx context.Context) (string, error) {
		t, err := c.Token(ctx)
		if err != nil {
			return "", signIn(err)
		}
		return t.Value, nil
	}
	return nil
}

// signIn says why there is no token. What the token's server answered is left out:
// it can quote what was sent.
func signIn(err error) error {
	if e, ok := errors.AsType[*auth.Error](err); ok && e.Response != nil {
		return fmt.Errorf("the server that issues tokens answers %s", e.Response.Status)
	}
	return err
}

// address returns the e-mail in a file of credentials.
func address(file []byte) string {
	var c struct {
		Email string `json:"client_email"`
	}
	_ = json.Unmarshal(file, &c) // what is no such file has none
	return c.Email
}

// quota returns the project that a file of credentials has requests count against.
func quota(file []byte) string {
	var c struct {
		Project string `json:"quota_project_id"`
	}
	_ = json.Unmarshal(file, &c) // what is no such file has none
	return c.Project
}

// Close ends the connections.
func (r *Reader) Close() { r.idle() }
