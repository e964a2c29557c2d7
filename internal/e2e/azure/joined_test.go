//go:build e2e

package azure

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/live/fake"
)

// deploy is the identity of the application whose secrets leak: it may make secrets of
// every application, and so becomes administrator of the tenant.
func deploy() string { return "azure:" + fake.NorthwindTenant + "/applications/" + fake.Object(11) }

// leaked is a client secret as Entra makes them.
func leaked() string { return "Zq7" + "8Q~" + strings.Repeat("mV4x.tK", 4) + "w9L2pR" }

// repository is one in which a client secret, and a certificate with its key, lie; its
// workflow signs in to Azure.
func repository(t testing.TB, certificate []byte) string {
	t.Helper()
	return peer.Repository(t, "northwind/deploy", map[string]string{
		"deploy/.env":       "AZURE_TENANT_ID=" + fake.NorthwindTenant + "\nAZURE_CLIENT_ID=" + fake.Object(11) + "\nAZURE_CLIENT_SECRET=" + leaked() + "\n",
		"deploy/reader.pem": string(certificate),
		".github/workflows/deploy.yml": `name: deploy
on: {push: {branches: [main]}}
permissions: {id-token: write, contents: read}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: azure/login@a457da9ea143d694b1b9c7c869ebb04ebe844ef5
        with:
          client-id: ` + fake.Object(11) + `
          tenant-id: ` + fake.NorthwindTenant + `
          subscription-id: ` + fake.NorthwindProd + "\n",
	})
}

// TestE2ELeaks finds a client secret and a certificate in a repository: for each there
// is one finding that says which application it opens, what that may do, who answers
// for it, and which controls fail. The workflow of the repository is joined with the
// application that it may become.
func TestE2ELeaks(t *testing.T) {
	t.Parallel()
	pair := certificate(t)
	block, _ := pem.Decode(pair)
	sum := sha1.Sum(block.Bytes)
	p := northwind(t)
	keys := p.tenant.Graph["/applications"].At(0)["keyCredentials"].([]any)
	keys[0].(fake.Tree)["customKeyIdentifier"] = base64.StdEncoding.EncodeToString(sum[:])

	h := p.home(t)
	h.AddSources(t, "repo:"+repository(t, pair))
	r := h.Scan(t, "--store", "sqlite:"+filepath.Join(t.TempDir(), "muster.db"))
	for file, rule := range map[string]string{"deploy/.env": "NHI-EXP-001", "deploy/reader.pem": "NHI-EXP-001"} {
		f := finding(r, rule, file)
		if f == nil {
			t.Errorf("status %d, no finding of %s on %s: %s", r.Status, rule, file, r.Stderr)
			for _, rec := range r.Records {
				if f := rec.Finding; f != nil && strings.Contains(f.Message, "deploy/") {
					t.Logf("%s: %s", f.Rule, f.Message)
				}
			}
			continue
		}
		t.Logf("%s %s owner %q: %s", f.Severity, f.Rule, f.Owner, f.Message)
		if f.Severity != "critical" || !strings.Contains(f.Message, "deploy") || f.Owner == "" {
			t.Errorf("%s, owner %q: %s", f.Severity, f.Owner, f.Message)
		}
		for _, framework := range []string{"iso27001_2022", "soc2", "muster"} {
			if len(f.Controls[framework]) == 0 {
				t.Errorf("%s: no controls of %s", file, framework)
			}
		}
		explained := h.Run(t, "explain", f.ID, "--from", h.Records())
		for _, want := range []string{deploy(), file, f.Owner, "Application.ReadWrite.All"} {
			if !bytes.Contains(explained.Stdout, []byte(want)) {
				t.Errorf("what explains it does not name %s:\n%s", want, explained.Stdout)
			}
		}
		p.clean(t, explained)
	}
	for about, kind := range map[string]string{"deploy/.env": inventory.RelationAuthenticates, "deploy/reader.pem": inventory.RelationAuthenticates, "deploy.yml": inventory.RelationFederates} {
		if !joined(r, about, kind) {
			t.Errorf("%s is not joined with the application", about)
		}
	}
	told, err := os.ReadFile(h.Records())
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range [][]byte{r.Stdout, r.Stderr, told} {
		if bytes.Contains(out, []byte(leaked())) || bytes.Contains(out, []byte(leaked()[6:])) {
			t.Error("the secret that leaked is told")
		}
	}
	p.clean(t, r)
}

// finding returns a finding of a rule whose message has a text.
func finding(r peer.Run, rule, text string) *inventory.Finding {
	for _, rec := range r.Records {
		if f := rec.Finding; f != nil && f.Rule == rule && strings.Contains(f.Message, text) {
			return f
		}
	}
	return nil
}

// joined reports whether something is for certain joined with the application.
func joined(r peer.Run, from, kind string) bool {
	names := map[string]string{}
	for _, rec := range r.Records {
		if c := rec.Credential; c != nil {
			for _, l := range c.FoundAt {
				names[c.ID] += " " + l.URI
			}
		}
	}
	for _, rec := range r.Records {
		x := rec.Relation
		if x != nil && x.Type == kind && x.To == deploy() && x.Exact && x.Resolved && (strings.Contains(x.From, from) || strings.Contains(names[x.From], from)) {
			return true
		}
	}
	return false
}
