package object

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/muster-nhi/muster/internal/inventory"
)

func canary() string { return "Zq" + "81mVx7" + "RtLw3KpYs9" }

func hasher() func([]byte) inventory.SecretHash { return inventory.NewHasher([32]byte{3}) }

func tree(t *testing.T, text string) Tree {
	t.Helper()
	var out Tree
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// quiet fails if the canary is anywhere in a value.
func quiet(t *testing.T, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), canary()) {
		t.Error("the value of a secret comes out")
	}
}

func TestAnnotation(t *testing.T) {
	for key, want := range map[string]bool{
		"team": true, "a8r.io/owner": true, "a8r.io/chat": true, "example.com/owner": true, "eks.amazonaws.com/role-arn": true,
		"argocd.argoproj.io/tracking-id": true, "meta.helm.sh/release-name": true, "kubernetes.io/service-account.name": true,
		LastApplied: false, "note": false, "example.com/password": false, "": false, "cert-manager.io/private-key": false,
	} {
		if Annotation(key) != want {
			t.Errorf("Annotation(%q) is %v", key, !want)
		}
	}
}

func TestFromMeta(t *testing.T) {
	at := func(day int) *metav1.Time {
		v := metav1.NewTime(time.Date(2026, 5, day, 0, 0, 0, 0, time.UTC))
		return &v
	}
	controller := true
	m := FromMeta("ServiceAccount", "", &metav1.ObjectMeta{
		Name: "runner", Namespace: "ci", Annotations: map[string]string{LastApplied: canary(), "note": canary(), "team": "build", "owner": strings.Repeat("x", maxAnnotation+1)},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "d", UID: "u", Controller: &controller}},
		ManagedFields:   []metav1.ManagedFieldsEntry{{Manager: "late", Time: at(9)}, {Manager: "early", Time: at(2)}},
	})
	quiet(t, m)
	want := Meta{
		Kind: "ServiceAccount", Namespace: "ci", Name: "runner", LastApplied: true, Annotations: map[string]string{"team": "build"},
		Owners:   []OwnerReference{{Group: "apps", Kind: "Deployment", Name: "d", UID: "u", Controller: true}},
		Managers: []Manager{{Name: "early", At: at(2).UTC()}, {Name: "late", At: at(9).UTC()}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
}

func TestFromSecretMetadata(t *testing.T) {
	entry := func(manager string, day int, fields string) metav1.ManagedFieldsEntry {
		at := metav1.NewTime(time.Date(2026, 5, day, 0, 0, 0, 0, time.UTC))
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &at, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	for name, test := range map[string]struct {
		fields []metav1.ManagedFieldsEntry
		want   string
	}{
		"none":       {nil, "[] known false by  on 0001-01-01"},
		"one":        {[]metav1.ManagedFieldsEntry{entry("kubectl", 3, `{"f:data":{".":{},"f:b":{},"f:a":{}},"f:type":{}}`)}, "[a b] known true by kubectl on 2026-05-03"},
		"two":        {[]metav1.ManagedFieldsEntry{entry("eso", 9, `{"f:data":{"f:c":{}}}`), entry("kubectl", 3, `{"f:data":{"f:a":{}}}`)}, "[a c] known true by eso on 2026-05-09"},
		"label only": {[]metav1.ManagedFieldsEntry{entry("kubectl", 3, `{"f:data":{"f:a":{}}}`), entry("labeler", 9, `{"f:metadata":{"f:labels":{"f:data":{}}}}`)}, "[a] known true by kubectl on 2026-05-03"},
		"empty":      {[]metav1.ManagedFieldsEntry{entry("kubectl", 3, `{"f:type":{}}`)}, "[] known true by  on 0001-01-01"},
	} {
		s := FromSecretMetadata(&metav1.ObjectMeta{Name: "s", ManagedFields: test.fields}, "Opaque")
		got := fmt.Sprintf("%v known %v by %s on %s", s.Keys, s.KeysKnown, s.WrittenBy, s.WrittenAt.Format(time.DateOnly))
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	token := FromSecretMetadata(&metav1.ObjectMeta{
		Labels:      map[string]string{"kubernetes.io/legacy-token-last-used": "2026-03-02", "kubernetes.io/legacy-token-invalid-since": "soon"},
		Annotations: map[string]string{"kubernetes.io/service-account.name": "runner", "kubernetes.io/service-account.uid": "u"},
	}, "kubernetes.io/service-account-token")
	if token.ServiceAccount != "runner" || token.ServiceAccountUID != "u" || token.LastUsed.Format(time.DateOnly) != "2026-03-02" || !token.InvalidSince.IsZero() {
		t.Errorf("%+v", token)
	}
}

func TestFromSecret(t *testing.T) {
	hash := hasher()
	auth := func(password string) []byte {
		text, _ := json.Marshal(map[string]any{"auths": map[string]any{"https://registry.example/v1/": map[string]string{"username": "ci", "password": password}}})
		return text
	}
	s := FromSecret(&corev1.Secret{Type: "kubernetes.io/dockerconfigjson", Data: map[string][]byte{".dockerconfigjson": auth(canary())}}, hash)
	quiet(t, s)
	if !slices.Equal(s.Registries, []string{"registry.example"}) || s.Hashes[".dockerconfigjson/registry.example"] != hash([]byte(canary())) {
		t.Errorf("%+v", s)
	}
	s = FromSecret(&corev1.Secret{StringData: map[string]string{"password": canary() + "\n", "empty": "", "username": "ci"}}, hash)
	quiet(t, s)
	if diff := cmp.Diff(map[string]inventory.SecretHash{"password": hash([]byte(canary()))}, s.Hashes); diff != "" || s.Type != "Opaque" || len(s.Keys) != 3 {
		t.Errorf("%s %+v", diff, s)
	}
	if s = FromSecret(&corev1.Secret{StringData: map[string]string{"password": canary()}}, nil); s.Hashes != nil {
		t.Errorf("hashed although nobody asked")
	}
	s = FromSecret(&corev1.Secret{StringData: map[string]string{"password": "ENC[AES256_GCM,data:x]"}}, hash)
	if !s.Encrypted || s.Hashes != nil {
		t.Errorf("%+v", s)
	}
}

func TestSecretVariable(t *testing.T) {
	for name, test := range map[string]struct {
		variable, value string
		want            bool
	}{
		"password":            {"DB_PASSWORD", canary(), true},
		"api key":             {"STRIPE_API_KEY", canary(), true},
		"with a number":       {"AUTH_TOKEN_2", canary(), true},
		"lower case":          {"github.token", canary(), true},
		"address with one":    {"DATABASE", "postgres://app:" + canary() + "@db/app", true},
		"address without":     {"DATABASE_DSN", "postgres://db/app", false},
		"address with a user": {"SECRET", "https://ci@host.example/", false},
		"path":                {"TOKEN_FILE", "/var/run/token", false},
		"path under secret":   {"TOKEN", "/var/run/token", false},
		"reference":           {"PASSWORD", "$(OTHER)", false},
		"switch":              {"USE_TOKEN", "true", false},
		"number":              {"MAX_TOKEN", "4096", false},
		"empty":               {"PASSWORD", " ", false},
		"other":               {"LOG_LEVEL", "debug", false},
		"key of a map":        {"SORT_KEY", "name", false},
		"name of a secret":    {"SECRET_NAME", "db", false},
		"identity":            {"AWS_WEB_IDENTITY_TOKEN_FILE", "x", false},
	} {
		if got := SecretVariable(test.variable, test.value); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestFromPodSpec(t *testing.T) {
	var spec corev1.PodSpec
	text := `
serviceAccount: old-field
hostPID: true
imagePullSecrets: [{name: registry}]
volumes:
- {name: docker, hostPath: {path: /var/run/docker.sock}}
- {name: db, secret: {secretName: db, items: [{key: password, path: p}]}}
- {name: svid, csi: {driver: csi.spiffe.io}}
- {name: vault, csi: {driver: secrets-store.csi.k8s.io, volumeAttributes: {secretProviderClass: shop}}}
- {name: aws, projected: {sources: [{serviceAccountToken: {audience: sts.amazonaws.com, expirationSeconds: 86400, path: token}}]}}
- {name: kube-api-access-abcde, projected: {sources: [{serviceAccountToken: {expirationSeconds: 3607, path: token}}]}}
initContainers: [{name: init, image: i, securityContext: {privileged: true}}]
containers:
- name: app
  image: web:1
  securityContext: {capabilities: {add: [CAP_SYS_ADMIN]}}
  envFrom: [{secretRef: {name: all, optional: true}}]
  env:
  - {name: KEY, valueFrom: {secretKeyRef: {name: db, key: user}}}
  - {name: DB_PASSWORD, value: ` + canary() + `}
  - {name: AWS_ROLE_ARN, value: "arn:aws:iam::111122223333:role/shop"}
  - {name: VAULT_ADDR, value: "https://u:` + canary() + `@vault.example"}
ephemeralContainers: [{name: debug, image: d, securityContext: {capabilities: {add: [ALL]}}}]
`
	if err := yaml.Unmarshal([]byte(text), &spec); err != nil {
		t.Fatal(err)
	}
	got := FromPodSpec(&spec, hasher())
	quiet(t, got)
	want := Pod{
		ServiceAccount: "old-field", HostPID: true, PullSecrets: []string{"registry"}, HostPaths: []string{"/var/run/docker.sock"},
		Privileged: []string{"init", "app", "debug"}, Images: []string{"d", "i", "web:1"},
		CSI: []CSIVolume{{Driver: "csi.spiffe.io"}, {Driver: "secrets-store.csi.k8s.io", Class: "shop"}},
		Tokens: []ProjectedToken{
			{Volume: "aws", Audience: "sts.amazonaws.com", Seconds: 86400, Path: "token"},
			{Volume: "kube-api-access", Seconds: 3607, Path: "token", Default: true},
		},
		Secrets: []SecretUse{{Name: "all", How: "envFrom", Optional: true}, {Name: "db", Key: "password", How: "volume"}, {Name: "db", Key: "user", How: "env"}},
		Variables: []Variable{
			{Container: "app", Name: "DB_PASSWORD", Literal: true, Hash: hasher()([]byte(canary()))},
			{Container: "app", Name: "AWS_ROLE_ARN", Value: "arn:aws:iam::111122223333:role/shop"},
			{Container: "app", Name: "VAULT_ADDR", Value: "https://vault.example"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCollapse(t *testing.T) {
	w := func(kind, group, name, owner string) Workload {
		out := Workload{Meta: Meta{Kind: kind, Group: group, Namespace: "shop", Name: name, UID: "uid-" + name}, Running: -1}
		if owner != "" {
			out.Owners = []OwnerReference{{UID: "uid-" + owner, Name: owner, Controller: true}}
		}
		return out
	}
	var c Collapser
	c.Add(w("Deployment", "apps", "web", ""))
	c.Add(w("CronJob", "batch", "nightly", ""))
	if !c.Alias("uid-web-1", "shop", w("", "", "", "web").Owners) {
		t.Error("a ReplicaSet is not known to belong to its Deployment")
	}
	c.Add(w("ReplicaSet", "apps", "alone", "gone"))
	for i, owner := range []string{"web-1", "web-1", "alone", "elsewhere", ""} {
		pod := w("Pod", "", fmt.Sprintf("pod-%d", i), owner)
		pod.Running = 1
		pod.Pod.Tokens = []ProjectedToken{{Volume: "aws", Audience: "sts.amazonaws.com"}}
		c.Add(pod)
	}
	var got []string
	for _, w := range c.Workloads(true) {
		got = append(got, fmt.Sprintf("%s %s running %d tokens %d", w.Kind, w.Name, w.Running, len(w.Pod.Tokens)))
	}
	want := []string{
		"Deployment web running 2 tokens 1", "CronJob nightly running 0 tokens 0", "ReplicaSet alone running 1 tokens 1",
		"Pod pod-3 running 1 tokens 1", "Pod pod-4 running 1 tokens 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	c = Collapser{}
	c.Add(w("Deployment", "apps", "web", ""))
	if got := c.Workloads(false)[0].Running; got != -1 {
		t.Errorf("%d are running where pods were not listed", got)
	}
}

// TestDataKeys compares the walk with a decoder.
func TestDataKeys(t *testing.T) {
	for text, want := range map[string]string{
		`{"f:data":{".":{},"f:tls.crt":{},"f:tls.key":{}},"f:type":{}}`:                "[tls.crt tls.key] true",
		`{"f:metadata":{"f:annotations":{"f:data":{},"f:a\"b":{}}},"f:data":{".":{}}}`: "[] true",
		`{"f:stringData":{"f:a":{}}, "f:data" : { "f:b" : { } } }`:                     "[a b] true",
		`{"f:metadata":{}}`: "[] false",
		`{}`:                "[] false", ``: "[] false", `{"f:data":`: "[] false", `[1]`: "[] false",
		`{"v:":[1,{"x":"}"}],"f:data":{"f:a":null}}`: "[a] true",
	} {
		keys, data := alone().dataKeys([]byte(text))
		if got := fmt.Sprintf("%v %v", keys, data); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzDataKeys(f *testing.F) {
	f.Add([]byte(`{"f:data":{".":{},"f:tls.crt":{}},"f:metadata":{"f:annotations":{"f:data":{}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, data := alone().dataKeys(text)
		var top map[string]json.RawMessage
		if strings.ContainsRune(string(text), '\\') || json.Unmarshal(text, &top) != nil {
			return // the walk takes escapes as they are
		}
		var want []string
		owns := false
		for _, name := range []string{"f:data", "f:stringData"} {
			raw, ok := top[name]
			var members map[string]json.RawMessage
			if !ok {
				continue
			}
			if json.Unmarshal(raw, &members) != nil || members == nil || strings.Count(string(text), `"`+name+`"`) > 1 {
				return
			}
			owns = true
			for m := range members {
				if key, ok := strings.CutPrefix(m, "f:"); ok && key != "" {
					want = append(want, key)
				}
			}
		}
		slices.Sort(want)
		if want = slices.Compact(want); data != owns || !slices.Equal(keys, want) && json.Valid(text) && strings.ToValidUTF8(string(text), "") == string(text) {
			t.Errorf("%q: %q %v, want %q %v", text, keys, data, want, owns)
		}
	})
}

func FuzzFromPEM(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		FromPEM(text)
		FromRequest(text)
	})
}
