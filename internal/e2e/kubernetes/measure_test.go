//go:build e2e

package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	scan "github.com/muster-nhi/muster/scanners/kubernetes"
	"github.com/muster-nhi/muster/scanners/kubernetes/live"
)

// childVariable names what this program does instead of testing, in a process
// of its own whose time and memory are measured.
const childVariable = "MUSTER_KUBERNETES_CHILD"

// A tally is what a child says of itself in the end.
type tally struct {
	Requests int64
	Objects  int
	PeakMB   float64 // of the process, as the kernel counts
}

// A variant is one way of reading the estate.
type variant struct {
	name string
	run  func(context.Context, *counter) (objects int, err error)
}

func variants() []variant {
	return []variant{
		{"bare-protobuf", func(ctx context.Context, c *counter) (int, error) {
			return bare(ctx, c, "application/vnd.kubernetes.protobuf")
		}},
		{"bare-json", func(ctx context.Context, c *counter) (int, error) { return bare(ctx, c, "application/json") }},
		{"muster-read", musterRead},
		{"muster-scan", musterScan},
	}
}

// A counter counts requests.
type counter struct {
	next http.RoundTripper
	n    atomic.Int64
}

// RoundTrip counts a request and passes it on.
func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.next.RoundTrip(req)
}

func (c *counter) wrap(next http.RoundTripper) http.RoundTripper { c.next = next; return c }

// bare lists what muster lists, each resource at once and one after the other,
// through typed clients, and of Secrets the metadata. What is decoded is
// dropped: it is the least that a client of this kind can do.
func bare(ctx context.Context, count *counter, contentType string) (int, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return 0, err
	}
	config.QPS = -1
	config.DisableCompression = true
	config.ContentType, config.AcceptContentTypes = contentType, contentType
	config.Wrap(count.wrap)
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, l := range []struct {
		group schema.GroupVersion
		lists map[string]runtime.Object
	}{
		{corev1.SchemeGroupVersion, map[string]runtime.Object{"namespaces": &corev1.NamespaceList{}, "serviceaccounts": &corev1.ServiceAccountList{}, "pods": &corev1.PodList{}}},
		{rbacv1.SchemeGroupVersion, map[string]runtime.Object{
			"clusterroles": &rbacv1.ClusterRoleList{}, "roles": &rbacv1.RoleList{},
			"clusterrolebindings": &rbacv1.ClusterRoleBindingList{}, "rolebindings": &rbacv1.RoleBindingList{},
		}},
		{appsv1.SchemeGroupVersion, map[string]runtime.Object{"deployments": &appsv1.DeploymentList{}, "statefulsets": &appsv1.StatefulSetList{}, "daemonsets": &appsv1.DaemonSetList{}}},
	} {
		typed, err := typedClient(config, l.group)
		if err != nil {
			return n, err
		}
		for resource, into := range l.lists {
			if err := typed.Get().Resource(resource).Do(ctx).Into(into); err != nil {
				return n, err
			}
			n += apimeta.LenList(into)
			delete(l.lists, resource) // nothing is kept
		}
	}
	secrets, err := meta.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).List(ctx, metav1.ListOptions{})
	if err != nil {
		return n, err
	}
	return n + len(secrets.Items), nil
}

// typedClient is what a typed client of client-go is inside.
func typedClient(config *rest.Config, group schema.GroupVersion) (*rest.RESTClient, error) {
	c := rest.CopyConfig(config)
	c.GroupVersion, c.APIPath = &group, "/apis"
	if group.Group == "" {
		c.APIPath = "/api"
	}
	c.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	return rest.RESTClientFor(c)
}

func musterRead(ctx context.Context, count *counter) (int, error) {
	r, err := live.Open(live.Options{Kubeconfig: os.Getenv("KUBECONFIG"), UserAgent: "muster-e2e", Now: time.Now, Wrap: count.wrap})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	c, err := r.Read(ctx, nil)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, l := range c.Listings {
		if l.Status != inventory.StatusComplete {
			return 0, fmt.Errorf("%s: %s", l.Resource, l.Reason)
		}
		n += l.Count
	}
	return n, nil
}

// musterScan reads and makes records, effective privilege and all.
func musterScan(ctx context.Context, count *counter) (int, error) {
	env := scanners.Env{Log: slog.New(slog.DiscardHandler), Now: time.Now, Hash: inventory.NewHasher([32]byte{1}), Wrap: count.wrap, UserAgent: "muster-e2e"}
	scanner, err := scan.Factory().Open(env, func(any) error { return nil })
	if err != nil {
		return 0, err
	}
	var n atomic.Int64
	err = scanner.Scan(ctx, func(r inventory.Record) error {
		if r.Progress == nil {
			n.Add(1)
		}
		return nil
	})
	return int(n.Load()), err
}

// child does what the variable names and prints its tally.
func child(name string) int {
	i := slices.IndexFunc(variants(), func(v variant) bool { return v.name == name })
	if i < 0 {
		fmt.Fprintln(os.Stderr, "no such variant")
		return 2
	}
	count := &counter{}
	n, err := variants()[i].run(context.Background(), count)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(tally{Requests: count.n.Load(), Objects: n, PeakMB: peakMB()}); err != nil {
		return 1
	}
	return 0
}

// peakMB is the most memory that this process had. The usage that the parent is
// told would start with the parent's own.
func peakMB() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				return 0
			}
			return kb / 1024
		}
	}
	return 0
}

// A reading is one measured run.
type reading struct {
	tally
	wall, cpu time.Duration
}

// BenchmarkKubernetes reads an estate of 46,500 objects as muster does and as a
// bare client does, in turns, each time in a process of its own, as the account
// with the printed role. MUSTER_ROUNDS says how often; the least of each figure
// is told, as the machine has other things to do.
func BenchmarkKubernetes(b *testing.B) {
	p := control(b)
	rounds, err := strconv.Atoi(os.Getenv("MUSTER_ROUNDS"))
	if err != nil {
		rounds = 5
	}
	p.estate(b)
	debug.FreeOSMemory()
	p.room(b, "measure")
	p.load(b, grantRules("measure", "scanner", live.Permissions(false))...)
	p.known(b)
	file := filepath.Join(b.TempDir(), "kubeconfig")
	if err := p.pki.tokenKubeconfig(file, p.url, p.token(b, "measure", "scanner")); err != nil {
		b.Fatal(err)
	}
	all := map[string][]reading{}
	for range rounds {
		for _, v := range variants() {
			all[v.name] = append(all[v.name], measure(b, v.name, file))
		}
	}
	floor := least(all["bare-protobuf"], func(r reading) float64 { return r.cpu.Seconds() })
	for _, v := range variants() {
		b.Run(v.name, func(b *testing.B) {
			for b.Loop() {
				continue // the readings were taken in turns with the others'
			}
			runs := all[v.name]
			cpu := least(runs, func(r reading) float64 { return r.cpu.Seconds() })
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(least(runs, func(r reading) float64 { return r.wall.Seconds() }), "wall-s")
			b.ReportMetric(cpu, "cpu-s")
			b.ReportMetric(cpu/floor, "x-bare-cpu")
			b.ReportMetric(least(runs, func(r reading) float64 { return r.PeakMB }), "peak-MB")
			b.ReportMetric(float64(runs[0].Requests), "requests")
			b.ReportMetric(float64(runs[0].Objects), "objects")
		})
	}
}

func least(runs []reading, figure func(reading) float64) float64 {
	out := figure(runs[0])
	for _, r := range runs {
		out = min(out, figure(r))
	}
	return out
}

// measure runs one variant in a process of its own.
func measure(b *testing.B, name, kubeconfig string) reading {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+name, "KUBECONFIG="+kubeconfig)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	started := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v: %s", name, err, problems.String())
	}
	r := reading{wall: time.Since(started), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if err := json.Unmarshal(out.Bytes(), &r.tally); err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return r
}
