// Command muster lists the machine identities of an organisation and says
// which of them do not pass.
package main

import (
	"os"

	"github.com/muster-nhi/muster/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
