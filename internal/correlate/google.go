package correlate

import (
	"cmp"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// workloadIdentityUser reads how GKE names a service account in an IAM policy,
// serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]
// (https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity),
// as a Kubernetes subject and the project whose clusters share the pool.
func workloadIdentityUser(subject string) (account, project string, ok bool) {
	project, rest, ok := strings.Cut(strings.TrimPrefix(subject, "serviceAccount:"), ".svc.id.goog[")
	if !ok {
		return "", "", false
	}
	namespace, name, ok := strings.Cut(strings.TrimSuffix(rest, "]"), "/")
	return serviceAccountPrefix + namespace + ":" + name, project, ok
}

// gkeProject returns the Google Cloud project of the cluster that a service
// account is of: by the issuer of its tokens,
// https://container.googleapis.com/v1/projects/P/locations/L/clusters/C, or by the
// name that gcloud gives the cluster in a kubeconfig, gke_PROJECT_LOCATION_CLUSTER.
// It is empty if neither tells.
func gkeProject(i *inventory.Identity) string {
	if _, rest, ok := strings.Cut(i.Attributes["issuer"], "container.googleapis.com/v1/projects/"); ok {
		project, _, _ := strings.Cut(rest, "/")
		return project
	}
	_, cluster, _ := strings.Cut(i.Scope, ":")
	parts := strings.Split(cluster, "_") // no part of it can hold one
	if len(parts) == 4 && parts[0] == "gke" {
		return parts[1]
	}
	return ""
}

// ofPool returns those of some service accounts whose cluster is of the project of
// a pool, and those of which nothing tells whose they are: a cluster of another
// project is not in the pool.
func ofPool(list []*inventory.Identity, project string) (own, open []*inventory.Identity) {
	for _, i := range list {
		switch gkeProject(i) {
		case project:
			own = append(own, i)
		case "":
			open = append(open, i)
		}
	}
	return own, open
}

// claimed reads what a provider of Google Cloud demands of a token
// (attributes.claims, "repository = northwind/robots; …") as the repository that
// it must come from, which may hold a wildcard; empty if it names none. The names
// are those of GitHub's and GitLab's tokens.
func claimed(t *inventory.Trust) (host, repo string) {
	owner := ""
	for claim := range strings.SplitSeq(t.Attributes["claims"], "; ") {
		name, value, ok := strings.Cut(claim, " = ")
		if !ok || value == "" {
			continue
		}
		switch strings.TrimPrefix(name, "attribute.") {
		case "repository":
			return "github.com", value
		case "project_path":
			return cmp.Or(issuerHost(t.Issuer), "gitlab.com"), value
		case "repository_owner":
			owner = value
		}
	}
	if owner == "" {
		return "", ""
	}
	return "github.com", owner + "/*"
}
