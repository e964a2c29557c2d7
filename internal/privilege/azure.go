package privilege

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/azure/paths"
)

// AzureRole assesses a built-in role of Azure or Entra by its name or its
// definition id, with or without the path before it, as assigned to a
// subscription or wider, or in the tenant as a whole. Custom roles are unknown.
func AzureRole(name string) Assessment {
	short := name[strings.LastIndexByte(name, '/')+1:]
	a := Assessment{Level: inventory.LevelNone}
	title, r, ok := paths.BuiltIn(short)
	switch {
	case ok:
		a.add(r.Level, "", "role "+title)
		for _, c := range r.Capabilities {
			a.add(r.Level, c, "role "+title)
		}
	case strings.HasSuffix(short, " Reader"): // of Azure; " Data Reader" too
		a.add(inventory.LevelRead, "", "role "+short+", by its name")
	case strings.HasSuffix(short, " Contributor") || strings.HasSuffix(short, " Data Owner"):
		a.add(inventory.LevelWrite, "", "role "+short+", by its name")
	default:
		return unknown("role " + short + " is not in muster's table")
	}
	return a
}
