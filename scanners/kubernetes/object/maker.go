package object

import (
	"cmp"
	"slices"
)

// Groups of operators whose objects make pods.
const (
	GroupArgo    = "argoproj.io"
	GroupKnative = "serving.knative.dev"
	GroupTekton  = "tekton.dev"
)

// FromPodMaker reads a custom resource that makes pods: Rollout, Workflow,
// CronWorkflow, WorkflowTemplate and ClusterWorkflowTemplate of Argo, Service of
// Knative, TaskRun, PipelineRun and Task of Tekton. It returns false for others.
func FromPodMaker(t Tree, hash Hash) (Workload, bool) {
	out := Workload{Meta: treeMeta(t), Replicas: -1, Running: -1}
	spec := treeAt(t, "spec")
	switch out.Group + "/" + out.Kind {
	case GroupArgo + "/Rollout":
		out.Replicas = numberAt(spec, 1, "replicas")
		out.Suspended = boolAt(spec, "paused")
		out.template(treeAt(spec, "template"), hash)
	case GroupArgo + "/Workflow", GroupArgo + "/WorkflowTemplate", GroupArgo + "/ClusterWorkflowTemplate":
		out.LastRunAt = timeAt(t, "status", "startedAt")
		out.Suspended = boolAt(spec, "suspend")
		out.Pod = workflowPod(spec, hash)
	case GroupArgo + "/CronWorkflow":
		out.LastRunAt = timeAt(t, "status", "lastScheduledTime")
		out.Suspended = boolAt(spec, "suspend")
		out.Pod = workflowPod(treeAt(spec, "workflowSpec"), hash)
	case GroupKnative + "/Service":
		out.template(treeAt(spec, "template"), hash)
	case GroupTekton + "/TaskRun":
		out.LastRunAt = timeAt(t, "status", "startTime")
		out.Pod = tektonPod(spec, textAt(spec, "serviceAccountName"), treeAt(spec, "podTemplate"), hash)
	case GroupTekton + "/PipelineRun":
		out.LastRunAt = timeAt(t, "status", "startTime")
		run := treeAt(spec, "taskRunTemplate")
		pod := treeAt(run, "podTemplate")
		if pod == nil { // before v1
			pod = treeAt(spec, "podTemplate")
		}
		out.Pod = tektonPod(spec, cmp.Or(textAt(run, "serviceAccountName"), textAt(spec, "serviceAccountName")), pod, hash)
	case GroupTekton + "/Task":
		out.Pod = tektonPod(Tree{"taskSpec": spec}, "", nil, hash)
	default:
		return Workload{}, false
	}
	return out, true
}

// template reads a pod template.
func (w *Workload) template(t Tree, hash Hash) {
	w.Pod = FromPodSpec(podSpec(treeAt(t, "spec")), hash)
	w.podMeta(nil, textMap(treeAt(t, "metadata", "labels")), textMap(treeAt(t, "metadata", "annotations")))
}

// workflowPod joins the templates of a Workflow into one pod: it says what any
// step may use.
func workflowPod(spec Tree, hash Hash) Pod {
	whole := Tree{
		"serviceAccountName": at(spec, "serviceAccountName"), "automountServiceAccountToken": at(spec, "automountServiceAccountToken"),
		"hostNetwork": at(spec, "hostNetwork"), "imagePullSecrets": at(spec, "imagePullSecrets"),
	}
	var volumes, containers []any
	volumes = append(volumes, list(spec, "volumes")...)
	for _, t := range treesAt(spec, "templates") {
		volumes = append(volumes, list(t, "volumes")...)
		for _, key := range []string{"container", "script"} {
			if c := treeAt(t, key); c != nil {
				containers = append(containers, c)
			}
		}
		containers = append(containers, list(t, "initContainers")...)
		containers = append(containers, list(t, "sidecars")...)
		containers = append(containers, list(t, "containerSet", "containers")...)
	}
	whole["volumes"], whole["containers"] = volumes, containers
	return FromPodSpec(podSpec(whole), hash)
}

// tektonPod joins what a run says of its pods: account, pod template and the steps
// of a task that stands in it.
func tektonPod(spec Tree, account string, pod Tree, hash Hash) Pod {
	whole := Tree{"serviceAccountName": account}
	for _, key := range []string{"hostNetwork", "imagePullSecrets", "automountServiceAccountToken"} {
		whole[key] = at(pod, key)
	}
	volumes := append(list(pod, "volumes"), list(spec, "taskSpec", "volumes")...)
	containers := append(list(spec, "taskSpec", "steps"), list(spec, "taskSpec", "sidecars")...)
	for _, w := range treesAt(spec, "workspaces") {
		if name := textAt(w, "secret", "secretName"); name != "" {
			volumes = append(volumes, Tree{"name": textAt(w, "name"), "secret": Tree{"secretName": name}})
		}
	}
	whole["volumes"], whole["containers"] = volumes, containers
	return FromPodSpec(podSpec(whole), hash)
}

// list returns a copy of the list at a path.
func list(t Tree, path ...string) []any {
	l, _ := at(t, path...).([]any)
	return slices.Clone(l)
}
