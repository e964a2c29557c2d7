package privilege

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

// GCPRole assesses a predefined role of Google Cloud by name ("roles/editor"), as
// granted on a project or wider, by the permissions that package role has of it.
// Custom roles, and those that neither the table nor the ending of the name settles,
// are unknown.
func GCPRole(name string) Assessment {
	short, ok := strings.CutPrefix(name, "roles/")
	if !ok {
		return unknown("role " + name + " is a custom one")
	}
	a := Assessment{Level: inventory.LevelNone}
	if p, ok := role.Predefined(name); ok {
		known := role.Assess(&p)
		a.add(known.Level, "", "role "+name)
		for _, c := range known.Capabilities {
			a.add(known.Level, c, "role "+name)
		}
		return a
	}
	_, end, _ := strings.Cut(short, ".")
	lower := strings.ToLower(end)
	switch {
	case strings.HasSuffix(lower, "viewer"), strings.HasSuffix(lower, "reader"), strings.HasSuffix(lower, "auditor"):
		a.add(inventory.LevelRead, "", "role "+name+", by its name")
	case strings.HasSuffix(lower, "admin"), strings.HasSuffix(lower, "editor"), strings.HasSuffix(lower, "writer"), strings.HasSuffix(lower, "creator"), strings.HasSuffix(lower, "developer"), strings.HasSuffix(lower, "publisher"):
		a.add(inventory.LevelWrite, "", "role "+name+", by its name")
	default:
		return unknown("role " + name + " is not in muster's table")
	}
	return a
}
