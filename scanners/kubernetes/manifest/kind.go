package manifest

import (
	"slices"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A kindInfo is a kind that says something of identities. Any version of its group
// is read as the newest: what matters stands at the same place in all. Read keeps
// the object and reports whether it is one more.
type kindInfo struct {
	group, kind, resource string
	cluster               bool // it has no namespace
	read                  func(o *item) bool
}

var kinds = []kindInfo{
	{"", "Namespace", "namespaces", true, typed(object.FromNamespace, namespaces)},
	{"", "ServiceAccount", "serviceaccounts", false, typed(object.FromServiceAccount, accounts)},
	{"", "Secret", "secrets", false, (*item).secret},
	{"", "ConfigMap", "configmaps", false, (*item).configMap},
	{"", "Pod", "pods", false, workload(object.FromPod)},
	{"", "PodTemplate", "podtemplates", false, workload(object.FromPodTemplate)},
	{"", "ReplicationController", "replicationcontrollers", false, workload(object.FromReplicationController)},
	{"apps", "Deployment", "deployments", false, workload(object.FromDeployment)},
	{"apps", "StatefulSet", "statefulsets", false, workload(object.FromStatefulSet)},
	{"apps", "DaemonSet", "daemonsets", false, workload(object.FromDaemonSet)},
	{"apps", "ReplicaSet", "replicasets", false, workload(object.FromReplicaSet)},
	{"batch", "Job", "jobs", false, workload(object.FromJob)},
	{"batch", "CronJob", "cronjobs", false, workload(object.FromCronJob)},
	{object.GroupRBAC, "Role", "roles", false, typed(object.FromRole, roles)},
	{object.GroupRBAC, "ClusterRole", "clusterroles", true, typed(object.FromClusterRole, roles)},
	{object.GroupRBAC, "RoleBinding", "rolebindings", false, binding(object.FromRoleBinding)},
	{object.GroupRBAC, "ClusterRoleBinding", "clusterrolebindings", true, binding(object.FromClusterRoleBinding)},
	{"certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests", true, typed(object.FromSigningRequest, requests)},
	{"cert-manager.io", "Certificate", "certificates", false, custom(object.FromCertificate, certificates)},
	{"cert-manager.io", "Issuer", "issuers", false, custom(object.FromIssuer, issuers)},
	{"cert-manager.io", "ClusterIssuer", "clusterissuers", true, custom(object.FromIssuer, issuers)},
	{"external-secrets.io", "ExternalSecret", "externalsecrets", false, custom(object.FromExternalSecret, externals)},
	{"external-secrets.io", "ClusterExternalSecret", "clusterexternalsecrets", true, custom(object.FromExternalSecret, externals)},
	{"external-secrets.io", "PushSecret", "pushsecrets", false, custom(object.FromPushSecret, externals)},
	{"external-secrets.io", "SecretStore", "secretstores", false, custom(object.FromSecretStore, stores)},
	{"external-secrets.io", "ClusterSecretStore", "clustersecretstores", true, custom(object.FromSecretStore, stores)},
	{"bitnami.com", "SealedSecret", "sealedsecrets", false, custom(object.FromSealedSecret, sealed)},
	{"secrets-store.csi.x-k8s.io", "SecretProviderClass", "secretproviderclasses", false, custom(object.FromSecretClass, classes)},
	{object.GroupArgo, "Rollout", "rollouts", false, maker},
	{object.GroupArgo, "Workflow", "workflows", false, maker},
	{object.GroupArgo, "WorkflowTemplate", "workflowtemplates", false, maker},
	{object.GroupArgo, "ClusterWorkflowTemplate", "clusterworkflowtemplates", true, maker},
	{object.GroupArgo, "CronWorkflow", "cronworkflows", false, maker},
	{object.GroupKnative, "Service", "services", false, maker},
	{object.GroupTekton, "Task", "tasks", false, maker},
	{object.GroupTekton, "TaskRun", "taskruns", false, maker},
	{object.GroupTekton, "PipelineRun", "pipelineruns", false, maker},
}

// lookup returns what is known of a kind. Workloads were once in the group
// extensions (until Kubernetes 1.16).
func lookup(group, kind string) (kindInfo, bool) {
	if group == "extensions" {
		group = "apps"
	}
	for _, k := range kinds {
		if k.kind == kind && k.group == group {
			return k, true
		}
	}
	return kindInfo{}, false
}

// known reports whether there is a kind of that name in any group that is read.
func known(kind string) bool {
	return slices.ContainsFunc(kinds, func(k kindInfo) bool { return k.kind == kind })
}

// isAuthority reports whether a kind gives permissions by its name. Other groups have
// such too: authorization.openshift.io.
func isAuthority(kind string) bool {
	switch kind {
	case "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding":
		return true
	}
	return false
}

// A list is where objects of one type are kept, and where they hold their metadata.
type list[O any] struct {
	of   func(*builder) *[]O
	meta func(*O) *object.Meta
}

func namespaces() list[object.Namespace] {
	return list[object.Namespace]{func(b *builder) *[]object.Namespace { return &b.cluster.Namespaces }, func(o *object.Namespace) *object.Meta { return &o.Meta }}
}

func accounts() list[object.ServiceAccount] {
	return list[object.ServiceAccount]{func(b *builder) *[]object.ServiceAccount { return &b.cluster.ServiceAccounts }, func(o *object.ServiceAccount) *object.Meta { return &o.Meta }}
}

func roles() list[object.Role] {
	return list[object.Role]{func(b *builder) *[]object.Role { return &b.cluster.Roles }, func(o *object.Role) *object.Meta { return &o.Meta }}
}

func bindings() list[object.Binding] {
	return list[object.Binding]{func(b *builder) *[]object.Binding { return &b.cluster.Bindings }, func(o *object.Binding) *object.Meta { return &o.Meta }}
}

func secrets() list[object.Secret] {
	return list[object.Secret]{func(b *builder) *[]object.Secret { return &b.cluster.Secrets }, func(o *object.Secret) *object.Meta { return &o.Meta }}
}

func configMaps() list[object.ConfigMap] {
	return list[object.ConfigMap]{func(b *builder) *[]object.ConfigMap { return &b.cluster.ConfigMaps }, func(o *object.ConfigMap) *object.Meta { return &o.Meta }}
}

func requests() list[object.SigningRequest] {
	return list[object.SigningRequest]{func(b *builder) *[]object.SigningRequest { return &b.cluster.Requests }, func(o *object.SigningRequest) *object.Meta { return &o.Meta }}
}

func workloads() list[object.Workload] {
	return list[object.Workload]{func(b *builder) *[]object.Workload { return &b.workloads }, func(o *object.Workload) *object.Meta { return &o.Meta }}
}

func issuers() list[object.Issuer] {
	return list[object.Issuer]{func(b *builder) *[]object.Issuer { return &b.cluster.Issuers }, func(o *object.Issuer) *object.Meta { return &o.Meta }}
}

func certificates() list[object.Certificate] {
	return list[object.Certificate]{func(b *builder) *[]object.Certificate { return &b.cluster.Certificates }, func(o *object.Certificate) *object.Meta { return &o.Meta }}
}

func externals() list[object.ExternalSecret] {
	return list[object.ExternalSecret]{func(b *builder) *[]object.ExternalSecret { return &b.cluster.ExternalSecrets }, func(o *object.ExternalSecret) *object.Meta { return &o.Meta }}
}

func stores() list[object.SecretStore] {
	return list[object.SecretStore]{func(b *builder) *[]object.SecretStore { return &b.cluster.SecretStores }, func(o *object.SecretStore) *object.Meta { return &o.Meta }}
}

func sealed() list[object.SealedSecret] {
	return list[object.SealedSecret]{func(b *builder) *[]object.SealedSecret { return &b.cluster.SealedSecrets }, func(o *object.SealedSecret) *object.Meta { return &o.Meta }}
}

func classes() list[object.SecretClass] {
	return list[object.SecretClass]{func(b *builder) *[]object.SecretClass { return &b.cluster.SecretClasses }, func(o *object.SecretClass) *object.Meta { return &o.Meta }}
}

// typed reads a kind that the API's own types describe.
func typed[T, O any](convert func(*T) O, into func() list[O]) func(*item) bool {
	return func(o *item) bool {
		var v T
		return o.decode(&v) && put(o, into(), convert(&v))
	}
}

// custom reads a kind that a custom resource definition describes.
func custom[O any](convert func(tree) O, into func() list[O]) func(*item) bool {
	return func(o *item) bool { return put(o, into(), convert(o.tree)) }
}

// workload reads a kind that runs pods.
func workload[T any](convert func(*T, object.Hash) object.Workload) func(*item) bool {
	return func(o *item) bool {
		prune(o.tree, 0)
		var v T
		return o.decode(&v) && put(o, workloads(), convert(&v, o.opts.Hash))
	}
}

// maker reads a custom resource that runs pods.
func maker(o *item) bool {
	prune(o.tree, 0)
	w, ok := object.FromPodMaker(o.tree, o.opts.Hash)
	return ok && put(o, workloads(), w)
}

// binding reads a binding and says if a ClusterRoleBinding names an account without
// its namespace. In a RoleBinding the account is then one of the binding's namespace
// (k8s.io/kubernetes v1.36.3, pkg/apis/rbac/validation, ValidateRoleBindingSubject).
func binding[T any](convert func(*T) object.Binding) func(*item) bool {
	return func(o *item) bool {
		var v T
		if !o.decode(&v) {
			return false
		}
		x := convert(&v)
		for _, s := range x.Subjects {
			if s.Kind == "ServiceAccount" && s.Namespace == "" && o.cluster && o.layout.namespaces[o.path] == "" {
				o.note(o.source.line([]string{"subjects", "name"}, "string"), "a ServiceAccount among the subjects has no namespace: the API server refuses this "+o.kind)
			}
		}
		return put(o, bindings(), x)
	}
}
