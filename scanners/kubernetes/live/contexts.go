package live

import (
	"maps"
	"slices"
)

// A Context is one way to reach a cluster that a kubeconfig has.
type Context struct {
	Name    string
	Cluster string // the kubeconfig's name of it
	User    string // the kubeconfig's name of who signs in
	Current bool
}

// Contexts lists the contexts of a kubeconfig (empty is the list in KUBECONFIG, or
// the default file) by name, none if there is no such file. It reads the file and
// sends nothing.
func Contexts(kubeconfig string) ([]Context, error) {
	_, file, err := load(kubeconfig)
	if err != nil {
		return nil, err
	}
	var out []Context
	for _, name := range slices.Sorted(maps.Keys(file.Contexts)) {
		c := file.Contexts[name]
		out = append(out, Context{Name: name, Cluster: c.Cluster, User: c.AuthInfo, Current: name == file.CurrentContext})
	}
	return out, nil
}
