//go:build e2e

package azure

import (
	"slices"

	"github.com/muster-nhi/muster/scanners/azure/live"
)

// allPermissions names what a scan may need with everything switched on.
func allPermissions() []string {
	var out []string
	for _, p := range live.AllPermissions() {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
