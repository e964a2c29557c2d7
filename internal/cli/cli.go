// Package cli holds the commands. It is the only package that reads the world
// (environment, clock, terminal, home directory) and the only one where the
// parts are put together.
package cli

import "io"

// Main runs the program and returns its exit status, as docs/cli.md states it.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return 2
}
