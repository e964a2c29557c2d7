package rbac

// ControllerAccount reports whether kube-controller-manager makes an account of
// this name in kube-system for one of its controllers (1.36, with
// --use-service-account-credentials).
func ControllerAccount(name string) bool {
	switch name {
	case "attachdetach-controller", "bootstrap-signer", "certificate-controller", "cloud-provider",
		"clusterrole-aggregation-controller", "cronjob-controller", "daemon-set-controller", "deployment-controller",
		"device-taint-eviction-controller", "disruption-controller", "endpoint-controller", "endpointslice-controller",
		"endpointslicemirroring-controller", "ephemeral-volume-controller", "expand-controller", "generic-garbage-collector",
		"horizontal-pod-autoscaler", "job-controller", "legacy-service-account-token-cleaner", "namespace-controller",
		"node-controller", "persistent-volume-binder", "pod-garbage-collector", "pv-protection-controller",
		"pvc-protection-controller", "replicaset-controller", "replication-controller", "resource-claim-controller",
		"resourcequota-controller", "root-ca-cert-publisher", "route-controller", "selinux-warning-controller",
		"service-account-controller", "service-cidrs-controller", "service-controller", "statefulset-controller",
		"storage-version-migrator-controller", "token-cleaner", "ttl-after-finished-controller", "ttl-controller",
		"validatingadmissionpolicy-status-controller", "volumeattributesclass-protection-controller":
		return true
	}
	return false
}
