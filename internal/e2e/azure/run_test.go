//go:build e2e

package azure

import (
	"maps"
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// A home is where the program under test runs, as the reader of a tenant.
type home struct{ peer.Home }

// home is one with a configuration of one tenant. Options are lines of it. The program
// signs in with a secret unless the environment is changed.
func (p *proxy) home(t testing.TB, options ...string) home {
	t.Helper()
	h := home{shared.program.Home(t)}
	maps.Copy(h.Env, map[string]string{
		"HTTPS_PROXY": p.URL, "SSL_CERT_FILE": trusted(t), "SSL_CERT_DIR": h.Dir,
		"AZURE_TENANT_ID": fake.NorthwindTenant, "AZURE_CLIENT_ID": p.tenant.App, "AZURE_CLIENT_SECRET": secret(), "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
	})
	h.options(t, options...)
	return h
}

// options writes the configuration of a home.
func (h *home) options(t testing.TB, options ...string) {
	t.Helper()
	text := "sources:\n  - source: azure\n"
	for _, o := range options {
		text += "    " + o + "\n"
	}
	h.Configure(t, text)
}

// scan runs `muster scan` in a home of its own, and keeps nothing.
func (p *proxy) scan(t testing.TB, options ...string) peer.Run {
	t.Helper()
	return p.home(t, options...).Scan(t, "--store", "none")
}

// clean looks for values that no scan may see, wherever they could have gone, but not
// in what the test itself put there, whose names begin with "given-".
func (p *proxy) clean(t testing.TB, r peer.Run) {
	t.Helper()
	p.mu.Lock()
	bad := append([]string{fake.Canary(), secret()}, p.tokens...)
	p.mu.Unlock()
	r.Clean(t, bad, "given-*")
}
