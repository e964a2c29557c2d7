package repo

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

func TestStoppedScanKeepsWhatItFound(t *testing.T) {
	b := newBuilder(t)
	b.commit("one", "old.env", "token="+canary("old")+"\n", "kept.env", "token="+canary("kept")+"\n")
	b.commit("two", "old.env", "gone\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	env := scanners.Env{Log: slog.New(slog.DiscardHandler), Hash: hasher(), Now: time.Now}
	s, err := Factory().Open(env, func(into any) error { return json.Unmarshal([]byte(`{"path":"`+b.dir+`"}`), into) })
	if err != nil {
		t.Fatal(err)
	}
	var got result
	err = s.Scan(ctx, func(r inventory.Record) error {
		if r.Progress != nil && r.Progress.Message == "attribute findings" {
			cancel()
		}
		got.records = append(got.records, r)
		return r.Validate()
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want %v", err, context.Canceled)
	}
	for name, path := range map[string]string{"kept": "kept.env", "old": ""} {
		c := got.credential(canary(name))
		if c == nil {
			t.Fatalf("%s: was found before the scan stopped and was not kept", name)
		}
		if path != "" && !slices.ContainsFunc(c.FoundAt, func(l inventory.Location) bool { return l.URI == path }) {
			t.Errorf("%s: places %v, want %s", name, c.FoundAt, path)
		}
	}
	for _, r := range got.records {
		if r.Coverage != nil && r.Coverage.Status == inventory.StatusComplete {
			t.Errorf("coverage of %s is complete in a scan that was stopped", r.Coverage.Kind)
		}
	}
}

func TestSince(t *testing.T) {
	b := newBuilder(t)
	first := b.commit("one", "a.env", "token="+canary("first")+"\n")
	b.git("tag", "v1.0", first)
	b.commit("two", "b.env", "token="+canary("second")+"\n")
	tests := []struct {
		name, since string
		fails       bool
		want        []string
	}{
		{"a day before all", "2020-01-01", false, []string{"first", "second"}},
		{"a time before all", "2020-01-01T10:00:00Z", false, []string{"first", "second"}},
		{"an age", "500 weeks ago", false, []string{"first", "second"}},
		{"an age with dots", "500.weeks", false, []string{"first", "second"}},
		{"a tag", "v1.0", false, []string{"second"}},
		{"a commit", first[:10], false, []string{"second"}},
		{"a revision with steps", "HEAD~1", false, []string{"second"}},
		{"neither a date nor a revision", "yesterdya", true, nil},
		{"no day of the calendar", "2026-02-31", true, nil},
		{"an option", "--all", true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := scan(t, map[string]any{"path": b.dir, "since": tt.since})
			if (r.err != nil) != tt.fails {
				t.Fatalf("error %v, want one: %v", r.err, tt.fails)
			}
			for _, name := range []string{"first", "second"} {
				if got, want := r.credential(canary(name)) != nil, slices.Contains(tt.want, name); got != want {
					t.Errorf("%s: found %v, want %v", name, got, want)
				}
			}
		})
	}
}
