//go:build e2e

package kubernetes

import (
	"strings"
	"testing"
)

// TestE2EControlPlane proves that the tests speak to what they mean to: a
// Kubernetes server of the version that server/go.mod requires, with RBAC on
// and the controllers at work.
func TestE2EControlPlane(t *testing.T) {
	p := control(t)
	version, err := p.client(loader).get("/version")
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := version["gitVersion"].(string); !strings.HasPrefix(v, "v1.36.") {
		t.Errorf("the server says it is %q", v)
	}
	ns := p.room(t, "plane")
	p.load(t, account(ns, "nobody"))
	if _, err := p.as(t, ns, "nobody").get("/api/v1/secrets"); code(err) != 403 {
		t.Errorf("an account without a binding lists Secrets: %v", err)
	}
	if _, err := p.pki.bearer(p.url, "none").get("/api/v1/secrets"); code(err) != 401 {
		t.Errorf("a made-up token is not refused: %v", err)
	}
}
