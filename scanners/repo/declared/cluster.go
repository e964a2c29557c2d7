package declared

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/internal/privilege/reach"
)

// A cluster holds what Kubernetes manifests leave open until all files are
// read: bindings wait for roles. Manifests of one directory belong together; a
// role that is not in the binding's directory is looked for in all others, and
// taken if there is only one of that name.
type cluster struct {
	roles    map[roleKey][]role
	bindings []binding
	accounts map[string][]string // namespace/name to the ids of declared accounts

	consumers []accountUse
}

func newCluster() cluster {
	return cluster{roles: make(map[roleKey][]role), accounts: make(map[string][]string)}
}

// A roleKey names a role: kind, namespace (empty for a ClusterRole), name.
type roleKey struct{ kind, namespace, name string }

// A role is one declaration of rules.
type role struct {
	dir        string
	rules      []privilege.Rule
	aggregated bool
}

// A binding is one subject of one binding.
type binding struct {
	file      File
	dir       string
	line      int
	kind      string // RoleBinding or ClusterRoleBinding
	namespace string
	name      string
	ref       roleKey
	subject   subjectRef
}

// An accountUse is a workload that runs as a service account.
type accountUse struct {
	consumer        *inventory.Consumer
	dir             string
	namespace, name string
}

// A subjectRef is a subject of a binding.
type subjectRef struct{ kind, namespace, name string }

// finishKubernetes emits the grants of all bindings, and points workloads to the
// accounts that other files declare.
func finishKubernetes(o *output) {
	for _, use := range o.cluster.consumers {
		use.consumer.Subject = o.accountID(use.dir, use.namespace, use.name)
	}
	for i := range o.cluster.bindings {
		b := &o.cluster.bindings[i]
		o.file = b.file
		o.ofFile, o.cut = 0, len(o.records) >= maxRecords
		o.emitBinding(b)
	}
}

// emitBinding emits what one subject gets through one binding.
func (o *output) emitBinding(b *binding) {
	wide := b.kind == "ClusterRoleBinding"
	assessment := o.cluster.assess(b, wide)
	resource := "*"
	if !wide {
		resource = "namespace/" + cmp.Or(b.namespace, "default")
	}
	principal := o.principal(b)
	if principal == "" {
		return
	}
	_, local, _ := strings.Cut(principal, "#")
	o.emit(inventory.Record{Grant: &inventory.Grant{
		ID:        o.idIn(inventory.KindGrant, b.dir, b.kind+"/"+b.namespace+"/"+b.name+"/"+local),
		Principal: principal, Scope: o.file.Scope, Name: b.ref.kind + "/" + b.ref.name, Resource: resource, Via: b.kind + "/" + b.name,
		Level: assessment.Level, Reasons: assessment.Reasons, Capabilities: assessment.Capabilities, Declared: true,
	}})
}

// principal returns the id of the identity that a subject is: the declared
// account if there is one, else one that other records may name, or "" for
// people.
func (o *output) principal(b *binding) string {
	s := b.subject
	if account, ok := strings.CutPrefix(s.name, "system:serviceaccount:"); ok && s.kind == "User" {
		s.kind = "ServiceAccount"
		s.namespace, s.name, _ = strings.Cut(account, ":")
	}
	switch s.kind {
	case "ServiceAccount":
		return o.accountID(b.dir, cmp.Or(s.namespace, b.namespace), s.name)
	case "Group":
		if strings.HasPrefix(s.name, "system:") {
			return o.group(b, s.name)
		}
	case "User":
		if strings.HasPrefix(s.name, "system:") {
			return o.group(b, s.name)
		}
	}
	return ""
}

// group emits a system group or user that a binding names, and returns its id.
func (o *output) group(b *binding, name string) string {
	id := o.idIn(inventory.KindIdentity, b.dir, b.subject.kind+"/"+name)
	o.emit(inventory.Record{Identity: &inventory.Identity{
		ID: id, Type: "kubernetes." + strings.ToLower(b.subject.kind), Scope: o.file.Scope, Name: clean(name),
		PublicIDs: []string{clean(name)}, Declared: true, ManagedBy: "kubernetes", FoundAt: o.at(b.line),
	}})
	return id
}

// accountID returns the id of a service account: in this directory if it is
// declared there, else the only declaration elsewhere, else as if it were here.
func (o *output) accountID(dir, namespace, name string) string {
	for _, ns := range []string{namespace, ""} {
		key := ns + "/" + name
		own := o.idIn(inventory.KindIdentity, dir, "ServiceAccount/"+key)
		ids := o.cluster.accounts[key]
		if slices.Contains(ids, own) {
			return own
		}
		if len(ids) == 1 {
			return ids[0]
		}
	}
	return o.idIn(inventory.KindIdentity, dir, "ServiceAccount/"+namespace+"/"+name)
}

// assess tells what the role of a binding allows.
func (c *cluster) assess(b *binding, wide bool) privilege.Assessment {
	rules, why := c.rulesOf(b)
	if why == "" {
		return reach.Rules(rules, wide)
	}
	if b.ref.kind == "ClusterRole" {
		if a, ok := reach.Role(b.ref.name, wide); ok {
			return a
		}
	}
	return privilege.Assessment{Level: inventory.LevelUnknown, Reasons: []string{why}}
}

// rulesOf finds the rules of a binding's role, or says why it cannot.
func (c *cluster) rulesOf(b *binding) ([]privilege.Rule, string) {
	found := c.roles[b.ref]
	if b.ref.kind == "Role" && b.ref.namespace != "" && len(found) == 0 {
		found = c.roles[roleKey{"Role", "", b.ref.name}]
	}
	if i := slices.IndexFunc(found, func(r role) bool { return r.dir == b.dir }); i >= 0 {
		found = found[i : i+1]
	}
	switch {
	case len(found) == 0:
		return nil, b.ref.kind + " " + clean(b.ref.name) + " is not declared in this repository"
	case len(found) > 1:
		return nil, b.ref.kind + " " + clean(b.ref.name) + " is declared in several places of this repository"
	case found[0].aggregated:
		return nil, b.ref.kind + " " + clean(b.ref.name) + " is aggregated from others"
	}
	return found[0].rules, ""
}
