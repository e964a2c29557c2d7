//go:build e2e

package gcp

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An account is the service account that scans: it has a key, and gets tokens for
// what it signs with it.
type account struct {
	key   *rsa.PrivateKey
	email string
	keyID string

	mu     sync.Mutex
	issued []string
	over   map[string]bool // tokens that are not taken any more
}

// scanning returns the account that scans. Making a key takes a second: all tests
// have the same one, with tokens of their own.
func scanning(t testing.TB) *account {
	t.Helper()
	shared.made.Do(func() {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		shared.caller, shared.madeErr = &account{key: key}, err
	})
	if shared.madeErr != nil {
		t.Fatal(shared.madeErr)
	}
	return &account{key: shared.caller.key, email: "auditor@northwind-ci.iam.gserviceaccount.com", keyID: "ab12" + strings.Repeat("0f", 18), over: map[string]bool{}}
}

// file is the key as the console of Google gives it away once.
func (a *account) file(t testing.TB, tokens string) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": "northwind-ci", "private_key_id": a.keyID,
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE " + "KEY", Bytes: der})),
		"client_email": a.email, "client_id": "100000000000000000009", "token_uri": tokens,
		"auth_uri": "https://accounts.google.com/o/oauth2/auth", "universe_domain": "googleapis.com",
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// secrets are what of the account must be seen nowhere: its tokens, and a piece of
// its key.
func (a *account) secrets(t testing.TB) []string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(der)
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string{text[64:124], text[640:700]}, a.issued...)
}

// serve hands out tokens for assertions, as RFC 7523 and Google's page "Using OAuth
// 2.0 for Server to Server Applications" have it.
func (a *account) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if err := a.check(r); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error": "invalid_grant", "error_description": %q}`, "Invalid JWT: "+err.Error())
		return
	}
	a.mu.Lock()
	token := fmt.Sprintf("ya29.cana"+"ry-%d-%s", len(a.issued), rand.Text())
	a.issued = append(a.issued, token)
	a.mu.Unlock()
	fmt.Fprintf(w, `{"access_token": %q, "expires_in": 3599, "token_type": "Bearer"}`, token)
}

// check says what is wrong with a request for a token.
func (a *account) check(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	if got := r.PostForm.Get("grant_type"); got != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		return fmt.Errorf("grant type %q", got)
	}
	parts := strings.Split(r.PostForm.Get("assertion"), ".")
	if len(parts) != 3 {
		return fmt.Errorf("%d parts", len(parts))
	}
	var head struct{ Alg, Kid string }
	var claims struct {
		Iss, Scope, Aud string
		Iat, Exp        int64
	}
	for i, into := range []any{&head, &claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			return err
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&a.key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		return err
	}
	now := time.Now().Unix()
	aud, err := url.Parse(claims.Aud)
	switch {
	case err != nil || aud.Path != tokenPath || aud.Host != r.Host:
		return fmt.Errorf("audience %q", claims.Aud)
	case head.Alg != "RS256" || claims.Iss != a.email || head.Kid != "" && head.Kid != a.keyID:
		return fmt.Errorf("issuer %q, key %q, %s", claims.Iss, head.Kid, head.Alg)
	case claims.Iat > now+60 || claims.Exp < now || claims.Exp > claims.Iat+3600:
		return fmt.Errorf("from %d to %d", claims.Iat, claims.Exp)
	case !strings.Contains(claims.Scope, "https://www.googleapis.com/auth/cloud-platform"):
		return fmt.Errorf("scope %q", claims.Scope)
	}
	return nil
}

// takes reports whether a request carries a token that was handed out and is not
// over.
func (a *account) takes(r *http.Request) bool {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.issued, token) && !a.over[token]
}

// end has all tokens that were handed out taken no more.
func (a *account) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.issued {
		a.over[t] = true
	}
}
