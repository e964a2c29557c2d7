package scannertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-nhi/muster/internal/inventory"
)

// errStop is what emit returns when the suite wants a scan to end.
var errStop = errors.New("the suite takes no more records")

func checkGolden(t reporter, s *Suite) {
	t.Helper()
	if s.Golden == "" {
		t.Errorf("Suite.Golden names no file")
		return
	}
	out, ok := s.clean(t)
	if !ok {
		return
	}
	lines := out.sorted()
	if s.Normalize != nil {
		for i, l := range lines {
			lines[i] = s.Normalize(l)
		}
		slices.Sort(lines)
	}
	got := strings.Join(lines, "\n") + "\n"
	if os.Getenv("UPDATE") == "1" {
		if err := errors.Join(os.MkdirAll(filepath.Dir(s.Golden), 0o750), os.WriteFile(s.Golden, []byte(got), 0o600)); err != nil {
			t.Errorf("update the golden file: %v", err)
		}
		return
	}
	want, err := os.ReadFile(s.Golden)
	if err != nil {
		t.Errorf("read the golden file (UPDATE=1 go test makes it): %v", err)
		return
	}
	s.sameLines(t, "the golden file", strings.Split(strings.TrimSuffix(string(want), "\n"), "\n"), lines)
}

// sameLines reports the first few lines that only one of two scans has.
func (s *Suite) sameLines(t reporter, what string, want, got []string) {
	t.Helper()
	missing, extra := difference(want, got), difference(got, want)
	if len(missing)+len(extra) == 0 {
		return
	}
	const most = 3
	t.Errorf("the scan differs from %s: %d records are missing and %d are new\nmissing: %s\nnew:     %s", what, len(missing), len(extra),
		s.redact(strings.Join(missing[:min(most, len(missing))], "\n         ")),
		s.redact(strings.Join(extra[:min(most, len(extra))], "\n         ")))
}

// difference returns what a has and b has not, counting repetitions.
func difference(a, b []string) []string {
	n := map[string]int{}
	for _, x := range b {
		n[x]++
	}
	var out []string
	for _, x := range a {
		if n[x]--; n[x] < 0 {
			out = append(out, x)
		}
	}
	return out
}

func checkRepeatable(t reporter, s *Suite) {
	t.Helper()
	first, ok := s.clean(t)
	if !ok {
		return
	}
	second, ok := s.clean(t)
	if !ok {
		return
	}
	s.sameLines(t, "the one before it", first.sorted(), second.sorted())
}

// checkEmitError ends scans at the first, a middle and the last record.
func checkEmitError(t reporter, s *Suite) {
	t.Helper()
	out, ok := s.clean(t)
	if !ok {
		return
	}
	all := len(out.records)
	for _, at := range slices.Compact([]int{1, (all + 1) / 2, all}) {
		after := 0
		out := s.scan(context.Background(), trial{emit: func(n int, _ inventory.Record) error {
			if n < at {
				return nil
			}
			after++
			return errStop
		}})
		what := fmt.Sprintf("a scan whose record %d of %d is refused", at, all)
		switch {
		case !s.ended(t, what, out):
		case !errors.Is(out.err, errStop):
			t.Errorf("%s returns %v, want the error of emit", what, s.redact(out.err))
		case after > 64:
			t.Errorf("%s emits %d more", what, after-1)
		}
	}
}

// checkCancel cancels scans before they begin, at records and at requests.
func checkCancel(t reporter, s *Suite) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	whole, ok := s.clean(t)
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := s.scan(ctx, trial{})
	if s.ended(t, "a scan cancelled before it begins", out) && !errors.Is(out.err, context.Canceled) {
		t.Errorf("a scan cancelled before it begins returns %v, want the error of its context", s.redact(out.err))
	}
	for _, at := range slices.Compact([]int{1, (len(whole.records) + 1) / 2}) {
		s.cancelAtRecord(t, at, whole)
	}
	if s.Transport != nil {
		for _, at := range s.someRequests() {
			s.cancelAtRequest(t, at)
		}
	}
	if err := goleak.Find(before); err != nil {
		t.Errorf("goroutines are left behind: %v", s.redact(err))
	}
}

// cancelAtRecord cancels a scan when it emits a record. It may end well if all
// it had to do was done by then.
func (s *Suite) cancelAtRecord(t reporter, at int, whole *outcome) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := s.scan(ctx, trial{emit: func(n int, _ inventory.Record) error {
		if n == at {
			cancel()
		}
		return nil
	}})
	what := fmt.Sprintf("a scan cancelled at record %d", at)
	if !s.ended(t, what, out) || errors.Is(out.err, context.Canceled) {
		return
	}
	if out.err != nil {
		t.Errorf("%s returns %v, want the error of its context", what, s.redact(out.err))
		return
	}
	if len(difference(whole.sorted(), out.sorted())) > 0 {
		t.Errorf("%s returns no error, although it did not emit everything", what)
	}
}

// cancelAtRequest cancels a scan while a request hangs.
func (s *Suite) cancelAtRequest(t reporter, at int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var since time.Time
	limit := s.patience()
	out := s.scan(ctx, trial{front: func(next http.RoundTripper) http.RoundTripper {
		return &fault{next: next, at: at, answer: func(r *http.Request) (*http.Response, error) {
			since = time.Now()
			cancel()
			select {
			case <-r.Context().Done():
				return nil, r.Context().Err()
			case <-time.After(limit):
				return nil, errors.New("the request was not cancelled")
			}
		}}
	}})
	what := fmt.Sprintf("a scan cancelled in request %d", at)
	if !s.ended(t, what, out) {
		return
	}
	if took := time.Since(since); took >= limit {
		t.Errorf("%s goes on for %s", what, took.Round(time.Millisecond))
	}
	if !errors.Is(out.err, context.Canceled) {
		t.Errorf("%s returns %v, want the error of its context", what, s.redact(out.err))
	}
}
