package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	kjson "sigs.k8s.io/json"
)

// decode reads the tree into one of the API's types as the API server does: names
// of fields by their case, unknown ones ignored. A field of a wrong type is told and
// the rest read; false if nothing can be.
func (o *item) decode(into any) bool {
	text, err := json.Marshal(o.tree)
	if err == nil {
		err = kjson.UnmarshalCaseSensitivePreserveInts(text, into)
	}
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
		return true
	case errors.As(err, &mistyped):
		form, _, _ := strings.Cut(mistyped.Value, " ")
		line := o.source.line(strings.Split(mistyped.Field, "."), form)
		o.lost(line, fmt.Sprintf("%s of this %s is a %s and has to be a %s: the API server refuses it; read without it", short(mistyped.Field), o.kind, form, goForm(mistyped.Type.Kind().String())))
		return true
	default:
		o.lost(0, fmt.Sprintf("this %s has a field that the API server refuses, and was not read", o.kind))
		return false
	}
}

// goForm says in words of JSON what a type of Go takes.
func goForm(kind string) string {
	switch {
	case kind == "struct" || kind == "map":
		return "mapping"
	case kind == "slice" || kind == "array":
		return "list"
	case strings.HasPrefix(kind, "int") || strings.HasPrefix(kind, "uint") || strings.HasPrefix(kind, "float"):
		return "number"
	}
	return kind
}

// prune takes out of pod templates what says nothing of identities, so that what is
// wrong there does not cost the object.
func prune(v any, depth int) {
	if depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			prune(item, depth+1)
		}
	case tree:
		for _, key := range []string{"containers", "initContainers", "ephemeralContainers"} {
			list, _ := v[key].([]any)
			for _, c := range list {
				if c, ok := c.(tree); ok {
					for _, field := range []string{"resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports", "command", "args", "resizePolicy"} {
						delete(c, field)
					}
				}
			}
		}
		if v["containers"] != nil {
			for _, field := range []string{"affinity", "tolerations", "topologySpreadConstraints", "overhead", "dnsConfig", "hostAliases", "nodeSelector"} {
				delete(v, field)
			}
		}
		for key, item := range v {
			if key != "metadata" {
				prune(item, depth+1)
			}
		}
	}
}
