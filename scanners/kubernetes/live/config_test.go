package live

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes a certificate of a user with a key, in PEM and base64.
func certificate(t *testing.T, user string, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: user, Organization: []string{"readers"}}, NotBefore: until.Add(-time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	coded := func(kind string, b []byte) string {
		return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	return coded("CERTIFICATE", der), coded("PRIVATE KEY", secret)
}

// jwt makes a token whose claims nobody verifies.
func jwt(claims string) string {
	return strings.Join([]string{"e30", base64.RawURLEncoding.EncodeToString([]byte(claims)), "c2ln"}, ".")
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func config(user string) string {
	return `apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: prod-eu, cluster: {server: "https://cluster.example:6443", insecure-skip-tls-verify: true}}]
users: [{name: scanner, user: ` + user + `}]
contexts: [{name: prod, context: {cluster: prod-eu, user: scanner}}]
`
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "absent"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	oldCert, oldKey := certificate(t, "ci", clock().Add(-time.Hour))
	for name, test := range map[string]struct {
		options Options
		want    string
	}{
		"no kubeconfig":           {Options{}, "no kubeconfig: none of "},
		"no such file":            {Options{Kubeconfig: "/nowhere/config"}, "read kubeconfig: stat /nowhere/config"},
		"not a kubeconfig":        {Options{Kubeconfig: write(t, "apiVersion: v1\nkind: [")}, "read kubeconfig: "},
		"unknown context":         {Options{Kubeconfig: kubeconfig(t, ""), Context: "prd"}, `the kubeconfig has no context "prd"; it has: prod, staging`},
		"no current context":      {Options{Kubeconfig: write(t, strings.Replace(config(`{token: x}`), "current-context: prod", "", 1))}, "the kubeconfig has no current context; name one of: prod"},
		"unknown user":            {Options{Kubeconfig: write(t, strings.Replace(config(`{token: x}`), "user: scanner}}]", "user: other}}]", 1))}, `context "prod" names the user "other", which the kubeconfig does not have`},
		"unknown cluster":         {Options{Kubeconfig: write(t, strings.Replace(config(`{token: x}`), "cluster: prod-eu", "cluster: other", 1))}, `context "prod" names the cluster "other", which the kubeconfig does not have`},
		"expired certificate":     {Options{Kubeconfig: write(t, config(`{client-certificate-data: "`+oldCert+`", client-key-data: "`+oldKey+`"}`))}, "the client certificate of the kubeconfig has expired on 2026-11-22; renew it"},
		"missing certificate":     {Options{Kubeconfig: write(t, config(`{client-certificate: /nowhere/cert, client-key: /nowhere/key}`))}, `context "prod" of the kubeconfig: `},
		"auth-provider gone":      {Options{Kubeconfig: write(t, config(`{auth-provider: {name: gcp}}`))}, `the auth-provider "gcp" is no longer a part of Kubernetes`},
		"OpenID Connect, expired": {Options{Kubeconfig: write(t, config(`{auth-provider: {name: oidc, config: {idp-issuer-url: "https://idp.example", client-id: k, id-token: "`+jwt(`{"exp":1000000000}`)+`"}}}`))}, "let kubectl renew it"},
		"not in a pod":            {Options{Context: InCluster}, "sign in as the service account of this pod"},
		"no hash":                 {Options{Kubeconfig: kubeconfig(t, ""), HashValues: true}, "there is no hash"},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.Now = clock
			if _, err := Open(test.options); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestReaderName takes the name of who reads from what it signs in with.
func TestReaderName(t *testing.T) {
	cert, key := certificate(t, "ci-bot", clock().Add(time.Hour))
	for name, test := range map[string]struct{ user, want string }{
		"certificate":     {`{client-certificate-data: "` + cert + `", client-key-data: "` + key + `"}`, "ci-bot"},
		"account's token": {`{token: "` + jwt(`{"sub":"system:serviceaccount:ops:muster"}`) + `"}`, "system:serviceaccount:ops:muster"},
		"other token":     {`{token: "` + jwt(`{"sub":"42"}`) + `"}`, "scanner"},
		"impersonation":   {`{token: x, as: auditor}`, "auditor"},
		"OpenID Connect":  {`{auth-provider: {name: oidc, config: {idp-issuer-url: "https://idp.example", client-id: k, id-token: "` + jwt(`{"exp":4000000000}`) + `"}}}`, "scanner"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Open(Options{Kubeconfig: write(t, config(test.user)), Now: clock})
			if err != nil {
				t.Fatal(err)
			}
			if r.connection.user != test.want {
				t.Errorf("it reads as %q, want %q", r.connection.user, test.want)
			}
		})
	}
}

// TestList merges the files of KUBECONFIG, and writes to none.
func TestList(t *testing.T) {
	one := kubeconfig(t, "")
	two := write(t, strings.NewReplacer("prod-eu", "lab", "prod", "lab", "current-context: lab\n", "", "scanner", "me").Replace(config(`{token: t2}`)))
	t.Setenv("KUBECONFIG", one+string(filepath.ListSeparator)+two)
	before := stat(t, one, two)
	r, err := Open(Options{Context: "lab", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	if r.Cluster() != "lab" {
		t.Errorf("the cluster is %q", r.Cluster())
	}
	if after := stat(t, one, two); after != before {
		t.Errorf("the files were %s and are %s", before, after)
	}
}

func stat(t *testing.T, files ...string) string {
	t.Helper()
	var out []string
	for _, f := range files {
		i, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(filepath.Dir(f))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(i.ModTime(), i.Size(), len(entries)))
	}
	return strings.Join(out, "; ")
}

// TestTLS reads from a server with TLS on loopback: the kubeconfig's authority is
// what makes it trusted, its certificate what signs in, and the token of an exec
// plug-in is sent.
func TestTLS(t *testing.T) {
	cert, key := certificate(t, "ci-bot", time.Now().Add(time.Hour))
	var user, token, agent string
	s := estate()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			user = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		token, agent = r.Header.Get("Authorization"), r.Header.Get("User-Agent")
		s.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	defer server.Close()
	authority := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	text := func(authority, user string) string {
		return strings.Replace(config(user), `{server: "https://cluster.example:6443", insecure-skip-tls-verify: true}`, `{server: "`+server.URL+`"`+authority+`}`, 1)
	}
	trusted := `, certificate-authority-data: "` + authority + `"`
	plugin := write(t, "#!/bin/sh\necho '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"from-plugin\"}}'\n")
	if err := os.Chmod(plugin, 0o700); err != nil {
		t.Fatal(err)
	}
	var wrapped int
	count := func(next http.RoundTripper) http.RoundTripper {
		return &flaky{next: next, fails: func(int, *http.Request) error { wrapped++; return nil }}
	}
	for name, test := range map[string]struct{ text, user, token, fails string }{
		"certificate": {text: text(trusted, `{client-certificate-data: "`+cert+`", client-key-data: "`+key+`"}`), user: "ci-bot"},
		"exec":        {text: text(trusted, `{exec: {apiVersion: client.authentication.k8s.io/v1, command: "`+plugin+`", interactiveMode: Never}}`), token: "Bearer from-plugin"},
		"untrusted":   {text: text("", `{token: x}`), fails: "is not signed by the authority that the kubeconfig names"},
	} {
		t.Run(name, func(t *testing.T) {
			user, token, wrapped = "", "", 0
			r, err := Open(Options{Kubeconfig: write(t, test.text), Now: time.Now, UserAgent: "muster/test", Wrap: count})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			c, err := r.Read(t.Context(), nil)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("error %v, want %s", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if user != test.user || token != test.token || agent != "muster/test" || wrapped < 20 || len(c.Secrets) != 20 {
				t.Errorf("user %q, token %q, agent %q, %d requests through the wrapper, %d secrets", user, token, agent, wrapped, len(c.Secrets))
			}
		})
	}
}
