//go:build e2e

package peer

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"time"
)

// An Answer is what stands behind a proxy answered, whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// A Fault sends something else than an answer.
type Fault func(w http.ResponseWriter, a *Answer)

// A Front is what proxies before stand-ins have in common: it notes the calls, which
// are of a type C of the proxy's own, and says how to spoil their answers. Its zero
// value spoils none. It may be used side by side, and keeps all calls.
type Front[C any] struct {
	mu    sync.Mutex
	spoil func(C) Fault
	calls []C
	asked map[string]int
	busy  time.Duration
}

// Faults sets which calls fail how, nil for those that do not, and forgets what was
// asked.
func (f *Front[C]) Faults(spoil func(C) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls, f.asked, f.spoil = nil, nil, spoil
}

// Note notes a call, and returns how often the same was asked before.
func (f *Front[C]) Note(id string, c C) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked == nil {
		f.asked = map[string]int{}
	}
	again := f.asked[id]
	f.asked[id]++
	f.calls = append(f.calls, c)
	return again
}

// Calls returns what was asked, in order.
func (f *Front[C]) Calls() []C {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Requests returns how many calls there were.
func (f *Front[C]) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

// Count returns how often there was a call of each name.
func (f *Front[C]) Count(name func(C) string) map[string]int {
	out := map[string]int{}
	for _, c := range f.Calls() {
		out[name(c)]++
	}
	return out
}

// Fault returns how the answer to a call is sent: spoiled, or with Send.
func (f *Front[C]) Fault(c C) Fault {
	f.mu.Lock()
	spoil := f.spoil
	f.mu.Unlock()
	if spoil != nil {
		if wrong := spoil(c); wrong != nil {
			return wrong
		}
	}
	return Send
}

// Ask has what stands behind answer a request.
func (f *Front[C]) Ask(behind http.Handler, r *http.Request) *Answer {
	started := time.Now()
	record := httptest.NewRecorder()
	behind.ServeHTTP(record, r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy += time.Since(started)
	return &Answer{record.Code, record.Header(), record.Body.Bytes()}
}

// Busy is the time that what stands behind took to answer, since there is the proxy.
func (f *Front[C]) Busy() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.busy
}

// Send sends an answer as it is.
func Send(w http.ResponseWriter, a *Answer) {
	maps.Copy(w.Header(), a.Header)
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // a client that went away is no matter
}

// HTML answers with a page, as a gateway does that has nobody behind it.
func HTML(page string) Fault {
	return func(w http.ResponseWriter, _ *Answer) {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, page) // a client that went away is no matter
	}
}

// Broken resets the connection in the middle of an answer.
func Broken(w http.ResponseWriter, a *Answer) {
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	Cut(w, a)
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	panic(http.ErrAbortHandler) // the server of package net/http closes the connection
}

// Cut sends half of an answer as if that were all.
func Cut(w http.ResponseWriter, a *Answer) {
	Send(w, &Answer{a.Status, a.Header, a.Body[:len(a.Body)/2]})
}

// Slow sends an answer late.
func Slow(after time.Duration) Fault {
	return func(w http.ResponseWriter, a *Answer) {
		time.Sleep(after)
		Send(w, a)
	}
}
