package plugin

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// FuzzRun gives a run what a program could print. Whatever it is, every record
// that comes out is valid and the program's own, and coverage counts them.
func FuzzRun(f *testing.F) {
	f.Add([]byte(`{"identity":{"id":"saas:x","type":"t","scope":"s"}}` + "\n" +
		`{"coverage":{"scanner":"saas","scope":"s","kind":"identity","status":"complete","count":1}}`))
	f.Add([]byte("{\n\xff\n" + `{"grant":{"id":"aws:x","principal":"saas:x","scope":"s","name":"n"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		counted, stated := map[cell]int{}, map[cell]int{}
		p, err := newProgram(Config{Path: "/bin/saas", MaxLine: 1 << 12}, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := &run{
			program: p, info: scanners.Info{Name: "saas", Kinds: []inventory.Kind{inventory.KindIdentity, inventory.KindGrant}},
			counted: map[cell]int{}, stated: map[cell][]*inventory.Coverage{}, wrong: map[cell]fault{},
			emit: func(rec inventory.Record) error {
				if err := rec.Validate(); err != nil {
					t.Error(err)
				}
				if id := rec.ID(); id != "" && !strings.HasPrefix(id, "saas:") {
					t.Errorf("the id is %q", id)
				}
				if c := rec.Coverage; c != nil {
					stated[cell{c.Scope, c.Kind}] += c.Count
				} else if rec.Progress == nil {
					counted[cell{rec.Scope(), rec.Kind()}]++
				}
				return nil
			},
		}
		r.failed = r.read(bytes.NewReader(text))
		if err := r.settle(); err != nil {
			t.Error(err)
		}
		for at, n := range counted {
			if stated[at] != n {
				t.Errorf("coverage counts %d of %d", stated[at], n)
			}
		}
		if len(stated) == 0 {
			t.Error("there is no coverage")
		}
		shown := clean(string(text))
		if !utf8.ValidString(shown) || strings.IndexFunc(shown, unicode.IsControl) >= 0 {
			t.Errorf("%q would be shown", shown)
		}
	})
}

// A program that was stopped must not look like one that came to its end.
func TestWhy(t *testing.T) {
	if err := why(context.Background(), nil, nil); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if why(ctx, nil, nil) == nil {
		t.Error("a cancelled run ended well")
	}
}
