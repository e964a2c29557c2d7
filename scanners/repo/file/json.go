package file

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/jsonc"
)

// A value is a place in a JSON document: an object, a list or a string. Numbers
// and the like are no secrets and are left out, but for those of objects.
type value struct {
	text   string // of a string; of a number as it stands
	raw    string // a string as it stands between its quotes
	line   int
	keys   []string
	fields []*value
	items  []*value
	first  map[string]int // of an object with many fields, where each is
	kind   byte           // '{', '[', '"', or '0' for the others
}

// maxNodes bounds the places of one document, and maxDepth how deep they lie.
const (
	maxNodes = 300_000
	maxDepth = 60
)

// A jsonReader makes places of a document.
type jsonReader struct {
	text    string
	decoder *json.Decoder
	at      int // up to where lines are counted
	line    int
	nodes   int
}

// readJSON returns the document in a text, which may have comments and trailing
// commas; nil if it is none.
func readJSON(text string) *value {
	if i := strings.IndexAny(text, "{["); i < 0 || strings.TrimSpace(text[:i]) != "" && !strings.Contains(text[:i], "//") && !strings.Contains(text[:i], "/*") {
		return nil
	}
	plain := []byte(text)
	jsonc.Blank(plain)
	text = string(plain)
	r := &jsonReader{text: text, decoder: json.NewDecoder(strings.NewReader(text)), line: 1}
	return r.value(0)
}

// value reads one place; nil if there is none or the document is too large.
func (r *jsonReader) value(depth int) *value {
	before := int(r.decoder.InputOffset())
	token, err := r.decoder.Token()
	if err != nil || depth > maxDepth || r.nodes >= maxNodes {
		return nil
	}
	r.nodes++
	end := int(r.decoder.InputOffset())
	start := before + len(r.text[before:end]) - len(strings.TrimLeft(r.text[before:end], " \t\r\n,:"))
	r.line += strings.Count(r.text[r.at:start], "\n")
	r.at = start
	v := &value{line: r.line, kind: '0'}
	switch t := token.(type) {
	case json.Delim:
		v.kind = byte(t)
		return r.inside(v, depth)
	case string:
		v.kind, v.text = '"', t
		if end-start >= 2 {
			v.raw = r.text[start+1 : end-1]
		}
	default:
		v.text = r.text[start:end]
	}
	return v
}

// inside reads what an object or a list holds, and its end.
func (r *jsonReader) inside(v *value, depth int) *value {
	for r.decoder.More() {
		key := ""
		if v.kind == '{' {
			token, err := r.decoder.Token()
			name, ok := token.(string)
			if err != nil || !ok {
				return nil
			}
			key = name
		}
		one := r.value(depth + 1)
		switch {
		case one == nil:
			return nil
		case v.kind == '{':
			v.keys, v.fields = append(v.keys, key), append(v.fields, one)
		case one.kind != '0':
			v.items = append(v.items, one)
		}
	}
	if _, err := r.decoder.Token(); err != nil {
		return nil
	}
	return v
}

// get returns a field of an object; an empty place if it has none.
func (v *value) get(keys ...string) *value {
	const few = 16
	if v.first == nil && len(v.keys) > few {
		v.first = make(map[string]int, len(v.keys))
		for i, key := range slices.Backward(v.keys) {
			v.first[key] = i
		}
	}
	for _, key := range keys {
		if i, ok := v.first[key]; ok {
			return v.fields[i]
		}
		if v.first != nil {
			continue
		}
		if i := slices.Index(v.keys, key); i >= 0 {
			return v.fields[i]
		}
	}
	return &value{}
}

// each calls for a place and all below it.
func (v *value) each(call func(*value)) {
	call(v)
	for _, one := range v.fields {
		one.each(call)
	}
	for _, one := range v.items {
		one.each(call)
	}
}

// pickJSON returns the secrets of every object, with user and host of it.
func pickJSON(text string, w wanted) (out []Found) {
	root := readJSON(text)
	if root == nil {
		return nil
	}
	root.each(func(v *value) {
		for i, key := range v.keys {
			if f := v.fields[i]; f.kind == '"' && slices.Contains(w.secrets, key) {
				out = append(out, Found{Value: f.text, Line: f.line, Name: key, User: v.get(w.user...).text, Host: bareHost(v.get(w.host...).text)})
			}
		}
	})
	return out
}
