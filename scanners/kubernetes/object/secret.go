package object

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/muster-nhi/muster/internal/inventory"
)

// FromSecretMetadata makes a Secret of its metadata and of the type that it was
// selected by, empty if that is not known. Keys and the time of the last write of
// data are those of managedFields; KeysKnown is false if those are missing.
func (t *Texts) FromSecretMetadata(m *metav1.ObjectMeta, secretType string) Secret {
	meta, keys := t.fromMeta("Secret", "", m)
	out := Secret{Meta: meta, Type: t.intern(secretType), Keys: keys}
	for _, w := range out.Managers { // oldest first
		if w.Data && !w.At.IsZero() {
			out.WrittenAt, out.WrittenBy = w.At, w.Name
		}
	}
	// A Secret without data has fields, too.
	out.KeysKnown = slices.ContainsFunc(m.ManagedFields, func(f metav1.ManagedFieldsEntry) bool { return f.FieldsV1 != nil })
	out.fromMeta()
	return out
}

// FromSecret makes a Secret of a whole one, of a manifest or where values were
// opted in. It keeps no value: with hash, the keyed hash of each; without, names
// of keys. TLS reads the certificate of tls.crt. Encrypted values (SOPS) are not
// hashed.
func (t *Texts) FromSecret(o *corev1.Secret, hash func([]byte) inventory.SecretHash) Secret {
	out := t.FromSecretMetadata(&o.ObjectMeta, cmp.Or(string(o.Type), "Opaque"))
	values := make(map[string][]byte, len(o.Data)+len(o.StringData))
	maps.Copy(values, o.Data)
	for key, text := range o.StringData { // as the API server does: it outranks data
		values[key] = []byte(text)
	}
	out.Keys = slices.Sorted(maps.Keys(values))
	out.KeysKnown = true
	out.Immutable = triOf(o.Immutable)
	out.readValues(values, hash)
	return out
}

// fromMeta reads what labels and annotations say of a token.
func (s *Secret) fromMeta() {
	s.ServiceAccount = s.Annotations["kubernetes.io/service-account.name"]
	s.ServiceAccountUID = s.Annotations["kubernetes.io/service-account.uid"]
	s.LastUsed = day(s.Labels["kubernetes.io/legacy-token-last-used"])
	s.InvalidSince = day(s.Labels["kubernetes.io/legacy-token-invalid-since"])
}
