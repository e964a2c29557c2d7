package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// scanFunc is a scanner made of a function.
type scanFunc func(context.Context, scanners.Emit) error

func (f scanFunc) Scan(ctx context.Context, emit scanners.Emit) error { return f(ctx, emit) }

func source(name string, f scanFunc) Source {
	return Source{Name: name, Scanner: f, Info: scanners.Info{
		Name: "fake", Title: "a fake", Kinds: []inventory.Kind{inventory.KindIdentity, inventory.KindGrant},
	}}
}

func identity(scope, name string) inventory.Record {
	return inventory.Record{Identity: &inventory.Identity{ID: "fake:" + scope + "/" + name, Type: "fake.user", Scope: scope, Name: name}}
}

func coverage(scope string, kind inventory.Kind, count int) inventory.Record {
	return inventory.Record{Coverage: &inventory.Coverage{Scanner: "fake", Scope: scope, Kind: kind, Status: inventory.StatusComplete, Count: count}}
}

// emitAll emits records and stops at the first error.
func emitAll(emit scanners.Emit, rs ...inventory.Record) error {
	for _, r := range rs {
		if err := emit(r); err != nil {
			return err
		}
	}
	return nil
}

// clean is a scan without fault.
func clean(scope string) scanFunc {
	return func(_ context.Context, emit scanners.Emit) error {
		return emitAll(emit, identity(scope, "a"), identity(scope, "b"),
			coverage(scope, inventory.KindIdentity, 2), coverage(scope, inventory.KindGrant, 0))
	}
}

// clock is a clock that ticks by a millisecond at each look.
func clock() func() time.Time {
	var mu sync.Mutex
	t := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		t = t.Add(time.Millisecond)
		return t
	}
}

// faults renders every coverage that is not complete.
func faults(inv *inventory.Inventory) []string {
	var out []string
	for _, c := range inv.Coverages {
		if c.Status != inventory.StatusComplete {
			out = append(out, fmt.Sprintf("%s %s %s: %s", c.Scope, c.Kind, c.Status, c.Reason))
		}
	}
	return out
}

func TestRunStatesWhatWasNotSeen(t *testing.T) {
	tests := []struct {
		name       string
		scan       scanFunc
		want       []string // coverage that is not complete
		identities int
		failed     bool
	}{
		{name: "clean", scan: clean("s"), identities: 2},
		{
			name: "error after some records", failed: true, identities: 1,
			scan: func(_ context.Context, emit scanners.Emit) error {
				return errors.Join(emit(identity("s", "a")), errors.New("connection lost"))
			},
			want: []string{
				"s grant partial: the scan of x ended early: connection lost",
				"s identity partial: the scan of x ended early: connection lost",
			},
		},
		{
			name: "error after complete coverage", failed: true, identities: 2,
			scan: func(ctx context.Context, emit scanners.Emit) error {
				return errors.Join(clean("s")(ctx, emit), errors.New("second account gone"))
			},
			want: []string{
				"x grant partial: the scan of x ended early: second account gone",
				"x identity partial: the scan of x ended early: second account gone",
			},
		},
		{
			name: "panic", failed: true,
			scan: func(context.Context, scanners.Emit) error { panic("a value that must not be shown") },
			want: []string{
				"x grant partial: the scan of x ended early: the scanner panicked (string)",
				"x identity partial: the scan of x ended early: the scanner panicked (string)",
			},
		},
		{
			name: "nothing at all",
			scan: func(context.Context, scanners.Emit) error { return nil },
			want: []string{
				"x grant partial: the scan of x gave no coverage, so it cannot be told what it saw",
				"x identity partial: the scan of x gave no coverage, so it cannot be told what it saw",
			},
		},
		{
			name: "a claimed kind without coverage", identities: 1,
			scan: func(_ context.Context, emit scanners.Emit) error {
				return emitAll(emit, identity("s", "a"), coverage("s", inventory.KindIdentity, 1))
			},
			want: []string{"s grant partial: the fake scanner did not say how much of this it saw"},
		},
		{
			name: "a miscount", identities: 1,
			scan: func(_ context.Context, emit scanners.Emit) error {
				return emitAll(emit, identity("s", "a"), coverage("s", inventory.KindIdentity, 3), coverage("s", inventory.KindGrant, 0))
			},
			want: []string{"s identity partial: the scanner says that it saw 3 and passed on 1"},
		},
		{
			name: "a kind that it does not claim", identities: 2,
			scan: func(ctx context.Context, emit scanners.Emit) error {
				trust := &inventory.Trust{ID: "fake:t", Identity: "fake:s/a", Scope: "s", Type: "oidc"}
				return errors.Join(emit(inventory.Record{Trust: trust}), clean("s")(ctx, emit))
			},
			want: []string{"s trust partial: 1 record(s) were not valid and were left out; the first: a trust from a scanner that does not say it emits any"},
		},
		{
			name: "a finding, which no scanner may emit", identities: 2,
			scan: func(ctx context.Context, emit scanners.Emit) error {
				return errors.Join(emit(inventory.Record{Finding: &inventory.Finding{ID: "F-1"}}), clean("s")(ctx, emit))
			},
			want: []string{"x identity partial: 1 record(s) were not valid and were left out; the first: a finding from a scanner that does not say it emits any"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			inv, out := Run(t.Context(), []Source{source("x", tt.scan)}, Options{Now: clock()})
			if diff := cmp.Diff(tt.want, faults(inv)); diff != "" {
				t.Errorf("coverage (-want +got):\n%s", diff)
			}
			if len(inv.Identities) != tt.identities {
				t.Errorf("%d identities, want %d", len(inv.Identities), tt.identities)
			}
			if got := len(out.Failed()) > 0; got != tt.failed {
				t.Errorf("failed = %v, want %v", got, tt.failed)
			}
		})
	}
}

func TestRunKeepsOthersWhenOneFails(t *testing.T) {
	defer goleak.VerifyNone(t)
	inv, out := Run(t.Context(), []Source{
		source("bad", func(context.Context, scanners.Emit) error { panic(1) }),
		source("good", clean("g")),
		source("more", clean("m")),
	}, Options{Now: clock(), Concurrency: 2})
	if len(inv.Identities) != 4 {
		t.Errorf("%d identities, want 4", len(inv.Identities))
	}
	if !errors.Is(out.Sources[0].Err, ErrPanic) || out.Sources[1].Err != nil {
		t.Errorf("errors = %v, %v", out.Sources[0].Err, out.Sources[1].Err)
	}
}

func TestRunInterrupted(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	inv, out := Run(ctx, []Source{
		source("slow", func(ctx context.Context, emit scanners.Emit) error {
			err := emit(identity("s", "a"))
			cancel()
			<-ctx.Done()
			return errors.Join(err, ctx.Err())
		}),
	}, Options{Now: clock()})
	if !out.Interrupted || len(inv.Identities) != 1 || !inv.Partial() {
		t.Errorf("interrupted=%v identities=%d partial=%v", out.Interrupted, len(inv.Identities), inv.Partial())
	}
	if got := faults(inv)[0]; !strings.Contains(got, "the run was interrupted") {
		t.Errorf("coverage says %q", got)
	}
}

func TestRunDeadline(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := source("slow", func(ctx context.Context, emit scanners.Emit) error {
		<-ctx.Done()
		return ctx.Err()
	})
	s.Deadline = time.Millisecond
	inv, out := Run(t.Context(), []Source{s}, Options{Now: clock()})
	if out.Interrupted {
		t.Error("a source that ran out of its time is not an interrupted run")
	}
	if got := faults(inv); len(got) != 2 || !strings.Contains(got[0], "ran out of its time of 1ms") {
		t.Errorf("coverage says %q", got)
	}
}

func TestEmitAfterTheEndIsRefused(t *testing.T) {
	defer goleak.VerifyNone(t)
	var kept scanners.Emit
	inv, _ := Run(t.Context(), []Source{source("x", func(ctx context.Context, emit scanners.Emit) error {
		kept = emit
		return clean("s")(ctx, emit)
	})}, Options{Now: clock()})
	if err := kept(identity("s", "late")); err == nil {
		t.Error("a record after the end was taken")
	}
	if len(inv.Identities) != 2 {
		t.Errorf("%d identities, want 2", len(inv.Identities))
	}
}

func TestReplayedCoverageIsJudgedByWhatCame(t *testing.T) {
	inv, _ := Run(t.Context(), []Source{source("x", func(_ context.Context, emit scanners.Emit) error {
		c := coverage("s", inventory.KindIdentity, 1)
		c.Coverage.Scanner = "other"
		return emitAll(emit, identity("s", "a"), c)
	})}, Options{Now: clock()})
	if got := faults(inv); got != nil {
		t.Errorf("coverage says %q, want nothing: the recorded scanner did not claim grants", got)
	}
}

func TestProgress(t *testing.T) {
	var seen []Status
	Run(t.Context(), []Source{source("x", func(ctx context.Context, emit scanners.Emit) error {
		for i := int64(1); i <= 4; i++ {
			p := &inventory.Progress{Scope: "s", Message: "reading", Done: i, Total: 4}
			if err := emit(inventory.Record{Progress: p}); err != nil {
				return err
			}
		}
		return clean("s")(ctx, emit)
	})}, Options{Now: clock(), Every: time.Microsecond, Progress: func(s Status) { seen = append(seen, s) }})
	if len(seen) < 4 {
		t.Fatalf("%d statuses, want at least 4", len(seen))
	}
	if s := seen[1].Sources[0]; s.Done != 2 || s.Total != 4 || s.Message != "reading" {
		t.Errorf("second status = %+v", s)
	}
	if last := seen[len(seen)-1]; !last.Sources[0].Ended || last.Left != 0 {
		t.Errorf("last status = %+v", last)
	}
}

func TestLeft(t *testing.T) {
	st := Status{Elapsed: 10 * time.Second, Sources: []SourceStatus{
		{Started: true, Done: 25, Total: 100},
		{Started: true, Done: 50, Total: 100},
		{Ended: true},
	}}
	if got := left(st); got != 30*time.Second {
		t.Errorf("left = %s, want 30s", got)
	}
	st.Sources = append(st.Sources, SourceStatus{Started: true})
	if got := left(st); got != 0 {
		t.Errorf("left = %s, want unknown", got)
	}
}
