package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners/kubernetes/live/fake"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

func clock() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

// canary is a value that must never come out.
func canary() string { return "Hx" + "7qPzW2" + "vLk9TnB4" + "sRd6YmC1" }

func kubeconfig(t *testing.T, extra string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	text := `apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: prod-eu, cluster: {server: "https://cluster.example:6443"}}]
users: [{name: scanner, user: {token: "made-up"}}]
contexts:
- {name: prod, context: {cluster: prod-eu, user: scanner}}
- {name: staging, context: {cluster: prod-eu, user: scanner}}
` + extra
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// open opens a reader over a server.
func open(t *testing.T, h http.Handler, change func(*Options)) *Reader {
	t.Helper()
	o := Options{
		Kubeconfig: kubeconfig(t, ""), Now: clock, UserAgent: "muster/test",
		Wrap:  func(http.RoundTripper) http.RoundTripper { return scannertest.Serve(h) },
		Hash:  inventory.NewHasher([32]byte{7}),
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	if change != nil {
		change(&o)
	}
	r, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, h http.Handler, change func(*Options)) *object.Cluster {
	t.Helper()
	c, err := open(t, h, change).Read(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	quiet(t, c)
	return c
}

// quiet fails if the canary is anywhere in what was read.
func quiet(t *testing.T, c *object.Cluster) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text)+fmt.Sprintf("%+v", c), canary()) {
		t.Fatal("what was read holds the value of a Secret")
	}
}

func om(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID("uid-" + namespace + "-" + name),
		CreationTimestamp: metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
	}
}

func secretOf(namespace, name, secretType string, keys ...string) *corev1.Secret {
	o := &corev1.Secret{ObjectMeta: om(namespace, name), Type: corev1.SecretType(secretType), Data: map[string][]byte{}}
	fields := map[string]any{".": map[string]any{}}
	for _, k := range keys {
		o.Data[k] = []byte(canary())
		fields["f:"+k] = map[string]any{}
	}
	text, _ := json.Marshal(map[string]any{"f:data": fields, "f:type": map[string]any{}})
	at := metav1.NewTime(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	o.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl-create", Operation: "Update", Time: &at, FieldsV1: metav1.NewFieldsV1(string(text))}}
	o.Annotations = map[string]string{object.LastApplied: `{"stringData":{"password":"` + canary() + `"}}`, "team": "payments", "note": canary()}
	return o
}

// estate is a server with something of everything.
func estate() *fake.Server {
	s := fake.New()
	s.Add("/namespaces", &corev1.Namespace{ObjectMeta: om("", "kube-system")}, &corev1.Namespace{ObjectMeta: om("", "shop")})
	for i := range 5 {
		s.Add("/serviceaccounts", &corev1.ServiceAccount{ObjectMeta: om("shop", fmt.Sprintf("runner-%d", i)), ImagePullSecrets: []corev1.LocalObjectReference{{Name: "registry"}}})
	}
	s.Add("rbac.authorization.k8s.io/clusterroles", &rbacv1.ClusterRole{ObjectMeta: om("", "reader"), Rules: []rbacv1.PolicyRule{{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"secrets"}}}})
	s.Add("rbac.authorization.k8s.io/rolebindings", &rbacv1.RoleBinding{
		ObjectMeta: om("shop", "readers"), RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "reader"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "shop", Name: "runner-0"}},
	})
	for i, t := range append(secretTypes(), "istio.io/key-and-cert") {
		s.Add("/secrets", secretOf("shop", fmt.Sprintf("secret-%02d", i), t, "password", "tls.crt"), secretOf("shop", fmt.Sprintf("second-%02d", i), t, "password"))
	}
	controller := true
	deployment := &appsv1.Deployment{ObjectMeta: om("shop", "web")}
	deployment.Spec.Template.Spec = corev1.PodSpec{ServiceAccountName: "runner-0", Containers: []corev1.Container{{Name: "app", Image: "web:1", Env: []corev1.EnvVar{{Name: "DB_PASSWORD", Value: canary()}}}}}
	s.Add("apps/deployments", deployment)
	set := &appsv1.ReplicaSet{ObjectMeta: om("shop", "web-1")}
	set.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "web", UID: deployment.UID, Controller: &controller}}
	s.Add("apps/replicasets", set)
	for i := range 3 {
		pod := &corev1.Pod{ObjectMeta: om("shop", fmt.Sprintf("web-1-%d", i)), Spec: *deployment.Spec.Template.Spec.DeepCopy(), Status: corev1.PodStatus{Phase: corev1.PodRunning}}
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-1", UID: set.UID, Controller: &controller}}
		hour := int64(3607)
		pod.Spec.Volumes = []corev1.Volume{{Name: fmt.Sprintf("kube-api-access-x%d", i), VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{ExpirationSeconds: &hour, Path: "token"}}},
		}}}}
		s.Add("/pods", pod)
	}
	s.Add("/pods", &corev1.Pod{ObjectMeta: om("shop", "lonely"), Status: corev1.PodStatus{Phase: corev1.PodPending}})
	s.Add("/configmaps", &corev1.ConfigMap{ObjectMeta: om("kube-system", trackingMap), Data: map[string]string{"since": "2026-02-03"}})
	s.Groups = []string{"cert-manager.io/v1/certificates", "cert-manager.io/v1/issuers"}
	s.Add("cert-manager.io/certificates", map[string]any{
		"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": map[string]any{"namespace": "shop", "name": "web", "annotations": map[string]any{object.LastApplied: canary()}},
		"spec": map[string]any{"secretName": "web-tls", "dnsNames": []any{"shop.example"}}, "status": map[string]any{"notAfter": "2027-01-01T00:00:00Z", "revision": 4},
	})
	return s
}

func listing(t *testing.T, c *object.Cluster, resource string) object.Listing {
	t.Helper()
	for _, l := range c.Listings {
		if l.Resource == resource {
			return l
		}
	}
	t.Fatalf("there is no listing of %s", resource)
	return object.Listing{}
}

func TestRead(t *testing.T) {
	c := read(t, estate(), nil)
	for _, l := range c.Listings {
		if l.Status != inventory.StatusComplete || l.Reason != "" {
			t.Errorf("%s is %s: %s", l.Resource, l.Status, l.Reason)
		}
	}
	if c.Name != "prod-eu" || c.Version != "v1.36.3" || c.UID != "uid--kube-system" || c.Reader != "scanner" {
		t.Errorf("the cluster is %q %q %q read by %q", c.Name, c.Version, c.UID, c.Reader)
	}
	if got := c.TokensTrackedSince.Format(time.DateOnly); got != "2026-02-03" {
		t.Errorf("tokens are tracked since %s", got)
	}
	if l := listing(t, c, "secrets"); l.Count != 20 || l.ControlTotal == nil || *l.ControlTotal != 20 {
		t.Errorf("secrets: %+v", l)
	}
	for _, s := range c.Secrets {
		want := s.Name[len(s.Name)-2:]
		types := append(secretTypes(), "")
		if i := slices.Index(types, s.Type); fmt.Sprintf("%02d", i) != want {
			t.Errorf("%s has the type %q", s.Name, s.Type)
		}
		if !s.KeysKnown || s.Keys[0] != "password" || s.WrittenBy != "kubectl-create" || s.WrittenAt.IsZero() || !s.LastApplied {
			t.Errorf("%s: %+v", s.Name, s)
		}
		if diff := cmp.Diff(map[string]string{"team": "payments"}, s.Annotations); diff != "" {
			t.Errorf("annotations of %s: %s", s.Name, diff)
		}
	}
	var names []string
	for _, w := range c.Workloads {
		names = append(names, fmt.Sprintf("%s %s %d", w.Kind, w.Name, w.Running))
	}
	if diff := cmp.Diff([]string{"Pod lonely 0", "Deployment web 3"}, names); diff != "" {
		t.Error(diff)
	}
	web := c.Workloads[1].Pod
	if len(web.Tokens) != 1 || !web.Tokens[0].Default || len(web.Variables) != 1 || !web.Variables[0].Literal || web.Variables[0].Hash != "" {
		t.Errorf("the pod of web: %+v", web)
	}
	if len(c.Certificates) != 1 || c.Certificates[0].NotAfter.IsZero() || c.Certificates[0].Revision != 4 || !c.Certificates[0].LastApplied {
		t.Errorf("certificates: %+v", c.Certificates)
	}
}

// TestReadPages reads the same however long the pages are.
func TestReadPages(t *testing.T) {
	want := read(t, estate(), nil)
	for _, size := range []int{1, 2, 3, 1000} {
		s := estate()
		got := read(t, s, func(o *Options) { o.PageSize = size })
		for i := range got.Listings {
			got.Listings[i].Requests, got.Listings[i].ControlTotal, got.Listings[i].ControlSource = want.Listings[i].Requests, want.Listings[i].ControlTotal, want.Listings[i].ControlSource
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %d: %s", size, diff)
		}
		paged := slices.ContainsFunc(s.Requests(), func(q fake.Request) bool { return q.Continue != "" })
		if paged != (size < 20) {
			t.Errorf("pages of %d: further pages were asked for: %v", size, paged)
		}
	}
}

// TestPermissions proves that what Permissions gives is enough, holds nothing that
// writes, and is all used.
func TestPermissions(t *testing.T) {
	for _, without := range []bool{false, true} {
		rules := Permissions(without)
		used := map[string]bool{}
		s := estate()
		s.Groups = nil
		for _, c := range customs() {
			s.Groups = append(s.Groups, c.group+"/"+c.versions[0]+"/"+c.plural)
		}
		s.Allow = func(q fake.Request) bool {
			rule, ok := allowed(rules, q)
			used[rule] = true
			return ok
		}
		c := read(t, s, func(o *Options) { o.WithoutSecrets = without })
		for _, l := range c.Listings {
			if l.Status != inventory.StatusComplete && (!without || l.Resource != "secrets") {
				t.Errorf("without %v: %s is %s: %s", without, l.Resource, l.Status, l.Reason)
			}
		}
		for _, r := range rules {
			for _, verb := range r.Verbs {
				if verb != "get" && verb != "list" {
					t.Errorf("the verb %s is given", verb)
				}
			}
			for _, what := range append(slices.Clone(r.Resources), r.NonResourceURLs...) {
				if what == "secrets" && without {
					t.Error("secrets may be listed without them")
				}
				if !used[strings.Join(r.APIGroups, "")+"/"+what] {
					t.Errorf("without %v: nothing uses %q of %q", without, what, r.APIGroups)
				}
			}
		}
	}
}

// allowed evaluates rules as the server would for plain requests.
func allowed(rules []privilege.Rule, q fake.Request) (string, bool) {
	for _, r := range rules {
		switch {
		case !slices.Contains(r.Verbs, q.Verb):
		case q.Path != "" && slices.Contains(r.NonResourceURLs, q.Path):
			return "/" + q.Path, true
		case q.Path == "" && slices.Contains(r.APIGroups, q.Group) && slices.Contains(r.Resources, q.Resource) &&
			(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, q.Name)):
			return q.Group + "/" + q.Resource, true
		}
	}
	return "", false
}

// TestDenied takes each resource away in turn.
func TestDenied(t *testing.T) {
	whole := read(t, estate(), nil)
	for _, l := range whole.Listings {
		if l.Requests == 0 {
			continue
		}
		t.Run(l.Resource, func(t *testing.T) {
			s := estate()
			s.Allow = func(q fake.Request) bool { return q.Group != l.Group || q.Resource != l.Resource }
			c := read(t, s, nil)
			for _, got := range c.Listings {
				want := inventory.StatusComplete
				if got.Resource == l.Resource {
					want = inventory.StatusDenied
				}
				if got.Status != want {
					t.Errorf("%s is %s, want %s", got.Resource, got.Status, want)
				}
				if want == inventory.StatusDenied && (!strings.Contains(got.Reason, l.Resource) || !strings.Contains(got.Reason, "403")) {
					t.Errorf("the reason is %q", got.Reason)
				}
			}
		})
	}
}

func TestDeniedType(t *testing.T) {
	s := estate()
	s.Front = func(w http.ResponseWriter, r *http.Request, q fake.Request) bool {
		if q.Selector == "type=helm.sh/release.v1" {
			fake.Refuse(w, r, http.StatusForbidden, "no", "")
			return true
		}
		return false
	}
	l := listing(t, read(t, s, nil), "secrets")
	if l.Status != inventory.StatusPartial || l.Count != 18 || l.Reason != "list secrets: those of type helm.sh/release.v1: forbidden (403)" {
		t.Errorf("%+v", l)
	}
}

func TestWithoutSecrets(t *testing.T) {
	s := estate()
	c := read(t, s, func(o *Options) { o.WithoutSecrets = true })
	for _, q := range s.Requests() {
		if q.Resource == "secrets" {
			t.Errorf("it asks for secrets: %+v", q)
		}
	}
	var names []string
	for _, s := range c.Secrets {
		names = append(names, fmt.Sprintf("%s %s %v %v", s.Name, s.Type, s.Inferred, s.KeysKnown))
	}
	if diff := cmp.Diff([]string{"registry kubernetes.io/dockerconfigjson true false", "web-tls kubernetes.io/tls true false"}, names); diff != "" {
		t.Error(diff)
	}
	if l := listing(t, c, "secrets"); l.Status != inventory.StatusSkipped || !strings.Contains(l.Reason, "not evaluated") {
		t.Errorf("%+v", l)
	}
}

// TestGone lets the server forget a list's state: the first time the list is begun
// again, then it goes on from where it was. Nothing comes twice.
func TestGone(t *testing.T) {
	for _, times := range []int{1, 2, 3} {
		s := estate()
		gone := 0
		s.Front = func(w http.ResponseWriter, r *http.Request, q fake.Request) bool {
			if q.Resource != "serviceaccounts" || q.Continue == "" || gone >= times {
				return false
			}
			if gone++; gone%2 == 0 {
				s.Remove("/serviceaccounts", "shop", "runner-1") // read before
			}
			fake.Refuse(w, r, http.StatusGone, "The provided continue parameter is too old", q.Continue)
			return true
		}
		c := read(t, s, func(o *Options) { o.PageSize = 2 })
		l := listing(t, c, "serviceaccounts")
		if l.Status != inventory.StatusComplete || l.Count != 5 || len(c.ServiceAccounts) != 5 || len(l.Notes) != times {
			t.Errorf("%d times: %d accounts, %+v", times, len(c.ServiceAccounts), l)
		}
		names := map[string]bool{}
		for _, a := range c.ServiceAccounts {
			names[a.Name] = true
		}
		if len(names) != 5 {
			t.Errorf("%d times: %v", times, names)
		}
	}
}

// TestGoneForever ends although the server never keeps a state.
func TestGoneForever(t *testing.T) {
	s := estate()
	s.Front = func(w http.ResponseWriter, r *http.Request, q fake.Request) bool {
		if q.Resource == "serviceaccounts" && q.Continue != "" {
			fake.Refuse(w, r, http.StatusGone, "too old", q.Continue)
			return true
		}
		return false
	}
	l := listing(t, read(t, s, func(o *Options) { o.PageSize = 2 }), "serviceaccounts")
	if l.Status != inventory.StatusPartial || l.Count != 2 || !strings.Contains(l.Reason, "410") || l.Requests > 60 {
		t.Errorf("%+v", l)
	}
}

// A flaky transport breaks some requests.
type flaky struct {
	next  http.RoundTripper
	fails func(n int, r *http.Request) error
	n     int
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	f.n++
	if err := f.fails(f.n, r); err != nil {
		return nil, err
	}
	return f.next.RoundTrip(r)
}

// TestRestart loses the server in mid-list, for longer than one attempt, and then
// has it back with nothing but refusals at first.
func TestRestart(t *testing.T) {
	s := estate()
	lost, refused := 0, 0
	s.Front = func(w http.ResponseWriter, r *http.Request, q fake.Request) bool {
		if lost == 3 && refused < 2 {
			refused++
			fake.Refuse(w, r, http.StatusForbidden, "RBAC is not ready", "")
			return true
		}
		return false
	}
	front := &flaky{next: scannertest.Serve(s), fails: func(_ int, r *http.Request) error {
		if strings.Contains(r.URL.RawQuery, "continue") && lost < 3 {
			lost++
			return io.ErrUnexpectedEOF
		}
		return nil
	}}
	c := read(t, s, func(o *Options) {
		o.PageSize = 2
		o.Wrap = func(http.RoundTripper) http.RoundTripper { return front }
	})
	if lost != 3 || refused != 2 {
		t.Fatalf("lost %d, refused %d", lost, refused)
	}
	for _, l := range c.Listings {
		if l.Status != inventory.StatusComplete {
			t.Errorf("%s is %s: %s", l.Resource, l.Status, l.Reason)
		}
	}
	if len(c.ServiceAccounts) != 5 || len(c.Secrets) != 20 {
		t.Errorf("%d accounts, %d secrets", len(c.ServiceAccounts), len(c.Secrets))
	}
}

// TestServerGone loses the server for good: what was read is kept, each list says
// what it lost, and waiting ends with the first.
func TestServerGone(t *testing.T) {
	s := estate()
	front := &flaky{next: scannertest.Serve(s), fails: func(n int, _ *http.Request) error {
		if n > 8 {
			return fmt.Errorf("dial: %w", io.EOF)
		}
		return nil
	}}
	slept := 0
	c := read(t, s, func(o *Options) {
		o.Wrap = func(http.RoundTripper) http.RoundTripper { return front }
		o.Sleep = func(context.Context, time.Duration) error { slept++; return nil }
	})
	if slept > len(waits()) {
		t.Errorf("it waits %d times", slept)
	}
	if len(c.ServiceAccounts) != 5 {
		t.Errorf("%d accounts are kept", len(c.ServiceAccounts))
	}
	for _, l := range c.Listings {
		if l.Resource == "pods" && (l.Status == inventory.StatusComplete || l.Reason == "") {
			t.Errorf("%+v", l)
		}
	}
}

// cutBody returns half of each answer the first times.
type cutBody struct {
	next http.RoundTripper
	path string
	left int
}

func (c *cutBody) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(r)
	if err != nil || c.left == 0 || !strings.HasSuffix(r.URL.Path, c.path) || strings.Contains(r.URL.RawQuery, "limit=1") {
		return res, err
	}
	c.left--
	body, err := io.ReadAll(res.Body)
	res.Body = io.NopCloser(bytes.NewReader(body[:len(body)*2/3]))
	return res, err
}

func TestCutBody(t *testing.T) {
	for _, path := range []string{"/serviceaccounts", "/secrets", "/pods", "/certificates"} {
		for times, want := range map[int]inventory.Status{1: inventory.StatusComplete, maxCut: inventory.StatusComplete, 1000: inventory.StatusPartial} {
			s := estate()
			c := read(t, s, func(o *Options) {
				o.Wrap = func(http.RoundTripper) http.RoundTripper {
					return &cutBody{next: scannertest.Serve(s), path: path, left: times}
				}
			})
			l := listing(t, c, strings.TrimPrefix(path, "/"))
			if l.Status != want {
				t.Errorf("%s cut %d times is %s: %s", path, times, l.Status, l.Reason)
			}
			if len(c.Secrets) > 20 || len(c.ServiceAccounts) > 5 || len(c.Certificates) > 1 || want == inventory.StatusComplete && (len(c.Secrets) != 20 || len(c.ServiceAccounts) != 5) {
				t.Errorf("%s cut %d times: %d secrets, %d accounts", path, times, len(c.Secrets), len(c.ServiceAccounts))
			}
		}
	}
}

func TestStaleAPI(t *testing.T) {
	s := estate()
	s.Stale = []string{"metrics.k8s.io/v1beta1"}
	c := read(t, s, nil)
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "metrics.k8s.io/v1beta1") {
		t.Errorf("notes: %q", c.Notes)
	}
	for _, l := range c.Listings {
		if l.Status != inventory.StatusComplete {
			t.Errorf("%s is %s: %s", l.Resource, l.Status, l.Reason)
		}
	}
}

// TestStaleAPIThatIsRead has one that is down and holds what is read: that must
// not pass for there being none.
func TestStaleAPIThatIsRead(t *testing.T) {
	s := estate()
	s.Stale = []string{"tekton.dev/v1"}
	s.Front = func(w http.ResponseWriter, _ *http.Request, q fake.Request) bool {
		if q.Group != "tekton.dev" {
			return false
		}
		http.Error(w, "service unavailable", http.StatusServiceUnavailable)
		return true
	}
	c := read(t, s, nil)
	for _, plural := range []string{"pipelineruns", "taskruns"} {
		if l := listing(t, c, plural); l.Status == inventory.StatusComplete || l.Reason == "" {
			t.Errorf("%s is %s: %q", plural, l.Status, l.Reason)
		}
	}
}

// TestDiscovery reads the same of a server whose discovery is old, and asks for
// everything if there is none.
func TestDiscovery(t *testing.T) {
	s := estate()
	s.Old = true
	c := read(t, s, nil)
	if len(c.Certificates) != 1 || listing(t, c, "clusterissuers").Status != inventory.StatusSkipped {
		t.Errorf("old discovery: %d certificates, %+v", len(c.Certificates), listing(t, c, "clusterissuers"))
	}
	s = estate()
	s.Allow = func(q fake.Request) bool { return q.Path != "/apis" }
	c = read(t, s, nil)
	if len(c.Certificates) != 1 || len(c.Notes) != 1 || listing(t, c, "rollouts").Status != inventory.StatusSkipped {
		t.Errorf("no discovery: %d certificates, %q, %+v", len(c.Certificates), c.Notes, listing(t, c, "rollouts"))
	}
	s = estate()
	read(t, s, nil)
	for _, q := range s.Requests() {
		if q.Group == object.GroupArgo {
			t.Errorf("an absent group is asked for: %+v", q)
		}
	}
}

func TestNamespaces(t *testing.T) {
	s := estate()
	s.Add("/serviceaccounts", &corev1.ServiceAccount{ObjectMeta: om("other", "unseen")})
	s.Allow = func(q fake.Request) bool { return q.Namespace == "shop" || q.Path != "" }
	c := read(t, s, func(o *Options) { o.Namespaces = []string{"shop"} })
	if len(c.ServiceAccounts) != 5 || len(c.Secrets) != 20 || len(c.Workloads) != 2 {
		t.Errorf("%d accounts, %d secrets, %d workloads", len(c.ServiceAccounts), len(c.Secrets), len(c.Workloads))
	}
	if l := listing(t, c, "clusterroles"); l.Status != inventory.StatusDenied {
		t.Errorf("%+v", l)
	}
	for _, l := range c.Listings {
		if l.Resource == "pods" && l.Namespace != "shop" {
			t.Errorf("%+v", l)
		}
	}
}

// TestHashValues opts in to values: hashes, and no value.
func TestHashValues(t *testing.T) {
	c := read(t, estate(), func(o *Options) { o.HashValues = true })
	want := inventory.NewHasher([32]byte{7})([]byte(canary()))
	for _, s := range c.Secrets {
		if s.Type == "Opaque" && s.Hashes["password"] != want {
			t.Errorf("%s: %v", s.Name, s.Hashes)
		}
	}
	if c.Workloads[1].Pod.Variables[0].Hash != want {
		t.Errorf("the variable is not hashed")
	}
	if len(c.Secrets) != 20 {
		t.Errorf("%d secrets", len(c.Secrets))
	}
}

// TestMetadataOnly proves that no value crosses the wire unless it is asked for.
func TestMetadataOnly(t *testing.T) {
	s := estate()
	read(t, s, nil)
	for _, q := range s.Requests() {
		if q.Resource == "secrets" && !strings.Contains(q.Types, "PartialObjectMetadata") {
			t.Errorf("whole secrets are asked for: %+v", q)
		}
	}
	s = estate()
	read(t, s, func(o *Options) { o.ReadTLS = true })
	for _, q := range s.Requests() {
		if q.Resource == "secrets" && !strings.Contains(q.Types, "PartialObjectMetadata") && q.Selector != "type="+typeTLS {
			t.Errorf("whole secrets are asked for: %+v", q)
		}
	}
}

func TestCannotBegin(t *testing.T) {
	refuse := func(code int) http.RoundTripper {
		return scannertest.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fake.Refuse(w, r, code, "no", "") }))
	}
	for name, test := range map[string]struct {
		transport http.RoundTripper
		want      string
	}{
		"not known":   {refuse(http.StatusUnauthorized), `the API server at https://cluster.example:6443 does not know the user "scanner" of the kubeconfig (401)`},
		"unreachable": {&flaky{fails: func(int, *http.Request) error { return errors.New("no route to host") }}, "reach the API server at https://cluster.example:6443"},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, estate(), func(o *Options) { o.Wrap = func(http.RoundTripper) http.RoundTripper { return test.transport } })
			if _, err := r.Read(context.Background(), nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := estate()
	s.Front = func(_ http.ResponseWriter, _ *http.Request, q fake.Request) bool {
		if q.Resource == "secrets" {
			cancel()
		}
		return false
	}
	c, err := open(t, s, nil).Read(ctx, nil)
	if !errors.Is(err, context.Canceled) || c == nil || len(c.ServiceAccounts) != 5 {
		t.Errorf("error %v", err)
	}
}
