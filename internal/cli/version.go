package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/report"
)

// version is set by the linker (-X) when a release is built; that needs a
// variable. Nothing else writes it.
var version = ""

// tool says what this program is.
func (a *app) tool() report.Tool {
	t := report.Tool{Name: "muster", Version: version, URI: "https://github.com/muster-nhi/muster"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return withVersion(t, "")
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			t.Commit = s.Value
		}
	}
	return withVersion(t, info.Main.Version)
}

func withVersion(t report.Tool, built string) report.Tool {
	if t.Version == "" {
		t.Version = built
	}
	if t.Version == "" || t.Version == "(devel)" {
		t.Version = "dev"
	}
	return t
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "print the version", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			t := a.tool()
			return a.print(func(w io.Writer) error {
				if !asJSON {
					_, err := fmt.Fprintf(w, "muster %s\n", t.Version)
					return err
				}
				return writeJSON(w, map[string]string{
					"name": t.Name, "version": t.Version, "commit": t.Commit,
					"go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
				})
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}
