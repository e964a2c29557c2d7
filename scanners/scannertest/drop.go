package scannertest

import (
	"runtime"
	"testing"
	"weak"
)

// Dropped fails if what a function makes still lives when nobody who called for it
// holds it. What may hold it the caller keeps alive until then (runtime.KeepAlive).
func Dropped[T any](t *testing.T, made func() *T) {
	t.Helper()
	left := weak.Make(made())
	for range 2 {
		runtime.GC()
	}
	if x := left.Value(); x != nil {
		t.Errorf("the %T is still there", x)
	}
}
