package reach

import (
	"slices"
	"strings"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// standardRules returns what the roles for users that every cluster has allow of
// the table (kubernetes.io, "User-facing roles"), without resources of other
// groups that nothing here asks for. It returns nil for other names.
func standardRules(name string) []rbac.Rule {
	switch name {
	case clusterAdmin:
		return []rbac.Rule{
			{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}},
			{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}},
		}
	case "admin":
		return append(editRules(),
			rbac.Rule{Verbs: everyVerb(), APIGroups: []string{rbacGroup}, Resources: []string{"roles", "rolebindings"}},
			rbac.Rule{Verbs: []string{"create"}, APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"localsubjectaccessreviews"}})
	case "edit":
		return editRules()
	case "view":
		return viewRules()
	default:
		return nil
	}
}

func everyVerb() []string {
	return []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
}

func writeVerbs() []string {
	return []string{"create", "delete", "deletecollection", "patch", "update"}
}

// viewRules are those of ClusterRole view.
func viewRules() []rbac.Rule {
	return []rbac.Rule{
		{Verbs: read(), APIGroups: []string{""}, Resources: []string{
			"configmaps", "endpoints", "persistentvolumeclaims", "pods", "replicationcontrollers", "serviceaccounts", "services",
			"events", "limitranges", "namespaces", "pods/log", "pods/status", "resourcequotas",
		}},
		{Verbs: read(), APIGroups: []string{"apps"}, Resources: []string{"daemonsets", "deployments", "replicasets", "statefulsets"}},
		{Verbs: read(), APIGroups: []string{"batch"}, Resources: []string{"cronjobs", "jobs"}},
		{Verbs: read(), APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses", "networkpolicies"}},
		{Verbs: read(), APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}},
	}
}

// editRules are those of ClusterRole edit.
func editRules() []rbac.Rule {
	return append([]rbac.Rule{
		{Verbs: read(), APIGroups: []string{""}, Resources: []string{"pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"}},
		{Verbs: []string{"impersonate"}, APIGroups: []string{""}, Resources: []string{"serviceaccounts"}},
		{Verbs: writeVerbs(), APIGroups: []string{""}, Resources: []string{"pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"}},
		{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"pods/eviction", "serviceaccounts/token"}},
		{Verbs: writeVerbs(), APIGroups: []string{""}, Resources: []string{
			"configmaps", "events", "persistentvolumeclaims", "replicationcontrollers", "secrets", "serviceaccounts", "services", "services/proxy",
		}},
		{Verbs: writeVerbs(), APIGroups: []string{"apps"}, Resources: []string{"daemonsets", "deployments", "replicasets", "statefulsets"}},
		{Verbs: writeVerbs(), APIGroups: []string{"batch"}, Resources: []string{"cronjobs", "jobs"}},
		{Verbs: writeVerbs(), APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses", "networkpolicies"}},
	}, viewRules()...)
}

// anyServer is the table for rules of which no server is known. It is made once:
// a copy gathers its own hits and shares the rest.
//
//nolint:gochecknoglobals // a function, made once: the table is a constant
var anyServer = sync.OnceValue(func() *table { return newTable(0) })

// Rules assesses the rules that one binding grants, without the estate around
// them: levels by the table, no paths. Cluster-wide is true for a
// ClusterRoleBinding.
func Rules(rules []rbac.Rule, clusterWide bool) privilege.Assessment {
	t := *anyServer()
	h := holding{Held: rbac.Held{Binding: &rbac.Binding{}}, profile: t.compile(rules)}
	if !clusterWide {
		h.Namespace = theNamespace
	}
	v := t.newView([]holding{h}, false)
	o := t.assess(v)
	if o.reasons == nil {
		t.say(v, o)
	}
	return privilege.Assessment{Level: o.level, Reasons: o.reasons, Capabilities: o.capabilities}
}

// Role assesses a role that every cluster has, by name, without its rules. It
// returns false for others.
func Role(name string, clusterWide bool) (privilege.Assessment, bool) {
	if rules := standardRules(name); rules != nil {
		return Rules(rules, clusterWide), true
	}
	if slices.Contains([]string{"system:auth-delegator", "system:discovery", "system:basic-user", "system:public-info-viewer", "system:service-account-issuer-discovery"}, name) {
		return privilege.Assessment{Level: levelRead, Reasons: []string{name + ": a built-in role that reads"}}, true
	}
	return privilege.Assessment{}, false
}

// builtIn reports whether a principal is part of the control plane. The groups
// that everybody is in are not: to give them something is a decision.
func builtIn(p Principal) bool {
	switch p.Kind {
	case rbac.KindServiceAccount:
		short, suffixed := strings.CutSuffix(p.Name, "-controller")
		return p.Namespace == "kube-system" && (controller(p.Name) || suffixed && controller(short))
	case rbac.KindUser:
		return strings.HasPrefix(p.Name, "system:") && p.Name != rbac.Anonymous
	default:
		switch {
		case !strings.HasPrefix(p.Name, "system:"), p.Name == rbac.Authenticated, p.Name == rbac.Unauthenticated:
			return false
		default:
			return p.Name != rbac.AllAccounts && !strings.HasPrefix(p.Name, rbac.AllAccounts+":")
		}
	}
}

// controller reports whether kube-controller-manager makes an account of kube-system
// for one of its controllers and bootstrap policy binds it (1.36).
func controller(name string) bool {
	return rbac.ControllerAccount(name) || name == "podcertificaterequestcleaner-controller" || name == "kube-apiserver-serving-clustertrustbundle-publisher"
}

// none is the level of nothing.
const none = inventory.LevelNone
