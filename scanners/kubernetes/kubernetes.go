// Package kubernetes lists the identities of a Kubernetes cluster: service
// accounts, the users and groups that bindings and certificates name, their
// grants and what those come to, Secrets by type, certificates, workloads as
// consumers, trust in identities of clouds, owners and last use.
//
// It reads a live cluster (package live) or manifests on disk (package
// manifest) into an object.Cluster, and makes records of that. Neither has the
// value of a Secret unless that was opted in, and then only long enough to hash
// it. docs/scanners/kubernetes.md and manifests.md say what is read, with which
// permissions, and what cannot be told.
package kubernetes
