//go:build e2e

package gcp

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// The account whose key leaked, an owner of its project.
const (
	leaker     = "publisher@northwind-web.iam.gserviceaccount.com"
	leakedWith = "3f" + "5a9c0e7d1b2846" + "a0c4e8f6b2d7913c5e70a4" + "f8"
)

// web is a project with the account whose key leaked, which a service account of
// Kubernetes may become, too. Its key is as given.
func web(s *fake.Server, key fake.Tree) {
	p := fake.Place{Name: "projects/northwind-web", Number: "444455556670", Ancestors: []string{target}}
	s.Project(p, "Web", fake.Tree{"owner": "web-shop", "env": "prod"}, "iam.googleapis.com", "container.googleapis.com")
	account := fake.Tree{"email": leaker, "uniqueId": "100000000000000000077", "description": "puts the shop out"}
	if key == nil {
		s.Account(p, account)
	} else {
		s.Account(p, account, key)
	}
	s.Policy(p, p.Name, fake.Grant("roles/owner", "serviceAccount:"+leaker))
	s.Policy(p, "iam.googleapis.com/projects/northwind-web/serviceAccounts/"+leaker,
		fake.Grant("roles/iam.workloadIdentityUser", "serviceAccount:northwind-web.svc.id.goog[shop/web]",
			"principalSet://iam.googleapis.com/projects/444455556668/locations/global/workloadIdentityPools/github/attribute.repository/northwind/shop"))
}

// shop is a repository in which a key lies, whose workflow signs in to Google Cloud.
func shop(t testing.TB, a *account) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	key, err := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": "northwind-web", "private_key_id": leakedWith,
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE " + "KEY", Bytes: der})),
		"client_email": leaker, "client_id": "100000000000000000077", "token_uri": "https://oauth2.googleapis.com/token",
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return peer.Repository(t, "northwind/shop", map[string]string{
		"deploy/publisher.json": string(key),
		".github/workflows/publish.yml": `name: publish
on: {push: {branches: [main]}}
permissions: {id-token: write, contents: read}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: google-github-actions/auth@7c6bc770dae815cd3e89ee6cdf493a5fab2cc093
        with:
          workload_identity_provider: projects/444455556668/locations/global/workloadIdentityPools/github/providers/actions
          service_account: ` + leaker + "\n",
	})
}

// cluster is a folder of manifests with the service account of Kubernetes.
func cluster(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	text := "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n  namespace: shop\n  annotations:\n    iam.gke.io/gcp-service-account: " + leaker + "\n"
	if err := os.WriteFile(filepath.Join(dir, "web.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// together scans the organisation with a repository and manifests in one run.
func (p *proxy) together(t testing.TB, h peer.Home, args ...string) peer.Run {
	t.Helper()
	h.AddSources(t, "repo:"+shop(t, p.caller), "manifests:"+cluster(t))
	return h.Scan(t, args...)
}

// findingOf returns a finding by a rule on something whose id or message has a text.
func findingOf(r peer.Run, rule, text string) *inventory.Finding {
	for _, rec := range r.Records {
		if f := rec.Finding; f != nil && f.Rule == rule && (strings.Contains(f.Subject, text) || strings.Contains(f.Message, text)) {
			return f
		}
	}
	return nil
}

// TestE2ELeakedKey finds the file of a key in a repository: one finding says whose
// key it is, what it opens, who answers for it, and which controls fail.
func TestE2ELeakedKey(t *testing.T) {
	t.Parallel()
	active := fake.Key(leakedWith, "USER_MANAGED", "2026-02-01T00:00:00Z", "9999-12-31T23:59:59Z")
	p := northwind(t)
	web(p.google, active)
	h := p.home(t, "target: projects/northwind-web")
	r := p.together(t, h, "--store", "sqlite:"+filepath.Join(t.TempDir(), "muster.db"))
	f := findingOf(r, "NHI-EXP-001", leaker)
	if f == nil {
		t.Fatalf("status %d, no finding: %s", r.Status, r.Stderr)
	}
	t.Logf("%s %s owner %q: %s", f.Severity, f.Rule, f.Owner, f.Message)
	if f.Severity != "critical" || !strings.Contains(f.Message, "deploy/publisher.json") || !strings.Contains(f.Message, "administrator") || f.Owner != "web-shop" {
		t.Errorf("%s, owner %q: %s", f.Severity, f.Owner, f.Message)
	}
	for _, framework := range []string{"iso27001_2022", "soc2", "muster"} {
		if len(f.Controls[framework]) == 0 {
			t.Errorf("no controls of %s", framework)
		}
	}
	joined := false
	for _, rec := range r.Records {
		if x := rec.Relation; x != nil && x.To == "gcp:"+leaker && x.Type == inventory.RelationAuthenticates {
			joined = joined || x.Exact && x.Resolved
		}
	}
	if !joined {
		t.Error("the key is not joined with the account")
	}
	p.clean(t, r)

	explained := h.Run(t, "explain", f.ID, "--from", h.Records())
	if explained.Status != 0 {
		t.Fatalf("status %d: %s", explained.Status, explained.Stderr)
	}
	for _, want := range []string{leaker, "web-shop", "publisher.json", "roles/owner"} {
		if !strings.Contains(string(explained.Stdout), want) {
			t.Errorf("what explains it does not name %s:\n%s", want, explained.Stdout)
		}
	}
	p.clean(t, explained)
}

// TestE2EDeadKey has the key that leaked be switched off, be deleted, or be one of
// those that nobody may list.
func TestE2EDeadKey(t *testing.T) {
	t.Parallel()
	off := fake.Key(leakedWith, "USER_MANAGED", "2026-02-01T00:00:00Z", "9999-12-31T23:59:59Z")
	off["disabled"], off["disableReason"] = true, "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"
	for _, c := range []struct {
		name   string
		key    fake.Tree
		hidden bool
		rule   string
		worst  []inventory.Severity
	}{
		{"switched off", off, false, "NHI-EXP-001", []inventory.Severity{"low", "info"}},
		{"deleted", nil, false, "NHI-EXP-001", []inventory.Severity{"low", "info"}},
		{"hidden", fake.Key(leakedWith, "USER_MANAGED", "2026-02-01T00:00:00Z", "9999-12-31T23:59:59Z"), true, "", []inventory.Severity{"critical", "high"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := northwind(t)
			web(p.google, c.key)
			if c.hidden {
				p.faults(func(x *call) peer.Fault {
					if x.Host == "cloudasset.googleapis.com" || x.is("iam.projects.serviceAccounts.keys.list") {
						return denied(x)
					}
					return nil
				})
			}
			r := p.together(t, p.home(t, "target: projects/northwind-web"), "--store", "none")
			var found []*inventory.Finding
			for _, rec := range r.Records {
				if f := rec.Finding; f != nil && (f.Rule == "NHI-EXP-001" || f.Rule == "NHI-EXP-010") && strings.Contains(f.Message, "publisher.json") {
					found = append(found, f)
					t.Logf("%s %s: %s", f.Severity, f.Rule, f.Message)
				}
			}
			if len(found) != 1 {
				t.Fatalf("%d findings: %s", len(found), r.Stderr)
			}
			if said := reasons(r, leaker); c.key == nil && !strings.Contains(said, "it was deleted") || c.key != nil && strings.Contains(said, "deleted") {
				t.Errorf("%s: %s", c.name, said)
			}
			for _, f := range found {
				if c.rule != "" && f.Rule != c.rule || c.worst != nil && !slices.Contains(c.worst, f.Severity) {
					t.Errorf("%s %s: %s", f.Severity, f.Rule, f.Message)
				}
				if strings.Contains(f.Message, "the key is active") {
					t.Error(f.Message)
				}
			}
			p.clean(t, r)
		})
	}
}

// reasons are those for which keys are joined with an account.
func reasons(r peer.Run, account string) string {
	var out []string
	for _, rec := range r.Records {
		if x := rec.Relation; x != nil && x.To == "gcp:"+account && x.Type == inventory.RelationAuthenticates {
			out = append(out, x.Reason)
		}
	}
	return strings.Join(out, "\n")
}

// TestE2EAcrossClouds joins a workflow of GitHub and a service account of Kubernetes
// with the account of Google Cloud that they may become.
func TestE2EAcrossClouds(t *testing.T) {
	t.Parallel()
	p := northwind(t)
	web(p.google, nil)
	r := p.together(t, p.home(t, append(most(), "exclude_projects: [northwind-dev, northwind-prod]")...), "--store", "none")
	from := map[string]bool{}
	for _, rec := range r.Records {
		if x := rec.Relation; x != nil && x.To == "gcp:"+leaker && x.Type == inventory.RelationFederates {
			t.Logf("%s by %s, exact %t", x.From, x.Method, x.Exact)
			from[x.From] = from[x.From] || x.Exact
		}
	}
	for _, want := range []string{"publish.yml", "serviceaccounts/shop/web"} {
		ok := false
		for id, exact := range from {
			ok = ok || strings.Contains(id, want) && exact
		}
		if !ok {
			t.Errorf("%s is not joined with %s: %v", want, leaker, from)
		}
	}
}
