package findings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/muster-nhi/muster/internal/inventory"
)

// An unknownFactError is the error that reading a fact gives when it is not known.
// CEL carries it through an expression the way three-valued logic wants it:
// unknown && false is false, unknown || true is true, all else is unknown.
type unknownFactError struct {
	text string // "created_at of the credential is not known"
}

func newUnknownFact(fact string) *unknownFactError { return &unknownFactError{fact + " is not known"} }

func (u *unknownFactError) Error() string { return u.text }

// unknownValue makes the CEL value of an unknown fact. The node id keeps
// cel-go from writing its own into the value, which all workers share.
func unknownValue(fact string) error {
	err, ok := types.NewErrWithNodeID(1, "%w", newUnknownFact(fact)).(error)
	if !ok {
		return newUnknownFact(fact) // a CEL error is a Go error; a test holds it to that
	}
	return err
}

// A use sums up what is known of the use of a subject.
type use struct {
	LastUsedAt   time.Time     `json:"last_used_at"`  // latest
	TrackedSince time.Time     `json:"tracked_since"` // earliest
	Never        inventory.Tri `json:"never"`         // true: tracked, and not used since
	Interactive  inventory.Tri `json:"interactive"`   // true: a person used it at least once
}

// summarise makes a use of usage records. Never is unknown as soon as one of
// them does not say since when use is tracked.
func summarise(usages []*inventory.Usage) *use {
	var u use
	tracked, people := len(usages) > 0, len(usages) > 0
	for _, x := range usages {
		if x.LastUsedAt.After(u.LastUsedAt) {
			u.LastUsedAt = x.LastUsedAt
		}
		if !x.TrackedSince.IsZero() && (u.TrackedSince.IsZero() || x.TrackedSince.Before(u.TrackedSince)) {
			u.TrackedSince = x.TrackedSince
		}
		tracked = tracked && !x.TrackedSince.IsZero()
		people = people && x.Interactive != inventory.Unknown
		if x.Interactive == inventory.True {
			u.Interactive = inventory.True
		}
	}
	if u.Interactive == inventory.Unknown && people {
		u.Interactive = inventory.False
	}
	switch {
	case !u.LastUsedAt.IsZero():
		u.Never = inventory.False
	case tracked:
		u.Never = inventory.True
	}
	return &u
}

// A recordType is what rules see of one kind of record: its JSON field names,
// their CEL types, and which of them may be unknown.
type recordType struct {
	celType  *types.Type
	noun     string
	fields   map[string]*types.FieldType
	optional map[string]bool
	names    []string
}

// A vocabulary is the CEL type provider: every record type and its fields,
// made once from the JSON tags of the inventory's structs.
type vocabulary struct {
	*types.Registry
	types map[string]*recordType // by CEL type name
	of    map[reflect.Type]*recordType
	none  ref.Val // the empty list of records
}

func newVocabulary() (*vocabulary, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("make CEL type registry: %w", err)
	}
	v := &vocabulary{Registry: registry, types: map[string]*recordType{}, of: map[reflect.Type]*recordType{}}
	v.none = types.NewRefValList(v, nil)
	for _, t := range []reflect.Type{
		reflect.TypeFor[inventory.Location](), // first: others hold lists of it
		reflect.TypeFor[inventory.Identity](),
		reflect.TypeFor[inventory.Credential](),
		reflect.TypeFor[inventory.Grant](),
		reflect.TypeFor[inventory.Usage](),
		reflect.TypeFor[inventory.Trust](),
		reflect.TypeFor[inventory.Consumer](),
		reflect.TypeFor[inventory.Owner](),
		reflect.TypeFor[inventory.Relation](),
		reflect.TypeFor[use](),
	} {
		v.add(t)
	}
	return v, nil
}

func (v *vocabulary) add(t reflect.Type) {
	noun := strings.ToLower(t.Name())
	rt := &recordType{
		celType:  cel.ObjectType("muster." + t.Name()),
		noun:     noun,
		fields:   map[string]*types.FieldType{},
		optional: map[string]bool{},
	}
	v.types[rt.celType.TypeName()], v.of[t] = rt, rt
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		celType, get, optional := v.field(t.Field(i).Type, i, name, noun)
		rt.fields[name] = &types.FieldType{
			Type:    celType,
			GetFrom: get,
			IsSet: func(target any) bool {
				value, err := get(target)
				val, ok := value.(ref.Val)
				return err == nil && ok && !isEmpty(val)
			},
		}
		rt.optional[name] = optional
		rt.names = append(rt.names, name)
	}
	slices.Sort(rt.names)
}

// zeroIsKnown holds the numbers whose zero is a count and not "unknown".
func zeroIsKnown(name string) bool { return name == "locations_omitted" }

// field returns the CEL type of one struct field, how to read it, and whether
// it may be unknown.
func (v *vocabulary) field(t reflect.Type, i int, name, noun string) (*types.Type, ref.FieldGetter, bool) {
	unknown := unknownValue(name + " of the " + noun)
	at := func(target any) reflect.Value { return reflect.ValueOf(target).Elem().Field(i) }
	switch {
	case t == reflect.TypeFor[time.Time]():
		return types.TimestampType, func(target any) (any, error) {
			if tm := pointer[time.Time](at(target)); !tm.IsZero() {
				return types.Timestamp{Time: *tm}, nil
			}
			return nil, unknown
		}, true
	case t == reflect.TypeFor[inventory.Tri]():
		return types.BoolType, func(target any) (any, error) {
			if b := at(target).Int(); b != int64(inventory.Unknown) {
				return types.Bool(b == int64(inventory.True)), nil
			}
			return nil, unknown
		}, true
	case t == reflect.TypeFor[inventory.Level]():
		return types.StringType, func(target any) (any, error) {
			if s := at(target).String(); s != "" && s != string(inventory.LevelUnknown) {
				return types.String(s), nil
			}
			return nil, unknown
		}, true
	case t.Kind() == reflect.String:
		return types.StringType, func(target any) (any, error) { return types.String(at(target).String()), nil }, false
	case t.Kind() == reflect.Bool:
		return types.BoolType, func(target any) (any, error) { return types.Bool(at(target).Bool()), nil }, false
	case t.Kind() == reflect.Int:
		known := zeroIsKnown(name)
		return types.IntType, func(target any) (any, error) {
			if n := at(target).Int(); n != 0 || known {
				return types.Int(n), nil
			}
			return nil, unknown
		}, !known
	default:
		celType, get := v.collection(t, at)
		return celType, get, false
	}
}

// collection is field for lists and maps; they are never unknown.
func (v *vocabulary) collection(t reflect.Type, at func(any) reflect.Value) (*types.Type, ref.FieldGetter) {
	switch t {
	case reflect.TypeFor[[]string]():
		none := types.NewStringList(v, nil) // most lists and maps are empty, and there are millions
		return types.NewListType(types.StringType), func(target any) (any, error) {
			if list := *pointer[[]string](at(target)); len(list) > 0 {
				return types.NewStringList(v, list), nil
			}
			return none, nil
		}
	case reflect.TypeFor[map[string]string]():
		none := types.NewStringStringMap(v, nil)
		return types.NewMapType(types.StringType, types.StringType), func(target any) (any, error) {
			if m := *pointer[map[string]string](at(target)); len(m) > 0 {
				return types.NewStringStringMap(v, m), nil
			}
			return none, nil
		}
	case reflect.TypeFor[[]inventory.Location]():
		location := v.of[reflect.TypeFor[inventory.Location]()]
		return types.NewListType(location.celType), func(target any) (any, error) {
			list := pointer[[]inventory.Location](at(target))
			values := make([]ref.Val, len(*list))
			for j := range *list {
				values[j] = &object{location, &(*list)[j]}
			}
			return types.NewRefValList(v, values), nil
		}
	default:
		panic("findings: no CEL type for " + t.String()) // a test reads every field
	}
}

// pointer returns a pointer to a struct field of that type; to an empty value if
// the field has another type, which a test rules out.
func pointer[T any](field reflect.Value) *T {
	if p, ok := reflect.TypeAssert[*T](field.Addr()); ok {
		return p
	}
	return new(T)
}

// NativeToValue implements types.Adapter.
func (v *vocabulary) NativeToValue(value any) ref.Val {
	if val, ok := value.(ref.Val); ok {
		return val
	}
	return v.Registry.NativeToValue(value)
}

// FindStructType implements types.Provider.
func (v *vocabulary) FindStructType(name string) (*types.Type, bool) {
	if rt := v.types[name]; rt != nil {
		return types.NewTypeTypeWithParam(rt.celType), true
	}
	return v.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (v *vocabulary) FindStructFieldNames(name string) ([]string, bool) {
	if rt := v.types[name]; rt != nil {
		return rt.names, true
	}
	return v.Registry.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (v *vocabulary) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if rt := v.types[name]; rt != nil {
		ft, ok := rt.fields[field]
		return ft, ok
	}
	return v.Registry.FindStructFieldType(name, field)
}

// An object is a record as a CEL value.
type object struct {
	recordType *recordType
	pointer    any // to the inventory's struct
}

// ConvertToNative implements ref.Val; records do not leave an expression.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("convert a %s to %v", o.recordType.noun, t)
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.recordType.celType
	}
	return types.NewErr("convert a %s to %s", o.recordType.noun, t.TypeName())
}

// Equal implements ref.Val: a record equals itself only.
func (o *object) Equal(other ref.Val) ref.Val {
	x, ok := other.(*object)
	return types.Bool(ok && x.pointer == o.pointer)
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.recordType.celType }

// Value implements ref.Val.
func (o *object) Value() any { return o.pointer }
