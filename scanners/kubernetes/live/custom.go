package live

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// customPage is how many custom resources are asked for at once where the choice
// is the reader's. They come as JSON, which takes ten times the memory.
const customPage = 500

// A custom is a custom resource that is read if the server has it.
type custom struct {
	group, plural string
	versions      []string // in the order of preference
	namespaced    bool
	keep          func(*run, object.Tree)
}

// customs lists what is read. Services of Knative are not: the Deployments that
// stand for them are.
func customs() []custom {
	certificate, external := []string{"v1"}, []string{"v1", "v1beta1"}
	issuer := func(r *run, t object.Tree) { r.cluster.Issuers = append(r.cluster.Issuers, object.FromIssuer(t)) }
	secret := func(r *run, t object.Tree) {
		r.cluster.ExternalSecrets = append(r.cluster.ExternalSecrets, object.FromExternalSecret(t))
	}
	store := func(r *run, t object.Tree) {
		r.cluster.SecretStores = append(r.cluster.SecretStores, object.FromSecretStore(t))
	}
	pods := func(r *run, t object.Tree) {
		if w, ok := object.FromPodMaker(t, r.hash()); ok {
			r.pods.Add(w)
		}
	}
	return []custom{
		{object.GroupCertManager, "certificates", certificate, true, func(r *run, t object.Tree) {
			r.cluster.Certificates = append(r.cluster.Certificates, object.FromCertificate(t))
		}},
		{object.GroupCertManager, "issuers", certificate, true, issuer},
		{object.GroupCertManager, "clusterissuers", certificate, false, issuer},
		{object.GroupExternalSecrets, "externalsecrets", external, true, secret},
		{object.GroupExternalSecrets, "clusterexternalsecrets", external, false, secret},
		{object.GroupExternalSecrets, "secretstores", external, true, store},
		{object.GroupExternalSecrets, "clustersecretstores", external, false, store},
		{object.GroupExternalSecrets, "pushsecrets", []string{"v1alpha1"}, true, func(r *run, t object.Tree) {
			r.cluster.ExternalSecrets = append(r.cluster.ExternalSecrets, object.FromPushSecret(t))
		}},
		{object.GroupSealedSecrets, "sealedsecrets", []string{"v1alpha1"}, true, func(r *run, t object.Tree) {
			r.cluster.SealedSecrets = append(r.cluster.SealedSecrets, object.FromSealedSecret(t))
		}},
		{object.GroupSecretsStore, "secretproviderclasses", []string{"v1", "v1alpha1"}, true, func(r *run, t object.Tree) {
			r.cluster.SecretClasses = append(r.cluster.SecretClasses, object.FromSecretClass(t))
		}},
		{object.GroupArgo, "rollouts", []string{"v1alpha1"}, true, pods},
		{object.GroupArgo, "cronworkflows", []string{"v1alpha1"}, true, pods},
		{object.GroupArgo, "workflows", []string{"v1alpha1"}, true, pods},
		{object.GroupTekton, "pipelineruns", []string{"v1", "v1beta1"}, true, pods},
		{object.GroupTekton, "taskruns", []string{"v1", "v1beta1"}, true, pods},
	}
}

// customSteps are the lists of custom resources. What the server is known not to
// have is complete without being asked for.
func (r *run) customSteps() []step {
	var out []step
	for _, c := range customs() {
		s := resource{c.group, r.apis.version(c.group, c.plural, c.versions), c.plural, c.namespaced}
		if s.version == "" {
			r.absent(s)
			continue
		}
		namespaces := r.options.Namespaces
		if len(namespaces) == 0 || !c.namespaced {
			namespaces = []string{""}
		}
		for _, ns := range namespaces {
			out = append(out, step{s.name(), func(ctx context.Context) { r.custom(ctx, c, s, ns) }})
		}
	}
	return out
}

// absent notes a resource that the server does not have: all of it was seen.
func (r *run) absent(s resource) {
	l := r.begin(s, "")
	l.Notes = append(l.Notes, "the server does not have this resource")
	r.end(l, nil)
}

// custom reads one list of a custom resource.
func (r *run) custom(ctx context.Context, c custom, s resource, namespace string) {
	l := r.begin(s, namespace)
	q := &query{resource: s, namespace: namespace, accept: typeJSON, form: typeJSON, limit: customPage}
	if r.options.PageSize > 0 {
		q.limit = r.options.PageSize
	}
	q.each = counted(l, func(item []byte) (bool, error) {
		var t object.Tree
		if json.Unmarshal(item, &t) != nil {
			return false, fmt.Errorf("%w: an object that cannot be decoded", errForm)
		}
		if !q.once(names(t)) {
			return false, nil
		}
		lighten(t)
		c.keep(r, t)
		return true, nil
	})
	r.end(l, r.list(ctx, l, q))
}

// names returns the namespace and name of a custom resource.
func names(t object.Tree) (namespace, name string) {
	m, _ := t["metadata"].(map[string]any)
	namespace, _ = m["namespace"].(string)
	name, _ = m["name"].(string)
	return namespace, name
}

// lighten drops the lists of fields that managedFields hold, which nothing reads
// of a custom resource and which are as long as the object.
func lighten(t object.Tree) {
	m, _ := t["metadata"].(map[string]any)
	list, _ := m["managedFields"].([]any)
	for _, entry := range list {
		if e, ok := entry.(map[string]any); ok {
			delete(e, "fieldsV1")
		}
	}
}
