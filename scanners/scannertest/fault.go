package scannertest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A mode is a way in which a request can fail.
type mode struct {
	name   string
	onward bool // all requests after it fail as well
	answer func(s *Suite, next http.RoundTripper, r *http.Request) (*http.Response, error)
}

// plain makes the answer of a mode that needs neither the suite nor the system.
func plain(status int, kind, text string, header ...string) func(*Suite, http.RoundTripper, *http.Request) (*http.Response, error) {
	return func(_ *Suite, _ http.RoundTripper, r *http.Request) (*http.Response, error) {
		res := respond(r, status, kind, text)
		for i := 0; i+1 < len(header); i += 2 {
			res.Header.Set(header[i], header[i+1])
		}
		return res, nil
	}
}

//nolint:bodyclose // plain makes a function, and the scanner closes what that answers
func modes() []mode {
	const json, html = "application/json", "text/html"
	return []mode{
		{name: "answered 403", answer: func(s *Suite, _ http.RoundTripper, r *http.Request) (*http.Response, error) {
			if s.Denied != nil {
				return s.Denied(r), nil
			}
			return respond(r, http.StatusForbidden, json, `{"message":"access denied"}`), nil
		}},
		{name: "answered 429 with Retry-After", answer: plain(http.StatusTooManyRequests, json, `{"message":"slow down"}`, "Retry-After", "0")},
		{name: "answered 429", answer: plain(http.StatusTooManyRequests, json, `{"message":"slow down"}`)},
		{name: "answered 500", answer: plain(http.StatusInternalServerError, html, "<html><body>Internal error</body></html>")},
		{name: "answered with another page", answer: plain(http.StatusOK, html, "<html><body>Please sign in</body></html>")},
		{name: "cut in its body", answer: func(_ *Suite, next http.RoundTripper, r *http.Request) (*http.Response, error) { return cut(next, r) }},
		{name: "answered 401 like all after it", onward: true, answer: plain(http.StatusUnauthorized, json, `{"message":"expired"}`)},
	}
}

// checkDenied lets each request of a clean scan fail in turn, in each mode.
func checkDenied(t reporter, s *Suite) {
	t.Helper()
	if !s.Factory.Info().Network {
		return
	}
	whole, requests, ok := s.record(t)
	if !ok {
		return
	}
	if len(requests.requests) == 0 {
		t.Errorf("a clean scan sends no request, although Info.Network is true")
	}
	for _, m := range modes() {
		kept := make([]int, len(requests.requests)+1)
		for at := 1; at < len(kept); at++ {
			kept[at] = s.deny(t, m, at, whole, requests.tally())
		}
		if !m.onward {
			s.keepsPages(t, m, kept, found(whole), requests)
		}
	}
}

// keepsPages reports listings whose first pages are thrown away when a later
// one fails: a scan that lost the last page must have more than one that lost
// the first.
func (s *Suite) keepsPages(t reporter, m mode, kept []int, all int, requests *recording) {
	t.Helper()
	for _, listing := range slices.Sorted(maps.Keys(requests.tally())) {
		first, last, ok := requests.chain(listing)
		if ok && kept[first] < all && kept[last] <= kept[first] {
			t.Errorf("a scan with the last page of %s %s drops the pages before it: it has %d records, as many as without the first page",
				listing, m.name, kept[last])
		}
	}
}

// deny lets one request fail, looks at what the scan makes of it and returns
// how many records it found.
func (s *Suite) deny(t reporter, m mode, at int, whole *outcome, requests map[string]int) int {
	t.Helper()
	rec := &recording{suite: s}
	var hit atomic.Value
	out := s.scan(context.Background(), trial{front: func(next http.RoundTripper) http.RoundTripper {
		rec.next = &fault{
			next: next, at: at, onward: m.onward,
			answer: func(r *http.Request) (*http.Response, error) { return m.answer(s, next, r) },
			hit:    func(r *http.Request) { hit.Store(s.listing(r)) },
		}
		return rec
	}})
	denied, _ := hit.Load().(string)
	what := fmt.Sprintf("a scan with request %d (%s) %s", at, denied, m.name)
	if !s.ended(t, what, out) {
		return found(out)
	}
	s.noLeak(t, what, out)
	s.valid(t, what, out)
	s.onlyReads(t, what, rec)
	if out.err != nil {
		if n := found(out); n > 0 || at > 1 {
			t.Errorf("%s returns an error, although it could begin: %v", what, s.redact(out.err))
		}
		return found(out)
	}
	s.covered(t, what, out)
	s.admits(t, what, whole, out)
	if !m.onward {
		s.keepsOn(t, what, denied, requests, rec.tally())
	}
	return found(out)
}

// found counts the records that speak of the system.
func found(out *outcome) int {
	n := 0
	for _, r := range out.records {
		if r.Kind() != inventory.KindCoverage {
			n++
		}
	}
	return n
}

// admits reports records that a faulty scan lost or changed without a coverage
// that says so: of their kind and scope if they are missing, of any kind in
// their scope if only some of their fields are.
func (s *Suite) admits(t reporter, what string, whole, out *outcome) {
	t.Helper()
	said := map[cell]bool{}     // cells with a coverage that is not complete
	saidOf := map[string]bool{} // scopes with one
	have := map[string]bool{}   // lines
	haveID := map[string]bool{} // ids
	wanted := map[string]bool{} // lines of the clean scan
	for _, r := range out.records {
		if c := r.Coverage; c != nil && c.Status != inventory.StatusComplete {
			said[cell{c.Scope, c.Kind}] = true
			saidOf[c.Scope] = true
		}
	}
	for i, l := range out.lines {
		have[l] = true
		haveID[out.records[i].ID()] = true
	}
	lost := map[string]int{}
	for i, l := range whole.lines {
		r := whole.records[i]
		wanted[l] = true
		if r.Kind() == inventory.KindCoverage || have[l] {
			continue
		}
		at := cell{r.Scope(), r.Kind()}
		changed := r.ID() != "" && haveID[r.ID()]
		_, scoped := saidOf[at.scope]
		if said[at] || changed && scoped || !s.knows(out, at.scope) && len(saidOf) > 0 {
			continue
		}
		lost[fmt.Sprintf("%s in %q", at.kind, at.scope)]++
	}
	for _, c := range slices.Sorted(maps.Keys(lost)) {
		t.Errorf("%s loses or changes %d %s, and no coverage says so", what, lost[c], c)
	}
	for i, l := range out.lines {
		r := out.records[i]
		if r.Kind() != inventory.KindCoverage && !wanted[l] && !saidOf[r.Scope()] {
			t.Errorf("%s emits a %s %q that a clean scan has not, and no coverage says that something is missing", what, r.Kind(), s.redact(r.ID()))
		}
	}
}

// knows reports whether a scan spoke of a scope at all. A fault in the listing
// of scopes can keep it from that.
func (s *Suite) knows(out *outcome, scope string) bool {
	return slices.ContainsFunc(out.records, func(r inventory.Record) bool { return r.Scope() == scope })
}

// keepsOn reports listings that were given up because of a fault in another.
func (s *Suite) keepsOn(t reporter, what, denied string, want, got map[string]int) {
	t.Helper()
	for _, listing := range slices.Sorted(maps.Keys(want)) {
		if got[listing] < want[listing] && !s.follows(listing, denied) {
			t.Errorf("%s asks for %s %d times, and %d times in a clean scan (Suite.After says which listings need another)",
				what, listing, got[listing], want[listing])
		}
	}
}

// checkFaults scans the broken inputs of the suite.
func checkFaults(t reporter, s *Suite) {
	t.Helper()
	if !s.Factory.Info().Network && len(s.Faults) == 0 {
		t.Errorf("Suite.Faults is empty, and the scanner does not use the network")
	}
	for _, f := range s.Faults {
		s.breakInput(t, f)
	}
}

func (s *Suite) breakInput(t reporter, f Fault) {
	t.Helper()
	what := "the scan of " + f.Name
	config, err := f.Config(t.TempDir())
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	out := s.scan(context.Background(), trial{config: config})
	if !s.ended(t, what, out) {
		return
	}
	s.noLeak(t, what, out)
	s.valid(t, what, out)
	if f.Refused || out.err != nil {
		if f.Refused != (out.err != nil) {
			t.Errorf("%s returns the error %v, and an error is expected: %t", what, s.redact(out.err), f.Refused)
		}
		return
	}
	s.covered(t, what, out)
	if n := found(out); n < f.Kept {
		t.Errorf("%s emits %d records, want at least %d", what, n, f.Kept)
	}
	said := map[inventory.Kind]bool{}
	for _, r := range out.records {
		if c := r.Coverage; c != nil && c.Status != inventory.StatusComplete {
			said[c.Kind] = true
		}
	}
	for _, k := range f.Lost {
		if !said[k] {
			t.Errorf("%s: no coverage of %s says that something is missing", what, k)
		}
	}
}
