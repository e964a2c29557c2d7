package reach

// further lists the second tier: what helps on the way. None of these raises a
// level beyond write.
func further() []Permission {
	var out []Permission
	for _, r := range furtherRows() {
		p := Permission{
			ID: r.id, Capability: r.capability, Tier: 2, Needs: r.needs, Wide: levelWrite, Local: levelWrite, Named: levelWrite,
			NamedCapability: r.capability, Why: r.why, Sources: []string{r.source},
		}
		if r.reads {
			p.Wide, p.Local, p.Named = levelRead, levelRead, levelRead
		}
		out = append(out, p)
	}
	return out
}

// A furtherRow is a row of the second tier.
type furtherRow struct {
	id, capability string
	needs          []Need
	why, source    string
	reads          bool
}

func furtherRows() []furtherRow {
	return append(platformRows(), extensionRows()...)
}

// platformRows lists those over Kubernetes' own resources.
func platformRows() []furtherRow {
	remove := []string{"delete", "deletecollection"}
	return []furtherRow{
		{"secrets-write", "secrets.write", one(need(change(), "", "secrets")), "writes the values of secrets", practices, false},
		{"policies-create", "admission.write", one(need([]string{"create"}, admissionGroup, "mutatingadmissionpolicies", "mutatingadmissionpolicybindings")), "makes mutating policies or binds those that are there; a policy without a binding does nothing", "CIS 5.1.12", false},
		{"validating-policies", "admission.write", one(need(append(change(), remove...), admissionGroup, "validatingadmissionpolicies", "validatingadmissionpolicybindings")), "switches policies off or refuses what others write", "CIS 5.1.12", false},
		{"admission-delete", "admission.write", one(need(remove, admissionGroup, "mutatingwebhookconfigurations", "validatingwebhookconfigurations", "mutatingadmissionpolicies")), "takes away what watches over the API server's writes", "CIS 5.1.12", false},
		{"certificates-others", "certificates.approve", []Need{need(alter(), certificatesGroup, "certificatesigningrequests/approval"), some(need([]string{"approve"}, certificatesGroup, "signers"))}, "approves certificate requests of others", "CIS 5.1.11", false},
		{"certificates-sign", "certificates.approve", []Need{need(alter(), certificatesGroup, "certificatesigningrequests/status"), some(need([]string{"sign"}, certificatesGroup, "signers"))}, "puts certificates into requests, which help who has the signer's key", "CIS 5.1.11", false},
		{"namespaces", "namespaces.write", one(need(alter(), "", "namespaces")), "takes Pod Security labels off a namespace, or gives it labels that network policies trust", practices + "#namespace-modification", false},
		{"accounts-write", "identity.write", one(need(change(), "", "serviceaccounts")), "makes service accounts, or gives one a cloud role or pull secrets", practices, false},
		{"steal-pods", "nodes.write", []Need{need(alter(), "", "nodes", "nodes/status"), or(need(remove, "", "pods"), need([]string{"create"}, "", "pods/eviction"))}, "moves the pods of others to a node of its choice", "rbac-police steal_pods", false},
		{"nodes-write", "nodes.write", one(need(append(change(), remove...), "", "nodes", "nodes/status")), "changes nodes: labels and taints decide where pods run", practices, false},
		{"status", "network.write", one(need(alter(), "", "pods/status", "services/status")), "changes the addresses of pods or services, so that traffic of others comes to it (CVE-2020-8554)", "CVE-2020-8554", false},
		{"configmaps", "policy.write", one(need(alter(), "", "configmaps")), "changes configuration; in kube-system that is DNS and, on EKS, who is an administrator", "MITRE via kubescape C-0037", false},
		{"bindings-write", "rbac.write", one(need(change(), rbacGroup, "rolebindings", "clusterrolebindings")), "gives others what it holds itself", practices, false},
		{"roles-write", "rbac.write", one(need(change(), rbacGroup, "roles", "clusterroles")), "changes roles within what it holds itself", practices, false},
		{"bindings-delete", "rbac.write", one(need(remove, rbacGroup, "roles", "clusterroles", "rolebindings", "clusterrolebindings")), "takes permissions from others", practices, false},
		{"definitions", "resources.define", one(need(append(change(), remove...), "apiextensions.k8s.io", "customresourcedefinitions")), "changes what custom resources are; deleting a definition deletes all its objects", "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/", false},
		{"volumes-write", "volumes.write", one(need(change(), "", "persistentvolumes")), "makes volumes, of a path of the node too", "CIS 5.1.9", false},
		{"events-delete", "traces.delete", one(need(remove, "", "events")), "removes traces of what happened", "MITRE via kubescape C-0031", false},
		{"events-delete-new", "traces.delete", one(need(remove, "events.k8s.io", "events")), "removes traces of what happened", "MITRE via kubescape C-0031", false},
		{"logs", "logs.read", one(need([]string{"get"}, "", "pods/log")), "reads what containers print", "kubescape C-0031", true},
		{"node-logs", "logs.read", one(need([]string{"get"}, "", "nodes/log", "nodes/pods", "nodes/configz")), "reads logs, pods and configuration from kubelets", practices, true},
		{"forward", "network.reach", one(need([]string{"create", "get"}, "", "pods/portforward", "pods/proxy", "services/proxy")), "reaches ports of pods past network policies", "kubescape C-0063", false},
		{"traffic", "network.write", one(or(
			need(append(change(), remove...), "", "endpoints", "services"),
			need(append(change(), remove...), "discovery.k8s.io", "endpointslices"),
			need(append(change(), remove...), "networking.k8s.io", "ingresses", "ingressclasses", "networkpolicies"),
			need(append(change(), remove...), "gateway.networking.k8s.io", "gateways", "httproutes", "tcproutes", "tlsroutes", "grpcroutes"),
		)), "decides where traffic goes", "Trivy KSV-0056", false},
		{"pods-delete", "compute.delete", one(or(need(remove, "", "pods"), need([]string{"create"}, "", "pods/eviction"))), "stops pods of others", practices, false},
		{"templates", "compute.template", one(need(change(), "", "podtemplates")), "writes pod templates, which nothing of Kubernetes itself runs", practices, false},
	}
}

// extensionRows lists those over what is widely installed in clusters.
func extensionRows() []furtherRow {
	const eso, csi = "https://external-secrets.io/latest/guides/security-best-practices/", "https://secrets-store-csi-driver.sigs.k8s.io/"
	return []furtherRow{
		{"issuers", "certificates.issue", one(need(change(), "cert-manager.io", "issuers", "clusterissuers", "certificates", "certificaterequests")), "has certificates issued by cert-manager", "https://cert-manager.io/docs/", false},
		{"certificate-approval", "certificates.issue", []Need{need(alter(), "cert-manager.io", "certificaterequests/status"), some(need([]string{"approve"}, "cert-manager.io", "signers"))}, "approves certificate requests of cert-manager", "https://cert-manager.io/docs/", false},
		{"external-secrets", "secrets.sync", one(need(change(), "external-secrets.io", "externalsecrets", "clusterexternalsecrets", "secretstores", "clustersecretstores", "pushsecrets")), "has secrets fetched from an outside store with the rights of the operator", eso, false},
		{"secret-classes", "secrets.sync", one(need(change(), "secrets-store.csi.x-k8s.io", "secretproviderclasses")), "decides which secrets of an outside store pods mount", csi, false},
		{"sealed-secrets", "secrets.write", one(need(change(), "bitnami.com", "sealedsecrets")), "writes the values of secrets through sealed ones", "https://github.com/bitnami-labs/sealed-secrets", false},
		{"gatekeeper", "admission.write", one(or(
			need(append(change(), "delete"), "templates.gatekeeper.sh", "constrainttemplates"),
			need(append(change(), "delete"), "constraints.gatekeeper.sh", "*"),
			need(append(change(), "delete"), "mutations.gatekeeper.sh", "*"),
			need(append(change(), "delete"), "config.gatekeeper.sh", "configs"),
		)), "changes the policies of Gatekeeper", "https://open-policy-agent.github.io/gatekeeper/", false},
		{"kyverno", "admission.write", one(or(
			need(append(change(), "delete"), "kyverno.io", "policies", "clusterpolicies", "policyexceptions"),
			need(append(change(), "delete"), "policies.kyverno.io", "*"),
		)), "changes the policies of Kyverno, which can change and make objects with the rights of its controllers", "https://kyverno.io/docs/", false},
		{"gitops", "gitops.write", one(or(
			need(change(), "argoproj.io", "applications", "applicationsets", "appprojects"),
			need(change(), "kustomize.toolkit.fluxcd.io", "kustomizations"),
			need(change(), "helm.toolkit.fluxcd.io", "helmreleases"),
			need(change(), "source.toolkit.fluxcd.io", "gitrepositories", "ocirepositories", "helmrepositories", "buckets"),
		)), "has a delivery tool apply what it likes with the tool's own rights, often all there are", "https://fluxcd.io/flux/security/best-practices/", false},
		{"constraints", "policy.use", []Need{some(need([]string{"use"}, "security.openshift.io", "securitycontextconstraints")), or(need([]string{"create"}, "", "pods", "replicationcontrollers"), creators())}, "may start pods under a security context constraint of OpenShift", "https://docs.openshift.com/container-platform/latest/authentication/managing-security-context-constraints.html", false},
	}
}

// one is a list of one need.
func one(n Need) []Need { return []Need{n} }

// some makes a need that any name meets.
func some(n Need) Need {
	n.Some = true
	return n
}
