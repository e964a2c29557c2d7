package saved

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stream reads a text as JSON: its values, how many were lists, and what is wrong.
func stream(ctx context.Context, text string, o Options) (values []string, lists int, broken string) {
	s := NewStream(strings.NewReader(text), o)
	for {
		list, err := s.Next(ctx, func(raw json.RawMessage) { values = append(values, string(raw)) })
		if list {
			lists++
		}
		if errors.Is(err, io.EOF) {
			return values, lists, ""
		}
		if err != nil {
			return values, lists, s.Broken(err, "broken")
		}
	}
}

func TestStream(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	for _, c := range []struct {
		name, text string
		values     []string
		lists      int
		broken     string
	}{
		{"nothing", " \n", nil, 0, ""},
		{"one object", `{"a": 1}`, []string{`{"a": 1}`}, 0, ""},
		{"lines", "{}\n1\n\"x\"\n", []string{"{}", "1", `"x"`}, 0, ""},
		{"a list", ` [{}, [1, 2], 3]`, []string{"{}", "[1, 2]", "3"}, 1, ""},
		{"an empty list", `[]`, nil, 1, ""},
		{"two lists", "[1]\n[2]{}", []string{"1", "2", "{}"}, 2, ""},
		{"many values, longer than one may be", "[" + strings.Repeat(`"`+long[:900]+`",`, 100) + "1]", append(repeat(`"`+long[:900]+`"`, 100), "1"), 1, ""},
		{"a list that is cut", `[{}, {"a"`, []string{"{}"}, 1, "ends in the middle, after 4 bytes; what came before was read"},
		{"a list without its end", `[{}`, []string{"{}"}, 1, "ends in the middle, after 3 bytes; what came before was read"},
		{"an object that is cut", `{} {"a"`, []string{"{}"}, 0, "ends in the middle, after 3 bytes; what came before was read"},
		{"a list that is broken", `[{}, nonsense`, []string{"{}"}, 1, "is broken from byte 4 on; what came before was read"},
		{"a long value", `["` + long + `"]`, nil, 1, "from byte 1 on it was not read: it has a value longer than 4000 bytes, or is longer than 9000 bytes"},
		{"a deep value", strings.Repeat("[", 20_000), nil, 1, "from byte 1 on it was not read: it has a value longer than 4000 bytes, or is longer than 9000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			values, lists, broken := stream(t.Context(), c.text, Options{MaxValue: 4000, MaxFile: 9000})
			if diff := cmp.Diff(c.values, values); diff != "" {
				t.Error(diff)
			}
			if lists != c.lists || broken != c.broken {
				t.Errorf("%d lists, %q", lists, broken)
			}
		})
	}
}

func TestStreamEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, n := NewStream(strings.NewReader("[1, 2, 3] 4"), Options{MaxValue: 99}), 0
	one := func(json.RawMessage) { n++; cancel() }
	_, _ = s.Next(ctx, one) // that it ended is told by the next
	if _, err := s.Next(ctx, one); !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("after its end it hands over %d values: %v", n, err)
	}
}

func TestYAML(t *testing.T) {
	for _, c := range []struct {
		name, text string
		values     []string
		broken     string
	}{
		{"one document", "a: 1\n", []string{`{"a":1}`}, ""},
		{"several", "---\na: 1\n---\n- x\n", []string{`{"a":1}`, `["x"]`}, ""},
		{"the second is broken", "a: 1\n---\nx: [", []string{`{"a":1}`}, "is broken YAML from its 2. document on; what came before was read"},
		{"it says that it is and is not", "---\nx: [", nil, "is broken YAML from its 1. document on; what came before was read"},
		{"it is not", "x: [", nil, "is no YAML"},
		{"long", "a: " + strings.Repeat("x", 100), nil, "is broken YAML from its 1. document on; what came before was read"},
		{"what JSON does not have", "---\n1: x\n", nil, "is broken YAML from its 1. document on; what came before was read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var values []string
			err := YAML([]byte(c.text), 100, func(raw json.RawMessage) { values = append(values, string(raw)) })
			if diff := cmp.Diff(c.values, values); diff != "" {
				t.Error(diff)
			}
			if got := fmt.Sprint(err); got != c.broken && (err != nil || c.broken != "") {
				t.Errorf("it says %v", err)
			}
			if errors.Is(err, ErrNoYAML) != (c.name == "it is not") {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// Whatever a file holds, reading it ends, what it hands over is JSON, and what it says
// is not of the file.
func FuzzText(f *testing.F) {
	for _, text := range []string{"[{}, 1]", "{} {}", "\xff\xfe{\x00}\x00", "\x1f\x8bxx", "---\na: &a [*a]\n", "a: 1\n---\nb: x", "\xef\xbb\xbf[", "[[[[", `["\u00e9", nonsense`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value := func(raw json.RawMessage) {
			if !json.Valid(raw) {
				t.Error("a value is no JSON")
			}
		}
		text, err := Open(strings.NewReader(string(data)), 1<<20)
		switch {
		case err != nil:
		case text.IsYAML():
			if data, err := Whole(text, 1<<16); err == nil {
				_ = YAML(data, 1<<16, value) // broken or not, it ends
			}
		default:
			s := NewStream(text, Options{MaxValue: 1 << 16, MaxFile: 1 << 20})
			for err == nil {
				_, err = s.Next(t.Context(), value)
			}
			if said := s.Broken(err, "broken"); !strings.Contains(said, "byte") {
				t.Error("nothing is said of where")
			}
		}
	})
}

func repeat(text string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = text
	}
	return out
}
