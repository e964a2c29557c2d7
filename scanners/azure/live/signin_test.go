package live_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// secret is that of the reader, which must be in no error.
func secret() string { return "made-up~" + strings.Repeat("xY3", 9) }

// certificate writes a certificate with its key.
func certificate(t *testing.T) string {
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
	file := filepath.Join(t.TempDir(), "reader.pem")
	data := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE" + " KEY", Bytes: pkcs8})...)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// alone keeps the credentials of this machine out of a test.
func alone(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME", "AZURE_PASSWORD", "AZURE_FEDERATED_TOKEN_FILE",
		"AZURE_AUTHORITY_HOST", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "AZURE_TOKEN_CREDENTIALS", "AZURE_REGIONAL_AUTHORITY_NAME",
	} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
}

// signing reads with a credential of azidentity, over the token endpoint of a
// server.
func signing(s *fake.Server, kind live.Kind) live.Options {
	o := options(s)
	o.Token, o.Credential, o.Tenant, o.ClientID, o.NoResources, o.NoUsage = nil, kind, fake.NorthwindTenant, s.App, true, true
	return o
}

// TestWaysToSignIn signs in with each kind of credential.
func TestWaysToSignIn(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T, *fake.Server) live.Options{
		"secret": func(_ *testing.T, s *fake.Server) live.Options {
			o := signing(s, live.KindSecret)
			o.Getenv = func(name string) string { return map[string]string{"AZURE_CLIENT_SECRET": secret()}[name] }
			return o
		},
		"secret, own token host": func(_ *testing.T, s *fake.Server) live.Options {
			o := signing(s, live.KindSecret)
			o.AuthorityHost = "https://login.northwind.example/"
			o.Getenv = func(name string) string { return map[string]string{"AZURE_CLIENT_SECRET": secret()}[name] }
			return o
		},
		"certificate": func(t *testing.T, s *fake.Server) live.Options {
			t.Helper()
			o := signing(s, live.KindCertificate)
			o.CertificateFile = certificate(t)
			return o
		},
		"federated": func(t *testing.T, s *fake.Server) live.Options {
			t.Helper()
			o := signing(s, live.KindFederated)
			o.TokenFile = filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(o.TokenFile, []byte("made.up.token"), 0o600); err != nil {
				t.Fatal(err)
			}
			return o
		},
		"environment": func(t *testing.T, s *fake.Server) live.Options {
			t.Helper()
			t.Setenv("AZURE_TENANT_ID", fake.NorthwindTenant)
			t.Setenv("AZURE_CLIENT_ID", s.App)
			t.Setenv("AZURE_CLIENT_SECRET", secret())
			return signing(s, live.KindEnvironment)
		},
		"auto": func(t *testing.T, s *fake.Server) live.Options {
			t.Helper()
			t.Setenv("AZURE_TENANT_ID", fake.NorthwindTenant)
			t.Setenv("AZURE_CLIENT_ID", s.App)
			t.Setenv("AZURE_CLIENT_SECRET", secret())
			return signing(s, live.KindAuto)
		},
		"managed identity": func(t *testing.T, s *fake.Server) live.Options {
			t.Helper()
			t.Setenv("IDENTITY_ENDPOINT", "http://localhost:4141/msi/token")
			t.Setenv("IDENTITY_HEADER", "made-up")
			o := signing(s, live.KindManagedIdentity)
			o.Wrap = func(http.RoundTripper) http.RoundTripper {
				return carrier(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host != "localhost:4141" {
						return s.RoundTrip(r)
					}
					body := fmt.Sprintf(`{"access_token":%q,"expires_on":"%d","resource":%q,"token_type":"Bearer"}`,
						s.Token(r.URL.Query().Get("resource")), time.Now().Add(time.Hour).Unix(), r.URL.Query().Get("resource"))
					return answer(r, http.StatusOK, body), nil
				})
			}
			return o
		},
		"az": func(t *testing.T, s *fake.Server) live.Options {
			t.Helper()
			folder := t.TempDir()
			script := "#!/bin/sh\nprintf '{\"accessToken\":\"%s\",\"expires_on\":%s,\"tenant\":\"x\",\"tokenType\":\"Bearer\"}' '" + s.Token("https://graph.microsoft.com/.default") + "' " + fmt.Sprint(time.Now().Add(time.Hour).Unix()) + "\n"
			if err := os.WriteFile(filepath.Join(folder, "az"), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
			return signing(s, live.KindCLI)
		},
	} {
		t.Run(name, func(t *testing.T) {
			alone(t)
			s := fake.Northwind()
			s.Secret = secret()
			tenant := read(t, prepare(t, s))
			if tenant.ID != fake.NorthwindTenant || len(tenant.Applications) != 3 || tenant.ReaderName != "muster" {
				t.Errorf("the tenant is %s, read as %s, with %d applications", tenant.ID, tenant.ReaderName, len(tenant.Applications))
			}
		})
	}
}

func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: readCloser{strings.NewReader(body)}, Request: r, ContentLength: int64(len(body))}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// TestSigningInThatFails says what Microsoft said, and not with what.
func TestSigningInThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		want   string
		change func(*fake.Server, *live.Options)
	}{
		"a wrong secret":         {"AADSTS7000215", func(s *fake.Server, _ *live.Options) { s.Secret = "another" }},
		"an unknown application": {"AADSTS700016", func(s *fake.Server, _ *live.Options) { s.App = "another" }},
		"nobody answers": {"sign in", func(_ *fake.Server, o *live.Options) {
			o.Wrap = func(http.RoundTripper) http.RoundTripper {
				return carrier(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("connection refused") })
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			alone(t)
			s := fake.Northwind()
			s.Secret = secret()
			o := signing(s, live.KindSecret)
			o.Getenv = func(string) string { return secret() }
			c.change(s, &o)
			r, err := live.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Read(t.Context(), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret()) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestNothingToSignInWith names the ways that were tried, and what to do, whether the
// machine has no identity or its network answers for it.
func TestNothingToSignInWith(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(r *http.Request) (*http.Response, error)
		wants  []string
	}{
		"nobody there": {func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("connection refused") }, []string{"EnvironmentCredential", "ManagedIdentityCredential", "AzureCLICredential", "az login"}},
		"a proxy":      {func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusForbidden, "no"), nil }, []string{"managed identity", "403", "az login"}},
		"a proxy's page": {func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusForbidden, "<html>"+secret()+"</html>"), nil
		}, []string{"managed identity", "403", "az login"}},
	} {
		t.Run(name, func(t *testing.T) {
			alone(t)
			t.Setenv("PATH", t.TempDir())
			t.Setenv("HOME", t.TempDir())
			o := options(fake.Northwind())
			o.Token, o.Tenant = nil, fake.NorthwindTenant
			o.Wrap = func(http.RoundTripper) http.RoundTripper { return carrier(c.answer) }
			r, err := live.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Read(t.Context(), nil)
			if err == nil || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), secret()) {
				t.Fatalf("the error is %v", err)
			}
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %s: %v", want, err)
				}
			}
		})
	}
}

// TestOptionsThatCannotBeMeant are refused before anything is sent.
func TestOptionsThatCannotBeMeant(t *testing.T) {
	alone(t)
	for name, change := range map[string]func(*live.Options){
		"a pattern":           func(o *live.Options) { o.Subscriptions = []string{"["} },
		"a cloud":             func(o *live.Options) { o.Cloud = "moon" },
		"a credential":        func(o *live.Options) { o.Credential, o.Token = "password", nil },
		"a tenant":            func(o *live.Options) { o.Tenant = "../x" },
		"nothing":             func(o *live.Options) { o.NoDirectory, o.NoResources = true, true },
		"a Graph without TLS": func(o *live.Options) { o.GraphEndpoint = "http://graph.example" },
		"a certificate without file": func(o *live.Options) {
			o.Token, o.Credential, o.Tenant, o.ClientID = nil, live.KindCertificate, "t", "c"
		},
		"a file that is none": func(o *live.Options) {
			o.Token, o.Credential, o.Tenant, o.ClientID, o.CertificateFile = nil, live.KindCertificate, "t", "c", "/nowhere"
		},
		"a secret that is not set":    func(o *live.Options) { o.Token, o.Credential, o.Tenant, o.ClientID = nil, live.KindSecret, "t", "c" },
		"federation without a token":  func(o *live.Options) { o.Token, o.Credential = nil, live.KindFederated },
		"an environment with nothing": func(o *live.Options) { o.Token, o.Credential = nil, live.KindEnvironment },
	} {
		o := options(fake.Northwind())
		change(&o)
		if _, err := live.Open(t.Context(), o); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// TestClouds are asked where they are, with tokens for them.
func TestClouds(t *testing.T) {
	for cloud, want := range map[live.Cloud][2]string{
		live.CloudPublic:     {"graph.microsoft.com", "management.azure.com"},
		live.CloudGovernment: {"graph.microsoft.us", "management.usgovcloudapi.net"},
		live.CloudChina:      {"microsoftgraph.chinacloudapi.cn", "management.chinacloudapi.cn"},
	} {
		var graphs, managers, others atomic.Int64
		o := options(fake.Northwind())
		o.Cloud = cloud
		o.Wrap = func(http.RoundTripper) http.RoundTripper {
			return carrier(func(r *http.Request) (*http.Response, error) {
				switch r.URL.Host {
				case want[0]:
					graphs.Add(1)
				case want[1]:
					managers.Add(1)
				default:
					others.Add(1)
				}
				return answer(r, http.StatusOK, `{"value":[]}`), nil
			})
		}
		tenant := read(t, o)
		if graphs.Load() < 15 || managers.Load() == 0 || others.Load() > 0 || tenant.UsageKnown != (cloud == live.CloudPublic) || !tenant.UsageKnown && tenant.UsageReason == "" {
			t.Errorf("%s: %d to Graph, %d to Resource Manager, %d elsewhere; usage known %v (%s)", cloud, graphs.Load(), managers.Load(), others.Load(), tenant.UsageKnown, tenant.UsageReason)
		}
	}
}
