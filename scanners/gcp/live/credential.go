package live

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
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
// read anew where Google takes a token no more. A file is read at once, so that one
// that is at fault is told before anything is asked. Where there is none, the machine
// itself may be one of Google's: that is only asked when a token is needed.
func (r *Reader) signer(w *wire.Options, next http.RoundTripper) error {
	client := &http.Client{Transport: next}
	r.as = r.options.Impersonate
	var mu sync.Mutex // guards c
	var c *signed
	if r.options.CredentialsFile != "" || DefaultFile(r.options.Getenv) != "" {
		var err error
		if c, err = r.sign(client); err != nil {
			return err
		}
		r.as = c.as
		w.QuotaProject = cmp.Or(w.QuotaProject, c.quotaProject)
	}
	signed := func() (*signed, error) {
		mu.Lock()
		defer mu.Unlock()
		var err error
		if c == nil {
			c, err = r.sign(client)
		}
		return c, err
	}
	w.Token = func(ctx context.Context) (string, error) {
		now, err := signed()
		if err != nil {
			return "", err
		}
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
	c, err := r.options.detect(client)
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

// DefaultFile returns the file of Application Default Credentials: that which
// GOOGLE_APPLICATION_CREDENTIALS names, whether it is there or not, or the one that
// gcloud leaves in its directory (cloud.google.com/docs/authentication,
// "How Application Default Credentials works"). It is empty if there is neither.
func DefaultFile(getenv func(string) string) string {
	if file := getenv("GOOGLE_APPLICATION_CREDENTIALS"); file != "" {
		return file
	}
	dir := getenv("CLOUDSDK_CONFIG")
	switch home := getenv("HOME"); {
	case dir != "":
	case getenv("APPDATA") != "":
		dir = filepath.Join(getenv("APPDATA"), "gcloud")
	case home != "":
		dir = filepath.Join(home, ".config", "gcloud")
	default:
		return ""
	}
	file := filepath.Join(dir, "application_default_credentials.json")
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

// toSignIn says what to do where nothing on the machine signs in.
const toSignIn = "sign in with gcloud auth application-default login, set GOOGLE_APPLICATION_CREDENTIALS, or name a file (credentials_file)"

// detect takes credentials from a file, or if there is none, those of the machine.
func (o *Options) detect(client *http.Client) (*auth.Credentials, error) {
	how := &credentials.DetectOptions{Scopes: scopes(), Client: client}
	file := cmp.Or(o.CredentialsFile, DefaultFile(o.Getenv))
	if file == "" {
		c, err := o.machine(how)
		if err != nil {
			return nil, errors.New("there are no credentials of Google Cloud: " + toSignIn)
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
	c, err := credentials.NewCredentialsFromJSON(kind, data, how)
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
