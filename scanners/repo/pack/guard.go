package pack

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// faults makes reading a mapped file that was cut in the meantime a panic of
// this goroutine, which guard catches, in place of the end of the program. It
// returns what restores the former state.
func faults() (restore func()) {
	old := debug.SetPanicOnFault(true)
	return func() { debug.SetPanicOnFault(old) }
}

// guard turns such a fault into an error, and what else a hostile store may make
// the decoders do.
func guard(err *error) {
	switch r := recover().(type) {
	case nil:
	case runtime.Error:
		*err = fmt.Errorf("%w: what is stored could not be read to its end (%s)", ErrCorrupt, r.Error())
	default:
		panic(r)
	}
}

// guardFault does so where code of the caller runs, whose faults are its own.
func guardFault(err *error) {
	r := recover()
	if r == nil {
		return
	}
	fault, ok := r.(interface {
		runtime.Error
		Addr() uintptr
	})
	if !ok {
		panic(r)
	}
	*err = fmt.Errorf("%w: what is stored could not be read to its end (%s)", ErrCorrupt, fault.Error())
}
