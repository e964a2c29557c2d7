//go:build e2e

package gcp

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

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

// An answer is what stands behind the proxy answered, whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// A fault sends something else than an answer.
type fault func(w http.ResponseWriter, a *answer)

// A proxy stands before the server that is made of Google's documents: it hands out
// tokens, takes none but those, and spoils answers as a test wants.
type proxy struct {
	*httptest.Server
	google *fake.Server
	docs   *fake.Documents
	caller *account

	mu    sync.Mutex
	spoil func(*call) fault
	calls []*call
	asked map[string]int
	busy  time.Duration // of what stands behind
}

func newProxy(t testing.TB, google *fake.Server) *proxy {
	t.Helper()
	p := &proxy{google: google, docs: documents(t), caller: scanning(t), asked: map[string]int{}}
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
func (p *proxy) faults(spoil func(*call) fault) {
	p.google.Forget()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.asked, p.spoil = nil, map[string]int{}, spoil
}

// methods returns how often each method was asked.
func (p *proxy) methods() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]int{}
	for _, c := range p.calls {
		out[c.method]++
	}
	return out
}

// requests returns how many there were.
func (p *proxy) requests() int {
	n := 0
	for m := range maps.Values(p.methods()) {
		n += m
	}
	return n
}

// ServeHTTP answers.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tokenPath {
		p.caller.serve(w, r)
		return
	}
	c := p.understand(r)
	if !p.caller.takes(r) {
		p.send(w, unauthorized())
		return
	}
	p.mu.Lock()
	spoil := p.spoil
	p.mu.Unlock()
	var wrong fault
	if spoil != nil {
		wrong = spoil(c)
	}
	started := time.Now()
	record := httptest.NewRecorder()
	p.google.ServeHTTP(record, r)
	p.mu.Lock()
	p.busy += time.Since(started)
	p.mu.Unlock()
	a := &answer{record.Code, record.Header(), record.Body.Bytes()}
	if wrong != nil {
		wrong(w, a)
		return
	}
	p.send(w, a)
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
	p.mu.Lock()
	defer p.mu.Unlock()
	id := r.Method + " " + r.Host + r.URL.String()
	c.again = p.asked[id]
	p.asked[id]++
	p.calls = append(p.calls, c)
	return c
}

func (p *proxy) send(w http.ResponseWriter, a *answer) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that went away is no matter
}

// unauthorized is what Google answers to a token that is over.
func unauthorized() *answer {
	record := httptest.NewRecorder()
	fake.Refuse(record, http.StatusUnauthorized, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.", nil)
	return &answer{record.Code, record.Header(), record.Body.Bytes()}
}

// refused answers with an error, and with Retry-After if that is not empty.
func refused(status int, code, after string) fault {
	return func(w http.ResponseWriter, _ *answer) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		fake.Refuse(w, status, code, "", http.StatusText(status), nil)
	}
}

// denied answers as Google does where a permission is missing.
func denied(c *call) fault {
	return func(w http.ResponseWriter, _ *answer) { fake.Deny(w, fake.Request{Host: c.Host, Parent: c.URL.Path}) }
}

// off answers as Google does where an API is not enabled in a project.
func off(c *call, number string) fault {
	return func(w http.ResponseWriter, _ *answer) {
		fake.Disable(w, fake.Request{Host: c.Host}, "projects/"+number)
	}
}

// html answers as a load balancer does that has nobody behind it.
func html(w http.ResponseWriter, _ *answer) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(http.StatusBadGateway)
	fmt.Fprint(w, "<!DOCTYPE html><title>Error 502 (Server Error)!!1</title>")
}

// broken resets the connection in the middle of an answer.
func broken(w http.ResponseWriter, a *answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)/2])
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	panic(http.ErrAbortHandler) // the server of package net/http closes the connection
}

// cut sends half of an answer as if that were all.
func cut(w http.ResponseWriter, a *answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)/2])
}

// slow sends an answer late.
func slow(after time.Duration) fault {
	return func(w http.ResponseWriter, a *answer) {
		time.Sleep(after)
		maps.Copy(w.Header(), a.header)
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
	}
}
