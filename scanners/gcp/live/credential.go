package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/credentials/impersonate"

	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
)

// scopes are what tokens are asked for. Many of the APIs take no narrower one to
// list with: what may be done is settled by the roles of who signs in.
func scopes() []string { return []string{"https://www.googleapis.com/auth/cloud-platform"} }

// signer takes tokens from the credentials that the options name, and from the same
// read anew where Google takes a token no more.
func (r *Reader) signer(w *wire.Options, next http.RoundTripper) error {
	client := &http.Client{Transport: next}
	c, err := r.sign(client)
	if err != nil {
		return err
	}
	if w.QuotaProject == "" {
		w.QuotaProject = c.quotaProject
	}
	r.as = c.as
	var mu sync.Mutex // guards c
	w.Token = func(ctx context.Context) (string, error) {
		mu.Lock()
		now := c
		mu.Unlock()
		t, err := now.Token(ctx)
		if err != nil {
			return "", signIn(err)
		}
		return t.Value, nil
	}
	w.Renew = func(context.Context) error {
		anew, err := r.sign(client)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		c = anew
		return nil
	}
	return nil
}

// A signed is somebody whose tokens can be had.
type signed struct {
	*auth.Credentials
	as           string // e-mail; empty is unknown
	quotaProject string // of the file; empty is none
}

// sign settles as whom tokens are taken.
func (r *Reader) sign(client *http.Client) (*signed, error) {
	c, err := detect(r.options.CredentialsFile, client)
	if err != nil {
		return nil, err
	}
	out := &signed{c, field(c.JSON(), "client_email"), field(c.JSON(), "quota_project_id")}
	if r.options.Impersonate == "" {
		return out, nil
	}
	out.as = r.options.Impersonate
	out.Credentials, err = impersonate.NewCredentials(&impersonate.CredentialsOptions{TargetPrincipal: r.options.Impersonate, Scopes: scopes(), Credentials: c, Client: client})
	if err != nil {
		return nil, fmt.Errorf("impersonate %s: %w", r.options.Impersonate, err)
	}
	return out, nil
}

// detect finds credentials: in a file, or those of Application Default Credentials.
func detect(file string, client *http.Client) (*auth.Credentials, error) {
	o := &credentials.DetectOptions{Scopes: scopes(), Client: client}
	if file == "" {
		c, err := credentials.DetectDefault(o)
		if err != nil {
			return nil, fmt.Errorf("find credentials of Google Cloud: %w", err)
		}
		return c, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read credentials of Google Cloud: %w", err)
	}
	kind := credentials.CredType(field(data, "type"))
	switch kind {
	case credentials.ServiceAccount, credentials.AuthorizedUser, credentials.ExternalAccount, credentials.ImpersonatedServiceAccount, credentials.ExternalAccountAuthorizedUser:
	default:
		return nil, fmt.Errorf("%s is no file of credentials of Google Cloud: its type is that of none", file)
	}
	c, err := credentials.NewCredentialsFromJSON(kind, data, o)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: its key or a field cannot be read", file) // the error can quote it
	}
	return c, nil
}

// signIn says why there is no token. What the server of tokens answered is left out:
// it can quote what was sent.
func signIn(err error) error {
	if e, ok := errors.AsType[*auth.Error](err); ok && e.Response != nil {
		return fmt.Errorf("the server that issues tokens answers %s", e.Response.Status)
	}
	return err
}

// field returns a text of a file of credentials; empty if there is none.
func field(file []byte, name string) string {
	var c map[string]json.RawMessage
	var text string
	if json.Unmarshal(file, &c) == nil {
		_ = json.Unmarshal(c[name], &text) // what is no text is none
	}
	return text
}
