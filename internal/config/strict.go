package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A lineError is a mistake on one line of the file at hand.
type lineError struct {
	line int
	what string
}

// strict decodes nodes into typed structs and gathers every mistake.
type strict struct {
	file  string
	dir   string
	found []lineError
}

func (s *strict) addf(line int, format string, args ...any) {
	s.found = append(s.found, lineError{max(1, line), fmt.Sprintf(format, args...)})
}

// err joins what was found, by line.
func (s *strict) err() error {
	slices.SortStableFunc(s.found, func(a, b lineError) int { return cmp.Compare(a.line, b.line) })
	s.found = slices.Compact(s.found)
	var errs []error
	for _, e := range s.found {
		errs = append(errs, fmt.Errorf("%s:%d: %s", s.file, e.line, e.what))
	}
	return errors.Join(errs...)
}

func (s *strict) oneOf(doc *yaml.Node, key, value string, allowed []string) {
	if value != "" && !slices.Contains(allowed, value) {
		s.addf(lineOf(doc, key), "%s: %q is none of %s%s", key, value, strings.Join(allowed, ", "), meant(value, allowed))
	}
}

func meant(word string, candidates []string) string {
	if c := Closest(word, candidates); c != "" {
		return fmt.Sprintf("; did you mean %q?", c)
	}
	return ""
}

// fill decodes a mapping into a struct: every key must be a field's.
func (s *strict) fill(node *yaml.Node, into any) {
	s.keysOnly(node, into)
	s.types(node, into)
	if len(s.found) == 0 {
		s.paths(reflect.ValueOf(into).Elem())
	}
}

// keysOnly reports the keys that the struct does not have.
func (s *strict) keysOnly(node *yaml.Node, into any) {
	s.keys(node, reflect.TypeOf(into).Elem(), 0)
}

// types lets the YAML library fill the struct and reports what it refuses.
func (s *strict) types(node *yaml.Node, into any) {
	err := node.Decode(into)
	var many *yaml.TypeError
	switch {
	case err == nil:
	case errors.As(err, &many):
		for _, e := range many.Errors {
			line, what := splitLine(e)
			s.addf(max(line, node.Line), "%s", plain(what))
		}
	default:
		line, what := splitLine(err.Error())
		s.addf(max(line, node.Line), "%s", plain(what))
	}
}

// maxDepth bounds how deep a configuration may nest.
const maxDepth = 32

// keys walks a node beside the type it will be decoded into and reports every
// key that the type does not have.
func (s *strict) keys(node *yaml.Node, t reflect.Type, depth int) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if depth > maxDepth {
		s.addf(node.Line, "nested too deep")
		return
	}
	if node.Kind == yaml.AliasNode {
		s.addf(node.Line, "anchors and aliases are not understood here; write the value out")
		return
	}
	if t == reflect.TypeFor[Source]() {
		s.noAliases(node, depth)
		return
	}
	switch {
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		s.structKeys(node, t, depth)
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 0; i+1 < len(node.Content); i += 2 {
			s.keys(node.Content[i+1], t.Elem(), depth+1)
		}
	case node.Kind == yaml.SequenceNode && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
		for _, c := range node.Content {
			s.keys(c, t.Elem(), depth+1)
		}
	default:
		s.noAliases(node, depth)
	}
}

func (s *strict) noAliases(node *yaml.Node, depth int) {
	switch {
	case depth > maxDepth:
		s.addf(node.Line, "nested too deep")
	case node.Kind == yaml.AliasNode:
		s.addf(node.Line, "anchors and aliases are not understood here; write the value out")
	default:
		for _, c := range node.Content {
			s.noAliases(c, depth+1)
		}
	}
}

func (s *strict) structKeys(node *yaml.Node, t reflect.Type, depth int) {
	fields := fieldsOf(t)
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field, ok := fields[key.Value]
		if !ok {
			s.addf(key.Line, "unknown key %q%s", key.Value, DidYouMean(key.Value, names(fields)))
			continue
		}
		if line := seen[key.Value]; line > 0 {
			s.addf(key.Line, "key %q stands on line %d already", key.Value, line)
		}
		seen[key.Value] = key.Line
		s.keys(value, field, depth+1)
	}
}

// fieldsOf lists the keys of a struct with their types.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case f.Anonymous || strings.Contains(rest, "inline"):
			maps.Copy(out, fieldsOf(f.Type))
		default:
			out[cmp.Or(name, strings.ToLower(f.Name))] = f.Type
		}
	}
	return out
}

func names(fields map[string]reflect.Type) []string {
	out := make([]string, 0, len(fields))
	for k := range fields {
		out = append(out, k)
	}
	return out
}

// paths joins relative paths to the directory of the file, where a field is
// tagged as a path.
func (s *strict) paths(v reflect.Value) {
	if v.Kind() != reflect.Struct {
		return // a map of whatever keys there are
	}
	for f, fv := range v.Fields() {
		if !f.IsExported() {
			continue
		}
		switch {
		case f.Tag.Get("path") == "file":
			fv.SetString(Rel(s.dir, fv.String()))
		case f.Tag.Get("path") == "each":
			for i := range fv.Len() {
				fv.Index(i).SetString(Rel(s.dir, fv.Index(i).String()))
			}
		case fv.Kind() == reflect.Struct:
			s.paths(fv)
		}
	}
}

// Rel joins a relative path to the directory it is relative to. An empty or
// absolute path comes back as it is.
func Rel(dir, path string) string {
	if path == "" || dir == "" || dir == "." || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// splitLine takes "yaml: line 3: what" and "line 3: what" apart.
func splitLine(msg string) (int, string) {
	msg = strings.TrimPrefix(msg, "yaml: ")
	rest, ok := strings.CutPrefix(msg, "line ")
	if !ok {
		return 0, msg
	}
	number, what, ok := strings.Cut(rest, ": ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return 0, msg
	}
	return n, what
}

// plain puts the library's words for a type into ours. The library quotes the
// start of the value, which is the user's own configuration, not a secret.
func plain(what string) string {
	return strings.NewReplacer(
		"cannot unmarshal !!str", "cannot take the text", "cannot unmarshal !!int", "cannot take the number",
		"cannot unmarshal !!bool", "cannot take the truth value", "cannot unmarshal !!seq", "cannot take a list",
		"cannot unmarshal !!map", "cannot take a mapping", "cannot unmarshal !!float", "cannot take the number",
		"into []string", "as a list of texts", "into string", "as text", "into bool", "as true or false",
		"into int", "as a whole number", "into time.Duration", "as a duration such as 30m",
		"into []config.Source", "as a list of sources",
	).Replace(what)
}

// syntax names the line of a YAML syntax error.
func syntax(name string, err error) error {
	line, what := splitLine(err.Error())
	return fmt.Errorf("%s:%d: not YAML: %s", name, max(1, line), what)
}
