//go:build e2e

package azure

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// certificate makes a certificate with its key, as PEM.
func certificate(t testing.TB) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "muster"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE" + " KEY", Bytes: pkcs8})...)
}

// quick reads the directory alone, which takes few requests.
func quick(more ...string) []string {
	return append([]string{"resources: false", "usage: false", "groups: false"}, more...)
}

// TestE2ESignIn signs in with each kind of credential.
func TestE2ESignIn(t *testing.T) {
	t.Parallel()
	named := []string{"tenant: " + fake.NorthwindTenant, "client_id: " + fake.New("").App}
	without := func(h home, names ...string) {
		for _, n := range append(names, "AZURE_TOKEN_CREDENTIALS") {
			delete(h.Env, n)
		}
	}
	all := []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"}
	for about, prepare := range map[string]func(testing.TB, *proxy, home){
		"secret": func(t testing.TB, _ *proxy, h home) {
			t.Helper()
			without(h, "AZURE_TENANT_ID", "AZURE_CLIENT_ID")
			h.options(t, quick(append(named, "credential: secret")...)...)
		},
		"environment": func(t testing.TB, _ *proxy, h home) {
			t.Helper()
			without(h)
			h.options(t, quick("credential: environment")...)
		},
		"nothing said": func(t testing.TB, _ *proxy, h home) {
			t.Helper()
			without(h)
			h.options(t, quick()...)
		},
		"certificate": func(t testing.TB, _ *proxy, h home) {
			t.Helper()
			without(h, all...)
			h.options(t, quick(append(named, "credential: certificate", "certificate_file: "+h.Put(t, "given-reader.pem", certificate(t), 0o600))...)...)
		},
		"federated": func(t testing.TB, _ *proxy, h home) {
			t.Helper()
			without(h, all...)
			h.options(t, quick(append(named, "credential: federated", "token_file: "+h.Put(t, "given-token", []byte("made.up.token"), 0o600))...)...)
		},
		"workload identity of a cluster": func(t testing.TB, p *proxy, h home) {
			t.Helper()
			without(h, "AZURE_CLIENT_SECRET")
			h.Env["AZURE_FEDERATED_TOKEN_FILE"] = h.Put(t, "given-token", []byte("made.up.token"), 0o600)
			h.Env["AZURE_AUTHORITY_HOST"] = "https://login.microsoftonline.com/"
			h.options(t, quick()...)
		},
		"managed identity": func(t testing.TB, p *proxy, h home) {
			t.Helper()
			without(h, all...)
			h.Env["IDENTITY_ENDPOINT"], h.Env["IDENTITY_HEADER"] = p.URL+"/msi/token", managedHeader
			h.options(t, quick("credential: managed_identity")...)
		},
		"az": func(t testing.TB, p *proxy, h home) {
			t.Helper()
			without(h, all...)
			token := p.tenant.Token("https://graph.microsoft.com/.default")
			p.tokens = append(p.tokens, token)
			answer := fmt.Sprintf(`{"accessToken": %q, "expires_on": %d, "tenant": "x", "tokenType": "Bearer"}`, token, time.Now().Add(time.Hour).Unix())
			h.Put(t, "bin/az", []byte("#!/bin/sh\ncat "+h.Put(t, "given-answer", []byte(answer), 0o600)+"\n"), 0o700)
			h.Env["PATH"] = filepath.Join(h.Dir, "bin") + ":" + h.Env["PATH"]
			h.options(t, quick("credential: cli")...)
		},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			h := p.home(t)
			prepare(t, p, h)
			r := h.Scan(t, "--store", "none")
			if got := r.Types(); got["entra.application"] == 0 {
				t.Errorf("status %d, records %v: %s", r.Status, got, r.Stderr)
			}
			p.clean(t, r)
		})
	}
}

// TestE2ESignInFails wants one line that says what Microsoft said, and not with what
// it was asked.
func TestE2ESignInFails(t *testing.T) {
	t.Parallel()
	for about, c := range map[string]struct {
		want   string
		change func(*proxy, home)
	}{
		"a wrong secret":         {"AADSTS7000215", func(p *proxy, _ home) { p.tenant.Secret = "another" }},
		"an unknown application": {"AADSTS700016", func(p *proxy, _ home) { p.tenant.App = "another" }},
		"no credential":          {"incomplete environment", func(_ *proxy, h home) { delete(h.Env, "AZURE_CLIENT_SECRET") }},
		"an endpoint that is down": {"sign in", func(p *proxy, _ home) {
			p.faults(func(c *call) peer.Fault {
				if c.signsIn() {
					return refused(http.StatusServiceUnavailable, "down", "1")
				}
				return nil
			})
		}},
		"a certificate of nobody": {"certificate", func(_ *proxy, h home) { delete(h.Env, "SSL_CERT_FILE") }},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			h := p.home(t, quick("credential: environment")...)
			c.change(p, h)
			r := h.Scan(t, "--store", "none")
			if r.Status != 2 && r.Status != 3 || !strings.Contains(string(r.Stderr)+string(r.Stdout)+strings.Join(r.Gaps(), ""), c.want) {
				t.Errorf("status %d: %s %s", r.Status, r.Stderr, r.Gaps())
			}
			if len(r.Things(t)) > 0 {
				t.Error("something was read")
			}
			p.clean(t, r)
		})
	}
}

// TestE2ETokens has a service refuse tokens: until a new one is got, with what it says
// that one must hold, and for good.
func TestE2ETokens(t *testing.T) {
	t.Parallel()
	want := northwind(t).scan(t, quick()...).Things(t)
	t.Run("claims are asked for", func(t *testing.T) {
		t.Parallel()
		p := northwind(t)
		claims := `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`
		given := false
		p.faults(func(c *call) peer.Fault {
			p.mu.Lock()
			defer p.mu.Unlock()
			if form, err := url.ParseQuery(string(c.body)); c.signsIn() && err == nil && strings.Contains(form.Get("claims"), "1700000000") {
				given = true
			}
			if c.signsIn() || given {
				return nil
			}
			return func(w http.ResponseWriter, _ *peer.Answer) {
				w.Header().Set("Www-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="`+base64.StdEncoding.EncodeToString([]byte(claims))+`"`)
				fake.Refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Continuous access evaluation resulted in challenge.")
			}
		})
		r := p.scan(t, quick("parallel: 1")...)
		if !given || !slices.Equal(want, r.Things(t)) {
			t.Errorf("claims were given: %v; %d records instead of %d: %s", given, len(r.Things(t)), len(want), r.Gaps())
		}
	})
	t.Run("for good", func(t *testing.T) {
		t.Parallel()
		p := northwind(t)
		p.faults(func(c *call) peer.Fault {
			if c.signsIn() {
				return nil
			}
			return refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "")
		})
		r := p.scan(t, quick()...)
		if r.Status != 3 || len(r.Things(t)) > 0 || len(r.Gaps()) == 0 || !strings.Contains(strings.Join(r.Gaps(), " "), "InvalidAuthenticationToken") {
			t.Errorf("status %d, %d records, the gaps are %s", r.Status, len(r.Things(t)), r.Gaps())
		}
		if n := p.Requests(); n > 40 {
			t.Errorf("%d requests with a token that is not taken", n)
		}
	})
}

// TestE2EClouds asks the hosts of each cloud, and hosts of one's own, with tokens for
// them.
func TestE2EClouds(t *testing.T) {
	t.Parallel()
	const vaults = "nw-prod.vault."
	for about, c := range map[string]struct {
		options []string
		login   string
		vault   string
		graph   place
		graphAt string
		arm     place
		armAt   string
	}{
		"government": {
			[]string{"cloud: government"},
			"login.microsoftonline.us", vaults + "usgovcloudapi.net",
			place{"graph.microsoft.com", "https://graph.microsoft.us"},
			"graph.microsoft.us",
			place{"management.azure.com", "https://management.core.usgovcloudapi.net"},
			"management.usgovcloudapi.net",
		},
		"china": {
			[]string{"cloud: china"},
			"login.chinacloudapi.cn", vaults + "azure.cn",
			place{"graph.microsoft.com", "https://microsoftgraph.chinacloudapi.cn"},
			"microsoftgraph.chinacloudapi.cn",
			place{"management.azure.com", "https://management.core.chinacloudapi.cn"},
			"management.chinacloudapi.cn",
		},
		"hosts of one's own": {
			[]string{"graph_endpoint: https://directory.northwind.example", "arm_endpoint: https://resources.northwind.example", "authority_host: https://login.northwind.example/"},
			"login.northwind.example", fake.VaultHost,
			place{"graph.microsoft.com", "https://graph.microsoft.com"},
			"directory.northwind.example",
			place{"management.azure.com", "https://management.core.windows.net"},
			"resources.northwind.example",
		},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			p.moveVault(c.vault)
			p.elsewhere = map[string]place{c.graphAt: c.graph, c.armAt: c.arm}
			r := p.scan(t, append(c.options, "credential: environment")...)
			got := r.Types()
			if got["entra.application"] == 0 || got["azure.storage_key"] == 0 || got["azure.key_vault_secret"] == 0 {
				t.Errorf("status %d, records %v, gaps %s: %s", r.Status, got, r.Gaps(), r.Stderr)
			}
			want := []string{c.graphAt, c.login, c.armAt, c.vault}
			slices.Sort(want)
			if hosts := p.hosts(); !slices.Equal(hosts, want) {
				t.Errorf("the hosts that were asked are %s", strings.Join(hosts, ", "))
			}
		})
	}
}

// moveVault gives the vault another name.
func (p *proxy) moveVault(host string) {
	resources := p.tenant.Tables["resources"]
	for i := range resources.Len() {
		if properties, ok := resources.At(i)["properties"].(fake.Tree); ok && properties["vaultUri"] != nil {
			properties["vaultUri"] = "https://" + host + "/"
		}
	}
	for name, list := range maps.Clone(p.tenant.Vaults) {
		_, kind, _ := strings.Cut(name, "/")
		delete(p.tenant.Vaults, name)
		p.tenant.Vaults[host+"/"+kind] = list
	}
}
