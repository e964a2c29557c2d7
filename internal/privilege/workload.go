package privilege

import (
	"github.com/muster-nhi/muster/internal/inventory"
)

// A workloadKind is a resource whose objects become pods.
type workloadKind struct{ group, resource string }

// workloadKinds lists the built-in ones and the widely used extensions.
func workloadKinds() []workloadKind {
	return []workloadKind{
		{"", "pods"},
		{"", "replicationcontrollers"},
		{"", "podtemplates"},
		{"apps", "deployments"},
		{"apps", "daemonsets"},
		{"apps", "statefulsets"},
		{"apps", "replicasets"},
		{"batch", "jobs"},
		{"batch", "cronjobs"},
		{"argoproj.io", "workflows"},
		{"argoproj.io", "rollouts"},
		{"tekton.dev", "taskruns"},
		{"tekton.dev", "pipelineruns"},
		{"serving.knative.dev", "services"},
		{"sparkoperator.k8s.io", "sparkapplications"},
	}
}

// workloads finds who can start pods, which may run as any service account of
// their namespace.
func (k *kubernetes) workloads() {
	level := k.level(inventory.LevelEscalate, inventory.LevelWrite)
	for _, w := range workloadKinds() {
		if k.allows(w.group, w.resource, "create", "update", "patch") {
			k.add(level, "compute.create", "creates or changes "+w.resource+", which may run as any service account of the namespace")
			break
		}
	}
	if k.cluster && k.allows("", "persistentvolumes", "create") && k.allows("", "pods", "create") {
		k.add(level, "volumes.host", "creates persistentvolumes and pods: it can mount the file system of a node")
	}
}

// exec finds who can run commands in pods that are there already.
func (k *kubernetes) exec() {
	level := k.level(inventory.LevelEscalate, inventory.LevelWrite)
	for _, sub := range []string{"pods/exec", "pods/attach"} {
		if k.allows("", sub, "create", "get") {
			k.add(level, "compute.exec", sub+": runs commands in containers of others")
		}
	}
	if k.allows("", "pods/ephemeralcontainers", "update", "patch") {
		k.add(level, "compute.exec", "pods/ephemeralcontainers: adds a container to pods of others")
	}
	if k.cluster && k.allows("", "nodes/proxy", "get", "create") {
		k.add(inventory.LevelEscalate, "nodes.proxy", "nodes/proxy: runs commands in every container, past audit and admission")
	}
}

const certificatesGroup = "certificates.k8s.io"

// certificates finds who can have a client certificate issued: it takes the
// request, the approval and the right on the signer together.
func (k *kubernetes) certificates() {
	if !k.cluster {
		return
	}
	approve := k.allows(certificatesGroup, "certificatesigningrequests/approval", "update", "patch")
	signer := k.allows(certificatesGroup, "signers", "approve")
	create := k.allows(certificatesGroup, "certificatesigningrequests", "create")
	switch {
	case create && approve && signer:
		k.add(inventory.LevelEscalate, "certificates.approve", "creates and approves certificate requests: it can have a client certificate of a system user issued")
	case approve && signer:
		k.add(inventory.LevelWrite, "certificates.approve", "approves certificate requests of others")
	case approve:
		k.note("approval of certificate requests without approve on signers is refused")
	}
	if k.allows(certificatesGroup, "signers", "sign") && k.allows(certificatesGroup, "certificatesigningrequests/status", "update", "patch") {
		k.add(inventory.LevelEscalate, "certificates.approve", "signs certificate requests")
	}
}

// admission finds who decides what the API server lets in, or serves a part of
// its API.
func (k *kubernetes) admission() {
	if !k.cluster {
		return
	}
	const group = "admissionregistration.k8s.io"
	for _, resource := range []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations", "mutatingadmissionpolicies", "validatingadmissionpolicies"} {
		if k.allows(group, resource, "create", "update", "patch") {
			k.add(inventory.LevelEscalate, "admission.write", "writes "+resource+": sees or changes what is sent to the API server")
		}
	}
	if k.allows("apiregistration.k8s.io", "apiservices", "create", "update", "patch") {
		k.add(inventory.LevelEscalate, "admission.write", "writes apiservices: receives the requests of others")
	}
}

// others finds permissions that lead further only together with something else.
func (k *kubernetes) others() {
	if k.cluster && k.allows("", "namespaces", "update", "patch") {
		k.add(inventory.LevelWrite, "policy.write", "patches namespaces: can take off pod security labels")
	}
	if k.allows("", "serviceaccounts", "create", "update", "patch") {
		k.add(inventory.LevelWrite, "identity.write", "writes serviceaccounts: can add a cloud role or a pull secret")
	}
	if r := k.find("", "configmaps", "update", "patch"); r != nil && k.cluster {
		k.add(inventory.LevelWrite, "policy.write", "writes "+named("configmaps", r)+": aws-auth and CoreDNS are among those of kube-system")
	}
}

// KubernetesRole assesses a role that every cluster has, by name, without its
// rules (kubernetes.io, "User-facing roles"). It returns false for others.
func KubernetesRole(name string, clusterWide bool) (Assessment, bool) {
	in := "namespace"
	if clusterWide {
		in = "cluster"
	}
	switch name {
	case "cluster-admin":
		a := Assessment{Level: inventory.LevelNone}
		a.add(inventory.LevelAdmin, "admin.all", "cluster-admin: everything in the "+in)
		return a, true
	case "admin":
		a := Assessment{Level: inventory.LevelNone}
		a.add(inventory.LevelAdmin, "", "admin: every namespaced resource of the "+in+", roles and bindings included")
		for _, c := range []string{"secrets.read_all", "secrets.write", "compute.create", "compute.exec", "identity.write", "tokens.create"} {
			a.add(inventory.LevelWrite, c, a.Reasons[0])
		}
		return a, true
	case "edit":
		a := Assessment{Level: inventory.LevelNone}
		level := inventory.LevelWrite
		if clusterWide {
			level = inventory.LevelEscalate
		}
		a.add(level, "", "edit: writes most resources of the "+in+", reads secrets, runs pods as any account")
		for _, c := range []string{"secrets.read_all", "secrets.write", "compute.create", "compute.exec", "identity.write", "tokens.create"} {
			a.add(level, c, a.Reasons[0])
		}
		return a, true
	case "view":
		a := Assessment{Level: inventory.LevelNone}
		a.add(inventory.LevelRead, "", "view: reads most resources of the "+in+", no secrets")
		return a, true
	case "system:auth-delegator", "system:discovery", "system:basic-user", "system:public-info-viewer", "system:service-account-issuer-discovery":
		a := Assessment{Level: inventory.LevelNone}
		a.add(inventory.LevelRead, "", name+": a built-in role that reads")
		return a, true
	default:
		return Assessment{}, false
	}
}
