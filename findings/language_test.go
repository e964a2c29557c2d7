package findings

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestEveryFact reads every field of every record type: empty, where optional
// ones must be unknown and all others must not, and filled, where none may be.
func TestEveryFact(t *testing.T) {
	v, err := newVocabulary()
	if err != nil {
		t.Fatal(err)
	}
	for goType, rt := range v.of {
		empty, full := reflect.New(goType), reflect.New(goType)
		fill(full.Elem())
		for _, name := range rt.names {
			ft, ok := v.FindStructFieldType(rt.celType.TypeName(), name)
			if !ok {
				t.Fatalf("%s.%s is not found", rt.noun, name)
			}
			value, err := ft.GetFrom(empty.Interface())
			var unknown *unknownFactError
			if isUnknown := errors.As(err, &unknown); isUnknown != rt.optional[name] {
				t.Errorf("%s.%s, empty: got %v, %v; want unknown: %v", rt.noun, name, value, err, rt.optional[name])
			}
			if ft.IsSet(empty.Interface()) && goType.Field(slices.Index(fieldNames(goType), name)).Type.Kind() != reflect.Bool && name != "locations_omitted" {
				t.Errorf("%s.%s, empty: is set", rt.noun, name)
			}
			value, err = ft.GetFrom(full.Interface())
			if err != nil {
				t.Errorf("%s.%s, filled: %v", rt.noun, name, err)
				continue
			}
			val, ok := value.(ref.Val)
			if !ok || !ft.Type.IsAssignableRuntimeType(val) || !ft.IsSet(full.Interface()) {
				t.Errorf("%s.%s, filled: got %T, want a %s", rt.noun, name, value, ft.Type)
			}
		}
	}
}

func fieldNames(t reflect.Type) []string {
	var out []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

// fill sets every field to something that is not its zero value.
func fill(v reflect.Value) {
	for _, f := range v.Fields() {
		switch x := f.Addr().Interface().(type) {
		case *time.Time:
			*x = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		case *inventory.Tri:
			*x = inventory.True
		case *inventory.Level:
			*x = inventory.LevelRead
		case *[]string:
			*x = []string{"a"}
		case *map[string]string:
			*x = map[string]string{"a": "b"}
		case *[]inventory.Location:
			*x = []inventory.Location{{URI: "a"}}
		case *int:
			*x = 1
		case *bool:
			*x = true
		default:
			f.SetString("a")
		}
	}
}

// TestSharedUnknown makes sure that cel-go does not write into the value that
// all workers share: it marks errors that have no node.
func TestSharedUnknown(t *testing.T) {
	u, ok := errors.AsType[*types.Err](unknownValue("x of the y"))
	if !ok {
		t.Fatal("not a CEL error")
	}
	if types.LabelErrNode(7, u); u.NodeID() != 1 {
		t.Errorf("the shared value was changed: node %d", u.NodeID())
	}
}

func TestDays(t *testing.T) {
	at := func(s string) time.Time {
		tm, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	for _, test := range []struct {
		from, to string
		want     int
	}{
		{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 0},
		{"2026-01-01T00:00:00Z", "2026-01-01T23:59:59Z", 0},
		{"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 1},
		{"2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z", -1},
		{"2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", -1},
		{"2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00Z", 0},
		{"0001-01-02T00:00:00Z", "9999-12-31T23:59:59Z", 3652057},
		{"9999-12-31T23:59:59Z", "2026-01-01T00:00:00Z", -2912443},
	} {
		if got := wholeDays(at(test.from), at(test.to)); got != test.want {
			t.Errorf("from %s to %s: got %d, want %d", test.from, test.to, got, test.want)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		s, pattern string
		want       bool
	}{
		{"", "", true},
		{"", "*", true},
		{"a", "", false},
		{"aws.access_key", "aws.*", true},
		{"aws", "aws.*", false},
		{"a/b/c", "a/*", true},
		{"a/b/c", "*/c", true},
		{"a/b/c", "a*c", true},
		{"a/b/c", "a*d", false},
		{"abc", "a?c", true},
		{"abc", "a?", false},
		{"a*c", "a*c", true},
		{"xay", "*a*", true},
		{"mississippi", "m*iss*ip*", true},
		{"mississippi", "m*iss*ix*", false},
		{"ab", "**?b**", true},
	} {
		if got := glob(test.s, test.pattern); got != test.want {
			t.Errorf("glob(%q, %q): got %v", test.s, test.pattern, got)
		}
	}
}

func TestMeant(t *testing.T) {
	for written, want := range map[string]string{
		"craeted_at": "; did you mean created_at?",
		"createdat":  "; did you mean created_at?",
		"xyzzyxyzzy": "",
	} {
		if got := meant(written, []string{"expires_at", "created_at", "name"}); got != want {
			t.Errorf("%s: got %q, want %q", written, got, want)
		}
	}
}

// TestUnguarded tells which facts a condition needs an unknown test for, and
// whether it runs under limits.
func TestUnguarded(t *testing.T) {
	l, err := theLanguage()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		when    string
		want    []string
		limited bool
	}{
		{"credential.name == ''", nil, false},
		{"credential.disabled", []string{"credential.disabled"}, false},
		{"!known(credential.disabled) || credential.disabled", nil, false},
		{"has(credential.disabled)", nil, false},
		{"known(credential.disabled) && credential.encrypted", []string{"credential.encrypted"}, false},
		{"credential.attributes['k'] == ''", []string{"credential.attributes[k]"}, false},
		{"'k' in credential.attributes && credential.attributes['k'] == ''", nil, false},
		{"unknown() || in_baseline()", []string{"in_baseline()", "unknown()"}, false},
		{"grants.exists(g, g.level == 'admin')", []string{"g.level"}, false},
		{"grants.exists(g, known(g.level) && g.level == 'admin')", nil, false},
		{"grants.exists(g, g.reasons.exists(r, r == 'x'))", nil, false},
		{"grants.exists(g, opens.exists(i, i.id == g.principal))", nil, true},
		{"grants.exists(g, g.name in opens.map(i, i.name))", nil, true},
		{"grants.filter(g, g.name == 'x').exists(g, g.resource == '*')", nil, false},
		{"grants.exists(g, ['a', 'b'].exists(x, x == g.name))", nil, true},
		{"grants.exists(g, g.name in ['a', 'b'])", nil, false},
		{"credential.name.replace('a', 'b') == ''", nil, true},
		{"grants.map(g, g.name).join(',') == ''", nil, true},
	} {
		x, errs := l.compile(inventory.KindCredential, test.when, types.BoolType)
		if len(errs) > 0 {
			t.Errorf("%s: %v", test.when, errs)
			continue
		}
		if !slices.Equal(x.optional, test.want) || x.limited != test.limited {
			t.Errorf("%s: got %q, limited %v; want %q, limited %v", test.when, x.optional, x.limited, test.want, test.limited)
		}
	}
}
