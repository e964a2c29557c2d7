package reach

// running lists the permissions over what runs.
func running() []Permission {
	return append(pods(), []Permission{
		{
			ID: "exec", Capability: "compute.exec", Tier: 1, means: enter,
			Needs: []Need{or(
				need([]string{"create"}, "", "pods/exec", "pods/attach"),
				need(alter(), "", "pods/ephemeralcontainers"),
			)},
			Wide: levelEscalate, Local: levelWrite, Named: levelWrite, NamedCapability: "compute.exec", Leads: "every running container",
			Why:     "runs commands in the containers of others, with the token that is mounted there",
			Sources: []string{practices + "#workload-creation", verified},
		},
		{
			ID: "exec-get", Capability: "compute.exec", Tier: 1, means: enter,
			Needs: []Need{need([]string{"get"}, "", "pods/exec", "pods/attach")},
			Wide:  levelEscalate, Local: levelWrite, Named: levelWrite, NamedCapability: "compute.exec", Leads: "every running container",
			Why:     "runs commands in the containers of others over a websocket, where the API server is older than 1.35 or does not ask for create",
			Sources: []string{practices + "#workload-creation"},
		},
		{
			ID: "nodes-proxy", Capability: "nodes.proxy", Tier: 1, means: onNode,
			Needs: []Need{need([]string{"get", "create"}, "", "nodes/proxy")},
			Wide:  levelEscalate, Named: levelEscalate, NamedCapability: "nodes.proxy", Leads: "every container of every node",
			Why:     "runs commands in every container of the node through its kubelet, past audit and admission; get is enough",
			Sources: []string{"CIS 5.1.10", practices + "#access-to-proxy-subresource-of-nodes", verified},
		},
		{
			ID: "volumes-host", Capability: "volumes.host", Tier: 1,
			Needs: []Need{
				need([]string{"create"}, "", "persistentvolumes"),
				or(need([]string{"create"}, "", "pods", "replicationcontrollers"), creators()),
			},
			Wide: levelEscalate, Local: levelEscalate, Leads: "the file system of every node",
			Why:     "can make a volume of a path of the node and mount it, which Pod Security does not look at",
			Sources: []string{"CIS 5.1.9", practices + "#persistent-volume-creation"},
		},
	}...)
}

// creators is the need of one of the controllers that make pods, to be created.
// Those outside Kubernetes count only where their operator runs.
func creators() Need {
	create := []string{"create"}
	return or(
		need(create, "apps", "deployments", "daemonsets", "statefulsets", "replicasets"),
		need(create, "batch", "jobs", "cronjobs"),
	)
}

// pods lists the permissions that start pods, which may run as any service
// account of their namespace and mount any Secret of it.
func pods() []Permission {
	const why = "starts pods, which may run as any service account of the namespace and mount any of its secrets"
	sources := []string{"CIS 5.1.4", practices + "#workload-creation", verified}
	operators := func(verbs []string) Need {
		return or(
			need(verbs, "argoproj.io", "workflows", "cronworkflows", "rollouts"),
			need(verbs, "tekton.dev", "taskruns", "pipelineruns"),
			need(verbs, "serving.knative.dev", "services", "configurations"),
			need(verbs, "sparkoperator.k8s.io", "sparkapplications", "scheduledsparkapplications"),
		)
	}
	return []Permission{
		{
			ID: "pods-create", Capability: "compute.create", Tier: 1, means: runAs,
			Needs: []Need{or(need([]string{"create"}, "", "pods", "replicationcontrollers"), creators())},
			Wide:  levelEscalate, Local: levelWrite, Leads: "every service account and every node",
			Why: why, Sources: sources,
		},
		{
			// The template of a Job does not change once it is there.
			ID: "workloads-change", Capability: "compute.create", Tier: 1, means: changeAs,
			Needs: []Need{or(
				need(alter(), "apps", "deployments", "daemonsets", "statefulsets", "replicasets"),
				need(alter(), "batch", "cronjobs"),
				need(alter(), "", "replicationcontrollers"),
			)},
			Wide: levelEscalate, Local: levelWrite, Named: levelWrite, NamedCapability: "compute.create", Leads: "every service account and every node",
			Why:     "changes what its pods run, as which service account of the namespace and with which of its secrets",
			Sources: sources,
		},
		{
			ID: "operator-workloads", Capability: "compute.create", Tier: 1, means: runAs,
			Needs: []Need{operators(change())},
			Wide:  levelEscalate, Local: levelWrite, Leads: "every service account and every node",
			Why: why + ", where the operator of the resource is at work", Sources: []string{practices + "#workload-creation"},
		},
		{
			ID: "pods-change", Capability: "compute.exec", Tier: 1, means: enter,
			Needs: []Need{need(alter(), "", "pods")},
			Wide:  levelEscalate, Local: levelWrite, Named: levelWrite, NamedCapability: "compute.exec", Leads: "every running pod",
			Why:     "swaps the image of a running pod for one that reads the token mounted there",
			Sources: []string{practices + "#workload-creation"},
		},
	}
}

// control lists the permissions over what the API server lets in, shows or
// believes.
func control() []Permission {
	aws := need(alter(), "", "configmaps")
	aws.Names, aws.Only = []string{"aws-auth"}, true
	return []Permission{
		{
			ID: "mutating-webhooks", Capability: "admission.write", Tier: 1, means: takeover,
			Needs: []Need{need(change(), admissionGroup, "mutatingwebhookconfigurations")},
			Wide:  levelEscalate, Named: levelEscalate, NamedCapability: "admission.write", Leads: clusterAdmin,
			Why:     "sees and changes what others send to the API server, roles and pods among it",
			Sources: []string{"CIS 5.1.12", practices + "#control-admission-webhooks"},
		},
		{
			ID: "validating-webhooks", Capability: "admission.write", Tier: 1, means: takeover,
			Needs: []Need{need(change(), admissionGroup, "validatingwebhookconfigurations")},
			Wide:  levelEscalate, Named: levelEscalate, NamedCapability: "admission.write", Leads: "every secret that is written",
			Why:     "sees every object that others write, secrets among them, and can refuse any",
			Sources: []string{"CIS 5.1.12", practices + "#control-admission-webhooks"},
		},
		{
			ID: "mutating-policies", Capability: "admission.write", Tier: 1, means: takeover,
			Needs: []Need{need(alter(), admissionGroup, "mutatingadmissionpolicies")},
			Wide:  levelEscalate, Named: levelEscalate, NamedCapability: "admission.write", Leads: clusterAdmin,
			Why:     "changes what others send to the API server, where a policy is bound already",
			Sources: []string{"CIS 5.1.12"},
		},
		{
			ID: "mutating-policies-bind", Capability: "admission.write", Tier: 1, means: takeover,
			Needs: []Need{
				need([]string{"create"}, admissionGroup, "mutatingadmissionpolicies"),
				need(change(), admissionGroup, "mutatingadmissionpolicybindings"),
			},
			Wide: levelEscalate, Leads: clusterAdmin,
			Why:     "changes what others send to the API server by a policy of its own",
			Sources: []string{"CIS 5.1.12", verified},
		},
		{
			ID: "apiservices", Capability: "admission.write", Tier: 1, means: takeover,
			Needs: []Need{need(change(), "apiregistration.k8s.io", "apiservices")},
			Wide:  levelEscalate, Named: levelEscalate, NamedCapability: "admission.write", Leads: clusterAdmin,
			Why:     "has the requests of others for a part of the API sent to a server of its own",
			Sources: []string{"https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/"},
		},
		{
			ID: "aws-auth", Capability: "trust.write", Tier: 1,
			Needs: []Need{aws},
			Wide:  levelEscalate, Local: levelEscalate, Leads: clusterAdmin,
			Why:     "can map an AWS role to system:masters, on EKS where ConfigMap kube-system/aws-auth is in use",
			Sources: []string{"https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html"},
		},
	}
}
