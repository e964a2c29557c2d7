package object

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The functions of this file convert one object by itself, as one of a manifest.
// Whoever reads thousands calls the methods of one Texts.

func alone() *Texts { return nil }

// FromMeta is the method of Texts.
func FromMeta(kind, group string, m *metav1.ObjectMeta) Meta { return alone().FromMeta(kind, group, m) }

// FromNamespace is the method of Texts.
func FromNamespace(o *corev1.Namespace) Namespace { return alone().FromNamespace(o) }

// FromServiceAccount is the method of Texts.
func FromServiceAccount(o *corev1.ServiceAccount) ServiceAccount {
	return alone().FromServiceAccount(o)
}

// FromRole is the method of Texts.
func FromRole(o *rbacv1.Role) Role { return alone().FromRole(o) }

// FromClusterRole is the method of Texts.
func FromClusterRole(o *rbacv1.ClusterRole) Role { return alone().FromClusterRole(o) }

// FromRoleBinding is the method of Texts.
func FromRoleBinding(o *rbacv1.RoleBinding) Binding { return alone().FromRoleBinding(o) }

// FromClusterRoleBinding is the method of Texts.
func FromClusterRoleBinding(o *rbacv1.ClusterRoleBinding) Binding {
	return alone().FromClusterRoleBinding(o)
}

// FromSecretMetadata is the method of Texts.
func FromSecretMetadata(m *metav1.ObjectMeta, secretType string) Secret {
	return alone().FromSecretMetadata(m, secretType)
}

// FromSecret is the method of Texts.
func FromSecret(o *corev1.Secret, hash Hash) Secret { return alone().FromSecret(o, hash) }

// FromPodSpec is the method of Texts.
func FromPodSpec(spec *corev1.PodSpec, hash Hash) Pod { return alone().FromPodSpec(spec, hash) }

// FromDeployment is the method of Texts.
func FromDeployment(o *appsv1.Deployment, hash Hash) Workload { return alone().FromDeployment(o, hash) }

// FromStatefulSet is the method of Texts.
func FromStatefulSet(o *appsv1.StatefulSet, hash Hash) Workload {
	return alone().FromStatefulSet(o, hash)
}

// FromDaemonSet is the method of Texts.
func FromDaemonSet(o *appsv1.DaemonSet, hash Hash) Workload { return alone().FromDaemonSet(o, hash) }

// FromReplicaSet is the method of Texts.
func FromReplicaSet(o *appsv1.ReplicaSet, hash Hash) Workload { return alone().FromReplicaSet(o, hash) }

// FromReplicationController is the method of Texts.
func FromReplicationController(o *corev1.ReplicationController, hash Hash) Workload {
	return alone().FromReplicationController(o, hash)
}

// FromJob is the method of Texts.
func FromJob(o *batchv1.Job, hash Hash) Workload { return alone().FromJob(o, hash) }

// FromCronJob is the method of Texts.
func FromCronJob(o *batchv1.CronJob, hash Hash) Workload { return alone().FromCronJob(o, hash) }

// FromPod is the method of Texts.
func FromPod(o *corev1.Pod, hash Hash) Workload { return alone().FromPod(o, hash) }

// FromPodTemplate is the method of Texts.
func FromPodTemplate(o *corev1.PodTemplate, hash Hash) Workload {
	return alone().FromPodTemplate(o, hash)
}

// FromSigningRequest is the method of Texts.
func FromSigningRequest(o *certificatesv1.CertificateSigningRequest) SigningRequest {
	return alone().FromSigningRequest(o)
}
