package cloud_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
)

// TestProgress shows a wait for as long as it lasts, and then what was shown before.
func TestProgress(t *testing.T) {
	var shown, waits []string
	p := cloud.Progress{
		Tell: func(message string, done, total int) {
			shown = append(shown, fmt.Sprint(message, " ", done, "/", total))
		},
		Wait: func(text string) { waits = append(waits, text) },
	}
	p.Did("reading", 0, 2)
	p.Did("one", 1, 0)
	p.Waits("it says no", 1500*time.Millisecond)
	p.Waits("it says no", 0)
	if want := []string{"reading 0/2", "one 1/2", "it says no: asking again in 2s 1/2", "one 1/2"}; !slices.Equal(shown, want) {
		t.Errorf("it shows %q", shown)
	}
	if want := []string{"it says no: asking again in 2s"}; !slices.Equal(waits, want) {
		t.Errorf("it waits: %q", waits)
	}
	new(cloud.Progress).Waits("nobody is told", time.Second)
}
