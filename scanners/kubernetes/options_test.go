package kubernetes

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// scanWith scans Northwind's cluster under some options and returns the records
// by id; no canary is in any of them.
func scanWith(t *testing.T, options map[string]any) map[string]inventory.Record {
	t.Helper()
	server := scannertest.Serve(serve(t))
	env := scanners.Env{
		Log: slog.New(slog.DiscardHandler), Hash: inventory.NewHasher([32]byte{7}), UserAgent: "muster/test",
		Now:  func() time.Time { return time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC) },
		Wrap: func(http.RoundTripper) http.RoundTripper { return server },
	}
	options["kubeconfig"] = kubeconfig(t, "made-up")
	s, err := Factory().Open(env, func(into any) error {
		text, err := json.Marshal(options)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, into)
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]inventory.Record{}
	err = s.Scan(context.Background(), func(r inventory.Record) error {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		for name, value := range canaries() {
			if strings.Contains(string(text), value) {
				t.Errorf("%s is in %s %q", name, r.Kind(), r.ID())
			}
		}
		if c := r.Coverage; c != nil {
			out["coverage "+string(c.Kind)] = r
		} else if id := r.ID(); id != "" {
			out[id] = r
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestHashedValues(t *testing.T) {
	got := scanWith(t, map[string]any{"hash_values": true})
	hash := inventory.NewHasher([32]byte{7})
	for id, value := range map[string]string{
		"payments/database": "DATABASE", "payments/partners/api-key": "PARTNER_ONE", "payments/partners/webhook-key": "PARTNER_TWO",
		"ci/deployer-token": "TOKEN", "web/proxy": "BASIC", "ci/robot": "ROBOT",
	} {
		x := got[at+"secrets/"+id].Credential
		if x == nil {
			t.Errorf("no credential %s", id)
			continue
		}
		if x.SecretHash != hash([]byte(canaries()["CANARY_"+value])) {
			t.Errorf("%s has the hash %q, which is not that of its value", id, x.SecretHash)
		}
	}
	if x := got[at+"secrets/payments/partners"].Credential; x != nil {
		t.Error("a Secret of two values is a credential beside both")
	}
	if u := got[at+"deployments/payments/api/secrets/partners/api-key"].Consumer; u == nil || u.Subject != at+"secrets/payments/partners/api-key" {
		t.Errorf("the use of one value of two: %+v", u)
	}
	if x := got[at+"deployments/payments/api/env/api/STRIPE_API_KEY"].Credential; x == nil || x.SecretHash != hash([]byte(canaries()["CANARY_LITERAL"])) {
		t.Error("a literal value is not hashed")
	}
}

func TestReadTLS(t *testing.T) {
	x := scanWith(t, map[string]any{"read_tls": true})[at+"secrets/web/shop-tls"].Credential
	want := time.Date(2027, 1, 1, 7, 1, 0, 0, time.UTC)
	if x == nil || x.ExpiresAt != want || x.Attributes["expiry_source"] != "certificate" || x.SecretHash != "" {
		t.Errorf("the certificate that was read does not say when it ends: %+v", x)
	}
}

func TestWithoutSecrets(t *testing.T) {
	got := scanWith(t, map[string]any{"without_secrets": true})
	for id, r := range got {
		if c := r.Credential; c != nil && strings.HasPrefix(id, at+"secrets/") && (c.Attributes["inferred"] != "true" || !c.RotatedAt.IsZero()) {
			t.Errorf("%s is said to have been read: %v", id, c.Attributes)
		}
	}
	for _, id := range []string{"payments/database", "web/registry", "web/shop-tls", "payments/partners"} {
		if got[at+"secrets/"+id].Credential == nil {
			t.Errorf("%s, which other objects name, is not told", id)
		}
	}
	if c := got["coverage credential"].Coverage; c.Status != inventory.StatusPartial || !strings.Contains(c.Reason, "without_secrets") {
		t.Errorf("credentials are %s: %s", c.Status, c.Reason)
	}
	for _, k := range []inventory.Kind{inventory.KindIdentity, inventory.KindGrant, inventory.KindConsumer, inventory.KindOwner, inventory.KindTrust} {
		if c := got["coverage "+string(k)].Coverage; c.Status != inventory.StatusComplete {
			t.Errorf("%s is %s without Secrets: %s", k, c.Status, c.Reason)
		}
	}
	if x := got[at+"serviceaccounts/payments/old"].Identity; x.Attributes["tokens"] != "" && x.Attributes["tokens"] != "1" {
		t.Errorf("tokens of an account whose Secrets were not listed: %q", x.Attributes["tokens"])
	}
}

func TestRefusedOptions(t *testing.T) {
	for name, c := range map[string]Config{
		"values without Secrets":       {WithoutSecrets: true, HashValues: true},
		"certificates without Secrets": {WithoutSecrets: true, ReadTLS: true},
		"a negative page":              {PageSize: -1},
		"no namespace":                 {Namespaces: []string{" "}},
		"no such log":                  {AuditLogs: []string{"testdata/missing.log"}},
		"no such kubeconfig":           {Kubeconfig: "testdata/missing"},
	} {
		if _, err := open(scanners.Env{Now: time.Now, Hash: inventory.NewHasher([32]byte{})}, c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
