package privilege

// A Rule is a PolicyRule of a Kubernetes Role or ClusterRole
// (rbac.authorization.k8s.io/v1).
type Rule struct {
	Verbs           []string
	APIGroups       []string
	Resources       []string
	ResourceNames   []string
	NonResourceURLs []string
}
