//go:build e2e

package kubernetes

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/transport"
	"github.com/muster-nhi/muster/scanners/kubernetes/live"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A trip is called before each request, and counts the answers by status.
type trip struct {
	next   http.RoundTripper
	before func(*http.Request)

	mu     sync.Mutex
	status map[int]int
}

// RoundTrip passes a request on.
func (w *trip) RoundTrip(req *http.Request) (*http.Response, error) {
	if w.before != nil {
		w.before(req)
	}
	res, err := w.next.RoundTrip(req)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == nil {
		w.status = map[int]int{}
	}
	if err != nil {
		w.status[0]++
	} else {
		w.status[res.StatusCode]++
	}
	return res, err
}

// wrap puts the trip below the transport that muster puts around a connection.
func (w *trip) wrap(attempts int) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		w.next = next
		return transport.New(transport.Options{Next: w, Attempts: attempts, UserAgent: "muster-e2e", Now: time.Now, Sleep: transport.Sleep, Random: rand.Float64})
	}
}

// scannerIn makes an account with the printed role.
func (p *plane) scannerIn(t testing.TB, ns string) live.Options {
	t.Helper()
	p.load(t, grantRules(ns, "scanner", live.Permissions(false))...)
	p.known(t)
	return p.options(t, ns, "scanner")
}

// accountsIn loads n accounts.
func (p *plane) accountsIn(t testing.TB, ns string, n int) {
	t.Helper()
	var objects []thing
	for i := range n {
		objects = append(objects, account(ns, fmt.Sprintf("a-%d", i)))
	}
	p.load(t, objects...)
}

// sameAccounts fails unless each account of the namespace was read, and once.
func sameAccounts(t *testing.T, p *plane, ns string, c *object.Cluster) {
	t.Helper()
	got := slices.DeleteFunc(metas(c.ServiceAccounts, func(o *object.ServiceAccount) *object.Meta { return &o.Meta }), func(name string) bool {
		return !strings.HasPrefix(name, ns+"/")
	})
	var want []string
	for _, o := range p.client(loader).items(t, "/api/v1/namespaces/"+ns+"/serviceaccounts") {
		want = append(want, field(o, "metadata", "namespace")+"/"+field(o, "metadata", "name"))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d accounts were read, the server has %d; only muster has %q, only the server %q", len(got), len(want), without(got, want), without(want, got))
	}
}

func allComplete(t *testing.T, c *object.Cluster) {
	t.Helper()
	for _, l := range c.Listings {
		if l.Status != inventory.StatusComplete {
			t.Errorf("%s.%s is %s: %s", l.Resource, l.Group, l.Status, l.Reason)
		}
	}
}

// onThird calls do once, before the third page of the accounts is asked for.
func onThird(do func()) func(*http.Request) {
	var pages atomic.Int32
	return func(req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/serviceaccounts") && req.URL.Query().Get("continue") != "" && pages.Add(1) == 2 {
			do()
		}
	}
}

// TestE2ERestart kills the API server in the middle of a list, and starts it
// again while the scanner waits.
func TestE2ERestart(t *testing.T) {
	p := control(t)
	ns := p.room(t, "restart")
	p.accountsIn(t, ns, 200)
	options := p.scannerIn(t, ns)
	options.PageSize = 40
	back := make(chan error, 1)
	w := &trip{before: onThird(func() {
		p.stopServer()
		go func() { back <- p.startServer() }()
	})}
	options.Wrap = w.wrap(0)
	c := read(t, options)
	if err := <-back; err != nil {
		t.Fatal(err)
	}
	t.Logf("answers by status (0 is none): %v", w.status)
	if w.status[0] == 0 {
		t.Error("no request was lost: the server was not restarted in time")
	}
	allComplete(t, c)
	sameAccounts(t, p, ns, c)
}

// TestE2EGone kills the API server in the middle of a scan and leaves it dead:
// what was read stays, and what was not is told.
func TestE2EGone(t *testing.T) {
	p := control(t)
	ns := p.room(t, "gone")
	p.accountsIn(t, ns, 100)
	options := p.scannerIn(t, ns)
	options.PageSize = 40
	w := &trip{before: onThird(p.stopServer)}
	options.Wrap = w.wrap(1)
	options.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	c := read(t, options)
	if err := p.startServer(); err != nil {
		t.Fatal(err)
	}
	complete, partial := 0, 0
	for _, l := range c.Listings {
		switch {
		case l.Status == inventory.StatusComplete:
			complete++
		case l.Reason == "":
			t.Errorf("%s is %s and says not why", l.Resource, l.Status)
		default:
			partial++
		}
		if l.Resource == "serviceaccounts" && (l.Status != inventory.StatusPartial || l.Count != 80) {
			t.Errorf("accounts are %s with %d: %s", l.Status, l.Count, l.Reason)
		}
	}
	t.Logf("%d listings are complete, %d are not", complete, partial)
	if len(c.ServiceAccounts) != 80 || partial < 10 {
		t.Errorf("%d accounts were read; %d listings say that something is missing", len(c.ServiceAccounts), partial)
	}
}

// compact throws the history of etcd away, up to now.
func (p *plane) compact(t testing.TB) {
	t.Helper()
	post := func(path string, body thing) thing {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.Post(p.etcd+path, "application/json", bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, _ := io.ReadAll(res.Body)
		var out thing
		if json.Unmarshal(raw, &out) != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("etcd answers %d", res.StatusCode)
		}
		return out
	}
	status := post("/v3/kv/range", thing{"key": "AA=="})
	post("/v3/kv/compaction", thing{"revision": field(status, "header", "revision"), "physical": true})
}

// TestE2EExpired lets the continue token of a list expire: objects come and go,
// etcd is compacted and the API server started anew, so that no page of the old
// state can be had.
func TestE2EExpired(t *testing.T) {
	p := control(t)
	ns := p.room(t, "expired")
	p.accountsIn(t, ns, 200)
	options := p.scannerIn(t, ns)
	options.PageSize = 40
	w := &trip{before: onThird(func() {
		if err := p.client(loader).delete("/api/v1/namespaces/" + ns + "/serviceaccounts/a-7"); err != nil {
			t.Error(err)
		}
		p.load(t, account(ns, "b-1"))
		p.stopServer()
		p.compact(t)
		if err := p.startServer(); err != nil {
			t.Error(err)
		}
	})}
	options.Wrap = w.wrap(0)
	c := read(t, options)
	t.Logf("answers by status: %v", w.status)
	if w.status[http.StatusGone] == 0 {
		t.Error("no token expired: the test tells nothing")
	}
	allComplete(t, c)
	sameAccounts(t, p, ns, c)
	for _, l := range c.Listings {
		if l.Resource == "serviceaccounts" && (len(l.Notes) == 0 || l.Count != len(c.ServiceAccounts)) {
			t.Errorf("the listing counts %d of %d and notes %q", l.Count, len(c.ServiceAccounts), l.Notes)
		}
	}
}

// throttle makes priority and fairness serve one request of a namespace's
// accounts at a time, and refuse any beyond.
func throttle(ns string) []thing {
	const version = "flowcontrol.apiserver.k8s.io/v1"
	return []thing{
		with(made(version, "PriorityLevelConfiguration", "", ns), thing{"spec": thing{"type": "Limited", "limited": thing{
			"nominalConcurrencyShares": 0, "lendablePercent": 0, "borrowingLimitPercent": 0, "limitResponse": thing{"type": "Reject"},
		}}}),
		with(made(version, "FlowSchema", "", ns), thing{"spec": thing{
			"priorityLevelConfiguration": thing{"name": ns}, "matchingPrecedence": 2,
			"rules": []thing{{
				"subjects":         []thing{{"kind": "Group", "group": thing{"name": "system:serviceaccounts:" + ns}}},
				"resourceRules":    []thing{{"verbs": []string{"*"}, "apiGroups": []string{"*"}, "resources": []string{"*"}, "clusterScope": true, "namespaces": []string{"*"}}},
				"nonResourceRules": []thing{{"verbs": []string{"*"}, "nonResourceURLs": []string{"*"}}},
			}},
		}}),
	}
}

// hog takes the one place there is: an account whose request hangs in admission
// until the returned function is called.
func (p *plane) hog(t testing.TB, ns, name string) (release func()) {
	t.Helper()
	entered, released := make(chan struct{}), make(chan struct{})
	var once sync.Once
	webhook := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(entered) })
		select {
		case <-released:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(webhook.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: webhook.Certificate().Raw})
	p.load(t, account(ns, name), role(ns, name, may("", "configmaps", "create")), bind(ns, name, "Role", name, toAccount(ns, name)),
		with(made("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", ns+"-"+name), thing{"webhooks": []thing{{
			"name": "hang.example.com", "admissionReviewVersions": []string{"v1"}, "sideEffects": "None", "timeoutSeconds": 30, "failurePolicy": "Ignore",
			"clientConfig":      thing{"url": webhook.URL, "caBundle": base64.StdEncoding.EncodeToString(authority)},
			"namespaceSelector": thing{"matchLabels": thing{"kubernetes.io/metadata.name": ns}},
			"rules":             []thing{{"operations": []string{"CREATE"}, "apiGroups": []string{""}, "apiVersions": []string{"v1"}, "resources": []string{"configmaps"}}},
		}}}))
	p.known(t)
	hog := p.as(t, ns, name)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for i := 0; ; i++ {
			select {
			case <-released:
				return
			case <-entered:
				return
			default: // the server learns of the webhook when it does
				_, _ = hog.post("/api/v1/namespaces/"+ns+"/configmaps", made("v1", "ConfigMap", ns, fmt.Sprintf("%s-%d", name, i)))
			}
		}
	}()
	select {
	case <-entered:
	case <-time.After(defaultWait):
		t.Error("the webhook was not called")
	}
	release = sync.OnceFunc(func() { close(released); <-over })
	t.Cleanup(release)
	return release
}

// TestE2EThrottled has the server's priority and fairness refuse the scanner:
// for good, which it tells, and for a while, which it waits out.
func TestE2EThrottled(t *testing.T) {
	p := control(t)
	ns := p.room(t, "throttled")
	p.accountsIn(t, ns, 20)
	options := p.scannerIn(t, ns)
	scanner := p.as(t, ns, "scanner")
	p.load(t, throttle(ns)...)
	t.Run("for_good", func(t *testing.T) {
		defer p.hog(t, ns, "always")()
		eventually(t, "priority and fairness to refuse", func() error {
			return scanner.status("GET", "/api/v1/serviceaccounts", nil, http.StatusTooManyRequests)
		})
		w := &trip{}
		o := options
		o.Wrap = w.wrap(1)
		o.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
		got := read(t, o)
		if w.status[http.StatusTooManyRequests] == 0 {
			t.Errorf("nothing was refused: %v", w.status)
		}
		for _, l := range got.Listings {
			if l.Status == inventory.StatusComplete {
				t.Errorf("%s is complete, with %d objects", l.Resource, l.Count)
			} else if !strings.Contains(l.Reason, "429") {
				t.Errorf("%s says not why: %s", l.Resource, l.Reason)
			}
		}
	})
	t.Run("for_a_while", func(t *testing.T) {
		release := p.hog(t, ns, "meanwhile")
		eventually(t, "priority and fairness to refuse", func() error {
			return scanner.status("GET", "/api/v1/serviceaccounts", nil, http.StatusTooManyRequests)
		})
		w := &trip{}
		var asked atomic.Int32
		w.before = func(*http.Request) {
			if asked.Add(1) == 3 { // two were refused
				release()
			}
		}
		o := options
		o.Wrap = w.wrap(0)
		got := read(t, o)
		t.Logf("answers by status: %v", w.status)
		if w.status[http.StatusTooManyRequests] == 0 {
			t.Error("nothing was refused: the test tells nothing")
		}
		allComplete(t, got)
		sameAccounts(t, p, ns, got)
	})
}

// apiService registers an aggregated API that nobody serves.
func apiService(group, version string) thing {
	return with(made("apiregistration.k8s.io/v1", "APIService", "", version+"."+group), thing{"spec": thing{
		"group": group, "version": version, "groupPriorityMinimum": 100, "versionPriority": 100, "insecureSkipTLSVerify": true,
		"service": thing{"namespace": "default", "name": "nobody"},
	}})
}

// TestE2EAggregatedDown has one aggregated API that is down and of no interest,
// and one that holds what the scanner reads: that one must not pass for empty.
func TestE2EAggregatedDown(t *testing.T) {
	p := control(t)
	p.define(t)
	ns := p.room(t, "aggregated")
	options := p.scannerIn(t, ns)
	c := p.client(loader)
	down := func(group, version string) {
		o := apiService(group, version)
		p.load(t, o)
		eventually(t, "the server to find that nobody serves "+group, func() error {
			_, err := c.get("/apis/" + group + "/" + version)
			if code(err) != http.StatusServiceUnavailable {
				return fmt.Errorf("status %d", code(err))
			}
			return nil
		})
	}
	t.Run("of_no_interest", func(t *testing.T) {
		down("metrics.k8s.io", "v1beta1")
		got := read(t, options)
		allComplete(t, got)
		if !strings.Contains(strings.Join(got.Notes, " "), "metrics.k8s.io") {
			t.Errorf("the notes do not tell: %q", got.Notes)
		}
	})
	for _, d := range definitions() {
		if d.group == "tekton.dev" {
			if err := c.delete(at(customDefinition(d))); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "the group tekton.dev to be gone", func() error {
		out, err := c.get("/apis")
		if err == nil && strings.Contains(fmt.Sprint(out), "tekton.dev") {
			return errors.New("it is there")
		}
		return err
	})
	t.Run("group_absent", func(t *testing.T) {
		got := read(t, options)
		allComplete(t, got)
		found := 0
		for _, l := range got.Listings {
			if l.Group == "tekton.dev" {
				found++
				if l.Count != 0 || l.Requests != 0 {
					t.Errorf("%s counts %d after %d requests", l.Resource, l.Count, l.Requests)
				}
			}
		}
		if found != 2 {
			t.Errorf("%d listings speak of tekton.dev, want 2", found)
		}
	})
	t.Run("group_down", func(t *testing.T) {
		down("tekton.dev", "v1")
		got := read(t, options)
		for _, l := range got.Listings {
			if of := l.Group == "tekton.dev"; of == (l.Status == inventory.StatusComplete) {
				t.Errorf("%s.%s is %s: %s", l.Resource, l.Group, l.Status, l.Reason)
			}
		}
		for _, r := range p.scan(t, ns, "scanner", thing{}, nil) {
			if v := r.Coverage; v != nil && v.Kind == inventory.KindConsumer && v.Status == inventory.StatusComplete {
				t.Error("coverage of consumers is complete")
			}
		}
	})
}

// How many Secrets the test of many loads, and how many of them are as large as
// a Secret may be.
const (
	manySecrets  = 20_000
	largeSecrets = 20
	largeBytes   = 1 << 20
)

// TestE2EManySecrets reads 20,000 Secrets with some of a megabyte among them.
func TestE2EManySecrets(t *testing.T) {
	p := control(t)
	ns := p.room(t, "many")
	p.loadSecrets(t, ns)
	options := p.scannerIn(t, ns)
	for _, c := range []struct {
		name string
		set  func(*live.Options)
	}{
		{"metadata", func(*live.Options) {}},
		{"pages", func(o *live.Options) { o.PageSize = 500 }},
		{"hashed", func(o *live.Options) { o.HashValues, o.Hash = true, inventory.NewHasher([32]byte{1}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options
			c.set(&o)
			before, peak := heap(), watchHeap()
			started := time.Now()
			got := read(t, o)
			grown := peak() - before
			t.Logf("read %d Secrets in %s, heap grew by %d MB", len(got.Secrets), time.Since(started).Round(time.Millisecond), grown>>20)
			n := 0
			for i := range got.Secrets {
				if got.Secrets[i].Namespace == ns {
					n++
				}
			}
			if n != manySecrets+largeSecrets {
				t.Errorf("%d Secrets were read, want %d", n, manySecrets+largeSecrets)
			}
			allComplete(t, got)
			if grown > 150<<20 {
				t.Errorf("the heap grew by %d MB", grown>>20)
			}
		})
	}
}

// loadSecrets loads them, and keeps nothing of them.
func (p *plane) loadSecrets(t testing.TB, ns string) {
	t.Helper()
	objects := make([]thing, 0, manySecrets+largeSecrets)
	for i := range manySecrets {
		objects = append(objects, with(made("v1", "Secret", ns, fmt.Sprintf("s-%d", i)), thing{"stringData": thing{"password": silent()}}))
	}
	large := strings.Repeat("x", largeBytes-len(silent())) + silent()
	for i := range largeSecrets {
		objects = append(objects, with(made("v1", "Secret", ns, fmt.Sprintf("large-%d", i)), thing{"data": thing{"blob": inBase64(large)}}))
	}
	started := time.Now()
	p.load(t, objects...)
	t.Logf("loaded in %s", time.Since(started).Round(time.Second))
}

// heap is what is in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// watchHeap samples the heap until the returned function is called, which tells
// the most that was in use.
func watchHeap() func() int64 {
	done, peak := make(chan struct{}), make(chan int64)
	go func() {
		var most int64
		var m runtime.MemStats
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				peak <- most
				return
			case <-tick.C:
				runtime.ReadMemStats(&m)
				most = max(most, int64(m.HeapInuse))
			}
		}
	}()
	return func() int64 { close(done); return <-peak }
}
