package condition

import (
	"errors"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/muster-nhi/muster/internal/inventory"
)

// errTags is the answer to whoever asks for tags in another form.
var errTags = errors.New("tags have no other form")

// stringsType is what lists of texts are converted to.
//
//nolint:gochecknoglobals // a constant that Go has no word for
var stringsType = reflect.TypeFor[[]string]()

// tagList wraps tags so that they pass through CEL.
func tagList(tags []Tag) ref.Val { return tagValue{tags} }

// A tagValue is the tags of a resource.
type tagValue struct{ tags []Tag }

// ConvertToNative implements ref.Val.
func (tagValue) ConvertToNative(reflect.Type) (any, error) { return nil, errTags }

// ConvertToType implements ref.Val.
func (tagValue) ConvertToType(ref.Type) ref.Val { return types.NewErr("tags are tags") }

// Equal implements ref.Val.
func (tagValue) Equal(ref.Val) ref.Val { return types.False }

// Type implements ref.Val.
func (tagValue) Type() ref.Type { return types.NewOpaqueType("tags") }

// Value implements ref.Val.
func (v tagValue) Value() any { return v.tags }

// tagFunction makes a function that asks whether some tag of a resource is of a
// kind.
func tagFunction(name string, args int, is func(t *Tag, args []string) inventory.Tri) cel.EnvOption {
	params := []*cel.Type{cel.DynType}
	for range args {
		params = append(params, cel.StringType)
	}
	ask := func(in ...ref.Val) ref.Val {
		have, ok := in[0].(tagValue)
		if !ok {
			return types.NewErr("no tags")
		}
		texts := make([]string, 0, args)
		for _, v := range in[1:] {
			s, ok := v.(types.String)
			if !ok {
				return types.NewErr("a tag is named by a text")
			}
			texts = append(texts, string(s))
		}
		out := inventory.False
		for i := range have.tags {
			out = max(out, is(&have.tags[i], texts))
		}
		switch out {
		case inventory.True:
			return types.True
		case inventory.False:
			return types.False
		default:
			return types.NewUnknown(0, nil)
		}
	}
	return cel.Function(name, cel.Overload(name, params, cel.BoolType, cel.FunctionBinding(ask)))
}

// named compares the name of a tag with the one that a condition gives, which
// has the parent before it for a key ("123456789012/env"). If the parent of what
// the resource has is not known, equal short names may be the same tag.
func named(have, want string) inventory.Tri {
	short := func(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
	switch {
	case have == want:
		return inventory.True
	case short(have) != short(want):
		return inventory.False
	case strings.Contains(have, "/") && strings.Contains(want, "/"):
		return inventory.False
	default:
		return inventory.Unknown
	}
}

// valued compares values of tags by their short names: the parent is the key's.
func valued(have, want string) inventory.Tri {
	short := func(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
	return inventory.TriOf(short(have) == short(want))
}

// numbered compares ids of tags.
func numbered(have, want string) inventory.Tri {
	if have == "" {
		return inventory.Unknown
	}
	return inventory.TriOf(have == want)
}
