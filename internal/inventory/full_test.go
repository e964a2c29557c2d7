package inventory_test

import (
	"reflect"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The tests of the codec and of the schema are worth as much as the records
// that they use: every field of every kind is set in one of them.
func TestRecordsOfTheTestsAreFull(t *testing.T) {
	set := map[string]bool{}
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				look(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				look(v.Index(i))
			}
		case reflect.Struct:
			for i, f := 0, v.Type(); i < f.NumField(); i++ {
				if f.Field(i).IsExported() {
					name := f.Name() + "." + f.Field(i).Name
					set[name] = set[name] || !v.Field(i).IsZero()
					look(v.Field(i))
				}
			}
		default:
		}
	}
	for _, r := range one() {
		look(reflect.ValueOf(r))
	}
	if len(set) < 100 || !set["Record.Finding"] {
		t.Fatalf("%d fields were looked at", len(set))
	}
	for name, ok := range set {
		if !ok {
			t.Errorf("%s is set in no record", name)
		}
	}
	if _, ok := set["Identity.ID"]; !ok || inventory.Schema() == nil {
		t.Error("identities were not looked at")
	}
}
