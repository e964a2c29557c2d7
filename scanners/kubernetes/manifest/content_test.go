package manifest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// clean fails if a value or its base64 is anywhere in what was read.
func clean(t *testing.T, c *object.Cluster, values ...string) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	all := string(text) + fmt.Sprintf("%#v", c)
	for i, v := range values {
		if strings.Contains(all, v) || strings.Contains(all, b64(v)) {
			t.Errorf("value %d is in the result", i)
		}
	}
}

func TestSecrets(t *testing.T) {
	hash := hasher()
	dir := write(t, map[string]string{
		"plain.yaml": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: plain\ndata:\n  both: " + b64("old-"+canary) + "\n  password: " + b64(canary) + "\n  empty: \"\"\nstringData:\n  both: " + canary + "-new\n  hint: <put the password here>\n  binary: !!binary " + b64("bin-"+canary) + "\n",
		"sops.yaml":  "apiVersion: v1\nkind: Secret\nmetadata:\n  name: sops\ndata:\n  password: ENC[AES256_GCM,data:abc=,type:str]\nstringData:\n  token: ENC[AES256_GCM,data:def=,type:str]\nsops:\n  mac: x\n",
		"avp.yaml":   "apiVersion: v1\nkind: Secret\nmetadata:\n  name: avp\ndata:\n  password: <path:secret/data/db#password>\n  user: " + b64("${DB_USER}") + "\n",
		"bad.yaml":   "apiVersion: v1\nkind: Secret\nmetadata:\n  name: bad\ndata:\n  password: " + canary + "!\n  number: 5\n",
		"pull.json":  `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"pull"},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"` + b64(`{"auths":{"https://registry.example.com/v1/":{"auth":"`+b64("user:"+canary)+`"}}}`) + `"}}`,
		"token.yaml": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\n  annotations: {kubernetes.io/service-account.name: runner}\ntype: kubernetes.io/service-account-token\n",
	})
	c, problems := scan(t, dir, Options{})
	clean(t, c, canary)
	type row struct {
		Name, Type string
		Keys       []string
		Hashed     map[string]inventory.SecretHash
		Encrypted  bool
		Extra      string
	}
	var got []row
	for _, s := range c.Secrets {
		if !s.KeysKnown {
			t.Errorf("keys of %s are not known", s.Name)
		}
		got = append(got, row{s.Name, s.Type, s.Keys, s.Hashes, s.Encrypted, strings.Join(s.Registries, ",") + s.ServiceAccount})
	}
	want := []row{
		{"avp", "Opaque", []string{"password", "user"}, nil, false, ""},
		{"bad", "Opaque", []string{"number", "password"}, nil, false, ""},
		{"plain", "Opaque", []string{"binary", "both", "empty", "hint", "password"}, map[string]inventory.SecretHash{
			"binary": hash([]byte("bin-" + canary)), "both": hash([]byte(canary + "-new")), "password": hash([]byte(canary)),
		}, false, ""},
		{"pull", "kubernetes.io/dockerconfigjson", []string{".dockerconfigjson"}, c.Secrets[3].Hashes, false, "registry.example.com"},
		{"sops", "Opaque", []string{"password", "token"}, nil, true, ""},
		{"token", "kubernetes.io/service-account-token", nil, nil, false, "runner"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantProblems := []string{
		"LOST bad.yaml:6: data.password of this Secret is no base64: the API server refuses it; write it into stringData, or encode it",
		"LOST bad.yaml:7: data of this Secret is a number and has to be a list: the API server refuses it; read without it",
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Error(diff)
	}
}

// What `kubectl get -o yaml` prints holds status, managedFields, the annotation of
// kubectl apply, and what controllers made.
func TestDump(t *testing.T) {
	applied := `{"apiVersion":"v1","data":{"password":"` + b64(canary) + `"},"kind":"Secret","metadata":{"name":"db"}}`
	quoted, _ := json.Marshal(applied)
	dump := `apiVersion: v1
items:
- apiVersion: v1
  kind: Secret
  metadata:
    name: db
    namespace: payments
    uid: u-1111
    creationTimestamp: "2025-01-02T03:04:05Z"
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        ` + applied + `
    managedFields:
    - apiVersion: v1
      fieldsType: FieldsV1
      fieldsV1: {"f:data": {"f:password": {}}}
      manager: external-secrets
      operation: Update
      time: "2026-02-03T04:05:06Z"
  data:
    password: ` + b64(canary) + `
- apiVersion: apps/v1
  kind: ReplicaSet
  metadata: {name: api-1, namespace: payments, uid: rs, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: api, uid: dep, controller: true}]}
  spec: {template: {spec: {serviceAccountName: api}}}
- apiVersion: v1
  kind: Pod
  metadata: {name: api-1-x, namespace: payments, uid: pod, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: api-1, uid: rs, controller: true}]}
  spec: {serviceAccountName: api, containers: [{name: c, resources: {limits: {cpu: not-a-quantity}}}]}
  status: {phase: Running}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: api, namespace: payments, uid: dep}
  spec: {replicas: 3, template: {spec: {serviceAccountName: api, containers: [{name: c, image: "api:1", env: [{name: DB_PASSWORD, value: "` + canary + `"}, {name: PORT, value: "80"}]}]}}}
kind: List
metadata: {resourceVersion: ""}
`
	dir := write(t, map[string]string{"dump.yaml": dump, "more.json": `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"applied","annotations":{"kubectl.kubernetes.io/last-applied-configuration":` + string(quoted) + `}}}`})
	c, problems := scan(t, dir, Options{})
	if len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	clean(t, c, canary)
	db := c.Secrets[1]
	if !c.Secrets[0].LastApplied || !db.LastApplied || db.WrittenBy != "external-secrets" || db.WrittenAt.Format("2006-01-02") != "2026-02-03" || db.CreatedAt.Year() != 2025 || db.UID != "u-1111" {
		t.Errorf("secret: %+v", db)
	}
	if len(c.Workloads) != 1 || c.Workloads[0].Kind != "Deployment" || c.Workloads[0].Running != 1 || c.Workloads[0].Replicas != 3 {
		t.Fatalf("workloads: %+v", c.Workloads)
	}
	if v := c.Workloads[0].Pod.Variables; len(v) != 1 || v[0].Name != "DB_PASSWORD" || v[0].Hash != hasher()([]byte(canary)) {
		t.Errorf("variables: %+v", v)
	}
}

func TestKinds(t *testing.T) {
	dir := write(t, map[string]string{
		"cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata:\n  DB_PASSWORD: " + canary + "\n  LOG_LEVEL: debug\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: harmless}\ndata: {A: b}\n",
		"crds.yaml": `apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web}
spec: {secretName: web-tls, issuerRef: {name: le, kind: ClusterIssuer}, dnsNames: [a.example.com]}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: le, namespace: ignored}
spec: {acme: {server: "https://acme.example.com", privateKeySecretRef: {name: le-key}}}
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: db}
spec: {secretStoreRef: {name: vault, kind: ClusterSecretStore}, target: {name: db}, data: [{secretKey: p, remoteRef: {key: prod/db}}]}
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: vault}
spec: {provider: {vault: {server: "https://vault.example.com"}}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed}
spec: {encryptedData: {password: AgB}}
---
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: aws}
spec: {provider: aws}
---
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: csr}
spec: {signerName: kubernetes.io/kube-apiserver-client, usages: [client auth], request: ""}
---
apiVersion: v1
kind: Namespace
metadata: {name: payments, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: x}
`,
		"work.yaml": `apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: nightly}
spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {serviceAccountName: nightly}}}}}
---
apiVersion: extensions/v1beta1
kind: Deployment
metadata: {name: old}
spec: {template: {spec: {serviceAccount: old, automountServiceAccountToken: off}}}
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: migrate-, annotations: {helm.sh/hook: pre-install}}
spec: {template: {spec: {}}}
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: migrate-}
spec: {template: {spec: {}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: canary}
spec: {template: {spec: {serviceAccountName: canary}}}
`,
	})
	c, problems := scan(t, dir, Options{})
	if len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	clean(t, c, canary)
	got := map[string][]string{}
	add := func(m object.Meta) {
		got[m.Kind] = append(got[m.Kind], strings.TrimPrefix(m.Namespace+"/"+m.Name, "/"))
	}
	for _, x := range c.ConfigMaps {
		add(x.Meta)
		if !slices.Equal(x.Keys, []string{"DB_PASSWORD"}) {
			t.Errorf("keys %q", x.Keys)
		}
	}
	for _, x := range c.Certificates {
		add(x.Meta)
	}
	for _, x := range c.Issuers {
		add(x.Meta)
	}
	for _, x := range c.ExternalSecrets {
		add(x.Meta)
	}
	for _, x := range c.SecretStores {
		add(x.Meta)
	}
	for _, x := range c.SealedSecrets {
		add(x.Meta)
	}
	for _, x := range c.SecretClasses {
		add(x.Meta)
	}
	for _, x := range c.Requests {
		add(x.Meta)
	}
	for _, x := range c.Namespaces {
		add(x.Meta)
		if x.Enforce != "restricted" {
			t.Errorf("namespace: %+v", x)
		}
	}
	for _, x := range c.Workloads {
		add(x.Meta)
		if x.Name == "old" && (x.Pod.Automount != inventory.False || x.Pod.ServiceAccount != "old") {
			t.Errorf("pod: %+v", x.Pod)
		}
	}
	want := map[string][]string{
		"ConfigMap": {"default/cm"}, "Certificate": {"default/web"}, "ClusterIssuer": {"le"}, "ExternalSecret": {"default/db"}, "ClusterSecretStore": {"vault"},
		"SealedSecret": {"default/sealed"}, "SecretProviderClass": {"default/aws"}, "CertificateSigningRequest": {"csr"}, "Namespace": {"payments"},
		"CronJob": {"default/nightly"}, "Deployment": {"default/old"}, "Job": {"default/migrate-*", "default/migrate-*2"}, "Rollout": {"default/canary"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, l := range c.Listings {
		if l.Resource == "jobs" && l.Count != 2 || l.Resource == "certificates" && l.Count != 1 {
			t.Errorf("listing: %+v", l)
		}
	}
}
