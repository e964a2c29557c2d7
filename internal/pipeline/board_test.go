package pipeline

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// lost is a credential that was found lying about.
func lost(typ, id, identity string) inventory.Record {
	return inventory.Record{Credential: &inventory.Credential{ID: "fake:" + typ + id, Type: typ, Scope: "repo", PublicID: id, Identity: identity}}
}

func finder(name string, f scanFunc) Source {
	s := source(name, f)
	s.Info.Kinds = []inventory.Kind{inventory.KindCredential}
	return s
}

// seeker is a source that seeks access keys and says what it was told.
func seeker(b *Board, told *[]string, failed *error) Source {
	s := source("seeker", func(ctx context.Context, emit scanners.Emit) error {
		*told, *failed = b.Sought(ctx, "aws.access_key")
		return clean("cloud")(ctx, emit)
	})
	s.Info.Seeks = []string{"aws.access_key"}
	return s
}

// TestBoard hands on the ids of one type, from every source that does not seek,
// however it ends and whatever the order.
func TestBoard(t *testing.T) {
	defer goleak.VerifyNone(t)
	find := func(end error, rs ...inventory.Record) scanFunc {
		return func(_ context.Context, emit scanners.Emit) error {
			if err := emitAll(emit, rs...); err != nil {
				return err
			}
			return end
		}
	}
	slow := finder("slow", func(ctx context.Context, emit scanners.Emit) error {
		if err := emit(lost("aws.access_key", "B", "")); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	})
	slow.Deadline = 20 * time.Millisecond
	for _, c := range []struct {
		name    string
		finders []Source
		want    []string
	}{
		{"nobody finds", nil, nil},
		{"types, twins and keys of a platform", []Source{
			finder("a", find(nil, lost("aws.access_key", "C", ""), lost("aws.access_key", "A", ""), lost("github.token", "D", ""))),
			finder("b", find(nil, lost("aws.access_key", "A", ""), lost("aws.access_key", "E", "fake:user"), lost("aws.access_key", "", ""))),
		}, []string{"A", "C"}},
		{"one fails", []Source{finder("a", find(errors.New("no disk"), lost("aws.access_key", "A", "")))}, []string{"A"}},
		{"one panics", []Source{finder("a", func(context.Context, scanners.Emit) error { panic("no") })}, nil},
		{"one runs out of time", []Source{slow}, []string{"B"}},
		{"two seek", []Source{{
			Name: "other", Info: scanners.Info{Name: "fake", Seeks: []string{"gcp.api_key"}, Kinds: []inventory.Kind{inventory.KindIdentity, inventory.KindGrant}},
			Scanner: clean("other"),
		}}, nil},
	} {
		for _, places := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s, %d at a time", c.name, places), func(t *testing.T) {
				b := NewBoard()
				var got []string
				var failed error
				sources := append([]Source{seeker(b, &got, &failed)}, c.finders...)
				_, out := Run(t.Context(), sources, Options{Now: clock(), Board: b, Concurrency: places})
				if failed != nil {
					t.Error(failed)
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Error(d)
				}
				if len(out.Sources) != len(sources) || out.Sources[0].Name != "seeker" || out.Sources[0].Err != nil {
					t.Errorf("%+v", out.Sources)
				}
			})
		}
	}
}

// TestBoardWaitsNoLongerThanAsked returns what there is when the context of the
// seeker ends.
func TestBoardWaitsNoLongerThanAsked(t *testing.T) {
	b := NewBoard()
	b.begin([]Source{{Info: scanners.Info{Seeks: []string{"aws.access_key"}}}, finder("a", nil)})
	b.post(lost("aws.access_key", "A", "").Credential)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := b.Sought(ctx, "aws.access_key")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if d := cmp.Diff([]string{"A"}, got); d != "" {
		t.Error(d)
	}
}

// TestBoardIsBounded keeps the first ids by their order, whatever came first, and
// says that there were more.
func TestBoardIsBounded(t *testing.T) {
	b := NewBoard()
	b.begin([]Source{{Info: scanners.Info{Seeks: []string{"aws.access_key"}}}})
	for i := maxSought + 4; i >= 0; i-- {
		b.post(lost("aws.access_key", fmt.Sprintf("%06d", i), "").Credential)
	}
	got, err := b.Sought(t.Context(), "aws.access_key")
	if !errors.Is(err, errMoreSought) {
		t.Errorf("error %v", err)
	}
	if len(got) != maxSought || got[0] != "000000" || got[maxSought-1] != fmt.Sprintf("%06d", maxSought-1) {
		t.Errorf("%d ids, from %s to %s", len(got), got[0], got[len(got)-1])
	}
}
