package kubernetes

import (
	"cmp"
	"strings"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/scanners/kubernetes/manifest"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// The platforms that make identities of their own.
const (
	byKubernetes = "kubernetes"
	byKubeadm    = "kubeadm"
)

// systemNamespace reports whether a namespace is one of those that every
// cluster has for itself.
func systemNamespace(name string) bool {
	switch name {
	case "kube-system", "kube-public", "kube-node-lease":
		return true
	}
	return false
}

// controlPlane reports whether an account of kube-system is one that the control
// plane makes for its controllers, or kubeadm for its add-ons. Those that bootstrap
// policy binds to a role system:controller:NAME are recognised by that binding too.
func controlPlane(name string) bool {
	switch name {
	case "kube-controller-manager", "kube-scheduler", "leader-election-controller", "storage-version-garbage-collector",
		"taint-eviction-controller", "coredns", "kube-dns", "kube-proxy":
		return true
	}
	return rbac.ControllerAccount(name)
}

// platforms are prefixes of the accounts and namespaces that a provider's
// cluster has for itself.
var platforms = []struct{ namespace, prefix, platform string }{
	{"kube-system", "aws-node", "eks"},
	{"kube-system", "aws-cloud-provider", "eks"},
	{"kube-system", "eks-", "eks"},
	{"kube-system", "gke-", "gke"},
	{"kube-system", "konnectivity-agent", "gke"},
	{"kube-system", "event-exporter-sa", "gke"},
	{"kube-system", "fluentbit-gke", "gke"},
	{"kube-system", "aks-", "aks"},
	{"kube-system", "azure-cloud-node-manager", "aks"},
	{"kube-system", "cloud-node-manager", "aks"},
	{"kube-system", "csi-azure", "aks"},
	{"gke-managed-", "", "gke"},
	{"openshift-", "", "openshift"},
}

// runs reports whether the cluster is one of a platform, as far as it shows: by
// the version that its API server tells, or by the namespaces of OpenShift. Of
// manifests it is not known. Whoever may make namespaces and bindings may choose
// their names, so that names alone make nothing the platform's.
func (m *mapper) runs(platform string) bool {
	if platform == byKubernetes || platform == byKubeadm {
		return true
	}
	version := m.c.Version
	eks, gke := strings.Contains(version, "-eks-"), strings.Contains(version, "-gke.")
	switch {
	case m.declared || version == "":
		return false
	case platform == "eks":
		return eks
	case platform == "gke":
		return gke
	case platform == "openshift":
		return !eks && !gke && m.namespaces["openshift-kube-apiserver"] != nil && m.namespaces["openshift-apiserver"] != nil
	default:
		return !eks && !gke
	}
}

// accountPlatform is the function of that name, where the cluster is one of the
// platform.
func (m *mapper) accountPlatform(namespace, name string) string {
	if by := accountPlatform(namespace, name); m.runs(by) {
		return by
	}
	return ""
}

// subjectPlatform is the function of that name, where the cluster is one of the
// platform.
func (m *mapper) subjectPlatform(name string) string {
	if by := subjectPlatform(name); m.runs(by) {
		return by
	}
	return ""
}

// accountPlatform returns who made and runs an account: the control plane, a
// provider, or nobody but the organisation. The account named default is the
// organisation's everywhere.
func accountPlatform(namespace, name string) string {
	if name == "default" {
		return ""
	}
	if namespace == "kube-system" && controlPlane(name) {
		return byKubernetes
	}
	for _, p := range platforms {
		switch {
		case p.prefix == "" && strings.HasPrefix(namespace, p.namespace), p.prefix != "" && namespace == p.namespace && strings.HasPrefix(name, p.prefix):
			return p.platform
		}
	}
	return ""
}

// subjectPlatform returns the platform that a user or group belongs to.
func subjectPlatform(name string) string {
	switch {
	case strings.HasPrefix(name, "system:openshift:"):
		return "openshift"
	case strings.HasPrefix(name, "system:"):
		return byKubernetes
	case strings.HasPrefix(name, "kubeadm:"):
		return byKubeadm
	case strings.HasPrefix(name, "eks:"):
		return "eks"
	}
	return ""
}

// everyone says how many a user or group stands for, if it stands for all of
// some sort; namespace is that of an accounts' group.
func everyone(kind, name string) (who, namespace string) {
	switch {
	case kind == kindUser && name == "system:anonymous", kind == kindGroup && name == "system:unauthenticated":
		return "anonymous", ""
	case kind != kindGroup:
		return "", ""
	case name == "system:authenticated":
		return "authenticated", ""
	case name == "system:serviceaccounts":
		return "all_accounts", ""
	}
	if ns, ok := strings.CutPrefix(name, "system:serviceaccounts:"); ok {
		return "namespace_accounts", ns
	}
	return "", ""
}

// A defaultGrant is a binding, its role and one of its subjects as the API
// server makes them at each start, or kubeadm does once.
type defaultGrant struct{ namespace, binding, role, kind, subject string }

// defaultGrants are those of Kubernetes 1.36
// (plugin/pkg/auth/authorizer/rbac/bootstrappolicy), of older versions that are
// still in use, and of kubeadm (cmd/kubeadm/app/phases/bootstraptoken, kubeconfig
// and addons).
var defaultGrants = map[defaultGrant]string{
	{"", "cluster-admin", "cluster-admin", kindGroup, "system:masters"}:                                                             byKubernetes,
	{"", "system:basic-user", "system:basic-user", kindGroup, "system:authenticated"}:                                               byKubernetes,
	{"", "system:discovery", "system:discovery", kindGroup, "system:authenticated"}:                                                 byKubernetes,
	{"", "system:kube-controller-manager", "system:kube-controller-manager", kindUser, "system:kube-controller-manager"}:            byKubernetes,
	{"", "system:kube-dns", "system:kube-dns", kindAccount, "kube-system/kube-dns"}:                                                 byKubernetes,
	{"", "system:kube-scheduler", "system:kube-scheduler", kindUser, "system:kube-scheduler"}:                                       byKubernetes,
	{"", "system:monitoring", "system:monitoring", kindGroup, "system:monitoring"}:                                                  byKubernetes,
	{"", "system:node-proxier", "system:node-proxier", kindUser, "system:kube-proxy"}:                                               byKubernetes,
	{"", "system:public-info-viewer", "system:public-info-viewer", kindGroup, "system:authenticated"}:                               byKubernetes,
	{"", "system:public-info-viewer", "system:public-info-viewer", kindGroup, "system:unauthenticated"}:                             byKubernetes,
	{"", "system:service-account-issuer-discovery", "system:service-account-issuer-discovery", kindGroup, "system:serviceaccounts"}: byKubernetes,
	{"", "system:cluster-trust-bundle-discovery", "system:cluster-trust-bundle-discovery", kindGroup, "system:serviceaccounts"}:     byKubernetes,
	{"", "system:volume-scheduler", "system:volume-scheduler", kindUser, "system:kube-scheduler"}:                                   byKubernetes,

	{"kube-system", "system::extension-apiserver-authentication-reader", "extension-apiserver-authentication-reader", kindUser, "system:kube-controller-manager"}:              byKubernetes,
	{"kube-system", "system::extension-apiserver-authentication-reader", "extension-apiserver-authentication-reader", kindUser, "system:kube-scheduler"}:                       byKubernetes,
	{"kube-system", "system::leader-locking-kube-controller-manager", "system::leader-locking-kube-controller-manager", kindUser, "system:kube-controller-manager"}:            byKubernetes,
	{"kube-system", "system::leader-locking-kube-controller-manager", "system::leader-locking-kube-controller-manager", kindAccount, "kube-system/kube-controller-manager"}:    byKubernetes,
	{"kube-system", "system::leader-locking-kube-controller-manager", "system::leader-locking-kube-controller-manager", kindAccount, "kube-system/leader-election-controller"}: byKubernetes,
	{"kube-system", "system::leader-locking-kube-scheduler", "system::leader-locking-kube-scheduler", kindUser, "system:kube-scheduler"}:                                       byKubernetes,
	{"kube-system", "system::leader-locking-kube-scheduler", "system::leader-locking-kube-scheduler", kindAccount, "kube-system/kube-scheduler"}:                               byKubernetes,
	{"kube-public", "system:controller:bootstrap-signer", "system:controller:bootstrap-signer", kindAccount, "kube-system/bootstrap-signer"}:                                   byKubernetes,

	{"", "kubeadm:get-nodes", "kubeadm:get-nodes", kindGroup, "system:bootstrappers:kubeadm:default-node-token"}:                                                                 byKubeadm,
	{"", "kubeadm:kubelet-bootstrap", "system:node-bootstrapper", kindGroup, "system:bootstrappers:kubeadm:default-node-token"}:                                                  byKubeadm,
	{"", "kubeadm:node-autoapprove-bootstrap", "system:certificates.k8s.io:certificatesigningrequests:nodeclient", kindGroup, "system:bootstrappers:kubeadm:default-node-token"}: byKubeadm,
	{"", "kubeadm:node-autoapprove-certificate-rotation", "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", kindGroup, "system:nodes"}:                     byKubeadm,
	{"", "kubeadm:node-proxier", "system:node-proxier", kindAccount, "kube-system/kube-proxy"}:                                                                                   byKubeadm,
	{"", "kubeadm:cluster-admins", "cluster-admin", kindGroup, "kubeadm:cluster-admins"}:                                                                                         byKubeadm,
	{"", "system:coredns", "system:coredns", kindAccount, "kube-system/coredns"}:                                                                                                 byKubeadm,
	{"kube-system", "kube-proxy", "kube-proxy", kindGroup, "system:bootstrappers:kubeadm:default-node-token"}:                                                                    byKubeadm,
	{"kube-system", "kubeadm:kubelet-config", "kubeadm:kubelet-config", kindGroup, "system:nodes"}:                                                                               byKubeadm,
	{"kube-system", "kubeadm:kubelet-config", "kubeadm:kubelet-config", kindGroup, "system:bootstrappers:kubeadm:default-node-token"}:                                            byKubeadm,
	{"kube-system", "kubeadm:nodes-kubeadm-config", "kubeadm:nodes-kubeadm-config", kindGroup, "system:nodes"}:                                                                   byKubeadm,
	{"kube-system", "kubeadm:nodes-kubeadm-config", "kubeadm:nodes-kubeadm-config", kindGroup, "system:bootstrappers:kubeadm:default-node-token"}:                                byKubeadm,
	{"kube-public", "kubeadm:bootstrap-signer-clusterinfo", "kubeadm:bootstrap-signer-clusterinfo", kindUser, "system:anonymous"}:                                                byKubeadm,
}

// grantPlatform returns the platform that made a grant: for the pairs of
// binding, role and subject that it makes itself, and for what it gives its own
// users and accounts. A subject that somebody added to a default binding is
// theirs; no label and no name of a binding alone says otherwise, for whoever
// may make bindings may choose both.
func (m *mapper) grantPlatform(b *object.Binding, s *object.Subject, id string) string {
	if by := defaultGrants[defaultGrant{b.Namespace, b.Name, b.RoleName, s.Kind, id}]; by != "" {
		return by
	}
	if s.Kind == kindAccount && s.Namespace == "kube-system" && b.RoleName == b.Name &&
		b.Name == "system:controller:"+s.Name && (b.Namespace == "" || b.Namespace == "kube-system") {
		return byKubernetes
	}
	switch by := m.platformOf(b, s); {
	case by == "" || by == byKubernetes || by == byKubeadm:
		return ""
	case strings.HasPrefix(b.Name, by) || strings.HasPrefix(b.Name, "system:"+by) || by == "openshift" && strings.HasPrefix(b.RoleName, "system:"):
		return by
	default:
		return ""
	}
}

func (m *mapper) platformOf(b *object.Binding, s *object.Subject) string {
	if s.Kind == kindAccount {
		return m.accountPlatform(cmp.Or(s.Namespace, b.Namespace), s.Name)
	}
	return m.subjectPlatform(s.Name)
}

// defaultRole reports whether every cluster has a role of that name, or one of an
// older version or of kubeadm had: those of bootstrap policy by their names. The
// prefix "system:" alone says nothing, for whoever may make roles may choose it.
func (m *mapper) defaultRole(name string) bool {
	if m.defaults == nil {
		m.defaults = map[string]bool{
			"system:coredns": true, "system:kube-dns": true, "system:heapster": true, "system:node-problem-detector": true,
			"system:persistent-volume-provisioner": true, "system:csi-external-attacher": true, "system:csi-external-provisioner": true,
			"system:aws-cloud-provider": true, "system:kubelet-api-admin": true, "system:kube-aggregator": true,
		}
		for _, r := range manifest.Builtin() {
			m.defaults[r.Name] = true
		}
	}
	return m.defaults[name] || strings.HasPrefix(name, "system:openshift:") && m.runs("openshift")
}
