//go:build e2e

package gcp

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// home is one with the key of who scans, and a configuration that asks the proxy
// instead of Google. Options are lines of the source's configuration. Deny policies of
// projects are left out unless they say otherwise: Google allows 5 requests a minute.
func (p *proxy) home(t testing.TB, options ...string) peer.Home {
	t.Helper()
	h := shared.program.Home(t)
	key := h.Put(t, "key.json", p.caller.file(t, p.URL+tokenPath), 0o600)
	text := "sources:\n  - source: gcp\n    endpoint: " + p.URL + "\n    credentials_file: " + key + "\n"
	options = append([]string{"target: " + target, "details: none"}, options...)
	said := map[string]string{}
	for _, o := range options {
		name, value, _ := strings.Cut(o, ": ")
		said[name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		text += "    " + name + ": " + said[name] + "\n"
	}
	h.Configure(t, text)
	return h
}

// scan runs `muster scan` in a home of its own.
func (p *proxy) scan(t testing.TB, options ...string) peer.Run {
	t.Helper()
	return p.home(t, options...).Scan(t, "--store", "none")
}

// clean looks for values that no scan may see, wherever they could have gone, but not
// in the key itself.
func (p *proxy) clean(t testing.TB, r peer.Run) {
	t.Helper()
	r.Clean(t, append(fake.Canaries(), p.caller.secrets(t)...), "key.json")
}
