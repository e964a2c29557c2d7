//go:build e2e

package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/scanners"
	scan "github.com/muster-nhi/muster/scanners/kubernetes"
	"github.com/muster-nhi/muster/scanners/kubernetes/live"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// grantRules gives an account rules across the cluster, as the role that
// `muster permissions kubernetes` prints is given.
func grantRules(ns, name string, rules []privilege.Rule) []thing {
	var out []thing
	for _, r := range rules {
		o := thing{"verbs": r.Verbs}
		if len(r.NonResourceURLs) > 0 {
			o["nonResourceURLs"] = r.NonResourceURLs
		} else {
			o["apiGroups"], o["resources"], o["resourceNames"] = r.APIGroups, r.Resources, r.ResourceNames
		}
		out = append(out, o)
	}
	full := ns + "-" + name
	return []thing{account(ns, name), role("", full, out...), bind("", full, "ClusterRole", full, toAccount(ns, name))}
}

// options reads the cluster as an account of a namespace, by its token.
func (p *plane) options(t testing.TB, ns, name string) live.Options {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := p.pki.tokenKubeconfig(file, p.url, p.token(t, ns, name)); err != nil {
		t.Fatal(err)
	}
	return live.Options{Kubeconfig: file, UserAgent: "muster-e2e", Now: time.Now}
}

// read reads the cluster.
func read(t testing.TB, o live.Options) *object.Cluster {
	t.Helper()
	r, err := live.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c, err := r.Read(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A tap keeps what a server said and what it was asked.
type tap struct {
	next http.RoundTripper

	mu       sync.Mutex
	requests []string // method and path
	bodies   bytes.Buffer
	// compressed is true if an answer came in a form in which nothing is found.
	compressed bool
}

func (w *tap) wrap(next http.RoundTripper) http.RoundTripper { w.next = next; return w }

// RoundTrip passes a request on and keeps the answer.
func (w *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := w.next.RoundTrip(req)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, req.Method+" "+req.URL.Path)
	if err == nil {
		w.compressed = w.compressed || res.Header.Get("Content-Encoding") != ""
		res.Body = &teed{ReadCloser: res.Body, tap: w}
	}
	return res, err
}

type teed struct {
	io.ReadCloser
	tap *tap
}

func (b *teed) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.tap.mu.Lock()
	defer b.tap.mu.Unlock()
	b.tap.bodies.Write(p[:n])
	return n, err
}

// holds reports whether bytes hold a value, as it is or in base64 at any of its
// three offsets.
func holds(text []byte, value string) bool {
	if bytes.Contains(text, []byte(value)) {
		return true
	}
	for shift := range 3 {
		encoded := inBase64(strings.Repeat("x", shift) + value)
		from := []int{0, 2, 3}[shift]
		to := len(encoded) - 4
		if bytes.Contains(text, []byte(encoded[from:to])) {
			return true
		}
	}
	return false
}

// TestE2EScan loads objects of every kind, scans as an account that has the
// printed role and nothing else, and compares what was read with what the server
// lists.
func TestE2EScan(t *testing.T) {
	p := control(t)
	p.define(t)
	ns := p.room(t, "scan")
	p.everyKind(t, ns)
	p.load(t, grantRules(ns, "scanner", live.Permissions(false))...)
	p.known(t)
	options := p.options(t, ns, "scanner")
	wire := &tap{}
	options.Wrap = wire.wrap
	c := read(t, options)

	t.Run("complete", func(t *testing.T) {
		for _, l := range c.Listings {
			if l.Status != inventory.StatusComplete {
				t.Errorf("%s %s: %s: %s", l.Group, l.Resource, l.Status, l.Reason)
			}
		}
		for _, n := range c.Notes {
			t.Errorf("note: %s", n)
		}
		if len(c.Listings) < 30 {
			t.Errorf("only %d listings", len(c.Listings))
		}
	})
	t.Run("equal", func(t *testing.T) { compareWithServer(t, p, ns, c) })
	t.Run("kinds", func(t *testing.T) { kindsAreThere(t, ns, c) })
	t.Run("reads_only", func(t *testing.T) {
		for _, r := range wire.requests {
			if !strings.HasPrefix(r, "GET ") {
				t.Errorf("request %s", r)
			}
		}
		p.noWrites(t, ns, "scanner")
	})
	t.Run("no_values", func(t *testing.T) {
		noValues(t, p, ns, c, wire)
	})
	t.Run("hashed", func(t *testing.T) { p.hashed(t, ns) })
	t.Run("certificates_read", func(t *testing.T) { p.certificatesRead(t, ns) })
	t.Run("records", func(t *testing.T) { p.records(t, ns) })
	t.Run("without_secrets", func(t *testing.T) { p.withoutSecrets(t, ns) })
}

// compareWithServer compares names, one resource after the other, with what the
// server lists to an administrator.
func compareWithServer(t *testing.T, p *plane, ns string, c *object.Cluster) {
	t.Helper()
	spaces := map[string]bool{}
	for i := range c.Namespaces {
		spaces[c.Namespaces[i].Name] = !strings.HasPrefix(c.Namespaces[i].Name, "kube-")
	}
	// Namespaces of tests that are over are being taken away meanwhile.
	leaving := func(name string) bool {
		space, object, _ := strings.Cut(name, "/")
		return space != ns && !strings.HasPrefix(space, "kube-") && space != "" && space != "default" || space == "" && spaces[object] && object != ns
	}
	server := func(path string) []string {
		var out []string
		for _, o := range p.client(loader).items(t, path) {
			out = append(out, field(o, "metadata", "namespace")+"/"+field(o, "metadata", "name"))
		}
		return out
	}
	rb := "/apis/" + rbacGroup + "/v1/"
	for name, pair := range map[string][2][]string{
		"namespaces":       {metas(c.Namespaces, func(o *object.Namespace) *object.Meta { return &o.Meta }), server("/api/v1/namespaces")},
		"accounts":         {metas(c.ServiceAccounts, func(o *object.ServiceAccount) *object.Meta { return &o.Meta }), server("/api/v1/serviceaccounts")},
		"secrets":          {metas(c.Secrets, func(o *object.Secret) *object.Meta { return &o.Meta }), server("/api/v1/secrets")},
		"roles":            {metas(c.Roles, func(o *object.Role) *object.Meta { return &o.Meta }), append(server(rb+"roles"), server(rb+"clusterroles")...)},
		"bindings":         {metas(c.Bindings, func(o *object.Binding) *object.Meta { return &o.Meta }), append(server(rb+"rolebindings"), server(rb+"clusterrolebindings")...)},
		"requests":         {metas(c.Requests, func(o *object.SigningRequest) *object.Meta { return &o.Meta }), server("/apis/" + certificates + "/v1/" + requests)},
		"certificates":     {metas(c.Certificates, func(o *object.Certificate) *object.Meta { return &o.Meta }), server("/apis/cert-manager.io/v1/certificates")},
		"external secrets": {metas(c.ExternalSecrets, func(o *object.ExternalSecret) *object.Meta { return &o.Meta }), slices.Concat(server("/apis/external-secrets.io/v1/externalsecrets"), server("/apis/external-secrets.io/v1/clusterexternalsecrets"), server("/apis/external-secrets.io/v1alpha1/pushsecrets"))},
		"stores":           {metas(c.SecretStores, func(o *object.SecretStore) *object.Meta { return &o.Meta }), slices.Concat(server("/apis/external-secrets.io/v1/secretstores"), server("/apis/external-secrets.io/v1/clustersecretstores"))},
		"issuers":          {metas(c.Issuers, func(o *object.Issuer) *object.Meta { return &o.Meta }), slices.Concat(server("/apis/cert-manager.io/v1/issuers"), server("/apis/cert-manager.io/v1/clusterissuers"))},
		"sealed":           {metas(c.SealedSecrets, func(o *object.SealedSecret) *object.Meta { return &o.Meta }), server("/apis/bitnami.com/v1alpha1/sealedsecrets")},
		"classes":          {metas(c.SecretClasses, func(o *object.SecretClass) *object.Meta { return &o.Meta }), server("/apis/secrets-store.csi.x-k8s.io/v1/secretproviderclasses")},
	} {
		got, want := slices.DeleteFunc(pair[0], leaving), slices.DeleteFunc(pair[1], leaving)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: only muster has %q, only the server %q", name, without(got, want), without(want, got))
		}
		if len(want) == 0 {
			t.Errorf("%s: the server has none: the comparison tells nothing", name)
		}
	}
	types := map[string]string{}
	for _, o := range p.client(loader).items(t, "/api/v1/secrets") {
		types[field(o, "metadata", "namespace")+"/"+field(o, "metadata", "name")] = field(o, "type")
	}
	keys := map[string][]string{}
	for _, o := range p.client(loader).items(t, "/api/v1/secrets") {
		data, _ := o["data"].(thing)
		for k := range data {
			name := field(o, "metadata", "namespace") + "/" + field(o, "metadata", "name")
			keys[name] = append(keys[name], k)
		}
	}
	for i := range c.Secrets {
		s := &c.Secrets[i]
		name := s.Namespace + "/" + s.Name
		if leaving(name) {
			continue
		}
		if s.Type != types[name] && s.Type != "" {
			t.Errorf("Secret %s is of type %q, want %q", name, s.Type, types[name])
		}
		slices.Sort(keys[name])
		if s.KeysKnown && !slices.Equal(s.Keys, keys[name]) {
			t.Errorf("Secret %s has the keys %q, want %q", name, s.Keys, keys[name])
		}
		if !s.KeysKnown || s.WrittenAt.IsZero() || s.WrittenBy == "" {
			t.Errorf("Secret %s: keys known %v, written %v by %q: managedFields tell them", name, s.KeysKnown, s.WrittenAt, s.WrittenBy)
		}
	}
}

func metas[T any](list []T, meta func(*T) *object.Meta) []string {
	var out []string
	for i := range list {
		m := meta(&list[i])
		out = append(out, m.Namespace+"/"+m.Name)
	}
	return out
}

// kindsAreThere checks what is read of objects beyond their names.
func kindsAreThere(t *testing.T, ns string, c *object.Cluster) {
	t.Helper()
	var kinds []string
	for i := range c.Workloads {
		if w := &c.Workloads[i]; w.Namespace == ns {
			kinds = append(kinds, w.Kind)
			if w.Pod.ServiceAccount != "runner" {
				t.Errorf("%s %s runs as %q", w.Kind, w.Name, w.Pod.ServiceAccount)
			}
			if w.Name == "mighty" {
				mightyPod(t, w)
			}
		}
	}
	slices.Sort(kinds)
	want := []string{"CronJob", "CronWorkflow", "DaemonSet", "Deployment", "Job", "PipelineRun", "Pod", "ReplicaSet", "ReplicationController", "Rollout", "StatefulSet", "TaskRun", "Workflow"}
	if !slices.Equal(kinds, want) {
		t.Errorf("workloads are %v, want %v", kinds, want)
	}
	for i := range c.Secrets {
		s := &c.Secrets[i]
		if s.Namespace != ns {
			continue
		}
		if s.LastApplied != (s.Name == "applied") {
			t.Errorf("Secret %s: last applied is %v", s.Name, s.LastApplied)
		}
		if s.Name == "legacy-token" && s.ServiceAccount != "runner" {
			t.Errorf("the token Secret is of %q", s.ServiceAccount)
		}
		if s.X509 != nil || s.Hashes != nil {
			t.Errorf("Secret %s was read", s.Name)
		}
	}
	for i := range c.Certificates {
		if x := &c.Certificates[i]; x.Namespace == ns && !x.NotAfter.Equal(notAfter()) {
			t.Errorf("the certificate ends %s", x.NotAfter)
		}
	}
	for i := range c.Requests {
		if r := &c.Requests[i]; r.Name == ns && (r.CommonName != "alice" || r.Issued == nil || r.Approved != inventory.True) {
			t.Errorf("the signing request reads %+v", r)
		}
	}
	if c.UID == "" || !strings.HasPrefix(c.Version, "v1.") || c.TokensTrackedSince.IsZero() {
		t.Errorf("uid %q, version %q, tokens tracked since %s", c.UID, c.Version, c.TokensTrackedSince)
	}
}

func mightyPod(t *testing.T, w *object.Workload) {
	t.Helper()
	p := &w.Pod
	if !p.HostNetwork || !p.HostPID || len(p.Privileged) != 1 || !slices.Contains(p.HostPaths, "/var/lib") {
		t.Errorf("what makes the pod mighty is lost: %+v", p)
	}
	audiences := map[string]bool{}
	for _, token := range p.Tokens {
		audiences[token.Audience] = true
	}
	if !audiences["sts.amazonaws.com"] {
		t.Errorf("the projected tokens are %+v", p.Tokens)
	}
	used := map[string]string{}
	for _, u := range p.Secrets {
		used[u.Name] = u.How
	}
	if used["opaque"] != "volume" || used["basic"] != "env" {
		t.Errorf("the Secrets used are %+v", p.Secrets)
	}
}

// noWrites asks the server what the account may do, and finds nothing but
// reading beyond what everybody has.
func (p *plane) noWrites(t *testing.T, ns, name string) {
	t.Helper()
	rules := func(c *client) []thing {
		out, err := c.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", with(made("authorization.k8s.io/v1", "SelfSubjectRulesReview", "", ""), thing{"spec": thing{"namespace": ns}}))
		if err != nil {
			t.Fatal(err)
		}
		status, _ := out["status"].(thing)
		return append(list(status["resourceRules"]), list(status["nonResourceRules"])...)
	}
	p.load(t, account(ns, "plain"))
	var everybody []string
	for _, r := range rules(p.as(t, ns, "plain")) {
		everybody = append(everybody, fmt.Sprint(r))
	}
	read := 0
	for _, r := range rules(p.as(t, ns, name)) {
		if slices.Contains(everybody, fmt.Sprint(r)) {
			continue
		}
		for _, verb := range texts(r["verbs"]) {
			if verb != "get" && verb != "list" {
				t.Errorf("the role has the verb %s on %v %v", verb, r["resources"], r["nonResourceURLs"])
			}
			read++
		}
	}
	if read < 10 {
		t.Errorf("only %d verbs: the question was not answered", read)
	}
}

// noValues looks for the canaries in all that muster holds, and on the wire.
func noValues(t *testing.T, p *plane, ns string, c *object.Cluster, wire *tap) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"silent": silent(), "applied": applied()} {
		if holds(text, value) {
			t.Errorf("the value %s is in what was read", name)
		}
	}
	if holds(wire.bodies.Bytes(), silent()) {
		t.Error("a value of a Secret crossed the wire")
	}
	token, err := p.client(loader).get(secretsOf(ns) + "/legacy-token")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(wire.bodies.Bytes(), []byte(field(token, "data", "token"))[:60]) {
		t.Error("a token crossed the wire")
	}
	// The search must be able to find: the same list as anybody sends it.
	whole, err := p.client(loader).get(secretsOf(ns))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	if !holds(plain, silent()) || !holds(plain, applied()) {
		t.Error("the canaries are not where they were put: the search finds nothing")
	}
	if wire.compressed {
		t.Error("answers are compressed where they are searched: the search finds nothing")
	}
	if wire.bodies.Len() < 10_000 {
		t.Errorf("only %d bytes crossed the wire", wire.bodies.Len())
	}
}

// hashed reads values because it was told to, and keeps none.
func (p *plane) hashed(t *testing.T, ns string) {
	t.Helper()
	options := p.options(t, ns, "scanner")
	options.HashValues, options.Hash = true, inventory.NewHasher([32]byte{1})
	wire := &tap{}
	options.Wrap = wire.wrap
	c := read(t, options)
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if holds(text, silent()) || holds(text, applied()) {
		t.Error("a value is in what was read")
	}
	if !holds(wire.bodies.Bytes(), silent()) {
		t.Error("the values were not read: the test tells nothing")
	}
	for i := range c.Secrets {
		s := &c.Secrets[i]
		if s.Namespace == ns && s.Name == "opaque" && s.Hashes["password"] != options.Hash([]byte(silent())) {
			t.Errorf("the hash of opaque/password is %v", s.Hashes["password"])
		}
	}
}

// certificatesRead reads TLS Secrets because it was told to.
func (p *plane) certificatesRead(t *testing.T, ns string) {
	t.Helper()
	options := p.options(t, ns, "scanner")
	options.ReadTLS = true
	wire := &tap{}
	options.Wrap = wire.wrap
	c := read(t, options)
	if holds(wire.bodies.Bytes(), silent()) {
		t.Error("values of other Secrets were read")
	}
	for i := range c.Secrets {
		s := &c.Secrets[i]
		if s.Namespace == ns && s.Type == "kubernetes.io/tls" && (s.X509 == nil || !s.X509.NotAfter.Equal(notAfter())) {
			t.Errorf("the certificate of %s is %+v", s.Name, s.X509)
		}
	}
}

// records runs the scanner as muster does and looks at what it emits.
func (p *plane) records(t *testing.T, ns string) {
	t.Helper()
	out := p.scan(t, ns, "scanner", thing{"cluster": "northwind"}, nil)
	ids := map[string]bool{}
	for _, r := range out {
		if err := r.Validate(); err != nil {
			t.Errorf("a record is not valid: %v", err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if holds(text, silent()) || holds(text, applied()) {
			t.Error("a value is in a record")
		}
		if r.Coverage != nil && r.Coverage.Status != inventory.StatusComplete {
			t.Errorf("coverage of %s: %s: %s", r.Coverage.Kind, r.Coverage.Status, r.Coverage.Reason)
		}
		if r.Identity != nil {
			ids[r.Identity.ID] = true
		}
	}
	for _, o := range p.client(loader).items(t, "/api/v1/serviceaccounts") {
		id := "kubernetes:northwind/serviceaccounts/" + field(o, "metadata", "namespace") + "/" + field(o, "metadata", "name")
		if !ids[id] {
			t.Errorf("no identity %s", id)
		}
	}
}

// scan runs the scanner as an account, as the program does.
func (p *plane) scan(t testing.TB, ns, name string, config thing, wrap func(http.RoundTripper) http.RoundTripper) []inventory.Record {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := p.pki.tokenKubeconfig(file, p.url, p.token(t, ns, name)); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(with(config, thing{"kubeconfig": file}))
	if err != nil {
		t.Fatal(err)
	}
	env := scanners.Env{Log: slog.New(slog.DiscardHandler), Now: time.Now, Hash: inventory.NewHasher([32]byte{1}), Wrap: wrap, UserAgent: "muster-e2e"}
	scanner, err := scan.Factory().Open(env, func(into any) error { return json.Unmarshal(text, into) })
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var out []inventory.Record
	if err := scanner.Scan(context.Background(), func(r inventory.Record) error {
		mu.Lock()
		defer mu.Unlock()
		if r.Progress == nil {
			out = append(out, r)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// withoutSecrets scans with the role that cannot list Secrets.
func (p *plane) withoutSecrets(t *testing.T, ns string) {
	t.Helper()
	p.load(t, grantRules(ns, "modest", live.Permissions(true))...)
	p.known(t)
	if _, err := p.as(t, ns, "modest").get(secretsOf("")); code(err) != http.StatusForbidden {
		t.Fatalf("the role without Secrets may list them: %v", err)
	}
	options := p.options(t, ns, "modest")
	options.WithoutSecrets = true
	wire := &tap{}
	options.Wrap = wire.wrap
	c := read(t, options)
	for _, r := range wire.requests {
		if strings.HasSuffix(r, "/secrets") {
			t.Errorf("request %s", r)
		}
	}
	for _, l := range c.Listings {
		switch {
		case l.Resource == "secrets" && l.Group == "":
			if l.Status != inventory.StatusSkipped || l.Reason == "" {
				t.Errorf("secrets: %s: %s", l.Status, l.Reason)
			}
		case l.Status != inventory.StatusComplete:
			t.Errorf("%s: %s: %s", l.Resource, l.Status, l.Reason)
		}
	}
	names := metas(c.Secrets, func(o *object.Secret) *object.Meta { return &o.Meta })
	for _, want := range []string{"opaque", "basic", "registry", "tls"} {
		if !slices.Contains(names, ns+"/"+want) {
			t.Errorf("the Secret %s, which other objects name, is not told", want)
		}
	}
}

// TestE2EDenied takes every permission of the printed role away, one at a time:
// the reading must say so, and nothing else may suffer but what hangs on it.
func TestE2EDenied(t *testing.T) {
	p := control(t)
	p.define(t)
	ns := p.room(t, "denied")
	p.everyKind(t, ns)
	type loss struct{ group, resource, account string }
	var losses []loss
	var objects []thing
	all := live.Permissions(false)
	for i, rule := range all {
		for j, resource := range rule.Resources {
			less := slices.Clone(all)
			less[i].Resources = slices.Delete(slices.Clone(rule.Resources), j, j+1)
			if len(less[i].Resources) == 0 {
				less = slices.Delete(less, i, i+1)
			}
			name := fmt.Sprintf("without-%d-%d", i, j)
			losses = append(losses, loss{rule.APIGroups[0], resource, name})
			objects = append(objects, grantRules(ns, name, less)...)
		}
	}
	p.load(t, objects...)
	p.known(t)
	for _, gone := range losses {
		t.Run(gone.resource+"."+gone.group, func(t *testing.T) {
			c := read(t, p.options(t, ns, gone.account))
			found := false
			for _, l := range c.Listings {
				if l.Group != gone.group || l.Resource != gone.resource {
					if l.Status != inventory.StatusComplete {
						t.Errorf("%s was not taken away and is %s: %s", l.Resource, l.Status, l.Reason)
					}
					continue
				}
				found = true
				if l.Status != inventory.StatusDenied || !strings.Contains(l.Reason, gone.resource) || l.Count != 0 {
					t.Errorf("it is %s with %d objects: %s", l.Status, l.Count, l.Reason)
				}
			}
			if !found {
				t.Error("no listing speaks of it")
			}
			told := false
			for _, r := range p.scan(t, ns, gone.account, thing{}, nil) {
				if v := r.Coverage; v != nil && v.Status != inventory.StatusComplete {
					told = told || strings.Contains(v.Reason, gone.resource)
					if v.Reason == "" {
						t.Errorf("coverage of %s is %s and says not why", v.Kind, v.Status)
					}
				}
			}
			if !told {
				t.Error("no coverage record speaks of it")
			}
		})
	}
	t.Run("all", func(t *testing.T) {
		p.load(t, account(ns, "nothing"))
		for _, r := range p.scan(t, ns, "nothing", thing{}, nil) {
			if r.Coverage != nil && r.Coverage.Status == inventory.StatusComplete {
				t.Errorf("coverage of %s is complete", r.Coverage.Kind)
			}
		}
		c := read(t, p.options(t, ns, "nothing"))
		for _, l := range c.Listings {
			if l.Status == inventory.StatusComplete {
				t.Errorf("%s.%s is complete with %d objects for an account that may do nothing", l.Resource, l.Group, l.Count)
			}
		}
	})
}
