package lazy_test

import (
	"sync"
	"testing"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// TestRegexp: an expression is the same for all that ask, and a malformed one is
// no trouble until it is asked for.
func TestRegexp(t *testing.T) {
	t.Parallel()
	digits := lazy.Regexp(`^[0-9]+$`)
	first := digits()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if !digits().MatchString("2026") || digits().MatchString("x") || digits() != first {
				t.Error("not the expression that was given, or not one for all")
			}
		})
	}
	all.Wait()
	malformed := lazy.Regexp(`(`)
	defer func() {
		if recover() == nil {
			t.Error("a malformed expression was compiled")
		}
	}()
	malformed()
}
