package live

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// typeTLS is the type of Secrets with a certificate and its key.
const typeTLS = "kubernetes.io/tls"

// secretTypes are the types that Secrets are asked for by, one list each, since
// metadata does not tell the type. What has another type comes in one list more,
// without it.
func secretTypes() []string {
	return []string{
		"Opaque", "kubernetes.io/service-account-token", "kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson",
		"kubernetes.io/basic-auth", "kubernetes.io/ssh-auth", typeTLS, "bootstrap.kubernetes.io/token", "helm.sh/release.v1",
	}
}

func secrets() resource { return resource{"", "v1", "secrets", true} }

// A selection is one list of Secrets.
type selection struct {
	secretType string // empty is none of secretTypes
	selector   string
	whole      bool // values are read
}

// selections are the lists that make up all Secrets.
func (r *run) selections() []selection {
	if r.options.HashValues {
		return []selection{{whole: true}}
	}
	var out []selection
	var others []string
	for _, t := range secretTypes() {
		out = append(out, selection{t, "type=" + t, t == typeTLS && r.options.ReadTLS})
		others = append(others, "type!="+t)
	}
	return append(out, selection{selector: strings.Join(others, ",")})
}

// secretSteps are the lists of Secrets.
func (r *run) secretSteps() []step {
	namespaces := r.options.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{""}
	}
	var out []step
	for _, ns := range namespaces {
		out = append(out, step{"secrets", func(ctx context.Context) { r.secrets(ctx, ns) }})
	}
	return out
}

// secrets reads the Secrets of a namespace, or all. One Listing speaks of all
// their types: it is complete if each was listed to its end.
func (r *run) secrets(ctx context.Context, namespace string) {
	l := r.begin(secrets(), namespace)
	limit := r.size(ctx, l, secrets(), namespace)
	total := l.ControlTotal
	r.expect(secrets().plural, total)
	failed := map[string][]string{} // types by reason
	var first error
	lists := r.selections()
	for _, s := range lists {
		if ctx.Err() != nil {
			first = ctx.Err()
			break
		}
		err := r.list(ctx, l, r.selected(l, s, namespace, limit))
		if err != nil {
			if first == nil {
				first = err
			}
			failed[reason(err)] = append(failed[reason(err)], typeName(s.secretType))
		}
	}
	l.ControlTotal = total
	n := 0
	for _, types := range failed {
		n += len(types)
	}
	r.end(l, first)
	if n > 0 && n < len(lists) {
		last := &r.cluster.Listings[len(r.cluster.Listings)-1]
		last.Status, last.Reason = inventory.StatusPartial, "list secrets"+inNamespace(namespace)+": "+lost(failed)
	}
}

func inNamespace(namespace string) string {
	if namespace == "" {
		return ""
	}
	return " in " + namespace
}

// lost words which types of Secrets were not read and why.
func lost(failed map[string][]string) string {
	var parts []string
	for why, types := range failed {
		parts = append(parts, fmt.Sprintf("those of type %s: %s", strings.Join(types, ", "), why))
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

func typeName(secretType string) string {
	if secretType == "" {
		return "any other"
	}
	return secretType
}

// selected makes the list of a selection.
func (r *run) selected(l *object.Listing, s selection, namespace string, limit int) *query {
	q := &query{resource: secrets(), namespace: namespace, selector: s.selector, accept: typeProtobuf + asMetadata, form: typeProtobuf, limit: limit}
	if !s.whole {
		q.each = counted(l, each(&shape{keep: fields(1), parts: map[int]*shape{1: metaShape(true)}}, func(r *run, o *metav1.PartialObjectMetadata) {
			r.cluster.Secrets = append(r.cluster.Secrets, r.texts.FromSecretMetadata(&o.ObjectMeta, s.secretType))
		})(r, q))
		return q
	}
	q.accept = typeProtobuf
	decode := each(secretShape(), func(r *run, o *corev1.Secret) {
		hash := r.options.Hash
		if !r.options.HashValues {
			hash = nil
		}
		r.cluster.Secrets = append(r.cluster.Secrets, r.texts.FromSecret(o, hash))
		for _, value := range o.Data {
			clear(value)
		}
	})(r, q)
	q.each = counted(l, func(item []byte) (bool, error) {
		defer clear(item) // the values stood in it
		return decode(item)
	})
	return q
}

// skipSecrets notes that Secrets are not listed because the user said so.
func (r *run) skipSecrets() {
	namespaces := r.options.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{""}
	}
	for _, ns := range namespaces {
		r.skip(secrets(), ns, "list secrets: switched off (without_secrets); names are those that other objects tell, "+
			"and keys, dates, last use and Secrets that nothing names are not evaluated")
	}
}

// secretShape is that of a whole Secret: data, type, stringData and immutable.
func secretShape() *shape {
	return &shape{keep: fields(1, 2, 3, 4, 5), parts: map[int]*shape{1: metaShape(true)}}
}
