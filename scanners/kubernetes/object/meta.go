package object

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/muster-nhi/muster/internal/inventory"
)

// FromMeta keeps what Meta has of an object's metadata. Kind and group are given,
// for the items of a list do not say them.
func (t *Texts) FromMeta(kind, group string, m *metav1.ObjectMeta) Meta {
	out, _ := t.fromMeta(kind, group, m)
	return out
}

// fromMeta is FromMeta, and returns the keys of data that managedFields tell.
func (t *Texts) fromMeta(kind, group string, m *metav1.ObjectMeta) (out Meta, keys []string) {
	name := m.Name
	if name == "" {
		name = m.GenerateName
	}
	out = Meta{
		Kind: kind, Group: group, Namespace: t.intern(m.Namespace), Name: name,
		UID: string(m.UID), CreatedAt: m.CreationTimestamp.UTC(), Labels: t.labels(m.Labels),
	}
	if m.CreationTimestamp.IsZero() {
		out.CreatedAt = time.Time{}
	}
	for key, value := range m.Annotations {
		switch {
		case key == LastApplied:
			out.LastApplied = true
		case len(value) <= maxAnnotation && Annotation(key):
			if out.Annotations == nil {
				out.Annotations = map[string]string{}
			}
			out.Annotations[t.intern(key)] = t.intern(value)
		}
	}
	out.Owners = t.FromOwners(m.OwnerReferences)
	for i := range m.ManagedFields {
		f := &m.ManagedFields[i]
		manager := Manager{Name: t.intern(f.Manager)}
		if f.Time != nil {
			manager.At = f.Time.UTC()
		}
		if f.FieldsV1 != nil {
			var own []string
			own, manager.Data = t.dataKeys(f.FieldsV1.GetRawBytes())
			keys = append(keys, own...)
		}
		out.Managers = append(out.Managers, manager)
	}
	slices.SortStableFunc(out.Managers, func(a, b Manager) int { return a.At.Compare(b.At) })
	slices.Sort(keys)
	return out, slices.Compact(keys)
}

// FromOwners keeps what OwnerReference has of each.
func (t *Texts) FromOwners(list []metav1.OwnerReference) []OwnerReference {
	var out []OwnerReference
	for _, o := range list {
		out = append(out, OwnerReference{
			Group: t.intern(groupOf(o.APIVersion)), Kind: t.intern(o.Kind), Name: t.intern(o.Name), UID: string(o.UID),
			Controller: o.Controller != nil && *o.Controller,
		})
	}
	return out
}

// labels returns a map of shared texts; nil for an empty one.
func (t *Texts) labels(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for key, value := range m {
		out[t.intern(key)] = t.intern(value)
	}
	return out
}

// groupOf returns the group of an apiVersion; empty for the core group.
func groupOf(apiVersion string) string {
	for i := range len(apiVersion) {
		if apiVersion[i] == '/' {
			return apiVersion[:i]
		}
	}
	return ""
}

// triOf returns what an optional boolean says.
func triOf(b *bool) inventory.Tri {
	if b == nil {
		return inventory.Unknown
	}
	return inventory.TriOf(*b)
}

// day reads a label of the form 2006-01-02; zero if it is none.
func day(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// Compare orders objects by namespace, name and kind.
func (m *Meta) Compare(other *Meta) int {
	if c := cmp.Compare(m.Namespace, other.Namespace); c != 0 {
		return c
	}
	if c := cmp.Compare(m.Name, other.Name); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(m.Kind, other.Kind), cmp.Compare(m.Group, other.Group))
}
