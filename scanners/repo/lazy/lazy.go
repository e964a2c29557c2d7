// Package lazy has regular expressions that are compiled when they are first
// asked for: most commands, and most files, need few of those that are known.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp returns what compiles an expression when it is first called, and
// returns the same each time. It is safe for concurrent use. An expression that
// is malformed panics then, so a test has to call it.
func Regexp(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
