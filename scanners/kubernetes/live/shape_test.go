package live

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// fill fills a value with made-up ones, so that every field that could be cut
// away by mistake has something in it.
func fill(v reflect.Value, rnd *rand.Rand, depth int) {
	switch v.Interface().(type) {
	case metav1.Time:
		v.Set(reflect.ValueOf(metav1.NewTime(time.Unix(1_700_000_000+rnd.Int64N(1<<24), 0).UTC())))
		return
	case quantity.Quantity, metav1.MicroTime, intstr.IntOrString:
		return
	case metav1.FieldsV1:
		v.Set(reflect.ValueOf(*metav1.NewFieldsV1(fmt.Sprintf(`{"f:data":{".":{},"f:key%d":{}},"f:metadata":{"f:annotations":{"f:data":{}}}}`, rnd.IntN(5)))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		words := []string{"owner", "AWS_ROLE_ARN", object.LastApplied, "privileged", "kube-api-access-x", "eks.amazonaws.com/role-arn", "ALL"}
		v.SetString(words[rnd.IntN(len(words))])
		if rnd.IntN(3) > 0 {
			v.SetString(fmt.Sprintf("text-%d", rnd.IntN(1000)))
		}
	case reflect.Bool:
		v.SetBool(rnd.IntN(2) == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(rnd.Int64N(1 << 20))
	case reflect.Uint8:
		v.SetUint(uint64(rnd.IntN(256)))
	case reflect.Pointer:
		if depth < 14 && rnd.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), rnd, depth+1)
		}
	case reflect.Slice:
		if depth < 14 {
			n := rnd.IntN(3)
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(v.Index(i), rnd, depth+1)
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range rnd.IntN(4) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, rnd, depth+1)
			fill(value, rnd, depth+1)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				fill(field, rnd, depth+1)
			}
		}
	default:
	}
}

// whole is a message that can be written as well.
type whole[T any] interface {
	message[T]
	Marshal() ([]byte, error)
}

// compare decodes made-up objects whole and cut, and wants what is kept of them
// to be the same.
func compare[T any, M whole[T], X any](t *testing.T, s *shape, convert func(M) X) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	shorter := 0
	for range 60 {
		var made, full, cut T
		fill(reflect.ValueOf(&made).Elem(), rnd, 0)
		text, err := M(&made).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := M(&full).Unmarshal(text); err != nil {
			t.Fatal(err)
		}
		left, err := s.cut(slices.Clone(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(left) < len(text) {
			shorter++
		}
		if err := M(&cut).Unmarshal(left); err != nil {
			t.Fatalf("%T: %v", made, err)
		}
		want, got := convert(&full), convert(&cut)
		forget(reflect.ValueOf(&want).Elem())
		forget(reflect.ValueOf(&got).Elem())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%T: %s", made, diff)
		}
	}
	if shorter == 0 {
		t.Errorf("%T: nothing is cut", *new(T))
	}
}

// forget clears what only Secrets keep of managedFields.
func forget(v reflect.Value) {
	if m, ok := reflect.TypeAssert[*object.Meta](v.FieldByName("Meta").Addr()); ok && m.Kind != "Secret" {
		for i := range m.Managers {
			m.Managers[i].Data = false
		}
	}
}

// TestShapesKeepWhatIsUsed compares cut objects with whole ones, by each shape in
// use.
func TestShapesKeepWhatIsUsed(t *testing.T) {
	compare(t, plainShape(), object.FromNamespace)
	compare(t, plainShape(2, 3, 4), object.FromServiceAccount)
	compare(t, plainShape(2, 3), object.FromClusterRole)
	compare(t, plainShape(2), object.FromRole)
	compare(t, plainShape(2, 3), object.FromClusterRoleBinding)
	compare(t, plainShape(2, 3), object.FromRoleBinding)
	compare(t, plainShape(2, 3), object.FromSigningRequest)
	compare(t, controllerShape(3, []int{1, 7}, nil), func(o *appsv1.Deployment) object.Workload { return object.FromDeployment(o, nil) })
	compare(t, controllerShape(3, []int{1}, nil), func(o *appsv1.StatefulSet) object.Workload { return object.FromStatefulSet(o, nil) })
	compare(t, controllerShape(2, nil, []int{3, 5}), func(o *appsv1.DaemonSet) object.Workload { return object.FromDaemonSet(o, nil) })
	compare(t, controllerShape(3, []int{1}, nil), func(o *corev1.ReplicationController) object.Workload { return object.FromReplicationController(o, nil) })
	compare(t, controllerShape(3, []int{1}, nil), func(o *appsv1.ReplicaSet) object.Workload { return object.FromReplicaSet(o, nil) })
	compare(t, jobShape(), func(o *batchv1.Job) object.Workload { return object.FromJob(o, nil) })
	compare(t, cronShape(), func(o *batchv1.CronJob) object.Workload { return object.FromCronJob(o, nil) })
	compare(t, wholePodShape(), func(o *corev1.Pod) object.Workload { return object.FromPod(o, nil) })
	compare(t, secretShape(), func(o *corev1.Secret) object.Secret { return object.FromSecret(o, nil) })
	compare(t, &shape{keep: fields(1), parts: map[int]*shape{1: metaShape(true)}}, func(o *metav1.PartialObjectMetadata) object.Secret {
		return object.FromSecretMetadata(&o.ObjectMeta, "Opaque")
	})
}

// TestShapeDrops proves that a value of last-applied is cut before anything is
// decoded.
func TestShapeDrops(t *testing.T) {
	o := secretOf("shop", "db", "Opaque", "password")
	o.Data = nil
	text, err := (&metav1.PartialObjectMetadata{ObjectMeta: o.ObjectMeta}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	left, err := (&shape{keep: fields(1), parts: map[int]*shape{1: metaShape(true)}}).cut(text)
	if err != nil {
		t.Fatal(err)
	}
	var m metav1.PartialObjectMetadata
	if err := m.Unmarshal(left); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{object.LastApplied: "", "team": "payments", "": ""}, m.Annotations); diff != "" {
		t.Error(diff)
	}
}

// FuzzShape cuts any bytes: what is no message is refused, what is left of one can
// be decoded if it could be before, and says the same.
func FuzzShape(f *testing.F) {
	for _, name := range []string{"web", "lonely"} {
		o := corev1.Pod{ObjectMeta: secretOf("shop", name, "", "key").ObjectMeta, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
		o.Spec.Containers = []corev1.Container{{Name: "app", Env: []corev1.EnvVar{{Name: "AWS_ROLE_ARN", Value: "x"}}}}
		text, err := o.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole, cut corev1.Pod
		known := whole.Unmarshal(text) == nil
		left, err := wholePodShape().cut(slices.Clone(text))
		if !known || err != nil {
			return // groups are refused, which other decoders read over and no API server writes
		}
		if err := cut.Unmarshal(left); err != nil {
			t.Fatal(err)
		}
		want, got := object.FromPod(&whole, nil), object.FromPod(&cut, nil)
		for _, m := range []*object.Meta{&want.Meta, &got.Meta} {
			for i := range m.Managers {
				m.Managers[i].Data = false
			}
		}
		want.Name, got.Name = "", "" // generateName is cut: an object that lives has a name
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzPage reads any bytes as a list.
func FuzzPage(f *testing.F) {
	f.Add([]byte("k8s\x00\x12\x08\x0a\x02\x1a\x00\x12\x02\x0a\x00"), true)
	f.Add([]byte(`{"metadata":{"continue":"x","remainingItemCount":3},"items":[{"metadata":{}}]}`), false)
	f.Fuzz(func(t *testing.T, text []byte, protobuf bool) {
		items := 0
		each := func([]byte) error { items++; return nil }
		read := readJSON
		if protobuf {
			read = readProtobuf
		}
		p, err := read(bytes.NewReader(text), each)
		if err == nil && p.items != items {
			t.Fatalf("%d items, %d were read", p.items, items)
		}
	})
}
