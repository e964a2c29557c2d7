package scannertest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Serve makes a transport that a handler answers, in memory: there is no
// socket, and no goroutine is left behind.
func Serve(h http.Handler) http.RoundTripper { return served{h} }

type served struct{ handler http.Handler }

// RoundTrip answers one request.
func (s served) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, in)
	if err := in.Body.Close(); err != nil {
		return nil, err
	}
	out := w.Result()
	out.Request = r
	return out, nil
}

// A record of requests, in the order in which they were sent.
type recording struct {
	next  http.RoundTripper
	suite *Suite

	mu       sync.Mutex
	requests []request
}

// A request is what the suite remembers of one.
type request struct {
	listing string
	method  string
	paged   bool // for a page that is not the first
	writes  bool // could change the system
}

func (r *recording) RoundTrip(q *http.Request) (*http.Response, error) {
	s := r.suite
	seen := request{listing: s.listing(q), method: q.Method, paged: s.Paged != nil && s.Paged(q), writes: s.writes(q)}
	r.mu.Lock()
	r.requests = append(r.requests, seen)
	r.mu.Unlock()
	return r.next.RoundTrip(q)
}

// tally counts the requests of each listing.
func (r *recording) tally() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := map[string]int{}
	for _, q := range r.requests {
		n[q.listing]++
	}
	return n
}

// chain returns the numbers, from 1, of the first and the last request of a
// listing that was read as one chain of several pages.
func (r *recording) chain(listing string) (first, last int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	chains := 0
	for i, q := range r.requests {
		if q.listing != listing {
			continue
		}
		if !q.paged {
			chains++
			first = i + 1
		}
		last = i + 1
	}
	return first, last, chains == 1 && last > first
}

// A fault answers request number at itself, and with onward all after it.
type fault struct {
	next   http.RoundTripper
	at     int
	onward bool
	answer func(*http.Request) (*http.Response, error)
	hit    func(*http.Request) // told of the request that was hit first
	n      atomic.Int64
}

func (f *fault) RoundTrip(r *http.Request) (*http.Response, error) {
	n := int(f.n.Add(1))
	if n < f.at || n > f.at && !f.onward {
		return f.next.RoundTrip(r)
	}
	if n == f.at && f.hit != nil {
		f.hit(r)
	}
	if r.Body != nil {
		defer r.Body.Close() //nolint:errcheck // a body that was not sent
	}
	return f.answer(r)
}

// respond makes an answer with a text.
func respond(r *http.Request, status int, kind, text string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {kind}},
		Body:          io.NopCloser(strings.NewReader(text)),
		ContentLength: int64(len(text)), Request: r,
	}
}

// cut sends on a request and returns half of the answer's body, then a broken
// connection.
func cut(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	res, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), brokenReader{}))
	return res, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// record runs a clean scan and returns its requests.
func (s *Suite) record(t reporter) (*outcome, *recording, bool) {
	t.Helper()
	rec := &recording{suite: s}
	out := s.scan(context.Background(), trial{front: func(next http.RoundTripper) http.RoundTripper {
		rec.next = next
		return rec
	}})
	if !s.ended(t, "a clean scan", out) {
		return out, rec, false
	}
	if out.err != nil {
		t.Errorf("a clean scan returns an error: %v", s.redact(out.err))
		return out, rec, false
	}
	return out, rec, true
}

// someRequests picks the first, a middle and the last request of a scan.
func (s *Suite) someRequests() []int {
	rec := &recording{suite: s}
	s.scan(context.Background(), trial{front: func(next http.RoundTripper) http.RoundTripper {
		rec.next = next
		return rec
	}})
	n := len(rec.requests)
	if n == 0 {
		return nil
	}
	return slices.Compact([]int{1, (n + 1) / 2, n})
}

// checkReads looks at the requests of a clean scan. Those that follow a fault
// are looked at by the check that makes it.
func checkReads(t reporter, s *Suite) {
	t.Helper()
	if s.Factory.Info().Network {
		_, rec, ok := s.record(t)
		if ok {
			s.onlyReads(t, "a clean scan", rec)
		}
	}
}

// onlyReads reports a request that could change the system.
func (s *Suite) onlyReads(t reporter, what string, rec *recording) {
	t.Helper()
	for _, q := range rec.requests {
		if q.writes {
			t.Errorf("%s sends a %s request (%s), which could change the system; Suite.Reads says which do not", what, q.method, q.listing)
		}
	}
}

// writes reports whether a request could change the system.
func (s *Suite) writes(r *http.Request) bool {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	default:
		return s.Reads == nil || !s.Reads(r)
	}
}

func checkPages(t reporter, s *Suite) {
	t.Helper()
	if !s.Factory.Info().Network {
		return
	}
	if s.Paged == nil {
		t.Errorf("Suite.Paged does not say how to tell a further page")
		return
	}
	_, rec, ok := s.record(t)
	if ok && !slices.ContainsFunc(rec.requests, func(q request) bool { return q.paged }) {
		t.Errorf("%d requests were sent, and none was for a further page", len(rec.requests))
	}
}
