package kubernetes

import (
	"io"
	"net/http"
	"strings"
	"testing"

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
