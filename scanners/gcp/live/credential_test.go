package live_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/gcp/live"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// keyFile writes the file of a service account whose tokens a server of the test
// issues.
func keyFile(t *testing.T, issuer string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE " + "KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return file(t, map[string]string{
		"type": "service_account", "client_email": "auditor@northwind-ci.iam.gserviceaccount.com", "private_key_id": "made-up", "private_key": string(block),
		"token_uri": issuer, "project_id": "northwind-ci", "quota_project_id": "northwind-ci", "client_id": "1",
	})
}

func file(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An issuer answers for the server of tokens.
func issuer(t *testing.T, status int, answer string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer)) // a client that went away is no matter
	}))
	t.Cleanup(s.Close)
	return s
}

const goodToken = `{"access_token": "from-the-issuer", "expires_in": 3600, "token_type": "Bearer"}`

// TestKeyFile signs in with the key of a service account: requests carry the token
// and the project whose quota they count against, and projects say as whom they were
// read.
func TestKeyFile(t *testing.T) {
	s := fake.Northwind(documents(t))
	o := options(t, s)
	o.Token, o.CredentialsFile = nil, keyFile(t, issuer(t, http.StatusOK, goodToken).URL)
	e := read(t, o)
	if as := project(t, e, "northwind-dev").Reader; as != "auditor@northwind-ci.iam.gserviceaccount.com" {
		t.Errorf("read as %q", as)
	}
	for _, r := range s.Requests() {
		if r.Header.Get("Authorization") != "Bearer from-the-issuer" || r.Header.Get("X-Goog-User-Project") != "northwind-ci" {
			t.Fatalf("%s: %v", r.Method, r.Header)
		}
	}
}

// A detour sends requests to hosts of Google to a server of the test.
type detour struct {
	next http.RoundTripper
	to   string
}

func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	if strings.HasSuffix(r.URL.Host, ".googleapis.com") {
		to, err := url.Parse(d.to)
		if err != nil {
			return nil, err
		}
		out.URL.Scheme, out.URL.Host = to.Scheme, to.Host
	}
	return d.next.RoundTrip(out)
}

// TestImpersonation becomes another account and reads as that.
func TestImpersonation(t *testing.T) {
	s := fake.Northwind(documents(t))
	o := options(t, s)
	tokens := issuer(t, http.StatusOK, `{"accessToken": "of-the-other", "expireTime": "2099-01-01T00:00:00Z"}`)
	o.Token, o.CredentialsFile, o.Impersonate = nil, keyFile(t, issuer(t, http.StatusOK, goodToken).URL), "reader@northwind-ci.iam.gserviceaccount.com"
	o.Wrap = func(next http.RoundTripper) http.RoundTripper { return detour{next, tokens.URL} }
	e := read(t, o)
	if as := project(t, e, "northwind-dev").Reader; as != "reader@northwind-ci.iam.gserviceaccount.com" {
		t.Errorf("read as %q", as)
	}
	if !slices.ContainsFunc(s.Requests(), func(r fake.Request) bool { return r.Header.Get("Authorization") == "Bearer of-the-other" }) {
		t.Error("no request is that of the other account")
	}
}

// TestBadCredentials says what is wrong with credentials, and nothing of what they
// hold.
func TestBadCredentials(t *testing.T) {
	const secret = "canary-of-a-private-key"
	refused := issuer(t, http.StatusBadRequest, `{"error": "invalid_grant", "error_description": "Invalid JWT: `+secret+`"}`)
	for _, tt := range []struct {
		name, path, want string
	}{
		{"no file", filepath.Join(t.TempDir(), "none"), "read credentials"},
		{"no JSON", file(t, secret), "type"},
		{"another type", file(t, map[string]string{"type": "robot", "private_key": secret}), "type"},
		{"a key that is none", file(t, map[string]string{"type": "service_account", "client_email": "a@b.iam.gserviceaccount.com", "private_key": secret, "token_uri": refused.URL}), ""},
		{"a key that is not taken", keyFile(t, refused.URL), "400"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t, fake.Northwind(documents(t)))
			o.Token, o.CredentialsFile = nil, tt.path
			r, err := live.Open(t.Context(), o)
			if err == nil {
				defer r.Close()
				_, err = r.Read(t.Context(), nil)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v does not say %q", err, tt.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Error("the error holds what the file holds")
			}
		})
	}
}

// TestDefaultCredentials are found where gcloud leaves them. A file that is at fault is
// told at once; that there is none only when something is read, for the machine itself
// may be one of Google's.
func TestDefaultCredentials(t *testing.T) {
	const name = "application_default_credentials.json"
	good := keyFile(t, issuer(t, http.StatusOK, goodToken).URL)
	gcloud, home := t.TempDir(), t.TempDir()
	copied(t, good, filepath.Join(gcloud, name))
	copied(t, good, filepath.Join(home, ".config", "gcloud", name))
	for name, c := range map[string]struct {
		env          map[string]string
		opens, reads string // of the error; - is none
	}{
		"the variable":                     {map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": good}, "-", "-"},
		"a variable that names nothing":    {map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"}, "/nowhere/key.json", ""},
		"a variable that names no key":     {map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": file(t, []string{"x"})}, "no file of credentials", ""},
		"gcloud's directory":               {map[string]string{"CLOUDSDK_CONFIG": gcloud}, "-", "-"},
		"gcloud's directory at home":       {map[string]string{"HOME": home}, "-", "-"},
		"gcloud is signed in, and no more": {map[string]string{"HOME": home, "CLOUDSDK_CONFIG": t.TempDir()}, "-", "there are no credentials of Google Cloud"},
		"nothing":                          {map[string]string{"HOME": t.TempDir()}, "-", "gcloud auth application-default login"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
			o := options(t, fake.Northwind(documents(t)))
			o.Token, o.Getenv = nil, func(name string) string { return c.env[name] }
			live.Elsewhere(&o)
			r, err := live.Open(t.Context(), o)
			if c.opens != "-" {
				if err == nil || !strings.Contains(err.Error(), c.opens) {
					t.Fatalf("opening: %v does not say %q", err, c.opens)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			_, err = r.Read(t.Context(), nil)
			if c.reads == "-" && err != nil || c.reads != "-" && (err == nil || !strings.Contains(err.Error(), c.reads)) {
				t.Errorf("reading: %v, want %q", err, c.reads)
			}
		})
	}
}

func copied(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
