package kubernetes

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// An owning says who owns something and how that is known.
type owning struct {
	owner, kind, method, source string
	confidence                  inventory.Confidence
}

// The kinds of owners.
const (
	team    = "team"
	machine = "nhi"
)

// ownerLabels are labels and annotations that are made to name an owner, most
// telling first.
var ownerLabels = []string{
	"a8r.io/owner", "owner", "owners", "owned-by", "team", "squad", "app.kubernetes.io/owner", "app.kubernetes.io/team",
	"backstage.io/kubernetes-id", "contact", "maintainer", "tags.datadoghq.com/team", "tags.datadoghq.com/service", "a8r.io/email", "a8r.io/chat", "cost-center",
}

// ownerKey reports whether an annotation names an owner, whoever's domain it is
// under.
func ownerKey(k string) bool {
	_, name, ok := strings.Cut(k, "/")
	if !ok {
		name = k
	}
	switch name {
	case "owner", "owners", "owned-by", "team", "squad", "contact", "maintainer", "owner-email", "cost-center":
		return true
	}
	return k == "backstage.io/kubernetes-id"
}

// ownerOf returns the best owner of an object by what is written on it, and the
// best that is a person or a team if that one is a machine. The order of trust:
// the object that made it, GitOps tools, packages and operators, then what
// people wrote on it. That a machine made something is sure, but it is people who
// answer: a name that they wrote there has the higher confidence.
func (m *mapper) ownerOf(o *object.Meta) (best, human owning) {
	if o == nil {
		return best, human
	}
	best = madeBy(o)
	human = labelled(o.Annotations, o.Labels)
	if best.owner == "" {
		best, human = human, owning{}
	}
	return best, human
}

// madeBy returns the object or the tool that made an object.
func madeBy(o *object.Meta) owning {
	for i := range o.Owners {
		if r := &o.Owners[i]; r.Controller || len(o.Owners) == 1 {
			name := r.Kind + " " + strings.TrimPrefix(o.Namespace+"/"+r.Name, "/")
			return owning{name, machine, "owner_reference", "metadata.ownerReferences", inventory.ConfidenceMedium}
		}
	}
	if v := o.Annotations["argocd.argoproj.io/tracking-id"]; v != "" {
		app, _, _ := strings.Cut(v, ":")
		return owning{app, machine, "argocd", "argocd.argoproj.io/tracking-id", inventory.ConfidenceMedium}
	}
	for _, l := range gitops {
		v, ns := o.Labels[l.name], o.Labels[l.namespace]
		if v == "" {
			v, ns = o.Annotations[l.name], o.Annotations[l.namespace]
		}
		if v != "" {
			return owning{strings.TrimPrefix(ns+"/"+v, "/"), machine, l.method, l.name, l.confidence}
		}
	}
	return owning{}
}

// gitops are the labels and annotations of tools, in the order of trust.
var gitops = []struct {
	name, namespace, method string
	confidence              inventory.Confidence
}{
	{"kustomize.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/namespace", "flux", inventory.ConfidenceMedium},
	{"helm.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace", "flux", inventory.ConfidenceMedium},
	{"argocd.argoproj.io/instance", "", "argocd", inventory.ConfidenceMedium},
	{"meta.helm.sh/release-name", "meta.helm.sh/release-namespace", "helm", inventory.ConfidenceMedium},
	{"olm.owner", "olm.owner.namespace", "olm", inventory.ConfidenceMedium},
	{"crossplane.io/claim-name", "crossplane.io/claim-namespace", "crossplane", inventory.ConfidenceMedium},
	{"crossplane.io/composite", "", "crossplane", inventory.ConfidenceMedium},
	{"configsync.gke.io/resource-id", "", "config_sync", inventory.ConfidenceMedium},
	{"app.kubernetes.io/part-of", "", "label", inventory.ConfidenceLow},
}

// labelled returns the owner that people wrote on an object.
func labelled(annotations, labels map[string]string) owning {
	if len(labels) == 0 && len(annotations) == 0 {
		return owning{}
	}
	for _, k := range ownerLabels {
		if v := annotations[k]; v != "" {
			return owning{v, ownerKind(k), "annotation", k, inventory.ConfidenceHigh}
		}
		if v := labels[k]; v != "" {
			return owning{v, ownerKind(k), "label", k, inventory.ConfidenceHigh}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(annotations)) {
		if v := annotations[k]; v != "" && ownerKey(k) {
			return owning{v, ownerKind(k), "annotation", k, inventory.ConfidenceHigh}
		}
	}
	return owning{}
}

func ownerKind(k string) string {
	switch {
	case strings.HasSuffix(k, "team"), strings.HasSuffix(k, "squad"):
		return team
	case k == "backstage.io/kubernetes-id", k == "tags.datadoghq.com/service":
		return machine
	}
	return ""
}

// namespaceOwner returns the owner of a namespace: who is written on it, or who
// asked for it.
func (m *mapper) namespaceOwner(name string) owning {
	if o, ok := m.places[name]; ok {
		return o
	}
	var out owning
	if ns := m.namespaces[name]; ns != nil {
		out = labelled(ns.Annotations, ns.Labels)
		for _, k := range []string{"openshift.io/requester", "field.cattle.io/creatorId"} {
			if v := ns.Annotations[k]; out.owner == "" && v != "" {
				out = owning{v, "", "", k, ""}
			}
		}
		if out.owner != "" {
			out.method, out.confidence, out.source = "namespace", inventory.ConfidenceMedium, "namespace "+name+", "+out.source
		}
	}
	if m.places == nil {
		m.places = make(map[string]owning)
	}
	m.places[name] = out
	return out
}

// putOwners emits who answers for a record: as its object says, as its
// namespace says, and if neither does, who made it first.
func (m *mapper) putOwners(subject, namespace string, o *object.Meta) {
	best, human := m.ownerOf(o)
	place := m.putBest(subject, namespace, best, human)
	if best.owner == "" && place.owner == "" && o != nil {
		m.putCreators(subject, o)
	}
}

// putSecretOwners emits who answers for a Secret. What is not written on it may be
// on the resource that makes it.
func (m *mapper) putSecretOwners(subject string, o *object.Secret) {
	if o.Type == typeHelm {
		m.putOwner(subject, owning{o.Namespace + "/" + o.Labels["name"], machine, "helm", "label name", inventory.ConfidenceMedium})
		m.putOwner(subject, m.namespaceOwner(o.Namespace))
		return
	}
	maker := m.makers.maker(key{o.Namespace, o.Name})
	if maker == nil {
		m.putOwners(subject, o.Namespace, &o.Meta)
		return
	}
	best, human := m.ownerOf(&o.Meta)
	by, its := m.ownerOf(maker)
	best = firstOwner(best, by)
	if best.kind == machine {
		human = firstOwner(human, its)
		if by.kind != machine {
			human = firstOwner(human, by)
		}
	}
	m.putBest(subject, o.Namespace, best, human)
}

// putBest emits the best owner, the person beside a machine, and who answers for
// the namespace, which it returns.
func (m *mapper) putBest(subject, namespace string, best, human owning) (place owning) {
	m.putOwner(subject, best)
	m.putOwner(subject, human)
	place = m.namespaceOwner(namespace)
	if place.owner != best.owner && place.owner != human.owner {
		m.putOwner(subject, place)
	}
	return place
}

func firstOwner(a, b owning) owning {
	if a.owner == "" {
		return b
	}
	return a
}

// creatorOf returns who wrote an object first, which is a tool or, for what
// kubectl made, nobody in particular.
func creatorOf(o *object.Meta) owning {
	if len(o.Managers) == 0 {
		return owning{}
	}
	name := o.Managers[0].Name
	if name == "" || strings.HasPrefix(name, "kubectl") || name == "kube-controller-manager" || name == "unknown" || name == "before-first-apply" {
		return owning{}
	}
	return owning{name, machine, "creator", "metadata.managedFields", inventory.ConfidenceLow}
}

func (m *mapper) putOwner(subject string, o owning) {
	name := ownerName(o.owner)
	if name == "" {
		return
	}
	m.put(inventory.Record{Owner: &inventory.Owner{
		Subject: subject, Scope: m.scope, Owner: name, Kind: o.kind, Method: o.method, Confidence: o.confidence, Source: inventory.Clip(o.source, maxText),
	}}, inventory.KindOwner)
}

// ownerName makes an owner of what stands in a label: one line, of bounded
// length, and nothing for a word that says that nobody knows.
func ownerName(s string) string {
	s = strings.TrimSpace(inventory.Clip(s, maxName))
	if s == "" || strings.IndexFunc(s, unicode.IsControl) >= 0 {
		return ""
	}
	switch strings.ToLower(s) {
	case "none", "unknown", "n/a", "na", "tbd", "todo", "null", "-", "?", "nobody", "true", "false":
		return ""
	}
	return s
}
