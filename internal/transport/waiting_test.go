package transport

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWaiting tells of long waits, how long they still take and that they are over, and
// of short ones nothing.
func TestWaiting(t *testing.T) {
	ended := errors.New("ended")
	for name, tt := range map[string]struct {
		d     time.Duration
		fails bool
		told  []time.Duration
		slept time.Duration
	}{
		"short":  {900 * time.Millisecond, false, nil, 900 * time.Millisecond},
		"long":   {25 * time.Second, false, []time.Duration{25 * time.Second, 15 * time.Second, 5 * time.Second, 0}, 25 * time.Second},
		"ended":  {25 * time.Second, true, []time.Duration{25 * time.Second, 0}, 10 * time.Second},
		"nobody": {25 * time.Second, false, nil, 25 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var told []time.Duration
			w := Waiting(func(why string, left time.Duration) {
				if why != "because" {
					t.Errorf("it waits %s", why)
				}
				told = append(told, left)
			})
			if name == "nobody" {
				w = nil
			}
			var slept time.Duration
			err := w.Wait(t.Context(), tt.d, "because", func(_ context.Context, d time.Duration) error {
				slept += d
				if tt.fails {
					return ended
				}
				return nil
			})
			if errors.Is(err, ended) != tt.fails || slept != tt.slept {
				t.Errorf("it slept %s, %v", slept, err)
			}
			if diff := cmp.Diff(tt.told, told); diff != "" {
				t.Error("what was told (-want +got):\n", diff)
			}
		})
	}
}
