package gcp

import (
	"context"
	"reflect"
	"strconv"
	"testing"
	"unsafe"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestRecordsShare has grants and keys that say the same hold it once.
func TestRecordsShare(t *testing.T) {
	sets, texts := map[uintptr]bool{}, map[*byte]bool{}
	grants, keys := 0, 0
	e := newEstate("gcp", large(20), newOwnerLabels(nil), scanned)
	err := e.run(context.Background(), func(r inventory.Record) error {
		switch {
		case r.Grant != nil && r.Grant.Name != "effective permissions":
			grants++
			sets[reflect.ValueOf(r.Grant.Attributes).Pointer()] = true
			texts[unsafe.StringData(r.Grant.Principal)] = true
		case r.Credential != nil:
			keys++
			sets[reflect.ValueOf(r.Credential.Attributes).Pointer()] = true
			texts[unsafe.StringData(r.Credential.Identity)] = true
		case r.Identity != nil:
			texts[unsafe.StringData(r.Identity.ID)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if grants < 1000 || keys != 400 {
		t.Fatalf("%d grants, %d keys", grants, keys)
	}
	if len(sets) > 10 || len(texts) != 200 {
		t.Errorf("%d sets of attributes and %d names of 200 accounts", len(sets), len(texts))
	}
}

// TestSetsAreToldApart holds sets of attributes against each other that read alike.
func TestSetsAreToldApart(t *testing.T) {
	s := newSharer()
	a := s.set(map[string]string{"a": "b", "c": "d"})
	b := s.set(map[string]string{"a": "b\x00c\x00d"})
	if len(a) != 2 || len(b) != 1 {
		t.Errorf("%v, %v", a, b)
	}
	for i := range maxShared + 10 {
		s.set(map[string]string{"n": strconv.Itoa(i)})
	}
	if len(s.sets) > maxShared {
		t.Errorf("%d sets are kept", len(s.sets))
	}
}
