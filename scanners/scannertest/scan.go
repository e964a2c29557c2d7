package scannertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// asOf is the time at which the suite's scans take place.
func asOf() time.Time { return time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC) }

// A trial is one scan under given circumstances.
type trial struct {
	config map[string]any                        // nil is the suite's
	emit   func(n int, r inventory.Record) error // called with 1, 2, …; nil takes everything
	front  func(http.RoundTripper) http.RoundTripper
}

// An outcome is what came of a trial.
type outcome struct {
	records  []inventory.Record // as emitted, progress left out
	lines    []string           // the same as text, made when they were emitted
	progress []string
	opened   bool
	err      error // of Open or Scan
	panicked any
	late     bool // it had not ended when patience did
	log      string
}

// text is all that came out, for a search.
func (o *outcome) text() string {
	var b bytes.Buffer
	for _, list := range [][]string{o.lines, o.progress} {
		for _, l := range list {
			b.WriteString(l)
			b.WriteByte('\n')
		}
	}
	if o.err != nil {
		fmt.Fprintf(&b, "%v\n%+v\n%#v\n", o.err, o.err, o.err)
	}
	if o.panicked != nil {
		fmt.Fprintf(&b, "%v\n", o.panicked)
	}
	b.WriteString(o.log)
	return b.String()
}

// sorted returns the lines in an order that does not depend on their arrival.
func (o *outcome) sorted() []string { return slices.Sorted(slices.Values(o.lines)) }

// scan opens the scanner and runs it to its end.
func (s *Suite) scan(ctx context.Context, t trial) *outcome {
	var log syncBuffer
	env := scanners.Env{
		Log:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:  asOf,
		Hash: inventory.NewHasher([32]byte{7}),
	}
	if s.Factory.Info().Network {
		transport := s.Transport
		if t.front != nil {
			transport = t.front(transport)
		}
		env.HTTP = &http.Client{Transport: transport}
		env.Wrap = func(http.RoundTripper) http.RoundTripper { return transport }
		env.UserAgent = "muster/test"
	}
	config := s.Config
	if t.config != nil {
		config = t.config
	}
	out := &outcome{}
	taker := &taker{emit: t.emit}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { out.panicked = recover() }()
		scanner, err := s.Factory.Open(env, decodeFrom(config))
		if err != nil {
			out.err = err
			return
		}
		out.opened = true
		out.err = scanner.Scan(ctx, taker.take)
	}()
	select {
	case <-done:
	case <-time.After(10 * s.patience()):
		return &outcome{late: true, log: log.String()}
	}
	out.records, out.lines, out.progress = taker.result()
	out.log = log.String()
	return out
}

// clean scans under no particular circumstances, and reports what should not
// happen then.
func (s *Suite) clean(t reporter) (*outcome, bool) {
	t.Helper()
	out := s.scan(context.Background(), trial{})
	ok := s.ended(t, "a clean scan", out)
	if ok && out.err != nil {
		t.Errorf("a clean scan returns an error: %v", s.redact(out.err))
		return out, false
	}
	return out, ok
}

// ended reports a scan that did not end or did so in a panic.
func (s *Suite) ended(t reporter, what string, out *outcome) bool {
	t.Helper()
	if out.late {
		t.Errorf("%s has not ended after %s", what, 10*s.patience())
		return false
	}
	if out.panicked != nil {
		t.Errorf("%s panics: %s", what, s.redact(out.panicked))
		return false
	}
	return true
}

// decodeFrom is a strict scanners.Decode over a map.
func decodeFrom(config map[string]any) scanners.Decode {
	return func(into any) error {
		text, err := json.Marshal(config)
		if err != nil {
			return fmt.Errorf("configuration of the suite: %w", err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
		return nil
	}
}

// A taker collects what a scanner emits.
type taker struct {
	mu       sync.Mutex
	n        int
	emit     func(int, inventory.Record) error
	records  []inventory.Record
	lines    []string
	progress []string
}

func (k *taker) take(r inventory.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.n++
	if k.emit != nil {
		if err := k.emit(k.n, r); err != nil {
			return err
		}
	}
	if r.Kind() == inventory.KindProgress {
		k.progress = append(k.progress, lineOf(r))
		return nil
	}
	k.records = append(k.records, r)
	k.lines = append(k.lines, lineOf(r))
	return nil
}

func (k *taker) result() ([]inventory.Record, []string, []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.records, k.lines, k.progress
}

// lineOf is a record as one line, valid or not.
func lineOf(r inventory.Record) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return fmt.Sprintf("{%q: %q}", r.Kind(), err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// A syncBuffer is a buffer for writers on many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
