package reach

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// scopedResources are the resources of Kubernetes that belong to no namespace,
// by API group (kubectl api-resources --namespaced=false of 1.36, and those that
// exist as names in rules only).
var scopedResources = map[string][]string{
	"":                             {"nodes", "namespaces", "persistentvolumes", "componentstatuses", "users", "groups"},
	rbacGroup:                      {"clusterroles", "clusterrolebindings"},
	certificatesGroup:              {"certificatesigningrequests", "signers", "clustertrustbundles"},
	authenticationGroup:            {"tokenreviews", "selfsubjectreviews", "uids", "userextras", "users", "groups", "nodes"},
	"authorization.k8s.io":         {"subjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"},
	"apiextensions.k8s.io":         {"customresourcedefinitions"},
	"apiregistration.k8s.io":       {"apiservices"},
	"flowcontrol.apiserver.k8s.io": {"flowschemas", "prioritylevelconfigurations"},
	"internal.apiserver.k8s.io":    {"storageversions"},
	"networking.k8s.io":            {"ingressclasses", "ipaddresses", "servicecidrs"},
	"gateway.networking.k8s.io":    {"gatewayclasses"},
	"node.k8s.io":                  {"runtimeclasses"},
	"scheduling.k8s.io":            {"priorityclasses"},
	"storage.k8s.io":               {"csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattributesclasses"},
	"resource.k8s.io":              {"deviceclasses", "resourceslices"},
	"storagemigration.k8s.io":      {"storageversionmigrations"},
	"policy":                       {"podsecuritypolicies"},
	"metrics.k8s.io":               {"nodes"},
	"cert-manager.io":              {"clusterissuers", "signers"},
	"external-secrets.io":          {"clustersecretstores", "clusterexternalsecrets"},
	"kyverno.io":                   {"clusterpolicies"},
	"security.openshift.io":        {"securitycontextconstraints"},
	"templates.gatekeeper.sh":      {"constrainttemplates"},
}

// clusterScoped reports whether a resource, perhaps with a subresource, belongs
// to no namespace, so that a RoleBinding cannot give it.
func clusterScoped(group, resource string) bool {
	if group == admissionGroup {
		return true
	}
	name, _, _ := strings.Cut(resource, "/")
	return slices.Contains(scopedResources[group], name)
}

// common reports whether a URL is one that every client may read to find its way
// about the API.
func common(url string) bool {
	for _, p := range []string{"/api", "/apis", "/openapi", "/version", "/healthz", "/livez", "/readyz", "/.well-known", "/openid"} {
		if rest, ok := strings.CutPrefix(url, p); ok && (rest == "" || rest[0] == '/' || rest[0] == '*') {
			return true
		}
	}
	return false
}

// asksOnly reports whether to create a resource is to ask a question.
func asksOnly(group, resource string) bool {
	switch group {
	case "authorization.k8s.io":
		return strings.HasSuffix(resource, "reviews")
	case authenticationGroup:
		return resource == "tokenreviews" || resource == "selfsubjectreviews"
	default:
		return false
	}
}

// baseLevel tells reading from writing. Discovery of the API and questions about
// oneself, which everybody may, are no level at all.
func baseLevel(rules []rbac.Rule, wide bool) base {
	b := base{level: inventory.LevelNone}
	for i := range rules {
		r := &rules[i]
		if len(r.ResourceNames) > 0 && nobody(r.ResourceNames) {
			continue
		}
		for _, verb := range r.Verbs {
			for _, u := range r.NonResourceURLs {
				if wide && !common(u) {
					b.raise(levelOf(verb, "", ""), verb, u, "")
				}
			}
			for _, resource := range r.Resources {
				b.resource(r, verb, resource, wide)
			}
		}
		if b.level == levelWrite {
			return b
		}
	}
	return b
}

// resource takes one verb on one resource into account.
func (b *base) resource(r *rbac.Rule, verb, resource string, wide bool) {
	for _, group := range r.APIGroups {
		if !wide && clusterScoped(group, resource) && (group != "" || resource != "namespaces") {
			continue
		}
		if len(r.ResourceNames) > 0 && (verb == "create" || verb == "deletecollection") && !strings.Contains(resource, "/") {
			continue
		}
		b.raise(levelOf(verb, group, resource), verb, resource, group)
	}
}

// raise takes over a stronger level.
func (b *base) raise(level inventory.Level, verb, what, group string) {
	if level.Rank() <= b.level.Rank() {
		return
	}
	what += groupOf(group)
	if verb == "*" {
		verb = "every verb on"
	}
	if what == "*" {
		what = "all resources"
	}
	b.level, b.reason = level, verb+" "+what
}

// levelOf is the level of a verb on a resource.
func levelOf(verb, group, resource string) inventory.Level {
	switch verb {
	case "get", "list", "watch":
		return levelRead
	case "", "bind", "escalate", "use", "approve", "sign", "attest", "impersonate":
		return inventory.LevelNone
	}
	if strings.HasPrefix(verb, onVerb) || strings.HasPrefix(verb, "impersonate:") {
		return inventory.LevelNone
	}
	if asksOnly(group, resource) {
		if strings.HasPrefix(resource, "selfsubject") {
			return inventory.LevelNone
		}
		return levelRead
	}
	return levelWrite
}

// nobody reports whether a list of names is only the star or nothing, which no
// object is named: the API server takes it literally.
func nobody(names []string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return n != "*" && n != "" })
}
