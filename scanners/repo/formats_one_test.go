package repo

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestFormatsAndRulesAgree: what a rule and the format of a file both find is
// one credential, which has what both say.
func TestFormatsAndRulesAgree(t *testing.T) {
	key := pemCanary(t)
	escaped := strings.ReplaceAll(strings.TrimSpace(key), "\n", `\n`)
	secretKey := "p9Zr4Lw" + "7Kq2Xn5" + "Vb8Td1" + "Gc6Hj3Mf0Ys/Qe+RuA4o"
	id := "AKIA" + "Y34FZKBOKMUTVV7A"
	auth := base64.StdEncoding.EncodeToString([]byte("robot:" + "q9Vt7Lw2" + "Zr8Kp4Xn6Bd1"))
	account, err := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": "northwind-prod", "private_key_id": strings.Repeat("a1f", 13) + "7", "private_key": key,
		"client_email": "robot@northwind-prod.iam.gserviceaccount.com", "client_id": "123456789012345678901",
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, path, content, typ, public, value string }{
		{"GitHub token in .netrc", ".netrc", "machine github.com login robot password " + canary("netrc") + "\n", "github.token", "robot@github.com", canary("netrc")},
		{"registry login", ".docker/config.json", "{\"auths\": {\n\"ghcr.io\": {\"auth\": \"" + auth + "\"}}}", "docker.registry_auth", "robot@ghcr.io", auth},
		{"AWS profile", ".aws/credentials", "[ci]\naws_access_key_id = " + id + "\naws_secret_access_key = " + secretKey + "\n", "aws.access_key", id, secretKey},
		{"key in a state", "a.tfstate", "{\"version\":4,\"resources\":[{\"mode\":\"managed\",\"type\":\"tls_private_key\",\"name\":\"ca\",\"instances\":[{\"attributes\":{\n\"private_key_pem\":\"" + escaped + "\\n\"}}]}]}", "pki.private_key", "", escaped},
		{"Google's key file", "sa.json", string(account), "gcp.service_account_key", strings.Repeat("a1f", 13) + "7", escaped},
		{"Google's key in a state", "b.tfstate", "{\"version\":4,\"resources\":[{\"mode\":\"managed\",\"type\":\"google_service_account_key\",\"name\":\"ci\",\"instances\":[{\"attributes\":{\n\"private_key\":\"" + base64.StdEncoding.EncodeToString(account) + "\"}}]}]}", "gcp.service_account_key", strings.Repeat("a1f", 13) + "7", escaped},
		{"client key of a kubeconfig", "kubeconfig", "apiVersion: v1\nclusters:\n- name: a\n  cluster: {server: \"https://k8s.northwind.example\"}\ncontexts:\n- name: x\n  context: {cluster: a, user: u}\nusers:\n- name: u\n  user:\n    client-key-data: " + base64.StdEncoding.EncodeToString([]byte(key)) + "\n", "kubernetes.kubeconfig", "", strings.TrimSpace(key)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("one", tt.path, tt.content)
			r := scan(t, map[string]any{"path": b.dir})
			var all []*inventory.Credential
			for _, x := range r.records {
				if x.Credential != nil {
					all = append(all, x.Credential)
				}
			}
			if len(all) != 1 {
				for _, c := range all {
					t.Errorf("%s %s %s line %d, %v", c.Type, c.Detector, c.PublicID, c.FoundAt[0].Line, slices.Sorted(maps.Keys(c.Attributes)))
				}
				return
			}
			c := all[0]
			if c.Type != tt.typ || tt.public != "" && c.PublicID != tt.public || c.PublicID == "" || c.SecretHash != hashOf(tt.value) {
				t.Errorf("type %s, public id %s, same value %v", c.Type, c.PublicID, c.SecretHash == hashOf(tt.value))
			}
		})
	}
}

// pemCanary makes a private key.
func pemCanary(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE " + "KEY", Bytes: der}))
}
