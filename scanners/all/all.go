// Package all is the list of built-in scanners, one line each.
package all

import "github.com/muster-nhi/muster/scanners"

// Factories returns the built-in scanners, in the order in which people see
// them.
func Factories() []scanners.Factory {
	return []scanners.Factory{}
}
