package object

import "strings"

// LastApplied is the annotation in which kubectl apply repeats the whole object,
// values of a Secret included. It is never kept; see Meta.LastApplied.
const LastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// maxAnnotation is the longest value of an annotation that is kept, in bytes:
// names, addresses and short descriptions fit, documents do not.
const maxAnnotation = 1024

// annotations are the keys that say whose an object is, what made it, and which
// identity of a cloud it stands for. Whatever else is annotated is not kept.
var annotations = map[string]bool{
	// owners
	"owner": true, "team": true, "contact": true, "maintainer": true, "description": true,
	"kubernetes.io/description":        true,
	"backstage.io/kubernetes-id":       true,
	"openshift.io/requester":           true,
	"openshift.io/description":         true,
	"openshift.io/display-name":        true,
	"field.cattle.io/creatorId":        true,
	"field.cattle.io/projectId":        true,
	"field.cattle.io/description":      true,
	"cnrm.cloud.google.com/project-id": true,
	"janitor/expires":                  true, "janitor/ttl": true,

	// GitOps, packages and operators
	"argocd.argoproj.io/tracking-id":              true,
	"argocd.argoproj.io/instance":                 true,
	"argocd.argoproj.io/installation-id":          true,
	"meta.helm.sh/release-name":                   true,
	"meta.helm.sh/release-namespace":              true,
	"helm.sh/hook":                                true,
	"olm.owner":                                   true,
	"olm.operatorGroup":                           true,
	"crossplane.io/external-name":                 true,
	"crossplane.io/claim-name":                    true,
	"crossplane.io/claim-namespace":               true,
	"crossplane.io/composition-resource-name":     true,
	"configsync.gke.io/resource-id":               true,
	"configmanagement.gke.io/source-path":         true,
	"config.kubernetes.io/origin":                 true,
	"rbac.authorization.kubernetes.io/autoupdate": true,
	"kubernetes.io/enforce-mountable-secrets":     true,

	// tokens and certificates
	"kubernetes.io/service-account.name": true,
	"kubernetes.io/service-account.uid":  true,
	"cert-manager.io/certificate-name":   true,
	"cert-manager.io/issuer-name":        true,
	"cert-manager.io/issuer-kind":        true,
	"cert-manager.io/issuer-group":       true,

	// copies of Secrets
	"sealedsecrets.bitnami.com/managed":                        true,
	"sealedsecrets.bitnami.com/cluster-wide":                   true,
	"sealedsecrets.bitnami.com/namespace-wide":                 true,
	"reflector.v1.k8s.emberstack.com/reflects":                 true,
	"replicator.v1.mittwald.de/replicate-from":                 true,
	"replicator.v1.mittwald.de/replicated-from":                true,
	"reconcile.external-secrets.io/managed-by":                 true,
	"kubernetes.io/legacy-token-last-used":                     true,
	"secrets-store.csi.k8s.io/managed":                         true,
	"iam.amazonaws.com/role":                                   true, // kube2iam, kiam
	"eks.amazonaws.com/role-arn":                               true,
	"eks.amazonaws.com/audience":                               true,
	"eks.amazonaws.com/sts-regional-endpoints":                 true,
	"eks.amazonaws.com/token-expiration":                       true,
	"iam.gke.io/gcp-service-account":                           true,
	"iam.gke.io/credential-key-type":                           true,
	"azure.workload.identity/client-id":                        true,
	"azure.workload.identity/tenant-id":                        true,
	"azure.workload.identity/use":                              true,
	"vault.hashicorp.com/role":                                 true,
	"vault.hashicorp.com/agent-inject":                         true,
	"vault.hashicorp.com/auth-path":                            true,
	"vault.hashicorp.com/namespace":                            true,
	"vault.security.banzaicloud.io/vault-role":                 true,
	"spiffe.io/spiffe-id":                                      true,
	"azure.workload.identity/inject-proxy-sidecar":             true,
	"azure.workload.identity/service-account-token-expiration": true,
}

// Annotation reports whether the annotation of a key is kept: those that name an
// owner, what made the object, or an identity elsewhere. None of them is meant
// for a secret.
func Annotation(key string) bool {
	if annotations[key] {
		return true
	}
	domain, name, ok := strings.Cut(key, "/")
	if !ok {
		return false
	}
	if domain == "a8r.io" {
		return true // of the Ambassador convention: owner, chat, repository, runbook …
	}
	switch name {
	case "owner", "owners", "owned-by", "team", "contact", "maintainer", "owner-email", "cost-center", "creator":
		return true
	}
	return false
}
