package kubernetes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// TestManifestsWithoutNamespace: what is made for kubectl apply -n is one account
// in the namespace that its bindings name, and not two in two namespaces.
func TestManifestsWithoutNamespace(t *testing.T) {
	const (
		account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: server}\n---\n"
		bind    = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: NS}\n" +
			"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: server, namespace: NS}]\n---\n"
	)
	in := func(ns string) string { return strings.ReplaceAll(bind, "NS", ns) }
	for _, tt := range []struct {
		name, text, namespace string
		want                  string // accounts
		note                  bool
	}{
		{"its bindings name one namespace", account + in("argocd"), "", "argocd/server", true},
		{"the configuration names another", account + in("argocd"), "tools", "argocd/server tools/server", false},
		{"they name several", account + in("argocd") + in("tools"), "", "argocd/server default/server tools/server", false},
		{"they name where it is", account + in("default"), "", "default/server", false},
		{"they name another account", strings.Replace(account, "server", "web", 1) + in("argocd"), "", "argocd/server default/web", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "install.yaml")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := openManifests(scanners.Env{}, ManifestConfig{Path: file, Namespace: tt.namespace})
			if err != nil {
				t.Fatal(err)
			}
			var accounts []string
			noted := false
			if err := s.Scan(t.Context(), func(r inventory.Record) error {
				if r.Identity != nil && r.Identity.Type == "kubernetes.service_account" {
					accounts = append(accounts, r.Identity.Name)
				}
				if r.Coverage != nil && r.Coverage.Kind == inventory.KindIdentity {
					noted = strings.Contains(strings.Join(r.Coverage.Notes, "\n"), "taken for one of argocd")
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(accounts, " "); got != tt.want || noted != tt.note {
				t.Errorf("accounts %s, noted %t; want %s, %t", got, noted, tt.want, tt.note)
			}
		})
	}
}
