package object

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestTexts(t *testing.T) {
	texts := NewTexts()
	first, second := strings.Clone("payments"), strings.Clone("payments")
	if a, b := texts.intern(first), texts.intern(second); a != "payments" || unsafe.StringData(a) != unsafe.StringData(b) {
		t.Errorf("two copies of a text stay two: %q, %q", a, b)
	}
	buffer := []byte("payments")
	if a := texts.internBytes(buffer); unsafe.StringData(a) != unsafe.StringData(first) {
		t.Errorf("what stands in a buffer is copied: %q", a)
	}
	if a := texts.internBytes([]byte("new")); a != "new" {
		t.Errorf("what was not known becomes %q", a)
	}
	long := strings.Repeat("x", maxShared+1)
	if texts.intern(long); texts.known[long] != "" {
		t.Error("a long text is held")
	}
	buffer = []byte("written over")
	kept := texts.internBytes(buffer)
	copy(buffer, "############")
	if kept != "written over" {
		t.Errorf("a text is part of the buffer: %q", kept)
	}
}

// TestTextsConvert compares objects that share their texts with those that were
// converted by themselves.
func TestTextsConvert(t *testing.T) {
	texts := NewTexts()
	for i := range 3 {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "payments", Name: fmt.Sprint("web-", i), Labels: map[string]string{"app": "web"}},
			Spec: corev1.PodSpec{
				ServiceAccountName: "runner", ImagePullSecrets: []corev1.LocalObjectReference{{Name: "pull"}},
				Volumes: []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}}}},
				Containers: []corev1.Container{{Name: "main", Image: "web:1", Env: []corev1.EnvVar{
					{Name: "AWS_REGION", Value: "eu-west-1"}, {Name: "DB_PASSWORD", Value: "made-" + "up-value"},
				}}},
			},
		}
		if diff := gocmp.Diff(FromPod(pod, nil), texts.FromPod(pod, nil)); diff != "" {
			t.Errorf("a pod differs:\n%s", diff)
		}
		secret := &metav1.ObjectMeta{Namespace: "payments", Name: fmt.Sprint("s-", i), ManagedFields: []metav1.ManagedFieldsEntry{
			{Manager: "helm", FieldsV1: metav1.NewFieldsV1(`{"f:data":{"f:tls.crt":{},"f:tls.key":{}}}`)},
		}}
		if diff := gocmp.Diff(FromSecretMetadata(secret, "Opaque"), texts.FromSecretMetadata(secret, "Opaque")); diff != "" {
			t.Errorf("a Secret differs:\n%s", diff)
		}
	}
}

func TestSortInPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		var got []Namespace
		for i := range n {
			got = append(got, Namespace{Meta: Meta{Namespace: fmt.Sprint(random.IntN(3)), Name: fmt.Sprint(random.IntN(5)), UID: fmt.Sprint(i)}})
		}
		want := slices.Clone(got)
		slices.SortStableFunc(want, func(a, b Namespace) int {
			return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
		})
		order(got, func(o *Namespace) *Meta { return &o.Meta })
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("%d objects:\n%s", n, diff)
		}
	}
}

// TestCollapserBlocks has more workloads than are held together.
func TestCollapserBlocks(t *testing.T) {
	var c Collapser
	const n = 2*workloadBlock + 3
	for i := range n {
		c.Add(Workload{Meta: Meta{Kind: "Deployment", Group: "apps", Namespace: "a", Name: fmt.Sprint("d-", i), UID: fmt.Sprint("uid-", i)}, Running: -1})
	}
	for i := range n {
		c.Add(Workload{Meta: Meta{Kind: "Pod", Namespace: "a", Name: fmt.Sprint("p-", i), Owners: []OwnerReference{{UID: fmt.Sprint("uid-", i), Controller: true}}}, Running: i % 2})
	}
	list := c.Workloads(true)
	if len(list) != n {
		t.Fatalf("%d workloads of %d", len(list), n)
	}
	for i, w := range list {
		if w.Name != fmt.Sprint("d-", i) || w.Running != i%2 {
			t.Errorf("at %d stands %s with %d running", i, w.Name, w.Running)
		}
	}
	if again := c.Workloads(true); again != nil {
		t.Errorf("they are given twice: %d", len(again))
	}
}
