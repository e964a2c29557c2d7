package privilege

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Rule is a PolicyRule of a Kubernetes Role or ClusterRole
// (rbac.authorization.k8s.io/v1).
type Rule struct {
	Verbs           []string
	APIGroups       []string
	Resources       []string
	ResourceNames   []string
	NonResourceURLs []string
}

// KubernetesRules assesses the rules that one binding grants. Cluster-wide is
// true for a ClusterRoleBinding; within one namespace, what would take over a
// cluster only takes over what runs in that namespace, and permissions on
// cluster-scoped resources have no effect.
//
// A permission that is inert by itself is told as a reason and not as a level:
// bind without the right to create bindings, escalate without the right to
// change roles. Names in resourceNames are taken as what they are: nobody is
// named "*".
func KubernetesRules(rules []Rule, clusterWide bool) Assessment {
	k := kubernetes{rules: rules, cluster: clusterWide}
	k.Level = inventory.LevelNone
	k.base()
	for _, assess := range []func(){
		k.wildcard, k.roles, k.impersonation, k.tokens, k.secrets, k.workloads, k.exec,
		k.certificates, k.admission, k.others,
	} {
		assess()
	}
	if len(k.Reasons) == 0 {
		k.Reasons = []string{"its rules allow nothing here"}
	}
	return k.Assessment
}

// A kubernetes is an assessment in the making.
type kubernetes struct {
	Assessment
	rules   []Rule
	cluster bool
}

// base tells reading from writing.
func (k *kubernetes) base() {
	for _, r := range k.rules {
		if len(r.Resources) == 0 && (len(r.NonResourceURLs) == 0 || !k.cluster) {
			continue
		}
		for _, verb := range r.Verbs {
			what := verb + " " + strings.Join(append(slices.Clone(r.Resources), r.NonResourceURLs...), ", ")
			switch verb {
			case "get", "list", "watch":
				if k.Level.Rank() < inventory.LevelRead.Rank() {
					k.add(inventory.LevelRead, "", what)
				}
			case "bind", "escalate", "use", "approve", "sign", "attest":
			default:
				if k.Level.Rank() < inventory.LevelWrite.Rank() {
					k.add(inventory.LevelWrite, "", what)
				}
			}
		}
	}
}

// allows reports whether some rule gives one of the verbs on a resource
// ("resource" or "resource/subresource") of a group, whatever the names.
func (k *kubernetes) allows(group, resource string, verbs ...string) bool {
	return k.find(group, resource, verbs...) != nil
}

// find returns the first rule that gives one of the verbs on a resource. A rule
// that names its resources does not give create or deletecollection of them,
// except where the name is part of the request (subresources, impersonation,
// bind, escalate).
func (k *kubernetes) find(group, resource string, verbs ...string) *Rule {
	for i := range k.rules {
		r := &k.rules[i]
		if !matches(r.APIGroups, group) || !matchesResource(r.Resources, resource) || nobody(r.ResourceNames) {
			continue
		}
		for _, verb := range verbs {
			named := len(r.ResourceNames) > 0 && !strings.Contains(resource, "/")
			if matches(r.Verbs, verb) && (!named || verb != "create" && verb != "deletecollection") {
				return r
			}
		}
	}
	return nil
}

// nobody reports whether a list of names is only the star, which no object is
// named: the API server takes it literally.
func nobody(names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return n != "*" })
}

// matches reports whether a list holds a word or the star.
func matches(list []string, word string) bool {
	return slices.Contains(list, word) || slices.Contains(list, "*")
}

// matchesResource is matches for resources: the star is all resources and
// subresources, "*/sub" a subresource of all; "res/*" gives none, as the API server
// knows no such form.
func matchesResource(list []string, resource string) bool {
	if matches(list, resource) {
		return true
	}
	_, sub, ok := strings.Cut(resource, "/")
	return ok && slices.Contains(list, "*/"+sub)
}

// level is the first level cluster-wide, the second within a namespace.
func (k *kubernetes) level(cluster, namespace inventory.Level) inventory.Level {
	if k.cluster {
		return cluster
	}
	return namespace
}

// wildcard finds every verb on every resource of every group.
func (k *kubernetes) wildcard() {
	for _, r := range k.rules {
		if !slices.Contains(r.Verbs, "*") || !slices.Contains(r.Resources, "*") || len(r.ResourceNames) > 0 {
			continue
		}
		if slices.Contains(r.APIGroups, "*") {
			where := "every verb on every resource of the namespace"
			if k.cluster {
				where = "every verb on every resource of the cluster"
			}
			k.add(inventory.LevelAdmin, "admin.all", where)
		}
	}
}

const rbacGroup = "rbac.authorization.k8s.io"

// roles finds who can give itself more: bind with the right to make bindings,
// escalate with the right to change roles. Either alone is refused by the API
// server.
func (k *kubernetes) roles() {
	bindings := []string{"rolebindings"}
	roles := []string{"roles"}
	if k.cluster {
		bindings, roles = append(bindings, "clusterrolebindings"), append(roles, "clusterroles")
	}
	write := k.any(rbacGroup, bindings, "create", "update", "patch")
	bind := k.find(rbacGroup, "clusterroles", "bind")
	if bind == nil {
		bind = k.find(rbacGroup, "roles", "bind")
	}
	switch {
	case bind != nil && write && len(bind.ResourceNames) == 0:
		k.add(k.level(inventory.LevelEscalate, inventory.LevelEscalate), "rbac.bind", "bind on roles and write on bindings: it can bind itself to any role")
	case bind != nil && write:
		k.add(inventory.LevelWrite, "", "bind on the roles "+strings.Join(bind.ResourceNames, ", ")+" and write on bindings: it can bind those")
	case bind != nil:
		k.note("bind on roles without write on bindings does nothing by itself")
	case write:
		k.note("write on bindings without bind gives away only what it holds itself")
	}
	escalate := k.any(rbacGroup, []string{"roles", "clusterroles"}, "escalate")
	switch change := k.any(rbacGroup, roles, "create", "update", "patch"); {
	case escalate && change:
		k.add(inventory.LevelEscalate, "rbac.escalate", "escalate and write on roles: it can widen a role that it holds")
	case escalate:
		k.note("escalate on roles without write on them does nothing by itself")
	}
}

// any reports whether one of the verbs is given on one of the resources.
func (k *kubernetes) any(group string, resources []string, verbs ...string) bool {
	return slices.ContainsFunc(resources, func(r string) bool { return k.allows(group, r, verbs...) })
}

// impersonation finds who can act as others, by the old verb and by the
// constrained ones (KEP-5284), which need a second one on the target.
func (k *kubernetes) impersonation() {
	type target struct{ group, resource string }
	for _, t := range []target{{"", "users"}, {"", "groups"}, {"", "serviceaccounts"}, {"authentication.k8s.io", "uids"}} {
		if !k.cluster && t.resource != "serviceaccounts" {
			continue
		}
		if r := k.find(t.group, t.resource, "impersonate"); r != nil {
			level := inventory.LevelEscalate
			if len(r.ResourceNames) > 0 {
				level = inventory.LevelWrite
			}
			k.add(level, "identity.impersonate", "impersonate "+named(t.resource, r))
		}
	}
	for _, mode := range []string{"serviceaccount", "user-info", "arbitrary-node", "associated-node"} {
		var verb bool
		for _, r := range k.rules {
			verb = verb || slices.Contains(r.Verbs, "impersonate:"+mode) && matches(r.APIGroups, "authentication.k8s.io")
		}
		on := slices.ContainsFunc(k.rules, func(r Rule) bool {
			return slices.ContainsFunc(r.Verbs, func(v string) bool { return strings.HasPrefix(v, "impersonate-on:"+mode+":") })
		})
		if verb && on {
			k.add(inventory.LevelEscalate, "identity.impersonate", "constrained impersonation: "+mode)
		}
	}
}

// named tells what a rule covers.
func named(resource string, r *Rule) string {
	if len(r.ResourceNames) == 0 {
		return resource
	}
	return resource + " " + strings.Join(r.ResourceNames, ", ")
}

// tokens finds who can have tokens made for other accounts.
func (k *kubernetes) tokens() {
	if r := k.find("", "serviceaccounts/token", "create"); r != nil {
		level := inventory.LevelEscalate
		if len(r.ResourceNames) > 0 {
			level = inventory.LevelWrite
		}
		k.add(level, "tokens.create", "create serviceaccounts/token: "+named("a token for service accounts", r))
	}
	write, read := k.find("", "secrets", "create"), k.find("", "secrets", "get", "list", "watch")
	if write != nil && read != nil && len(read.ResourceNames) == 0 {
		k.add(inventory.LevelEscalate, "tokens.create", "create and read secrets: it can have a token of any service account made and read it")
	}
}

// secrets finds who reads or writes Secrets. List and watch show values too.
func (k *kubernetes) secrets() {
	if r := k.find("", "secrets", "get", "list", "watch"); r != nil {
		switch {
		case len(r.ResourceNames) > 0:
			k.add(inventory.LevelRead, "secrets.read", "reads "+named("secrets", r))
		case k.cluster:
			k.add(inventory.LevelEscalate, "secrets.read_all", "reads all secrets of the cluster, tokens of its system accounts among them")
		default:
			k.add(inventory.LevelRead, "secrets.read_all", "reads all secrets of the namespace")
		}
	}
	if r := k.find("", "secrets", "create", "update", "patch"); r != nil {
		k.add(inventory.LevelWrite, "secrets.write", "writes "+named("secrets", r))
	}
}
