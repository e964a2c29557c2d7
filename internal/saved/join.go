package saved

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// disputed stands, until Settle, for a fact that files tell in both ways.
const disputed inventory.Tri = 2

// Join puts into an object what another telling of it says, field by field, so that it
// makes no difference which of any number of tellings comes first. A field that is zero
// tells nothing. A Tri that is told in both ways is unknown once Settle was called. Of
// other fields that differ, the longer counts, of two as long the greater: lists in
// their JSON, texts and numbers as they are; of times the later. Fields of
// embedded structs are joined one by one; what is not exported stays as it is in into.
func Join[T any](into, from *T) {
	join(reflect.ValueOf(into).Elem(), reflect.ValueOf(from).Elem())
}

// Settle makes unknown what Join found told in both ways.
func Settle[T any](v *T) { settle(reflect.ValueOf(v).Elem()) }

func join(into, from reflect.Value) {
	for i := range into.NumField() {
		to, of := into.Field(i), from.Field(i)
		switch {
		case !to.CanSet() || of.IsZero():
		case to.IsZero():
			to.Set(of)
		case embedded(into, i):
			join(to, of)
		case to.Type() == reflect.TypeFor[inventory.Tri]():
			if to.Int() != of.Int() {
				to.SetInt(int64(disputed))
			}
		case less(to, of):
			to.Set(of)
		}
	}
}

func settle(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case !f.CanSet():
		case embedded(v, i):
			settle(f)
		case f.Type() == reflect.TypeFor[inventory.Tri]() && f.Int() == int64(disputed):
			f.SetZero()
		}
	}
}

func embedded(in reflect.Value, i int) bool {
	f := in.Type().Field(i)
	return f.Anonymous && f.Type.Kind() == reflect.Struct
}

// less orders two values of a field, the one that counts last.
func less(a, b reflect.Value) bool {
	switch a.Kind() { //nolint:exhaustive // the rest is compared as it is written
	case reflect.String:
		return cmp.Or(cmp.Compare(a.Len(), b.Len()), cmp.Compare(a.String(), b.String())) < 0
	case reflect.Bool:
		return false // both are true
	case reflect.Int, reflect.Int64:
		return a.Int() < b.Int()
	}
	if at, ok := reflect.TypeAssert[time.Time](a); ok {
		other, _ := reflect.TypeAssert[time.Time](b) // both are of one field
		return other.After(at)
	}
	x, y := written(a), written(b)
	return cmp.Or(cmp.Compare(len(x), len(y)), bytes.Compare(x, y)) < 0
}

// written writes a value so that it can be compared.
func written(v reflect.Value) []byte {
	data, err := json.Marshal(v.Interface())
	if err != nil { // a time after the year 9999 in it
		return fmt.Append(nil, v.Interface())
	}
	return data
}
