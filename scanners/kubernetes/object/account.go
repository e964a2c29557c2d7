package object

import (
	corev1 "k8s.io/api/core/v1"
)

// enforceLabel is the label of Pod Security Admission (kubernetes.io, "Pod
// Security Admission", labels of namespaces).
const enforceLabel = "pod-security.kubernetes.io/enforce"

// FromNamespace keeps what Namespace has of one.
func (t *Texts) FromNamespace(o *corev1.Namespace) Namespace {
	m := t.FromMeta("Namespace", "", &o.ObjectMeta)
	return Namespace{Meta: m, Enforce: m.Labels[enforceLabel]}
}

// FromServiceAccount keeps what ServiceAccount has of one.
func (t *Texts) FromServiceAccount(o *corev1.ServiceAccount) ServiceAccount {
	out := ServiceAccount{Meta: t.FromMeta("ServiceAccount", "", &o.ObjectMeta), Automount: triOf(o.AutomountServiceAccountToken)}
	for _, s := range o.Secrets {
		out.Secrets = append(out.Secrets, t.intern(s.Name))
	}
	for _, s := range o.ImagePullSecrets {
		out.PullSecrets = append(out.PullSecrets, t.intern(s.Name))
	}
	return out
}
