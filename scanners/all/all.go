// Package all is the list of built-in scanners, one line each.
package all

import (
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/aws"
	"github.com/muster-nhi/muster/scanners/azure"
	"github.com/muster-nhi/muster/scanners/gcp"
	"github.com/muster-nhi/muster/scanners/kubernetes"
	"github.com/muster-nhi/muster/scanners/plugin"
	"github.com/muster-nhi/muster/scanners/replay"
	"github.com/muster-nhi/muster/scanners/repo"
)

// Factories returns the built-in scanners, in the order in which people see
// them. A plug-in may not take the name of one of the others.
func Factories() []scanners.Factory {
	list := []scanners.Factory{
		repo.Factory(),
		repo.Many(),
		kubernetes.Factory(),
		kubernetes.Manifests(),
		aws.Factory(),
		aws.Exports(),
		gcp.Factory(),
		gcp.Exports(),
		azure.Factory(),
		azure.Exports(),
		replay.Factory(),
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Info().Name)
	}
	return append(list, plugin.Factory(names...))
}
