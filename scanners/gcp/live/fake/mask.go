package fake

import (
	"fmt"
	"strings"
)

// A mask is a selection of fields, as partial responses are spelled: a,b(c,d),e/f.
// An empty one is everything below.
type mask map[string]mask

// parse reads a selection.
func parse(text string) (mask, error) {
	m, rest, err := fields(text)
	if err == nil && rest != "" {
		err = fmt.Errorf("invalid field selection %s", text)
	}
	return m, err
}

func fields(text string) (mask, string, error) {
	out := mask{}
	for {
		end := strings.IndexAny(text, ",()/")
		name := text
		if end >= 0 {
			name = text[:end]
		}
		if name == "" {
			return nil, "", fmt.Errorf("invalid field selection at %q", text)
		}
		text = text[len(name):]
		var inner mask
		var err error
		switch {
		case strings.HasPrefix(text, "("):
			if inner, text, err = fields(text[1:]); err != nil {
				return nil, "", err
			}
			if !strings.HasPrefix(text, ")") {
				return nil, "", fmt.Errorf("invalid field selection at %q", text)
			}
			text = text[1:]
		case strings.HasPrefix(text, "/"):
			if inner, text, err = fields(text[1:]); err != nil {
				return nil, "", err
			}
		}
		out[name] = inner
		if !strings.HasPrefix(text, ",") {
			return out, text, nil
		}
		text = text[1:]
	}
}

// unknown names a field of a selection that a schema does not have; empty if there
// is none.
func (doc *document) unknown(m mask, s *schema) string {
	s = doc.resolve(s)
	if s == nil || s.Type == "any" {
		return ""
	}
	if s.Type == "array" {
		return doc.unknown(m, s.Items)
	}
	for name, inner := range m {
		of := s.Properties[name]
		if of == nil {
			of = s.Additional
		}
		if of == nil {
			return name
		}
		if len(inner) > 0 {
			if bad := doc.unknown(inner, of); bad != "" {
				return bad
			}
		}
	}
	return ""
}

// only keeps what a selection names.
func (m mask) only(v any) any {
	if len(m) == 0 {
		return v
	}
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range m {
			if have, ok := x[name]; ok {
				out[name] = inner.only(have)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = m.only(x[i])
		}
		return out
	default:
		return v
	}
}
