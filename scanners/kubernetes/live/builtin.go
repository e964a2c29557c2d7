package live

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A builtin is a resource of the API server itself, read as protobuf.
type builtin struct {
	resource
	// take returns what handles one object: it decodes it, and keeps it unless an
	// object of that name was read before. It returns whether it is counted.
	take func(r *run, q *query) func([]byte) (bool, error)
}

// message is a type that decodes itself from protobuf and has metadata.
type message[T any] interface {
	*T
	Unmarshal([]byte) error
	GetObjectMeta() metav1.Object
}

// each makes a handler of one type, of which what the shape has is decoded.
func each[T any, M message[T]](s *shape, keep func(*run, M)) func(*run, *query) func([]byte) (bool, error) {
	return func(r *run, q *query) func([]byte) (bool, error) {
		var o T
		m := M(&o)
		return func(item []byte) (bool, error) {
			item, err := s.cut(item)
			if err != nil {
				return false, err
			}
			o = *new(T)
			if m.Unmarshal(item) != nil {
				return false, fmt.Errorf("%w: an object that cannot be decoded", errForm)
			}
			if meta := m.GetObjectMeta(); !q.once(meta.GetNamespace(), meta.GetName()) {
				return false, nil
			}
			keep(r, m)
			return true, nil
		}
	}
}

// owned makes a handler of what another object has usually made: then no more of
// it than its metadata is decoded.
func owned[T any, M message[T]](s *shape, keep func(*run, M)) func(*run, *query) func([]byte) (bool, error) {
	whole := each(s, keep)
	return func(r *run, q *query) func([]byte) (bool, error) {
		decode := whole(r, q)
		return func(item []byte) (bool, error) {
			meta, err := metaOf(item)
			if err != nil {
				return false, err
			}
			if !r.pods.Alias(string(meta.UID), meta.Namespace, r.texts.FromOwners(meta.OwnerReferences)) {
				return decode(item)
			}
			return q.once(meta.Namespace, meta.Name), nil
		}
	}
}

// metaOf decodes the metadata of an object, which is its field 1.
func metaOf(item []byte) (*metav1.ObjectMeta, error) {
	for at := 0; at < len(item); {
		number, start, stop, ok := next(item, at)
		if !ok {
			break
		}
		if number == 1 {
			var meta metav1.ObjectMeta
			if text, err := ownerShape().cut(slices.Clone(item[start:stop])); err == nil && meta.Unmarshal(text) == nil {
				return &meta, nil
			}
			break
		}
		at = stop
	}
	return nil, fmt.Errorf("%w: an object that cannot be decoded", errForm)
}

// ownerShape is that of the part of ObjectMeta that says who made an object.
func ownerShape() *shape { return &shape{keep: fields(1, 3, 5, 13)} }

// builtins lists what is read, controllers before what they make.
func builtins() []builtin {
	const core, apps, batch = "", "apps", "batch"
	return []builtin{
		{resource{core, "v1", "namespaces", false}, each(plainShape(), func(r *run, o *corev1.Namespace) {
			r.cluster.Namespaces = append(r.cluster.Namespaces, r.texts.FromNamespace(o))
		})},
		{resource{core, "v1", "serviceaccounts", true}, each(plainShape(2, 3, 4), func(r *run, o *corev1.ServiceAccount) {
			r.cluster.ServiceAccounts = append(r.cluster.ServiceAccounts, r.texts.FromServiceAccount(o))
		})},
		{resource{object.GroupRBAC, "v1", "clusterroles", false}, each(plainShape(2, 3), func(r *run, o *rbacv1.ClusterRole) {
			r.cluster.Roles = append(r.cluster.Roles, r.texts.FromClusterRole(o))
		})},
		{resource{object.GroupRBAC, "v1", "roles", true}, each(plainShape(2), func(r *run, o *rbacv1.Role) {
			r.cluster.Roles = append(r.cluster.Roles, r.texts.FromRole(o))
		})},
		{resource{object.GroupRBAC, "v1", "clusterrolebindings", false}, each(plainShape(2, 3), func(r *run, o *rbacv1.ClusterRoleBinding) {
			r.cluster.Bindings = append(r.cluster.Bindings, r.texts.FromClusterRoleBinding(o))
		})},
		{resource{object.GroupRBAC, "v1", "rolebindings", true}, each(plainShape(2, 3), func(r *run, o *rbacv1.RoleBinding) {
			r.cluster.Bindings = append(r.cluster.Bindings, r.texts.FromRoleBinding(o))
		})},
		{resource{"certificates.k8s.io", "v1", "certificatesigningrequests", false}, each(plainShape(2, 3), func(r *run, o *certificatesv1.CertificateSigningRequest) {
			r.cluster.Requests = append(r.cluster.Requests, r.texts.FromSigningRequest(o))
		})},
		{resource{apps, "v1", "deployments", true}, each(controllerShape(3, []int{1, 7}, nil), func(r *run, o *appsv1.Deployment) { r.pods.Add(r.texts.FromDeployment(o, r.hash())) })},
		{resource{apps, "v1", "statefulsets", true}, each(controllerShape(3, []int{1}, nil), func(r *run, o *appsv1.StatefulSet) { r.pods.Add(r.texts.FromStatefulSet(o, r.hash())) })},
		{resource{apps, "v1", "daemonsets", true}, each(controllerShape(2, nil, []int{3, 5}), func(r *run, o *appsv1.DaemonSet) { r.pods.Add(r.texts.FromDaemonSet(o, r.hash())) })},
		{resource{core, "v1", "replicationcontrollers", true}, each(controllerShape(3, []int{1}, nil), func(r *run, o *corev1.ReplicationController) {
			r.pods.Add(r.texts.FromReplicationController(o, r.hash()))
		})},
		{resource{batch, "v1", "cronjobs", true}, each(cronShape(), func(r *run, o *batchv1.CronJob) { r.pods.Add(r.texts.FromCronJob(o, r.hash())) })},
	}
}

// made lists what other objects make, after those.
func made() []builtin {
	return []builtin{
		{resource{"apps", "v1", "replicasets", true}, owned(controllerShape(3, []int{1}, nil), func(r *run, o *appsv1.ReplicaSet) { r.pods.Add(r.texts.FromReplicaSet(o, r.hash())) })},
		{resource{"batch", "v1", "jobs", true}, owned(jobShape(), func(r *run, o *batchv1.Job) { r.pods.Add(r.texts.FromJob(o, r.hash())) })},
		{resource{"", "v1", "pods", true}, each(wholePodShape(), func(r *run, o *corev1.Pod) { r.pods.Add(r.texts.FromPod(o, r.hash())) })},
	}
}

// hash is the hash for values in pods, which is only there where values were
// opted in.
func (r *run) hash() object.Hash {
	if !r.options.HashValues {
		return nil
	}
	return r.options.Hash
}

// resources reads all there is to read.
func (r *run) resources(ctx context.Context) {
	var steps []step
	for _, b := range builtins() {
		steps = append(steps, r.step(b)...)
	}
	steps = append(steps, r.customSteps()...)
	for _, b := range made() {
		steps = append(steps, r.step(b)...)
	}
	if !r.options.WithoutSecrets {
		steps = append(steps, r.secretSteps()...)
	} else {
		r.skipSecrets()
	}
	steps = append(steps, step{"the tracking of tokens", r.tracking})
	for i, s := range steps {
		if ctx.Err() != nil {
			return
		}
		r.progress("reading "+s.name, i, len(steps))
		s.do(ctx)
	}
	r.progress("read the cluster", len(steps), len(steps))
}

// A step is one list of the reading.
type step struct {
	name string
	do   func(context.Context)
}

// step returns the lists of a resource: one, or one for each namespace that the
// reading is narrowed to.
func (r *run) step(b builtin) []step {
	if len(r.options.Namespaces) == 0 || !b.namespaced {
		if b.plural == "namespaces" && len(r.options.Namespaces) > 0 {
			return []step{{"namespaces", r.namespaces}}
		}
		return []step{{b.name(), func(ctx context.Context) { r.builtin(ctx, b, "") }}}
	}
	var out []step
	for _, ns := range r.options.Namespaces {
		out = append(out, step{b.name() + " in " + ns, func(ctx context.Context) { r.builtin(ctx, b, ns) }})
	}
	return out
}

// builtin reads one list of a resource.
func (r *run) builtin(ctx context.Context, b builtin, namespace string) {
	l := r.begin(b.resource, namespace)
	if r.apis.absent(b.group) {
		r.end(l, nil)
		return
	}
	q := &query{resource: b.resource, namespace: namespace, accept: typeProtobuf, form: typeProtobuf}
	q.limit = r.size(ctx, l, b.resource, namespace)
	q.read = make([]name, 0, r.expect(b.plural, l.ControlTotal))
	take := b.take(r, q)
	q.each = counted(l, take)
	r.end(l, r.list(ctx, l, q))
}

// counted makes a handler that counts.
func counted(l *object.Listing, take func([]byte) (bool, error)) func([]byte) error {
	return func(item []byte) error {
		kept, err := take(item)
		if kept {
			l.Count++
		}
		return err
	}
}

// namespaces reads the namespaces that the reading is narrowed to, one by one.
func (r *run) namespaces(ctx context.Context) {
	s := resource{"", "v1", "namespaces", false}
	for _, ns := range r.options.Namespaces {
		l := r.begin(s, ns)
		l.Requests++
		var o corev1.Namespace
		err := r.getJSON(ctx, "/api/v1/namespaces/"+ns, "", &o)
		if err == nil {
			l.Count = 1
			r.cluster.Namespaces = append(r.cluster.Namespaces, r.texts.FromNamespace(&o))
		}
		r.end(l, err)
	}
}

// trackingMap is the ConfigMap in which the API server notes since when it labels
// token Secrets with their last use (Kubernetes 1.26, KEP-2799).
const trackingMap = "kube-apiserver-legacy-service-account-token-tracking"

// tracking reads since when the use of token Secrets is noted.
func (r *run) tracking(ctx context.Context) {
	l := r.begin(resource{"", "v1", "configmaps", true}, "kube-system")
	l.Requests++
	var o struct {
		metav1.ObjectMeta `json:"metadata"`
		Data              map[string]string `json:"data"`
	}
	err := r.getJSON(ctx, "/api/v1/namespaces/kube-system/configmaps/"+trackingMap, "", &o)
	if notFound(err) {
		l.Notes = append(l.Notes, "the API server does not note the use of token Secrets")
		err = nil
	} else if err == nil {
		l.Count = 1
		r.cluster.TokensTrackedSince = day(o.Data["since"])
	}
	r.end(l, err)
}
