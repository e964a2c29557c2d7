package live

import (
	"cmp"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// infer adds the Secrets that other objects name, where Secrets were not listed.
// They may not exist, and there may be others.
func infer(c *object.Cluster) {
	found := inferred{seen: map[string]bool{}, cluster: c}
	for i := range c.ServiceAccounts {
		a := &c.ServiceAccounts[i]
		for _, name := range a.Secrets {
			if s := found.add(a.Namespace, name, "kubernetes.io/service-account-token"); s != nil {
				s.ServiceAccount, s.ServiceAccountUID = a.Name, a.UID
			}
		}
		for _, name := range a.PullSecrets {
			found.add(a.Namespace, name, "kubernetes.io/dockerconfigjson")
		}
	}
	for i := range c.Certificates {
		found.add(c.Certificates[i].Namespace, c.Certificates[i].Secret, typeTLS)
	}
	for i := range c.Workloads {
		w := &c.Workloads[i]
		for _, name := range w.Pod.PullSecrets {
			found.add(w.Namespace, name, "kubernetes.io/dockerconfigjson")
		}
		for _, use := range w.Pod.Secrets {
			found.add(w.Namespace, use.Name, "")
		}
	}
	for i := range c.ExternalSecrets {
		if e := &c.ExternalSecrets[i]; e.Namespace != "" {
			found.add(e.Namespace, e.Target, "")
		}
	}
	for i := range c.SealedSecrets {
		found.add(c.SealedSecrets[i].Namespace, c.SealedSecrets[i].Target, "")
	}
	for i := range c.SecretClasses {
		for _, name := range c.SecretClasses[i].Secrets {
			found.add(c.SecretClasses[i].Namespace, name, "")
		}
	}
	for i := range c.SecretStores {
		s := &c.SecretStores[i]
		for _, name := range s.Secrets {
			found.add(cmp.Or(s.Namespace, s.ServiceAccountNamespace), name, "")
		}
	}
	for i := range c.Issuers {
		s := &c.Issuers[i]
		for _, name := range append([]string{s.Secret}, s.Secrets...) {
			found.add(s.Namespace, name, "")
		}
	}
}

// An inferred collects names, each once.
type inferred struct {
	seen    map[string]bool
	cluster *object.Cluster
}

// add adds a Secret and returns it; nil if its namespace is not known or it is
// there already.
func (f *inferred) add(namespace, name, secretType string) *object.Secret {
	key := namespace + "/" + name
	if namespace == "" || name == "" || f.seen[key] {
		return nil
	}
	f.seen[key] = true
	f.cluster.Secrets = append(f.cluster.Secrets, object.Secret{
		Meta: object.Meta{Kind: "Secret", Namespace: namespace, Name: name}, Type: secretType, Inferred: true,
	})
	return &f.cluster.Secrets[len(f.cluster.Secrets)-1]
}
