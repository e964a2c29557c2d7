package kubernetes

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/live/fake"
	"github.com/muster-nhi/muster/scanners/scannertest"
)

// TestConformance scans the cluster of Northwind Robotics over an API server in
// memory.
func TestConformance(t *testing.T) {
	token := "nw" + strings.Repeat("4kQ", 4) + "-scanner"
	scannertest.Run(t, scannertest.Suite{
		Factory:   Factory(),
		Config:    map[string]any{"kubeconfig": kubeconfig(t, token), "page_size": 3},
		Golden:    "testdata/northwind.jsonl",
		Transport: scannertest.Serve(serve(t)),
		Paged:     func(r *http.Request) bool { return r.URL.Query().Has("continue") },
		Listing:   listing,
		Canaries:  append(canaryValues(), token),
		Denied: func(r *http.Request) *http.Response {
			w := &recorder{header: http.Header{}}
			fake.Refuse(w, r, http.StatusForbidden, "forbidden", "")
			return w.response(r)
		},
	})
}

// listing names a listing by its path and, for Secrets, by the type asked for.
func listing(r *http.Request) string {
	return r.URL.Path + " " + r.URL.Query().Get("fieldSelector")
}

// A recorder takes one answer of the fake server.
type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }

func (w *recorder) response(r *http.Request) *http.Response {
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(strings.NewReader(w.body.String())), ContentLength: int64(w.body.Len()), Request: r,
	}
}

// TestManifests scans the same cluster as files.
func TestManifests(t *testing.T) {
	dir := t.TempDir()
	write := func(dir string, files map[string]string) error {
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				return err
			}
		}
		return nil
	}
	if err := write(dir, northwind(t)); err != nil {
		t.Fatal(err)
	}
	all := []inventory.Kind{inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindConsumer, inventory.KindOwner, inventory.KindTrust}
	broken := func(name, text string) scannertest.Fault {
		return scannertest.Fault{Name: name, Lost: all, Kept: 80, Config: func(to string) (map[string]any, error) {
			files := northwind(t)
			files["broken.yaml"] = text
			return map[string]any{"path": to, "cluster": "northwind"}, write(to, files)
		}}
	}
	scannertest.Run(t, scannertest.Suite{
		Factory:  Manifests(),
		Config:   map[string]any{"path": dir, "cluster": "northwind"},
		Golden:   "testdata/manifests.jsonl",
		Canaries: canaryValues(),
		Faults: []scannertest.Fault{
			broken("a file that is no YAML", "apiVersion: v1\nkind: Secret\nstringData: {password: \""+canaries()["CANARY_DATABASE"]+"\n\t- ["),
			broken("an unrendered template", "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {{ .Values.name }}\n"),
			broken("an object of another form", "apiVersion: v1\nkind: ServiceAccount\nmetadata: [1, 2]\n"),
			{Name: "nothing", Refused: true, Config: func(to string) (map[string]any, error) {
				return map[string]any{"path": filepath.Join(to, "missing")}, nil
			}},
			{Name: "no path", Refused: true, Config: func(string) (map[string]any, error) { return map[string]any{}, nil }},
			{Name: "an empty directory", Config: func(to string) (map[string]any, error) { return map[string]any{"path": to}, nil }},
		},
	})
}
