package live

import (
	"math"
	"testing"

	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

func TestOnce(t *testing.T) {
	var q query
	for _, n := range []string{"a", "b"} {
		if !q.once("ns", n) {
			t.Errorf("%s is new", n)
		}
	}
	q.again()
	for _, c := range []struct {
		namespace, object string
		want              bool
	}{{"ns", "a", false}, {"ns", "b", false}, {"other", "a", true}, {"ns", "c", true}, {"ns", "c", false}} {
		if got := q.once(c.namespace, c.object); got != c.want {
			t.Errorf("%s/%s is new: %v, want %v", c.namespace, c.object, got, c.want)
		}
	}
	q.again()
	if q.once("ns", "c") {
		t.Error("what was read after the first time is forgotten at the second")
	}
}

// TestExpect has a server that counts wrong.
func TestExpect(t *testing.T) {
	many, none, few := math.MaxInt, -7, 12
	for _, c := range []struct {
		total *int
		want  int
	}{{nil, 0}, {&none, 0}, {&few, 12}, {&many, MaxWhole}} {
		r := &run{cluster: &object.Cluster{}}
		if got := r.expect("secrets", c.total); got != c.want || cap(r.cluster.Secrets) < c.want {
			t.Errorf("room for %d (%d), want %d", got, cap(r.cluster.Secrets), c.want)
		}
	}
}
