package inventory

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// idPattern is the form of an id, as a regular expression of JSON Schema.
const idPattern = `^[a-z][a-z0-9_-]{0,63}:[\s\S]+$`

// Schema returns the JSON Schema (draft 2020-12) of one line of the JSON-lines
// format, made from the record types and their doc tags. It describes what a
// Writer writes; a Reader is more lenient about absent fields, and Validate
// checks more than a schema can say. Fields that it does not list are allowed
// inside a record, other kinds of record are not.
func Schema() []byte {
	s := schema{defs: map[string]any{}}
	kinds := map[string]any{}
	record := reflect.TypeFor[Record]()
	for f := range record.Fields() {
		name, _ := jsonName(f)
		kinds[name] = s.ref(f.Type.Elem())
	}
	text, err := json.MarshalIndent(map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                "muster record",
		"description":          "One line of the JSON-lines format of muster: exactly one record, under the name of its kind.",
		"type":                 "object",
		"minProperties":        1,
		"maxProperties":        1,
		"additionalProperties": false,
		"properties":           kinds,
		"$defs":                s.defs,
	}, "", "  ")
	if err != nil {
		return nil // not reached: maps of strings, numbers and lists
	}
	return append(text, '\n')
}

// A schema collects the definitions of the struct types.
type schema struct {
	defs map[string]any
}

// ref returns a reference to a struct type, which it defines if need be.
func (s schema) ref(t reflect.Type) map[string]any {
	name := strings.ToLower(t.Name())
	if _, ok := s.defs[name]; !ok {
		s.defs[name] = nil // so that a type may hold itself
		s.defs[name] = s.object(name, t)
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

func (s schema) object(name string, t reflect.Type) map[string]any {
	properties := map[string]any{}
	required := []string{}
	for f := range t.Fields() {
		key, optional := jsonName(f)
		if !optional {
			required = append(required, key)
		}
		p := s.value(f.Type)
		maps.Copy(p, constraints(name, key))
		p["description"] = f.Tag.Get("doc")
		properties[key] = p
	}
	slices.Sort(required)
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

// value returns the schema of a field's type.
func (s schema) value(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[Tri]():
		return map[string]any{"type": []string{"boolean", "null"}}
	case reflect.TypeFor[SecretHash]():
		return map[string]any{"type": "string", "pattern": `^hmac-sha256:[0-9a-f]{8}:[0-9a-f]{64}$`}
	case reflect.TypeFor[Level]():
		return enumOf(levels())
	case reflect.TypeFor[Status]():
		return enumOf(statuses())
	case reflect.TypeFor[Confidence]():
		return enumOf(confidences())
	case reflect.TypeFor[Severity]():
		return enumOf(severities())
	case reflect.TypeFor[Kind]():
		return enumOf(ScanKinds())
	}
	return s.plain(t)
}

func (s schema) plain(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Pointer:
		return s.value(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.value(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.value(t.Elem())}
	case reflect.Struct:
		return s.ref(t)
	default:
		return map[string]any{}
	}
}

// constraints returns what is known of one field beyond its type.
func constraints(record, key string) map[string]any {
	switch record + "." + key {
	case "identity.id", "credential.id", "grant.id", "trust.id", "consumer.id", "grant.principal", "usage.subject",
		"trust.identity", "consumer.subject", "owner.subject", "relation.from", "finding.subject", "credential.identity":
		return map[string]any{"pattern": idPattern}
	case "identity.type", "credential.type", "grant.name", "consumer.workload", "consumer.kind", "owner.owner", "owner.method",
		"relation.to", "relation.method", "finding.id", "finding.rule", "coverage.scanner", "location.uri",
		"identity.scope", "credential.scope", "grant.scope", "usage.scope", "trust.scope", "consumer.scope", "owner.scope",
		"coverage.scope", "finding.scope":
		return map[string]any{"minLength": 1}
	case "credential.exposure":
		return enumOf(exposures())
	case "credential.validity":
		return enumOf(validities())
	case "trust.type":
		return enumOf(trustTypes())
	case "owner.kind":
		return enumOf(ownerKinds())
	case "relation.type":
		return enumOf(relationTypes())
	case "finding.state":
		return enumOf(findingStates())
	case "finding.verdict":
		return enumOf([]string{"fail"})
	case "finding.score":
		return map[string]any{"maximum": 100}
	case "scoreline.points":
		return map[string]any{"minimum": -100}
	default:
		return nil
	}
}

func enumOf[S ~string](values []S) map[string]any {
	return map[string]any{"type": "string", "enum": values}
}

// jsonName returns the key of a field and whether it may be left out.
func jsonName(f reflect.StructField) (name string, optional bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name, strings.Contains(options, "omit")
}
