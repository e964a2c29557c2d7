package object

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Hash makes the keyed hash of a value; nil where values are not looked at.
type Hash = func([]byte) inventory.SecretHash

// template makes a workload of an object with a pod template. Running is unknown
// until pods are counted (see Collapse).
func (t *Texts) template(kind, group string, m *metav1.ObjectMeta, pod *corev1.PodTemplateSpec, replicas int, hash Hash) Workload {
	out := Workload{Meta: t.FromMeta(kind, group, m), Pod: t.FromPodSpec(&pod.Spec, hash), Replicas: replicas, Running: -1}
	out.podMeta(t, pod.Labels, pod.Annotations)
	return out
}

// podMeta adds what only the metadata of a pod template says of identities.
func (w *Workload) podMeta(t *Texts, labels, annotations map[string]string) {
	for _, key := range []string{"azure.workload.identity/use", "aadpodidbinding"} {
		if value, ok := labels[key]; ok {
			w.label(t, key, value)
		}
	}
	for key, value := range annotations {
		if key != LastApplied && len(value) <= maxAnnotation && Annotation(key) {
			if w.Annotations == nil {
				w.Annotations = map[string]string{}
			}
			if _, own := w.Annotations[key]; !own {
				w.Annotations[t.intern(key)] = t.intern(value)
			}
		}
	}
}

func (w *Workload) label(t *Texts, key, value string) {
	if w.Labels == nil {
		w.Labels = map[string]string{}
	}
	if _, own := w.Labels[key]; !own {
		w.Labels[t.intern(key)] = t.intern(value)
	}
}

// wanted returns a number of replicas; the default of the API is 1.
func wanted(n *int32) int {
	if n == nil {
		return 1
	}
	return int(*n)
}

func seconds(at *metav1.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return at.UTC()
}

// FromDeployment keeps what Workload has of a Deployment.
func (t *Texts) FromDeployment(o *appsv1.Deployment, hash Hash) Workload {
	out := t.template("Deployment", "apps", &o.ObjectMeta, &o.Spec.Template, wanted(o.Spec.Replicas), hash)
	out.Suspended = o.Spec.Paused
	return out
}

// FromStatefulSet keeps what Workload has of a StatefulSet.
func (t *Texts) FromStatefulSet(o *appsv1.StatefulSet, hash Hash) Workload {
	return t.template("StatefulSet", "apps", &o.ObjectMeta, &o.Spec.Template, wanted(o.Spec.Replicas), hash)
}

// FromDaemonSet keeps what Workload has of a DaemonSet, whose replicas are one a
// node: unknown before the controller has counted them.
func (t *Texts) FromDaemonSet(o *appsv1.DaemonSet, hash Hash) Workload {
	n := -1
	if o.Status.ObservedGeneration > 0 {
		n = int(o.Status.DesiredNumberScheduled)
	}
	return t.template("DaemonSet", "apps", &o.ObjectMeta, &o.Spec.Template, n, hash)
}

// FromReplicaSet keeps what Workload has of a ReplicaSet.
func (t *Texts) FromReplicaSet(o *appsv1.ReplicaSet, hash Hash) Workload {
	return t.template("ReplicaSet", "apps", &o.ObjectMeta, &o.Spec.Template, wanted(o.Spec.Replicas), hash)
}

// FromReplicationController keeps what Workload has of a ReplicationController.
// One without a template runs nothing.
func (t *Texts) FromReplicationController(o *corev1.ReplicationController, hash Hash) Workload {
	pod := o.Spec.Template
	if pod == nil {
		pod = &corev1.PodTemplateSpec{}
	}
	return t.template("ReplicationController", "", &o.ObjectMeta, pod, wanted(o.Spec.Replicas), hash)
}

// FromJob keeps what Workload has of a Job.
func (t *Texts) FromJob(o *batchv1.Job, hash Hash) Workload {
	out := t.template("Job", "batch", &o.ObjectMeta, &o.Spec.Template, wanted(o.Spec.Parallelism), hash)
	out.LastRunAt = seconds(o.Status.StartTime)
	out.Suspended = o.Spec.Suspend != nil && *o.Spec.Suspend
	return out
}

// FromCronJob keeps what Workload has of a CronJob.
func (t *Texts) FromCronJob(o *batchv1.CronJob, hash Hash) Workload {
	job := &o.Spec.JobTemplate.Spec
	out := t.template("CronJob", "batch", &o.ObjectMeta, &job.Template, wanted(job.Parallelism), hash)
	out.LastRunAt = seconds(o.Status.LastScheduleTime)
	out.Suspended = o.Spec.Suspend != nil && *o.Spec.Suspend
	return out
}

// FromPod keeps what Workload has of a Pod. Running is 1 if it runs, 0 if it does
// not (any more), -1 where no status says (a manifest).
func (t *Texts) FromPod(o *corev1.Pod, hash Hash) Workload {
	out := Workload{Meta: t.FromMeta("Pod", "", &o.ObjectMeta), Pod: t.FromPodSpec(&o.Spec, hash), Replicas: 1, LastRunAt: seconds(o.Status.StartTime)}
	switch o.Status.Phase {
	case "":
		out.Running = -1
	case corev1.PodRunning:
		out.Running = 1
	case corev1.PodPending, corev1.PodSucceeded, corev1.PodFailed, corev1.PodUnknown:
		out.Running = 0
	}
	return out
}

// FromPodTemplate keeps what Workload has of a PodTemplate, which runs nothing by
// itself.
func (t *Texts) FromPodTemplate(o *corev1.PodTemplate, hash Hash) Workload {
	return t.template("PodTemplate", "", &o.ObjectMeta, &o.Template, 0, hash)
}
