package kubernetes

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	yamlv3 "go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/muster-nhi/muster/scanners/kubernetes/live/fake"
)

// canaries are the secret values of the cluster of testdata/northwind.txtar, by the
// words that stand for them there. They are put together here, so that no file
// holds one whole.
func canaries() map[string]string {
	out := map[string]string{}
	for i, name := range []string{
		"DATABASE", "PARTNER_ONE", "PARTNER_TWO", "TOKEN", "TLS", "REGISTRY", "BASIC", "SSH", "BOOTSTRAP", "HELM", "SEALING", "ROBOT", "LITERAL", "APPLIED",
	} {
		out["CANARY_"+name] = "k5" + strings.Repeat("Zq7", 3) + "-" + strings.ToLower(name) + "-" + strconv.Itoa(7919*(i+3))
	}
	return out
}

func canaryValues() []string {
	var out []string
	for _, v := range canaries() {
		out = append(out, v)
	}
	return out
}

// certified makes a certificate and a request for one that are the same each
// time: Ed25519 signatures have no randomness.
func certified(t testing.TB, name string, groups []string, from, to time.Time) (certificate, request []byte) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, ed25519.SeedSize))
	subject := pkix.Name{CommonName: name, Organization: groups}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(4711), Subject: subject, NotBefore: from, NotAfter: to, DNSNames: []string{"shop.northwind.example"}}
	der, err := x509.CreateCertificate(nil, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{Subject: subject}, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})
}

// northwind returns the files of testdata/northwind.txtar with the values filled in.
func northwind(t testing.TB) map[string]string {
	t.Helper()
	from := time.Date(2026, 11, 2, 7, 1, 0, 0, time.UTC)
	client, request := certified(t, "a.adler@northwind.example", []string{"system:masters"}, from, from.Add(24*time.Hour))
	server, _ := certified(t, "shop.northwind.example", nil, from, from.Add(60*24*time.Hour))
	quoted, err := json.Marshal(string(server))
	if err != nil {
		t.Fatal(err)
	}
	words := []string{
		"CSR_CLIENT", base64.StdEncoding.EncodeToString(request), "CERT_CLIENT", base64.StdEncoding.EncodeToString(client),
		"CANARYLESS_CERTIFICATE", string(quoted),
	}
	for word, value := range canaries() {
		words = append(words, word, value)
	}
	fill := strings.NewReplacer(words...)
	archive, err := txtar.ParseFile("testdata/northwind.txtar")
	if err != nil || len(archive.Files) == 0 {
		t.Fatal("testdata/northwind.txtar is missing", err)
	}
	out := map[string]string{}
	for _, f := range archive.Files {
		out[f.Name] = fill.Replace(string(f.Data))
	}
	return out
}

// serve makes an API server that has the objects of northwind.
func serve(t testing.TB) *fake.Server {
	t.Helper()
	s := fake.New()
	s.Groups = []string{
		"cert-manager.io/v1/certificates", "cert-manager.io/v1/issuers", "cert-manager.io/v1/clusterissuers", "external-secrets.io/v1/externalsecrets",
		"external-secrets.io/v1/secretstores", "external-secrets.io/v1/clustersecretstores", "bitnami.com/v1alpha1/sealedsecrets",
		"secrets-store.csi.x-k8s.io/v1/secretproviderclasses", "argoproj.io/v1alpha1/rollouts",
	}
	for _, text := range northwind(t) {
		d := yamlv3.NewDecoder(strings.NewReader(text))
		for {
			var tree map[string]any
			if err := d.Decode(&tree); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if tree["kind"] == "List" {
				for _, item := range tree["items"].([]any) {
					add(t, s, item.(map[string]any))
				}
				continue
			}
			add(t, s, tree)
		}
	}
	return s
}

// add gives one object to the server, as its own type.
func add(t testing.TB, s *fake.Server, tree map[string]any) {
	t.Helper()
	kind, version := tree["kind"].(string), tree["apiVersion"].(string)
	group, _, named := strings.Cut(version, "/")
	if !named {
		group = ""
	}
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	var o any
	switch kind {
	case "Namespace":
		o = new(corev1.Namespace)
	case "ServiceAccount":
		o = new(corev1.ServiceAccount)
	case "Secret":
		o = new(corev1.Secret)
	case "ConfigMap":
		o = new(corev1.ConfigMap)
	case "Pod":
		o = new(corev1.Pod)
	case "ClusterRole":
		o = new(rbacv1.ClusterRole)
	case "Role":
		o = new(rbacv1.Role)
	case "ClusterRoleBinding":
		o = new(rbacv1.ClusterRoleBinding)
	case "RoleBinding":
		o = new(rbacv1.RoleBinding)
	case "Deployment":
		o = new(appsv1.Deployment)
	case "DaemonSet":
		o = new(appsv1.DaemonSet)
	case "StatefulSet":
		o = new(appsv1.StatefulSet)
	case "ReplicaSet":
		o = new(appsv1.ReplicaSet)
	case "Job":
		o = new(batchv1.Job)
	case "CronJob":
		o = new(batchv1.CronJob)
	case "CertificateSigningRequest":
		o = new(certificatesv1.CertificateSigningRequest)
	default:
		var custom map[string]any
		o = &custom
	}
	if err := json.Unmarshal(text, o); err != nil {
		t.Fatalf("%s %v: %v", kind, tree["metadata"], err)
	}
	switch o := o.(type) {
	case *map[string]any:
		s.Add(group+"/"+strings.TrimSuffix(plural(kind, ""), ""), *o)
	case *corev1.Secret: // as a real server does when it is written
		if o.Data == nil {
			o.Data = map[string][]byte{}
		}
		for k, v := range o.StringData {
			o.Data[k] = []byte(v)
		}
		o.StringData = nil
		s.Add("/secrets", o)
	default:
		s.Add(group+"/"+plural(kind, ""), o)
	}
}

// kubeconfig writes a kubeconfig with a token in it and returns its path.
func kubeconfig(t testing.TB, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	text := `apiVersion: v1
kind: Config
current-context: northwind
contexts: [{name: northwind, context: {cluster: northwind, user: scanner}}]
clusters: [{name: northwind, cluster: {server: "https://cluster.northwind.example:6443"}}]
users: [{name: scanner, user: {token: ` + token + `}}]
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
