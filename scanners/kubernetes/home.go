package kubernetes

import (
	"context"
	"fmt"

	"github.com/muster-nhi/muster/scanners/kubernetes/manifest"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// read reads the manifests. What is made for kubectl apply -n NAMESPACE names no
// namespace but in its cluster-wide bindings, which must: where these name
// accounts of one namespace that are declared without any, that is the
// namespace meant, unless the configuration names another.
func (s *declared) read(ctx context.Context, o manifest.Options) (*object.Cluster, []manifest.Problem, error) {
	c, problems, err := manifest.Read(ctx, s.config.Path, o)
	if err != nil || o.DefaultNamespace != "" {
		return c, problems, err
	}
	home, accounts := looksFor(c)
	if home == "" {
		return c, problems, nil
	}
	o.DefaultNamespace = home
	at, atProblems, err := manifest.Read(ctx, s.config.Path, o)
	if err != nil {
		return nil, nil, err
	}
	if left, _ := looksFor(at); left != "" {
		return c, problems, nil
	}
	at.Notes = append(at.Notes, fmt.Sprintf("what names no namespace is taken for one of %s, where bindings look for %d accounts declared so; the key namespace says otherwise", home, accounts))
	return at, atProblems, nil
}

// looksFor returns the namespace in which bindings name accounts that are not
// declared there but in the namespace default, and how many; none if there are
// several.
func looksFor(c *object.Cluster) (namespace string, accounts int) {
	type account struct{ namespace, name string }
	declared := make(map[account]bool, len(c.ServiceAccounts))
	for i := range c.ServiceAccounts {
		declared[account{c.ServiceAccounts[i].Namespace, c.ServiceAccounts[i].Name}] = true
	}
	sought := map[account]bool{}
	for i := range c.Bindings {
		for _, x := range c.Bindings[i].Subjects {
			a := account{x.Namespace, x.Name}
			if x.Kind != "ServiceAccount" || x.Namespace == "" || x.Namespace == "default" || declared[a] || !declared[account{"default", x.Name}] {
				continue
			}
			if namespace != "" && namespace != x.Namespace {
				return "", 0
			}
			namespace, sought[a] = x.Namespace, true
		}
	}
	return namespace, len(sought)
}
