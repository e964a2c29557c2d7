//go:build e2e

package gcp

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/muster-nhi/muster/internal/e2e/peer"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// tokenPath is where the proxy hands out tokens.
const tokenPath = "/token"

// A call is a request that the proxy was sent.
type call struct {
	method string // as the discovery document has it: iam.roles.list
	again  int    // how often the same was asked before
	page   int    // from 1
	*http.Request
}

// is reports whether a call is of a method.
func (c *call) is(method string) bool { return c.method == method }

// A proxy stands before the server that is made of Google's documents: it hands out
// tokens, takes none but those, and spoils answers as a test wants.
type proxy struct {
	*httptest.Server
	google *fake.Server
	docs   *fake.Documents
	caller *account
	peer.Front[*call]
}

func newProxy(t testing.TB, google *fake.Server) *proxy {
	t.Helper()
	p := &proxy{google: google, docs: documents(t), caller: scanning(t)}
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.Close()
		for _, problem := range google.Problems() {
			t.Error(problem)
		}
	})
	return p
}

// faults sets which calls fail how, and forgets what was asked.
func (p *proxy) faults(spoil func(*call) peer.Fault) {
	p.google.Forget()
	p.Faults(spoil)
}

// methods returns how often each method was asked.
func (p *proxy) methods() map[string]int {
	return p.Count(func(c *call) string { return c.method })
}

// ServeHTTP answers.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tokenPath {
		p.caller.serve(w, r)
		return
	}
	c := p.understand(r)
	if !p.caller.takes(r) {
		peer.Send(w, unauthorized())
		return
	}
	send := p.Fault(c)
	send(w, p.Ask(p.google, r))
}

// understand tells which call a request is, and notes it.
func (p *proxy) understand(r *http.Request) *call {
	c := &call{Request: r, page: 1}
	at := *r.URL
	at.Host = r.Host
	c.method, _, _ = p.docs.Check(r.Method, &at, nil)
	if from, err := strconv.Atoi(r.URL.Query().Get("pageToken")); err == nil && from > 0 {
		c.page = 2
	}
	c.again = p.Note(r.Method+" "+r.Host+r.URL.String(), c)
	return c
}

// unauthorized is what Google answers to a token that is over.
func unauthorized() *peer.Answer {
	record := httptest.NewRecorder()
	fake.Refuse(record, http.StatusUnauthorized, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.", nil)
	return &peer.Answer{Status: record.Code, Header: record.Header(), Body: record.Body.Bytes()}
}

// refused answers with an error, and with Retry-After if that is not empty.
func refused(status int, code, after string) peer.Fault {
	return func(w http.ResponseWriter, _ *peer.Answer) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		fake.Refuse(w, status, code, "", http.StatusText(status), nil)
	}
}

// denied answers as Google does where a permission is missing.
func denied(c *call) peer.Fault {
	return func(w http.ResponseWriter, _ *peer.Answer) {
		fake.Deny(w, fake.Request{Host: c.Host, Parent: c.URL.Path})
	}
}

// off answers as Google does where an API is not enabled in a project.
func off(c *call, number string) peer.Fault {
	return func(w http.ResponseWriter, _ *peer.Answer) {
		fake.Disable(w, fake.Request{Host: c.Host}, "projects/"+number)
	}
}
